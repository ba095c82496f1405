/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drift: our table is not what was committed, since somebody else changed it.
 * Which parts, and what it really holds, so that it can be mended.
 *
 * No drift are counters, what a quota has counted, when a rule was last used,
 * the state of limits, the elements of sets that packets or people may add to,
 * and devices that came or went.
 */
#ifndef NFTOFFC_RUNTIME_RULESET_DRIFT_H
#define NFTOFFC_RUNTIME_RULESET_DRIFT_H

#include "runtime/offload/devices.h"
#include "runtime/ruleset/actual.h"
#include "runtime/ruleset/changes.h"

/* So many changes are told one by one. */
#define DRIFT_SHOWN 10

struct drift {
	bool known; /* it was looked for: */
	struct actual actual;
	struct changes changes; /* from what was committed to what is there */
};

/*
 * Reads our table and compares it with @stored, which must outlive @drift. 0 or
 * -errno as actual_read(). In all cases drift_free().
 */
int drift_read(struct drift *drift, struct nl *nl, struct arena *arena,
	       struct str stored, size_t elements);
/* Devices that were taken out of our flowtables, or put there. */
void drift_devices(struct drift *drift, struct arena *arena, struct str stored,
		   const struct names *now, const struct ir *ir);
void drift_free(struct drift *drift);

#endif
