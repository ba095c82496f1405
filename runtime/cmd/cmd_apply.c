// SPDX-License-Identifier: GPL-2.0-only
/* nftoffc apply: the command line of apply.h. */
#include "base/buf.h"
#include "runtime/apply/apply.h"
#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/base/report.h"
#include "runtime/cmd/cmd.h"
#include "runtime/state/guard.h"
#include "runtime/state/state.h"

enum { DRY_RUN, STATE, VALIDATE, FORCE, KEEP_ACCESS, CONFIRM };

const struct cli_option apply_options[] = {
	[DRY_RUN] = { 'n', "dry-run", NULL,
		      "asks the kernel and shows what would change; changes "
		      "nothing" },
	[STATE] = OPTION_STATE("remembers what was applied in"),
	[VALIDATE] = { 0, "validate", NULL,
		       "tries the policy in a namespace of its own first" },
	[FORCE] = { 0, "force", NULL,
		    "applies it even if it cuts off who applies it" },
	[KEEP_ACCESS] = { 0, "keep-access", "ADDRESS",
			  "refuses to cut ADDRESS off from the router's ssh; "
			  "the default is where ssh says one comes from" },
	[CONFIRM] = { 0, "confirm", "SECONDS",
		      "takes the policy back unless 'nftoffc confirm' keeps it "
		      "within SECONDS, 60 if it stands alone",
		      .alone = "60" },
	{ 0 },
};

/* 0 seconds stand for no need to confirm, which nobody means who says it. */
static int seconds_to_confirm(const struct cli *cli, unsigned long *seconds)
{
	int ret;

	if (!cli->values[CONFIRM])
		return 0;
	ret = cli_number(cli, CONFIRM, GUARD_SECONDS_MAX, seconds);
	if (ret || *seconds)
		return ret;
	report_error("--confirm: 0 seconds are too few to confirm anything");
	return EXIT_USAGE;
}

int cmd_apply(const struct cli *cli)
{
	struct buf command = { 0 };
	struct apply_options options = {
		.policy = cli->operands[0],
		.state = cli_value(cli, STATE, STATE_DIRECTORY),
		.dry_run = cli->values[DRY_RUN],
		.validate = cli->values[VALIDATE],
		.force = cli->values[FORCE],
		.keep_access = cli->values[KEEP_ACCESS],
	};
	int ret;

	ret = seconds_to_confirm(cli, &options.confirm);
	if (ret)
		return ret;
	buf_printf(&command, "nftoffc apply %s", options.policy);
	options.command = command.p;
	ret = apply(&options);
	buf_free(&command);
	return ret;
}
