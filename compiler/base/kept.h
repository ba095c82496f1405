/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files as they were when a policy was compiled, which stand for those of the
 * disk when it is compiled again: source.h asks here first, and then nowhere else.
 *
 * Names are compared as they are written, but for "./" and "//": whoever names a
 * file by a link finds it under the same name only.
 */
#ifndef NFTOFFC_BASE_KEPT_H
#define NFTOFFC_BASE_KEPT_H

#include "arena.h"
#include "str.h"

struct kept_file {
	const char *path;
	struct str text;
};

struct kept_files {
	VEC(struct kept_file) files; /* the policy's own is the first one */
};

bool kept_same_path(const char *a, const char *b);
/* NULL: there is none. */
const struct kept_file *kept_find(const struct kept_files *kept,
				  const char *path);

/* Paths, in the order of their bytes. */
struct path_list {
	VEC(const char *) list;
};

/* The files that @pattern names, as glob(3) has it. */
void kept_glob(const struct kept_files *kept, struct arena *arena,
	       const char *pattern, struct path_list *paths);
/* The same of the disk: 0, or -EACCES if a directory cannot be read. */
int disk_glob(struct arena *arena, const char *pattern,
	      struct path_list *paths);

#endif
