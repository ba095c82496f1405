// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counted strings: order, cutting, UTF-8, and how far two words are apart.
 *
 * Nothing here allocates, and nothing depends on the locale: the same policy
 * gives the same bytes everywhere.
 */
#include "base/str.h"

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	while (s.n && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	return s;
}

struct str str_cut(struct str *s, char sep)
{
	const char *at = s->n ? memchr(s->p, sep, s->n) : NULL;
	struct str head = *s;

	if (!at) {
		*s = (struct str){ 0 };
		return head;
	}
	head.n = (size_t)(at - s->p);
	*s = (struct str){ at + 1, s->n - head.n - 1 };
	return head;
}

static bool is_trailing(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

static size_t rune_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2) /* a trailing byte, or what can only be overlong */
		return 0;
	if (lead < 0xe0)
		return 2;
	if (lead < 0xf0)
		return 3;
	return lead < 0xf5 ? 4 : 0;
}

size_t str_rune(struct str s, uint32_t *rune)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n = s.n ? rune_length(p[0]) : 0;
	uint32_t value;

	if (!n || n > s.n)
		return 0;
	value = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (!is_trailing(p[i]))
			return 0;
		value = value << 6 | (p[i] & 0x3f);
	}
	if (value < least[n] || value > 0x10ffff ||
	    (value >= 0xd800 && value < 0xe000))
		return 0;
	*rune = value;
	return n;
}

struct str str_head(struct str s, size_t n)
{
	if (s.n <= n)
		return s;
	while (n && is_trailing((unsigned char)s.p[n]))
		n--;
	return (struct str){ s.p, n };
}

struct runes {
	uint32_t first, last;
};

/*
 * Unicode's marks that go over the character before them (Mn, Me) and what
 * joins or varies it, and its wide and fullwidth characters (East Asian Width),
 * in ranges that are coarse where nothing else is assigned. Both in order.
 */
static const struct runes no_columns[] = {
	{ 0x300, 0x36f },   { 0x483, 0x489 },	  { 0x591, 0x5bd },
	{ 0x5bf, 0x5c7 },   { 0x610, 0x61a },	  { 0x64b, 0x65f },
	{ 0x670, 0x670 },   { 0x6d6, 0x6dc },	  { 0x6df, 0x6e4 },
	{ 0x6e7, 0x6ed },   { 0x711, 0x711 },	  { 0x730, 0x74a },
	{ 0x816, 0x82d },   { 0x8d3, 0x902 },	  { 0x93a, 0x93a },
	{ 0x93c, 0x93c },   { 0x941, 0x948 },	  { 0x94d, 0x94d },
	{ 0x951, 0x957 },   { 0x9bc, 0x9bc },	  { 0x9cd, 0x9cd },
	{ 0xa3c, 0xa4d },   { 0xe31, 0xe31 },	  { 0xe34, 0xe3a },
	{ 0xe47, 0xe4e },   { 0xeb1, 0xeb1 },	  { 0xeb4, 0xebc },
	{ 0xec8, 0xece },   { 0x135d, 0x135f },	  { 0x1ab0, 0x1aff },
	{ 0x1dc0, 0x1dff }, { 0x20d0, 0x20f0 },	  { 0x302a, 0x302d },
	{ 0x3099, 0x309a }, { 0xa66f, 0xa672 },	  { 0xfe00, 0xfe0f },
	{ 0xfe20, 0xfe2f }, { 0xe0020, 0xe007f }, { 0xe0100, 0xe01ef },
};

static const struct runes two_columns[] = {
	{ 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x2329, 0x232a },
	{ 0x23e9, 0x23ec },   { 0x23f0, 0x23f0 },   { 0x23f3, 0x23f3 },
	{ 0x25fd, 0x25fe },   { 0x2614, 0x2615 },   { 0x2648, 0x2653 },
	{ 0x267f, 0x267f },   { 0x2693, 0x2693 },   { 0x26a1, 0x26a1 },
	{ 0x26aa, 0x26ab },   { 0x26bd, 0x26be },   { 0x26c4, 0x26c5 },
	{ 0x26ce, 0x26ce },   { 0x26d4, 0x26d4 },   { 0x26ea, 0x26ea },
	{ 0x26f2, 0x26f3 },   { 0x26f5, 0x26f5 },   { 0x26fa, 0x26fa },
	{ 0x26fd, 0x26fd },   { 0x2705, 0x2705 },   { 0x270a, 0x270b },
	{ 0x2728, 0x2728 },   { 0x274c, 0x274c },   { 0x274e, 0x274e },
	{ 0x2753, 0x2755 },   { 0x2757, 0x2757 },   { 0x2795, 0x2797 },
	{ 0x27b0, 0x27b0 },   { 0x27bf, 0x27bf },   { 0x2b1b, 0x2b1c },
	{ 0x2b50, 0x2b50 },   { 0x2b55, 0x2b55 },   { 0x2e80, 0x303e },
	{ 0x3041, 0x4dbf },   { 0x4e00, 0xa4cf },   { 0xa960, 0xa97f },
	{ 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },   { 0xfe10, 0xfe19 },
	{ 0xfe30, 0xfe6f },   { 0xff01, 0xff60 },   { 0xffe0, 0xffe6 },
	{ 0x16fe0, 0x18dff }, { 0x1aff0, 0x1b2ff }, { 0x1f004, 0x1f004 },
	{ 0x1f0cf, 0x1f0cf }, { 0x1f18e, 0x1f18e }, { 0x1f191, 0x1f19a },
	{ 0x1f200, 0x1f320 }, { 0x1f32d, 0x1f335 }, { 0x1f337, 0x1f37c },
	{ 0x1f37e, 0x1f393 }, { 0x1f3a0, 0x1f3ca }, { 0x1f3cf, 0x1f3d3 },
	{ 0x1f3e0, 0x1f3f0 }, { 0x1f3f4, 0x1f3f4 }, { 0x1f3f8, 0x1f43e },
	{ 0x1f440, 0x1f440 }, { 0x1f442, 0x1f4fc }, { 0x1f4ff, 0x1f53d },
	{ 0x1f54b, 0x1f567 }, { 0x1f57a, 0x1f57a }, { 0x1f595, 0x1f596 },
	{ 0x1f5a4, 0x1f5a4 }, { 0x1f5fb, 0x1f64f }, { 0x1f680, 0x1f6c5 },
	{ 0x1f6cc, 0x1f6cc }, { 0x1f6d0, 0x1f6d2 }, { 0x1f6d5, 0x1f6df },
	{ 0x1f6eb, 0x1f6ec }, { 0x1f6f4, 0x1f6fc }, { 0x1f7e0, 0x1f7f0 },
	{ 0x1f90c, 0x1f9ff }, { 0x1fa70, 0x1faff }, { 0x20000, 0x3fffd },
};

static bool is_among(const struct runes *runes, size_t n, uint32_t rune)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rune > runes[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && rune >= runes[low].first;
}

#define AMONG(table, rune)                                                     \
	is_among(table, sizeof(table) / sizeof((table)[0]), rune)

unsigned int rune_columns(uint32_t rune)
{
	if (rune < 0x300 || AMONG(no_columns, rune))
		return rune >= 0x300 ? 0 : 1;
	return AMONG(two_columns, rune) ? 2 : 1;
}

struct str str_fit(struct str s, size_t columns)
{
	size_t end = 0;

	while (end < s.n) {
		const struct str rest = { s.p + end, s.n - end };
		uint32_t rune = ' ';
		size_t n = str_rune(rest, &rune);

		if (rune_columns(rune) > columns)
			break;
		columns -= rune_columns(rune);
		end += n ? n : 1;
	}
	return (struct str){ s.p, end };
}

size_t str_chars(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += !is_trailing((unsigned char)s.p[i]);
	return n;
}

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned int least_of(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Rows of the distance table: the current one, the last, the one before. */
struct rows {
	unsigned int now[STR_DISTANCE_MAX + 1];
	unsigned int last[STR_DISTANCE_MAX + 1];
	unsigned int before[STR_DISTANCE_MAX + 1];
};

/* Fills the row of the first @i letters of @a; the least number in it. */
static unsigned int fill_row(struct rows *rows, struct str a, size_t i,
			     struct str b)
{
	unsigned int least = (unsigned int)i;

	rows->now[0] = least;
	for (size_t j = 1; j <= b.n; j++) {
		bool same = lower(a.p[i - 1]) == lower(b.p[j - 1]);
		unsigned int d = rows->last[j - 1] + !same;

		d = least_of(d, rows->last[j] + 1);
		d = least_of(d, rows->now[j - 1] + 1);
		if (i > 1 && j > 1 && lower(a.p[i - 1]) == lower(b.p[j - 2]) &&
		    lower(a.p[i - 2]) == lower(b.p[j - 1]))
			d = least_of(d, rows->before[j - 2] + 1);
		rows->now[j] = d;
		least = least_of(least, d);
	}
	return least;
}

unsigned int str_distance(struct str a, struct str b, unsigned int limit)
{
	size_t apart = a.n > b.n ? a.n - b.n : b.n - a.n;
	struct rows rows;

	if (a.n > STR_DISTANCE_MAX || b.n > STR_DISTANCE_MAX || apart > limit)
		return limit + 1;
	for (size_t j = 0; j <= b.n; j++)
		rows.last[j] = (unsigned int)j;
	for (size_t i = 1; i <= a.n; i++) {
		/* No row's least number is below that of the row before. */
		if (fill_row(&rows, a, i, b) > limit)
			return limit + 1;
		memcpy(rows.before, rows.last, sizeof(rows.last));
		memcpy(rows.last, rows.now, sizeof(rows.now));
	}
	return least_of(rows.last[b.n], limit + 1);
}

size_t str_count(struct str s, char c)
{
	size_t i, n = 0;

	for (i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

bool rune_hidden(uint32_t rune)
{
	return rune < 0x20 || (rune >= 0x7f && rune < 0xa0) || rune == 0x61c ||
	       (rune >= 0x200b && rune <= 0x200f) ||
	       (rune >= 0x2028 && rune <= 0x202e) ||
	       (rune >= 0x2060 && rune <= 0x206f) || rune == 0xfeff;
}
