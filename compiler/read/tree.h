/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The small tree that every front-end makes and that binding reads: four
 * kinds of node, each with its span. Readers decide nothing: no name is
 * resolved, no number parsed, no key known or unknown. Duplicate keys stay.
 */
#ifndef NFTOFFC_READ_TREE_H
#define NFTOFFC_READ_TREE_H

#include "base/diag.h"

enum node_kind {
	NODE_NULL, /* nothing written: "key:" or an empty plain scalar */
	NODE_SCALAR,
	NODE_LIST,
	NODE_MAP,
};

struct node {
	enum node_kind kind : 8;
	bool quoted;   /* a scalar in quotes or a block scalar: always text */
	bool reported; /* a mistake that was reported: a NODE_NULL in its place */
	struct span span;
	union {
		struct str scalar; /* decoded text */
		struct {
			struct node **items;
			size_t n;
		} list;
		struct {
			struct pair *pairs;
			size_t n;
		} map;
	};
};

struct pair {
	struct node *key;
	struct node *value;
};

#define TREE_MAX_DEPTH 64	 /* nesting */
#define TREE_MAX_NODES 10000000u /* with aliases expanded */

#endif
