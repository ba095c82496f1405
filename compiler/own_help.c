// SPDX-License-Identifier: GPL-2.0-only
/*
 * What diagnostics advise, in the words of /etc/config/nftoffc: they are written
 * for the language, in which most people write.
 *
 *	[tcp, udp]		'tcp udp'
 *	{ not: "192.0.2.1" }	'!192.0.2.1'
 *	"mark-mask: 0xff00"	"option mark_mask '0xff00'"
 *
 * What must stay true: what is none of these stays as it is.
 */
#include "base/buf.h"
#include "own.h"

#define NOT "{ not: \""
#define NOT_END "\" }"

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Each answers how much of @text it has said, 0: it is not that. */

static size_t put_list(struct buf *out, const char *text)
{
	size_t n = strcspn(text, "]"), i;

	if (text[0] != '[' || !text[n] || !memchr(text, ',', n) ||
	    strcspn(text, "\"{:") < n)
		return 0;
	buf_putc(out, '\'');
	for (i = 1; i < n; i++)
		if (text[i] != ',')
			buf_putc(out, text[i]);
	buf_putc(out, '\'');
	return n + 1;
}

static size_t put_not(struct buf *out, const char *text)
{
	const char *value = text + strlen(NOT);
	size_t n;

	if (!begins(text, NOT))
		return 0;
	n = strcspn(value, "\"");
	if (!begins(value + n, NOT_END))
		return 0;
	buf_printf(out, "'!%.*s'", (int)n, value);
	return strlen(NOT) + n + strlen(NOT_END);
}

static size_t put_option(struct buf *out, const char *text)
{
	size_t key = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz-"), n, i;
	const char *value = text + 1 + key;

	if (text[0] != '"' || !key || !begins(value, ": "))
		return 0;
	value += 2;
	n = strcspn(value, "\"{[");
	if (value[n] != '"')
		return 0;
	buf_puts(out, "\"option ");
	for (i = 1; i <= key; i++)
		buf_putc(out, text[i] == '-' ? '_' : text[i]);
	buf_printf(out, " '%.*s'\"", (int)n, value);
	return 1 + key + 2 + n + 1;
}

const char *own_help(struct arena *arena, const char *help)
{
	struct buf out = { 0 };
	const char *said;
	size_t n;

	while (*help) {
		n = put_list(&out, help);
		n = n ? n : put_not(&out, help);
		n = n ? n : put_option(&out, help);
		if (!n)
			buf_putc(&out, *help);
		help += n ? n : 1;
	}
	said = arena_strndup(arena, out.p ? out.p : "", out.n);
	buf_free(&out);
	return said;
}
