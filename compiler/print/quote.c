// SPDX-License-Identifier: GPL-2.0-only
/* Text with quotes and without: see print.h. */
#include "print.h"

#include "read/dsl.h"
#include "read/text.h"

static bool in_words(struct str text, const char *const *words)
{
	char lower[8];
	size_t i;

	if (text.n >= sizeof(lower))
		return false;
	for (i = 0; i < text.n; i++)
		lower[i] = (char)(text.p[i] >= 'A' && text.p[i] <= 'Z' ?
					  text.p[i] + 'a' - 'A' :
					  text.p[i]);
	lower[i] = '\0';
	for (; *words; words++)
		if (strcmp(lower, *words) == 0)
			return true;
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What everybody reads as the same number: 0, 17, 0xff. */
static bool is_common_number(struct str text)
{
	size_t i = 0;
	bool hex = text.n > 2 && text.p[0] == '0' && text.p[1] == 'x';

	if (!hex && text.n > 1 && text.p[0] == '0')
		return false;
	for (i = hex ? 2 : 0; i < text.n; i++)
		if (!is_digit(text.p[i]) &&
		    !(hex && ((text.p[i] >= 'a' && text.p[i] <= 'f') ||
			      (text.p[i] >= 'A' && text.p[i] <= 'F'))))
			return false;
	return true;
}

/*
 * Text of digits that some reader of YAML takes for a number of another form:
 * 010, 1e3, 1_000, .5, +1. Prefixes, ranges and versions are none.
 */
static bool is_odd_number(struct str text)
{
	size_t i, digits = 0, points = 0;

	for (i = 0; i < text.n; i++) {
		char c = text.p[i];

		digits += is_digit(c);
		points += c == '.';
		if (is_digit(c) || c == '.' || c == '_' || c == '+')
			continue;
		if (c == '-' &&
		    (i == 0 || text.p[i - 1] == 'e' || text.p[i - 1] == 'E'))
			continue;
		if (((c == 'e' || c == 'E') && digits) ||
		    ((c == 'x' || c == 'o' || c == 'b') && i == 1))
			continue;
		return false;
	}
	return digits && points < 2 && !is_common_number(text);
}

/* 2001-12-14 is a date to some. */
static bool is_date(struct str text)
{
	size_t i, dashes = 0;

	if (text.n < 8 || text.p[4] != '-')
		return false;
	for (i = 0; i < text.n; i++) {
		dashes += text.p[i] == '-';
		if (!is_digit(text.p[i]) && text.p[i] != '-')
			return false;
	}
	return dashes == 2;
}

static bool is_plain_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       is_digit(c) || (c && strchr("_-./+ $();~^", c)) || (c & 0x80);
}

bool print_is_plain(struct str text)
{
	static const char *const words[] = { "y",    "n",    "yes",  "no",
					     "on",   "off",  "null", "~",
					     ".inf", ".nan", NULL };
	size_t i, n;

	if (!text.n || text.p[0] == ' ' || text.p[text.n - 1] == ' ' ||
	    strchr("-.", text.p[0]) || in_words(text, words) ||
	    is_odd_number(text) || is_date(text))
		return false;
	for (i = 0; i < text.n; i += n) {
		struct str rest = { text.p + i, text.n - i };
		uint32_t rune;

		n = 1;
		if (!is_plain_char(*rest.p))
			return false;
		if ((*rest.p & 0x80) &&
		    (!(n = str_rune(rest, &rune)) || !text_is_allowed(rune) ||
		     rune == 0x85 || rune == 0x2028 || rune == 0x2029 ||
		     rune == 0xa0))
			return false;
	}
	return true;
}

bool print_quotes_count(struct str text)
{
	return dsl_is_word(text) && print_is_plain(text);
}

static const struct {
	char c;
	const char *escape;
} escapes[] = {
	{ '"', "\\\"" }, { '\\', "\\\\" }, { '\n', "\\n" },
	{ '\t', "\\t" }, { '\r', "\\r" },
};

static bool put_escape(struct buf *out, char c)
{
	size_t i;

	for (i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (escapes[i].c != c)
			continue;
		buf_puts(out, escapes[i].escape);
		return true;
	}
	return false;
}

/* Above ASCII, YAML's line ends would be folded: they are written out, too. */
static bool is_seen(uint32_t rune)
{
	return (rune >= ' ' && rune <= '~') ||
	       (rune > 0xa0 && rune != 0x2028 && rune != 0x2029 &&
		text_is_allowed(rune));
}

static void put_rune(struct buf *out, uint32_t rune, bool braces)
{
	if (braces)
		buf_printf(out, "\\u{%x}", rune);
	else if (rune < 0x10000)
		buf_printf(out, "\\u%04x", rune);
	else
		buf_printf(out, "\\U%08x", rune);
}

void print_quoted(struct buf *out, struct str text, bool braces)
{
	size_t i, n;

	buf_putc(out, '"');
	for (i = 0; i < text.n; i += n) {
		struct str rest = { text.p + i, text.n - i };
		uint32_t rune = 0;

		n = str_rune(rest, &rune);
		if (!n)
			n = 1; /* no reader makes such text */
		if (put_escape(out, *rest.p))
			continue;
		if (is_seen(rune))
			buf_add(out, rest.p, n);
		else
			put_rune(out, rune, braces);
	}
	buf_putc(out, '"');
}
