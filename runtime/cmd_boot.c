// SPDX-License-Identifier: GPL-2.0-only
/* nftoffc boot: the command line of boot.h. */
#include "runtime/boot.h"
#include "runtime/cli.h"
#include "runtime/cmd.h"
#include "runtime/failsafe.h"

enum { STATE, FAILSAFE };

const struct cli_option boot_options[] = {
	[STATE] = { 0, "state", "DIR",
		    "finds what was applied in DIR instead of " STATE_DIRECTORY },
	[FAILSAFE] = { 0, "failsafe", "FILE",
		       "the container to load if that fails, instead "
		       "of " FAILSAFE_FILE },
	{ 0 },
};

int cmd_boot(const struct cli *cli)
{
	const char *state = cli->values[STATE];
	const char *failsafe = cli->values[FAILSAFE];
	const struct boot_options options = {
		.state = state ? state : STATE_DIRECTORY,
		.failsafe = failsafe ? failsafe : FAILSAFE_FILE,
	};

	return boot(&options);
}
