// SPDX-License-Identifier: GPL-2.0-only
/* A counter of the rule's own: packets and bytes that came this far. */
#include "stmt.h"

static void print(struct buf *out, const struct stmt *stmt)
{
	(void)stmt;
	buf_puts(out, "counter");
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	(void)stmt;
	expr_add(out, EXPR_COUNTER);
}

const struct stmt_ops stmt_counter = {
	.name = "counter",
	.doc = "Counts the packets and bytes that reach it.",
	.print = print,
	.linear = linear,
};
