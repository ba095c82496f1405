// SPDX-License-Identifier: GPL-2.0-only
/* Source translation to whatever address the outgoing device has. */
#include "stmt.h"

static void print(struct buf *out, const struct stmt *stmt)
{
	(void)stmt;
	buf_puts(out, "masquerade");
}

static void json(struct json *out, const struct stmt *stmt)
{
	(void)stmt;
	json_wrap(out, "masquerade");
	json_null(out);
	json_end(out);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	(void)stmt;
	expr_add(out, EXPR_MASQ);
}

const struct stmt_ops stmt_masquerade = {
	.name = "masquerade",
	.doc = "Translates the source to the address of the outgoing device.",
	.later = LATER_NONE,
	.print = print,
	.json = json,
	.linear = linear,
};
