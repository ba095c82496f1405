// SPDX-License-Identifier: GPL-2.0-only
/* Source translation to whatever address the outgoing device has. */
#include <linux/netfilter/nf_tables.h>

#include "nat.h"

static void print(struct buf *out, const struct stmt *stmt)
{
	buf_puts(out, "masquerade");
	if (nat_has_ports(stmt)) {
		buf_puts(out, " to :");
		nat_print_ports(out, stmt);
	}
	nat_print_flags(out, stmt);
}

static void json(struct json *out, const struct stmt *stmt)
{
	nat_json_alone(out, "masquerade", stmt);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	uint32_t reg = NFT_REG_1;
	struct nat_ports ports = nat_linear_ports(out, stmt, &reg);
	struct expr *expr = expr_add(out, EXPR_MASQ);

	expr->reg = ports.lo;
	expr->reg2 = ports.hi;
	expr->flags = nat_flags(stmt);
}

const struct stmt_ops stmt_masquerade = {
	.name = "masquerade",
	.doc = "Translates the source to the address of the outgoing device.",
	.later = LATER_NONE,
	.print = print,
	.json = json,
	.linear = linear,
};
