/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which devices each flowtable gets, and whether it is for hardware.
 *
 *	what the policy says (attach_wish, kept with the generation)
 *	  + what devices there are, and can (links.h)
 *	    = what the flowtable is (attach_table), and why, for each device
 *
 * It only decides; apply, watch, status and doctor all ask here, so that they
 * agree.
 *
 *	named devices	those that exist
 *	`devices: auto`	software: the zone's devices; but a VLAN's and a PPPoE
 *			session's lower one, where the kernel looks for what it
 *			carries. A bridge itself: its stations may roam from
 *			port to port.
 *			hardware: what is below all of them: ports of bridges,
 *			lower devices of VLANs and of PPPoE sessions.
 *			What is no Ethernet (WireGuard, tunnels) is left out:
 *			the kernel's path through it ends there.
 *	`mode: auto`	hardware if every device says that it can
 *			(hw-tc-offload) and the kernel, when asked, took it
 *			(probe.h); else software, and those that could are told
 *			which others keep them from it.
 *
 * Nothing finer is to be had of the kernel in one table (tests/kernel/split
 * measures it). A flowtable is one or the other, and one for hardware refuses a
 * device that cannot; the hook of a device looks for its packets' flows in its
 * own flowtable only, so of a flow whose devices are in two, one direction is on
 * the slow path; and a table's device is in one flowtable. Two tables would do for
 * devices that rules see, not for the ports of a bridge; there is one, so that it
 * changes at once or not at all.
 *
 * What must stay true: no device is in two flowtables.
 */
#ifndef NFTOFFC_RUNTIME_OFFLOAD_ATTACH_H
#define NFTOFFC_RUNTIME_OFFLOAD_ATTACH_H

#include "base/buf.h"
#include "ir/ir.h"
#include "runtime/netlink/links.h"

struct attach_wish {
	const char *name;
	bool hardware;		   /* `mode: hardware` */
	bool able;		   /* `mode: auto` */
	bool follow;		   /* `devices: auto` */
	VEC(const char *) devices; /* exact names, or prefixes with '*' */
};

struct attach_wishes {
	VEC(struct attach_wish) list;
};

enum attach_state { ATTACH_NONE, ATTACH_SOFTWARE, ATTACH_HARDWARE };

/* What becomes of a device that the policy names. */
struct attach_fate {
	const char *device;
	bool pending; /* it does not exist */
	enum attach_state state;
	bool able;	    /* it could be hardware, were it alone */
	const char *by;	    /* the devices instead of it; NULL: itself */
	const char *reason; /* NULL: none is needed */
};

struct attach_table {
	const char *name;
	bool hardware;
	VEC(const char *) devices; /* sorted */
	VEC(struct attach_fate) fates;
};

struct attach {
	VEC(struct attach_table) tables;
};

/* What the flowtables say that were not resolved yet. */
struct attach_wishes attach_wishes(const struct ir *ir);
/* To keep, "fast auto follow br-lan eth1", and back: false if malformed. */
const char *attach_line(struct arena *arena, const struct attach_wish *wish);
bool attach_parse_line(struct arena *arena, struct str line,
		       struct attach_wish *wish);
/* Lines of them. */
bool attach_parse(struct arena *arena, struct str text,
		  struct attach_wishes *wishes);

struct attach attach_decide(struct arena *arena,
			    const struct attach_wishes *wishes,
			    const struct links *links);
/* The devices that hardware would need and that say that they can. */
struct attach_candidates {
	VEC(const char *) list; /* each once */
};
struct attach_candidates attach_candidates(struct arena *arena,
					   const struct attach_wishes *wishes,
					   const struct links *links);
/* Makes the flowtables so. */
void attach_resolve(struct ir *ir, const struct attach *attach);
const struct attach_table *attach_find(const struct attach *attach,
				       const char *name);
/* "pending", "none", "software" or "hardware". */
const char *attach_state_word(const struct attach_fate *fate);
/* "software, by eth0: hw-tc-offload of eth0 is off" */
const char *attach_describe(struct arena *arena,
			    const struct attach_fate *fate);

#endif
