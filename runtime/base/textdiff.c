// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines are numbered, then compared as numbers.
 *
 * A line includes its newline, so that a last line without one is different.
 */
#include "runtime/base/textdiff.h"

#include "base/map.h"
#include "runtime/base/seqdiff.h"

#define CONTEXT 3

struct side {
	struct str *lines;
	struct seq seq;
};

struct diff {
	struct arena *arena;
	struct side a, b;
};

static void split_lines(struct arena *arena, struct side *side, struct str text)
{
	VEC(struct str) lines = { 0 };
	const char *end;
	size_t n;

	while (text.n > 0) {
		end = memchr(text.p, '\n', text.n);
		n = end ? (size_t)(end - text.p) + 1 : text.n;
		*vec_push(arena, &lines) = (struct str){ text.p, n };
		text.p += n;
		text.n -= n;
	}
	side->lines = lines.v;
	side->seq.n = lines.n;
	side->seq.changed = arena_array(arena, lines.n, sizeof(bool));
}

/* Ids begin at 1: NULL is a line that the map does not have. */
static void number_lines(struct map *map, struct side *side)
{
	uint32_t *ids = arena_array(map->arena, side->seq.n, sizeof(*ids));
	uintptr_t id;
	size_t i;

	for (i = 0; i < side->seq.n; i++) {
		id = (uintptr_t)map_get(map, side->lines[i]);
		if (!id) {
			id = map->entries.n + 1;
			map_add(map, side->lines[i], (void *)id);
		}
		ids[i] = (uint32_t)id;
	}
	side->seq.ids = ids;
}

static void compare(struct diff *diff, struct str old, struct str new)
{
	struct map map;

	split_lines(diff->arena, &diff->a, old);
	split_lines(diff->arena, &diff->b, new);
	map_init(&map, diff->arena);
	number_lines(&map, &diff->a);
	number_lines(&map, &diff->b);
	seqdiff(diff->arena, &diff->a.seq, &diff->b.seq, map.entries.n + 1);
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
		if (i < h->a1 && diff->a.seq.changed[i])
			print_line(out, '-', diff->a.lines[i++]);
		else if (j < h->b1 && diff->b.seq.changed[j])
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
		if (i < diff->a.seq.n && diff->a.seq.changed[i]) {
			i++;
			equal = 0;
		} else if (j < diff->b.seq.n && diff->b.seq.changed[j]) {
			j++;
			equal = 0;
		} else if (i < diff->a.seq.n) {
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

	while (i < diff->a.seq.n || j < diff->b.seq.n) {
		if (!(i < diff->a.seq.n && diff->a.seq.changed[i]) &&
		    !(j < diff->b.seq.n && diff->b.seq.changed[j])) {
			i++;
			j++;
			continue;
		}
		before = i < CONTEXT ? i : CONTEXT;
		h = (struct hunk){ i - before, i, j - before, j };
		grow_hunk(diff, i, j, &h);
		i = h.a1;
		j = h.b1;
		after = diff->a.seq.n - i < CONTEXT ? diff->a.seq.n - i :
						      CONTEXT;
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
	compare(&diff, old, new);
	buf_printf(out, "--- %s\n+++ %s\n", old_name, new_name);
	print_hunks(out, &diff);
	arena_free(diff.arena);
	return true;
}
