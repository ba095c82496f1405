/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a file that a policy names can be trusted as far as the policy.
 *
 * What a policy includes decides as much as the policy does, so nobody may be
 * able to change it who could not change the policy: it belongs to root, to
 * the caller or to the policy's owner, and no one else can write it, or put
 * another file in its place. A group is trusted only if it can write the
 * policy, too.
 */
#ifndef NFTOFFC_BASE_TRUST_H
#define NFTOFFC_BASE_TRUST_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The policy's owner, beside root and the caller. Zeroed: there is none. */
struct trust {
	bool known;
	bool by_group; /* its group can write it */
	uid_t uid;
	gid_t gid;
};

struct trust trust_of(const struct stat *policy);

/* Why a file is refused; neither string is long. */
struct distrust {
	char why[96]; /* "every user can write it" */
	char chmod
		[16]; /* the argument of chmod that helps; "" if chown would */
	bool directory; /* not the file but its directory is the reason */
};

/* @st is that of the open file; its directory is looked up by @path. */
bool trust_file(const struct trust *trust, const char *path,
		const struct stat *st, struct distrust *distrust);

#endif
