// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that are there whole or not at all: written under another name,
 * synced, then renamed.
 */
#include "runtime/base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/fault.h"

int files_write(int fd, const void *data, size_t n)
{
	const char *p = data;
	ssize_t done;
	int ret = fault(FAULT_FILES_WRITE);

	if (ret)
		return ret;
	while (n > 0) {
		done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

static int open_new(int dirfd, const char *name)
{
	int fd, ret = fault(FAULT_FILES_OPEN);

	if (ret)
		return ret;
	fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		    0600);
	return fd < 0 ? -errno : fd;
}

static int sync_fd(int fd)
{
	int ret = fault(FAULT_FILES_SYNC);

	return !ret && fsync(fd) ? -errno : ret;
}

int files_create_of(int dirfd, const char *name, const struct str *parts,
		    size_t n)
{
	int fd = open_new(dirfd, name), ret = 0;
	size_t i;

	if (fd < 0)
		return fd;
	for (i = 0; !ret && i < n; i++)
		ret = files_write(fd, parts[i].p, parts[i].n);
	if (!ret)
		ret = sync_fd(fd);
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

int files_create(int dirfd, const char *name, const void *data, size_t n)
{
	const struct str all = { data, n };

	return files_create_of(dirfd, name, &all, 1);
}

/* Written and synced, a file has its blocks; to write them again needs none. */
int files_reserve(int dirfd, const char *beside, size_t n)
{
	int fd = open_new(dirfd, beside), ret = 0;
	char blanks[256];

	if (fd < 0)
		return fd;
	memset(blanks, ' ', sizeof(blanks));
	for (; !ret && n > sizeof(blanks); n -= sizeof(blanks))
		ret = files_write(fd, blanks, sizeof(blanks));
	if (!ret)
		ret = files_write(fd, blanks, n);
	if (!ret)
		ret = sync_fd(fd);
	if (!ret)
		return fd;
	close(fd);
	unlinkat(dirfd, beside, 0);
	return ret;
}

static int give_name(int dirfd, const char *beside, const char *name)
{
	int ret = fault(FAULT_FILES_RENAME);

	if (ret)
		return ret;
	if (renameat(dirfd, beside, dirfd, name))
		return -errno;
	return sync_fd(dirfd);
}

int files_put(int dirfd, int fd, const char *beside, const char *name,
	      const void *data, size_t n)
{
	int ret = 0;

	if (lseek(fd, 0, SEEK_SET))
		ret = -errno;
	if (!ret)
		ret = files_write(fd, data, n);
	if (!ret && ftruncate(fd, (off_t)n))
		ret = -errno;
	if (!ret)
		ret = sync_fd(fd);
	if (close(fd) && !ret)
		ret = -errno;
	return ret ? ret : give_name(dirfd, beside, name);
}

int files_store(int dirfd, const char *name, const void *data, size_t n)
{
	struct buf beside = { 0 };
	int ret;

	buf_printf(&beside, ".%s.new", name);
	ret = files_create(dirfd, beside.p, data, n);
	if (!ret)
		ret = give_name(dirfd, beside.p, name);
	if (ret)
		unlinkat(dirfd, beside.p, 0);
	buf_free(&beside);
	return ret;
}

int files_read(int dirfd, const char *name, struct buf *out)
{
	int fd, ret = fault(FAULT_FILES_READ);
	ssize_t n;

	if (ret)
		return ret;
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, buf_reserve(out, 65536), 65536)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			ret = -errno;
			break;
		}
		out->n += (size_t)n;
	}
	if (out->p)
		out->p[out->n] = '\0';
	close(fd);
	return ret;
}

int files_read_some(int fd, struct buf *out, size_t n)
{
	ssize_t got;

	while (n > 0 && (got = read(fd, buf_reserve(out, n), n)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		out->n += (size_t)got;
		n -= (size_t)got;
	}
	if (out->p)
		out->p[out->n] = '\0';
	return 0;
}

static int write_through(const char *path, const void *data, size_t n)
{
	int fd, ret;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = files_write(fd, data, n);
	if (close(fd) && !ret)
		ret = -errno;
	return ret;
}

/* mkstemp() gives 0600; a file that others may read stays one. */
static int set_mode(int fd, const struct stat *old)
{
	mode_t mask;

	if (old)
		return fchmod(fd, old->st_mode & 07777) ? -errno : 0;
	mask = umask(0);
	umask(mask);
	return fchmod(fd, 0666 & ~mask) ? -errno : 0;
}

static int write_beside(const char *path, const struct stat *old,
			const void *data, size_t n)
{
	struct buf temp = { 0 };
	int fd, ret;

	buf_printf(&temp, "%s.XXXXXX", path);
	fd = mkstemp(temp.p);
	if (fd < 0) {
		ret = -errno;
		goto free_temp;
	}
	ret = files_write(fd, data, n);
	if (!ret)
		ret = set_mode(fd, old);
	if (!ret && fsync(fd))
		ret = -errno;
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret && rename(temp.p, path))
		ret = -errno;
	if (ret)
		unlink(temp.p);
free_temp:
	buf_free(&temp);
	return ret;
}

int files_replace(const char *path, const void *data, size_t n)
{
	struct stat old;
	char *real;
	int ret;

	if (stat(path, &old))
		return errno == ENOENT ? write_beside(path, NULL, data, n) :
					 -errno;
	if (!S_ISREG(old.st_mode))
		return write_through(path, data, n);
	real = realpath(path, NULL);
	if (!real)
		return -errno;
	ret = write_beside(real, &old, data, n);
	free(real);
	return ret;
}

static int remove_files(DIR *dir)
{
	struct dirent *entry;

	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' &&
		    (!entry->d_name[1] || entry->d_name[1] == '.'))
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0))
			return -errno;
	}
	return 0;
}

int files_remove_dir(int parent, const char *name)
{
	DIR *dir;
	int fd, ret;

	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	dir = fdopendir(fd);
	if (!dir) {
		ret = -errno;
		close(fd);
		return ret;
	}
	ret = remove_files(dir);
	closedir(dir);
	if (!ret && unlinkat(parent, name, AT_REMOVEDIR))
		ret = -errno;
	return ret;
}

bool files_exist(const char *path)
{
	return access(path, F_OK) == 0;
}
