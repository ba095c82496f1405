// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who could have changed a file: see trust.h.
 *
 * What must stay true: the file that is looked at is the one that is read, for
 * its status comes from the open descriptor. Directories above the one that
 * holds it are not looked at: who can replace one of them still owns no
 * directory in which root's or the caller's files would lie.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/trust.h"

struct trust trust_of(const struct stat *policy)
{
	return (struct trust){
		.known = true,
		.by_group = policy->st_mode & S_IWGRP,
		.uid = policy->st_uid,
		.gid = policy->st_gid,
	};
}

static bool owner_trusted(const struct trust *trust, uid_t uid)
{
	return uid == 0 || uid == geteuid() ||
	       (trust->known && uid == trust->uid);
}

static bool group_trusted(const struct trust *trust, gid_t gid)
{
	return trust->known && trust->by_group && gid == trust->gid;
}

__attribute__((format(printf, 3, 4))) static bool refuse(
	struct distrust *distrust, const char *chmod, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(distrust->why, sizeof(distrust->why), fmt, args);
	va_end(args);
	snprintf(distrust->chmod, sizeof(distrust->chmod), "%s", chmod);
	return false;
}

static bool status_trusted(const struct trust *trust, const struct stat *st,
			   struct distrust *distrust)
{
	const char *what = distrust->directory ? "its directory" : "it";
	bool group = st->st_mode & S_IWGRP && !group_trusted(trust, st->st_gid);

	if (!owner_trusted(trust, st->st_uid))
		return refuse(distrust, "",
			      "%s belongs to user %lu, who is neither root "
			      "nor you",
			      what, (unsigned long)st->st_uid);
	if (S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX)
		return true; /* nobody replaces a file there but its owner */
	if (st->st_mode & S_IWOTH)
		return refuse(distrust, group ? "go-w" : "o-w",
			      "every user can write %s", what);
	if (group)
		return refuse(distrust, "g-w", "group %lu can write %s",
			      (unsigned long)st->st_gid, what);
	return true;
}

/* Of whatever has this name: what the file is in, or a link to it. */
static bool directory_trusted(const struct trust *trust, const char *path,
			      struct distrust *distrust)
{
	const char *slash = strrchr(path, '/');
	struct stat st;
	char *name;
	int ret;

	name = slash ? strndup(path,
			       slash == path ? 1 : (size_t)(slash - path)) :
		       strdup(".");
	ret = name ? stat(name, &st) : -1;
	free(name);
	distrust->directory = true;
	return ret == 0 ? status_trusted(trust, &st, distrust) :
			  refuse(distrust, "",
				 "its directory cannot be looked at");
}

/* A link leads elsewhere: then both places count. */
static bool place_trusted(const struct trust *trust, const char *path,
			  struct distrust *distrust)
{
	struct stat st;
	char *real;
	bool fine;

	if (!directory_trusted(trust, path, distrust))
		return false;
	if (lstat(path, &st) < 0 || !S_ISLNK(st.st_mode))
		return true;
	distrust->directory = false;
	if (!owner_trusted(trust, st.st_uid))
		return refuse(distrust, "",
			      "it is a link of user %lu, who is neither root "
			      "nor you",
			      (unsigned long)st.st_uid);
	real = realpath(path, NULL);
	fine = !real || directory_trusted(trust, real, distrust);
	free(real);
	return fine;
}

bool trust_file(const struct trust *trust, const char *path,
		const struct stat *st, struct distrust *distrust)
{
	*distrust = (struct distrust){ .directory = false };
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		return true; /* a device is what the system makes it */
	if (!status_trusted(trust, st, distrust))
		return false;
	return !S_ISREG(st->st_mode) || place_trusted(trust, path, distrust);
}
