// SPDX-License-Identifier: GPL-2.0-only
/*
 * Variables: "define" at the top level, and "$name" wherever a value stands.
 *
 *	define: { lan_net: 192.168.1.0/24, web: [80, 443], nas: 192.168.1.10 }
 *	... port: [$web, 8080]		a list in a list is part of it
 *	... to: "${nas}:8443"		inside of text, with braces
 *	... reason: $$5 a month		a dollar
 *
 * What must stay true: the result is the tree that somebody would have written
 * without variables, but for the spans: each node of a value has that of the
 * place where it is used, and knows where it is written (span_expand()). The
 * tree that was read is not changed, since aliases share parts of it. What is
 * made is bounded by DEFINE_MAX_NODES, so no small file makes a large tree.
 */
#include "bind.h"
#include "policy.h"

struct variable {
	const struct node *key;
	struct node *value;
	bool ready; /* the value's own variables are replaced */
	bool open;  /* they are being replaced: it must not ask for itself */
	bool used;
	struct span use; /* the latest, to show a circle */
};

struct expander {
	struct binder b; /* only to report, and to read names */
	struct map variables;
	VEC(const struct variable *) open; /* each asks for the next one */
	size_t made;
};

static struct node *expand(struct expander *e, struct node *node);

/* Names. */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* How much of @text is a variable's name; what bind_name() takes. */
static size_t name_length(struct str text)
{
	size_t n;

	if (!text.n || !is_letter(text.p[0]))
		return 0;
	for (n = 1; n < text.n; n++)
		if (!is_letter(text.p[n]) && text.p[n] != '-' &&
		    text.p[n] != '_' && (text.p[n] < '0' || text.p[n] > '9'))
			break;
	return n;
}

static void unknown_variable(struct expander *e, struct str name,
			     struct span place)
{
	struct suggest suggest = suggest_for(name);
	struct diag *diag;
	size_t i;

	diag = diag_error(e->b.diags, place, "no variable is called \"%.*s\"",
			  STR_ARG(name));
	for (i = 0; i < e->variables.entries.n; i++)
		suggest_name(&suggest, e->variables.entries.v[i].key);
	suggest_help(&suggest, diag);
	if (!suggest.best.n)
		diag_help(diag, "\"define\" makes variables; a \"$\" that is "
				"none is written \"$$\"");
}

static void refuse_circle(struct expander *e, const struct variable *variable,
			  struct span place)
{
	struct diag *diag;
	size_t i;

	diag = diag_error(e->b.diags, place,
			  "the variable \"%.*s\" is part of its own value",
			  STR_ARG(variable->key->scalar));
	for (i = 0; e->open.v[i] != variable; i++)
		;
	for (i++; i < e->open.n; i++)
		diag_note(diag, e->open.v[i]->use, "it has \"%.*s\" in it, ...",
			  STR_ARG(e->open.v[i]->key->scalar));
}

static void make_ready(struct expander *e, struct variable *variable)
{
	variable->open = true;
	*vec_push(e->b.arena, &e->open) = variable;
	variable->value = expand(e, variable->value);
	e->open.n--;
	variable->open = false;
	variable->ready = true;
}

/* What the variable stands for; NULL, reported, if there is none. */
static const struct node *look_up(struct expander *e, struct str name,
				  struct span place)
{
	struct variable *variable = map_get(&e->variables, name);

	if (!variable) {
		unknown_variable(e, name, place);
		return NULL;
	}
	if (variable->open) {
		refuse_circle(e, variable, place);
		return NULL;
	}
	variable->used = true;
	variable->use = place;
	if (!variable->ready)
		make_ready(e, variable);
	return variable->value->reported ? NULL : variable->value;
}

/* Putting values in. */

static struct node *copy_of(struct expander *e, const struct node *node)
{
	struct node *copy = arena_new_object(e->b.arena, struct node);

	*copy = *node;
	return copy;
}

/* In the place of what was reported. */
static struct node *nothing(struct expander *e, const struct node *node)
{
	struct node *nothing = copy_of(e, node);

	nothing->kind = NODE_NULL;
	nothing->reported = true;
	return nothing;
}

static bool is_full(struct expander *e, struct span place)
{
	if (++e->made == DEFINE_MAX_NODES + 1)
		diag_error(e->b.diags, place,
			   "the policy holds more than %u values, with every "
			   "variable written out",
			   DEFINE_MAX_NODES);
	return e->made > DEFINE_MAX_NODES;
}

/* @node and what is in it, as it stands at @place. */
static struct node *put(struct expander *e, const struct node *node,
			struct span place)
{
	struct node *copy;
	size_t i;

	if (is_full(e, place))
		return nothing(e, node);
	copy = copy_of(e, node);
	copy->span = span_expand(e->b.sources, place, node->span);
	if (node->kind == NODE_LIST)
		copy->list.items = arena_array(e->b.arena, node->list.n,
					       sizeof(*copy->list.items));
	for (i = 0; node->kind == NODE_LIST && i < node->list.n; i++)
		copy->list.items[i] = put(e, node->list.items[i], place);
	if (node->kind == NODE_MAP)
		copy->map.pairs = arena_array(e->b.arena, node->map.n,
					      sizeof(*copy->map.pairs));
	for (i = 0; node->kind == NODE_MAP && i < node->map.n; i++) {
		const struct pair *pair = &node->map.pairs[i];

		copy->map.pairs[i].key = put(e, pair->key, place);
		copy->map.pairs[i].value = put(e, pair->value, place);
	}
	return copy;
}

/* Text with variables in it. */

struct text {
	const struct node *node;
	struct str rest;
	struct buf out;
	struct span span; /* of the whole, and where a variable is written */
	bool failed;
};

/* Of the next @n bytes, if they stand in the file as they are. */
static struct span part_span(const struct expander *e, const struct text *text,
			     size_t n)
{
	struct span span = text->node->span;
	struct str all = span_text(e->b.sources, span);

	if (text->rest.p < all.p || text->rest.p + n > all.p + all.n)
		return span;
	span.offset += (uint32_t)(text->rest.p - all.p);
	span.length = (uint32_t)n;
	return span;
}

static void add_value(struct expander *e, struct text *text, struct str name,
		      struct span place)
{
	const struct node *value = look_up(e, name, place);
	struct diag *diag;

	text->failed |= !value;
	if (!value)
		return;
	if (value->kind == NODE_SCALAR) {
		buf_add(&text->out, value->scalar.p, value->scalar.n);
		text->span.source =
			span_expand(e->b.sources, place, value->span).source;
		return;
	}
	text->failed = true;
	diag = diag_error(e->b.diags, place,
			  "a variable inside of text stands for text, not for "
			  "%s",
			  value->kind == NODE_LIST ? "a list" : "a map");
	diag_note(diag, value->span, "this is what it stands for");
}

/* "${name}" */
static void add_braced(struct expander *e, struct text *text)
{
	struct str name = { text->rest.p + 2, text->rest.n - 2 };
	size_t n = name_length(name);
	struct diag *diag;

	if (n && n < name.n && name.p[n] == '}') {
		name.n = n;
		add_value(e, text, name, part_span(e, text, n + 3));
		text->rest.p += n + 3;
		text->rest.n -= n + 3;
		return;
	}
	diag = diag_error(e->b.diags, part_span(e, text, n + 2),
			  "a variable's name and a \"}\" are expected here");
	diag_help(diag, "a \"$\" that begins no variable is written \"$$\"");
	text->failed = true;
	text->rest.n = 0;
}

/* "$nas:8443": where does the name end, and would everyone say so? */
static void refuse_unbraced(struct expander *e, struct text *text)
{
	struct str name = { text->rest.p + 1, text->rest.n - 1 };
	size_t n = name_length(name);
	struct diag *diag;

	diag = diag_error(e->b.diags, text->node->span,
			  "a variable in text needs braces");
	diag_help(diag,
		  "write \"${%.*s}%.*s\"; a \"$\" that begins no "
		  "variable is written \"$$\"",
		  (int)n, name.p, (int)(name.n - n), name.p + n);
	text->failed = true;
	text->rest.n = 0;
}

static void add_dollar(struct expander *e, struct text *text)
{
	bool first = text->rest.p == text->node->scalar.p;
	char next = text->rest.n > 1 ? text->rest.p[1] : '\0';

	if (next == '{') {
		add_braced(e, text);
	} else if (first && is_letter(next)) {
		refuse_unbraced(e, text);
	} else {
		size_t n = next == '$' ? 2 : 1;

		buf_putc(&text->out, '$');
		text->rest.p += n;
		text->rest.n -= n;
	}
}

static struct node *expand_text(struct expander *e, struct node *node)
{
	struct text text = {
		.node = node,
		.rest = node->scalar,
		.span = node->span,
	};
	struct node *result;

	while (text.rest.n) {
		const char *dollar = memchr(text.rest.p, '$', text.rest.n);
		size_t n = dollar ? (size_t)(dollar - text.rest.p) :
				    text.rest.n;

		buf_add(&text.out, text.rest.p, n);
		text.rest.p += n;
		text.rest.n -= n;
		if (text.rest.n)
			add_dollar(e, &text);
	}
	result = text.failed ? nothing(e, node) : copy_of(e, node);
	result->span = text.span;
	if (!text.failed && !is_full(e, node->span))
		result->scalar = (struct str){
			arena_strndup(e->b.arena, text.out.p, text.out.n),
			text.out.n,
		};
	buf_free(&text.out);
	return result;
}

/* The variable that is the whole of it: its name, or nothing. */
static struct str whole_name(const struct node *node)
{
	struct str name = { node->scalar.p + 1, node->scalar.n - 1 };

	if (node->kind == NODE_SCALAR && node->scalar.n > 1 &&
	    node->scalar.p[0] == '$' && name_length(name) == name.n)
		return name;
	return (struct str){ 0 };
}

static struct node *expand_scalar(struct expander *e, struct node *node)
{
	struct str name = whole_name(node);
	const struct node *value;

	if (!node->scalar.n || !memchr(node->scalar.p, '$', node->scalar.n))
		return node;
	if (e->made > DEFINE_MAX_NODES)
		return nothing(e, node);
	if (!name.n)
		return expand_text(e, node);
	value = look_up(e, name, node->span);
	return value ? put(e, value, node->span) : nothing(e, node);
}

/* The tree. What holds no variable is shared, not copied. */

struct items {
	VEC(struct node *) v;
};

/* A list that stands in a list is part of it. */
static void add_item(struct expander *e, struct items *items,
		     const struct node *item, struct node *value)
{
	bool spliced = item->kind == NODE_SCALAR && whole_name(item).n &&
		       value->kind == NODE_LIST;
	size_t i;

	if (!spliced) {
		*vec_push(e->b.arena, &items->v) = value;
		return;
	}
	for (i = 0; i < value->list.n; i++)
		*vec_push(e->b.arena, &items->v) = value->list.items[i];
}

static struct node *expand_list(struct expander *e, struct node *node)
{
	struct node *copy = NULL;
	struct items items = { 0 };
	size_t i, j;

	for (i = 0; i < node->list.n; i++) {
		struct node *item = node->list.items[i];
		struct node *value = expand(e, item);

		if (!copy && value == item)
			continue;
		for (j = 0; !copy && j < i; j++)
			*vec_push(e->b.arena, &items.v) = node->list.items[j];
		if (!copy)
			copy = copy_of(e, node);
		add_item(e, &items, item, value);
	}
	if (!copy)
		return node;
	copy->list.items = items.v.v;
	copy->list.n = items.v.n;
	return copy;
}

static struct node *expand_map(struct expander *e, struct node *node)
{
	struct node *copy = NULL;
	size_t i;

	for (i = 0; i < node->map.n; i++) {
		struct node *value = expand(e, node->map.pairs[i].value);

		if (value == node->map.pairs[i].value)
			continue;
		if (!copy) {
			copy = copy_of(e, node);
			copy->map.pairs = arena_array(e->b.arena, node->map.n,
						      sizeof(struct pair));
			memcpy(copy->map.pairs, node->map.pairs,
			       node->map.n * sizeof(struct pair));
		}
		copy->map.pairs[i].value = value;
	}
	return copy ? copy : node;
}

static struct node *expand(struct expander *e, struct node *node)
{
	switch (node->kind) {
	case NODE_SCALAR:
		return expand_scalar(e, node);
	case NODE_LIST:
		return expand_list(e, node);
	case NODE_MAP:
		return expand_map(e, node);
	case NODE_NULL:
		break;
	}
	return node;
}

/* The definitions. */

static void add_variable(struct expander *e, const struct pair *pair)
{
	const char *name = bind_name(&e->b, pair->key, "a variable");
	struct variable *variable, *other;
	struct diag *diag;

	if (!name)
		return;
	if (pair->value->kind == NODE_NULL)
		diag_error(e->b.diags, pair->key->span,
			   "\"%s\" is given no value", name);
	variable = arena_new_object(e->b.arena, struct variable);
	variable->key = pair->key;
	variable->value = pair->value->kind == NODE_NULL ?
				  nothing(e, pair->value) :
				  pair->value;
	if (map_add(&e->variables, str_of(name), variable))
		return;
	other = map_get(&e->variables, str_of(name));
	diag = diag_error(e->b.diags, pair->key->span,
			  "the variable \"%s\" is given twice", name);
	diag_note(diag, other->key->span, "it is first given here");
}

static void add_variables(struct expander *e, const struct node *root)
{
	const struct node *define = NULL;
	size_t i;

	for (i = 0; !define && i < root->map.n; i++)
		if (str_is(root->map.pairs[i].key->scalar, "define"))
			define = root->map.pairs[i].value;
	if (!define || define->kind == NODE_NULL)
		return;
	if (define->kind != NODE_MAP) {
		bind_expected(&e->b, define,
			      "variables, each a name and its value");
		return;
	}
	for (i = 0; i < define->map.n; i++)
		add_variable(e, &define->map.pairs[i]);
}

/*
 * Those that nobody uses are replaced, too, for what is wrong in them. In a
 * file that is included, they may be for others that include it.
 */
static void finish_variables(struct expander *e, uint32_t main_file)
{
	size_t i;

	for (i = 0; i < e->variables.entries.n; i++) {
		struct variable *variable = e->variables.entries.v[i].value;

		if (!variable->ready)
			make_ready(e, variable);
	}
	for (i = 0; !diags_errors(e->b.diags) && i < e->variables.entries.n;
	     i++) {
		struct variable *variable = e->variables.entries.v[i].value;

		if (!variable->used && variable->key->span.source == main_file)
			diag_warning(e->b.diags, variable->key->span,
				     "the variable \"%.*s\" is never used",
				     STR_ARG(variable->key->scalar));
	}
}

/* An escape sequence may make a "$", too. */
static bool may_hold_dollar(const struct sources *sources)
{
	size_t i;

	for (i = 0; i < sources->files.n; i++) {
		struct str text = sources->files.v[i]->text;

		if (memchr(text.p, '$', text.n) || memchr(text.p, '\\', text.n))
			return true;
	}
	return false;
}

struct node *policy_define(struct arena *arena, struct sources *sources,
			   struct node *root, struct diags *diags)
{
	struct expander e = {
		.b = { .arena = arena, .sources = sources, .diags = diags },
	};
	struct node *copy;
	size_t i;

	if (root->kind != NODE_MAP)
		return root;
	map_init(&e.variables, arena);
	add_variables(&e, root);
	if (!e.variables.entries.n && !may_hold_dollar(sources))
		return root;
	copy = copy_of(&e, root);
	copy->map.pairs = arena_array(arena, root->map.n, sizeof(struct pair));
	for (i = 0; i < root->map.n; i++) {
		copy->map.pairs[i] = root->map.pairs[i];
		if (!str_is(root->map.pairs[i].key->scalar, "define") &&
		    !str_is(root->map.pairs[i].key->scalar, "raw"))
			copy->map.pairs[i].value =
				expand(&e, root->map.pairs[i].value);
	}
	finish_variables(&e, root->span.source);
	return copy;
}
