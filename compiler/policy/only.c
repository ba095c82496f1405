// SPDX-License-Identifier: GPL-2.0-only
/*
 * The proof that nothing else is accepted: see only.h.
 *
 * Zones that are narrowed by subnets are asked one by one, since only then is
 * it known which addresses their connections have.
 *
 * What must stay true: PROVED only if no packet between the zones that the
 * model accepts is outside of what is listed.
 */
#include "only.h"

#include "reach.h"
#include "vocab/algebra.h"

/* Zones that are asked together, and the addresses they have; NULL: any. */
struct side {
	const struct zone_set *zones;
	const struct ranges *subnets; /* of each family */
};

struct sides {
	VEC(struct side) list;
};

struct proof {
	struct arena *keep, *scratch; /* until the end; within one question */
	const struct model *model;
	const struct sources *sources;
	const struct only *only;
	struct leak leak;
	struct side from, to;
	struct region *permits; /* one for each of the list */
};

/* ---- sides ---- */

static struct zone_set *no_zones(struct proof *p)
{
	struct zone_set *set = arena_new_object(p->keep, struct zone_set);
	size_t nwords = (p->model->nzones + 63) / 64;

	set->nwords = (uint32_t)nwords;
	set->words = arena_array(p->keep, nwords, sizeof(*set->words));
	return set;
}

static void add_side(struct proof *p, struct sides *sides,
		     const struct zone_set *zones, const struct ranges *subnets)
{
	*vec_push(p->keep, &sides->list) = (struct side){ zones, subnets };
}

static bool is_narrowed(const struct zone *zone)
{
	return zone->subnets[0].n || zone->subnets[1].n;
}

/* The router alone, or its zones; narrowed ones each by itself if @split. */
static void split_side(struct proof *p, const struct zone_set *set, bool router,
		       bool split, struct sides *out)
{
	struct zone_set *rest = no_zones(p), *one;
	bool any = false;
	size_t i;

	if (router) {
		rest->router = true;
		if (set->router)
			add_side(p, out, rest, NULL);
		return;
	}
	for (i = 0; i < p->model->nzones; i++) {
		const struct zone *zone = &p->model->zones[i];
		bool alone = split && is_narrowed(zone);

		if (!zone_set_has(set, (int)i))
			continue;
		one = alone ? no_zones(p) : rest;
		one->words[i / 64] |= UINT64_C(1) << (i % 64);
		if (alone)
			add_side(p, out, one, zone->subnets);
		any |= !alone;
	}
	if (any)
		add_side(p, out, rest, NULL);
}

/* ---- regions ---- */

static void narrow_field(struct proof *p, struct box *box, enum box_field field,
			 const struct ranges *subnets)
{
	const struct ranges *own, **asks = &box->asks[field];
	struct ranges *both;

	if (!subnets)
		return;
	own = &subnets[box->families & FAMILY_IPV4 ? FAMILY_INDEX_IPV4 :
						     FAMILY_INDEX_IPV6];
	if (!*asks || !own->n) {
		*asks = own;
		return;
	}
	both = arena_new_object(p->keep, struct ranges);
	*both = ranges_both(p->keep, *asks, own);
	*asks = both;
}

static void push_box(struct proof *p, struct region *out, const struct box *box)
{
	out->boxes = arena_grow(p->keep, out->boxes, out->n * sizeof(*box),
				(out->n + 1) * sizeof(*box));
	out->boxes[out->n++] = *box;
}

/* A box of each family, in the subnets of its sides. */
static void narrow(struct proof *p, struct region *region)
{
	struct region out = *region;
	size_t i;
	int f;

	if (!p->from.subnets && !p->to.subnets)
		return;
	out.boxes = NULL;
	out.n = 0;
	for (i = 0; i < region->n; i++) {
		for (f = 0; f < FAMILIES; f++) {
			struct box box = region->boxes[i];

			box.families &= (uint8_t)(1u << f);
			if (!box.families)
				continue;
			narrow_field(p, &box, FIELD_SOURCE, p->from.subnets);
			narrow_field(p, &box, FIELD_DESTINATION, p->to.subnets);
			if ((box.asks[FIELD_SOURCE] &&
			     !box.asks[FIELD_SOURCE]->n) ||
			    (box.asks[FIELD_DESTINATION] &&
			     !box.asks[FIELD_DESTINATION]->n))
				continue;
			push_box(p, &out, &box);
		}
	}
	*region = out;
}

/* What @rule speaks of between the sides; NULL if nothing. */
static struct region *rule_part(struct proof *p, const struct rule *rule)
{
	const struct zone_set *from, *to;
	struct region *region;

	from = zone_set_both(p->keep, p->from.zones, &rule->from);
	to = zone_set_both(p->keep, p->to.zones, &rule->to);
	if (!from || !to)
		return NULL;
	region = arena_new_object(p->keep, struct region);
	*region = region_of(p->keep, from, to, FAMILY_BOTH, rule->alts,
			    rule->matches, rule->nmatches);
	narrow(p, region);
	return region;
}

static void list_permits(struct proof *p)
{
	size_t i;

	p->permits = arena_array(p->keep, p->only->npermits + 1,
				 sizeof(*p->permits));
	for (i = 0; i < p->only->npermits; i++) {
		const struct permit *permit = &p->only->permits[i];

		p->permits[i] = region_of(p->keep, p->from.zones, p->to.zones,
					  FAMILY_BOTH, permit->alts,
					  permit->matches, permit->nmatches);
	}
}

struct parts {
	struct arena *arena;
	VEC(struct box) list;
};

static void keep_part(void *data, const struct box *part)
{
	struct parts *parts = data;

	*vec_push(parts->arena, &parts->list) = *part;
}

/* Takes out of @region what is listed. */
static void less_permits(struct proof *p, struct region *region)
{
	struct parts now = { p->keep, { 0 } };
	size_t i, j, k;

	for (i = 0; i < region->n; i++)
		keep_part(&now, &region->boxes[i]);
	for (i = 0; i < p->only->npermits; i++) {
		if (!region_opaque_met(p->sources, &p->permits[i], region))
			continue;
		for (j = 0; j < p->permits[i].n && now.list.n; j++) {
			struct parts next = { p->keep, { 0 } };

			for (k = 0; k < now.list.n; k++)
				box_less(p->keep, &now.list.v[k],
					 &p->permits[i].boxes[j], keep_part,
					 &next);
			now = next;
		}
	}
	region->boxes = now.list.v;
	region->n = now.list.n;
}

/* ---- the question ---- */

static bool may_accept(enum action action)
{
	return action == ACTION_ACCEPT || action == ACTION_QUEUE;
}

/*
 * It is sure if the model says so, too, which it does not of what stands behind
 * a limit or is translated first. A source port seldom matters: then it is left
 * out.
 */
static void ask_model(struct proof *p)
{
	struct packet packet = p->leak.packet;
	struct answer full, less;

	if (!p->leak.sure)
		return;
	model_evaluate(p->model, &packet, &full);
	p->leak.sure = full.rule == p->leak.rule && may_accept(full.action);
	packet.known[KEY_TH_SPORT] = false;
	model_evaluate(p->model, &packet, &less);
	if (full.rule == less.rule && full.action == less.action)
		p->leak.packet = packet;
}

/* Is all of @region refused by @takers? */
static bool is_refused(struct proof *p, struct takers *takers,
		       const struct region *region, const struct rule *rule)
{
	struct reached reached;

	if (!region->n)
		return true;
	reached = takers_reach(takers, p->scratch, region);
	if (reached.reach == REACH_NONE)
		return true;
	p->leak.result = reached.reach == REACH_SOME ? ONLY_LEAKS :
						       ONLY_UNKNOWN;
	p->leak.packet = reached.packet;
	p->leak.sure = reached.packet_known;
	p->leak.rule = rule;
	ask_model(p);
	return false;
}

static bool prove_rules(struct proof *p, struct takers *refusing,
			struct takers *deciding)
{
	size_t i;

	for (i = 0; i < p->model->nrules; i++) {
		const struct rule *rule = &p->model->rules[i];
		struct region *region, left;

		if (action_goes_on(rule->action) || !rule->alts->n)
			continue;
		region = rule_part(p, rule);
		if (!region)
			continue;
		left = *region;
		if (may_accept(rule->action)) {
			less_permits(p, &left);
			if (!is_refused(p, refusing, &left, rule))
				return false;
		}
		if (!rule_decides(rule) || rule->forward)
			continue;
		if (!may_accept(rule->action))
			takers_add(refusing, (uint32_t)i, region);
		takers_add(deciding, (uint32_t)i, region);
	}
	return true;
}

static bool prove_default(struct proof *p, struct takers *deciding)
{
	static struct alt any = { .families = FAMILY_BOTH, .any_proto = true };
	static const struct alts all = { &any, 1 };
	struct region region;

	if (!may_accept(p->model->defaults[p->leak.hook]))
		return true;
	region = region_of(p->keep, p->from.zones, p->to.zones, FAMILY_BOTH,
			   &all, NULL, 0);
	narrow(p, &region);
	less_permits(p, &region);
	return is_refused(p, deciding, &region, NULL);
}

static bool prove_between(struct proof *p)
{
	size_t n = p->model->nrules + 1;
	struct takers *refusing = takers_new(p->keep, p->model, p->sources, n);
	struct takers *deciding = takers_new(p->keep, p->model, p->sources, n);

	list_permits(p);
	return prove_rules(p, refusing, deciding) && prove_default(p, deciding);
}

static bool prove_hook(struct proof *p, enum hook_index hook)
{
	struct sides from = { 0 }, to = { 0 };
	size_t i, j;

	p->leak.hook = hook;
	split_side(p, &p->only->from, hook == HOOK_OUTPUT, hook == HOOK_FORWARD,
		   &from);
	split_side(p, &p->only->to, hook == HOOK_INPUT, hook == HOOK_FORWARD,
		   &to);
	for (i = 0; i < from.list.n; i++) {
		for (j = 0; j < to.list.n; j++) {
			p->from = from.list.v[i];
			p->to = to.list.v[j];
			if (!prove_between(p))
				return false;
		}
	}
	return true;
}

static bool has_zone(const struct zone_set *set)
{
	size_t i;

	for (i = 0; i < set->nwords; i++)
		if (set->words[i])
			return true;
	return false;
}

/*
 * Does the test speak of the hook, and may nft's own rules accept there? Those
 * behind routing come too late for that.
 */
static bool is_raw(struct proof *p, enum hook_index hook)
{
	const struct zone_set *from = &p->only->from, *to = &p->only->to;
	const struct raw *raw = NULL;

	if (hook == HOOK_OUTPUT ? !from->router : !has_zone(from))
		return false;
	if (hook == HOOK_INPUT ? !to->router : !has_zone(to))
		return false;
	while ((raw = raw_next(p->model, hook, raw)))
		if (raw->at != RAW_POSTROUTING)
			break;
	p->leak.raw = raw;
	return raw != NULL;
}

struct leak only_prove(const struct model *model, const struct sources *sources,
		       const struct only *only)
{
	struct proof p = { .model = model, .sources = sources, .only = only };

	p.keep = arena_new();
	p.scratch = arena_new();
	arena_alloc(p.scratch, 1); /* so that no reset gives it back */
	if (prove_hook(&p, HOOK_INPUT) && prove_hook(&p, HOOK_FORWARD) &&
	    prove_hook(&p, HOOK_OUTPUT))
		p.leak.result = is_raw(&p, HOOK_INPUT) ||
						is_raw(&p, HOOK_FORWARD) ||
						is_raw(&p, HOOK_OUTPUT) ?
					ONLY_RAW :
					ONLY_PROVED;
	arena_free(p.scratch);
	arena_free(p.keep);
	return p.leak;
}
