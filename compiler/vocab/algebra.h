/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packed ranges as sets of values: what lies in both, in one but not in the
 * other, in either. For those who reason about rules.
 *
 * Values are compared bytewise; both sides have values of the same length.
 * Single values that are neighbours need not have been joined.
 */
#ifndef NFTOFFC_VOCAB_ALGEBRA_H
#define NFTOFFC_VOCAB_ALGEBRA_H

#include "match.h"

/* Every value of @len bytes. */
struct ranges ranges_all(struct arena *arena, uint8_t len);
struct ranges ranges_both(struct arena *arena, const struct ranges *a,
			  const struct ranges *b);
/* What is in @a and not in @b. */
struct ranges ranges_less(struct arena *arena, const struct ranges *a,
			  const struct ranges *b);
struct ranges ranges_either(struct arena *arena, const struct ranges *a,
			    const struct ranges *b);
bool ranges_within(const struct ranges *a, const struct ranges *b);
bool ranges_meet(const struct ranges *a, const struct ranges *b);
bool ranges_equal(const struct ranges *a, const struct ranges *b);
/* The value behind @value; false if there is none. */
bool range_next(const uint8_t *value, size_t len, uint8_t *next);

static inline const uint8_t *range_lo(const struct ranges *ranges, size_t i)
{
	return ranges->v + 2 * i * ranges->len;
}

static inline const uint8_t *range_hi(const struct ranges *ranges, size_t i)
{
	return ranges->v + (2 * i + 1) * ranges->len;
}

#endif
