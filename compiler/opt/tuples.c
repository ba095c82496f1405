// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pass that joins rules by several keys: plain lines that ask for the same
 * keys, each for a few values, and differ in more than one of them. What they
 * ask for side by side becomes an element of one set; of a verdict map where
 * the lines do not decide alike, in which an earlier line's elements win.
 *
 *	source 10.0.0.1, port 22	ip saddr . tcp dport {
 *	source 10.0.0.2, port 80	10.0.0.1 . 22, 10.0.0.2 . 80 }
 *
 * What must stay true: an element is of single values: the kernel's sets of
 * concatenated ranges take time that grows with the square of their size to
 * load. Keys that all lines ask alike stay tests of their own. The elements of a
 * line are bounded by how many rules it stands for, and so is the work: a line
 * that may be joined is found by a hash, as in fold.c.
 */
#include <stdlib.h>

#include "passes.h"
#include "vocab/algebra.h"

/* Elements for each rule of a line. */
#define TUPLES_EACH 32
/* Fewer lines than this are not worth a set. */
#define LINES_MIN 4
/* How often those that moved in vain are left alone. */
#define ROUNDS_MAX 3
/* The place of a slot whose lines are only counted yet. */
#define NOWHERE UINT32_MAX
#define TUPLE_MAX (OPT_KEYS_MAX * WIRE_MAX)

/* Lines of one hash, wherever they stand. */
struct group {
	const struct line *first;
	size_t n;
	unsigned int differ; /* bits of the fields in which they do */
};

struct tuples {
	struct opt *opt;
	struct order order;
	struct slots slots;
	struct group *groups; /* of each slot */
	bool *alone; /* lines, by number, that would find too few to join */
};

/* ---- what may join ---- */

/* How many there are; more than @max: that there are more. */
static size_t count_values(const struct ranges *ranges, size_t max)
{
	uint8_t value[WIRE_MAX];
	size_t i, n = ranges->n;

	for (i = 0; i < ranges->n && n <= max; i++) {
		memcpy(value, range_lo(ranges, i), ranges->len);
		while (n <= max &&
		       memcmp(value, range_hi(ranges, i), ranges->len) != 0 &&
		       range_next(value, ranges->len, value))
			n++;
	}
	return n;
}

static const struct constraint *asks(const struct line *line,
				     enum box_field field)
{
	const struct alt *alt = &line->out.alts.v[0];
	size_t i;

	for (i = 0; i < alt->n; i++)
		if (region_field(alt->constraints[i].key) == field)
			return &alt->constraints[i];
	return NULL;
}

/* The answer to an ICMP type has another: it is no element's. */
static bool has_few(const struct line *line, enum box_field field, size_t max,
		    size_t *n)
{
	const struct constraint *c = asks(line, field);

	if (!c || field == FIELD_ICMP || !mergeable(line, c->key))
		return false;
	*n = count_values(c->ranges, max);
	return *n <= max;
}

/* The bits of what the line asks single values of; 0 if they are too many. */
static unsigned int exact_fields(const struct line *line)
{
	size_t all = 1, n, max = TUPLES_EACH * line->out.nmembers;
	unsigned int exact = 0;
	enum box_field field;

	for (field = 0; field < FIELDS; field++) {
		if (!has_few(line, field, max, &n))
			continue;
		exact |= 1u << field;
		all *= n;
		if (all > max)
			return 0;
	}
	if (!protos_mergeable(line))
		return exact;
	n = protos_count(&line->out.alts.v[0].protos);
	if (all * n > max)
		return exact;
	return exact | WIDE_PROTOS;
}

static bool is_exact(const struct line *line, enum box_field field)
{
	return line->exact >> field & 1;
}

/* A key alone where its values may differ. */
static uint64_t hash_of(const struct line *line)
{
	const struct alt *alt = &line->out.alts.v[0];
	uint64_t parts[5] = { line->zones, alt->families, line->exact,
			      alt->any_proto, 0 };
	uint64_t hash;
	size_t i;

	for (i = 0; i < alt->n; i++) {
		const struct constraint *c = &alt->constraints[i];

		parts[4] +=
			is_exact(line, region_field(c->key)) ?
				hash_bytes(HASH_INIT, &c->key, sizeof(c->key)) :
				hash_constraint(c);
	}
	hash = hash_bytes(HASH_INIT, parts, sizeof(parts));
	if (alt->any_proto || line->exact & WIDE_PROTOS)
		return hash;
	return hash_bytes(hash, &alt->protos, sizeof(alt->protos));
}

static bool alike(const struct line *a, const struct line *b)
{
	const struct alt *x = &a->out.alts.v[0], *y = &b->out.alts.v[0];
	size_t i;

	if (a->exact != b->exact || x->families != y->families ||
	    x->any_proto != y->any_proto || x->n != y->n)
		return false;
	if (!x->any_proto && !(a->exact & WIDE_PROTOS) &&
	    memcmp(&x->protos, &y->protos, sizeof(x->protos)) != 0)
		return false;
	for (i = 0; i < x->n; i++) {
		const struct constraint *c = &x->constraints[i];
		const struct constraint *other = asks(b, region_field(c->key));

		if (!other || c->key != other->key ||
		    (!is_exact(a, region_field(c->key)) &&
		     !same_constraint(c, other)))
			return false;
	}
	return true;
}

/* Each field is asked once: what is compared, is found by its field. */
static bool asks_once(const struct line *line)
{
	const struct alt *alt = &line->out.alts.v[0];
	size_t i;

	for (i = 0; i < alt->n; i++)
		if (asks(line, region_field(alt->constraints[i].key)) !=
		    &alt->constraints[i])
			return false;
	return true;
}

/* ---- which keys differ ---- */

static bool protos_equal(const struct line *a, const struct line *b)
{
	return memcmp(&a->out.alts.v[0].protos, &b->out.alts.v[0].protos,
		      sizeof(struct protos)) == 0;
}

/* The bits of the fields in which two that are alike differ. */
static unsigned int differing(const struct line *a, const struct line *b)
{
	unsigned int differ = 0;
	enum box_field field;

	for (field = 0; field < FIELDS; field++)
		if (is_exact(a, field) && !ranges_equal(asks(a, field)->ranges,
							asks(b, field)->ranges))
			differ |= 1u << field;
	if (is_exact(a, FIELDS) && !protos_equal(a, b))
		differ |= WIDE_PROTOS;
	return differ;
}

static bool is_several(unsigned int fields)
{
	return fields & (fields - 1);
}

static void take_census(struct tuples *t, struct line *line)
{
	struct slot *slot;
	struct group *group;

	line->exact = 0;
	if (foldable(line) && all_fields(line) && asks_once(line))
		line->exact = exact_fields(line);
	if (!is_several(line->exact) || t->alone[line->number])
		return;
	slot = slot_of(&t->slots, hash_of(line));
	group = &t->groups[slot - t->slots.v];
	slot->place = NOWHERE;
	if (!group->n)
		group->first = line;
	if (alike(group->first, line))
		group->differ |= differing(group->first, line);
	group->n++;
}

/* ---- joining ---- */

static bool may_join(struct tuples *t, const struct line *line, size_t place)
{
	const struct line *to = &t->order.lines.v[place - 1];

	return to->zones == line->zones && alike(to, line) &&
	       order_may_move(&t->order, line, place);
}

static void join(struct tuples *t, const struct line *line, size_t place)
{
	struct line *to = &t->order.lines.v[place - 1];

	to->wide = to->exact;
	if (!to->mixed && to->out.rule->action != line->out.rule->action)
		order_mixed(&t->order, place);
	*vec_push(t->opt->arena, &to->joined) = line;
}

/* Nothing moves that would find too few to join. */
static bool may_grow(const struct tuples *t, const struct line *line,
		     const struct group *group)
{
	return !t->alone[line->number] && group->n >= LINES_MIN &&
	       is_several(group->differ);
}

static void put_line(struct tuples *t, const struct line *line)
{
	struct slot *slot = is_several(line->exact) ?
				    slot_of(&t->slots, hash_of(line)) :
				    NULL;

	if (!slot || !may_grow(t, line, &t->groups[slot - t->slots.v])) {
		order_add(&t->order, line);
		return;
	}
	if (slot->place != NOWHERE && may_join(t, line, slot->place)) {
		join(t, line, slot->place);
		return;
	}
	order_add(&t->order, line);
	slot->place = (uint32_t)t->order.lines.n;
}

/* ---- elements ---- */

/* Fields in the order in which they are concatenated; FIELDS: the protocol. */
static const enum box_field order_of_keys[] = { FIELD_SOURCE, FIELD_DESTINATION,
						FIELDS, FIELD_SOURCE_PORT,
						FIELD_PORT };

struct keys {
	enum box_field fields[FIELDS + 1];
	size_t n;
};

static struct keys keys_of(unsigned int differ)
{
	struct keys keys = { .n = 0 };
	size_t i;

	for (i = 0; i < sizeof(order_of_keys) / sizeof(*order_of_keys); i++)
		if (differ >> order_of_keys[i] & 1)
			keys.fields[keys.n++] = order_of_keys[i];
	if (keys.n > OPT_KEYS_MAX)
		keys.n = 0;
	return keys;
}

struct element {
	uint8_t *value;
	uint32_t order;
	enum action action;
	uint8_t len;
};

struct making {
	struct arena *arena;
	const struct keys *keys;
	const struct line *line; /* at hand */
	uint8_t tuple[TUPLE_MAX];
	VEC(struct element) out;
};

static void put_tuple(struct making *m, size_t key, size_t at);

static void put_protos(struct making *m, size_t key, size_t at)
{
	const struct protos *protos = &m->line->out.alts.v[0].protos;
	unsigned int proto;

	for (proto = 0; proto < 256; proto++) {
		if (!protos_have(protos, proto))
			continue;
		m->tuple[at] = (uint8_t)proto;
		put_tuple(m, key + 1, at + 1);
	}
}

static void put_values(struct making *m, size_t key, size_t at)
{
	const struct ranges *ranges =
		asks(m->line, m->keys->fields[key])->ranges;
	uint8_t value[WIRE_MAX];
	size_t i, len = ranges->len;

	for (i = 0; i < ranges->n; i++) {
		memcpy(value, range_lo(ranges, i), len);
		do {
			memcpy(m->tuple + at, value, len);
			put_tuple(m, key + 1, at + len);
		} while (memcmp(value, range_hi(ranges, i), len) != 0 &&
			 range_next(value, len, value));
	}
}

/* All that the line asks for with what is in the tuple up to @key. */
static void put_tuple(struct making *m, size_t key, size_t at)
{
	struct element *element;

	if (key < m->keys->n) {
		if (m->keys->fields[key] == FIELDS)
			put_protos(m, key, at);
		else
			put_values(m, key, at);
		return;
	}
	element = vec_push(m->arena, &m->out);
	*element = (struct element){
		.value = arena_alloc(m->arena, at),
		.order = (uint32_t)m->out.n,
		.action = m->line->out.rule->action,
		.len = (uint8_t)at,
	};
	memcpy(element->value, m->tuple, at);
}

static int by_value(const void *a, const void *b)
{
	const struct element *x = a, *y = b;
	int order = memcmp(x->value, y->value, x->len);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* Ascending, and of those that are alike the first. */
static void settle(struct making *m)
{
	size_t i, n = 0;

	qsort(m->out.v, m->out.n, sizeof(*m->out.v), by_value);
	for (i = 0; i < m->out.n; i++)
		if (!n || memcmp(m->out.v[n - 1].value, m->out.v[i].value,
				 m->out.v[i].len) != 0)
			m->out.v[n++] = m->out.v[i];
	m->out.n = n;
}

/* ---- finishing ---- */

static void key_of(const struct line *line, enum box_field field,
		   enum key_id *key, enum key_id *reply)
{
	const struct constraint *c = asks(line, field);

	*key = field == FIELDS ? KEY_L4PROTO : c->key;
	*reply = field == FIELDS ? KEY_L4PROTO : c->reply;
}

static bool decide_alike(const struct making *m)
{
	size_t i;

	for (i = 1; i < m->out.n; i++)
		if (m->out.v[i].action != m->out.v[0].action)
			return false;
	return true;
}

static struct opt_map *map_of(struct making *m, const struct line *line)
{
	struct opt_map *map = arena_new_object(m->arena, struct opt_map);
	size_t i, len = m->out.v[0].len;

	map->nkeys = m->keys->n;
	for (i = 0; i < map->nkeys; i++)
		key_of(line, m->keys->fields[i], &map->key[i], &map->reply[i]);
	map->ranges.len = (uint8_t)len;
	map->ranges.n = m->out.n;
	map->ranges.v = arena_array(m->arena, m->out.n, 2 * len);
	if (!decide_alike(m))
		map->actions =
			arena_array(m->arena, m->out.n, sizeof(*map->actions));
	for (i = 0; i < m->out.n; i++) {
		memcpy(map->ranges.v + 2 * i * len, m->out.v[i].value, len);
		memcpy(map->ranges.v + (2 * i + 1) * len, m->out.v[i].value,
		       len);
		if (map->actions)
			map->actions[i] = m->out.v[i].action;
	}
	return map;
}

static bool is_key(const struct keys *keys, enum box_field field)
{
	size_t i;

	for (i = 0; i < keys->n; i++)
		if (keys->fields[i] == field)
			return true;
	return false;
}

static void take_out(struct opt *opt, struct line *line,
		     const struct keys *keys)
{
	struct alt *alt = own_alt(opt, line);
	size_t i, n = 0;

	for (i = 0; i < alt->n; i++)
		if (!is_key(keys, region_field(alt->constraints[i].key)))
			alt->constraints[n++] = alt->constraints[i];
	alt->n = n;
	alt->any_proto |= is_key(keys, FIELDS);
}

static const char *words_of(struct opt *opt, const struct line *line,
			    const struct keys *keys)
{
	const char *words = NULL;
	enum key_id id, reply;
	size_t i;

	for (i = 0; i < keys->n; i++) {
		key_of(line, keys->fields[i], &id, &reply);
		words = words ? arena_printf(opt->arena, "%s\" and \"%s", words,
					     word_of(id)) :
				word_of(id);
	}
	return words;
}

/* What its tuples are of; none, if it is not worth a set. */
static struct keys keys_of_line(const struct line *line)
{
	unsigned int differ = 0;
	struct keys keys = { .n = 0 };
	size_t i;

	for (i = 0; i < line->joined.n; i++)
		differ |= differing(line, line->joined.v[i]);
	if (line->joined.n + 1 >= LINES_MIN && is_several(differ))
		keys = keys_of(differ);
	return keys;
}

static void finish_line(struct opt *opt, struct line *line)
{
	struct keys keys = keys_of_line(line);
	struct making m = { .arena = opt->arena, .keys = &keys };
	size_t i;

	if (!keys.n) {
		put_back(opt, line);
		return;
	}
	m.line = line;
	put_tuple(&m, 0, 0);
	for (i = 0; i < line->joined.n; i++) {
		m.line = line->joined.v[i];
		put_tuple(&m, 0, 0);
	}
	settle(&m);
	line->out.map = map_of(&m, line);
	join_members(opt, line, words_of(opt, line, &keys));
	take_out(opt, line, &keys);
	put_joined(opt, line, line->out.map->actions != NULL);
}

static void arrange(struct tuples *t)
{
	struct opt *opt = t->opt;
	size_t i;

	order_init(&t->order, opt);
	slots_init(&t->slots, opt->arena, opt->lines.n);
	t->groups = arena_array(opt->arena, t->slots.n, sizeof(*t->groups));
	for (i = 0; i < opt->lines.n; i++) {
		struct line *line = &opt->lines.v[i];

		line->zones = order_zones(&t->order, line);
		line->number = (uint32_t)i;
		take_census(t, line);
	}
	for (i = 0; i < opt->lines.n; i++)
		put_line(t, &opt->lines.v[i]);
}

/* Those that moved in vain stay where they are: is there one? */
static bool leave_alone(struct tuples *t)
{
	bool any = false;
	size_t i, j;

	for (i = 0; i < t->order.lines.n; i++) {
		const struct line *line = &t->order.lines.v[i];

		if (!line->wide || keys_of_line(line).n)
			continue;
		any = true;
		t->alone[line->number] = true;
		for (j = 0; j < line->joined.n; j++)
			t->alone[line->joined.v[j]->number] = true;
	}
	return any;
}

void pass_tuples(struct opt *opt)
{
	struct tuples t = { .opt = opt };
	size_t i, n = opt->lines.n;
	int round = 1;

	t.alone = arena_array(opt->arena, n + 1, sizeof(*t.alone));
	arrange(&t);
	while (leave_alone(&t) && round++ < ROUNDS_MAX)
		arrange(&t);
	opt->lines.n = opt->lines.room = 0;
	vec_reserve(opt->arena, &opt->lines, n);
	for (i = 0; i < t.order.lines.n; i++)
		finish_line(opt, &t.order.lines.v[i]);
}
