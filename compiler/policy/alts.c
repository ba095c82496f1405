// SPDX-License-Identifier: GPL-2.0-only
/*
 * Expanding matches into alternatives. Each match gives a list of its own; the
 * result is their product, less what contradicts itself (an IPv4 address and
 * an IPv6 one, a TCP port of UDP).
 */
#include "alts.h"
#include "vocab/algebra.h"

#include <netinet/in.h>

#include <linux/netfilter.h>

struct alt_list {
	VEC(struct alt) list;
};

unsigned int protos_count(const struct protos *protos)
{
	unsigned int i, n = 0;

	for (i = 0; i < 4; i++)
		n += (unsigned int)__builtin_popcountll(protos->bits[i]);
	return n;
}

static bool protos_none(const struct protos *protos)
{
	return !(protos->bits[0] | protos->bits[1] | protos->bits[2] |
		 protos->bits[3]);
}

static struct alt any_alt(void)
{
	return (struct alt){ .families = FAMILY_BOTH, .any_proto = true };
}

static void ask(struct arena *arena, struct alt *alt,
		struct constraint constraint)
{
	size_t size = sizeof(constraint);

	alt->constraints = arena_grow(arena, alt->constraints, alt->n * size,
				      (alt->n + 1) * size);
	alt->constraints[alt->n++] = constraint;
}

static struct constraint constraint_of(const struct match *match,
				       enum family_index family)
{
	return (struct constraint){
		.key = match->word->key[family],
		.reply = match->word->reply[family],
		.family = family,
		.negated = match->negated,
		.word = match->word,
	};
}

/* What the key itself needs: its family, its protocol, or one with ports. */
static void need_of_key(struct alt *alt, enum key_id id)
{
	const struct key *k = key(id);

	if (k->nfproto)
		alt->families = k->nfproto == NFPROTO_IPV4 ? FAMILY_IPV4 :
							     FAMILY_IPV6;
	if (k->l4proto) {
		alt->any_proto = false;
		protos_add(&alt->protos, k->l4proto);
	}
	if (id == KEY_TH_DPORT || id == KEY_TH_SPORT) {
		alt->any_proto = false;
		protos_add(&alt->protos, IPPROTO_TCP);
		protos_add(&alt->protos, IPPROTO_UDP);
	}
}

static void expand_protocol(struct arena *arena, const struct match *match,
			    struct alt_list *out)
{
	const struct ranges *ranges = &match->ranges[0];
	struct alt *alt = vec_push(arena, &out->list);
	unsigned int proto;
	size_t i;

	*alt = any_alt();
	alt->any_proto = false;
	for (i = 0; i < ranges->n; i++)
		for (proto = ranges->v[2 * i]; proto <= ranges->v[2 * i + 1];
		     proto++)
			protos_add(&alt->protos, proto);
	for (i = 0; match->negated && i < 4; i++)
		alt->protos.bits[i] = ~alt->protos.bits[i];
}

static void expand_family(struct arena *arena, const struct match *match,
			  struct alt_list *out)
{
	uint8_t v4 = NFPROTO_IPV4, v6 = NFPROTO_IPV6;
	struct alt *alt = vec_push(arena, &out->list);

	*alt = any_alt();
	alt->families = 0;
	if (ranges_have(&match->ranges[0], &v4) != match->negated)
		alt->families |= FAMILY_IPV4;
	if (ranges_have(&match->ranges[0], &v6) != match->negated)
		alt->families |= FAMILY_IPV6;
	if (!alt->families)
		out->list.n--;
}

static void same_ports(struct arena *arena, struct alt_list *out,
		       const struct match *match, uint8_t families,
		       uint8_t proto, const struct ranges *ranges)
{
	struct constraint constraint = constraint_of(match, 0);
	struct alt *alt;
	size_t i;

	for (i = 0; i < out->list.n; i++) {
		const struct ranges *other =
			out->list.v[i].constraints[0].ranges;

		if (out->list.v[i].families == families &&
		    other->n == ranges->n &&
		    memcmp(other->v, ranges->v, 4 * ranges->n) == 0) {
			protos_add(&out->list.v[i].protos, proto);
			return;
		}
	}
	alt = vec_push(arena, &out->list);
	*alt = any_alt();
	alt->families = families;
	alt->any_proto = false;
	protos_add(&alt->protos, proto);
	constraint.ranges = ranges;
	ask(arena, alt, constraint);
}

/* NULL if there are none: most protocols have none. */
static struct ranges *service_ports(struct arena *arena,
				    const struct match *match, uint8_t families,
				    uint8_t proto)
{
	struct ranges *ranges = NULL;
	size_t i, j, room = 0;
	uint8_t lo[WIRE_MAX], hi[WIRE_MAX];

	for (i = 0; i < match->nservices; i++) {
		for (j = 0; j < match->services[i]->nitems; j++) {
			const struct service_item *item =
				&match->services[i]->items[j];

			if (item->proto != proto || item->families != families)
				continue;
			if (!ranges)
				ranges = arena_new_object(arena, struct ranges);
			ranges->len = 2;
			wire_put(WIRE_PORT, item->lo, lo);
			wire_put(WIRE_PORT, item->hi, hi);
			ranges_push(arena, ranges, &room, lo, hi);
		}
	}
	if (ranges)
		ranges_normalise(ranges);
	return ranges;
}

static void expand_service(struct arena *arena, struct arena *scratch,
			   const struct match *match, struct alt_list *out)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP,
					  IPPROTO_DCCP, IPPROTO_SCTP,
					  IPPROTO_UDPLITE };
	static const uint8_t families[] = { FAMILY_BOTH, FAMILY_IPV4,
					    FAMILY_IPV6 };
	size_t f, p;

	for (f = 0; f < sizeof(families); f++) {
		for (p = 0; p < sizeof(protos); p++) {
			struct ranges *ranges = service_ports(
				arena, match, families[f], protos[p]);

			if (ranges)
				same_ports(scratch, out, match, families[f],
					   protos[p], ranges);
		}
	}
}

static bool set_has_family(const struct set *set, enum family_index family)
{
	return set->type->wire[family] &&
	       (set->dynamic || set->elements[family].n);
}

/* What the value may lie in, one thing each; the result is in @arena. */
static size_t things_of(struct arena *arena, const struct match *match,
			enum family_index family, struct constraint **out)
{
	struct constraint one = constraint_of(match, family);
	size_t i, n = 0;

	*out = arena_array(arena, match->nsets + match->nbits + 1, sizeof(one));
	for (i = 0; i < match->nsets; i++) {
		(*out)[n] = one;
		(*out)[n].set = match->sets[i];
		n += set_has_family(match->sets[i], family);
	}
	for (i = 0; i < match->nbits; i++) {
		(*out)[n] = one;
		(*out)[n].bits = &match->bits[i];
		n += match->bits[i].family == family;
	}
	(*out)[n] = one;
	(*out)[n].ranges = &match->ranges[family];
	return n + (match->ranges[family].n != 0);
}

/* One alternative for each thing the value may lie in. */
static void expand_positive(struct arena *arena, const struct match *match,
			    enum family_index family, struct alt_list *out)
{
	struct constraint *things;
	size_t n = things_of(arena, match, family, &things), i;

	for (i = 0; i < n; i++) {
		struct alt *alt = vec_push(arena, &out->list);

		*alt = any_alt();
		need_of_key(alt, things[i].key);
		ask(arena, alt, things[i]);
	}
}

/* One alternative that lies in none of them. */
static void expand_negative(struct arena *arena, const struct match *match,
			    enum family_index family, struct alt_list *out)
{
	struct alt *alt = vec_push(arena, &out->list);

	*alt = any_alt();
	need_of_key(alt, match->word->key[family]);
	alt->n = things_of(arena, match, family, &alt->constraints);
}

static void expand_values(struct arena *arena, const struct match *match,
			  struct alt_list *out)
{
	int f;

	for (f = 0; f < FAMILIES; f++) {
		if (!match->word->key[f])
			continue;
		if (match->negated)
			expand_negative(arena, match, f, out);
		else
			expand_positive(arena, match, f, out);
	}
}

static void expand_match(struct arena *arena, struct arena *scratch,
			 const struct match *match, struct alt_list *out)
{
	if (match->word->type == &type_service)
		expand_service(arena, scratch, match, out);
	else if (match->word->key[0] == KEY_L4PROTO)
		expand_protocol(scratch, match, out);
	else if (match->word->key[0] == KEY_NFPROTO)
		expand_family(scratch, match, out);
	else
		expand_values(scratch, match, out);
}

/* A protocol that is named decides which protocols with ports are meant. */
static bool ports_only(const struct alt *alt)
{
	return !alt->any_proto && alt->n == 1 &&
	       (alt->constraints[0].key == KEY_TH_DPORT ||
		alt->constraints[0].key == KEY_TH_SPORT);
}

static void join_constraints(struct arena *arena, const struct alt *a,
			     const struct alt *b, struct alt *out)
{
	size_t size = sizeof(*out->constraints);

	if (!a->n || !b->n) { /* shared: nothing changes them any more */
		out->constraints = a->n ? a->constraints : b->constraints;
		out->n = a->n + b->n;
		return;
	}
	out->n = a->n + b->n;
	out->constraints = arena_array(arena, out->n, size);
	memcpy(out->constraints, a->constraints, a->n * size);
	memcpy(out->constraints + a->n, b->constraints, b->n * size);
}

/* False if they contradict each other. */
static bool both(struct arena *arena, const struct alt *a, const struct alt *b,
		 struct alt *out)
{
	size_t i;

	*out = *a;
	out->families &= b->families;
	if (a->any_proto) {
		out->any_proto = b->any_proto;
		out->protos = b->protos;
	} else if (!b->any_proto) {
		for (i = 0; i < 4; i++)
			out->protos.bits[i] &= b->protos.bits[i];
	}
	if (!out->families || (!out->any_proto && protos_none(&out->protos)))
		return false;
	join_constraints(arena, a, b, out);
	return true;
}

static bool product(struct arena *arena, struct alt_list *acc,
		    const struct alt_list *by)
{
	struct alt_list out = { 0 };
	struct alt alt;
	size_t i, j;

	for (i = 0; i < acc->list.n; i++)
		for (j = 0; j < by->list.n; j++)
			if (both(arena, &acc->list.v[i], &by->list.v[j], &alt))
				*vec_push(arena, &out.list) = alt;
	*acc = out;
	return out.list.n <= ALTS_MAX;
}

/*
 * "port" means tcp and udp unless a protocol says otherwise: then it means
 * those of the named ones that have ports.
 */
static void widen_ports(struct alt_list *list, const struct match *matches,
			size_t n)
{
	static const uint8_t more[] = { IPPROTO_DCCP, IPPROTO_SCTP,
					IPPROTO_UDPLITE };
	bool named = false;
	size_t i, j;

	for (i = 0; i < n; i++)
		named |= matches[i].word->key[0] == KEY_L4PROTO;
	for (i = 0; named && i < list->list.n; i++)
		for (j = 0; ports_only(&list->list.v[i]) && j < sizeof(more);
		     j++)
			protos_add(&list->list.v[i].protos, more[j]);
}

static void keep_alt(struct arena *arena, struct alt *alt)
{
	size_t size = alt->n * sizeof(*alt->constraints);
	struct constraint *kept = size ? arena_alloc(arena, size) : NULL;

	if (size)
		memcpy(kept, alt->constraints, size);
	alt->constraints = kept;
}

static void keep(struct arena *arena, const struct alt_list *list,
		 struct alts *out)
{
	size_t i;

	out->n = list->list.n;
	out->v = arena_array(arena, out->n, sizeof(*out->v));
	for (i = 0; i < out->n; i++) {
		out->v[i] = list->list.v[i];
		keep_alt(arena, &out->v[i]);
	}
}

bool alts_expand(struct arena *arena, struct arena *scratch,
		 const struct match *matches, size_t n, struct alts *out)
{
	struct alt_list acc = { 0 };
	bool fits = true;
	size_t i;

	*vec_push(scratch, &acc.list) = any_alt();
	for (i = 0; i < n && fits; i++) {
		struct alt_list list = { 0 };

		expand_match(arena, scratch, &matches[i], &list);
		if (matches[i].word->type == &type_port)
			widen_ports(&list, matches, n);
		fits = product(scratch, &acc, &list);
	}
	if (!fits)
		acc.list.n = 0;
	keep(arena, &acc, out);
	return fits;
}

const uint8_t *packet_value(const struct packet *packet, enum key_id id)
{
	return packet->known[id] ? packet->values[id] : NULL;
}

void packet_set(struct packet *packet, enum key_id id, const uint8_t *value)
{
	memcpy(packet->values[id], value, wire_type(key(id)->type)->len);
	packet->known[id] = true;
}

enum key_id packet_source(const struct packet *packet)
{
	return packet->family == FAMILY_INDEX_IPV6 ? KEY_IP6_SADDR :
						     KEY_IP_SADDR;
}

enum key_id packet_destination(const struct packet *packet)
{
	return packet->family == FAMILY_INDEX_IPV6 ? KEY_IP6_DADDR :
						     KEY_IP_DADDR;
}

static void swap(struct packet *reply, const struct packet *first,
		 enum key_id a, enum key_id b)
{
	memcpy(reply->values[a], first->values[b], WIRE_MAX);
	memcpy(reply->values[b], first->values[a], WIRE_MAX);
	reply->known[a] = first->known[b];
	reply->known[b] = first->known[a];
}

struct packet packet_reply(const struct packet *first)
{
	const struct match_word *word;
	struct packet reply = *first;
	size_t i;
	int f;

	swap(&reply, first, packet_source(first), packet_destination(first));
	swap(&reply, first, KEY_TH_SPORT, KEY_TH_DPORT);
	for (i = 0; (word = match_word_at(i)); i++)
		for (f = 0; f < FAMILIES; f++)
			if (word->key[f] && !word->reply[f])
				reply.known[word->key[f]] = false;
	return reply;
}

static bool has_bits(const struct bits *bits, const uint8_t *value, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((value[i] & bits->mask[i]) != bits->value[i])
			return false;
	return true;
}

static bool is_dynamic(const struct constraint *constraint)
{
	return constraint->set && constraint->set->dynamic;
}

bool packet_member(const struct packet *packet, const struct set *set)
{
	return set->index < 64 && packet->member_of >> set->index & 1;
}

static bool holds(const struct constraint *constraint,
		  const struct packet *packet)
{
	const uint8_t *value = packet_value(packet, constraint->key);
	const struct ranges *ranges =
		constraint->set ?
			&constraint->set->elements[constraint->family] :
			constraint->ranges;
	bool has;

	if (!value)
		return false;
	has = is_dynamic(constraint) ?
		      packet_member(packet, constraint->set) :
	      constraint->bits ?
		      has_bits(constraint->bits, value,
			       wire_type(key(constraint->key)->type)->len) :
		      ranges_have(ranges, value);
	return has != constraint->negated;
}

bool alt_matches(const struct alt *alt, const struct packet *packet)
{
	size_t i;

	if (!(alt->families & (1 << packet->family)))
		return false;
	if (!alt->any_proto && !protos_have(&alt->protos, packet->proto))
		return false;
	for (i = 0; i < alt->n; i++)
		if (!holds(&alt->constraints[i], packet))
			return false;
	return true;
}

bool alts_match(const struct alts *alts, const struct packet *packet)
{
	size_t i;

	for (i = 0; i < alts->n; i++)
		if (alt_matches(&alts->v[i], packet))
			return true;
	return false;
}

bool constraint_began(const struct constraint *constraint)
{
	uint8_t began = constraint->word->began;
	const struct bits *bits = constraint->bits;
	bool has = bits ? (began & bits->mask[0]) == bits->value[0] :
			  ranges_have(constraint->ranges, &began);

	return has != constraint->negated;
}

static enum sure sure_if(bool holds)
{
	return holds ? SURE_YES : SURE_NO;
}

static enum sure constraint_sure(const struct constraint *constraint,
				 const struct packet *packet)
{
	const struct match_word *word = constraint->word;

	if (packet_value(packet, constraint->key))
		return is_dynamic(constraint) && !packet->members_known ?
			       SURE_MAYBE :
			       sure_if(holds(constraint, packet));
	if (packet->lives && word->announced) /* nobody did */
		return SURE_NO;
	if (packet->replied && word->began)
		return sure_if(constraint_began(constraint));
	return SURE_MAYBE;
}

static enum sure alt_sure(const struct alt *alt, const struct packet *packet)
{
	enum sure sure = SURE_YES, one;
	size_t i;

	if (!(alt->families & (1 << packet->family)))
		return SURE_NO;
	if (!alt->any_proto && !protos_have(&alt->protos, packet->proto))
		return SURE_NO;
	for (i = 0; i < alt->n && sure; i++) {
		one = constraint_sure(&alt->constraints[i], packet);
		if (one < sure)
			sure = one;
	}
	return sure;
}

enum sure alts_sure(const struct alts *alts, const struct packet *packet)
{
	enum sure sure = SURE_NO, one;
	size_t i;

	for (i = 0; i < alts->n && sure != SURE_YES; i++) {
		one = alt_sure(&alts->v[i], packet);
		if (one > sure)
			sure = one;
	}
	return sure;
}

/* What a constraint takes, or NULL: that is not known, or what it leaves. */
static const struct ranges *taken(const struct constraint *c)
{
	if (c->negated || c->bits || (c->set && c->set->dynamic))
		return NULL;
	return c->set ? &c->set->elements[c->family] : c->ranges;
}

static bool constraints_meet(const struct constraint *a,
			     const struct constraint *b)
{
	const struct ranges *x, *y;

	if (a->key != b->key)
		return true;
	x = taken(a);
	y = taken(b);
	return !x || !y || ranges_meet(x, y);
}

static bool protos_meet(const struct alt *a, const struct alt *b)
{
	size_t i;

	if (a->any_proto || b->any_proto)
		return true;
	for (i = 0; i < 4; i++)
		if (a->protos.bits[i] & b->protos.bits[i])
			return true;
	return false;
}

static bool alt_meets(const struct alt *a, const struct alt *b)
{
	size_t i, j;

	if (!(a->families & b->families) || !protos_meet(a, b))
		return false;
	for (i = 0; i < a->n; i++)
		for (j = 0; j < b->n; j++)
			if (!constraints_meet(&a->constraints[i],
					      &b->constraints[j]))
				return false;
	return true;
}

bool alts_meet(const struct alts *a, const struct alts *b)
{
	size_t i, j;

	for (i = 0; i < a->n; i++)
		for (j = 0; j < b->n; j++)
			if (alt_meets(&a->v[i], &b->v[j]))
				return true;
	return false;
}

bool alts_take_all(const struct alts *alts)
{
	return alts->n && alts->v->families == FAMILY_BOTH &&
	       alts->v->any_proto && alts->v->n == 0;
}

bool alt_askable(const struct alt *alt, unsigned int hooks)
{
	size_t i;

	for (i = 0; i < alt->n; i++)
		if (hooks & ~(unsigned int)key(alt->constraints[i].key)->hooks)
			return false;
	return true;
}
