// SPDX-License-Identifier: GPL-2.0-only
/* From one spelling to the other: see convert.h. */
#include "convert.h"

#include <errno.h>

#include "policy/policy.h"
#include "print/print.h"

int compile_read(struct compilation *c, const char *path)
{
	int err = compile_open(c, path);

	if (err)
		return err;
	c->root = policy_read(c->arena, c->source, policy_fields(), c->diags);
	return c->root ? 0 : -EINVAL;
}

/* What was printed, read again by whoever will read it. */
static bool is_same(struct compilation *c, enum spelling to,
		    const struct buf *text)
{
	struct arena *arena = arena_new();
	struct sources sources;
	struct source *source;
	struct node *root;
	bool same;

	sources_init(&sources, arena);
	source = source_add(&sources,
			    to == SPELLING_YAML ? "a.yaml" : "a.policy",
			    (struct str){ text->p ? text->p : "", text->n });
	root = policy_read(arena, source, policy_fields(),
			   diags_new(arena, &sources));
	same = root && print_same(c->root, root, policy_fields());
	arena_free(arena);
	return same;
}

int convert_policy(struct compilation *c, enum spelling to, struct buf *out)
{
	if (c->root->kind != NODE_MAP && c->root->kind != NODE_NULL) {
		diag_error(c->diags, c->root->span,
			   "a policy is keys and values: there is nothing to "
			   "convert");
		return -EINVAL;
	}
	if (to == SPELLING_YAML)
		print_yaml(out, c->root);
	else
		print_policy(out, c->root, policy_fields());
	if (is_same(c, to, out))
		return 0;
	diag_error(c->diags, c->root->span,
		   "the other spelling has no way to say all of this");
	return -EINVAL;
}
