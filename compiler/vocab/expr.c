// SPDX-License-Identifier: GPL-2.0-only
/* Bytecode in the making: see expr.h. */
#include "expr.h"

struct expr *expr_add(struct exprs *exprs, enum expr_kind kind)
{
	struct expr *expr = vec_push(exprs->arena, &exprs->list);

	*expr = (struct expr){ .kind = kind };
	return expr;
}
