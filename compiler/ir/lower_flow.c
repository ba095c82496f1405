// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules with "log: flow": which one accepted a connection is kept in the
 * mark, beside what was decided, so that who hears of its end knows.
 *
 *	mark-mask	vvvvfffo	v: the value of lower.h
 *					f: the rule's number from 1; 0: none
 *					o: it has been offloaded
 *
 * The first packet's rule writes the number, and no later packet pays for it; the
 * packet that is added to a flowtable writes the last bit, since the kernel has
 * forgotten that when the connection ends. A connection that is decided afresh
 * first loses both. What the numbers mean stands in the chain of the record, so
 * whoever reads the kernel needs no policy.
 *
 * What must stay true: the values have as many bits as the policy needs, with
 * half of them free (runtime/ruleset/epoch.h); where fewer bits are left than
 * there are rules, those that come last share the last number. A policy without
 * such a rule has no number, and nothing of this.
 */
#include "lowering.h"

#include <stdio.h>

/* So many bits are taken at least, so that a rule more changes nothing else. */
#define BITS_LEAST 4
/* A number, and whether it was offloaded. */
#define BITS_USEFUL 2

bool lower_flow_wanted(const struct rule *rule)
{
	return rule->log.when == LOG_FLOW && rule->action != ACTION_DROP &&
	       rule->action != ACTION_REJECT;
}

static uint32_t count_rules(const struct model *model)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < model->nrules; i++)
		n += lower_flow_wanted(&model->rules[i]);
	return n;
}

static uint32_t bits_for(uint32_t n)
{
	uint32_t bits = 0;

	while (bits < 32 && n >> bits)
		bits++;
	return bits;
}

static uint32_t flow_mask(const struct model *model, uint32_t count)
{
	uint32_t rules = count_rules(model), bits = bits_for(rules) + 1;
	uint32_t width = (uint32_t)__builtin_popcount(model->mark_mask);
	/* twice as many values, and 0, which is none */
	uint32_t values = bits_for(2 * count);

	if (!rules || count > UINT32_MAX / 4 || values + BITS_USEFUL > width)
		return 0;
	if (bits < BITS_LEAST)
		bits = BITS_LEAST;
	if (bits > width - values)
		bits = width - values;
	return ((1u << bits) - 1) << __builtin_ctz(model->mark_mask);
}

uint32_t lower_mark_mask(const struct model *model, uint32_t count)
{
	return model->mark_mask & ~flow_mask(model, count);
}

static uint32_t numbers_mask(const struct ir_mark *mark)
{
	return mark->flow_mask & (mark->flow_mask - 1);
}

/* 0: it has none. */
static uint32_t number_of(const struct model *model, const struct ir_mark *mark,
			  const struct rule *rule)
{
	uint32_t mask = numbers_mask(mark), n = 1, max;
	const struct rule *r;

	if (!mask || !lower_flow_wanted(rule))
		return 0;
	max = mask >> __builtin_ctz(mask);
	for (r = model->rules; r < rule && n < max; r++)
		n += lower_flow_wanted(r);
	return n;
}

uint32_t lower_flow_mark(const struct model *model, const struct ir_mark *mark,
			 const struct rule *rule, bool offloaded)
{
	uint32_t numbers = numbers_mask(mark), bits = 0;

	if (!mark->flow_mask)
		return 0;
	if (rule && numbers)
		bits = number_of(model, mark, rule) << __builtin_ctz(numbers);
	return bits | (offloaded ? mark->flow_mask & -mark->flow_mask : 0);
}

bool lower_flow_op(struct lowering *l, struct ir_build *b,
		   const struct rule *rule)
{
	uint32_t mask = numbers_mask(&l->ir->mark);
	uint32_t number = number_of(l->model, &l->ir->mark, rule);
	struct stmt *stmt;

	if (!number)
		return false;
	stmt = ir_stmt(b, &stmt_ct_mark);
	stmt->ct_mark.keep = ~mask;
	stmt->ct_mark.set = number << __builtin_ctz(mask);
	return true;
}

void lower_flow_offloaded(struct lowering *l, struct ir_build *b)
{
	uint32_t mask = l->ir->mark.flow_mask;
	struct stmt *stmt;

	if (!mask)
		return;
	stmt = ir_stmt(b, &stmt_ct_mark);
	stmt->ct_mark.keep = UINT32_MAX;
	stmt->ct_mark.set = mask & -mask;
}

void lower_flow_forget(struct lowering *l, struct ir_chain *chain)
{
	struct ir_build b = ir_build(l->ir);

	if (!l->ir->mark.flow_mask)
		return;
	ir_stmt(&b, &stmt_ct_mark)->ct_mark.keep = ~l->ir->mark.flow_mask;
	ir_rule_add(&b, chain, (struct span){ 0 }, "what log: flow knew of it");
}

/* The only zone of @set, "router", or "-". */
static const char *sole_zone(const struct lowering *l,
			     const struct zone_set *set)
{
	const char *name = set->router ? "router" : NULL;
	size_t i;

	for (i = 0; i < l->model->nzones; i++) {
		if (!zone_set_has(set, (int)i))
			continue;
		if (name)
			return "-";
		name = l->model->zones[i].name;
	}
	return name ? name : "-";
}

static const char *row(struct lowering *l, const struct rule *rule,
		       uint32_t number, uint32_t others)
{
	const char *from = sole_zone(l, &rule->from);
	const char *to = sole_zone(l, &rule->to);
	const char *more = others ? arena_printf(l->arena, " +%u", others) : "";
	const char *text;

	text = arena_printf(l->arena, "flow %u %s %s %s%s", number,
			    others ? "-" : from, others ? "-" : to, rule->name,
			    more);
	if (strlen(text) <= IR_COMMENT_MAX)
		return text;
	return arena_printf(l->arena, "flow %u - - %.60s%s", number, rule->name,
			    more);
}

void lower_flow_record(struct lowering *l, struct ir_chain *chain)
{
	uint32_t mask = numbers_mask(&l->ir->mark), last, number, seen = 0;
	uint32_t n = count_rules(l->model);
	size_t i;

	if (!mask)
		return;
	last = mask >> __builtin_ctz(mask);
	for (i = 0; i < l->model->nrules && seen < last; i++) {
		const struct rule *rule = &l->model->rules[i];

		number = number_of(l->model, &l->ir->mark, rule);
		if (!number)
			continue;
		seen++;
		lower_note(l, chain, rule->span,
			   row(l, rule, number, number == last ? n - last : 0));
	}
}

bool ir_flow_parse(const char *comment, struct ir_flow_row *row)
{
	char rest;

	*row = (struct ir_flow_row){ 0 };
	return sscanf(comment, "flow %u %63s %63s %63s +%u %c", &row->number,
		      row->from, row->to, row->rule, &row->others, &rest) >= 4;
}
