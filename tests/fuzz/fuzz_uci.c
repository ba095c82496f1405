// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as OpenWrt's configuration (libFuzzer): what stands before the first
 * NUL byte is a firewall, what stands behind it the networks.
 *
 * Beyond not crashing: whatever is read has its place in the text; a policy or
 * an error; what is printed of the policy, in either spelling, is read to the
 * same one; nothing that a terminal would act upon is printed; the same bytes
 * make the same policy.
 */
#include <stdio.h>
#include <stdlib.h>

#include "import/import.h"
#include "import/uci.h"
#include "own.h"
#include "policy/policy.h"
#include "print/notes.h"
#include "print/print.h"
#include "read/read.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

struct attempt {
	struct arena *arena;
	struct sources sources;
	struct diags *diags;
	struct import import;
};

static void check_span(const struct source *source, struct span span)
{
	require(span.source == source->id);
	require(span.offset <= source->text.n);
	require(span.length <= source->text.n - span.offset);
}

/* A reading of its own: what is read is not changed by what is made of it. */
static void check_uci(struct attempt *a, const struct source *source)
{
	struct diags *diags = diags_new(a->arena, &a->sources);
	struct uci *uci = uci_read(a->arena, source, diags);
	size_t i, k, j;

	for (i = 0; i < uci->sections.n; i++) {
		const struct uci_section *section = uci->sections.v[i];

		check_span(source, section->span);
		for (k = 0; k < section->options.n; k++) {
			const struct uci_option *option = section->options.v[k];

			check_span(source, option->span);
			require(option->list || option->values.n <= 1);
			for (j = 0; j < option->values.n; j++)
				check_span(source, option->values.v[j].span);
		}
	}
	require_printable(diags);
}

/* The same text as a policy of uci's own, if it is one. */
static void check_own(struct str text)
{
	struct compilation c = { .arena = arena_new() };
	struct node *root = NULL;

	sources_init(&c.sources, c.arena);
	c.diags = diags_new(c.arena, &c.sources);
	c.source = source_add(&c.sources, "nftoffc", text);
	if (is_own_uci(c.source))
		root = own_uci_read(&c, c.source);
	if (root)
		policy_bind(c.arena, &c.sources, c.source, root, c.diags);
	require_printable(c.diags);
	arena_free(c.arena);
}

static bool make(struct attempt *a, struct str firewall, struct str network)
{
	struct source *source;

	a->arena = arena_new();
	sources_init(&a->sources, a->arena);
	a->diags = diags_new(a->arena, &a->sources);
	a->import = (struct import){
		.arena = a->arena,
		.diags = a->diags,
		.name = "fuzz",
	};
	source = source_add(&a->sources, "firewall", firewall);
	check_uci(a, source);
	if (network.p)
		a->import.networks = networks_read(
			a->arena, source_add(&a->sources, "network", network),
			a->diags);
	return !diags_errors(a->diags) && import_uci(&a->import, source);
}

/* What is printed of it; also that it is read to the same. */
static void print(struct attempt *a, enum spelling to, struct buf *text)
{
	struct arena *arena = arena_new();
	struct sources sources;
	struct diags *diags;
	struct node *root;

	if (to == SPELLING_YAML)
		print_yaml_noted(text, a->import.root, &a->import.notes);
	else
		print_policy_noted(text, a->import.root, policy_fields(),
				   &a->import.notes);
	sources_init(&sources, arena);
	diags = diags_new(arena, &sources);
	root = policy_read(arena,
			   source_add(&sources,
				      to == SPELLING_YAML ? "f.yaml" :
							    "f.policy",
				      (struct str){ text->p, text->n }),
			   policy_fields(), diags);
	/* text that is no UTF-8 can be in neither */
	if (root && !diags_errors(diags))
		require(print_same(a->import.root, root, policy_fields()));
	arena_free(arena);
}

static void check_again(const struct buf *text, struct str firewall,
			struct str network)
{
	struct attempt again;
	struct buf other = { 0 };

	require(make(&again, firewall, network));
	print(&again, SPELLING_YAML, &other);
	require(text->n == other.n && memcmp(text->p, other.p, other.n) == 0);
	buf_free(&other);
	arena_free(again.arena);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct str network = { (const char *)data, size };
	struct str firewall = str_cut(&network, '\0');
	struct buf yaml = { 0 }, policy = { 0 };
	struct attempt a;

	check_own(firewall);
	if (make(&a, firewall, network)) {
		require(a.import.root && a.import.head);
		print(&a, SPELLING_YAML, &yaml);
		print(&a, SPELLING_POLICY, &policy);
		check_again(&yaml, firewall, network);
	}
	require_printable(a.diags);
	buf_free(&yaml);
	buf_free(&policy);
	arena_free(a.arena);
	return 0;
}
