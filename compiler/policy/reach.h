/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Of entries of which the first that matches wins: what is left for one that
 * stands behind others?
 *
 * A packet of the entry is looked up among those before it, by a hash on what
 * they ask; if none takes it, it is the entry's, and that is the proof. If one
 * does, its box is taken out, and a packet of the rest is looked up. So an
 * entry costs a look or two, however many there are; what would cost more than
 * a bound of the whole is not known, and then nothing is said.
 */
#ifndef NFTOFFC_POLICY_REACH_H
#define NFTOFFC_POLICY_REACH_H

#include "region.h"

enum reach {
	REACH_UNKNOWN, /* zero is the careful value */
	REACH_SOME,    /* it takes @packet */
	REACH_NONE,    /* others take all of it */
};

#define REACH_TAKERS_MAX 64

struct reached {
	enum reach reach;
	/* One of the entry's; only known if nothing of it is opaque. */
	struct packet packet;
	bool packet_known;
	/* NONE: who takes it, ascending; alone, if one suffices. */
	uint32_t takers[REACH_TAKERS_MAX];
	size_t ntakers;
	bool equal; /* the one taker speaks of the very same packets */
};

struct takers;

/* @n: how many entries there are, for the bound. */
struct takers *takers_new(struct arena *arena, const struct model *model,
			  const struct sources *sources, size_t n);
/* @region is kept; @id ascends. */
void takers_add(struct takers *takers, uint32_t id,
		const struct region *region);
/* The memory of @scratch is given back. */
struct reached takers_reach(struct takers *takers, struct arena *scratch,
			    const struct region *region);

/*
 * Calls @fn for each rule in turn, but for those that nothing meets. Rules of
 * port forwards take nothing: they hold only for what was translated.
 */
void rules_reach(struct arena *arena, const struct model *model,
		 const struct sources *sources,
		 void (*fn)(void *data, size_t rule,
			    const struct reached *reached),
		 void *data);

#endif
