// SPDX-License-Identifier: GPL-2.0-only
/* Keeps the packet out of connection tracking; ahead of it, or too late. */
#include "stmt.h"

static void print(struct buf *out, const struct stmt *stmt)
{
	(void)stmt;
	buf_puts(out, "notrack");
}

static void json(struct json *out, const struct stmt *stmt)
{
	(void)stmt;
	json_wrap(out, "notrack");
	json_null(out);
	json_end(out);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	(void)stmt;
	expr_add(out, EXPR_NOTRACK);
}

const struct stmt_ops stmt_notrack = {
	.name = "notrack",
	.doc = DOC("Keeps the packet out of connection tracking."),
	.later = LATER_ALL,
	.print = print,
	.json = json,
	.linear = linear,
};
