// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rate limits: a bucket of the rule's own, or a named one that rules share.
 * A rule goes on only while the bucket is not empty.
 */
#include <assert.h>
#include <linux/netfilter/nf_tables.h>

#include "stmt.h"

static const struct {
	const char *word;
	uint64_t seconds;
} units[] = {
	{ "second", 1 },  { "minute", 60 },   { "hour", 3600 },
	{ "day", 86400 }, { "week", 604800 },
};

static const char *unit_word(uint64_t seconds)
{
	size_t i = 0;

	while (units[i].seconds != seconds) {
		i++;
		assert(i < sizeof(units) / sizeof(units[0]));
	}
	return units[i].word;
}

void limit_print(struct buf *out, uint64_t rate, uint64_t unit, uint32_t burst)
{
	buf_puts(out, "rate ");
	buf_put_u64(out, rate);
	buf_putc(out, '/');
	buf_puts(out, unit_word(unit));
	buf_puts(out, " burst ");
	buf_put_u64(out, burst);
	buf_puts(out, " packets");
}

void limit_json(struct json *out, uint64_t rate, uint64_t unit, uint32_t burst)
{
	json_put_u64(out, "rate", rate);
	json_put_str(out, "per", unit_word(unit));
	json_put_u64(out, "burst", burst);
}

static void print(struct buf *out, const struct stmt *stmt)
{
	if (!stmt->limit.name) {
		buf_puts(out, "limit ");
		limit_print(out, stmt->limit.rate, stmt->limit.unit,
			    stmt->limit.burst);
		return;
	}
	buf_puts(out, "limit name \"");
	buf_puts(out, stmt->limit.name);
	buf_putc(out, '"');
}

static void json(struct json *out, const struct stmt *stmt)
{
	json_wrap(out, "limit");
	if (stmt->limit.name) {
		json_text(out, stmt->limit.name);
	} else {
		json_object(out);
		limit_json(out, stmt->limit.rate, stmt->limit.unit,
			   stmt->limit.burst);
		json_end(out);
	}
	json_end(out);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	struct expr *expr;

	if (stmt->limit.name) {
		expr = expr_add(out, EXPR_OBJREF);
		expr->arg = NFT_OBJECT_LIMIT;
		expr->name = stmt->limit.name;
		return;
	}
	expr = expr_add(out, EXPR_LIMIT);
	expr->limit.rate = stmt->limit.rate;
	expr->limit.unit = stmt->limit.unit;
	expr->limit.burst = stmt->limit.burst;
}

const struct stmt_ops stmt_limit = {
	.name = "limit",
	.doc = DOC("Goes on with the rule only while a rate is not exceeded."),
	.later = LATER_NONE,
	.print = print,
	.json = json,
	.linear = linear,
};
