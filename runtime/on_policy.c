// SPDX-License-Identifier: GPL-2.0-only
/* Commands on a policy: see on_policy.h. */
#include "runtime/on_policy.h"

#include <errno.h>
#include <stdio.h>

#include "runtime/exit.h"
#include "runtime/report.h"

int exit_of_compile(int ret)
{
	if (!ret)
		return EXIT_DONE;
	return ret == -EINVAL ? EXIT_POLICY : EXIT_SYSTEM;
}

int on_policy(const struct cli *cli,
	      int (*ask)(struct compilation *c, const struct cli *cli))
{
	struct compilation c;
	int ret;

	ret = exit_of_compile(compile_policy(&c, cli->operands[0]));
	if (ret == EXIT_DONE)
		ret = ask(&c, cli);
	fflush(stdout); /* what was asked stands before what was wrong */
	diags_print(c.diags, stderr, report_colour(stderr));
	compile_free(&c);
	return ret;
}
