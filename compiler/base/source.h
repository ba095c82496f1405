/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files a compilation reads, and places in them.
 *
 * A span counts bytes. Lines and columns are derived when they are printed;
 * columns count characters (UTF-8), from 1.
 *
 * Files name further ones, to include them or for their lines. Those are read
 * only if nobody can have changed them who could not change the policy itself
 * (trust.h), and know where they are named.
 */
#ifndef NFTOFFC_BASE_SOURCE_H
#define NFTOFFC_BASE_SOURCE_H

#include <stdint.h>

#include "arena.h"
#include "kept.h"
#include "str.h"
#include "trust.h"

/* A zeroed span is "nowhere": no file has id 0. */
struct span {
	/* id of the file, from 1; or of an expansion in it: see below */
	uint32_t source;
	uint32_t offset; /* bytes from its beginning */
	uint32_t length; /* bytes, 0 for a place between two */
};

/*
 * What stands at a place for what is written elsewhere, as "$lan_net" does:
 * the span is that of the place, and its source the id of an expansion, which
 * tells where the value is written. Ids have this bit.
 */
#define SOURCE_EXPANSION (1u << 31)

struct expansion {
	struct span place;	/* "$lan_net", in the file itself */
	struct span definition; /* may be an expansion in turn */
};

struct source {
	const char *path; /* as the user wrote it, for messages; "<stdin>" */
	struct str text;
	uint32_t id;
	uint32_t *lines; /* offsets of line beginnings */
	size_t nlines;
	struct span named;	/* by another file, there; else nowhere */
	uint64_t device, inode; /* which file it is, whatever it is called */
};

struct sources {
	struct arena *arena;
	VEC(struct source *) files;
	VEC(struct expansion) expansions;
	struct trust trust; /* in whom: since the first file was read */
	const struct kept_files *kept; /* instead of the disk; NULL: the disk */
	VEC(const char *) scanned;     /* files of which nothing is kept */
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
 * The same for a file that is named at @named. -EKEYREJECTED if it is not to
 * be trusted, and @distrust says why.
 */
int source_read_named(struct sources *sources, const char *path,
		      struct span named, struct source **result,
		      struct distrust *distrust);
/* The file of that name, if it was read, by whatever name; else NULL. */
struct source *source_find(const struct sources *sources, const char *path);
/*
 * @name as it is to be opened: a relative one begins at the directory of
 * @path, the file that names it. In @arena.
 */
const char *source_beside(struct arena *arena, const char *path,
			  struct str name);
/*
 * Calls @fn for each line of @path, its end not in it, and keeps none of the
 * file: what a million lines cost is then what @fn keeps of them. 0, or
 * -errno: -ECANCELED if @fn answered false (nothing more is read), -ESPIPE if
 * it is no regular file, since that may not be there for a second reading,
 * -EKEYREJECTED if it is not to be trusted.
 */
int source_scan(struct sources *sources, const char *path,
		bool (*fn)(struct str line, void *data), void *data);
/* The files that @pattern names: 0, or -EACCES as disk_glob(). */
int source_glob(struct sources *sources, const char *pattern,
		struct path_list *paths);
/* @text must outlive @sources. For tests, and text that came otherwise. */
struct source *source_add(struct sources *sources, const char *path,
			  struct str text);
struct source *source_of(const struct sources *sources, struct span span);
/* @place stands for what is written at @definition. */
struct span span_expand(struct sources *sources, struct span place,
			struct span definition);
/* Where what stands at @span is written, if elsewhere; else NULL. */
const struct expansion *span_expansion(const struct sources *sources,
				       struct span span);
struct str span_text(const struct sources *sources, struct span span);
struct place span_place(const struct sources *sources, struct span span);
/*
 * The smallest span around both; either may be nowhere. Same file; if one of
 * them is an expansion in it, so is the result.
 */
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
	if (a.source < b.source)
		a.source = b.source;
	return a;
}

#endif
