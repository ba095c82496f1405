// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection's mark: mark = mark & keep | set, one read and one write.
 *
 * What must stay true: bits in keep and not in set are never changed. The
 * kernel has one operation for it, (mark & mask) ^ xor; nft makes the mask
 * keep without set.
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
	uint32_t keep = stmt->ct_mark.keep, set = stmt->ct_mark.set;

	buf_puts(out, "ct mark set ");
	if (!keep) {
		print_mark(out, set);
		return;
	}
	buf_puts(out, "ct mark");
	if (keep != UINT32_MAX) {
		buf_puts(out, " & ");
		print_mark(out, keep);
	}
	if (set) {
		buf_puts(out, " | ");
		print_mark(out, set);
	}
}

static void json(struct json *out, const struct stmt *stmt)
{
	mark_json(out, KEY_CT_MARK, stmt->ct_mark.keep, stmt->ct_mark.set);
}

void mark_linear(struct exprs *out, enum key_id id, uint32_t keep, uint32_t set)
{
	struct expr *expr;

	if (keep) {
		expr = expr_add(out, EXPR_LOAD);
		expr->key = key(id);
		expr->reg = NFT_REG_1;
		expr->len = sizeof(keep);
		expr = expr_add(out, EXPR_BITWISE);
		wire_put(WIRE_MARK, keep & ~set, expr->data);
		wire_put(WIRE_MARK, set, expr->data2);
	} else {
		expr = expr_add(out, EXPR_IMMEDIATE);
		wire_put(WIRE_MARK, set, expr->data);
	}
	expr->reg = NFT_REG_1;
	expr->len = sizeof(keep);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	uint32_t keep = stmt->ct_mark.keep, set = stmt->ct_mark.set;
	struct expr *expr;

	assert(keep != UINT32_MAX || set);
	mark_linear(out, KEY_CT_MARK, keep, set);
	expr = expr_add(out, EXPR_CT_SET);
	expr->arg = NFT_CT_MARK;
	expr->reg = NFT_REG_1;
}

const struct stmt_ops stmt_ct_mark = {
	.name = "ct mark",
	.doc = DOC("Changes bits of the connection's mark."),
	.later = LATER_NONE,
	.print = print,
	.json = json,
	.linear = linear,
};
