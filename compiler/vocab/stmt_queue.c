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

static void json_flags(struct json *out, const struct stmt *stmt)
{
	json_key(out, "flags");
	json_array(out);
	if (stmt->queue.bypass)
		json_text(out, "bypass");
	if (stmt->queue.fanout)
		json_text(out, "fanout");
	json_end(out);
}

static void json(struct json *out, const struct stmt *stmt)
{
	json_wrap(out, "queue");
	json_object(out);
	json_key(out, "num");
	if (stmt->queue.hi != stmt->queue.lo) {
		json_wrap(out, "range");
		json_array(out);
		json_u64(out, stmt->queue.lo);
		json_u64(out, stmt->queue.hi);
		json_end_n(out, 2);
	} else {
		json_u64(out, stmt->queue.lo);
	}
	if (stmt->queue.bypass || stmt->queue.fanout)
		json_flags(out, stmt);
	json_end_n(out, 2);
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
	.doc = DOC("Hands the packet to a program, which decides about it."),
	.later = LATER_ALL,
	.print = print,
	.json = json,
	.linear = linear,
};
