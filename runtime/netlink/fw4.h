/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * OpenWrt's fw4 as it is in the kernel: whether its rules are there is asked of
 * the kernel alone, for its own word, and its exit status, do not tell.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_FW4_H
#define NFTOFFC_RUNTIME_NETLINK_FW4_H

#include "runtime/netlink/nl.h"

struct fw4 {
	bool loaded;	       /* its table is there */
	bool sees;	       /* and marks what it sees, with this mask */
	const char *flowtable; /* that it offloads into by itself, or NULL */
};

/* 0 or -errno; strings are in @arena. */
int fw4_read(struct nl *nl, struct arena *arena, uint32_t mask,
	     struct fw4 *fw4);
/*
 * Takes out of our own table the rules that drop what fw4 has not marked: those
 * for the router, and with @forward for what goes through it, too. @opened says
 * how many there were. 0 or -errno.
 */
int fw4_open_gate(struct nl *nl, struct arena *arena, bool forward,
		  size_t *opened);

#endif
