/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel module is to keep out of flowtables while a policy runs, as
 * entries of a generation.
 *
 * The rules write into the connection's mark what was decided on its first
 * packet, and the module looks behind them. So the mark alone says which
 * connections may be offloaded, and the rest are kept out: the exempt, those
 * of which a rule needs every packet, those that nothing makes eligible, and
 * those that were not decided by this policy (yet). That is the policy as the
 * rules have it, whatever it asks (devices, sets that are filled while it
 * runs, what only the first packet tells), neither narrower nor wider; and a
 * lookup does not grow with it.
 *
 * Undecided ones are among them for three reasons: a live connection leaves
 * every flowtable with the commit, and meets the new rules; what these drop is
 * put into none by rules of others that come earlier; and a reply that passes
 * without being remembered opens no way around what comes after it.
 *
 * What must stay true: a connection is kept out if, and only if, its mark is
 * none of ir_mark's offload values. There are at most as many entries as
 * offload values times bits of the mask, or one.
 */
#ifndef NFTOFFC_RUNTIME_RULESET_KEEPOUT_H
#define NFTOFFC_RUNTIME_RULESET_KEEPOUT_H

#include "ir/lower.h"
#include "runtime/netlink/module.h"

struct keepout {
	struct module_match *entries;
	size_t n;
};

/* @epoch is that of the rules, which need not be that of @mark. */
struct keepout keepout_of(struct arena *arena, const struct ir_mark *mark,
			  uint32_t epoch);
/* The generation that keeps out nothing: it belongs to no rules. */
#define KEEPOUT_NOTHING 1
/*
 * The number of the generation that belongs to the rules with this record:
 * another policy, or another epoch, has another. Neither 0 nor that.
 */
uint64_t keepout_generation(const struct ir_record *record);

#endif
