// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc check: every mistake at its line. With --kernel this machine's
 * kernel is asked too, in a namespace that ends with the question.
 */
#include <stdio.h>

#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/cmd/cmd.h"
#include "runtime/live/on_policy.h"
#include "runtime/offload/devices.h"
#include "runtime/trial/raw.h"
#include "runtime/trial/trial.h"
#include "runtime/trial/verify.h"

enum { KERNEL, VERBOSE, JSON };

const struct cli_option check_options[] = {
	[KERNEL] = { 'k', "kernel", NULL,
		     "asks this kernel too, in a namespace of its own; needs "
		     "no privilege" },
	[VERBOSE] = { 'v', "verbose", NULL,
		      "also says which devices each of several flowtables has, "
		      "and which rules cost which eligible entries their "
		      "offload" },
	[JSON] = OPTION_JSON,
	{ 0 },
};

static int ask_kernel(struct compilation *c)
{
	const struct lower_options options = { 0 };
	struct ir *ir = lower(c->arena, c->model, &options);

	int ret;

	devices_imagine(ir);
	ret = raw_translate(c->diags, ir);
	return ret ? ret : trial_run(c->diags, ir);
}

static void print_cost(void *data, const struct cost *cost)
{
	const struct compilation *c = data;

	print_policy_line(c, cost->rule->span);
	printf("  costs offload, since %s:\n  ", cost->need->why);
	print_policy_line(c, cost->entry->span);
}

/* "flowtable wired: br-lan, eth1; hardware; priority -5; counters" */
static void print_flowtable(const struct flowtable *table)
{
	const char *before = ": ";

	printf("flowtable %s", table->name);
	for (size_t i = 0; i < table->ndevices; i++, before = ", ")
		printf("%s%s", before, table->devices[i].name);
	if (!table->ndevices)
		printf(": no device");
	if (table->mode == OFFLOAD_HARDWARE)
		printf("; hardware");
	if (table->priority)
		printf("; priority %d", (int)table->priority);
	puts(table->counters ? "; counters" : "");
}

static void print_details(struct compilation *c)
{
	const struct offload *offload = &c->model->offload;

	for (size_t i = 0; offload->named && i < offload->nflowtables; i++)
		print_flowtable(&offload->flowtables[i]);
	model_costs(c->model, print_cost, c);
}

static int check(struct inquiry *inquiry)
{
	verify_warn(inquiry->c.diags, inquiry->c.model);
	if (inquiry->cli->values[VERBOSE] && !inquiry->json)
		print_details(&inquiry->c);
	return inquiry->cli->values[KERNEL] ? ask_kernel(&inquiry->c) :
					      EXIT_DONE;
}

int cmd_check(const struct cli *cli)
{
	return on_policy(cli, JSON, check);
}
