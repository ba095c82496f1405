// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts what a key has (the packet's source) into a dynamic set, and may ask
 * there for a state of the element's own: a rate, or how many connections it
 * has. The rule goes on only if the element fits and the state holds.
 *
 * A key that is the same for all packets is the mark ANDed with nothing; nft
 * has no word for a constant one.
 */
#include <assert.h>
#include <linux/netfilter/nf_tables.h>

#include "stmt.h"

static void print_timeout(struct buf *out, uint64_t ms)
{
	static const struct {
		char unit;
		uint64_t ms;
	} units[] = {
		{ 'd', 86400000 },
		{ 'h', 3600000 },
		{ 'm', 60000 },
		{ 's', 1000 },
	};
	size_t i;

	if (!ms)
		return;
	buf_puts(out, " timeout ");
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (ms < units[i].ms)
			continue;
		buf_put_u64(out, ms / units[i].ms);
		buf_putc(out, units[i].unit);
		ms %= units[i].ms;
	}
}

static void print(struct buf *out, const struct stmt *stmt)
{
	buf_puts(out, stmt->update.refresh ? "update @" : "add @");
	buf_puts(out, stmt->update.set);
	buf_puts(out, " { ");
	buf_puts(out, key(stmt->update.key)->text);
	if (stmt->update.constant)
		buf_puts(out, " & 0x00000000");
	print_timeout(out, stmt->update.timeout);
	if (stmt->update.rate) {
		buf_puts(out, " limit ");
		limit_print(out, stmt->update.rate, stmt->update.unit,
			    stmt->update.burst);
	}
	if (stmt->update.connections) {
		buf_puts(out, " ct count ");
		buf_put_u64(out, stmt->update.connections);
	}
	buf_puts(out, " }");
}

static void json_key_of(struct json *out, const struct stmt *stmt)
{
	if (!stmt->update.constant) {
		key_json(out, stmt->update.key, NULL);
		return;
	}
	json_wrap(out, "&");
	json_array(out);
	key_json(out, stmt->update.key, NULL);
	json_u64(out, 0);
	json_end_n(out, 2);
}

static void json_element(struct json *out, const struct stmt *stmt)
{
	json_key(out, "elem");
	if (!stmt->update.timeout) {
		json_key_of(out, stmt);
		return;
	}
	json_wrap(out, "elem");
	json_object(out);
	json_key(out, "val");
	json_key_of(out, stmt);
	json_put_u64(out, "timeout", stmt->update.timeout / 1000);
	json_end_n(out, 2);
}

/* What the element is asked for. */
static void json_state(struct json *out, const struct stmt *stmt)
{
	json_key(out, "stmt");
	json_array(out);
	if (stmt->update.rate) {
		json_wrap(out, "limit");
		json_object(out);
		limit_json(out, stmt->update.rate, stmt->update.unit,
			   stmt->update.burst);
		json_end_n(out, 2);
	}
	if (stmt->update.connections) {
		json_wrap(out, "ct count");
		json_object(out);
		json_put_u64(out, "val", stmt->update.connections);
		json_end_n(out, 2);
	}
	json_end(out);
}

static void json(struct json *out, const struct stmt *stmt)
{
	struct buf *set;

	json_wrap(out, "set");
	json_object(out);
	json_put_str(out, "op", stmt->update.refresh ? "update" : "add");
	json_element(out, stmt);
	set = json_scratch(out);
	buf_putc(set, '@');
	buf_puts(set, stmt->update.set);
	json_put_str(out, "set", set->p);
	if (stmt->update.rate || stmt->update.connections)
		json_state(out, stmt);
	json_end_n(out, 2);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	const struct key *k = key(stmt->update.key);
	uint32_t len = wire_type(k->type)->len;
	struct expr *expr = expr_add(out, EXPR_LOAD);

	expr->key = k;
	expr->reg = NFT_REG_1;
	expr->len = len;
	if (stmt->update.constant) {
		expr = expr_add(out, EXPR_BITWISE);
		expr->reg = NFT_REG_1;
		expr->len = len;
	}
	expr = expr_add(out, EXPR_DYNSET);
	expr->arg = stmt->update.refresh ? NFT_DYNSET_OP_UPDATE :
					   NFT_DYNSET_OP_ADD;
	expr->reg = NFT_REG_1;
	expr->name = stmt->update.set;
	expr->dynset.timeout = stmt->update.timeout;
	expr->dynset.rate = stmt->update.rate;
	expr->dynset.unit = stmt->update.unit;
	expr->dynset.burst = stmt->update.burst;
	expr->dynset.connections = stmt->update.connections;
}

const struct stmt_ops stmt_update = {
	.name = "add, update",
	.doc = DOC("Puts the packet's source into a dynamic set, and goes on "
		   "only while that source keeps within its bounds."),
	.later = LATER_NONE,
	.print = print,
	.json = json,
	.linear = linear,
};
