// SPDX-License-Identifier: GPL-2.0-only
/*
 * compiler/base: memory, strings, maps, files and places, diagnostics.
 *
 * What diagnostics look like is compared byte for byte: people and editors
 * read it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/json.h"
#include "base/map.h"
#include "suites.h"

static struct arena *arena;
static struct sources sources;
static struct diags *diags;
static char folder[64];

static void set_up(void)
{
	arena = arena_new();
	sources_init(&sources, arena);
	diags = diags_new(arena, &sources);
}

static void tear_down(void)
{
	arena_free(arena);
}

static void set_up_folder(void)
{
	set_up();
	strcpy(folder, "/tmp/nftoffc-base-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static char *in_folder(const char *name)
{
	return arena_printf(arena, "%s/%s", folder, name);
}

static void tear_down_folder(void)
{
	unlink(in_folder("file"));
	ck_assert_int_eq(rmdir(folder), 0);
	tear_down();
}

/* The arena. */

static bool is_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

START_TEST(arena_blocks_are_zeroed_and_aligned)
{
	for (size_t size = 0; size < 3000; size += 7) {
		char *p = arena_alloc(arena, size);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
		ck_assert(is_zero(p, size));
		memset(p, 0xff, size);
	}
}
END_TEST

START_TEST(arena_reset_gives_back_zeroed_memory)
{
	struct arena_mark mark;
	char *first, *again;

	arena_alloc(arena, 100);
	mark = arena_mark(arena);
	first = arena_alloc(arena, 1000);
	memset(first, 0xff, 1000);
	memset(arena_alloc(arena, 5 << 20), 0xff, 5 << 20);
	arena_reset(arena, mark);
	again = arena_alloc(arena, 1000);
	ck_assert_ptr_eq(first, again);
	ck_assert(is_zero(again, 1000));
}
END_TEST

START_TEST(arena_reset_to_nothing)
{
	struct arena *other = arena_new();
	struct arena_mark mark = arena_mark(other);

	arena_alloc(other, 10);
	arena_reset(other, mark);
	arena_reset(other, mark);
	ck_assert(is_zero(arena_alloc(other, 10), 10));
	arena_free(other);
	arena_free(NULL);
}
END_TEST

START_TEST(arena_grows_the_latest_in_place)
{
	char *p = arena_alloc(arena, 10);
	char *q;

	memcpy(p, "some text", sizeof("some text"));
	q = arena_grow(arena, p, 10, 5000);
	ck_assert_ptr_eq(p, q);
	ck_assert_str_eq(q, "some text");
	ck_assert(is_zero(q + 10, 4990));
	ck_assert_ptr_eq(arena_grow(arena, q, 5000, 4), q);
}
END_TEST

START_TEST(arena_grows_others_by_copying)
{
	char *p = arena_alloc(arena, 10);
	char *other = arena_alloc(arena, 10);
	char *q;

	memcpy(p, "some text", sizeof("some text"));
	memcpy(other, "untouched", sizeof("untouched"));
	q = arena_grow(arena, p, 10, 4 << 20);
	ck_assert_ptr_ne(p, q);
	ck_assert_str_eq(q, "some text");
	ck_assert_str_eq(other, "untouched");
	ck_assert(is_zero(q + 10, (4 << 20) - 10));
	ck_assert(is_zero(arena_grow(arena, NULL, 0, 64), 64));
}
END_TEST

START_TEST(arena_counts_what_it_hands_out)
{
	struct arena *other = arena_new();

	ck_assert_uint_eq(arena_used(other), 0);
	arena_alloc(other, 10);
	arena_grow(other, arena_array(other, 3, 5), 15, 20);
	ck_assert_uint_eq(arena_used(other), 30);
	arena_free(other);
}
END_TEST

START_TEST(arena_strings)
{
	ck_assert_str_eq(arena_strndup(arena, "abcdef", 3), "abc");
	ck_assert_str_eq(arena_strndup(arena, NULL, 0), "");
	ck_assert_str_eq(arena_printf(arena, "%d-%s", 7, "x"), "7-x");
}
END_TEST

START_TEST(arena_refuses_overflow)
{
	arena_array(arena, SIZE_MAX / 2, 4);
}
END_TEST

START_TEST(arena_refuses_the_impossible)
{
	arena_alloc(arena, SIZE_MAX - 3);
}
END_TEST

START_TEST(vec_keeps_all)
{
	VEC(int) numbers = { 0 };

	for (int i = 0; i < 10000; i++)
		*vec_push(arena, &numbers) = i;
	ck_assert_uint_eq(numbers.n, 10000);
	for (int i = 0; i < 10000; i++)
		ck_assert_int_eq(numbers.v[i], i);
}
END_TEST

/* Strings. */

START_TEST(str_order)
{
	ck_assert_int_lt(str_cmp(STR("a"), STR("b")), 0);
	ck_assert_int_lt(str_cmp(STR("a"), STR("aa")), 0);
	ck_assert_int_gt(str_cmp(STR("\xff"), STR("a")), 0);
	ck_assert_int_eq(str_cmp(STR("ab"), STR("ab")), 0);
	ck_assert_int_eq(str_cmp((struct str){ 0 }, STR("")), 0);
	ck_assert(str_is(STR("ab"), "ab"));
	ck_assert(!str_is(STR("ab"), "abc"));
}
END_TEST

START_TEST(str_trimming)
{
	ck_assert(str_is(str_trim(STR(" \t a b\r\n")), "a b"));
	ck_assert(str_is(str_trim(STR(" \n ")), ""));
	ck_assert(str_is(str_trim((struct str){ 0 }), ""));
}
END_TEST

START_TEST(str_cutting)
{
	struct str s = STR("a,,b");

	ck_assert(str_is(str_cut(&s, ','), "a"));
	ck_assert(str_is(str_cut(&s, ','), ""));
	ck_assert_ptr_nonnull(s.p);
	ck_assert(str_is(str_cut(&s, ','), "b"));
	ck_assert_ptr_null(s.p);
	ck_assert(str_is(str_cut(&s, ','), ""));
	s = STR("a,");
	str_cut(&s, ',');
	ck_assert_ptr_nonnull(s.p); /* one more field, which is empty */
	ck_assert_uint_eq(s.n, 0);
}
END_TEST

static const struct {
	const char *text;
	size_t length;
	uint32_t rune;
} runes[] = {
	{ "a", 1, 'a' },
	{ "\x7f", 1, 0x7f },
	{ "\xc2\x80", 2, 0x80 },
	{ "\xc3\xa9!", 2, 0xe9 },
	{ "\xe2\x82\xac", 3, 0x20ac },
	{ "\xef\xbf\xbf", 3, 0xffff },
	{ "\xf0\x9f\x94\xa5", 4, 0x1f525 },
	{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
	{ "", 0, 0 },
	{ "\x80", 0, 0 },	      /* no beginning */
	{ "\xc3", 0, 0 },	      /* no end */
	{ "\xc3(", 0, 0 },	      /* nor here */
	{ "\xe2\x82", 0, 0 },	      /* nor here */
	{ "\xc0\x80", 0, 0 },	      /* overlong */
	{ "\xe0\x80\x80", 0, 0 },     /* overlong */
	{ "\xf0\x80\x80\x80", 0, 0 }, /* overlong */
	{ "\xed\xa0\x80", 0, 0 },     /* a surrogate */
	{ "\xf4\x90\x80\x80", 0, 0 }, /* beyond the last */
	{ "\xf8\x88\x80\x80", 0, 0 },
	{ "\xff", 0, 0 },
};

#define N_RUNES ((int)(sizeof(runes) / sizeof(*runes)))

START_TEST(str_decoding)
{
	uint32_t rune = 0;

	ck_assert_uint_eq(str_rune(str_of(runes[_i].text), &rune),
			  runes[_i].length);
	ck_assert_uint_eq(rune, runes[_i].rune);
}
END_TEST

START_TEST(str_counting)
{
	ck_assert_uint_eq(str_chars(STR("")), 0);
	ck_assert_uint_eq(str_chars(STR("a\xc3\xa9\xe2\x82\xac")), 3);
	ck_assert_uint_eq(str_head(STR("abc"), 3).n, 3);
	ck_assert_uint_eq(str_head(STR("abc"), 2).n, 2);
	ck_assert_uint_eq(str_head(STR("a\xe2\x82\xacz"), 3).n, 1);
	ck_assert_uint_eq(str_head(STR("a\xe2\x82\xacz"), 4).n, 4);
	ck_assert_uint_eq(rune_columns('a'), 1);
	ck_assert_uint_eq(rune_columns(0x2ff), 1);
	ck_assert_uint_eq(rune_columns(0x300), 0);
	ck_assert_uint_eq(rune_columns(0x36f), 0);
	ck_assert_uint_eq(rune_columns(0x370), 1);
	ck_assert_uint_eq(rune_columns(0x65e5), 2);
	ck_assert_uint_eq(rune_columns(0x1f525), 2);
	ck_assert_uint_eq(rune_columns(0xe0100), 0);
	ck_assert_uint_eq(rune_columns(0x3fffd), 2);
	ck_assert_uint_eq(rune_columns(0x10ffff), 1);
}
END_TEST

static const struct {
	const char *text;
	size_t columns, fits;
} fitting[] = {
	{ "", 3, 0 },
	{ "abc", 0, 0 },
	{ "abc", 2, 2 },
	{ "abc", 3, 3 },
	{ "abc", 4, 3 },
	{ "a\xc3\xa9z", 2, 3 },	    /* one column in two bytes */
	{ "a\xe6\x97\xa5z", 1, 1 }, /* two columns in three bytes: whole, */
	{ "a\xe6\x97\xa5z", 2, 1 }, /* or not at all */
	{ "a\xe6\x97\xa5z", 3, 4 },
	{ "e\xcc\x81x", 1, 3 },	       /* an accent belongs to what it is on */
	{ "\xcc\x81\xcc\x81x", 0, 4 }, /* of no width */
	{ "a\xff\xffz", 3, 3 },	       /* no character */
	{ "a\xe6\x97", 2, 2 },
};

START_TEST(str_fitting)
{
	const struct str text = str_of(fitting[_i].text);
	const struct str fits = str_fit(text, fitting[_i].columns);

	ck_assert_uint_eq(fits.n, fitting[_i].fits);
	ck_assert_ptr_eq(fits.p, text.p);
}
END_TEST

static const struct {
	const char *a, *b;
	unsigned int limit, distance;
} distances[] = {
	{ "", "", 2, 0 },
	{ "lan", "lan", 2, 0 },
	{ "lan", "LAN", 2, 0 },
	{ "lan", "lna", 2, 1 },
	{ "lan", "wan", 2, 1 },
	{ "lan", "la", 2, 1 },
	{ "lan", "lann", 2, 1 },
	{ "lan", "guest", 2, 3 },
	{ "accept", "acecpt", 2, 1 },
	{ "accept", "acpect", 2, 2 },
	{ "destination", "detsinatoin", 2, 2 },
	{ "destination", "detsinatoin", 1, 2 },
	{ "", "ab", 2, 2 },
	{ "", "ab", 1, 2 },
	{ "ba", "ab", 0, 1 },
};

#define N_DISTANCES ((int)(sizeof(distances) / sizeof(*distances)))

START_TEST(str_distances)
{
	struct str a = str_of(distances[_i].a), b = str_of(distances[_i].b);
	unsigned int limit = distances[_i].limit;

	ck_assert_uint_eq(str_distance(a, b, limit), distances[_i].distance);
	ck_assert_uint_eq(str_distance(b, a, limit), distances[_i].distance);
}
END_TEST

/* By definition, without a table and without an early end. */
static unsigned int slow_distance(struct str a, struct str b)
{
	struct str a1 = { a.p, a.n - 1 }, b1 = { b.p, b.n - 1 };
	struct str a2 = { a.p, a.n - 2 }, b2 = { b.p, b.n - 2 };
	unsigned int least, other;

	if (!a.n || !b.n)
		return (unsigned int)(a.n + b.n);
	least = slow_distance(a1, b1) + (a.p[a1.n] != b.p[b1.n]);
	other = slow_distance(a1, b) + 1;
	least = other < least ? other : least;
	other = slow_distance(a, b1) + 1;
	least = other < least ? other : least;
	if (a.n > 1 && b.n > 1 && a.p[a1.n] == b.p[b2.n] &&
	    a.p[a2.n] == b.p[b1.n]) {
		other = slow_distance(a2, b2) + 1;
		least = other < least ? other : least;
	}
	return least;
}

START_TEST(str_distances_by_definition)
{
	char a[6], b[6];

	srand(1);
	for (int i = 0; i < 3000; i++) {
		struct str x = { a, (size_t)rand() % 6 };
		struct str y = { b, (size_t)rand() % 6 };
		unsigned int limit = (unsigned int)rand() % 5;
		unsigned int distance;

		for (size_t k = 0; k < sizeof(a); k++) {
			a[k] = (char)('a' + rand() % 3);
			b[k] = (char)('a' + rand() % 3);
		}
		distance = slow_distance(x, y);
		ck_assert_uint_eq(str_distance(x, y, limit),
				  distance <= limit ? distance : limit + 1);
	}
}
END_TEST

START_TEST(str_distance_of_long_ones)
{
	char text[STR_DISTANCE_MAX + 1];
	struct str s = { text, STR_DISTANCE_MAX };

	memset(text, 'x', sizeof(text));
	ck_assert_uint_eq(str_distance(s, s, 2), 0);
	s.n++;
	ck_assert_uint_eq(str_distance(s, s, 2), 3);
}
END_TEST

/* The map and the buffer. */

START_TEST(map_keeps_order_and_first_values)
{
	struct map map;
	int values[5000];

	map_init(&map, arena);
	ck_assert_ptr_null(map_get(&map, STR("0")));
	for (int i = 0; i < 5000; i++) {
		struct str key = str_of(arena_printf(arena, "%d", i));

		ck_assert(map_add(&map, key, &values[i]));
		ck_assert(!map_add(&map, key, NULL));
	}
	ck_assert_uint_eq(map.entries.n, 5000);
	for (int i = 0; i < 5000; i++) {
		struct str key = map.entries.v[i].key;

		ck_assert_int_eq(atoi(key.p), i);
		ck_assert_ptr_eq(map_get(&map, key), &values[i]);
	}
	ck_assert_ptr_null(map_get(&map, STR("5000")));
	ck_assert_ptr_null(map_get(&map, STR("")));
}
END_TEST

/* Each byte and its place count, in whole words and in the rest alike. */
START_TEST(hash_sees_each_byte)
{
	char text[21] = { 0 };
	uint64_t zero, seen[2 * sizeof(text)];
	size_t i, j, n = 0;

	zero = hash_bytes(HASH_INIT, text, sizeof(text));
	ck_assert_uint_eq(zero, hash_bytes(HASH_INIT, text, sizeof(text)));
	for (i = 0; i < sizeof(text); i++) {
		ck_assert_uint_ne(zero, hash_bytes(HASH_INIT, text, i));
		text[i] = 1;
		seen[n++] = hash_bytes(HASH_INIT, text, sizeof(text));
		text[i] = (char)0x80;
		seen[n++] = hash_bytes(HASH_INIT, text, sizeof(text));
		text[i] = 0;
	}
	for (i = 0; i < n; i++)
		for (j = 0; j < i; j++)
			ck_assert_uint_ne(seen[i], seen[j]);
}
END_TEST

START_TEST(buf_adds)
{
	struct buf buf = { 0 };

	buf_puts(&buf, "");
	ck_assert_str_eq(buf.p, "");
	buf_putc(&buf, 'a');
	buf_puts(&buf, "bc");
	buf_printf(&buf, "%05d", 42);
	buf_put_u64(&buf, 0);
	buf_put_u64(&buf, ULLONG_MAX);
	buf_add(&buf, NULL, 0);
	memcpy(buf_reserve(&buf, 2), "xy", 2);
	buf.n += 2;
	ck_assert_str_eq(buf.p, "abc00042018446744073709551615xy");
	ck_assert_uint_eq(buf.n, strlen(buf.p));
	buf_free(&buf);
	ck_assert_ptr_null(buf.p);
}
END_TEST

START_TEST(buf_knows_its_last_line)
{
	struct buf buf = { 0 };

	ck_assert_uint_eq(buf_last_line(&buf), 0);
	buf_pad(&buf, 0);
	buf_puts(&buf, "ab");
	ck_assert_uint_eq(buf_last_line(&buf), 0);
	buf_puts(&buf, "\n\n");
	ck_assert_uint_eq(buf_last_line(&buf), 4);
	buf_pad(&buf, 3);
	ck_assert_str_eq(buf.p, "ab\n\n   ");
	ck_assert_uint_eq(buf.n, 7);
	ck_assert_uint_eq(buf_last_line(&buf), 4);
	buf_free(&buf);
}
END_TEST

START_TEST(buf_grows)
{
	struct buf buf = { 0 };

	for (int i = 0; i < 100000; i++)
		buf_printf(&buf, "%d,", i % 10);
	ck_assert_uint_eq(buf.n, 200000);
	ck_assert_uint_eq(strlen(buf.p), buf.n);
	buf_free(&buf);
}
END_TEST

/* Files. */

static void write_file(const char *path, const char *text, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, n), (ssize_t)n);
	close(fd);
}

START_TEST(source_reads_a_file)
{
	struct source *source = NULL;

	write_file(in_folder("file"), "a\0b\n", 4);
	ck_assert_int_eq(source_read(&sources, in_folder("file"), &source), 0);
	ck_assert(str_eq(source->text, STR("a\0b\n")));
	ck_assert_str_eq(source->path, in_folder("file"));
	ck_assert_uint_eq(source->id, 1);
	write_file(in_folder("file"), "", 0);
	ck_assert_int_eq(source_read(&sources, in_folder("file"), &source), 0);
	ck_assert_uint_eq(source->text.n, 0);
	ck_assert_uint_eq(source->id, 2);
	ck_assert_uint_eq(sources.files.n, 2);
}
END_TEST

/* More than what is read at first, from what tells no size. */
struct lines {
	struct buf text; /* all lines, each with a '|' behind it */
	size_t n, most;
};

static bool take_line(struct str line, void *data)
{
	struct lines *lines = data;

	buf_add(&lines->text, line.p, line.n);
	buf_putc(&lines->text, '|');
	return ++lines->n != lines->most;
}

START_TEST(source_is_scanned_by_lines)
{
	const char *path = in_folder("file");
	struct lines lines = { 0 };

	write_file(path, "a\n\nbc\r\nlast", 11);
	ck_assert_int_eq(source_scan(&sources, path, take_line, &lines), 0);
	ck_assert_str_eq(lines.text.p, "a||bc\r|last|");
	lines.text.n = 0;
	write_file(path, "\357\273\277a\n\357\273\277", 8);
	ck_assert_int_eq(source_scan(&sources, path, take_line, &lines), 0);
	ck_assert_str_eq(lines.text.p, "a|\357\273\277|");
	write_file(path, "a\n\nbc\r\nlast", 11);
	lines.text.n = lines.n = 0;
	lines.most = 2;
	ck_assert_int_eq(source_scan(&sources, path, take_line, &lines),
			 -ECANCELED);
	ck_assert_str_eq(lines.text.p, "a||");
	ck_assert_int_eq(source_scan(&sources, "/", take_line, &lines),
			 -ESPIPE);
	ck_assert_int_eq(source_scan(&sources, "/nonexistent/x", take_line,
				     &lines),
			 -ENOENT);
	buf_free(&lines.text);
}
END_TEST

/* Lines that end in each place around the reader's own buffer's end. */
START_TEST(source_is_scanned_whatever_the_buffer)
{
	const char *path = in_folder("file");
	struct buf text = { 0 };
	struct lines lines = { 0 };
	size_t i, j;

	for (i = 0; text.n < 300000; i++) {
		for (j = 0; j < i % 97; j++)
			buf_putc(&text, (char)('a' + j % 26));
		buf_putc(&text, '\n');
	}
	write_file(path, text.p, text.n);
	ck_assert_int_eq(source_scan(&sources, path, take_line, &lines), 0);
	ck_assert_uint_eq(lines.n, i);
	for (j = 0; j < text.n; j++)
		if (text.p[j] == '\n')
			text.p[j] = '|';
	ck_assert(str_eq((struct str){ text.p, text.n },
			 (struct str){ lines.text.p, lines.text.n }));
	buf_free(&lines.text);
	buf_free(&text);
}
END_TEST

START_TEST(source_reads_standard_input)
{
	struct source *source = NULL;
	char *text = arena_alloc(arena, 300000);
	int ends[2];

	memset(text, 'x', 300000);
	ck_assert_int_eq(pipe(ends), 0);
	if (fork() == 0) {
		close(ends[0]);
		_exit(write(ends[1], text, 300000) != 300000);
	}
	close(ends[1]);
	ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(source_read(&sources, "-", &source), 0);
	ck_assert(str_eq(source->text, (struct str){ text, 300000 }));
	ck_assert_str_eq(source->path, "<stdin>");
	close(ends[0]);
	wait(NULL);
}
END_TEST

START_TEST(source_refuses)
{
	struct source *source = NULL;
	size_t used = arena_used(arena);

	ck_assert_int_eq(source_read(&sources, "/nonexistent/x", &source),
			 -ENOENT);
	ck_assert_int_eq(source_read(&sources, "/", &source), -EISDIR);
	ck_assert_uint_eq(arena_used(arena), used);
	write_file(in_folder("file"), "", 0);
	ck_assert_int_eq(
		truncate(in_folder("file"), (off_t)SOURCE_MAX_BYTES + 1), 0);
	ck_assert_int_eq(source_read(&sources, in_folder("file"), &source),
			 -EFBIG);
	ck_assert_uint_eq(sources.files.n, 0);
	ck_assert_ptr_null(source);
}
END_TEST

static struct span at(uint32_t offset, uint32_t length)
{
	return (struct span){ 1, offset, length };
}

/* One row for each offset that is worth one; all in the same text. */
#define PLACES "\357\273\277a\xc3\xa9z\r\n\n\tx\nlast"

static const struct {
	uint32_t offset;
	unsigned int line, column;
	const char *text;
} places[] = {
	{ 0, 1, 1, "a\xc3\xa9z" }, { 3, 1, 1, "a\xc3\xa9z" },
	{ 4, 1, 2, "a\xc3\xa9z" }, { 6, 1, 3, "a\xc3\xa9z" },
	{ 7, 1, 4, "a\xc3\xa9z" }, { 8, 1, 5, "a\xc3\xa9z" },
	{ 9, 2, 1, "" },	   { 10, 3, 1, "\tx" },
	{ 11, 3, 2, "\tx" },	   { 13, 4, 1, "last" },
	{ 17, 4, 5, "last" },	   { 1000, 4, 5, "last" },
};

#define N_PLACES ((int)(sizeof(places) / sizeof(*places)))

START_TEST(span_places)
{
	struct place place;

	source_add(&sources, "x", STR(PLACES));
	place = span_place(&sources, at(places[_i].offset, 1));
	ck_assert_str_eq(place.path, "x");
	ck_assert_uint_eq(place.line, places[_i].line);
	ck_assert_uint_eq(place.column, places[_i].column);
	ck_assert(str_is(place.text, places[_i].text));
}
END_TEST

START_TEST(span_nowhere)
{
	struct span nowhere = { 0 }, unknown = { 7, 0, 0 };

	source_add(&sources, "x", STR("abc"));
	ck_assert_ptr_null(source_of(&sources, nowhere));
	ck_assert_ptr_null(source_of(&sources, unknown));
	ck_assert_ptr_null(span_place(&sources, nowhere).path);
	ck_assert(str_is(span_text(&sources, unknown), ""));
}
END_TEST

START_TEST(span_texts)
{
	source_add(&sources, "x", STR("abc"));
	ck_assert(str_is(span_text(&sources, at(1, 1)), "b"));
	ck_assert(str_is(span_text(&sources, at(1, 100)), "bc"));
	ck_assert(str_is(span_text(&sources, at(100, 1)), ""));
	ck_assert_uint_eq(source_of(&sources, at(0, 0))->id, 1);
}
END_TEST

static void check_join(struct span a, struct span b, uint32_t offset,
		       uint32_t length)
{
	struct span joined = span_join(a, b);

	ck_assert_uint_eq(joined.source, 1);
	ck_assert_uint_eq(joined.offset, offset);
	ck_assert_uint_eq(joined.length, length);
}

START_TEST(span_joins)
{
	struct span nowhere = { 0 };

	check_join(at(3, 2), at(7, 3), 3, 7);
	check_join(at(7, 3), at(3, 2), 3, 7);
	check_join(at(3, 9), at(4, 1), 3, 9);
	check_join(nowhere, at(3, 2), 3, 2);
	check_join(at(3, 2), nowhere, 3, 2);
	ck_assert_uint_eq(span_join(nowhere, nowhere).source, 0);
}
END_TEST

/* Diagnostics. */

static void check_printed(const char *wanted)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	diags_print(diags, out, false);
	fclose(out);
	ck_assert_str_eq(text, wanted);
	free(text);
}

START_TEST(diag_looks_as_drawn)
{
	struct suggest suggest = suggest_for(STR("lna"));
	struct diag *diag;

	source_add(&sources, "policies/x.yaml",
		   STR("zones:\n  lan: { devices: [br-lan] }\nrules:\n"
		       "  - accept: { from: lna, to: wan }\n"));
	diag = diag_error(diags, at(63, 3), "no zone is called \"%s\"", "lna");
	diag_note(diag, at(9, 3), "\"%s\" is defined here", "lan");
	suggest_name(&suggest, STR("wan"));
	suggest_name(&suggest, STR("lan"));
	suggest_name(&suggest, STR("dmz"));
	suggest_help(&suggest, diag);
	ck_assert_uint_eq(diags_errors(diags), 1);
	ck_assert_uint_eq(diags_warnings(diags), 0);
	check_printed("policies/x.yaml:4:21: error: no zone is called \"lna\"\n"
		      "    4 |   - accept: { from: lna, to: wan }\n"
		      "      |                     ^~~\n"
		      "      = help: did you mean \"lan\"?\n"
		      "policies/x.yaml:2:3: note: \"lan\" is defined here\n"
		      "    2 |   lan: { devices: [br-lan] }\n"
		      "      |   ^~~\n");
}
END_TEST

START_TEST(diag_without_a_place)
{
	diag_warning(diags, (struct span){ 0 }, "it is late");
	ck_assert_uint_eq(diags_errors(diags), 0);
	ck_assert_uint_eq(diags_warnings(diags), 1);
	check_printed("warning: it is late\n");
}
END_TEST

START_TEST(diag_underlines_to_the_end_of_the_line)
{
	source_add(&sources, "x", STR("ab: [c,  \n d]\n"));
	diag_error(diags, at(4, 9), "list");
	check_printed("x:1:5: error: list\n"
		      "    1 | ab: [c,  \n"
		      "      |     ^~~\n");
}
END_TEST

START_TEST(diag_between_two)
{
	source_add(&sources, "x", STR("ab\r\n"));
	diag_error(diags, at(2, 0), "end of line");
	diag_error(diags, at(3, 1), "line feed");
	diag_error(diags, at(4, 0), "end of file");
	check_printed("x:1:3: error: end of line\n"
		      "    1 | ab\n"
		      "      |   ^\n"
		      "x:1:4: error: line feed\n"
		      "    1 | ab\n"
		      "      |   ^\n"
		      "x:2:1: error: end of file\n"
		      "    2 |\n"
		      "      | ^\n");
}
END_TEST

START_TEST(diag_aligns_tabs_and_characters)
{
	source_add(&sources, "x",
		   STR("\ta\tb\n\xc3\xa9\xe2\x82\xac \xc3\xbc\xc3\xb6 x\n"));
	diag_error(diags, at(3, 1), "b");
	diag_error(diags, at(11, 4), "umlauts");
	check_printed("x:1:4: error: b\n"
		      "    1 |         a       b\n"
		      "      |                 ^\n"
		      "x:2:4: error: umlauts\n"
		      "    2 | \xc3\xa9\xe2\x82\xac \xc3\xbc\xc3\xb6 x\n"
		      "      |    ^~\n");
}
END_TEST

/* Escapes, reordering, and what is no text at all. */
START_TEST(diag_sends_nothing_to_the_terminal)
{
	source_add(&sources, "\033p",
		   STR("a\033[31m\xe2\x80\xae\xc2\x9b\xff\0b\x7f z\n"));
	diag_error(diags, at(16, 1), "\033[2J\r\n\xc2\x9bz");
	diag_help(diag_error(diags, at(1, 1), "x"), "\a");
	check_printed(
		"\\x1bp:1:2: error: x\n"
		"    1 | a\\x1b[31m\\xe2\\x80\\xae\\xc2\\x9b\\xff\\x00b\\x7f z\n"
		"      |  ^~~~\n"
		"      = help: \\x07\n"
		"\\x1bp:1:14: error: \\x1b[2J\\x0d\\x0a\\xc2\\x9bz\n"
		"    1 | a\\x1b[31m\\xe2\\x80\\xae\\xc2\\x9b\\xff\\x00b\\x7f z\n"
		"      |                                            ^\n");
}
END_TEST

/* The lines of the last diagnostic: its source, and what marks it. */
struct shown {
	char *text, *source, *caret;
};

static struct shown print_cut(void)
{
	struct shown shown = { 0 };
	size_t n;
	FILE *out = open_memstream(&shown.text, &n);

	diags_print(diags, out, false);
	fclose(out);
	shown.source = strchr(strstr(shown.text, "error:"), '\n') + 1;
	shown.caret = strchr(shown.source, '\n') + 1;
	shown.caret[-1] = '\0';
	shown.caret[strcspn(shown.caret, "\n")] = '\0';
	shown.source += 8;
	shown.caret += 8;
	return shown;
}

/* 4000 times @fill, with "here" at @offset instead. */
static struct shown cut_line(const char *fill, uint32_t offset)
{
	struct str here = STR("here");
	struct str part = str_of(fill);
	size_t width = part.n;
	char *text = arena_alloc(arena, 4000 * width + 4);

	for (size_t i = 0; i < 4000; i++)
		memcpy(text + i * width, part.p, width);
	text[4000 * width] = '\n';
	memcpy(text + offset, here.p, here.n);
	source_add(&sources, "x", (struct str){ text, 4000 * width + 1 });
	diag_error(diags, at(offset, 4), "x");
	return print_cut();
}

static size_t columns_of(struct str s)
{
	size_t columns = 0;
	uint32_t rune;

	for (size_t n; s.n; s = (struct str){ s.p + n, s.n - n }) {
		n = str_rune(s, &rune);
		columns += rune_columns(rune);
	}
	return columns;
}

/* A character of two columns may not fit at either end. */
static void check_caret(const struct shown *shown)
{
	const char *here = strstr(shown->source, "here");
	size_t before = (size_t)(here - shown->source);
	size_t width = columns_of(str_of(shown->source));

	ck_assert_ptr_nonnull(here);
	ck_assert_uint_eq(columns_of((struct str){ shown->source, before }),
			  strcspn(shown->caret, "^"));
	ck_assert_str_eq(strchr(shown->caret, '^'), "^~~~");
	ck_assert(width >= 159 && width <= 160);
}

static void check_dots(const struct shown *shown, bool left, bool right)
{
	size_t n = strlen(shown->source);

	ck_assert_int_eq(strncmp(shown->source, "...", 3) == 0, left);
	ck_assert_int_eq(strcmp(shown->source + n - 3, "...") == 0, right);
}

static const struct {
	const char *fill;
	uint32_t offset;
	bool left, right;
} cuts[] = {
	{ "x", 0, false, true },
	{ "x", 70, false, true },
	{ "x", 100, true, true },
	{ "x", 2000, true, true },
	{ "x", 3900, true, true },
	{ "x", 3950, true, false },
	{ "x", 3996, true, false },
	{ "\xc3\xa9", 0, false, true },
	{ "\xc3\xa9", 4000, true, true },
	{ "\xe2\x82\xac", 6000, true, true },
	{ "\xf0\x9f\x94\xa5", 8000, true, true },
	{ "\xf0\x9f\x94\xa5", 15996, true, false },
};

#define N_CUTS ((int)(sizeof(cuts) / sizeof(*cuts)))

START_TEST(diag_cuts_long_lines)
{
	struct shown shown = cut_line(cuts[_i].fill, cuts[_i].offset);

	check_caret(&shown);
	check_dots(&shown, cuts[_i].left, cuts[_i].right);
	free(shown.text);
}
END_TEST

START_TEST(diag_cuts_long_underlines)
{
	struct shown shown;
	char text[1000];

	memset(text, 'x', sizeof(text));
	source_add(&sources, "x", (struct str){ text, sizeof(text) });
	diag_error(diags, at(0, 1000), "x");
	shown = print_cut();
	ck_assert_uint_eq(strlen(shown.source), 160);
	ck_assert_uint_eq(strlen(shown.caret), 157);
	free(shown.text);
}
END_TEST

START_TEST(diag_shows_lines_that_just_fit)
{
	struct shown shown;
	char text[160];

	memset(text, 'x', sizeof(text));
	source_add(&sources, "x", (struct str){ text, sizeof(text) });
	diag_error(diags, at(159, 1), "x");
	shown = print_cut();
	ck_assert_uint_eq(strspn(shown.source, "x"), 160);
	ck_assert_uint_eq(strlen(shown.caret), 160);
	free(shown.text);
}
END_TEST

START_TEST(diag_sorts_by_file_place_and_time)
{
	source_add(&sources, "one", STR("a b\n"));
	source_add(&sources, "two", STR("c\n"));
	diag_error(diags, (struct span){ 2, 0, 1 }, "4");
	diag_warning(diags, at(2, 1), "3");
	diag_error(diags, at(0, 1), "1");
	diag_error(diags, at(0, 3), "2");
	diag_error(diags, (struct span){ 0 }, "0");
	check_printed("error: 0\n"
		      "one:1:1: error: 1\n    1 | a b\n      | ^\n"
		      "one:1:1: error: 2\n    1 | a b\n      | ^~~\n"
		      "one:1:3: warning: 3\n    1 | a b\n      |   ^\n"
		      "two:1:1: error: 4\n    1 | c\n      | ^\n");
}
END_TEST

START_TEST(diag_says_the_same_once)
{
	source_add(&sources, "x", STR("a\n"));
	for (int i = 0; i < 3; i++)
		diag_help(diag_error(diags, at(0, 1), "same"), "help");
	diag_warning(diags, at(0, 1), "same");
	ck_assert_uint_eq(diags_errors(diags), 1);
	check_printed("x:1:1: error: same\n    1 | a\n      | ^\n"
		      "      = help: help\n"
		      "x:1:1: warning: same\n    1 | a\n      | ^\n");
}
END_TEST

static size_t count_lines_with(const char *text, const char *word)
{
	size_t n = 0;

	for (; (text = strstr(text, word)); text++)
		n++;
	return n;
}

START_TEST(diag_stops_at_so_many)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	source_add(&sources, "x", STR("a\n"));
	for (int i = 0; i <= DIAGS_MAX; i++)
		diag_warning(diags, at(0, 1), "warning %d", i);
	for (int i = 0; i < DIAGS_MAX + 7; i++) {
		struct diag *diag = diag_error(diags, at(0, 1), "no %d", i);

		diag_help(diag, "help");
		diag_note(diag, at(0, 1), "note");
	}
	ck_assert_uint_eq(diags_errors(diags), DIAGS_MAX + 7);
	ck_assert_uint_eq(diags_warnings(diags), DIAGS_MAX + 1);
	diags_print(diags, out, false);
	fclose(out);
	ck_assert_uint_eq(count_lines_with(text, "error: no"), DIAGS_MAX);
	ck_assert_uint_eq(count_lines_with(text, "note: note"), DIAGS_MAX);
	ck_assert_uint_eq(count_lines_with(text, "help: help"), DIAGS_MAX);
	ck_assert_ptr_nonnull(strstr(text, "\n... and 7 more errors\n"
					   "... and 1 more warning\n"));
	free(text);
}
END_TEST

START_TEST(diag_in_colour)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	source_add(&sources, "x", STR("a\n"));
	diag_error(diags, at(0, 1), "no");
	diags_print(diags, out, true);
	fclose(out);
	ck_assert_str_eq(text, "\033[1mx:1:1: \033[1;31merror: \033[0mno\n"
			       "    1 | a\n"
			       "      | \033[1;31m^\033[0m\n");
	free(text);
}
END_TEST

static const struct {
	const char *word, *best; /* of lan, wan, guest, x */
} suggestions[] = {
	{ "lna", "lan" },    { "LAN", "lan" }, { "lanx", "lan" },
	{ "gset", "guest" }, { "dmz", NULL },  { "lan", NULL },
	{ "y", NULL },	     { "X", "x" },     { "gest1", "guest" },
	{ "xyz", NULL },     { "", NULL },     { "lawn", "lan" },
};

#define N_SUGGESTIONS ((int)(sizeof(suggestions) / sizeof(*suggestions)))

START_TEST(suggest_only_what_is_near)
{
	static const char *const names[] = { "lan", "wan", "guest", "x" };
	struct suggest suggest = suggest_for(str_of(suggestions[_i].word));

	if (str_is(suggest.word, "lan"))
		suggest_name(&suggest, STR("lan"));
	else
		for (int i = 0; i < 4; i++)
			suggest_name(&suggest, str_of(names[i]));
	if (suggestions[_i].best)
		ck_assert(str_is(suggest.best, suggestions[_i].best));
	else
		ck_assert_ptr_null(suggest.best.p);
}
END_TEST

static TCase *new_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	suite_add_tcase(suite, tc);
	return tc;
}

static void add_memory(Suite *suite)
{
	TCase *tc = new_case(suite, "memory");

	tcase_add_test(tc, arena_blocks_are_zeroed_and_aligned);
	tcase_add_test(tc, arena_reset_gives_back_zeroed_memory);
	tcase_add_test(tc, arena_reset_to_nothing);
	tcase_add_test(tc, arena_grows_the_latest_in_place);
	tcase_add_test(tc, arena_grows_others_by_copying);
	tcase_add_test(tc, arena_counts_what_it_hands_out);
	tcase_add_test(tc, arena_strings);
	tcase_add_exit_test(tc, arena_refuses_overflow, EXIT_FAILURE);
	tcase_add_exit_test(tc, arena_refuses_the_impossible, EXIT_FAILURE);
	tcase_add_test(tc, vec_keeps_all);
	tcase_add_test(tc, map_keeps_order_and_first_values);
	tcase_add_test(tc, hash_sees_each_byte);
	tcase_add_test(tc, buf_adds);
	tcase_add_test(tc, buf_knows_its_last_line);
	tcase_add_test(tc, buf_grows);
}

static void add_strings(Suite *suite)
{
	TCase *tc = new_case(suite, "strings");

	tcase_add_test(tc, str_order);
	tcase_add_test(tc, str_trimming);
	tcase_add_test(tc, str_cutting);
	tcase_add_loop_test(tc, str_decoding, 0, N_RUNES);
	tcase_add_test(tc, str_counting);
	tcase_add_loop_test(tc, str_fitting, 0,
			    sizeof(fitting) / sizeof(*fitting));
	tcase_add_loop_test(tc, str_distances, 0, N_DISTANCES);
	tcase_add_test(tc, str_distances_by_definition);
	tcase_add_test(tc, str_distance_of_long_ones);
}

static void add_sources(Suite *suite)
{
	TCase *files = tcase_create("files");
	TCase *tc = new_case(suite, "places");

	tcase_add_checked_fixture(files, set_up_folder, tear_down_folder);
	suite_add_tcase(suite, files);
	tcase_add_test(files, source_reads_a_file);
	tcase_add_test(files, source_is_scanned_by_lines);
	tcase_add_test(files, source_is_scanned_whatever_the_buffer);
	tcase_add_test(files, source_reads_standard_input);
	tcase_add_test(files, source_refuses);
	tcase_add_loop_test(tc, span_places, 0, N_PLACES);
	tcase_add_test(tc, span_nowhere);
	tcase_add_test(tc, span_texts);
	tcase_add_test(tc, span_joins);
}

static void add_diagnostics(Suite *suite)
{
	TCase *tc = new_case(suite, "diagnostics");

	tcase_add_test(tc, diag_looks_as_drawn);
	tcase_add_test(tc, diag_without_a_place);
	tcase_add_test(tc, diag_underlines_to_the_end_of_the_line);
	tcase_add_test(tc, diag_between_two);
	tcase_add_test(tc, diag_aligns_tabs_and_characters);
	tcase_add_test(tc, diag_sends_nothing_to_the_terminal);
	tcase_add_loop_test(tc, diag_cuts_long_lines, 0, N_CUTS);
	tcase_add_test(tc, diag_cuts_long_underlines);
	tcase_add_test(tc, diag_shows_lines_that_just_fit);
	tcase_add_test(tc, diag_sorts_by_file_place_and_time);
	tcase_add_test(tc, diag_says_the_same_once);
	tcase_add_test(tc, diag_stops_at_so_many);
	tcase_add_test(tc, diag_in_colour);
	tcase_add_loop_test(tc, suggest_only_what_is_near, 0, N_SUGGESTIONS);
}

/* JSON. */

static struct buf out;

static void set_up_json(void)
{
	out = (struct buf){ 0 };
}

static void tear_down_json(void)
{
	buf_free(&out);
}

START_TEST(json_has_every_value)
{
	struct json json = json_begin(&out);

	json_object(&json);
	json_put_str(&json, "text", "a");
	json_put_u64(&json, "most", UINT64_MAX);
	json_put_bool(&json, "no", false);
	json_key(&json, "list");
	json_array(&json);
	json_i64(&json, INT64_MIN);
	json_null(&json);
	json_bool(&json, true);
	json_object(&json);
	json_end(&json);
	json_array(&json);
	json_end_n(&json, 3);
	json_finish(&json);
	ck_assert_str_eq(out.p, "{\n"
				"\t\"text\": \"a\",\n"
				"\t\"most\": 18446744073709551615,\n"
				"\t\"no\": false,\n"
				"\t\"list\": [-9223372036854775808, null, true,"
				" {}, []]\n"
				"}\n");
}
END_TEST

static const struct {
	struct str in;
	const char *out;
} json_strings[] = {
	{ STR(""), "\"\"\n" },
	{ STR("\"\\/"), "\"\\\"\\\\/\"\n" },
	{ STR("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"\n" },
	{ STR("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\\u007f\"\n" },
	{ STR("gr\u00fcn \U0001f980"), "\"gr\u00fcn \U0001f980\"\n" },
	{ STR("\u202e\xc2\x9b"), "\"\\u202e\\u009b\"\n" },
	{ STR("a\x80z"), "\"a\\ufffdz\"\n" },
	{ STR("\xe2\x82"), "\"\\ufffd\\ufffd\"\n" },
};

START_TEST(json_escapes)
{
	struct json json = json_begin(&out);

	json_str(&json, json_strings[_i].in);
	json_finish(&json);
	ck_assert_str_eq(out.p, json_strings[_i].out);
}
END_TEST

/* On one line what fits there, brackets that wrap on their neighbour's. */
START_TEST(json_breaks_lines)
{
	static const char tail[] = "012345678901234567890123456789012345678";
	struct json json = json_begin(&out);

	json_wrap(&json, "a");
	json_wrap(&json, "b");
	json_array(&json);
	json_text(&json, tail);
	json_text(&json, tail); /* 84 on the line: just fits */
	json_end_n(&json, 3);
	json_finish(&json);
	ck_assert_str_eq(out.p, "{\"a\": {\"b\": ["
				"\"012345678901234567890123456789012345678\", "
				"\"012345678901234567890123456789012345678\""
				"]}}\n");
	out.n = 0;
	json = json_begin(&out);
	json_wrap(&json, "a");
	json_array(&json);
	json_object(&json);
	json_put_str(&json, "k", tail);
	json_end(&json);
	json_text(&json, tail);
	json_end_n(&json, 2);
	json_finish(&json);
	ck_assert_str_eq(out.p,
			 "{\"a\": [\n"
			 "\t{\"k\": "
			 "\"012345678901234567890123456789012345678\"},\n"
			 "\t\"012345678901234567890123456789012345678\"\n"
			 "]}\n");
}
END_TEST

static void add_json(Suite *suite)
{
	const int n = sizeof(json_strings) / sizeof(*json_strings);
	TCase *tc = tcase_create("json");

	tcase_add_checked_fixture(tc, set_up_json, tear_down_json);
	tcase_add_test(tc, json_has_every_value);
	tcase_add_loop_test(tc, json_escapes, 0, n);
	tcase_add_test(tc, json_breaks_lines);
	suite_add_tcase(suite, tc);
}

Suite *base_suite(void)
{
	Suite *suite = suite_create("base");

	add_memory(suite);
	add_strings(suite);
	add_sources(suite);
	add_diagnostics(suite);
	add_json(suite);
	return suite;
}
