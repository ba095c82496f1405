// SPDX-License-Identifier: GPL-2.0-only
/*
 * Passes that join rules: plain lines that are alike but for the values of one
 * key. Where they decide alike, the values become one set; where they do not,
 * a verdict map, in which an earlier line's values win.
 *
 * A line that may be joined is found by a hash of everything but that key, for
 * each of its keys; then it is compared, and asked whether it may move. So the
 * passes take time in proportion to the lines.
 *
 * Only values that a set tests as a rule does may join: ranges, not what must
 * not hold, no named set, no bits; and only of words that say MERGE_SET.
 */
#include <stdlib.h>

#include "passes.h"
#include "vocab/algebra.h"

/* Rounds: a second may join what the first made alike. */
#define ROUNDS_MAX 4
/* Fewer values than this are not worth a map. */
#define MAP_MIN 3
/* More that overlap would cost too much to tell apart. */
#define OVERLAPS_MAX 512

struct fold {
	struct opt *opt;
	struct order order;
	bool maps; /* lines may decide differently */
	struct slots slots;
};

void slots_init(struct slots *slots, struct arena *arena, size_t n)
{
	slots->n = 64;
	while (slots->n < 2 * n)
		slots->n *= 2;
	slots->v = arena_array(arena, slots->n, sizeof(*slots->v));
}

struct slot *slot_of(struct slots *slots, uint64_t hash)
{
	size_t at = hash & (slots->n - 1);
	uint32_t high = (uint32_t)(hash >> 32);

	while (slots->v[at].place && slots->v[at].hash != high)
		at = (at + 1) & (slots->n - 1);
	slots->v[at].hash = high;
	return &slots->v[at];
}

/* ---- what may join ---- */

static bool word_has(const struct match_word *word, enum key_id key)
{
	return word->key[0] == key || word->key[1] == key;
}

/* A key's values come from the words that name it, and no others. */
static bool word_merges(const struct rule *rule, enum key_id key)
{
	size_t i;

	for (i = 0; i < rule->nmatches; i++)
		if (word_has(rule->matches[i].word, key) &&
		    rule->matches[i].word->merge != MERGE_SET)
			return false;
	return true;
}

const struct constraint *mergeable(const struct line *line, enum key_id id)
{
	const struct alt *alt = &line->out.alts.v[0];
	const struct constraint *found = NULL;
	size_t i;

	for (i = 0; i < alt->n; i++) {
		if (alt->constraints[i].key != id)
			continue;
		if (found)
			return NULL;
		found = &alt->constraints[i];
	}
	return found && !found->negated && found->ranges && found->ranges->n &&
			       !wire_type(key(id)->type)->flags &&
			       region_field(id) != FIELDS &&
			       word_merges(line->out.rule, id) ?
		       found :
		       NULL;
}

bool protos_mergeable(const struct line *line)
{
	return !line->out.alts.v[0].any_proto &&
	       word_merges(line->out.rule, KEY_L4PROTO);
}

bool foldable(const struct line *line)
{
	return line->plain && !line->barrier && !line->out.map &&
	       line->zones < ZONES_MAX && line->out.alts.n == 1;
}

/* ---- hashes of all but one key ---- */

uint64_t hash_constraint(const struct constraint *c)
{
	uint64_t hash = HASH_INIT;
	uint64_t head = (uint64_t)c->key << 16 | (uint64_t)c->family << 8 |
			c->negated;

	hash = hash_bytes(hash, &head, sizeof(head));
	if (c->set)
		return hash_bytes(hash, &c->set, sizeof(c->set));
	if (!c->ranges)
		return hash;
	return hash_bytes(hash, c->ranges->v,
			  2 * c->ranges->n * c->ranges->len);
}

struct hashes {
	uint64_t zones, protos, constraints; /* sums */
};

static struct hashes hashes_of(const struct line *line, bool maps)
{
	const struct alt *alt = &line->out.alts.v[0];
	uint64_t head[3] = { line->zones, alt->families,
			     maps ? 0u : 1u + line->out.rule->action };
	struct hashes hashes = { 0 };
	size_t i;

	hashes.zones = hash_bytes(HASH_INIT, head, sizeof(head));
	hashes.protos = alt->any_proto ? 1 :
					 hash_bytes(HASH_INIT, &alt->protos,
						    sizeof(alt->protos));
	for (i = 0; i < alt->n; i++)
		hashes.constraints += hash_constraint(&alt->constraints[i]);
	return hashes;
}

static uint64_t hash_without(const struct hashes *hashes, enum key_id id,
			     const struct constraint *c)
{
	uint64_t parts[4] = { hashes->zones, id, hashes->protos,
			      hashes->constraints };

	if (id == KEY_L4PROTO)
		parts[2] = 0;
	else
		parts[3] -= hash_constraint(c);
	return hash_bytes(HASH_INIT, parts, sizeof(parts));
}

/* ---- comparing ---- */

/* What is neither a set nor ranges is like nothing else. */
bool same_constraint(const struct constraint *a, const struct constraint *b)
{
	return a->key == b->key && a->reply == b->reply &&
	       a->family == b->family && a->negated == b->negated &&
	       a->set == b->set &&
	       (a->set ||
		(a->ranges && b->ranges && ranges_equal(a->ranges, b->ranges)));
}

static bool alike_but(const struct alt *a, const struct alt *b, enum key_id id)
{
	size_t i;

	if (a->families != b->families || a->any_proto != b->any_proto ||
	    a->n != b->n)
		return false;
	if (id != KEY_L4PROTO && !a->any_proto &&
	    memcmp(&a->protos, &b->protos, sizeof(a->protos)) != 0)
		return false;
	for (i = 0; i < a->n; i++) {
		if (a->constraints[i].key == id && b->constraints[i].key == id)
			continue;
		if (!same_constraint(&a->constraints[i], &b->constraints[i]))
			return false;
	}
	return true;
}

/* Words that no field knows are compared by nothing: they join nothing. */
static bool may_join(struct fold *fold, const struct line *line, size_t place,
		     enum key_id id)
{
	const struct line *to = &fold->order.lines.v[place - 1];

	return to->zones == line->zones && (!to->wide || to->grows == id) &&
	       (fold->maps || to->out.rule->action == line->out.rule->action) &&
	       alike_but(&to->out.alts.v[0], &line->out.alts.v[0], id) &&
	       order_may_move(&fold->order, line, place);
}

static void join(struct fold *fold, const struct line *line, size_t place,
		 enum key_id id)
{
	struct line *to = &fold->order.lines.v[place - 1];

	if (!to->wide && fold->maps)
		order_mixed(&fold->order, place);
	to->grows = id;
	to->wide = id == KEY_L4PROTO ? WIDE_PROTOS : 1u << region_field(id);
	*vec_push(fold->opt->arena, &to->joined) = line;
}

struct key_place {
	enum key_id id;
	uint64_t hash;
};

/* The keys by which @line may join, and its hashes without each. */
static size_t keys_of(struct fold *fold, const struct line *line,
		      struct key_place keys[FIELDS + 1])
{
	const struct alt *alt = &line->out.alts.v[0];
	struct hashes hashes = hashes_of(line, fold->maps);
	size_t i, n = 0;

	for (i = 0; i < alt->n && n < FIELDS; i++) {
		enum key_id id = alt->constraints[i].key;
		const struct constraint *c = mergeable(line, id);

		/* the answer to an ICMP type has another */
		if (c && !(fold->maps && region_field(id) == FIELD_ICMP))
			keys[n++] = (struct key_place){
				id, hash_without(&hashes, id, c)
			};
	}
	if (!fold->maps && protos_mergeable(line))
		keys[n++] = (struct key_place){
			KEY_L4PROTO, hash_without(&hashes, KEY_L4PROTO, NULL)
		};
	return n;
}

bool all_fields(const struct line *line)
{
	const struct alt *alt = &line->out.alts.v[0];
	size_t i;

	for (i = 0; i < alt->n; i++)
		if (region_field(alt->constraints[i].key) == FIELDS)
			return false;
	return true;
}

static void put_line(struct fold *fold, const struct line *line)
{
	struct key_place keys[FIELDS + 1];
	bool may = foldable(line) && (!fold->maps || all_fields(line));
	size_t i, n = may ? keys_of(fold, line, keys) : 0;
	struct slot *slot;

	for (i = 0; i < n; i++) {
		slot = slot_of(&fold->slots, keys[i].hash);
		if (slot->place &&
		    may_join(fold, line, slot->place, keys[i].id)) {
			join(fold, line, slot->place, keys[i].id);
			return;
		}
	}
	order_add(&fold->order, line);
	for (i = 0; i < n; i++)
		slot_of(&fold->slots, keys[i].hash)->place =
			(uint32_t)fold->order.lines.n;
}

/* ---- finishing ---- */

const char *word_of(enum key_id id)
{
	size_t i;

	for (i = 0; match_word_at(i); i++)
		if (word_has(match_word_at(i), id))
			return match_word_at(i)->word;
	return key(id)->text;
}

static void note_joined(struct opt *opt, const struct line *line,
			const char *what)
{
	size_t i, j;

	for (i = 0; i < line->joined.n; i++) {
		const struct opt_line *other = &line->joined.v[i]->out;

		for (j = 0; j < other->nmembers; j++)
			if (other->members[j] != line->out.members[0])
				opt_note(opt, other->members[j],
					 line->out.members[0], what);
	}
}

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool ascending(const uint32_t *numbers, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (numbers[i - 1] > numbers[i])
			return false;
	return true;
}

/* The members of all, each once. */
void join_members(struct opt *opt, struct line *line, const char *what)
{
	size_t i, j, n = line->out.nmembers, kept = 0;
	uint32_t *members;

	note_joined(opt, line, what);
	for (i = 0; i < line->joined.n; i++)
		n += line->joined.v[i]->out.nmembers;
	members = arena_array(opt->arena, n, sizeof(*members));
	memcpy(members, line->out.members,
	       line->out.nmembers * sizeof(*members));
	n = line->out.nmembers;
	for (i = 0; i < line->joined.n; i++)
		for (j = 0; j < line->joined.v[i]->out.nmembers; j++)
			members[n++] = line->joined.v[i]->out.members[j];
	if (!ascending(members, n))
		qsort(members, n, sizeof(*members), by_number);
	for (i = 0; i < n; i++)
		if (!kept || members[kept - 1] != members[i])
			members[kept++] = members[i];
	line->out.members = members;
	line->out.nmembers = kept;
}

static const struct ranges *values_of(const struct line *line, enum key_id id)
{
	const struct alt *alt = &line->out.alts.v[0];
	size_t i;

	for (i = 0; i < alt->n; i++)
		if (alt->constraints[i].key == id)
			return alt->constraints[i].ranges;
	return NULL;
}

/* All of the joined lines' values; @n counts them. */
static struct ranges *all_values(struct opt *opt, const struct line *line)
{
	struct ranges *all = arena_new_object(opt->arena, struct ranges);
	const struct ranges *one = values_of(line, line->grows);
	size_t i, bytes = 2 * (size_t)one->len, n = one->n;

	for (i = 0; i < line->joined.n; i++)
		n += values_of(line->joined.v[i], line->grows)->n;
	all->len = one->len;
	all->v = arena_array(opt->arena, n, bytes);
	memcpy(all->v, one->v, one->n * bytes);
	all->n = one->n;
	for (i = 0; i < line->joined.n; i++) {
		one = values_of(line->joined.v[i], line->grows);
		memcpy(all->v + all->n * bytes, one->v, one->n * bytes);
		all->n += one->n;
	}
	return all;
}

struct alt *own_alt(struct opt *opt, struct line *line)
{
	struct alt *alt = arena_new_object(opt->arena, struct alt);
	size_t size = sizeof(*alt->constraints);

	*alt = line->out.alts.v[0];
	alt->constraints = arena_array(opt->arena, alt->n, size);
	if (alt->n)
		memcpy(alt->constraints, line->out.alts.v[0].constraints,
		       alt->n * size);
	line->out.alts = (struct alts){ alt, 1 };
	return alt;
}

static void join_protos(struct alt *alt, const struct line *line)
{
	size_t i, j;

	for (i = 0; i < line->joined.n; i++)
		for (j = 0; j < 4; j++)
			alt->protos.bits[j] |=
				line->joined.v[i]->out.alts.v[0].protos.bits[j];
}

static void finish_set(struct opt *opt, struct line *line)
{
	struct alt *alt = own_alt(opt, line);
	struct ranges *all;
	size_t i;

	if (line->grows == KEY_L4PROTO) {
		join_protos(alt, line);
	} else {
		all = all_values(opt, line);
		ranges_normalise(all);
		for (i = 0; i < alt->n; i++)
			if (alt->constraints[i].key == line->grows)
				alt->constraints[i].ranges = all;
	}
}

/* ---- maps ---- */

struct entry { /* lo and hi of @len bytes, and who says what */
	const uint8_t *lo;
	uint32_t order;
	enum action action;
	uint8_t len;
};

static int by_value(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = memcmp(x->lo, y->lo, x->len);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static size_t push_entries(struct entry *entries, size_t n,
			   const struct line *line, enum key_id id)
{
	const struct ranges *values = values_of(line, id);
	size_t i;

	for (i = 0; i < values->n; i++, n++)
		entries[n] = (struct entry){
			.lo = range_lo(values, i),
			.order = (uint32_t)n,
			.action = line->out.rule->action,
			.len = values->len,
		};
	return n;
}

static bool overlaps(const struct entry *entries, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (memcmp(entries[i - 1].lo + entries[i].len, entries[i].lo,
			   entries[i].len) >= 0)
			return true;
	return false;
}

static int by_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

/* What is left of each when those before it have taken theirs. */
static size_t tell_apart(struct opt *opt, struct entry **entries, size_t n)
{
	struct ranges taken = { .len = (*entries)[0].len };
	VEC(struct entry) out = { 0 };
	size_t i, j;

	qsort(*entries, n, sizeof(**entries), by_order);
	for (i = 0; i < n; i++) {
		struct ranges one = { (uint8_t *)(*entries)[i].lo, 1,
				      taken.len };
		struct ranges left = ranges_less(opt->arena, &one, &taken);

		for (j = 0; j < left.n; j++) {
			struct entry *entry = vec_push(opt->arena, &out);

			*entry = (*entries)[i];
			entry->lo = range_lo(&left, j);
		}
		taken = ranges_either(opt->arena, &taken, &one);
	}
	*entries = out.v;
	if (out.n)
		qsort(out.v, out.n, sizeof(*out.v), by_value);
	return out.n;
}

/* Neighbours that do the same become one, where there are ranges anyhow. */
static size_t join_neighbours(struct opt *opt, struct entry *entries, size_t n)
{
	uint8_t next[WIRE_MAX], *joined;
	size_t i, kept = 0, len = n ? entries[0].len : 0;
	bool ranges = false;

	for (i = 0; i < n; i++)
		ranges |= memcmp(entries[i].lo, entries[i].lo + len, len) != 0;
	for (i = 0; i < n; i++) {
		if (!ranges || !kept ||
		    entries[kept - 1].action != entries[i].action ||
		    !range_next(entries[kept - 1].lo + len, len, next) ||
		    memcmp(next, entries[i].lo, len) != 0) {
			entries[kept++] = entries[i];
			continue;
		}
		joined = arena_alloc(opt->arena, 2 * len);
		memcpy(joined, entries[kept - 1].lo, len);
		memcpy(joined + len, entries[i].lo + len, len);
		entries[kept - 1].lo = joined;
	}
	return kept;
}

static struct opt_map *map_of(struct opt *opt, const struct line *line,
			      const struct entry *entries, size_t n)
{
	struct opt_map *map = arena_new_object(opt->arena, struct opt_map);
	const struct constraint *c = mergeable(line, line->grows);
	size_t i, bytes = 2 * (size_t)entries[0].len;

	map->nkeys = 1;
	map->key[0] = c->key;
	map->reply[0] = c->reply;
	map->ranges.len = entries[0].len;
	map->ranges.n = n;
	map->ranges.v = arena_array(opt->arena, n, bytes);
	map->actions = arena_array(opt->arena, n, sizeof(*map->actions));
	for (i = 0; i < n; i++) {
		memcpy(map->ranges.v + i * bytes, entries[i].lo, bytes);
		map->actions[i] = entries[i].action;
	}
	return map;
}

static void take_out(struct opt *opt, struct line *line, enum key_id id)
{
	struct alt *alt = own_alt(opt, line);
	size_t i, n = 0;

	for (i = 0; i < alt->n; i++)
		if (alt->constraints[i].key != id)
			alt->constraints[n++] = alt->constraints[i];
	alt->n = n;
}

/* False if it is not worth it, or would cost too much. */
static bool finish_map(struct opt *opt, struct line *line)
{
	size_t i, n = values_of(line, line->grows)->n;
	struct entry *entries;

	for (i = 0; i < line->joined.n; i++)
		n += values_of(line->joined.v[i], line->grows)->n;
	if (n < MAP_MIN)
		return false;
	entries = arena_array(opt->arena, n, sizeof(*entries));
	n = push_entries(entries, 0, line, line->grows);
	for (i = 0; i < line->joined.n; i++)
		n = push_entries(entries, n, line->joined.v[i], line->grows);
	qsort(entries, n, sizeof(*entries), by_value);
	if (overlaps(entries, n)) {
		if (n > OVERLAPS_MAX)
			return false;
		n = tell_apart(opt, &entries, n);
	}
	n = join_neighbours(opt, entries, n);
	line->out.map = map_of(opt, line, entries, n);
	take_out(opt, line, line->grows);
	return true;
}

static struct line ungrown(const struct line *line)
{
	struct line done = *line;

	done.grows = KEY_NONE;
	done.wide = 0;
	done.mixed = line->out.map && line->mixed;
	done.joined.n = done.joined.room = 0;
	done.joined.v = NULL;
	return done;
}

void put_back(struct opt *opt, const struct line *line)
{
	size_t i;

	*vec_push(opt->arena, &opt->lines) = ungrown(line);
	for (i = 0; i < line->joined.n; i++)
		*vec_push(opt->arena, &opt->lines) = *line->joined.v[i];
}

void put_joined(struct opt *opt, const struct line *line, bool mixed)
{
	struct line *done = vec_push(opt->arena, &opt->lines);

	*done = ungrown(line);
	done->mixed = mixed;
	opt->changed = true;
}

/* The line with all that joined it; or each by itself again. */
static void finish_line(struct fold *fold, struct line *line)
{
	struct opt *opt = fold->opt;

	if (!line->wide || (fold->maps && !finish_map(opt, line))) {
		put_back(opt, line);
		return;
	}
	if (!fold->maps)
		finish_set(opt, line);
	join_members(opt, line, word_of(line->grows));
	put_joined(opt, line, fold->maps);
}

/* More than there are keys in all of keys_of(). */
static size_t count_keys(const struct opt *opt)
{
	size_t i, n = 0;

	for (i = 0; i < opt->lines.n; i++)
		if (opt->lines.v[i].out.alts.n == 1)
			n += opt->lines.v[i].out.alts.v[0].n + 1;
	return n;
}

static void fold_lines(struct opt *opt, bool maps)
{
	struct fold fold = { .opt = opt, .maps = maps };
	size_t i;

	order_init(&fold.order, opt);
	slots_init(&fold.slots, opt->arena, count_keys(opt));
	for (i = 0; i < opt->lines.n; i++) {
		opt->lines.v[i].zones =
			order_zones(&fold.order, &opt->lines.v[i]);
		put_line(&fold, &opt->lines.v[i]);
	}
	opt->lines.n = opt->lines.room = 0;
	vec_reserve(opt->arena, &opt->lines, i);
	for (i = 0; i < fold.order.lines.n; i++)
		finish_line(&fold, &fold.order.lines.v[i]);
}

void pass_sets(struct opt *opt)
{
	int round;

	for (round = 0; round < ROUNDS_MAX; round++) {
		opt->changed = false;
		fold_lines(opt, false);
		if (!opt->changed)
			break;
	}
}

void pass_maps(struct opt *opt)
{
	fold_lines(opt, true);
}
