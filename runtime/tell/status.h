/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What nftoffc status has found out, for those who say it in their ways.
 */
#ifndef NFTOFFC_RUNTIME_TELL_STATUS_H
#define NFTOFFC_RUNTIME_TELL_STATUS_H

#include "runtime/live/zones.h"
#include "runtime/netlink/kernel.h"
#include "runtime/netlink/ruleset.h"
#include "runtime/netlink/tallies.h"
#include "runtime/ruleset/drift.h"
#include "runtime/state/fates.h"
#include "runtime/state/guard.h"
#include "runtime/state/state.h"
#include "runtime/state/twophase.h"

enum status_condition {
	STATUS_UNKNOWN,
	STATUS_ELSEWHERE, /* it was not applied from here */
	STATUS_UNCHANGED,
	STATUS_CHANGED, /* by another program */
};

/* So many connections are offloaded like this. */
struct status_flow {
	const char *table, *name; /* the flowtable's; NULL: not known */
	uint8_t family;
	bool hardware;
	size_t n;
};

struct status_flows {
	struct arena *arena;
	VEC(struct status_flow) list;
};

struct status {
	const char *path; /* of the state directory, */
	int unread;	  /* and why it cannot be read: -errno, 0 */
	struct arena *arena;
	struct nl *nl;
	struct kernel kernel;
	struct generation stored; /* number 0: not applied from here */
	struct buf content;	  /* of it */
	struct drift drift;	  /* what others did to it */
	struct guard_status guard;
	struct buf failsafe; /* why it is what runs; empty: it is not */
	struct twophase module;
	bool agrees; /* the module keeps out what the rules say */
	struct ruleset ruleset;
	struct tallies tallies;
	enum status_condition condition;
	struct fates fates;	  /* of the devices that the policy names */
	struct zones_count zones; /* what lives; pairs if zones are known */
	size_t flows;		  /* of those, offloaded */
	struct status_flows by_flowtable; /* where it is asked for */
};

/* What lives, once the rest is known: status_flows.c. */
void status_count(struct status *status);
void status_count_by_flowtable(struct status *status);
/* In Prometheus' text format: status_metrics.c. */
void status_metrics(const struct status *status, struct buf *out);

#endif
