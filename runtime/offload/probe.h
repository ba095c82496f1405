/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel can offload: at all, and in hardware on which device.
 *
 * It is asked with a transaction that has no end, which the kernel prepares and
 * then takes back: nobody sees it, no generation passes. To prepare a flowtable
 * with `flags offload` the device's driver is asked. Only devices that say that
 * they can are asked so: on one without a driver for it the kernel keeps a
 * record of the question that outlives it.
 */
#ifndef NFTOFFC_RUNTIME_OFFLOAD_PROBE_H
#define NFTOFFC_RUNTIME_OFFLOAD_PROBE_H

#include "runtime/netlink/names.h"
#include "runtime/offload/attach.h"

struct nl;

/*
 * Fills in what @links can do, as far as @wishes depend on it, and whether the
 * kernel can offload flows at all. What @now, our table, proves is not asked.
 * 0 or -errno.
 */
int probe_links(struct nl *nl, const struct names *now,
		const struct attach_wishes *wishes, struct links *links,
		bool *offloads);

#endif
