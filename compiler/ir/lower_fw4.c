// SPDX-License-Identifier: GPL-2.0-only
/*
 * Beside OpenWrt's fw4, which has its own table and decides.
 *
 *	fw4's chain, priority filter		drops, or accepts
 *	ours, priority filter + 10, accepts	logs, counts, flow add
 *
 * Each base chain of a hook has its say, and a packet that one has dropped comes
 * to no other: so ours see what fw4 has let pass, and nothing else, as long as
 * it is there. While it starts again it is not, for as long as its rules take to
 * be made. Conntrack goes on then, by our chains: what passed would be
 * established when fw4 is back, which lets such connections pass. So fw4 marks
 * each new connection that it sees (by an include, see fw4.h), and ours drop
 * those that it has not: the gate.
 *
 * What must stay true: with fw4's rules in place nothing here drops a packet;
 * without them no new connection passes that our chains see.
 */
#include "lowering.h"

#include <linux/netfilter/nf_tables.h>

#include "fw4.h"

#define CT_NEW 8

static bool speaks_of_router(const struct model *model)
{
	size_t i;

	for (i = 0; i < model->nrules; i++)
		if (model->rules[i].from.router || model->rules[i].to.router)
			return true;
	for (i = 0; i < model->nraws; i++)
		if (model->raws[i].at == RAW_INPUT ||
		    model->raws[i].at == RAW_OUTPUT)
			return true;
	return false;
}

bool lower_has_rules(const struct lowering *l, enum hook_index hook)
{
	return l->model->mode != MODE_FW4 || hook == HOOK_FORWARD ||
	       speaks_of_router(l->model);
}

bool lower_has_base(const struct lowering *l, enum hook_index hook)
{
	return lower_has_rules(l, hook) ||
	       (l->gate == GATE_ALL && hook == HOOK_INPUT);
}

void lower_behind_fw4(struct ir_chain *chain)
{
	chain->priority = FW4_BEHIND;
	chain->priority_text = FW4_BEHIND_TEXT;
	chain->policy_drop = false;
}

void lower_gate(struct lowering *l, struct ir_chain *chain,
		enum hook_index hook)
{
	struct ir_build b = ir_build(l->ir);
	struct ir_op *op;

	if (l->model->mode != MODE_FW4 || l->gate == GATE_OPEN ||
	    hook == HOOK_OUTPUT ||
	    (hook == HOOK_INPUT && l->gate == GATE_FORWARD))
		return;
	l->ir->gated = true;
	lower_flags(&b, KEY_CT_STATE, CT_NEW);
	op = ir_op(&b, IR_OP_MASK);
	op->nkeys = 1;
	op->keys[0] = KEY_CT_MARK;
	wire_put(WIRE_MARK, 0, op->lo);
	wire_put(WIRE_MARK, l->ir->mark.mask, op->hi);
	ir_verdict(&b, VERDICT_DROP, NULL);
	ir_rule_add(&b, chain, (struct span){ 0 }, FW4_GATE);
}
