// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two walks side by side.
 *
 * What must stay true: bytes are passed only where both walks are at the same
 * place of the same order; so not of a sorted copy.
 */
#include "runtime/netlink/content_pair.h"

#include <stdlib.h>

static int by_key(const void *a, const void *b)
{
	return content_element_cmp(a, b);
}

static void sort(struct content_side *side, struct arena *arena,
		 const struct content_set *set)
{
	struct content_element *all =
		arena_array(arena, set->nelements, sizeof(*all));

	while (content_next(&side->walk))
		all[side->n++] = side->walk.now;
	if (side->n)
		qsort(all, side->n, sizeof(*all), by_key);
	side->sorted = all;
}

static void step(struct content_side *side)
{
	if (!side->sorted) {
		side->more = content_next(&side->walk);
		return;
	}
	side->more = side->i < side->n;
	if (side->more)
		side->walk.now = side->sorted[side->i++];
}

static void begin(struct content_side *side, struct arena *arena,
		  struct content_set *set)
{
	*side = (struct content_side){ 0 };
	content_elements(&side->walk, set);
	if (!content_is_ascending(set))
		sort(side, arena, set);
}

/* To where both differ, or at least one on. */
static void step_both(struct content_pair *pair)
{
	if (!pair->a.sorted && !pair->b.sorted)
		content_skip_same(&pair->a.walk, &pair->b.walk);
	step(&pair->a);
	step(&pair->b);
}

void content_pair(struct content_pair *pair, struct arena *arena,
		  struct content_set *old, struct content_set *new)
{
	*pair = (struct content_pair){ 0 };
	begin(&pair->a, arena, old);
	begin(&pair->b, arena, new);
	step_both(pair);
}

/* Which of the two is met next, or both. */
static int order_of(const struct content_side *a, const struct content_side *b)
{
	if (!a->more || !b->more)
		return b->more - a->more;
	return content_element_cmp(&a->walk.now, &b->walk.now);
}

/* What is met next, and past it. */
static void take(struct content_pair *pair)
{
	int order = order_of(&pair->a, &pair->b);

	pair->was = pair->a.walk.now;
	pair->is = pair->b.walk.now;
	pair->old = order <= 0 ? &pair->was : NULL;
	pair->new = order >= 0 ? &pair->is : NULL;
	if (order < 0)
		step(&pair->a);
	else if (order > 0)
		step(&pair->b);
	else
		step_both(pair);
}

bool content_pair_next(struct content_pair *pair)
{
	while (pair->a.more || pair->b.more) {
		take(pair);
		if (!pair->old || !pair->new ||
		    !content_element_same(pair->old, pair->new))
			return true;
	}
	return false;
}
