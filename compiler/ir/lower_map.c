// SPDX-License-Identifier: GPL-2.0-only
/*
 * A line with a map: the rule's other tests, and then one look at what is done
 * by the value of a key.
 */
#include "lowering.h"

/* The tests of @alt and one more of @map's key, which then makes room for the
 * map: so what the key needs is tested as for any other. */
static void tests_of(struct lowering *l, struct ir_build *b,
		     const struct alt *alt, const struct opt_map *map,
		     enum dir dir)
{
	struct ranges one = { map->ranges.v, 1, map->ranges.len };
	struct constraint last = {
		.key = map->key,
		.reply = map->reply,
		.ranges = &one,
	};
	enum key_id id = dir == DIR_REPLY ? map->reply : map->key;
	struct alt all = *alt;
	uint32_t i, n = 0;

	all.constraints =
		arena_array(l->arena, alt->n + 1, sizeof(*all.constraints));
	if (alt->n)
		memcpy(all.constraints, alt->constraints,
		       alt->n * sizeof(*all.constraints));
	all.constraints[all.n++] = last;
	lower_alt(l, b, &all, dir);
	for (i = 0; i < b->nops; i++)
		if (b->ops[i].keys[0] != id)
			b->ops[n++] = b->ops[i];
	b->nops = n;
}

static bool has_ranges(const struct ranges *ranges)
{
	size_t i;

	for (i = 0; i < ranges->n; i++)
		if (memcmp(ranges->v + 2 * i * ranges->len,
			   ranges->v + (2 * i + 1) * ranges->len, ranges->len))
			return true;
	return false;
}

/* Without a target it passes, and nothing is kept; nobody is told it does not:
 * see lowering.h. */
static struct ir_verdict verdict_of(struct lowering *l, enum action action,
				    const char *target)
{
	if (action == ACTION_ACCEPT && !target)
		return (struct ir_verdict){ VERDICT_ACCEPT, NULL };
	if (action == ACTION_ACCEPT)
		return (struct ir_verdict){ VERDICT_GOTO, target };
	if (action == ACTION_REJECT && target)
		return (struct ir_verdict){ VERDICT_GOTO, lower_refuse(l) };
	return (struct ir_verdict){ VERDICT_DROP, NULL };
}

static struct ir_set *set_of(struct lowering *l, const struct opt_map *map,
			     const char *target)
{
	struct ir_set *set = ir_set_add(l->ir, NULL, (struct span){ 0 });
	const struct ranges *ranges = &map->ranges;
	size_t i, stride;

	ir_set_field(set, key(map->key)->type);
	set->interval = has_ranges(ranges);
	set->nelems = ranges->n;
	stride = ir_set_stride(set);
	set->keys = arena_array(l->arena, ranges->n, stride);
	set->verdicts =
		arena_array(l->arena, ranges->n, sizeof(*set->verdicts));
	for (i = 0; i < ranges->n; i++) {
		memcpy(set->keys + i * stride, ranges->v + 2 * i * ranges->len,
		       stride);
		set->verdicts[i] = verdict_of(l, map->actions[i], target);
	}
	return set;
}

void lower_map(struct lowering *l, struct ir_chain *chain,
	       const struct opt_line *line, const char *target, enum dir dir)
{
	struct ir_build b = ir_build(l->ir);
	struct ir_op *op;

	tests_of(l, &b, line->alts.v, line->map, dir);
	op = ir_op(&b, IR_OP_VMAP);
	op->nkeys = 1;
	op->keys[0] =
		(uint8_t)(dir == DIR_REPLY ? line->map->reply : line->map->key);
	op->set = set_of(l, line->map, target);
	ir_rule_add(&b, chain, line->rule->span, line->comment);
}
