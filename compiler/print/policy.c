// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tree in the policy's own spelling. It asks the tables of fields what the
 * reader asks them (read/dsl.h), and writes out in full whatever they do not
 * answer: a word in quotes is no word of the language, and a list in brackets
 * or a map in braces is always just that.
 *
 * What must stay true: for any map there is, what is printed here is read to
 * the same (print_same()). So each shorter form below is taken only where the
 * reader takes it for what is meant.
 */
#include "notes.h"
#include "print.h"

#include "read/dsl.h"
#include "read/text.h"

#define WIDTH 100
#define INDENT 2

struct printer {
	struct buf *out;
	const struct print_notes *notes;
	struct arena *scratch;
	size_t indent;
};

static void put_value(struct printer *p, const struct node *node,
		      const struct field *fields);
static void put_statements(struct printer *p, const struct node *map,
			   const struct field *fields, const char *between);

static bool has(const struct field *field, enum field_how how)
{
	return field && (field->how & how);
}

static const struct field *map_fields(const struct field *field)
{
	return field && !(field->how & (FIELD_NAMED | FIELD_ENTRIES)) ?
		       field->fields :
		       NULL;
}

/* Words and text. */

static void put_text(struct buf *out, struct str text, bool quoted)
{
	if (quoted || !dsl_is_word(text))
		print_quoted(out, text, true);
	else
		buf_add(out, text.p, text.n);
}

static bool wants_quotes(const struct node *node)
{
	return node->quoted && print_quotes_count(node->scalar);
}

static void put_scalar(struct buf *out, const struct node *node)
{
	put_text(out, node->scalar, wants_quotes(node));
}

static bool is_scalar(const struct node *node)
{
	return node->kind == NODE_SCALAR;
}

static bool is_text(const struct node *node, const char *text)
{
	return is_scalar(node) && str_is(node->scalar, text);
}

/* A word that can be a key: "a:" would be taken for YAML. */
static bool is_key_word(struct str key)
{
	return dsl_is_word(key) && (key.n < 2 || key.p[key.n - 1] != ':');
}

/*
 * "16 packets": words with one blank between them, of which only the first may
 * be a key of the row it stands in.
 */
static bool is_phrase(struct str text, const struct field *fields)
{
	struct str rest = text, word = str_cut(&rest, ' ');

	if (!rest.p)
		return false;
	for (;;) {
		if (!dsl_is_word(word))
			return false;
		if (!rest.p)
			return true;
		word = str_cut(&rest, ' ');
		if (fields && dsl_is_key(fields, word))
			return false;
	}
}

/* Values. */

static void put_items(struct printer *p, const struct node *list);

/* A list in a list is in brackets always, or its commas would be the other's. */
static void put_item(struct printer *p, const struct node *item)
{
	if (item->kind != NODE_LIST) {
		put_value(p, item, NULL);
		return;
	}
	buf_putc(p->out, '[');
	put_items(p, item);
	buf_putc(p->out, ']');
}

static void put_items(struct printer *p, const struct node *list)
{
	size_t i;

	for (i = 0; i < list->list.n; i++) {
		buf_puts(p->out, i ? ", " : "");
		put_item(p, list->list.items[i]);
	}
}

/* In one piece, wherever a value may stand. */
static void put_value(struct printer *p, const struct node *node,
		      const struct field *fields)
{
	switch (node->kind) {
	case NODE_NULL:
		buf_putc(p->out, '~');
		break;
	case NODE_SCALAR:
		put_scalar(p->out, node);
		break;
	case NODE_LIST:
		if (node->list.n > 1)
			put_items(p, node);
		else
			put_item(p, node);
		break;
	case NODE_MAP:
		buf_puts(p->out, node->map.n ? "{ " : "{");
		put_statements(p, node, fields, "; ");
		buf_puts(p->out, node->map.n ? " }" : "}");
		break;
	}
}

/* "not" and what is not meant, as the one pair of a match's map. */
static const struct node *negated(const struct node *value,
				  const struct field *fields, struct str key)
{
	if (value->kind != NODE_MAP || value->map.n != 1 ||
	    !dsl_is_negatable(fields, key) ||
	    !str_is(value->map.pairs[0].key->scalar, "not"))
		return NULL;
	return value->map.pairs[0].value;
}

/* Whether one text needs no brackets to be a list. */
static bool is_bare_list(const struct node *value, const struct field *field)
{
	return has(field, FIELD_LIST) && value->kind == NODE_LIST &&
	       value->list.n == 1 && is_scalar(value->list.items[0]);
}

static void put_known_value(struct printer *p, const struct node *value,
			    const struct field *field,
			    const struct field *fields, struct str key)
{
	const struct node *inner = negated(value, fields, key);

	if (inner) {
		buf_puts(p->out, "not ");
		put_value(p, inner, NULL);
	} else if (is_bare_list(value, field)) {
		put_scalar(p->out, value->list.items[0]);
	} else {
		put_value(p, value, map_fields(field));
	}
}

static bool is_true(const struct node *value)
{
	return is_text(value, "true") && !value->quoted;
}

/* Rows: "from lan to wan log every". */

static bool is_row_key(const struct pair *pair, const struct field *fields)
{
	return is_key_word(pair->key->scalar) &&
	       dsl_is_key(fields, pair->key->scalar);
}

/* The reader takes braces behind these keys for something else. */
static bool braces_mean_more(const struct node *value,
			     const struct field *field)
{
	if (value->kind != NODE_MAP)
		return false;
	return has(field, FIELD_BLOCK) ||
	       (has(field, FIELD_FLAG) && !map_fields(field));
}

/*
 * A word that would be taken for the next key, or for the "not" before one.
 * Behind a key in quotes, it is a value.
 */
static bool is_mistaken(const struct pair *pair, const struct field *fields)
{
	const struct node *value = pair->value;
	struct str key = pair->key->scalar;

	if (!is_scalar(value) || wants_quotes(value))
		return false;
	if (str_is(value->scalar, "not") && dsl_is_negatable(fields, key))
		return true;
	return dsl_is_key(fields, value->scalar) &&
	       (has(dsl_field_find(fields, key), FIELD_FLAG) ||
		!is_row_key(pair, fields));
}

/* @open: a phrase stands before it, and goes on up to the next key. */
static void put_row_pair(struct printer *p, const struct pair *pair,
			 const struct pair *next, const struct field *fields,
			 bool *open)
{
	struct str key = pair->key->scalar;
	bool word = is_key_word(key) && (!*open || is_row_key(pair, fields));
	const struct field *field = word ? dsl_field_find(fields, key) : NULL;
	const struct node *value = pair->value;

	if (braces_mean_more(value, field) || is_mistaken(pair, fields) ||
	    (value->kind == NODE_MAP && !is_row_key(pair, fields))) {
		word = false;
		field = NULL;
	}
	put_text(p->out, key, !word);
	*open = has(field, FIELD_PHRASE) && is_scalar(value);
	if (has(field, FIELD_FLAG) && is_true(value) &&
	    (!next || is_row_key(next, fields)))
		return;
	buf_putc(p->out, ' ');
	if (*open && !value->quoted && is_phrase(value->scalar, fields))
		buf_add(p->out, value->scalar.p, value->scalar.n);
	else
		put_known_value(p, value, field, word ? fields : NULL, key);
}

/* The pair that stands in braces at the end of the row, or NULL. */
static const struct pair *block_pair(const struct node *map,
				     const struct field *fields)
{
	const struct field *field = dsl_field_with(fields, FIELD_BLOCK);
	const struct pair *pair = NULL;
	size_t i;

	for (i = 0; field && i < map->map.n; i++)
		if (str_is(map->map.pairs[i].key->scalar, field->key))
			pair = &map->map.pairs[i];
	if (!pair)
		return NULL;
	if (is_scalar(pair->value))
		return pair;
	if (pair->value->kind != NODE_LIST ||
	    (pair->value->list.n == 1 &&
	     pair->value->list.items[0]->kind == NODE_LIST))
		return NULL;
	return pair;
}

/* @map without two of its pairs, which stand elsewhere; either may be NULL. */
static struct node without(struct printer *p, const struct node *map,
			   const struct pair *one, const struct pair *two)
{
	struct node rest = *map;
	size_t i;

	if (!one && !two)
		return rest;
	rest.map.pairs =
		arena_array(p->scratch, map->map.n, sizeof(struct pair));
	rest.map.n = 0;
	for (i = 0; i < map->map.n; i++)
		if (&map->map.pairs[i] != one && &map->map.pairs[i] != two)
			rest.map.pairs[rest.map.n++] = map->map.pairs[i];
	return rest;
}

static void put_row(struct printer *p, const struct node *map,
		    const struct field *fields)
{
	bool open = false;
	size_t i;

	for (i = 0; i < map->map.n; i++) {
		buf_putc(p->out, ' ');
		put_row_pair(p, &map->map.pairs[i],
			     i + 1 < map->map.n ? &map->map.pairs[i + 1] : NULL,
			     fields, &open);
	}
}

/* Entries: what begins with a word of a field. */

/* A word that is a key would be taken for one. */
static bool can_be_first(const struct node *value, const struct field *fields)
{
	return is_scalar(value) &&
	       (wants_quotes(value) || !dsl_field_find(fields, value->scalar));
}

static const struct pair *first_pair(const struct node *map,
				     const struct field *fields)
{
	const struct field *field = dsl_field_with(fields, FIELD_FIRST);
	size_t i;

	for (i = 0; field && i < map->map.n; i++)
		if (str_is(map->map.pairs[i].key->scalar, field->key))
			return can_be_first(map->map.pairs[i].value, fields) ?
				       &map->map.pairs[i] :
				       NULL;
	return NULL;
}

/* Without what comes first, the reader must see that the first word is a key. */
static bool is_entry_map(const struct node *node, const struct field *fields)
{
	if (node->kind != NODE_MAP)
		return false;
	if (!dsl_field_with(fields, FIELD_FIRST) || first_pair(node, fields))
		return true;
	return !dsl_field_with(fields, FIELD_BLOCK) || !node->map.n ||
	       &node->map.pairs[0] == block_pair(node, fields) ||
	       dsl_field_find(fields, node->map.pairs[0].key->scalar);
}

static bool is_named_value(const struct node *node, const struct field *field)
{
	if (field->fields)
		return is_entry_map(node, field->fields);
	if (has(field, FIELD_BLOCK))
		return is_scalar(node) || node->kind == NODE_NULL ||
		       (node->kind == NODE_LIST &&
			!(node->list.n == 1 &&
			  node->list.items[0]->kind == NODE_LIST));
	return true;
}

static const struct field *kind_of(const struct field *field,
				   const struct node *item)
{
	if (item->kind != NODE_MAP || item->map.n != 1 ||
	    !dsl_is_word(item->map.pairs[0].key->scalar))
		return NULL;
	return dsl_kind_fields(field, item->map.pairs[0].key->scalar);
}

static bool is_entry(const struct node *item, const struct field *field)
{
	const struct field *fields = field->fields;

	if (field->kind_at) {
		fields = kind_of(field, item);
		return fields && is_entry_map(item->map.pairs[0].value, fields);
	}
	return fields ? is_entry_map(item, fields) : is_scalar(item);
}

/* Whether all of the field's value can be written as statements. */
static bool is_section(const struct node *value, const struct field *field)
{
	size_t i;

	if (has(field, FIELD_NAMED) && value->kind == NODE_MAP) {
		for (i = 0; i < value->map.n; i++)
			if (!is_named_value(value->map.pairs[i].value, field))
				return false;
		return value->map.n > 0;
	}
	if (!has(field, FIELD_ENTRIES) || value->kind != NODE_LIST)
		return false;
	for (i = 0; i < value->list.n; i++)
		if (!is_entry(value->list.items[i], field))
			return false;
	return value->list.n > 0;
}

/* Layout. */

static void new_line(struct printer *p)
{
	buf_putc(p->out, '\n');
	buf_pad(p->out, p->indent);
}

static size_t column(const struct printer *p)
{
	return p->out->n - buf_last_line(p->out);
}

/* Takes back what was written since @begin if it makes the line too long. */
static bool fits(struct printer *p, size_t begin)
{
	if (column(p) <= WIDTH)
		return true;
	p->out->n = begin;
	return false;
}

/* Items in as many lines as they need. */
static void put_wrapped(struct printer *p, const struct node *list)
{
	size_t i, begin;

	for (i = 0; i < list->list.n; i++) {
		if (i)
			buf_puts(p->out, ", ");
		begin = p->out->n;
		put_item(p, list->list.items[i]);
		if (column(p) < WIDTH || !i)
			continue;
		p->out->n = begin - 1;
		new_line(p);
		put_item(p, list->list.items[i]);
	}
}

static void put_list_in_lines(struct printer *p, const struct node *list,
			      const char *brackets)
{
	buf_putc(p->out, brackets[0]);
	p->indent += INDENT;
	new_line(p);
	put_wrapped(p, list);
	p->indent -= INDENT;
	new_line(p);
	buf_putc(p->out, brackets[1]);
}

static void put_map_in_lines(struct printer *p, const struct node *map,
			     const struct field *fields)
{
	buf_putc(p->out, '{');
	p->indent += INDENT;
	new_line(p);
	put_statements(p, map, fields, NULL);
	p->indent -= INDENT;
	new_line(p);
	buf_putc(p->out, '}');
}

/* Entries. */

struct entry {
	const char *word;
	struct str name; /* or kind; p NULL without */
	const struct node *value;
	const struct field *field;
	const struct field *fields; /* of the value, if it is a map */
};

static struct entry entry_of(const struct field *field,
			     const struct node *section, size_t i)
{
	struct entry e = {
		.word = dsl_entry_word(field),
		.field = field,
		.fields = field->fields,
	};
	const struct pair *pair = NULL;

	if (section->kind == NODE_MAP)
		pair = &section->map.pairs[i];
	else if (field->kind_at)
		pair = &section->list.items[i]->map.pairs[0];
	e.value = pair ? pair->value : section->list.items[i];
	if (pair)
		e.name = pair->key->scalar;
	if (field->kind_at)
		e.fields = dsl_kind_fields(field, e.name);
	return e;
}

static void put_head(struct printer *p, const struct entry *e)
{
	if (e->word)
		buf_puts(p->out, e->word);
	if (e->word && e->name.p)
		buf_putc(p->out, ' ');
	if (e->name.p)
		put_text(p->out, e->name, false);
}

/* A row cannot begin with what would be taken for what comes first. */
static bool is_row(const struct entry *e, const struct node *rest,
		   const struct pair *first)
{
	return has(e->field, FIELD_LINE) &&
	       (first || !dsl_field_with(e->fields, FIELD_FIRST) ||
		!rest->map.n || is_row_key(&rest->map.pairs[0], e->fields));
}

static void put_block(struct printer *p, const struct node *value, bool lines)
{
	struct node *items[] = { (struct node *)(void *)value };
	struct node list = { .kind = NODE_LIST };

	list.list.items = items;
	list.list.n = 1;
	if (value->kind == NODE_LIST)
		list = *value;
	if (lines && list.list.n) {
		put_list_in_lines(p, &list, "{}");
		return;
	}
	buf_puts(p->out, list.list.n ? "{ " : "{");
	put_items(p, &list);
	buf_puts(p->out, list.list.n ? " }" : "}");
}

static void put_entry_map(struct printer *p, const struct entry *e, bool lines)
{
	const struct pair *first = first_pair(e->value, e->fields);
	const struct pair *last = block_pair(e->value, e->fields);
	struct node rest = without(p, e->value, first, last);

	if (first) {
		buf_putc(p->out, ' ');
		put_scalar(p->out, first->value);
	}
	if (is_row(e, &rest, first) &&
	    (!lines || last || dsl_field_with(e->fields, FIELD_BLOCK))) {
		put_row(p, &rest, e->fields);
	} else if (rest.map.n || !has(e->field, FIELD_LINE)) {
		buf_putc(p->out, ' ');
		if (lines && rest.map.n)
			put_map_in_lines(p, &rest, e->fields);
		else
			put_value(p, &rest, e->fields);
	}
	if (!last)
		return;
	buf_putc(p->out, ' ');
	put_block(p, last->value, lines);
}

static void put_entry(struct printer *p, const struct entry *e, bool lines)
{
	if (e->fields) {
		put_entry_map(p, e, lines);
		return;
	}
	if (e->value->kind == NODE_NULL)
		return;
	buf_putc(p->out, ' ');
	if (has(e->field, FIELD_BLOCK))
		put_block(p, e->value, lines);
	else
		put_value(p, e->value, NULL);
}

static void put_notes(struct printer *p, const struct node *section, size_t i)
{
	print_notes_of(p->out, p->notes,
		       section->kind == NODE_MAP ? section->map.pairs[i].value :
						   section->list.items[i],
		       p->indent);
}

static void put_section(struct printer *p, const struct node *section,
			const struct field *field, const char *between)
{
	size_t n = section->kind == NODE_MAP ? section->map.n : section->list.n;
	size_t i, begin;
	bool lines = false;

	for (i = 0; i < n; i++) {
		struct entry e = entry_of(field, section, i);

		if (i && between)
			buf_puts(p->out, between);
		else if (i && lines)
			buf_putc(p->out, '\n');
		if (i && !between)
			new_line(p);
		if (!between)
			put_notes(p, section, i);
		put_head(p, &e);
		begin = p->out->n;
		put_entry(p, &e, false);
		lines = !between && !fits(p, begin);
		if (lines)
			put_entry(p, &e, true);
	}
}

/* Statements. */

struct statement {
	const struct pair *pair;
	const struct field *field;  /* of the key; NULL if it is in quotes */
	const struct field *fields; /* where it stands */
	bool quoted;
	bool brackets; /* even around several */
};

/* How the reader would take the key, were it written as a word. */
static struct statement statement_of(const struct pair *pair,
				     const struct field *fields, bool outermost)
{
	struct statement s = { .pair = pair, .fields = fields };
	struct str key = pair->key->scalar;
	const struct node *value = pair->value;
	enum dsl_word what = DSL_KIND;

	if (is_key_word(key))
		what = dsl_word_find(fields, key, &s.field);
	if (what == DSL_ENTRY)
		s.brackets = value->kind == NODE_LIST;
	if (what == DSL_ENTRY && !str_is(key, s.field->key))
		what = DSL_KIND;
	if (what == DSL_ENTRY && !s.brackets &&
	    (value->kind != NODE_MAP || !has(s.field, FIELD_NAMED)))
		what = DSL_KIND;
	if (has(s.field, FIELD_BLOCK) && value->kind == NODE_MAP)
		what = DSL_KIND;
	s.quoted = what == DSL_KIND || (what == DSL_UNKNOWN && outermost);
	if (s.quoted) {
		s.field = s.fields = NULL;
		s.brackets = false;
	}
	return s;
}

/* Fewer than two words would be a value. */
static bool is_row_of_two(const struct statement *s)
{
	const struct node *map = s->pair->value;

	return has(s->field, FIELD_LINE) && map_fields(s->field) &&
	       map->kind == NODE_MAP &&
	       (map->map.n > 1 ||
		(map->map.n == 1 && !is_true(map->map.pairs[0].value)));
}

/* A phrase that would be taken for a row of the map that it may be, too. */
static bool begins_with_key(struct str text, const struct field *fields)
{
	return dsl_is_key(fields, str_cut(&text, ' '));
}

static void put_statement(struct printer *p, const struct statement *s)
{
	const struct node *value = s->pair->value;
	struct str key = s->pair->key->scalar;
	bool flag = has(s->field, FIELD_FLAG);

	put_text(p->out, key, s->quoted);
	if (flag ? is_true(value) : value->kind == NODE_NULL)
		return;
	if (is_row_of_two(s)) {
		put_row(p, value, s->field->fields);
		return;
	}
	buf_putc(p->out, ' ');
	if (s->brackets)
		put_item(p, value);
	else if (has(s->field, FIELD_PHRASE) && is_scalar(value) &&
		 !value->quoted && is_phrase(value->scalar, NULL) &&
		 !begins_with_key(value->scalar, map_fields(s->field)))
		buf_add(p->out, value->scalar.p, value->scalar.n);
	else
		put_known_value(p, value, s->field, s->fields, key);
}

/* Text of several lines, which can be shown as such. */
static bool is_lines(const struct node *node)
{
	struct str text = node->scalar;
	size_t i, n;

	if (!is_scalar(node) || text.n < 2 || text.p[text.n - 1] != '\n' ||
	    memmem(text.p, text.n, "\"\"\"", 3))
		return false;
	for (i = 0; i < text.n; i += n) {
		struct str rest = { text.p + i, text.n - i };
		uint32_t rune;

		n = str_rune(rest, &rune);
		if (!n || rune == '\r' || rune == 0x7f ||
		    (rune < ' ' && rune != '\n' && rune != '\t') ||
		    (rune >= 0x80 && !text_is_allowed(rune)))
			return false;
	}
	return true;
}

static void put_lines(struct printer *p, struct str text)
{
	struct str rest = { text.p, text.n - 1 };

	buf_puts(p->out, " \"\"\"");
	p->indent += INDENT;
	while (rest.p) {
		struct str line = str_cut(&rest, '\n');

		if (line.n)
			new_line(p);
		else
			buf_putc(p->out, '\n');
		buf_add(p->out, line.p, line.n);
	}
	new_line(p);
	buf_puts(p->out, "\"\"\"");
	p->indent -= INDENT;
}

static bool has_section(const struct node *map, const struct field *fields)
{
	size_t i;

	for (i = 0; map->kind == NODE_MAP && i < map->map.n; i++) {
		const struct pair *pair = &map->map.pairs[i];
		const struct field *field =
			dsl_field_find(fields, pair->key->scalar);

		if (field && is_section(pair->value, field))
			return true;
	}
	return false;
}

/* In several lines if it must be. */
static void put_statement_in_lines(struct printer *p, const struct statement *s)
{
	const struct node *value = s->pair->value;
	const struct field *fields = map_fields(s->field);
	size_t begin = p->out->n;
	bool inner = negated(value, s->fields, s->pair->key->scalar) != NULL;

	if (!is_lines(value) && !has_section(value, fields)) {
		put_statement(p, s);
		if (fits(p, begin))
			return;
	}
	if (is_lines(value)) {
		put_text(p->out, s->pair->key->scalar, s->quoted);
		put_lines(p, value->scalar);
	} else if (value->kind == NODE_MAP && value->map.n && !inner) {
		put_text(p->out, s->pair->key->scalar, s->quoted);
		buf_putc(p->out, ' ');
		put_map_in_lines(p, value, fields);
	} else if (value->kind == NODE_LIST && value->list.n) {
		put_text(p->out, s->pair->key->scalar, s->quoted);
		buf_putc(p->out, ' ');
		put_list_in_lines(p, value, "[]");
	} else {
		put_statement(p, s);
	}
}

/* The second section of one key would be joined with the first. */
static bool is_first_of_key(const struct node *map, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (str_eq(map->map.pairs[j].key->scalar,
			   map->map.pairs[i].key->scalar))
			return false;
	return true;
}

/* @between NULL: in lines. */
static void put_pair(struct printer *p, const struct node *map, size_t i,
		     const struct field *fields, const char *between,
		     bool outermost)
{
	const struct pair *pair = &map->map.pairs[i];
	const struct field *field = dsl_field_find(fields, pair->key->scalar);
	struct statement s;

	if (field && is_first_of_key(map, i) &&
	    is_section(pair->value, field)) {
		put_section(p, pair->value, field, between);
		return;
	}
	if (!between)
		print_notes_of(p->out, p->notes, pair->value, p->indent);
	s = statement_of(pair, fields, outermost);
	if (between)
		put_statement(p, &s);
	else
		put_statement_in_lines(p, &s);
}

static void put_statements(struct printer *p, const struct node *map,
			   const struct field *fields, const char *between)
{
	size_t i;

	for (i = 0; i < map->map.n; i++) {
		if (i && between)
			buf_puts(p->out, between);
		else if (i)
			new_line(p);
		put_pair(p, map, i, fields, between, false);
	}
}

/* Sections and maps stand apart from what is around them. */
static bool stands_apart(const struct pair *pair)
{
	return pair->value->kind == NODE_MAP || pair->value->kind == NODE_LIST;
}

void print_policy(struct buf *out, const struct node *root,
		  const struct field *language)
{
	print_policy_noted(out, root, language, NULL);
}

void print_policy_noted(struct buf *out, const struct node *root,
			const struct field *language,
			const struct print_notes *notes)
{
	struct printer p = { .out = out,
			     .notes = notes,
			     .scratch = arena_new() };
	size_t i;

	for (i = 0; root->kind == NODE_MAP && i < root->map.n; i++) {
		if (i && (stands_apart(&root->map.pairs[i]) ||
			  stands_apart(&root->map.pairs[i - 1])))
			buf_putc(out, '\n');
		put_pair(&p, root, i, language, NULL, true);
		buf_putc(out, '\n');
	}
	arena_free(p.scratch);
}
