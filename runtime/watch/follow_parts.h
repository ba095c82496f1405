/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside follow.h only: follow.c has the steps and what changes in place,
 * follow_renew.c what makes a flowtable anew.
 */
#ifndef NFTOFFC_RUNTIME_WATCH_FOLLOW_PARTS_H
#define NFTOFFC_RUNTIME_WATCH_FOLLOW_PARTS_H

#include "runtime/netlink/kernel.h"
#include "runtime/offload/attach.h"
#include "runtime/state/state.h"

struct follow {
	const char *path;
	struct arena *arena;
	struct nl *nl;
	struct state *state;
	struct kernel now;
	struct generation stored; /* what runs, as it was stored */
	struct attach_wishes wishes;
	struct links links;
	struct attach attach;
	bool renews; /* a flowtable is to be of the other kind */
	/* Devices that the kernel refused, whatever the reason. */
	VEC(const char *) refused;
};

/* 0, or -errno; -ERESTART: others were faster. */
int follow_renew(struct follow *f);
/* Notes what is known of the table after a transaction of ours. */
void follow_note(struct follow *f, bool fingerprint);

#endif
