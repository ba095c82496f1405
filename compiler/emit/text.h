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
/*
 * For nft to translate: the table's declarations, empty and without devices,
 * and then each rule in nft's own language as a command in the last line of
 * @out, for which @fn is called.
 */
void emit_text_raws(struct buf *out, const struct ir *ir,
		    void (*fn)(void *data, const struct ir_chain *chain,
			       struct ir_rule *rule),
		    void *data);
/* One rule, without indentation and line end. */
void emit_text_rule(struct buf *out, const struct ir_rule *rule);

#endif
