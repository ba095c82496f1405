/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clock on the wall: how far it is ahead of UTC, and when that changes. As
 * a policy says it, so that the same policy means the same on every machine.
 *
 *	utc
 *	+05:30
 *	CET-1CEST,M3.5.0,M10.5.0/3
 *
 * Source: POSIX, 8.3 (TZ); its sign is west of UTC, as is nobody else's.
 */
#ifndef NFTOFFC_VOCAB_CLOCK_H
#define NFTOFFC_VOCAB_CLOCK_H

#include "base/str.h"

#define CLOCK_DAY 86400
#define CLOCK_WEEK (7 * CLOCK_DAY)

/* The day of a year on which the clock is changed. */
enum clock_form {
	CLOCK_NTH_WEEKDAY, /* Mmonth.week.day: week 5 is the month's last */
	CLOCK_DAY_1,	   /* Jday, from 1; 29 February is never counted */
	CLOCK_DAY_0,	   /* day, from 0; it is counted */
};

struct clock_change {
	enum clock_form form;
	int32_t month, week, day;
	int32_t at; /* seconds, by the clock before it is changed */
};

struct clock {
	int32_t east; /* seconds ahead of UTC; zero: it is UTC */
	bool daylight;
	int32_t east_daylight;
	struct clock_change begins, ends;
};

/* False, with *why set to a phrase, if @text is none. */
bool clock_parse(struct str text, struct clock *out, const char **why);

/*
 * The daylight saving time that begins in @year: from *begin until before
 * *end, in seconds since 1970, UTC. The clock has some.
 */
void clock_daylight(const struct clock *clock, int32_t year, int64_t *begin,
		    int64_t *end);

#endif
