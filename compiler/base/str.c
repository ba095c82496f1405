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
