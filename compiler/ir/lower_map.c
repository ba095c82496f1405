// SPDX-License-Identifier: GPL-2.0-only
/*
 * A line with a map: the rule's other tests, and then one look at what is done
 * by the value of a key, or by the values of several.
 */
#include "lowering.h"

static bool is_one_of(const enum key_id *ids, size_t n, uint8_t id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* A test of the map's key @k alone. */
static struct constraint key_constraint(struct lowering *l,
					const struct opt_map *map, size_t k)
{
	struct ranges *one = arena_new_object(l->arena, struct ranges);

	one->len = (uint8_t)wire_type(key(map->key[k])->type)->len;
	one->n = 1;
	one->v = arena_array(l->arena, 2, one->len);
	return (struct constraint){
		.key = map->key[k],
		.reply = map->reply[k],
		.ranges = one,
	};
}

/* The tests of @alt, and one of each of @map's keys, which then make room for
 * the map: so what the keys need is tested as for any other. */
static void tests_of(struct lowering *l, struct ir_build *b,
		     const struct alt *alt, const struct opt_map *map,
		     enum dir dir)
{
	const enum key_id *ids = dir == DIR_REPLY ? map->reply : map->key;
	struct alt all = *alt;
	uint32_t i, n = 0;
	size_t k;

	all.constraints = arena_array(l->arena, alt->n + map->nkeys,
				      sizeof(*all.constraints));
	if (alt->n)
		memcpy(all.constraints, alt->constraints,
		       alt->n * sizeof(*all.constraints));
	for (k = 0; k < map->nkeys; k++)
		all.constraints[all.n++] = key_constraint(l, map, k);
	lower_alt(l, b, &all, dir);
	for (i = 0; i < b->nops; i++)
		if (!is_one_of(ids, map->nkeys, b->ops[i].keys[0]))
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

/* Fields side by side, each filled up to 4 bytes. */
static void put_fields(const struct ir_set *set, uint8_t *to,
		       const uint8_t *from)
{
	unsigned int i;

	for (i = 0; i < set->nfields; i++) {
		size_t len = wire_type(set->fields[i])->len;

		memcpy(to, from, len);
		to += ir_field_len(set, i);
		from += len;
	}
}

static void put_keys(struct ir_set *set, const struct ranges *ranges)
{
	size_t i, stride = ir_set_stride(set);

	for (i = 0; i < ranges->n; i++) {
		const uint8_t *lo = ranges->v + 2 * i * ranges->len;

		put_fields(set, set->keys + i * stride, lo);
		if (set->interval)
			put_fields(set, set->keys + i * stride + set->klen,
				   lo + ranges->len);
	}
}

static struct ir_set *set_of(struct lowering *l, const struct opt_map *map,
			     const char *target)
{
	struct ir_set *set = ir_set_add(l->ir, NULL, (struct span){ 0 });
	const struct ranges *ranges = &map->ranges;
	size_t i;

	for (i = 0; i < map->nkeys; i++)
		ir_set_field(set, key(map->key[i])->type);
	set->interval = has_ranges(ranges);
	set->nelems = ranges->n;
	set->keys = arena_array(l->arena, ranges->n, ir_set_stride(set));
	put_keys(set, ranges);
	if (!map->actions)
		return set;
	set->verdicts =
		arena_array(l->arena, ranges->n, sizeof(*set->verdicts));
	for (i = 0; i < ranges->n; i++)
		set->verdicts[i] = verdict_of(l, map->actions[i], target);
	return set;
}

void lower_map(struct lowering *l, struct ir_chain *chain,
	       const struct opt_line *line, const char *target, enum dir dir)
{
	const struct opt_map *map = line->map;
	struct ir_build b = ir_build(l->ir);
	struct ir_verdict verdict;
	struct ir_op *op;
	size_t i;

	tests_of(l, &b, line->alts.v, map, dir);
	op = ir_op(&b, map->actions ? IR_OP_VMAP : IR_OP_SET);
	op->nkeys = (uint8_t)map->nkeys;
	for (i = 0; i < map->nkeys; i++)
		op->keys[i] = (uint8_t)(dir == DIR_REPLY ? map->reply[i] :
							   map->key[i]);
	op->set = ir_set_share(l->ir, set_of(l, map, target));
	if (!map->actions) {
		verdict = verdict_of(l, line->rule->action, target);
		ir_verdict(&b, verdict.code, verdict.chain);
	}
	ir_rule_add(&b, chain, line->rule->span, line->comment);
}
