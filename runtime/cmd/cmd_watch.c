// SPDX-License-Identifier: GPL-2.0-only
/* nftoffc watch: the command line of watch.h. */
#include "runtime/base/cli.h"
#include "runtime/cmd/cmd.h"
#include "runtime/state/state.h"
#include "runtime/watch/watch.h"

enum { STATE, ONCE };

const struct cli_option watch_options[] = {
	[STATE] = OPTION_STATE("reads what was applied from"),
	[ONCE] = { 0, "once", NULL,
		   "looks once and ends, for hotplug scripts" },
	{ 0 },
};

int cmd_watch(const struct cli *cli)
{
	const struct watch_options options = {
		.state = cli_value(cli, STATE, STATE_DIRECTORY),
		.once = cli->values[ONCE],
	};

	return watch(&options);
}
