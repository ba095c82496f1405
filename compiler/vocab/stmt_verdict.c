// SPDX-License-Identifier: GPL-2.0-only
/*
 * Verdicts: what ends a rule. The words and numbers are also those of verdict
 * maps, which is why both emitters ask here.
 */
#include <assert.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "stmt.h"

static const struct {
	const char *word;
	int32_t code;
} verdicts[] = {
	[VERDICT_DROP] = { "drop", NF_DROP },
	[VERDICT_ACCEPT] = { "accept", NF_ACCEPT },
	[VERDICT_RETURN] = { "return", NFT_RETURN },
	[VERDICT_JUMP] = { "jump", NFT_JUMP },
	[VERDICT_GOTO] = { "goto", NFT_GOTO },
};

bool verdict_has_chain(enum verdict verdict)
{
	return verdict == VERDICT_JUMP || verdict == VERDICT_GOTO;
}

uint32_t verdict_code(enum verdict verdict)
{
	return (uint32_t)verdicts[verdict].code;
}

void verdict_print(struct buf *out, enum verdict verdict, const char *chain)
{
	buf_puts(out, verdicts[verdict].word);
	if (!verdict_has_chain(verdict))
		return;
	assert(chain);
	buf_putc(out, ' ');
	buf_puts(out, chain);
}

void verdict_json(struct json *out, enum verdict verdict, const char *chain)
{
	json_wrap(out, verdicts[verdict].word);
	if (verdict_has_chain(verdict)) {
		json_object(out);
		json_put_str(out, "target", chain);
		json_end(out);
	} else {
		json_null(out);
	}
	json_end(out);
}

static void print(struct buf *out, const struct stmt *stmt)
{
	verdict_print(out, stmt->verdict.code, stmt->verdict.chain);
}

static void json(struct json *out, const struct stmt *stmt)
{
	verdict_json(out, stmt->verdict.code, stmt->verdict.chain);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	struct expr *expr = expr_add(out, EXPR_VERDICT);

	expr->arg = verdict_code(stmt->verdict.code);
	if (verdict_has_chain(stmt->verdict.code))
		expr->name = stmt->verdict.chain;
}

const struct stmt_ops stmt_verdict = {
	.name = "verdict",
	.doc = DOC("Decides: accept or drop the packet, go on in another "
		   "chain, or return from this one."),
	.later = LATER_NONE,
	.print = print,
	.json = json,
	.linear = linear,
};
