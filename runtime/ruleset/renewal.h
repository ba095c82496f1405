/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which flowtables a transaction makes anew: their flows go back to the slow
 * path, where they are decided afresh. Those of all others stay offloaded.
 *
 * What must stay true: in doubt, it is all of them.
 */
#ifndef NFTOFFC_RUNTIME_RULESET_RENEWAL_H
#define NFTOFFC_RUNTIME_RULESET_RENEWAL_H

#include <stdbool.h>

#include "base/arena.h"

struct renewal {
	bool all;
	VEC(const char *) names; /* or these, the caller's */
};

bool renewal_has(const struct renewal *renewal, const char *flowtable);
bool renewal_is_empty(const struct renewal *renewal);
/* NULL: it is not known which one. */
void renewal_add(struct arena *arena, struct renewal *renewal,
		 const char *flowtable);
void renewal_join(struct arena *arena, struct renewal *renewal,
		  const struct renewal *other);

#endif
