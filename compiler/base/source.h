/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files a compilation reads, and places in them.
 *
 * A span counts bytes. Lines and columns are derived when they are printed;
 * columns count characters (UTF-8), from 1.
 */
#ifndef NFTOFFC_BASE_SOURCE_H
#define NFTOFFC_BASE_SOURCE_H

#include <stdint.h>

#include "arena.h"
#include "str.h"

/* A zeroed span is "nowhere": no file has id 0. */
struct span {
	uint32_t source; /* id of the file, from 1 */
	uint32_t offset; /* bytes from its beginning */
	uint32_t length; /* bytes, 0 for a place between two */
};

struct source {
	const char *path; /* as the user wrote it, for messages; "<stdin>" */
	struct str text;
	uint32_t id;
	uint32_t *lines; /* offsets of line beginnings */
	size_t nlines;
};

struct sources {
	struct arena *arena;
	VEC(struct source *) files;
};

struct place {
	const char *path;
	unsigned int line, column;
	struct str text; /* the whole line, without its end */
};

/* Larger input files are refused: spans count in 32 bits. */
#define SOURCE_MAX_BYTES (1u << 30)

void sources_init(struct sources *sources, struct arena *arena);
/*
 * Reads @path ("-" is standard input) whole. 0, or -errno with nothing added:
 * -EFBIG above SOURCE_MAX_BYTES, -EISDIR for a directory.
 */
int source_read(struct sources *sources, const char *path,
		struct source **result);
/*
 * Calls @fn for each line of @path, its end not in it, and keeps none of the
 * file: what a million lines cost is then what @fn keeps of them. 0, or
 * -errno: -ECANCELED if @fn answered false (nothing more is read), -ESPIPE if
 * it is no regular file, since that may not be there for a second reading.
 */
int source_scan(const char *path, bool (*fn)(struct str line, void *data),
		void *data);
/* @text must outlive @sources. For tests, and text that came otherwise. */
struct source *source_add(struct sources *sources, const char *path,
			  struct str text);
struct source *source_of(const struct sources *sources, struct span span);
struct str span_text(const struct sources *sources, struct span span);
struct place span_place(const struct sources *sources, struct span span);
/* The smallest span around both; either may be nowhere. Same file. */
static inline struct span span_join(struct span a, struct span b)
{
	uint32_t end_a = a.offset + a.length, end_b = b.offset + b.length;

	if (!a.source)
		return b;
	if (!b.source)
		return a;
	if (a.offset > b.offset)
		a.offset = b.offset;
	a.length = (end_a > end_b ? end_a : end_b) - a.offset;
	return a;
}

#endif
