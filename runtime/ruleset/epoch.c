// SPDX-License-Identifier: GPL-2.0-only
/*
 * A run that may be chosen always leaves half of the space free in one piece,
 * below or above it: so whatever runs, the next policy finds room, as long as
 * no policy uses more than half. The last value is not for policies: it is
 * what fw4 marks the connections with that it sees (ir/fw4.h).
 */
#include "runtime/ruleset/epoch.h"

/* Bits are contiguous. */
static unsigned int shift_of(uint32_t mask)
{
	return mask ? (unsigned int)__builtin_ctz(mask) : 0;
}

uint32_t epoch_max(uint32_t mask)
{
	uint32_t all = mask >> shift_of(mask);

	return all ? all - 1 : 0;
}

uint32_t epoch_count_max(uint32_t mask)
{
	return epoch_max(mask) / 2;
}

/* What the running policy's value looks like under another mask. */
static uint32_t seen_as(const struct ir_record *running, uint32_t value,
			uint32_t mask)
{
	uint32_t mark = value << shift_of(running->mask);

	return (mark & running->mask & mask) >> shift_of(mask);
}

static bool is_free(uint32_t mask, uint32_t first, uint32_t count,
		    const struct ir_record *running)
{
	uint32_t max = epoch_max(mask), i, v;

	if (first == 0 || count > max || first > max - count + 1)
		return false;
	for (i = 0; running && i < running->count; i++) {
		v = seen_as(running, running->epoch + i, mask);
		if (v >= first && v - first < count)
			return false;
	}
	return true;
}

static bool leaves_half(uint32_t mask, uint32_t first, uint32_t count)
{
	uint32_t max = epoch_max(mask), half = epoch_count_max(mask);

	return first - 1 >= half || max - (first + count - 1) >= half;
}

/* Other masks: behind any value that the running policy's are seen as. */
static uint32_t choose_other(uint32_t mask, uint32_t count,
			     const struct ir_record *running)
{
	uint32_t i, first;

	for (i = 0; i < running->count; i++) {
		first = seen_as(running, running->epoch + i, mask) + 1;
		if (is_free(mask, first, count, running))
			return first;
	}
	return 0;
}

uint32_t epoch_choose(uint32_t mask, uint32_t count,
		      const struct ir_record *running)
{
	uint32_t max = epoch_max(mask), i;
	uint32_t starts[] = { 1, 1, max - count + 1 };

	if (running && running->mask == mask)
		starts[0] = running->epoch + running->count;
	for (i = 0; i < 3; i++)
		if (is_free(mask, starts[i], count, running) &&
		    leaves_half(mask, starts[i], count))
			return starts[i];
	for (i = 0; i < 3; i++)
		if (is_free(mask, starts[i], count, running))
			return starts[i];
	return running && running->mask != mask ?
		       choose_other(mask, count, running) :
		       0;
}
