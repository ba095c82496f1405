/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy that was applied, compiled again from what it was made of then
 * (sourcefile.h): whoever has no policy's file asks this one.
 */
#ifndef NFTOFFC_RUNTIME_STATE_APPLIED_H
#define NFTOFFC_RUNTIME_STATE_APPLIED_H

#include "compile.h"
#include "runtime/state/state.h"

/* The files, as long as something is made of them. */
struct applied {
	struct arena *arena;
	struct buf bytes;
	struct kept_files kept;
};

/*
 * Of the generation @number: 0 with @c as compile_policy() has it; or -errno and
 * @c as compile_nothing() has it: -ENOENT if it does not hold its files, -EBADMSG
 * if they are damaged, -EINVAL if this program finds mistakes in them. In all
 * cases compile_free() first, and then applied_close().
 */
int applied_open(struct applied *applied, struct compilation *c,
		 struct state *state, unsigned int number);
void applied_close(struct applied *applied);

#endif
