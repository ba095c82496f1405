// SPDX-License-Identifier: GPL-2.0-only
/*
 * A JSON schema of the policy language, for editors:
 *
 *	schema man/nftoffc-policy.5 >man/nftoffc-policy.schema.json
 *
 * Which keys there are, and where, the binder's tables of fields say, and those
 * of matches. What a key may be and what it means, the manual says: it has a
 * list for each table ("begin keys"), with the same keys, as tests/man sees.
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

/* A key's entry in the manual. */
struct entry {
	struct str key, forms; /* "Cm new | every | Ar map" */
	const char *doc;
};

/* One list of the manual. */
struct list {
	VEC(struct entry) entries;
};

struct manual {
	struct arena *arena;
	VEC(struct list) lists;
};

static _Noreturn void die(const char *what, struct str name)
{
	fprintf(stderr, "schema: %s: %.*s\n", what, STR_ARG(name));
	exit(EXIT_FAILURE);
}

/* ---- The manual ---- */

static bool starts(struct str line, const char *with)
{
	size_t n = strlen(with);

	return line.n >= n && !memcmp(line.p, with, n);
}

static bool is_macro(struct str word)
{
	return word.n == 2 && word.p[0] >= 'A' && word.p[0] <= 'Z' &&
	       word.p[1] >= 'a' && word.p[1] <= 'z';
}

static bool is_closing(struct str word)
{
	return word.n == 1 && strchr(".,:;)", word.p[0]);
}

/* "\(dq" is a quote, "\e" a backslash, "\&" nothing. */
static void put_word(struct buf *out, struct str word)
{
	while (word.n) {
		size_t n = 1;

		if (starts(word, "\\(dq")) {
			buf_putc(out, '"');
			n = 4;
		} else if (starts(word, "\\e")) {
			buf_putc(out, '\\');
			n = 2;
		} else if (starts(word, "\\&")) {
			n = 2;
		} else {
			buf_putc(out, *word.p);
		}
		word.p += n;
		word.n -= n;
	}
}

/* A line of the page as words, without its macros. */
static void put_line(struct buf *out, struct str line)
{
	bool macro = starts(line, "."), parenthesis = starts(line, ".Pq ");
	struct str word;
	bool first = true;

	if (macro)
		line = (struct str){ line.p + 1, line.n - 1 };
	while (line.p) {
		word = str_cut(&line, ' ');
		if (!word.n || (macro && is_macro(word)))
			continue;
		if (out->n && !(macro && is_closing(word)))
			buf_putc(out, ' ');
		if (parenthesis && first)
			buf_putc(out, '(');
		first = false;
		put_word(out, word);
		if (parenthesis && !line.p)
			buf_putc(out, ')');
	}
}

static void end_entry(struct manual *manual, struct list *list, struct buf *doc)
{
	if (list->entries.n)
		list->entries.v[list->entries.n - 1].doc = arena_strndup(
			manual->arena, doc->p ? doc->p : "", doc->n);
	doc->n = 0;
}

/* ".It Cm key : forms" */
static void begin_entry(struct manual *manual, struct list *list,
			struct str line)
{
	struct str rest = { line.p + strlen(".It Cm "),
			    line.n - strlen(".It Cm ") };
	struct str key = str_cut(&rest, ' ');

	str_cut(&rest, ' '); /* the colon */
	*vec_push(manual->arena, &list->entries) =
		(struct entry){ key, rest, "" };
}

/* Up to the blank line of an entry, the rest is for those who read. */
static void read_manual(struct manual *manual, struct str text)
{
	struct list *list = NULL;
	struct buf doc = { 0 };
	bool more = false;

	while (text.p) {
		struct str line = str_cut(&text, '\n');

		if (starts(line, ".\\\" begin keys: ")) {
			list = vec_push(manual->arena, &manual->lists);
			*list = (struct list){ 0 };
			more = false;
		} else if (!list) {
			continue;
		} else if (starts(line, ".\\\" end keys")) {
			end_entry(manual, list, &doc);
			list = NULL;
		} else if (starts(line, ".It Cm ")) {
			end_entry(manual, list, &doc);
			begin_entry(manual, list, line);
			more = true;
		} else if (starts(line, ".Pp") || starts(line, ".El") ||
			   starts(line, ".Bl") || starts(line, ".Bd")) {
			more = false;
		} else if (more) {
			put_line(&doc, line);
		}
	}
	buf_free(&doc);
}

static const struct entry *find_entry(const struct list *list, const char *key)
{
	for (size_t i = 0; i < list->entries.n; i++)
		if (str_is(list->entries.v[i].key, key))
			return &list->entries.v[i];
	return NULL;
}

static bool has_all(const struct list *list, const struct field *fields)
{
	size_t n = 0;

	for (; fields->key; fields++, n++)
		if (!find_entry(list, fields->key))
			return false;
	return n == list->entries.n;
}

/* The list of the manual with the very same keys. */
static const struct list *find_list(const struct manual *manual,
				    const struct field *fields)
{
	for (size_t i = 0; i < manual->lists.n; i++)
		if (has_all(&manual->lists.v[i], fields))
			return &manual->lists.v[i];
	die("the manual has no list of keys with", str_of(fields->key));
}

/* ---- The schema ---- */

struct schema {
	const struct manual *manual;
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

/* What a word of the manual stands for: a definition of the schema. */
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
	{ "range", "scalar" },	  { "clock", "scalar" },
};

static const char *kind_of(struct str word)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_is(word, kinds[i].word))
			return kinds[i].definition;
	die("the manual has a kind of value that is not known", word);
}

/* Kinds that have the same fields share a definition: that of the first. */
static const char *kind_definition(struct schema *s, const struct field *field,
				   const struct field_kind *kind)
{
	struct field_kind first;
	size_t i = 0;

	while (field->kind_at(i, &first) && first.fields != kind->fields)
		i++;
	return arena_printf(s->manual->arena, "%s-%s", field->key, first.word);
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

/* "Cm new | every | Ar map": each as the schema says it. */
static void put_forms(struct schema *s, const struct field *field,
		      struct str forms)
{
	bool literal = false, words = false;

	json_key(&s->json, "anyOf");
	json_array(&s->json);
	while (forms.p) {
		struct str word = str_cut(&forms, ' ');

		if (str_is(word, "Cm") || str_is(word, "Ar")) {
			literal = str_is(word, "Cm");
		} else if (literal && !str_is(word, "|")) {
			put_word_of(s, word);
			words = true;
		} else if (str_is(word, "map")) {
			put_map(s, field);
		} else if (str_is(word, "list")) {
			put_list(s, field);
		} else if (word.n && !str_is(word, "|")) {
			put_ref(s, kind_of(word));
		}
	}
	if (field->how & FIELD_LIST)
		put_ref(s, "scalars");
	if (words)
		put_ref(s, "variable");
	json_end(&s->json);
}

static void put_field(struct schema *s, const struct field *field,
		      const struct entry *entry)
{
	json_key(&s->json, field->key);
	json_object(&s->json);
	if (*entry->doc)
		json_put_str(&s->json, "description", entry->doc);
	put_forms(s, field, entry->forms);
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

static void put_required(struct schema *s, const struct field *fields)
{
	bool any = false;

	for (; fields && fields->key; fields++) {
		if (!(fields->how & FIELD_REQUIRED))
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
	const struct list *list =
		fields && fields->key ? find_list(s->manual, fields) : NULL;

	json_put_str(&s->json, "type", "object");
	json_key(&s->json, "properties");
	json_object(&s->json);
	for (const struct field *f = fields; f && f->key; f++)
		put_field(s, f, find_entry(list, f->key));
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
	put_required(s, fields);
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

static void put_kinds(struct schema *s, const struct field *field)
{
	struct field_kind kind;

	for (size_t i = 0; field->kind_at(i, &kind); i++) {
		const char *name = kind_definition(s, field, &kind);

		if (strcmp(name, arena_printf(s->manual->arena, "%s-%s",
					      field->key, kind.word)) != 0)
			continue;
		json_key(&s->json, name);
		put_object(s, kind.fields, field->how & FIELD_MATCHES);
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
	put_required(s, policy_fields());
	json_end(&s->json);
	json_wrap(&s->json, "required");
	json_array(&s->json);
	json_text(&s->json, "include");
	json_end_n(&s->json, 3);
}

static void print_schema(const struct manual *manual)
{
	struct buf out = { 0 };
	struct schema s = { manual, json_begin(&out) };

	json_object(&s.json);
	json_put_str(&s.json, "$schema",
		     "http://json-schema.org/draft-07/schema#");
	json_put_str(&s.json, "title", "nftoffc policy");
	json_put_str(&s.json, "$comment",
		     "made by tests/tools/schema.c of the program's tables and "
		     "nftoffc-policy(5)");
	put_members(&s, policy_fields(), false);
	put_top_required(&s);
	put_definitions(&s);
	json_end(&s.json);
	json_finish(&s.json);
	fwrite(out.p, 1, out.n, stdout);
	buf_free(&out);
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct manual manual = { .arena = arena };
	struct sources sources;
	struct source *page;

	sources_init(&sources, arena);
	if (argc != 2 || source_read(&sources, argv[1], &page)) {
		fputs("usage: schema nftoffc-policy.5\n", stderr);
		return EXIT_FAILURE;
	}
	read_manual(&manual, page->text);
	print_schema(&manual);
	arena_free(arena);
	return EXIT_SUCCESS;
}
