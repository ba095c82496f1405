/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all tables have, not ours alone: flowtables, and chains that the kernel
 * calls. For those who look, not for those who write.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_RULESET_H
#define NFTOFFC_RUNTIME_NETLINK_RULESET_H

#include "base/arena.h"
#include "runtime/netlink/nl.h"

struct ruleset_flowtable {
	uint8_t family; /* NFPROTO_* */
	const char *table, *name;
	uint32_t flags; /* NFT_FLOWTABLE_* */
	VEC(const char *) devices;
};

struct ruleset_chain {
	uint8_t family;
	const char *table, *name, *type;
	uint32_t hook;
	int32_t priority;
};

struct ruleset {
	struct arena *arena;
	VEC(struct ruleset_flowtable) flowtables;
	VEC(struct ruleset_chain) chains; /* those with a hook */
};

/* 0 or -errno. A kernel without flowtables has none. */
int ruleset_read(struct nl *nl, struct arena *arena, struct ruleset *ruleset);
/* What a message of the kernel's says. */
void ruleset_see(struct ruleset *ruleset, const struct nlmsghdr *message);
/* "inet", "ip", "ip6" ... as nft writes it. */
const char *ruleset_family(uint8_t family);
bool ruleset_is_ours(uint8_t family, const char *table);
/* Is a chain ours, and where it is when fw4 decides? */
bool ruleset_is_beside_fw4(const struct ruleset *ruleset);

#endif
