// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state directory. A generation is written under the name ".new", synced
 * and renamed; the link `next` that is to become `current` is made before the
 * commit too, so that what is left to do after it is one rename(). A guard has
 * a link of its own, `.back`, for its way back.
 */
#include "runtime/state/state.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/fault.h"
#include "runtime/base/files.h"
#include "runtime/state/sourcefile.h"

#define LIVE "live"
#define SLOW_WORD " without offload"
#define NEXT_LINK "next"
#define CURRENT_LINK "current"
#define REFUSED "refused"
#define GENERATIONS "generations"
#define STAGING ".new"
#define NAME_MAX_LEN 32
#define TARGET_MAX_LEN (NAME_MAX_LEN + sizeof(GENERATIONS))

struct state {
	int dir, generations; /* -1: not there */
	int lock;
	bool write;
};

/*
 * Opening and locking
 */

static int open_dir(int at, const char *path, bool make)
{
	int fd;

	if (make && mkdirat(at, path, 0700) && errno != EEXIST)
		return -errno;
	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* What is above the state directory is for everybody, as /var/lib is. */
static int make_parents(const char *path)
{
	struct buf parent = { 0 };
	const char *slash = path;
	int ret = 0;

	while (!ret && (slash = strchr(slash + 1, '/'))) {
		parent.n = 0;
		buf_add(&parent, path, (size_t)(slash - path));
		buf_putc(&parent, '\0');
		if (mkdir(parent.p, 0755) && errno != EEXIST)
			ret = -errno;
	}
	buf_free(&parent);
	return ret;
}

/* Its parents seldom are missing. */
static int open_root(const char *path, bool make)
{
	int ret = open_dir(AT_FDCWD, path, make);

	if (ret != -ENOENT || !make || !*path)
		return ret;
	ret = make_parents(path);
	return ret ? ret : open_dir(AT_FDCWD, path, make);
}

int state_open(struct state **result, const char *path, bool write)
{
	struct state *state = calloc(1, sizeof(*state));
	int ret;

	if (!state)
		return -ENOMEM;
	state->lock = -1;
	state->generations = -1;
	state->write = write;
	state->dir = ret = open_root(path, write);
	if (ret < 0)
		goto fail;
	state->generations = ret = open_dir(state->dir, GENERATIONS, write);
	if (ret < 0 && (write || ret != -ENOENT))
		goto fail;
	*result = state;
	return 0;

fail:
	state_close(state);
	return ret;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void state_close(struct state *state)
{
	if (!state)
		return;
	close_fd(state->lock);
	close_fd(state->generations);
	close_fd(state->dir);
	free(state);
}

/* For people: where there is no room for it, it is locked all the same. */
static void write_holder(int fd, const char *command)
{
	struct buf text = { 0 };

	buf_printf(&text, "%ld %s\n", (long)getpid(), command);
	if (!ftruncate(fd, 0))
		files_write(fd, text.p, text.n);
	buf_free(&text);
}

static void read_holder(struct state *state, struct buf *holder)
{
	if (files_read(state->dir, "lock", holder))
		return;
	while (holder->n > 0 &&
	       isspace((unsigned char)holder->p[holder->n - 1]))
		holder->p[--holder->n] = '\0';
}

/* Where nothing can be written, what is there can be locked. */
static int open_lock(struct state *state)
{
	int fd = -1;

	if (state->write)
		fd = openat(state->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC,
			    0600);
	if (!state->write || (fd < 0 && errno == EROFS))
		fd = openat(state->dir, "lock", O_RDONLY | O_CLOEXEC);
	return fd;
}

int state_lock(struct state *state, const char *command, struct buf *holder)
{
	int ret = fault(FAULT_STATE_LOCK);

	if (ret)
		return ret;

	state->lock = open_lock(state);
	if (state->lock < 0)
		return !state->write && errno == ENOENT ? 0 : -errno;
	if (flock(state->lock, (state->write ? LOCK_EX : LOCK_SH) | LOCK_NB)) {
		ret = -errno;
		if (ret == -EWOULDBLOCK)
			read_holder(state, holder);
		return ret;
	}
	if (state->write)
		write_holder(state->lock, command);
	return 0;
}

/*
 * Reading
 */

/* The number that a generation's name is, 0 if it is none. */
static unsigned int number_of(const char *name)
{
	unsigned long number;
	char *end;

	if (*name < '1' || *name > '9')
		return 0;
	errno = 0;
	number = strtoul(name, &end, 10);
	return *end || errno || number > INT32_MAX ? 0 : (unsigned int)number;
}

static int open_generation(struct state *state, unsigned int number)
{
	char name[NAME_MAX_LEN];

	snprintf(name, sizeof(name), "%u", number);
	return open_dir(state->generations, name, false);
}

/* One that a version of the program wrote that knew no containers. */
static bool is_old(int fd)
{
	return !faccessat(fd, "record", F_OK, 0) &&
	       faccessat(fd, "container", F_OK, 0);
}

/* Of a whole file, however large, no more than its head. */
static int read_head(int dirfd, struct buf *head, uint64_t *size)
{
	int fd = openat(dirfd, "container", O_RDONLY | O_CLOEXEC), ret;
	struct stat st;
	size_t n;

	if (fd < 0)
		return is_old(dirfd) ? -EBADMSG : -errno;
	ret = fstat(fd, &st) ? -errno :
			       files_read_some(fd, head, CONTAINER_FIXED);
	*size = (uint64_t)st.st_size;
	n = container_head_size((struct str){ head->p, head->n });
	if (!ret && n > head->n && n <= *size)
		ret = files_read_some(fd, head, n - head->n);
	close(fd);
	return ret;
}

static int load_head(int fd, struct generation *generation)
{
	struct arena *arena = arena_new();
	struct buf head = { 0 };
	struct container c;
	uint64_t size = 0;
	int ret = read_head(fd, &head, &size);

	if (!ret &&
	    container_head(&c, arena, (struct str){ head.p, head.n }, size))
		ret = -EBADMSG;
	if (!ret) {
		generation->record = c.parsed;
		generation->previous = c.previous;
		generation->elements = c.elements;
		generation->rules = c.rules;
		generation->created = c.created;
	}
	buf_free(&head);
	arena_free(arena);
	return ret == -ENOENT ? -EBADMSG : ret;
}

/* It may be missing: then nothing is known. */
static void load_kernel(int fd, struct generation *generation)
{
	struct buf text = { 0 };
	uint64_t fingerprint;
	uint32_t genid;

	if (!files_read(fd, "kernel", &text) && text.p &&
	    sscanf(text.p, "genid %" SCNu32 " fingerprint %" SCNx64, &genid,
		   &fingerprint) == 2) {
		generation->genid = genid;
		generation->fingerprint = fingerprint;
		generation->slow = strstr(text.p, SLOW_WORD);
	}
	buf_free(&text);
}

int state_load(struct state *state, unsigned int number,
	       struct generation *generation)
{
	int fd, ret;

	*generation = (struct generation){ .number = number };
	fd = open_generation(state, number);
	if (fd < 0)
		return fd;
	ret = load_head(fd, generation);
	load_kernel(fd, generation);
	close(fd);
	return ret;
}

int state_current(struct state *state, struct generation *generation)
{
	char target[TARGET_MAX_LEN];
	unsigned int number;
	ssize_t n;

	n = readlinkat(state->dir, CURRENT_LINK, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (strncmp(target, GENERATIONS "/", sizeof(GENERATIONS)) != 0)
		return -EBADMSG;
	number = number_of(target + sizeof(GENERATIONS));
	return number ? state_load(state, number, generation) : -EBADMSG;
}

/* Calls @fn for each generation there is; it ends the walk with non-zero. */
static int for_each(struct state *state,
		    int (*fn)(struct state *state, unsigned int number,
			      void *data),
		    void *data)
{
	struct dirent *entry;
	int fd, ret = 0;
	DIR *dir;

	/* Its own description: a duplicate would share the position. */
	fd = open_dir(state->generations, ".", false);
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while (!ret && (entry = readdir(dir)))
		if (number_of(entry->d_name))
			ret = fn(state, number_of(entry->d_name), data);
	closedir(dir);
	return ret;
}

struct search {
	const struct ir_record *record;
	struct generation *found;
};

static bool same_record(const struct ir_record *a, const struct ir_record *b)
{
	return a->digest == b->digest && a->epoch == b->epoch &&
	       a->mask == b->mask;
}

static int match_record(struct state *state, unsigned int number, void *data)
{
	struct generation generation;
	struct search *search = data;

	if (number > search->found->number &&
	    !state_load(state, number, &generation) &&
	    same_record(&generation.record, search->record))
		*search->found = generation;
	return 0;
}

/* What went back to an earlier one has the same record: the latest it is. */
int state_find(struct state *state, const struct ir_record *record,
	       struct generation *generation)
{
	struct search search;
	int ret;

	*generation = (struct generation){ 0 };
	search = (struct search){ record, generation };
	if (state->generations < 0)
		return -ENOENT;
	ret = state_current(state, generation);
	if (!ret && same_record(&generation->record, record))
		return 0;
	*generation = (struct generation){ 0 };
	ret = for_each(state, match_record, &search);
	return ret ? ret : generation->number ? 0 : -ENOENT;
}

int state_read(struct state *state, unsigned int number, const char *file,
	       struct buf *out)
{
	int fd, ret;

	fd = open_generation(state, number);
	if (fd < 0)
		return fd;
	ret = files_read(fd, file, out);
	close(fd);
	return ret;
}

int state_container(struct state *state, unsigned int number,
		    struct arena *arena, struct buf *bytes,
		    struct container *container, const char **why)
{
	int fd, ret;

	*why = NULL;
	fd = open_generation(state, number);
	if (fd < 0)
		return fd;
	bytes->n = 0;
	ret = files_read(fd, "container", bytes);
	if (!ret)
		*why = container_read(container, arena,
				      (struct str){ bytes->p, bytes->n });
	else if (ret == -ENOENT && is_old(fd))
		*why = "it was written by an earlier version of nftoffc";
	else if (ret == -ENOENT)
		*why = "its container is missing";
	close(fd);
	return *why ? -EBADMSG : ret;
}

int state_head(struct state *state, unsigned int number, struct arena *arena,
	       struct buf *bytes, struct container *container)
{
	int fd = open_generation(state, number), ret;
	uint64_t size = 0;

	if (fd < 0)
		return fd;
	ret = read_head(fd, bytes, &size);
	if (!ret && container_head(container, arena,
				   (struct str){ bytes->p, bytes->n }, size))
		ret = -EBADMSG;
	close(fd);
	return ret;
}

/*
 * Writing
 */

static int highest(struct state *state, unsigned int number, void *data)
{
	unsigned int *max = data;

	(void)state;
	if (number > *max)
		*max = number;
	return 0;
}

static int write_kernel(int fd, const struct generation *noted,
			int (*write)(int dirfd, const char *name,
				     const void *data, size_t n))
{
	char text[96];
	int n = snprintf(text, sizeof(text),
			 "genid %010" PRIu32 " fingerprint %016" PRIx64 "%s\n",
			 noted->genid, noted->fingerprint,
			 noted->slow ? SLOW_WORD : "");

	return write(fd, "kernel", text, (size_t)n);
}

/* It can be loaded without: they are for questions. */
static int write_sources(int fd, const struct state_content *content)
{
	if (content->sources)
		return sourcefile_write(fd, STATE_SOURCES, content->sources);
	return files_create(fd, STATE_SOURCES, content->kept.p,
			    content->kept.n);
}

/* Its messages may be the largest there is: they are not copied. */
static int write_container(int fd, const struct container *c)
{
	struct buf head = { 0 };
	struct str parts[2];
	int ret;

	container_write_head(&head, c);
	parts[0] = (struct str){ head.p, head.n };
	parts[1] = c->messages;
	ret = files_create_of(fd, "container", parts, 2);
	buf_free(&head);
	return ret;
}

/* In a directory that nobody knows until it is whole, and has its number. */
static int write_files(int fd, const struct state_content *content)
{
	const struct generation noted = { .genid = content->genid,
					  .slow = content->slow };
	int ret = write_container(fd, content->container);

	if (!ret)
		ret = files_create(fd, STATE_TEXT, content->text.p,
				   content->text.n);
	if (!ret && (content->sources || content->kept.n) &&
	    write_sources(fd, content) && unlinkat(fd, STATE_SOURCES, 0) &&
	    errno != ENOENT)
		ret = -errno;
	if (!ret)
		ret = write_kernel(fd, &noted, files_create);
	if (!ret && fsync(fd))
		ret = -errno;
	return ret;
}

static int write_staging(struct state *state,
			 const struct state_content *content)
{
	int fd, ret;

	ret = files_remove_dir(state->generations, STAGING);
	if (ret)
		return ret;
	fd = open_dir(state->generations, STAGING, true);
	if (fd < 0)
		return fd;
	ret = write_files(fd, content);
	close(fd);
	return ret;
}

static int make_link(struct state *state, const char *link, const char *target)
{
	if (unlinkat(state->dir, link, 0) && errno != ENOENT)
		return -errno;
	return symlinkat(target, state->dir, link) ? -errno : 0;
}

/* Gives the staged generation its number, and the link `next`. */
static int publish(struct state *state, unsigned int number)
{
	char target[TARGET_MAX_LEN];
	int ret = fault(FAULT_STATE_PUBLISH);

	if (ret)
		return ret;
	snprintf(target, sizeof(target), GENERATIONS "/%u", number);
	if (renameat(state->generations, STAGING, state->dir, target) ||
	    fsync(state->generations))
		return -errno;
	ret = fault(FAULT_STATE_LINK);
	if (!ret)
		ret = make_link(state, NEXT_LINK, target);
	return !ret && fsync(state->dir) ? -errno : ret;
}

int state_stage(struct state *state, const struct state_content *content,
		unsigned int *number)
{
	unsigned int max = 0;
	int ret;

	ret = for_each(state, highest, &max);
	if (!ret)
		ret = write_staging(state, content);
	if (!ret)
		ret = publish(state, max + 1);
	*number = max + 1;
	return ret;
}

int state_note(struct state *state, const struct generation *noted)
{
	int fd, ret = fault(FAULT_STATE_NOTE);

	if (ret)
		return ret;
	fd = open_generation(state, noted->number);
	if (fd < 0)
		return fd;
	ret = write_kernel(fd, noted, files_store);
	if (ret) /* what was noted before is not so any more */
		unlinkat(fd, "kernel", 0);
	close(fd);
	return ret;
}

int state_note_live(struct state *state, unsigned int number)
{
	char text[NAME_MAX_LEN];
	int n;

	if (!number)
		return unlinkat(state->dir, LIVE, 0) && errno != ENOENT ?
			       -errno :
			       0;
	n = snprintf(text, sizeof(text), "%u", number);
	return files_store(state->dir, LIVE, text, (size_t)n);
}

unsigned int state_noted_live(struct state *state)
{
	struct buf text = { 0 };
	unsigned int number = 0;

	if (!files_read(state->dir, LIVE, &text) && text.n) {
		buf_add(&text, "", 1);
		number = number_of(text.p);
	}
	buf_free(&text);
	return number;
}

/* Does @link name it? After a killed apply it may be missing. */
static bool is_link_to(struct state *state, const char *link,
		       const char *target)
{
	char found[TARGET_MAX_LEN];
	ssize_t n;

	n = readlinkat(state->dir, link, found, sizeof(found));
	return n == (ssize_t)strlen(target) &&
	       memcmp(found, target, (size_t)n) == 0;
}

static int make_link_to(struct state *state, const char *link,
			unsigned int number)
{
	char target[TARGET_MAX_LEN];

	snprintf(target, sizeof(target), GENERATIONS "/%u", number);
	return is_link_to(state, link, target) ? 0 :
						 make_link(state, link, target);
}

static int point(struct state *state, const char *link, unsigned int number)
{
	int ret = fault(FAULT_STATE_POINT);

	if (!ret)
		ret = make_link_to(state, link, number);
	if (ret)
		return ret;
	if (renameat(state->dir, link, state->dir, CURRENT_LINK))
		return -errno;
	/*
	 * Whether it is on the disk yet does not matter: what could forget it
	 * forgets the kernel's table too.
	 */
	fsync(state->dir);
	return 0;
}

int state_point(struct state *state, unsigned int number)
{
	return point(state, NEXT_LINK, number);
}

int state_prepare_back(struct state *state, unsigned int number)
{
	return make_link_to(state, STATE_BACK, number);
}

int state_point_back(struct state *state, unsigned int number)
{
	return point(state, STATE_BACK, number);
}

int state_point_nowhere(struct state *state)
{
	if (unlinkat(state->dir, CURRENT_LINK, 0) && errno != ENOENT)
		return -errno;
	fsync(state->dir);
	return 0;
}

static size_t format_refused(char text[NAME_MAX_LEN], uint64_t digest)
{
	return (size_t)snprintf(text, NAME_MAX_LEN, "%016" PRIx64 "\n", digest);
}

int state_refuse(struct state *state, uint64_t digest)
{
	char text[NAME_MAX_LEN];

	if (!digest)
		return unlinkat(state->dir, REFUSED, 0) && errno != ENOENT ?
			       -errno :
			       0;
	return files_store(state->dir, REFUSED, text,
			   format_refused(text, digest));
}

int state_prepare_refuse(struct state *state)
{
	return files_reserve(state->dir, STATE_REFUSE, NAME_MAX_LEN);
}

int state_refuse_back(struct state *state, int fd, uint64_t digest)
{
	char text[NAME_MAX_LEN];

	return files_put(state->dir, fd, STATE_REFUSE, REFUSED, text,
			 format_refused(text, digest));
}

uint64_t state_refused(struct state *state)
{
	struct buf text = { 0 };
	uint64_t digest = 0;

	if (files_read(state->dir, REFUSED, &text) || !text.n ||
	    sscanf(text.p, "%16" SCNx64, &digest) != 1)
		digest = 0;
	buf_free(&text);
	return digest;
}

int state_directory(const struct state *state)
{
	return state->dir;
}

/* A lock belongs to what open() made, which a fork shares: so it opens anew. */
void state_leave_lock(struct state *state)
{
	close_fd(state->lock);
	state->lock = -1;
}

int state_relock(struct state *state)
{
	int ret;

	state_leave_lock(state);
	state->lock =
		openat(state->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (state->lock < 0)
		return -errno;
	do {
		ret = flock(state->lock, LOCK_EX) ? -errno : 0;
	} while (ret == -EINTR);
	return ret;
}

int state_wait(struct state *state, const char *command)
{
	int ret = state_relock(state);

	if (!ret)
		write_holder(state->lock, command);
	return ret;
}

/* The @max largest numbers up to @top, largest first. */
struct keep {
	unsigned int numbers[STATE_KEEP_MAX];
	unsigned int n, max;
	unsigned int top, previous;
};

static int note_number(struct state *state, unsigned int number, void *data)
{
	struct keep *keep = data;
	unsigned int i;

	(void)state;
	if (number > keep->top)
		return 0;
	for (i = keep->n; i > 0 && keep->numbers[i - 1] < number; i--)
		if (i < keep->max)
			keep->numbers[i] = keep->numbers[i - 1];
	if (i < keep->max)
		keep->numbers[i] = number;
	if (keep->n < keep->max)
		keep->n++;
	return 0;
}

static int remove_other(struct state *state, unsigned int number, void *data)
{
	char name[NAME_MAX_LEN];
	const struct keep *keep = data;
	unsigned int i;

	for (i = 0; i < keep->n; i++)
		if (number == keep->numbers[i])
			return 0;
	if (number == keep->previous)
		return 0;
	snprintf(name, sizeof(name), "%u", number);
	return files_remove_dir(state->generations, name);
}

int state_prune(struct state *state, unsigned int keep, unsigned int previous,
		unsigned int max)
{
	struct keep kept = { .top = keep, .previous = previous, .max = max };
	int ret = fault(FAULT_STATE_PRUNE);

	if (ret)
		return ret;
	if (unlinkat(state->dir, NEXT_LINK, 0) && errno != ENOENT)
		return -errno;
	ret = files_remove_dir(state->generations, STAGING);
	if (!ret)
		ret = for_each(state, note_number, &kept);
	return ret ? ret : for_each(state, remove_other, &kept);
}

static int list_one(struct state *state, unsigned int number, void *data)
{
	struct state_list *list = data;
	struct generation generation = { 0 };

	if (state_load(state, number, &generation)) {
		generation = (struct generation){ .number = number };
		generation.damaged = true;
	}
	*vec_push(list->arena, &list->generations) = generation;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct generation *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

int state_list(struct state *state, struct state_list *list)
{
	int ret = state->generations < 0 ? 0 : for_each(state, list_one, list);

	if (list->generations.n)
		qsort(list->generations.v, list->generations.n,
		      sizeof(*list->generations.v), by_number);
	return ret;
}
