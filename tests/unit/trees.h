/* SPDX-License-Identifier: GPL-2.0-only */
/* A tree in one line, for the tests of what reads and what prints one. */
#ifndef NFTOFFC_TESTS_UNIT_TREES_H
#define NFTOFFC_TESTS_UNIT_TREES_H

#include "base/buf.h"
#include "read/tree.h"

/* [list], {map}, ~, text, 'quoted text'. */
void tree_put(struct buf *out, const struct node *node);
/* The texts that the spans of the tree cover, outermost first, with "|". */
void tree_put_spans(struct buf *out, const struct sources *sources,
		    const struct node *node);

#endif
