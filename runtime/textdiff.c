// SPDX-License-Identifier: GPL-2.0-only
/*
 * Myers' O(ND) difference in linear space: search from both ends, split where
 * the searches meet, do the same with both parts.
 *
 * Two things keep large and very different texts quick. A line that the other
 * side does not have at all is settled before the search. And a search that
 * has gone on for SEARCH_MAX rounds is cut where it came furthest: the
 * difference is then correct, but maybe not the shortest.
 *
 * A line includes its newline, so that a last line without one is different.
 */
#include "runtime/textdiff.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"

#define SEARCH_MAX 512
#define CONTEXT 3

struct side {
	struct str *lines;
	uint32_t *ids; /* equal lines, equal ids, on both sides */
	bool *changed;
	size_t n;
	/* Those that the other side has too: */
	uint32_t *common; /* index into lines */
	size_t ncommon;
};

struct diff {
	struct arena *arena;
	struct side a, b;
	/* Furthest x on each diagonal x - y, forward and backward. */
	int *forward, *backward;
};

struct box { /* of common lines: a[x0..x1) against b[y0..y1) */
	int x0, x1, y0, y1;
};

struct split {
	int x, y;
};

/*
 * Preparing
 */

static void split_lines(struct diff *diff, struct side *side, struct str text)
{
	VEC(struct str) lines = { 0 };
	const char *end;
	size_t n;

	while (text.n > 0) {
		end = memchr(text.p, '\n', text.n);
		n = end ? (size_t)(end - text.p) + 1 : text.n;
		*vec_push(diff->arena, &lines) = (struct str){ text.p, n };
		text.p += n;
		text.n -= n;
	}
	side->lines = lines.v;
	side->n = lines.n;
	side->ids = arena_array(diff->arena, lines.n, sizeof(*side->ids));
	side->changed =
		arena_array(diff->arena, lines.n, sizeof(*side->changed));
	side->common = arena_array(diff->arena, lines.n, sizeof(*side->common));
}

/* Ids begin at 1: NULL is a line that the map does not have. */
static void number_lines(struct map *map, struct side *side, bool *seen)
{
	uintptr_t id;
	size_t i;

	for (i = 0; i < side->n; i++) {
		id = (uintptr_t)map_get(map, side->lines[i]);
		if (!id) {
			id = map->entries.n + 1;
			map_add(map, side->lines[i], (void *)id);
		}
		side->ids[i] = (uint32_t)id;
		seen[id] = true;
	}
}

/* Settles the lines that the other side has not. */
static void keep_common(struct side *side, const bool *other)
{
	size_t i;

	for (i = 0; i < side->n; i++) {
		if (other[side->ids[i]])
			side->common[side->ncommon++] = (uint32_t)i;
		else
			side->changed[i] = true;
	}
}

static void prepare(struct diff *diff, struct str old, struct str new)
{
	struct map map;
	bool *seen_a, *seen_b;
	size_t n;

	split_lines(diff, &diff->a, old);
	split_lines(diff, &diff->b, new);
	n = diff->a.n + diff->b.n;
	seen_a = arena_array(diff->arena, n + 1, sizeof(*seen_a));
	seen_b = arena_array(diff->arena, n + 1, sizeof(*seen_b));
	map_init(&map, diff->arena);
	number_lines(&map, &diff->a, seen_a);
	number_lines(&map, &diff->b, seen_b);
	keep_common(&diff->a, seen_b);
	keep_common(&diff->b, seen_a);

	/* Diagonals -nb - 1 .. na + 1. */
	diff->forward = arena_array(diff->arena, n + 3, sizeof(int));
	diff->backward = arena_array(diff->arena, n + 3, sizeof(int));
	diff->forward += diff->b.ncommon + 1;
	diff->backward += diff->b.ncommon + 1;
}

/*
 * Searching
 */

static bool same(const struct diff *diff, int x, int y)
{
	return diff->a.ids[diff->a.common[x]] == diff->b.ids[diff->b.common[y]];
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
		side->changed[side->common[from]] = true;
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

/*
 * Printing
 */

struct hunk { /* a[a0..a1) becomes b[b0..b1), context included */
	size_t a0, a1, b0, b1;
};

static void print_line(struct buf *out, char mark, struct str line)
{
	buf_putc(out, mark);
	buf_add(out, line.p, line.n);
	if (line.p[line.n - 1] != '\n')
		buf_puts(out, "\n\\ No newline at end of file\n");
}

/* An empty range is named by the line before it. */
static void print_range(struct buf *out, size_t from, size_t to)
{
	buf_printf(out, "%zu", to > from ? from + 1 : from);
	if (to - from != 1)
		buf_printf(out, ",%zu", to - from);
}

static void print_hunk(struct buf *out, const struct diff *diff,
		       const struct hunk *h)
{
	size_t i = h->a0, j = h->b0;

	buf_puts(out, "@@ -");
	print_range(out, h->a0, h->a1);
	buf_puts(out, " +");
	print_range(out, h->b0, h->b1);
	buf_puts(out, " @@\n");
	while (i < h->a1 || j < h->b1) {
		if (i < h->a1 && diff->a.changed[i])
			print_line(out, '-', diff->a.lines[i++]);
		else if (j < h->b1 && diff->b.changed[j])
			print_line(out, '+', diff->b.lines[j++]);
		else {
			print_line(out, ' ', diff->a.lines[i++]);
			j++;
		}
	}
}

/* The changes from @i, @j on that are close enough to stand together. */
static void grow_hunk(const struct diff *diff, size_t i, size_t j,
		      struct hunk *h)
{
	size_t equal = 0;

	while (equal <= 2 * CONTEXT) {
		if (i < diff->a.n && diff->a.changed[i]) {
			i++;
			equal = 0;
		} else if (j < diff->b.n && diff->b.changed[j]) {
			j++;
			equal = 0;
		} else if (i < diff->a.n) {
			i++;
			j++;
			equal++;
		} else {
			break;
		}
		if (!equal) {
			h->a1 = i;
			h->b1 = j;
		}
	}
}

static void print_hunks(struct buf *out, const struct diff *diff)
{
	size_t i = 0, j = 0, before, after;
	struct hunk h;

	while (i < diff->a.n || j < diff->b.n) {
		if (!(i < diff->a.n && diff->a.changed[i]) &&
		    !(j < diff->b.n && diff->b.changed[j])) {
			i++;
			j++;
			continue;
		}
		before = i < CONTEXT ? i : CONTEXT;
		h = (struct hunk){ i - before, i, j - before, j };
		grow_hunk(diff, i, j, &h);
		i = h.a1;
		j = h.b1;
		after = diff->a.n - i < CONTEXT ? diff->a.n - i : CONTEXT;
		h.a1 += after;
		h.b1 += after;
		print_hunk(out, diff, &h);
	}
}

bool textdiff(struct buf *out, const char *old_name, struct str old,
	      const char *new_name, struct str new)
{
	struct diff diff = { 0 };

	if (str_eq(old, new))
		return false;
	diff.arena = arena_new();
	prepare(&diff, old, new);
	compare(&diff,
		(struct box){ 0, (int)diff.a.ncommon, 0, (int)diff.b.ncommon });
	buf_printf(out, "--- %s\n+++ %s\n", old_name, new_name);
	print_hunks(out, &diff);
	arena_free(diff.arena);
	return true;
}
