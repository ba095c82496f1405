// SPDX-License-Identifier: GPL-2.0-only
/*
 * Refusing with an answer. What is sent fits both families, or is a TCP reset;
 * the rule has tested for TCP before a reset.
 */
#include <linux/netfilter/nf_tables.h>

#include "stmt.h"

#define ICMPX(word, code)                                                      \
	{                                                                      \
		word, "reject with icmpx " word, NFT_REJECT_ICMPX_UNREACH,     \
			code                                                   \
	}

static const struct {
	const char *word, *text;
	uint32_t type, code;
} rejects[REJECTS] = {
	[REJECT_ICMPX_ADMIN] =
		ICMPX("admin-prohibited", NFT_REJECT_ICMPX_ADMIN_PROHIBITED),
	[REJECT_ICMPX_PORT] =
		ICMPX("port-unreachable", NFT_REJECT_ICMPX_PORT_UNREACH),
	[REJECT_ICMPX_HOST] =
		ICMPX("host-unreachable", NFT_REJECT_ICMPX_HOST_UNREACH),
	[REJECT_ICMPX_NET] = ICMPX("no-route", NFT_REJECT_ICMPX_NO_ROUTE),
	[REJECT_TCP_RESET] = { "tcp-reset", "reject with tcp reset",
			       NFT_REJECT_TCP_RST, 0 },
};

const char *reject_word(enum reject_kind kind)
{
	return kind < REJECTS ? rejects[kind].word : NULL;
}

static void print(struct buf *out, const struct stmt *stmt)
{
	buf_puts(out, rejects[stmt->reject].text);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	struct expr *expr = expr_add(out, EXPR_REJECT);

	expr->arg = rejects[stmt->reject].type;
	expr->flags = rejects[stmt->reject].code;
}

const struct stmt_ops stmt_reject = {
	.name = "reject",
	.doc = "Drops the packet and tells its sender.",
	.later = LATER_NONE,
	.print = print,
	.linear = linear,
};
