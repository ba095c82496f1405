/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * "... and nothing else": is all that the rules accept between two zones among
 * what a test lists?
 *
 * It is proved, not sampled: what each rule that accepts speaks of, less what
 * is listed, must be refused by rules before it. What is not known (a set that
 * is filled while it runs, a match that is no field of a box) counts as
 * accepted, unless the list has the very same match; so a proof holds whatever
 * those have.
 *
 * It speaks of what the policy's rules decide. That the ruleset lets
 * neighbour discovery and answers pass is not asked.
 */
#ifndef NFTOFFC_POLICY_ONLY_H
#define NFTOFFC_POLICY_ONLY_H

#include "region.h"

enum only_result {
	ONLY_UNKNOWN, /* zero is the careful value: too many steps */
	ONLY_RAW,     /* nft's own rules may accept more */
	ONLY_LEAKS,
	ONLY_PROVED,
};

struct leak {
	enum only_result result;
	const struct raw *raw; /* RAW: these */
	/* LEAKS: what is accepted besides, and by whom (NULL: the default). */
	struct packet packet;
	bool sure; /* else it is, if what is not known here holds */
	const struct rule *rule;
	enum hook_index hook;
};

struct leak only_prove(const struct model *model, const struct sources *sources,
		       const struct only *only);

#endif
