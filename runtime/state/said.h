/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was said last by who is called again and again, as fw4's hook is: the
 * same is not said again as long as it has the same causes. Where the machine
 * was started since, it is: its log is another one.
 *
 *	STATE/said	a digest of it; not there: nothing was
 *
 * What must stay true: in doubt it is said again.
 */
#ifndef NFTOFFC_RUNTIME_STATE_SAID_H
#define NFTOFFC_RUNTIME_STATE_SAID_H

#include "runtime/state/state.h"

/* Was it? If not, it is noted that it is now; an empty @text, that nothing is. */
bool said_before(const struct state *state, struct str text);

#endif
