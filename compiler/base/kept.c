// SPDX-License-Identifier: GPL-2.0-only
/* Files that were kept, by name and by pattern; and patterns on the disk. */
#include "base/kept.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>

/* Behind what says nothing: "./" and "/" too many. */
static const char *plain(const char *path, bool first)
{
	while ((path[0] == '.' && path[1] == '/') || (!first && *path == '/'))
		path += *path == '/' ? 1 : 2;
	return path;
}

bool kept_same_path(const char *a, const char *b)
{
	a = plain(a, true);
	b = plain(b, true);
	while (*a && *a == *b) {
		bool slash = *a == '/';

		a++;
		b++;
		if (slash) {
			a = plain(a, false);
			b = plain(b, false);
		}
	}
	return !*a && !*b;
}

const struct kept_file *kept_find(const struct kept_files *kept,
				  const char *path)
{
	size_t i;

	for (i = 0; i < kept->files.n; i++)
		if (kept_same_path(kept->files.v[i].path, path))
			return &kept->files.v[i];
	return NULL;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort(struct path_list *paths)
{
	if (paths->list.n)
		qsort(paths->list.v, paths->list.n, sizeof(*paths->list.v),
		      by_bytes);
}

void kept_glob(const struct kept_files *kept, struct arena *arena,
	       const char *pattern, struct path_list *paths)
{
	size_t i;

	for (i = 0; i < kept->files.n; i++)
		if (!fnmatch(pattern, kept->files.v[i].path,
			     FNM_PATHNAME | FNM_PERIOD))
			*vec_push(arena, &paths->list) = kept->files.v[i].path;
	sort(paths);
}

/* That there is no such directory is as if nothing were in it. */
static int glob_fails(const char *path, int error)
{
	(void)path;
	return error != ENOENT && error != ENOTDIR;
}

int disk_glob(struct arena *arena, const char *pattern, struct path_list *paths)
{
	glob_t found;
	size_t i;
	int ret = glob(pattern, GLOB_NOSORT, glob_fails, &found);

	if (ret == GLOB_NOSPACE)
		out_of_memory();
	if (ret)
		return ret == GLOB_ABORTED ? -EACCES : 0;
	for (i = 0; i < found.gl_pathc; i++)
		*vec_push(arena, &paths->list) =
			arena_printf(arena, "%s", found.gl_pathv[i]);
	globfree(&found);
	sort(paths);
	return 0;
}
