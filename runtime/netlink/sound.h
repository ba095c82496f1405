/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is a stored transaction one that may be sent? That it is what was written is
 * not enough: whatever it is, it must speak of our table and only make things.
 *
 * Whole messages, BEGIN first and END last; in between those that make a table,
 * chains, rules, sets, elements, objects and flowtables, of family inet, table
 * nftoffc; attributes that fill their message, and nests that fill theirs.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_SOUND_H
#define NFTOFFC_RUNTIME_NETLINK_SOUND_H

#include "base/arena.h"
#include "base/str.h"

/* NULL, or what is wrong, as the end of a sentence, in the arena. */
const char *sound_refuses(struct arena *arena, struct str messages);

#endif
