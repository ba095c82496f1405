/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rules in nft's own language: nft translates them, in a namespace where it can
 * change nothing, and the kernel tells what it made of them. What is told goes
 * into the IR (struct ir_raw), and so into every batch that is built of it: the
 * program nft is not needed any more, by a rollback least of all.
 */
#ifndef NFTOFFC_RUNTIME_TRIAL_RAW_H
#define NFTOFFC_RUNTIME_TRIAL_RAW_H

#include "base/diag.h"
#include "ir/ir.h"

/*
 * To be called before a batch is built; nothing is done where there are no such
 * rules. An exit_code: EXIT_POLICY if nft refuses a rule, and its words are in
 * @diags, at the rule's line; EXIT_SYSTEM, reported, if it could not be asked.
 */
int raw_translate(struct diags *diags, struct ir *ir);

#endif
