/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Brings the flowtables of the policy that runs into line with the devices that
 * there are.
 *
 *	read what runs, and what its policy says of devices (attach.h)
 *	decide; the same? ends
 *	lock the state directory, read and decide again
 *	a flowtable that stays what it is:	devices come and go in place
 *	one that changes software for hardware, or back, is made anew
 *
 * Nothing else is touched. What is stored of a table's content speaks neither of
 * devices nor of that (stored.h), so the next apply of the same policy finds
 * nothing to do.
 *
 * What must stay true: a transaction is the kernel's own, so whoever is killed
 * leaves all of it or nothing; what is noted afterwards, the generation and the
 * fingerprint, only spares the next one some reading.
 */
#ifndef NFTOFFC_RUNTIME_WATCH_FOLLOW_H
#define NFTOFFC_RUNTIME_WATCH_FOLLOW_H

#include "base/buf.h"

struct follow_result {
	bool changed;
	struct buf said; /* a line for each device, the caller's to free */
};

/*
 * 0 or -errno; where no policy of ours runs there is nothing to do. Waits for
 * an apply to end.
 */
int follow_devices(const char *state, struct follow_result *result);

#endif
