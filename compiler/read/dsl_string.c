// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text in quotes.
 *
 *	"a \"b\"\n"	\\ \" \n \t \r, and \u{e9} for the character of a number
 *	"""		lines as they are, without what their last one, that of
 *	two lines	the closing quotes, is indented by
 *	"""
 */
#include "dsl_parts.h"

struct out {
	char *p;
	size_t n;
};

static void put_rune(struct out *out, uint32_t rune)
{
	static const uint8_t first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	int n = rune < 0x80 ? 1 : rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
	int i;

	for (i = n - 1; i > 0; i--) {
		out->p[out->n + (size_t)i] = (char)(0x80 | (rune & 0x3f));
		rune >>= 6;
	}
	out->p[out->n] = (char)(n == 1 ? rune : first[n] | rune);
	out->n += (size_t)n;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "u{e9}": its length, or 0 if it is no such thing. */
static size_t parse_rune(struct str text, uint32_t *rune)
{
	size_t n = 2;

	*rune = 0;
	if (text.n < 4 || text.p[0] != 'u' || text.p[1] != '{')
		return 0;
	while (n < text.n && hex_digit(text.p[n]) >= 0 && *rune < 0x1000000)
		*rune = *rune << 4 | (uint32_t)hex_digit(text.p[n++]);
	if (n == 2 || n >= text.n || text.p[n] != '}' || *rune > 0x10ffff ||
	    (*rune >= 0xd800 && *rune < 0xe000))
		return 0;
	return n + 1;
}

static const struct {
	char written, meant;
} escapes[] = {
	{ '\\', '\\' }, { '"', '"' },  { 'n', '\n' },
	{ 't', '\t' },	{ 'r', '\r' },
};

/* What a backslash and @text behind it stand for; the length of the latter. */
static size_t escape(struct out *out, struct str text)
{
	uint32_t rune;
	size_t i, n;

	for (i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (text.p[0] != escapes[i].written)
			continue;
		out->p[out->n++] = escapes[i].meant;
		return 1;
	}
	n = parse_rune(text, &rune);
	if (n)
		put_rune(out, rune);
	return n;
}

static void bad_escape(struct dsl *dsl, struct span span, size_t at,
		       struct str rest)
{
	uint32_t rune;
	size_t n = rest.n ? str_rune(rest, &rune) : 0;

	span.offset += (uint32_t)at;
	span.length = (uint32_t)(1 + n);
	diag_help(dsl_error(dsl, span, "\"\\%.*s\" means nothing", (int)n,
			    rest.p),
		  "it is one of \\\\, \\\", \\n, \\t, \\r and \\u{e9}");
}

static struct str decode_line(struct dsl *dsl, struct span span,
			      struct str inside)
{
	struct out out = { arena_alloc(dsl->arena, inside.n + 1), 0 };
	size_t i, n;

	for (i = 0; i < inside.n; i += n) {
		struct str rest = { inside.p + i + 1, inside.n - i - 1 };

		n = 1;
		if (inside.p[i] != '\\') {
			out.p[out.n++] = inside.p[i];
			continue;
		}
		n = rest.n ? escape(&out, rest) : 0;
		if (!n)
			bad_escape(dsl, span, i + 1, rest);
		n++;
	}
	return (struct str){ out.p, out.n };
}

/* How much of @line's beginning is the beginning of @indent. */
static size_t shared_indent(struct str line, struct str indent)
{
	size_t n = 0;

	while (n < line.n && n < indent.n && line.p[n] == indent.p[n])
		n++;
	return n;
}

static bool is_blank(struct str s)
{
	return str_trim(s).n == 0;
}

static struct str decode_lines(struct dsl *dsl, struct str inside)
{
	struct out out = { arena_alloc(dsl->arena, inside.n + 1), 0 };
	struct str rest = inside, line, last = inside;
	bool first = true;

	while (memchr(last.p, '\n', last.n))
		str_cut(&last, '\n');
	if (!is_blank(last))
		last.n = 0; /* the quotes stand behind text: nothing to take */
	for (; rest.p; first = false) {
		line = str_cut(&rest, '\n');
		if ((first || !rest.p) && is_blank(line))
			continue;
		if (rest.p && line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (!first) {
			size_t n = shared_indent(line, last);

			line.p += n;
			line.n -= n;
		}
		memcpy(out.p + out.n, line.p, line.n);
		out.n += line.n;
		if (rest.p)
			out.p[out.n++] = '\n';
	}
	return (struct str){ out.p, out.n };
}

struct str dsl_decode(struct dsl *dsl, struct span span, struct str written)
{
	struct str inside = { written.p + 1, written.n - 1 };

	if (written.n >= 6 && memcmp(written.p, "\"\"\"", 3) == 0) {
		inside.p += 2;
		inside.n -= 5;
		return decode_lines(dsl, inside);
	}
	if (inside.n && inside.p[inside.n - 1] == '"')
		inside.n--;
	if (!memchr(inside.p, '\\', inside.n))
		return inside;
	return decode_line(dsl, span, inside);
}
