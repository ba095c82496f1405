// SPDX-License-Identifier: GPL-2.0-only
/*
 * A packet that a box holds, and its words: the example that a finding gives.
 *
 * What must stay true: nftoffc explain understands the words, and answers what
 * the finding says.
 */
#include <netinet/in.h>

#include "region.h"
#include "vocab/algebra.h"

static int zone_of(const struct model *model, const struct zone_set *set)
{
	size_t i;

	for (i = 0; i < model->nzones; i++)
		if (zone_set_has(set, (int)i))
			return (int)i;
	return -1;
}

static uint8_t proto_of(const struct box *box, uint8_t family)
{
	const uint8_t usual[] = { IPPROTO_TCP, IPPROTO_UDP,
				  family ? IPPROTO_ICMPV6 : IPPROTO_ICMP };
	unsigned int i;

	for (i = 0; i < sizeof(usual); i++)
		if (protos_have(&box->protos, usual[i]))
			return usual[i];
	for (i = 1; i < 255; i++)
		if (protos_have(&box->protos, i))
			break;
	return (uint8_t)i;
}

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_DCCP || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_UDPLITE;
}

/* The first value; of a network, its first host. */
static void first_value(const struct ranges *ranges, uint8_t *out)
{
	const uint8_t *lo = range_lo(ranges, 0);
	size_t len = ranges->len;

	memcpy(out, lo, len);
	if (len > 2 && memcmp(lo, range_hi(ranges, 0), len) && !out[len - 1])
		out[len - 1] = 1;
}

/* Where the zone is narrowed, an address of it; else one of those that are
 * kept for documentation. */
static void usual_address(const struct model *model, int zone, uint8_t family,
			  bool source, uint8_t *out)
{
	static const uint8_t v4[2][4] = { { 198, 51, 100, 1 },
					  { 192, 0, 2, 1 } };
	static const uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	const struct ranges *own =
		zone < 0 ? NULL : &model->zones[zone].subnets[family];

	if (own && own->n) {
		first_value(own, out);
	} else if (family) {
		memcpy(out, v6, sizeof(v6));
		out[15] = source ? 1 : 2;
	} else {
		memcpy(out, v4[source], sizeof(v4[source]));
	}
}

static void addresses(const struct model *model, const struct box *box,
		      struct packet *packet)
{
	const struct ranges *source = box->asks[FIELD_SOURCE];
	const struct ranges *destination = box->asks[FIELD_DESTINATION];
	uint8_t address[WIRE_MAX];

	if (source)
		first_value(source, address);
	else
		usual_address(model, packet->from, packet->family, true,
			      address);
	packet_set(packet, packet_source(packet), address);
	if (destination)
		first_value(destination, address);
	else
		usual_address(model, packet->to, packet->family, false,
			      address);
	packet_set(packet, packet_destination(packet), address);
}

static void set_port(struct packet *packet, enum key_id id,
		     const struct ranges *ranges, uint16_t usual)
{
	uint8_t value[WIRE_MAX];

	wire_put(WIRE_PORT, usual, value);
	if (ranges && !ranges_have(ranges, value))
		first_value(ranges, value);
	packet_set(packet, id, value);
}

static uint8_t icmp_of(const struct box *box, uint8_t family)
{
	const struct ranges *ranges = box->asks[FIELD_ICMP];
	uint8_t usual = family ? 128 : 8; /* echo-request */

	return !ranges || ranges_have(ranges, &usual) ? usual :
							*range_lo(ranges, 0);
}

static enum key_id icmp_key(const struct packet *packet)
{
	return packet->family ? KEY_ICMPV6_TYPE : KEY_ICMP_TYPE;
}

struct packet box_packet(const struct model *model, const struct box *box)
{
	struct packet packet = { 0 };
	uint8_t icmp;

	packet.from = zone_of(model, box->from);
	packet.to = zone_of(model, box->to);
	packet.family = box->families & FAMILY_IPV4 ? FAMILY_INDEX_IPV4 :
						      FAMILY_INDEX_IPV6;
	packet.proto = proto_of(box, packet.family);
	addresses(model, box, &packet);
	if (has_ports(packet.proto)) {
		set_port(&packet, KEY_TH_SPORT, box->asks[FIELD_SOURCE_PORT],
			 40000);
		set_port(&packet, KEY_TH_DPORT, box->asks[FIELD_PORT], 443);
	}
	if (packet.proto == (packet.family ? IPPROTO_ICMPV6 : IPPROTO_ICMP)) {
		icmp = icmp_of(box, packet.family);
		packet_set(&packet, icmp_key(&packet), &icmp);
	}
	return packet;
}

/* ---- words ---- */

static void zone_words(struct buf *out, const struct model *model,
		       const char *word, int zone)
{
	buf_printf(out, "%s%s %s", out->n ? " " : "", word,
		   zone < 0 ? "router" : model->zones[zone].name);
}

static void address_words(struct buf *out, const char *word, uint8_t family,
			  const uint8_t *address)
{
	buf_printf(out, " %s ", word);
	wire_print(out, family ? WIRE_IPV6 : WIRE_IPV4, address);
}

static void port_words(struct buf *out, const char *word, const uint8_t *port)
{
	buf_puts(out, word);
	wire_print(out, WIRE_PORT, port);
}

static void transport_words(struct buf *out, const struct packet *packet)
{
	const uint8_t *icmp = packet_value(packet, icmp_key(packet));
	const uint8_t *port = packet_value(packet, KEY_TH_DPORT);
	const uint8_t *sport = packet_value(packet, KEY_TH_SPORT);
	bool plain = packet->proto == IPPROTO_TCP ||
		     packet->proto == IPPROTO_UDP;

	if (icmp) {
		buf_puts(out, " icmp ");
		wire_print(out, key(icmp_key(packet))->type, icmp);
		return;
	}
	buf_puts(out, plain ? " " : " protocol ");
	wire_print(out, WIRE_INET_PROTO, &packet->proto);
	if (!port)
		return;
	port_words(out, plain ? " " : " port ", port);
	if (sport)
		port_words(out, " source-port ", sport);
}

/* Of what no box has: where it is known, in the words that ask for it. */
static void other_words(struct buf *out, const struct packet *packet)
{
	const struct match_word *word;
	size_t i;

	for (i = 0; (word = match_word_at(i)); i++) {
		enum key_id id = word->key[packet->family];
		const uint8_t *value;
		uint8_t wire[WIRE_MAX];

		if (!id)
			id = word->key[0];
		value = packet_value(packet, id);
		if (!value || region_field(id) != FIELDS || id == KEY_L4PROTO ||
		    id == KEY_NFPROTO || word->key[1] == KEY_RT_IPSEC)
			continue;
		buf_printf(out, " %s ", word->word);
		wire_from_network(key(id)->type, value, wire);
		if (word->type->print)
			word->type->print(out, value);
		else if (wire_type(key(id)->type)->flags)
			wire_print_any(out, key(id)->type, wire);
		else
			wire_print(out, key(id)->type, wire);
	}
}

const char *packet_words(struct arena *arena, const struct model *model,
			 const struct packet *packet)
{
	const uint8_t *source = packet_value(packet, packet_source(packet));
	const uint8_t *destination =
		packet_value(packet, packet_destination(packet));
	struct buf out = { 0 };
	const char *words;

	zone_words(&out, model, "from", packet->from);
	zone_words(&out, model, "to", packet->to);
	if (source)
		address_words(&out, "source", packet->family, source);
	if (destination)
		address_words(&out, "destination", packet->family, destination);
	transport_words(&out, packet);
	other_words(&out, packet);
	words = arena_strndup(arena, out.p, out.n);
	buf_free(&out);
	return words;
}
