// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packed ranges as sets of values: see algebra.h. Each is one walk along both
 * lists; where one of them is short, its place in the other is searched for,
 * so that a host costs nothing beside a block list.
 */
#include "algebra.h"

/* The first range of @ranges whose end is not before @value. */
static size_t first_from(const struct ranges *ranges, const uint8_t *value)
{
	size_t low = 0, high = ranges->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (memcmp(range_hi(ranges, mid), value, ranges->len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool range_next(const uint8_t *value, size_t len, uint8_t *next)
{
	size_t i;

	memcpy(next, value, len);
	for (i = len; i-- > 0;)
		if (++next[i])
			return true;
	return false;
}

static void value_before(const uint8_t *value, size_t len, uint8_t *before)
{
	size_t i;

	memcpy(before, value, len);
	for (i = len; i-- > 0;)
		if (before[i]--)
			return;
}

struct ranges ranges_all(struct arena *arena, uint8_t len)
{
	struct ranges all = { .len = len, .n = 1 };

	all.v = arena_alloc(arena, 2 * (size_t)len);
	memset(all.v + len, 0xff, len);
	return all;
}

static const uint8_t *later(const uint8_t *a, const uint8_t *b, size_t len)
{
	return memcmp(a, b, len) < 0 ? b : a;
}

static const uint8_t *earlier(const uint8_t *a, const uint8_t *b, size_t len)
{
	return memcmp(a, b, len) < 0 ? a : b;
}

struct ranges ranges_both(struct arena *arena, const struct ranges *a,
			  const struct ranges *b)
{
	struct ranges out = { .len = a->len };
	size_t i, j, room = 0;

	for (i = 0; i < a->n; i++) {
		const uint8_t *lo = range_lo(a, i), *hi = range_hi(a, i);

		for (j = first_from(b, lo);
		     j < b->n && memcmp(range_lo(b, j), hi, a->len) <= 0; j++)
			ranges_push(arena, &out, &room,
				    later(lo, range_lo(b, j), a->len),
				    earlier(hi, range_hi(b, j), a->len));
	}
	return out;
}

/* Adds what is in lo..hi and not in @b. */
static void push_less(struct arena *arena, struct ranges *out, size_t *room,
		      const uint8_t *lo, const uint8_t *hi,
		      const struct ranges *b)
{
	uint8_t at[WIRE_MAX], end[WIRE_MAX];
	size_t j, len = b->len;

	memcpy(at, lo, len);
	for (j = first_from(b, lo);
	     j < b->n && memcmp(range_lo(b, j), hi, len) <= 0; j++) {
		if (memcmp(at, range_lo(b, j), len) < 0) {
			value_before(range_lo(b, j), len, end);
			ranges_push(arena, out, room, at, end);
		}
		if (!range_next(range_hi(b, j), len, at))
			return;
	}
	if (memcmp(at, hi, len) <= 0)
		ranges_push(arena, out, room, at, hi);
}

struct ranges ranges_less(struct arena *arena, const struct ranges *a,
			  const struct ranges *b)
{
	struct ranges out = { .len = a->len };
	size_t i, room = 0;

	for (i = 0; i < a->n; i++)
		push_less(arena, &out, &room, range_lo(a, i), range_hi(a, i),
			  b);
	return out;
}

struct ranges ranges_either(struct arena *arena, const struct ranges *a,
			    const struct ranges *b)
{
	struct ranges out = { .len = a->len };
	size_t bytes = 2 * (size_t)a->len;

	out.n = a->n + b->n;
	out.v = arena_array(arena, out.n, bytes);
	if (a->n)
		memcpy(out.v, a->v, a->n * bytes);
	if (b->n)
		memcpy(out.v + a->n * bytes, b->v, b->n * bytes);
	ranges_normalise(&out);
	return out;
}

static bool range_within(const uint8_t *lo, const uint8_t *hi,
			 const struct ranges *b)
{
	uint8_t at[WIRE_MAX];
	size_t j;

	memcpy(at, lo, b->len);
	for (j = first_from(b, lo);
	     j < b->n && memcmp(range_lo(b, j), at, b->len) <= 0; j++)
		if (memcmp(range_hi(b, j), hi, b->len) >= 0 ||
		    !range_next(range_hi(b, j), b->len, at))
			return true;
	return false;
}

bool ranges_within(const struct ranges *a, const struct ranges *b)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		if (!range_within(range_lo(a, i), range_hi(a, i), b))
			return false;
	return true;
}

bool ranges_meet(const struct ranges *a, const struct ranges *b)
{
	size_t i, j;

	if (a->n > b->n)
		return ranges_meet(b, a);
	for (i = 0; i < a->n; i++) {
		j = first_from(b, range_lo(a, i));
		if (j < b->n &&
		    memcmp(range_lo(b, j), range_hi(a, i), a->len) <= 0)
			return true;
	}
	return false;
}

bool ranges_equal(const struct ranges *a, const struct ranges *b)
{
	return a->n == b->n && a->len == b->len &&
	       (a->n == 0 || a->v == b->v ||
		memcmp(a->v, b->v, 2 * a->n * a->len) == 0);
}
