// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is left for an entry behind others: see reach.h.
 *
 * The boxes of those that take are found by tuple space search: boxes that ask
 * for the same fields, to the same number of leading bits, have a shape in
 * common, and each shape is one look into the hash. A box with several ranges
 * stands under the bits that all of them begin with. What is found is compared
 * exactly.
 *
 * What must stay true: takers_reach() answers NONE only if every packet of the
 * region is in a box of a taker whose opaque matches the region has, too.
 */
#include "reach.h"

#include "vocab/algebra.h"

/* What a box may be looked up by: leading bits of its fields, its zones. */
struct shape {
	uint8_t bits[FIELDS];
	uint8_t family; /* FAMILY_* bit; 0: no field has one */
	bool from, to;	/* it is of one zone only */
};

struct node {
	uint64_t hash;
	const struct box *box;
	const struct region *region;
	uint32_t id;
	uint32_t next; /* index + 1 */
};

struct takers {
	struct arena *arena;
	const struct model *model;
	const struct sources *sources;
	VEC(struct shape) shapes;
	VEC(struct node) nodes;
	VEC(const struct region *) regions; /* by number of adding */
	VEC(uint32_t) ids;
	uint32_t *heads, *tails; /* index + 1 into nodes */
	size_t nslots;
	size_t budget; /* steps that are left */
};

/* Steps, for an entry and for a few that are costly. */
#define STEPS_EACH 64
#define STEPS_MORE 200000
/* More shapes than this and each look would cost: the rest shares one. */
#define SHAPES_MAX 64

struct takers *takers_new(struct arena *arena, const struct model *model,
			  const struct sources *sources, size_t n)
{
	struct takers *takers = arena_new_object(arena, struct takers);

	takers->arena = arena;
	takers->model = model;
	takers->sources = sources;
	takers->budget = STEPS_EACH * n + STEPS_MORE;
	takers->nslots = 64;
	while (takers->nslots < 2 * n)
		takers->nslots *= 2;
	takers->heads = arena_array(arena, takers->nslots, sizeof(uint32_t));
	takers->tails = arena_array(arena, takers->nslots, sizeof(uint32_t));
	return takers;
}

/* ---- shapes and keys ---- */

/* The one zone of @set, -1 the router; false if it has more. */
static bool only_zone(const struct zone_set *set, int *zone)
{
	size_t i;

	*zone = -1;
	for (i = 0; i < set->nwords; i++) {
		if (!set->words[i])
			continue;
		if (*zone >= 0 || set->words[i] & (set->words[i] - 1))
			return false;
		*zone = (int)(64 * i) + __builtin_ctzll(set->words[i]);
	}
	return *zone < 0 || !set->router;
}

/* Bits that all values begin with, rounded so that shapes stay few. */
static uint8_t common_bits(const struct ranges *ranges)
{
	const uint8_t *lo = range_lo(ranges, 0);
	const uint8_t *hi = range_hi(ranges, ranges->n - 1);
	unsigned int step = ranges->len > 4 ? 16 : 8, bits = 0;
	size_t i;

	for (i = 0; i < ranges->len && lo[i] == hi[i]; i++)
		bits += 8;
	return (uint8_t)(bits / step * step);
}

static struct shape shape_of(const struct box *box)
{
	struct shape shape = { 0 };
	int i, zone;

	for (i = 0; i < FIELDS; i++) {
		if (!box->asks[i])
			continue;
		shape.bits[i] = common_bits(box->asks[i]);
		if (i != FIELD_PORT && i != FIELD_SOURCE_PORT && shape.bits[i])
			shape.family = box->families;
	}
	shape.from = only_zone(box->from, &zone);
	shape.to = only_zone(box->to, &zone);
	return shape;
}

static uint64_t hash_start(const struct shape *shape, int from, int to)
{
	int zones[2] = { shape->from ? from : -2, shape->to ? to : -2 };

	return hash_bytes(hash_bytes(HASH_INIT, shape, sizeof(*shape)), zones,
			  sizeof(zones));
}

static uint64_t hash_box(const struct shape *shape, const struct box *box)
{
	int from, to, i;
	uint64_t hash;

	only_zone(box->from, &from);
	only_zone(box->to, &to);
	hash = hash_start(shape, from, to);
	for (i = 0; i < FIELDS; i++)
		if (shape->bits[i])
			hash = hash_bytes(hash, range_lo(box->asks[i], 0),
					  shape->bits[i] / 8);
	return hash;
}

static uint64_t hash_packet(const struct shape *shape,
			    const struct packet *packet)
{
	uint64_t hash = hash_start(shape, packet->from, packet->to);
	int i;

	for (i = 0; i < FIELDS; i++)
		if (shape->bits[i])
			hash = hash_bytes(hash, packet_field(packet, i),
					  shape->bits[i] / 8);
	return hash;
}

static void learn_shape(struct takers *t, struct shape *shape)
{
	static const struct shape anything;
	size_t i;

	for (i = 0; i < t->shapes.n; i++)
		if (!memcmp(&t->shapes.v[i], shape, sizeof(*shape)))
			return;
	if (t->shapes.n >= SHAPES_MAX) {
		*shape = anything;
		for (i = 0; i < t->shapes.n; i++)
			if (!memcmp(&t->shapes.v[i], shape, sizeof(*shape)))
				return;
	}
	*vec_push(t->arena, &t->shapes) = *shape;
}

static void add_node(struct takers *t, uint32_t id, const struct box *box,
		     const struct region *region)
{
	struct node *node = vec_push(t->arena, &t->nodes);
	struct shape shape = shape_of(box);
	uint32_t index = (uint32_t)t->nodes.n;
	size_t slot;

	learn_shape(t, &shape);
	*node = (struct node){ hash_box(&shape, box), box, region, id, 0 };
	slot = node->hash & (t->nslots - 1);
	if (t->heads[slot])
		t->nodes.v[t->tails[slot] - 1].next = index;
	else
		t->heads[slot] = index;
	t->tails[slot] = index;
}

void takers_add(struct takers *t, uint32_t id, const struct region *region)
{
	size_t i;

	for (i = 0; i < region->n; i++)
		add_node(t, id, &region->boxes[i], region);
	*vec_push(t->arena, &t->regions) = region;
	*vec_push(t->arena, &t->ids) = id;
}

/* ---- the search ---- */

static bool may_have(const struct shape *shape, const struct packet *packet)
{
	return !shape->family || shape->family & 1 << packet->family;
}

/* The first that takes @packet. */
static const struct node *find(struct takers *t, const struct packet *packet,
			       const struct region *of)
{
	const struct node *best = NULL, *node;
	uint64_t hash;
	uint32_t at;
	size_t i;

	for (i = 0; i < t->shapes.n; i++) {
		if (!may_have(&t->shapes.v[i], packet))
			continue;
		hash = hash_packet(&t->shapes.v[i], packet);
		for (at = t->heads[hash & (t->nslots - 1)]; at;
		     at = node->next) {
			node = &t->nodes.v[at - 1];
			t->budget -= t->budget != 0;
			if ((best && node->id >= best->id) || !t->budget)
				break;
			if (node->hash != hash || !box_has(node->box, packet) ||
			    !region_opaque_met(t->sources, node->region, of))
				continue;
			best = node;
			break;
		}
	}
	return best;
}

struct search {
	struct arena *scratch;
	VEC(struct box) left; /* parts not looked at yet */
};

static void keep_part(void *data, const struct box *part)
{
	struct search *search = data;

	*vec_push(search->scratch, &search->left) = *part;
}

/* Is all of @region in @by's boxes? False if that is not known, too. */
static bool within(struct takers *t, struct arena *scratch,
		   const struct region *region, const struct region *by)
{
	struct search now = { scratch, { 0 } };
	size_t i, j;

	if (!region_opaque_met(t->sources, by, region))
		return false;
	for (i = 0; i < region->n; i++)
		keep_part(&now, &region->boxes[i]);
	for (i = 0; i < by->n && now.left.n; i++) {
		struct search next = { scratch, { 0 } };

		if (t->budget <= now.left.n)
			return false;
		t->budget -= now.left.n;
		for (j = 0; j < now.left.n; j++)
			box_less(scratch, &now.left.v[j], &by->boxes[i],
				 keep_part, &next);
		now = next;
	}
	return now.left.n == 0;
}

static const struct region *region_by_id(const struct takers *t, uint32_t id)
{
	size_t low = 0, high = t->ids.n, mid;

	while (high - low > 1) {
		mid = low + (high - low) / 2;
		if (t->ids.v[mid] <= id)
			low = mid;
		else
			high = mid;
	}
	return t->regions.v[low];
}

static void note_taker(struct reached *out, uint32_t id)
{
	size_t i, j;

	for (i = 0; i < out->ntakers && out->takers[i] < id; i++)
		;
	if (i < out->ntakers && out->takers[i] == id)
		return;
	if (out->ntakers == REACH_TAKERS_MAX) {
		out->reach = REACH_UNKNOWN;
		return;
	}
	for (j = out->ntakers++; j > i; j--)
		out->takers[j] = out->takers[j - 1];
	out->takers[i] = id;
}

/* One that takes all by itself is what a person wants to see. */
static void prefer_one(struct takers *t, struct arena *scratch,
		       const struct region *region, struct reached *out)
{
	size_t i;

	for (i = 0; i < out->ntakers; i++) {
		const struct region *by = region_by_id(t, out->takers[i]);

		if (!within(t, scratch, region, by))
			continue;
		out->takers[0] = out->takers[i];
		out->ntakers = 1;
		out->equal = within(t, scratch, by, region);
		return;
	}
}

static struct reached search(struct takers *t, struct arena *scratch,
			     const struct region *region)
{
	struct search search = { scratch, { 0 } };
	struct reached out = { .reach = REACH_NONE };
	const struct node *node;
	struct packet packet;
	struct box part;
	bool first;
	size_t i;

	for (i = region->n; i-- > 0;)
		keep_part(&search, &region->boxes[i]);
	out.packet_known = !region->nopaque && region->n;
	for (first = true; search.left.n; first = false) {
		part = search.left.v[--search.left.n];
		packet = box_packet(t->model, &part);
		if (first)
			out.packet = packet;
		node = find(t, &packet, region);
		if (!node) {
			out.reach = t->budget ? REACH_SOME : REACH_UNKNOWN;
			out.packet = packet;
			return out;
		}
		note_taker(&out, node->id);
		if (!t->budget || out.reach == REACH_UNKNOWN) {
			out.reach = REACH_UNKNOWN;
			return out;
		}
		box_less(scratch, &part, node->box, keep_part, &search);
	}
	prefer_one(t, scratch, region, &out);
	return out;
}

struct reached takers_reach(struct takers *t, struct arena *scratch,
			    const struct region *region)
{
	struct arena_mark mark = arena_mark(scratch);
	struct reached out = search(t, scratch, region);

	arena_reset(scratch, mark);
	return out;
}

/* ---- rules ---- */

static struct region *rule_region(struct arena *arena, const struct rule *rule)
{
	struct region *region = arena_new_object(arena, struct region);

	*region = region_of(arena, &rule->from, &rule->to, FAMILY_BOTH,
			    rule->alts, rule->matches, rule->nmatches);
	return region;
}

void rules_reach(struct arena *arena, const struct model *model,
		 const struct sources *sources,
		 void (*fn)(void *data, size_t rule,
			    const struct reached *reached),
		 void *data)
{
	struct takers *takers =
		takers_new(arena, model, sources, model->nrules);
	struct arena *scratch = arena_new();
	size_t i;

	arena_alloc(scratch, 1); /* so that no reset gives it back */
	for (i = 0; i < model->nrules; i++) {
		const struct rule *rule = &model->rules[i];
		struct region *region;
		struct reached reached;

		if (!rule->alts->n)
			continue;
		region = rule_region(arena, rule);
		reached = takers_reach(takers, scratch, region);
		fn(data, i, &reached);
		if (reached.reach != REACH_NONE && rule_decides(rule))
			takers_add(takers, (uint32_t)i, region);
	}
	arena_free(scratch);
}
