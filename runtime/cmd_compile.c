// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc compile: the policy as a transaction, in one of the emitters'
 * formats. Reads the policy, and nothing of the machine it runs on. If there
 * is a mistake, nothing is written.
 */
#include <errno.h>
#include <stdio.h>

#include "compile.h"
#include "emit/batch.h"
#include "emit/json.h"
#include "emit/text.h"
#include "runtime/cli.h"
#include "runtime/cmd.h"
#include "runtime/deliver.h"
#include "runtime/epoch.h"
#include "runtime/exit.h"
#include "runtime/reject.h"
#include "runtime/report.h"

enum { FORMAT, OUTPUT, EPOCH };

enum { TEXT, JSON, NETLINK };

static const char *const format_names[] = {
	[TEXT] = "text", [JSON] = "json", [NETLINK] = "netlink", NULL
};

const struct cli_option compile_options[] = {
	[FORMAT] = { 'f', "format", "FORMAT",
		     "text, for nft -f (the default), json, for nft -j -f, or "
		     "netlink, the bytes of one batch",
		     format_names },
	[OUTPUT] = { 'o', "output", "FILE",
		     "writes FILE, whole or not at all, instead of standard "
		     "output" },
	[EPOCH] = { 0, "epoch", "N",
		    "the first value of the connection mark to use, from 1" },
	{ 0 },
};

/* 0, or an exit_code. */
typedef int emit_fn(struct buf *out, struct compilation *c,
		    const struct ir *ir);

static int as_text(struct buf *out, struct compilation *c, const struct ir *ir)
{
	(void)c;
	emit_text(out, ir);
	return 0;
}

static int as_json(struct buf *out, struct compilation *c, const struct ir *ir)
{
	emit_json(out, ir, c->diags);
	return 0;
}

static int as_netlink(struct buf *out, struct compilation *c,
		      const struct ir *ir)
{
	const struct batch_options options = { 0 };
	struct batch batch = { 0 };
	int ret;

	ret = reject_build(c->diags, &batch, ir, &options);
	if (!ret) { /* large: taken over, not copied */
		*out = batch.bytes;
		batch.bytes = (struct buf){ 0 };
	}
	batch_free(&batch);
	return ret ? EXIT_POLICY : 0;
}

static emit_fn *const formats[] = {
	[TEXT] = as_text,
	[JSON] = as_json,
	[NETLINK] = as_netlink,
};

/* The run must fit into the mask. */
static int check_epoch(const struct compilation *c, unsigned long epoch)
{
	uint32_t max = epoch_max(c->model->mark_mask);
	uint32_t count = lower_mark_count(c->model);

	if (epoch >= 1 && count <= max && epoch <= max - count + 1)
		return 0;
	report_error("the %u values from %lu on are not all from 1 to %u, "
		     "which the mask %08x has room for",
		     count, epoch, max, c->model->mark_mask);
	return EXIT_USAGE;
}

static int emit(struct buf *out, struct compilation *c, emit_fn *format,
		unsigned long epoch)
{
	const struct lower_options options = { .epoch = (uint32_t)epoch };
	int ret = check_epoch(c, epoch);

	if (ret)
		return ret;
	return format(out, c, lower(c->arena, c->model, &options));
}

int cmd_compile(const struct cli *cli)
{
	emit_fn *format = formats[cli_choice(cli, FORMAT)];
	struct compilation c;
	struct buf out = { 0 };
	unsigned long epoch = 1;
	int ret;

	if (cli->values[EPOCH] && cli_number(cli, EPOCH, UINT32_MAX, &epoch))
		return EXIT_USAGE;
	ret = compile_policy(&c, cli->operands[0]);
	if (ret)
		ret = ret == -EINVAL ? EXIT_POLICY : EXIT_SYSTEM;
	else
		ret = emit(&out, &c, format, epoch);
	diags_print(c.diags, stderr, report_colour(stderr));
	if (!ret)
		ret = deliver(&out, cli->values[OUTPUT]);
	buf_free(&out);
	compile_free(&c);
	return ret;
}
