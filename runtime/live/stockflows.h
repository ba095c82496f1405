/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Offloaded connections as a kernel without our module tells of them: the list
 * of connections says which are offloaded, not by which flowtable nor over
 * which devices.
 */
#ifndef NFTOFFC_RUNTIME_LIVE_STOCKFLOWS_H
#define NFTOFFC_RUNTIME_LIVE_STOCKFLOWS_H

#include "runtime/netlink/module.h"

/*
 * As module_flows(), with no devices and no names of flowtables.
 * -EOPNOTSUPP if @match asks of devices, or the kernel lists no connections.
 */
int stock_flows(const struct module_match *match, module_flow_fn fn,
		void *data);

struct nlmsghdr;

struct connection;

/* Any connection, as a flow. */
void stock_of(const struct connection *connection, struct module_flow *flow);
/* The flow that a message of the kernel's speaks of; false: of none. */
bool stock_flow(const struct nlmsghdr *message, struct module_flow *flow);
bool stock_flow_matches(const struct module_match *match,
			const struct module_flow *flow);

#endif
