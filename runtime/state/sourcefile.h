/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files that a policy was compiled from, as one, beside its rules: with them
 * whoever has but the state directory can ask the policy itself.
 *
 *	nftoffc sources 1 0123456789abcdef\n	the digest of what follows
 *	12 34\n					bytes of a path, and of its file
 *	/etc/nftoffc/policy.yaml...		both, with nothing in between
 *	...					the policy's own is the first
 *
 * The digest is the container's (container.h): it finds damage, no adversary.
 */
#ifndef NFTOFFC_RUNTIME_STATE_SOURCEFILE_H
#define NFTOFFC_RUNTIME_STATE_SOURCEFILE_H

#include "base/kept.h"

struct sources;

/*
 * Makes the file @name in @dirfd, synced: 0 or -errno. Files of which a
 * compilation keeps nothing, lists of addresses, are read again; -ESTALE if that
 * is not possible.
 */
int sourcefile_write(int dirfd, const char *name,
		     const struct sources *sources);
/* False: it is damaged. What it says points into @bytes, or is of the arena. */
bool sourcefile_read(struct kept_files *kept, struct arena *arena,
		     struct str bytes);

#endif
