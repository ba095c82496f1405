/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * OpenWrt's /etc/config/firewall as a policy that says the same.
 *
 * What must stay true:
 * - Each option of it is said in the policy or reported at its line; what fw4
 *   refuses, it refuses here, and the section with it.
 * - Nothing is let in, or let out, that fw4 would not: a section of which a
 *   condition cannot be said is left out whole.
 * - The order in which fw4 asks is the order of the policy: rules of any zone,
 *   rules of one, forwardings, what the zones themselves say, defaults.
 * - The same files make the same policy.
 */
#ifndef NFTOFFC_IMPORT_IMPORT_H
#define NFTOFFC_IMPORT_IMPORT_H

#include "network.h"
#include "print/notes.h"
#include "read/tree.h"

struct import {
	struct arena *arena;
	struct diags *diags;
	const struct networks *networks; /* NULL: not given */
	const char *name;		 /* of the policy */
	bool zones_only; /* their devices and subnets, and nothing else */
	/* As "config system" has it, or a policy; p NULL: not given. */
	struct str timezone;
	/* The result. */
	struct node *root;
	struct print_notes notes;
	const char *head;     /* what the file begins with, as lines */
	size_t left_out;      /* reports of what the policy does not say */
	size_t nearly;	      /* of what it says a little differently */
	struct span offloads; /* what has fw4 itself offload; or nowhere */
};

/*
 * Translates @source into @import->root; false if it has mistakes, all of which
 * are then in @import->diags. The root is a policy's tree, which its binding
 * has yet to take.
 */
bool import_uci(struct import *import, const struct source *source);
/* The timezone of /etc/config/system; p NULL if it has none. */
struct str import_timezone(struct arena *arena, const struct source *source,
			   struct diags *diags);

#endif
