// SPDX-License-Identifier: GPL-2.0-only
/* Names are few, and are compared one by one: see renewal.h. */
#include "runtime/ruleset/renewal.h"

#include <string.h>

bool renewal_has(const struct renewal *renewal, const char *flowtable)
{
	size_t i;

	for (i = 0; i < renewal->names.n; i++)
		if (!strcmp(renewal->names.v[i], flowtable))
			return true;
	return renewal->all;
}

bool renewal_is_empty(const struct renewal *renewal)
{
	return !renewal->all && !renewal->names.n;
}

void renewal_add(struct arena *arena, struct renewal *renewal,
		 const char *flowtable)
{
	if (!flowtable)
		renewal->all = true;
	else if (!renewal_has(renewal, flowtable))
		*vec_push(arena, &renewal->names) = flowtable;
}

void renewal_join(struct arena *arena, struct renewal *renewal,
		  const struct renewal *other)
{
	size_t i;

	renewal->all |= other->all;
	for (i = 0; i < other->names.n; i++)
		renewal_add(arena, renewal, other->names.v[i]);
}
