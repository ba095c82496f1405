// SPDX-License-Identifier: GPL-2.0-only
/* Whether two trees are the same policy: see print.h. */
#include "fmt.h"
#include "print.h"

#include "read/dsl.h"

/* What the tables say about a value. */
struct where {
	const struct field *field;  /* its row; or NULL */
	const struct field *fields; /* if it is a map: of its keys */
	bool inside;		    /* it is one of the row's maps or entries */
};

static bool same(const struct node *a, const struct node *b, struct where at);

static bool same_scalar(const struct node *a, const struct node *b)
{
	return str_eq(a->scalar, b->scalar) &&
	       (a->quoted == b->quoted || !print_quotes_count(a->scalar));
}

static struct where row(const struct field *field)
{
	return (struct where){ .field = field,
			       .fields = field ? field->fields : NULL };
}

/* Where the value of @key in a map at @at stands. */
static struct where below(struct where at, struct str key)
{
	const struct field *field = at.field;

	if (field && !at.inside && (field->how & FIELD_NAMED))
		return (struct where){ field, field->fields, true };
	if (field && at.inside && field->kind_at)
		return (struct where){ NULL, dsl_kind_fields(field, key),
				       true };
	return row(dsl_field_find(at.fields, key));
}

/* The @nth pair of @map with @key. */
static const struct pair *find_pair(const struct node *map, struct str key,
				    size_t nth)
{
	size_t i;

	for (i = 0; i < map->map.n; i++)
		if (str_eq(map->map.pairs[i].key->scalar, key) && !nth--)
			return &map->map.pairs[i];
	return NULL;
}

static bool same_order(const struct node *a, const struct node *b)
{
	size_t i;

	for (i = 0; i < a->map.n; i++)
		if (!str_eq(a->map.pairs[i].key->scalar,
			    b->map.pairs[i].key->scalar))
			return false;
	return true;
}

static const struct pair *counterpart(const struct node *a, size_t i,
				      const struct node *b)
{
	struct str key = a->map.pairs[i].key->scalar;
	size_t j, nth = 0;

	for (j = 0; j < i; j++)
		nth += str_eq(a->map.pairs[j].key->scalar, key);
	return find_pair(b, key, nth);
}

static bool same_map(const struct node *a, const struct node *b,
		     struct where at)
{
	bool ordered;
	size_t i;

	if (a->map.n != b->map.n)
		return false;
	ordered = same_order(a, b);
	for (i = 0; i < a->map.n; i++) {
		const struct pair *pair = &a->map.pairs[i];
		const struct pair *other = ordered ? &b->map.pairs[i] :
						     counterpart(a, i, b);

		if (!other || !same(pair->value, other->value,
				    below(at, pair->key->scalar)))
			return false;
	}
	return true;
}

static bool same_list(const struct node *a, const struct node *b,
		      struct where at)
{
	size_t i;

	if (a->list.n != b->list.n)
		return false;
	at.inside = at.field && (at.field->how & FIELD_ENTRIES);
	if (!at.inside)
		at = row(NULL);
	for (i = 0; i < a->list.n; i++)
		if (!same(a->list.items[i], b->list.items[i], at))
			return false;
	return true;
}

/* The one text that is a list where a list is expected. */
static const struct node *only_text(const struct node *node, struct where at)
{
	if (!at.field || !(at.field->how & FIELD_LIST) ||
	    node->kind != NODE_LIST || node->list.n != 1 ||
	    node->list.items[0]->kind != NODE_SCALAR)
		return node;
	return node->list.items[0];
}

static bool same(const struct node *a, const struct node *b, struct where at)
{
	a = only_text(a, at);
	b = only_text(b, at);
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case NODE_NULL:
		return true;
	case NODE_SCALAR:
		return same_scalar(a, b);
	case NODE_LIST:
		return same_list(a, b, at);
	case NODE_MAP:
		return same_map(a, b, at);
	}
	return false;
}

bool print_same(const struct node *a, const struct node *b,
		const struct field *language)
{
	return same(a, b, (struct where){ .fields = language });
}

static bool equal_maps(const struct node *a, const struct node *b)
{
	size_t i;

	if (a->map.n != b->map.n)
		return false;
	for (i = 0; i < a->map.n; i++)
		if (!fmt_equal(a->map.pairs[i].key, b->map.pairs[i].key) ||
		    !fmt_equal(a->map.pairs[i].value, b->map.pairs[i].value))
			return false;
	return true;
}

static bool equal_lists(const struct node *a, const struct node *b)
{
	size_t i;

	if (a->list.n != b->list.n)
		return false;
	for (i = 0; i < a->list.n; i++)
		if (!fmt_equal(a->list.items[i], b->list.items[i]))
			return false;
	return true;
}

bool fmt_equal(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case NODE_NULL:
		return true;
	case NODE_SCALAR:
		return a->quoted == b->quoted && str_eq(a->scalar, b->scalar);
	case NODE_LIST:
		return equal_lists(a, b);
	case NODE_MAP:
		return equal_maps(a, b);
	}
	return false;
}
