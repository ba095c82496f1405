// SPDX-License-Identifier: GPL-2.0-only
/* A packet, as a policy's tests and `explain` have it. */
#include <netinet/in.h>

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
	size_t i;
	int zone = -1;

	bind_zone_set(b, node, &set);
	for (i = 0; i < b->model->nzones; i++) {
		if (!zone_set_has(&set, (int)i))
			continue;
		if (zone >= 0) {
			diag_error(b->diags, node->span,
				   "a packet has one zone on each side");
			return zone;
		}
		zone = (int)i;
	}
	return zone;
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
	{ "from", packet_from, true },
	{ "to", packet_to, false },
	{ NULL, NULL, false },
};

static void one_value(struct binder *b, const struct match *match)
{
	if (match->negated || match->nsets || match->nservices > 1 ||
	    match->ranges[0].n > 1 || match->ranges[1].n > 1)
		diag_error(b->diags, match->span,
			   "a packet has one value of \"%s\"",
			   match->word->word);
}

static void take_address(struct packet *packet, const struct match *match,
			 uint8_t *address, bool *has)
{
	int f;

	for (f = 0; f < FAMILIES; f++) {
		if (!match->ranges[f].n)
			continue;
		packet->family = (uint8_t)f;
		memcpy(address, match->ranges[f].v, match->ranges[f].len);
		*has = true;
	}
}

static void take_service(struct packet *packet, const struct match *match)
{
	const struct service_item *item;

	if (!match->nservices || !match->services[0]->nitems)
		return;
	item = &match->services[0]->items[0];
	if (!packet->proto)
		packet->proto = item->proto;
	packet->dport = item->lo;
	packet->has_dport = true;
}

static void take_match(struct packet *packet, const struct match *match)
{
	const struct ranges *values = &match->ranges[0];

	switch (match->word->key[0]) {
	case KEY_IP_SADDR:
		take_address(packet, match, packet->saddr, &packet->has_saddr);
		break;
	case KEY_IP_DADDR:
		take_address(packet, match, packet->daddr, &packet->has_daddr);
		break;
	case KEY_L4PROTO:
		packet->proto = values->n ? values->v[0] : 0;
		break;
	case KEY_NFPROTO:
		packet->family = values->n && values->v[0] == 10;
		break;
	case KEY_TH_SPORT:
		packet->has_sport = values->n;
		if (values->n)
			packet->sport =
				(uint16_t)wire_get(WIRE_PORT, values->v);
		break;
	case KEY_TH_DPORT:
		if (match->nservices) {
			take_service(packet, match);
			break;
		}
		packet->has_dport = values->n;
		if (values->n)
			packet->dport =
				(uint16_t)wire_get(WIRE_PORT, values->v);
		break;
	case KEY_ICMP_TYPE:
		packet->has_icmp = true;
		if (match->ranges[packet->family].n)
			packet->icmp_type = match->ranges[packet->family].v[0];
		packet->proto = packet->family ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		break;
	default:
		break;
	}
}

/*
 * Where a packet without "to" goes: to the zone whose subnets have its
 * destination, else to the one zone that is the way out (it masquerades).
 */
static int guess_zone(const struct model *model, const struct packet *packet)
{
	int zone = -2;
	size_t i;

	for (i = 0; packet->has_daddr && i < model->nzones; i++)
		if (ranges_have(&model->zones[i].subnets[packet->family],
				packet->daddr))
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
	size_t i, pass;

	/* addresses first: an ICMP type's number depends on the family */
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < fill->matches.list.n; i++)
			if ((fill->matches.list.v[i].word->type ==
			     &type_address) == (pass == 0))
				take_match(packet, &fill->matches.list.v[i]);
	for (i = 0; i < fill->matches.list.n; i++)
		one_value(b, &fill->matches.list.v[i]);
	if (packet->has_dport && !packet->proto)
		packet->proto = IPPROTO_TCP;
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
