// SPDX-License-Identifier: GPL-2.0-only
/* OpenWrt's configuration files: see uci.h. */
#include "uci.h"

#include <ctype.h>

struct reader {
	struct arena *arena;
	const struct source *source;
	struct diags *diags;
	struct uci *uci;
	struct uci_section *section; /* that options belong to */
	bool lost;		     /* its beginning had a mistake */
	size_t at, begin;	     /* here, and where the statement begins */
};

static char here(const struct reader *r)
{
	return r->at < r->source->text.n ? r->source->text.p[r->at] : '\0';
}

static bool at_end(const struct reader *r)
{
	return r->at >= r->source->text.n;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static struct span span_from(const struct reader *r, size_t begin)
{
	return (struct span){ r->source->id, (uint32_t)begin,
			      (uint32_t)(r->at - begin) };
}

/* What follows in the line, if anything, is skipped by whoever reads on. */
static void skip_line(struct reader *r)
{
	while (!at_end(r) && here(r) != '\n')
		r->at++;
}

static void skip_blanks(struct reader *r)
{
	while (is_blank(here(r)))
		r->at++;
	if (here(r) == '#')
		skip_line(r);
}

/* Whether the statement has no more words. */
static bool is_over(struct reader *r)
{
	skip_blanks(r);
	return at_end(r) || here(r) == '\n' || here(r) == ';';
}

/* Words. */

static void put(struct buf *text, struct reader *r)
{
	buf_putc(text, here(r));
	r->at++;
}

/* What stands behind a backslash; a line's end is left out with it. */
static void read_escape(struct reader *r, struct buf *text)
{
	r->at++;
	if (at_end(r))
		return;
	if (here(r) == '\n')
		r->at++;
	else
		put(text, r);
}

static bool read_quoted(struct reader *r, struct buf *text)
{
	size_t begin = r->at;
	char quote = here(r);
	struct diag *diag;

	r->at++;
	while (!at_end(r) && here(r) != quote) {
		if (here(r) == '\\' && quote == '"')
			read_escape(r, text);
		else
			put(text, r);
	}
	if (!at_end(r)) {
		r->at++;
		return true;
	}
	r->at = begin + 1;
	diag = diag_error(r->diags, span_from(r, begin),
			  "nothing closes this quote");
	diag_help(diag, "text in quotes goes on in the next line until it is "
			"closed");
	r->at = r->source->text.n;
	return false;
}

static bool ends_word(const struct reader *r)
{
	return at_end(r) || is_blank(here(r)) || here(r) == '\n' ||
	       here(r) == ';' || here(r) == '#';
}

static bool read_pieces(struct reader *r, struct buf *text)
{
	while (!ends_word(r)) {
		switch (here(r)) {
		case '\'':
		case '"':
			if (!read_quoted(r, text))
				return false;
			break;
		case '\\':
			read_escape(r, text);
			break;
		default:
			put(text, r);
		}
	}
	return true;
}

/* False if there is none, or a mistake in it, which is reported. */
static bool read_word(struct reader *r, struct uci_value *word)
{
	struct buf text = { 0 };
	size_t begin;
	bool good;

	if (is_over(r))
		return false;
	begin = r->at;
	good = read_pieces(r, &text);
	word->text.p = arena_strndup(r->arena, text.p ? text.p : "", text.n);
	word->text.n = text.n;
	word->span = span_from(r, begin);
	buf_free(&text);
	if (!good || !memchr(word->text.p, '\0', word->text.n))
		return good;
	diag_error(r->diags, word->span, "there is a NUL character in this");
	return false;
}

/* Statements. */

static bool is_name(struct str name)
{
	size_t i;

	for (i = 0; i < name.n; i++)
		if (!isalnum((unsigned char)name.p[i]) && name.p[i] != '_')
			return false;
	return name.n > 0;
}

static bool is_type(struct str type)
{
	size_t i;

	for (i = 0; i < type.n; i++)
		if (type.p[i] < '!' || type.p[i] > '~')
			return false;
	return type.n > 0;
}

static bool expect_name(struct reader *r, const struct uci_value *name,
			const char *of)
{
	if (is_name(name->text))
		return true;
	diag_error(r->diags, name->span,
		   "%s has letters, digits and \"_\", and nothing else", of);
	return false;
}

static bool expect_over(struct reader *r)
{
	struct uci_value more;

	if (is_over(r))
		return true;
	if (read_word(r, &more))
		diag_help(diag_error(r->diags, more.span,
				     "there is a word too many"),
			  "a value with blanks in it needs quotes");
	return false;
}

static struct uci_section *find_section(const struct uci *uci, struct str name)
{
	size_t i;

	for (i = 0; i < uci->sections.n; i++)
		if (uci->sections.v[i]->name.p &&
		    str_eq(uci->sections.v[i]->name, name))
			return uci->sections.v[i];
	return NULL;
}

static size_t count_type(const struct uci *uci, struct str type)
{
	size_t i, n = 0;

	for (i = 0; i < uci->sections.n; i++)
		n += str_eq(uci->sections.v[i]->type, type);
	return n;
}

static struct uci_section *begin_section(struct reader *r, struct str type,
					 const struct uci_value *name)
{
	struct uci_section *section = name ? find_section(r->uci, name->text) :
					     NULL;

	if (section && !str_eq(section->type, type)) {
		diag_note(diag_error(r->diags, name->span,
				     "a section of another type has this name"),
			  section->span, "it is this one");
		return NULL;
	}
	if (section)
		return section;
	section = arena_new_object(r->arena, struct uci_section);
	section->type = type;
	if (name)
		section->name = name->text;
	section->index = count_type(r->uci, type);
	*vec_push(r->arena, &r->uci->sections) = section;
	return section;
}

/* Where the line begins that is above the one that begins at @at, not 0. */
static size_t line_above(struct str text, size_t at)
{
	size_t begin = at - 1;

	while (begin && text.p[begin - 1] != '\n')
		begin--;
	return begin;
}

/* Of a statement that begins its line. */
static struct str comment_above(const struct reader *r)
{
	struct str text = r->source->text, line;
	size_t end = r->begin, begin, above;

	while (end && is_blank(text.p[end - 1]))
		end--;
	begin = end;
	while (begin && text.p[begin - 1] == '\n') {
		above = line_above(text, begin);
		line = str_trim((struct str){ text.p + above, begin - above });
		if (!line.n || line.p[0] != '#')
			break;
		begin = above;
	}
	return (struct str){ text.p + begin, end - begin };
}

static void read_config(struct reader *r)
{
	struct uci_value type, name;
	bool named;

	r->section = NULL;
	r->lost = true; /* what follows is no mistake of its own */
	if (is_over(r)) {
		diag_error(r->diags, span_from(r, r->begin),
			   "\"config\" needs the section's type");
		return;
	}
	if (!read_word(r, &type))
		return;
	if (!is_type(type.text)) {
		diag_error(r->diags, type.span, "this is no type of a section");
		return;
	}
	named = !is_over(r);
	if (named &&
	    (!read_word(r, &name) ||
	     (name.text.n && !expect_name(r, &name, "a section's name"))))
		return;
	if (!expect_over(r))
		return;
	r->section = begin_section(r, type.text,
				   named && name.text.n ? &name : NULL);
	if (!r->section)
		return;
	if (r->section->span.source)
		r->section->again = span_from(r, r->begin);
	else
		r->section->span = span_from(r, r->begin);
	if (!r->section->comment.n)
		r->section->comment = comment_above(r);
}

static struct uci_option *find_option(const struct uci_section *section,
				      struct str name)
{
	size_t i;

	for (i = 0; i < section->options.n; i++)
		if (str_eq(section->options.v[i]->name, name))
			return section->options.v[i];
	return NULL;
}

static void add_value(struct reader *r, struct str name, bool list,
		      const struct uci_value *value)
{
	struct uci_option *option = find_option(r->section, name);

	if (!option) {
		option = arena_new_object(r->arena, struct uci_option);
		option->name = name;
		*vec_push(r->arena, &r->section->options) = option;
	} else if (!list || !option->list) {
		option->before = option->span;
	}
	if (!list)
		option->values.n = 0;
	option->list = list;
	option->span = span_from(r, r->begin);
	if (value->text.n)
		*vec_push(r->arena, &option->values) = *value;
}

static void read_option(struct reader *r, bool list)
{
	struct span keyword = span_from(r, r->begin);
	struct uci_value name, value;

	if (!r->section && !r->lost)
		diag_error(r->diags, keyword,
			   "there is no \"config\" before this");
	if (is_over(r)) {
		diag_error(r->diags, keyword, "this needs a name and a value");
		return;
	}
	if (!read_word(r, &name) || !expect_name(r, &name, "an option's name"))
		return;
	if (is_over(r)) {
		diag_error(r->diags, span_join(keyword, name.span),
			   "this option has no value");
		return;
	}
	if (!read_word(r, &value) || !expect_over(r) || !r->section)
		return;
	add_value(r, name.text, list, &value);
}

/* It says which file this is, which is known. */
static void read_package(struct reader *r)
{
	struct uci_value name;

	if (is_over(r))
		diag_error(r->diags, span_from(r, r->begin),
			   "\"package\" needs a name");
	else if (read_word(r, &name))
		expect_over(r);
}

enum keyword { PACKAGE, CONFIG, OPTION, LIST, NO_KEYWORD };

static const char *const keywords[] = { "package", "config", "option", "list" };

/* A first letter stands for the whole. */
static enum keyword keyword_of(struct str word)
{
	unsigned int i;

	for (i = 0; i < NO_KEYWORD; i++)
		if (str_is(word, keywords[i]) ||
		    (word.n == 1 && word.p[0] == keywords[i][0]))
			break;
	return i;
}

static void unknown_keyword(struct reader *r, const struct uci_value *word)
{
	struct suggest suggest = suggest_for(word->text);
	unsigned int i;

	for (i = 0; i < NO_KEYWORD; i++)
		suggest_name(&suggest, str_of(keywords[i]));
	suggest_help(&suggest,
		     diag_error(r->diags, word->span,
				"a line begins with \"config\", \"option\", "
				"\"list\" or \"package\""));
}

static void read_statement(struct reader *r)
{
	struct uci_value word;

	r->begin = r->at;
	if (!read_word(r, &word))
		return;
	switch (keyword_of(word.text)) {
	case PACKAGE:
		read_package(r);
		break;
	case CONFIG:
		read_config(r);
		break;
	case OPTION:
		read_option(r, false);
		break;
	case LIST:
		read_option(r, true);
		break;
	case NO_KEYWORD:
		unknown_keyword(r, &word);
	}
}

struct uci *uci_read(struct arena *arena, const struct source *source,
		     struct diags *diags)
{
	struct reader r = { .arena = arena, .source = source, .diags = diags };

	r.uci = arena_new_object(arena, struct uci);
	while (!at_end(&r)) {
		if (is_over(&r)) {
			r.at += !at_end(&r);
			continue;
		}
		read_statement(&r);
		if (!is_over(&r)) /* after a mistake */
			skip_line(&r);
	}
	return r.uci;
}

const struct uci_option *uci_option(const struct uci_section *section,
				    const char *name)
{
	const struct uci_option *option = find_option(section, str_of(name));

	return option && option->values.n ? option : NULL;
}
