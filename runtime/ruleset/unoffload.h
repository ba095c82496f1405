/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stored policy without its offload, for a kernel that cannot: the same rules,
 * but no flowtable, and no rule that adds to one. All that is left to such a
 * rule is to note that it did.
 */
#ifndef NFTOFFC_RUNTIME_RULESET_UNOFFLOAD_H
#define NFTOFFC_RUNTIME_RULESET_UNOFFLOAD_H

#include <stdbool.h>

#include "base/buf.h"

struct nlmsghdr;

/* Is that what is taken out? */
bool unoffload_takes(const struct nlmsghdr *message);
/* Takes it out of a batch, in place; answers how many rules that were. */
size_t unoffload(struct buf *batch);

#endif
