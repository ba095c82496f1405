/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the program ends. Scripts depend on these numbers: they are part of the
 * manual and never change their meaning.
 */
#ifndef NFTOFFC_RUNTIME_BASE_EXIT_H
#define NFTOFFC_RUNTIME_BASE_EXIT_H

enum exit_code {
	EXIT_DONE = 0,	   /* done, or nothing to do */
	EXIT_POLICY = 1,   /* the policy has mistakes; nothing changed */
	EXIT_DIFFERS = 1,  /* of diff alone, as of diff(1): not the same; a
			    * policy with mistakes is EXIT_USAGE then */
	EXIT_USAGE = 2,	   /* the command line has mistakes */
	EXIT_SYSTEM = 3,   /* the system refused: privilege, kernel, files;
			    * nothing changed */
	EXIT_LOCKED = 4,   /* another apply is running, or a policy waits to be
			    * confirmed; nothing changed */
	EXIT_RESTORED = 5, /* failed, and the old policy was restored */
	EXIT_BROKEN = 6,   /* failed, and the old policy could not be restored:
			    * the message says what runs */
	EXIT_LOSSES = 7,   /* done, but what is written does not say all */
	EXIT_FAILSAFE = 8, /* what was applied cannot be loaded: the fail-safe
			    * policy runs */
};

#endif
