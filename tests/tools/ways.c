// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the kernel route packets as routes_find() says that it may?
 *
 *	ways SEED PACKETS
 *
 * In a network namespace with rules and routes of whatever kind: random packets,
 * of which the kernel is asked with all that there is to them (RTM_GETROUTE with
 * source, device, mark, ports), and routes_find() with what connection tracking
 * remembers, and with or without the device. The kernel's way must be among those
 * that it gives. Addresses are 10.A.B.C and fd00:A:B::C, A < 8, B < 4, C < 4.
 *
 * Prints how many the kernel routed, and of how many there was one way.
 */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

#include "policy/model.h"
#include "runtime/netlink/nl.h"
#include "runtime/netlink/routes.h"
#include "tests/lib/random_policy.h"

struct asked {
	struct route_flow flow;
	uint8_t source[16], destination[16];
	uint32_t mark;
	uint8_t tos;
};

struct told {
	uint8_t type;
	uint32_t device;
};

static uint32_t below(struct random *r, uint32_t n)
{
	return (uint32_t)random_below(r, n);
}

static void random_address(struct random *r, unsigned int family,
			   uint8_t address[16])
{
	uint8_t a = (uint8_t)below(r, 8), b = (uint8_t)below(r, 4);

	memset(address, 0, 16);
	if (family) {
		address[0] = 0xfd;
		address[3] = a;
		address[5] = b;
		address[15] = (uint8_t)(2 + below(r, 4));
		return;
	}
	address[0] = 10;
	address[1] = a;
	address[2] = b;
	address[3] = (uint8_t)(2 + below(r, 4));
}

static void make_packet(struct random *r, struct asked *a)
{
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP };
	static const uint16_t ports[] = { 22, 80, 443, 5000 };
	char name[IF_NAMESIZE];

	*a = (struct asked){ 0 };
	a->flow.family = below(r, 2);
	random_address(r, a->flow.family, a->source);
	random_address(r, a->flow.family, a->destination);
	a->flow.source = a->source;
	a->flow.destination = a->destination;
	a->flow.proto = protocols[below(r, 2)];
	a->flow.has_ports = true;
	a->flow.sport = htons(ports[below(r, 4)]);
	a->flow.dport = htons(ports[below(r, 4)]);
	a->mark = below(r, 2) ? below(r, 8) : 0;
	a->tos = below(r, 4) ? 0 : 0x10;
	snprintf(name, sizeof(name), "d%u", below(r, 6));
	a->flow.in = if_nametoindex(name);
}

static int see_route(const struct nlmsghdr *message, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;
	struct told *told = data;

	told->type = rtm->rtm_type;
	mnl_attr_for_each(attr, message, sizeof(*rtm))
	{
		if (mnl_attr_get_type(attr) == RTA_OIF)
			told->device = mnl_attr_get_u32(attr);
	}
	return 0;
}

/* False: it has no way. */
static bool ask_kernel(struct nl *nl, const struct asked *a, struct told *told)
{
	size_t len = a->flow.family ? 16 : 4;
	struct nlmsghdr *request;
	struct nl_room room;
	struct rtmsg *rtm;

	*told = (struct told){ 0 };
	request = mnl_nlmsg_put_header(&room);
	request->nlmsg_type = RTM_GETROUTE;
	rtm = mnl_nlmsg_put_extra_header(request, sizeof(*rtm));
	rtm->rtm_family = a->flow.family ? AF_INET6 : AF_INET;
	rtm->rtm_dst_len = rtm->rtm_src_len = (uint8_t)(8 * len);
	rtm->rtm_tos = a->flow.family ? 0 : a->tos;
	mnl_attr_put(request, RTA_DST, len, a->destination);
	mnl_attr_put(request, RTA_SRC, len, a->source);
	mnl_attr_put_u32(request, RTA_IIF, a->flow.in);
	mnl_attr_put_u32(request, RTA_MARK, a->mark);
	mnl_attr_put_u8(request, RTA_IP_PROTO, a->flow.proto);
	mnl_attr_put_u16(request, RTA_SPORT, a->flow.sport);
	mnl_attr_put_u16(request, RTA_DPORT, a->flow.dport);
	return !nl_ask(nl, request, see_route, told);
}

static bool has(const struct ways *ways, const struct told *told)
{
	size_t i;

	if (ways->unknown)
		return true;
	if (told->type == RTN_LOCAL)
		return ways->here;
	for (i = 0; i < ways->n; i++)
		if (ways->devices[i] == told->device)
			return true;
	return false;
}

static void print(const struct asked *a, const struct told *told,
		  const struct ways *ways)
{
	int family = a->flow.family ? AF_INET6 : AF_INET;
	char from[64], to[64], name[IF_NAMESIZE] = "-", in[IF_NAMESIZE] = "-";
	size_t i;

	inet_ntop(family, a->source, from, sizeof(from));
	inet_ntop(family, a->destination, to, sizeof(to));
	if_indextoname(a->flow.in, in);
	if_indextoname(told->device, name);
	printf("FAIL: from %s to %s iif %s mark %u tos %u ipproto %u sport %u "
	       "dport %u: type %u dev %s; not among:%s",
	       from, to, in, a->mark, a->tos, a->flow.proto,
	       ntohs(a->flow.sport), ntohs(a->flow.dport), told->type, name,
	       ways->here ? " here" : "");
	for (i = 0; i < ways->n; i++)
		printf(" %s", if_indextoname(ways->devices[i], name));
	putchar('\n');
}

static size_t count(const struct ways *ways)
{
	return ways->unknown ? 2 : ways->n + ways->here;
}

/* With the device, and without. */
static bool judge(const struct routes *routes, struct asked *a,
		  const struct told *told, unsigned long *sure)
{
	struct ways ways;
	uint32_t in = a->flow.in;
	bool good;

	routes_find(routes, &a->flow, &ways);
	good = has(&ways, told);
	*sure += count(&ways) == 1;
	if (getenv("WAYS_V") && count(&ways) != 1)
		print(a, told, &ways);
	if (good) {
		a->flow.in = 0;
		routes_find(routes, &a->flow, &ways);
		good = has(&ways, told);
	}
	a->flow.in = in;
	if (!good)
		print(a, told, &ways);
	return good;
}

int main(int argc, char **argv)
{
	struct random r =
		random_seeded(argc > 1 ? strtoull(argv[1], NULL, 0) : 1);
	unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 0) : 1000;
	unsigned long routed = 0, sure = 0, failures = 0, i;
	struct arena *arena = arena_new();
	struct routes *routes;
	struct nl *nl;

	if (nl_open(&nl, NETLINK_ROUTE) || routes_read(arena, &routes))
		return 2;
	for (i = 0; i < n; i++) {
		struct asked a;
		struct told told;

		make_packet(&r, &a);
		if (!ask_kernel(nl, &a, &told) ||
		    (told.type != RTN_UNICAST && told.type != RTN_LOCAL))
			continue;
		routed++;
		failures += !judge(routes, &a, &told, &sure);
	}
	printf("%lu %lu %lu\n", routed, sure, failures);
	nl_close(nl);
	arena_free(arena);
	return failures != 0;
}
