// SPDX-License-Identifier: GPL-2.0-only
/* From one spelling to the other: see convert.h. */
#include "convert.h"

#include <errno.h>

#include "policy/policy.h"
#include "print/fmt.h"
#include "print/print.h"

int compile_read(struct compilation *c, const char *path)
{
	int err = compile_open(c, path);

	if (err)
		return err;
	c->root = policy_read(c->arena, c->source, policy_fields(), c->diags);
	return c->root && !diags_errors(c->diags) ? 0 : -EINVAL;
}

static const char *name_of(enum spelling spelling)
{
	return spelling == SPELLING_YAML ? "a.yaml" : "a.policy";
}

static struct source *source_of_text(struct sources *sources,
				     struct arena *arena,
				     enum spelling spelling,
				     const struct buf *text)
{
	sources_init(sources, arena);
	return source_add(sources, name_of(spelling),
			  (struct str){ text->p ? text->p : "", text->n });
}

static void put_in_order(struct buf *out, const struct source *source,
			 enum spelling spelling)
{
	if (spelling == SPELLING_YAML)
		fmt_yaml(out, source);
	else
		fmt_policy(out, source, policy_fields());
}

/*
 * Whether @text, read again by whoever will read it, is the same policy as was
 * read, or with @strictly the very same tree.
 */
static bool is_same(const struct compilation *c, enum spelling spelling,
		    const struct buf *text, bool strictly)
{
	struct arena *arena = arena_new();
	struct sources sources;
	struct source *source;
	struct node *root;
	bool same;

	source = source_of_text(&sources, arena, spelling, text);
	root = policy_read(arena, source, policy_fields(),
			   diags_new(arena, &sources));
	if (!root)
		same = false;
	else if (strictly)
		same = fmt_equal(c->root, root);
	else
		same = print_same(c->root, root, policy_fields());
	arena_free(arena);
	return same;
}

static void put_head(struct buf *out, const char *head)
{
	struct str rest = str_of(head);

	while (rest.p) {
		struct str line = str_cut(&rest, '\n');

		buf_printf(out, "# %.*s\n", STR_ARG(line));
	}
}

static void print_in_order(const struct compilation *c, enum spelling to,
			   const struct import *import, struct buf *out)
{
	const struct print_notes *notes = import ? &import->notes : NULL;
	struct arena *arena = arena_new();
	struct buf text = { 0 };
	struct sources sources;

	if (import)
		put_head(&text, import->head);
	if (to == SPELLING_YAML)
		print_yaml_noted(&text, c->root, notes);
	else
		print_policy_noted(&text, c->root, policy_fields(), notes);
	put_in_order(out, source_of_text(&sources, arena, to, &text), to);
	buf_free(&text);
	arena_free(arena);
}

int convert_policy(struct compilation *c, enum spelling to, struct buf *out)
{
	if (c->root->kind != NODE_MAP && c->root->kind != NODE_NULL) {
		diag_error(c->diags, c->root->span,
			   "a policy is keys and values: there is nothing to "
			   "convert");
		return -EINVAL;
	}
	print_in_order(c, to, NULL, out);
	if (is_same(c, to, out, false))
		return 0;
	diag_error(c->diags, c->root->span,
		   "the other spelling has no way to say all of this");
	return -EINVAL;
}

int format_policy(struct compilation *c, struct buf *out)
{
	enum spelling spelling = spelling_of(c->source);

	put_in_order(out, c->source, spelling);
	if (is_same(c, spelling, out, true))
		return 0;
	diag_error(c->diags, c->root->span,
		   "this cannot be put in order without a change of what it "
		   "says");
	return -EINVAL;
}

/* A file beside the firewall's own. */
static int read_beside(struct compilation *c, const char *path,
		       struct source **source)
{
	int err = source_read(&c->sources, path, source);

	if (err)
		diag_error(c->diags, (struct span){ 0 }, "cannot read %s: %s",
			   path, strerror(-err));
	return err;
}

static int read_files(struct compilation *c, const struct import_files *files,
		      struct import *import)
{
	struct source *source;
	int err = 0;

	if (files->network)
		err = read_beside(c, files->network, &source);
	if (!err && files->network)
		import->networks = networks_read(c->arena, source, c->diags);
	if (!err && files->system)
		err = read_beside(c, files->system, &source);
	if (!err && files->system)
		import->timezone = import_timezone(c->arena, source, c->diags);
	if (err)
		return err;
	return diags_errors(c->diags) ? -EINVAL : 0;
}

int import_policy(struct compilation *c, const struct import_files *files,
		  struct import *import, enum spelling to, struct buf *out)
{
	int err = compile_open(c, files->firewall);

	import->arena = c->arena;
	import->diags = c->diags;
	if (!err)
		err = read_files(c, files, import);
	if (err)
		return err;
	if (!import_uci(import, c->source))
		return -EINVAL;
	c->root = import->root;
	print_in_order(c, to, import, out);
	if (is_same(c, to, out, false))
		return 0;
	diag_error(c->diags, (struct span){ 0 },
		   "a value of this file cannot be written in a policy");
	return -EINVAL;
}
