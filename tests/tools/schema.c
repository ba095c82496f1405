// SPDX-License-Identifier: GPL-2.0-only
/*
 * A JSON schema of the policy language, for editors:
 *
 *	schema >man/nftoffc-policy.schema.json
 *
 * Which keys there are, and where, what each may be and what it means, the
 * binder's tables of fields say, and those of matches.
 *
 * What must stay true: what the program accepts, the schema does; it need not
 * know everything that is wrong. A variable ("$name") may stand for any value.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "policy/policy.h"
#include "vocab/match.h"

static _Noreturn void die(const char *what, struct str name)
{
	fprintf(stderr, "schema: %s: %.*s\n", what, STR_ARG(name));
	exit(EXIT_FAILURE);
}

/* ---- The schema ---- */

struct schema {
	struct arena *arena;
	struct json json;
};

static void put_object(struct schema *s, const struct field *fields,
		       bool matches);

static void put_ref(struct schema *s, const char *name)
{
	char ref[64];

	snprintf(ref, sizeof(ref), "#/definitions/%s", name);
	json_object(&s->json);
	json_put_str(&s->json, "$ref", ref);
	json_end(&s->json);
}

static void put_type(struct schema *s, const char *type)
{
	json_object(&s->json);
	json_put_str(&s->json, "type", type);
	json_end(&s->json);
}

/* What a kind of value is: a definition of the schema. */
static const struct {
	const char *word, *definition;
} kinds[] = {
	{ "number", "number" },	  { "bool", "bool" },
	{ "zones", "scalars" },	  { "devices", "scalars" },
	{ "family", "scalars" },  { "value", "scalars" },
	{ "zone", "scalar" },	  { "name", "scalar" },
	{ "text", "scalar" },	  { "path", "scalar" },
	{ "mask", "scalar" },	  { "word", "scalar" },
	{ "address", "scalar" },  { "port", "scalar" },
	{ "duration", "scalar" }, { "rate", "scalar" },
	{ "amount", "scalar" },	  { "bytes", "scalar" },
	{ "packets", "scalar" },  { "set", "scalar" },
	{ "range", "scalar" },	  { "priority", "scalar" },
	{ "clock", "scalar" },
};

static const char *kind_of(struct str word)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_is(word, kinds[i].word))
			return kinds[i].definition;
	die("a kind of value that is not known", word);
}

static const char *kind_definition(struct schema *s, const struct field *field,
				   const struct field_kind *kind)
{
	return arena_printf(s->arena, "%s-%s", field->key, kind->word);
}

/* What a key of entries is, for the kinds of them that share their fields. */
static const char *key_definition(struct schema *s, const struct field *field,
				  const char *key)
{
	return arena_printf(s->arena, "%s.%s", field->key, key);
}

static void put_one_of_kinds(struct schema *s, const struct field *field)
{
	struct field_kind kind;

	json_key(&s->json, "oneOf");
	json_array(&s->json);
	for (size_t i = 0; field->kind_at(i, &kind); i++) {
		json_object(&s->json);
		json_put_str(&s->json, "type", "object");
		json_key(&s->json, "properties");
		json_wrap(&s->json, kind.word);
		put_ref(s, kind_definition(s, field, &kind));
		json_end(&s->json);
		json_key(&s->json, "required");
		json_array(&s->json);
		json_text(&s->json, kind.word);
		json_end(&s->json);
		json_put_bool(&s->json, "additionalProperties", false);
		json_end(&s->json);
	}
	json_end(&s->json);
}

static void put_item(struct schema *s, const struct field *field)
{
	if (field->kind_at) {
		json_object(&s->json);
		put_one_of_kinds(s, field);
		json_end(&s->json);
	} else if (field->fields && field->how & FIELD_LIST) {
		json_object(&s->json); /* text, or a map */
		json_key(&s->json, "anyOf");
		json_array(&s->json);
		put_ref(s, "scalar");
		put_object(s, field->fields, false);
		json_end_n(&s->json, 2);
	} else if (field->fields || field->how & FIELD_MATCHES) {
		put_object(s, field->fields, field->how & FIELD_MATCHES);
	} else {
		put_ref(s, "scalar");
	}
}

static void put_list(struct schema *s, const struct field *field)
{
	json_object(&s->json);
	json_put_str(&s->json, "type", "array");
	json_key(&s->json, "items");
	put_item(s, field);
	json_end(&s->json);
}

/* Names of the user's own, and what each is. */
static void put_named(struct schema *s, const struct field *field)
{
	json_object(&s->json);
	json_put_str(&s->json, "type", "object");
	if (field->how & FIELD_REQUIRED)
		json_put_u64(&s->json, "minProperties", 1);
	json_key(&s->json, "additionalProperties");
	if (field->fields)
		put_object(s, field->fields, false);
	else if (field->how & FIELD_LIST)
		put_ref(s, "scalars");
	else /* anything: it depends on where it is used */
		json_bool(&s->json, true);
	json_end(&s->json);
}

static void put_map(struct schema *s, const struct field *field)
{
	if (field->how & FIELD_NAMED)
		put_named(s, field);
	else if (field->fields || field->how & FIELD_MATCHES)
		put_object(s, field->fields, field->how & FIELD_MATCHES);
	else
		put_type(s, "object");
}

static void put_word_of(struct schema *s, struct str word)
{
	json_object(&s->json);
	json_key(&s->json, "const");
	if (str_is(word, "true"))
		json_bool(&s->json, true);
	else
		json_str(&s->json, word);
	json_end(&s->json);
}

static void put_kind_of_value(struct schema *s, const struct field *field,
			      struct str kind)
{
	if (str_is(kind, "map"))
		put_map(s, field);
	else if (str_is(kind, "list"))
		put_list(s, field);
	else
		put_ref(s, kind_of(kind));
}

/* "new | every | <map>": each as the schema says it. */
static void put_forms(struct schema *s, const struct field *field)
{
	struct str forms = str_of(field->type);
	bool words = false;

	json_key(&s->json, "anyOf");
	json_array(&s->json);
	while (forms.p) {
		struct str word = str_cut(&forms, ' ');

		if (str_is(word, "|"))
			continue;
		if (*word.p == '<') {
			put_kind_of_value(s, field,
					  (struct str){ word.p + 1,
							word.n - 2 });
			continue;
		}
		put_word_of(s, word);
		words = true;
	}
	if (field->how & FIELD_LIST)
		put_ref(s, "scalars");
	if (words)
		put_ref(s, "variable");
	json_end(&s->json);
}

/* The first paragraph, without what marks words for the manual. */
static void put_doc(struct schema *s, const char *doc)
{
	struct buf text = { 0 };

	for (; *doc && *doc != '\n'; doc++)
		if (!strchr("`<>", *doc))
			buf_putc(&text, *doc);
	if (text.n)
		json_put_str(&s->json, "description", text.p);
	buf_free(&text);
}

static void put_default(struct schema *s, const char *dflt)
{
	if (!dflt)
		return;
	json_key(&s->json, "default");
	if (!strcmp(dflt, "true") || !strcmp(dflt, "false"))
		json_bool(&s->json, *dflt == 't');
	else if (strspn(dflt, "0123456789") == strlen(dflt))
		json_u64(&s->json, strtoull(dflt, NULL, 10));
	else
		json_text(&s->json, dflt);
}

static void put_field(struct schema *s, const struct field *field)
{
	json_object(&s->json);
	put_doc(s, field->doc);
	put_default(s, field->dflt);
	put_forms(s, field);
	json_end(&s->json);
}

static void put_match_refs(struct schema *s)
{
	for (size_t i = 0; match_word_at(i); i++) {
		char name[40];

		snprintf(name, sizeof(name), "match-%s",
			 match_word_at(i)->word);
		json_key(&s->json, match_word_at(i)->word);
		put_ref(s, name);
	}
}

/* Of an entry of this kind, NULL: of no kind. */
static bool is_required(const struct field *field,
			const struct field_kind *kind)
{
	return field->how & FIELD_REQUIRED ||
	       (kind && field->needed_by & kind->bit);
}

static void put_required(struct schema *s, const struct field *fields,
			 const struct field_kind *kind)
{
	bool any = false;

	for (; fields && fields->key; fields++) {
		if (!is_required(fields, kind))
			continue;
		if (!any) {
			json_key(&s->json, "required");
			json_array(&s->json);
		}
		any = true;
		json_text(&s->json, fields->key);
	}
	if (any)
		json_end(&s->json);
}

/* The members of an object's schema; its keys are all there are. */
static void put_members(struct schema *s, const struct field *fields,
			bool matches)
{
	json_put_str(&s->json, "type", "object");
	json_key(&s->json, "properties");
	json_object(&s->json);
	for (const struct field *f = fields; f && f->key; f++) {
		json_key(&s->json, f->key);
		put_field(s, f);
	}
	if (matches)
		put_match_refs(s);
	json_end(&s->json);
	json_put_bool(&s->json, "additionalProperties", false);
}

static void put_object(struct schema *s, const struct field *fields,
		       bool matches)
{
	json_object(&s->json);
	put_members(s, fields, matches);
	put_required(s, fields, NULL);
	json_end(&s->json);
}

/* ---- Definitions ---- */

static void put_types(struct schema *s, const char *name,
		      const char *const *types)
{
	json_key(&s->json, name);
	json_object(&s->json);
	json_key(&s->json, "type");
	json_array(&s->json);
	for (; *types; types++)
		json_text(&s->json, *types);
	json_end_n(&s->json, 2);
}

/* A value, or a list of them. */
static void put_several(struct schema *s, const char *name, const char *of)
{
	json_key(&s->json, name);
	json_object(&s->json);
	json_key(&s->json, "anyOf");
	json_array(&s->json);
	put_ref(s, of);
	json_object(&s->json);
	json_put_str(&s->json, "type", "array");
	json_key(&s->json, "items");
	put_ref(s, of);
	json_end_n(&s->json, 3);
}

static void put_basic(struct schema *s)
{
	static const char *const scalar[] = { "string", "number", "boolean",
					      NULL };
	static const char *const number[] = { "integer", "string", NULL };

	put_types(s, "scalar", scalar);
	put_types(s, "number", number);
	json_key(&s->json, "variable");
	json_object(&s->json);
	json_put_str(&s->json, "type", "string");
	json_put_str(&s->json, "pattern", "^\\$");
	json_end(&s->json);
	json_key(&s->json, "bool");
	json_object(&s->json);
	json_key(&s->json, "anyOf");
	json_array(&s->json);
	put_type(s, "boolean");
	put_ref(s, "variable");
	json_end_n(&s->json, 2);
	put_several(s, "scalars", "scalar");
}

/* The names that are known come first, for who completes them. */
static void put_value(struct schema *s, const struct value_type *type)
{
	char name[40];

	snprintf(name, sizeof(name), "value-%s", type->name);
	json_key(&s->json, name);
	json_object(&s->json);
	json_put_str(&s->json, "description", type->expected);
	json_key(&s->json, "anyOf");
	json_array(&s->json);
	if (type->name_at) {
		json_wrap(&s->json, "enum");
		json_array(&s->json);
		for (size_t i = 0; type->name_at(i); i++)
			json_text(&s->json, type->name_at(i));
		json_end_n(&s->json, 2);
	}
	put_ref(s, "scalar");
	json_end_n(&s->json, 2);
}

static void put_match(struct schema *s, const struct match_word *word)
{
	char value[40], values[40], match[40];

	snprintf(value, sizeof(value), "value-%s", word->type->name);
	snprintf(values, sizeof(values), "values-%s", word->type->name);
	snprintf(match, sizeof(match), "match-%s", word->word);
	json_key(&s->json, match);
	json_object(&s->json);
	json_put_str(&s->json, "description", word->doc);
	json_key(&s->json, "anyOf");
	json_array(&s->json);
	put_ref(s, values);
	if (word->negatable) {
		json_object(&s->json);
		json_put_str(&s->json, "type", "object");
		json_key(&s->json, "properties");
		json_wrap(&s->json, "not");
		put_ref(s, values);
		json_end(&s->json);
		json_key(&s->json, "required");
		json_array(&s->json);
		json_text(&s->json, "not");
		json_end(&s->json);
		json_put_bool(&s->json, "additionalProperties", false);
		json_end(&s->json);
	}
	json_end_n(&s->json, 2);
}

static bool is_first_of_type(size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (match_word_at(j)->type == match_word_at(i)->type)
			return false;
	return true;
}

/* An entry of one kind: only what it may have. */
static void put_kind(struct schema *s, const struct field *field,
		     const struct field_kind *kind)
{
	json_key(&s->json, kind_definition(s, field, kind));
	if (!kind->bit) {
		put_object(s, kind->fields, field->how & FIELD_MATCHES);
		return;
	}
	json_object(&s->json);
	json_put_str(&s->json, "type", "object");
	json_key(&s->json, "properties");
	json_object(&s->json);
	for (const struct field *f = kind->fields; f->key; f++) {
		if (f->not_of & kind->bit)
			continue;
		json_key(&s->json, f->key);
		put_ref(s, key_definition(s, field, f->key));
	}
	if (field->how & FIELD_MATCHES)
		put_match_refs(s);
	json_end(&s->json);
	json_put_bool(&s->json, "additionalProperties", false);
	put_required(s, kind->fields, kind);
	json_end(&s->json);
}

static void put_kinds(struct schema *s, const struct field *field)
{
	struct field_kind kind;

	for (size_t i = 0; field->kind_at(i, &kind); i++)
		put_kind(s, field, &kind);
	field->kind_at(0, &kind);
	for (const struct field *f = kind.fields; kind.bit && f->key; f++) {
		json_key(&s->json, key_definition(s, field, f->key));
		put_field(s, f);
	}
}

static void put_definitions(struct schema *s)
{
	json_key(&s->json, "definitions");
	json_object(&s->json);
	put_basic(s);
	for (size_t i = 0; match_word_at(i); i++) {
		const struct value_type *type = match_word_at(i)->type;
		char value[40], values[40];

		if (!is_first_of_type(i))
			continue;
		snprintf(value, sizeof(value), "value-%s", type->name);
		snprintf(values, sizeof(values), "values-%s", type->name);
		put_value(s, type);
		put_several(s, values, value);
	}
	for (size_t i = 0; match_word_at(i); i++)
		put_match(s, match_word_at(i));
	for (const struct field *f = policy_fields(); f->key; f++)
		if (f->kind_at)
			put_kinds(s, f);
	json_end(&s->json);
}

/* What is required may also come in by another file. */
static void put_top_required(struct schema *s)
{
	json_key(&s->json, "anyOf");
	json_array(&s->json);
	json_object(&s->json);
	put_required(s, policy_fields(), NULL);
	json_end(&s->json);
	json_wrap(&s->json, "required");
	json_array(&s->json);
	json_text(&s->json, "include");
	json_end_n(&s->json, 3);
}

static void print_schema(struct arena *arena)
{
	struct buf out = { 0 };
	struct schema s = { arena, json_begin(&out) };

	json_object(&s.json);
	json_put_str(&s.json, "$schema",
		     "http://json-schema.org/draft-07/schema#");
	json_put_str(&s.json, "title", "nftoffc policy");
	json_put_str(&s.json, "$comment",
		     "made by tests/tools/schema.c of the program's tables");
	put_members(&s, policy_fields(), false);
	put_top_required(&s);
	put_definitions(&s);
	json_end(&s.json);
	json_finish(&s.json);
	fwrite(out.p, 1, out.n, stdout);
	buf_free(&out);
}

int main(void)
{
	struct arena *arena = arena_new();

	print_schema(arena);
	arena_free(arena);
	return EXIT_SUCCESS;
}
