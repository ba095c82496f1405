// SPDX-License-Identifier: GPL-2.0-only
/* Destination translation to the router's own address on the device. */
#include <linux/netfilter/nf_tables.h>

#include "nat.h"

static void print(struct buf *out, const struct stmt *stmt)
{
	buf_puts(out, "redirect");
	if (nat_has_ports(stmt)) {
		buf_puts(out, " to :");
		nat_print_ports(out, stmt);
	}
	nat_print_flags(out, stmt);
}

static void json(struct json *out, const struct stmt *stmt)
{
	nat_json_alone(out, "redirect", stmt);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	uint32_t reg = NFT_REG_1;
	struct nat_ports ports = nat_linear_ports(out, stmt, &reg);
	struct expr *expr = expr_add(out, EXPR_REDIR);

	expr->reg = ports.lo;
	expr->reg2 = ports.hi;
	expr->flags = nat_flags(stmt);
}

const struct stmt_ops stmt_redirect = {
	.name = "redirect",
	.doc = "Translates the destination to the router's own address.",
	.later = LATER_NONE,
	.print = print,
	.json = json,
	.linear = linear,
};
