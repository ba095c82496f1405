/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live connections' marks. Before a policy is committed no connection may
 * carry a value of its run: it would seem to have been decided by it.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_CONNTRACK_H
#define NFTOFFC_RUNTIME_NETLINK_CONNTRACK_H

#include <stdbool.h>
#include <stddef.h>

#include "ir/ir.h"

struct nl;

/*
 * Clears our part of the mark, and no other bit, of every connection that
 * carries one of the run's values; @cleared says of how many. 0 or -errno.
 */
int conntrack_clear(struct nl *nl, const struct ir_mark *run, size_t *cleared);
/*
 * The same, but gives them @value (not shifted) instead: what a policy keeps
 * of the one before it, as its own, so that the next one can keep it, too.
 */
int conntrack_move(struct nl *nl, const struct ir_mark *run, uint32_t value);

/*
 * Requests to be sent together: give the connection this mark (both shifted), and
 * end it. One that is over by then is no error; to end one that is offloaded is
 * -EBUSY on older kernels. All are sent; the first error is answered.
 */
struct buf;
struct connection;
void conntrack_put_mark(struct buf *requests,
			const struct connection *connection, uint32_t mark,
			uint32_t mask);
void conntrack_put_end(struct buf *requests,
		       const struct connection *connection);
int conntrack_send(struct nl *nl, const struct buf *requests);

/* Does any connection live that is translated, by whomever? 0 or -errno. */
int conntrack_translated(struct nl *nl, bool *any);
/* How many connections the kernel calls offloaded. 0 or -errno. */
int conntrack_offloaded(struct nl *nl, size_t *n);

#endif
