/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The elements of two sets side by side, by their keys: what only one of them
 * has, and what both have of the same key with another end or other data.
 *
 *	old	1  3  5-7  9 : drop			pair.old	pair.new
 *	new	1  2  5-8  9 : accept			-		2
 *							3		-
 *							5-7		5-8
 *							9 : drop	9 : accept
 *
 * Both are walked as they are written if they ascend so, as most do; a copy is
 * sorted of the others. What both write the same is passed by its bytes.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_CONTENT_PAIR_H
#define NFTOFFC_RUNTIME_NETLINK_CONTENT_PAIR_H

#include "runtime/netlink/content.h"

struct content_side {
	struct content_elements walk;
	const struct content_element *sorted; /* NULL: the walk is */
	size_t n, i;			      /* of @sorted */
	bool more;			      /* walk.now is the next one */
};

struct content_pair {
	struct content_side a, b;
	struct content_element was, is; /* what the next two point to */
	const struct content_element *old, *new; /* NULL: it has none */
};

/* Copies are in @arena. */
void content_pair(struct content_pair *pair, struct arena *arena,
		  struct content_set *old, struct content_set *new);
/* False at the end. */
bool content_pair_next(struct content_pair *pair);

#endif
