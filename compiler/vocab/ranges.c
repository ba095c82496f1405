// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packed ranges of values. All comparison is bytewise: values are in network
 * order, so that bytewise order is numeric order.
 */
#include <stdlib.h>

#include "match.h"

static uint8_t *lo_at(const struct ranges *ranges, size_t i)
{
	return ranges->v + 2 * i * ranges->len;
}

static uint8_t *hi_at(const struct ranges *ranges, size_t i)
{
	return lo_at(ranges, i) + ranges->len;
}

bool ranges_have(const struct ranges *ranges, const uint8_t *value)
{
	size_t low = 0, high = ranges->n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (memcmp(value, lo_at(ranges, mid), ranges->len) < 0)
			high = mid;
		else if (memcmp(value, hi_at(ranges, mid), ranges->len) > 0)
			low = mid + 1;
		else
			return true;
	}
	return false;
}

void ranges_push(struct arena *arena, struct ranges *ranges, size_t *room,
		 const uint8_t *lo, const uint8_t *hi)
{
	size_t pair = 2 * (size_t)ranges->len;

	if (ranges->n == *room) {
		size_t more = *room ? 2 * *room : 4;

		ranges->v =
			arena_grow(arena, ranges->v, *room * pair, more * pair);
		*room = more;
	}
	memcpy(lo_at(ranges, ranges->n), lo, ranges->len);
	memcpy(hi_at(ranges, ranges->n), hi, ranges->len);
	ranges->n++;
}

static int compare(const void *a, const void *b, size_t len)
{
	return memcmp(a, b, len);
}

/* qsort() has no context argument: one function per length there is. */
static int compare1(const void *a, const void *b)
{
	return compare(a, b, 1);
}

static int compare2(const void *a, const void *b)
{
	return compare(a, b, 2);
}

static int compare4(const void *a, const void *b)
{
	return compare(a, b, 4);
}

static int compare6(const void *a, const void *b)
{
	return compare(a, b, 6);
}

static int compare16(const void *a, const void *b)
{
	return compare(a, b, 16);
}

/* Does @lo lie behind @hi with at least one value between them? */
static bool apart_wide(const uint8_t *hi, const uint8_t *lo, size_t len)
{
	uint8_t next[WIRE_MAX];
	size_t i;

	if (memcmp(lo, hi, len) <= 0)
		return false;
	memcpy(next, hi, len);
	for (i = len; i-- > 0;)
		if (++next[i])
			break;
	return memcmp(lo, next, len) > 0;
}

static bool apart_single(const uint8_t *hi, const uint8_t *lo, size_t len)
{
	return memcmp(lo, hi, len) > 0;
}

static bool all_single(const struct ranges *ranges)
{
	size_t i;

	for (i = 0; i < ranges->n; i++)
		if (memcmp(lo_at(ranges, i), hi_at(ranges, i), ranges->len))
			return false;
	return true;
}

static void sort(struct ranges *ranges)
{
	int (*by)(const void *, const void *) = ranges->len == 1 ? compare1 :
						ranges->len == 2 ? compare2 :
						ranges->len == 4 ? compare4 :
						ranges->len == 6 ? compare6 :
								   compare16;
	size_t i;

	for (i = 1; i < ranges->n; i++)
		if (memcmp(lo_at(ranges, i - 1), lo_at(ranges, i),
			   ranges->len) > 0)
			break;
	if (i < ranges->n)
		qsort(ranges->v, ranges->n, 2 * (size_t)ranges->len, by);
}

void ranges_normalise(struct ranges *ranges)
{
	bool (*apart)(const uint8_t *, const uint8_t *, size_t);
	size_t i, last = 0;

	if (ranges->n < 2)
		return;
	/* single values stay what was written: a hash set, not intervals */
	apart = all_single(ranges) ? apart_single : apart_wide;
	sort(ranges);
	for (i = 1; i < ranges->n; i++) {
		if (apart(hi_at(ranges, last), lo_at(ranges, i), ranges->len)) {
			last++;
			memmove(lo_at(ranges, last), lo_at(ranges, i),
				2 * (size_t)ranges->len);
		} else if (memcmp(hi_at(ranges, i), hi_at(ranges, last),
				  ranges->len) > 0) {
			memcpy(hi_at(ranges, last), hi_at(ranges, i),
			       ranges->len);
		}
	}
	ranges->n = last + 1;
}
