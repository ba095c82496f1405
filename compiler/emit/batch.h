/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The IR as one netlink transaction: the bytes of one sendmsg() to
 * NETLINK_NETFILTER, from NFNL_MSG_BATCH_BEGIN to NFNL_MSG_BATCH_END.
 *
 * Order: table; what is there and must go (rules first, so that nothing is
 * referenced any more); chains, with drop policies; flowtables, limits, sets;
 * rules; elements. Base chains that exist are kept and changed in place, and
 * chains come ahead of sets: otherwise packets pass while a new base chain's
 * drop policy is not committed.
 *
 * Source: uapi nf_tables.h, nfnetlink.h; Documentation/netlink.
 */
#ifndef NFTOFFC_EMIT_BATCH_H
#define NFTOFFC_EMIT_BATCH_H

#include "ir/ir.h"

/* Where a message of the batch comes from, to point at the policy's line. */
struct batch_message {
	uint32_t offset; /* of its nlmsghdr in the batch */
	uint16_t type;	 /* NFT_MSG_*, or NFNL_MSG_BATCH_BEGIN/END */
	struct span span;
	const char *what; /* "chain forward", for messages; may be NULL */
};

/*
 * Message i has nlmsg_seq = i + 1 (BEGIN is message 0), so an NLMSG_ERROR's
 * sequence number finds it. Nothing in here points into the IR: batch_free().
 */
struct batch {
	struct buf bytes;
	struct batch_message *messages; /* stands in index */
	size_t n;
	struct buf index;
	struct arena *arena; /* what the messages' "what" is kept in */
};

struct table_chain {
	const char *name;
	const char *type; /* NULL: not a base chain */
	uint32_t hook;
	int priority;
};

struct table_set {
	const char *name;
	uint32_t flags; /* NFTA_SET_FLAGS */
	uint32_t key_type, key_len;
	uint32_t size; /* NFTA_SET_DESC_SIZE, 0: none */
	uint64_t timeout;
};

struct table_object {
	const char *name;
	uint32_t type; /* NFT_OBJECT_* */
};

/*
 * What our table holds now, names and kinds only, as the runtime read it from
 * the kernel. A batch removes of it what the new policy does not have.
 */
struct table_names {
	bool exists;
	struct table_chain *chains;
	size_t nchains;
	const char **flowtables;
	size_t nflowtables;
	const char **limits; /* objects of type NFT_OBJECT_LIMIT */
	size_t nlimits;
	struct table_object *objects; /* of the other types */
	size_t nobjects;
	struct table_set *sets; /* the named ones */
	size_t nsets;
};

struct batch_options {
	const struct table_names *now; /* NULL: nothing is there */
	uint32_t genid;		       /* NFNL_BATCH_GENID, 0: none */
	bool remove_only; /* delete our table, add nothing; needs no IR */
};

/*
 * This is for a table of which only names are known; runtime/ruleset/delta.h
 * sends only what differs.
 *
 * A dynamic set that is there already with the same definition is kept, with
 * its elements; every other set is deleted and made anew in the transaction.
 * Limits are made anew. Other objects of the same name and type are kept:
 * counters and quotas with what they counted, a quota with its new amount.
 * A chain whose kind, hook or priority is another now is
 * deleted and added, the one case in which packets may pass in between.
 * Flowtables are deleted and made anew: that sends their flows back to the slow
 * path, where the new epoch decides them again.
 * 0, or -E2BIG: a rule over the kernel's bounds, with batch->messages[n - 1]
 * naming it; -ENOEXEC: one in nft's own language is not translated. In any case
 * batch_free().
 */
int batch_build(struct batch *batch, const struct ir *ir,
		const struct batch_options *options);
void batch_free(struct batch *batch);

#endif
