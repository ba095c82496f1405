/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * OpenWrt's fw4 as it is in the kernel: whether its rules are there is asked of
 * the kernel alone, for its own word, and its exit status, do not tell.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_FW4_H
#define NFTOFFC_RUNTIME_NETLINK_FW4_H

#include "runtime/netlink/nl.h"

struct fw4 {
	uint32_t genid;	       /* of all that follows */
	bool loaded;	       /* its table is there */
	bool sees;	       /* and marks what it sees, with this mask */
	uint64_t seen;	       /* the rule's handle: of another load another */
	const char *flowtable; /* that it offloads into by itself, or NULL */
};

/* 0 or -errno; strings are in @arena. */
int fw4_read(struct nl *nl, struct arena *arena, uint32_t mask,
	     struct fw4 *fw4);
/* Where our own table has rules that drop what fw4 has not marked. */
struct fw4_gate {
	bool input, forward;
};

int fw4_read_gate(struct nl *nl, struct arena *arena, struct fw4_gate *gate);
/*
 * Takes these rules out, if nothing has changed since @fw4 was read: those for
 * the router, and if fw4 is loaded those for what goes through it, too. @opened
 * says how many there were. 0 or -errno; -ERESTART: something has changed.
 */
int fw4_open_gate(struct nl *nl, struct arena *arena, const struct fw4 *fw4,
		  size_t *opened);

#endif
