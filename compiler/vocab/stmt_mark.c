// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packet's mark, which routing and traffic control ask: mark = mark & keep
 * | set. See stmt_ct_mark.c for how the kernel does it.
 */
#include <assert.h>
#include <linux/netfilter/nf_tables.h>

#include "stmt.h"

static void print_mark(struct buf *out, uint32_t mark)
{
	uint8_t value[WIRE_MAX];

	wire_put(WIRE_MARK, mark, value);
	wire_print(out, WIRE_MARK, value);
}

static void print(struct buf *out, const struct stmt *stmt)
{
	uint32_t keep = stmt->mark.keep, set = stmt->mark.set;

	buf_puts(out, "meta mark set ");
	if (keep) {
		buf_puts(out, "meta mark & ");
		print_mark(out, keep);
		buf_puts(out, " | ");
	}
	print_mark(out, set);
}

static void json(struct json *out, const struct stmt *stmt)
{
	mark_json(out, KEY_MARK, stmt->mark.keep, stmt->mark.set);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	uint32_t keep = stmt->mark.keep, set = stmt->mark.set;
	struct expr *expr;

	assert(set && keep != UINT32_MAX);
	mark_linear(out, KEY_MARK, keep, set);
	expr = expr_add(out, EXPR_META_SET);
	expr->arg = NFT_META_MARK;
	expr->reg = NFT_REG_1;
}

const struct stmt_ops stmt_mark = {
	.name = "meta mark",
	.doc = DOC("Changes bits of the packet's mark."),
	.later = LATER_ALL,
	.print = print,
	.json = json,
	.linear = linear,
};
