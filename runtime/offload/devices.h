/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which network devices there are, and so which a flowtable can have: the
 * kernel refuses a whole transaction for one that is missing.
 */
#ifndef NFTOFFC_RUNTIME_OFFLOAD_DEVICES_H
#define NFTOFFC_RUNTIME_OFFLOAD_DEVICES_H

#include "ir/ir.h"
#include "policy/model.h"
#include "runtime/netlink/names.h"
#include "runtime/offload/attach.h"

struct devices {
	VEC(const char *) names; /* sorted */
	struct links links;	 /* the same, in the same order */
};

struct diags;

/* 0 or -errno. */
int devices_read(struct arena *arena, struct devices *devices);
bool devices_has(const struct devices *devices, const char *name);
/* Is @name what @pattern, exact or ending in '*', stands for? */
bool devices_named(struct str name, struct str pattern);
/*
 * Replaces the devices of every flowtable by what can be made where any device
 * can: "wlan*" becomes "wlan0".
 */
void devices_imagine(struct ir *ir);
/*
 * Do the flowtables in the kernel have these devices, in whatever order, and
 * are they for hardware where they are to be?
 */
bool devices_match(const struct ir *ir, const struct names *names);
/* An error for each device that its zone requires and that does not exist. */
void devices_require(struct diags *diags, const struct model *model,
		     const struct devices *devices);
/*
 * A warning for each device that a flowtable is to have and that does not
 * exist.
 */
void devices_pending(struct diags *diags, const struct model *model,
		     const struct attach *attach);
/*
 * This kernel cannot offload flows: a warning, and the model is one that
 * offloads nothing; or an error, where the policy insists on it.
 */
void devices_without_offload(struct diags *diags, struct model *model);

#endif
