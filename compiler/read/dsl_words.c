// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tables of fields say about a word where it stands. Reading and
 * printing ask the same questions here, so that what is printed is read back.
 */
#include "dsl.h"

#include "text.h"
#include "vocab/match.h"

static bool is_key(struct str word, const char *key)
{
	size_t n = strlen(key);

	return word.n == n && memcmp(word.p, key, n) == 0;
}

const struct field *dsl_field_find(const struct field *fields, struct str key)
{
	for (; fields && fields->key && key.n; fields++)
		if (fields->key[0] == *key.p && is_key(key, fields->key))
			return fields;
	return NULL;
}

const struct field *dsl_field_with(const struct field *fields,
				   enum field_how how)
{
	for (; fields && fields->key; fields++)
		if (fields->how & how)
			return fields;
	return NULL;
}

const char *dsl_entry_word(const struct field *field)
{
	if (field->one)
		return field->one;
	return field->kind_at ? NULL : field->key;
}

const struct field *dsl_kind_fields(const struct field *field, struct str word)
{
	struct field_kind kind;
	size_t i;

	for (i = 0; field->kind_at && field->kind_at(i, &kind); i++)
		if (is_key(word, kind.word))
			return kind.fields;
	return NULL;
}

static bool has_entries(const struct field *field)
{
	return field->how & (FIELD_NAMED | FIELD_ENTRIES);
}

static const struct field *find_entry(const struct field *fields,
				      struct str word)
{
	for (; fields && fields->key; fields++) {
		const char *one = dsl_entry_word(fields);

		if (has_entries(fields) && one && is_key(word, one))
			return fields;
	}
	return NULL;
}

static const struct field *find_kind(const struct field *fields,
				     struct str word)
{
	for (; fields && fields->key; fields++)
		if (has_entries(fields) && !dsl_entry_word(fields) &&
		    dsl_kind_fields(fields, word))
			return fields;
	return NULL;
}

enum dsl_word dsl_word_find(const struct field *fields, struct str word,
			    const struct field **field)
{
	if ((*field = find_entry(fields, word)))
		return DSL_ENTRY;
	if ((*field = find_kind(fields, word)))
		return DSL_KIND;
	*field = dsl_field_find(fields, word);
	return *field ? DSL_KEY : DSL_UNKNOWN;
}

bool dsl_is_key(const struct field *fields, struct str word)
{
	return fields &&
	       (dsl_field_find(fields, word) || match_word_find(word));
}

bool dsl_is_negatable(const struct field *fields, struct str key)
{
	const struct match_word *match;

	if (!fields || dsl_field_find(fields, key))
		return false;
	match = match_word_find(key);
	return match && match->negatable;
}

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("_./:@*$+~%-", c)) ||
	       (c & 0x80);
}

/* "[fd00::10]:8443": the colon behind it tells it from a list. */
static size_t bracketed(struct str text)
{
	static const char inside[] = "0123456789abcdefABCDEF:.";
	size_t n = 1;

	if (!text.n || text.p[0] != '[')
		return 0;
	while (n < text.n && text.p[n] && strchr(inside, text.p[n]))
		n++;
	if (n < 2 || n + 2 >= text.n || text.p[n] != ']' ||
	    text.p[n + 1] != ':' || text.p[n + 2] < '0' || text.p[n + 2] > '9')
		return 0;
	return n + 3;
}

bool dsl_is_word(struct str text)
{
	size_t i = bracketed(text), n;
	uint32_t rune;

	if (!text.n || (!i && text.p[0] == '#') ||
	    (text.n == 1 && *text.p == '~'))
		return false;
	for (; i < text.n; i += n) {
		struct str rest = { text.p + i, text.n - i };

		n = 1;
		if ((*rest.p & 0x80) &&
		    (!(n = str_rune(rest, &rune)) || !text_is_allowed(rune)))
			return false;
		if (!is_word_char(*rest.p) && *rest.p != '#')
			return false;
	}
	return true;
}
