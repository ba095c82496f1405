// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules whose place is not where connections are decided.
 *
 *	mark	prerouting, behind destination NAT (where addresses are those
 *		that the policy means) and ahead of routing, which asks the
 *		mark. Where a packet goes is what the route says without it.
 *	notrack	prerouting and output, ahead of connection tracking
 *	clamp-mss
 *		the chain that TCP handshakes go through, lower.c
 *
 *	mark: decided? ---------> restore
 *	        |no                  ^
 *	      forget --> rules ------+
 *
 * What must stay true: a mark that a connection was given stays in its
 * conntrack mark, in the bits that the rule names; each packet gets it from
 * there, in both directions. What is not decided yet is marked anew.
 */
#include "lowering.h"

#include <linux/netfilter/nf_tables.h>

#define RTN_LOCAL 2

enum spot { SPOT_PREROUTING, SPOT_OUTPUT, SPOT_FORWARD };

/* How the zones are asked for: of the packet at hand, in and out. */
struct site {
	struct lowering *l;
	struct ir_chain *chain;
	enum spot spot;
	const struct rule *rule;
	/* Of the rule's: zones, or the router. */
	const struct zone_set *from, *to;
	enum dir dir;
	void (*put)(struct site *site, struct ir_build *b);
};

/* ---- zones, wherever the packet is ---- */

static void name_ops(struct ir_build *b, const struct piece *piece,
		     enum key_id name, bool source, uint8_t family)
{
	static const enum key_id keys[2][FAMILIES] = {
		{ KEY_IP_DADDR, KEY_IP6_DADDR },
		{ KEY_IP_SADDR, KEY_IP6_SADDR },
	};
	int f;

	ir_in_ranges(b, name, piece->names, piece->n, false);
	for (f = 0; f < FAMILIES; f++)
		if (family == 1 << f && piece->subnets[f])
			ir_in_ranges(b, keys[source][f], piece->subnets[f]->v,
				     piece->subnets[f]->n, false);
}

static void local_op(struct ir_build *b, bool local)
{
	uint8_t value[WIRE_MAX];

	wire_put(WIRE_FIB_TYPE, RTN_LOCAL, value);
	ir_cmp(b, KEY_FIB_DADDR_TYPE, local ? NFT_CMP_EQ : NFT_CMP_NEQ, value);
}

static bool asks_direction(const struct site *site)
{
	return site->rule->action != ACTION_NOTRACK;
}

/* @in and @out are NULL where every zone will do, or the router. */
static void put_rule(struct site *site, const struct piece *in,
		     const struct piece *out, const struct alt *alt, bool local)
{
	static const enum key_id outs[] = {
		[SPOT_PREROUTING] = KEY_FIB_DADDR_OIFNAME,
		[SPOT_OUTPUT] = KEY_OIFNAME,
		[SPOT_FORWARD] = KEY_OIFNAME,
	};
	struct ir_build b = ir_build(site->l->ir);

	if (asks_direction(site))
		ir_is(&b, KEY_CT_DIRECTION, site->dir == DIR_REPLY);
	if (in)
		name_ops(&b, in, KEY_IIFNAME, true, alt->families);
	if (out)
		name_ops(&b, out, outs[site->spot], false, alt->families);
	else if (site->spot == SPOT_PREROUTING)
		local_op(&b, local);
	lower_alt(site->l, &b, alt, site->dir);
	site->put(site, &b);
	ir_rule_add(&b, site->chain, site->rule->span, site->rule->name);
}

/* A reply that does not tell is not marked; its handshake is clamped. */
static void put_asked(struct site *site, const struct piece *in,
		      const struct piece *out, const struct alt *alt,
		      bool local)
{
	struct asked asked[2];

	if (site->dir == DIR_ORIGINAL) {
		put_rule(site, in, out, alt, local);
		return;
	}
	if (!lower_ask(site->l, alt, DIR_REPLY, asked) ||
	    (asked[0].sure != SURE_YES &&
	     site->rule->action != ACTION_CLAMP_MSS))
		return;
	put_rule(site, in, out, &asked[0].alt, local);
}

static void put_families(struct site *site, const struct piece *in,
			 const struct piece *out, const struct alt *asked,
			 bool local)
{
	uint8_t families[FAMILIES];
	size_t i, n = lower_families(in, out, asked->families, families);

	for (i = 0; i < n; i++) {
		struct alt alt = *asked;

		alt.families = families[i];
		put_asked(site, in, out, &alt, local);
	}
}

static struct pieces pieces_of(struct site *site, const struct zone_set *set)
{
	if (set->any || set->router)
		return (struct pieces){ .any = true };
	return lower_pieces(site->l, set);
}

static void put_rules(struct site *site)
{
	const struct rule *rule = site->rule;
	bool original = site->dir == DIR_ORIGINAL;
	const struct zone_set *from = original ? site->from : site->to;
	const struct zone_set *to = original ? site->to : site->from;
	struct pieces in = pieces_of(site, from), out = pieces_of(site, to);
	size_t ni = in.any ? 1 : in.list.n, no = out.any ? 1 : out.list.n;
	size_t i, n = ni * no * rule->alts->n;

	for (i = 0; i < n; i++)
		put_families(site, in.any ? NULL : &in.list.v[i / no % ni],
			     out.any ? NULL : &out.list.v[i % no],
			     &rule->alts->v[i / (ni * no)], to->router);
}

/* Does a packet of this direction pass here? */
static bool passes(const struct site *site)
{
	bool ours = site->dir == DIR_ORIGINAL ? site->from->router :
						site->to->router;

	return site->spot == SPOT_FORWARD ||
	       ours == (site->spot == SPOT_OUTPUT);
}

/* The zones of @set, and the router: how many of @out. */
static size_t parts_of(struct lowering *l, const struct zone_set *set,
		       struct zone_set out[2])
{
	size_t n = 0;

	if (zone_set_zones(set)) {
		out[n] = *set;
		out[n++].router = false;
	}
	if (!set->router)
		return n;
	out[n] = *set;
	out[n].any = false;
	out[n].words = arena_array(l->arena, set->nwords, sizeof(*set->words));
	return n + 1;
}

static void put_parts(struct site *site)
{
	struct zone_set *from = arena_array(site->l->arena, 2, sizeof(*from));
	struct zone_set *to = arena_array(site->l->arena, 2, sizeof(*to));
	size_t i, nf = parts_of(site->l, &site->rule->from, from);
	size_t nt = parts_of(site->l, &site->rule->to, to);

	for (i = 0; i < nf * nt; i++) {
		site->from = &from[i / nt];
		site->to = &to[i % nt];
		if (site->from->router && site->to->router)
			continue;
		for (site->dir = 0; site->dir < DIRS; site->dir++)
			if (passes(site))
				put_rules(site);
	}
	site->from = site->to = NULL;
}

static void put_action(struct lowering *l, struct ir_chain *chain,
		       enum spot spot, enum action action,
		       void (*put)(struct site *site, struct ir_build *b))
{
	struct site site = { .l = l, .chain = chain, .spot = spot };
	size_t i;

	site.put = put;
	for (i = 0; i < l->model->nrules; i++) {
		site.rule = &l->model->rules[i];
		if (site.rule->action == action)
			put_parts(&site);
	}
}

static bool any_of(const struct lowering *l, enum action action)
{
	size_t i;

	for (i = 0; i < l->model->nrules; i++)
		if (l->model->rules[i].action == action)
			return true;
	return false;
}

static struct ir_chain *base(struct lowering *l, const char *name,
			     const char *type, enum ir_hook hook, int priority,
			     const char *priority_text)
{
	struct ir_chain *chain = lower_chain(l, name, (struct span){ 0 });

	chain->type = type;
	chain->hook = hook;
	chain->priority = priority;
	chain->priority_text = priority_text;
	return chain;
}

/* ---- notrack ---- */

static void put_notrack(struct site *site, struct ir_build *b)
{
	(void)site;
	ir_stmt(b, &stmt_notrack);
}

static void notrack(struct lowering *l)
{
	struct ir_chain *chain;

	if (!any_of(l, ACTION_NOTRACK))
		return;
	chain = base(l, "untrack", "filter", IR_HOOK_PREROUTING, -300, "raw");
	put_action(l, chain, SPOT_PREROUTING, ACTION_NOTRACK, put_notrack);
	chain = base(l, "untrack.output", "filter", IR_HOOK_OUTPUT, -300,
		     "raw");
	put_action(l, chain, SPOT_OUTPUT, ACTION_NOTRACK, put_notrack);
}

/* ---- clamp-mss ---- */

static void put_clamp(struct site *site, struct ir_build *b)
{
	ir_stmt(b, &stmt_mss)->mss = site->rule->mss;
}

void lower_clamp_rules(struct lowering *l)
{
	if (!any_of(l, ACTION_CLAMP_MSS))
		return;
	if (!l->clamp)
		l->clamp = lower_chain(l, "clamp-mss", (struct span){ 0 });
	put_action(l, l->clamp, SPOT_FORWARD, ACTION_CLAMP_MSS, put_clamp);
}

/* ---- mark ---- */

#define RESTORE "mark.restore"

static void put_mark(struct site *site, struct ir_build *b)
{
	struct stmt *stmt = ir_stmt(b, &stmt_ct_mark);

	stmt->ct_mark.keep = ~site->rule->mark_bits;
	stmt->ct_mark.set = site->rule->mark;
}

static bool is_first_mark(const struct lowering *l, size_t i, bool value)
{
	const struct rule *rules = l->model->rules;
	size_t j;

	for (j = 0; j < i; j++)
		if (rules[j].action == ACTION_MARK &&
		    rules[j].mark_bits == rules[i].mark_bits &&
		    (!value || rules[j].mark == rules[i].mark))
			return false;
	return rules[i].action == ACTION_MARK;
}

static const char *mark_name(struct lowering *l, const struct rule *rule)
{
	return arena_printf(l->arena, "mark.%x.%x", rule->mark,
			    rule->mark_bits);
}

/* A map for each group of bits: from the connection's mark to @verdict. */
static void mark_maps(struct lowering *l, struct ir_chain *chain, bool restore)
{
	const struct rule *rules = l->model->rules;
	size_t i, j, n = l->model->nrules;

	for (i = 0; i < n; i++) {
		struct ir_set *set;

		if (!is_first_mark(l, i, false))
			continue;
		set = lower_mark_map(l, n);
		for (j = i; j < n; j++)
			if (is_first_mark(l, j, true) &&
			    rules[j].mark_bits == rules[i].mark_bits)
				lower_mark_value(
					set, rules[j].mark,
					restore ? VERDICT_JUMP : VERDICT_GOTO,
					restore ? mark_name(l, &rules[j]) :
						  LOWER_ACCEPTED);
		lower_mark_vmap(l, chain, set, rules[i].mark_bits,
				restore ? NULL : "every packet is marked");
	}
}

void lower_marked(struct lowering *l, struct ir_chain *chain)
{
	if (any_of(l, ACTION_MARK))
		mark_maps(l, chain, false);
}

static void restore_chains(struct lowering *l)
{
	const struct rule *rules = l->model->rules;
	struct ir_build b = ir_build(l->ir);
	struct ir_chain *chain;
	size_t i;

	chain = lower_chain(l, RESTORE, (struct span){ 0 });
	mark_maps(l, chain, true);
	for (i = 0; i < l->model->nrules; i++) {
		struct stmt *stmt;

		if (!is_first_mark(l, i, true))
			continue;
		chain = lower_chain(l, mark_name(l, &rules[i]), rules[i].span);
		stmt = ir_stmt(&b, &stmt_mark);
		stmt->mark.keep = ~rules[i].mark_bits;
		stmt->mark.set = rules[i].mark;
		ir_rule_add(&b, chain, rules[i].span, rules[i].name);
	}
}

static void decided_marks(struct lowering *l, struct ir_chain *chain)
{
	struct ir_set *set = lower_mark_map(l, l->plan->decided.n);
	size_t i;

	for (i = 0; i < l->plan->decided.n; i++)
		if (!l->plan->decided.v[i].state)
			lower_mark_value(set, lower_mark_of(l, (uint32_t)i),
					 VERDICT_GOTO, RESTORE);
	lower_mark_vmap(l, chain, set, l->ir->mark.mask, "decided before");
}

static uint32_t all_bits(const struct lowering *l)
{
	uint32_t bits = 0;
	size_t i;

	for (i = 0; i < l->model->nrules; i++)
		if (l->model->rules[i].action == ACTION_MARK)
			bits |= l->model->rules[i].mark_bits;
	return bits;
}

static void mark_chain(struct lowering *l, struct ir_chain *chain,
		       enum spot spot)
{
	struct ir_build b = ir_build(l->ir);

	decided_marks(l, chain);
	lower_flags(&b, KEY_CT_MARK, all_bits(l));
	ir_stmt(&b, &stmt_ct_mark)->ct_mark.keep = ~all_bits(l);
	ir_rule_add(&b, chain, (struct span){ 0 }, "marked by another policy");
	put_action(l, chain, spot, ACTION_MARK, put_mark);
	ir_verdict(&b, VERDICT_GOTO, RESTORE);
	ir_rule_add(&b, chain, (struct span){ 0 }, NULL);
}

static void marks(struct lowering *l)
{
	struct ir_chain *before, *output;

	if (!any_of(l, ACTION_MARK))
		return;
	before = base(l, LOWER_SET_MARK, "filter", IR_HOOK_PREROUTING, -90,
		      "dstnat + 10");
	output = base(l, "set-mark.output", "route", IR_HOOK_OUTPUT, -150,
		      "mangle");
	restore_chains(l);
	mark_chain(l, before, SPOT_PREROUTING);
	mark_chain(l, output, SPOT_OUTPUT);
}

void lower_places(struct lowering *l)
{
	notrack(l);
	marks(l);
}
