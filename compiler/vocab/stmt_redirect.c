// SPDX-License-Identifier: GPL-2.0-only
/* Destination translation to the router's own address on the device. */
#include "nat.h"

static void print(struct buf *out, const struct stmt *stmt)
{
	nat_print_alone(out, "redirect", stmt);
}

static void json(struct json *out, const struct stmt *stmt)
{
	nat_json_alone(out, "redirect", stmt);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	nat_linear_alone(out, EXPR_REDIR, stmt);
}

const struct stmt_ops stmt_redirect = {
	.name = "redirect",
	.doc = DOC("Translates the destination to the router's own address."),
	.later = LATER_NONE,
	.print = print,
	.json = json,
	.linear = linear,
};
