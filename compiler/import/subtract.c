// SPDX-License-Identifier: GPL-2.0-only
/*
 * Addresses that are in some ranges, and not in others: what fw4 asks by two
 * matches, a policy says as the ranges that are left.
 *
 *	is	|--------------|       |-------|
 *	is not	      |----|	    |------|
 *	left	|----|      |--|		|---|
 *
 * What must stay true: what is left is what both matches let pass, neither more
 * nor less; of several families nothing is made, for fw4 asks each by itself.
 */
#include "parts.h"

#include "vocab/match.h"

typedef VEC(struct value) value_list;

/* The last address before, or the first one behind; @step is -1 or 1. */
static void beside(uint8_t *out, const uint8_t *address, size_t len, int step)
{
	const uint8_t stays = step > 0 ? 0xff : 0;
	size_t i = len;

	memcpy(out, address, len);
	while (i && out[i - 1] == stays) {
		out[i - 1] = (uint8_t)~stays;
		i--;
	}
	if (i)
		out[i - 1] = (uint8_t)(out[i - 1] + step);
}

static size_t len_of(const struct value *value)
{
	return wire_type(type_address.wire[value->family])->len;
}

/* One without the other: none, one, or two. */
static void take_out(struct arena *arena, const struct value *from,
		     const struct value *out, value_list *left)
{
	size_t len = len_of(from);
	struct value part;

	if (memcmp(from->hi, out->lo, len) < 0 ||
	    memcmp(out->hi, from->lo, len) < 0) {
		*vec_push(arena, left) = *from;
		return;
	}
	if (memcmp(from->lo, out->lo, len) < 0) {
		part = *from;
		beside(part.hi, out->lo, len, -1);
		*vec_push(arena, left) = part;
	}
	if (memcmp(out->hi, from->hi, len) < 0) {
		part = *from;
		beside(part.lo, out->hi, len, 1);
		*vec_push(arena, left) = part;
	}
}

/* False: one of them is no range, or they are of several families. */
static bool parse(struct translation *t, const struct node *list,
		  value_list *out)
{
	struct value values[2];
	const char *why;
	size_t i;

	for (i = 0; i < list->list.n; i++) {
		if (type_address.parse(list->list.items[i]->scalar, values,
				       &why) != 1)
			return false;
		*vec_push(t->arena, out) = values[0];
		if (values[0].family != out->v[0].family)
			return false;
	}
	return true;
}

bool subtract_addresses(struct translation *t, const struct node *is,
			const struct node *is_not, struct node *left)
{
	value_list from = { 0 }, out = { 0 };
	size_t i, k;

	if (!parse(t, is, &from) || !parse(t, is_not, &out) || !from.n ||
	    !out.n || from.v[0].family != out.v[0].family)
		return false;
	for (i = 0; i < out.n; i++) {
		value_list next = { 0 };

		for (k = 0; k < from.n; k++)
			take_out(t->arena, &from.v[k], &out.v[i], &next);
		from = next;
	}
	for (i = 0; i < from.n; i++) {
		struct buf text = { 0 };

		wire_print_range(&text, type_address.wire[from.v[i].family],
				 from.v[i].lo, from.v[i].hi);
		node_add(t, left,
			 node_text(t,
				   (struct str){ arena_strndup(t->arena, text.p,
							       text.n),
						 text.n }));
		buf_free(&text);
	}
	return from.n > 0;
}
