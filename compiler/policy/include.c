// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy out of several files: "include" at the top level.
 *
 *	include: [site.yaml, zones.d/lan-*.yaml]
 *
 * The files become one tree, as if somebody had written it: maps of the top
 * level are joined, lists follow each other, those of included files ahead of
 * those of the file that includes them. Nothing is replaced: what is given
 * twice stays there twice, and whoever binds it reports both places.
 *
 * What must stay true: a file is taken once, however often it is included, and
 * the result depends on nothing but the names and texts of the files; depth,
 * number and size are bounded.
 */
#include <errno.h>

#include "bind.h"
#include "policy.h"
#include "read/read.h"

struct gather {
	struct binder b; /* only to report, and to read names */
	VEC(struct node *)
	parts; /* the files' maps, as they follow each other */
	/* Those that are being read: each includes the next one. */
	const struct source *open[INCLUDE_MAX_DEPTH + 1];
	size_t depth;
	size_t files; /* included so far, and what they hold */
	uint64_t bytes;
	bool full;
};

static void take_file(struct gather *g, const struct source *source,
		      struct node *root);

/* The files that @source includes on the way to itself. */
static void refuse_circle(struct gather *g, const struct node *node,
			  const struct source *source, size_t at)
{
	struct diag *diag = diag_error(g->b.diags, node->span,
				       at + 1 == g->depth ?
					       "%s includes itself" :
					       "%s is included in a circle",
				       source->path);

	for (at++; at < g->depth; at++)
		diag_note(diag, g->open[at]->named, "%s is included here",
			  g->open[at]->path);
}

/* A file that was taken already is nothing new, or a circle. */
static bool is_taken(struct gather *g, const struct node *node,
		     const char *path)
{
	const struct source *source = source_find(g->b.sources, path);
	size_t i;

	for (i = 0; source && i < g->depth; i++)
		if (g->open[i] == source)
			refuse_circle(g, node, source, i);
	return source != NULL;
}

/* Files together no larger than one may be: spans and memory are bounded. */
static bool is_full(struct gather *g, const struct source *source)
{
	g->bytes += source->text.n;
	if (++g->files <= INCLUDE_MAX_FILES && g->bytes <= SOURCE_MAX_BYTES)
		return false;
	g->full = true;
	if (g->files > INCLUDE_MAX_FILES)
		diag_error(g->b.diags, source->named,
			   "a policy cannot include more than %d files",
			   INCLUDE_MAX_FILES);
	else
		diag_error(g->b.diags, source->named,
			   "the files together are larger than %u bytes",
			   SOURCE_MAX_BYTES);
	return true;
}

static void take_path(struct gather *g, const struct node *node,
		      const char *path)
{
	struct binder *b = &g->b;
	struct source *source;
	struct node *root;

	if (g->full || is_taken(g, node, path))
		return;
	if (g->depth > INCLUDE_MAX_DEPTH) {
		diag_error(b->diags, node->span,
			   "files include each other more than %d deep",
			   INCLUDE_MAX_DEPTH);
		return;
	}
	if (!bind_source(b, node, path, &source) || is_full(g, source))
		return;
	root = policy_read(b->arena, source, policy_fields(), b->diags);
	if (root)
		take_file(g, source, root);
}

static bool is_pattern(const char *path)
{
	return path[strcspn(path, "*?[")] != '\0';
}

/* The directory of the file that includes is no pattern, whatever it has. */
static const char *quote_pattern(struct arena *arena, struct str text)
{
	char *quoted = arena_alloc(arena, 2 * text.n + 1);
	size_t i, n = 0;

	for (i = 0; i < text.n; i++) {
		if (strchr("*?[\\", text.p[i]))
			quoted[n++] = '\\';
		quoted[n++] = text.p[i];
	}
	return quoted;
}

/* What matches is read in the order of its bytes, in whatever locale. */
static void take_pattern(struct gather *g, const struct node *node,
			 struct str name)
{
	const char *from = source_of(g->b.sources, node->span)->path;
	const char *slash = strrchr(from, '/');
	const char *pattern = "";
	struct path_list found = { 0 };
	size_t i;

	if (slash && name.p[0] != '/')
		pattern = quote_pattern(
			g->b.arena,
			(struct str){ from, (size_t)(slash + 1 - from) });
	pattern = arena_printf(g->b.arena, "%s%.*s", pattern, STR_ARG(name));
	if (source_glob(g->b.sources, pattern, &found))
		diag_error(g->b.diags, node->span,
			   "a directory that this leads to cannot be read");
	/* that nothing matches is as good as something */
	for (i = 0; i < found.list.n; i++)
		take_path(g, node, found.list.v[i]);
}

static void take_include(struct binder *b, const struct node *node, void *into)
{
	struct gather *g = into;
	const struct source *from;
	struct str text;
	const char *path;

	if (!bind_text(b, node, "the name of a file, or a pattern of names",
		       &text))
		return;
	if (text.p[0] == '$') {
		diag_error(b->diags, node->span,
			   "variables are not known yet when files are "
			   "included");
		return;
	}
	from = source_of(b->sources, node->span);
	path = source_beside(b->arena, from->path, text);
	if (is_pattern(arena_printf(b->arena, "%.*s", STR_ARG(text))))
		take_pattern(g, node, text);
	else
		take_path(g, node, path);
}

/* Without a value it is the binder's to report. */
static bool is_include(const struct pair *pair)
{
	return str_is(pair->key->scalar, "include") &&
	       pair->value->kind != NODE_NULL;
}

static void refuse_name(struct gather *g, const struct node *key)
{
	struct diag *diag;

	diag = diag_error(g->b.diags, key->span,
			  "an included file does not name the policy");
	diag_help(diag, "\"policy\" stands in %s only", g->open[0]->path);
}

static void follow(struct gather *g, const struct pair *pair,
		   const struct node **first)
{
	struct diag *diag;

	if (!*first) {
		*first = pair->key;
		bind_each(&g->b, pair->value, take_include, g);
		return;
	}
	diag = diag_error(g->b.diags, pair->key->span,
			  "the key \"include\" is given twice");
	diag_note(diag, (*first)->span, "it is first given here");
	diag_help(diag, "several files are a list, as in [a.yaml, b.yaml]");
}

/* True if the pair is one of those to be joined. */
static bool take_pair(struct gather *g, const struct pair *pair,
		      const struct node **include)
{
	bool named = str_is(pair->key->scalar, "policy") && g->depth > 1;

	if (named)
		refuse_name(g, pair->key);
	else if (!is_include(pair))
		return true;
	else
		follow(g, pair, include);
	return false;
}

/* Includes first; then what the file itself says, without that word. */
static void take_file(struct gather *g, const struct source *source,
		      struct node *root)
{
	struct node *part = arena_new_object(g->b.arena, struct node);
	const struct node *include = NULL;
	size_t i;

	if (root->kind == NODE_NULL && g->depth)
		return; /* an empty file in a directory of them */
	if (root->kind != NODE_MAP) {
		bind_expected(&g->b, root, "the keys and values of a policy");
		return;
	}
	g->open[g->depth++] = source;
	*part = *root;
	part->map.pairs =
		arena_array(g->b.arena, root->map.n, sizeof(*part->map.pairs));
	part->map.n = 0;
	for (i = 0; i < root->map.n; i++)
		if (take_pair(g, &root->map.pairs[i], &include))
			part->map.pairs[part->map.n++] = root->map.pairs[i];
	g->depth--;
	*vec_push(g->b.arena, &g->parts) = part;
}

/* Joining the parts. */

/* Of one key: what each part says, and what a part says again. */
struct group {
	VEC(struct pair) pairs, again;
	size_t part; /* the last that has it */
};

static void add_pair(struct gather *g, struct map *groups,
		     const struct pair *pair, size_t part)
{
	struct group *group = map_get(groups, pair->key->scalar);

	if (group && group->part == part) {
		*vec_push(g->b.arena, &group->again) = *pair;
		return;
	}
	if (!group) {
		group = arena_new_object(g->b.arena, struct group);
		map_add(groups, pair->key->scalar, group);
	}
	group->part = part;
	*vec_push(g->b.arena, &group->pairs) = *pair;
}

static bool all_of_kind(const struct group *group, enum node_kind kind)
{
	size_t i;

	for (i = 0; i < group->pairs.n; i++)
		if (group->pairs.v[i].value->kind != kind)
			return false;
	return true;
}

static struct node *join_lists(struct gather *g, const struct group *group)
{
	struct node *list = arena_new_object(g->b.arena, struct node);
	VEC(struct node *) items = { 0 };
	size_t i, j;

	for (i = 0; i < group->pairs.n; i++) {
		const struct node *value = group->pairs.v[i].value;

		*list = *value;
		for (j = 0; j < value->list.n; j++)
			*vec_push(g->b.arena, &items) = value->list.items[j];
	}
	list->list.items = items.v;
	list->list.n = items.n;
	return list;
}

static struct node *join_maps(struct gather *g, const struct group *group)
{
	struct node *map = arena_new_object(g->b.arena, struct node);
	VEC(struct pair) pairs = { 0 };
	size_t i, j;

	for (i = 0; i < group->pairs.n; i++) {
		const struct node *value = group->pairs.v[i].value;

		*map = *value;
		for (j = 0; j < value->map.n; j++)
			*vec_push(g->b.arena, &pairs) = value->map.pairs[j];
	}
	map->map.pairs = pairs.v;
	map->map.n = pairs.n;
	return map;
}

static struct node *join_parts(struct gather *g, struct node *const *parts,
			       size_t n, bool top);

/* The offload section is joined as the policy is: entry by entry. */
static struct node *join_sections(struct gather *g, const struct group *group)
{
	struct node **parts =
		arena_array(g->b.arena, group->pairs.n, sizeof(*parts));
	size_t i;

	for (i = 0; i < group->pairs.n; i++)
		parts[i] = group->pairs.v[i].value;
	return join_parts(g, parts, group->pairs.n, false);
}

/* NULL if they cannot be one. */
static struct node *join_group(struct gather *g, const struct group *group,
			       bool top)
{
	struct str key = group->pairs.v[0].key->scalar;

	if (group->pairs.n == 1)
		return group->pairs.v[0].value;
	if (all_of_kind(group, NODE_LIST))
		return join_lists(g, group);
	if (!all_of_kind(group, NODE_MAP))
		return NULL;
	return top && str_is(key, "offload") ? join_sections(g, group) :
					       join_maps(g, group);
}

static struct node *join_parts(struct gather *g, struct node *const *parts,
			       size_t n, bool top)
{
	struct node *root = arena_new_object(g->b.arena, struct node);
	VEC(struct pair) pairs = { 0 };
	struct map groups;
	size_t i, j;

	map_init(&groups, g->b.arena);
	for (i = 0; i < n; i++)
		for (j = 0; j < parts[i]->map.n; j++)
			add_pair(g, &groups, &parts[i]->map.pairs[j], i);
	for (i = 0; i < groups.entries.n; i++) {
		const struct group *group = groups.entries.v[i].value;
		struct node *value = join_group(g, group, top);

		for (j = 0; j < (value ? 1 : group->pairs.n); j++)
			*vec_push(g->b.arena, &pairs) = (struct pair){
				group->pairs.v[j].key,
				value ? value : group->pairs.v[j].value,
			};
		for (j = 0; j < group->again.n; j++)
			*vec_push(g->b.arena, &pairs) = group->again.v[j];
	}
	*root = *parts[n - 1]; /* the file that includes all others */
	root->map.pairs = pairs.v;
	root->map.n = pairs.n;
	return root;
}

static bool includes(const struct node *root)
{
	size_t i;

	for (i = 0; root->kind == NODE_MAP && i < root->map.n; i++)
		if (is_include(&root->map.pairs[i]))
			return true;
	return false;
}

struct node *policy_include(struct arena *arena, struct sources *sources,
			    struct node *root, struct diags *diags)
{
	struct gather g = {
		.b = { .arena = arena, .sources = sources, .diags = diags },
	};

	if (!includes(root))
		return root;
	take_file(&g, source_of(sources, root->span), root);
	return join_parts(&g, g.parts.v, g.parts.n, true);
}
