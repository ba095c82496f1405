// SPDX-License-Identifier: GPL-2.0-only
/*
 * Times of day and days of the week, as a clock on the wall shows them: in the
 * policy's time zone, which lowering turns into the kernel's.
 */
#include "value.h"

#define DAY 86400u
#define DAYS 7u

/* HH:MM, HH:MM:SS; 24:00 too. @span: how long what is written stands for. */
static bool moment(struct str text, unsigned long *seconds, unsigned long *span)
{
	static const unsigned long max[] = { 24, 59, 59 };
	static const unsigned long unit[] = { 3600, 60, 1 };
	unsigned int i;

	*seconds = 0;
	for (i = 0; i < 3 && text.p; i++) {
		struct str part = str_cut(&text, ':');

		if (part.n != 2 || part.p[0] < '0' || part.p[0] > '9' ||
		    part.p[1] < '0' || part.p[1] > '9')
			return false;
		*span = (unsigned long)(part.p[0] - '0') * 10 +
			(unsigned long)(part.p[1] - '0');
		if (*span > max[i])
			return false;
		*seconds += *span * unit[i];
	}
	*span = i == 3 ? 1 : 60;
	return i >= 2 && !text.p && *seconds <= DAY;
}

/* The end is not included: 08:00-12:00 and 12:00-17:00 do not meet. */
static size_t parse_time(struct str text, struct value out[2], const char **why)
{
	struct str rest = text, first = str_trim(str_cut(&rest, '-'));
	unsigned long lo, hi, span;

	*why = "a time is two digits each of hours and minutes, as in 08:00";
	if (!moment(first, &lo, &span) || lo == DAY)
		return 0;
	hi = lo + span;
	if (rest.p && !moment(str_trim(rest), &hi, &span))
		return 0;
	*why = "it ends when it begins";
	if (lo == hi)
		return 0;
	if (hi > lo) {
		value_range(&out[0], WIRE_HOUR, lo, hi - 1);
		return 1;
	}
	value_range(&out[0], WIRE_HOUR, lo, DAY - 1); /* past midnight */
	if (hi == 0)
		return 1;
	value_range(&out[1], WIRE_HOUR, 0, hi - 1);
	return 2;
}

static const struct named_number weekdays[] = {
	{ "sunday", 0, -1 },	{ "monday", 1, -1 },   { "tuesday", 2, -1 },
	{ "wednesday", 3, -1 }, { "thursday", 4, -1 }, { "friday", 5, -1 },
	{ "saturday", 6, -1 },	{ "sun", 0, -1 },      { "mon", 1, -1 },
	{ "tue", 2, -1 },	{ "wed", 3, -1 },      { "thu", 4, -1 },
	{ "fri", 5, -1 },	{ "sat", 6, -1 },
};

static void print_time(struct buf *out, const uint8_t *value)
{
	uint8_t wire[WIRE_MAX];
	unsigned int seconds;

	wire_from_network(WIRE_HOUR, value, wire);
	seconds = (unsigned int)wire_get(WIRE_HOUR, wire);
	buf_printf(out, "%02u:%02u:%02u", seconds / 3600, seconds / 60 % 60,
		   seconds % 60);
}

static void print_weekday(struct buf *out, const uint8_t *value)
{
	buf_puts(out, weekdays[*value % DAYS].name);
}

static const char *weekday_at(size_t i)
{
	return i < DAYS ? weekdays[i].name : NULL;
}

static size_t parse_weekday(struct str text, struct value out[2],
			    const char **why)
{
	struct str rest = text, first = str_trim(str_cut(&rest, '-'));
	const struct named_number *lo =
		value_named(weekdays, COUNT(weekdays), first);
	const struct named_number *hi = lo;

	*why = "no day is called so";
	if (rest.p)
		hi = value_named(weekdays, COUNT(weekdays), str_trim(rest));
	if (!lo || !hi)
		return 0;
	if (lo->v4 <= hi->v4) {
		value_range(&out[0], WIRE_DAY, (unsigned long)lo->v4,
			    (unsigned long)hi->v4);
		return 1;
	}
	value_range(&out[0], WIRE_DAY, (unsigned long)lo->v4, DAYS - 1);
	value_range(&out[1], WIRE_DAY, 0, (unsigned long)hi->v4);
	return 2;
}

const struct value_type type_time = {
	.name = "time",
	.expected = "a time of day, from and until (08:00-17:00)",
	.example = "22:00-06:00",
	.wire = { WIRE_HOUR, WIRE_NONE },
	.parse = parse_time,
	.print = print_time,
};

const struct value_type type_weekday = {
	.name = "weekday",
	.expected = "a day of the week (monday, mon) or from one to another "
		    "(monday-friday)",
	.example = "monday-friday",
	.wire = { WIRE_DAY, WIRE_NONE },
	.parse = parse_weekday,
	.print = print_weekday,
	.name_at = weekday_at,
};
