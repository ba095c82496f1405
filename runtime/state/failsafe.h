/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What runs where the policy that was applied last cannot be loaded:
 * policies/failsafe.policy.
 *
 * Its text is in the program, and is compiled when it is needed. It could be a
 * container that was compiled when the program was built; but that would need
 * a program for the machine that builds beside the one for the machine that
 * is built for, of the same byte order. The compiler is there anyway, reads no
 * file for this, and takes a few milliseconds.
 */
#ifndef NFTOFFC_RUNTIME_STATE_FAILSAFE_H
#define NFTOFFC_RUNTIME_STATE_FAILSAFE_H

#include "runtime/ruleset/container.h"

/* An administrator's own, a container; it stands in for the built-in one. */
#define FAILSAFE_FILE "/etc/nftoffc/failsafe"

/*
 * The built-in one as a container's bytes, for any machine. @out is the
 * caller's to free.
 */
void failsafe_build(struct buf *out);

#endif
