/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where OpenWrt's networks are: the device that each interface ends in, and its
 * addresses. From /etc/config/network, where both are what they will be, or from
 * what "ubus call network.interface dump" prints, where they are what they are.
 *
 * What must stay true: nothing is guessed of a device that only the running
 * system knows; it is reported.
 */
#ifndef NFTOFFC_IMPORT_NETWORK_H
#define NFTOFFC_IMPORT_NETWORK_H

#include "base/diag.h"
#include "value.h"

struct network {
	struct str name;
	struct span span;
	struct str device; /* p NULL: it has none, or it is not known */
	struct str zone;   /* that it puts itself into; p NULL: none */
	VEC(struct net) addresses;
};

struct networks {
	VEC(struct network) all;
};

/* What could be read; whether that is all, @diags tells. */
struct networks *networks_read(struct arena *arena, const struct source *source,
			       struct diags *diags);
const struct network *network_find(const struct networks *networks,
				   struct str name);

#endif
