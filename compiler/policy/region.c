// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boxes in the space of packets: see region.h.
 *
 * What must stay true: a box holds at least what its alternative holds. A key
 * that is not named in region_field() is opaque.
 */
#include "region.h"

#include "vocab/algebra.h"

enum box_field region_field(enum key_id key)
{
	switch (key) {
	case KEY_IP_SADDR:
	case KEY_IP6_SADDR:
		return FIELD_SOURCE;
	case KEY_IP_DADDR:
	case KEY_IP6_DADDR:
		return FIELD_DESTINATION;
	case KEY_TH_SPORT:
		return FIELD_SOURCE_PORT;
	case KEY_TH_DPORT:
		return FIELD_PORT;
	case KEY_ICMP_TYPE:
	case KEY_ICMPV6_TYPE:
		return FIELD_ICMP;
	default:
		return FIELDS;
	}
}

static bool set_opaque(const struct set *set)
{
	return set->dynamic || set->elements[0].n > REGION_RANGES_MAX ||
	       set->elements[1].n > REGION_RANGES_MAX;
}

bool match_opaque(const struct match *match)
{
	enum key_id id = match->word->key[0];
	size_t i;

	if (region_field(id) == FIELDS && id != KEY_L4PROTO &&
	    id != KEY_NFPROTO)
		return true;
	if (match->nbits)
		return true;
	for (i = 0; i < match->nsets; i++)
		if (set_opaque(match->sets[i]))
			return true;
	return match->ranges[0].n > REGION_RANGES_MAX ||
	       match->ranges[1].n > REGION_RANGES_MAX;
}

/* Large sets that must hold are kept: a packet of the box is in them. */
static const struct ranges *asked(struct arena *arena,
				  const struct constraint *constraint)
{
	const struct ranges *ranges =
		constraint->set ?
			&constraint->set->elements[constraint->family] :
			constraint->ranges;
	struct ranges all, *rest;

	if (constraint->bits || (constraint->set && constraint->set->dynamic))
		return NULL;
	if (!constraint->negated)
		return ranges;
	if (ranges->n > REGION_RANGES_MAX)
		return NULL;
	rest = arena_new_object(arena, struct ranges);
	all = ranges_all(arena, ranges->len);
	*rest = ranges_less(arena, &all, ranges);
	return rest;
}

static void ask(struct arena *arena, struct box *box,
		const struct constraint *constraint)
{
	enum box_field field = region_field(constraint->key);
	const struct ranges *ranges;
	struct ranges *both;

	if (field == FIELDS)
		return;
	ranges = asked(arena, constraint);
	if (ranges && box->asks[field]) {
		both = arena_new_object(arena, struct ranges);
		*both = ranges_both(arena, box->asks[field], ranges);
		box->asks[field] = both;
	} else if (ranges) {
		box->asks[field] = ranges;
	}
}

static void add_box(struct arena *arena, struct region *out,
		    const struct box *sides, const struct alt *alt)
{
	struct box *box = &out->boxes[out->n];
	size_t i;

	*box = *sides;
	box->families &= alt->families;
	if (alt->any_proto)
		memset(&box->protos, 0xff, sizeof(box->protos));
	else
		box->protos = alt->protos;
	for (i = 0; i < alt->n; i++)
		ask(arena, box, &alt->constraints[i]);
	out->n += box->families != 0;
	for (i = 0; i < FIELDS; i++)
		if (box->asks[i] && box->asks[i]->n == 0) {
			out->n--; /* nothing meets it */
			return;
		}
}

static void find_opaque(struct arena *arena, struct region *out,
			const struct match *matches, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!match_opaque(&matches[i]))
			continue;
		if (!out->opaque)
			out->opaque =
				arena_array(arena, n, sizeof(*out->opaque));
		out->opaque[out->nopaque++] = &matches[i];
	}
}

struct region region_of(struct arena *arena, const struct zone_set *from,
			const struct zone_set *to, uint8_t families,
			const struct alts *alts, const struct match *matches,
			size_t nmatches)
{
	struct box sides = { .from = from, .to = to, .families = families };
	struct region out = { 0 };
	size_t i;

	out.boxes = arena_array(arena, alts->n, sizeof(*out.boxes));
	for (i = 0; i < alts->n; i++)
		add_box(arena, &out, &sides, &alts->v[i]);
	find_opaque(arena, &out, matches, nmatches);
	return out;
}

/* ---- questions ---- */

const uint8_t *packet_field(const struct packet *packet, enum box_field field)
{
	switch (field) {
	case FIELD_SOURCE:
		return packet->values[packet_source(packet)];
	case FIELD_DESTINATION:
		return packet->values[packet_destination(packet)];
	case FIELD_SOURCE_PORT:
		return packet->values[KEY_TH_SPORT];
	case FIELD_PORT:
		return packet->values[KEY_TH_DPORT];
	default:
		return packet->values[packet->family ? KEY_ICMPV6_TYPE :
						       KEY_ICMP_TYPE];
	}
}

bool box_has(const struct box *box, const struct packet *packet)
{
	int i;

	if (!(box->families & 1 << packet->family) ||
	    !protos_have(&box->protos, packet->proto) ||
	    !zone_set_has(box->from, packet->from) ||
	    !zone_set_has(box->to, packet->to))
		return false;
	for (i = 0; i < FIELDS; i++)
		if (box->asks[i] &&
		    !ranges_have(box->asks[i], packet_field(packet, i)))
			return false;
	return true;
}

bool zone_sets_meet(const struct zone_set *a, const struct zone_set *b)
{
	size_t i;

	if (a->router && b->router)
		return true;
	for (i = 0; i < a->nwords; i++)
		if (a->words[i] & b->words[i])
			return true;
	return false;
}

static bool protos_meet(const struct protos *a, const struct protos *b)
{
	return (a->bits[0] & b->bits[0]) | (a->bits[1] & b->bits[1]) |
	       (a->bits[2] & b->bits[2]) | (a->bits[3] & b->bits[3]);
}

bool boxes_meet(const struct box *a, const struct box *b)
{
	int i;

	if (!(a->families & b->families) ||
	    !protos_meet(&a->protos, &b->protos) ||
	    !zone_sets_meet(a->from, b->from) || !zone_sets_meet(a->to, b->to))
		return false;
	for (i = 0; i < FIELDS; i++)
		if (a->asks[i] && b->asks[i] && a->asks[i] != b->asks[i] &&
		    a->asks[i]->len == b->asks[i]->len &&
		    !ranges_meet(a->asks[i], b->asks[i]))
			return false;
	return true;
}

/* ---- taking one box out of another ---- */

struct cut {
	struct arena *arena;
	struct box rest; /* what is still to be cut */
	void (*keep)(void *data, const struct box *part);
	void *data;
};

static void cut_families(struct cut *cut, uint8_t families)
{
	struct box part = cut->rest;

	part.families &= (uint8_t)~families;
	if (part.families)
		cut->keep(cut->data, &part);
	cut->rest.families &= families;
}

static void cut_protos(struct cut *cut, const struct protos *protos)
{
	struct box part = cut->rest;
	uint64_t left = 0;
	int i;

	for (i = 0; i < 4; i++) {
		left |= part.protos.bits[i] &= ~protos->bits[i];
		cut->rest.protos.bits[i] &= protos->bits[i];
	}
	if (left)
		cut->keep(cut->data, &part);
}

/* @a less @b, or both; NULL if nothing is left. */
static const struct zone_set *zones_of(struct arena *arena,
				       const struct zone_set *a,
				       const struct zone_set *b, bool less)
{
	struct zone_set *out = arena_new_object(arena, struct zone_set);
	uint64_t left, flip = less ? ~UINT64_C(0) : 0;
	size_t i;

	out->nwords = a->nwords;
	out->words = arena_array(arena, a->nwords, sizeof(*out->words));
	out->router = a->router && b->router != less;
	left = out->router;
	for (i = 0; i < a->nwords; i++)
		left |= out->words[i] = a->words[i] & (b->words[i] ^ flip);
	return left ? out : NULL;
}

static bool zones_only_router(const struct zone_set *set)
{
	size_t i;

	for (i = 0; i < set->nwords; i++)
		if (set->words[i])
			return false;
	return set->router;
}

static void cut_side(struct cut *cut, const struct zone_set *by, bool from)
{
	const struct zone_set **own = from ? &cut->rest.from : &cut->rest.to;
	struct box part = cut->rest;
	const struct zone_set *left;

	if (*own == by)
		return;
	left = zones_of(cut->arena, *own, by, true);
	if (!left)
		return; /* all of it is taken */
	if (from)
		part.from = left;
	else
		part.to = left;
	/* what the router sends to itself, nothing decides */
	if (!zones_only_router(part.from) || !zones_only_router(part.to))
		cut->keep(cut->data, &part);
	*own = zones_of(cut->arena, *own, by, false);
}

static void cut_field(struct cut *cut, enum box_field field,
		      const struct ranges *by)
{
	const struct ranges **own = &cut->rest.asks[field];
	struct box part = cut->rest;
	struct ranges *left, *both;

	if (!by || *own == by || (*own && ranges_within(*own, by)))
		return;
	left = arena_new_object(cut->arena, struct ranges);
	both = arena_new_object(cut->arena, struct ranges);
	if (!*own) {
		*left = ranges_all(cut->arena, by->len);
		*left = ranges_less(cut->arena, left, by);
		*both = *by;
	} else {
		*left = ranges_less(cut->arena, *own, by);
		*both = ranges_both(cut->arena, *own, by);
	}
	part.asks[field] = left;
	if (left->n)
		cut->keep(cut->data, &part);
	*own = both;
}

void box_less(struct arena *arena, const struct box *box,
	      const struct box *less,
	      void (*keep)(void *data, const struct box *part), void *data)
{
	struct cut cut = { arena, *box, keep, data };
	int i;

	if (!boxes_meet(box, less)) {
		keep(data, box);
		return;
	}
	cut_families(&cut, less->families);
	cut_protos(&cut, &less->protos);
	cut_side(&cut, less->from, true);
	cut_side(&cut, less->to, false);
	for (i = 0; i < FIELDS; i++)
		cut_field(&cut, i, less->asks[i]);
}

/* ---- what is opaque ---- */

static bool match_same(const struct sources *sources, const struct match *a,
		       const struct match *b)
{
	return a == b || (a->word == b->word && a->negated == b->negated &&
			  str_eq(span_text(sources, a->span),
				 span_text(sources, b->span)));
}

bool region_opaque_met(const struct sources *sources,
		       const struct region *taker, const struct region *of)
{
	size_t i, j;

	for (i = 0; i < taker->nopaque; i++) {
		for (j = 0; j < of->nopaque; j++)
			if (match_same(sources, taker->opaque[i],
				       of->opaque[j]))
				break;
		if (j == of->nopaque)
			return false;
	}
	return true;
}

const struct zone_set *zone_set_both(struct arena *arena,
				     const struct zone_set *a,
				     const struct zone_set *b)
{
	return zones_of(arena, a, b, false);
}
