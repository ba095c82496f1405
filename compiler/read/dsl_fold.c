// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statements to the tree: which word is a key, what its value is, and where a
 * statement goes.
 *
 *	zone lan { devices br-lan }	zones: { lan: { devices: [br-lan] } }
 *	accept from lan log every	rules: [ accept: { from: lan, log: every } ]
 *	invalid drop			invalid: drop
 *
 * All of that is asked of the tables of fields (dsl_words.c); no word stands
 * here but "not", "true" and "~". Where a table says nothing, a key has one
 * value. No key is refused: that is for binding to do, which does it for YAML,
 * too. Only at the beginning of the file's statements, where a word that is not
 * known could be meant as anything, it is refused here.
 */
#include "base/buf.h"
#include "base/map.h"
#include "dsl_parts.h"

/* What is gathered for one key from several statements. */
struct section {
	const struct field *field;
	size_t pair; /* index in the map */
	VEC(struct pair) pairs;
	VEC(struct node *) items;
	struct span span;
};

struct map_fill {
	VEC(struct pair) pairs;
	struct span span;
	VEC(struct section) sections;
};

struct fold {
	struct dsl *dsl;
	struct arena *arena, *scratch;
	/* The last answers of dsl_is_key(), which the same words ask again. */
	struct known {
		const struct field *fields;
		struct str word;
		bool is_key;
	} known[64];
};

static struct node *fold_value(struct fold *f, const struct item *item,
			       const struct field *fields);
static void fold_statements(struct fold *f, const struct item *block,
			    const struct field *fields, struct map_fill *map);
static void fold_row(struct fold *f, const struct item *items,
		     const struct field *fields, struct map_fill *map);

/* Nodes. */

static bool is_text(const struct item *item)
{
	return item->kind == ITEM_WORD || item->kind == ITEM_STRING;
}

static bool is_this(const struct item *item, const char *word)
{
	return item && item->kind == ITEM_WORD && str_is(item->text, word);
}

static struct node *scalar_node(struct fold *f, const struct item *item)
{
	struct node *node;

	if (is_this(item, "~"))
		return tree_node(f->arena, NODE_NULL, item->span);
	node = tree_text(f->arena, item->text, item->span);
	node->quoted = item->kind == ITEM_STRING;
	return node;
}

/* Where a value is missing: right behind the key. */
static struct node *null_node(struct fold *f, struct span key)
{
	key.offset += key.length;
	key.length = 0;
	return tree_node(f->arena, NODE_NULL, key);
}

static void add_pair(struct fold *f, struct map_fill *map, struct node *key,
		     struct node *value)
{
	*vec_push(f->scratch, &map->pairs) = (struct pair){ key, value };
	map->span = span_join(map->span, span_join(key->span, value->span));
}

static void take_pairs(struct fold *f, struct node *node,
		       const struct pair *pairs, size_t n)
{
	if (n)
		node->map.pairs = arena_array(f->arena, n, sizeof(*pairs));
	if (n)
		memcpy(node->map.pairs, pairs, n * sizeof(*pairs));
	node->map.n = n;
}

static void take_items(struct fold *f, struct node *node,
		       struct node *const *items, size_t n)
{
	if (n)
		node->list.items = arena_array(f->arena, n, sizeof(*items));
	if (n)
		memcpy(node->list.items, items, n * sizeof(struct node *));
	node->list.n = n;
}

/* Each section's pairs or items go to where its first statement put it. */
static void finish_sections(struct fold *f, struct map_fill *map)
{
	size_t i;

	for (i = 0; i < map->sections.n; i++) {
		struct section *section = &map->sections.v[i];
		struct node *node = map->pairs.v[section->pair].value;

		node->span = section->span;
		if (section->field->how & FIELD_NAMED)
			take_pairs(f, node, section->pairs.v, section->pairs.n);
		else
			take_items(f, node, section->items.v, section->items.n);
		map->span = span_join(map->span, section->span);
	}
}

/* @span is that of what holds it, if anything does: braces. */
static struct node *finish_map(struct fold *f, struct map_fill *map,
			       struct span span)
{
	struct node *node = tree_node(f->arena, NODE_MAP, span);

	finish_sections(f, map);
	node->span = span_join(span, map->span);
	take_pairs(f, node, map->pairs.v, map->pairs.n);
	return node;
}

/* Questions. */

static bool is_key(struct fold *f, const struct field *fields,
		   const struct item *item)
{
	struct str word = item->text;
	struct known *known;

	if (item->kind != ITEM_WORD || !fields)
		return false;
	known = &f->known[hash_bytes(HASH_INIT, word.p, word.n) % 64];
	if (known->fields != fields || !str_eq(known->word, word))
		*known = (struct known){ fields, word,
					 dsl_is_key(fields, word) };
	return known->is_key;
}

static bool has(const struct field *field, enum field_how how)
{
	return field && (field->how & how);
}

/* Of a field whose value may be a map: the fields of that; else NULL. */
static const struct field *map_fields(const struct field *field)
{
	if (!field || (field->how & (FIELD_NAMED | FIELD_ENTRIES)))
		return NULL;
	return field->fields;
}

/* Values. */

static void add_values(struct fold *f, const struct item *item,
		       struct node *list, size_t *n)
{
	const struct item *child;

	if (item->kind == ITEM_COMMAS || item->kind == ITEM_BRACKETS) {
		for (child = item->first; child; child = child->next)
			list->list.items[(*n)++] = fold_value(f, child, NULL);
	} else {
		list->list.items[(*n)++] = fold_value(f, item, NULL);
	}
}

static size_t count_values(const struct item *item)
{
	return item->kind == ITEM_COMMAS || item->kind == ITEM_BRACKETS ?
		       item->n :
		       1;
}

/* All from @items to @end, whether commas or blanks stand between them. */
static struct node *list_of(struct fold *f, const struct item *items,
			    const struct item *end)
{
	const struct item *item;
	struct node *list = tree_node(f->arena, NODE_LIST, items->span);
	size_t n = 0;

	for (item = items; item != end; item = item->next)
		n += count_values(item);
	list->list.items = arena_array(f->arena, n, sizeof(struct node *));
	for (item = items; item != end; item = item->next) {
		add_values(f, item, list, &list->list.n);
		list->span = span_join(list->span, item->span);
	}
	return list;
}

/* Braces that hold values and no pairs. */
static struct node *list_of_block(struct fold *f, const struct item *block)
{
	const struct item *statement, *item;
	struct node *list = tree_node(f->arena, NODE_LIST, block->span);
	size_t n = 0;

	for (statement = block->first; statement; statement = statement->next)
		for (item = statement->first; item; item = item->next)
			n += count_values(item);
	if (n)
		list->list.items =
			arena_array(f->arena, n, sizeof(struct node *));
	for (statement = block->first; statement; statement = statement->next)
		for (item = statement->first; item; item = item->next)
			add_values(f, item, list, &list->list.n);
	return list;
}

static struct node *fold_value(struct fold *f, const struct item *item,
			       const struct field *fields)
{
	struct map_fill map = { 0 };
	struct node *list;

	switch (item->kind) {
	case ITEM_WORD:
	case ITEM_STRING:
		return scalar_node(f, item);
	case ITEM_COMMAS:
	case ITEM_BRACKETS:
		list = tree_node(f->arena, NODE_LIST, item->span);
		if (item->n)
			list->list.items = arena_array(f->arena, item->n,
						       sizeof(struct node *));
		add_values(f, item, list, &list->list.n);
		return list;
	case ITEM_BRACES:
		break;
	}
	fold_statements(f, item, fields, &map);
	return finish_map(f, &map, item->span);
}

/* One item as the value of @field, which may be NULL. */
static struct node *fold_one(struct fold *f, const struct item *item,
			     const struct field *field)
{
	const struct field *fields = map_fields(field);

	if (item->kind == ITEM_BRACES && has(field, FIELD_BLOCK))
		return list_of_block(f, item);
	if (is_text(item) && !is_this(item, "~") && has(field, FIELD_LIST))
		return list_of(f, item, item->next);
	return fold_value(f, item, fields);
}

/* "16 packets": the words from @first to before @end, one blank between. */
static struct node *phrase(struct fold *f, const struct item *first,
			   const struct item *end)
{
	struct buf text = { 0 };
	struct span span = first->span;
	const struct item *item;
	struct node *node;

	for (item = first; item != end; item = item->next) {
		if (item != first)
			buf_putc(&text, ' ');
		buf_add(&text, item->text.p, item->text.n);
		span = span_join(span, item->span);
	}
	node = tree_text(f->arena, (struct str){ NULL, text.n }, span);
	node->scalar.p = arena_strndup(f->arena, text.p, text.n);
	buf_free(&text);
	return node;
}

static struct node *negated(struct fold *f, const struct item *word,
			    struct node *value)
{
	struct map_fill map = { 0 };

	add_pair(f, &map, scalar_node(f, word), value);
	return finish_map(f, &map, (struct span){ 0 });
}

static struct node *flag(struct fold *f, struct span key)
{
	return tree_text(f->arena, STR("true"), key);
}

/* The words that make a phrase; what stands behind it. */
static const struct item *phrase_end(struct fold *f, const struct item *item,
				     const struct field *fields)
{
	do {
		item = item->next;
	} while (item && item->kind == ITEM_WORD && !is_key(f, fields, item));
	return item;
}

/*
 * More than one value. Of a key that does not exist, that says binding; what
 * its value should be, nobody knows.
 */
static void too_many(struct fold *f, struct str key, const struct item *items,
		     const struct field *fields)
{
	const struct item *item = items->next;
	struct diag *diag;

	if (fields && !dsl_is_key(fields, key))
		return;
	diag = dsl_mistake(f->dsl, item->span,
			   "the end of the statement is expected behind the "
			   "value of \"%.*s\"",
			   STR_ARG(key));
	if (items->kind == ITEM_COMMAS)
		diag_help(diag, "between statements in braces stands a \";\"");
	else if (is_text(item))
		diag_help(diag, "several values have commas between them, and "
				"text of several words stands in double "
				"quotes");
}

/* The value of a key that has the whole statement for it. */
static struct node *fold_rest(struct fold *f, struct str key, struct span span,
			      const struct item *items,
			      const struct field *field,
			      const struct field *fields)
{
	struct map_fill map = { 0 };

	if (!items)
		return has(field, FIELD_FLAG) ? flag(f, span) :
						null_node(f, span);
	if (items->next && dsl_is_negatable(fields, key) &&
	    is_this(items, "not"))
		return negated(f, items,
			       fold_rest(f, key, span, items->next, NULL,
					 NULL));
	if (!items->next)
		return fold_one(f, items, field);
	if (map_fields(field) && !(has(field, FIELD_PHRASE) &&
				   !is_key(f, map_fields(field), items))) {
		fold_row(f, items, map_fields(field), &map);
		return finish_map(f, &map, (struct span){ 0 });
	}
	if (has(field, FIELD_PHRASE) && items->kind == ITEM_WORD &&
	    !phrase_end(f, items, NULL))
		return phrase(f, items, NULL);
	if (has(field, FIELD_LIST))
		return list_of(f, items, NULL);
	too_many(f, key, items, fields);
	return fold_one(f, items, field);
}

/* Rows of keys and values: "from lan to wan log every". */

/* A word that is no key, in front of what is no value: one too many. */
static bool is_stray(struct fold *f, const struct item *key,
		     const struct item *value, const struct field *fields)
{
	if (!fields || key->kind != ITEM_WORD || is_key(f, fields, key))
		return false;
	return is_key(f, fields, value) ||
	       (value->kind == ITEM_BRACES && !value->next);
}

/* The value behind @key in a row; moves @next behind it. */
static struct node *row_value(struct fold *f, const struct item *key,
			      const struct item **next,
			      const struct field *fields)
{
	const struct field *field = key->kind == ITEM_WORD ?
					    dsl_field_find(fields, key->text) :
					    NULL;
	const struct item *value = *next, *end;

	if (has(field, FIELD_FLAG) &&
	    (!value || is_key(f, fields, value) ||
	     (value->kind == ITEM_BRACES && !map_fields(field))))
		return flag(f, key->span);
	if (!value || is_stray(f, key, value, fields))
		return null_node(f, key->span);
	if (key->kind == ITEM_WORD && is_this(value, "not") && value->next &&
	    dsl_is_negatable(fields, key->text)) {
		*next = value->next->next;
		return negated(f, value, fold_value(f, value->next, NULL));
	}
	end = value->next;
	if (has(field, FIELD_PHRASE) && value->kind == ITEM_WORD)
		end = phrase_end(f, value, fields);
	*next = end;
	if (end != value->next)
		return phrase(f, value, end);
	return fold_one(f, value, field);
}

/* "from:" is YAML. What is meant is clear, and is read on with. */
static struct str without_colon(struct fold *f, const struct item *key)
{
	struct str text = key->text;

	if (key->kind != ITEM_WORD || text.n < 2 || text.p[text.n - 1] != ':')
		return text;
	text.n--;
	diag_help(dsl_mistake(f->dsl, key->span,
			      "a key has no \":\" behind it"),
		  "write \"%.*s\"; in YAML, a policy's name does not end in "
		  "\".policy\"",
		  STR_ARG(text));
	return text;
}

static struct node *key_node(struct fold *f, const struct item *item,
			     struct str text)
{
	struct node *node = tree_text(f->arena, text, item->span);

	node->quoted = item->kind == ITEM_STRING;
	return node;
}

/* Braces at the end of a row: more pairs, or the list that they are for. */
static void row_block(struct fold *f, const struct item *block,
		      const struct field *fields, struct map_fill *map)
{
	const struct field *field = dsl_field_with(fields, FIELD_BLOCK);

	if (field)
		add_pair(f, map,
			 tree_text(f->arena, str_of(field->key), block->span),
			 list_of_block(f, block));
	else
		fold_statements(f, block, fields, map);
}

static void fold_row(struct fold *f, const struct item *items,
		     const struct field *fields, struct map_fill *map)
{
	const struct item *item = items, *next;
	struct item key;

	for (; item; item = next) {
		next = item->next;
		if (item->kind == ITEM_BRACES && !next) {
			row_block(f, item, fields, map);
			break;
		}
		if (!is_text(item)) {
			dsl_error(f->dsl, item->span,
				  "a key is expected here, and then its value");
			continue;
		}
		key = *item;
		key.text = without_colon(f, item);
		add_pair(f, map, key_node(f, item, key.text),
			 row_value(f, &key, &next, fields));
	}
}

/* Statements. */

static struct section *section_of(struct fold *f, struct map_fill *map,
				  const struct field *field, struct span span)
{
	struct section *section;
	struct node *value;
	size_t i;

	for (i = 0; i < map->sections.n; i++)
		if (map->sections.v[i].field == field)
			return &map->sections.v[i];
	value = tree_node(f->arena,
			  field->how & FIELD_NAMED ? NODE_MAP : NODE_LIST,
			  span);
	section = vec_push(f->scratch, &map->sections);
	*section = (struct section){ .field = field,
				     .pair = map->pairs.n,
				     .span = span };
	add_pair(f, map, tree_text(f->arena, str_of(field->key), span), value);
	return section;
}

/* The map of an entry: what comes first, and then its row. */
static struct node *entry_map(struct fold *f, const struct item *items,
			      const struct field *fields, struct span span)
{
	const struct field *first = dsl_field_with(fields, FIELD_FIRST);
	struct map_fill map = { 0 };
	struct span end = span;

	if (items && first && is_text(items) &&
	    (items->kind == ITEM_STRING ||
	     !dsl_field_find(fields, items->text))) {
		add_pair(f, &map,
			 tree_text(f->arena, str_of(first->key), items->span),
			 fold_one(f, items, first));
		items = items->next;
	}
	if (items && !items->next && items->kind == ITEM_BRACES &&
	    !map.pairs.n && !dsl_field_with(fields, FIELD_BLOCK))
		return fold_value(f, items, fields);
	fold_row(f, items, fields, &map);
	end.offset += end.length;
	end.length = 0;
	return finish_map(f, &map, map.pairs.n ? map.span : end);
}

static void expected_name(struct fold *f, const struct item *word,
			  const struct item *found)
{
	struct span span = word->span;

	span.offset += span.length;
	span.length = 0;
	dsl_error(f->dsl, found ? found->span : span,
		  "a name is expected behind \"%.*s\"", STR_ARG(word->text));
}

/* "zone lan { ... }" */
static void fold_named(struct fold *f, const struct item *word,
		       const struct field *field, struct map_fill *map)
{
	const struct item *name = word->next, *rest;
	struct section *section;
	struct node *key, *value;

	if (!name || !is_text(name)) {
		expected_name(f, word, name);
		return;
	}
	rest = name->next;
	section = section_of(f, map, field, word->span);
	key = key_node(f, name, name->text);
	if (field->fields)
		value = entry_map(f, rest, field->fields, name->span);
	else
		value = fold_rest(f, name->text, name->span, rest, field, NULL);
	*vec_push(f->scratch, &section->pairs) = (struct pair){ key, value };
	section->span =
		span_join(section->span, span_join(word->span, value->span));
}

static void expected_kind(struct fold *f, const struct item *word,
			  const struct field *field)
{
	struct span span = word->span;
	struct field_kind kind;
	const char *kinds = "";
	size_t i;

	for (i = 0; field->kind_at(i, &kind); i++)
		kinds = arena_printf(f->arena, "%s%s%s", kinds, i ? ", " : "",
				     kind.word);
	span.offset += span.length;
	span.length = 0;
	diag_help(dsl_mistake(f->dsl, word->next ? word->next->span : span,
			      "a word is expected behind \"%.*s\"",
			      STR_ARG(word->text)),
		  "it is one of %s", kinds);
}

/* One entry of a list. With @kind, it is a map of that word alone. */
static void add_entry(struct fold *f, struct map_fill *map,
		      const struct field *field, const struct item *word,
		      const struct item *kind, const struct item *rest)
{
	struct section *section = section_of(f, map, field, word->span);
	const struct field *fields = kind ? dsl_kind_fields(field, kind->text) :
					    field->fields;
	struct node *node =
		entry_map(f, rest, fields, kind ? kind->span : word->span);
	struct map_fill pair = { 0 };

	if (kind) {
		add_pair(f, &pair, scalar_node(f, kind), node);
		node = finish_map(f, &pair, (struct span){ 0 });
	}
	*vec_push(f->scratch, &section->items) = node;
	section->span =
		span_join(section->span, span_join(word->span, node->span));
}

/* "include a, b": each value is an entry of the list. */
static void add_entry_values(struct fold *f, struct map_fill *map,
			     const struct field *field, const struct item *word)
{
	struct section *section = section_of(f, map, field, word->span);
	struct node *list;
	size_t i;

	if (!word->next) {
		*vec_push(f->scratch, &section->items) =
			null_node(f, word->span);
		return;
	}
	list = list_of(f, word->next, NULL);
	for (i = 0; i < list->list.n; i++)
		*vec_push(f->scratch, &section->items) = list->list.items[i];
	section->span =
		span_join(section->span, span_join(word->span, list->span));
}

/* "eligible from lan to wan", "nat forward ...", "test ..." */
static void fold_entry(struct fold *f, const struct item *word,
		       const struct field *field, struct map_fill *map)
{
	const struct item *kind = word->next;

	if (!field->kind_at && !field->fields) {
		add_entry_values(f, map, field, word);
	} else if (!field->kind_at) {
		add_entry(f, map, field, word, NULL, word->next);
	} else if (kind && kind->kind == ITEM_WORD) {
		add_entry(f, map, field, word, kind, kind->next);
	} else {
		expected_kind(f, word, field);
	}
}

/* "accept from lan" */
static void fold_kind(struct fold *f, const struct item *word,
		      const struct field *field, struct map_fill *map)
{
	struct item kind = *word;

	kind.text = without_colon(f, word);
	add_entry(f, map, field, word, &kind, word->next);
}

static void fold_key(struct fold *f, const struct item *word,
		     const struct field *field, const struct field *fields,
		     struct map_fill *map)
{
	struct str key = without_colon(f, word);

	add_pair(f, map, key_node(f, word, key),
		 fold_rest(f, key, word->span, word->next, field, fields));
}

/* Whether a kind without a word of its own is near: a rule was meant. */
static bool suggest_kinds(struct suggest *suggest, const struct field *fields)
{
	struct suggest kinds = *suggest;
	struct field_kind kind;
	size_t i;

	for (; fields->key; fields++)
		for (i = 0; fields->kind_at && !fields->one &&
			    fields->kind_at(i, &kind);
		     i++)
			suggest_name(&kinds, str_of(kind.word));
	if (!kinds.best.n)
		return false;
	*suggest = kinds;
	return true;
}

static void suggest_keys(struct suggest *suggest, const struct field *fields)
{
	const struct field *field;

	for (field = fields; field->key; field++)
		if (dsl_entry_word(field))
			suggest_name(suggest, str_of(dsl_entry_word(field)));
	for (field = fields; field->key && !suggest->best.n; field++)
		suggest_name(suggest, str_of(field->key));
}

/* Whether it could go on with the row of the line before. */
static bool goes_on(const struct field *fields, struct str word)
{
	struct field_kind kind;
	size_t i;

	for (; fields->key; fields++)
		for (i = 0; fields->kind_at && !fields->one &&
			    fields->kind_at(i, &kind);
		     i++)
			if (dsl_is_key(kind.fields, word))
				return true;
	return false;
}

/* "// ...", of other languages. */
static bool is_comment(struct str word)
{
	return word.n > 1 && word.p[0] == '/' &&
	       (word.p[1] == '/' || word.p[1] == '*');
}

/* What it stands behind, as "masquerade" does behind "nat"; or NULL. */
static const char *second_word(const struct field *fields, struct str word)
{
	struct field_kind kind;
	size_t i;

	for (; fields->key; fields++)
		for (i = 0; fields->kind_at && fields->one &&
			    fields->kind_at(i, &kind);
		     i++)
			if (str_is(word, kind.word))
				return fields->one;
	return NULL;
}

/* Without one rule, what is said of the others is still true. */
static void unknown_statement(struct fold *f, const struct item *word,
			      const struct field *fields)
{
	struct suggest suggest = suggest_for(word->text);
	bool rule = suggest_kinds(&suggest, fields);
	struct diag *diag = dsl_mistake(f->dsl, word->span,
					"no statement begins with \"%.*s\"",
					STR_ARG(word->text));

	f->dsl->failed |= !rule;
	if (!rule)
		suggest_keys(&suggest, fields);
	if (is_comment(word->text)) {
		diag_help(diag, "a comment begins with \"#\"");
		return;
	}
	if (second_word(fields, word->text)) {
		diag_help(diag, "write \"%s %.*s\"",
			  second_word(fields, word->text), STR_ARG(word->text));
		return;
	}
	suggest_help(&suggest, diag);
	if (!suggest.best.n && goes_on(fields, word->text))
		diag_help(diag, "a statement ends with its line, unless a "
				"\",\" or a \"\\\" stands there");
}

/* "nat [ ... ]", "define { ... }": the whole list, or map, as any value. */
static bool is_whole(const struct item *word, const struct field *field)
{
	const struct item *value = word->next;

	if (strcmp(dsl_entry_word(field), field->key) != 0 || !value ||
	    value->next)
		return false;
	return value->kind == ITEM_BRACKETS ||
	       (value->kind == ITEM_BRACES && (field->how & FIELD_NAMED));
}

static struct str without_last_colon(struct str text)
{
	text.n -= text.n > 1 && text.p[text.n - 1] == ':';
	return text;
}

static void fold_statement(struct fold *f, const struct item *word,
			   const struct field *fields, struct map_fill *map)
{
	const struct field *field = NULL;
	enum dsl_word what = DSL_UNKNOWN;

	if (!is_text(word)) {
		dsl_error(f->dsl, word->span, "a statement begins with a word");
		return;
	}
	if (word->kind == ITEM_WORD)
		what = dsl_word_find(fields, without_last_colon(word->text),
				     &field);
	if (what == DSL_ENTRY && is_whole(word, field))
		what = DSL_KEY;
	if (what == DSL_ENTRY && (field->how & FIELD_NAMED))
		fold_named(f, word, field, map);
	else if (what == DSL_ENTRY)
		fold_entry(f, word, field, map);
	else if (what == DSL_KIND)
		fold_kind(f, word, field, map);
	else if (what == DSL_KEY || word->kind == ITEM_STRING ||
		 fields != f->dsl->language)
		fold_key(f, word, field, fields, map);
	else
		unknown_statement(f, word, fields);
}

static void fold_statements(struct fold *f, const struct item *block,
			    const struct field *fields, struct map_fill *map)
{
	const struct item *statement;

	for (statement = block->first; statement; statement = statement->next)
		fold_statement(f, statement->first, fields, map);
}

struct node *dsl_fold(struct dsl *dsl)
{
	struct fold f = {
		.dsl = dsl,
		.arena = dsl->arena,
		.scratch = dsl->scan.scratch,
	};
	struct map_fill map = { 0 };
	struct span begin = { dsl->scan.source->id, 0, 0 };

	if (!dsl->root->n)
		return tree_node(f.arena, NODE_NULL, begin);
	fold_statements(&f, dsl->root, dsl->language, &map);
	return finish_map(&f, &map, (struct span){ 0 });
}
