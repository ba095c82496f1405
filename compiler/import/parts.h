/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside compiler/import only: what its parts share while one file is
 * translated.
 */
#ifndef NFTOFFC_IMPORT_PARTS_H
#define NFTOFFC_IMPORT_PARTS_H

#include "base/map.h"
#include "import.h"
#include "option.h"
#include "uci.h"
#include "vocab/match.h"

enum policy { POLICY_ACCEPT, POLICY_REJECT, POLICY_DROP };
enum hook { HOOK_INPUT, HOOK_OUTPUT, HOOK_FORWARD, HOOKS };

struct zone {
	struct str name;
	const struct uci_section *section;
	struct node *node;
	VEC(struct str) devices;
	struct node *subnets;	  /* a list, that narrow it */
	VEC(struct net) networks; /* of its interfaces, and its subnets */
	int family;
	enum policy policy[HOOKS];
	bool masq[2]; /* IPv4, IPv6 */
	bool log;
	struct str log_limit; /* p NULL without */
	bool forwards[HOOKS]; /* port forwards meet this policy of it */
	bool lets_in;	      /* port forwards come from it */
};

enum set_field { SET_ADDRESS, SET_PORT, SET_MAC };

struct ipset {
	struct str name;
	enum set_field field;
	int family; /* 0 of ports and MAC addresses */
	bool destination;
	bool left_out; /* fw4 has it, the policy has not */
};

struct remark {
	uint32_t offset; /* in the file */
	const char *text;
};

typedef VEC(struct node *) node_list;

struct translation {
	struct import *import;
	struct arena *arena;
	const struct uci *uci;
	const struct source *source;
	struct span here; /* of the section that is translated */
	VEC(struct zone) zones;
	VEC(struct str) left_out_zones; /* fw4 has them */
	VEC(struct ipset) sets;
	enum policy policy[HOOKS];
	const char *code[2]; /* of what is rejected: TCP, all else */
	const struct uci_option *codes_given;
	bool drop_invalid;
	bool offload, offload_hardware;
	struct span timed; /* what asks for the time, or nowhere */
	uint32_t marks;	   /* bits that rules set */
	struct map names;
	struct map said; /* what rules that decide apply to */
	/* Entries, in the order of the policy. */
	struct node *syn_flood, *sets_node, *zones_node;
	node_list early, any, zoned, forwardings, last;
	node_list to_inside, from_any, from_zone, masquerades;
	VEC(struct remark) remarks;	     /* for the head of the policy */
	const struct uci_section *commented; /* the last of section_note() */
};

/* report.c: each at a place of the file, kept for the head of the policy. */

/* A part of the file that the policy does not say. */
void report_left_out(struct translation *t, struct span span, const char *fmt,
		     ...) __attribute__((format(printf, 3, 4)));
/* Said, but not quite the same. */
void report_nearly(struct translation *t, struct span span, const char *fmt,
		   ...) __attribute__((format(printf, 3, 4)));
/* fw4 does nothing with it either. */
void report_unused(struct translation *t, struct span span, const char *fmt,
		   ...) __attribute__((format(printf, 3, 4)));
/* "rule Allow-Ping, line 34" */
const char *section_title(struct translation *t,
			  const struct uci_section *section);
/* The same, and what was commented there; of several entries at the first. */
const char *section_note(struct translation *t,
			 const struct uci_section *section);
unsigned int span_line(const struct translation *t, struct span span);

/*
 * Whether fw4 takes the section: every option of it is one and has a value, and
 * it is enabled. What it does not know or use is reported.
 */
bool section_take(struct translation *t, const struct uci_section *section);

/* tree.c */
struct node *node_text(struct translation *t, struct str text);
struct node *node_word(struct translation *t, const char *word);
struct node *node_map(struct translation *t);
struct node *node_of_list(struct translation *t);
void node_add(struct translation *t, struct node *list, struct node *item);
void node_put(struct translation *t, struct node *map, const char *key,
	      struct node *value);
void node_put_str(struct translation *t, struct node *map, struct str key,
		  struct node *value);
/* A list, or its one item. */
struct node *node_listed(const struct node *list);
/* { not: ... } */
struct node *node_not(struct translation *t, struct node *list);
/* "- accept: { ... }" */
struct node *node_entry(struct translation *t, const char *kind,
			struct node *map);

/* Of a section: the value of an option with one; p NULL without. */
struct str option_text(const struct uci_section *section, const char *name);
bool option_bool(const struct uci_section *section, const char *name,
		 bool otherwise);
struct span option_span(const struct uci_section *section, const char *name);
/* The name in the policy, that nothing else has yet; NULL if it gives none. */
struct node *name_node(struct translation *t, struct str wanted);
/*
 * The entry's name: the section's, if it has one, with @suffix where it becomes
 * several entries.
 */
void put_name(struct translation *t, struct node *map,
	      const struct uci_section *section, const char *suffix);

/* zone.c */
void take_zone(struct translation *t, const struct uci_section *section);
/* The one zone that has @device and no other; NULL if there is none. */
const struct zone *zone_of_device(const struct translation *t,
				  struct str device);
void zone_policies(struct translation *t);

enum zone_ref { ZONE_NONE, ZONE_ANY, ZONE_ONE, ZONE_BAD };

/* ZONE_BAD was reported: the section goes. */
enum zone_ref zone_ref(struct translation *t, const struct uci_section *section,
		       const char *option, struct zone **zone);

/* What the kernel calls one of fw4's helpers; NULL if that is not known. */
const char *helper_of(struct str name);

/* The conditions that sections have in common, cond.c. */

struct conds {
	const struct uci_section *section;
	int family;	 /* 4, 6; 0: both; -1: not said */
	bool say_family; /* nothing else in the entry says it */
	struct node *source, *destination, *source_port, *port, *mac, *mark,
		*dscp, *time, *weekday;
	bool ports; /* source_port or port */
};

bool can_say(const struct value_type *type, struct str text);
/* False: it was reported, the section goes. */
bool cond_addresses(struct translation *t, struct conds *c, const char *option,
		    struct node **out);
bool cond_ports(struct translation *t, struct conds *c, const char *option,
		struct node **out);
bool cond_macs(struct translation *t, struct conds *c);
bool cond_mark(struct translation *t, struct conds *c);
bool cond_dscp(struct translation *t, struct conds *c);
bool cond_set(struct translation *t, struct conds *c);
bool cond_times(struct translation *t, struct conds *c);
bool cond_family(struct translation *t, struct conds *c);
/* One more thing of a family; @span says what for a message. */
bool cond_narrow(struct translation *t, struct conds *c, int family,
		 struct span span);
/* What has no word in a policy; false if any is given. */
bool cond_never(struct translation *t, struct conds *c,
		const char *const *options, const char *why);
void cond_put(struct translation *t, const struct conds *c, struct node *map,
	      bool ports);

/* Protocols, in groups that become an entry each. */
struct protocols {
	struct node *ported;  /* list: tcp, udp */
	struct node *icmp;    /* list: icmp, ipv6-icmp */
	struct node *other;   /* list: the rest */
	struct node *negated; /* list: one of these it is not */
	bool any;
};

bool protocols_read(struct translation *t, struct conds *c,
		    const char *const *otherwise, struct protocols *out);

/* rule.c, redirect.c, set.c, defaults.c */
void take_rule(struct translation *t, const struct uci_section *section);
void take_forwarding(struct translation *t, const struct uci_section *section);
void take_redirect(struct translation *t, const struct uci_section *section);
void take_nat(struct translation *t, const struct uci_section *section);
void take_set(struct translation *t, const struct uci_section *section);
void take_include(struct translation *t, const struct uci_section *section);
void take_defaults(struct translation *t, const struct uci_section *section);

/*
 * A rule at the end of @list, with a note of where it is from. What one before
 * it decides already is not said again.
 */
void rule_add(struct translation *t, node_list *list, const char *action,
	      struct node *map, const struct uci_section *section);
/* The same for what rejects, as the codes of defaults have it. */
void rule_add_reject(struct translation *t, node_list *list, struct node *map,
		     const struct uci_section *section);
/* Eight bits of the mark that no rule sets, for the policy; 0: there are none. */
uint32_t free_mark_bits(uint32_t used);
/* [any, router] */
struct node *anywhere(struct translation *t);
struct node *log_node(struct translation *t, struct str prefix,
		      struct str rate);

/*
 * subtract.c: @left, an empty list, becomes the addresses of @is that are not of
 * @is_not. False: it cannot be said so, or none is left.
 */
bool subtract_addresses(struct translation *t, const struct node *is,
			const struct node *is_not, struct node *left);

#endif
