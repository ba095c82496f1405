// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tree as YAML, as a person would write a policy: keys in lines, what they
 * hold in braces and brackets where that is short. Columns are fmt's affair.
 *
 * What must stay true: any tree that a reader makes is read from what is
 * printed here, but for quotes that do not count. Other readers of YAML find
 * the same text in it: what one of them may take for true, a number or a date
 * is in quotes.
 */
#include "notes.h"
#include "print.h"

#include "read/text.h"

#define WIDTH 110
#define INDENT 2

struct printer {
	struct buf *out;
	const struct print_notes *notes;
	size_t indent;
};

static void put_notes(struct printer *p, const struct node *node)
{
	print_notes_of(p->out, p->notes, node, p->indent);
}

static void put_flow(struct printer *p, const struct node *node);
static void put_block(struct printer *p, const struct node *node,
		      unsigned int level);

static void put_scalar(struct printer *p, const struct node *node)
{
	struct str text = node->scalar;

	if (print_is_plain(text) && !(node->quoted && print_quotes_count(text)))
		buf_add(p->out, text.p, text.n);
	else
		print_quoted(p->out, text, false);
}

/* A key is text; only what the reader would not take for that is in quotes. */
static void put_key(struct printer *p, const struct node *key)
{
	if (print_is_plain(key->scalar))
		buf_add(p->out, key->scalar.p, key->scalar.n);
	else
		print_quoted(p->out, key->scalar, false);
	buf_putc(p->out, ':');
}

static bool is_empty(const struct node *node)
{
	return (node->kind == NODE_LIST && !node->list.n) ||
	       (node->kind == NODE_MAP && !node->map.n);
}

static void put_flow_list(struct printer *p, const struct node *node)
{
	size_t i;

	buf_putc(p->out, '[');
	for (i = 0; i < node->list.n; i++) {
		buf_puts(p->out, i ? ", " : "");
		put_flow(p, node->list.items[i]);
	}
	buf_putc(p->out, ']');
}

static void put_flow_map(struct printer *p, const struct node *node)
{
	size_t i;

	buf_puts(p->out, is_empty(node) ? "{" : "{ ");
	for (i = 0; i < node->map.n; i++) {
		buf_puts(p->out, i ? ", " : "");
		put_key(p, node->map.pairs[i].key);
		if (node->map.pairs[i].value->kind != NODE_NULL)
			buf_putc(p->out, ' ');
		put_flow(p, node->map.pairs[i].value);
	}
	buf_puts(p->out, is_empty(node) ? "}" : " }");
}

static void put_flow(struct printer *p, const struct node *node)
{
	switch (node->kind) {
	case NODE_NULL:
		break;
	case NODE_SCALAR:
		put_scalar(p, node);
		break;
	case NODE_LIST:
		put_flow_list(p, node);
		break;
	case NODE_MAP:
		put_flow_map(p, node);
		break;
	}
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

static bool has_null(const struct node *node)
{
	size_t i;

	for (i = 0; node->kind == NODE_LIST && i < node->list.n; i++)
		if (node->list.items[i]->kind == NODE_NULL ||
		    has_null(node->list.items[i]))
			return true;
	for (i = 0; node->kind == NODE_MAP && i < node->map.n; i++)
		if (node->map.pairs[i].value->kind == NODE_NULL ||
		    has_null(node->map.pairs[i].value))
			return true;
	return false;
}

/* How many lists and maps are in each other, itself among them. */
static unsigned int height(const struct node *node)
{
	unsigned int most = 0, h;
	size_t i;

	if (node->kind != NODE_LIST && node->kind != NODE_MAP)
		return 0;
	for (i = 0; node->kind == NODE_LIST && i < node->list.n; i++)
		if ((h = height(node->list.items[i])) > most)
			most = h;
	for (i = 0; node->kind == NODE_MAP && i < node->map.n; i++)
		if ((h = height(node->map.pairs[i].value)) > most)
			most = h;
	return most + 1;
}

static bool has_map(const struct node *node)
{
	size_t i;

	for (i = 0; node->kind == NODE_LIST && i < node->list.n; i++)
		if (node->list.items[i]->kind == NODE_MAP)
			return true;
	for (i = 0; node->kind == NODE_MAP && i < node->map.n; i++)
		if (node->map.pairs[i].value->kind == NODE_MAP)
			return true;
	return false;
}

/*
 * Whether it may stand in brackets behind its key. The outermost maps stand in
 * lines unless they hold text alone; an item of a list that has a map among
 * several keys does, too: it would be hard to read.
 */
static bool may_flow(const struct node *node, unsigned int level)
{
	if (node->kind != NODE_LIST && node->kind != NODE_MAP)
		return true;
	if (is_empty(node))
		return true;
	if (has_null(node))
		return false;
	if (level == 0 || (node->kind == NODE_LIST && has_map(node)))
		return false;
	return level == 1 ? height(node) == 1 : height(node) <= 3;
}

/* Takes it back if it makes the line too long. */
static bool try_flow(struct printer *p, const struct node *node,
		     unsigned int level)
{
	size_t begin = p->out->n;

	if (!may_flow(node, level))
		return false;
	put_flow(p, node);
	if (column(p) <= WIDTH || is_empty(node) || !height(node))
		return true;
	p->out->n = begin;
	return false;
}

/* A literal block: every line as it is. */
static bool is_literal(const struct node *node)
{
	struct str text = node->scalar;
	size_t i, n;

	if (node->kind != NODE_SCALAR || text.n < 2 ||
	    text.p[text.n - 1] != '\n' || text.p[text.n - 2] == '\n' ||
	    text.p[0] == ' ' || text.p[0] == '\n' || text.p[0] == '\t')
		return false;
	for (i = 0; i < text.n; i += n) {
		struct str rest = { text.p + i, text.n - i };
		uint32_t rune;

		n = str_rune(rest, &rune);
		if (!n || (rune < ' ' && rune != '\n') || rune == 0x7f ||
		    rune == 0x85 || rune == 0x2028 || rune == 0x2029 ||
		    (rune >= 0x80 && !text_is_allowed(rune)))
			return false;
	}
	return true;
}

static void put_literal(struct printer *p, struct str text)
{
	struct str rest = { text.p, text.n - 1 };

	buf_puts(p->out, " |");
	while (rest.p) {
		struct str line = str_cut(&rest, '\n');

		if (line.n)
			new_line(p);
		else
			buf_putc(p->out, '\n');
		buf_add(p->out, line.p, line.n);
	}
}

/* What stands behind a key or a "-". */
static void put_rest(struct printer *p, const struct node *node,
		     unsigned int level)
{
	size_t begin = p->out->n;

	if (node->kind == NODE_NULL)
		return;
	if (is_literal(node)) {
		p->indent += INDENT;
		put_literal(p, node->scalar);
		p->indent -= INDENT;
		return;
	}
	buf_putc(p->out, ' ');
	if (try_flow(p, node, level))
		return;
	p->out->n = begin;
	p->indent += INDENT;
	new_line(p);
	put_block(p, node, level);
	p->indent -= INDENT;
}

static void put_block_map(struct printer *p, const struct node *node,
			  unsigned int level)
{
	size_t i;

	for (i = 0; i < node->map.n; i++) {
		if (i)
			new_line(p);
		put_notes(p, node->map.pairs[i].value);
		put_key(p, node->map.pairs[i].key);
		put_rest(p, node->map.pairs[i].value, level + 1);
	}
}

static bool is_single(const struct node *item)
{
	return item->kind == NODE_MAP && item->map.n == 1 &&
	       item->map.pairs[0].value->kind == NODE_MAP;
}

static void put_single(struct printer *p, const struct pair *pair,
		       unsigned int level)
{
	put_key(p, pair->key);
	p->indent += INDENT;
	put_rest(p, pair->value, level + 2);
	p->indent -= INDENT;
}

static void put_block_list(struct printer *p, const struct node *node,
			   unsigned int level)
{
	size_t i;

	for (i = 0; i < node->list.n; i++) {
		const struct node *item = node->list.items[i];

		if (i)
			new_line(p);
		put_notes(p, item);
		buf_putc(p->out, '-');
		if (item->kind == NODE_NULL)
			continue;
		if (is_literal(item)) {
			put_rest(p, item, level);
			continue;
		}
		buf_putc(p->out, ' ');
		if (is_single(item)) {
			put_single(p, &item->map.pairs[0], level);
			continue;
		}
		if (!(has_map(item) && item->map.n > 1) &&
		    try_flow(p, item, level + 1))
			continue;
		p->indent += INDENT;
		put_block(p, item, level + 1);
		p->indent -= INDENT;
	}
}

static void put_block(struct printer *p, const struct node *node,
		      unsigned int level)
{
	if (is_empty(node) || node->kind == NODE_NULL ||
	    node->kind == NODE_SCALAR)
		put_flow(p, node);
	else if (node->kind == NODE_LIST)
		put_block_list(p, node, level);
	else
		put_block_map(p, node, level);
}

/* What is in lines stands apart from what is around it. */
static bool is_short(struct printer *p, const struct pair *pair)
{
	size_t begin = p->out->n;
	bool fits = pair->value->kind == NODE_NULL ||
		    try_flow(p, pair->value, 1);

	p->out->n = begin;
	return fits && pair->value->kind == NODE_SCALAR;
}

void print_yaml(struct buf *out, const struct node *root)
{
	print_yaml_noted(out, root, NULL);
}

void print_yaml_noted(struct buf *out, const struct node *root,
		      const struct print_notes *notes)
{
	struct printer p = { .out = out, .notes = notes };
	size_t i;

	for (i = 0; root->kind == NODE_MAP && i < root->map.n; i++) {
		const struct pair *pair = &root->map.pairs[i];

		if (i && !(is_short(&p, pair) && is_short(&p, pair - 1)))
			buf_putc(out, '\n');
		put_notes(&p, pair->value);
		put_key(&p, pair->key);
		put_rest(&p, pair->value, 1);
		buf_putc(out, '\n');
	}
}
