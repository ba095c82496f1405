// SPDX-License-Identifier: GPL-2.0-only
/*
 * The batch that makes the policy from nothing, committed in a scratch
 * namespace: a check without a commit is not sound on recent kernels.
 */
#include "runtime/trial/trial.h"

#include <errno.h>

#include "runtime/base/exit.h"
#include "runtime/base/report.h"
#include "runtime/netlink/reject.h"
#include "runtime/trial/scratch.h"

static int try_batch(struct diags *diags, const struct ir *ir,
		     const struct batch *batch, struct arena *arena)
{
	struct nl_errors errors = { .arena = arena };
	enum scratch_step step;
	int error;

	step = scratch_try(ir, batch, &errors, &error);
	if (step != SCRATCH_DONE) {
		report_failure(error, "%s", scratch_phrase(step));
		report_help("%s", scratch_help(step));
		return EXIT_SYSTEM;
	}
	reject_report(diags, batch, &errors);
	return errors.list.n || errors.lost ? EXIT_SYSTEM : EXIT_DONE;
}

int trial_run(struct diags *diags, const struct ir *ir)
{
	const struct batch_options options = { 0 };
	struct arena *arena = arena_new();
	struct batch batch = { 0 };
	int ret;

	ret = reject_build(diags, &batch, ir, &options);
	if (!ret)
		ret = try_batch(diags, ir, &batch, arena);
	else if (ret != -E2BIG)
		ret = report_failure(ret, "cannot build the transaction");
	else
		ret = EXIT_SYSTEM;
	batch_free(&batch);
	arena_free(arena);
	return ret;
}
