// SPDX-License-Identifier: GPL-2.0-only
/* One compilation from a path to the model. */
#include "compile.h"

#include <errno.h>

#include "policy/policy.h"
#include "read/read.h"

/* Half of the values: the next policy needs as many beside these. */
static void check_mark(struct compilation *c)
{
	const struct model *model = c->model;
	uint32_t mask = model->mark_mask;
	uint32_t room = (mask >> __builtin_ctz(mask)) / 2;
	uint32_t count = lower_mark_count(model);
	struct diag *diag;

	if (count <= room)
		return;
	diag = diag_error(c->diags, model->mark_mask_span,
			  "the mark has room for %u decisions, this policy "
			  "makes %u",
			  room, count);
	diag_help(diag, "widen \"mark-mask\"; each rule with \"log: every\" "
			"and each \"after\" is a decision");
}

int compile_open(struct compilation *c, const char *path)
{
	int err;

	*c = (struct compilation){ .arena = arena_new() };
	sources_init(&c->sources, c->arena);
	c->diags = diags_new(c->arena, &c->sources);
	err = source_read(&c->sources, path, &c->source);
	if (err)
		diag_error(c->diags, (struct span){ 0 }, "cannot read %s: %s",
			   path, strerror(-err));
	return err;
}

int compile_policy(struct compilation *c, const char *path)
{
	struct node *root;
	int err = compile_open(c, path);

	if (err)
		return err;
	root = policy_read(c->arena, c->source, policy_fields(), c->diags);
	if (root) {
		root = policy_include(c->arena, &c->sources, root, c->diags);
		root = policy_define(c->arena, &c->sources, root, c->diags);
		c->model = policy_bind(c->arena, &c->sources, c->source, root,
				       c->diags);
	}
	if (!diags_errors(c->diags))
		check_mark(c);
	if (!diags_errors(c->diags))
		return 0;
	c->model = NULL;
	return -EINVAL;
}

void compile_free(struct compilation *c)
{
	arena_free(c->arena);
	c->arena = NULL;
}
