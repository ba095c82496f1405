// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains of nft's own text.
 *
 *	before	the base chain's first rule jumps there: each packet of the hook
 *	after	whatever would meet the default jumps there first, replies too
 *	ahead of routing and behind it: a base chain
 *
 * A chain returns what it does not decide; what it accepts has no mark, and so
 * comes by again with each of its packets.
 */
#include "lowering.h"

static void fill_raw(struct lowering *l, const struct raw *raw,
		     struct ir_chain *chain)
{
	size_t i;

	for (i = 0; i < raw->nlines; i++)
		ir_raw_add(l->ir, chain, raw->lines[i].span,
			   raw->lines[i].text);
}

void lower_raws(struct lowering *l)
{
	size_t i;

	for (i = 0; i < l->model->nraws; i++) {
		const struct raw *raw = &l->model->raws[i];
		struct ir_chain *chain = lower_chain(l, raw->chain, raw->span);

		if (raw->at >= RAW_PREROUTING) {
			chain->type = "filter";
			chain->hook = raw->at == RAW_PREROUTING ?
					      IR_HOOK_PREROUTING :
					      IR_HOOK_POSTROUTING;
			chain->priority = raw->priority;
		}
		fill_raw(l, raw, chain);
	}
}

void lower_raw_jumps(struct lowering *l, struct ir_chain *chain,
		     enum hook_index hook, bool after)
{
	struct ir_build b = ir_build(l->ir);
	size_t i;

	for (i = 0; i < l->model->nraws; i++) {
		const struct raw *raw = &l->model->raws[i];

		if (raw->at != (enum raw_at)hook || raw->after != after)
			continue;
		ir_verdict(&b, VERDICT_JUMP, raw->chain);
		ir_rule_add(&b, chain, raw->span, raw->name);
	}
}
