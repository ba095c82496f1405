/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between two sequences: lines of a text, rules of a chain.
 */
#ifndef NFTOFFC_RUNTIME_BASE_SEQDIFF_H
#define NFTOFFC_RUNTIME_BASE_SEQDIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct seq {
	const uint32_t *ids; /* equal things, equal ids, on both sides */
	bool *changed;	     /* zeroed by the caller */
	size_t n;
};

/*
 * Sets @changed of what one side has and the other has not; what is left is
 * equal, in order. Every id is less than @nids. Takes working memory from
 * @arena, and gives it back.
 */
void seqdiff(struct arena *arena, struct seq *a, struct seq *b, size_t nids);

#endif
