/* SPDX-License-Identifier: GPL-2.0-only */
/* A counted string: bytes that somebody else owns, not NUL-terminated. */
#ifndef NFTOFFC_BASE_STR_H
#define NFTOFFC_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){ literal, sizeof(literal) - 1 })
/* For printf("%.*s", STR_ARG(s)). */
#define STR_ARG(s) (int)(s).n, (s).p

static inline struct str str_of(const char *cstr)
{
	return (struct str){ cstr, strlen(cstr) };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Most that are asked begin otherwise. */
static inline bool str_is(struct str s, const char *cstr)
{
	return (s.n ? s.p[0] == cstr[0] : !cstr[0]) && str_eq(s, str_of(cstr));
}

/* Bytewise order, shorter first among equals: <0, 0, >0. */
int str_cmp(struct str a, struct str b);
struct str str_trim(struct str s);
/*
 * Splits at the first @sep: returns what stands before it and leaves what
 * follows in @s; without @sep all of @s, and @s becomes empty with p NULL.
 */
struct str str_cut(struct str *s, char sep);

/*
 * Decodes the UTF-8 character that @s begins with. Its length in bytes, or 0
 * if there is none: nothing left, truncated, overlong, a surrogate.
 */
size_t str_rune(struct str s, uint32_t *rune);
/* How many columns of a terminal a character takes: 0, 1 or 2. */
unsigned int rune_columns(uint32_t rune);
/*
 * Characters that do something to a terminal, or to the eye, instead of being
 * seen: controls, and those that reorder the text around them.
 */
bool rune_hidden(uint32_t rune);
/* Its beginning of at most @n bytes, with no part of a character. */
struct str str_head(struct str s, size_t n);
/* Its beginning that takes at most @columns columns; each stray byte is one. */
struct str str_fit(struct str s, size_t columns);
/* How often @s holds this byte. */
size_t str_count(struct str s, char c);
/* How many characters @s holds, if it is UTF-8. */
size_t str_chars(struct str s);

/*
 * Damerau-Levenshtein distance (a transposition counts one), at most @limit
 * (larger distances answer limit + 1). Case is ignored. Strings of more than
 * STR_DISTANCE_MAX bytes are far from everything.
 */
#define STR_DISTANCE_MAX 64
unsigned int str_distance(struct str a, struct str b, unsigned int limit);

#endif
