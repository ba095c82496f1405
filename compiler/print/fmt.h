/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy's text, put in order: indentation, blanks, columns. Lines, comments
 * and the way each value is written stay what they were, so that what is read
 * from it is the same tree to the last quote (fmt_equal()); whoever writes it
 * to a file asks that first.
 */
#ifndef NFTOFFC_PRINT_FMT_H
#define NFTOFFC_PRINT_FMT_H

#include "base/buf.h"
#include "read/tree.h"
#include "vocab/field.h"

/* The text must be one that its reader read without a mistake. */
void fmt_policy(struct buf *out, const struct source *source,
		const struct field *language);
void fmt_yaml(struct buf *out, const struct source *source);

bool fmt_equal(const struct node *a, const struct node *b);

#endif
