/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel module nftoffc, as the program speaks to it: see flows, take them
 * back, and change what is exempt in two phases.
 *
 * The order of an apply, which the module is made for:
 *
 *	module_stage()	before the batch: all that needs memory or can be
 *			refused is done; both generations' exempt connections
 *			are kept out from here on
 *	the batch
 *	module_commit()	if it was committed: live connections have followed when
 *			this returns
 *	module_abort()	if it was not; and after module_commit() too, if the
 *			batch is taken back: then the former generation is
 *			current again
 *
 * A program that dies between the two leaves the generation in doubt, with
 * both kept out: whoever comes next sees it in module_info.staged, finds out
 * which rules run, and commits or aborts it.
 *
 * What must stay true: without the module everything answers -ENOENT, and
 * nothing else does but a generation that the module does not know. All
 * answers are 0 or -errno; module_said() has the kernel's own words.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_MODULE_H
#define NFTOFFC_RUNTIME_NETLINK_MODULE_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kmod/uapi/nftoffc.h"

struct module;

/* What to do where there is none. */
#define MODULE_MISSING_HELP "'modprobe nftoffc', or build it with 'make kmod'"

/* -ENOENT: it is not loaded, and there is none to load. */
int module_open(struct module **module);
void module_close(struct module *module);
/* Why the last request was refused, in the kernel's words; NULL: no words. */
const char *module_said(const struct module *module);

/*
 * What is asked of a connection: a filter of flows, or an exempt entry. All
 * that is given must hold; zeroed, nothing is given. Source and destination
 * are the real hosts' (kmod/uapi/nftoffc.h). Ports are in host order.
 */
struct module_match {
	/* Names, or beginnings with "*"; NULL: any. @device: filters only. */
	const char *in, *out, *device;
	uint32_t mark, mark_mask;  /* mask 0: any mark */
	uint32_t cookie;	   /* of an entry: told when it keeps one out */
	bool has_sport, has_dport; /* these need a protocol */
	uint16_t sport_min, sport_max, dport_min, dport_max;
	uint16_t zone; /* of connection tracking */
	bool has_zone;
	bool has_source, has_destination;    /* these need a family */
	uint8_t family;			     /* AF_INET, AF_INET6; 0: either */
	uint8_t protocol;		     /* 0: any */
	uint8_t source_len, destination_len; /* of the prefixes, in bits */
	uint8_t source[16], destination[16];
};

/* What the module says of itself. */
struct module_info {
	uint32_t abi;
	enum nftoffc_state state;
	uint64_t generation; /* 0: nothing is exempt, nothing was committed */
	bool has_former;
	uint64_t former;
	uint64_t staged; /* 0: none */
	uint32_t entries_now, entries_staged, entries_max;
	uint32_t shapes_now; /* hash lookups that a new connection costs */
	uint32_t flowtables, flows;
	uint64_t kept_out, released;
};

int module_info(struct module *module, struct module_info *info);

#define MODULE_DEVICES_MAX 64

struct module_table {
	uint8_t family; /* NFPROTO_* */
	const char *table, *name;
	uint64_t handle;
	int32_t priority;
	uint32_t flags; /* NFTOFFC_TABLE_* */
	uint32_t flows;
	const char *devices[MODULE_DEVICES_MAX];
	size_t ndevices; /* may be more than there is room for */
};

/* What is handed over lives until the function returns: 0, or an error. */
typedef int (*module_table_fn)(const struct module_table *table, void *data);
int module_flowtables(struct module *module, module_table_fn fn, void *data);

/* A direction, as its packets arrive at the router. */
struct module_tuple {
	uint8_t source[16], destination[16];
	uint16_t sport, dport;
	uint32_t ifindex;
	const char *device; /* NULL: it is gone */
	bool has_counters;
	uint64_t packets, bytes;
};

struct module_flow {
	uint8_t family, protocol;
	struct module_tuple original, reply;
	uint32_t flags;	  /* NFTOFFC_FLOW_* */
	uint32_t timeout; /* milliseconds */
	uint32_t id;	  /* conntrack's */
	uint32_t mark;
	bool has_labels;
	uint8_t labels[16];
	uint16_t zone;
	uint8_t table_family;
	const char *table, *name; /* of the flowtable; NULL: not known */
};

typedef int (*module_flow_fn)(const struct module_flow *flow, void *data);
/* @match NULL: all. A flow may come twice. */
int module_flows(struct module *module, const struct module_match *match,
		 module_flow_fn fn, void *data);

struct module_released {
	uint32_t seen, matched, released;
};

/*
 * Back to the slow path with those that hold @match and are in @ids; either
 * may be NULL, not both.
 */
int module_release(struct module *module, const struct module_match *match,
		   const uint32_t *ids, size_t nids, bool dry_run,
		   struct module_released *released);

/*
 * Stages a whole generation: as many messages as it takes, the last of which
 * arms it. If any is refused nothing is staged. @index (may be NULL) is then
 * that of the first entry of the message that was refused.
 */
int module_stage(struct module *module, uint64_t generation,
		 const struct module_match *entries, size_t n, size_t *index);
int module_commit(struct module *module, uint64_t generation);
int module_abort(struct module *module, uint64_t generation);

/* What the module tells by itself. */
struct module_event {
	enum nftoffc_cmd what;		 /* RELEASED, KEPT_OUT or GENERATION */
	struct module_released released; /* GENERATION: only .released */
	struct module_flow flow; /* KEPT_OUT: the original tuple, id, mark */
	uint32_t cookie;	 /* KEPT_OUT */
	uint64_t generation, kept_out; /* GENERATION */
	uint32_t let_in;	       /* GENERATION */
	enum nftoffc_state state;      /* GENERATION */
};

typedef int (*module_event_fn)(const struct module_event *event, void *data);
/* To be used with a module_open() of its own: it is for nothing else then. */
int module_listen(struct module *module);
/* Waits for the next events; @fn's answer, if it is not 0, ends it. */
int module_events(struct module *module, module_event_fn fn, void *data);

#endif
