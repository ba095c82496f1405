/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making a policy the one that runs.
 *
 * What must stay true: whenever this ends, however it ends, the kernel and the
 * state directory have the old policy or the new one; and the exit code and
 * the last message say which. What runs already is left alone: nothing is
 * sent.
 */
#ifndef NFTOFFC_RUNTIME_APPLY_APPLY_H
#define NFTOFFC_RUNTIME_APPLY_APPLY_H

#include <stdbool.h>

struct json;

struct apply_options {
	const char *policy;	 /* its path, */
	unsigned int generation; /* or what was stored; 0: the one before */
	const char *state;	 /* the state directory */
	const char *command;	 /* for whoever finds the lock taken */
	bool dry_run;		 /* validate and show the difference only */
	bool needs_former;	 /* a dry run that is of no use without */
	bool validate;		 /* in a scratch namespace first */
	bool without_fw4;	 /* even if that is meant to decide */
	bool quiet;		 /* says nothing where nothing was to do */
	bool unattended;	 /* nobody asked for it now: what was verified
				  * once is not verified again, and what was gone
				  * back from is not applied: then it ends with */
	bool *refused;		 /* EXIT_DONE, and this is set */
	bool force;		 /* even if it cuts off who applies it */
	const char *keep_access; /* an address not to be cut off, or NULL */
	struct json *json;	 /* of diff; NULL: it answers in words */
	bool *differs;		 /* what diff was asked */
	unsigned long confirm; /* seconds to wait for a word; 0: none needed */
};

/* Answers an exit_code. */
int apply(const struct apply_options *options);
/*
 * What an apply would change, at the policy's lines, and what others have
 * changed: in words on standard output, or as members of the object that is
 * open in @options->json. Changes nothing: @options->dry_run is to be set, and
 * @options->differs. EXIT_DONE, or another exit_code.
 */
int apply_diff(const struct apply_options *options);
/* An apply of what was stored: apply_stored.c. */
int apply_stored(const struct apply_options *options);
/* The policy goes, and none comes: cmd_unload.c. Answers an exit_code. */
int unload(const struct apply_options *options);

#endif
