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
#include "runtime/base/cli.h"
#include "runtime/base/deliver.h"
#include "runtime/base/exit.h"
#include "runtime/base/report.h"
#include "runtime/cmd/cmd.h"
#include "runtime/netlink/reject.h"
#include "runtime/ruleset/epoch.h"
#include "runtime/state/contain.h"
#include "runtime/trial/includes.h"
#include "runtime/trial/raw.h"

enum { FORMAT, OUTPUT, UNCHECKED, EPOCH, OPT, NO_OPT, EXPLAIN_OPT };

enum { TEXT, JSON, NETLINK, CONTAINER, FW4 };

static const char *const format_names[] = {
	[TEXT] = "text",	   [JSON] = "json", [NETLINK] = "netlink",
	[CONTAINER] = "container", [FW4] = "fw4",   NULL
};

const struct cli_option compile_options[] = {
	[FORMAT] = { 'f', "format", "FORMAT",
		     "text, for nft -f (the default), json, for nft -j -f, "
		     "netlink, the bytes of one batch, container, for "
		     "nftoffc boot, or fw4, files for OpenWrt's firewall to "
		     "include",
		     format_names },
	[OUTPUT] = { 'o', "output", "FILE",
		     "writes FILE, whole or not at all, instead of standard "
		     "output; of fw4, the directory" },
	[UNCHECKED] = { 0, "unchecked", NULL,
			"of fw4, writes them though nft has not tried them" },
	[EPOCH] = { 0, "epoch", "N",
		    "the first value of the connection mark to use, from 1" },
	[OPT] = { 'O', "opt", "PASSES",
		  "which passes of the optimiser run: all (the default), none, "
		  "or as in sets=off,maps=off" },
	[NO_OPT] = { 0, "no-opt", NULL, "the same as -O none" },
	[EXPLAIN_OPT] = { 0, "explain-opt", NULL,
			  "prints what the passes did instead of the "
			  "transaction" },
	{ 0 },
};

/* 0, or an exit_code. */
typedef int emit_fn(struct buf *out, struct compilation *c, struct ir *ir);

static int as_text(struct buf *out, struct compilation *c, struct ir *ir)
{
	(void)c;
	emit_text(out, ir);
	return 0;
}

static int as_json(struct buf *out, struct compilation *c, struct ir *ir)
{
	const struct ir_rule *raw = ir_raw_first(ir);

	if (raw) {
		diag_help(diag_error(c->diags, raw->span,
				     "nft's JSON has no room for rules in its "
				     "own language"),
			  "compile to text, or to netlink");
		return EXIT_POLICY;
	}
	emit_json(out, ir, c->diags);
	return 0;
}

static int as_netlink(struct buf *out, struct compilation *c, struct ir *ir)
{
	const struct batch_options options = { 0 };
	struct batch batch = { 0 };
	int ret = raw_translate(c->diags, ir);

	if (ret)
		return ret;
	ret = reject_build(c->diags, &batch, ir, &options);
	if (!ret) { /* large: taken over, not copied */
		*out = batch.bytes;
		batch.bytes = (struct buf){ 0 };
	}
	batch_free(&batch);
	return ret ? EXIT_POLICY : 0;
}

/* Its devices are the policy's, whichever there will be when it is loaded. */
static int as_container(struct buf *out, struct compilation *c, struct ir *ir)
{
	struct buf messages = { 0 };
	struct container container;
	int ret;

	contain(&container, c->arena, ir, c->model);
	ret = as_netlink(&messages, c, ir);
	if (!ret) {
		container.messages = (struct str){ messages.p, messages.n };
		container_add_expressions(&container, c->arena);
		container_write(out, &container);
	}
	buf_free(&messages);
	return ret;
}

static emit_fn *const formats[] = {
	[TEXT] = as_text,
	[JSON] = as_json,
	[NETLINK] = as_netlink,
	[CONTAINER] = as_container,
};

/* The run must fit into the mask. */
static int check_epoch(const struct compilation *c, unsigned long epoch)
{
	uint32_t count = lower_mark_count(c->model);
	uint32_t mask = lower_mark_mask(c->model, count);
	uint32_t max = epoch_max(mask);

	if (epoch >= 1 && count <= max && epoch <= max - count + 1)
		return 0;
	report_error("the %u values from %lu on are not all from 1 to %u, "
		     "which the mask %08x has room for",
		     count, epoch, max, mask);
	return EXIT_USAGE;
}

/* 0 with @without, or EXIT_USAGE after a message. */
static int choose_passes(const struct cli *cli, opt_without *without)
{
	const char *text = cli->values[OPT], *names = "";
	struct arena *arena;
	struct str wrong;
	size_t i;

	*without = cli->values[NO_OPT] ? OPT_NONE : 0;
	if (!text || opt_choose(str_of(text), without, &wrong))
		return 0;
	arena = arena_new();
	for (i = 0; opt_pass_at(i); i++)
		names = arena_printf(arena, "%s%s%s", names, i ? ", " : "",
				     opt_pass_at(i)->name);
	report_error("-O: '%.*s' switches no pass", STR_ARG(wrong));
	report_help("write all, none, or PASS=on or PASS=off with one of %s",
		    names);
	arena_free(arena);
	return EXIT_USAGE;
}

static int explain_passes(struct buf *out, struct compilation *c,
			  opt_without without)
{
	opt_explain(out, opt_run(c->arena, c->model, without), c->model,
		    &c->sources);
	return 0;
}

/* Beside fw4 alone there is something to include. */
static int as_includes(struct compilation *c, const struct cli *cli,
		       struct lower_options *options)
{
	if (!cli->values[OUTPUT]) {
		report_error("-f fw4 writes several files: -o says where");
		report_help("-o /usr/share/nftables.d, or another directory");
		return EXIT_USAGE;
	}
	if (c->model->mode != MODE_FW4) {
		diag_help(
			diag_error(c->diags, c->model->mode_span,
				   "this policy does not stand beside fw4: it "
				   "has nothing to include there"),
			"\"mode: fw4\" would have it do so");
		return EXIT_POLICY;
	}
	options->gate = GATE_ALL;
	return includes_write(c, lower(c->arena, c->model, options),
			      cli->values[OUTPUT], cli->values[UNCHECKED]);
}

/* Into @out, unless it is written already. */
static int emit(struct buf *out, struct compilation *c, const struct cli *cli,
		struct lower_options *options)
{
	size_t format = cli_choice(cli, FORMAT);
	int ret = check_epoch(c, options->epoch);

	if (ret)
		return ret;
	if (cli->values[EXPLAIN_OPT])
		return explain_passes(out, c, options->without);
	if (format == FW4)
		return as_includes(c, cli, options);
	return formats[format](out, c, lower(c->arena, c->model, options));
}

/* 0 with @options, or EXIT_USAGE after a message. */
static int read_options(const struct cli *cli, struct lower_options *options)
{
	unsigned long epoch = 1;

	if (cli->values[EPOCH] && cli_number(cli, EPOCH, UINT32_MAX, &epoch))
		return EXIT_USAGE;
	options->epoch = (uint32_t)epoch;
	return choose_passes(cli, &options->without);
}

int cmd_compile(const struct cli *cli)
{
	struct lower_options options = { 0 };
	struct compilation c;
	struct buf out = { 0 };
	int ret = read_options(cli, &options);

	if (ret)
		return ret;
	ret = compile_policy(&c, cli->operands[0]);
	if (ret)
		ret = ret == -EINVAL ? EXIT_POLICY : EXIT_SYSTEM;
	else
		ret = emit(&out, &c, cli, &options);
	diags_print(c.diags, stderr, report_colour(stderr));
	if (!ret &&
	    (cli_choice(cli, FORMAT) != FW4 || cli->values[EXPLAIN_OPT]))
		ret = deliver(&out, cli->values[OUTPUT]);
	buf_free(&out);
	compile_free(&c);
	return ret;
}
