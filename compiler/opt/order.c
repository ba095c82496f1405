// SPDX-License-Identifier: GPL-2.0-only
/*
 * What may move across what.
 *
 * Two lines may change places if no connection meets both, or if both decide
 * alike and do nothing else. Whether zones meet is known for each pair of them
 * beforehand; for each pair and action the last line is known that a line of
 * these may not cross, so that most questions need no search. Where that line
 * is in the way, a few are looked at more closely.
 */
#include "passes.h"

/* Lines looked at, and compared, to move one. */
#define LOOK_MAX 128
#define COMPARE_MAX 16
/* Comparisons in all, so that a policy of rules that lie in each other costs
 * no more than others: for each line, and a few. */
#define COMPARE_EACH 2
#define COMPARE_MORE 1000

void order_init(struct order *order, struct opt *opt)
{
	*order = (struct order){
		.opt = opt,
		.budget = COMPARE_EACH * opt->lines.n + COMPARE_MORE,
	};
	order->classes =
		arena_array(opt->arena, ZONES_MAX, sizeof(*order->classes));
	map_init(&order->numbers, opt->arena);
	vec_reserve(opt->arena, &order->lines, opt->lines.n);
}

static bool classes_meet(const struct zones_class *a,
			 const struct zones_class *b)
{
	return zone_sets_meet(a->from, b->from) && zone_sets_meet(a->to, b->to);
}

static void set_bit(uint64_t *bits, size_t i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static bool has_bit(const uint64_t *bits, size_t i)
{
	return bits[i / 64] >> (i % 64) & 1;
}

static void new_class(struct order *order, const struct rule *rule)
{
	struct zones_class *class = &order->classes[order->nclasses];
	size_t i, self = order->nclasses++;

	class->from = &rule->from;
	class->to = &rule->to;
	for (i = 0; i <= self; i++) {
		if (!classes_meet(class, &order->classes[i]))
			continue;
		set_bit(class->meets, i);
		set_bit(order->classes[i].meets, self);
	}
	/* it has not seen who came before it: nothing of it moves there */
	for (i = 0; i < PLAIN_ACTIONS; i++)
		class->stops[i] = order->lines.n;
}

static struct str zones_key(struct arena *arena, const struct rule *rule)
{
	size_t bytes = rule->from.nwords * sizeof(*rule->from.words);
	char *key = arena_alloc(arena, 2 * bytes + 1);

	key[0] = (char)(1 + rule->from.router + 2 * rule->to.router);
	memcpy(key + 1, rule->from.words, bytes);
	memcpy(key + 1 + bytes, rule->to.words, bytes);
	return (struct str){ key, 2 * bytes + 1 };
}

uint32_t order_zones(struct order *order, const struct line *line)
{
	struct arena_mark mark = arena_mark(order->opt->arena);
	struct str key = zones_key(order->opt->arena, line->out.rule);
	struct zones_class *class = map_get(&order->numbers, key);

	if (class) {
		arena_reset(order->opt->arena, mark);
		return (uint32_t)(class - order->classes);
	}
	if (order->nclasses == ZONES_MAX)
		return ZONES_MAX;
	map_add(&order->numbers, key, &order->classes[order->nclasses]);
	new_class(order, line->out.rule);
	return (uint32_t)order->nclasses - 1;
}

static bool decides_as(const struct line *line, enum action action)
{
	return line->plain && !line->mixed && !line->barrier &&
	       line->out.rule->action == action;
}

/* @line at @place stops those of other actions, in zones that it meets. */
static void stop_others(struct order *order, const struct line *line,
			size_t place)
{
	size_t i, a;

	for (i = 0; i < order->nclasses; i++) {
		struct zones_class *class = &order->classes[i];

		if (line->zones < ZONES_MAX &&
		    !has_bit(order->classes[line->zones].meets, i))
			continue;
		for (a = 0; a < PLAIN_ACTIONS; a++)
			if (!decides_as(line, (enum action)a) &&
			    class->stops[a] < place)
				class->stops[a] = place;
	}
}

static void note_place(struct order *order, const struct line *line,
		       size_t place)
{
	struct zones_class *class = &order->classes[line->zones];
	enum action action = line->out.rule->action;
	bool plain = line->plain && !line->mixed && !line->barrier;

	*vec_push(order->opt->arena,
		  &class->places[plain ? (size_t)action : PLAIN_ACTIONS]) =
		(uint32_t)place;
}

/* Places are counted from 1, so that 0 stops nothing. */
struct line *order_add(struct order *order, const struct line *line)
{
	struct line *added = vec_push(order->opt->arena, &order->lines);

	*added = *line;
	stop_others(order, line, order->lines.n);
	if (line->zones >= ZONES_MAX)
		order->unknown = order->lines.n;
	else
		note_place(order, line, order->lines.n);
	return added;
}

void order_mixed(struct order *order, size_t place)
{
	struct line *line = &order->lines.v[place - 1];

	line->mixed = true;
	stop_others(order, line, place);
	note_place(order, line, place);
}

/* What @line may hold; more than it does, if it grows. */
static struct region line_region(struct opt *opt, const struct line *line)
{
	const struct rule *rule = line->out.rule;
	struct region region = region_of(opt->arena, &rule->from, &rule->to,
					 FAMILY_BOTH, &line->out.alts, NULL, 0);
	size_t i;
	int field;

	for (i = 0; line->wide && i < region.n; i++) {
		for (field = 0; field < FIELDS; field++)
			if (line->wide >> field & 1)
				region.boxes[i].asks[field] = NULL;
		if (line->wide & WIDE_PROTOS)
			memset(&region.boxes[i].protos, 0xff,
			       sizeof(region.boxes[i].protos));
	}
	return region;
}

bool lines_meet(struct opt *opt, const struct line *a, const struct line *b)
{
	struct arena_mark mark = arena_mark(opt->arena);
	struct region x = line_region(opt, a), y = line_region(opt, b);
	bool meet = false;
	size_t i, j;

	for (i = 0; i < x.n && !meet; i++)
		for (j = 0; j < y.n && !meet; j++)
			meet = boxes_meet(&x.boxes[i], &y.boxes[j]);
	arena_reset(opt->arena, mark);
	return meet;
}

struct move {
	struct order *order;
	const struct line *line;
	size_t place;
	size_t looked, compared;
};

static bool crosses(struct move *move, size_t at)
{
	const struct line *other = &move->order->lines.v[at - 1];

	if (at <= move->place ||
	    decides_as(other, move->line->out.rule->action))
		return true;
	if (other->barrier || ++move->compared > COMPARE_MAX ||
	    !move->order->budget)
		return false;
	move->order->budget--;
	return !lines_meet(move->order->opt, move->line, other);
}

/* Places ascend, but for those of lines that became mixed. */
static bool crosses_all(struct move *move, const uint32_t *places, size_t n,
			bool sorted)
{
	for (; n; n--) {
		if (sorted && places[n - 1] <= move->place)
			return true;
		if (++move->looked > LOOK_MAX || !crosses(move, places[n - 1]))
			return false;
	}
	return true;
}

static bool crosses_class(struct move *move, const struct zones_class *class)
{
	size_t a, n = PLAIN_ACTIONS;

	for (a = 0; a <= n; a++)
		if (a != move->line->out.rule->action &&
		    !crosses_all(move, class->places[a].v, class->places[a].n,
				 a < n))
			return false;
	return true;
}

bool order_may_move(struct order *order, const struct line *line, size_t place)
{
	struct move move = { order, line, place, 0, 0 };
	const struct zones_class *own;
	size_t i;

	if (line->zones >= ZONES_MAX || order->unknown > place)
		return false;
	own = &order->classes[line->zones];
	if (own->stops[line->out.rule->action] <= place)
		return true;
	for (i = 0; i < order->nclasses; i++)
		if (has_bit(own->meets, i) &&
		    !crosses_class(&move, &order->classes[i]))
			return false;
	return true;
}
