/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of the devices that the policy which runs names, for those who
 * only look: decided as apply and watch do, but no driver is asked.
 */
#ifndef NFTOFFC_RUNTIME_STATE_FATES_H
#define NFTOFFC_RUNTIME_STATE_FATES_H

#include "runtime/netlink/names.h"
#include "runtime/offload/attach.h"

struct json;
struct state;

struct fates {
	struct attach attach;
	bool behind; /* the kernel's flowtables are not so (any more) */
	const struct model *zones; /* of the policy; NULL: not known */
	VEC(const char *) pending; /* what it names and does not exist */
};

/* Of generation @number, whose table is @now. 0 or -errno. */
int fates_read(struct arena *arena, struct state *state, unsigned int number,
	       const struct names *now, struct fates *fates);
/* A line for each, "fast: eth1: hardware", behind @before. */
void fates_add(struct buf *out, struct arena *arena,
	       const struct attach *attach, const char *before);
void fates_json(struct json *json, const struct fates *fates);

#endif
