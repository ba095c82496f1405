// SPDX-License-Identifier: GPL-2.0-only
/* The program. */
#include "runtime/cli.h"
#include "runtime/cmd.h"

int main(int argc, char **argv)
{
	return cli_main(commands, argc, argv);
}
