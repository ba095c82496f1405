// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between the scanner and the grammar: tokens with every brace and bracket
 * closed, and an END behind each statement.
 *
 * What must stay true: a mistake is one message, wherever it stands, and the
 * statements behind it are read. So it is here that openings and closings are
 * matched, with the places of both, and that the rest of a statement with a
 * mistake in it is passed over, with the braces in it.
 */
#include "dsl_parts.h"

static struct token take(struct dsl *dsl)
{
	struct token token;

	if (dsl->nahead)
		return dsl->ahead[--dsl->nahead];
	do {
		token = dsl_scan_next(&dsl->scan);
	} while (token.kind == RAW_COMMENT);
	return token;
}

static void put_back(struct dsl *dsl, struct token token)
{
	dsl->ahead[dsl->nahead++] = token;
}

/* A token that was not written, in front of @token. */
static struct token insert(struct dsl *dsl, int kind, struct token token)
{
	put_back(dsl, token);
	token.kind = kind;
	token.span.length = 0;
	token.text.n = 0;
	return token;
}

static struct token *innermost(struct dsl *dsl)
{
	return dsl->depth ? &dsl->open[dsl->depth - 1] : NULL;
}

static bool is_inside(struct dsl *dsl, int opening)
{
	const struct token *open = innermost(dsl);

	return open && open->kind == opening;
}

/* Characters that a person who writes them means something by. */
static const struct {
	char c;
	const char *help;
} others[] = {
	{ '=', "a value stands behind its key, with nothing between them" },
	{ '!', "everything but a value is \"not\" and the value" },
	{ '\'', "text with blanks is put in double quotes" },
	{ '\\', "a \"\\\" stands at the end of a line that goes on, or in "
		"quotes" },
	{ '&', "what must match is written one behind the other" },
	{ '|', "several values are a list, as in a, b" },
};

static void refuse_character(struct dsl *dsl, const struct token *token)
{
	char c = token->text.p[0];
	struct diag *diag;
	size_t i;

	diag = dsl_error(dsl, token->span, "\"%c\" cannot be part of a word",
			 c);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (others[i].c != c)
			continue;
		diag_help(diag, "%s", others[i].help);
		return;
	}
	diag_help(diag, "text that has it is put in double quotes");
}

static void refuse_quote(struct dsl *dsl, struct token *token)
{
	struct span span = token->span;
	struct diag *diag;

	span.length = token->kind == RAW_UNCLOSED ? 1 : 3;
	diag = dsl_error(dsl, span, "this quote is never closed");
	if (token->kind == RAW_UNCLOSED)
		diag_help(diag, "text of several lines stands between \"\"\" "
				"and \"\"\"");
	else
		dsl->stop = true; /* all that follows may be text */
	token->kind = RAW_STRING;
	token->text.n = 1; /* what is in it says nothing */
}

static bool push(struct dsl *dsl, const struct token *token)
{
	if (dsl->depth < DSL_MAX_DEPTH) {
		dsl->open[dsl->depth++] = *token;
		return true;
	}
	dsl_error(dsl, token->span,
		  "lists and maps are nested more than %u "
		  "deep",
		  DSL_MAX_DEPTH);
	dsl->stop = true;
	return false;
}

/* One message, about the innermost; the others may be closed by its end. */
static void never_closed(struct dsl *dsl, const struct token *open)
{
	if (!dsl->stop)
		dsl_error(dsl, open->span, "this \"%c\" is never closed",
			  open->kind);
	dsl->stop = true;
}

/* Nothing is left: what is open is closed, the last statement ended. */
static struct token at_end(struct dsl *dsl, struct token token)
{
	const struct token *open = innermost(dsl);

	if (dsl->token.kind != RAW_END && dsl->token.kind != '{' &&
	    !is_inside(dsl, '['))
		return insert(dsl, RAW_END, token);
	if (!open)
		return token;
	never_closed(dsl, open);
	dsl->depth--;
	return insert(dsl, open->kind == '{' ? '}' : ']', token);
}

/* A "}" ends the statement before it, and a "[" that is open, too. */
static bool close_brace(struct dsl *dsl, struct token *token)
{
	const struct token *open = innermost(dsl);
	struct diag *diag;

	if (is_inside(dsl, '[')) {
		diag = dsl_error(dsl, token->span,
				 "found \"}\", expected \"]\"");
		diag_note(diag, open->span, "the list begins here");
		dsl->depth--;
		*token = insert(dsl, ']', *token);
		return true;
	}
	if (!open) {
		dsl_error(dsl, token->span, "this \"}\" closes nothing");
		return false;
	}
	if (dsl->token.kind != RAW_END && dsl->token.kind != '{')
		*token = insert(dsl, RAW_END, *token);
	else
		dsl->depth--;
	return true;
}

static struct token skip_newlines(struct dsl *dsl)
{
	struct token token;

	do {
		token = take(dsl);
	} while (token.kind == RAW_NEWLINE);
	return token;
}

/* A list goes on behind a comma, on the next line, too; the last one may stay. */
static bool comma(struct dsl *dsl)
{
	struct token next = skip_newlines(dsl);
	bool last = next.kind == '}' || next.kind == ']';

	put_back(dsl, next);
	return !last || dsl->token.kind == ',' || dsl->token.kind == '{' ||
	       dsl->token.kind == '[' || dsl->token.kind == RAW_END;
}

/* The rest of a statement that has a mistake. Its end is what is left. */
static struct token pass_over(struct dsl *dsl)
{
	unsigned int braces = 0;
	struct token token;

	for (;;) {
		token = take(dsl);
		if (token.kind == RAW_EOF || (token.kind == '}' && !braces))
			return insert(dsl, RAW_END, token);
		if (!braces &&
		    (token.kind == RAW_NEWLINE || token.kind == RAW_SEMICOLON))
			break;
		if (token.kind == '{')
			braces++;
		else if (token.kind == '}')
			braces--;
	}
	token.kind = RAW_END;
	return token;
}

/* False if it is nothing that the grammar sees. */
static bool filter(struct dsl *dsl, struct token *token)
{
	bool begun = dsl->token.kind && dsl->token.kind != RAW_END &&
		     dsl->token.kind != '{';

	switch (token->kind) {
	case RAW_EOF:
		*token = at_end(dsl, *token);
		return true;
	case RAW_NEWLINE:
		token->kind = RAW_END;
		return begun && !is_inside(dsl, '[');
	case RAW_SEMICOLON:
		if (!is_inside(dsl, '['))
			token->kind = RAW_END;
		return begun;
	case RAW_OTHER:
		refuse_character(dsl, token);
		return false;
	case RAW_UNCLOSED:
	case RAW_UNCLOSED_TEXT:
		refuse_quote(dsl, token);
		return true;
	case '{':
	case '[':
		return push(dsl, token);
	case '}':
		return close_brace(dsl, token);
	case ']':
		dsl->depth -= is_inside(dsl, '[');
		return true;
	case ',':
		return comma(dsl);
	default:
		return true;
	}
}

struct token dsl_next(struct dsl *dsl)
{
	struct token token;

	if (dsl->skip) {
		dsl->skip = false;
		token = pass_over(dsl);
	} else {
		do {
			token = take(dsl);
			if (dsl->stop)
				token.kind = RAW_EOF;
		} while (!filter(dsl, &token));
	}
	dsl->before = dsl->token;
	dsl->token = token;
	return token;
}

/* What stands where something else is expected, in words. */
static const char *found(struct dsl *dsl)
{
	const struct token *token = &dsl->token;

	if (token->kind == RAW_EOF || !token->text.n)
		return "the end";
	if (token->text.p[0] == '\n')
		return "the end of the line";
	if (token->kind == RAW_STRING)
		return "text in quotes";
	return arena_printf(dsl->arena, "\"%.*s\"", STR_ARG(token->text));
}

/* What the grammar does not take, and there is not much of it. */
static void describe(struct dsl *dsl)
{
	const char *expected = is_inside(dsl, '[') ? "\",\" or \"]\"" :
						     "a word";

	struct diag *diag;

	if (dsl->before.kind == ',' || dsl->before.kind == '[')
		expected = "a value";
	if (dsl->token.kind == ']') {
		dsl_error(dsl, dsl->token.span, "this \"]\" closes nothing");
		return;
	}
	diag = dsl_error(dsl, dsl->token.span, "found %s, expected %s",
			 found(dsl), expected);
	if (dsl->before.kind == ',' && dsl->token.kind != ',')
		diag_help(diag, "behind a \",\" a list goes on");
}

/*
 * The lists that are open are given up, and the braces that the token opened:
 * what follows is the rest of the statement.
 */
void dsl_syntax_error(struct dsl *dsl)
{
	bool opened = dsl->token.kind == '{' || dsl->token.kind == '[';

	if (dsl->stop)
		return;
	if (opened)
		dsl->depth--;
	describe(dsl);
	while (is_inside(dsl, '['))
		dsl->depth--;
	if (dsl->token.kind == '{')
		put_back(dsl, dsl->token);
	dsl->skip = dsl->token.kind != RAW_END;
}

struct item *dsl_item(struct dsl *dsl, enum item_kind kind, struct span span)
{
	struct item *item = arena_new_object(dsl->scan.scratch, struct item);

	if (++dsl->items > TREE_MAX_NODES && !dsl->stop) {
		dsl_error(dsl, span, "the file holds more than %u values",
			  TREE_MAX_NODES);
		dsl->stop = true;
	}
	item->kind = kind;
	item->span = span;
	return item;
}

struct item *dsl_text(struct dsl *dsl, enum item_kind kind, struct span span,
		      struct str written)
{
	struct item *item = dsl_item(dsl, kind, span);

	item->text = kind == ITEM_STRING ? dsl_decode(dsl, span, written) :
					   written;
	return item;
}

void dsl_add(struct item *list, struct item *item)
{
	if (list->last)
		list->last->next = item;
	else
		list->first = item;
	list->last = item;
	list->n++;
	list->span = span_join(list->span, item->span);
}

struct item *dsl_list(struct dsl *dsl, enum item_kind kind, struct span span,
		      struct item *first)
{
	struct item *list = dsl_item(dsl, kind, span);

	dsl_add(list, first);
	return list;
}

struct node *dsl_read(struct arena *arena, const struct source *source,
		      const struct field *language, struct diags *diags)
{
	struct dsl dsl = {
		.scan = { .scratch = arena_new(), .source = source },
		.arena = arena,
		.diags = diags,
		.language = language,
	};
	struct node *root = NULL;

	if (text_check(source, text_begin(source->text), diags)) {
		dsl_scan_begin(&dsl.scan);
		dsl_yyparse(&dsl);
		if (dsl.root && !dsl.stop)
			root = dsl_fold(&dsl);
	}
	arena_free(dsl.scan.scratch);
	return dsl.failed ? NULL : root;
}
