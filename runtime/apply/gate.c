// SPDX-License-Identifier: GPL-2.0-only
/* The gate beside fw4: see gate.h. */
#include "runtime/apply/gate.h"

#include <errno.h>
#include <linux/netlink.h>

#include "runtime/base/report.h"
#include "runtime/netlink/fw4.h"
#include "runtime/netlink/kernel.h"

#define TRIES 50

/* @cannot: what it is that fails, if it does. */
static int try_once(struct nl *nl, struct arena *arena, bool ended,
		    size_t *opened, const char **cannot)
{
	struct kernel now = { 0 };
	struct fw4 fw4 = { 0 };
	struct fw4_gate gate;
	int ret = fw4_read_gate(nl, arena, &gate);

	if (ret ||
	    !(gate.input || gate.forward)) /* mostly, and others change much */
		return ret;
	ret = kernel_read(nl, arena, &now);
	if (ret || !now.recorded)
		return ret;
	ret = fw4_read(nl, arena, now.record.mask | now.record.flow_mask, &fw4);
	if (ret || (fw4.loaded ? fw4.sees : !ended))
		return ret;
	*cannot = "cannot let pass what fw4 does not mark";
	return fw4_open_gate(nl, arena, &fw4, opened);
}

int gate_tend(bool ended)
{
	const char *cannot = "cannot read the running ruleset";
	struct arena *arena = arena_new();
	size_t opened = 0, i;
	struct nl *nl = NULL;
	int ret = nl_open(&nl, NETLINK_NETFILTER);

	for (i = 0; !ret && i < TRIES; i++) {
		ret = try_once(nl, arena, ended, &opened, &cannot);
		if (ret != -ERESTART)
			break;
		ret = 0;
	}
	if (ret) {
		report_failure(ret, "%s", cannot);
	} else if (opened) {
		report_warning("what runs waits for marks that fw4 does not "
			       "set, so that nothing new would pass: it does "
			       "not wait any more, until it is applied again");
		report_help("'nftoffc fw4 enable' has fw4 mark what it sees");
	}
	nl_close(nl);
	arena_free(arena);
	return ret;
}
