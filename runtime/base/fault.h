/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Failures to order, for tests: fault(FAULT_NL_SEND) is 0, or what the call that
 * stands behind it is to answer instead of being made.
 *
 * In a program built with NFTOFFC_FAULTS the environment says what fails:
 *
 *	NFTOFFC_FAULT=NAME[:WHAT[:N]][,...]
 *
 * where NAME is of fault.def, WHAT an errno's number, "kill" (the process is
 * killed there) or "note" (nothing fails), and N which of the times it comes
 * past, all if it is missing.
 * It is said on standard error when it happens. In any other program all of it
 * is nothing.
 */
#ifndef NFTOFFC_RUNTIME_BASE_FAULT_H
#define NFTOFFC_RUNTIME_BASE_FAULT_H

enum fault_id {
#define FAULT(id, name, error) FAULT_##id,
#include "runtime/base/fault.def"
#undef FAULT
	FAULTS
};

#ifdef NFTOFFC_FAULTS
int fault(enum fault_id id);
#else
static inline int fault(enum fault_id id)
{
	(void)id;
	return 0;
}
#endif

#endif
