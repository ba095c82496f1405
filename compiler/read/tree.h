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

/* For those who make one node by node, all in @arena; spans are the maker's. */
struct node *tree_node(struct arena *arena, enum node_kind kind,
		       struct span span);
struct node *tree_text(struct arena *arena, struct str text, struct span span);
/* Lists and maps to which nothing was added but by these. */
void tree_add(struct arena *arena, struct node *list, struct node *item);
void tree_pair(struct arena *arena, struct node *map, struct node *key,
	       struct node *value);
/* The value of the first @key, NULL: there is none. */
struct node *tree_get(const struct node *map, const char *key);

#define TREE_MAX_DEPTH 64	 /* nesting */
#define TREE_MAX_NODES 10000000u /* with aliases expanded */

#endif
