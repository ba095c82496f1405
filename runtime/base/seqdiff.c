// SPDX-License-Identifier: GPL-2.0-only
/*
 * Myers' O(ND) difference in linear space: search from both ends, split where
 * the searches meet, do the same with both parts.
 *
 * Two things keep long and very different sequences quick. What the other side
 * does not have at all is settled before the search. And a search that has gone
 * on for SEARCH_MAX rounds is cut where it came furthest: the difference is then
 * correct, but maybe not the shortest.
 */
#include "runtime/base/seqdiff.h"

#define SEARCH_MAX 512

struct side {
	struct seq *seq;
	/* Those that the other side has too: */
	uint32_t *common; /* index into seq */
	size_t ncommon;
};

struct diff {
	struct side a, b;
	/* Furthest x on each diagonal x - y, forward and backward. */
	int *forward, *backward;
};

struct box { /* of what is common: a[x0..x1) against b[y0..y1) */
	int x0, x1, y0, y1;
};

struct split {
	int x, y;
};

/* Settles what the other side has not. */
static void keep_common(struct arena *arena, struct side *side, struct seq *seq,
			const bool *other)
{
	size_t i;

	side->seq = seq;
	side->common = arena_array(arena, seq->n, sizeof(*side->common));
	for (i = 0; i < seq->n; i++) {
		if (other[seq->ids[i]])
			side->common[side->ncommon++] = (uint32_t)i;
		else
			seq->changed[i] = true;
	}
}

static bool *seen(struct arena *arena, const struct seq *seq, size_t nids)
{
	bool *seen = arena_array(arena, nids, sizeof(*seen));
	size_t i;

	for (i = 0; i < seq->n; i++)
		seen[seq->ids[i]] = true;
	return seen;
}

static bool same(const struct diff *diff, int x, int y)
{
	return diff->a.seq->ids[diff->a.common[x]] ==
	       diff->b.seq->ids[diff->b.common[y]];
}

/* The diagonals that a search has reached, and those that there are. */
struct reach {
	int lo, hi, min, max;
};

/* One step further on both sides, but not out of the box. */
static void widen(struct reach *r, int *furthest, int nowhere)
{
	if (r->lo > r->min)
		furthest[--r->lo - 1] = nowhere;
	else
		r->lo++;
	if (r->hi < r->max)
		furthest[++r->hi + 1] = nowhere;
	else
		r->hi--;
}

static bool within(const struct reach *r, int k)
{
	return r->lo <= k && k <= r->hi;
}

/* True if it met the search from the other end, at @split. */
static bool search_forward(struct diff *diff, const struct box *box,
			   struct reach *f, const struct reach *met,
			   struct split *split)
{
	int *v = diff->forward;
	int k, x;

	widen(f, v, -1);
	for (k = f->hi; k >= f->lo; k -= 2) {
		x = v[k - 1] < v[k + 1] ? v[k + 1] : v[k - 1] + 1;
		while (x < box->x1 && x - k < box->y1 && same(diff, x, x - k))
			x++;
		v[k] = x;
		if (met && within(met, k) && diff->backward[k] <= x) {
			*split = (struct split){ x, x - k };
			return true;
		}
	}
	return false;
}

static bool search_backward(struct diff *diff, const struct box *box,
			    struct reach *b, const struct reach *met,
			    struct split *split)
{
	int *v = diff->backward;
	int k, x;

	widen(b, v, INT32_MAX);
	for (k = b->hi; k >= b->lo; k -= 2) {
		x = v[k - 1] < v[k + 1] ? v[k - 1] : v[k + 1] - 1;
		while (x > box->x0 && x - k > box->y0 &&
		       same(diff, x - 1, x - k - 1))
			x--;
		v[k] = x;
		if (met && within(met, k) && x <= diff->forward[k]) {
			*split = (struct split){ x, x - k };
			return true;
		}
	}
	return false;
}

/* Where the forward search came furthest, clipped to the box. */
static struct split furthest(const struct diff *diff, const struct box *box,
			     const struct reach *f)
{
	struct split best = { box->x0, box->y0 };
	int k, x;

	for (k = f->hi; k >= f->lo; k -= 2) {
		x = diff->forward[k];
		if (x > box->x1)
			x = box->x1;
		if (x - k > box->y1)
			x = box->y1 + k;
		if (2 * x - k > best.x + best.y)
			best = (struct split){ x, x - k };
	}
	return best;
}

static struct split find_split(struct diff *diff, const struct box *box)
{
	int kf = box->x0 - box->y0, kb = box->x1 - box->y1, round;
	struct reach f = { kf, kf, box->x0 - box->y1, box->x1 - box->y0 };
	struct reach b = { kb, kb, f.min, f.max };
	bool odd = (kf - kb) & 1;
	struct split split;

	diff->forward[kf] = box->x0;
	diff->backward[kb] = box->x1;
	for (round = 0; round < SEARCH_MAX; round++) {
		if (search_forward(diff, box, &f, odd ? &b : NULL, &split) ||
		    search_backward(diff, box, &b, odd ? NULL : &f, &split))
			return split;
	}
	return furthest(diff, box, &f);
}

static void change(struct side *side, int from, int to)
{
	for (; from < to; from++)
		side->seq->changed[side->common[from]] = true;
}

static void compare(struct diff *diff, struct box box)
{
	struct split split;

	while (box.x0 < box.x1 && box.y0 < box.y1 &&
	       same(diff, box.x0, box.y0)) {
		box.x0++;
		box.y0++;
	}
	while (box.x0 < box.x1 && box.y0 < box.y1 &&
	       same(diff, box.x1 - 1, box.y1 - 1)) {
		box.x1--;
		box.y1--;
	}
	if (box.x0 == box.x1 || box.y0 == box.y1) {
		change(&diff->a, box.x0, box.x1);
		change(&diff->b, box.y0, box.y1);
		return;
	}
	split = find_split(diff, &box);
	compare(diff, (struct box){ box.x0, split.x, box.y0, split.y });
	compare(diff, (struct box){ split.x, box.x1, split.y, box.y1 });
}

void seqdiff(struct arena *arena, struct seq *a, struct seq *b, size_t nids)
{
	struct arena_mark mark = arena_mark(arena);
	struct diff diff = { 0 };
	size_t diagonals;

	keep_common(arena, &diff.a, a, seen(arena, b, nids));
	keep_common(arena, &diff.b, b, seen(arena, a, nids));
	/* Diagonals -nb - 1 .. na + 1. */
	diagonals = diff.a.ncommon + diff.b.ncommon + 3;
	diff.forward = arena_array(arena, diagonals, sizeof(int));
	diff.backward = arena_array(arena, diagonals, sizeof(int));
	diff.forward += diff.b.ncommon + 1;
	diff.backward += diff.b.ncommon + 1;
	compare(&diff,
		(struct box){ 0, (int)diff.a.ncommon, 0, (int)diff.b.ncommon });
	arena_reset(arena, mark);
}
