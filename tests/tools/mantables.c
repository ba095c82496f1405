// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of nftoffc-policy(5) that say what the vocabulary's tables say:
 * match words, types of values, well-known services, statements, how keys are
 * written in the policy's own spelling, and the optimiser's passes. As mdoc, each
 * between two comments that tests/man/run finds it by in the page.
 *
 * What must stay true: nothing about a word is said here; a new row of the
 * vocabulary appears in the page because it exists.
 */
#include <stdio.h>

#include "opt/opt.h"
#include "policy/policy.h"
#include "vocab/match.h"
#include "vocab/service.h"
#include "vocab/stmt.h"

/* Of the page's source. */
#define LINE_MAX_CHARS 72

static void begin(const char *name)
{
	printf(".\\\" begin generated: %s\n", name);
}

static void end(const char *name)
{
	printf(".\\\" end generated: %s\n", name);
}

/* A macro's argument: a quote in it is written out. */
static void put_argument(const char *text)
{
	for (; *text; text++)
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '"')
			fputs("\\(dq", stdout);
		else
			putchar(*text);
}

static bool ends_sentence(struct str word)
{
	return word.n > 1 && word.p[word.n - 1] == '.' &&
	       word.p[word.n - 2] != '.';
}

/* Words, in lines that are not too long; a new one after each sentence. */
static void put_words(const char *text)
{
	struct str rest = str_of(text);
	size_t column = 0;

	while (rest.p) {
		struct str word = str_cut(&rest, ' ');

		if (column && column + 1 + word.n > LINE_MAX_CHARS) {
			putchar('\n');
			column = 0;
		}
		if (!column && word.n &&
		    (word.p[0] == '.' || word.p[0] == '\''))
			fputs("\\&", stdout); /* no macro */
		printf("%s%.*s", column ? " " : "", STR_ARG(word));
		column += word.n + (column != 0);
		if (rest.p && ends_sentence(word)) {
			putchar('\n');
			column = 0;
		}
	}
}

static void put_line(const char *text)
{
	put_words(text);
	putchar('\n');
}

static void put_literal(const char *text)
{
	puts(".Bd -literal -offset indent -compact");
	puts(text);
	puts(".Ed");
}

/* "tcp, udp, icmp." as words of the language. */
static void put_names(const char *(*name_at)(size_t i))
{
	size_t i;

	for (i = 0; name_at(i); i++) {
		fputs(".Cm ", stdout);
		put_argument(name_at(i));
		puts(name_at(i + 1) ? " ," : " .");
	}
}

static void put_match(const struct match_word *word)
{
	printf(".It Cm %s : Ar %s\n", word->word, word->type->name);
	put_line(word->doc);
	if (word->negatable)
		puts("It can be negated with\n.Cm not .");
	if (word->type->in_sets)
		puts("It takes sets.");
	if (!word->reply[0])
		puts("A reply does not tell it.");
	put_literal(word->example);
}

static void put_never(const struct match_never *never)
{
	char text[256];

	printf(".It Cm %s\n", never->word);
	snprintf(text, sizeof(text), "Not to be had: %s; %s.", never->why,
		 never->instead);
	put_line(text);
}

static void put_matches(void)
{
	const struct match_word *word;
	size_t i;

	begin("matches");
	puts(".Bl -tag -width Ds");
	for (i = 0; (word = match_word_at(i)); i++)
		put_match(word);
	for (i = 0; match_never_at(i); i++)
		put_never(match_never_at(i));
	puts(".El");
	end("matches");
}

static void put_type(const struct value_type *type)
{
	char text[256];

	printf(".It Ar %s\n", type->name);
	snprintf(text, sizeof(text), "A value is %s.", type->expected);
	put_line(text);
	if (type->bits_doc)
		put_line(type->bits_doc);
	if (type->in_sets)
		puts("It may be the type of a set.");
	if (!type->name_at)
		return;
	puts("The names are");
	put_names(type->name_at);
}

static void put_types(void)
{
	const struct value_type *type;
	size_t i;

	begin("types");
	puts(".Bl -tag -width Ds");
	for (i = 0; (type = value_type_at(i)); i++)
		put_type(type);
	puts(".El");
	end("types");
}

/* The rows of one service stand together, one for each of its families. */
static bool is_first_row(size_t i)
{
	return i == 0 || strcmp(known_service_at(i)->name,
				known_service_at(i - 1)->name) != 0;
}

static void put_services(void)
{
	const struct known_service *row;
	struct buf text = { 0 };
	size_t i;

	for (i = 0; (row = known_service_at(i)); i++) {
		if (!is_first_row(i))
			continue;
		buf_puts(&text, text.n ? ", " : "");
		buf_puts(&text, row->name);
	}
	buf_putc(&text, '.');
	begin("services");
	put_line(text.p);
	end("services");
	buf_free(&text);
}

static void put_statements(void)
{
	size_t i;

	begin("statements");
	puts(".Bl -tag -width Ds");
	for (i = 0; stmt_all[i]; i++) {
		printf(".It Li %s\n", stmt_all[i]->name);
		put_line(stmt_all[i]->doc);
	}
	puts(".El");
	end("statements");
}

#define KEYS_MAX 64

/* Keys that are written in a way of their own, each once. */
struct keys {
	enum field_how how;
	const char *keys[KEYS_MAX];
	size_t n;
};

static void put_kinds(const struct field *field)
{
	struct field_kind kind;
	size_t i;

	for (i = 0; field->kind_at(i, &kind); i++)
		printf("%s Cm %s", i ? " |" : "", kind.word);
}

/* What a statement begins with, where that is not a key and its value. */
static void put_entry(const struct field *field)
{
	fputs(".It", stdout);
	if (field->one || !field->kind_at)
		printf(" Cm %s", field->one ? field->one : field->key);
	if (field->how & FIELD_NAMED)
		fputs(" Ar name", stdout);
	if (field->kind_at)
		put_kinds(field);
	printf(" Ar ...\nOne of\n.Cm %s .\n", field->key);
}

static void add_key(struct keys *keys, const struct field *field)
{
	size_t i;

	for (i = 0; i < keys->n; i++)
		if (strcmp(keys->keys[i], field->key) == 0)
			return;
	if (field->how & keys->how && keys->n < KEYS_MAX)
		keys->keys[keys->n++] = field->key;
}

/* All fields, with those of the maps in them; the same ones more than once. */
static void walk_fields(const struct field *fields, struct keys *keys)
{
	struct field_kind kind;
	size_t i;

	for (; fields && fields->key; fields++) {
		if (keys)
			add_key(keys, fields);
		else if (fields->how & (FIELD_NAMED | FIELD_ENTRIES))
			put_entry(fields);
		walk_fields(fields->fields, keys);
		for (i = 0;
		     keys && fields->kind_at && fields->kind_at(i, &kind); i++)
			walk_fields(kind.fields, keys);
	}
}

static void put_entries(void)
{
	begin("own statements");
	puts(".Bl -tag -width Ds -compact");
	walk_fields(policy_fields(), NULL);
	puts(".El");
	end("own statements");
}

static void put_keys(const char *name, enum field_how how)
{
	struct keys keys = { .how = how };
	size_t i;

	walk_fields(policy_fields(), &keys);
	begin(name);
	for (i = 0; i < keys.n; i++)
		printf(".Cm %s%s\n", keys.keys[i],
		       i + 1 == keys.n ? " ." :
		       i + 2 == keys.n ? " and" :
					 " ,");
	end(name);
}

static void put_passes(void)
{
	size_t i;

	begin("passes");
	puts(".Bl -tag -width Ds");
	for (i = 0; opt_pass_at(i); i++) {
		printf(".It Cm %s\n", opt_pass_at(i)->name);
		put_line(opt_pass_at(i)->doc);
	}
	puts(".El");
	end("passes");
}

int main(void)
{
	put_matches();
	put_types();
	put_services();
	put_statements();
	put_entries();
	put_keys("own flags", FIELD_FLAG);
	put_keys("own phrases", FIELD_PHRASE);
	put_passes();
	return 0;
}
