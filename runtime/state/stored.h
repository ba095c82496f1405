/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is stored of a table's content, with flowtables as they are now.
 *
 * Whether a flowtable of `mode: auto` is for hardware follows the devices
 * (follow.h); it is nothing that was applied, and is not stored again when it
 * changes. So what is stored says what it was when the policy was applied, and
 * whoever compares it with what runs, or makes the way back to it, asks here.
 * Then nothing is to be written between the kernel's transaction and the next
 * look at it.
 *
 * What must stay true: only what the policy leaves open is taken from what runs;
 * of anything else that differs it is for others to say that it does.
 */
#ifndef NFTOFFC_RUNTIME_STATE_STORED_H
#define NFTOFFC_RUNTIME_STATE_STORED_H

#include "runtime/netlink/names.h"
#include "runtime/offload/attach.h"
#include "runtime/ruleset/container.h"

struct state;

/*
 * A generation's messages in @out, which is empty, checked, for a table that
 * holds @now: flowtables that became hardware since, or software, are as they are
 * there, and where the kernel was given none there is none; and the empty chain
 * that a way back left is there. 0, or -errno and nothing.
 */
int stored_content(struct state *state, unsigned int number,
		   const struct names *now, struct buf *out);
/* The same of a container that was read. */
void stored_now(struct buf *out, struct arena *arena, const struct container *c,
		const struct names *now);
/* Adds @content, with the flowtables that @attach has as it has them. */
void stored_attach(struct buf *out, struct str content,
		   const struct attach *attach);

#endif
