// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time zones as a policy says them. Names of places are refused: what they
 * mean is in files of the machine, and differs from one to the next.
 */
#include "clock.h"

#include <ctype.h>

#define HOUR 3600
#define MINUTE 60
#define OFFSET_MAX (24 * HOUR + 59 * MINUTE + 59)
#define CHANGE_MAX (167 * HOUR + 59 * MINUTE + 59) /* RFC 9636, 3.3.2 */

/* ---- dates ---- */

static bool is_leap(int32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int32_t month_days(int32_t year, int32_t month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30,
					31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days since 1970 of the first of January. */
static int64_t year_day(int32_t year)
{
	int64_t before = year - 1;

	return 365 * (int64_t)(year - 1970) + before / 4 - before / 100 +
	       before / 400 - 477;
}

static int32_t nth_weekday(int32_t year, const struct clock_change *change)
{
	int32_t first = 0, month, day;

	for (month = 1; month < change->month; month++)
		first += month_days(year, month);
	/* 1 January 1970 was a Thursday, day 4 */
	day = (int32_t)((year_day(year) + first + 4) % 7);
	day = (change->day - day + 7) % 7 + 7 * (change->week - 1);
	while (day >= month_days(year, change->month))
		day -= 7;
	return first + day;
}

/* Seconds since 1970, as if the clock showed UTC. */
static int64_t change_at(int32_t year, const struct clock_change *change)
{
	int32_t day = change->day;

	if (change->form == CLOCK_NTH_WEEKDAY)
		day = nth_weekday(year, change);
	else if (change->form == CLOCK_DAY_1)
		day += (is_leap(year) && day > 31 + 28) - 1;
	return (year_day(year) + day) * CLOCK_DAY + change->at;
}

void clock_daylight(const struct clock *clock, int32_t year, int64_t *begin,
		    int64_t *end)
{
	*begin = change_at(year, &clock->begins) - clock->east;
	*end = change_at(year, &clock->ends) - clock->east_daylight;
	if (*end <= *begin) /* south of the equator */
		*end = change_at(year + 1, &clock->ends) - clock->east_daylight;
}

/* ---- reading ---- */

static bool take(struct str *text, char c)
{
	if (!text->n || *text->p != c)
		return false;
	text->p++;
	text->n--;
	return true;
}

/* Up to three digits. */
static bool take_number(struct str *text, int32_t min, int32_t max,
			int32_t *out)
{
	unsigned int digits = 0;

	*out = 0;
	for (; digits < 3 && text->n && isdigit((unsigned char)*text->p);
	     digits++) {
		*out = *out * 10 + (*text->p - '0');
		text->p++;
		text->n--;
	}
	return digits && *out >= min && *out <= max;
}

/* "1", "01:30", "-1:30:15", in seconds. */
static bool take_time(struct str *text, int32_t max, int32_t *out)
{
	static const int32_t units[] = { HOUR, MINUTE, 1 };
	bool minus = take(text, '-');
	int32_t number;
	size_t i;

	if (!minus)
		take(text, '+');
	*out = 0;
	for (i = 0; i < 3 && (i == 0 || take(text, ':')); i++) {
		if (!take_number(text, 0, i ? 59 : max / HOUR, &number))
			return false;
		*out += number * units[i];
	}
	if (minus)
		*out = -*out;
	return true;
}

/* A zone's short name, of three letters or more; in <> anything goes. */
static bool take_name(struct str *text)
{
	bool quoted = take(text, '<');
	size_t n = 0;

	while (n < text->n && (isalpha((unsigned char)text->p[n]) ||
			       (quoted && text->p[n] != '>')))
		n++;
	text->p += n;
	text->n -= n;
	return n >= 3 && (!quoted || take(text, '>'));
}

static bool take_day(struct str *text, struct clock_change *out)
{
	if (take(text, 'M'))
		return take_number(text, 1, 12, &out->month) &&
		       take(text, '.') && take_number(text, 1, 5, &out->week) &&
		       take(text, '.') && take_number(text, 0, 6, &out->day);
	out->form = take(text, 'J') ? CLOCK_DAY_1 : CLOCK_DAY_0;
	return take_number(text, out->form == CLOCK_DAY_1, 365, &out->day);
}

static bool take_change(struct str *text, struct clock_change *out)
{
	out->at = 2 * HOUR;
	return take(text, ',') && take_day(text, out) &&
	       (!take(text, '/') || take_time(text, CHANGE_MAX, &out->at));
}

/* West of UTC: the sign is turned round. */
static bool take_west(struct str *text, int32_t *east)
{
	bool right = take_time(text, OFFSET_MAX, east);

	*east = -*east;
	return right;
}

/* "UTC+1" is west of UTC to POSIX, and east of it to whoever writes it. */
static bool is_trap(struct str name, const struct clock *clock)
{
	static const char *const names[] = { "utc", "UTC", "gmt", "GMT" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (clock->east && name.n >= 3 && !memcmp(name.p, names[i], 3))
			return true;
	return false;
}

static bool posix(struct str text, struct clock *out)
{
	if (!take_name(&text) || !take_west(&text, &out->east))
		return false;
	if (!text.n)
		return true;
	out->daylight = true;
	out->east_daylight = out->east + HOUR;
	if (!take_name(&text))
		return false;
	if (text.n && *text.p != ',' && !take_west(&text, &out->east_daylight))
		return false;
	return take_change(&text, &out->begins) &&
	       take_change(&text, &out->ends) && !text.n;
}

/* "+05:30": two digits each, as everywhere but in TZ. */
static bool offset(struct str text, struct clock *out)
{
	return text.n == sizeof("+00:00") - 1 && text.p[3] == ':' &&
	       isdigit((unsigned char)text.p[1]) &&
	       isdigit((unsigned char)text.p[4]) &&
	       take_time(&text, OFFSET_MAX, &out->east) && !text.n;
}

bool clock_parse(struct str text, struct clock *out, const char **why)
{
	*out = (struct clock){ 0 };
	if (str_is(text, "utc") || str_is(text, "UTC"))
		return true;
	if (text.n && (*text.p == '+' || *text.p == '-')) {
		*why = "hours and minutes east of UTC have two digits each";
		return offset(text, out);
	}
	*why = memchr(text.p, '/', text.n) && !memchr(text.p, ',', text.n) ?
		       "what a place's clock shows is written in the last line "
		       "of its file in /usr/share/zoneinfo: say that" :
		       "a rule of POSIX has a name, an offset and, where the "
		       "clock is changed, another name and both days";
	if (!posix(text, out))
		return false;
	*why = "POSIX counts hours west of UTC: write them as in +01:00";
	return !is_trap(text, out);
}
