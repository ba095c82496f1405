// SPDX-License-Identifier: GPL-2.0-only
/*
 * Refusing with an answer. What is sent fits both families, or is a TCP reset;
 * the rule has tested for TCP before a reset.
 */
#include <linux/netfilter/nf_tables.h>

#include "stmt.h"

static const struct {
	const char *text;
	uint32_t type, code;
} rejects[] = {
	[REJECT_ICMPX_ADMIN] = { "reject with icmpx admin-prohibited",
				 NFT_REJECT_ICMPX_UNREACH,
				 NFT_REJECT_ICMPX_ADMIN_PROHIBITED },
	[REJECT_ICMPX_PORT] = { "reject with icmpx port-unreachable",
				NFT_REJECT_ICMPX_UNREACH,
				NFT_REJECT_ICMPX_PORT_UNREACH },
	[REJECT_TCP_RESET] = { "reject with tcp reset", NFT_REJECT_TCP_RST, 0 },
};

static void print(struct buf *out, const struct stmt *stmt)
{
	buf_puts(out, rejects[stmt->reject].text);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	struct expr *expr = expr_add(out, EXPR_REJECT);

	expr->arg = rejects[stmt->reject].type;
	expr->flags = rejects[stmt->reject].code;
}

const struct stmt_ops stmt_reject = {
	.name = "reject",
	.doc = "Drops the packet and tells its sender.",
	.print = print,
	.linear = linear,
};
