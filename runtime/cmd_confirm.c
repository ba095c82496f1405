// SPDX-License-Identifier: GPL-2.0-only
/* nftoffc confirm and rollback: a word to the guard of guard.h. */
#include <errno.h>
#include <stdio.h>

#include "runtime/cli.h"
#include "runtime/cmd.h"
#include "runtime/exit.h"
#include "runtime/guard.h"
#include "runtime/report.h"

enum { STATE };

const struct cli_option confirm_options[] = {
	[STATE] = { 0, "state", "DIR",
		    "finds what was applied in DIR instead of " STATE_DIRECTORY },
	{ 0 },
};

static int say_end(const struct guard_status *status)
{
	switch (status->end) {
	case GUARD_CONFIRMED:
		printf("confirmed: %s stays\n", status->policy);
		return EXIT_DONE;
	case GUARD_RESTORED:
		printf("%s was taken back: what ran before runs again\n",
		       status->policy);
		return EXIT_DONE;
	case GUARD_FAILED:
		report_error("%s could not be taken back, its rules run",
			     status->policy);
		report_help("apply the policy that ran before");
		return EXIT_BROKEN;
	case GUARD_DIED:
		report_error("nobody is there any more to take %s back, its "
			     "rules run",
			     status->policy);
		report_help("apply the policy that ran before");
		return EXIT_SYSTEM;
	case GUARD_NONE:
	case GUARD_WAITS:
		break;
	}
	return EXIT_SYSTEM;
}

static int nothing_waits(const struct guard_status *status)
{
	if (status->end == GUARD_DIED)
		return say_end(status);
	report_error("nothing waits to be confirmed");
	if (status->end == GUARD_RESTORED)
		report_help("%s was not confirmed in time, and was taken back",
			    status->policy);
	else if (status->end == GUARD_CONFIRMED)
		report_help("%s was confirmed", status->policy);
	return EXIT_SYSTEM;
}

static int answer(struct state *state, const char *path, bool confirm)
{
	struct guard_status status;
	int ret = guard_status(state, &status);

	if (!ret && status.end != GUARD_WAITS)
		return nothing_waits(&status);
	if (!ret)
		ret = guard_answer(state, confirm, &status);
	if (ret)
		return report_failure(
			ret, "cannot reach who waits at %s/answer", path);
	/* It may have come too late. */
	if (confirm && status.end == GUARD_RESTORED)
		return nothing_waits(&status);
	return say_end(&status);
}

static int run(const struct cli *cli, bool confirm)
{
	const char *path = cli->values[STATE] ? cli->values[STATE] :
						STATE_DIRECTORY;
	struct state *state;
	int ret = state_open(&state, path, false);

	if (ret)
		return report_failure(ret, "cannot open the state directory %s",
				      path);
	ret = answer(state, path, confirm);
	state_close(state);
	return ret;
}

int cmd_confirm(const struct cli *cli)
{
	return run(cli, true);
}

int cmd_rollback(const struct cli *cli)
{
	return run(cli, false);
}
