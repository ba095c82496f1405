/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * YAML 1.1 (libyaml events) to the tree.
 *
 * Plain scalars stay text whatever they look like: "no", "0x10" and "1:20"
 * mean nothing here. Anchors and aliases are allowed (an alias shares the
 * anchored node, but the expanded tree is bounded by TREE_MAX_NODES, so no
 * small file makes a large one); tags other than the plain string one, merge
 * keys' special meaning and several documents are refused with their place.
 */
#ifndef NFTOFFC_READ_YAML_H
#define NFTOFFC_READ_YAML_H

#include "tree.h"

/*
 * Returns the root, or NULL after at least one error was reported. An empty
 * file is a NODE_NULL. Nodes live in @arena; scalars may point into the
 * source's text.
 */
struct node *yaml_read(struct arena *arena, const struct source *source,
		       struct diags *diags);

#endif
