/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Was our table changed by somebody else? A number over what the kernel says
 * of it: equal before and after unless it was. What moves by itself (counters,
 * handles, elements of dynamic sets, devices that come and go, the numbers of
 * anonymous sets) has no part in it. Of large sets, which may take minutes to
 * read, only the number of elements has, where the kernel tells it.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_FINGERPRINT_H
#define NFTOFFC_RUNTIME_NETLINK_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

struct nlmsghdr;

struct fingerprint {
	uint64_t sum;	/* the number; order of objects has no part in it */
	uint64_t chain; /* the chain whose rules are being read */
	size_t place;	/* of the next rule in it */
};

/* For each message of a dump of our table, rules in their order. */
void fingerprint_add(struct fingerprint *f, const struct nlmsghdr *message);

#endif
