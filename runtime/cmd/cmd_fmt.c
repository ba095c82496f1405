// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc fmt: policies put in order, each in the spelling that it is in. A
 * file that is in order is not written.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "convert.h"
#include "runtime/base/cli.h"
#include "runtime/base/deliver.h"
#include "runtime/base/exit.h"
#include "runtime/base/report.h"
#include "runtime/cmd/cmd.h"
#include "runtime/live/on_policy.h"

enum { CHECK, WRITE };

const struct cli_option fmt_options[] = {
	[CHECK] = { 'c', "check", NULL,
		    "only says which are not in order, and ends with 1 if any "
		    "is not" },
	[WRITE] = { 'w', "write", NULL,
		    "writes them back, instead of printing them" },
	{ 0 },
};

static bool is_in_order(const struct compilation *c, const struct buf *out)
{
	return str_eq(c->source->text, (struct str){ out->p, out->n });
}

static int finish(const struct compilation *c, const struct cli *cli,
		  const char *path, const struct buf *out)
{
	if (cli->values[CHECK]) {
		if (is_in_order(c, out))
			return EXIT_DONE;
		printf("%s\n", path);
		return EXIT_POLICY;
	}
	if (!cli->values[WRITE])
		return deliver(out, NULL);
	if (is_in_order(c, out))
		return EXIT_DONE;
	return deliver(out, path);
}

static int format_one(const struct cli *cli, const char *path)
{
	struct compilation c;
	struct buf out = { 0 };
	int ret;

	ret = exit_of_compile(compile_read(&c, path));
	if (ret == EXIT_DONE)
		ret = exit_of_compile(format_policy(&c, &out));
	diags_print(c.diags, stderr, report_colour(stderr));
	if (!ret)
		ret = finish(&c, cli, path, &out);
	buf_free(&out);
	compile_free(&c);
	return ret;
}

/* All of them, whatever becomes of one; what is worst is what it ends with. */
int cmd_fmt(const struct cli *cli)
{
	int i, ret = EXIT_DONE, one;

	if (cli->values[CHECK] && cli->values[WRITE]) {
		report_error("fmt: --check writes nothing: leave out --write");
		return EXIT_USAGE;
	}
	for (i = 0; i < cli->noperands; i++) {
		if (cli->values[WRITE] && strcmp(cli->operands[i], "-") == 0) {
			report_error("fmt: standard input cannot be written");
			return EXIT_USAGE;
		}
		one = format_one(cli, cli->operands[i]);
		if (one > ret)
			ret = one;
	}
	return ret;
}
