// SPDX-License-Identifier: GPL-2.0-only
/*
 * The search: of what a rule and an entry have in common, for each pair of
 * zones, each family and each protocol that can be offloaded, the packets at
 * the ends of every range that either asks for. Nothing decides between these.
 *
 * What must stay true: a packet is followed as the kernel would: its first one
 * through the chains that mark and decide, then later ones, in both directions
 * and with more packets than any entry waits for, from the mark that it left.
 */
#include "audit.h"

#include <netinet/in.h>

#include "ir/run.h"
#include "policy/region.h"
#include "vocab/algebra.h"

#define CT_ESTABLISHED 2
#define CT_NEW 8
#define MANY_PACKETS 1000000000
/* Packets for each pair of a rule and an entry. */
#define TRIES_MAX 4096

struct search {
	struct compilation *c;
	struct arena *arena; /* for one pair */
	const struct ir_machine *machine;
	struct escape escape;
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
	if (done.unknown) {
		s->escape.found = done.unknown;
		return true;
	}
	return done.flow;
}

static void follow(struct search *s, const struct packet *packet)
{
	struct ir_packet first = {
		.hook = IR_HOOK_FORWARD,
		.packet = *packet,
		.iif = device_of(s, packet->from),
		.oif = device_of(s, packet->to),
		.state = CT_NEW,
		.packets = 1,
	};
	struct ir_packet reply = reply_to(&first);
	struct ir_result done;

	first.mark = ir_run_marks(s->machine, &first).mark;
	done = ir_run(s->machine, &first);
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

static bool did(const struct answer *answer, const struct rule *rule)
{
	size_t i;

	for (i = 0; i < answer->did.n; i++)
		if (answer->did.v[i] == rule)
			return true;
	return false;
}

static void try_packet(struct search *s, const struct packet *packet)
{
	struct answer answer;

	model_evaluate(s->c->model, packet, &answer);
	if (!did(&answer, s->escape.cost->rule) || answer.nat_forward)
		return;
	s->escape.tried++;
	if (!s->escape.met)
		s->escape.packet = *packet;
	s->escape.met = true;
	if (answer.offload)
		s->escape.found = "the model says that it is offloaded";
	else
		follow(s, packet);
	if (s->escape.found)
		s->escape.packet = *packet;
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

			for (field = 0; field < FIELDS; field++)
				one_value(s, &corner, field, ends >> field & 1);
			packet = box_packet(s->c->model, &corner);
			if (s->escape.tried < TRIES_MAX && !s->escape.found &&
			    packet.from >= 0 && packet.to >= 0)
				try_packet(s, &packet);
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
