/* SPDX-License-Identifier: GPL-2.0-only */
/* What a container says of a policy that was compiled. */
#ifndef NFTOFFC_RUNTIME_STATE_CONTAIN_H
#define NFTOFFC_RUNTIME_STATE_CONTAIN_H

#include "runtime/offload/attach.h"
#include "runtime/ruleset/container.h"

/* What it may need: the kernel module; or fw4, which is to set the marks that it
 * waits for. */
#define CONTAIN_MODULE "module"
#define CONTAIN_FW4 "fw4"

/*
 * All but the messages and what they use. To be asked while the flowtables
 * have the policy's devices, be they there or not: before attach_resolve().
 */
void contain(struct container *c, struct arena *arena, const struct ir *ir,
	     const struct model *model);
/* What it says of the devices of its flowtables. False if it is malformed. */
bool contain_wishes(const struct container *c, struct arena *arena,
		    struct attach_wishes *wishes);
/*
 * The zones that it says the policy has, as a model with nothing else; NULL: it
 * does not, as those that an earlier version wrote, or it is malformed.
 */
const struct model *contain_zones(const struct container *c,
				  struct arena *arena);

#endif
