// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which value of the mark the rules give a connection: the same walk over what
 * the model says matched as the chains make of it (see plan.h). A state is
 * left by each rule that goes on; what ends the walk has a class, is offloaded
 * or is just accepted.
 *
 * What must stay true: where this tells a value, the rules give the same one.
 */
#include "lowering.h"

struct lower_values {
	const struct model *model; /* by the kernel's clock */
	struct plan *plan;
	uint32_t marks; /* bits that rules mark connections with */
	bool dynamic;	/* an exemption is asked with each packet */
};

struct lower_values *lower_values(struct arena *arena,
				  const struct model *model,
				  int32_t kernel_east)
{
	struct lower_values *values =
		arena_new_object(arena, struct lower_values);
	size_t i;

	values->model = lower_clock(arena, model, kernel_east);
	values->plan = plan_build(arena, values->model);
	for (i = 0; i < model->nrules; i++)
		if (model->rules[i].action == ACTION_MARK)
			values->marks |= model->rules[i].mark_bits;
	for (i = 0; i < model->offload.nexempt; i++)
		values->dynamic |= model->offload.exempt[i].dynamic;
	return values;
}

const struct model *lower_values_model(const struct lower_values *values)
{
	return values->model;
}

uint32_t lower_values_marks(const struct lower_values *values)
{
	return values->marks;
}

const struct flowtable *lower_value_flowtable(const struct lower_values *values,
					      uint32_t k)
{
	const struct decided *decided = &values->plan->decided.v[k];

	return decided->offload ? decided->flowtable : NULL;
}

static uint32_t own(const struct lower_values *values, const struct rule *rule)
{
	return values->plan->own[rule - values->model->rules];
}

/* By way of @rule from @state: @to, unless another way is known. */
static uint32_t pass(const struct passage *ways, size_t n,
		     const struct rule *rule, uint32_t state, uint32_t to)
{
	size_t i;

	for (i = 0; state && i < n; i++)
		if (ways[i].rule == rule && ways[i].from == state)
			return ways[i].to;
	return to;
}

/* What the rules that go on leave. */
static uint32_t state_of(const struct lower_values *values,
			 const struct answer *answer)
{
	const struct plan *plan = values->plan;
	uint32_t state = 0;
	size_t i;

	for (i = 0; i < answer->did.n; i++) {
		const struct rule *rule = answer->did.v[i];

		if (action_goes_on(rule->action) && own(values, rule))
			state = pass(plan->passages.v, plan->passages.n, rule,
				     state, own(values, rule));
	}
	return state;
}

static uint32_t offloaded(const struct lower_values *values,
			  const struct answer *answer)
{
	const struct plan *plan = values->plan;
	size_t i;

	for (i = 1; i < plan->decided.n; i++) {
		const struct decided *d = &plan->decided.v[i];

		if (d->offload && d->flowtable == answer->eligible->flowtable &&
		    d->after_packets == answer->after_packets &&
		    d->after_bytes == answer->after_bytes)
			return d->value;
	}
	return 0;
}

/* Rules that do it elsewhere than where connections are decided. */
static bool does(const struct answer *answer, enum action action)
{
	size_t i;

	for (i = 0; i < answer->did.n; i++)
		if (answer->did.v[i]->action == action)
			return true;
	return false;
}

/* With each packet, what is asked of it alone counts as met: lower_offload.c. */
static bool may_be_held(const struct lower_values *values,
			const struct answer *answer)
{
	const struct offload *offload = &values->model->offload;
	struct packet packet;
	size_t i;

	if (!values->dynamic || (answer->exempt && !answer->exempt->dynamic) ||
	    (!answer->exempt && !answer->offload))
		return false;
	packet = answer->seen;
	packet.replied = false;
	for (i = 0; i < offload->nexempt; i++)
		if (offload->exempt[i].dynamic &&
		    zone_set_has(&offload->exempt[i].from, packet.from) &&
		    zone_set_has(&offload->exempt[i].to, packet.to) &&
		    alts_sure(offload->exempt[i].alts, &packet))
			return true;
	return false;
}

bool lower_value(const struct lower_values *values, const struct answer *answer,
		 uint32_t *k)
{
	const struct plan *plan = values->plan;
	const struct rule *rule = answer->rule;
	uint32_t to;

	*k = 0;
	if (answer->unsure || answer->spoofed ||
	    answer->action != ACTION_ACCEPT || (rule && rule->quota) ||
	    does(answer, ACTION_MARK) || does(answer, ACTION_NOTRACK) ||
	    may_be_held(values, answer))
		return false;
	to = rule ? own(values, rule) : 0;
	if (!to)
		rule = NULL; /* no class of its own */
	if (answer->offload)
		to = offloaded(values, answer);
	*k = pass(plan->arrivals.v, plan->arrivals.n, rule,
		  state_of(values, answer), to);
	return !plan->decided.v[*k].state && !plan->decided.v[*k].quota &&
	       !plan->decided.v[*k].queue;
}
