/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Comments for what is printed: each stands above an entry of a list, or above
 * a pair of a map in lines, whose value it was given for. Readers keep none, so
 * only who makes a tree has them.
 */
#ifndef NFTOFFC_PRINT_NOTES_H
#define NFTOFFC_PRINT_NOTES_H

#include "base/buf.h"
#include "base/map.h"
#include "read/tree.h"
#include "vocab/field.h"

struct print_notes {
	struct arena *arena;
	struct map by_node;
};

void print_notes_init(struct print_notes *notes, struct arena *arena);
/* @text may have several lines; it is not copied. Further ones stand below. */
void print_note(struct print_notes *notes, const struct node *node,
		const char *text);
/* Prints those of @node, if any, with @indent blanks behind each line's end. */
void print_notes_of(struct buf *out, const struct print_notes *notes,
		    const struct node *node, size_t indent);

/* As print_yaml() and print_policy(); @notes may be NULL. */
void print_yaml_noted(struct buf *out, const struct node *root,
		      const struct print_notes *notes);
void print_policy_noted(struct buf *out, const struct node *root,
			const struct field *language,
			const struct print_notes *notes);

#endif
