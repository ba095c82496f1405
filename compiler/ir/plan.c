// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the decisions. See plan.h.
 */
#include "plan.h"

#include <inttypes.h>

#include "lowering.h"
#include "policy/alts.h"
#include "policy/region.h"

/* A state on one pair's way, and the rules that led to it. */
struct stand {
	uint32_t state; /* 0: none */
	const struct rule **rules;
	size_t n;
};

struct walk {
	struct plan *plan;
	int from, to;
	VEC(struct stand) stands;
};

/* ---- steps ---- */

static bool has_steps(const struct rule *rule)
{
	return rule->log.when == LOG_EVERY || rule->count.when == LOG_EVERY ||
	       rule->action == ACTION_DSCP;
}

static bool is_ending(const struct rule *rule)
{
	return rule->action == ACTION_ACCEPT || rule->action == ACTION_QUEUE;
}

bool plan_has_class(const struct rule *rule)
{
	return is_ending(rule) &&
	       (has_steps(rule) || rule->quota || rule->action == ACTION_QUEUE);
}

/* Of the rules that go on, a mark is kept elsewhere: lower_mark.c. */
static bool makes_state(const struct plan *plan, const struct rule *rule)
{
	return action_goes_on(rule->action) &&
	       (has_steps(rule) ||
		(rule->action == ACTION_HELPER && plan->model->offload.given));
}

/* Two rules' steps are one if they do just the same. */
static const char *step_key(struct plan *plan, enum step_kind kind,
			    const struct rule *rule)
{
	const struct log_spec *log = &rule->log;

	switch (kind) {
	case STEP_LOG:
		return arena_printf(plan->arena,
				    "log %s %d %u %u %" PRIu64 " %" PRIu64
				    " %u",
				    log->prefix ? log->prefix : rule->name,
				    log->group, log->level, log->snaplen,
				    log->rate, log->rate_unit, log->burst);
	case STEP_COUNT:
		return arena_printf(plan->arena, "count %s", rule->count.name);
	default:
		return arena_printf(plan->arena, "dscp %u", rule->dscp);
	}
}

static uint32_t find_step(struct plan *plan, enum step_kind kind,
			  const struct rule *rule)
{
	const char *key = step_key(plan, kind, rule);
	uint32_t *index = map_get(&plan->by_key, str_of(key));
	struct step *made;

	if (index)
		return *index;
	index = arena_new_object(plan->arena, uint32_t);
	*index = (uint32_t)plan->steps.n;
	made = vec_push(plan->arena, &plan->steps);
	*made = (struct step){ kind, rule };
	map_add(&plan->by_key, str_of(key), index);
	return *index;
}

struct steps {
	VEC(uint32_t) list;
};

/* A later traffic class takes the stand of an earlier one. */
static void add_step(struct plan *plan, struct steps *steps, uint32_t step)
{
	size_t i, n = 0;

	for (i = 0; i < steps->list.n; i++) {
		uint32_t old = steps->list.v[i];

		if (old == step)
			return;
		if (plan->steps.v[step].kind == STEP_DSCP &&
		    plan->steps.v[old].kind == STEP_DSCP)
			continue;
		steps->list.v[n++] = old;
	}
	steps->list.n = n;
	*vec_push(plan->arena, &steps->list) = step;
}

static void add_rule_steps(struct plan *plan, struct steps *steps,
			   const struct rule *rule)
{
	if (rule->log.when == LOG_EVERY)
		add_step(plan, steps, find_step(plan, STEP_LOG, rule));
	if (rule->count.when == LOG_EVERY)
		add_step(plan, steps, find_step(plan, STEP_COUNT, rule));
	if (rule->action == ACTION_DSCP)
		add_step(plan, steps, find_step(plan, STEP_DSCP, rule));
}

/* The steps of state @from, and then the rule's. */
static struct steps join_steps(struct plan *plan, uint32_t from,
			       const struct rule *rule)
{
	const struct decided *state = &plan->decided.v[from];
	struct steps steps = { 0 };
	size_t i;

	for (i = 0; from && i < state->nsteps; i++)
		add_step(plan, &steps, state->steps[i]);
	if (rule)
		add_rule_steps(plan, &steps, rule);
	return steps;
}

/* ---- values ---- */

static struct decided *decide(struct plan *plan)
{
	struct decided *decided = vec_push(plan->arena, &plan->decided);

	memset(decided, 0, sizeof(*decided));
	decided->value = (uint32_t)plan->decided.n - 1;
	return decided;
}

static const char *free_name(struct plan *plan, const char *word,
			     const struct rule *rule)
{
	const char *base = arena_printf(plan->arena, "%s.%s", word, rule->name);
	const char *name = base;
	unsigned int i;

	for (i = 2; !map_add(&plan->names, str_of(name), plan); i++)
		name = arena_printf(plan->arena, "%s.%u", base, i);
	return name;
}

/* Everything that tells two states, or two classes, apart. */
static const char *value_key(struct plan *plan, const struct decided *d)
{
	const char *key = d->state ? "state" : "class";
	size_t i;

	for (i = 0; i < d->nsteps; i++)
		key = arena_printf(plan->arena, "%s %u", key, d->steps[i]);
	if (d->queue)
		key = arena_printf(plan->arena, "%s queue %u-%u %d%d", key,
				   d->queue->queue.lo, d->queue->queue.hi,
				   d->queue->queue.bypass,
				   d->queue->queue.fanout);
	if (d->quota)
		key = arena_printf(plan->arena, "%s quota %s", key,
				   d->quota->name);
	return key;
}

static uint32_t find_value(struct plan *plan, const struct decided *like)
{
	const char *key = value_key(plan, like);
	uint32_t *value = map_get(&plan->by_key, str_of(key));
	struct decided *d;

	if (value)
		return *value;
	value = arena_new_object(plan->arena, uint32_t);
	d = decide(plan);
	*value = d->value;
	map_add(&plan->by_key, str_of(key), value);
	plan->too_many |= *value >= PLAN_STATES_MAX;
	d->state = like->state;
	d->rule = like->rule;
	d->steps = like->steps;
	d->nsteps = like->nsteps;
	d->queue = like->queue;
	d->quota = like->quota;
	if (d->state)
		d->set = free_name(plan, "seen.with", d->rule);
	else
		d->then = free_name(plan, "every", d->rule);
	return *value;
}

static uint32_t state_after(struct plan *plan, uint32_t from,
			    const struct rule *rule)
{
	struct steps steps = join_steps(plan, from, rule);
	const struct decided like = {
		.state = true,
		.rule = rule,
		.steps = steps.list.v,
		.nsteps = steps.list.n,
	};

	plan->any_state = true;
	return find_value(plan, &like);
}

/* @rule NULL: accepted by something that has no class of its own. */
static uint32_t class_after(struct plan *plan, uint32_t from,
			    const struct rule *rule)
{
	struct steps steps = join_steps(plan, from, rule);
	const struct decided like = {
		.rule = rule ? rule : plan->decided.v[from].rule,
		.steps = steps.list.v,
		.nsteps = steps.list.n,
		.queue = rule && rule->action == ACTION_QUEUE ? rule : NULL,
		.quota = rule && rule->quota ? rule : NULL,
	};

	if (!like.nsteps && !like.queue && !like.quota)
		return 0;
	return find_value(plan, &like);
}

/* Where packets of such connections are seen. */
static void seen_in(struct plan *plan, uint32_t value, bool forwarded)
{
	struct decided *d = &plan->decided.v[value];

	if (!value)
		return;
	d->hooks[HOOK_FORWARD] |= forwarded;
	d->hooks[HOOK_INPUT] |= !forwarded; /* one sees the replies */
	d->hooks[HOOK_OUTPUT] |= !forwarded;
}

/* ---- walking ---- */

static void note_passage(struct plan *plan, bool arrival,
			 const struct rule *rule, uint32_t from, uint32_t to)
{
	const char *key = arena_printf(plan->arena, "%d %p %u", arrival,
				       (const void *)rule, from);
	struct passage passage = { rule, from, to };

	if (!map_add(&plan->seen_passages, str_of(key), plan))
		return;
	if (arrival)
		*vec_push(plan->arena, &plan->arrivals) = passage;
	else
		*vec_push(plan->arena, &plan->passages) = passage;
}

static bool always(const struct rule *rule)
{
	return alts_take_all(rule->alts) && !rule->limit.rate &&
	       !rule->connections.max && !rule->quota &&
	       (!rule->forward || rule->direct);
}

static bool comes_with(const struct rule *rule, const struct stand *stand)
{
	size_t i;

	for (i = 0; i < stand->n; i++)
		if (!alts_meet(rule->alts, stand->rules[i]->alts))
			return false;
	return true;
}

static bool is_forwarded(const struct walk *w)
{
	return w->from >= 0 && w->to >= 0;
}

static struct stand next_stand(struct walk *w, const struct stand *from,
			       const struct rule *rule, uint32_t state)
{
	struct stand stand = { .state = state, .n = from->n + 1 };

	stand.rules =
		arena_array(w->plan->arena, stand.n, sizeof(*stand.rules));
	if (from->n)
		memcpy(stand.rules, from->rules,
		       from->n * sizeof(*stand.rules));
	stand.rules[from->n] = rule;
	return stand;
}

static bool same_stand(const struct stand *a, const struct stand *b)
{
	return a->state == b->state && a->n == b->n &&
	       memcmp(a->rules, b->rules, a->n * sizeof(*a->rules)) == 0;
}

static void add_stand(struct walk *w, const struct stand *stand)
{
	size_t i;

	for (i = 0; i < w->stands.n; i++)
		if (same_stand(&w->stands.v[i], stand))
			return;
	if (w->stands.n >= PLAN_STATES_MAX) {
		w->plan->too_many = true;
		return;
	}
	*vec_push(w->plan->arena, &w->stands) = *stand;
}

static void go_on(struct walk *w, const struct rule *rule)
{
	struct plan *plan = w->plan;
	size_t i, n = w->stands.n;

	for (i = 0; i < n; i++) {
		struct stand from = w->stands.v[i], to;
		uint32_t state;

		if (!comes_with(rule, &from))
			continue;
		state = state_after(plan, from.state, rule);
		seen_in(plan, state, is_forwarded(w));
		if (from.state)
			note_passage(plan, false, rule, from.state, state);
		to = next_stand(w, &from, rule, state);
		if (always(rule))
			w->stands.v[i] = to;
		else
			add_stand(w, &to);
	}
}

static void arrive(struct walk *w, const struct rule *rule)
{
	struct plan *plan = w->plan;
	size_t i;

	for (i = 0; i < w->stands.n; i++) {
		const struct stand *from = &w->stands.v[i];
		uint32_t to;

		if (rule && !comes_with(rule, from))
			continue;
		to = class_after(plan, from->state, rule);
		seen_in(plan, to, is_forwarded(w));
		if (from->state)
			note_passage(plan, true, rule, from->state, to);
	}
}

struct rules {
	VEC(const struct rule *) list;
};

static void walk_pair(struct plan *plan, const struct rules *rules, int from,
		      int to)
{
	struct walk w = { .plan = plan, .from = from, .to = to };
	size_t i;

	*vec_push(plan->arena, &w.stands) = (struct stand){ 0 };
	for (i = 0; i < rules->list.n && !plan->too_many; i++) {
		const struct rule *rule = rules->list.v[i];

		if (!zone_set_has(&rule->from, from) ||
		    !zone_set_has(&rule->to, to))
			continue;
		if (action_goes_on(rule->action))
			go_on(&w, rule);
		else
			arrive(&w, rule);
	}
	if (!plan->too_many)
		arrive(&w, NULL);
}

static void walk_pairs(struct plan *plan, const struct rules *rules)
{
	int n = (int)plan->model->nzones, f, t;

	for (f = -1; f < n; f++)
		for (t = -1; t < n; t++)
			if (f >= 0 || t >= 0)
				walk_pair(plan, rules, f, t);
}

/* Whatever came before: where it is taken by rules that go on, that is walked. */
static void own_values(struct plan *plan, struct rules *rules)
{
	const struct model *model = plan->model;
	size_t i;

	plan->own = arena_array(plan->arena, model->nrules, sizeof(uint32_t));
	for (i = 0; i < model->nrules; i++) {
		const struct rule *rule = &model->rules[i];
		bool forwarded = zone_set_zones(&rule->from) &&
				 zone_set_zones(&rule->to);

		/* of others, it would only keep them from offload */
		if (makes_state(plan, rule) && (has_steps(rule) || forwarded))
			plan->own[i] = state_after(plan, 0, rule);
		else if (plan_has_class(rule))
			plan->own[i] = class_after(plan, 0, rule);
		else
			continue;
		if (forwarded)
			seen_in(plan, plan->own[i], true);
		if (rule->from.router || rule->to.router)
			seen_in(plan, plan->own[i], false);
		*vec_push(plan->arena, &rules->list) = rule;
	}
}

/* ---- offload ---- */

static bool has_dynamic_exempt(const struct plan *plan)
{
	const struct offload *offload = &plan->model->offload;
	size_t i;

	for (i = 0; i < offload->nexempt; i++)
		if (offload->exempt[i].dynamic)
			return true;
	return false;
}

static const char *after_name(struct plan *plan, const struct decided *d,
			      const char *word)
{
	if (plan->model->offload.named)
		word = arena_printf(plan->arena, "%s.%s", word,
				    d->flowtable->name);
	if (d->after_packets)
		return arena_printf(plan->arena, "%s.after-%" PRIu64 "-packets",
				    word, d->after_packets);
	if (d->after_bytes)
		return arena_printf(plan->arena, "%s.after-%" PRIu64 "-bytes",
				    word, d->after_bytes);
	return word;
}

/* Not to be offloaded for as long as a set exempts it. */
static void decide_held(struct plan *plan, const struct decided *offload)
{
	const struct decided like = {
		.flowtable = offload->flowtable,
		.after_packets = offload->after_packets,
		.after_bytes = offload->after_bytes,
		.set = offload->hold,
		.then = after_name(plan, offload, "held"),
		.held = offload->set,
		.hooks[HOOK_FORWARD] = true,
	};
	struct decided *d = decide(plan);
	uint32_t value = d->value;

	*d = like;
	d->value = value;
}

static void decide_after(struct plan *plan, const struct flowtable *flowtable,
			 uint64_t packets, uint64_t bytes)
{
	struct decided *d;
	size_t i;

	for (i = 1; i < plan->decided.n; i++)
		if (plan->decided.v[i].flowtable == flowtable &&
		    plan->decided.v[i].after_packets == packets &&
		    plan->decided.v[i].after_bytes == bytes)
			return;
	d = decide(plan);
	d->flowtable = flowtable;
	d->after_packets = packets;
	d->after_bytes = bytes;
	d->set = after_name(plan, d, "eligible");
	d->then = after_name(plan, d, "offloading");
	d->offload = true;
	d->hooks[HOOK_FORWARD] = true;
	if (!has_dynamic_exempt(plan))
		return;
	d->hold = after_name(plan, d, "hold");
	decide_held(plan, d);
}

/* A rule that says when, in each flowtable that an entry may mean by it. */
static void decide_rule_after(struct plan *plan, const struct rule *rule)
{
	const struct offload *offload = &plan->model->offload;
	size_t i;

	if (!rule->after_packets && !rule->after_bytes)
		return;
	for (i = 0; i < offload->neligible; i++) {
		const struct eligible *entry = &offload->eligible[i];

		if (!offload->named ||
		    (zone_sets_meet(&entry->from, &rule->from) &&
		     zone_sets_meet(&entry->to, &rule->to)))
			decide_after(plan, entry->flowtable,
				     rule->after_packets, rule->after_bytes);
	}
}

static void decide_offload(struct plan *plan)
{
	const struct model *model = plan->model;
	size_t i;

	for (i = 0; i < model->offload.neligible; i++)
		decide_after(plan, model->offload.eligible[i].flowtable,
			     model->offload.eligible[i].after_packets,
			     model->offload.eligible[i].after_bytes);
	for (i = 0; i < model->nrules; i++)
		decide_rule_after(plan, &model->rules[i]);
}

/* ---- the order ---- */

static bool is_pending(const struct decided *decided)
{
	return decided->state || decided->queue || decided->quota;
}

static void renumber_passages(struct passage *passages, size_t n,
			      const uint32_t *to)
{
	size_t i;

	for (i = 0; i < n; i++) {
		passages[i].from = to[passages[i].from];
		passages[i].to = to[passages[i].to];
	}
}

/* What is accepted keeps its order, and what is not comes behind it. */
static void renumber(struct plan *plan)
{
	size_t n = plan->decided.n, i, pass, next = 0;
	struct decided *old = plan->decided.v;
	struct decided *new = arena_array(plan->arena, n, sizeof(*new));
	uint32_t *to = arena_array(plan->arena, n, sizeof(*to));

	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < n; i++) {
			if (is_pending(&old[i]) != (pass == 1))
				continue;
			to[i] = (uint32_t)next;
			new[next] = old[i];
			new[next].value = (uint32_t)next;
			next++;
		}
		if (pass == 0)
			plan->npending = (uint32_t)(n - next);
	}
	memcpy(old, new, n * sizeof(*new));
	renumber_passages(plan->passages.v, plan->passages.n, to);
	renumber_passages(plan->arrivals.v, plan->arrivals.n, to);
	for (i = 0; i < plan->model->nrules; i++)
		plan->own[i] = to[plan->own[i]];
}

struct plan *plan_build(struct arena *arena, const struct model *model)
{
	struct plan *plan = arena_new_object(arena, struct plan);
	struct decided *accepted;
	struct rules rules = { 0 };

	plan->arena = arena;
	plan->model = model;
	map_init(&plan->by_key, arena);
	map_init(&plan->names, arena);
	map_init(&plan->seen_passages, arena);
	accepted = decide(plan); /* 0: accepted, nothing more */
	accepted->set = LOWER_ACCEPTED;
	memset(accepted->hooks, true, sizeof(accepted->hooks));
	decide_offload(plan);
	own_values(plan, &rules);
	if (plan->any_state && !plan->too_many)
		walk_pairs(plan, &rules);
	renumber(plan);
	return plan;
}

uint32_t lower_mark_count(const struct model *model)
{
	/* where the kernel's days begin makes no difference */
	const struct plan *plan =
		plan_build(model->arena, lower_clock(model->arena, model, 0));

	return plan->too_many ? UINT32_MAX : (uint32_t)plan->decided.n;
}
