/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trees as text, in both spellings, and whether two of them mean the same.
 *
 * What must stay true: what is printed is read to the same policy. Not quite to
 * the same tree, since a spelling has no way to say some differences, all of
 * which are without meaning (print_same()): the order of keys; quotes around
 * text that one of the spellings must or may not put in them; whether a list of
 * one is a list, where a list is expected anyway.
 */
#ifndef NFTOFFC_PRINT_PRINT_H
#define NFTOFFC_PRINT_PRINT_H

#include "base/buf.h"
#include "read/tree.h"
#include "vocab/field.h"

/*
 * The root must be a map, or nothing. @language is the table of fields of the
 * whole file.
 */
void print_policy(struct buf *out, const struct node *root,
		  const struct field *language);
void print_yaml(struct buf *out, const struct node *root);

bool print_same(const struct node *a, const struct node *b,
		const struct field *language);

/* Whether YAML reads, and other readers of YAML take, @text as text as it is. */
bool print_is_plain(struct str text);
/* Whether quotes around @text can be kept, and left out, in both spellings. */
bool print_quotes_count(struct str text);
/* In double quotes; characters by their number as \\u{e9}, or as YAML has it. */
void print_quoted(struct buf *out, struct str text, bool braces);

#endif
