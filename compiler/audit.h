/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What would escape if it were offloaded, and the proof that it is not: for
 * each pair of a rule that needs every packet and an entry that makes some of
 * its connections eligible, packets that meet both are sought and run through
 * the model and through the compiled rules.
 */
#ifndef NFTOFFC_AUDIT_H
#define NFTOFFC_AUDIT_H

#include "compile.h"

/* One pair, and what the search found. */
struct escape {
	const struct cost *cost;
	struct packet packet; /* one that meets both; or the one that escapes */
	bool met;	      /* there is one */
	const char *members;  /* sets it is taken to be in; NULL: none */
	bool cut;	      /* there were more than are tried */
	size_t tried;
	const char *found; /* it escapes: how; NULL: none does */
	/* How many met nft's own rules, which nobody knows what they do. */
	size_t unsure;
};

/* Calls @fn for each pair. */
void audit(struct compilation *c,
	   void (*fn)(void *data, const struct escape *escape), void *data);

#endif
