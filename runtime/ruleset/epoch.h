/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which values of our part of the conntrack mark the next policy takes: a run
 * that has none of the running policy's, so that no live connection seems
 * decided by the new one.
 */
#ifndef NFTOFFC_RUNTIME_RULESET_EPOCH_H
#define NFTOFFC_RUNTIME_RULESET_EPOCH_H

#include "ir/lower.h"

/* The greatest value that @mask has room for; 0 means undecided. */
uint32_t epoch_max(uint32_t mask);
/* As many as a policy may use, so that the next one finds as many free. */
uint32_t epoch_count_max(uint32_t mask);
/*
 * The first value of @count free ones: those that follow the running policy's
 * if they can. @running may be NULL. 0: there are none.
 */
uint32_t epoch_choose(uint32_t mask, uint32_t count,
		      const struct ir_record *running);

#endif
