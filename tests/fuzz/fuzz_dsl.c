// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes into the reader of the policy's own spelling (libFuzzer), and what
 * it reads through everything that prints.
 *
 * Beyond not crashing: a tree or an error; the tree is within
 * the bounds that tree.h promises; every span lies in the text; what is printed
 * of a tree, in either spelling, is read to the same tree; what is put in order
 * is the same tree to the last quote, and stays as it is when it is put in order
 * again. The bytes are taken for YAML as well, for the trees that only it makes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "policy/policy.h"
#include "print/fmt.h"
#include "print/print.h"
#include "read/dsl.h"
#include "read/read.h"
#include "read/yaml.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct reading {
	struct arena *arena;
	struct sources sources;
	struct source *source;
	struct diags *diags;
	struct node *root;
};

static void read_as(struct reading *r, enum spelling spelling, struct str text)
{
	r->arena = arena_new();
	sources_init(&r->sources, r->arena);
	r->diags = diags_new(r->arena, &r->sources);
	r->source = source_add(
		&r->sources, spelling == SPELLING_YAML ? "f.yaml" : "f.policy",
		text);
	r->root = policy_read(r->arena, r->source, policy_fields(), r->diags);
	require(r->root || diags_errors(r->diags));
	if (diags_errors(r->diags))
		r->root = NULL;
}

static void read_buf(struct reading *r, enum spelling spelling,
		     const struct buf *text)
{
	read_as(r, spelling, (struct str){ text->p ? text->p : "", text->n });
}

static size_t walk(const struct source *source, const struct node *node,
		   unsigned int depth)
{
	size_t n = 1, i;

	require(node->span.source == source->id);
	require(node->span.offset <= source->text.n);
	require(node->span.length <= source->text.n - node->span.offset);
	if (node->kind != NODE_LIST && node->kind != NODE_MAP)
		return n;
	require(depth < TREE_MAX_DEPTH);
	for (i = 0; node->kind == NODE_LIST && i < node->list.n; i++)
		n += walk(source, node->list.items[i], depth + 1);
	for (i = 0; node->kind == NODE_MAP && i < node->map.n; i++) {
		require(node->map.pairs[i].key->kind == NODE_SCALAR);
		n += walk(source, node->map.pairs[i].key, depth + 1);
		n += walk(source, node->map.pairs[i].value, depth + 1);
	}
	return n;
}

static unsigned int height(const struct node *node)
{
	unsigned int most = 0, h;
	size_t i;

	for (i = 0; node->kind == NODE_LIST && i < node->list.n; i++)
		if ((h = height(node->list.items[i])) > most)
			most = h;
	for (i = 0; node->kind == NODE_MAP && i < node->map.n; i++)
		if ((h = height(node->map.pairs[i].value)) > most)
			most = h;
	return most + 1;
}

static void check_printed(const struct reading *r, enum spelling to)
{
	struct buf text = { 0 };
	struct reading again;

	if (to == SPELLING_YAML)
		print_yaml(&text, r->root);
	else
		print_policy(&text, r->root, policy_fields());
	read_buf(&again, to, &text);
	require(again.root && print_same(r->root, again.root, policy_fields()));
	arena_free(again.arena);
	buf_free(&text);
}

static void put_in_order(struct buf *out, const struct reading *r,
			 enum spelling spelling)
{
	if (spelling == SPELLING_YAML)
		fmt_yaml(out, r->source);
	else
		fmt_policy(out, r->source, policy_fields());
}

/* YAML has ways to be written that are not kept; then it is not formatted. */
static void check_formatted(const struct reading *r, enum spelling spelling)
{
	struct buf once = { 0 }, twice = { 0 };
	struct reading again;
	bool equal;

	put_in_order(&once, r, spelling);
	read_buf(&again, spelling, &once);
	equal = again.root && fmt_equal(r->root, again.root);
	require(equal || spelling == SPELLING_YAML);
	if (equal && spelling == SPELLING_POLICY) {
		put_in_order(&twice, &again, spelling);
		require(once.n == twice.n &&
			memcmp(once.p ? once.p : "", twice.p ? twice.p : "",
			       once.n) == 0);
	}
	arena_free(again.arena);
	buf_free(&once);
	buf_free(&twice);
}

static void check(enum spelling spelling, struct str text)
{
	struct reading r;

	read_as(&r, spelling, text);
	require_printable(r.diags);
	if (r.root)
		require(walk(r.source, r.root, 0) <= TREE_MAX_NODES);
	if (r.root)
		check_formatted(&r, spelling);
	/* deeper ones, only one of the spellings has room for */
	if (r.root && r.root->kind == NODE_MAP && r.root->map.n &&
	    height(r.root) < DSL_MAX_DEPTH - 8) {
		check_printed(&r, SPELLING_POLICY);
		check_printed(&r, SPELLING_YAML);
	}
	arena_free(r.arena);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct str text = { (const char *)data, size };

	check(SPELLING_POLICY, text);
	check(SPELLING_YAML, text);
	return 0;
}
