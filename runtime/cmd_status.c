// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc status: which policy runs, and whether it is as it was applied.
 * Reads the kernel and the state directory, writes neither.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <stdio.h>

#include "runtime/cli.h"
#include "runtime/cmd.h"
#include "runtime/exit.h"
#include "runtime/kernel.h"
#include "runtime/nl.h"
#include "runtime/report.h"
#include "runtime/state.h"

enum { STATE };

const struct cli_option status_options[] = {
	[STATE] = { 0, "state", "DIR",
		    "reads what was applied from DIR instead of " STATE_DIRECTORY },
	{ 0 },
};

/* The generation that runs; number 0 if it is not there. */
static struct generation read_state(const char *path,
				    const struct ir_record *record)
{
	struct generation generation = { 0 };
	struct state *state;

	if (state_open(&state, path, false))
		return generation;
	if (state_find(state, record, &generation))
		generation = (struct generation){ 0 };
	state_close(state);
	return generation;
}

static int read_kernel(struct arena *arena, const char *path,
		       struct kernel *kernel, struct generation *stored)
{
	struct nl *nl;
	int ret;

	ret = nl_open(&nl, NETLINK_NETFILTER);
	if (ret)
		return ret;
	ret = kernel_read(nl, arena, kernel);
	if (!ret && kernel->recorded) {
		*stored = read_state(path, &kernel->record);
		ret = kernel_read_all(nl, arena, stored->elements, kernel);
	}
	nl_close(nl);
	return ret;
}

static const char *condition(const struct kernel *kernel,
			     const struct generation *stored)
{
	if (!stored->number)
		return "not applied from here";
	if (stored->genid == kernel->genid ||
	    stored->fingerprint == kernel->fingerprint)
		return "unchanged";
	return stored->fingerprint ? "changed by another program" : "unknown";
}

static void print_status(const struct kernel *kernel, const char *path,
			 const struct generation *stored)
{
	const struct ir_record *record = &kernel->record;

	printf("policy:     %s\n", record->policy);
	printf("digest:     %016" PRIx64 "\n", record->digest);
	printf("epoch:      %u to %u of mask %08x\n", record->epoch,
	       record->epoch + record->count - 1, record->mask);
	printf("generation: %u\n", kernel->genid);
	printf("rules:      %zu\n", kernel->names.nrules);
	printf("condition:  %s\n", condition(kernel, stored));
	if (stored->number)
		printf("state:      %s/generations/%u\n", path, stored->number);
}

int cmd_status(const struct cli *cli)
{
	const char *state = cli->values[STATE];
	const char *path = state ? state : STATE_DIRECTORY;
	struct arena *arena = arena_new();
	struct generation stored = { 0 };
	struct kernel kernel;
	int ret;

	ret = read_kernel(arena, path, &kernel, &stored);
	if (ret)
		ret = report_failure(ret, "cannot read the running ruleset");
	else if (kernel.recorded)
		print_status(&kernel, path, &stored);
	else if (kernel.names.exists)
		printf("table inet " IR_TABLE " is not of nftoffc's making\n");
	else
		printf("no policy runs\n");
	arena_free(arena);
	return ret;
}
