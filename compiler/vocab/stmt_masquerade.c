// SPDX-License-Identifier: GPL-2.0-only
/* Source translation to whatever address the outgoing device has. */
#include "nat.h"

static void print(struct buf *out, const struct stmt *stmt)
{
	nat_print_alone(out, "masquerade", stmt);
}

static void json(struct json *out, const struct stmt *stmt)
{
	nat_json_alone(out, "masquerade", stmt);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	nat_linear_alone(out, EXPR_MASQ, stmt);
}

const struct stmt_ops stmt_masquerade = {
	.name = "masquerade",
	.doc = DOC("Translates the source to the address of the outgoing "
		   "device."),
	.later = LATER_NONE,
	.print = print,
	.json = json,
	.linear = linear,
};
