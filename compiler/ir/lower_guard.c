// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guard rails.
 *
 *	antispoof (prerouting, ahead of connection tracking):
 *		a guarded device? goto antispoof.check, or its twin that logs
 *	antispoof.check:
 *		who has no address yet, link-local: pass
 *		an address that is nobody's own: drop
 *		not routed back over the device it came in by: drop
 *
 * The kernel itself counts as routed what comes from 0.0.0.0 to the broadcast
 * address or to local multicast: a client that asks for its address.
 *
 *	syn-flood: new TCP connections to the router beyond a rate: drop
 */
#include "lowering.h"

#include <linux/netfilter/nf_tables.h>
#include <syslog.h>

/* Neighbours and listeners speak from "::" while their address is checked. */
static void without_address(struct lowering *l, struct ir_chain *chain)
{
	static const uint8_t types[] = {
		131, 131, 133, 133, 135, 135, 143, 143
	};
	static const uint8_t none[16];
	static const uint8_t local[2 * 16] = {
		0xfe, 0x80, 0,	  0,	0,    0,    0,	  0,
		0,    0,    0,	  0,	0,    0,    0,	  0,
		0xfe, 0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
	};
	struct ir_build b = ir_build(l->ir);

	ir_cmp(&b, KEY_IP6_SADDR, NFT_CMP_EQ, none);
	ir_in_ranges(&b, KEY_ICMPV6_TYPE, types, sizeof(types) / 2, false);
	ir_verdict(&b, VERDICT_ACCEPT, NULL);
	ir_rule_add(&b, chain, (struct span){ 0 }, "has no address yet");
	ir_in_ranges(&b, KEY_IP6_SADDR, local, 1, false);
	ir_verdict(&b, VERDICT_ACCEPT, NULL);
	ir_rule_add(&b, chain, (struct span){ 0 }, "link-local");
}

static void refuse_op(struct ir_build *b, const char *logs)
{
	if (logs)
		ir_verdict(b, VERDICT_GOTO, logs);
	else
		ir_verdict(b, VERDICT_DROP, NULL);
}

static void nobodys(struct lowering *l, struct ir_chain *chain,
		    const char *logs)
{
	static const uint8_t v4[] = { 127, 0, 0, 0, 127, 255, 255, 255,
				      224, 0, 0, 0, 255, 255, 255, 255 };
	static const uint8_t v6[4 * 16] = {
		[15] = 1,    [31] = 1,	  [32] = 0xff, [48] = 0xff, [49] = 0xff,
		[50] = 0xff, [51] = 0xff, [52] = 0xff, [53] = 0xff, [54] = 0xff,
		[55] = 0xff, [56] = 0xff, [57] = 0xff, [58] = 0xff, [59] = 0xff,
		[60] = 0xff, [61] = 0xff, [62] = 0xff, [63] = 0xff,
	};
	struct ir_build b = ir_build(l->ir);

	ir_in_ranges(&b, KEY_IP_SADDR, v4, 2, false);
	refuse_op(&b, logs);
	ir_rule_add(&b, chain, (struct span){ 0 }, "nobody's own address");
	ir_in_ranges(&b, KEY_IP6_SADDR, v6, 2, false);
	refuse_op(&b, logs);
	ir_rule_add(&b, chain, (struct span){ 0 }, "nobody's own address");
}

/* Once a second is enough to see it, and does not fill the log. */
static const char *logging_chain(struct lowering *l)
{
	struct ir_chain *chain =
		lower_chain(l, "antispoof.refuse", (struct span){ 0 });
	struct ir_build b = ir_build(l->ir);
	struct stmt *stmt;

	stmt = ir_stmt(&b, &stmt_limit);
	stmt->limit.rate = stmt->limit.unit = 1;
	stmt->limit.burst = 5;
	stmt = ir_stmt(&b, &stmt_log);
	stmt->log.prefix = "antispoof: ";
	stmt->log.group = -1;
	stmt->log.level = LOG_INFO;
	ir_rule_add(&b, chain, (struct span){ 0 }, NULL);
	ir_verdict(&b, VERDICT_DROP, NULL);
	ir_rule_add(&b, chain, (struct span){ 0 }, NULL);
	return chain->name;
}

static void check_chain(struct lowering *l, struct ir_chain *chain,
			const char *logs)
{
	struct ir_build b = ir_build(l->ir);

	without_address(l, chain);
	nobodys(l, chain, logs);
	ir_is(&b, KEY_FIB_SADDR_IIF_OIF, 0);
	refuse_op(&b, logs);
	ir_rule_add(&b, chain, (struct span){ 0 }, "not routed back");
}

/* Devices alone: what is spoofed has no address of a zone's subnets. */
static void guard_zone(struct lowering *l, struct ir_chain *chain,
		       const struct zone *zone, const char *target)
{
	struct pieces pieces = lower_zone_pieces(l, zone);
	struct ir_build b = ir_build(l->ir);
	size_t i;

	for (i = 0; i < pieces.list.n; i++) {
		ir_in_ranges(&b, KEY_IIFNAME, pieces.list.v[i].names,
			     pieces.list.v[i].n, false);
		ir_verdict(&b, VERDICT_GOTO, target);
		ir_rule_add(&b, chain, zone->antispoof_span,
			    arena_printf(l->arena, "antispoof %s", zone->name));
	}
}

static bool any_guarded(const struct model *model, bool log)
{
	size_t i;

	for (i = 0; i < model->nzones; i++)
		if (model->zones[i].antispoof &&
		    model->zones[i].antispoof_log == log)
			return true;
	return false;
}

static void guard_zones(struct lowering *l, struct ir_chain *base, bool log)
{
	const struct model *model = l->model;
	struct ir_chain *chain;
	size_t i;

	if (!any_guarded(model, log))
		return;
	chain = lower_chain(l, log ? "antispoof.log" : "antispoof.check",
			    (struct span){ 0 });
	check_chain(l, chain, log ? logging_chain(l) : NULL);
	for (i = 0; i < model->nzones; i++)
		if (model->zones[i].antispoof &&
		    model->zones[i].antispoof_log == log)
			guard_zone(l, base, &model->zones[i], chain->name);
}

void lower_antispoof(struct lowering *l)
{
	struct ir_chain *chain;

	if (!any_guarded(l->model, false) && !any_guarded(l->model, true))
		return;
	chain = lower_chain(l, "antispoof", (struct span){ 0 });
	chain->type = "filter";
	chain->hook = IR_HOOK_PREROUTING;
	chain->priority = -300;
	chain->priority_text = "raw";
	guard_zones(l, chain, false);
	guard_zones(l, chain, true);
}

static void flood_drop(struct lowering *l, struct ir_chain *chain, enum per per)
{
	struct ir_build b = ir_build(l->ir);

	ir_verdict(&b, VERDICT_DROP, NULL);
	ir_rule_add(&b, chain, l->model->syn_flood_span[per],
		    per == PER_SOURCE ? "syn-flood per source" : "syn-flood");
}

/* All sources together. */
static const char *flood_all(struct lowering *l, const char *name)
{
	const struct limit_spec *spec = &l->model->syn_flood[PER_RULE];
	struct span span = l->model->syn_flood_span[PER_RULE];
	struct ir_chain *chain = lower_chain(l, name, span);
	struct ir_limit *limit = ir_limit_add(l->ir, "guard.syn-flood", span);
	struct ir_build b = ir_build(l->ir);

	limit->rate = spec->rate;
	limit->unit = spec->unit;
	limit->burst = spec->burst;
	ir_stmt(&b, &stmt_limit)->limit.name = limit->name;
	ir_verdict(&b, VERDICT_RETURN, NULL);
	ir_rule_add(&b, chain, span, NULL);
	flood_drop(l, chain, PER_RULE);
	return chain->name;
}

/*
 * Each source by itself, and then all: one source's flood does not use up what
 * the others have. A source for which there is no room is dropped.
 */
static const char *flood_sources(struct lowering *l)
{
	struct span span = l->model->syn_flood_span[PER_SOURCE];
	struct ir_chain *chain = lower_chain(l, "syn-flood", span);
	struct ir_build b = ir_build(l->ir);
	const char *then = NULL;
	int f;

	if (l->model->syn_flood[PER_RULE].rate)
		then = flood_all(l, "syn-flood.all");
	for (f = 0; f < FAMILIES; f++) {
		lower_limit_source(l, &b, &l->model->syn_flood[PER_SOURCE],
				   "guard.syn-flood", span, (uint8_t)(1u << f));
		ir_verdict(&b, then ? VERDICT_GOTO : VERDICT_RETURN, then);
		ir_rule_add(&b, chain, span, NULL);
	}
	flood_drop(l, chain, PER_SOURCE);
	return chain->name;
}

void lower_syn_flood(struct lowering *l, struct ir_chain *chain)
{
	bool sources = l->model->syn_flood[PER_SOURCE].rate;
	struct ir_build b = ir_build(l->ir);
	struct ir_op *op;

	if (!sources && !l->model->syn_flood[PER_RULE].rate)
		return;
	op = ir_op(&b, IR_OP_MASK);
	op->nkeys = 1;
	op->keys[0] = KEY_TCP_FLAGS;
	wire_put(WIRE_TCP_FLAGS, 2, op->lo);	/* syn */
	wire_put(WIRE_TCP_FLAGS, 0x17, op->hi); /* of fin, syn, rst, ack */
	ir_verdict(&b, VERDICT_JUMP,
		   sources ? flood_sources(l) : flood_all(l, "syn-flood"));
	ir_rule_add(&b, chain,
		    l->model->syn_flood_span[sources ? PER_SOURCE : PER_RULE],
		    NULL);
}
