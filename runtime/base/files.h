/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that are there whole or not at all. Everything answers 0 or -errno.
 */
#ifndef NFTOFFC_RUNTIME_BASE_FILES_H
#define NFTOFFC_RUNTIME_BASE_FILES_H

#include <stdbool.h>

#include "base/buf.h"

/* Writes all of it, whatever write() takes at a time. */
int files_write(int fd, const void *data, size_t n);
/*
 * A new file @name in @dirfd, readable by its owner only, and synced: the
 * directory is the caller's to sync. For one that nobody knows yet.
 */
int files_create(int dirfd, const char *name, const void *data, size_t n);
/* The same of @n parts, one behind the other. */
int files_create_of(int dirfd, const char *name, const struct str *parts,
		    size_t n);
/*
 * @name in @dirfd gets this content at one instant, or stays as it was; its
 * owner's only. When this answers 0 it is on the disk.
 */
int files_store(int dirfd, const char *name, const void *data, size_t n);
/*
 * The same for who is not to fail for want of room: first a file @beside, with
 * room for @n bytes, which answers its descriptor or -errno; later those bytes,
 * or fewer, and the name. files_put() closes @fd, whatever it answers.
 */
int files_reserve(int dirfd, const char *beside, size_t n);
int files_put(int dirfd, int fd, const char *beside, const char *name,
	      const void *data, size_t n);
/* Adds the content of @name to @out. */
int files_read(int dirfd, const char *name, struct buf *out);
/* Adds up to @n bytes more of an open file; fewer are left at its end. */
int files_read_some(int fd, struct buf *out, size_t n);
/*
 * @path gets this content at one instant, or stays as it was. What is no
 * regular file (a pipe, /dev/stdout) is simply written to.
 */
int files_replace(const char *path, const void *data, size_t n);
/* The directory @name in @dirfd and the files in it; 0 if it is not there. */
int files_remove_dir(int dirfd, const char *name);

/* Is there anything of that name? */
bool files_exist(const char *path);

#endif
