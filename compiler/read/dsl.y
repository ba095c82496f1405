/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The grammar of a policy in its own spelling: statements, words, lists,
 * braces. It knows no word of the language and never needs to.
 *
 * dsl.c hands it tokens that are balanced, with an END behind each statement;
 * after a mistake it hands over the END of the statement next, so that one
 * mistake is one message and reading goes on.
 */
%code top {
#include "read/dsl_parts.h"

/* One frame for each opening, and a few for the rest: it never grows. */
#define YYINITDEPTH (8 * TREE_MAX_DEPTH)
#define YYMAXDEPTH YYINITDEPTH
}

%define api.pure full
%define api.prefix {dsl_yy}
%define api.value.type union
%define api.location.type {struct span}
%locations
%param { struct dsl *dsl }
%code {
_Static_assert((int)DSL_WORD == RAW_WORD && (int)DSL_STRING == RAW_STRING &&
		       (int)DSL_END == RAW_END,
	       "the scanner's numbers are the grammar's");

static int dsl_yylex(YYSTYPE *value, struct span *span, struct dsl *dsl)
{
	struct token token = dsl_next(dsl);

	*span = token.span;
	value->DSL_WORD = token.text;
	return token.kind;
}
#define YYLLOC_DEFAULT(all, rhs, n)                                            \
	((all) = (n) ? span_join(YYRHSLOC(rhs, 1), YYRHSLOC(rhs, n)) :         \
		       (struct span){ 0 })
static void dsl_yyerror(const struct span *span, struct dsl *dsl,
			const char *message)
{
	(void)span;
	(void)message;
	dsl_syntax_error(dsl);
}
}

%token <struct str> DSL_WORD 258 DSL_STRING 259
%token DSL_END 260
%type <struct item *> statements items value list atom elements

%%

file: statements	{ dsl->root = $1; }

statements: %empty	{ $$ = dsl_item(dsl, ITEM_BRACES, @$); }
	| statements DSL_END
	| statements items DSL_END	{ dsl_add($1, $2); }
	| statements error DSL_END	{ yyerrok; }

items: value		{ $$ = dsl_list(dsl, ITEM_COMMAS, @1, $1); }
	| items value	{ dsl_add($1, $2); }

value: atom
	| list

list: atom ',' atom	{ $$ = dsl_list(dsl, ITEM_COMMAS, @$, $1);
			  dsl_add($$, $3); }
	| list ',' atom	{ dsl_add($1, $3); }

atom: DSL_WORD		{ $$ = dsl_text(dsl, ITEM_WORD, @1, $1); }
	| DSL_STRING	{ $$ = dsl_text(dsl, ITEM_STRING, @1, $1); }
	| '{' statements '}'	{ $$ = $2; $$->span = @$; }
	| '[' ']'	{ $$ = dsl_item(dsl, ITEM_BRACKETS, @$); }
	| '[' elements ']'	{ $$ = $2; $$->span = @$; }

elements: atom		{ $$ = dsl_list(dsl, ITEM_BRACKETS, @1, $1); }
	| elements ',' atom	{ dsl_add($1, $3); }
