// SPDX-License-Identifier: GPL-2.0-only
/* A packet, as a policy's tests and `explain` have it. */
#include <netinet/in.h>

#include <linux/netfilter.h>

#include "bind.h"

struct packet_fill {
	struct packet *packet;
	struct matches matches;
	const struct node *to;
	bool from;
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
	  .doc = "Where it comes from." },
	{ "to", packet_to, false, .type = "<zone>",
	  .doc = "Where it goes. The default is the zone whose subnets have "
		 "the destination, else the one zone that masquerades." },
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

static void take_service(struct packet *packet, const struct match *match)
{
	const struct service_item *item;
	uint8_t port[WIRE_MAX];

	if (!match->nservices || !match->services[0]->nitems)
		return;
	item = &match->services[0]->items[0];
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

	if (match->nservices)
		take_service(packet, match);
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

static void finish_packet(struct binder *b, const struct node *node,
			  struct packet_fill *fill)
{
	struct packet *packet = fill->packet;
	size_t i;

	for (i = 0; i < fill->matches.list.n; i++)
		take_match(packet, &fill->matches.list.v[i]);
	for (i = 0; i < fill->matches.list.n; i++)
		one_value(b, &fill->matches.list.v[i]);
	guess_proto(packet);
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
