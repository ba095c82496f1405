/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy's file to the tree, whichever spelling it is in: a name that ends
 * in ".policy" is the policy's own, any other is YAML. Standard input has no
 * name, so its first line that is no comment decides: YAML's begins with a key
 * and a colon.
 */
#ifndef NFTOFFC_READ_READ_H
#define NFTOFFC_READ_READ_H

#include "tree.h"
#include "vocab/field.h"

enum spelling {
	SPELLING_YAML,
	SPELLING_POLICY,
};

enum spelling spelling_of(const struct source *source);

/*
 * The root, or NULL after at least one error was reported; with a root, too,
 * there may have been some. @language is the whole file's table of fields.
 */
struct node *policy_read(struct arena *arena, const struct source *source,
			 const struct field *language, struct diags *diags);

#endif
