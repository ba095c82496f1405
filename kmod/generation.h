/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A generation: the set of matches that are exempt from offload, as a whole.
 *
 * It is added to while nobody reads it, then never changed again, so that
 * readers need RCU only to keep it from being freed.
 *
 * The cost of a lookup does not grow with the number of entries: those that
 * mask the same bits have a shape in common, and all entries of a shape are
 * found by one hash lookup of the key's masked words. Ports are masked too: a
 * range is taken apart into blocks. What grows the cost is the number of
 * shapes, which is bounded.
 *
 * An entry that asks of devices is there twice: once as it is, and once
 * without them, as a maybe for connections whose devices are not known.
 */
#ifndef _NFTOFFC_GENERATION_H
#define _NFTOFFC_GENERATION_H

#include <linux/netlink.h>
#include <linux/types.h>

#include "match.h"

#define NFTOFFC_SHAPES_MAX 128

struct nftoffc_shape {
	union nftoffc_key mask;
	u8 words[NFTOFFC_KEY_WORDS]; /* those of the mask that are not zero */
	u8 nwords;
	bool devices; /* asks of devices */
	bool maybe;   /* would, if they were known */
};

struct nftoffc_generation {
	u64 id;
	u32 nentries;	/* as they were given */
	u32 nparts;	/* as they are stored */
	u32 nbuckets;	/* a power of two */
	u32 seed;
	u32 nshapes;
	bool devices;	/* any entry asks of devices */
	bool marks;	/* any asks of the mark */
	struct hlist_head *buckets;
	struct nftoffc_shape shapes[NFTOFFC_SHAPES_MAX];
};

enum nftoffc_verdict {
	NFTOFFC_MAYBE, /* exempt on some devices */
	NFTOFFC_EXEMPT,
	NFTOFFC_NOT_EXEMPT,
};

struct nftoffc_generation *nftoffc_generation_new(u64 id);
void nftoffc_generation_free(struct nftoffc_generation *gen);
/* -ENOSPC above @max parts, or when there are too many shapes. */
int nftoffc_generation_add(struct nftoffc_generation *gen,
			   const struct nftoffc_match *match, u32 max,
			   struct netlink_ext_ack *extack);

/*
 * Is @key exempt? @gen NULL: nothing is. @devices: the key has its devices,
 * and the answer is not "maybe". @cookie is that of the entry, if it is exempt.
 */
enum nftoffc_verdict
nftoffc_generation_look(const struct nftoffc_generation *gen,
			const union nftoffc_key *key, bool devices,
			u32 *cookie);

#endif
