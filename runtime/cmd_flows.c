// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc flows and nftoffc release: which connections are offloaded, and
 * taking some of them back. Both ask the kernel module. Without it, flows says
 * what a stock kernel tells; that has no way to take one back unbroken.
 */
#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "runtime/cli.h"
#include "runtime/cmd.h"
#include "runtime/exit.h"
#include "runtime/flowfilter.h"
#include "runtime/flowtext.h"
#include "runtime/module.h"
#include "runtime/report.h"
#include "runtime/stockflows.h"

const struct cli_option flows_options[] = {
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
	report_help("'modprobe nftoffc', or build it: make kmod");
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

static int print_flow(const struct module_flow *flow, void *data)
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
	puts(line.p);
	buf_free(&line);
	++*(size_t *)data;
	return 0;
}

struct listing {
	const struct flowfilter *filter;
	size_t n;
};

static int list_flow(const struct module_flow *flow, void *data)
{
	struct listing *listing = data;

	return flowfilter_has_id(listing->filter, flow->id) ?
		       print_flow(flow, &listing->n) :
		       0;
}

/* Without the module. */
static int list_stock(struct listing *listing)
{
	int ret = stock_flows(&listing->filter->match, list_flow, listing);

	if (!ret || ret == -EINTR)
		return ret;
	report_failure(ret, "cannot list the offloaded connections");
	if (ret == -EOPNOTSUPP)
		report_help("devices are known to the kernel module alone: "
			    "'modprobe nftoffc', or build it: make kmod");
	return EXIT_SYSTEM;
}

static int list_of_module(struct module *module, struct listing *listing)
{
	int ret;

	ret = module_flows(module, &listing->filter->match, list_flow, listing);
	return ret && ret != -EINTR ? refused(module, ret) : ret;
}

int cmd_flows(const struct cli *cli)
{
	static struct flowfilter filter;
	struct listing listing = { .filter = &filter };
	struct module *module = NULL;
	int ret;

	ret = flowfilter_of(cli, &filter);
	if (ret)
		return ret;
	ret = module_open(&module);
	if (ret && ret != -ENOENT)
		return report_failure(ret, "cannot ask the kernel module");
	ret = module ? list_of_module(module, &listing) : list_stock(&listing);
	module_close(module);
	if (ret != -EINTR)
		return ret;
	report_warning("flows came and went while they were listed: some may "
		       "be missing");
	return EXIT_DONE;
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
