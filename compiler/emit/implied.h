/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What nft adds to a rule by itself, and so is not written: a test of the
 * protocol ahead of its header. The same for text and JSON, which nft
 * evaluates alike.
 */
#ifndef NFTOFFC_EMIT_IMPLIED_H
#define NFTOFFC_EMIT_IMPLIED_H

#include "ir/ir.h"

/*
 * Whether nft, on reading what follows, tests by itself what @op tests. Where
 * it would test in another order the test stays.
 */
bool implied(const struct ir_op *op, const struct ir_op *end,
	     struct ir_known known);
/* Whether the port's header goes by the name of the protocol that is known. */
bool implied_header(struct ir_known known, enum key_id id);

#endif
