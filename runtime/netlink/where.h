/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a host is, as far as the routes to it tell: behind which device, and so
 * in which zone.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_WHERE_H
#define NFTOFFC_RUNTIME_NETLINK_WHERE_H

#include <net/if.h>

#include "policy/model.h"

enum where {
	WHERE_UNKNOWN, /* there is no route */
	WHERE_HERE,    /* it is this machine's own address */
	WHERE_BEHIND,  /* the device that was asked for */
};

/* @family is FAMILY_INDEX_*; @device is set if it is behind one. */
enum where where_is(const uint8_t *address, unsigned int family,
		    char device[IF_NAMESIZE]);
/* Is it called so, or does its prefix begin the name? */
bool where_device(const struct device *device, const char *name);
/* The zone that has the device and the address, -1: none. */
int where_zone(const struct model *model, const char *device,
	       unsigned int family, const uint8_t *address);

#endif
