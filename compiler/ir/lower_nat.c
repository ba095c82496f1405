// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address translation: base chains "dstnat" and "srcnat". They see a
 * connection's first packet only, so nothing here needs a mirrored twin.
 *
 * A port forward takes connections to an address of the router itself, unless
 * the policy names the destination. Its reflection takes the same port from
 * the other zones: to an address that is the router's but not on the device
 * the packet came in by, nor in a subnet of a zone that is not the forward's.
 * The answer must come back through the router, so where client and server
 * share a device the connection is masqueraded, too.
 *
 * The kernel translates the packets of a connection as long as any NAT chain is
 * there: one, whatever its hook, whatever is in it. Without one they go on as
 * they are, and break.
 */
#include "lowering.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#define STATUS_DST_NAT 0x20 /* IPS_DST_NAT */
#define RTN_LOCAL 2

static struct ir_chain *nat_chain(struct lowering *l, const char *name,
				  enum ir_hook hook, int priority)
{
	struct ir_chain *chain = lower_chain(l, name, (struct span){ 0 });

	chain->type = "nat";
	chain->hook = hook;
	chain->priority = priority;
	chain->priority_text = name;
	return chain;
}

static const enum key_id daddr_key[FAMILIES] = { KEY_IP_DADDR, KEY_IP6_DADDR };

static void fib_op(struct ir_build *b, enum key_id id, bool equal)
{
	uint8_t value[WIRE_MAX];

	wire_put(WIRE_FIB_TYPE, RTN_LOCAL, value);
	ir_cmp(b, id, equal ? NFT_CMP_EQ : NFT_CMP_NEQ, value);
}

/* Router addresses on the inner side, where zones say which they are. */
static void not_inside(struct lowering *l, struct ir_build *b,
		       const struct nat *nat, int family)
{
	struct ranges all = { .len = family ? 16 : 4 };
	size_t i, j, len = all.len, room = 0;

	for (i = 0; i < l->model->nzones; i++) {
		const struct ranges *own = &l->model->zones[i].subnets[family];

		if (zone_set_has(&nat->from, (int)i))
			continue;
		for (j = 0; j < own->n; j++)
			ranges_push(l->arena, &all, &room, own->v + 2 * j * len,
				    own->v + (2 * j + 1) * len);
	}
	ranges_normalise(&all);
	if (all.n)
		ir_in_ranges(b, daddr_key[family], all.v, all.n, true);
}

static void bounds_op(struct ir_build *b, enum key_id id,
		      const struct bounds *bounds)
{
	size_t len = wire_type(key(id)->type)->len;
	uint8_t range[2 * WIRE_MAX];

	memcpy(range, bounds->lo, len);
	memcpy(range + len, bounds->hi, len);
	ir_in_ranges(b, id, range, 1, false);
}

static void address_args(struct stmt *stmt, const struct nat *nat, int family,
			 const struct bounds *to)
{
	stmt->nat.family = family ? NFPROTO_IPV6 : NFPROTO_IPV4;
	stmt->nat.prefix = nat->kind == NAT_MAP &&
			   memcmp(to->lo, to->hi, family ? 16 : 4) != 0;
	memcpy(stmt->nat.lo, to->lo, sizeof(stmt->nat.lo));
	memcpy(stmt->nat.hi, to->hi, sizeof(stmt->nat.hi));
}

/* The map of a range of ports in place of another, made when first wanted. */
static struct ir_set *port_map(struct lowering *l, const struct nat *nat)
{
	const char *name = arena_printf(l->arena, "ports.%s", nat->name);
	struct ir_set *set = map_get(&l->sets, str_of(name));
	uint32_t n = nat->port_hi - nat->port_lo + 1u, i;

	if (set)
		return set;
	set = ir_set_add(l->ir, name, nat->span);
	map_add(&l->sets, str_of(name), set);
	ir_set_field(set, WIRE_PORT);
	set->data_type = WIRE_PORT;
	set->nelems = n;
	set->keys = arena_array(l->arena, n, set->klen);
	set->data = arena_array(l->arena, n, set->klen);
	for (i = 0; i < n; i++) {
		wire_put(WIRE_PORT, nat->port_from + i, set->keys + 2 * i);
		wire_put(WIRE_PORT, nat->port_lo + i, set->data + 2 * i);
	}
	return set;
}

/* The one protocol of @alt that nft has a word for, or 0. */
static uint8_t one_proto(const struct alt *alt)
{
	static const uint8_t words[] = { 6, 17, 132, 136 };
	size_t i;

	for (i = 0; i < sizeof(words); i++)
		if (protos_count(&alt->protos) == 1 &&
		    protos_have(&alt->protos, words[i]))
			return words[i];
	return 0;
}

static void port_args(struct lowering *l, struct stmt *stmt,
		      const struct nat *nat, const struct alt *alt)
{
	stmt->nat.random = nat->random;
	stmt->nat.persistent = nat->persistent;
	if (!nat->port_from) {
		stmt->nat.port_lo = nat->port_lo;
		stmt->nat.port_hi = nat->port_hi;
		return;
	}
	stmt->nat.ports = port_map(l, nat);
	stmt->nat.ports_name = stmt->nat.ports->name;
	stmt->nat.l4proto = one_proto(alt);
}

static void dst_op(struct lowering *l, struct ir_build *b,
		   const struct nat *nat, const struct alt *alt, int family)
{
	struct stmt *stmt;

	if (nat->kind == NAT_REDIRECT) {
		port_args(l, ir_stmt(b, &stmt_redirect), nat, alt);
		return;
	}
	stmt = ir_stmt(b, &stmt_nat);
	address_args(stmt, nat, family, &nat->address[family]);
	if (nat->kind == NAT_FORWARD)
		port_args(l, stmt, nat, alt);
}

/* What is asked of the destination before it is translated. */
static void dst_asks(struct lowering *l, struct ir_build *b,
		     const struct nat *nat, int family, bool reflected)
{
	if (nat->kind == NAT_MAP)
		bounds_op(b, daddr_key[family], &nat->outside[family]);
	if (nat->kind != NAT_FORWARD || nat_asks_destination(nat))
		return;
	fib_op(b, KEY_FIB_DADDR_TYPE, true);
	if (!reflected)
		return;
	fib_op(b, KEY_FIB_DADDR_IIF_TYPE, false);
	not_inside(l, b, nat, family);
}

/* @families: of a redirection both, of all else one. */
static void dst_rule(struct lowering *l, struct ir_chain *chain,
		     const struct nat *nat, const struct piece *from,
		     const struct alt *asked, uint8_t families, bool reflected)
{
	struct ir_build b = ir_build(l->ir);
	int family = families == FAMILY_IPV6;
	struct alt alt = *asked;

	alt.families = nat->kind == NAT_MAP ? FAMILY_BOTH : families;
	if (from && !lower_piece(&b, from, true, families))
		return;
	dst_asks(l, &b, nat, family, reflected);
	lower_alt(l, &b, &alt, DIR_ORIGINAL);
	dst_op(l, &b, nat, &alt, family);
	ir_rule_add(&b, chain, nat->span, nat->name);
}

static void dst_alt(struct lowering *l, struct ir_chain *chain,
		    const struct nat *nat, const struct piece *from,
		    const struct alt *alt, bool reflected)
{
	uint8_t families[FAMILIES], asked = alt->families & nat->families;
	size_t i, n;

	if (nat->kind == NAT_REDIRECT) {
		n = lower_families(from, NULL, asked, families);
		for (i = 0; i < n; i++)
			dst_rule(l, chain, nat, from, alt, families[i], false);
		return;
	}
	for (i = 0; i < FAMILIES; i++)
		if (asked & 1u << i)
			dst_rule(l, chain, nat, from, alt, (uint8_t)(1u << i),
				 reflected);
}

static void dst_rules(struct lowering *l, struct ir_chain *chain,
		      const struct nat *nat, const struct zone_set *from,
		      bool reflected)
{
	struct pieces pieces = lower_pieces(l, from);
	size_t np = pieces.any ? 1 : pieces.list.n, i, j;

	for (i = 0; i < np; i++)
		for (j = 0; j < nat->alts->n; j++)
			dst_alt(l, chain, nat,
				pieces.any ? NULL : &pieces.list.v[i],
				&nat->alts->v[j], reflected);
}

/* All zones that @set has not. */
static struct zone_set others(struct lowering *l, const struct zone_set *set)
{
	struct zone_set out = { .nwords = set->nwords };
	size_t i;

	out.words = arena_array(l->arena, out.nwords, sizeof(*out.words));
	for (i = 0; i < l->model->nzones; i++)
		if (!zone_set_has(set, (int)i))
			out.words[i / 64] |= UINT64_C(1) << (i % 64);
	return out;
}

/* Where a packet will go is what the routes say, before it is routed. */
static void routed_to(struct ir_build *b, const struct piece *to,
		      uint8_t families)
{
	int f;

	ir_in_ranges(b, KEY_FIB_DADDR_OIFNAME, to->names, to->n, false);
	for (f = 0; f < FAMILIES; f++)
		if (families == 1 << f && to->subnets[f])
			ir_in_ranges(b, daddr_key[f], to->subnets[f]->v,
				     to->subnets[f]->n, false);
}

static void dst_exempt_rule(struct lowering *l, struct ir_chain *chain,
			    const struct nat *nat, const struct piece *from,
			    const struct piece *to, const struct alt *asked)
{
	uint8_t families[FAMILIES];
	size_t i, n = lower_families(from, to, asked->families, families);

	if (!alt_askable(asked, AT_PREROUTING))
		return;
	for (i = 0; i < n; i++) {
		struct ir_build b = ir_build(l->ir);
		struct alt alt = *asked;

		alt.families = families[i];
		if (from)
			lower_piece(&b, from, true, families[i]);
		if (to)
			routed_to(&b, to, families[i]);
		lower_alt(l, &b, &alt, DIR_ORIGINAL);
		ir_verdict(&b, VERDICT_ACCEPT, NULL);
		ir_rule_add(&b, chain, nat->span, nat->name);
	}
}

typedef void (*pieces_fn)(struct lowering *l, struct ir_chain *chain,
			  const struct nat *nat, const struct piece *from,
			  const struct piece *to, const struct alt *alt);

/* Each way in which the entry's two zones and its matches can be met. */
static void each_way(struct lowering *l, struct ir_chain *chain,
		     const struct nat *nat, const struct zone_set *from_zones,
		     pieces_fn fn)
{
	struct pieces from = lower_pieces(l, from_zones);
	struct pieces to = lower_pieces(l, &nat->to);
	size_t nf = from.any ? 1 : from.list.n, nt = to.any ? 1 : to.list.n;
	size_t i, n = nf * nt * nat->alts->n;

	for (i = 0; i < n; i++)
		fn(l, chain, nat, from.any ? NULL : &from.list.v[i / nt % nf],
		   to.any ? NULL : &to.list.v[i % nt],
		   &nat->alts->v[i / (nf * nt)]);
}

static bool dstnat(struct lowering *l)
{
	struct ir_chain *chain;
	bool any = false;
	size_t i;

	for (i = 0; i < l->model->nnats; i++)
		any |= nat_is_destination(&l->model->nats[i]);
	if (!any)
		return false;
	chain = nat_chain(l, "dstnat", IR_HOOK_PREROUTING, -100);
	for (i = 0; i < l->model->nnats; i++) {
		const struct nat *nat = &l->model->nats[i];
		struct zone_set rest;

		if (nat->kind == NAT_EXEMPT)
			each_way(l, chain, nat, &nat->from, dst_exempt_rule);
		if (!nat_is_destination(nat))
			continue;
		dst_rules(l, chain, nat, &nat->from, false);
		if (!nat->reflect)
			continue;
		rest = others(l, &nat->from);
		dst_rules(l, chain, nat, &rest, true);
	}
	return true;
}

static void src_op(struct lowering *l, struct ir_build *b,
		   const struct nat *nat, const struct alt *alt, int family)
{
	struct stmt *stmt;

	if (nat->kind == NAT_EXEMPT) {
		ir_verdict(b, VERDICT_ACCEPT, NULL);
		return;
	}
	if (nat->kind == NAT_MASQUERADE) {
		port_args(l, ir_stmt(b, &stmt_masquerade), nat, alt);
		return;
	}
	stmt = ir_stmt(b, &stmt_nat);
	stmt->nat.source = true;
	address_args(stmt, nat, family,
		     nat->kind == NAT_MAP ? &nat->outside[family] :
					    &nat->address[family]);
	if (nat->kind == NAT_SOURCE)
		port_args(l, stmt, nat, alt);
}

static void src_one(struct lowering *l, struct ir_chain *chain,
		    const struct nat *nat, const struct piece *from,
		    const struct piece *to, const struct alt *asked,
		    uint8_t families)
{
	struct ir_build b = ir_build(l->ir);
	int family = families == FAMILY_IPV6;
	struct alt alt = *asked;

	alt.families = nat->kind == NAT_MAP ? FAMILY_BOTH : families;
	if (from)
		lower_piece(&b, from, true, families);
	if (to)
		lower_piece(&b, to, false, families);
	if (nat->kind == NAT_MAP)
		bounds_op(&b, family ? KEY_IP6_SADDR : KEY_IP_SADDR,
			  &nat->address[family]);
	lower_alt(l, &b, &alt, DIR_ORIGINAL);
	src_op(l, &b, nat, &alt, family);
	ir_rule_add(&b, chain, nat->span, nat->name);
}

static void src_rule(struct lowering *l, struct ir_chain *chain,
		     const struct nat *nat, const struct piece *from,
		     const struct piece *to, const struct alt *asked)
{
	bool split = nat->kind == NAT_SOURCE || nat->kind == NAT_MAP;
	uint8_t families[FAMILIES], own = asked->families & nat->families;
	size_t i, n = lower_families(from, to, own, families);

	if (split && n == 1 && families[0] == FAMILY_BOTH) {
		families[n++] = FAMILY_IPV6;
		families[0] = FAMILY_IPV4;
	}
	for (i = 0; i < n; i++)
		src_one(l, chain, nat, from, to, asked, families[i]);
}

static void src_rules(struct lowering *l, struct ir_chain *chain,
		      const struct nat *nat)
{
	static const struct zone_set any = { .any = true };

	each_way(l, chain, nat, nat->kind == NAT_MAP ? &any : &nat->from,
		 src_rule);
}

/*
 * One zone's devices on both sides, and the client's address in its subnets:
 * client and server share it.
 */
static void hairpin_rule(struct lowering *l, struct ir_chain *chain,
			 const struct nat *nat, const struct piece *piece,
			 const struct alt *asked, int family)
{
	struct ir_build b = ir_build(l->ir);
	struct alt alt = *asked;
	struct ir_op *op;

	alt.families &= (uint8_t)(1u << family);
	if (!alt.families)
		return;
	if (!lower_piece(&b, piece, true, alt.families))
		return;
	lower_piece(&b, piece, false, alt.families);
	op = ir_op(&b, IR_OP_FLAGS);
	op->nkeys = 1;
	op->keys[0] = KEY_CT_STATUS;
	wire_put(WIRE_CT_STATUS, STATUS_DST_NAT, op->lo);
	if (nat->kind == NAT_MAP) { /* whose words are these alone */
		bounds_op(&b, daddr_key[family], &nat->address[family]);
		alt.families = FAMILY_BOTH;
	}
	lower_alt(l, &b, &alt, DIR_ORIGINAL);
	ir_stmt(&b, &stmt_masquerade);
	ir_rule_add(&b, chain, nat->span, nat->name);
}

/* A map's connections are those it says; a forward's, those of its rule. */
static const struct alts *hairpin_alts(const struct lowering *l,
				       const struct nat *nat)
{
	size_t i;

	for (i = l->model->nrules; i-- > 0;)
		if (l->model->rules[i].forward == nat)
			return l->model->rules[i].alts;
	return nat->alts;
}

static void hairpin_rules(struct lowering *l, struct ir_chain *chain,
			  const struct nat *nat, const struct zone *zone)
{
	struct pieces pieces = lower_zone_pieces(l, zone);
	const struct alts *alts = hairpin_alts(l, nat);
	size_t i, n = pieces.list.n * alts->n;
	int f;

	for (i = 0; i < n; i++)
		for (f = 0; f < FAMILIES; f++)
			if (nat->families >> f & 1)
				hairpin_rule(l, chain, nat,
					     &pieces.list.v[i / alts->n],
					     &alts->v[i % alts->n], f);
}

static void hairpin(struct lowering *l, struct ir_chain *chain,
		    const struct nat *nat)
{
	size_t i;

	for (i = 0; nat->reflect && i < l->model->nzones; i++)
		if (!zone_set_has(&nat->from, (int)i))
			hairpin_rules(l, chain, nat, &l->model->zones[i]);
}

static void masquerade_rule(struct lowering *l, struct ir_chain *chain,
			    const struct zone *zone, const struct piece *piece,
			    uint8_t families)
{
	struct ir_build b = ir_build(l->ir);

	if (families != FAMILY_BOTH && !piece->subnets[0])
		ir_is(&b, KEY_NFPROTO, families == FAMILY_IPV4 ? 2 : 10);
	lower_piece(&b, piece, false, families);
	ir_stmt(&b, &stmt_masquerade);
	ir_rule_add(&b, chain, zone->masquerade_span,
		    arena_printf(l->arena, "masquerade %s", zone->name));
}

static void zone_masquerade(struct lowering *l, struct ir_chain *chain,
			    const struct zone *zone)
{
	struct pieces pieces = lower_zone_pieces(l, zone);
	uint8_t families[FAMILIES];
	size_t i, j, n;

	for (i = 0; i < pieces.list.n; i++) {
		n = lower_families(&pieces.list.v[i], NULL, zone->masquerade,
				   families);
		for (j = 0; j < n; j++)
			masquerade_rule(l, chain, zone, &pieces.list.v[i],
					families[j]);
	}
}

static bool translates_source(const struct nat *nat)
{
	return nat->kind != NAT_FORWARD && nat->kind != NAT_REDIRECT;
}

static bool srcnat(struct lowering *l)
{
	struct ir_chain *chain;
	bool any = false;
	size_t i;

	for (i = 0; i < l->model->nnats; i++)
		any |= translates_source(&l->model->nats[i]) ||
		       l->model->nats[i].reflect;
	for (i = 0; i < l->model->nzones; i++)
		any |= l->model->zones[i].masquerade != 0;
	if (!any)
		return false;
	chain = nat_chain(l, "srcnat", IR_HOOK_POSTROUTING, 100);
	for (i = 0; i < l->model->nnats; i++) {
		hairpin(l, chain, &l->model->nats[i]);
		if (translates_source(&l->model->nats[i]))
			src_rules(l, chain, &l->model->nats[i]);
	}
	for (i = 0; i < l->model->nzones; i++)
		if (l->model->zones[i].masquerade)
			zone_masquerade(l, chain, &l->model->zones[i]);
	return true;
}

static void translated(struct lowering *l)
{
	struct ir_chain *chain = nat_chain(l, LOWER_TRANSLATED,
					   IR_HOOK_POSTROUTING,
					   LOWER_TRANSLATED_PRIORITY);

	chain->priority_text = "srcnat";
	chain->former = true;
}

void lower_nat(struct lowering *l)
{
	bool any = dstnat(l);

	any |= srcnat(l);
	/* what fw4 has translated stays so while it starts again */
	if ((l->translated || l->model->mode == MODE_FW4) && !any)
		translated(l);
}

struct ir *lower_translated(struct arena *arena)
{
	struct lowering l = { .arena = arena, .ir = ir_new(arena, "") };
	struct ir_build b = ir_build(l.ir);

	map_init(&l.chain_names, arena);
	translated(&l);
	/* The kernel tracks connections only while a rule asks of them. */
	lower_flags(&b, KEY_CT_STATUS, STATUS_DST_NAT);
	ir_verdict(&b, VERDICT_ACCEPT, NULL);
	ir_rule_add(&b, l.ir->chains, (struct span){ 0 }, "translated");
	return l.ir;
}
