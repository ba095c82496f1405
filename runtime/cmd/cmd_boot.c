// SPDX-License-Identifier: GPL-2.0-only
/* nftoffc boot: the command line of boot.h. */
#include "runtime/apply/boot.h"
#include "runtime/base/cli.h"
#include "runtime/cmd/cmd.h"
#include "runtime/state/failsafe.h"

enum { STATE, FAILSAFE, ROOT };

const struct cli_option boot_options[] = {
	[STATE] = OPTION_STATE("finds what was applied in"),
	[FAILSAFE] = { 0, "failsafe", "FILE",
		       "the container to load if that fails, instead "
		       "of " FAILSAFE_FILE },
	[ROOT] = { 0, "root", "DIR",
		   "finds OpenWrt's files in DIR instead of /" },
	{ 0 },
};

int cmd_boot(const struct cli *cli)
{
	const struct boot_options options = {
		.state = cli_value(cli, STATE, STATE_DIRECTORY),
		.failsafe = cli_value(cli, FAILSAFE, FAILSAFE_FILE),
		.root = cli_value(cli, ROOT, ""),
	};

	return boot(&options);
}
