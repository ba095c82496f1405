// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a rule asks, alternative by alternative, and which of it can be asked of
 * the packet at hand: see lowering.h.
 */
#include "lowering.h"

#define CT_ESTABLISHED 2
#define CT_RELATED 4

static bool has_l4(enum key_id id)
{
	return key(id)->l4proto != 0;
}

/*
 * Ports come behind the test of their protocol, and clocks, which cost most,
 * behind all else but the link's header: nft joins that with the network's where
 * they stand together.
 */
static int place(enum key_id id)
{
	if (key(id)->link)
		return 3;
	if (id == KEY_DAY || id == KEY_HOUR || id == KEY_TIME)
		return 2;
	return id == KEY_TH_SPORT || id == KEY_TH_DPORT;
}

/* Ranges are in network order, the IR has what is compared. */
static const struct ranges *wire_ranges(struct lowering *l,
					const struct ranges *ranges,
					enum wire_id type)
{
	size_t i, len = ranges->len;
	struct ranges *out;

	if (!wire_type(type)->host_order)
		return ranges;
	out = arena_new_object(l->arena, struct ranges);
	out->len = ranges->len;
	out->n = ranges->n;
	out->v = arena_array(l->arena, 2 * ranges->n, len);
	for (i = 0; i < 2 * ranges->n; i++)
		wire_from_network(type, ranges->v + i * len, out->v + i * len);
	return out;
}

static void bits_op(struct ir_build *b, enum key_id id, const struct bits *bits,
		    bool neg)
{
	struct ir_op *op = ir_op(b, IR_OP_MASK);

	op->nkeys = 1;
	op->keys[0] = (uint8_t)id;
	op->neg = neg;
	wire_from_network(key(id)->type, bits->value, op->lo);
	wire_from_network(key(id)->type, bits->mask, op->hi);
}

/* A reply carries the answer's type: only echo has one that is tracked. */
static const struct ranges *icmp_reply(struct lowering *l,
				       const struct ranges *ranges,
				       enum key_id id)
{
	uint8_t request = id == KEY_ICMP_TYPE ? 8 : 128;
	uint8_t reply = id == KEY_ICMP_TYPE ? 0 : 129;
	struct ranges *out;
	size_t room = 0;

	if (!ranges_have(ranges, &request))
		return ranges;
	out = arena_new_object(l->arena, struct ranges);
	out->len = 1;
	ranges_push(l->arena, out, &room, &reply, &reply);
	return out;
}

static void constraint_op(struct lowering *l, struct ir_build *b,
			  const struct constraint *constraint, enum dir dir)
{
	enum key_id id = dir == DIR_REPLY ? constraint->reply : constraint->key;
	const struct ranges *ranges = constraint->ranges;

	if (constraint->bits) {
		bits_op(b, id, constraint->bits, constraint->negated);
		return;
	}
	if (constraint->set) {
		const struct set *set = constraint->set;
		bool family = set->type->wire[FAMILY_INDEX_IPV6] != WIRE_NONE;
		const char *name = arena_printf(l->arena, "%s.%s", set->name,
						!family ? set->type->name :
						constraint->family ? "ipv6" :
								     "ipv4");

		ir_in_set(b, id, map_get(&l->sets, str_of(name)),
			  constraint->negated);
		return;
	}
	if (dir == DIR_REPLY && (id == KEY_ICMP_TYPE || id == KEY_ICMPV6_TYPE))
		ranges = icmp_reply(l, ranges, id);
	ranges = wire_ranges(l, ranges, key(id)->type);
	ir_in_ranges(b, id, ranges->v, ranges->n, constraint->negated);
}

static void protos_op(struct ir_build *b, const struct protos *protos)
{
	bool most = protos_count(protos) > 128;
	uint8_t pairs[2 * 128];
	size_t n = 0, i;
	uint64_t bits;

	for (i = 0; i < 4; i++) {
		bits = most ? ~protos->bits[i] : protos->bits[i];
		for (; bits; bits &= bits - 1) {
			pairs[2 * n] = (uint8_t)(64 * i) +
				       (uint8_t)__builtin_ctzll(bits);
			pairs[2 * n + 1] = pairs[2 * n];
			n++;
		}
	}
	ir_in_ranges(b, KEY_L4PROTO, pairs, n, most);
}

void lower_alt(struct lowering *l, struct ir_build *b, const struct alt *alt,
	       enum dir dir)
{
	bool family = alt->families != FAMILY_BOTH, l4 = !alt->any_proto;
	size_t i;
	int at;

	for (i = 0; i < alt->n; i++) {
		family &= key(alt->constraints[i].key)->nfproto == 0;
		l4 &= !has_l4(alt->constraints[i].key);
	}
	if (family)
		ir_is(b, KEY_NFPROTO, alt->families == FAMILY_IPV4 ? 2 : 10);
	for (at = 0; at < 4; at++) {
		for (i = 0; i < alt->n; i++)
			if (place(alt->constraints[i].key) == at)
				constraint_op(l, b, &alt->constraints[i], dir);
		if (at == 0 && l4)
			protos_op(b, &alt->protos);
	}
}

void lower_flags(struct ir_build *b, enum key_id id, uint64_t bits)
{
	struct ir_op *op = ir_op(b, IR_OP_FLAGS);

	op->nkeys = 1;
	op->keys[0] = (uint8_t)id;
	wire_put(key(id)->type, bits, op->lo);
}

void lower_no_flags(struct ir_build *b, enum key_id id, uint64_t bits)
{
	lower_flags(b, id, bits);
	b->ops[b->nops - 1].neg = true;
}

/* SURE_YES: it has to be asked, or (with *@left_out) it need not. */
static enum sure answer(const struct constraint *constraint, enum view view,
			bool *left_out)
{
	const struct match_word *word = constraint->word;

	*left_out = view == VIEW_REPLY ? !constraint->reply :
		    view == VIEW_LIVE  ? word->began != 0 :
		    view == VIEW_ANY   ? word->holds == HOLDS_PACKET :
					 false;
	if (!*left_out)
		return SURE_YES;
	if (!word->began || view == VIEW_ANY)
		return SURE_MAYBE;
	return constraint_began(constraint) ? SURE_YES : SURE_NO;
}

static enum sure ask(struct lowering *l, const struct alt *alt, enum view view,
		     struct alt *out)
{
	enum sure sure = SURE_YES;
	bool left_out;
	size_t i;

	*out = *alt;
	out->n = 0;
	out->constraints =
		arena_array(l->arena, alt->n, sizeof(*out->constraints));
	for (i = 0; i < alt->n; i++) {
		enum sure one = answer(&alt->constraints[i], view, &left_out);

		if (one < sure)
			sure = one;
		if (!left_out)
			out->constraints[out->n++] = alt->constraints[i];
	}
	return sure;
}

static bool asks_beginning(const struct alt *alt)
{
	size_t i;

	for (i = 0; i < alt->n; i++)
		if (alt->constraints[i].word->began)
			return true;
	return false;
}

static bool all_told(const struct alt *alt, enum dir dir)
{
	size_t i;

	for (i = 0; dir == DIR_REPLY && i < alt->n; i++)
		if (!alt->constraints[i].reply)
			return false;
	return !asks_beginning(alt);
}

size_t lower_ask(struct lowering *l, const struct alt *alt, enum dir dir,
		 struct asked out[2])
{
	size_t n = 0;

	if (all_told(alt, dir)) {
		out[0] = (struct asked){ *alt, SURE_YES, 0 };
		return 1;
	}
	out[0].live = dir == DIR_ORIGINAL;
	out[0].sure = ask(l, alt, dir == DIR_REPLY ? VIEW_REPLY : VIEW_LIVE,
			  &out[0].alt);
	n = out[0].sure != SURE_NO;
	if (dir == DIR_ORIGINAL)
		out[n++] = (struct asked){ *alt, SURE_YES, -1 };
	return n;
}

struct alt lower_ask_any(struct lowering *l, const struct alt *alt)
{
	struct alt out;

	ask(l, alt, VIEW_ANY, &out);
	return out;
}

bool lower_unsure(const struct alts *alts)
{
	size_t i, j;

	for (i = 0; i < alts->n; i++)
		for (j = 0; j < alts->v[i].n; j++)
			if (!alts->v[i].constraints[j].reply &&
			    !alts->v[i].constraints[j].word->began)
				return true;
	return false;
}

void lower_asked(struct lowering *l, struct ir_build *b,
		 const struct asked *asked, enum dir dir)
{
	if (asked->live > 0)
		lower_flags(b, KEY_CT_STATE, CT_ESTABLISHED | CT_RELATED);
	if (asked->live < 0)
		lower_no_flags(b, KEY_CT_STATE, CT_ESTABLISHED | CT_RELATED);
	lower_alt(l, b, &asked->alt, dir);
}
