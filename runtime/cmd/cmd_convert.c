// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc convert: a policy's file in the other spelling. What cannot be said
 * there is an error, and nothing is written.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "convert.h"
#include "runtime/base/cli.h"
#include "runtime/base/deliver.h"
#include "runtime/base/exit.h"
#include "runtime/base/report.h"
#include "runtime/cmd/cmd.h"
#include "runtime/live/on_policy.h"

enum { OUTPUT, TO };

const struct cli_option convert_options[] = {
	[OUTPUT] = { 'o', "output", "FILE",
		     "writes FILE, whole or not at all, instead of standard "
		     "output" },
	[TO] = { 0, "to", "SPELLING",
		 "yaml or policy; without it, the one that the policy is not "
		 "in" },
	{ 0 },
};

/* 0 with @to, which is as it was if nothing is asked for; or an exit_code. */
static int spelling_asked(const char *name, enum spelling *to)
{
	if (!name)
		return 0;
	if (strcmp(name, "yaml") == 0) {
		*to = SPELLING_YAML;
		return 0;
	}
	if (strcmp(name, "policy") == 0) {
		*to = SPELLING_POLICY;
		return 0;
	}
	report_error("there is no spelling '%s'", name);
	report_help("it is yaml or policy");
	return EXIT_USAGE;
}

static int convert(struct compilation *c, const struct cli *cli,
		   struct buf *out)
{
	enum spelling to = spelling_of(c->source) == SPELLING_YAML ?
				   SPELLING_POLICY :
				   SPELLING_YAML;
	int ret = spelling_asked(cli->values[TO], &to);

	return ret ? ret : exit_of_compile(convert_policy(c, to, out));
}

int cmd_convert(const struct cli *cli)
{
	struct compilation c;
	struct buf out = { 0 };
	int ret;

	ret = exit_of_compile(compile_read(&c, cli->operands[0]));
	if (ret == EXIT_DONE)
		ret = convert(&c, cli, &out);
	diags_print(c.diags, stderr, report_colour(stderr));
	if (!ret)
		ret = deliver(&out, cli->values[OUTPUT]);
	buf_free(&out);
	compile_free(&c);
	return ret;
}
