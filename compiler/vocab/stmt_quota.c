// SPDX-License-Identifier: GPL-2.0-only
/*
 * Quotas: a named object that rules share. A rule goes on only while fewer
 * bytes than its amount came by, those at hand included.
 */
#include <linux/netfilter/nf_tables.h>

#include "stmt.h"

static void print(struct buf *out, const struct stmt *stmt)
{
	object_print(out, "quota name", stmt->object);
}

static void json(struct json *out, const struct stmt *stmt)
{
	object_json(out, "quota", stmt->object);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	object_linear(out, NFT_OBJECT_QUOTA, stmt->object);
}

const struct stmt_ops stmt_quota = {
	.name = "quota",
	.doc = DOC("Goes on with the rule only until an amount of bytes is "
		   "used up."),
	.later = LATER_ALL,
	.print = print,
	.json = json,
	.linear = linear,
};
