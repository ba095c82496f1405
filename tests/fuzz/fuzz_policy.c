// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as a policy, the whole way in memory (libFuzzer): YAML, variables,
 * binding, checks, lowering, text and netlink.
 *
 * Beyond not crashing: nothing that a terminal would act upon is printed; a
 * policy without mistakes can always be emitted, the same bytes each time; and
 * its text holds one line for each rule, whatever the policy's names hold.
 *
 * What must stay true: nothing outside is read. The policy's directory does not
 * exist, and policies whose sets name absolute files are left out.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "emit/batch.h"
#include "emit/text.h"
#include "ir/lower.h"
#include "policy/policy.h"
#include "read/yaml.h"
#include "runtime/ruleset/epoch.h"
#include "tests/fuzz/fuzz.h"

#define PATH "/nonexistent/nftoffc-fuzz/policy.yaml"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static bool names_absolute_file(const struct node *set)
{
	size_t i;

	for (i = 0; set->kind == NODE_MAP && i < set->map.n; i++) {
		const struct pair *pair = &set->map.pairs[i];

		if (str_is(pair->key->scalar, "file") &&
		    pair->value->kind == NODE_SCALAR && pair->value->scalar.n &&
		    pair->value->scalar.p[0] == '/')
			return true;
	}
	return false;
}

static bool reads_outside(const struct node *root)
{
	size_t i, j;

	for (i = 0; root->kind == NODE_MAP && i < root->map.n; i++) {
		const struct node *sets = root->map.pairs[i].value;

		if (!str_is(root->map.pairs[i].key->scalar, "sets"))
			continue;
		for (j = 0; sets->kind == NODE_MAP && j < sets->map.n; j++)
			if (names_absolute_file(sets->map.pairs[j].value))
				return true;
	}
	return false;
}

/* Lines of the text inside chains, but for those that begin and end them. */
static size_t count_rule_lines(const struct buf *text)
{
	struct str rest = { text->p, text->n };
	bool inside = false;
	size_t n = 0;

	while (rest.p) {
		struct str line = str_trim(str_cut(&rest, '\n'));

		if (line.n > 6 && memcmp(line.p, "chain ", 6) == 0)
			inside = true;
		else if (str_is(line, "}"))
			inside = false;
		else if (inside && memcmp(line.p, "type ", 5) != 0)
			n++;
	}
	return n;
}

static void check_text(const struct ir *ir, const struct buf *text)
{
	size_t i;

	for (i = 0; i < text->n; i++)
		require(text->p[i] == '\n' || text->p[i] == '\t' ||
			(text->p[i] >= ' ' && text->p[i] <= '~') ||
			((text->p[i] & 0x80) && ir_raw_first(ir)));
	require(count_rule_lines(text) == ir_count_rules(ir));
}

static void check_batch(const struct ir *ir)
{
	const struct batch_options options = { 0 };
	struct batch batch = { 0 };
	int ret = batch_build(&batch, ir, &options);

	require(ret == 0 || ret == -E2BIG ||
		(ret == -ENOEXEC && ir_raw_first(ir)));
	require(batch.n > 0);
	batch_free(&batch);
}

static bool marks_fit(const struct model *model)
{
	return lower_mark_count(model) <= epoch_count_max(model->mark_mask);
}

static void check_tests(const struct model *model)
{
	struct answer answer;
	size_t i;

	for (i = 0; i < model->ntests; i++) {
		model_evaluate(model, &model->tests[i].packet, &answer);
		require(answer.offload == !answer.why);
	}
}

/* The policy's text, empty if there is none, and all that is made of it. */
static void compile(struct str policy, struct buf *text)
{
	struct arena *arena = arena_new();
	struct model *model = NULL;
	struct sources sources;
	struct source *source;
	struct diags *diags;
	struct node *root;

	sources_init(&sources, arena);
	source = source_add(&sources, PATH, policy);
	diags = diags_new(arena, &sources);
	root = yaml_read(arena, source, diags);
	if (root)
		root = policy_define(arena, &sources, root, diags);
	if (root && !reads_outside(root))
		model = policy_bind(arena, &sources, source, root, diags);
	require_printable(diags);
	if (model && !diags_errors(diags) && marks_fit(model)) {
		struct ir *ir = lower(arena, model, NULL);

		emit_text(text, ir);
		check_text(ir, text);
		check_batch(ir);
		check_tests(model);
	}
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct str policy = { (const char *)data, size };
	struct buf first = { 0 }, second = { 0 };

	compile(policy, &first);
	if (first.n) {
		compile(policy, &second);
		require(first.n == second.n &&
			memcmp(first.p, second.p, first.n) == 0);
	}
	buf_free(&first);
	buf_free(&second);
	return 0;
}
