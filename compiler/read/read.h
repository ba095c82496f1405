/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file in either spelling to the tree: its name says which one it is.
 */
#ifndef NFTOFFC_READ_READ_H
#define NFTOFFC_READ_READ_H

#include "tree.h"
#include "vocab/field.h"

/*
 * The root, or NULL after at least one error was reported. @language is the
 * whole file's table of fields.
 */
struct node *policy_read(struct arena *arena, const struct source *source,
			 const struct field *language, struct diags *diags);

#endif
