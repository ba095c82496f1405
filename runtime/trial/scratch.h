/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asking the kernel without consequence: a transaction is committed in a
 * network namespace that nobody else has and that ends with the question. It
 * needs no privilege where users may make namespaces.
 */
#ifndef NFTOFFC_RUNTIME_TRIAL_SCRATCH_H
#define NFTOFFC_RUNTIME_TRIAL_SCRATCH_H

#include "emit/batch.h"
#include "runtime/netlink/nl.h"

enum scratch_step { /* where it failed; the errno is of that step */
		    SCRATCH_DONE,
		    SCRATCH_PROCESS,
		    SCRATCH_NAMESPACE,
		    SCRATCH_DEVICE,
		    SCRATCH_NETLINK,
		    SCRATCH_COMMIT,  /* no error, and nothing committed */
		    SCRATCH_PROGRAM, /* nft cannot be started */
};

/*
 * Commits @batch, which must create everything from nothing, beside devices of
 * the names that @ir's flowtables have. SCRATCH_DONE if the kernel gave its
 * answer: @errors then has it. Otherwise @error is -errno of that step.
 */
enum scratch_step scratch_try(const struct ir *ir, const struct batch *batch,
			      struct nl_errors *errors, int *error);

/* What nft made of a text: runtime/trial/raw.h. */
struct scratch_text {
	int status;	 /* what it ended with, as waitpid() tells */
	struct buf said; /* on its standard error, the beginning of that */
	/* If it ended with 0: all sets of our table, the elements of the
	 * anonymous ones, and all rules, as the kernel tells them. */
	struct buf messages;
};

/*
 * Has nft load @text, beside devices of the names that @ir's flowtables have, if
 * it is not NULL. @out is the caller's to free in any case.
 */
enum scratch_step scratch_load(struct str text, const struct ir *ir,
			       struct scratch_text *out, int *error);

/* What to say of a step that failed: a phrase, and what to do about it. */
const char *scratch_phrase(enum scratch_step step);
const char *scratch_help(enum scratch_step step);

#endif
