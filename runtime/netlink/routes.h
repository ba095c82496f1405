/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which ways a packet may take, by the kernel's rules and routes, which are read
 * once: a rule is asked in its turn, as the kernel does (ip-rule(8)).
 *
 * Of a packet not all is known: its mark and its DSCP never, the device that it
 * came by maybe. A rule that asks this may match or may not, and both ways are
 * taken. What comes of it is every way that the packet may take: if all are the
 * same, what is not known makes no difference.
 *
 * A packet's mark stays unknown even where no rule of nft sets it: filters and
 * actions of tc(8), programs of BPF, xfrm states, iptables' own tables and Open
 * vSwitch set it too, and not all of them can be asked.
 *
 * So does what concerns a VRF. Connection tracking does not remember in which one
 * a connection is: where two tables have a way to both its ends, as any two with
 * a default route, either may be meant. And rules of nft see another name on
 * either side, as measured on 6.1: forwarded packets come in by the VRF and leave
 * by the device in it (iifname "blue" oifname "eth1"), and so do their replies.
 *
 * What must stay true: the way that the kernel takes is among them, or
 * ways.unknown is set. That it takes none is not said: who asks knows of packets
 * that came through.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_ROUTES_H
#define NFTOFFC_RUNTIME_NETLINK_ROUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct routes;
struct nlmsghdr;
struct links;

struct route_flow {
	unsigned int family;   /* FAMILY_INDEX_* */
	const uint8_t *source; /* NULL: not known */
	const uint8_t *destination;
	uint32_t in; /* the device that it came by, 0: not known */
	bool local;  /* the router's own */
	uint8_t proto;
	bool has_ports;
	uint16_t sport, dport; /* in network order */
};

#define WAYS_MAX 16

struct ways {
	bool unknown; /* any other */
	bool here;    /* it is for the router */
	size_t n;
	uint32_t devices[WAYS_MAX]; /* that it leaves by */
};

struct routes *routes_new(struct arena *arena);
/* Reads all of it, too: 0 or -errno. All of it is in @arena. */
int routes_read(struct arena *arena, struct routes **routes);
void routes_find(const struct routes *routes, const struct route_flow *flow,
		 struct ways *ways);
/* Does any rule ask by which device a packet came? */
bool routes_ask_device(const struct routes *routes, unsigned int family);
/* Every rule is the kernel's own, and there are too many routes to read. */
bool routes_too_many(const struct routes *routes, unsigned int family);

/* What routes_read() does with each message; for tests. Rules come first. */
int routes_see_rule(struct routes *routes, const struct nlmsghdr *message);
int routes_see_route(struct routes *routes, const struct nlmsghdr *message);
/* Names, and which devices are VRFs or in one. */
void routes_see_links(struct routes *routes, const struct links *links);

#endif
