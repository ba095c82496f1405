// SPDX-License-Identifier: GPL-2.0-only
/* Trees in one line: see trees.h. */
#include "trees.h"

void tree_put(struct buf *out, const struct node *node)
{
	switch (node->kind) {
	case NODE_NULL:
		buf_putc(out, '~');
		break;
	case NODE_SCALAR:
		buf_printf(out, node->quoted ? "'%.*s'" : "%.*s",
			   STR_ARG(node->scalar));
		break;
	case NODE_LIST:
		for (size_t i = 0; i < node->list.n; i++) {
			buf_putc(out, i ? ' ' : '[');
			tree_put(out, node->list.items[i]);
		}
		buf_puts(out, node->list.n ? "]" : "[]");
		break;
	case NODE_MAP:
		for (size_t i = 0; i < node->map.n; i++) {
			buf_putc(out, i ? ' ' : '{');
			tree_put(out, node->map.pairs[i].key);
			buf_putc(out, ':');
			tree_put(out, node->map.pairs[i].value);
		}
		buf_puts(out, node->map.n ? "}" : "{}");
		break;
	}
}

void tree_put_spans(struct buf *out, const struct sources *sources,
		    const struct node *node)
{
	buf_printf(out, "%.*s|", STR_ARG(span_text(sources, node->span)));
	for (size_t i = 0; node->kind == NODE_LIST && i < node->list.n; i++)
		tree_put_spans(out, sources, node->list.items[i]);
	for (size_t i = 0; node->kind == NODE_MAP && i < node->map.n; i++) {
		tree_put_spans(out, sources, node->map.pairs[i].key);
		tree_put_spans(out, sources, node->map.pairs[i].value);
	}
}
