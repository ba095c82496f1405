// SPDX-License-Identifier: GPL-2.0-only
/* The statements there are: a new one is a file of its own and a line here. */
#include "stmt.h"

const struct stmt_ops *const stmt_all[] = {
	&stmt_verdict,	&stmt_log,     &stmt_limit,	 &stmt_counter,
	&stmt_quota,	&stmt_update,  &stmt_mark,	 &stmt_dscp,
	&stmt_helper,	&stmt_notrack, &stmt_queue,	 &stmt_ct_mark,
	&stmt_reject,	&stmt_nat,     &stmt_masquerade, &stmt_mss,
	&stmt_flow_add, NULL,
};

void object_print(struct buf *out, const char *words, const char *name)
{
	buf_puts(out, words);
	buf_puts(out, " \"");
	buf_puts(out, name);
	buf_putc(out, '"');
}

void object_linear(struct exprs *out, uint32_t type, const char *name)
{
	struct expr *expr = expr_add(out, EXPR_OBJREF);

	expr->arg = type;
	expr->name = name;
}
