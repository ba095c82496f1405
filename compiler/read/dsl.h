/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy in its own spelling to the tree, the same that its YAML is read to.
 *
 *	accept from lan to wan service dns, ntp		# a comment
 *
 * A statement is words, up to the end of the line or a ";". A list is values
 * with commas between them, or in brackets; braces hold statements. That is
 * the whole grammar (dsl.y), and it does not grow when the language gains a
 * word: which words are what, the language's tables of fields say
 * (vocab/field.h), and dsl_fold.c makes keys and values of them.
 *
 *	text - dsl.l -> tokens - dsl.c -> balanced - dsl.y -> statements
 *	- dsl_fold.c -> tree
 */
#ifndef NFTOFFC_READ_DSL_H
#define NFTOFFC_READ_DSL_H

#include "tree.h"
#include "vocab/field.h"

/*
 * Braces and brackets in each other. A statement makes up to four lists and
 * maps of its own, and a value of some keys two more.
 */
#define DSL_MAX_DEPTH (TREE_MAX_DEPTH - 8)

/*
 * Returns the root, or NULL if there is nothing to go on with. An error was
 * reported then, and may have been otherwise: a mistake that harms nothing but
 * its own statement leaves a tree for the others to be looked at. A file
 * without a statement is a NODE_NULL. Nodes live in @arena; scalars may point
 * into the source's text.
 */
struct node *dsl_read(struct arena *arena, const struct source *source,
		      const struct field *language, struct diags *diags);

/* How a table of fields has @word, where a statement begins with it. */
enum dsl_word {
	DSL_UNKNOWN,
	DSL_KEY,   /* a key, and its value behind it */
	DSL_ENTRY, /* one of a field's maps, or list's entries */
	DSL_KIND,  /* the kind of one of a list's entries */
};

enum dsl_word dsl_word_find(const struct field *fields, struct str word,
			    const struct field **field);
/* The row of @key; NULL if there is none, or no table. */
const struct field *dsl_field_find(const struct field *fields, struct str key);
/* Whether @word begins the next pair of a row of keys and values. */
bool dsl_is_key(const struct field *fields, struct str word);
/* Whether "not" may stand before a value of @key. */
bool dsl_is_negatable(const struct field *fields, struct str key);
/* The fields of an entry of kind @word; NULL if there is none. */
const struct field *dsl_kind_fields(const struct field *field, struct str word);
/* The row of @fields that has @how, as FIELD_FIRST; NULL if there is none. */
const struct field *dsl_field_with(const struct field *fields,
				   enum field_how how);
/* The word of one of @field's entries; NULL if their kinds are the words. */
const char *dsl_entry_word(const struct field *field);
/* Whether @text can be written as a word, without quotes. */
bool dsl_is_word(struct str text);

#endif
