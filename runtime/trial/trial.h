/* SPDX-License-Identifier: GPL-2.0-only */
/* Would the kernel take it? Asked in a scratch namespace, nothing changes. */
#ifndef NFTOFFC_RUNTIME_TRIAL_TRIAL_H
#define NFTOFFC_RUNTIME_TRIAL_TRIAL_H

#include "base/diag.h"
#include "ir/ir.h"

/*
 * EXIT_DONE; EXIT_SYSTEM if the kernel refuses (each refusal is in @diags) or
 * cannot be asked (then it was reported).
 */
int trial_run(struct diags *diags, const struct ir *ir);

#endif
