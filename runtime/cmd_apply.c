// SPDX-License-Identifier: GPL-2.0-only
/* nftoffc apply: the command line of apply.h. */
#include "base/buf.h"
#include "runtime/apply.h"
#include "runtime/cli.h"
#include "runtime/cmd.h"
#include "runtime/state.h"

enum { DRY_RUN, STATE, VALIDATE, FORCE, KEEP_ACCESS };

const struct cli_option apply_options[] = {
	[DRY_RUN] = { 'n', "dry-run", NULL,
		      "asks the kernel and shows what would change; changes "
		      "nothing" },
	[STATE] = { 0, "state", "DIR",
		    "remembers what was applied in DIR instead of " STATE_DIRECTORY },
	[VALIDATE] = { 0, "validate", NULL,
		       "tries the policy in a namespace of its own first" },
	[FORCE] = { 0, "force", NULL,
		    "applies it even if it cuts off who applies it" },
	[KEEP_ACCESS] = { 0, "keep-access", "ADDRESS",
			  "refuses to cut ADDRESS off from the router's ssh; "
			  "the default is where ssh says one comes from" },
	{ 0 },
};

int cmd_apply(const struct cli *cli)
{
	const char *state = cli->values[STATE];
	struct buf command = { 0 };
	struct apply_options options = {
		.policy = cli->operands[0],
		.state = state ? state : STATE_DIRECTORY,
		.dry_run = cli->values[DRY_RUN],
		.validate = cli->values[VALIDATE],
		.force = cli->values[FORCE],
		.keep_access = cli->values[KEEP_ACCESS],
	};
	int ret;

	buf_printf(&command, "nftoffc apply %s", options.policy);
	options.command = command.p;
	ret = apply(&options);
	buf_free(&command);
	return ret;
}
