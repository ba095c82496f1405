// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zones in nf_tables' terms: devices, and the subnets that narrow them.
 *
 * A base chain finds the pair of zones with one hash lookup on the names of
 * the devices. Pairs with a prefix device or a narrowed zone stand in a second
 * map, one for each family, whose keys are ranges.
 */
#include "lowering.h"
#include "vocab/algebra.h"

#include <linux/netfilter/nf_tables.h>

static bool narrowed(const struct zone *zone)
{
	return zone->subnets[0].n || zone->subnets[1].n;
}

static bool plain(const struct lowering *l, int index)
{
	const struct zone *zone = &l->model->zones[index];
	size_t i;

	for (i = 0; i < zone->ndevices; i++)
		if (zone->devices[i].prefix)
			return false;
	return !narrowed(zone);
}

static void device_range(const struct device *device, uint8_t lo[WIRE_MAX],
			 uint8_t hi[WIRE_MAX])
{
	size_t n = strlen(device->name);

	if (device->prefix) {
		wire_ifname_prefix(device->name, n - 1, lo, hi);
		return;
	}
	wire_ifname(device->name, n, lo);
	memcpy(hi, lo, WIRE_MAX);
}

/* ---- pieces: what NAT and exemptions ask of one side ---- */

static void push_piece(struct lowering *l, struct pieces *out,
		       const struct ranges *names, const struct zone *zone)
{
	struct piece *piece;
	int f;

	if (!names->n)
		return;
	piece = vec_push(l->arena, &out->list);
	*piece = (struct piece){
		.names = names->v,
		.n = names->n,
		.families = FAMILY_BOTH,
	};
	for (f = 0; zone && narrowed(zone) && f < FAMILIES; f++) {
		piece->subnets[f] = &zone->subnets[f];
		if (!zone->subnets[f].n)
			piece->families &= (uint8_t) ~(1u << f);
	}
}

static void add_names(struct lowering *l, struct pieces *out,
		      struct ranges *exact, size_t *room,
		      const struct zone *zone)
{
	const struct zone *owner = narrowed(zone) ? zone : NULL;
	uint8_t lo[WIRE_MAX], hi[WIRE_MAX];
	size_t i;

	for (i = 0; i < zone->ndevices; i++) {
		struct ranges prefix = { .len = WIRE_MAX };
		size_t one = 0;

		device_range(&zone->devices[i], lo, hi);
		if (!zone->devices[i].prefix) {
			ranges_push(l->arena, exact, room, lo, hi);
			continue;
		}
		ranges_push(l->arena, &prefix, &one, lo, hi);
		push_piece(l, out, &prefix, owner);
	}
}

struct pieces lower_zone_pieces(struct lowering *l, const struct zone *zone)
{
	struct ranges exact = { .len = WIRE_MAX };
	struct pieces out = { 0 };
	size_t room = 0;

	add_names(l, &out, &exact, &room, zone);
	ranges_normalise(&exact);
	push_piece(l, &out, &exact, zone);
	return out;
}

struct pieces lower_pieces(struct lowering *l, const struct zone_set *set)
{
	struct ranges exact = { .len = WIRE_MAX };
	struct pieces out = { .any = set->any };
	size_t i, j, room = 0;

	for (i = 0; !set->any && i < l->model->nzones; i++) {
		const struct zone *zone = &l->model->zones[i];
		struct pieces own;

		if (!zone_set_has(set, (int)i))
			continue;
		if (!narrowed(zone)) {
			add_names(l, &out, &exact, &room, zone);
			continue;
		}
		own = lower_zone_pieces(l, zone);
		for (j = 0; j < own.list.n; j++)
			*vec_push(l->arena, &out.list) = own.list.v[j];
	}
	ranges_normalise(&exact);
	push_piece(l, &out, &exact, NULL);
	return out;
}

static void name_op(struct ir_build *b, enum key_id id,
		    const struct piece *piece)
{
	ir_in_ranges(b, id, piece->names, piece->n, false);
}

size_t lower_families(const struct piece *from, const struct piece *to,
		      uint8_t families, uint8_t out[FAMILIES])
{
	const struct piece *sides[] = { from, to };
	bool narrow = false;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (!sides[i])
			continue;
		families &= sides[i]->families;
		narrow |= sides[i]->subnets[0] != NULL;
	}
	out[0] = families;
	if (families != FAMILY_BOTH || !narrow)
		return families != 0;
	out[0] = FAMILY_IPV4;
	out[1] = FAMILY_IPV6;
	return 2;
}

bool lower_piece(struct ir_build *b, const struct piece *piece, bool in,
		 uint8_t families)
{
	static const enum key_id keys[2][FAMILIES] = {
		{ KEY_IP_DADDR, KEY_IP6_DADDR },
		{ KEY_IP_SADDR, KEY_IP6_SADDR },
	};
	uint8_t common = families & piece->families;
	int f;

	if (!common)
		return false;
	name_op(b, in ? KEY_IIFNAME : KEY_OIFNAME, piece);
	for (f = 0; f < FAMILIES; f++)
		if (common == 1 << f && piece->subnets[f])
			ir_in_ranges(b, keys[in][f], piece->subnets[f]->v,
				     piece->subnets[f]->n, false);
	return true;
}

/* ---- the maps to the chains of pairs ---- */

struct entry { /* one key of one side: a device and addresses behind it */
	uint8_t name_lo[WIRE_MAX], name_hi[WIRE_MAX];
	uint8_t addr_lo[WIRE_MAX], addr_hi[WIRE_MAX];
};

struct entries {
	VEC(struct entry) list;
};

/*
 * A narrowed zone that has its devices for itself also owns what has no
 * address of a subnet, between it and the router: DHCP, link-local, multicast.
 */
struct own_address {
	uint8_t family;
	bool source; /* of what it sends, else of what is sent to it */
	uint8_t lo[WIRE_MAX], hi[WIRE_MAX];
};

#define ALL_ONES                                                               \
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,      \
		0xff, 0xff, 0xff

static const struct own_address own_addresses[] = {
	{ 0, true, { 0 }, { 0 } },		       /* 0.0.0.0 */
	{ 0, false, { 224 }, { 239, 255, 255, 255 } }, /* 224/4 */
	{ 0, false, { 255, 255, 255, 255 }, { 255, 255, 255, 255 } },
	{ 1, true, { 0 }, { 0 } },			       /* :: */
	{ 1, true, { 0xfe, 0x80 }, { 0xfe, 0xbf, ALL_ONES } }, /* fe80::/10 */
	{ 1, false, { 0xfe, 0x80 }, { 0xfe, 0xbf, ALL_ONES } },
	{ 1, false, { 0xff, 0x00 }, { 0xff, 0xff, ALL_ONES } }, /* ff00::/8 */
};

static bool on_device(const struct zone *zone, const struct device *device)
{
	size_t i, n = strlen(device->name) - device->prefix;

	for (i = 0; i < zone->ndevices; i++) {
		const struct device *own = &zone->devices[i];
		size_t m = strlen(own->name) - own->prefix;
		size_t shorter = m < n ? m : n;

		if (strncmp(own->name, device->name, shorter) == 0 &&
		    (m == n || (m < n ? own->prefix : device->prefix)))
			return true;
	}
	return false;
}

static bool is_sole(const struct lowering *l, const struct zone *zone)
{
	size_t i, j;

	for (i = 0; i < l->model->nzones; i++)
		for (j = 0; i != zone->index && j < zone->ndevices; j++)
			if (on_device(&l->model->zones[i], &zone->devices[j]))
				return false;
	return true;
}

void lower_sole(struct lowering *l)
{
	size_t i;

	l->sole = arena_array(l->arena, l->model->nzones, sizeof(*l->sole));
	for (i = 0; i < l->model->nzones; i++)
		l->sole[i] = narrowed(&l->model->zones[i]) &&
			     is_sole(l, &l->model->zones[i]);
}

static void add_entry(struct lowering *l, struct entries *out,
		      const struct device *device, const uint8_t *lo,
		      const uint8_t *hi, size_t len)
{
	struct entry *entry = vec_push(l->arena, &out->list);

	memset(entry, 0, sizeof(*entry));
	device_range(device, entry->name_lo, entry->name_hi);
	memcpy(entry->addr_lo, lo, len);
	memcpy(entry->addr_hi, hi, len);
}

/* Those that are of no subnet: a key is in the map once. */
static struct ranges own_ranges(struct lowering *l,
				const struct ranges *subnets, int family,
				bool source)
{
	struct ranges own = { .len = subnets->len };
	size_t i, room = 0;

	for (i = 0; i < sizeof(own_addresses) / sizeof(own_addresses[0]); i++)
		if (own_addresses[i].family == family &&
		    own_addresses[i].source == source)
			ranges_push(l->arena, &own, &room, own_addresses[i].lo,
				    own_addresses[i].hi);
	ranges_normalise(&own);
	return ranges_less(l->arena, &own, subnets);
}

static void add_ranges(struct lowering *l, struct entries *out,
		       const struct device *device, const struct ranges *ranges)
{
	size_t i, len = ranges->len;

	for (i = 0; i < ranges->n; i++)
		add_entry(l, out, device, ranges->v + 2 * i * len,
			  ranges->v + (2 * i + 1) * len, len);
}

static struct entries zone_entries(struct lowering *l, int index, int family,
				   bool own, bool source)
{
	static const uint8_t zero[WIRE_MAX],
		ones[WIRE_MAX] = { 0xff, 0xff, ALL_ONES };
	const struct zone *zone = &l->model->zones[index];
	const struct ranges *subnets = &zone->subnets[family];
	struct entries out = { 0 };
	struct ranges rest = { 0 };
	size_t i;

	if (own && l->sole[index] && subnets->n)
		rest = own_ranges(l, subnets, family, source);

	for (i = 0; i < zone->ndevices; i++) {
		if (!narrowed(zone))
			add_entry(l, &out, &zone->devices[i], zero, ones,
				  family ? 16 : 4);
		add_ranges(l, &out, &zone->devices[i], subnets);
		add_ranges(l, &out, &zone->devices[i], &rest);
	}
	return out;
}

/* How a side is seen in a hook: by which device and which address. */
struct side {
	bool from; /* the zone that opened the connection */
	enum key_id name, addr[FAMILIES];
};

struct dispatch {
	struct lowering *l;
	enum hook_index hook;
	enum dir dir;
	size_t nsides;
	struct side sides[2];
	struct ir_set *plain, *ranges[FAMILIES];
	size_t room[1 + FAMILIES];
};

static struct side side_of(bool from, enum dir dir)
{
	bool in = from == (dir == DIR_ORIGINAL);

	return (struct side){
		.from = from,
		.name = in ? KEY_IIFNAME : KEY_OIFNAME,
		.addr = { in ? KEY_IP_SADDR : KEY_IP_DADDR,
			  in ? KEY_IP6_SADDR : KEY_IP6_DADDR },
	};
}

static const char *map_name(struct dispatch *d, const char *family)
{
	static const char *const hooks[] = { "input", "forward", "output" };

	return arena_printf(d->l->arena, "pairs.%s%s%s", hooks[d->hook],
			    d->dir == DIR_REPLY ? ".reply" : "", family);
}

static struct ir_set *plain_map(struct dispatch *d)
{
	size_t i;

	if (d->plain)
		return d->plain;
	d->plain = ir_set_add(d->l->ir, map_name(d, ""), (struct span){ 0 });
	for (i = 0; i < d->nsides; i++)
		ir_set_field(d->plain, WIRE_IFNAME);
	return d->plain;
}

static struct ir_set *range_map(struct dispatch *d, int family)
{
	static const char *const names[] = { ".ipv4", ".ipv6" };
	struct ir_set *set = d->ranges[family];
	size_t i;

	if (set)
		return set;
	set = ir_set_add(d->l->ir, map_name(d, names[family]),
			 (struct span){ 0 });
	d->ranges[family] = set;
	for (i = 0; i < d->nsides; i++) {
		ir_set_field(set, WIRE_IFNAME);
		ir_set_field(set, family ? WIRE_IPV6 : WIRE_IPV4);
	}
	set->interval = true;
	return set;
}

/* Room for one element more; returns where its key goes. */
static uint8_t *new_element(struct dispatch *d, struct ir_set *set,
			    size_t *room, const char *chain)
{
	size_t stride = set->klen * (set->interval ? 2u : 1u);
	size_t size = sizeof(struct ir_verdict);

	if (set->nelems == *room) {
		size_t more = *room ? 2 * *room : 16;

		set->keys = arena_grow(d->l->arena, set->keys, *room * stride,
				       more * stride);
		set->verdicts = arena_grow(d->l->arena, set->verdicts,
					   *room * size, more * size);
		*room = more;
	}
	set->verdicts[set->nelems] = (struct ir_verdict){ VERDICT_GOTO, chain };
	return set->keys + stride * set->nelems++;
}

static void plain_elements(struct dispatch *d, const int *zones,
			   const char *chain)
{
	const struct zone *z[2] = { &d->l->model->zones[zones[0]],
				    &d->l->model->zones[zones[1]] };
	size_t n1 = d->nsides == 2 ? z[1]->ndevices : 1, i, s;

	for (i = 0; i < z[0]->ndevices * n1; i++) {
		size_t index[2] = { i / n1, i % n1 };
		uint8_t *key = new_element(d, plain_map(d), &d->room[0], chain);

		for (s = 0; s < d->nsides; s++) {
			const char *name = z[s]->devices[index[s]].name;

			wire_ifname(name, strlen(name), key + s * WIRE_MAX);
		}
	}
}

static void put_entry(uint8_t *key, size_t klen, size_t offset,
		      const struct entry *entry, size_t len)
{
	memcpy(key + offset, entry->name_lo, WIRE_MAX);
	memcpy(key + offset + WIRE_MAX, entry->addr_lo, len);
	memcpy(key + klen + offset, entry->name_hi, WIRE_MAX);
	memcpy(key + klen + offset + WIRE_MAX, entry->addr_hi, len);
}

static void range_elements(struct dispatch *d, const int *zones, int family,
			   const char *chain)
{
	bool own = d->hook != HOOK_FORWARD;
	size_t len = family ? 16 : 4, n1, i, s;
	struct entries side[2] = { 0 };

	for (s = 0; s < d->nsides; s++)
		side[s] = zone_entries(d->l, zones[s], family, own,
				       d->sides[s].from);
	n1 = d->nsides == 2 ? side[1].list.n : 1;
	for (i = 0; i < side[0].list.n * n1; i++) {
		struct ir_set *set = range_map(d, family);
		uint8_t *key = new_element(d, set, &d->room[1 + family], chain);

		for (s = 0; s < d->nsides; s++)
			put_entry(key, set->klen, s * (WIRE_MAX + len),
				  &side[s].list.v[s ? i % n1 : i / n1], len);
	}
}

static void dispatch_pair(struct dispatch *d, const struct pair *pair)
{
	const char *chain = pair->chains[d->dir]->name;
	int zones[2] = { 0, 0 };
	bool simple = true;
	size_t s;
	int f;

	for (s = 0; s < d->nsides; s++) {
		zones[s] = d->sides[s].from ? pair->from : pair->to;
		simple &= plain(d->l, zones[s]);
	}
	if (simple) {
		plain_elements(d, zones, chain);
		return;
	}
	for (f = 0; f < FAMILIES; f++)
		range_elements(d, zones, f, chain);
}

static void dispatch_rule(struct dispatch *d, struct ir_chain *chain,
			  struct ir_set *set, int family)
{
	struct ir_build b = ir_build(d->l->ir);
	struct ir_op *op;
	size_t s;

	if (!set)
		return;
	op = ir_op(&b, IR_OP_VMAP);
	op->set = set;
	for (s = 0; s < d->nsides; s++) {
		op->keys[op->nkeys++] = (uint8_t)d->sides[s].name;
		if (family >= 0)
			op->keys[op->nkeys++] =
				(uint8_t)d->sides[s].addr[family];
	}
	ir_rule_add(&b, chain, (struct span){ 0 }, NULL);
}

void lower_dispatch(struct lowering *l, struct ir_chain *chain,
		    enum hook_index hook, enum dir dir)
{
	struct dispatch d = { .l = l, .hook = hook, .dir = dir };
	size_t i;
	int f;

	if (hook != HOOK_OUTPUT)
		d.sides[d.nsides++] = side_of(true, dir);
	if (hook != HOOK_INPUT)
		d.sides[d.nsides++] = side_of(false, dir);
	for (i = 0; i < l->pairs[hook].n; i++)
		if (l->pairs[hook].v[i].chains[dir])
			dispatch_pair(&d, &l->pairs[hook].v[i]);
	dispatch_rule(&d, chain, d.plain, -1);
	for (f = 0; f < FAMILIES; f++)
		dispatch_rule(&d, chain, d.ranges[f], f);
}
