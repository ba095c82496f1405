// SPDX-License-Identifier: GPL-2.0-only
/*
 * The JSON writer.
 *
 * Members are written a line each; a container that turns out to fit on one
 * line is squeezed when it ends. What must stay true: no string holds a raw
 * newline, so that every newline in the buffer is layout, and nothing reaches a
 * terminal but what can be seen; the squeezing looks
 * at no more than a line's worth of members, so that writing is linear.
 */
#include "json.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* Members up to this length share a line. */
#define JSON_LINE 84

struct json json_begin(struct buf *out)
{
	return (struct json){ .out = out };
}

void json_finish(struct json *json)
{
	assert(!json->depth);
	buf_putc(json->out, '\n');
	buf_free(&json->scratch);
}

struct buf *json_scratch(struct json *json)
{
	json->scratch.n = 0;
	return &json->scratch;
}

static struct json_level *top(struct json *json)
{
	return json->depth ? &json->levels[json->depth - 1] : NULL;
}

static void new_line(struct json *json)
{
	char *at = buf_reserve(json->out, json->indent + 1);

	*at = '\n';
	memset(at + 1, '\t', json->indent);
	json->out->n += json->indent + 1;
}

/* Before a member: the comma after the one before it, and a line of its own. */
static void member(struct json *json)
{
	struct json_level *level = top(json);

	if (!level || json->keyed) {
		json->keyed = false;
		return;
	}
	assert(level->kind != JSON_WRAP); /* it has one member, and its key */
	if (level->any) {
		buf_putc(json->out, ',');
		level->flat += 2;
	}
	level->any = true;
	new_line(json);
}

/* The member that begins at @begin has been written. */
static void written(struct json *json, size_t begin)
{
	struct json_level *level = top(json);

	if (level)
		level->flat += json->out->n - begin;
}

static void open(struct json *json, enum json_kind kind, char bracket)
{
	struct json_level *level;

	member(json);
	assert(json->depth < JSON_DEPTH_MAX);
	level = &json->levels[json->depth++];
	*level = (struct json_level){ .kind = kind };
	buf_putc(json->out, bracket);
	level->begin = json->out->n;
	json->indent += kind != JSON_WRAP;
}

void json_object(struct json *json)
{
	open(json, JSON_OBJECT, '{');
}

void json_array(struct json *json)
{
	open(json, JSON_ARRAY, '[');
}

/* Each newline and what indents it becomes one blank, the first one nothing. */
static void squeeze(struct buf *out, size_t begin)
{
	char *to = out->p + begin;

	for (const char *at = to, *end = out->p + out->n; at < end;) {
		if (*at != '\n') {
			*to++ = *at++;
			continue;
		}
		while (at < end && (*at == '\n' || *at == '\t'))
			at++;
		if (to > out->p + begin)
			*to++ = ' ';
	}
	out->n = (size_t)(to - out->p);
	*to = '\0';
}

void json_end(struct json *json)
{
	static const char brackets[] = { '}', ']', '}' };
	struct json_level level, *outer;

	assert(json->depth && !json->keyed);
	level = *top(json);
	json->depth--;
	if (level.kind != JSON_WRAP) {
		json->indent--;
		if (level.flat <= JSON_LINE || json->one_line)
			squeeze(json->out, level.begin);
		else
			new_line(json);
	}
	buf_putc(json->out, brackets[level.kind]);
	outer = top(json);
	if (outer)
		outer->flat += level.flat + 2;
}

void json_end_n(struct json *json, unsigned int n)
{
	while (n--)
		json_end(json);
}

static void put_escaped(struct buf *out, uint32_t rune)
{
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (const char *at = letters; *at; at += 2)
		if ((unsigned char)*at == rune) {
			buf_putc(out, '\\');
			buf_putc(out, at[1]);
			return;
		}
	buf_printf(out, "\\u%04x", rune);
}

/* The length of the character that @s begins with, 1 if there is none. */
static size_t put_rune(struct buf *out, struct str s)
{
	uint32_t rune;
	size_t n = str_rune(s, &rune);

	if (n && !rune_hidden(rune) && rune != '"' && rune != '\\')
		buf_add(out, s.p, n);
	else
		put_escaped(out, n ? rune : 0xfffd);
	return n ? n : 1;
}

/* How many bytes may stand as they are. */
static size_t plain_length(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= ' ' && s.p[n] != '"' && s.p[n] != '\\' &&
	       s.p[n] != 0x7f)
		n++;
	return n;
}

static void put_string(struct buf *out, struct str s)
{
	size_t n;

	buf_putc(out, '"');
	while (s.n) {
		n = plain_length(s);
		buf_add(out, s.p, n);
		if (n < s.n)
			n += put_rune(out, (struct str){ s.p + n, s.n - n });
		s.p += n;
		s.n -= n;
	}
	buf_putc(out, '"');
}

/* Behind a bracket or a comma, a key; then its value on the same line. */
static void put_key(struct json *json, const char *key)
{
	size_t begin = json->out->n;

	put_string(json->out, str_of(key));
	buf_puts(json->out, ": ");
	written(json, begin);
	json->keyed = true;
}

void json_key(struct json *json, const char *key)
{
	assert(top(json) && top(json)->kind == JSON_OBJECT && !json->keyed);
	member(json);
	put_key(json, key);
}

void json_wrap(struct json *json, const char *key)
{
	open(json, JSON_WRAP, '{');
	put_key(json, key);
}

void json_str(struct json *json, struct str s)
{
	size_t begin;

	member(json);
	begin = json->out->n;
	put_string(json->out, s);
	written(json, begin);
}

void json_text(struct json *json, const char *s)
{
	json_str(json, str_of(s));
}

static void put_plain(struct json *json, const char *word)
{
	size_t begin;

	member(json);
	begin = json->out->n;
	buf_puts(json->out, word);
	written(json, begin);
}

void json_u64(struct json *json, uint64_t n)
{
	size_t begin;

	member(json);
	begin = json->out->n;
	buf_put_u64(json->out, n);
	written(json, begin);
}

void json_i64(struct json *json, int64_t n)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, n);
	put_plain(json, digits);
}

void json_bool(struct json *json, bool yes)
{
	put_plain(json, yes ? "true" : "false");
}

void json_null(struct json *json)
{
	put_plain(json, "null");
}

void json_put_str(struct json *json, const char *key, const char *s)
{
	json_key(json, key);
	json_text(json, s);
}

void json_put_u64(struct json *json, const char *key, uint64_t n)
{
	json_key(json, key);
	json_u64(json, n);
}

void json_put_bool(struct json *json, const char *key, bool yes)
{
	json_key(json, key);
	json_bool(json, yes);
}
