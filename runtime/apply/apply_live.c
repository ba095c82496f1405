// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steps of an apply that bring live connections into line: see realign.h.
 *
 *	look	before the commit: are flowtables to be renewed with it?
 *	bring	behind it: the marks. So what stays offloaded has its new mark
 *		when the module commits, and all else leaves by its mark
 *	end	when all is committed: who is denied
 *
 * A note in the state directory stands from the first step to the last. If we
 * are killed in between, the next apply finds it, and does not take the policy
 * for applied even if its rules run: it is applied again, all steps of it.
 *
 * The way back (wayback.h), on failure and of a policy that was not confirmed,
 * asks no model: it makes all flowtables anew, and with the module all flows go
 * by their marks. So nothing is left offloaded that the rules do not know.
 */
#include "runtime/apply/apply_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/report.h"
#include "runtime/live/realign.h"

/* What nobody decided is not asked; nor, if there is none, what would begin
 * meanwhile: that meets the new rules. Nor is it if only the rules are there, and
 * no model of them. */
static bool follows(const struct apply *a)
{
	return a->now.recorded && a->ir && connections_count();
}

/* Is the one flowtable that the kernel has the one that the policy has, too? */
static bool is_one(const struct apply *a)
{
	const struct names *now = &a->now.names;
	const struct ir_flowtable *new = a->ir->flowtables;

	return now->flowtables.n == 1 && new && !new->next &&
	       !strcmp(now->flowtables.v[0].name, new->name);
}

/* The model that made the rules that run, as far as this program makes them. */
static bool made_what_runs(struct apply *a, const struct model *model)
{
	const struct ir_record *record = &a->now.record;
	struct lower_options options = a->lowered;
	uint32_t count = lower_mark_count(model);

	options.epoch = record->epoch;
	return count == record->count &&
	       lower_mark_mask(model, count) == record->mask &&
	       apply_lowers_to(a->arena, model, &options, record->digest);
}

static void learn_values(struct apply *a, const struct model *model)
{
	struct realign_former *former = &a->realign.former;
	const struct flowtable *flowtable;
	struct lower_values *values;
	uint32_t i;

	values = lower_values(a->arena, model, a->lowered.kernel_east);
	former->n = a->now.record.count;
	former->names = arena_array(a->arena, former->n, sizeof(char *));
	for (i = 0; i < former->n; i++) {
		flowtable = lower_value_flowtable(values, i);
		former->names[i] = flowtable ? arena_printf(a->arena, "%s",
							    flowtable->name) :
					       NULL;
	}
}

/*
 * Which flow is in which of several flowtables. What an apply that was killed
 * left behind is not known.
 */
static void learn_former(struct apply *a, bool left)
{
	struct realign_former *former = &a->realign.former;
	const struct names *now = &a->now.names;
	struct compilation c;
	struct applied applied;

	former->mask = a->now.record.mask;
	former->epoch = a->now.record.epoch;
	if (a->c.model->existing_keep)
		former->kept = a->now.record.count - a->now.record.pending;
	if (now->flowtables.n == 1)
		former->only = now->flowtables.v[0].name;
	if (now->flowtables.n < 2 || a->module.module || left || !a->has_old)
		return;
	if (!applied_open(&applied, &c, a->state, a->old.number) &&
	    made_what_runs(a, c.model))
		learn_values(a, c.model);
	compile_free(&c);
	applied_close(&applied);
}

static int look(struct apply *a, bool left)
{
	struct realign *f = &a->realign;
	int ret;

	*f = (struct realign){
		.arena = a->arena,
		.nl = a->nl,
		.mark = &a->ir->mark,
		.one = is_one(a),
		.module = a->module.module,
	};
	learn_former(a, left);
	ret = live_open(a->arena, a->c.model, &f->live);
	return ret ? ret : realign_look(f);
}

/* In doubt, flowtables are renewed. */
int apply_look_live(struct apply *a)
{
	bool left = apply_left_live(a);
	int ret;

	if (!follows(a))
		return NEXT;
	ret = state_note_live(a->state, a->number);
	if (!ret)
		ret = look(a, left);
	if (!ret)
		a->renewal = a->realign.renew;
	else
		report_warning("live connections cannot be told apart: all "
			       "flows go back to the slow path: %s",
			       strerror(-ret));
	return NEXT;
}

/* What cannot be told goes with the flowtable; with the module, by its mark. */
int apply_bring_live(struct apply *a)
{
	struct renewal renewed = a->renewal;
	int ret;

	if (!a->realign.live)
		return NEXT;
	renewed.all |= !a->differing;
	ret = realign_bring(&a->realign, &renewed);
	if (!ret)
		return NEXT;
	report_warning("live connections could not be listed: they meet the "
		       "new rules one by one: %s",
		       strerror(-ret));
	a->realign.renew.all = !a->module.module && !a->renewal.all;
	return NEXT;
}

static int end(struct apply *a)
{
	int ret = realign_end(&a->realign, a->module.module);

	if (!ret && !renewal_is_empty(&a->realign.renew))
		ret = apply_renew_flowtables(a);
	if (!ret)
		ret = state_note_live(a->state, 0);
	return ret;
}

/* The policy runs, whatever comes of this. */
int apply_end_live(struct apply *a)
{
	int ret = a->realign.live ? end(a) : 0;

	if (!ret)
		return NEXT;
	report_warning("connections that are offloaded may go on as before: %s",
		       strerror(-ret));
	report_help("apply again");
	return NEXT;
}

/* Was an apply of what runs killed before all was done? Then this one does it. */
bool apply_left_live(const struct apply *a)
{
	return a->state && !a->options->dry_run &&
	       state_noted_live(a->state) == a->old.number;
}
