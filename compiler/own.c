// SPDX-License-Identifier: GPL-2.0-only
/*
 * /etc/config/nftoffc: see own.h.
 *
 * A section is an entry, or a part, of the policy; its options are the keys of
 * that, with "_" for "-", which uci's names cannot have; a list is a list; "!" in
 * front of a value is "not", and where the language asks for true or false, uci's
 * 1, on and yes, and their opposites, mean that.
 */
#include "own.h"

#include <errno.h>

#include "import/uci.h"
#include "policy/policy.h"
#include "read/read.h"

struct own {
	struct compilation *c;
	struct arena *arena;
	const struct uci_section *main; /* NULL: not yet */
	struct node *root, *offload;
};

/* Where what a section says stands in a policy. */
enum where {
	MAIN,	 /* the policy's own keys */
	OFFLOAD, /* those of "offload" */
	LIST,	 /* an entry of a list there */
	NAMED,	 /* of a map of names there; with its name */
	RULE,	 /* a rule of that kind */
};

struct kind {
	const char *type;
	const char *key; /* of the list, or the map */
	enum where where;
	bool in_offload;
};

static const struct kind kinds[] = {
	{ "nftoffc", NULL, MAIN },
	{ "offload", NULL, OFFLOAD },
	{ "eligible", "eligible", LIST, true },
	{ "exempt", "exempt", LIST, true },
	{ "flowtable", "flowtables", NAMED, true },
	{ "zone", "zones", NAMED },
	{ "set", "sets", NAMED },
	{ NULL },
};

/*
 * The tree
 */

static void put(struct own *o, struct node *map, struct node *key,
		struct node *value)
{
	tree_pair(o->arena, map, key, value);
	map->span = span_join(map->span, span_join(key->span, value->span));
}

static void add(struct own *o, struct node *list, struct node *item)
{
	tree_add(o->arena, list, item);
	list->span = span_join(list->span, item->span);
}

/* The value of @key in @map, made as @kind where it is not there yet. */
static struct node *part(struct own *o, struct node *map, const char *key,
			 enum node_kind kind, struct span span)
{
	struct node *value = tree_get(map, key);

	if (value && value->kind == kind)
		return value;
	value = tree_node(o->arena, kind, span);
	put(o, map, tree_text(o->arena, str_of(key), span), value);
	return value;
}

/*
 * The language
 */

static const struct field *field_of(const struct field *fields, struct str key)
{
	for (; fields && fields->key; fields++)
		if (str_is(key, fields->key))
			return fields;
	return NULL;
}

/* The kind of rule that @type is, with its fields; NULL if it is none. */
static const struct field *rule_fields_of(struct str type, const char **word)
{
	const struct field *rules = field_of(policy_fields(), STR("rules"));
	struct field_kind kind;
	size_t i;

	for (i = 0; rules->kind_at(i, &kind); i++) {
		*word = kind.word;
		if (str_is(type, kind.word))
			return kind.fields;
	}
	return NULL;
}

static const struct field *fields_of(const struct kind *kind)
{
	const struct field *fields = policy_fields();
	const struct field *offload = field_of(fields, STR("offload"));

	if (kind->where == MAIN)
		return fields;
	if (kind->where == OFFLOAD)
		return offload->fields;
	if (kind->in_offload)
		fields = offload->fields;
	return field_of(fields, str_of(kind->key))->fields;
}

/* "source_port" is "source-port". */
static struct str in_language(struct own *o, struct str name)
{
	char *text = arena_strndup(o->arena, name.p, name.n);
	size_t i;

	for (i = 0; i < name.n; i++)
		if (text[i] == '_')
			text[i] = '-';
	return (struct str){ text, name.n };
}

static struct str truth(struct str text)
{
	static const char *const words[][2] = {
		{ "1", "true" },   { "on", "true" },
		{ "yes", "true" }, { "enabled", "true" },
		{ "0", "false" },  { "off", "false" },
		{ "no", "false" }, { "disabled", "false" },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(text, words[i][0]))
			return str_of(words[i][1]);
	return text;
}

static struct node *scalar_of(struct own *o, const struct field *field,
			      const struct uci_value *value)
{
	struct str text = value->text;

	if (field &&
	    (field->how & FIELD_FLAG || str_is(str_of(field->type), "<bool>")))
		text = truth(text);
	return tree_text(o->arena, text, value->span);
}

/* With "!" in front it is one that must not hold. */
static bool is_negated(const struct uci_value *value)
{
	return value->text.n > 1 && value->text.p[0] == '!';
}

static struct node *value_of(struct own *o, const struct field *field,
			     const struct uci_option *option)
{
	struct node *list, *map;
	struct uci_value first = option->values.v[0];
	bool negated = !field && is_negated(&first);
	size_t i;

	if (!option->list && !negated)
		return scalar_of(o, field, &first);
	list = tree_node(o->arena, NODE_LIST, option->span);
	for (i = 0; i < option->values.n; i++) {
		struct uci_value value = option->values.v[i];

		if (negated && is_negated(&value))
			value.text = str_trim((struct str){ value.text.p + 1,
							    value.text.n - 1 });
		add(o, list, scalar_of(o, field, &value));
	}
	if (!negated)
		return list;
	map = tree_node(o->arena, NODE_MAP, option->span);
	put(o, map, tree_text(o->arena, STR("not"), option->span), list);
	return map;
}

static bool is_ours_to_read(struct str name)
{
	return str_is(name, "enabled") || str_is(name, "policy");
}

static void put_options(struct own *o, struct node *map,
			const struct field *fields,
			const struct uci_section *section)
{
	size_t i;

	for (i = 0; i < section->options.n; i++) {
		const struct uci_option *option = section->options.v[i];
		struct str name = in_language(o, option->name);
		const struct field *field = field_of(fields, name);

		if (!option->values.n || str_is(option->name, "enabled") ||
		    (section == o->main && is_ours_to_read(option->name)))
			continue;
		if (section == o->main && str_is(option->name, "name"))
			name = STR("policy");
		put(o, map, tree_text(o->arena, name, option->span),
		    value_of(o, field, option));
	}
}

/* What uci calls it, it is called here, too. */
static void put_name(struct own *o, struct node *map,
		     const struct uci_section *section)
{
	if (section->name.p && !tree_get(map, "name"))
		put(o, map, tree_text(o->arena, STR("name"), section->span),
		    tree_text(o->arena, section->name, section->span));
}

/*
 * Sections
 */

static bool is_off(const struct uci_section *section)
{
	const struct uci_option *option = uci_option(section, "enabled");

	return option && option->values.n &&
	       str_is(truth(option->values.v[0].text), "false");
}

static void unknown_type(struct own *o, const struct uci_section *section)
{
	struct suggest suggest = suggest_for(section->type);
	const struct kind *kind;

	for (kind = kinds; kind->type; kind++)
		suggest_name(&suggest, str_of(kind->type));
	suggest_help(&suggest,
		     diag_error(o->c->diags, section->span,
				"nftoffc has no sections of type \"%.*s\"",
				STR_ARG(section->type)));
}

static void take_named(struct own *o, const struct kind *kind,
		       const struct uci_section *section, struct node *into)
{
	struct node *map = tree_node(o->arena, NODE_MAP, section->span);

	if (!section->name.p) {
		diag_help(diag_error(o->c->diags, section->span,
				     "this section needs a name"),
			  "as in \"config %s 'lan'\"", kind->type);
		return;
	}
	put_options(o, map, fields_of(kind), section);
	put(o, part(o, into, kind->key, NODE_MAP, section->span),
	    tree_text(o->arena, section->name, section->span), map);
}

static void take_kind(struct own *o, const struct kind *kind,
		      const struct uci_section *section)
{
	struct node *into = o->root, *map;

	if (kind->where == OFFLOAD || kind->in_offload)
		into = part(o, o->root, "offload", NODE_MAP, section->span);
	if (kind->where == NAMED) {
		take_named(o, kind, section, into);
		return;
	}
	map = into;
	if (kind->where == LIST) {
		map = tree_node(o->arena, NODE_MAP, section->span);
		add(o, part(o, into, kind->key, NODE_LIST, section->span), map);
	}
	put_options(o, map, fields_of(kind), section);
	if (kind->where == LIST)
		put_name(o, map, section);
}

static bool take_rule(struct own *o, const struct uci_section *section)
{
	struct node *entry = tree_node(o->arena, NODE_MAP, section->span);
	struct node *map = tree_node(o->arena, NODE_MAP, section->span);
	const struct field *fields;
	const char *word;

	fields = rule_fields_of(in_language(o, section->type), &word);
	if (!fields)
		return false;
	put_options(o, map, fields, section);
	put_name(o, map, section);
	put(o, entry, tree_text(o->arena, str_of(word), section->span), map);
	add(o, part(o, o->root, "rules", NODE_LIST, section->span), entry);
	return true;
}

static void second_main(struct own *o, const struct uci_section *section)
{
	diag_note(diag_error(o->c->diags, section->span,
			     "the policy has one section of type \"nftoffc\""),
		  o->main->span, "it is here");
}

static void take_section(struct own *o, const struct uci_section *section)
{
	const struct kind *kind;

	if (is_off(section) && section != o->main)
		return;
	if (section != o->main && str_is(section->type, "nftoffc")) {
		second_main(o, section);
		return;
	}
	for (kind = kinds; kind->type; kind++)
		if (str_is(section->type, kind->type)) {
			take_kind(o, kind, section);
			return;
		}
	if (!take_rule(o, section))
		unknown_type(o, section);
}

static const struct uci_section *main_of(const struct uci *uci)
{
	size_t i;

	for (i = 0; i < uci->sections.n; i++)
		if (str_is(uci->sections.v[i]->type, "nftoffc"))
			return uci->sections.v[i];
	return NULL;
}

/* What people of uci mean who say nothing: beside fw4, with its zones. */
static void put_defaults(struct own *o, struct span span)
{
	static const char *const defaults[][2] = { { "policy", "openwrt" },
						   { "mode", "fw4" },
						   { "zones", "fw4" } };
	size_t i;

	for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (!tree_get(o->root, defaults[i][0]))
			put(o, o->root,
			    tree_text(o->arena, str_of(defaults[i][0]), span),
			    tree_text(o->arena, str_of(defaults[i][1]), span));
}

/* The file that "option policy" names says all of it. */
static struct node *read_other(struct own *o, const struct uci *uci,
			       const struct source *source,
			       const struct uci_value *path)
{
	struct distrust distrust;
	struct source *other;
	int err;

	if (uci->sections.n > 1)
		diag_help(
			diag_error(o->c->diags, uci->sections.v[1]->span,
				   "the policy is in %.*s: there this belongs",
				   STR_ARG(path->text)),
			"take \"option policy\" out, or this section");
	err = source_read_named(&o->c->sources,
				source_beside(o->arena, source->path,
					      path->text),
				path->span, &other, &distrust);
	if (!err) {
		o->c->source = other; /* to which its files are relative */
		return policy_read(o->arena, other, policy_fields(),
				   o->c->diags);
	}
	diag_error(o->c->diags, path->span, "cannot read %.*s: %s",
		   STR_ARG(path->text),
		   err == -EKEYREJECTED ? "it is not to be trusted" :
					  strerror(-err));
	return NULL;
}

/* A policy's own spellings say so by their names. */
static bool is_named_otherwise(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml") ||
		       !strcmp(dot, ".policy"));
}

bool is_own_uci(const struct source *source)
{
	struct str rest = source->text;

	while (rest.p && !is_named_otherwise(source->path)) {
		struct str line = str_trim(str_cut(&rest, '\n'));
		struct str word = str_cut(&line, ' ');

		if (!str_is(word, "config") || !line.p)
			continue;
		line = str_trim(line);
		word = str_cut(&line, ' ');
		if (str_is(word, "nftoffc") || str_is(word, "'nftoffc'"))
			return true;
	}
	return false;
}

struct node *own_uci_read(struct compilation *c, const struct source *source)
{
	struct own o = { .c = c, .arena = c->arena };
	const struct uci *uci = uci_read(c->arena, source, c->diags);
	const struct span all = { source->id, 0, 0 };
	const struct uci_option *policy;
	size_t i;

	o.main = main_of(uci);
	if (!o.main) /* the words were in quotes */
		diag_error(c->diags, all,
			   "there is no section of type \"nftoffc\"");
	if (!o.main || diags_errors(c->diags))
		return NULL;
	policy = uci_option(o.main, "policy");
	if (policy && policy->values.n)
		return read_other(&o, uci, source, &policy->values.v[0]);
	o.root = tree_node(o.arena, NODE_MAP, all);
	for (i = 0; i < uci->sections.n; i++)
		take_section(&o, uci->sections.v[i]);
	put_defaults(&o, o.main->span);
	return o.root;
}
