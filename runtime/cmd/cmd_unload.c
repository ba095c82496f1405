// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc unload: the policy goes, and none comes.
 *
 *	as apply: lock - read what runs - recover; then
 *	build the way back - stage that the module keeps out nothing - point to
 *	nowhere - commit - read back - commit in the module - tidy up
 *
 * Connections go on, those that were offloaded too, which meet the rules that
 * are left. One that the policy has translated needs a NAT chain for that, and
 * a rule that asks of connections, for else the kernel tracks none: while there
 * is such a one the table stays, with that chain alone, and goes with the next
 * unload or apply that finds none.
 *
 * What must stay true: whenever this ends, rules, module and state directory are
 * all as they were, or all have no policy. If it is killed, the next command
 * finds by the record in the rules which of it is so: therefore the directory
 * points to nowhere before the rules go.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "runtime/apply/apply_parts.h"
#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/base/report.h"
#include "runtime/cmd/cmd.h"
#include "runtime/netlink/conntrack.h"

enum { DRY_RUN, STATE };

const struct cli_option unload_options[] = {
	[DRY_RUN] = { 'n', "dry-run", NULL,
		      "says what would be taken out; changes nothing" },
	[STATE] = OPTION_STATE("finds what was applied in"),
	{ 0 },
};

/* In doubt, one lives. */
static bool any_translated(struct apply *a)
{
	bool any;

	return conntrack_translated(a->nl, &any) || any;
}

/* No rule of ours, nor anything of the module's that belonged to one? */
static bool is_unloaded(struct apply *a)
{
	bool table = kernel_only_translates(&a->now) ? !any_translated(a) :
						       a->now.names.exists;

	return !table && !a->last.number && twophase_agrees(&a->module, NULL);
}

static int stop_if_unloaded(struct apply *a)
{
	a->removing = true;
	if (a->blind || !is_unloaded(a))
		return NEXT;
	printf("no policy runs, nothing to do\n");
	return EXIT_DONE;
}

static int say_only(struct apply *a)
{
	const struct twophase *module = &a->module;

	if (!a->options->dry_run)
		return NEXT;
	if (a->now.recorded)
		printf("would take out %s (%016" PRIx64 ")\n",
		       a->now.record.policy, a->now.record.digest);
	else if (a->now.names.exists)
		printf("would take out the table inet " IR_TABLE "\n");
	if (!twophase_agrees(module, NULL))
		printf("would have the kernel module keep out nothing; now it "
		       "has %u entries\n",
		       module->info.entries_now);
	if (a->last.number)
		printf("would forget that %s was applied\n",
		       a->last.record.policy);
	return EXIT_DONE;
}

static bool translates(const struct kernel *kernel)
{
	return names_translate(kernel->names.chains.v, kernel->names.chains.n);
}

/*
 * Until the rules are gone the next connection may be translated at any
 * instant: the chain stays, and whether it is needed is asked when they are.
 */
static int plan(struct apply *a)
{
	struct names names = { .arena = a->arena };
	const struct batch_options options = { 0 };
	int ret;

	a->c.diags = diags_new(a->arena, &a->c.sources);
	a->whole = true;
	if (translates(&a->now)) {
		a->ir = lower_translated(a->arena);
		ret = batch_build(&a->content, a->ir, &options);
		if (ret)
			return report_failure(ret,
					      "cannot build the transaction");
		names_add_batch(&names, a->content.bytes.p, a->content.bytes.n);
		names_table(&names, &a->names);
	}
	ret = devices_read(a->arena, &a->devices);
	if (ret)
		return report_failure(ret, "cannot list the network devices");
	apply_find_way_back(a);
	return NEXT;
}

static int stage_module(struct apply *a)
{
	const struct keepout nothing = { 0 };
	int ret;

	if (twophase_agrees(&a->module, NULL))
		return NEXT;
	ret = twophase_stage(&a->module, KEEPOUT_NOTHING, &nothing);
	return ret ? apply_unstage(a, apply_refused_by_module(a, ret)) : NEXT;
}

static int point_nowhere(struct apply *a)
{
	int ret = state_point_nowhere(a->state);

	if (!ret)
		return NEXT;
	report_failure(ret, "cannot write to %s; nothing was changed",
		       a->options->state);
	return apply_unstage(a, EXIT_SYSTEM);
}

static int verify(struct apply *a)
{
	struct kernel after;

	if (kernel_read(a->nl, a->arena, &after))
		return apply_undo(a, "what is left cannot be read");
	return after.recorded ? apply_undo(a, "the policy still runs") : NEXT;
}

static void point_back(struct apply *a)
{
	unsigned int number = a->has_old ? a->old.number : a->last.number;

	if (number && state_point(a->state, number))
		report_warning("%s/current is missing", a->options->state);
}

static int commit(struct apply *a)
{
	int ret = NEXT;

	if (a->now.names.exists)
		ret = apply_commit(a);
	if (ret == NEXT)
		ret = verify(a);
	if (ret == NEXT)
		ret = apply_commit_module(a);
	if (ret != NEXT && ret != EXIT_BROKEN)
		point_back(a);
	return ret;
}

/* True: nothing of the table is left. */
static bool remove_rest(struct apply *a)
{
	const struct batch_options options = { .remove_only = true };
	struct nl_errors errors = { .arena = a->arena };
	int ret;

	if (!a->ir)
		return true;
	if (any_translated(a))
		return false;
	batch_free(&a->batch);
	ret = batch_build(&a->batch, NULL, &options);
	if (!ret)
		ret = nl_commit(a->nl, a->batch.bytes.p, a->batch.bytes.n,
				&errors);
	return !ret && !errors.list.n;
}

static int report(struct apply *a)
{
	bool all = remove_rest(a);

	guard_forget(a->state);
	if (a->now.recorded)
		printf("unloaded %s (%016" PRIx64 "): no policy runs\n",
		       a->now.record.policy, a->now.record.digest);
	else
		printf("no policy runs\n");
	if (!all)
		printf("connections that it translated stay so: until the next "
		       "unload or apply without such, the table inet " IR_TABLE
		       " stays, with a chain that does nothing\n");
	return EXIT_DONE;
}

static const apply_step steps[] = {
	APPLY_BEGIN, stop_if_unloaded, say_only,      apply_hold_signals,
	plan,	     stage_module,     point_nowhere, commit,
	report,
};

int unload(const struct apply_options *options)
{
	return apply_run(options, steps, sizeof(steps) / sizeof(*steps));
}

int cmd_unload(const struct cli *cli)
{
	const struct apply_options options = {
		.state = cli_value(cli, STATE, STATE_DIRECTORY),
		.command = "nftoffc unload",
		.dry_run = cli->values[DRY_RUN],
		.needs_former = cli->values[DRY_RUN],
	};

	return unload(&options);
}
