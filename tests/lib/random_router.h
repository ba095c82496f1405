/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random policies of a router that can be built, for tests that send packets
 * through it. The same seed gives the same policy, on every machine.
 *
 * All policies speak of the same six devices, behind which the same addresses
 * are, so that whoever sends packets may set them up once:
 *
 *	device d of router_devices[]	10.(d + 1).0.0/16   fd00:(d + 1)::/32
 *	hosts				10.(d + 1).s.h      fd00:(d + 1):s::h
 *	the router			10.(d + 1).0.1      fd00:(d + 1)::1
 *	with s < ROUTER_SUBNETS and 1 < h < ROUTER_HOSTS
 *
 * What must stay true: values come from pools so small that packets of
 * router_probe() meet them; each entry can be left out by itself and the rest
 * is still a policy, so that one that fails can be made small.
 */
#ifndef NFTOFFC_TESTS_LIB_RANDOM_ROUTER_H
#define NFTOFFC_TESTS_LIB_RANDOM_ROUTER_H

#include "base/arena.h"
#include "random_policy.h"

#define ROUTER_DEVICES 6
#define ROUTER_SUBNETS 2
#define ROUTER_HOSTS 6
/* Of each device: the subnet that stands for others, outside of a map. */
#define ROUTER_OUTSIDE 9

extern const char *const router_devices[ROUTER_DEVICES];

/* Its text is in @arena. Lines and words may be left out, as of any other. */
void router_policy(struct random *r, struct arena *arena,
		   struct random_policy *policy);

/* A connection's first packet. */
struct router_probe {
	int in, out; /* devices; -1 the router */
	enum family_index family;
	uint8_t protocol;
	uint8_t source[16], destination[16];
	uint16_t sport, dport;
	uint8_t icmp; /* type */
	uint8_t dscp;
};

/* The MAC address that all probes from outside come from. */
#define ROUTER_MAC "02:00:00:00:00:00"

void router_probe(struct random *r, struct router_probe *probe);
/* The words of `nftoffc explain`, without the zones. */
void router_probe_print(const struct router_probe *probe, struct buf *out);

#define ROUTER_NO_ZONE (-2)

/* The zone of what is behind @device, -1 the router itself. */
int router_zone(const struct model *model, int device, int family,
		const uint8_t *address);
/* As the policy sees it; false if it has no zone for one of its sides. */
bool router_packet(const struct model *model, const struct router_probe *probe,
		   struct packet *packet);

#endif
