// SPDX-License-Identifier: GPL-2.0-only
/* The program. */
#include "runtime/base/cli.h"
#include "runtime/cmd/cmd.h"

int main(int argc, char **argv)
{
	return cli_main(commands, argc, argv);
}
