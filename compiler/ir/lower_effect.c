// SPDX-License-Identifier: GPL-2.0-only
/*
 * What rules do to packets, and the chains of what was decided.
 *
 *	every.RULE	each packet of a connection of this class: its steps;
 *			the first one comes here, too, and sets the mark
 *	with.RULE	the first packet, where rules before may have left a state
 *	whole.RULE	sets the mark to a class that a state led to
 *	seen.RULE	a rule that goes on: does it to the packet at hand, and
 *			leaves the state that it is to be done to all
 *	log.RULE, act.RULE
 *			what is done to a connection's first packet alone
 *
 * What must stay true: what a rule does to the first packet happens when it is
 * walked, and once; what it does to all happens to that one, too.
 */
#include "lowering.h"

#include <linux/netfilter/nf_tables.h>

#define CT_NEW 8

static struct decided *decided_of(struct lowering *l, uint32_t k)
{
	return &l->plan->decided.v[k];
}

static uint32_t own(const struct lowering *l, const struct rule *rule)
{
	return l->plan->own[rule - l->model->rules];
}

/* ---- single statements ---- */

/* "count.web", made when first wanted. */
static struct ir_object *object(struct lowering *l, uint32_t type,
				const char *name, struct span span)
{
	struct ir_object *found = map_get(&l->objects, str_of(name));

	if (found)
		return found;
	found = ir_object_add(l->ir, type, name, span);
	map_add(&l->objects, str_of(name), found);
	return found;
}

static void count_op(struct lowering *l, struct ir_build *b,
		     const struct rule *rule)
{
	const char *name =
		arena_printf(l->arena, LOWER_COUNTER "%s", rule->count.name);

	ir_stmt(b, &stmt_counter)->object =
		object(l, NFT_OBJECT_COUNTER, name, rule->count.span)->name;
}

static const enum key_id sources[FAMILIES] = { KEY_IP_SADDR, KEY_IP6_SADDR };
static const enum key_id destinations[FAMILIES] = { KEY_IP_DADDR,
						    KEY_IP6_DADDR };
static const char *const family_names[FAMILIES] = { "ipv4", "ipv6" };

static void dscp_rules(struct lowering *l, struct ir_chain *chain,
		       const struct rule *rule)
{
	static const uint8_t families[FAMILIES] = { 2, 10 }; /* NFPROTO_* */
	struct ir_build b = ir_build(l->ir);
	int f;

	for (f = 0; f < FAMILIES; f++) {
		struct stmt *stmt = ir_stmt_on(&b, &stmt_dscp, sources[f]);

		stmt->dscp.family = families[f];
		stmt->dscp.value = rule->dscp;
		ir_rule_add(&b, chain, rule->span, rule->name);
	}
}

static void step_rules(struct lowering *l, struct ir_chain *chain,
		       const struct step *step)
{
	struct ir_build b = ir_build(l->ir);

	if (step->kind == STEP_DSCP) {
		dscp_rules(l, chain, step->rule);
		return;
	}
	if (step->kind == STEP_LOG)
		lower_log_op(l, &b, step->rule);
	else
		count_op(l, &b, step->rule);
	ir_rule_add(&b, chain, step->rule->span, step->rule->name);
}

static void all_steps(struct lowering *l, struct ir_chain *chain,
		      const struct decided *d)
{
	size_t i;

	for (i = 0; i < d->nsteps; i++)
		step_rules(l, chain, &l->plan->steps.v[d->steps[i]]);
}

/* The source goes into a set of its family. */
static void add_rules(struct lowering *l, struct ir_chain *chain,
		      const struct rule *rule, bool fresh)
{
	struct ir_build b = ir_build(l->ir);
	int f;

	for (f = 0; rule->add.set && f < FAMILIES; f++) {
		struct stmt *stmt;

		if (fresh)
			lower_flags(&b, KEY_CT_STATE, CT_NEW);
		stmt = ir_stmt_on(&b, &stmt_update, sources[f]);
		stmt->update.set = arena_printf(l->arena, "%s.%s",
						rule->add.set->name,
						family_names[f]);
		stmt->update.key = sources[f];
		stmt->update.timeout = rule->add.timeout;
		stmt->update.refresh = rule->add.timeout ||
				       rule->add.set->timeout;
		ir_rule_add(&b, chain, rule->span, rule->name);
	}
}

static void helper_op(struct lowering *l, struct ir_build *b,
		      const struct rule *rule, uint8_t proto)
{
	const struct ct_helper *helper = rule->helper;
	const char *name = arena_printf(l->arena, "helper.%s.%s", helper->name,
					proto == 6 ? "tcp" : "udp");
	struct ir_object *of =
		object(l, NFT_OBJECT_CT_HELPER, name, rule->set_span);

	of->helper = helper->type;
	of->proto = proto;
	ir_stmt(b, &stmt_helper)->object = of->name;
}

static void helper_rules(struct lowering *l, struct ir_chain *chain,
			 const struct rule *rule)
{
	struct ir_build b = ir_build(l->ir);

	if (!rule->helper)
		return;
	lower_flags(&b, KEY_CT_STATE, CT_NEW);
	helper_op(l, &b, rule, rule->helper->proto);
	if (rule->helper->proto2)
		helper_op(l, &b, rule, rule->helper->proto2);
	ir_rule_add(&b, chain, rule->span, rule->name);
}

/* ---- what is done to a first packet alone ---- */

static bool logs_first(const struct rule *rule)
{
	return rule->log.when == LOG_NEW || rule->log.when == LOG_FLOW;
}

static bool counts_first(const struct rule *rule)
{
	return rule->count.when == LOG_NEW;
}

static bool has_first(const struct rule *rule)
{
	return logs_first(rule) || counts_first(rule) || rule->add.set ||
	       rule->helper;
}

/* What refuses sees no difference: each packet is decided anew. */
static bool logs_here(const struct rule *rule, bool refuses)
{
	return logs_first(rule) || (refuses && rule->log.when);
}

static bool counts_here(const struct rule *rule, bool refuses)
{
	return counts_first(rule) || (refuses && rule->count.when);
}

/* @fresh: ask whether it is a first packet; @refuses: what is not accepted. */
static void first_rules(struct lowering *l, struct ir_chain *chain,
			const struct rule *rule, bool fresh, bool refuses)
{
	struct ir_build b = ir_build(l->ir);

	if (logs_here(rule, refuses)) {
		if (fresh)
			lower_flags(&b, KEY_CT_STATE, CT_NEW);
		lower_log_op(l, &b, rule);
		if (rule->log.rate || !counts_here(rule, refuses))
			ir_rule_add(&b, chain, rule->span, rule->name);
	}
	if (counts_here(rule, refuses)) {
		if (fresh && !b.nops)
			lower_flags(&b, KEY_CT_STATE, CT_NEW);
		count_op(l, &b, rule);
		ir_rule_add(&b, chain, rule->span, rule->name);
	}
	if (!refuses && lower_flow_op(l, &b, rule))
		ir_rule_add(&b, chain, rule->span, rule->name);
	add_rules(l, chain, rule, fresh);
	helper_rules(l, chain, rule);
}

/* ---- refusing ---- */

/* "refuse.WORD": what a rule's own answer is. */
static const char *refuse_with(struct lowering *l, enum reject_kind kind)
{
	const char *name =
		arena_printf(l->arena, "refuse.%s", reject_word(kind));
	struct ir_build b = ir_build(l->ir);
	struct ir_chain *chain;

	if (kind == REJECT_TCP_RESET) /* and what is no TCP is told so */
		return lower_refuse(l);
	chain = map_get(&l->rule_chains, str_of(name));
	if (chain)
		return chain->name;
	chain = lower_chain(l, name, (struct span){ 0 });
	map_add(&l->rule_chains, str_of(name), chain);
	ir_stmt(&b, &stmt_reject)->reject = kind;
	ir_rule_add(&b, chain, (struct span){ 0 }, NULL);
	ir_verdict(&b, VERDICT_DROP, NULL); /* what may not be answered */
	ir_rule_add(&b, chain, (struct span){ 0 }, NULL);
	return chain->name;
}

/* ---- classes and states ---- */

/* "every.RULE.within": what a quota leaves. */
static const char *body_name(struct lowering *l, const struct decided *d)
{
	return d->quota ? arena_printf(l->arena, "%s.within", d->then) :
			  d->then;
}

static const char *quota_name(struct lowering *l, const struct rule *rule)
{
	const char *name = arena_printf(l->arena, LOWER_QUOTA "%s", rule->name);
	struct ir_object *of =
		object(l, NFT_OBJECT_QUOTA, name, rule->quota_span);

	of->bytes = rule->quota;
	return of->name;
}

/* Used up, the rules are walked again, without this one. */
static void quota_gate(struct lowering *l, const struct decided *d)
{
	struct ir_chain *chain = lower_chain(l, d->then, d->rule->span);
	struct ir_build b = ir_build(l->ir);

	ir_stmt(&b, &stmt_quota)->object = quota_name(l, d->quota);
	ir_verdict(&b, VERDICT_GOTO, body_name(l, d));
	ir_rule_add(&b, chain, d->rule->span, d->quota->name);
}

static void class_chain(struct lowering *l, const struct decided *d)
{
	struct ir_chain *chain;

	if (d->quota)
		quota_gate(l, d);
	chain = lower_chain(l, body_name(l, d), d->rule->span);
	all_steps(l, chain, d);
	lower_keep(l, chain, d->value, d->rule->span, d->rule->name);
}

static const char *whole_name(struct lowering *l, struct decided *d)
{
	struct ir_chain *chain;

	if (d->set)
		return d->set;
	chain = lower_chain(l,
			    arena_printf(l->arena, "whole.%s",
					 d->then + strlen("every.")),
			    d->rule->span);
	d->set = chain->name;
	lower_keep(l, chain, d->value, d->rule->span, d->rule->name);
	return d->set;
}

void lower_arrivals(struct lowering *l, struct ir_chain *chain,
		    const struct rule *rule, uint32_t k)
{
	struct ir_set *set = lower_mark_map(l, l->plan->arrivals.n);
	size_t i;

	for (i = 0; i < l->plan->arrivals.n; i++) {
		const struct passage *arrival = &l->plan->arrivals.v[i];

		if (arrival->rule != rule || arrival->to == k)
			continue;
		lower_mark_value(
			set, lower_mark_of(l, arrival->from), VERDICT_GOTO,
			arrival->to ?
				whole_name(l, decided_of(l, arrival->to)) :
				LOWER_ACCEPTED);
	}
	lower_mark_vmap(l, chain, set, l->ir->mark.mask,
			"rules before go on with it");
}

static bool has_arrivals(const struct lowering *l, const struct rule *rule)
{
	size_t i;

	for (i = 0; i < l->plan->arrivals.n; i++)
		if (l->plan->arrivals.v[i].rule == rule)
			return true;
	return false;
}

static const char *with_name(struct lowering *l, const struct rule *rule)
{
	return arena_printf(l->arena, "with.%s", rule->name);
}

/* A rule's steps alone, as its class has them if nothing came before. */
static void with_chain(struct lowering *l, const struct rule *rule)
{
	struct ir_chain *chain = lower_chain(l, with_name(l, rule), rule->span);
	uint32_t k = own(l, rule);

	all_steps(l, chain, decided_of(l, k));
	lower_arrivals(l, chain, rule, k);
	lower_keep(l, chain, k, rule->span, rule->name);
}

/* Where the first packet of an own class goes. */
static const char *entry_name(struct lowering *l, const struct rule *rule)
{
	if (has_arrivals(l, rule))
		return with_name(l, rule);
	return body_name(l, decided_of(l, own(l, rule)));
}

static const char *seen_name(struct lowering *l, const struct rule *rule)
{
	return arena_printf(l->arena, "seen.%s", rule->name);
}

static void state_chain(struct lowering *l, const struct decided *d)
{
	struct ir_chain *chain = lower_chain(l, d->set, d->rule->span);
	struct ir_build b = ir_build(l->ir);

	lower_mark_op(l, &b, d->value);
	ir_rule_add(&b, chain, d->rule->span, d->rule->name);
}

static void passages(struct lowering *l, struct ir_chain *chain,
		     const struct rule *rule)
{
	struct ir_set *set = lower_mark_map(l, l->plan->passages.n);
	size_t i;

	for (i = 0; i < l->plan->passages.n; i++) {
		const struct passage *p = &l->plan->passages.v[i];
		uint32_t from = lower_mark_of(l, p->from);

		if (p->rule != rule)
			continue;
		if (p->from == p->to)
			lower_mark_value(set, from, VERDICT_RETURN, NULL);
		else if (p->to != own(l, rule))
			lower_mark_value(set, from, VERDICT_GOTO,
					 decided_of(l, p->to)->set);
	}
	lower_mark_vmap(l, chain, set, l->ir->mark.mask,
			"and what rules before do");
}

static void seen_chain(struct lowering *l, const struct rule *rule)
{
	struct ir_chain *chain = lower_chain(l, seen_name(l, rule), rule->span);
	struct ir_build b = ir_build(l->ir);

	all_steps(l, chain, decided_of(l, own(l, rule)));
	first_rules(l, chain, rule, true, false);
	passages(l, chain, rule);
	lower_mark_op(l, &b, own(l, rule));
	ir_rule_add(&b, chain, rule->span, rule->name);
}

static bool is_passed_to(const struct lowering *l, uint32_t k)
{
	size_t i;

	for (i = 0; i < l->plan->passages.n; i++) {
		const struct passage *p = &l->plan->passages.v[i];

		if (p->to == k && p->from != k && own(l, p->rule) != k)
			return true;
	}
	return false;
}

void lower_decisions(struct lowering *l)
{
	size_t i;

	for (i = 1; i < l->plan->decided.n; i++) {
		const struct decided *d = decided_of(l, (uint32_t)i);

		if (d->offload || d->held)
			continue;
		if (!d->state)
			class_chain(l, d);
		else if (is_passed_to(l, d->value))
			state_chain(l, d);
	}
	for (i = 0; i < l->model->nrules; i++) {
		const struct rule *rule = &l->model->rules[i];

		if (!l->plan->own[i])
			continue;
		if (action_goes_on(rule->action))
			seen_chain(l, rule);
		else if (has_arrivals(l, rule))
			with_chain(l, rule);
	}
}

/* ---- a rule's action ---- */

static void verdict_op(struct lowering *l, struct ir_build *b,
		       const struct rule *rule, const char *target)
{
	if (rule->action == ACTION_ACCEPT || rule->action == ACTION_QUEUE)
		ir_verdict(b, VERDICT_GOTO, target);
	else if (rule->action == ACTION_REJECT)
		ir_verdict(b, VERDICT_GOTO,
			   rule->answer_given ? refuse_with(l, rule->answer) :
						lower_refuse(l));
	else
		ir_verdict(b, VERDICT_DROP, NULL);
}

/*
 * What a rule does to a first packet, and then its verdict, as a chain: a log's
 * limit must not limit the verdict, and a connection that is accepted is logged
 * when it is new, not when a new policy decides it again.
 */
static const char *act_chain(struct lowering *l, const struct rule *rule,
			     const char *target)
{
	const char *key = arena_printf(l->arena, "%s %s", rule->name, target);
	struct ir_chain *chain = map_get(&l->rule_chains, str_of(key));
	bool goes_on = action_goes_on(rule->action);
	bool accepts = rule->action == ACTION_ACCEPT ||
		       rule->action == ACTION_QUEUE;
	struct ir_build b = ir_build(l->ir);

	if (chain)
		return chain->name;
	chain = lower_chain(l,
			    arena_printf(l->arena, "%s.%s",
					 rule->log.when ? "log" : "act",
					 rule->name),
			    rule->span);
	map_add(&l->rule_chains, str_of(key), chain);
	first_rules(l, chain, rule, accepts, !accepts && !goes_on);
	if (goes_on)
		return chain->name;
	verdict_op(l, &b, rule, target);
	ir_rule_add(&b, chain, rule->span, rule->name);
	return chain->name;
}

/* It is known to be a first packet. */
static void go_on(struct lowering *l, struct ir_build *b,
		  const struct rule *rule)
{
	bool logs = logs_first(rule), counts = counts_first(rule);
	bool flow = l->ir->mark.flow_mask && lower_flow_wanted(rule);

	if (own(l, rule))
		ir_verdict(b, VERDICT_JUMP, seen_name(l, rule));
	else if (rule->add.set || rule->helper || flow || (logs && counts))
		ir_verdict(b, VERDICT_JUMP, act_chain(l, rule, ""));
	else if (logs)
		lower_log_op(l, b, rule);
	else
		count_op(l, b, rule);
}

static void refuse(struct lowering *l, struct ir_build *b,
		   const struct rule *rule)
{
	if (rule->add.set || (rule->log.when && rule->log.rate)) {
		ir_verdict(b, VERDICT_GOTO, act_chain(l, rule, ""));
		return;
	}
	if (rule->log.when)
		lower_log_op(l, b, rule);
	if (rule->count.when)
		count_op(l, b, rule);
	verdict_op(l, b, rule, NULL);
}

void lower_action(struct lowering *l, struct ir_build *b,
		  const struct rule *rule, const char *target, enum dir dir)
{
	if (action_goes_on(rule->action)) {
		go_on(l, b, rule);
		return;
	}
	if (rule->action == ACTION_DROP || rule->action == ACTION_REJECT) {
		refuse(l, b, rule);
		return;
	}
	if (own(l, rule))
		target = entry_name(l, rule);
	if (has_first(rule) && dir == DIR_ORIGINAL) /* a reply is never new */
		target = act_chain(l, rule, target);
	else
		lower_flow_op(l, b, rule);
	ir_verdict(b, VERDICT_GOTO, target);
}

/* ---- conditions ---- */

bool lower_asks_source(const struct rule *rule)
{
	return (rule->limit.rate && rule->limit.per == PER_SOURCE) ||
	       (rule->connections.max && rule->connections.per == PER_SOURCE);
}

/* A dynamic set of one owner's, for sources of one family or for all. */
static struct ir_set *own_set(struct lowering *l, struct span span,
			      const char *name, enum wire_id type)
{
	struct ir_set *set = map_get(&l->sets, str_of(name));

	if (set)
		return set;
	set = ir_set_add(l->ir, name, span);
	ir_set_field(set, type);
	set->dynamic = true;
	map_add(&l->sets, str_of(name), set);
	return set;
}

static const char *unit_name(uint64_t seconds)
{
	return seconds == 1	? "second" :
	       seconds == 60	? "minute" :
	       seconds == 3600	? "hour" :
	       seconds == 86400 ? "day" :
				  "week";
}

static int index_of(uint8_t family)
{
	return family == FAMILY_IPV6;
}

/* Long enough for a bucket to be full again. */
static uint64_t limit_timeout(const struct limit_spec *limit)
{
	uint64_t ms = limit->unit * 1000 * limit->burst / limit->rate;

	return ms > PER_SOURCE_TIMEOUT ? (ms + 999) / 1000 * 1000 :
					 PER_SOURCE_TIMEOUT;
}

/*
 * The numbers are part of the set's name: an element keeps those that it was
 * made with, and one set must not have both.
 */
void lower_limit_source(struct lowering *l, struct ir_build *b,
			const struct limit_spec *limit, const char *owner,
			struct span span, uint8_t family)
{
	int f = index_of(family);
	const char *name = arena_printf(l->arena, "%s.%u-%s-%u.%s", owner,
					(unsigned int)limit->rate,
					unit_name(limit->unit), limit->burst,
					family_names[f]);
	struct ir_set *set = own_set(l, span, name, f ? WIRE_IPV6 : WIRE_IPV4);
	struct stmt *stmt = ir_stmt_on(b, &stmt_update, sources[f]);

	set->timeout = limit_timeout(limit);
	set->size = limit->size;
	stmt->update.set = set->name;
	stmt->update.key = sources[f];
	stmt->update.refresh = true;
	stmt->update.rate = limit->rate;
	stmt->update.unit = limit->unit;
	stmt->update.burst = limit->burst;
}

/* Named, so that the rules a policy's rule becomes share it. */
void lower_limit(struct lowering *l, struct ir_build *b,
		 const struct rule *rule, uint8_t family)
{
	/* never a keyword of nft's */
	const char *key = arena_printf(l->arena, "limit.%s", rule->name);
	struct ir_limit *limit;

	if (rule->limit.per == PER_SOURCE) {
		lower_limit_source(l, b, &rule->limit, key, rule->span, family);
		return;
	}
	limit = map_get(&l->rule_chains, str_of(key));
	if (!limit) {
		limit = ir_limit_add(l->ir, key, rule->span);
		limit->rate = rule->limit.rate;
		limit->unit = rule->limit.unit;
		limit->burst = rule->limit.burst;
		map_add(&l->rule_chains, str_of(key), limit);
	}
	ir_stmt(b, &stmt_limit)->limit.name = limit->name;
}

/* All of a rule's connections are those of one element. */
static void connections_op(struct lowering *l, struct ir_build *b,
			   const struct rule *rule, uint8_t family,
			   enum dir dir)
{
	const struct connections_spec *spec = &rule->connections;
	bool all = spec->per == PER_RULE;
	int f = index_of(family);
	enum key_id id = all		  ? KEY_MARK :
			 dir == DIR_REPLY ? destinations[f] :
					    sources[f];
	const char *name = arena_printf(l->arena, "connections.%s.%u.%s",
					rule->name, spec->max,
					all ? "all" : family_names[f]);
	struct ir_set *set = own_set(l, rule->span, name, key(id)->type);
	struct stmt *stmt = ir_stmt_on(b, &stmt_update, id);

	set->size = all ? 1 : spec->size;
	stmt->update.set = set->name;
	stmt->update.key = id;
	stmt->update.constant = all;
	stmt->update.connections = spec->max;
}

void lower_bounds(struct lowering *l, struct ir_build *b,
		  const struct rule *rule, uint8_t family, enum dir dir)
{
	if (rule->connections.max)
		connections_op(l, b, rule, family, dir);
	if (rule->quota)
		ir_stmt(b, &stmt_quota)->object = quota_name(l, rule);
}
