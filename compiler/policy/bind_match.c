// SPDX-License-Identifier: GPL-2.0-only
/*
 * The value of a match word, whatever the word: a value, "@set", or a list of
 * them; with "not" in front, everything else. Only the word's row and its type
 * decide what is allowed.
 *
 *	source: 192.168.1.2
 *	source: [192.168.1.0/24, "@admins"]
 *	source: { not: [192.168.1.0/24, "@guests"] }
 */
#include "bind.h"
#include "vocab/service.h"

struct match_fill {
	struct match *match;
	size_t room[FAMILIES];
	VEC(struct bits) bits;
	VEC(const struct set *) sets;
	VEC(const struct service *) services;
};

const struct set *bind_set_ref(struct binder *b, const struct node *node)
{
	struct str name = { node->scalar.p + 1, node->scalar.n - 1 };
	struct set *set = map_get(&b->sets, name);
	struct suggest suggest;
	struct diag *diag;
	size_t i;

	if (set) {
		set->used = true;
		return set;
	}
	diag = diag_error(b->diags, node->span, "no set is called \"%.*s\"",
			  STR_ARG(name));
	suggest = suggest_for(name);
	for (i = 0; i < b->sets.entries.n; i++)
		suggest_name(&suggest, b->sets.entries.v[i].key);
	suggest_list(&suggest, "sets", diag);
	return NULL;
}

static void match_set(struct binder *b, const struct node *node,
		      struct match_fill *fill)
{
	const struct value_type *type = fill->match->word->type;
	const struct set *set;
	struct diag *diag;

	if (!type->in_sets) {
		bind_expected(b, node, type->expected);
		return;
	}
	set = bind_set_ref(b, node);
	if (!set)
		return;
	if (set->type != type) {
		diag = diag_error(b->diags, node->span,
				  "\"%s\" is a set of type %s, \"%s\" takes "
				  "one of type %s",
				  set->name, set->type->name,
				  fill->match->word->word, type->name);
		diag_note(diag, set->span, "the set is defined here");
		return;
	}
	*vec_push(b->arena, &fill->sets) = set;
}

/* The nearest of the type's names; all of them if none is near. */
static void right_names(struct binder *b, struct str found,
			const struct value_type *type, struct diag *diag)
{
	struct suggest suggest = suggest_for(found);
	const char *names = type->name_at(0);
	size_t i;

	for (i = 0; type->name_at(i); i++)
		suggest_name(&suggest, str_of(type->name_at(i)));
	suggest_help(&suggest, diag);
	if (suggest.best.n)
		return;
	for (i = 1; type->name_at(i); i++)
		names = arena_printf(b->arena, "%s, %s", names,
				     type->name_at(i));
	diag_help(diag, "it is one of %s", names);
}

/* A name that means something, but elsewhere. */
static bool other_kind(struct binder *b, struct str found,
		       const struct value_type *type, struct diag *diag)
{
	const struct set *set = map_get(&b->sets, found);
	size_t n;

	if (set && set->type == type)
		diag_help(diag, "the set is written \"@%s\"", set->name);
	else if (type == &type_address && map_get(&b->zones, found))
		diag_help(diag, "zones are named by \"from\" and \"to\"");
	else if (type == &type_port && (map_get(&b->services, found) ||
					known_service_find(found, &n)))
		diag_help(diag, "write \"service: %.*s\"", STR_ARG(found));
	else
		return false;
	return true;
}

static void wrong_value(struct binder *b, const struct node *node,
			const struct value_type *type, const char *why)
{
	struct diag *diag = bind_expected(b, node, type->expected);

	if (habit_value(type, node->scalar, diag))
		return;
	if (type->name_at)
		right_names(b, node->scalar, type, diag);
	else if (!other_kind(b, node->scalar, type, diag))
		diag_help(diag, "%s", why);
}

static void wrong_bits(struct binder *b, const struct node *node,
		       const struct value_type *type, const char *why)
{
	struct diag *diag = bind_expected(b, node, type->expected);
	struct suggest suggest = suggest_for(node->scalar);
	size_t i;

	for (i = 0; type->name_at && type->name_at(i); i++)
		suggest_name(&suggest, str_of(type->name_at(i)));
	suggest_help(&suggest, diag);
	if (!suggest.best.n)
		diag_help(diag, "%s", why);
}

/* Some bits of a value; false if it is not written so. */
static bool match_bits(struct binder *b, const struct node *node,
		       struct match_fill *fill)
{
	const struct value_type *type = fill->match->word->type;
	struct bits bits = { 0 };
	bool none_of_it = true;
	const char *why = "";

	if (!type->parse_bits)
		return false;
	if (type->parse_bits(node->scalar, &bits, &why, &none_of_it))
		*vec_push(b->arena, &fill->bits) = bits;
	else if (!none_of_it)
		wrong_bits(b, node, type, why);
	return !none_of_it;
}

static void match_value(struct binder *b, const struct node *node,
			struct match_fill *fill)
{
	const struct value_type *type = fill->match->word->type;
	struct value values[2];
	const char *why = "";
	size_t i, n;

	if (match_bits(b, node, fill))
		return;
	n = type->parse(node->scalar, values, &why);
	if (n == 0)
		wrong_value(b, node, type, why);
	for (i = 0; i < n; i++)
		ranges_push(b->arena, &fill->match->ranges[values[i].family],
			    &fill->room[values[i].family], values[i].lo,
			    values[i].hi);
}

static void match_item(struct binder *b, const struct node *node, void *into)
{
	struct match_fill *fill = into;
	struct str text;

	if (!bind_text(b, node, fill->match->word->type->expected, &text))
		return;
	if (text.p[0] == '@')
		match_set(b, node, fill);
	else if (fill->match->word->type == &type_service)
		*vec_push(b->arena, &fill->services) =
			service_resolve(b, text, node->span);
	else
		match_value(b, node, fill);
}

static void match_not(struct binder *b, const struct node *node, void *into)
{
	struct match_fill *fill = into;

	fill->match->negated = true;
	bind_each(b, node, match_item, fill);
}

static const struct field not_fields[] = {
	{ "not", match_not, true },
	{ NULL, NULL, false },
};

static void fill_match(struct binder *b, const struct node *value,
		       struct match_fill *fill)
{
	if (value->kind == NODE_MAP && fill->match->word->negatable)
		bind_map(b, value, not_fields, fill, "a match", NULL);
	else
		bind_each(b, value, match_item, fill);
}

void bind_match(struct binder *b, const struct match_word *word,
		const struct node *key, const struct node *value,
		struct matches *matches)
{
	struct match_fill fill = { 0 };
	int f;

	fill.match = vec_push(b->arena, &matches->list);
	*fill.match = (struct match){
		.word = word,
		.span = span_join(key->span, value->span),
		.said = value,
	};
	for (f = 0; f < FAMILIES; f++)
		if (word->type->wire[f])
			fill.match->ranges[f].len =
				wire_type(word->type->wire[f])->len;
	fill_match(b, value, &fill);
	for (f = 0; f < FAMILIES; f++)
		ranges_normalise(&fill.match->ranges[f]);
	fill.match->bits = fill.bits.v;
	fill.match->nbits = fill.bits.n;
	fill.match->sets = fill.sets.v;
	fill.match->nsets = fill.sets.n;
	fill.match->services = fill.services.v;
	fill.match->nservices = fill.services.n;
}
