// SPDX-License-Identifier: GPL-2.0-only
/* Puts the connection into a flowtable. It does not end the rules. */
#include "stmt.h"

static void print(struct buf *out, const struct stmt *stmt)
{
	buf_puts(out, "flow add @");
	buf_puts(out, stmt->flowtable);
}

static void json(struct json *out, const struct stmt *stmt)
{
	struct buf *name = json_scratch(out);

	buf_putc(name, '@');
	buf_puts(name, stmt->flowtable);
	json_wrap(out, "flow");
	json_object(out);
	json_put_str(out, "op", "add");
	json_put_str(out, "flowtable", name->p);
	json_end_n(out, 2);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	expr_add(out, EXPR_FLOW)->name = stmt->flowtable;
}

const struct stmt_ops stmt_flow_add = {
	.name = "flow add",
	.doc = DOC("Offloads the connection."),
	.later = LATER_NONE,
	.print = print,
	.json = json,
	.linear = linear,
};
