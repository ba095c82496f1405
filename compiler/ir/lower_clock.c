// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times: a policy has one clock, the kernel three. It tells the hour by UTC,
 * the day by a clock that it was told of once, and the time since 1970.
 *
 *	time: 22:00-23:30, weekday: fri, in +10:00
 *	= Friday, hour 12:00-13:30			(days counted by UTC)
 *	time: 06:00-12:00, weekday: fri, in +10:00
 *	= Thursday, hour 20:00-24:00 | Friday, hour 00:00-02:00
 *
 * Where the clock is changed for daylight saving, each of these is asked twice,
 * once for each of the offsets, beside the times at which it holds: so nothing
 * has to be applied again when it is changed.
 *
 * What must stay true: an alternative and what is made of it hold at the same
 * times, whatever the kernel's days are. Of two that never hold together,
 * nothing made of one meets what is made of the other (alts_meet()), so the
 * plan is the same for each of the kernel's clocks.
 */
#include "lowering.h"
#include "vocab/algebra.h"

#define DAYS 7
#define ALL_DAYS ((1u << DAYS) - 1)

/* Changes of the clock are known in these years; before them and behind them it
 * shows standard time. */
#define YEAR_FIRST 2025
#define YEAR_LAST 2040
#define YEARS (YEAR_LAST - YEAR_FIRST + 1)

/* What there can be of seconds since 1970 in 63 bits of nanoseconds. */
#define SECONDS_MAX (INT64_MAX / (int64_t)WIRE_SECOND)

/* What an alternative asks of the clock: both must hold. */
struct wall {
	unsigned int days; /* a bit each, from Sunday on */
	struct ranges times;
	const struct match_word *word; /* that asks; NULL: none does */
};

/* One of the clock's offsets, and the times at which it holds. */
struct season {
	int32_t east;
	const struct ranges *when; /* NULL: always */
};

struct clockwork {
	struct arena *arena;
	int32_t kernel_east;
	struct season seasons[2];
	size_t nseasons;
};

/* By day of the kernel's, the hours at which it holds. */
struct hours {
	struct ranges of[DAYS];
	size_t room[DAYS];
};

struct alt_list {
	VEC(struct alt) list;
};

static bool is_clock(enum key_id key)
{
	return key == KEY_HOUR || key == KEY_DAY;
}

static bool asks_clock(const struct alts *alts)
{
	size_t i, j;

	for (i = 0; alts && i < alts->n; i++)
		for (j = 0; j < alts->v[i].n; j++)
			if (is_clock(alts->v[i].constraints[j].key))
				return true;
	return false;
}

/* ---- ranges of numbers ---- */

static void push(struct arena *arena, struct ranges *ranges, size_t *room,
		 enum wire_id type, uint64_t lo, uint64_t hi)
{
	uint8_t wire[WIRE_MAX], first[WIRE_MAX], last[WIRE_MAX];

	ranges->len = wire_type(type)->len;
	wire_put(type, lo, wire);
	wire_to_network(type, wire, first);
	wire_put(type, hi, wire);
	wire_to_network(type, wire, last);
	ranges_push(arena, ranges, room, first, last);
}

static struct ranges one_range(struct arena *arena, enum wire_id type,
			       uint64_t lo, uint64_t hi)
{
	struct ranges ranges = { 0 };
	size_t room = 0;

	push(arena, &ranges, &room, type, lo, hi);
	return ranges;
}

static uint32_t number(const uint8_t *value)
{
	uint8_t wire[WIRE_MAX];

	wire_from_network(WIRE_HOUR, value, wire);
	return (uint32_t)wire_get(WIRE_HOUR, wire);
}

/* ---- when each offset holds ---- */

/*
 * In whole seconds: text has no others. One range ends where the next begins,
 * so that there is no time between them.
 */
static void push_time(struct arena *arena, struct ranges *ranges, size_t *room,
		      int64_t from, int64_t until)
{
	push(arena, ranges, room, WIRE_TIME, (uint64_t)from * WIRE_SECOND,
	     (uint64_t)until * WIRE_SECOND);
}

/* Years without a time between them are one. */
static size_t find_daylight(const struct clock *clock, int64_t begins[],
			    int64_t ends[])
{
	int64_t begin, end;
	int32_t year;
	size_t n = 0;

	for (year = YEAR_FIRST; year <= YEAR_LAST; year++) {
		clock_daylight(clock, year, &begin, &end);
		if (!n || begin > ends[n - 1])
			begins[n++] = begin;
		ends[n - 1] = end;
	}
	return n;
}

static void find_seasons(struct clockwork *c, const struct clock *clock)
{
	int64_t begins[YEARS], ends[YEARS], last = 0;
	struct ranges *standard, *daylight;
	size_t rooms[2] = { 0 }, i, n;

	c->seasons[0].east = clock->east;
	c->nseasons = 1;
	if (!clock->daylight)
		return;
	standard = arena_new_object(c->arena, struct ranges);
	daylight = arena_new_object(c->arena, struct ranges);
	n = find_daylight(clock, begins, ends);
	for (i = 0; i < n; last = ends[i++]) {
		push_time(c->arena, standard, &rooms[0], last, begins[i]);
		push_time(c->arena, daylight, &rooms[1], begins[i], ends[i]);
	}
	push_time(c->arena, standard, &rooms[0], last, SECONDS_MAX);
	c->seasons[0].when = standard;
	c->seasons[1] = (struct season){ clock->east_daylight, daylight };
	c->nseasons = 2;
}

/* ---- what is asked ---- */

static void ask_days(struct wall *wall, const struct constraint *constraint)
{
	uint8_t day;

	for (day = 0; day < DAYS; day++)
		if (ranges_have(constraint->ranges, &day) ==
		    constraint->negated)
			wall->days &= ~(1u << day);
}

static void ask_times(struct arena *arena, struct wall *wall,
		      const struct constraint *constraint)
{
	wall->times =
		constraint->negated ?
			ranges_less(arena, &wall->times, constraint->ranges) :
			ranges_both(arena, &wall->times, constraint->ranges);
}

/* Of @alt; the rest of it is left in @rest. */
static struct wall wall_of(struct arena *arena, const struct alt *alt,
			   struct alt *rest)
{
	struct wall wall = {
		.days = ALL_DAYS,
		.times = one_range(arena, WIRE_HOUR, 0, CLOCK_DAY - 1),
	};
	size_t i;

	*rest = *alt;
	rest->n = 0;
	rest->constraints =
		arena_array(arena, alt->n, sizeof(*rest->constraints));
	for (i = 0; i < alt->n; i++) {
		const struct constraint *constraint = &alt->constraints[i];

		if (!is_clock(constraint->key)) {
			rest->constraints[rest->n++] = *constraint;
			continue;
		}
		wall.word = constraint->word;
		if (constraint->key == KEY_DAY)
			ask_days(&wall, constraint);
		else
			ask_times(arena, &wall, constraint);
	}
	return wall;
}

/* ---- by the kernel's clocks ---- */

static int64_t next_day(int64_t seconds)
{
	return (seconds / CLOCK_DAY + 1) * CLOCK_DAY;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* From @from until before @until, seconds of UTC: cut at both midnights. */
static void push_hours(const struct clockwork *c, struct hours *hours,
		       int64_t from, int64_t until)
{
	int64_t end;

	for (; from < until; from = end) {
		int64_t day = from + c->kernel_east;

		end = least(until, next_day(from));
		end = least(end, next_day(day) - c->kernel_east);
		day = day / CLOCK_DAY % DAYS;
		push(c->arena, &hours->of[day], &hours->room[day], WIRE_HOUR,
		     (uint64_t)(from % CLOCK_DAY),
		     (uint64_t)(from % CLOCK_DAY + end - from - 1));
	}
}

static void find_hours(const struct clockwork *c, const struct wall *wall,
		       int32_t east, struct hours *hours)
{
	unsigned int day;
	size_t i;

	for (day = 0; day < DAYS; day++) {
		/* a week on, so that nothing is below zero */
		int64_t midnight = CLOCK_WEEK + (int64_t)day * CLOCK_DAY - east;

		if (!(wall->days >> day & 1))
			continue;
		for (i = 0; i < wall->times.n; i++)
			push_hours(c, hours,
				   midnight + number(range_lo(&wall->times, i)),
				   midnight +
					   number(range_hi(&wall->times, i)) +
					   1);
	}
	for (day = 0; day < DAYS; day++)
		ranges_normalise(&hours->of[day]);
}

/* ---- alternatives ---- */

static const struct ranges *kept(struct arena *arena, struct ranges ranges)
{
	struct ranges *out = arena_new_object(arena, struct ranges);

	*out = ranges;
	return out;
}

static void ask(struct alt *alt, enum key_id key, const struct match_word *word,
		const struct ranges *ranges)
{
	alt->constraints[alt->n++] = (struct constraint){
		.key = key,
		.reply = key,
		.word = word,
		.ranges = ranges,
	};
}

static const struct ranges *days_of(struct arena *arena, unsigned int days)
{
	struct ranges ranges = { 0 };
	size_t room = 0;
	uint8_t day;

	for (day = 0; day < DAYS; day++)
		if (days >> day & 1)
			push(arena, &ranges, &room, WIRE_DAY, day, day);
	ranges_normalise(&ranges);
	return kept(arena, ranges);
}

static bool all_day(const struct ranges *hours)
{
	return hours->n == 1 && number(range_lo(hours, 0)) == 0 &&
	       number(range_hi(hours, 0)) == CLOCK_DAY - 1;
}

/* @rest, on @days at @hours of the season. */
static struct alt timed(const struct clockwork *c, const struct alt *rest,
			const struct wall *wall, unsigned int days,
			const struct ranges *hours, const struct season *season)
{
	struct alt alt = *rest;

	alt.constraints =
		arena_array(c->arena, rest->n + 3, sizeof(*alt.constraints));
	if (rest->n)
		memcpy(alt.constraints, rest->constraints,
		       rest->n * sizeof(*alt.constraints));
	if (days != ALL_DAYS)
		ask(&alt, KEY_DAY, wall->word, days_of(c->arena, days));
	if (!all_day(hours))
		ask(&alt, KEY_HOUR, wall->word, kept(c->arena, *hours));
	if (season->when)
		ask(&alt, KEY_TIME, wall->word, season->when);
	return alt;
}

/* Days of the same hours go together. */
static void split_season(const struct clockwork *c, const struct alt *rest,
			 const struct wall *wall, const struct season *season,
			 struct alt_list *out)
{
	struct hours hours = { 0 };
	unsigned int done = 0, days, first, day;

	find_hours(c, wall, season->east, &hours);
	for (first = 0; first < DAYS; first++) {
		if (!hours.of[first].n || done >> first & 1)
			continue;
		days = 0;
		for (day = first; day < DAYS; day++)
			if (hours.of[day].n &&
			    ranges_equal(&hours.of[first], &hours.of[day]))
				days |= 1u << day;
		done |= days;
		*vec_push(c->arena, &out->list) =
			timed(c, rest, wall, days, &hours.of[first], season);
	}
}

static void split_alt(const struct clockwork *c, const struct alt *alt,
		      struct alt_list *out)
{
	struct alt rest;
	struct wall wall = wall_of(c->arena, alt, &rest);
	size_t i;

	if (!wall.word) {
		*vec_push(c->arena, &out->list) = *alt;
		return;
	}
	for (i = 0; i < c->nseasons; i++)
		split_season(c, &rest, &wall, &c->seasons[i], out);
}

static void split(const struct clockwork *c, const struct alts **alts)
{
	struct alt_list out = { 0 };
	struct alts *made;
	size_t i;

	if (!asks_clock(*alts))
		return;
	for (i = 0; i < (*alts)->n; i++)
		split_alt(c, &(*alts)->v[i], &out);
	made = arena_new_object(c->arena, struct alts);
	*made = (struct alts){ out.list.v, out.list.n };
	*alts = made;
}

/* ---- the model ---- */

static bool model_asks_clock(const struct model *model)
{
	const struct offload *offload = &model->offload;
	bool asks = false;
	size_t i;

	for (i = 0; i < model->nrules; i++)
		asks |= asks_clock(model->rules[i].alts);
	for (i = 0; i < model->nnats; i++)
		asks |= asks_clock(model->nats[i].alts);
	for (i = 0; i < offload->neligible; i++)
		asks |= asks_clock(offload->eligible[i].alts);
	for (i = 0; i < offload->nexempt; i++)
		asks |= asks_clock(offload->exempt[i].alts);
	return asks;
}

static void *copied(struct arena *arena, const void *of, size_t n, size_t size)
{
	void *copy = arena_array(arena, n, size);

	if (n)
		memcpy(copy, of, n * size);
	return copy;
}

static void split_rules(const struct clockwork *c, struct model *model)
{
	const struct nat *nats = model->nats;
	size_t i;

	model->nats =
		copied(c->arena, nats, model->nnats, sizeof(*model->nats));
	for (i = 0; i < model->nnats; i++)
		split(c, &model->nats[i].alts);
	model->rules = copied(c->arena, model->rules, model->nrules,
			      sizeof(*model->rules));
	for (i = 0; i < model->nrules; i++) {
		struct rule *rule = &model->rules[i];

		split(c, &rule->alts);
		if (rule->forward)
			rule->forward = model->nats + (rule->forward - nats);
	}
}

static struct eligible *split_entries(const struct clockwork *c,
				      const struct eligible *entries, size_t n)
{
	struct eligible *out = copied(c->arena, entries, n, sizeof(*out));
	size_t i;

	for (i = 0; i < n; i++)
		split(c, &out[i].alts);
	return out;
}

const struct model *lower_clock(struct arena *arena, const struct model *model,
				int32_t kernel_east)
{
	struct clockwork c = { .arena = arena, .kernel_east = kernel_east };
	struct model *out;

	if (!model_asks_clock(model))
		return model;
	find_seasons(&c, &model->clock);
	out = arena_new_object(arena, struct model);
	*out = *model;
	split_rules(&c, out);
	out->offload.eligible = split_entries(&c, model->offload.eligible,
					      model->offload.neligible);
	out->offload.exempt = split_entries(&c, model->offload.exempt,
					    model->offload.nexempt);
	return out;
}
