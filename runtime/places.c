// SPDX-License-Identifier: GPL-2.0-only
/*
 * Routes by prefix, from rtnetlink. Lookup goes by table, as the kernel's rules
 * do where they are the kernel's own (local, main, default), and in a table by
 * length, the longest first: a hash lookup each.
 *
 * Routes of one prefix (with several metrics, or several next hops) are one here:
 * whichever is taken, the zone has to be the same.
 */
#include "runtime/places.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "runtime/nl.h"
#include "runtime/where.h"

/* More are not kept: then the kernel is asked, host by host. */
#define ROUTES_MAX 200000
#define DEVICES_MAX 8 /* of one route */
#define BITS_MAX 128

enum table { TABLE_LOCAL, TABLE_MAIN, TABLE_DEFAULT, TABLES };

struct route {
	uint8_t key[18]; /* table, length, address */
	uint8_t type;	 /* RTN_* */
	bool unsure;	 /* it is not for all packets to the prefix alike */
	uint8_t n;
	uint32_t devices[DEVICES_MAX];
};

struct device_zone {
	uint32_t index;
	const char *name; /* NULL: it is gone */
	bool by_address;  /* zones share it */
	int zone;	  /* else: this one, -1 none */
};

struct family {
	bool unsure;	 /* rules of others say which table */
	bool unknown;	 /* the kernel has none */
	enum table last; /* that a rule has named */
	bool lengths[TABLES][BITS_MAX + 1];
	struct map routes; /* by key */
};

struct places {
	struct arena *arena;
	const struct model *model;
	struct family families[FAMILIES];
	VEC(struct device_zone) devices;
	bool too_many;
	bool silent;	  /* nobody is asked then */
	struct map asked; /* host by host -> struct located * */
};

struct places *places_new(struct arena *arena, const struct model *model)
{
	struct places *p = arena_new_object(arena, struct places);
	int f;

	p->arena = arena;
	p->model = model;
	map_init(&p->asked, arena);
	for (f = 0; f < FAMILIES; f++)
		map_init(&p->families[f].routes, arena);
	return p;
}

/* NULL: of neither family. */
static struct family *family_of(struct places *p, uint8_t family)
{
	return family == AF_INET  ? &p->families[FAMILY_INDEX_IPV4] :
	       family == AF_INET6 ? &p->families[FAMILY_INDEX_IPV6] :
				    NULL;
}

/* False: it is none that is looked at. */
static bool table_of(uint32_t number, enum table *table)
{
	switch (number) {
	case RT_TABLE_LOCAL:
		*table = TABLE_LOCAL;
		return true;
	case RT_TABLE_MAIN:
		*table = TABLE_MAIN;
		return true;
	case RT_TABLE_DEFAULT:
		*table = TABLE_DEFAULT;
		return true;
	}
	return false;
}

static uint32_t u32_of(const struct nlattr *attr, uint32_t absent)
{
	return attr && mnl_attr_get_payload_len(attr) == sizeof(uint32_t) ?
		       mnl_attr_get_u32(attr) :
		       absent;
}

/*
 * Rules
 */

/* Is it for every packet, and nothing but "look there"? */
static bool is_plain(const struct nlmsghdr *message,
		     const struct fib_rule_hdr *rule)
{
	const struct nlattr *attr;

	if (rule->action != FR_ACT_TO_TBL || rule->src_len || rule->dst_len ||
	    rule->tos || rule->flags & FIB_RULE_INVERT)
		return false;
	mnl_attr_for_each(attr, message, sizeof(*rule))
	{
		switch (mnl_attr_get_type(attr)) {
		case FRA_TABLE:
		case FRA_PRIORITY:
		case FRA_PROTOCOL:
			continue;
		case FRA_SUPPRESS_PREFIXLEN:
			if (u32_of(attr, 0) == UINT32_MAX)
				continue;
			return false;
		default:
			return false;
		}
	}
	return true;
}

int places_see_rule(struct places *places, const struct nlmsghdr *message)
{
	const struct fib_rule_hdr *rule = mnl_nlmsg_get_payload(message);
	const struct nlattr *a[FRA_MAX + 1];
	struct family *family;
	enum table table;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*rule))
		return 0;
	family = family_of(places, rule->family);
	if (!family)
		return 0;
	nl_attrs_behind(message, sizeof(*rule), NULL, a, FRA_MAX);
	if (!is_plain(message, rule) ||
	    !table_of(u32_of(a[FRA_TABLE], rule->table), &table) ||
	    table < family->last)
		family->unsure = true;
	else
		family->last = table;
	return 0;
}

/*
 * Routes
 */

static void mask_address(uint8_t *address, unsigned int len)
{
	size_t byte = len / 8;

	if (byte >= 16)
		return;
	address[byte] &= (uint8_t)(0xff00 >> len % 8);
	memset(address + byte + 1, 0, 15 - byte);
}

static void put_key(uint8_t key[18], enum table table, unsigned int len,
		    const uint8_t *address, size_t n)
{
	memset(key, 0, 18);
	key[0] = (uint8_t)table;
	key[1] = (uint8_t)len;
	if (n)
		memcpy(key + 2, address, n);
	mask_address(key + 2, len);
}

static struct str key_of(const uint8_t key[18])
{
	return (struct str){ (const char *)key, 18 };
}

static void add_device(struct route *route, uint32_t index)
{
	size_t i;

	for (i = 0; i < route->n; i++)
		if (route->devices[i] == index)
			return;
	if (!index || route->n == DEVICES_MAX) {
		route->unsure = true;
		return;
	}
	route->devices[route->n++] = index;
}

static void add_next_hops(struct route *route, const struct nlattr *attr)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(attr);
	int left = mnl_attr_get_payload_len(attr);

	while (RTNH_OK(hop, left)) {
		add_device(route, (uint32_t)hop->rtnh_ifindex);
		left -= (int)RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
	if (left > 0)
		route->unsure = true;
}

static struct route *find_route(struct places *p, struct family *family,
				const uint8_t key[18], uint8_t type)
{
	struct route *route = map_get(&family->routes, key_of(key));

	if (route) {
		route->unsure |= route->type != type;
		return route;
	}
	route = arena_new_object(p->arena, struct route);
	memcpy(route->key, key, sizeof(route->key));
	route->type = type;
	map_add(&family->routes, key_of(route->key), route);
	family->lengths[key[0]][key[1]] = true;
	return route;
}

static bool is_up(const struct rtmsg *rtm)
{
	return !(rtm->rtm_flags & (RTM_F_CLONED | RTNH_F_DEAD));
}

int places_see_route(struct places *places, const struct nlmsghdr *message)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(message);
	const struct nlattr *a[RTA_MAX + 1];
	struct family *family;
	struct route *route;
	uint8_t key[18];
	enum table table;
	size_t len;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*rtm))
		return 0;
	family = family_of(places, rtm->rtm_family);
	nl_attrs_behind(message, sizeof(*rtm), NULL, a, RTA_MAX);
	if (!family || !is_up(rtm) ||
	    !table_of(u32_of(a[RTA_TABLE], rtm->rtm_table), &table))
		return 0;
	if (family->routes.entries.n >= ROUTES_MAX) {
		places->too_many = true;
		return -E2BIG;
	}
	len = a[RTA_DST] ? mnl_attr_get_payload_len(a[RTA_DST]) : 0;
	if (rtm->rtm_dst_len > (rtm->rtm_family == AF_INET ? 32 : BITS_MAX) ||
	    len > 16 || len * 8 < rtm->rtm_dst_len)
		return 0;
	put_key(key, table, rtm->rtm_dst_len,
		len ? mnl_attr_get_payload(a[RTA_DST]) : NULL, len);
	route = find_route(places, family, key, rtm->rtm_type);
	route->unsure |= rtm->rtm_tos || rtm->rtm_src_len;
	if (a[RTA_MULTIPATH])
		add_next_hops(route, a[RTA_MULTIPATH]);
	else if (rtm->rtm_type == RTN_UNICAST || a[RTA_OIF])
		add_device(route, u32_of(a[RTA_OIF], 0));
	return 0;
}

/*
 * Devices
 */

static bool has_name(const struct zone *zone, const char *name)
{
	size_t i;

	for (i = 0; i < zone->ndevices; i++)
		if (where_device(&zone->devices[i], name))
			return true;
	return false;
}

static struct device_zone *add_zone(struct places *p, uint32_t index,
				    const char *name)
{
	struct device_zone *device = vec_push(p->arena, &p->devices);
	size_t i;

	*device = (struct device_zone){ .index = index, .zone = -1 };
	if (!name)
		return device;
	device->name = arena_strndup(p->arena, name, strlen(name));
	for (i = 0; i < p->model->nzones; i++) {
		const struct zone *zone = &p->model->zones[i];

		if (!has_name(zone, name))
			continue;
		device->by_address |= device->zone >= 0 || zone->subnets[0].n ||
				      zone->subnets[1].n;
		device->zone = (int)i;
	}
	return device;
}

void places_name(struct places *places, uint32_t index, const char *name)
{
	add_zone(places, index, name);
}

static const struct device_zone *find_device(struct places *p, uint32_t index)
{
	char name[IF_NAMESIZE];
	size_t i;

	for (i = 0; i < p->devices.n; i++)
		if (p->devices.v[i].index == index)
			return &p->devices.v[i];
	return add_zone(p, index, if_indextoname(index, name) ? name : NULL);
}

/* The zone of an address behind the device, -1: none. */
static int zone_behind(struct places *p, uint32_t index, unsigned int family,
		       const uint8_t *address)
{
	const struct device_zone *device = find_device(p, index);

	if (!device->by_address)
		return device->zone;
	return where_zone(p->model, device->name, family, address);
}

/*
 * Looking up
 */

static const struct located unknown = { PLACE_UNKNOWN, -1 };
static const struct located here = { PLACE_HERE, -1 };

static struct located place_by(struct places *p, const struct route *route,
			       unsigned int family, const uint8_t *address)
{
	int zone = -1, other;
	size_t i;

	if (route->unsure)
		return unknown;
	if (route->type == RTN_LOCAL)
		return here;
	if (route->type != RTN_UNICAST)
		return unknown;
	for (i = 0; i < route->n; i++) {
		other = zone_behind(p, route->devices[i], family, address);
		if (other < 0 || (i > 0 && other != zone))
			return unknown;
		zone = other;
	}
	return zone < 0 ? unknown : (struct located){ PLACE_ZONE, zone };
}

static const struct route *longest(const struct family *family,
				   enum table table, unsigned int bits,
				   const uint8_t *address)
{
	const struct route *route;
	uint8_t key[18];
	int len;

	for (len = (int)bits; len >= 0; len--) {
		if (!family->lengths[table][len])
			continue;
		put_key(key, table, (unsigned int)len, address, bits / 8);
		route = map_get(&family->routes, key_of(key));
		if (route)
			return route;
	}
	return NULL;
}

/* Who has it depends on the device: link-local, multicast, nobody's. */
static bool is_special(unsigned int family, const uint8_t *address)
{
	static const uint8_t nobody[16] = { 0 };

	if (family)
		return *address == 0xff ||
		       (*address == 0xfe && (address[1] & 0xc0) == 0x80) ||
		       !memcmp(address, nobody, 16);
	return *address >= 224 || *address == 0 ||
	       (*address == 169 && address[1] == 254);
}

/* Routes are too many to read them all. */
static struct located ask(struct places *p, unsigned int family,
			  const uint8_t *address)
{
	struct str key = { (const char *)address, family ? 16 : 4 };
	struct located *place = map_get(&p->asked, key);
	char device[IF_NAMESIZE];

	if (place)
		return *place;
	key.p = arena_strndup(p->arena, key.p, key.n);
	place = arena_new_object(p->arena, struct located);
	*place = unknown;
	switch (where_is(address, family, device)) {
	case WHERE_HERE:
		*place = here;
		break;
	case WHERE_BEHIND:
		place->zone = where_zone(p->model, device, family, address);
		place->kind = place->zone < 0 ? PLACE_UNKNOWN : PLACE_ZONE;
		break;
	case WHERE_UNKNOWN:
		break;
	}
	map_add(&p->asked, key, place);
	return *place;
}

void places_ask_nobody(struct places *places)
{
	places->silent = true;
}

struct located places_find(struct places *places, unsigned int family,
			   const uint8_t *address)
{
	const struct family *of = &places->families[family];
	const struct route *route;
	enum table table;

	if (of->unsure || of->unknown || is_special(family, address))
		return unknown;
	if (places->too_many)
		return places->silent ? unknown : ask(places, family, address);
	for (table = TABLE_LOCAL; table < TABLES; table++) {
		route = longest(of, table, family ? 128 : 32, address);
		if (route && route->type != RTN_THROW)
			return place_by(places, route, family, address);
	}
	return unknown;
}

/*
 * Reading
 */

static int see_rule(const struct nlmsghdr *message, void *data)
{
	return places_see_rule(data, message);
}

static int see_route(const struct nlmsghdr *message, void *data)
{
	return places_see_route(data, message);
}

/* rtmsg and fib_rule_hdr begin alike, with the family. */
static int dump(struct nl *nl, uint16_t type, uint8_t family, nl_message_fn fn,
		struct places *places)
{
	struct nlmsghdr *request;
	struct nl_room room;
	struct rtmsg *rtm;

	request = mnl_nlmsg_put_header(&room);
	request->nlmsg_type = type;
	rtm = mnl_nlmsg_put_extra_header(request, sizeof(*rtm));
	rtm->rtm_family = family;
	return nl_dump(nl, request, fn, places);
}

/* A kernel without rules has the tables all the same. */
static int read_family(struct nl *nl, struct places *places, uint8_t family)
{
	int ret = dump(nl, RTM_GETRULE, family, see_rule, places);

	if (ret && ret != -EOPNOTSUPP && ret != -EAFNOSUPPORT)
		return ret;
	return dump(nl, RTM_GETROUTE, family, see_route, places);
}

int places_read(struct arena *arena, const struct model *model,
		struct places **places)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct nl *nl;
	int f, ret;

	*places = places_new(arena, model);
	ret = nl_open(&nl, NETLINK_ROUTE);
	if (ret)
		return ret;
	for (f = 0; f < FAMILIES; f++)
		/* -EINTR too: what changes under way is not known */
		(*places)->families[f].unknown =
			read_family(nl, *places, families[f]) &&
			!(*places)->too_many;
	nl_close(nl);
	return 0;
}
