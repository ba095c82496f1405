/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The IR as nft text: one file for `nft -f`, one atomic transaction.
 *
 * It changes the table in place (declare, flush, fill) and never deletes it:
 * deleting and adding again in one transaction lets packets past the drop
 * policy while the new base chain's hook is not yet committed. It may be
 * loaded again and again, with the same result.
 */
#ifndef NFTOFFC_EMIT_TEXT_H
#define NFTOFFC_EMIT_TEXT_H

#include "ir/ir.h"

void emit_text(struct buf *out, const struct ir *ir);
/* One rule, without indentation and line end. */
void emit_text_rule(struct buf *out, const struct ir_rule *rule);

#endif
