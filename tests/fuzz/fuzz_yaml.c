// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes into the YAML reader (libFuzzer).
 *
 * Beyond not crashing: a tree or an error and never both; the tree is within
 * the bounds that tree.h promises to whoever walks it; every span lies in the
 * text, and where a scalar was not decoded it is the text that the span
 * covers; what is printed holds nothing that a terminal would act upon.
 */
#include <stdio.h>
#include <stdlib.h>

#include "read/yaml.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check_scalar(const struct sources *sources, const struct node *node)
{
	struct str text = span_text(sources, node->span);
	struct str value = node->scalar;
	const struct source *source = source_of(sources, node->span);
	bool in_place = value.n && value.p >= source->text.p &&
			value.p < source->text.p + source->text.n;

	if (!in_place)
		return;
	require(value.p >= text.p && value.p + value.n <= text.p + text.n);
	require(text.n == value.n || (node->quoted && text.n == value.n + 2));
}

/* How many nodes there are below and with @node. */
static size_t walk(const struct sources *sources, const struct node *node,
		   unsigned int depth)
{
	const struct source *source = source_of(sources, node->span);
	size_t n = 1;

	require(source != NULL);
	require(node->span.offset <= source->text.n);
	require(node->span.length <= source->text.n - node->span.offset);
	if (node->kind == NODE_SCALAR)
		check_scalar(sources, node);
	if (node->kind != NODE_LIST && node->kind != NODE_MAP)
		return n;
	require(depth < TREE_MAX_DEPTH);
	for (size_t i = 0; node->kind == NODE_LIST && i < node->list.n; i++)
		n += walk(sources, node->list.items[i], depth + 1);
	for (size_t i = 0; node->kind == NODE_MAP && i < node->map.n; i++) {
		require(node->map.pairs[i].key->kind == NODE_SCALAR);
		n += walk(sources, node->map.pairs[i].key, depth + 1);
		n += walk(sources, node->map.pairs[i].value, depth + 1);
	}
	return n;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct arena *arena = arena_new();
	struct str text = { (const char *)data, size };
	struct sources sources;
	const struct node *root;
	struct source *source;
	struct diags *diags;

	sources_init(&sources, arena);
	source = source_add(&sources, "fuzz", text);
	diags = diags_new(arena, &sources);
	root = yaml_read(arena, source, diags);
	require((root != NULL) == (diags_errors(diags) == 0));
	if (root)
		require(walk(&sources, root, 0) <= TREE_MAX_NODES);
	require_printable(diags);
	arena_free(arena);
	return 0;
}
