// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policy's own spelling, put in order: the same tokens in the same lines,
 * with the blanks between them that there should be. Comments stay where they
 * are; a ";" at the end of a line goes.
 *
 * What must stay true: done twice, it is the same as done once.
 */
#include "fmt.h"

#include "lines.h"
#include "read/dsl.h"
#include "read/dsl_parts.h"

#define INDENT 2

/* The statement that a token is in. */
struct position {
	size_t words;		   /* tokens of it so far */
	bool row;		   /* it is more than a list */
	const struct field *field; /* of its first word */
	const struct field *inner; /* of what it holds in braces */
	enum dsl_word what;
};

struct opening {
	int kind;
	const struct field *fields; /* of the statements in it */
	struct position outer;
};

struct formatter {
	struct lines lines;
	struct dsl_scan scan;
	struct opening open[DSL_MAX_DEPTH + 1];
	size_t depth;	   /* open[0] is the file */
	struct token prev; /* kind 0: none */
	size_t newlines;   /* since then */
	bool semicolon;	   /* since then */
	bool begun;	   /* the last line is open for more */
	bool leads;	   /* the statement is the first of its line */
	struct position at;
};

static bool is_closing(int kind)
{
	return kind == '}' || kind == ']';
}

static bool is_opening(int kind)
{
	return kind == '{' || kind == '[';
}

static const struct field *fields_here(const struct formatter *f)
{
	return f->open[f->depth].fields;
}

/* The word that a statement begins with says what it is. */
static void begin_statement(struct formatter *f, const struct token *token)
{
	f->at = (struct position){ .what = DSL_UNKNOWN };
	if (token->kind == RAW_WORD && fields_here(f))
		f->at.what = dsl_word_find(fields_here(f), token->text,
					   &f->at.field);
	if (f->at.field)
		f->at.inner = f->at.field->fields;
	if (f->at.what == DSL_KIND)
		f->at.inner = dsl_kind_fields(f->at.field, token->text);
}

/* How many tokens stand before the column of its section; 0 without one. */
static size_t head_words(const struct formatter *f)
{
	if (f->at.what == DSL_KIND)
		return 1;
	if (f->at.what == DSL_ENTRY &&
	    ((f->at.field->how & FIELD_NAMED) || f->at.field->kind_at))
		return 2;
	return 0;
}

static bool continues(const struct formatter *f)
{
	const char *gap = f->scan.source->text.p + f->prev.span.offset +
			  f->prev.span.length;
	size_t n = f->scan.begin - (f->prev.span.offset + f->prev.span.length);

	return f->prev.kind && memchr(gap, '\\', n);
}

static size_t indent_of(const struct formatter *f, const struct token *token)
{
	size_t depth = f->depth - is_closing(token->kind);

	if (f->prev.kind == ',' && f->open[f->depth].kind != '[' &&
	    !is_closing(token->kind) && f->at.row)
		depth++;
	return depth * INDENT;
}

static bool is_spaced(const struct formatter *f, const struct token *token)
{
	int before = f->prev.kind, kind = token->kind;

	if (kind == ',' || kind == ']' || before == '[')
		return false;
	return !(before == '{' && kind == '}');
}

static void put_gap(struct formatter *f, const struct token *token)
{
	bool blank = f->newlines > 1 && !is_opening(f->prev.kind) &&
		     !is_closing(token->kind);

	if (!f->begun || f->newlines) {
		lines_begin(&f->lines, indent_of(f, token), blank);
		f->begun = true;
		f->leads = true;
		return;
	}
	if (continues(f)) {
		lines_put(&f->lines, STR(" \\"));
		lines_begin(&f->lines, (f->depth + 1) * INDENT, false);
		return;
	}
	if (f->semicolon && token->kind != '}')
		lines_put(&f->lines,
			  f->prev.kind == '{' ? STR(" ") : STR("; "));
	else if (is_spaced(f, token))
		lines_put(&f->lines, STR(" "));
	if (f->semicolon || f->prev.kind == '{')
		f->leads = false;
}

static bool begins_statement(const struct formatter *f)
{
	if (f->open[f->depth].kind == '[' || f->prev.kind == ',')
		return false;
	return !f->prev.kind || f->newlines || f->semicolon ||
	       f->prev.kind == '{';
}

static void put_token(struct formatter *f, const struct token *token)
{
	bool begins = begins_statement(f) && !is_closing(token->kind);

	put_gap(f, token);
	if (begins)
		begin_statement(f, token);
	if (f->leads && f->at.words && f->at.words == head_words(f) &&
	    token->kind != ',' && !is_closing(token->kind))
		lines_cell(&f->lines, f->at.field);
	if (is_closing(token->kind) && f->depth)
		f->at = f->open[f->depth--].outer;
	lines_put(&f->lines, token->text);
	f->at.row |= f->at.words && token->kind != ',' && f->prev.kind != ',' &&
		     !is_closing(token->kind);
	f->at.words++;
	if (is_opening(token->kind) && f->depth < DSL_MAX_DEPTH)
		f->open[++f->depth] = (struct opening){
			token->kind,
			token->kind == '{' ? f->at.inner : NULL,
			f->at,
		};
	f->prev = *token;
	f->newlines = 0;
	f->semicolon = false;
}

static struct str trimmed(struct str text)
{
	while (text.n && strchr(" \t\r", text.p[text.n - 1]))
		text.n--;
	return text;
}

static void put_comment(struct formatter *f, const struct token *token)
{
	struct str text = trimmed(token->text);

	if (f->begun && !f->newlines) {
		lines_comment(&f->lines, text);
	} else {
		lines_begin(&f->lines, f->depth * INDENT,
			    f->newlines > 1 && !is_opening(f->prev.kind));
		lines_put(&f->lines, text);
	}
	f->begun = false;
	f->newlines = 0;
}

/* After a comment, its own line's end is none that separates. */
static void on_token(struct formatter *f, const struct token *token)
{
	switch (token->kind) {
	case RAW_NEWLINE:
		f->newlines++;
		break;
	case RAW_SEMICOLON:
		f->semicolon = true;
		break;
	case RAW_COMMENT:
		put_comment(f, token);
		break;
	default:
		put_token(f, token);
		break;
	}
}

void fmt_policy(struct buf *out, const struct source *source,
		const struct field *language)
{
	struct arena *arena = arena_new();
	struct formatter f = {
		.lines = { .arena = arena },
		.scan = { .scratch = arena, .source = source },
	};
	struct token token;

	f.open[0].fields = language;
	dsl_scan_begin(&f.scan);
	while ((token = dsl_scan_next(&f.scan)).kind != RAW_EOF)
		on_token(&f, &token);
	lines_print(&f.lines, out);
	arena_free(arena);
}
