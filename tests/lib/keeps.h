/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel module would make of entries that ask only of the mark. */
#ifndef NFTOFFC_TESTS_LIB_KEEPS_H
#define NFTOFFC_TESTS_LIB_KEEPS_H

#include "runtime/ruleset/keepout.h"

/* Would a connection with this mark be kept out? */
bool keeps_out(const struct keepout *keepout, uint32_t mark);

#endif
