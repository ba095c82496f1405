// SPDX-License-Identifier: GPL-2.0-only
/*
 * What exempts from offload without being called so: rules that need every
 * packet (need.c). Which entries that costs connections; which can therefore
 * never take effect; and what a rule that requires its offload stands against.
 *
 * What must stay true: a warning is only given where no connection is left
 * that may be offloaded. What merely costs some is told to those who ask.
 */
#include <netinet/in.h>

#include "bind.h"
#include "reach.h"

static bool zones_meet(const struct zone_set *from, const struct zone_set *to,
		       const struct rule *rule)
{
	return zone_sets_meet(from, &rule->from) &&
	       zone_sets_meet(to, &rule->to);
}

static bool touches(const struct rule *rule, const struct eligible *entry)
{
	return zones_meet(&entry->from, &entry->to, rule) &&
	       alts_meet(entry->alts, rule->alts);
}

void model_costs(const struct model *model,
		 void (*fn)(void *data, const struct cost *cost), void *data)
{
	const struct offload *offload = &model->offload;
	size_t i, j;

	for (j = 0; j < model->nrules; j++) {
		struct cost cost = { .rule = &model->rules[j] };

		cost.need = rule_need(cost.rule);
		for (i = 0; cost.need && i < offload->neligible; i++) {
			cost.entry = &offload->eligible[i];
			if (touches(cost.rule, cost.entry))
				fn(data, &cost);
		}
	}
}

struct span need_place(const struct rule *rule)
{
	const struct need *need = rule_need(rule);

	if (!need)
		return rule->span;
	if (need->ops == &stmt_log)
		return rule->log.span.source ? rule->log.span :
					       rule->action_span;
	if (need->ops == &stmt_counter)
		return rule->count.span;
	if (need->ops == &stmt_quota)
		return rule->quota_span;
	return need->ops ? rule->action_span : rule->offload_span;
}

/* ---- entries that can never take effect ---- */

static bool always(const struct rule *rule)
{
	return !rule->limit.rate && !rule->connections.max && !rule->quota;
}

/* Only tcp and udp are offloaded: whoever asks, asks for these. */
static struct region *offload_region(struct arena *arena,
				     const struct zone_set *from,
				     const struct zone_set *to,
				     const struct alts *alts,
				     const struct match *matches, size_t n)
{
	struct region *region = arena_new_object(arena, struct region);
	struct protos both = { { 0 } };
	size_t i, j, left = 0;

	*region = region_of(arena, from, to, FAMILY_BOTH, alts, matches, n);
	protos_add(&both, IPPROTO_TCP);
	protos_add(&both, IPPROTO_UDP);
	for (i = 0; i < region->n; i++) {
		struct box box = region->boxes[i];

		for (j = 0; j < 4; j++)
			box.protos.bits[j] &= both.bits[j];
		if (protos_count(&box.protos))
			region->boxes[left++] = box;
	}
	region->n = left;
	return region;
}

static struct region *entry_region(struct arena *arena,
				   const struct eligible *entry)
{
	return offload_region(arena, &entry->from, &entry->to, entry->alts,
			      entry->matches, entry->nmatches);
}

static struct region *rule_region(struct arena *arena, const struct rule *rule)
{
	return offload_region(arena, &rule->from, &rule->to, rule->alts,
			      rule->matches, rule->nmatches);
}

/* Rules that touch the entry's connections, as the walk comes to them. */
struct way {
	struct binder *b;
	const struct eligible *entry;
	const struct region *region;
	struct takers *takers;
	const struct rule *first; /* of those that keep some of it */
};

/* Do they leave something, so far? */
static bool is_left(struct way *w)
{
	return !w->first ||
	       takers_reach(w->takers, w->b->scratch, w->region).reach !=
		       REACH_NONE;
}

static void keep_from(struct way *w, const struct rule *rule, size_t i)
{
	if (!w->first)
		w->first = rule;
	if (always(rule) && action_goes_on(rule->action))
		takers_add(w->takers, (uint32_t)i,
			   rule_region(w->b->arena, rule));
}

bool entry_has_effect(struct binder *b, const struct eligible *entry,
		      const struct rule **kept_by)
{
	const struct model *model = b->model;
	struct way w = { .b = b, .entry = entry };
	bool found = false;
	size_t i;

	w.region = entry_region(b->arena, entry);
	w.takers = takers_new(b->arena, model, b->sources, model->nrules);
	for (i = 0; !found && i < model->nrules; i++) {
		const struct rule *rule = &model->rules[i];

		if (!touches(rule, entry))
			continue;
		if (rule_need(rule))
			keep_from(&w, rule, i);
		else if (rule->action == ACTION_ACCEPT)
			found = is_left(&w);
	}
	*kept_by = w.first;
	return found ||
	       (model->defaults[HOOK_FORWARD] == ACTION_ACCEPT && is_left(&w));
}

/* ---- what must be offloaded ---- */

static struct diag *cannot(struct binder *b, const struct rule *rule,
			   const char *why)
{
	return diag_error(b->diags, rule->offload_span,
			  "what this rule accepts cannot be offloaded as it "
			  "requires: %s",
			  why);
}

static void against_rules(struct binder *b, const struct rule *rule)
{
	const struct rule *other;

	for (other = b->model->rules;
	     other < b->model->rules + b->model->nrules; other++) {
		const struct need *need = rule_need(other);
		bool before = other < rule || other->action == ACTION_MARK;

		if (!need || !before || !action_goes_on(other->action) ||
		    !zones_meet(&rule->from, &rule->to, other) ||
		    !alts_meet(rule->alts, other->alts))
			continue;
		diag_note(cannot(b, rule, need->why), need_place(other),
			  "by this");
	}
}

/* Of connections that another one announced: those are no rule's own. */
static bool of_announced(const struct eligible *entry)
{
	size_t i;

	for (i = 0; i < entry->nmatches; i++)
		if (entry->matches[i].word->announced)
			return true;
	return false;
}

static void against_exempt(struct binder *b, const struct rule *rule)
{
	const struct offload *offload = &b->model->offload;
	size_t i;

	for (i = 0; i < offload->nexempt; i++)
		if (!of_announced(&offload->exempt[i]) &&
		    touches(rule, &offload->exempt[i]))
			diag_note(cannot(b, rule, "some of it is exempt"),
				  offload->exempt[i].span, "by this entry");
}

static void against_eligible(struct binder *b, const struct rule *rule)
{
	const struct offload *offload = &b->model->offload;
	struct takers *takers = takers_new(b->arena, b->model, b->sources,
					   offload->neligible + 1);
	struct reached reached;
	struct diag *diag;
	size_t i;

	for (i = 0; i < offload->neligible; i++)
		takers_add(takers, (uint32_t)i,
			   entry_region(b->arena, &offload->eligible[i]));
	reached = takers_reach(takers, b->scratch, rule_region(b->arena, rule));
	if (reached.reach != REACH_SOME)
		return;
	diag = cannot(b, rule, "no entry makes all of it eligible");
	if (reached.packet_known)
		diag_help(diag, "for example, \"%s\" is not",
			  packet_words(b->arena, b->model, &reached.packet));
}

static void check_require(struct binder *b, const struct rule *rule)
{
	const struct need *need = rule_need(rule);

	if (rule->from.router || rule->to.router) {
		cannot(b, rule, "only forwarded connections are");
		return;
	}
	if (!b->model->offload.given) {
		cannot(b, rule, "the policy offloads nothing");
		return;
	}
	if (need)
		diag_note(cannot(b, rule, need->why), need_place(rule),
			  "by this");
	against_rules(b, rule);
	against_exempt(b, rule);
	against_eligible(b, rule);
}

void check_required(struct binder *b)
{
	size_t i;

	for (i = 0; i < b->model->nrules; i++)
		if (b->model->rules[i].offload == RULE_OFFLOAD_REQUIRE)
			check_require(b, &b->model->rules[i]);
}
