// SPDX-License-Identifier: GPL-2.0-only
/*
 * Refusing with an answer. What is sent fits both families, or is a TCP reset;
 * the rule has tested for TCP before a reset.
 */
#include <linux/netfilter/nf_tables.h>

#include "stmt.h"

static const struct {
	const char *word; /* in a policy, and with icmpx in nft */
	const char *with;
	uint32_t type, code;
} rejects[REJECTS] = {
	[REJECT_ICMPX_ADMIN] = { "admin-prohibited", "icmpx",
				 NFT_REJECT_ICMPX_UNREACH,
				 NFT_REJECT_ICMPX_ADMIN_PROHIBITED },
	[REJECT_ICMPX_PORT] = { "port-unreachable", "icmpx",
				NFT_REJECT_ICMPX_UNREACH,
				NFT_REJECT_ICMPX_PORT_UNREACH },
	[REJECT_ICMPX_HOST] = { "host-unreachable", "icmpx",
				NFT_REJECT_ICMPX_UNREACH,
				NFT_REJECT_ICMPX_HOST_UNREACH },
	[REJECT_ICMPX_NET] = { "no-route", "icmpx", NFT_REJECT_ICMPX_UNREACH,
			       NFT_REJECT_ICMPX_NO_ROUTE },
	[REJECT_TCP_RESET] = { "tcp-reset", "tcp reset", NFT_REJECT_TCP_RST,
			       0 },
};

const char *reject_word(enum reject_kind kind)
{
	return kind < REJECTS ? rejects[kind].word : NULL;
}

/* nft's word for the code, NULL where there is nothing to choose. */
static const char *code_word(const struct stmt *stmt)
{
	return rejects[stmt->reject].type == NFT_REJECT_ICMPX_UNREACH ?
		       rejects[stmt->reject].word :
		       NULL;
}

static void print(struct buf *out, const struct stmt *stmt)
{
	buf_puts(out, "reject with ");
	buf_puts(out, rejects[stmt->reject].with);
	if (!code_word(stmt))
		return;
	buf_putc(out, ' ');
	buf_puts(out, code_word(stmt));
}

static void json(struct json *out, const struct stmt *stmt)
{
	json_wrap(out, "reject");
	json_object(out);
	json_put_str(out, "type", rejects[stmt->reject].with);
	if (code_word(stmt))
		json_put_str(out, "expr", code_word(stmt));
	json_end_n(out, 2);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	struct expr *expr = expr_add(out, EXPR_REJECT);

	expr->arg = rejects[stmt->reject].type;
	expr->flags = rejects[stmt->reject].code;
}

const struct stmt_ops stmt_reject = {
	.name = "reject",
	.doc = DOC("Drops the packet and tells its sender."),
	.later = LATER_NONE,
	.print = print,
	.json = json,
	.linear = linear,
};
