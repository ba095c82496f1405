// SPDX-License-Identifier: GPL-2.0-only
/*
 * What address translation makes of a connection's first packet.
 *
 * What must stay true: the order is that of the chains that it is lowered to
 * (ir/lower_nat.c): the first entry that takes the destination, and the first
 * that takes the source, decides; an exemption ends the search.
 */
#include "nat.h"
#include "vocab/stmt.h"

bool nat_is_destination(const struct nat *nat)
{
	return nat->kind == NAT_FORWARD || nat->kind == NAT_REDIRECT ||
	       nat->kind == NAT_MAP;
}

bool nat_asks_destination(const struct nat *nat)
{
	size_t i;

	for (i = 0; i < nat->nmatches; i++)
		if (nat->matches[i].word->key[0] == KEY_IP_DADDR)
			return true;
	return false;
}

void translated_print(struct buf *out, unsigned int family,
		      const struct translated *to, const char *own)
{
	if (to->known) {
		nat_print_target(out, family ? WIRE_IPV6 : WIRE_IPV4,
				 to->address.lo, to->address.hi, to->port_lo,
				 to->port_hi);
		return;
	}
	buf_puts(out, own);
	if (to->port_lo)
		buf_printf(out, ":%u", to->port_lo);
	if (to->port_lo != to->port_hi)
		buf_printf(out, "-%u", to->port_hi);
}

void nat_mapped(const struct bounds *from, const struct bounds *to,
		unsigned int family, const uint8_t *address, uint8_t *out)
{
	size_t i, len = family ? 16 : 4;

	for (i = 0; i < len; i++) {
		uint8_t host = from->lo[i] ^ from->hi[i];

		out[i] = (uint8_t)((to->lo[i] & ~host) | (address[i] & host));
	}
}

static bool in_bounds(const struct bounds *bounds, unsigned int family,
		      const uint8_t *address)
{
	size_t len = family ? 16 : 4;

	return memcmp(bounds->lo, address, len) <= 0 &&
	       memcmp(address, bounds->hi, len) <= 0;
}

static int zone_with(const struct model *model, unsigned int family,
		     const uint8_t *address, int otherwise)
{
	size_t i;

	for (i = 0; i < model->nzones; i++)
		if (ranges_have(&model->zones[i].subnets[family], address))
			return (int)i;
	return otherwise;
}

static bool is_narrowed(const struct zone *zone)
{
	return zone->subnets[0].n || zone->subnets[1].n;
}

/*
 * A new address that no zone's subnets have is behind a zone that has none: the
 * first that is not one where the entry's connections come from.
 */
static int some_zone(const struct model *model, const struct nat *nat, int from)
{
	size_t i;

	for (i = 0; i < model->nzones; i++)
		if (!is_narrowed(&model->zones[i]) &&
		    !zone_set_has(&nat->from, (int)i))
			return (int)i;
	for (i = 0; i < model->nzones; i++)
		if (!is_narrowed(&model->zones[i]) && (int)i != from)
			return (int)i;
	return from;
}

/* NULL: not known. */
static const uint8_t *source_at(const struct packet *packet)
{
	return packet_value(packet, packet_source(packet));
}

static const uint8_t *destination_at(const struct packet *packet)
{
	return packet_value(packet, packet_destination(packet));
}

/* ---- destinations ---- */

/* An address of the router that belongs to an inner zone is not reflected. */
static bool is_inside(const struct model *model, const struct nat *nat,
		      const struct packet *packet)
{
	const uint8_t *daddr = destination_at(packet);
	size_t i;

	for (i = 0; daddr && i < model->nzones; i++)
		if (!zone_set_has(&nat->from, (int)i) &&
		    ranges_have(&model->zones[i].subnets[packet->family],
				daddr))
			return true;
	return false;
}

static bool takes_destination(const struct model *model, const struct nat *nat,
			      const struct packet *packet)
{
	bool from = zone_set_has(&nat->from, packet->from);

	if (!(nat->families & 1u << packet->family) ||
	    (!from && !nat->reflect) || !alts_match(nat->alts, packet))
		return false;
	if (nat->kind == NAT_MAP)
		return destination_at(packet) &&
		       in_bounds(&nat->outside[packet->family], packet->family,
				 destination_at(packet));
	if (nat->kind == NAT_REDIRECT || nat_asks_destination(nat))
		return true;
	return packet->to < 0 && (from || !is_inside(model, nat, packet));
}

static void new_ports(const struct nat *nat, const struct packet *packet,
		      struct translated *to)
{
	const uint8_t *port = packet_value(packet, KEY_TH_DPORT);

	to->port_lo = nat->port_lo;
	to->port_hi = nat->port_hi;
	if (nat->port_from && port)
		to->port_lo = to->port_hi =
			(uint16_t)(nat->port_lo + wire_get(WIRE_PORT, port) -
				   nat->port_from);
}

/* What the rules see, of a range its first. */
static void go_there(const struct model *model, const struct nat *nat,
		     const struct translated *to, struct packet *packet)
{
	enum key_id id = packet_destination(packet);

	if (to->port_lo)
		wire_put(WIRE_PORT, to->port_lo, packet->values[KEY_TH_DPORT]);
	packet_set(packet, id, to->address.lo);
	packet->known[id] = to->known;
	packet->to = nat->kind == NAT_REDIRECT ?
			     -1 :
			     zone_with(model, packet->family, to->address.lo,
				       some_zone(model, nat, packet->from));
}

static void translate_destination(const struct model *model,
				  const struct nat *nat, struct packet *packet,
				  struct answer *answer)
{
	struct translated *to = &answer->destination;
	unsigned int f = packet->family;

	answer->nat_forward = nat;
	to->own = nat->kind == NAT_REDIRECT;
	to->known = !to->own;
	to->address = nat->address[f];
	if (nat->kind == NAT_MAP) {
		nat_mapped(&nat->outside[f], &nat->address[f], f,
			   destination_at(packet), to->address.lo);
		memcpy(to->address.hi, to->address.lo, 16);
	}
	new_ports(nat, packet, to);
	go_there(model, nat, to, packet);
}

/* Before it is routed, not all can be asked. */
static bool exempts_before(const struct alts *alts, const struct packet *packet)
{
	size_t i;

	for (i = 0; i < alts->n; i++)
		if (alt_askable(&alts->v[i], AT_PREROUTING) &&
		    alt_matches(&alts->v[i], packet))
			return true;
	return false;
}

/* Where it goes is asked of the routes, whose answer for itself the router
 * is: it is in no zone. */
static bool is_exempt(const struct nat *nat, const struct packet *packet)
{
	return nat->kind == NAT_EXEMPT &&
	       zone_set_has(&nat->from, packet->from) &&
	       (nat->to.any || zone_set_has(&nat->to, packet->to)) &&
	       exempts_before(nat->alts, packet);
}

void nat_destination(const struct model *model, struct packet *packet,
		     struct answer *answer)
{
	size_t i;

	for (i = 0; packet->from >= 0 && i < model->nnats; i++) {
		const struct nat *nat = &model->nats[i];

		if (is_exempt(nat, packet))
			return;
		if (!nat_is_destination(nat) ||
		    !takes_destination(model, nat, packet))
			continue;
		translate_destination(model, nat, packet, answer);
		return;
	}
}

/* ---- sources ---- */

/* Client and server share a zone: the answer must come back this way. */
static bool is_hairpin(const struct nat *nat, const struct packet *packet,
		       const struct answer *answer)
{
	return nat->reflect && answer->nat_forward == nat &&
	       packet->from == packet->to &&
	       !zone_set_has(&nat->from, packet->from);
}

static bool takes_source(const struct nat *nat, const struct packet *packet,
			 const struct answer *answer)
{
	unsigned int f = packet->family;

	if (nat->kind == NAT_FORWARD || nat->kind == NAT_REDIRECT)
		return is_hairpin(nat, packet, answer);
	if (nat->kind == NAT_MAP && is_hairpin(nat, packet, answer))
		return true;
	if (!zone_set_has(&nat->to, packet->to) || !(nat->families & 1u << f))
		return false;
	if (nat->kind == NAT_MAP)
		return source_at(packet) &&
		       in_bounds(&nat->address[f], f, source_at(packet));
	/* "any": the router, too */
	return (nat->from.any || zone_set_has(&nat->from, packet->from)) &&
	       alts_match(nat->alts, packet);
}

static void translate_source(const struct nat *nat, const struct packet *packet,
			     struct answer *answer)
{
	struct translated *to = &answer->source;
	unsigned int f = packet->family;

	if (nat->kind == NAT_EXEMPT)
		return;
	to->own = nat->kind == NAT_MASQUERADE ||
		  is_hairpin(nat, packet, answer);
	to->known = !to->own;
	to->address = nat->address[f];
	if (nat_is_destination(nat)) {
		nat_mapped(&nat->address[f], &nat->outside[f], f,
			   source_at(packet), to->address.lo);
		memcpy(to->address.hi, to->address.lo, 16);
		return;
	}
	to->port_lo = nat->port_lo;
	to->port_hi = nat->port_hi;
}

void nat_source(const struct model *model, const struct packet *packet,
		struct answer *answer)
{
	size_t i;

	for (i = 0; packet->to >= 0 && i < model->nnats; i++) {
		const struct nat *nat = &model->nats[i];

		if (!takes_source(nat, packet, answer))
			continue;
		answer->nat_source = nat;
		translate_source(nat, packet, answer);
		return;
	}
	if (packet->to < 0 ||
	    !(model->zones[packet->to].masquerade & 1u << packet->family))
		return;
	answer->masquerade = &model->zones[packet->to];
	answer->source.own = true;
}
