// SPDX-License-Identifier: GPL-2.0-only
/* Making a tree: see tree.h. */
#include "tree.h"

struct node *tree_node(struct arena *arena, enum node_kind kind,
		       struct span span)
{
	struct node *node = arena_new_object(arena, struct node);

	node->kind = kind;
	node->span = span;
	return node;
}

struct node *tree_text(struct arena *arena, struct str text, struct span span)
{
	struct node *node = tree_node(arena, NODE_SCALAR, span);

	node->scalar = text;
	return node;
}

/* Room for one more of @n, which is doubled when it is a power of two. */
static void *more(struct arena *arena, void *old, size_t n, size_t size)
{
	if (n & (n - 1))
		return old;
	return arena_grow(arena, old, n * size, (n ? 2 * n : 1) * size);
}

void tree_add(struct arena *arena, struct node *list, struct node *item)
{
	list->list.items =
		more(arena, list->list.items, list->list.n, sizeof(item));
	list->list.items[list->list.n++] = item;
}

void tree_pair(struct arena *arena, struct node *map, struct node *key,
	       struct node *value)
{
	map->map.pairs = more(arena, map->map.pairs, map->map.n,
			      sizeof(*map->map.pairs));
	map->map.pairs[map->map.n++] = (struct pair){ key, value };
}

struct node *tree_get(const struct node *map, const char *key)
{
	size_t i;

	for (i = 0; i < map->map.n; i++)
		if (str_is(map->map.pairs[i].key->scalar, key))
			return map->map.pairs[i].value;
	return NULL;
}
