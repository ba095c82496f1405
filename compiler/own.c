// SPDX-License-Identifier: GPL-2.0-only
/*
 * /etc/config/nftoffc: see own.h.
 *
 * A section is an entry, or a part, of the policy; its options are the keys of
 * that, with "_" for "-", which uci's names cannot have; a list is a list, and so
 * are the words of one value where several are allowed, as fw4 has it; "!" in
 * front of a value is "not", and where the language asks for true or false, uci's
 * 1, on and yes, and their opposites, mean that.
 *
 * What must stay true: of what libuci would quietly leave out, since it takes the
 * last, nothing is: what is said twice is a mistake.
 */
#include "own.h"

#include <errno.h>

#include "import/uci.h"
#include "policy/policy.h"
#include "read/read.h"
#include "vocab/match.h"

struct own {
	struct compilation *c;
	struct arena *arena;
	const struct uci_section *main; /* NULL: not yet */
	struct node *root, *offload;
};

/* Where what a section says stands in a policy. */
enum where {
	MAIN,  /* the policy's own keys */
	PART,  /* those of one of its maps */
	LIST,  /* an entry of a list there */
	NAMED, /* of a map of names there; with its name */
};

struct kind {
	const char *type;
	const char *key; /* of the list, or the map */
	enum where where;
	bool in_offload;
};

static const struct kind kinds[] = {
	{ "nftoffc", NULL, MAIN },
	{ "offload", "offload", PART },
	{ "default", "default", PART },
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

	if (kind->where == MAIN)
		return fields;
	if (kind->in_offload)
		fields = field_of(fields, STR("offload"))->fields;
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

/*
 * Values
 */

/* Those of an option, one for one. */
struct values {
	VEC(struct uci_value) v;
};

static bool takes_several(const struct field *field, struct str name)
{
	if (!field)
		return match_word_find(name) != NULL;
	return !(field->how & FIELD_PHRASE) &&
	       (field->how & FIELD_LIST || strstr(field->type, "<list>") ||
		strstr(field->type, "<zones>") ||
		strstr(field->type, "<devices>"));
}

/* Where a part of a value stands; in pieces or escaped, all of the value. */
static struct span span_of_part(const struct uci_value *value, struct str part)
{
	struct span span = value->span;

	if (span.length != value->text.n + 2)
		return span;
	span.offset += 1 + (uint32_t)(part.p - value->text.p);
	span.length = (uint32_t)part.n;
	return span;
}

/* The next of several words, "! 10.0.0.1" being one; none is empty. */
static struct str next_word(struct str *rest)
{
	struct str text = str_trim(*rest), word;
	size_t blanks = 0;

	*rest = text;
	word = str_cut(rest, ' ');
	if (!str_is(word, "!") || !rest->n)
		return word;
	while (blanks < rest->n && rest->p[blanks] == ' ')
		blanks++;
	*rest = (struct str){ rest->p + blanks, rest->n - blanks };
	word.n = (size_t)(rest->p - word.p) + str_cut(rest, ' ').n;
	return word;
}

static void split(struct own *o, const struct uci_value *value,
		  struct values *out)
{
	struct str rest = str_trim(value->text), word;

	while (rest.n) {
		word = next_word(&rest);
		*vec_push(o->arena, &out->v) =
			(struct uci_value){ word, span_of_part(value, word) };
	}
}

static void values_of(struct own *o, const struct field *field, struct str name,
		      const struct uci_option *option, struct values *out)
{
	bool several = takes_several(field, name) && !option->list &&
		       memchr(option->values.v[0].text.p, ' ',
			      option->values.v[0].text.n);
	size_t i;

	for (i = 0; i < option->values.n; i++)
		if (several)
			split(o, &option->values.v[i], out);
		else
			*vec_push(o->arena, &out->v) = option->values.v[i];
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

/* Takes the "!" off; false if some have it and some have not. */
static bool take_negation(struct own *o, struct values *values)
{
	struct str *text;
	size_t i, n = 0;

	for (i = 0; i < values->v.n; i++)
		n += is_negated(&values->v.v[i]);
	for (i = 0; n && i < values->v.n; i++) {
		if (!is_negated(&values->v.v[i])) {
			diag_help(diag_error(o->c->diags, values->v.v[i].span,
					     "others beside this one have "
					     "\"!\""),
				  "all of them must not hold, or none; for "
				  "both, write two sections");
			return false;
		}
		text = &values->v.v[i].text;
		*text = str_trim((struct str){ text->p + 1, text->n - 1 });
	}
	return n;
}

static struct node *value_of(struct own *o, const struct field *field,
			     struct str name, const struct uci_option *option)
{
	struct values values = { 0 };
	struct node *list, *map;
	bool negated;
	size_t i;

	values_of(o, field, name, option, &values);
	negated = !field && take_negation(o, &values);
	if (!option->list && !negated && values.v.n == 1)
		return scalar_of(o, field, &values.v.v[0]);
	list = tree_node(o->arena, NODE_LIST, option->span);
	for (i = 0; i < values.v.n; i++)
		add(o, list, scalar_of(o, field, &values.v.v[i]));
	if (!negated)
		return list;
	map = tree_node(o->arena, NODE_MAP, option->span);
	put(o, map, tree_text(o->arena, STR("not"), option->span), list);
	return map;
}

static const struct kind *kind_of_key(struct str key)
{
	const struct kind *kind;

	for (kind = kinds; kind->type; kind++)
		if (kind->key && str_is(key, kind->key))
			return kind;
	return NULL;
}

#define ELSEWHERE                                                              \
	"write the policy in a file of its own, and here \"option "            \
	"policy '/etc/nftoffc/policy.yaml'\""

/*
 * Entries, and what has names, are sections; but for zones, which may be those
 * of a directory.
 */
static bool is_sections(struct own *o, const struct field *field,
			const struct uci_option *option)
{
	const struct kind *kind = kind_of_key(str_of(field->key));
	struct diag *diag;

	if (!(field->how & (FIELD_ENTRIES | FIELD_NAMED)) ||
	    (field->how & FIELD_LIST && !field->one) ||
	    (str_is(str_of(field->key), "zones") && !option->list))
		return false;
	diag = diag_error(o->c->diags, option->span,
			  "\"%s\" is no option: it has several parts",
			  field->key);
	if (kind)
		diag_help(diag, "each is a section: \"config %s%s\"",
			  kind->type, kind->where == NAMED ? " 'name'" : "");
	else if (str_is(str_of(field->key), "rules"))
		diag_help(diag, "each is a section of its kind, as in "
				"\"config log\"");
	else
		diag_help(diag, ELSEWHERE);
	return true;
}

/* libuci takes the last one and says nothing. */
static void check_repeated(struct own *o, const struct uci_option *option,
			   bool several)
{
	struct diag *diag;

	if (!option->before.source)
		return;
	diag = diag_error(o->c->diags, option->span,
			  "\"%.*s\" is given twice in this section",
			  STR_ARG(option->name));
	diag_note(diag, option->before, "it is given here");
	diag_help(diag, several ? "several values are a \"list\", a line each" :
				  "take one of them out");
}

static void put_option(struct own *o, struct node *map,
		       const struct field *fields,
		       const struct uci_option *option, struct str name)
{
	const struct field *field = field_of(fields, name);

	if (!option->values.n || (field && is_sections(o, field, option)))
		return;
	put(o, map, tree_text(o->arena, name, option->span),
	    value_of(o, field, name, option));
}

static void put_options(struct own *o, struct node *map,
			const struct field *fields,
			const struct uci_section *section)
{
	size_t i;

	for (i = 0; i < section->options.n; i++) {
		const struct uci_option *option = section->options.v[i];
		struct str name = in_language(o, option->name);

		/* of two sections it is no wonder */
		if (!section->again.source)
			check_repeated(o, option,
				       takes_several(field_of(fields, name),
						     name));
		if (str_is(name, "enabled"))
			continue;
		if (section == o->main && str_is(name, "name"))
			name = STR("policy");
		put_option(o, map, fields, option, name);
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

bool own_section_is_off(const struct uci_section *section)
{
	const struct uci_option *option = uci_option(section, "enabled");

	return option && str_is(truth(option->values.v[0].text), "false");
}

static void check_enabled(struct own *o, const struct uci_section *section)
{
	const struct uci_option *option = uci_option(section, "enabled");

	if (!option)
		return;
	check_repeated(o, option, false);
	if (!str_is(truth(option->values.v[0].text), "false") &&
	    !str_is(truth(option->values.v[0].text), "true"))
		diag_error(o->c->diags, option->values.v[0].span,
			   "found \"%.*s\", expected 1 or 0",
			   STR_ARG(option->values.v[0].text));
}

static void check_again(struct own *o, const struct uci_section *section)
{
	struct diag *diag;

	if (!section->again.source)
		return;
	diag = diag_error(o->c->diags, section->again,
			  "there is a section \"%.*s\" already",
			  STR_ARG(section->name));
	diag_note(diag, section->span, "it is this one");
	diag_help(diag, "uci takes both for one: give this one another name, "
			"or none");
}

/*
 * Types of sections
 */

/* Is it a word of the language, or of one of its lists, all the same? */
static bool is_of_language(struct str type)
{
	const struct field *field = policy_fields();
	struct field_kind kind;
	size_t i;

	for (; field->key; field++) {
		if (str_is(type, field->key) ||
		    (field->one && str_is(type, field->one)))
			return true;
		for (i = 0; field->kind_at && field->kind_at(i, &kind); i++)
			if (str_is(type, kind.word))
				return true;
	}
	return false;
}

static bool is_of_fw4(struct str type)
{
	static const char *const types[] = { "defaults", "rule",
					     "redirect", "nat",
					     "include",	 "forwarding",
					     "ipset" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_is(type, types[i]))
			return true;
	return false;
}

static void unknown_type(struct own *o, const struct uci_section *section)
{
	const struct field *rules = field_of(policy_fields(), STR("rules"));
	struct suggest suggest = suggest_for(section->type);
	struct field_kind rule;
	const struct kind *kind;
	struct diag *diag;
	size_t i;

	diag = diag_error(o->c->diags, section->span,
			  "nftoffc has no sections of type \"%.*s\"",
			  STR_ARG(section->type));
	for (kind = kinds; kind->type; kind++)
		suggest_name(&suggest, str_of(kind->type));
	for (i = 0; rules->kind_at(i, &rule); i++)
		suggest_name(&suggest, str_of(rule.word));
	if (is_of_fw4(section->type))
		diag_help(diag, "those are fw4's, in /etc/config/firewall; "
				"here a rule's type is what it does, as in "
				"\"config log\"");
	else if (is_of_language(section->type))
		diag_help(diag, ELSEWHERE);
	else
		suggest_help(&suggest, diag);
}

/* Zones are those of a directory, or these. */
static bool are_elsewhere(struct own *o, const struct kind *kind,
			  const struct uci_section *section)
{
	const struct uci_option *zones = uci_option(o->main, "zones");
	struct diag *diag;

	if (!zones || !str_is(str_of(kind->key), "zones"))
		return false;
	diag = diag_error(o->c->diags, section->span,
			  "the zones are those of \"option zones\" already");
	diag_note(diag, zones->span, "it is here");
	diag_help(diag, "take that out, or this section");
	return true;
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
	if (are_elsewhere(o, kind, section))
		return;
	put_options(o, map, fields_of(kind), section);
	put(o, part(o, into, kind->key, NODE_MAP, section->span),
	    tree_text(o->arena, section->name, section->span), map);
}

static void take_kind(struct own *o, const struct kind *kind,
		      const struct uci_section *section)
{
	struct node *into = o->root, *map;

	if (kind->in_offload)
		into = part(o, o->root, "offload", NODE_MAP, section->span);
	else if (kind->where == PART)
		into = part(o, o->root, kind->key, NODE_MAP, section->span);
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

	check_enabled(o, section);
	check_again(o, section);
	if (own_section_is_off(section) && section != o->main)
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

const struct uci_section *own_main(const struct uci *uci)
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

/* Nothing else may be said where "option policy" names a file. */
static void check_alone(struct own *o, const struct uci *uci, struct str path)
{
	struct span other = { 0 };
	size_t i;

	for (i = 0; i < o->main->options.n; i++) {
		const struct uci_option *option = o->main->options.v[i];

		check_repeated(o, option, false);
		if (option->values.n && !str_is(option->name, "policy") &&
		    !str_is(option->name, "enabled") && !other.source)
			other = option->span;
	}
	for (i = 0; i < uci->sections.n && !other.source; i++)
		if (uci->sections.v[i] != o->main)
			other = uci->sections.v[i]->span;
	if (other.source)
		diag_help(
			diag_error(o->c->diags, other,
				   "the policy is in %.*s: there this belongs",
				   STR_ARG(path)),
			"take \"option policy\" out, or this");
}

/* The file that "option policy" names says all of it. */
static struct node *read_other(struct own *o, const struct uci *uci,
			       const struct source *source,
			       const struct uci_value *path)
{
	struct distrust distrust;
	struct source *other;
	int err;

	check_enabled(o, o->main);
	check_again(o, o->main);
	check_alone(o, uci, path->text);
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

/* A policy's own spellings say so by their names, and uci's by that of all. */
static bool is_named_otherwise(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml") ||
		       !strcmp(dot, ".policy"));
}

static bool is_named_so(const char *path)
{
	const char *slash = strrchr(path, '/');

	return !strcmp(slash ? slash + 1 : path, "nftoffc");
}

/* "config" and its type, or nothing. */
static struct str type_of_line(struct str line)
{
	struct str word;

	line = str_trim(line);
	word = str_cut(&line, ' ');
	if (!str_is(word, "config") || !line.p)
		return (struct str){ 0 };
	line = str_trim(line);
	return str_cut(&line, ' ');
}

bool is_own_uci(const struct source *source)
{
	struct str rest = source->text;

	while (rest.p && !is_named_otherwise(source->path)) {
		struct str type = type_of_line(str_cut(&rest, '\n'));

		if (str_is(type, "nftoffc") || str_is(type, "'nftoffc'") ||
		    str_is(type, "\"nftoffc\"") ||
		    (type.n && is_named_so(source->path)))
			return true;
	}
	return false;
}

/* Or a bit of it: what is wrong with the rest is said elsewhere. */
static void need_eligible(struct own *o)
{
	struct node *offload = tree_get(o->root, "offload"), *none;
	struct diag *diag;

	if (!offload || tree_get(offload, "eligible"))
		return;
	if (diags_errors(o->c->diags))
		diag = diag_nothing(o->c->diags);
	else
		diag = diag_error(
			o->c->diags, offload->span,
			"nothing may be offloaded: there is no section of "
			"type \"eligible\"");
	diag_help(diag, "as in \"config eligible\", \"option from 'lan'\", "
			"\"option to 'wan'\"");
	none = tree_node(o->arena, NODE_NULL, offload->span);
	none->reported = true;
	put(o, offload, tree_text(o->arena, STR("eligible"), offload->span),
	    none);
}

static const struct uci_value *policy_of(const struct uci_section *section)
{
	const struct uci_option *option = uci_option(section, "policy");

	return option ? &option->values.v[0] : NULL;
}

static void no_main(struct own *o, const struct uci *uci, struct span all)
{
	struct diag *diag;

	if (uci->sections.n)
		all = uci->sections.v[0]->span;
	diag = diag_error(o->c->diags, all,
			  "there is no section of type \"nftoffc\"");
	diag_help(diag, "begin with \"config nftoffc 'main'\"");
}

struct node *own_uci_read(struct compilation *c, const struct source *source)
{
	struct own o = { .c = c, .arena = c->arena };
	const struct uci *uci = uci_read(c->arena, source, c->diags);
	const struct span all = { source->id, 0, 0 };
	size_t i;

	diags_reword(c->diags, source->id, own_help);
	o.main = own_main(uci);
	if (!o.main)
		no_main(&o, uci, all);
	if (!o.main || diags_errors(c->diags))
		return NULL;
	if (policy_of(o.main))
		return read_other(&o, uci, source, policy_of(o.main));
	o.root = tree_node(o.arena, NODE_MAP, all);
	for (i = 0; i < uci->sections.n; i++)
		take_section(&o, uci->sections.v[i]);
	put_defaults(&o, o.main->span);
	need_eligible(&o);
	return o.root;
}
