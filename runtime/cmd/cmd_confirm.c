// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc confirm and rollback: a word to the guard of guard.h; where none
 * waits, rollback applies a generation that was stored.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/apply/apply.h"
#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/base/report.h"
#include "runtime/cmd/cmd.h"
#include "runtime/state/guard.h"

enum { STATE };

const struct cli_option confirm_options[] = {
	[STATE] = OPTION_STATE("finds what was applied in"),
	{ 0 },
};

enum { FORCE = STATE + 1, KEEP_ACCESS };

const struct cli_option rollback_options[] = {
	[STATE] = OPTION_STATE("finds what was applied in"),
	[FORCE] = { 0, "force", NULL,
		    "goes back even if that cuts off who does it" },
	[KEEP_ACCESS] = { 0, "keep-access", "ADDRESS",
			  "refuses to cut ADDRESS off from the router's ssh; "
			  "the default is where ssh says one comes from" },
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

static const char *path_of(const struct cli *cli)
{
	return cli_value(cli, STATE, STATE_DIRECTORY);
}

static int run(const struct cli *cli, bool confirm)
{
	const char *path = path_of(cli);
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

/*
 * Is it the guard that is to answer? One who is a moment late, and whose policy
 * was taken back already, is not to go back further.
 */
static bool is_for_guard(const struct cli *cli)
{
	struct guard_status status;
	struct state *state;
	int ret;

	if (state_open(&state, path_of(cli), false))
		return true; /* it says why not */
	ret = guard_status(state, &status);
	state_close(state);
	return ret || status.end == GUARD_WAITS || status.end == GUARD_RESTORED;
}

/* 0 with @number, 0 if none was given; or EXIT_USAGE after a message. */
static int generation_of(const struct cli *cli, unsigned int *number)
{
	const char *text = cli->noperands ? cli->operands[0] : NULL;
	unsigned long n;
	char *end;

	*number = 0;
	if (!text)
		return 0;
	errno = 0;
	n = strtoul(text, &end, 10);
	*number = (unsigned int)n;
	if (*text >= '1' && *text <= '9' && !*end && !errno && n <= INT32_MAX)
		return 0;
	report_error("rollback: '%s' is not the number of a generation", text);
	report_help("'nftoffc history' lists them");
	return EXIT_USAGE;
}

int cmd_rollback(const struct cli *cli)
{
	struct apply_options options = {
		.state = path_of(cli),
		.command = "nftoffc rollback",
		.force = cli->values[FORCE],
		.keep_access = cli->values[KEEP_ACCESS],
	};
	int ret = generation_of(cli, &options.generation);

	if (ret)
		return ret;
	if (options.generation || !is_for_guard(cli))
		return apply_stored(&options);
	ret = cli_keep_privilege(PRIVILEGE_ADMIN);
	return ret ? ret : run(cli, false);
}
