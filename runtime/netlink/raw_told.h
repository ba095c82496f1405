/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From what the kernel tells of rules that nft loaded, to what it takes: the
 * code of rules in nft's own language. For runtime/trial/raw.c, and for those who
 * try what it does with bytes of any kind.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_RAW_TOLD_H
#define NFTOFFC_RUNTIME_NETLINK_RAW_TOLD_H

#include "ir/ir.h"

/* A rule without its code yet. */
struct raw_place {
	const char *chain;
	struct ir_rule *rule;
};

/*
 * Gives each rule its code, from the dumps of sets, elements and rules in
 * @messages, which tell the rules in the order of @places. False: something
 * else was told. The code is in @arena and needs @messages no more.
 */
bool raw_told(struct arena *arena, struct str messages,
	      const struct raw_place *places, size_t n);

#endif
