// SPDX-License-Identifier: GPL-2.0-only
/*
 * A word of a zone's line with a slash in it is a subnet: no device's name has
 * one. Where a host is, its route tells (places.h); which routes there are is
 * read once, and where they are too many to be read nothing is said of zones.
 */
#include "runtime/live/zones.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netlink.h>
#include <stdlib.h>

#include "base/buf.h"
#include "runtime/live/places.h"
#include "runtime/netlink/connections.h"

static const int families[FAMILIES] = { AF_INET, AF_INET6 };

/*
 * Lines
 */

static void add_subnets(struct buf *line, const struct ranges *ranges,
			int family)
{
	char lo[INET6_ADDRSTRLEN], hi[INET6_ADDRSTRLEN];
	size_t i;

	for (i = 0; i < ranges->n; i++) {
		const uint8_t *pair = ranges->v + 2 * i * ranges->len;

		inet_ntop(family, pair, lo, sizeof(lo));
		inet_ntop(family, pair + ranges->len, hi, sizeof(hi));
		buf_printf(line, " %s/%s", lo, hi);
	}
}

const char *zones_line(struct arena *arena, const struct zone *zone)
{
	struct buf line = { 0 };
	const char *text;
	size_t i;

	buf_puts(&line, zone->name);
	for (i = 0; i < zone->ndevices; i++)
		buf_printf(&line, " %s", zone->devices[i].name);
	for (i = 0; i < FAMILIES; i++)
		add_subnets(&line, &zone->subnets[i], families[i]);
	text = arena_strndup(arena, line.p, line.n);
	buf_free(&line);
	return text;
}

static bool parse_address(struct str word, int family, uint8_t *out)
{
	char text[INET6_ADDRSTRLEN];

	if (word.n >= sizeof(text))
		return false;
	memcpy(text, word.p, word.n);
	text[word.n] = '\0';
	return inet_pton(family, text, out) == 1;
}

struct room {
	size_t devices, subnets[FAMILIES];
};

static bool parse_subnet(struct arena *arena, struct str word,
			 struct zone *zone, struct room *room)
{
	struct str lo = str_cut(&word, '/');
	uint8_t first[16], last[16];
	struct ranges *ranges;
	size_t i;

	for (i = 0; i < FAMILIES; i++) {
		ranges = &zone->subnets[i];
		ranges->len = i == FAMILY_INDEX_IPV6 ? 16 : 4;
		if (!word.n || !parse_address(lo, families[i], first) ||
		    !parse_address(word, families[i], last) ||
		    memcmp(first, last, ranges->len) > 0)
			continue;
		ranges_push(arena, ranges, &room->subnets[i], first, last);
		return true;
	}
	return false;
}

static void add_device(struct arena *arena, struct str word, struct zone *zone,
		       struct room *room)
{
	size_t size = sizeof(*zone->devices);

	if (zone->ndevices == room->devices) {
		room->devices = room->devices ? 2 * room->devices : 4;
		zone->devices = arena_grow(arena, zone->devices,
					   zone->ndevices * size,
					   room->devices * size);
	}
	zone->devices[zone->ndevices++] = (struct device){
		.name = arena_strndup(arena, word.p, word.n),
		.prefix = word.p[word.n - 1] == '*',
	};
}

bool zones_parse_line(struct arena *arena, struct str line, struct zone *zone)
{
	struct str word = str_cut(&line, ' ');
	struct room room = { 0 };
	size_t i;

	*zone = (struct zone){
		.name = arena_strndup(arena, word.p, word.n),
	};
	if (!word.n)
		return false;
	while (line.n) {
		word = str_cut(&line, ' ');
		if (!word.n)
			return false;
		if (!memchr(word.p, '/', word.n))
			add_device(arena, word, zone, &room);
		else if (!parse_subnet(arena, word, zone, &room))
			return false;
	}
	for (i = 0; i < FAMILIES; i++)
		ranges_normalise(&zone->subnets[i]);
	return true;
}

const struct model *zones_model(struct arena *arena, struct zone *zones,
				size_t n)
{
	struct model *model = arena_new_object(arena, struct model);
	size_t i;

	for (i = 0; i < n; i++)
		zones[i].index = (uint32_t)i;
	model->arena = arena;
	model->zones = zones;
	model->nzones = n;
	return model;
}

/*
 * Counting
 */

/* Connections of one pair. */
struct cell {
	/* From and to: a zone's index; behind those the router, then what is not
	 * known. */
	uint32_t side[2];
	size_t hardware, software, others;
};

struct counting {
	struct arena *arena;
	const struct model *zones;
	struct places *places;
	struct map cells; /* by side */
};

static uint32_t router(const struct counting *c)
{
	return (uint32_t)c->zones->nzones;
}

static uint32_t side_of(const struct counting *c, const struct located *at)
{
	return at->kind == PLACE_ZONE ? (uint32_t)at->zone :
	       at->kind == PLACE_HERE ? router(c) :
					router(c) + 1;
}

static struct cell *cell_of(struct counting *c, const struct connection *of)
{
	uint32_t side[2] = { 0 };
	struct str key = { (const char *)side, sizeof(side) };
	struct located from, to;
	struct packet packet;
	struct cell *cell;

	if (c->places) {
		connection_packet(of, &packet);
		places_find(c->places, &packet, &from, &to);
		side[0] = side_of(c, &from);
		side[1] = side_of(c, &to);
	}
	cell = map_get(&c->cells, key);
	if (cell)
		return cell;
	cell = arena_new_object(c->arena, struct cell);
	memcpy(cell->side, side, sizeof(side));
	key.p = (const char *)cell->side;
	map_add(&c->cells, key, cell);
	return cell;
}

static int count_one(const struct connection *of, void *data)
{
	struct cell *cell = cell_of(data, of);

	if (of->status & IPS_HW_OFFLOAD)
		cell->hardware++;
	else if (of->status & IPS_OFFLOAD)
		cell->software++;
	else
		cell->others++;
	return 0;
}

static int compare_cells(const void *a, const void *b)
{
	const struct map_entry *x = a, *y = b;
	const struct cell *p = x->value, *q = y->value;
	int i = p->side[0] == q->side[0];

	return (p->side[i] > q->side[i]) - (p->side[i] < q->side[i]);
}

static const char *name_of(const struct counting *c, uint32_t side)
{
	return !c->places || side > router(c) ? NULL :
	       side == router(c)	      ? "router" :
						c->zones->zones[side].name;
}

static void sum_up(struct counting *c, struct zones_count *count)
{
	size_t i;

	if (c->cells.entries.n)
		qsort(c->cells.entries.v, c->cells.entries.n,
		      sizeof(*c->cells.entries.v), compare_cells);
	for (i = 0; i < c->cells.entries.n; i++) {
		const struct cell *cell = c->cells.entries.v[i].value;

		*vec_push(c->arena, &count->pairs) = (struct zones_pair){
			.from = name_of(c, cell->side[0]),
			.to = name_of(c, cell->side[1]),
			.hardware = cell->hardware,
			.software = cell->software,
			.others = cell->others,
		};
		count->hardware += cell->hardware;
		count->software += cell->software;
	}
}

int zones_count(struct nl *nl, struct arena *arena, const struct model *zones,
		struct zones_count *count)
{
	struct counting c = { .arena = arena, .zones = zones };
	int ret;

	*count = (struct zones_count){ 0 };
	map_init(&c.cells, arena);
	if (zones && places_read(arena, zones, &c.places))
		c.places = NULL;
	if (c.places)
		places_ask_nobody(c.places);
	ret = connections_list(nl, count_one, &c);
	if (ret && ret != -EINTR) /* some twice, or not: as good as it gets */
		return ret;
	sum_up(&c, count);
	return 0;
}
