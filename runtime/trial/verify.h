/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a policy verifies once it runs: programs that are to end with 0, and
 * hosts that are to answer.
 *
 * A program is run without a shell, in a process group of its own, with nothing
 * to read and a clean environment; when its time is over, or it has ended, its
 * group is killed. It has the privileges that apply has kept (PRIVILEGE_VERIFY):
 * so whoever may write the policy has them, too. A signal that apply holds back
 * ends the wait, which is then a failure.
 */
#ifndef NFTOFFC_RUNTIME_TRIAL_VERIFY_H
#define NFTOFFC_RUNTIME_TRIAL_VERIFY_H

#include "base/diag.h"
#include "policy/model.h"

/* All in their order, until one fails: false, with an error at its line. */
bool verify_all(struct diags *diags, const struct model *model);
/* Adds "# verify: ..." for each. */
void verify_print(struct buf *out, const struct model *model);
/* A warning for each program that is not there. */
void verify_warn(struct diags *diags, const struct model *model);

#endif
