// SPDX-License-Identifier: GPL-2.0-only
/*
 * The search: of what a rule and an entry have in common, for each pair of
 * zones, each family and each protocol that can be offloaded, the packets at
 * the ends of every range that either asks for. Nothing decides between these.
 * Of what only a packet tells (its DSCP, its MAC address, whether a set that is
 * filled while it runs has it) each value that an entry of the policy asks for,
 * and one that none does. And of each such packet, those that a port forward or a
 * map makes it of.
 *
 * What must stay true: a packet is followed as the kernel would: its first one
 * through the chains that translate, mark and decide, then later ones, in both
 * directions and with more packets than any entry waits for, from the mark that it
 * left.
 */
#include "audit.h"

#include <netinet/in.h>

#include <linux/netfilter.h>

#include "ir/run.h"
#include "policy/region.h"
#include "vocab/algebra.h"

#define CT_ESTABLISHED 2
#define CT_NEW 8
#define MANY_PACKETS 1000000000
#define STATUS_DST_NAT 0x20
/* Packets for each pair of a rule and an entry, and for each corner of a box. */
#define TRIES_MAX 4096
#define CHOICES_MAX 256
/* Packets that are looked at for a pair, whether or not they meet it; each pair
 * of zones has its share, and at least so many. */
#define ATTEMPTS_MAX 32768
#define ATTEMPTS_MIN 256
#define DIMS_MAX 12
#define VALUES_MAX 6

/* What no box has: the values of a key that are tried; or of a set, in or not. */
struct dim {
	enum key_id key;
	const struct set *set;
	uint8_t values[VALUES_MAX][WIRE_MAX];
	size_t n;
	bool own;		 /* the pair asks for it */
	uint8_t other[WIRE_MAX]; /* one that nobody asks for */
};

struct search {
	struct compilation *c;
	struct arena *arena; /* for one pair */
	const struct ir_machine *machine;
	struct escape escape;
	struct dim dims[DIMS_MAX];
	size_t ndims;
	size_t attempts, share; /* between the zones at hand */
	bool unsure;		/* the connection at hand met nft's own rules */
	void (*fn)(void *data, const struct escape *escape);
	void *data;
};

/* ---- following one connection ---- */

static const char *device_of(struct search *s, int zone)
{
	const struct device *device = s->c->model->zones[zone].devices;

	if (!s->c->model->zones[zone].ndevices)
		return "none";
	if (!device->prefix)
		return device->name;
	return arena_printf(s->arena, "%.*s0", (int)strlen(device->name) - 1,
			    device->name);
}

static struct ir_packet reply_to(const struct ir_packet *first)
{
	struct ir_packet reply = *first;

	reply.iif = first->oif;
	reply.oif = first->iif;
	reply.packet = packet_reply(&first->packet);
	reply.reply = true;
	return reply;
}

static bool is_offloaded(struct search *s, struct ir_packet packet,
			 uint32_t mark)
{
	struct ir_result done;

	packet.state = CT_ESTABLISHED;
	packet.packets = MANY_PACKETS;
	packet.mark = mark;
	packet.mark = ir_run_marks(s->machine, &packet).mark;
	done = ir_run(s->machine, &packet);
	s->unsure |= done.raw != NULL;
	if (done.unknown) {
		s->escape.found = done.unknown;
		return true;
	}
	return done.flow;
}

/* To where the rules translate it; false if that is not what the model says. */
static bool translate(struct search *s, struct ir_packet *first,
		      const struct answer *answer)
{
	enum key_id id = packet_destination(&first->packet);
	struct ir_result done = ir_run_dstnat(s->machine, first);
	const struct packet *seen = &answer->seen;

	if (done.unknown) {
		s->escape.found = done.unknown;
		return false;
	}
	if (done.translated) {
		packet_set(&first->packet, id, done.address);
		if (done.port)
			wire_put(WIRE_PORT, done.port,
				 first->packet.values[KEY_TH_DPORT]);
		first->status |= STATUS_DST_NAT;
		first->packet.to = seen->to;
	}
	if (done.own || done.translated != (answer->nat_forward != NULL) ||
	    memcmp(first->packet.values, seen->values, sizeof(seen->values))) {
		s->escape.found = "it is translated to elsewhere than the "
				  "model says";
		return false;
	}
	return true;
}

static void follow_way(struct search *s, struct ir_packet first)
{
	struct ir_packet reply = reply_to(&first);
	struct ir_result done;

	first.mark = ir_run_marks(s->machine, &first).mark;
	done = ir_run(s->machine, &first);
	s->unsure |= done.raw != NULL;
	if (done.unknown)
		s->escape.found = done.unknown;
	else if (done.flow)
		s->escape.found = "its first packet is offloaded";
	else if (done.end == IR_DROP || done.end == IR_REJECT)
		return;
	else if (is_offloaded(s, first, done.mark))
		s->escape.found = "it is offloaded";
	else if (is_offloaded(s, reply, done.mark))
		s->escape.found = "it is offloaded by a reply";
	else if (is_offloaded(s, reply, 0))
		s->escape.found = "it is offloaded by a reply that is decided "
				  "anew";
}

static void follow(struct search *s, const struct packet *packet,
		   const struct answer *answer)
{
	struct ir_packet first = {
		.hook = IR_HOOK_FORWARD,
		.packet = *packet,
		.iif = device_of(s, packet->from),
		.state = CT_NEW,
		.packets = 1,
		.ways = ir_ways(s->arena),
	};

	if (!translate(s, &first, answer))
		return;
	first.oif = device_of(s, first.packet.to);
	do
		follow_way(s, first);
	while (!s->escape.found && ir_ways_next(first.ways));
	s->escape.cut |= ir_ways_cut(first.ways);
}

static bool did(const struct answer *answer, const struct rule *rule)
{
	size_t i;

	for (i = 0; i < answer->did.n; i++)
		if (answer->did.v[i] == rule)
			return true;
	return false;
}

/* The packet to show: without what nobody asks for. */
static void note_packet(struct search *s, const struct packet *packet)
{
	const struct model *model = s->c->model;
	const char *names = NULL;
	size_t i;

	for (i = 0; i < model->nsets; i++) {
		const char *name = model->sets[i]->name;

		if (packet_member(packet, model->sets[i]))
			names = names ? arena_printf(s->arena, "%s, %s", names,
						     name) :
					name;
	}
	s->escape.packet = *packet;
	s->escape.members = names;
	for (i = 0; i < s->ndims; i++) {
		const struct dim *dim = &s->dims[i];
		const uint8_t *value = packet_value(packet, dim->key);

		if (!dim->set && value &&
		    !memcmp(value, dim->other, sizeof(dim->other)))
			s->escape.packet.known[dim->key] = false;
	}
}

/* Chains of nft's own rules ahead of routing or behind it: all meet these. */
static bool hidden_hooks(const struct model *model)
{
	size_t i;

	for (i = 0; i < model->nraws; i++)
		if (model->raws[i].at >= RAW_PREROUTING)
			return true;
	return false;
}

static void try_packet(struct search *s, const struct packet *packet)
{
	struct answer answer;

	if (s->attempts >= s->share) {
		s->escape.cut = true;
		return;
	}
	s->attempts++;
	model_evaluate(s->c->model, packet, &answer);
	if (!did(&answer, s->escape.cost->rule) || answer.seen.to < 0)
		return;
	if (s->escape.found || s->escape.tried >= TRIES_MAX) {
		s->escape.cut |= !s->escape.found;
		return;
	}
	s->escape.tried++;
	if (!s->escape.met)
		note_packet(s, packet);
	s->escape.met = true;
	s->unsure = hidden_hooks(s->c->model);
	if (answer.offload)
		s->escape.found = "the model says that it is offloaded";
	else
		follow(s, packet, &answer);
	s->escape.unsure += s->unsure;
	if (s->escape.found)
		note_packet(s, packet);
}

/* ---- what becomes of others by translation ---- */

/* A packet that meets what @alt asks of where it goes. */
static void meet(struct packet *packet, const struct alt *alt)
{
	size_t i;

	for (i = 0; i < alt->n; i++) {
		const struct constraint *c = &alt->constraints[i];
		enum box_field field = region_field(c->key);

		if ((field == FIELD_PORT || field == FIELD_DESTINATION) &&
		    !c->negated && c->ranges && c->ranges->n &&
		    (field == FIELD_PORT ||
		     c->key == packet_destination(packet)))
			packet_set(packet, c->key, range_lo(c->ranges, 0));
	}
}

static void try_before(struct search *s, const struct nat *nat,
		       const struct packet *packet)
{
	enum key_id id = packet_destination(packet);
	unsigned int f = packet->family;
	struct packet before = *packet;
	size_t i;

	if (nat->kind == NAT_MAP)
		nat_mapped(&nat->address[f], &nat->outside[f], f,
			   packet->values[id], before.values[id]);
	else if (!nat_asks_destination(nat))
		before.to = -1;
	for (i = 0; i < nat->alts->n; i++) {
		struct packet one = before;

		meet(&one, &nat->alts->v[i]);
		try_packet(s, &one);
	}
}

static void try_all(struct search *s, const struct packet *packet)
{
	const struct model *model = s->c->model;
	size_t i;

	try_packet(s, packet);
	for (i = 0; i < model->nnats; i++)
		if ((model->nats[i].kind == NAT_FORWARD ||
		     model->nats[i].kind == NAT_MAP) &&
		    model->nats[i].families >> packet->family & 1)
			try_before(s, &model->nats[i], packet);
}

/* ---- what no box has ---- */

static struct dim *dim_of(struct search *s, enum key_id key,
			  const struct set *set)
{
	size_t i;

	for (i = 0; i < s->ndims; i++)
		if (s->dims[i].key == key && s->dims[i].set == set)
			return &s->dims[i];
	if (s->ndims == DIMS_MAX) {
		s->escape.cut = true;
		return NULL;
	}
	s->dims[s->ndims] = (struct dim){ .key = key, .set = set };
	return &s->dims[s->ndims++];
}

static bool has_value(const struct dim *dim, const uint8_t *value)
{
	size_t i, len = wire_type(key(dim->key)->type)->len;

	for (i = 0; i < dim->n; i++)
		if (!memcmp(dim->values[i], value, len))
			return true;
	return false;
}

static void add_value(struct search *s, struct dim *dim, const uint8_t *value)
{
	if (!dim || has_value(dim, value))
		return;
	if (dim->n == VALUES_MAX)
		s->escape.cut = true;
	else
		memcpy(dim->values[dim->n++], value,
		       wire_type(key(dim->key)->type)->len);
}

static void ask_values(struct search *s, const struct constraint *c)
{
	const struct ranges *ranges = c->set ? &c->set->elements[c->family] :
					       c->ranges;
	struct dim *dim = dim_of(s, c->key, NULL);

	if (c->bits) {
		add_value(s, dim, c->bits->value);
	} else if (ranges && ranges->n) {
		add_value(s, dim, range_lo(ranges, 0));
		add_value(s, dim, range_hi(ranges, ranges->n - 1));
	}
}

static void ask_alts(struct search *s, const struct alts *alts)
{
	size_t i, j;

	for (i = 0; i < alts->n; i++) {
		for (j = 0; j < alts->v[i].n; j++) {
			const struct constraint *c = &alts->v[i].constraints[j];

			if (c->set && c->set->dynamic)
				dim_of(s, KEY_NONE, c->set);
			else if (region_field(c->key) == FIELDS)
				ask_values(s, c);
		}
	}
}

/* The value number @which: those that are asked for, and one that is not; that
 * one first where it is all the same to the pair. */
static const uint8_t *dim_value(const struct dim *dim, size_t which)
{
	if (!dim->own)
		return which ? dim->values[which - 1] : dim->other;
	return which < dim->n ? dim->values[which] : dim->other;
}

/* One that nobody asks for, as far as a small number can be one. */
static void find_other(struct dim *dim)
{
	const struct wire_type *type = wire_type(key(dim->key)->type);
	uint8_t n;

	for (n = 1; n <= VALUES_MAX + 1; n++) {
		uint8_t value[WIRE_MAX] = { 0 };

		if (type->len <= 4)
			wire_put(key(dim->key)->type,
				 (uint64_t)n << type->shift, value);
		else
			value[type->len - 1] = n;
		wire_to_network(key(dim->key)->type, value, dim->other);
		if (!has_value(dim, dim->other))
			return;
	}
}

/* Those of the pair first: they are tried for sure. */
static void find_dims(struct search *s, const struct cost *cost)
{
	const struct model *model = s->c->model;
	size_t i;

	s->ndims = 0;
	ask_alts(s, cost->rule->alts);
	ask_alts(s, cost->entry->alts);
	for (i = 0; i < s->ndims; i++)
		s->dims[i].own = true;
	for (i = 0; i < model->nrules; i++)
		ask_alts(s, model->rules[i].alts);
	for (i = 0; i < model->offload.neligible; i++)
		ask_alts(s, model->offload.eligible[i].alts);
	for (i = 0; i < model->offload.nexempt; i++)
		ask_alts(s, model->offload.exempt[i].alts);
	for (i = 0; i < model->nnats; i++)
		ask_alts(s, model->nats[i].alts);
	for (i = 0; i < s->ndims; i++)
		if (!s->dims[i].set)
			find_other(&s->dims[i]);
}

/* Can a packet of this family have it at all? */
static bool has_key(const struct packet *packet, enum key_id id)
{
	uint8_t nfproto = packet->family ? NFPROTO_IPV6 : NFPROTO_IPV4;

	return (!key(id)->nfproto || key(id)->nfproto == nfproto) &&
	       (!key(id)->l4proto || key(id)->l4proto == packet->proto) &&
	       id != KEY_NFPROTO && id != KEY_L4PROTO && id != KEY_SKUID;
}

static void choose(struct packet *packet, const struct dim *dim, size_t which)
{
	if (!dim->set)
		packet_set(packet, dim->key, dim_value(dim, which));
	else if (dim->set->index < 64 && which == !dim->own)
		packet->member_of |= UINT64_C(1) << dim->set->index;
}

static size_t dim_values(const struct dim *dim, const struct packet *packet)
{
	if (dim->set)
		return 2;
	return has_key(packet, dim->key) ? dim->n + 1 : 1;
}

/* How many choices there are, of what the pair asks and of the rest. */
static void count_choices(const struct search *s, const struct packet *packet,
			  size_t *own, size_t *others)
{
	size_t i;

	*own = *others = 1;
	for (i = 0; i < s->ndims; i++) {
		size_t values = dim_values(&s->dims[i], packet);

		if (!s->dims[i].own)
			*others += values - 1;
		else if (*own <= CHOICES_MAX)
			*own *= values;
	}
}

/* Choice number @own of what the pair asks, and number @other of the rest, of
 * which at most one is what somebody else asks for. */
static struct packet chosen(const struct search *s, const struct packet *packet,
			    size_t own, size_t other)
{
	struct packet one = *packet;
	size_t i;

	one.members_known = true;
	for (i = 0; i < s->ndims; i++) {
		const struct dim *dim = &s->dims[i];
		size_t values = dim_values(dim, packet), which = 0;

		if (dim->own) {
			which = own % values;
			own /= values;
		} else if (other && other < values) {
			which = other;
			other = 0;
		} else if (other) {
			other -= values - 1;
		}
		if (dim->set || has_key(packet, dim->key))
			choose(&one, dim, which);
	}
	return one;
}

/* Each value of what the pair asks with each other; and with each of the rest. */
static void try_choices(struct search *s, const struct packet *packet)
{
	size_t own, others, n, i;

	count_choices(s, packet, &own, &others);
	n = own * others;
	for (i = 0; i < n && i < CHOICES_MAX; i++) {
		struct packet one = chosen(s, packet, i % own, i / own);

		try_all(s, &one);
	}
	s->escape.cut |= n > CHOICES_MAX;
}

/* ---- what both have in common ---- */

static struct zone_set *one_zone(struct search *s, uint32_t zone)
{
	struct zone_set *set = arena_new_object(s->arena, struct zone_set);

	set->nwords = (uint32_t)(s->c->model->nzones + 63) / 64;
	set->words = arena_array(s->arena, set->nwords, sizeof(*set->words));
	set->words[zone / 64] |= UINT64_C(1) << (zone % 64);
	return set;
}

/* One end of what @box asks of @field, as all that it asks. */
static void one_value(struct search *s, struct box *box, int field, bool last)
{
	const struct ranges *asks = box->asks[field];
	struct ranges *one;
	const uint8_t *value;
	size_t room = 0;

	if (!asks || !asks->n)
		return;
	one = arena_new_object(s->arena, struct ranges);
	one->len = asks->len;
	value = last ? range_hi(asks, asks->n - 1) : range_lo(asks, 0);
	ranges_push(s->arena, one, &room, value, value);
	box->asks[field] = one;
}

/* Has each of these fields two ends? Else it is the same corner as another. */
static bool is_corner(const struct box *box, unsigned int ends)
{
	int field;

	for (field = 0; field < FIELDS; field++) {
		const struct ranges *asks = box->asks[field];

		if (ends >> field & 1 &&
		    (!asks || !asks->n ||
		     !memcmp(range_lo(asks, 0), range_hi(asks, asks->n - 1),
			     asks->len)))
			return false;
	}
	return true;
}

/* Each family and protocol that can be offloaded, at the ends of ranges. */
static void try_box(struct search *s, const struct box *box)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP };
	unsigned int ends, kind;
	int field;

	for (kind = 0; kind < 4; kind++) {
		struct box one = *box;
		struct protos only = { { 0 } };

		one.families &= (uint8_t)(kind & 1 ? FAMILY_IPV6 : FAMILY_IPV4);
		if (!one.families ||
		    !protos_have(&box->protos, protos[kind >> 1]))
			continue;
		protos_add(&only, protos[kind >> 1]);
		one.protos = only;
		for (ends = 0; ends < 1u << FIELDS; ends++) {
			struct box corner = one;
			struct packet packet;

			if (!is_corner(&one, ends))
				continue;
			for (field = 0; field < FIELDS; field++)
				one_value(s, &corner, field, ends >> field & 1);
			packet = box_packet(s->c->model, &corner);
			if (!s->escape.found && packet.from >= 0 &&
			    packet.to >= 0)
				try_choices(s, &packet);
		}
	}
}

/* False if they have nothing in common. */
static bool both(struct search *s, const struct box *a, const struct box *b,
		 struct box *out)
{
	size_t i;

	*out = *a;
	out->families &= b->families;
	for (i = 0; i < 4; i++)
		out->protos.bits[i] &= b->protos.bits[i];
	for (i = 0; i < FIELDS; i++) {
		struct ranges *common;

		if (!b->asks[i])
			continue;
		if (!a->asks[i]) {
			out->asks[i] = b->asks[i];
			continue;
		}
		if (a->asks[i]->len != b->asks[i]->len)
			return false;
		common = arena_new_object(s->arena, struct ranges);
		*common = ranges_both(s->arena, a->asks[i], b->asks[i]);
		if (!common->n)
			return false;
		out->asks[i] = common;
	}
	return out->families && protos_count(&out->protos);
}

static void try_zones(struct search *s, struct box box)
{
	const struct cost *cost = s->escape.cost;
	uint32_t n = (uint32_t)s->c->model->nzones, f, t;

	s->share = ATTEMPTS_MAX / ((size_t)n * n + 1);
	if (s->share < ATTEMPTS_MIN)
		s->share = ATTEMPTS_MIN;
	for (f = 0; f < n; f++) {
		if (!zone_set_has(&cost->rule->from, (int)f) ||
		    !zone_set_has(&cost->entry->from, (int)f))
			continue;
		for (t = 0; t < n; t++) {
			if (!zone_set_has(&cost->rule->to, (int)t) ||
			    !zone_set_has(&cost->entry->to, (int)t))
				continue;
			box.from = one_zone(s, f);
			box.to = one_zone(s, t);
			s->attempts = 0;
			try_box(s, &box);
		}
	}
}

static void search(void *data, const struct cost *cost)
{
	struct search *s = data;
	const struct rule *rule = cost->rule;
	const struct eligible *entry = cost->entry;
	struct region a, b;
	struct box box;
	size_t i, j;

	s->arena = arena_new();
	s->escape = (struct escape){ .cost = cost };
	find_dims(s, cost);
	a = region_of(s->arena, &rule->from, &rule->to, FAMILY_BOTH, rule->alts,
		      rule->matches, rule->nmatches);
	b = region_of(s->arena, &entry->from, &entry->to, FAMILY_BOTH,
		      entry->alts, entry->matches, entry->nmatches);
	for (i = 0; i < a.n; i++)
		for (j = 0; j < b.n; j++)
			if (both(s, &a.boxes[i], &b.boxes[j], &box))
				try_zones(s, box);
	s->fn(s->data, &s->escape);
	arena_free(s->arena);
}

void audit(struct compilation *c,
	   void (*fn)(void *data, const struct escape *escape), void *data)
{
	struct search s = { .c = c, .fn = fn, .data = data };

	s.machine = ir_machine(c->arena, lower(c->arena, c->model, NULL));
	model_costs(c->model, search, &s);
}
