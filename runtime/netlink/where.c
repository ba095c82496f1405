// SPDX-License-Identifier: GPL-2.0-only
/* Asks the kernel for the route, and the zones for its device. */
#include "runtime/netlink/where.h"

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "runtime/netlink/nl.h"

struct route {
	uint32_t device; /* index, 0: no route */
	uint8_t type;	 /* RTN_* */
};

static int see_route(const struct nlmsghdr *message, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;
	struct route *route = data;

	route->type = rtm->rtm_type;
	mnl_attr_for_each(attr, message, sizeof(*rtm))
	{
		if (mnl_attr_get_type(attr) == RTA_OIF &&
		    mnl_attr_get_payload_len(attr) == sizeof(uint32_t))
			route->device = mnl_attr_get_u32(attr);
	}
	return 0;
}

static struct route route_to(const uint8_t *address, unsigned int family)
{
	struct route route = { 0 };
	struct nlmsghdr *request;
	struct nl_room room;
	struct rtmsg *rtm;
	struct nl *nl;
	size_t len = family ? 16 : 4;

	if (nl_open(&nl, NETLINK_ROUTE))
		return route;
	request = mnl_nlmsg_put_header(&room);
	request->nlmsg_type = RTM_GETROUTE;
	rtm = mnl_nlmsg_put_extra_header(request, sizeof(*rtm));
	rtm->rtm_family = family ? AF_INET6 : AF_INET;
	rtm->rtm_dst_len = (uint8_t)(8 * len);
	mnl_attr_put(request, RTA_DST, len, address);
	if (nl_ask(nl, request, see_route, &route))
		route.device = 0;
	nl_close(nl);
	return route;
}

enum where where_is(const uint8_t *address, unsigned int family,
		    char device[IF_NAMESIZE])
{
	struct route route = route_to(address, family);

	if (route.device && route.type == RTN_LOCAL)
		return WHERE_HERE;
	return route.device && if_indextoname(route.device, device) ?
		       WHERE_BEHIND :
		       WHERE_UNKNOWN;
}

bool where_device(const struct device *device, const char *name)
{
	return device->prefix ?
		       !strncmp(device->name, name, strlen(device->name) - 1) :
		       !strcmp(device->name, name);
}

static bool has_device(const struct zone *zone, const char *name)
{
	size_t i;

	for (i = 0; i < zone->ndevices; i++)
		if (where_device(&zone->devices[i], name))
			return true;
	return false;
}

static bool has_address(const struct zone *zone, unsigned int family,
			const uint8_t *address)
{
	return (!zone->subnets[0].n && !zone->subnets[1].n) ||
	       ranges_have(&zone->subnets[family], address);
}

int where_zone(const struct model *model, const char *device,
	       unsigned int family, const uint8_t *address)
{
	size_t i;

	for (i = 0; i < model->nzones; i++)
		if (has_device(&model->zones[i], device) &&
		    has_address(&model->zones[i], family, address))
			return (int)i;
	return -1;
}
