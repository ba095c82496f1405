// SPDX-License-Identifier: GPL-2.0-only
/*
 * Written in one go, list by list through a small buffer: a list may be larger
 * than all that the compiler keeps. The digest is put in at the end.
 */
#include "runtime/state/sourcefile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/source.h"
#include "runtime/base/files.h"
#include "runtime/ruleset/container.h"

#define TITLE "nftoffc sources 1 "
#define TITLE_LEN (sizeof(TITLE) - 1 + 16 + 1)

/*
 * Writing
 */

struct writer {
	int fd;
	uint64_t digest;
};

static int put(struct writer *w, const void *data, size_t n)
{
	w->digest = container_digest(w->digest, data, n);
	return files_write(w->fd, data, n);
}

static int put_title(int fd, uint64_t digest)
{
	char title[TITLE_LEN + 1];
	ssize_t n;

	snprintf(title, sizeof(title), TITLE "%016" PRIx64 "\n", digest);
	n = pwrite(fd, title, TITLE_LEN, 0);
	return n == (ssize_t)TITLE_LEN ? 0 : n < 0 ? -errno : -EIO;
}

static int put_head(struct writer *w, const char *path, uint64_t size)
{
	char head[64];
	size_t len = strlen(path);
	int n = snprintf(head, sizeof(head), "%zu %" PRIu64 "\n", len, size);
	int ret = put(w, head, (size_t)n);

	return ret ? ret : put(w, path, len);
}

static int put_text(struct writer *w, const char *path, struct str text)
{
	int ret = put_head(w, path, text.n);

	return ret ? ret : put(w, text.p, text.n);
}

/* It has @left bytes, or it is not what it was. */
static int copy(struct writer *w, int from, uint64_t left)
{
	char bytes[1 << 14];
	ssize_t n;
	int ret = 0;

	while (!ret && left) {
		n = read(from, bytes,
			 left < sizeof(bytes) ? (size_t)left : sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ESTALE;
		ret = put(w, bytes, (size_t)n);
		left -= (uint64_t)n;
	}
	return ret;
}

static int put_file(struct writer *w, const char *path)
{
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int ret = -ESTALE;

	if (from < 0)
		return ret;
	if (!fstat(from, &st) && S_ISREG(st.st_mode))
		ret = put_head(w, path, (uint64_t)st.st_size);
	if (!ret)
		ret = copy(w, from, (uint64_t)st.st_size);
	close(from);
	return ret;
}

static int put_all(struct writer *w, const struct sources *sources)
{
	const struct source *source;
	int ret = put_title(w->fd, 0);
	size_t i;

	if (!ret && lseek(w->fd, (off_t)TITLE_LEN, SEEK_SET) < 0)
		ret = -errno;
	for (i = 0; !ret && i < sources->files.n; i++) {
		source = sources->files.v[i];
		ret = put_text(w, source->path, source->text);
	}
	for (i = 0; !ret && i < sources->scanned.n; i++)
		ret = put_file(w, sources->scanned.v[i]);
	return ret ? ret : put_title(w->fd, w->digest);
}

int sourcefile_write(int dirfd, const char *name, const struct sources *sources)
{
	struct writer w = { 0 };
	int ret;

	w.fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		      0600);
	if (w.fd < 0)
		return -errno;
	ret = put_all(&w, sources);
	if (!ret && fsync(w.fd))
		ret = -errno;
	if (close(w.fd) && !ret)
		ret = -errno;
	return ret;
}

/*
 * Reading
 */

/* A number and the byte behind it. */
static bool take_number(struct str *rest, char end, size_t *n)
{
	const size_t limit = SIZE_MAX / 16;

	*n = 0;
	while (rest->n && *rest->p >= '0' && *rest->p <= '9' && *n < limit) {
		*n = *n * 10 + (size_t)(*rest->p - '0');
		rest->p++;
		rest->n--;
	}
	if (!rest->n || *rest->p != end)
		return false;
	rest->p++;
	rest->n--;
	return true;
}

static bool take_bytes(struct str *rest, size_t n, struct str *bytes)
{
	if (n > rest->n)
		return false;
	*bytes = (struct str){ rest->p, n };
	rest->p += n;
	rest->n -= n;
	return true;
}

static bool take_file(struct kept_files *kept, struct arena *arena,
		      struct str *rest)
{
	struct kept_file file;
	struct str path;
	size_t len, size;

	if (!take_number(rest, ' ', &len) || !take_number(rest, '\n', &size) ||
	    !take_bytes(rest, len, &path) ||
	    !take_bytes(rest, size, &file.text) || memchr(path.p, 0, path.n))
		return false;
	file.path = arena_strndup(arena, path.p, path.n);
	*vec_push(arena, &kept->files) = file;
	return true;
}

bool sourcefile_read(struct kept_files *kept, struct arena *arena,
		     struct str bytes)
{
	char title[TITLE_LEN + 1];

	*kept = (struct kept_files){ 0 };
	if (bytes.n < TITLE_LEN)
		return false;
	snprintf(title, sizeof(title), TITLE "%016" PRIx64 "\n",
		 container_digest(0, bytes.p + TITLE_LEN, bytes.n - TITLE_LEN));
	if (memcmp(title, bytes.p, TITLE_LEN) != 0)
		return false;
	bytes.p += TITLE_LEN;
	bytes.n -= TITLE_LEN;
	while (bytes.n)
		if (!take_file(kept, arena, &bytes))
			return false;
	return kept->files.n;
}
