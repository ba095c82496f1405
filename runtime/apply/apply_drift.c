// SPDX-License-Identifier: GPL-2.0-only
/*
 * What others did to the table that runs: finding it, saying it at the policy's
 * lines, and what is to be mended.
 *
 * What must stay true: what is taken for the table's content is its content at
 * the generation that the transaction names; the kernel refuses any other.
 */
#include "runtime/apply/apply_parts.h"

#include <errno.h>
#include <stdio.h>

#include "runtime/base/exit.h"
#include "runtime/base/report.h"
#include "runtime/netlink/content.h"
#include "runtime/netlink/reject.h"
#include "runtime/state/stored.h"

/* What ran when somebody took its record away; else what runs. */
static const struct generation *committed(const struct apply *a)
{
	return a->has_old ? &a->old : &a->last;
}

static struct str stored(const struct apply *a)
{
	return (struct str){ a->old_content.p, a->old_content.n };
}

/*
 * By what was remembered of the whole table then. Whatever others committed
 * since it was read: it is read anew.
 */
static bool is_remembered(struct apply *a)
{
	struct kernel all;

	if (!a->old.fingerprint ||
	    kernel_read_all(a->nl, a->arena, a->old.elements, &all) ||
	    all.fingerprint != a->old.fingerprint)
		return false;
	a->now = all;
	return true;
}

/* Is our table as it was committed, at the generation that was read? */
bool apply_is_unchanged(struct apply *a)
{
	if (!a->has_old)
		return false;
	if (a->old.genid == a->now.genid)
		return true;
	if (a->drift.known && a->drift.actual.kernel.genid == a->now.genid)
		return false;
	if (!is_remembered(a))
		return false;
	a->old.genid = a->now.genid;
	return true;
}

static bool is_same_policy(const struct apply *a)
{
	return a->has_old &&
	       a->now.record.digest == a->target.container.parsed.digest;
}

static int compare(struct apply *a)
{
	return drift_read(&a->drift, a->nl, a->arena, stored(a),
			  committed(a)->elements);
}

/* All is as it was committed: so the next run need not compare it again. */
static void note_unchanged(struct apply *a)
{
	const struct kernel *kernel = &a->drift.actual.kernel;

	if (!a->has_old || a->drift.actual.unread || a->drift.changes.list.n ||
	    kernel->genid != a->now.genid)
		return;
	a->old.genid = kernel->genid;
	a->old.fingerprint = kernel->fingerprint;
	if (!a->options->dry_run)
		state_note(a->state, &a->old);
}

void apply_read_stored(struct apply *a)
{
	if (a->old_content.n)
		return;
	if (stored_content(a->state, committed(a)->number, &a->now.names,
			   &a->old_content))
		a->old_content.n = 0;
}

/*
 * Where it cannot be read, since others write too fast, all is replaced as
 * where it is not known.
 */
int apply_find_drift(struct apply *a)
{
	if (!a->state || a->blind || !a->now.names.exists ||
	    !committed(a)->number || kernel_only_translates(&a->now))
		return NEXT;
	apply_read_stored(a);
	if (!a->old_content.n)
		return NEXT;
	if (!apply_is_unchanged(a) && !compare(a))
		note_unchanged(a);
	if (a->ir && is_same_policy(a))
		drift_devices(&a->drift, a->arena, stored(a), &a->now.names,
			      a->ir);
	/* The lines of what was stored are not those of the file by now. */
	if (!a->target.number)
		changes_place(&a->drift.changes, a->ir, &a->c.sources);
	changes_warn(&a->drift.changes, a->c.diags, DRIFT_SHOWN);
	return NEXT;
}

/*
 * Of elements that were not read, and of a table that sleeps, it is not known
 * what the least is that mends them.
 */
struct str apply_actual(struct apply *a)
{
	static const struct str unknown;
	const struct actual *actual = &a->drift.actual;

	if (apply_is_unchanged(a))
		return stored(a);
	if (!a->old_content.n || !a->drift.known || actual->unread)
		return unknown;
	if (actual->kernel.genid != a->now.genid && compare(a))
		return unknown;
	if (actual->kernel.genid != a->now.genid || actual->dormant)
		return unknown;
	a->mending = true;
	return (struct str){ actual->content.p, actual->content.n };
}

/*
 * diff
 */

/* What is there, in the words of @new where nothing else is known. */
static int read_now(struct apply *a, struct actual *actual, struct str new,
		    struct str *now)
{
	int ret;

	*now = stored(a);
	if (!a->blind && !a->now.names.exists)
		*now = (struct str){ 0 };
	if (a->blind || !a->now.names.exists || apply_is_unchanged(a))
		return 0;
	*now = apply_actual(a);
	if (now->n)
		return 0;
	ret = actual_read(actual, a->nl, a->arena, new, 0);
	*now = (struct str){ actual->content.p, actual->content.n };
	return ret;
}

static void find_devices(struct apply *a, struct changes *changes)
{
	const struct names *now = &a->now.names;
	const struct ir_flowtable *f;
	size_t i;

	for (f = a->ir->flowtables; f && !a->blind; f = f->next)
		for (i = 0; i < now->flowtables.n; i++)
			if (!strcmp(now->flowtables.v[i].name, f->name))
				changes_devices(
					changes, f->name,
					&(struct change_devices){
						now->flowtables.v[i].devices.v,
						now->flowtables.v[i]
							.devices.n },
					&(struct change_devices){
						f->devices, f->ndevices });
}

static void find_changes(struct apply *a, struct changes *changes,
			 struct str now, struct str new)
{
	const char *former = a->blind ? a->last.record.policy :
					a->now.record.policy;
	struct content from, to;

	if (content_read(&from, a->arena, now) && now.n)
		report_warning("what runs cannot be told apart");
	content_read(&to, a->arena, new);
	if (strcmp(former, a->ir->policy) != 0)
		changes_policy(changes, former, a->ir->policy);
	if (a->drift.known && a->drift.actual.dormant)
		changes_dormant(changes);
	changes_find(changes, &from, &to);
	find_devices(a, changes);
	changes_place(changes, a->ir, &a->c.sources);
}

static void show(struct apply *a, const struct changes *changes)
{
	struct buf out = { 0 };

	if (a->options->json) {
		json_put_str(a->options->json, "policy", a->ir->policy);
		json_key(a->options->json, "changes");
		changes_json(changes, a->options->json);
		json_key(a->options->json, "drift");
		changes_json(&a->drift.changes, a->options->json);
		return;
	}
	changes_print(changes, &out);
	if (out.n)
		fwrite(out.p, 1, out.n, stdout);
	fflush(stdout); /* what was asked stands before what was wrong */
	buf_free(&out);
}

/* The same policy makes what was stored, but for what it kept of its former. */
int apply_show_changes(struct apply *a)
{
	const struct batch_options options = { 0 };
	struct changes changes = { .arena = a->arena };
	struct actual actual = { 0 };
	struct str now, new = stored(a);
	int ret = 0;

	if (!is_same_policy(a) || !new.n) {
		ret = reject_build(a->c.diags, &a->content, a->ir, &options);
		if (ret == -E2BIG)
			return EXIT_POLICY;
		new = (struct str){ a->content.bytes.p, a->content.bytes.n };
	}
	if (!ret)
		ret = read_now(a, &actual, new, &now);
	if (!ret) {
		find_changes(a, &changes, now, new);
		show(a, &changes);
		*a->options->differs = changes.list.n;
	}
	actual_free(&actual);
	return ret ? report_failure(ret, "cannot read the running ruleset") :
		     EXIT_DONE;
}
