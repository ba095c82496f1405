/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way back: a transaction that replaces whatever policy is to be committed
 * by one that was stored. It is made before the commit, from the stored
 * messages alone, with libmnl: so nothing is compiled, read or parsed when it
 * is needed.
 */
#ifndef NFTOFFC_RUNTIME_RULESET_RESTORE_H
#define NFTOFFC_RUNTIME_RULESET_RESTORE_H

#include "emit/batch.h"

struct attach;
struct devices;
struct names;

struct restore_options {
	const struct devices *devices; /* that exist */
	/* What flowtables are; NULL: as the content says, with these devices. */
	const struct attach *attach;
	uint32_t genid; /* NFNL_BATCH_GENID, 0: none */
	/* An empty NAT chain, if it has none: see struct lower_options. */
	bool translated;
};

/*
 * Adds to @out the transaction that turns a table that holds @now into what
 * @content (a whole batch that creates one from nothing) makes. Flowtables get
 * only those devices that exist. 0, or -EBADMSG if @content is no such batch.
 */
int restore_build(struct buf *out, struct str content,
		  const struct table_names *now,
		  const struct restore_options *options);
/* Does it have a NAT chain, be it the empty one? */
bool restore_translates(struct str content);
/*
 * A way back left the empty chain (@now has it): then @content, as stored before,
 * gets it too, and is what is there.
 */
void restore_know_translated(struct buf *content, const struct names *now);
/* What is where in a batch that is not of batch_build(): takes @bytes over. */
void restore_index(struct batch *batch, struct buf *bytes);

#endif
