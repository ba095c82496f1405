/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the named counters and quotas of our table have counted.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_TALLIES_H
#define NFTOFFC_RUNTIME_NETLINK_TALLIES_H

#include "base/arena.h"
#include "runtime/netlink/nl.h"

struct tally {
	const char *name; /* as the policy calls it */
	bool quota;
	uint64_t packets; /* of a counter */
	uint64_t bytes;
	uint64_t most; /* of a quota */
};

struct tallies {
	struct arena *arena;
	VEC(struct tally) list;
};

/* 0 or -errno. */
int tallies_read(struct nl *nl, struct arena *arena, struct tallies *tallies);
/* What a message of the kernel's says. */
void tallies_see(struct tallies *tallies, const struct nlmsghdr *message);

#endif
