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
 */
#include "lowering.h"

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

static bool asks_destination(const struct nat *nat)
{
	size_t i;

	for (i = 0; i < nat->nmatches; i++)
		if (nat->matches[i].word->key[0] == KEY_IP_DADDR)
			return true;
	return false;
}

static void fib_op(struct ir_build *b, enum key_id id, bool equal)
{
	uint8_t value[WIRE_MAX];

	wire_put(WIRE_FIB_TYPE, RTN_LOCAL, value);
	ir_cmp(b, id, equal ? NFT_CMP_EQ : NFT_CMP_NEQ, value);
}

/* Router addresses on the inner side, where zones say which they are. */
static void not_inside(struct lowering *l, struct ir_build *b,
		       const struct nat *nat)
{
	enum key_id id = nat->family ? KEY_IP6_DADDR : KEY_IP_DADDR;
	struct ranges all = { .len = nat->family ? 16 : 4 };
	size_t i, j, len = all.len, room = 0;

	for (i = 0; i < l->model->nzones; i++) {
		const struct ranges *own =
			&l->model->zones[i].subnets[nat->family];

		if (zone_set_has(&nat->from, (int)i))
			continue;
		for (j = 0; j < own->n; j++)
			ranges_push(l->arena, &all, &room, own->v + 2 * j * len,
				    own->v + (2 * j + 1) * len);
	}
	ranges_normalise(&all);
	if (all.n)
		ir_in_ranges(b, id, all.v, all.n, true);
}

static void dnat_op(struct ir_build *b, const struct nat *nat)
{
	struct stmt *stmt = ir_stmt(b, &stmt_nat);

	stmt->nat.family = nat->family ? 10 : 2;
	memcpy(stmt->nat.lo, nat->lo, sizeof(stmt->nat.lo));
	memcpy(stmt->nat.hi, nat->hi, sizeof(stmt->nat.hi));
	stmt->nat.port_lo = nat->port_lo;
	stmt->nat.port_hi = nat->port_hi;
}

/* @b asks for the devices already; copied for each alternative. */
static void forward_rules(struct lowering *l, struct ir_chain *chain,
			  const struct nat *nat, const struct ir_build *begin,
			  bool reflected)
{
	uint8_t family = (uint8_t)(1 << nat->family);
	size_t i;

	for (i = 0; i < nat->alts->n; i++) {
		struct alt alt = nat->alts->v[i];
		struct ir_build b = *begin;

		alt.families &= family;
		if (!alt.families)
			continue;
		if (!asks_destination(nat))
			fib_op(&b, KEY_FIB_DADDR_TYPE, true);
		if (!asks_destination(nat) && reflected) {
			fib_op(&b, KEY_FIB_DADDR_IIF_TYPE, false);
			not_inside(l, &b, nat);
		}
		lower_alt(l, &b, &alt, DIR_ORIGINAL);
		dnat_op(&b, nat);
		ir_rule_add(&b, chain, nat->span, nat->name);
	}
}

static void lower_forward(struct lowering *l, struct ir_chain *chain,
			  const struct nat *nat, const struct zone_set *from,
			  bool reflected)
{
	struct pieces pieces = lower_pieces(l, from);
	uint8_t family = (uint8_t)(1 << nat->family);
	size_t i;

	if (pieces.any) {
		struct ir_build b = ir_build(l->ir);

		forward_rules(l, chain, nat, &b, reflected);
	}
	for (i = 0; i < pieces.list.n; i++) {
		struct ir_build b = ir_build(l->ir);

		if (lower_piece(&b, &pieces.list.v[i], true, family))
			forward_rules(l, chain, nat, &b, reflected);
	}
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

static void exempt_rules(struct lowering *l, struct ir_chain *chain,
			 const struct nat *nat, const struct ir_build *begin,
			 uint8_t families)
{
	size_t i;

	for (i = 0; i < nat->alts->n; i++) {
		struct alt alt = nat->alts->v[i];
		struct ir_build b = *begin;

		alt.families &= families;
		if (!alt.families)
			continue;
		lower_alt(l, &b, &alt, DIR_ORIGINAL);
		ir_verdict(&b, VERDICT_ACCEPT, NULL);
		ir_rule_add(&b, chain, nat->span, nat->name);
	}
}

static void dst_exempt_from(struct lowering *l, struct ir_chain *chain,
			    const struct nat *nat, const struct piece *from)
{
	uint8_t families[FAMILIES];
	size_t i, n = lower_families(from, NULL, FAMILY_BOTH, families);

	for (i = 0; i < n; i++) {
		struct ir_build b = ir_build(l->ir);

		if (from)
			lower_piece(&b, from, true, families[i]);
		exempt_rules(l, chain, nat, &b, families[i]);
	}
}

static void dst_exempt(struct lowering *l, struct ir_chain *chain,
		       const struct nat *nat)
{
	struct pieces pieces = lower_pieces(l, &nat->from);
	size_t i;

	if (!nat->to.any)
		return; /* where it goes is not known yet */
	if (pieces.any)
		dst_exempt_from(l, chain, nat, NULL);
	for (i = 0; i < pieces.list.n; i++)
		dst_exempt_from(l, chain, nat, &pieces.list.v[i]);
}

static void dstnat(struct lowering *l)
{
	struct ir_chain *chain;
	bool any = false;
	size_t i;

	for (i = 0; i < l->model->nnats; i++)
		any |= l->model->nats[i].kind == NAT_FORWARD;
	if (!any)
		return;
	chain = nat_chain(l, "dstnat", IR_HOOK_PREROUTING, -100);
	for (i = 0; i < l->model->nnats; i++) {
		const struct nat *nat = &l->model->nats[i];
		struct zone_set rest;

		if (nat->kind == NAT_EXEMPT)
			dst_exempt(l, chain, nat);
		if (nat->kind != NAT_FORWARD)
			continue;
		lower_forward(l, chain, nat, &nat->from, false);
		if (!nat->reflect)
			continue;
		rest = others(l, &nat->from);
		lower_forward(l, chain, nat, &rest, true);
	}
}

static void src_op(struct lowering *l, struct ir_build *b,
		   const struct nat *nat)
{
	struct stmt *stmt;

	(void)l;
	if (nat->kind == NAT_EXEMPT) {
		ir_verdict(b, VERDICT_ACCEPT, NULL);
	} else if (nat->kind == NAT_MASQUERADE) {
		ir_stmt(b, &stmt_masquerade);
	} else {
		stmt = ir_stmt(b, &stmt_nat);
		stmt->nat.source = true;
		stmt->nat.family = nat->family ? 10 : 2;
		stmt->nat.persistent = nat->persistent;
		memcpy(stmt->nat.lo, nat->lo, sizeof(stmt->nat.lo));
		memcpy(stmt->nat.hi, nat->hi, sizeof(stmt->nat.hi));
	}
}

static uint8_t src_families(const struct nat *nat)
{
	if (nat->kind == NAT_MASQUERADE)
		return nat->families;
	if (nat->kind == NAT_SOURCE)
		return (uint8_t)(1 << nat->family);
	return FAMILY_BOTH;
}

/* One way in which the entry's two zones and its matches can be met. */
static void src_rule(struct lowering *l, struct ir_chain *chain,
		     const struct nat *nat, const struct piece *from,
		     const struct piece *to, const struct alt *asked)
{
	uint8_t families[FAMILIES];
	size_t i, n = lower_families(from, to,
				     asked->families & src_families(nat),
				     families);

	for (i = 0; i < n; i++) {
		struct ir_build b = ir_build(l->ir);
		struct alt alt = *asked;

		alt.families = families[i];
		if (from)
			lower_piece(&b, from, true, alt.families);
		if (to)
			lower_piece(&b, to, false, alt.families);
		lower_alt(l, &b, &alt, DIR_ORIGINAL);
		src_op(l, &b, nat);
		ir_rule_add(&b, chain, nat->span, nat->name);
	}
}

static void src_rules(struct lowering *l, struct ir_chain *chain,
		      const struct nat *nat)
{
	struct pieces from = lower_pieces(l, &nat->from);
	struct pieces to = lower_pieces(l, &nat->to);
	size_t nf = from.any ? 1 : from.list.n, nt = to.any ? 1 : to.list.n;
	size_t i, n = nf * nt * nat->alts->n;

	for (i = 0; i < n; i++)
		src_rule(l, chain, nat,
			 from.any ? NULL : &from.list.v[i / nt % nf],
			 to.any ? NULL : &to.list.v[i % nt],
			 &nat->alts->v[i / (nf * nt)]);
}

/* The names of one zone's devices on both sides: client and server share it. */
static void hairpin_rules(struct lowering *l, struct ir_chain *chain,
			  const struct nat *nat, const struct zone *zone)
{
	struct pieces pieces = lower_zone_pieces(l, zone);
	const struct rule *rule = NULL;
	size_t i, j;

	for (i = 0; i < l->model->nrules; i++)
		if (l->model->rules[i].forward == nat)
			rule = &l->model->rules[i];
	for (i = 0; rule && i < pieces.list.n * rule->alts->n; i++) {
		struct piece *piece = &pieces.list.v[i / rule->alts->n];
		struct ir_build b = ir_build(l->ir);
		struct ir_op *op;

		j = i % rule->alts->n;
		ir_in_ranges(&b, KEY_IIFNAME, piece->names, piece->n, false);
		ir_in_ranges(&b, KEY_OIFNAME, piece->names, piece->n, false);
		op = ir_op(&b, IR_OP_FLAGS);
		op->nkeys = 1;
		op->keys[0] = KEY_CT_STATUS;
		wire_put(WIRE_CT_STATUS, STATUS_DST_NAT, op->lo);
		lower_alt(l, &b, &rule->alts->v[j], DIR_ORIGINAL);
		ir_stmt(&b, &stmt_masquerade);
		ir_rule_add(&b, chain, nat->span, nat->name);
	}
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

static void srcnat(struct lowering *l)
{
	struct ir_chain *chain;
	bool any = false;
	size_t i;

	for (i = 0; i < l->model->nnats; i++)
		any |= l->model->nats[i].kind != NAT_FORWARD ||
		       l->model->nats[i].reflect;
	for (i = 0; i < l->model->nzones; i++)
		any |= l->model->zones[i].masquerade != 0;
	if (!any)
		return;
	chain = nat_chain(l, "srcnat", IR_HOOK_POSTROUTING, 100);
	for (i = 0; i < l->model->nnats; i++) {
		if (l->model->nats[i].kind == NAT_FORWARD)
			hairpin(l, chain, &l->model->nats[i]);
		else
			src_rules(l, chain, &l->model->nats[i]);
	}
	for (i = 0; i < l->model->nzones; i++)
		if (l->model->zones[i].masquerade)
			zone_masquerade(l, chain, &l->model->zones[i]);
}

void lower_nat(struct lowering *l)
{
	dstnat(l);
	srcnat(l);
}
