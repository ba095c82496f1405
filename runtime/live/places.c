// SPDX-License-Identifier: GPL-2.0-only
/*
 * The zones of the ways that packets may take (routes.h): whichever is taken,
 * the zone has to be the same.
 *
 * Rules may ask by which device a packet came, which is where the other end is:
 * so each end's ways make the other's fewer, until they stay.
 */
#include "runtime/live/places.h"

#include <errno.h>
#include <net/if.h>

#include "base/map.h"
#include "runtime/netlink/routes.h"
#include "runtime/netlink/where.h"

/* How often the ends make each other's ways fewer. */
#define ROUNDS 4

struct device_zone {
	uint32_t index;
	const char *name; /* NULL: it is gone */
	bool by_address;  /* zones share it */
	int zone;	  /* else: this one, or ZONE_NONE */
};

struct places {
	struct arena *arena;
	const struct model *model;
	struct routes *routes;
	VEC(struct device_zone) devices;
	bool silent;	  /* nobody is asked host by host */
	struct map asked; /* host by host -> struct located * */
};

struct places *places_new(struct arena *arena, const struct model *model,
			  struct routes *routes)
{
	struct places *p = arena_new_object(arena, struct places);

	p->arena = arena;
	p->model = model;
	p->routes = routes;
	map_init(&p->asked, arena);
	return p;
}

int places_read(struct arena *arena, const struct model *model,
		struct places **places)
{
	struct routes *routes;
	int ret = routes_read(arena, &routes);

	*places = places_new(arena, model, routes);
	return ret;
}

static const struct located unknown = { PLACE_UNKNOWN, -1 };
static const struct located here = { PLACE_HERE, -1 };

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

	*device = (struct device_zone){ .index = index, .zone = ZONE_NONE };
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

static struct located in_zone(int zone)
{
	return zone < 0 ? (struct located){ PLACE_OUTSIDE, ZONE_NONE } :
			  (struct located){ PLACE_ZONE, zone };
}

/* The place of an address behind the device. */
static struct located place_behind(struct places *p, uint32_t index,
				   unsigned int family, const uint8_t *address)
{
	const struct device_zone *device = find_device(p, index);

	if (!device->name)
		return unknown;
	return in_zone(!device->by_address ? device->zone :
					     where_zone(p->model, device->name,
							family, address));
}

/*
 * Looking up
 */

static struct located place_of(struct places *p, const struct ways *ways,
			       unsigned int family, const uint8_t *address)
{
	struct located place = unknown, other;
	size_t i;

	if (ways->unknown || (ways->here && ways->n))
		return unknown;
	if (ways->here)
		return here;
	for (i = 0; i < ways->n; i++) {
		other = place_behind(p, ways->devices[i], family, address);
		if (i > 0 && other.zone != place.zone)
			return unknown;
		place = other;
	}
	return place;
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
		*place = in_zone(where_zone(p->model, device, family, address));
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

/*
 * Both ends
 */

struct end {
	const uint8_t *address;
	struct route_flow flow; /* of a packet to it */
	struct ways ways;
};

static void join(struct ways *all, const struct ways *more)
{
	size_t i, j;

	all->unknown |= more->unknown;
	all->here |= more->here;
	for (i = 0; i < more->n; i++) {
		for (j = 0; j < all->n; j++)
			if (all->devices[j] == more->devices[i])
				break;
		if (j == WAYS_MAX)
			all->unknown = true;
		else if (j == all->n)
			all->devices[all->n++] = more->devices[i];
	}
}

/* To @end, for each way by which the packet may have come from the other one. */
static struct ways find_from(const struct places *p, const struct end *end,
			     const struct ways *from)
{
	struct route_flow flow = end->flow;
	struct ways all = { 0 }, some;
	size_t i;

	for (i = 0; i < from->n; i++) {
		flow.in = from->devices[i];
		routes_find(p->routes, &flow, &some);
		join(&all, &some);
	}
	if (from->here) {
		flow.in = 0;
		flow.local = true;
		routes_find(p->routes, &flow, &some);
		join(&all, &some);
	}
	return all;
}

/* True: there are fewer. */
static bool narrow(const struct places *p, struct end *end,
		   const struct end *other)
{
	struct ways ways;
	bool fewer;

	if (other->ways.unknown || (!other->ways.n && !other->ways.here))
		return false;
	ways = find_from(p, end, &other->ways);
	fewer = ways.n < end->ways.n || ways.here < end->ways.here ||
		ways.unknown < end->ways.unknown;
	end->ways = ways;
	return fewer;
}

static struct route_flow flow_to(const struct packet *packet, const uint8_t *to,
				 const uint8_t *from)
{
	const uint8_t *sport = packet_value(packet, KEY_TH_SPORT);
	const uint8_t *dport = packet_value(packet, KEY_TH_DPORT);
	struct route_flow flow = {
		.family = packet->family,
		.destination = to,
		.source = from,
		.proto = packet->proto,
		.has_ports = sport && dport,
	};

	if (flow.has_ports) {
		memcpy(&flow.sport, sport, sizeof(flow.sport));
		memcpy(&flow.dport, dport, sizeof(flow.dport));
	}
	return flow;
}

static struct located locate(struct places *p, const struct end *end)
{
	unsigned int family = end->flow.family;

	if (is_special(family, end->address))
		return unknown;
	if (routes_too_many(p->routes, family))
		return p->silent ? unknown : ask(p, family, end->address);
	return place_of(p, &end->ways, family, end->address);
}

void places_find(struct places *places, const struct packet *packet,
		 struct located *from, struct located *to)
{
	struct end source = { packet_value(packet, packet_source(packet)) };
	struct end destination = { packet_value(packet,
						packet_destination(packet)) };
	uint16_t port;
	bool fewer = routes_ask_device(places->routes, packet->family);
	int i;

	*from = *to = unknown;
	if (!source.address || !destination.address)
		return;
	destination.flow = flow_to(packet, destination.address, source.address);
	source.flow = flow_to(packet, source.address, destination.address);
	port = source.flow.sport;
	source.flow.sport = source.flow.dport;
	source.flow.dport = port;
	routes_find(places->routes, &source.flow, &source.ways);
	routes_find(places->routes, &destination.flow, &destination.ways);
	for (i = 0; fewer && i < ROUNDS; i++) {
		fewer = narrow(places, &destination, &source);
		fewer |= narrow(places, &source, &destination);
	}
	*from = locate(places, &source);
	*to = locate(places, &destination);
}
