/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loading what was applied, when the machine starts: without the compiler, from
 * the container of the state directory's current generation.
 *
 *	what was applied last, and confirmed	as it was: its rules, and what
 *						the kernel module keeps out
 *	nothing was ever applied		nothing
 *	it waits for marks of fw4's, which	nothing: fw4 filters, if anybody
 *	will not set them
 *	it is damaged, the kernel refuses it,	the fail-safe policy (failsafe.h)
 *	it needs the module, which is not there
 *	the fail-safe policy does not load	the built-in one
 *
 * Devices need not exist yet: those of a flowtable that are missing are left
 * out of it. No connection lives that an earlier policy decided, so the values
 * of the mark are free.
 *
 * Offload never keeps the rules from being loaded. Where the kernel cannot, they
 * are loaded without it (unoffload.h). Where it refuses a flowtable (a device
 * went, or a driver changed its mind) it is asked again, with the devices that
 * are there by then; then all in software; then without. The kernel module,
 * where it is not required, does not keep them either.
 *
 * What must stay true: a policy that runs already is left alone, whichever it
 * is; only what an apply that was killed left in the module and in the state
 * directory is brought into line with it. Whenever it ends, the kernel has a whole
 * policy or what it had.
 */
#ifndef NFTOFFC_RUNTIME_APPLY_BOOT_H
#define NFTOFFC_RUNTIME_APPLY_BOOT_H

#include "runtime/state/state.h"

struct boot_options {
	const char *state;    /* the state directory */
	const char *failsafe; /* a container in place of the built-in one */
	const char *root;     /* of OpenWrt's files, "" */
};

/* Answers an exit_code. */
int boot(const struct boot_options *options);

/*
 * Adds to @reason why the fail-safe policy was loaded, if it is what runs, as
 * @record says. False: it is not.
 */
bool boot_failed(struct state *state, const struct ir_record *record,
		 struct buf *reason);

#endif
