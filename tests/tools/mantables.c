// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tables of nftoffc-policy(5) that say what the program's tables say: keys,
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

/* ---- What keys are ---- */

/* Running text, with macros on lines of their own. */
struct page {
	size_t column; /* of the line that is begun; 0: none is */
};

static void page_break(struct page *page)
{
	if (page->column)
		putchar('\n');
	page->column = 0;
}

static void put_str(struct str text)
{
	char word[256];

	snprintf(word, sizeof(word), "%.*s", STR_ARG(text));
	put_argument(word);
}

static void page_word(struct page *page, struct str word)
{
	if (page->column && page->column + 1 + word.n > LINE_MAX_CHARS)
		page_break(page);
	if (page->column)
		putchar(' ');
	else if (word.p[0] == '.' || word.p[0] == '\'')
		fputs("\\&", stdout); /* no macro */
	put_str(word);
	page->column += word.n + 1;
	if (ends_sentence(word))
		page_break(page);
}

/* Punctuation around it is arguments of the macro's, too. */
static void page_macro(struct page *page, const char *macro, bool opened,
		       struct str text, struct str behind)
{
	page_break(page);
	printf(".%s%s ", macro, opened ? " (" : "");
	put_str(text);
	for (size_t i = 0; i < behind.n; i++)
		printf(" %c", behind.p[i]);
	putchar('\n');
}

/* Up to the first of @ends, or all. */
static struct str cut_any(struct str *text, const char *ends)
{
	struct str part = { text->p, 0 };

	while (part.n < text->n && !strchr(ends, text->p[part.n]))
		part.n++;
	text->p += part.n;
	text->n -= part.n;
	return part;
}

static void skip(struct str *text, size_t n)
{
	text->p += n;
	text->n -= n;
}

/* A word of the language, or what is written so. */
static const char *literal_macro(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!(text.p[i] >= 'a' && text.p[i] <= 'z') &&
		    text.p[i] != '-' &&
		    !(i && text.p[i] >= '0' && text.p[i] <= '9'))
			return "Li";
	return "Cm";
}

/* `word`, <SECTION>: what stands between @rest's first character and @end. */
static void page_marked(struct page *page, struct str *rest, bool opened)
{
	bool literal = *rest->p == '`';
	struct str text;

	skip(rest, 1);
	text = cut_any(rest, literal ? "`" : ">");
	skip(rest, 1);
	page_macro(page, literal ? literal_macro(text) : "Sx", opened, text,
		   cut_any(rest, " "));
}

/* "nftoffc(1)," */
static bool page_page(struct page *page, struct str word)
{
	struct str rest = word, name = str_cut(&rest, '(');
	char both[64];

	if (!rest.p || !name.n || rest.n < 2 || rest.p[1] != ')')
		return false;
	snprintf(both, sizeof(both), "Xr %.*s", STR_ARG(name));
	page_macro(page, both, false, (struct str){ rest.p, 1 },
		   (struct str){ rest.p + 2, rest.n - 2 });
	return true;
}

static void page_paragraph(struct page *page, struct str rest)
{
	while (rest.n) {
		bool opened = rest.n > 1 && rest.p[0] == '(' &&
			      strchr("`<", rest.p[1]);
		struct str word;

		if (opened)
			skip(&rest, 1);
		if (*rest.p == '`' || *rest.p == '<') {
			page_marked(page, &rest, opened);
		} else {
			word = cut_any(&rest, " ");
			if (word.n && !page_page(page, word))
				page_word(page, word);
		}
		if (rest.n)
			skip(&rest, 1);
	}
}

/* Paragraphs, lines of their own; the default behind the first. */
static void put_doc(const struct field *field)
{
	struct str rest = str_of(field->doc);
	struct page page = { 0 };
	bool apart = false;
	char text[128];

	while (rest.p) {
		struct str line = str_cut(&rest, '\n');
		bool own = line.n && *line.p == '\t';

		page_break(&page);
		if (own)
			printf(".Dl %.*s\n", (int)line.n - 1, line.p + 1);
		else if (apart)
			puts(".Pp");
		if (!own)
			page_paragraph(&page, line);
		if (line.p == field->doc && field->dflt) {
			snprintf(text, sizeof(text), "The default is `%s`.",
				 field->dflt);
			page_paragraph(&page, str_of(text));
		}
		if (line.p == field->doc && field->fw4)
			page_paragraph(&page, STR("Not with `mode: fw4`."));
		apart = !own;
	}
	page_break(&page);
}

/* "new | every | <map>": words as such, kinds of values as arguments. */
static void put_forms(const char *type)
{
	struct str rest = str_of(type);
	const char *macro = "";

	while (rest.p) {
		struct str word = str_cut(&rest, ' ');
		bool kind = word.n && *word.p == '<';
		const char *wanted = kind ? " Ar" : " Cm";

		if (str_is(word, "|")) {
			fputs(" |", stdout);
			continue;
		}
		if (strcmp(macro, wanted) != 0)
			fputs(wanted, stdout);
		macro = wanted;
		if (kind)
			word = (struct str){ word.p + 1, word.n - 2 };
		printf(" %.*s", STR_ARG(word));
	}
	putchar('\n');
}

/* The kinds of which @bits speaks, as ".Cm a , b and c". */
static void put_kinds_of(const char *before, const struct field *entries,
			 uint32_t bits)
{
	struct field_kind kind;
	uint32_t all = 0;
	size_t i;

	for (i = 0; entries->kind_at(i, &kind); i++)
		all |= kind.bit;
	printf("%s\n", before);
	bits &= all;
	for (i = 0; entries->kind_at(i, &kind); i++) {
		if (!(bits & kind.bit))
			continue;
		bits &= ~kind.bit;
		printf(".Cm %s%s\n", kind.word, bits ? " ," : " .");
	}
}

static unsigned int count_bits(uint32_t bits)
{
	return (unsigned int)__builtin_popcount(bits);
}

/* Which kinds of entries must have it, may, or may not. */
static void put_whose(const struct field *field, const struct field *entries)
{
	struct field_kind kind;
	unsigned int n = 0, may = 0;
	size_t i;

	if (field->how & FIELD_REQUIRED)
		puts("Required.");
	if (!entries || !field->not_of)
		return;
	if (field->needed_by)
		put_kinds_of("Required for", entries, field->needed_by);
	for (i = 0; entries->kind_at(i, &kind); i++, n++)
		may += count_bits(kind.bit & ~field->not_of);
	if (2 * may > n)
		put_kinds_of("Not for", entries, field->not_of);
	else if (field->not_of != ~field->needed_by)
		put_kinds_of("For", entries, ~field->not_of);
}

static void put_fields(const char *name, const struct field *fields,
		       const struct field *entries)
{
	begin(name);
	puts(".Bl -tag -width Ds");
	for (; fields->key; fields++) {
		printf(".It Cm %s :", fields->key);
		put_forms(fields->type);
		put_whose(fields, entries);
		put_doc(fields);
	}
	puts(".El");
	end(name);
}

static void put_tables(struct arena *arena, const char *name,
		       const struct field *fields, const struct field *entries);

/* Kinds that have the same fields have one table, under their parent's name. */
static void put_kind_tables(struct arena *arena, const char *name,
			    const struct field *field)
{
	struct field_kind kind, first;

	field->kind_at(0, &first);
	for (size_t i = 0; field->kind_at(i, &kind); i++)
		if (!i || kind.fields != first.fields)
			put_tables(arena,
				   first.bit ? name :
					       arena_printf(arena, "%s %s",
							    name, kind.word),
				   kind.fields, field);
}

/* A table for each map of the language, named by the way to it. */
static void put_tables(struct arena *arena, const char *name,
		       const struct field *fields, const struct field *entries)
{
	bool top = fields == policy_fields();

	put_fields(name, fields, entries);
	for (; fields->key; fields++) {
		const char *path = arena_printf(
			arena, "%s %s", top ? "keys" : name, fields->key);

		if (fields->kind_at)
			put_kind_tables(arena, path, fields);
		else if (fields->fields)
			put_tables(arena, path, fields->fields, NULL);
	}
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
	struct arena *arena = arena_new();

	put_tables(arena, "keys policy", policy_fields(), NULL);
	arena_free(arena);
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
