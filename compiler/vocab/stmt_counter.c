// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters: packets and bytes that came this far, for the rule alone or in a
 * named object that rules share and that outlives them.
 */
#include <linux/netfilter/nf_tables.h>

#include "stmt.h"

static void print(struct buf *out, const struct stmt *stmt)
{
	if (stmt->object)
		object_print(out, "counter name", stmt->object);
	else
		buf_puts(out, "counter");
}

static void json(struct json *out, const struct stmt *stmt)
{
	if (stmt->object) {
		object_json(out, "counter", stmt->object);
		return;
	}
	json_wrap(out, "counter");
	json_null(out);
	json_end(out);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	if (stmt->object)
		object_linear(out, NFT_OBJECT_COUNTER, stmt->object);
	else
		expr_add(out, EXPR_COUNTER);
}

const struct stmt_ops stmt_counter = {
	.name = "counter",
	.doc = DOC("Counts the packets and bytes that reach it."),
	.later = LATER_IF_EVERY,
	.print = print,
	.json = json,
	.linear = linear,
};
