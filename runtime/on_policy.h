/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the commands share that ask something of a policy: it is compiled, they
 * ask, every diagnostic is printed, all is freed.
 */
#ifndef NFTOFFC_RUNTIME_ON_POLICY_H
#define NFTOFFC_RUNTIME_ON_POLICY_H

#include "compile.h"
#include "runtime/cli.h"

/*
 * Compiles the policy at the first operand and, if it has no mistakes, answers
 * what @ask does: an exit_code.
 */
int on_policy(const struct cli *cli,
	      int (*ask)(struct compilation *c, const struct cli *cli));
/* The exit_code for what compile_policy() returned. */
int exit_of_compile(int ret);

#endif
