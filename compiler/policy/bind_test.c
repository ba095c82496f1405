// SPDX-License-Identifier: GPL-2.0-only
/* A packet, as a policy's tests and `explain` have it. */
#include <netinet/in.h>

#include <linux/netfilter.h>

#include "alts.h"
#include "bind.h"

struct packet_fill {
	struct packet *packet;
	struct matches matches;
	const struct node *to;
	bool from;
	bool proto; /* its protocol was said */
};

static int one_zone(struct binder *b, const struct node *node)
{
	struct zone_set set = { 0 };
	int zone, found = -1, n = 0;

	bind_zone_set(b, node, &set);
	for (zone = -1; zone < (int)b->model->nzones; zone++) {
		if (!zone_set_has(&set, zone))
			continue;
		found = zone;
		n++;
	}
	if (n > 1)
		diag_error(b->diags, node->span,
			   "a packet has one zone on each side");
	return found;
}

static void packet_from(struct binder *b, const struct node *node, void *into)
{
	struct packet_fill *fill = into;

	fill->from = true;
	fill->packet->from = one_zone(b, node);
}

static void packet_to(struct binder *b, const struct node *node, void *into)
{
	struct packet_fill *fill = into;

	fill->to = node;
	fill->packet->to = one_zone(b, node);
}

const struct field packet_fields[] = {
	{ "from", packet_from, true, .type = "<zone>",
	  .doc = DOC("Where it comes from.") },
	{ "to", packet_to, false, .type = "<zone>",
	  .doc = DOC("Where it goes. The default is the zone whose subnets "
		     "have the destination, else the one zone that "
		     "masquerades.") },
	{ NULL, NULL, false },
};

static void one_value(struct binder *b, const struct match *match)
{
	bool flags = wire_type(match->word->type->wire[0])->flags;

	if (match->negated || match->nsets || match->nservices > 1 ||
	    match->ranges[0].n > 1 || match->ranges[1].n > 1 ||
	    match->nbits > flags)
		diag_error(b->diags, match->span,
			   "a packet has one value of \"%s\"",
			   match->word->word);
}

/* The first that is of the packet's family and protocol. */
static const struct service_item *fitting_item(const struct packet *packet,
					       const struct service *service)
{
	size_t i;

	for (i = 0; i < service->nitems; i++)
		if (service->items[i].families & 1u << packet->family &&
		    (!packet->proto ||
		     service->items[i].proto == packet->proto))
			return &service->items[i];
	return &service->items[0];
}

static void take_service(struct packet *packet, const struct match *match)
{
	const struct service_item *item;
	uint8_t port[WIRE_MAX];

	if (!match->nservices || !match->services[0]->nitems)
		return;
	item = fitting_item(packet, match->services[0]);
	if (!packet->proto)
		packet->proto = item->proto;
	wire_put(WIRE_PORT, item->lo, port);
	packet_set(packet, KEY_TH_DPORT, port);
}

static void take_value(struct packet *packet, const struct match_word *word,
		       int family, const uint8_t *value)
{
	if (word->key[0] == KEY_L4PROTO)
		packet->proto = value[0];
	else if (word->key[0] == KEY_NFPROTO)
		packet->family = value[0] == NFPROTO_IPV6;
	else
		packet_set(packet, word->key[family], value);
	if (word->type == &type_address)
		packet->family = (uint8_t)family;
}

static void take_match(struct packet *packet, const struct match *match)
{
	size_t i;
	int f;

	for (f = 0; f < FAMILIES; f++)
		if (match->word->key[f] && match->ranges[f].n)
			take_value(packet, match->word, f, match->ranges[f].v);
	for (i = 0; i < match->nbits; i++)
		take_value(packet, match->word, match->bits[i].family,
			   match->bits[i].value);
}

/* A packet that has an ICMP type, or TCP flags, is one of that protocol. */
static void guess_proto(struct packet *packet)
{
	enum key_id id;

	for (id = KEY_NONE + 1; !packet->proto && id < KEY_IDS; id++)
		if (packet->known[id] &&
		    (!key(id)->nfproto ||
		     (key(id)->nfproto == NFPROTO_IPV6) == packet->family))
			packet->proto = key(id)->l4proto;
	if (packet->known[KEY_TH_DPORT] && !packet->proto)
		packet->proto = IPPROTO_TCP;
}

/*
 * Where a packet without "to" goes: to the zone whose subnets have its
 * destination, else to the one zone that is the way out (it masquerades).
 */
static int guess_zone(const struct model *model, const struct packet *packet)
{
	const uint8_t *daddr = packet_value(packet, packet_destination(packet));
	int zone = -2;
	size_t i;

	for (i = 0; daddr && i < model->nzones; i++)
		if (ranges_have(&model->zones[i].subnets[packet->family],
				daddr))
			return (int)i;
	for (i = 0; i < model->nzones; i++)
		if (model->zones[i].masquerade)
			zone = zone == -2 ? (int)i : -3;
	return zone;
}

static bool says_family(const struct packet_fill *fill)
{
	size_t i;

	for (i = 0; i < fill->matches.list.n; i++)
		if (fill->matches.list.v[i].word->type == &type_address ||
		    fill->matches.list.v[i].word->key[0] == KEY_NFPROTO)
			return true;
	return false;
}

/*
 * "service: https, port: 80": then it is the last word's packet, of no use.
 * Where nothing tells the family, it is IPv6 if only that can be.
 */
static void check_packet(struct binder *b, const struct node *node,
			 const struct packet_fill *fill)
{
	struct packet *packet = fill->packet;
	struct arena *scratch = arena_new();
	struct alts alts;
	bool fits;

	fits = !alts_expand(b->arena, scratch, fill->matches.list.v,
			    fill->matches.list.n, &alts) ||
	       alts_match(&alts, packet);
	if (!fits && !says_family(fill)) {
		packet->family = FAMILY_INDEX_IPV6;
		if (!fill->proto)
			packet->proto = 0;
		guess_proto(packet);
		fits = alts_match(&alts, packet);
	}
	if (!fits)
		diag_error(b->diags, node->span,
			   "no packet is all of this at once");
	arena_free(scratch);
}

static void finish_packet(struct binder *b, const struct node *node,
			  struct packet_fill *fill)
{
	size_t errors = diags_errors(b->diags);
	struct packet *packet = fill->packet;
	size_t i;

	for (i = 0; i < fill->matches.list.n; i++)
		take_match(packet, &fill->matches.list.v[i]);
	for (i = 0; i < fill->matches.list.n; i++) /* family, protocol known */
		take_service(packet, &fill->matches.list.v[i]);
	for (i = 0; i < fill->matches.list.n; i++)
		one_value(b, &fill->matches.list.v[i]);
	fill->proto = packet->proto;
	guess_proto(packet);
	if (diags_errors(b->diags) == errors)
		check_packet(b, node, fill);
	if (fill->to)
		return;
	packet->to = guess_zone(b->model, packet);
	if (packet->to < -1) {
		diag_error(b->diags, node->span,
			   "which zone the packet goes to is not clear: say "
			   "\"to\"");
		packet->to = -1;
	}
}

void bind_packet(struct binder *b, const struct node *node,
		 struct packet *packet)
{
	struct packet_fill fill = { .packet = packet };

	if (bind_map(b, node, packet_fields, &fill, "a packet", &fill.matches))
		finish_packet(b, node, &fill);
}
