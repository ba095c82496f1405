// SPDX-License-Identifier: GPL-2.0-only
/*
 * YAML, put in order: libyaml's tokens in the lines that they were in, each
 * level two blanks further in than the one that holds it, with the blanks
 * between them that there should be. Anchors, tags, quotes and block text stay
 * as they are written; so do comments, which go with what is around them.
 *
 * What must stay true: done twice, it is the same as done once. YAML is large,
 * and whether what is written is read to the same tree, the caller asks.
 */
#include <yaml.h>

#include "fmt.h"

#include "lines.h"
#include "read/text.h"

#define INDENT 2

enum level_kind {
	LEVEL_MAP,
	LEVEL_LIST,
	LEVEL_INDENTLESS, /* a list whose "-" stand under the key */
	LEVEL_FLOW,
};

struct level {
	enum level_kind kind;
	size_t column;	   /* where it stood */
	size_t indent;	   /* where it goes */
	const void *group; /* of its columns */
};

struct formatter {
	struct lines lines;
	struct str text;
	yaml_parser_t parser;
	struct level levels[2 * TREE_MAX_DEPTH + 2];
	size_t depth;	     /* of levels */
	size_t flow;	     /* brackets that are open */
	size_t chars, bytes; /* a place in the text, both ways */
	size_t end;	     /* of what was written last */
	size_t newlines;     /* since then */
	yaml_token_type_t prev;
	bool begun; /* the last line is open for more */
	bool value; /* a ":" of a block was the last token */
	size_t ids; /* for groups */
};

/* Marks count characters; they mostly go up. */
static size_t byte_of(struct formatter *f, yaml_mark_t mark)
{
	while (f->chars > mark.index) {
		do {
			f->bytes--;
		} while ((f->text.p[f->bytes] & 0xc0) == 0x80);
		f->chars--;
	}
	while (f->chars < mark.index && f->bytes < f->text.n) {
		do {
			f->bytes++;
		} while (f->bytes < f->text.n &&
			 (f->text.p[f->bytes] & 0xc0) == 0x80);
		f->chars++;
	}
	return f->bytes;
}

static const struct level *innermost(const struct formatter *f)
{
	static const struct level outside = { .kind = LEVEL_MAP };

	return f->depth ? &f->levels[f->depth - 1] : &outside;
}

static const struct level *innermost_block(const struct formatter *f)
{
	return f->depth > f->flow ? &f->levels[f->depth - f->flow - 1] : NULL;
}

static void push(struct formatter *f, enum level_kind kind, size_t column)
{
	const struct level *outer = innermost(f);
	struct level *level;

	if (f->depth == sizeof(f->levels) / sizeof(f->levels[0]))
		return;
	level = &f->levels[f->depth];
	*level = (struct level){
		.kind = kind,
		.column = column,
		.indent = f->depth ? outer->indent + INDENT : 0,
		.group = f->text.p + ++f->ids,
	};
	/* "- accept: {": the columns are those of the list */
	if (kind == LEVEL_MAP && f->depth && outer->kind != LEVEL_MAP &&
	    f->prev == YAML_BLOCK_ENTRY_TOKEN)
		level->group = outer->group;
	f->depth++;
}

/* Where a comment that stood at @column goes: with the level it was in. */
static size_t comment_indent(const struct formatter *f, size_t column)
{
	size_t i = f->depth;

	if (f->flow)
		return innermost_block(f) ?
			       innermost_block(f)->indent + f->flow * INDENT :
			       f->flow * INDENT;
	while (i && f->levels[i - 1].column > column)
		i--;
	return i ? f->levels[i - 1].indent : 0;
}

static size_t column_at(const struct formatter *f, size_t at)
{
	size_t n = 0;

	while (at && f->text.p[at - 1] != '\n') {
		at--;
		n++;
	}
	return n;
}

static struct str trimmed(struct str text)
{
	while (text.n && strchr(" \t\r", text.p[text.n - 1]))
		text.n--;
	return text;
}

/* Writes the comments before @at, and counts the line ends. */
static void put_comments(struct formatter *f, size_t at)
{
	size_t i = f->end;

	while (i < at) {
		size_t begin = i;
		struct str comment;

		if (f->text.p[i] != '#') {
			f->newlines += f->text.p[i++] == '\n';
			continue;
		}
		while (i < f->text.n && f->text.p[i] != '\n')
			i++;
		comment = trimmed((struct str){ f->text.p + begin, i - begin });
		if (f->begun && !f->newlines) {
			lines_comment(&f->lines, comment);
		} else {
			lines_begin(&f->lines,
				    comment_indent(f, column_at(f, begin)),
				    f->newlines > 1);
			lines_put(&f->lines, comment);
		}
		f->begun = false;
		f->newlines = 0;
	}
	if (at > f->end)
		f->end = at;
}

static bool opens(yaml_token_type_t type)
{
	return type == YAML_FLOW_SEQUENCE_START_TOKEN ||
	       type == YAML_FLOW_MAPPING_START_TOKEN;
}

static bool closes(yaml_token_type_t type)
{
	return type == YAML_FLOW_SEQUENCE_END_TOKEN ||
	       type == YAML_FLOW_MAPPING_END_TOKEN;
}

static size_t indent_of(const struct formatter *f, yaml_token_type_t type)
{
	const struct level *block = innermost_block(f);
	size_t indent = block ? block->indent : 0;

	if (f->flow)
		return indent + (f->flow - closes(type)) * INDENT;
	if (type == YAML_BLOCK_ENTRY_TOKEN || !f->value)
		return indent;
	return indent + INDENT;
}

static bool is_spaced(const struct formatter *f, yaml_token_type_t type)
{
	if (f->prev == YAML_FLOW_SEQUENCE_START_TOKEN ||
	    type == YAML_FLOW_SEQUENCE_END_TOKEN ||
	    type == YAML_FLOW_ENTRY_TOKEN)
		return false;
	if (type == YAML_VALUE_TOKEN) /* "*a:" is an alias of that name */
		return f->prev == YAML_ALIAS_TOKEN ||
		       f->prev == YAML_FLOW_ENTRY_TOKEN ||
		       f->prev == YAML_FLOW_MAPPING_START_TOKEN;
	return !(f->prev == YAML_FLOW_MAPPING_START_TOKEN &&
		 type == YAML_FLOW_MAPPING_END_TOKEN);
}

static void put_gap(struct formatter *f, yaml_token_type_t type)
{
	if (!f->begun || f->newlines) {
		lines_begin(&f->lines, indent_of(f, type),
			    f->newlines > 1 && !opens(f->prev) &&
				    !closes(type));
		f->begun = true;
		return;
	}
	if (is_spaced(f, type))
		lines_put(&f->lines, STR(" "));
	if (f->value && type == YAML_FLOW_MAPPING_START_TOKEN && f->depth > 1)
		lines_cell(&f->lines, innermost(f)->group);
}

/* How far the text of a block scalar is indented: as its first line is. */
static size_t block_indent(struct str text)
{
	struct str rest = text, line;
	size_t n;

	str_cut(&rest, '\n');
	while (rest.p) {
		line = str_cut(&rest, '\n');
		for (n = 0; n < line.n && line.p[n] == ' ';)
			n++;
		if (n < line.n && line.p[n] != '\r')
			return n;
	}
	return 0;
}

static bool is_block(const yaml_token_t *token)
{
	return token->type == YAML_SCALAR_TOKEN &&
	       (token->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
		token->data.scalar.style == YAML_FOLDED_SCALAR_STYLE);
}

static void put_text(struct formatter *f, const yaml_token_t *token,
		     struct str text)
{
	const struct level *block = innermost_block(f);
	size_t indent = block ? block->indent + INDENT : INDENT;

	if (is_block(token))
		lines_put_indented(&f->lines, text, block_indent(text), indent);
	else
		lines_put_indented(&f->lines, text, text.n,
				   indent + f->flow * INDENT);
}

static void put_token(struct formatter *f, const yaml_token_t *token)
{
	size_t begin = byte_of(f, token->start_mark);
	size_t end = byte_of(f, token->end_mark);
	struct str text = { f->text.p + begin, end - begin };

	while (text.n && strchr(" \t\r\n", text.p[text.n - 1]))
		text.n--;
	put_comments(f, begin);
	put_gap(f, token->type);
	f->newlines = 0;
	put_text(f, token, text);
	f->end = begin + text.n;
	f->prev = token->type;
	f->value = !f->flow && token->type == YAML_VALUE_TOKEN;
}

/* The end of lists that have none of their own. */
static void end_indentless(struct formatter *f)
{
	if (f->depth && innermost(f)->kind == LEVEL_INDENTLESS)
		f->depth--;
}

static void begin_block(struct formatter *f, const yaml_token_t *token)
{
	push(f,
	     token->type == YAML_BLOCK_MAPPING_START_TOKEN ? LEVEL_MAP :
							     LEVEL_LIST,
	     token->start_mark.column);
}

/* Before the next key, or the next "-". */
static void begin_line(struct formatter *f, const yaml_token_t *token)
{
	bool entry = token->type == YAML_BLOCK_ENTRY_TOKEN;

	if (f->flow)
		return;
	if (entry && innermost(f)->kind == LEVEL_MAP)
		push(f, LEVEL_INDENTLESS, token->start_mark.column);
	else if (!entry)
		end_indentless(f);
	f->value = false;
}

/* Comments that stand in it go with it: they are written while it is there. */
static void end_block(struct formatter *f, const yaml_token_t *token)
{
	put_comments(f, byte_of(f, token->start_mark));
	end_indentless(f);
	if (f->depth)
		f->depth--;
	f->value = false;
}

static void on_flow(struct formatter *f, const yaml_token_t *token)
{
	if (closes(token->type)) {
		put_token(f, token);
		f->flow -= f->flow > 0;
		f->depth -= f->depth > 0;
		f->value = false;
		return;
	}
	put_token(f, token);
	push(f, LEVEL_FLOW, token->start_mark.column);
	f->flow++;
	f->value = false;
}

static void on_token(struct formatter *f, const yaml_token_t *token)
{
	switch (token->type) {
	case YAML_BLOCK_MAPPING_START_TOKEN:
	case YAML_BLOCK_SEQUENCE_START_TOKEN:
		begin_block(f, token);
		break;
	case YAML_BLOCK_END_TOKEN:
		end_block(f, token);
		break;
	case YAML_KEY_TOKEN:
		begin_line(f, token);
		if (token->end_mark.index > token->start_mark.index)
			put_token(f, token); /* "?" */
		break;
	case YAML_BLOCK_ENTRY_TOKEN:
		begin_line(f, token);
		put_token(f, token);
		break;
	case YAML_FLOW_SEQUENCE_START_TOKEN:
	case YAML_FLOW_MAPPING_START_TOKEN:
	case YAML_FLOW_SEQUENCE_END_TOKEN:
	case YAML_FLOW_MAPPING_END_TOKEN:
		on_flow(f, token);
		break;
	case YAML_NO_TOKEN:
	case YAML_STREAM_START_TOKEN:
	case YAML_STREAM_END_TOKEN:
		break;
	default:
		put_token(f, token);
		break;
	}
}

static void scan(struct formatter *f, size_t begin)
{
	yaml_token_t token;
	bool end = false;

	yaml_parser_initialize(&f->parser);
	yaml_parser_set_encoding(&f->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&f->parser,
				     (const unsigned char *)f->text.p + begin,
				     f->text.n - begin);
	while (!end && yaml_parser_scan(&f->parser, &token)) {
		end = token.type == YAML_STREAM_END_TOKEN;
		on_token(f, &token);
		yaml_token_delete(&token);
	}
	yaml_parser_delete(&f->parser);
	f->depth = f->flow = 0;
	put_comments(f, f->text.n);
}

void fmt_yaml(struct buf *out, const struct source *source)
{
	struct arena *arena = arena_new();
	struct formatter f = {
		.lines = { .arena = arena },
		.text = source->text,
		.prev = YAML_NO_TOKEN,
	};

	f.bytes = f.end = text_begin(source->text);
	scan(&f, f.bytes);
	lines_print(&f.lines, out);
	arena_free(arena);
}
