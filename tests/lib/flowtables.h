/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Policies without their flowtables, for kernels that have none: what is decided
 * about a connection shows in its mark all the same.
 */
#ifndef NFTOFFC_TESTS_LIB_FLOWTABLES_H
#define NFTOFFC_TESTS_LIB_FLOWTABLES_H

#include "ir/ir.h"

/* The rules that add to them go, too. */
void flowtables_strip(struct ir *ir);

#endif
