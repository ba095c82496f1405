// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hands the packet to a program that listens on a queue (an IPS), whose
 * verdict it then gets. It ends the rules.
 */
#include <linux/netfilter/nf_tables.h>

#include "stmt.h"

static void print(struct buf *out, const struct stmt *stmt)
{
	buf_puts(out, "queue ");
	if (stmt->queue.bypass || stmt->queue.fanout) {
		buf_puts(out, "flags ");
		buf_puts(out, stmt->queue.bypass ? "bypass" : "");
		if (stmt->queue.bypass && stmt->queue.fanout)
			buf_putc(out, ',');
		buf_puts(out, stmt->queue.fanout ? "fanout" : "");
		buf_putc(out, ' ');
	}
	buf_puts(out, "to ");
	buf_put_u64(out, stmt->queue.lo);
	if (stmt->queue.hi == stmt->queue.lo)
		return;
	buf_putc(out, '-');
	buf_put_u64(out, stmt->queue.hi);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	struct expr *expr = expr_add(out, EXPR_QUEUE);

	expr->arg = stmt->queue.lo;
	expr->len = stmt->queue.hi - stmt->queue.lo + 1u;
	if (stmt->queue.bypass)
		expr->flags |= NFT_QUEUE_FLAG_BYPASS;
	if (stmt->queue.fanout)
		expr->flags |= NFT_QUEUE_FLAG_CPU_FANOUT;
}

const struct stmt_ops stmt_queue = {
	.name = "queue",
	.doc = "Hands the packet to a program, which decides about it.",
	.later = LATER_ALL,
	.print = print,
	.linear = linear,
};
