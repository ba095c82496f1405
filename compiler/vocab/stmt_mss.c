// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lowers the segment size that a TCP handshake offers to what the route can
 * carry, or to a given one. The rule has tested for the SYN flag before.
 */
#include <linux/netfilter/nf_tables.h>
#include <netinet/tcp.h>

#include "stmt.h"

/* Where the size stands in the option, behind its kind and its length. */
#define MSS_OFFSET 2

static void print(struct buf *out, const struct stmt *stmt)
{
	buf_puts(out, "tcp option maxseg size set ");
	if (stmt->mss)
		buf_put_u64(out, stmt->mss);
	else
		buf_puts(out, "rt mtu");
}

static void json(struct json *out, const struct stmt *stmt)
{
	json_wrap(out, "mangle");
	json_object(out);
	json_key(out, "key");
	json_wrap(out, "tcp option");
	json_object(out);
	json_put_str(out, "name", "maxseg");
	json_put_str(out, "field", "size");
	json_end_n(out, 2);
	json_key(out, "value");
	if (stmt->mss) {
		json_u64(out, stmt->mss);
	} else {
		json_wrap(out, "rt");
		json_object(out);
		json_put_str(out, "key", "mtu");
		json_end_n(out, 2);
	}
	json_end_n(out, 2);
}

static void route_size(struct exprs *out)
{
	struct expr *expr = expr_add(out, EXPR_RT_LOAD);

	expr->arg = NFT_RT_TCPMSS;
	expr->reg = NFT_REG_1;
	expr = expr_add(out, EXPR_BYTEORDER);
	expr->reg = NFT_REG_1;
	expr->arg = expr->len = sizeof(uint16_t);
}

static void given_size(struct exprs *out, uint16_t size)
{
	struct expr *expr = expr_add(out, EXPR_IMMEDIATE);

	expr->reg = NFT_REG_1;
	expr->len = sizeof(size);
	expr->data[0] = (uint8_t)(size >> 8);
	expr->data[1] = (uint8_t)size;
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	struct expr *expr;

	if (stmt->mss)
		given_size(out, stmt->mss);
	else
		route_size(out);
	expr = expr_add(out, EXPR_TCPOPT_SET);
	expr->reg = NFT_REG_1;
	expr->arg = TCPOPT_MAXSEG;
	expr->tcpopt.offset = MSS_OFFSET;
	expr->len = sizeof(uint16_t);
}

const struct stmt_ops stmt_mss = {
	.name = "tcp option maxseg",
	.doc = DOC("Lowers a TCP handshake's segment size to the route's, "
		   "or to a given one."),
	.later = LATER_NONE,
	.print = print,
	.json = json,
	.linear = linear,
};
