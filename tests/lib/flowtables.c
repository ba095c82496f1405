// SPDX-License-Identifier: GPL-2.0-only
/* Policies without their flowtables. */
#include "tests/lib/flowtables.h"

static bool is_flow_add(const struct ir_rule *rule)
{
	uint32_t i;

	for (i = 0; i < rule->nops; i++)
		if (rule->ops[i].stmt &&
		    rule->ops[i].stmt->ops == &stmt_flow_add)
			return true;
	return false;
}

void flowtables_strip(struct ir *ir)
{
	struct ir_chain *chain;
	struct ir_rule **at;

	ir->flowtables = NULL;
	for (chain = ir->chains; chain; chain = chain->next) {
		for (at = &chain->rules; *at;) {
			if (is_flow_add(*at)) {
				*at = (*at)->next;
				chain->nrules--;
			} else {
				at = &(*at)->next;
			}
		}
	}
}
