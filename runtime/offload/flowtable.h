/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A flowtable's message (NFT_MSG_NEWFLOWTABLE) with other devices, or of the
 * other kind: whoever sends a stored one sends it as the machine is by now.
 *
 * What must stay true: all else that it says is copied.
 *
 * Source: uapi nf_tables.h.
 */
#ifndef NFTOFFC_RUNTIME_OFFLOAD_FLOWTABLE_H
#define NFTOFFC_RUNTIME_OFFLOAD_FLOWTABLE_H

#include "base/buf.h"
#include "runtime/offload/devices.h"

struct nlmsghdr;

enum flowtable_kind {
	FLOWTABLE_AS_IT_IS,
	FLOWTABLE_SOFTWARE,
	FLOWTABLE_HARDWARE,
};

struct flowtable_as {
	enum flowtable_kind kind;
	const struct devices *existing; /* of its own those; NULL: these */
	const char *const *devices;
	size_t ndevices;
};

/* As it was decided. */
struct flowtable_as flowtable_decided(const struct attach_table *table);
/* Adds it to @out; its sequence number is @from's. */
void flowtable_copy(struct buf *out, const struct nlmsghdr *from,
		    const struct flowtable_as *as);

#endif
