/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way back from a policy that is about to be committed, ready: whoever takes
 * it only sends. In this order, until the kernel takes one:
 *
 *	in place	what both policies have goes on (restore.h)
 *	bare		the same, but the flowtables have no devices: one that is
 *			gone by then would have all of it refused. Then each
 *			device by itself, as far as it is there
 *	anew		the table goes and comes, bare too: it is not what it was
 *			when this was made, since somebody else has changed it. For
 *			the instant that the kernel takes for this, nothing drops
 *
 * If the policy that goes translates connections and the other one does not, the
 * empty chain comes that keeps them so (lower_options); and goes at once, if none
 * lives.
 *
 * What must stay true: taking it allocates nothing that was not there before.
 */
#ifndef NFTOFFC_RUNTIME_RULESET_WAYBACK_H
#define NFTOFFC_RUNTIME_RULESET_WAYBACK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct nl;
struct nl_errors;
struct devices;
struct names;
struct table_names;
struct iovec;

/* A transaction in pieces. */
struct wayback_way {
	struct iovec *pieces;
	size_t n;    /* 0: there is none */
	size_t size; /* of all of them */
};

struct wayback {
	struct buf bytes;  /* in place; empty: there is no way back */
	struct buf others; /* what stands in the place of some of it, else */
	struct buf attach; /* transactions, a device each: */
	VEC(size_t) ends;  /* where each ends */
	struct buf tidy;   /* without the chain, or empty */
	struct wayback_way bare, anew;
};

struct wayback_plan {
	const struct table_names
		*from;		       /* what is to be committed makes these */
	const struct devices *devices; /* that exist now */
	/* What is to run again, as it is stored; or .p NULL: nothing is, */
	struct str content;
	bool table; /* but our table, with the chain */
};

/* 0 or -errno, and then there is no way back. In any case wayback_free(). */
int wayback_build(struct wayback *way, struct arena *arena,
		  const struct wayback_plan *plan);
/* The longest of its transactions. */
size_t wayback_size(const struct wayback *way);
/* As nl_commit(). */
int wayback_take(const struct wayback *way, struct nl *nl,
		 struct nl_errors *errors);
void wayback_free(struct wayback *way);

#endif
