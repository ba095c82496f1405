/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside compiler/read/dsl* only: what is handed from one part to the next. And
 * the tokens for print/fmt_policy.c, which puts them in order.
 */
#ifndef NFTOFFC_READ_DSL_PARTS_H
#define NFTOFFC_READ_DSL_PARTS_H

#include "dsl.h"
#include "text.h"

/*
 * What the scanner finds. The grammar has the first three by these numbers,
 * and the punctuation; the others end in dsl.c.
 */
enum token_kind {
	RAW_EOF = 0,
	RAW_WORD = 258,
	RAW_STRING,
	RAW_END, /* of a statement; never the scanner's */
	RAW_NEWLINE,
	RAW_SEMICOLON,
	RAW_COMMENT,
	RAW_UNCLOSED,	   /* a quote that its line does not close */
	RAW_UNCLOSED_TEXT, /* three quotes that nothing closes */
	RAW_OTHER,	   /* a character that no token has */
};

struct token {
	int kind;
	struct span span;
	struct str text; /* as written */
};

struct dsl_scan {
	struct arena *scratch;
	const struct source *source;
	void *scanner;	   /* flex's */
	size_t begin, end; /* of the token, in the text */
};

/* dsl.l: the text must be one that text_check() allows. */
void dsl_scan_begin(struct dsl_scan *scan);
struct token dsl_scan_next(struct dsl_scan *scan);

/* What was written, before anybody says what it means. */
enum item_kind {
	ITEM_WORD,
	ITEM_STRING,
	ITEM_COMMAS,   /* a, b, c; also the words of a statement */
	ITEM_BRACKETS, /* [a, b, c] */
	ITEM_BRACES,   /* { statements } */
};

struct item {
	enum item_kind kind;
	struct span span;
	struct str text;   /* of words and strings, decoded */
	struct item *next; /* in the list or statement; of statements, too */
	struct item *first, *last;
	size_t n; /* items in it */
};

struct dsl {
	struct dsl_scan scan;
	struct arena *arena; /* for what the tree keeps */
	struct diags *diags;
	const struct field *language;
	struct token open[DSL_MAX_DEPTH]; /* braces and brackets */
	unsigned int depth;
	struct token ahead[4]; /* to come, the next one last */
	unsigned int nahead;
	struct token token, before; /* the last two that the grammar got */
	bool skip;		    /* to the end of the statement */
	bool stop;		    /* nothing more is read */
	bool failed;
	size_t items;
	struct item *root;
};

/* dsl.c: for the grammar. */
struct token dsl_next(struct dsl *dsl);
void dsl_syntax_error(struct dsl *dsl);
struct item *dsl_item(struct dsl *dsl, enum item_kind kind, struct span span);
struct item *dsl_text(struct dsl *dsl, enum item_kind kind, struct span span,
		      struct str written);
struct item *dsl_list(struct dsl *dsl, enum item_kind kind, struct span span,
		      struct item *first);
void dsl_add(struct item *list, struct item *item);

/* dsl.y */
int dsl_yyparse(struct dsl *dsl);

/* dsl_string.c: what stands in quotes. */
struct str dsl_decode(struct dsl *dsl, struct span span, struct str written);

/* dsl_fold.c */
struct node *dsl_fold(struct dsl *dsl);

/* An error, after which there is a tree all the same, to find more in it. */
#define dsl_mistake(dsl, span, ...) diag_error((dsl)->diags, span, __VA_ARGS__)
/* An error, after which there is no tree. */
#define dsl_error(dsl, span, ...)                                              \
	((dsl)->failed = true, diag_error((dsl)->diags, span, __VA_ARGS__))

#endif
