// SPDX-License-Identifier: GPL-2.0-only
/* Puts the connection into a flowtable. It does not end the rules. */
#include "stmt.h"

static void print(struct buf *out, const struct stmt *stmt)
{
	buf_puts(out, "flow add @");
	buf_puts(out, stmt->flowtable);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	expr_add(out, EXPR_FLOW)->name = stmt->flowtable;
}

const struct stmt_ops stmt_flow_add = {
	.name = "flow add",
	.doc = "Offloads the connection.",
	.later = LATER_NONE,
	.print = print,
	.linear = linear,
};
