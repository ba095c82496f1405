/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From which zone to which a connection goes, for many of them: rules and routes
 * are read once (routes.h).
 *
 * Connection tracking does not remember by which device a connection came. The
 * route back tells, as it tells the kernel: a flow is offloaded for the device
 * that its source is routed to, and for no other. What must stay true: where it
 * depends on what is not known (a packet's mark, by which of several zones'
 * devices it goes ...) nothing is said.
 */
#ifndef NFTOFFC_RUNTIME_LIVE_PLACES_H
#define NFTOFFC_RUNTIME_LIVE_PLACES_H

#include "policy/model.h"

struct places;
struct routes;

enum place_kind {
	PLACE_UNKNOWN,
	PLACE_HERE, /* the router's own address */
	PLACE_ZONE,
	PLACE_OUTSIDE, /* behind a device that no zone has, or not for it */
};

struct located {
	enum place_kind kind;
	int zone; /* of PLACE_ZONE; of PLACE_OUTSIDE, ZONE_NONE; else -1 */
};

/* Reads rules and routes: 0 or -errno. All of it is in @arena. */
int places_read(struct arena *arena, const struct model *model,
		struct places **places);
/* Where routes are too many to be read, the kernel is not asked host by host. */
void places_ask_nobody(struct places *places);
/*
 * Where a packet comes from and goes to, by its addresses and ports, as rules see
 * it: translated already.
 */
void places_find(struct places *places, const struct packet *packet,
		 struct located *from, struct located *to);

/* With routes that are known already; for tests. */
struct places *places_new(struct arena *arena, const struct model *model,
			  struct routes *routes);
/* Device @index has this name; else the kernel is asked. */
void places_name(struct places *places, uint32_t index, const char *name);

#endif
