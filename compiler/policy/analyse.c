// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a policy says in vain: rules that others take everything from, NAT and
 * offload entries likewise, names that nothing uses. Warnings, each with both
 * places and, where one is known, a packet that shows it; a rule that repeats
 * another one's selection is an error.
 *
 * What must stay true: nothing is reported that some packet would disprove.
 * Where it is not known, nothing is said. Entries that merely overlap are no
 * finding: that is how policies are written.
 */
#include "bind.h"
#include "reach.h"

/* Notes of one finding, and findings that get an example. */
#define NOTES_MAX 3
#define EXAMPLES_MAX 200

struct analysis {
	struct binder *b;
	struct arena *keep, *scratch; /* until the end; within one question */
	size_t examples;
};

static struct takers *new_takers(struct analysis *a, size_t n)
{
	return takers_new(a->keep, a->b->model, a->b->sources, n);
}

/* ---- rules ---- */

static const char *taken(enum action action)
{
	return action == ACTION_ACCEPT ? "accepted" :
	       action == ACTION_QUEUE  ? "queued" :
	       action == ACTION_REJECT ? "rejected" :
					 "dropped";
}

/* Does a rule before @index decide it? */
static bool shows(const struct model *model, const struct packet *packet,
		  size_t index, struct answer *answer)
{
	model_evaluate(model, packet, answer);
	return answer->rule && !answer->nat_forward &&
	       answer->rule < &model->rules[index];
}

/* "line 5", and of which file where it is not the one that is spoken of. */
static const char *place_words(struct analysis *a, const struct rule *rule,
			       const struct rule *other)
{
	const struct sources *sources = a->b->sources;
	struct place place = span_place(sources, rule->span);

	if (source_of(sources, rule->span) == source_of(sources, other->span))
		return arena_printf(a->b->arena, "line %u", place.line);
	return arena_printf(a->b->arena, "%s:%u", place.path, place.line);
}

static void rule_example(struct analysis *a, struct diag *diag, size_t index,
			 const struct reached *reached)
{
	const struct model *model = a->b->model;
	struct packet packet = reached->packet;
	struct answer answer, full;

	if (!reached->packet_known || a->examples >= EXAMPLES_MAX)
		return;
	a->examples++;
	if (!shows(model, &packet, index, &full))
		return;
	packet.known[KEY_TH_SPORT] = false; /* seldom matters */
	if (!shows(model, &packet, index, &answer) || answer.rule != full.rule)
		packet.known[KEY_TH_SPORT] = true;
	diag_help(diag, "for example, \"%s\" is %s by %s",
		  packet_words(a->b->arena, model, &packet), taken(full.action),
		  place_words(a, full.rule, &model->rules[index]));
}

static void notes_of(struct analysis *a, struct diag *diag,
		     const struct reached *reached)
{
	const struct rule *rules = a->b->model->rules;
	size_t i;

	if (reached->ntakers == 1) {
		diag_note(diag, rules[reached->takers[0]].span,
			  "this one takes all of its connections");
		return;
	}
	for (i = 0; i < reached->ntakers && i < NOTES_MAX; i++)
		diag_note(diag, rules[reached->takers[i]].span,
			  "this one takes some of its connections");
}

static void rule_taken(struct analysis *a, size_t index,
		       const struct reached *reached)
{
	const struct rule *rule = &a->b->model->rules[index];
	struct diag *diag;

	if (reached->equal && !action_goes_on(rule->action))
		diag = diag_error(a->b->diags, rule->span,
				  "this rule can never match");
	else if (reached->ntakers > 1)
		diag = diag_warning(a->b->diags, rule->span,
				    "this rule can never match: %zu rules "
				    "before it take all of its connections",
				    reached->ntakers);
	else
		diag = diag_warning(a->b->diags, rule->span,
				    "this rule can never match");
	notes_of(a, diag, reached);
	if (!reached->ntakers)
		diag_help(diag, "nothing meets what it asks for");
	rule_example(a, diag, index, reached);
}

static bool all_refuse(const struct model *model, const struct reached *reached)
{
	size_t i;

	for (i = 0; i < reached->ntakers; i++)
		if (model->rules[reached->takers[i]].action == ACTION_ACCEPT ||
		    model->rules[reached->takers[i]].action == ACTION_QUEUE)
			return false;
	return reached->ntakers > 0;
}

/* What a port forward lets in; that a rule accepts it first is no harm. */
static void forward_taken(struct analysis *a, const struct rule *rule,
			  const struct reached *reached)
{
	struct diag *diag;

	if (!all_refuse(a->b->model, reached))
		return;
	diag = diag_warning(a->b->diags, rule->span,
			    "what this forwards can never get in");
	notes_of(a, diag, reached);
}

static void rule_reached(void *data, size_t index,
			 const struct reached *reached)
{
	struct analysis *a = data;
	struct rule *rule = &a->b->model->rules[index];

	if (reached->reach != REACH_NONE)
		return;
	rule->taken = true;
	if (rule->forward)
		forward_taken(a, rule, reached);
	else
		rule_taken(a, index, reached);
}

/* ---- address translation ---- */

static struct zone_set *all_zones(struct analysis *a, bool router)
{
	size_t i, n = a->b->model->nzones, nwords = (n + 63) / 64;
	struct zone_set *set = arena_new_object(a->keep, struct zone_set);

	set->nwords = (uint32_t)nwords;
	set->words = arena_array(a->keep, nwords, sizeof(*set->words));
	for (i = 0; i < n; i++)
		set->words[i / 64] |= UINT64_C(1) << (i % 64);
	set->router = router;
	return set;
}

static struct zone_set *only_router(struct analysis *a)
{
	struct zone_set *set = all_zones(a, true);

	memset(set->words, 0, set->nwords * sizeof(*set->words));
	return set;
}

static struct region *nat_region(struct analysis *a, const struct nat *nat,
				 const struct zone_set *from,
				 const struct zone_set *to, uint8_t families)
{
	struct region *region = arena_new_object(a->keep, struct region);

	*region = region_of(a->keep, from, to, families, nat->alts,
			    nat->matches, nat->nmatches);
	return region;
}

static void nat_taken(struct analysis *a, struct span span,
		      const struct reached *reached)
{
	const struct nat *nats = a->b->model->nats;
	struct diag *diag;
	size_t i;

	if (!reached->ntakers)
		return;
	diag = diag_warning(a->b->diags, span,
			    "this translation can never take place");
	for (i = 0; i < reached->ntakers && i < NOTES_MAX; i++)
		diag_note(diag, nats[reached->takers[i]].span,
			  reached->ntakers == 1 ?
				  "this one takes all of its connections" :
				  "this one takes some of its connections");
}

/*
 * A forward that names no destination takes what goes to the router's own
 * addresses: of those that name one it surely takes nothing. Its reflection
 * depends on addresses that are not known here, and takes nothing for sure.
 * A redirection takes what it asks for wherever that goes. Of maps nothing is
 * said.
 */
static void analyse_forwards(struct analysis *a)
{
	const struct model *model = a->b->model;
	struct takers *named = new_takers(a, model->nnats);
	struct takers *local = new_takers(a, model->nnats);
	const struct zone_set *router = only_router(a);
	const struct zone_set *all = all_zones(a, false);
	size_t i;

	for (i = 0; i < model->nnats; i++) {
		const struct nat *nat = &model->nats[i];
		bool forward = nat->kind == NAT_FORWARD ||
			       nat->kind == NAT_REDIRECT;
		bool names = nat->kind != NAT_FORWARD ||
			     nat_asks_destination(nat);
		struct reached reached = { 0 };
		struct region *region;

		if (!forward && !(nat->kind == NAT_EXEMPT && nat->to.any))
			continue;
		if (forward) {
			region = nat_region(a, nat,
					    nat->reflect ? all : &nat->from,
					    router, nat->families);
			reached = takers_reach(names ? named : local,
					       a->scratch, region);
		}
		if (reached.reach == REACH_NONE)
			nat_taken(a, nat->span, &reached);
		region = nat_region(a, nat, &nat->from, router, nat->families);
		if (names)
			takers_add(named, (uint32_t)i, region);
		takers_add(local, (uint32_t)i, region);
	}
}

/* A zone's own "masquerade" comes behind all entries. */
static void analyse_masquerade(struct analysis *a, struct takers *takers,
			       const struct zone *zone,
			       const struct zone_set *from)
{
	static struct alt any = { .families = FAMILY_BOTH, .any_proto = true };
	static const struct alts alts = { &any, 1 };
	struct zone_set *to = only_router(a);
	struct reached reached;
	struct region region;

	to->router = false;
	to->words[zone->index / 64] |= UINT64_C(1) << (zone->index % 64);
	region = region_of(a->keep, from, to, zone->masquerade, &alts, NULL, 0);
	reached = takers_reach(takers, a->scratch, &region);
	if (reached.reach == REACH_NONE)
		nat_taken(a, zone->masquerade_span, &reached);
}

static void analyse_sources(struct analysis *a)
{
	const struct model *model = a->b->model;
	struct takers *takers = new_takers(a, model->nnats);
	const struct zone_set *all = all_zones(a, true);
	size_t i;

	for (i = 0; i < model->nnats; i++) {
		const struct nat *nat = &model->nats[i];
		struct region *region;
		struct reached reached;

		if (nat->kind != NAT_EXEMPT && nat->kind != NAT_MASQUERADE &&
		    nat->kind != NAT_SOURCE)
			continue;
		region = nat_region(a, nat, nat->from.any ? all : &nat->from,
				    &nat->to, nat->families);
		reached = takers_reach(takers, a->scratch, region);
		if (reached.reach == REACH_NONE && nat->kind != NAT_EXEMPT)
			nat_taken(a, nat->span, &reached);
		takers_add(takers, (uint32_t)i, region);
	}
	for (i = 0; i < model->nzones; i++)
		if (model->zones[i].masquerade)
			analyse_masquerade(a, takers, &model->zones[i], all);
}

/* ---- offload ---- */

static struct region *offload_region(struct analysis *a,
				     const struct eligible *entry)
{
	struct region *region = arena_new_object(a->keep, struct region);
	size_t i, j;

	*region = region_of(a->keep, &entry->from, &entry->to, FAMILY_BOTH,
			    entry->alts, entry->matches, entry->nmatches);
	for (i = 0; i < region->n; i++) { /* nothing else is offloaded */
		struct protos *protos = &region->boxes[i].protos;
		struct protos only = { { 0 } };

		protos_add(&only, 6);
		protos_add(&only, 17);
		for (j = 0; j < 4; j++)
			protos->bits[j] &= only.bits[j];
	}
	return region;
}

/* Ids: the exemptions, then the eligible entries. */
static void eligible_taken(struct analysis *a, const struct eligible *entry,
			   const struct reached *reached)
{
	const struct offload *offload = &a->b->model->offload;
	struct diag *diag;
	size_t i;

	if (!reached->ntakers)
		return;
	diag = diag_warning(a->b->diags, entry->span,
			    "this entry can never take effect");
	for (i = 0; i < reached->ntakers && i < NOTES_MAX; i++) {
		size_t id = reached->takers[i];
		bool exempt = id < offload->nexempt;

		diag_note(diag,
			  exempt ?
				  offload->exempt[id].span :
				  offload->eligible[id - offload->nexempt].span,
			  exempt ? "this one exempts %s of its connections" :
				   "this one takes %s of its connections",
			  reached->ntakers == 1 ? "all" : "some");
	}
}

static void analyse_offload(struct analysis *a)
{
	const struct offload *offload = &a->b->model->offload;
	size_t i, n = offload->nexempt;
	struct takers *takers;

	if (!offload->neligible)
		return;
	takers = new_takers(a, n + offload->neligible);
	for (i = 0; i < n; i++)
		takers_add(takers, (uint32_t)i,
			   offload_region(a, &offload->exempt[i]));
	for (i = 0; i < offload->neligible; i++) {
		const struct eligible *entry = &offload->eligible[i];
		struct region *region = offload_region(a, entry);
		struct reached reached;

		reached = takers_reach(takers, a->scratch, region);
		if (reached.reach == REACH_NONE)
			eligible_taken(a, entry, &reached);
		takers_add(takers, (uint32_t)(n + i), region);
	}
}

/* ---- names that nothing uses ---- */

static void speaks_of(struct zone_set *used, const struct zone_set *set)
{
	size_t i;

	for (i = 0; i < used->nwords; i++)
		used->words[i] |= set->words[i];
}

static void zones_of_rules(struct zone_set *used, const struct model *model)
{
	const struct offload *offload = &model->offload;
	size_t i;

	for (i = 0; i < model->nrules; i++) {
		speaks_of(used, &model->rules[i].from);
		speaks_of(used, &model->rules[i].to);
	}
	for (i = 0; i < model->nnats; i++) {
		speaks_of(used, &model->nats[i].from);
		speaks_of(used, &model->nats[i].to);
	}
	for (i = 0; i < offload->neligible; i++) {
		speaks_of(used, &offload->eligible[i].from);
		speaks_of(used, &offload->eligible[i].to);
	}
}

static void zones_of_tests(struct zone_set *used, const struct model *model)
{
	size_t i;

	for (i = 0; i < model->ntests; i++) {
		int sides[] = { model->tests[i].packet.from,
				model->tests[i].packet.to };

		for (int s = 0; s < 2; s++)
			if (sides[s] >= 0)
				used->words[sides[s] / 64] |=
					UINT64_C(1) << (sides[s] % 64);
	}
}

static bool takes(const struct flowtable *table, const struct zone *zone)
{
	size_t i, j;

	for (i = 0; i < zone->ndevices; i++)
		for (j = 0; j < table->ndevices; j++)
			if (!strcmp(zone->devices[i].name,
				    table->devices[j].name))
				return true;
	return false;
}

/* Does a flowtable name one of its devices? */
static bool offloads(const struct model *model, const struct zone *zone)
{
	const struct offload *offload = &model->offload;
	size_t i;

	for (i = 0; i < offload->nflowtables; i++)
		if (!offload->flowtables[i].devices_auto &&
		    takes(&offload->flowtables[i], zone))
			return true;
	return false;
}

/*
 * By name or as one of "any". What a zone says of itself is a use, too; and
 * where nothing is accepted by default, it is a zone that is kept apart.
 */
static void unused_zones(struct analysis *a)
{
	const struct model *model = a->b->model;
	struct zone_set *used = only_router(a);
	size_t i;

	if (model->mode == MODE_FW4 ||
	    (model->defaults[HOOK_INPUT] != ACTION_ACCEPT &&
	     model->defaults[HOOK_FORWARD] != ACTION_ACCEPT))
		return;
	zones_of_rules(used, model);
	zones_of_tests(used, model);
	for (i = 0; i < model->nzones; i++) {
		const struct zone *zone = &model->zones[i];

		if (zone_set_has(used, (int)i) || zone->masquerade ||
		    zone->clamp_mss || zone->required || offloads(model, zone))
			continue;
		diag_help(diag_warning(a->b->diags, zone->span,
				       "no rule speaks of the zone \"%s\"",
				       zone->name),
			  "by default, its connections are accepted");
	}
}

static void unused_names(struct analysis *a)
{
	const struct model *model = a->b->model;
	size_t i;

	for (i = 0; i < model->nsets; i++)
		if (!model->sets[i]->used)
			diag_warning(a->b->diags, model->sets[i]->span,
				     "nothing asks for the set \"%s\"",
				     model->sets[i]->name);
	for (i = 0; i < a->b->services.entries.n; i++) {
		const struct service *service =
			a->b->services.entries.v[i].value;

		if (service->span.source && !service->used)
			diag_warning(a->b->diags, service->span,
				     "nothing asks for the service \"%s\"",
				     service->name);
	}
}

void analyse_model(struct binder *b)
{
	struct analysis a = { .b = b };

	a.keep = arena_new();
	a.scratch = arena_new();
	arena_alloc(a.scratch, 1); /* so that no reset gives it back */
	rules_reach(a.keep, b->model, b->sources, rule_reached, &a);
	analyse_forwards(&a);
	analyse_sources(&a);
	analyse_offload(&a);
	if (!diags_errors(b->diags)) {
		unused_zones(&a);
		unused_names(&a);
	}
	arena_free(a.scratch);
	arena_free(a.keep);
}
