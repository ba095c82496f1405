/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The least transaction that makes one policy of another.
 *
 *	old content --- take apart ---+
 *	(stored bytes)		      +-- compare -- messages, by kind:
 *	new content --- take apart ---+
 *	(a batch that makes it)
 *
 *	out:	rules; elements; sets; chains, flowtables, objects
 *	in:	chains; flowtables; objects; sets; rules; elements
 *
 * Out goes from what refers to what is referred to, in the other way round, and
 * chains come ahead of sets (emit/batch.h says why). What both have is not
 * spoken of: its counters count on, its limits keep their state, elements that
 * were added since stay.
 *
 * A rule stays if it is the same and at the same place among those that stay; a
 * rule that comes names the one before which it stands by the kernel's handle.
 * Handles are asked for only of chains in which some rules stay and some do
 * not. What cannot be changed in place (a set's type, a flowtable's priority)
 * is renewed: everything that refers to it goes and comes again.
 *
 * It is right only for a table that holds what @old makes: the caller knows
 * that nobody else changed it. An element that timed out, or that somebody
 * removed from a dynamic set, is no reason to fail.
 */
#ifndef NFTOFFC_RUNTIME_RULESET_DELTA_H
#define NFTOFFC_RUNTIME_RULESET_DELTA_H

#include "emit/batch.h"
#include "runtime/ruleset/renewal.h"

struct names;

/*
 * The handles of a chain's rules, in order: 0, or -errno. They must live until
 * delta_build() returns.
 */
typedef int (*delta_handles_fn)(const char *chain, const uint64_t **handles,
				size_t *n, void *data);

struct delta_options {
	uint32_t genid;		     /* NFNL_BATCH_GENID, 0: none */
	const struct names *now;     /* what the flowtables' devices are */
	const struct renewal *renew; /* flowtables that both have, or NULL */
	delta_handles_fn handles;
	void *data;
	struct arena *arena; /* of the result's lists */
};

/* What a transaction does. */
struct delta_result {
	/* Those whose rules or elements are others after it. */
	VEC(const char *) chains;
	VEC(const char *) sets;
	/* For people; what is renewed counts on both sides: */
	size_t rules_added, rules_removed;
	size_t elements_added, elements_removed;
	size_t chains_added, chains_removed;
	size_t sets_added, sets_removed;       /* renewed ones in both */
	size_t objects_added, objects_removed; /* flowtables too */
};

/*
 * Builds into @batch; its messages point to the policy's lines as those of @new
 * do. @new must outlive @batch. 0; -EBADMSG: @old is no content; -ESTALE: the
 * kernel's rules are others than @old's; or what the callback answered. In all
 * cases batch_free().
 */
int delta_build(struct batch *batch, struct str old, const struct batch *new,
		const struct delta_options *options,
		struct delta_result *result);

#endif
