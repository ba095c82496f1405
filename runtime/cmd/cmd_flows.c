// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc flows and nftoffc release: which connections are offloaded, and
 * taking some of them back. Both ask the kernel module. Without it, flows says
 * what a stock kernel tells; that has no way to take one back unbroken.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/base/files.h"
#include "runtime/base/report.h"
#include "runtime/base/screen.h"
#include "runtime/cmd/cmd.h"
#include "runtime/live/flowfilter.h"
#include "runtime/live/flows_live.h"
#include "runtime/live/flowtext.h"
#include "runtime/live/on_policy.h"
#include "runtime/live/stockflows.h"
#include "runtime/netlink/kernel.h"
#include "runtime/netlink/module.h"
#include "runtime/netlink/nl.h"
#include "runtime/state/applied.h"

enum { ALL, POLICY, STATE, JSON, WATCH };

const struct cli_option flows_options[] = {
	[ALL] = { 'a', "all", NULL,
		  "every live connection, and why it is not offloaded" },
	[POLICY] = { 0, "policy", "FILE",
		     "with --all: zones, rules and reasons are this policy's, "
		     "not those of the one that was applied" },
	[STATE] = OPTION_STATE("finds what was applied in"),
	[JSON] = OPTION_JSON,
	[WATCH] = { 'w', "watch", "SECONDS",
		    "again and again, each 2 seconds if nothing is said",
		    .alone = "2" },
	{ 0 },
};

enum { DRY_RUN };

const struct cli_option release_options[] = {
	[DRY_RUN] = { 'n', "dry-run", NULL,
		      "says how many flows match, and releases none" },
	{ 0 },
};

static int open_module(struct module **module)
{
	int ret = module_open(module);

	if (!ret)
		return EXIT_DONE;
	if (ret != -ENOENT)
		return report_failure(ret, "cannot ask the kernel module");
	report_error("the kernel module nftoffc is not loaded");
	report_help(MODULE_MISSING_HELP);
	return EXIT_SYSTEM;
}

static int refused(const struct module *module, int ret)
{
	const char *said = module_said(module);

	report_failure(ret, "the kernel module refused");
	if (said)
		report_help("it says: %s", said);
	return EXIT_SYSTEM;
}

/*
 * flows
 */

static void print_flow(const struct module_flow *flow, struct buf *out)
{
	const struct module_tuple *there = &flow->original;
	const struct module_tuple *back = &flow->reply;
	struct buf line = { 0 };
	char number[8];

	buf_printf(&line, "%s ", flowtext_protocol(flow->protocol, number));
	flowtext_ends(&line, flow);
	buf_printf(&line, " %s > %s %s", there->device ? there->device : "-",
		   back->device ? back->device : "-",
		   flow->flags & NFTOFFC_FLOW_HARDWARE ? "hardware" :
							 "software");
	flowtext_counters(&line, flow);
	buf_printf(&line, " mark 0x%08x id %u", flow->mark, flow->id);
	if (flow->timeout)
		buf_printf(&line, " idle-out %us",
			   (flow->timeout + 999) / 1000);
	if (flow->table)
		buf_printf(&line, " %s/%s", flow->table, flow->name);
	flowtext_put_line(out, &line);
}

static void json_flow(struct json *json, const struct module_flow *flow)
{
	json_object(json);
	flowtext_json(json, flow);
	if (flow->original.device)
		json_put_str(json, "in", flow->original.device);
	if (flow->reply.device)
		json_put_str(json, "out", flow->reply.device);
	json_put_str(json, "offload",
		     flow->flags & NFTOFFC_FLOW_HARDWARE ? "hardware" :
							   "software");
	if (flow->timeout)
		json_put_u64(json, "idle_out_milliseconds", flow->timeout);
	if (flow->table) {
		json_put_str(json, "table", flow->table);
		json_put_str(json, "flowtable", flow->name);
	}
	json_end(json);
}

struct listing {
	const struct flowfilter *filter;
	struct json *json; /* NULL: a line each, */
	struct buf *out;   /* here; NULL: on standard output */
};

static int list_flow(const struct module_flow *flow, void *data)
{
	struct listing *listing = data;

	if (!flowfilter_has_id(listing->filter, flow->id))
		return 0;
	if (listing->json)
		json_flow(listing->json, flow);
	else
		print_flow(flow, listing->out);
	return 0;
}

/* Without the module. */
static int list_stock(struct listing *listing)
{
	int ret = stock_flows(&listing->filter->match, list_flow, listing);

	if (!ret || ret == -EINTR)
		return ret;
	report_failure(ret, "cannot list the offloaded connections");
	if (ret == -EOPNOTSUPP)
		report_help(
			"devices are known to the kernel module alone: " MODULE_MISSING_HELP);
	return EXIT_SYSTEM;
}

static int list_of_module(struct module *module, struct listing *listing)
{
	int ret;

	ret = module_flows(module, &listing->filter->match, list_flow, listing);
	return ret && ret != -EINTR ? refused(module, ret) : ret;
}

static int list_offloaded(struct listing *listing)
{
	struct module *module = NULL;
	int ret = module_open(&module);

	if (ret && ret != -ENOENT)
		return report_failure(ret, "cannot ask the kernel module");
	ret = module ? list_of_module(module, listing) : list_stock(listing);
	module_close(module);
	if (ret != -EINTR)
		return ret;
	report_warning("flows came and went while they were listed: some may "
		       "be missing");
	return EXIT_DONE;
}

struct flows {
	const struct cli *cli;
	struct flowfilter filter;
	struct compilation policy; /* .arena NULL: none is asked */
	struct applied applied;
	unsigned int number; /* the generation that is asked, 0: none */
	bool warned;
};

static void forget_policy(struct flows *f)
{
	if (f->policy.arena)
		compile_free(&f->policy);
	applied_close(&f->applied);
	f->number = 0;
}

/* The generation that runs, 0: it is not known. */
static unsigned int number_of_running(struct nl *nl, struct arena *arena,
				      struct state *state)
{
	struct generation generation = { 0 };
	struct kernel kernel;

	if (kernel_read(nl, arena, &kernel) || !kernel.recorded ||
	    state_find(state, &kernel.record, &generation))
		return 0;
	return generation.number;
}

static void ask_applied(struct flows *f, struct nl *nl, struct arena *arena,
			struct state *state)
{
	unsigned int number = number_of_running(nl, arena, state);

	if (number == f->number)
		return;
	forget_policy(f);
	f->number = number;
	if (number && applied_open(&f->applied, &f->policy, state, number))
		compile_free(&f->policy);
}

/* Who has no policy's file asks what was applied, if that can be. */
static void find_applied(struct flows *f)
{
	struct arena *arena = arena_new();
	const char *path = cli_value(f->cli, STATE, STATE_DIRECTORY);
	struct state *state = NULL;
	struct nl *nl = NULL;
	int ret = state_open(&state, path, false);

	if (ret == -EACCES && !f->warned)
		report_warning(
			"%s is only root's to read: which rules decided, "
			"and why what is not offloaded is not, is not "
			"known",
			path);
	f->warned = true; /* it is the one that runs */
	if (!ret && !nl_open(&nl, NETLINK_NETFILTER))
		ask_applied(f, nl, arena, state);
	else
		forget_policy(f);
	state_close(state);
	nl_close(nl);
	arena_free(arena);
}

static int list_once(struct flows *f, struct json *json, struct buf *out)
{
	struct listing listing = { &f->filter, json, out };
	struct flows_live live = { .filter = &f->filter,
				   .json = json,
				   .out = out };
	int ret;

	if (!f->cli->values[ALL] && !f->cli->values[POLICY])
		return list_offloaded(&listing);
	if (!f->cli->values[POLICY])
		find_applied(f);
	live.policy = f->policy.arena ? &f->policy : NULL;
	live.warned = f->warned;
	ret = flows_live(&live);
	f->warned = live.warned;
	return ret;
}

/* What was listed up to an error is no answer. */
static int list_json(struct flows *f)
{
	struct buf out = { 0 };
	struct json json = json_begin(&out);
	int ret, error = 0;

	json.one_line = f->cli->values[WATCH];
	json_object(&json);
	json_key(&json, "flows");
	json_array(&json);
	ret = list_once(f, &json, NULL);
	json_end_n(&json, 2);
	json_finish(&json);
	if (!ret)
		error = files_write(STDOUT_FILENO, out.p, out.n);
	buf_free(&out);
	return error ? report_failure(error, "cannot write the output") : ret;
}

static int list_in_form(struct flows *f)
{
	return f->cli->values[JSON] ? list_json(f) : list_once(f, NULL, NULL);
}

/* One block behind the other, or an object a line. */
static int watch_lines(struct flows *f, unsigned long seconds)
{
	int ret;

	for (;;) {
		ret = list_in_form(f);
		if (!f->cli->values[JSON])
			putchar('\n');
		if (ret || fflush(stdout))
			return ret;
		sleep((unsigned int)seconds);
	}
}

static void draw(const struct buf *lines, unsigned long seconds)
{
	struct str text = { lines->p, lines->n };
	size_t n = str_count(text, '\n');
	char title[80];

	snprintf(title, sizeof(title), "%zu connection%s, each %lu second%s", n,
		 n == 1 ? "" : "s", seconds, seconds == 1 ? "" : "s");
	screen_draw(title, text);
}

/* Who stops it, and lets it go on, has his own screen meanwhile. */
static int wait_for_next(struct screen *screen, unsigned long seconds)
{
	int signal = screen_wait(screen, seconds);

	if (signal != SIGTSTP)
		return signal;
	screen_close(screen, signal);
	screen_open(screen);
	return 0;
}

/* On a terminal. What is wrong at the beginning is said before it is taken. */
static int watch_screen(struct flows *f, unsigned long seconds)
{
	struct buf lines = { 0 };
	struct screen screen;
	int signal = 0, ret = list_once(f, NULL, &lines);

	if (ret) {
		buf_free(&lines);
		return ret;
	}
	screen_open(&screen);
	while (!ret && !signal) {
		draw(&lines, seconds);
		lines.n = 0;
		signal = wait_for_next(&screen, seconds);
		if (!signal)
			ret = list_once(f, NULL, &lines);
	}
	buf_free(&lines);
	screen_close(&screen, signal);
	return ret ? list_in_form(f) : EXIT_DONE; /* where one sees why */
}

static int watch(struct flows *f, unsigned long seconds)
{
	return isatty(STDOUT_FILENO) && !f->cli->values[JSON] ?
		       watch_screen(f, seconds) :
		       watch_lines(f, seconds);
}

/* 0, or an exit_code after what is wrong with it. */
static int read_policy(struct flows *f)
{
	const char *path = f->cli->values[POLICY];
	int ret;

	if (!path)
		return EXIT_DONE;
	ret = compile_policy(&f->policy, path);
	if (ret)
		diags_print(f->policy.diags, stderr, report_colour(stderr));
	return exit_of_compile(ret);
}

int cmd_flows(const struct cli *cli)
{
	static struct flows f;
	unsigned long seconds = 0;
	int ret;

	f = (struct flows){ .cli = cli };
	ret = flowfilter_of(cli, &f.filter);
	if (!ret && cli->values[WATCH])
		ret = cli_number(cli, WATCH, 86400, &seconds);
	if (ret)
		return ret;
	ret = read_policy(&f);
	if (!ret)
		ret = cli->values[WATCH] ? watch(&f, seconds ? seconds : 1) :
					   list_in_form(&f);
	forget_policy(&f);
	return ret;
}

/*
 * release
 */

int cmd_release(const struct cli *cli)
{
	bool dry_run = cli->values[DRY_RUN];
	static struct flowfilter filter;
	struct module_released released;
	struct module *module = NULL;
	int ret;

	ret = flowfilter_of(cli, &filter);
	if (!ret)
		ret = open_module(&module);
	if (ret)
		return ret;
	ret = module_release(module, filter.given ? &filter.match : NULL,
			     filter.nids ? filter.ids : NULL, filter.nids,
			     dry_run, &released);
	if (ret)
		ret = refused(module, ret);
	else if (dry_run)
		printf("%u of %u flows match\n", released.matched,
		       released.seen);
	else
		printf("%u of %u flows match, %u released\n", released.matched,
		       released.seen, released.released);
	module_close(module);
	return ret;
}
