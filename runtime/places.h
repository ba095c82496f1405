/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In which zones hosts are, for many of them: the routes are read once.
 *
 * Connection tracking does not remember by which device a connection came. The
 * route back tells, as it tells the kernel: a flow is offloaded for the device
 * that its source is routed to, and for no other. What must stay true: where
 * routes may differ by more than the address (policy routing, a route by several
 * devices of several zones ...) nothing is said.
 */
#ifndef NFTOFFC_RUNTIME_PLACES_H
#define NFTOFFC_RUNTIME_PLACES_H

#include "policy/model.h"

struct places;
struct nlmsghdr;

enum place_kind {
	PLACE_UNKNOWN,
	PLACE_HERE, /* the router's own address */
	PLACE_ZONE,
};

struct located {
	enum place_kind kind;
	int zone; /* of PLACE_ZONE; else -1 */
};

/* Reads rules and routes: 0 or -errno. All of it is in @arena. */
int places_read(struct arena *arena, const struct model *model,
		struct places **places);
/* Where routes are too many to be read, the kernel is not asked host by host. */
void places_ask_nobody(struct places *places);
/* @family is FAMILY_INDEX_*. */
struct located places_find(struct places *places, unsigned int family,
			   const uint8_t *address);

/* What places_read() does with each message; for tests. */
struct places *places_new(struct arena *arena, const struct model *model);
int places_see_rule(struct places *places, const struct nlmsghdr *message);
int places_see_route(struct places *places, const struct nlmsghdr *message);
/* Device @index has this name; else the kernel is asked. */
void places_name(struct places *places, uint32_t index, const char *name);

#endif
