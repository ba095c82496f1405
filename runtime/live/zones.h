/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The zones of a policy without the policy: what is kept of them with what was
 * applied, a line each, and the connections that live, by the zones that they
 * go from and to.
 *
 *	"lan br-lan wlan* 192.168.1.0/192.168.1.255 fd00:1::/fd00:1::ff"
 *
 * its name, its devices, and the first and last addresses of its subnets.
 */
#ifndef NFTOFFC_RUNTIME_LIVE_ZONES_H
#define NFTOFFC_RUNTIME_LIVE_ZONES_H

#include "policy/model.h"

struct nl;

const char *zones_line(struct arena *arena, const struct zone *zone);
/* False if it is malformed. */
bool zones_parse_line(struct arena *arena, struct str line, struct zone *zone);
/* A model that has these zones and nothing else. */
const struct model *zones_model(struct arena *arena, struct zone *zones,
				size_t n);

struct zones_pair {
	const char *from, *to; /* zones, or "router"; NULL: not known */
	size_t hardware, software;
	size_t others; /* not offloaded */
};

struct zones_count {
	VEC(struct zones_pair) pairs; /* that have any, in the zones' order */
	size_t hardware, software;    /* of all */
};

/*
 * Lists the connections once. @zones NULL: they are not known. 0 or -errno:
 * -EOPNOTSUPP if the kernel does not list them.
 */
int zones_count(struct nl *nl, struct arena *arena, const struct model *zones,
		struct zones_count *count);

#endif
