// SPDX-License-Identifier: GPL-2.0-only
/* One compilation from a path to the model. */
#include "compile.h"

#include <errno.h>

#include "own.h"
#include "policy/policy.h"
#include "read/read.h"
#include "zones.h"

/* Half of the values: the next policy needs as many beside these. */
/* The first few rules that go on with a connection: they multiply. */
static void note_rules(struct compilation *c, struct diag *diag)
{
	size_t i, n = 0;

	for (i = 0; i < c->model->nrules && n < 3; i++) {
		const struct rule *rule = &c->model->rules[i];

		if (!action_goes_on(rule->action) || !rule_need(rule))
			continue;
		diag_note(diag, rule->action_span,
			  "this goes on with each of "
			  "its connections");
		n++;
	}
}

static void check_mark(struct compilation *c)
{
	const struct model *model = c->model;
	uint32_t mask = model->mark_mask;
	uint32_t room = (mask >> __builtin_ctz(mask)) / 2;
	uint32_t count = lower_mark_count(model);
	struct diag *diag;

	if (count <= room)
		return;
	if (count == UINT32_MAX)
		diag = diag_error(c->diags, model->mark_mask_span,
				  "the mark has room for %u decisions, this "
				  "policy makes more than can be counted",
				  room);
	else
		diag = diag_error(c->diags, model->mark_mask_span,
				  "the mark has room for %u decisions, this "
				  "policy makes %u",
				  room, count);
	note_rules(c, diag);
	diag_help(diag, "widen \"mark-mask\"; each \"after\" is a decision, "
			"and so is each way in which rules that see every "
			"packet come together");
}

void compile_nothing(struct compilation *c)
{
	*c = (struct compilation){ .arena = arena_new() };
	sources_init(&c->sources, c->arena);
	c->diags = diags_new(c->arena, &c->sources);
}

int compile_open(struct compilation *c, const char *path)
{
	int err;

	compile_nothing(c);
	err = source_read(&c->sources, path, &c->source);
	if (err)
		diag_error(c->diags, (struct span){ 0 }, "cannot read %s: %s",
			   path, strerror(-err));
	return err;
}

/* The policy's own spellings, and uci's. */
static struct node *read_policy(struct compilation *c)
{
	if (is_own_uci(c->source))
		return own_uci_read(c, c->source);
	return policy_read(c->arena, c->source, policy_fields(), c->diags);
}

static int compile_source(struct compilation *c)
{
	struct span offloads = { 0 };
	struct node *root;

	root = read_policy(c);
	if (root) {
		root = policy_include(c->arena, &c->sources, root, c->diags);
		root = policy_define(c->arena, &c->sources, root, c->diags);
		root = zones_of_fw4(c, root, &offloads);
		c->model = policy_bind(c->arena, &c->sources, c->source, root,
				       c->diags);
		zones_check_offloads(c, offloads);
	}
	if (!diags_errors(c->diags))
		check_mark(c);
	if (!diags_errors(c->diags))
		return 0;
	c->model = NULL;
	return -EINVAL;
}

int compile_policy(struct compilation *c, const char *path)
{
	int err = compile_open(c, path);

	return err ? err : compile_source(c);
}

int compile_string(struct compilation *c, const char *name, struct str text)
{
	compile_nothing(c);
	c->source = source_add(&c->sources, name, text);
	return compile_source(c);
}

int compile_kept(struct compilation *c, const struct kept_files *kept)
{
	int err = kept->files.n ? 0 : -ENOENT;

	compile_nothing(c);
	c->sources.kept = kept;
	if (!err)
		err = source_read(&c->sources, kept->files.v[0].path,
				  &c->source);
	return err ? err : compile_source(c);
}

void compile_free(struct compilation *c)
{
	arena_free(c->arena);
	c->arena = NULL;
}
