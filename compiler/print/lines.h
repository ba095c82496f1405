/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside compiler/print only: lines that are being put in order, for whichever
 * spelling. They stay the lines that they were; what is decided here is how far
 * each is indented, and what stands in a column below each other.
 */
#ifndef NFTOFFC_PRINT_LINES_H
#define NFTOFFC_PRINT_LINES_H

#include "base/arena.h"
#include "base/buf.h"

struct line {
	size_t indent;
	size_t begin, end;  /* in the text */
	size_t cell;	    /* where a column begins, in the text; or 0 */
	const void *group;  /* columns of one group are one */
	struct str comment; /* behind it */
};

struct lines {
	struct arena *arena;
	struct buf text;
	VEC(struct line) all;
};

/* A new line; with @blank, an empty one before it, unless it is the first. */
void lines_begin(struct lines *lines, size_t indent, bool blank);
/* More of the last line. It may hold line ends, which then stay. */
void lines_put(struct lines *lines, struct str text);
void lines_cell(struct lines *lines, const void *group);
void lines_comment(struct lines *lines, struct str comment);
/* Prints all, and gives back what they took, but for the arena. */
void lines_print(struct lines *lines, struct buf *out);

/* Text of several lines, each but the first with an indentation of its own. */
void lines_put_indented(struct lines *lines, struct str text, size_t strip,
			size_t indent);

#endif
