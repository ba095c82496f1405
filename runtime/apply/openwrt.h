/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files of OpenWrt's that are ours to read and, by uci alone, to change:
 *
 *	/etc/config/firewall	a section of ours: the script that fw4 runs
 *				whenever it has started
 *	/etc/config/nftoffc	the policy, or which file it is
 *	/etc/nftables.d/nftoffc.nft
 *				the chains by which fw4 marks what it sees
 *				(ir/fw4.h)
 *
 * What must stay true: the rule has the mask of a policy that runs, for fw4's
 * marks are what its rules wait for.
 */
#ifndef NFTOFFC_RUNTIME_APPLY_OPENWRT_H
#define NFTOFFC_RUNTIME_APPLY_OPENWRT_H

#include <stdbool.h>

#include "base/buf.h"
#include "import/uci.h"

struct openwrt {
	struct arena *arena;
	const char *root;	    /* "" is the machine's own */
	const char *config;	    /* uci's directory */
	const char *firewall, *own; /* files of uci */
	const char *include, *seen; /* the script, and the chains */
};

void openwrt_init(struct openwrt *o, struct arena *arena, const char *root);
/* Which policy is to run; NULL: none, and that is no mistake. */
const char *openwrt_policy(const struct openwrt *o);
/* The mask of the mark that it uses; false: it has mistakes, not said here. */
bool openwrt_mask_of(const char *policy, uint32_t *mask);
/* It is there, in uci's file, and says that it is not to run. */
bool openwrt_is_off(const struct openwrt *o);
/* /etc/config/firewall; NULL after a message, it cannot be read. */
const struct uci *openwrt_firewall(const struct openwrt *o);
/* Is our section there, as it is to be? */
bool openwrt_is_enabled(const struct openwrt *o, const struct uci *firewall);
/* Commands for "uci batch"; of what is not there, nothing is to be deleted. */
void openwrt_put_section(const struct openwrt *o, struct buf *out);
void openwrt_delete_section(const struct uci *firewall, struct buf *out);
/*
 * NULL if fw4 starts with the machine, calls us, and marks what it sees; else
 * the reason why not, as the end of a sentence that begins with it.
 */
const char *openwrt_unable(const struct openwrt *o);
/* Does it say that fw4 is to offload by itself? */
bool openwrt_offloads(const struct uci *firewall);
/* What fw4 includes to mark what it sees: is it there? */
bool openwrt_marks(const struct openwrt *o);
/* And as it is written for this mask? */
bool openwrt_marks_with(const struct openwrt *o, uint32_t mask);
/* Writes the chains: 1 if they were others, 0, or -errno. */
int openwrt_write_seen(const struct openwrt *o, uint32_t mask);

#endif
