// SPDX-License-Identifier: GPL-2.0-only
/*
 * Source files and places in them.
 *
 * What must stay true: a span is only ever looked up through clamp(), so that
 * a wrong one costs a wrong line in a message and never a wild read.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/source.h"

/* Read at once from what does not tell its size: pipes, /proc. */
#define READ_FIRST ((size_t)64 << 10)

void sources_init(struct sources *sources, struct arena *arena)
{
	*sources = (struct sources){ .arena = arena };
}

/* A byte order mark belongs to no line. */
static uint32_t text_begin(struct str text)
{
	return text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

static size_t count_lines(struct str text)
{
	size_t n = 1;

	for (const char *p = text.p; (p = memchr(p, '\n', text.n)); n++) {
		p++;
		text.n -= (size_t)(p - text.p);
		text.p = p;
	}
	return n;
}

static void make_lines(struct arena *arena, struct source *source)
{
	const char *p = source->text.p, *end = p + source->text.n;
	size_t n = count_lines(source->text);

	source->lines = arena_array(arena, n, sizeof(*source->lines));
	source->lines[source->nlines++] = text_begin(source->text);
	while (source->nlines < n) {
		p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1;
		source->lines[source->nlines++] =
			(uint32_t)(p - source->text.p);
	}
}

struct source *source_add(struct sources *sources, const char *path,
			  struct str text)
{
	struct source *source = arena_new_object(sources->arena, struct source);

	source->path = arena_strndup(sources->arena, path, strlen(path));
	source->text = text.p ? text : STR("");
	make_lines(sources->arena, source);
	*vec_push(sources->arena, &sources->files) = source;
	source->id = (uint32_t)sources->files.n;
	return source;
}

/* Room to begin with, beyond the whole file: then its end is seen at once. */
static int first_room(const struct stat *st, size_t *room)
{
	if (S_ISDIR(st->st_mode))
		return -EISDIR;
	if (S_ISREG(st->st_mode) && st->st_size > (off_t)SOURCE_MAX_BYTES)
		return -EFBIG;
	*room = S_ISREG(st->st_mode) && st->st_size ? (size_t)st->st_size + 1 :
						      READ_FIRST;
	return 0;
}

/*
 * The file may grow or shrink while it is read, and its size may be a guess:
 * only read() returning nothing is the end.
 */
static int read_whole(struct arena *arena, int fd, const struct stat *st,
		      struct str *text)
{
	size_t room = 0, n = 0; /* -O1 cannot see that it is set */
	char *p;
	int ret = first_room(st, &room);

	if (ret < 0)
		return ret;
	p = arena_alloc(arena, room);
	for (;;) {
		ssize_t got = read(fd, p + n, room - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
		if (n > SOURCE_MAX_BYTES)
			return -EFBIG;
		if (n == room) {
			p = arena_grow(arena, p, room, room * 2);
			room *= 2;
		}
	}
	*text = (struct str){ p, n };
	return 0;
}

static int read_file(struct sources *sources, int fd, const char *path,
		     const struct stat *st, struct source **result)
{
	struct arena_mark mark = arena_mark(sources->arena);
	struct str text = { 0 };
	int ret = read_whole(sources->arena, fd, st, &text);

	if (ret < 0) {
		arena_reset(sources->arena, mark);
		return ret;
	}
	*result = source_add(sources, path, text);
	(*result)->device = st->st_dev;
	(*result)->inode = st->st_ino;
	return 0;
}

static int read_kept(struct sources *sources, const char *path,
		     struct source **result)
{
	const struct kept_file *file = kept_find(sources->kept, path);

	if (!file)
		return -ENOENT;
	*result = source_add(sources, path, file->text);
	return 0;
}

int source_read(struct sources *sources, const char *path,
		struct source **result)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = STDIN_FILENO;
	struct stat st;
	int ret;

	if (sources->kept)
		return read_kept(sources, path, result);
	if (!standard) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			return -errno;
	}
	ret = fstat(fd, &st) < 0 ?
		      -errno :
		      read_file(sources, fd, standard ? "<stdin>" : path, &st,
				result);
	if (!standard)
		close(fd);
	if (!ret && sources->files.n == 1)
		sources->trust = trust_of(&st);
	return ret;
}

static int read_trusted(struct sources *sources, const char *path,
			struct source **result, struct distrust *distrust)
{
	struct stat st;
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		ret = -errno;
	else if (S_ISDIR(st.st_mode))
		ret = -EISDIR;
	else if (!trust_file(&sources->trust, path, &st, distrust))
		ret = -EKEYREJECTED;
	else
		ret = read_file(sources, fd, path, &st, result);
	close(fd);
	return ret;
}

int source_read_named(struct sources *sources, const char *path,
		      struct span named, struct source **result,
		      struct distrust *distrust)
{
	int ret;

	if (sources->kept)
		ret = read_kept(sources, path, result);
	else
		ret = read_trusted(sources, path, result, distrust);
	if (!ret)
		(*result)->named = named;
	return ret;
}

static struct source *find_by_path(const struct sources *sources,
				   const char *path)
{
	size_t i;

	for (i = 0; i < sources->files.n; i++)
		if (kept_same_path(sources->files.v[i]->path, path))
			return sources->files.v[i];
	return NULL;
}

struct source *source_find(const struct sources *sources, const char *path)
{
	struct stat st;
	size_t i;

	if (sources->kept)
		return find_by_path(sources, path);
	if (stat(path, &st) < 0)
		return NULL;
	for (i = 0; i < sources->files.n; i++)
		if (sources->files.v[i]->device == st.st_dev &&
		    sources->files.v[i]->inode == st.st_ino)
			return sources->files.v[i];
	return NULL;
}

const char *source_beside(struct arena *arena, const char *path,
			  struct str name)
{
	const char *slash = strrchr(path, '/');

	if (str_is(name, "-") && !slash)
		return "./-"; /* a file; "-" alone is standard input */
	if (name.p[0] == '/' || !slash)
		return arena_strndup(arena, name.p, name.n);
	return arena_printf(arena, "%.*s/%.*s", (int)(slash - path), path,
			    STR_ARG(name));
}

/* The whole lines in @text are seen, and taken out of it. */
static bool scan_lines(struct buf *text,
		       bool (*fn)(struct str line, void *data), void *data)
{
	struct str rest = { text->p, text->n };
	const char *end;

	while ((end = memchr(rest.p, '\n', rest.n))) {
		struct str line = { rest.p, (size_t)(end - rest.p) };

		if (!fn(line, data))
			return false;
		rest.p = end + 1;
		rest.n -= line.n + 1;
	}
	memmove(text->p, rest.p, rest.n);
	text->n = rest.n;
	return true;
}

/* Of the whole beginning, which a file gives at once. */
static void drop_mark(struct buf *text)
{
	uint32_t n = text_begin((struct str){ text->p, text->n });

	text->n -= n;
	memmove(text->p, text->p + n, text->n);
}

static int scan_file(int fd, bool (*fn)(struct str line, void *data),
		     void *data)
{
	struct buf text = { 0 };
	bool begun = false;
	int ret = 0;
	ssize_t n;

	do {
		n = read(fd, buf_reserve(&text, READ_FIRST), READ_FIRST);
		if (n < 0)
			ret = errno == EINTR ? 0 : -errno;
		else if (n == 0) /* the last line may have no end */
			ret = !text.n || fn((struct str){ text.p, text.n },
					    data) ?
				      0 :
				      -ECANCELED;
		else
			text.n += (size_t)n;
		if (n > 0 && !begun)
			drop_mark(&text);
		begun |= n > 0;
		if (n > 0 && !scan_lines(&text, fn, data))
			ret = -ECANCELED;
	} while (!ret && n);
	buf_free(&text);
	return ret;
}

static int scan_kept(const struct sources *sources, const char *path,
		     bool (*fn)(struct str line, void *data), void *data)
{
	const struct kept_file *file = kept_find(sources->kept, path);
	struct str rest;
	uint32_t mark;

	if (!file)
		return -ENOENT;
	rest = file->text;
	mark = text_begin(rest);
	rest.p += mark;
	rest.n -= mark;
	while (rest.n)
		if (!fn(str_cut(&rest, '\n'), data))
			return -ECANCELED;
	return 0;
}

static int scan_disk(const struct sources *sources, const char *path,
		     bool (*fn)(struct str line, void *data), void *data)
{
	struct distrust distrust;
	struct stat st;
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		ret = -errno;
	else if (!S_ISREG(st.st_mode))
		ret = -ESPIPE;
	else if (st.st_size > (off_t)SOURCE_MAX_BYTES)
		ret = -EFBIG;
	else if (!trust_file(&sources->trust, path, &st, &distrust))
		ret = -EKEYREJECTED;
	else
		ret = scan_file(fd, fn, data);
	close(fd);
	return ret;
}

int source_scan(struct sources *sources, const char *path,
		bool (*fn)(struct str line, void *data), void *data)
{
	int ret;

	if (sources->kept)
		return scan_kept(sources, path, fn, data);
	ret = scan_disk(sources, path, fn, data);
	if (!ret)
		*vec_push(sources->arena, &sources->scanned) =
			arena_strndup(sources->arena, path, strlen(path));
	return ret;
}

int source_glob(struct sources *sources, const char *pattern,
		struct path_list *paths)
{
	if (!sources->kept)
		return disk_glob(sources->arena, pattern, paths);
	kept_glob(sources->kept, sources->arena, pattern, paths);
	return 0;
}

/* NULL if @span is none, as one out of a wrong span would be. */
const struct expansion *span_expansion(const struct sources *sources,
				       struct span span)
{
	size_t i = span.source & ~SOURCE_EXPANSION;

	if (!(span.source & SOURCE_EXPANSION) || i >= sources->expansions.n)
		return NULL;
	return &sources->expansions.v[i];
}

struct span span_expand(struct sources *sources, struct span place,
			struct span definition)
{
	const struct source *source = source_of(sources, place);
	size_t n = sources->expansions.n;
	struct expansion *expansion;

	if (!source || n >= SOURCE_EXPANSION - 1)
		return place;
	place.source = source->id;
	expansion = vec_push(sources->arena, &sources->expansions);
	assert(expansion); /* vec_push() never fails */
	*expansion = (struct expansion){ place, definition };
	place.source = SOURCE_EXPANSION | (uint32_t)n;
	return place;
}

struct source *source_of(const struct sources *sources, struct span span)
{
	const struct expansion *expansion = span_expansion(sources, span);

	if (expansion)
		span.source = expansion->place.source;
	if (!span.source || span.source > sources->files.n)
		return NULL;
	return sources->files.v[span.source - 1];
}

static struct span clamp(const struct source *source, struct span span)
{
	size_t size = source->text.n;

	if (span.offset > size)
		span.offset = (uint32_t)size;
	if (span.length > size - span.offset)
		span.length = (uint32_t)(size - span.offset);
	return span;
}

struct str span_text(const struct sources *sources, struct span span)
{
	const struct source *source = source_of(sources, span);

	if (!source)
		return STR("");
	span = clamp(source, span);
	return (struct str){ source->text.p + span.offset, span.length };
}

/* The last line that begins at or before @offset; the first has index 0. */
static size_t find_line(const struct source *source, uint32_t offset)
{
	size_t low = 0, high = source->nlines;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (source->lines[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static struct str line_text(const struct source *source, size_t line)
{
	struct str rest = { source->text.p + source->lines[line],
			    source->text.n - source->lines[line] };
	struct str text = str_cut(&rest, '\n');

	if (text.n && text.p[text.n - 1] == '\r')
		text.n--;
	return text;
}

struct place span_place(const struct sources *sources, struct span span)
{
	struct source *source = source_of(sources, span);
	struct str before;
	size_t line;

	if (!source)
		return (struct place){ .path = NULL };
	span = clamp(source, span);
	line = find_line(source, span.offset);
	before.p = source->text.p + source->lines[line];
	before.n = span.offset < source->lines[line] ?
			   0 :
			   span.offset - source->lines[line];
	return (struct place){
		.path = source->path,
		.line = (unsigned int)line + 1,
		.column = (unsigned int)str_chars(before) + 1,
		.text = line_text(source, line),
	};
}
