/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What our table really holds, in our own words: a batch that would make it from
 * nothing, byte for byte the stored one where nobody changed anything. With it
 * delta.h makes the least transaction out of a table that somebody changed, and
 * changes.h says what that was.
 *
 *	the kernel's messages ---+
 *				 +-- canonical.h -- the same: the stored message
 *	the stored content ------+		    else: the kernel's own
 *
 * The kernel's own messages are never sent: they are there to be removed, or to
 * be seen to differ. Elements of dynamic sets are others' to change: they are
 * what is stored. Devices are not compared, options->now of delta.h has them.
 */
#ifndef NFTOFFC_RUNTIME_RULESET_ACTUAL_H
#define NFTOFFC_RUNTIME_RULESET_ACTUAL_H

#include "base/buf.h"
#include "runtime/netlink/kernel.h"

struct actual {
	struct kernel kernel; /* as kernel_read_all() has it */
	struct buf content;
	/* There are too many elements: none was read, all are believed. */
	bool unread;
	bool dormant; /* the table is; this no batch of ours can mend */
};

/*
 * 0 or -errno: -EBADMSG if @stored is no content, -EINTR as kernel_read_all().
 * @elements is how many @stored has. In all cases actual_free().
 */
int actual_read(struct actual *actual, struct nl *nl, struct arena *arena,
		struct str stored, size_t elements);
/* The same from messages that were read. */
int actual_build(struct actual *actual, struct arena *arena, struct str stored,
		 const struct buf *messages);
void actual_free(struct actual *actual);

#endif
