// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lowers the segment size that a TCP handshake offers to what the route can
 * carry. The rule has tested for the SYN flag before.
 */
#include <linux/netfilter/nf_tables.h>
#include <netinet/tcp.h>

#include "stmt.h"

/* Where the size stands in the option, behind its kind and its length. */
#define MSS_OFFSET 2

static void print(struct buf *out, const struct stmt *stmt)
{
	(void)stmt;
	buf_puts(out, "tcp option maxseg size set rt mtu");
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	struct expr *expr = expr_add(out, EXPR_RT_LOAD);

	(void)stmt;
	expr->arg = NFT_RT_TCPMSS;
	expr->reg = NFT_REG_1;
	expr = expr_add(out, EXPR_BYTEORDER);
	expr->reg = NFT_REG_1;
	expr->arg = expr->len = sizeof(uint16_t);
	expr = expr_add(out, EXPR_TCPOPT_SET);
	expr->reg = NFT_REG_1;
	expr->arg = TCPOPT_MAXSEG;
	expr->tcpopt.offset = MSS_OFFSET;
	expr->len = sizeof(uint16_t);
}

const struct stmt_ops stmt_mss = {
	.name = "tcp option maxseg",
	.doc = "Lowers a TCP handshake's segment size to the route's.",
	.print = print,
	.linear = linear,
};
