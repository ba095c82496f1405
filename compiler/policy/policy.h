/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a tree to the model: bind, resolve, check.
 */
#ifndef NFTOFFC_POLICY_POLICY_H
#define NFTOFFC_POLICY_POLICY_H

#include "model.h"
#include "read/tree.h"
#include "vocab/field.h"

/* Every key of the language: that of the whole file, and so all others. */
const struct field *policy_fields(void);

#define INCLUDE_MAX_DEPTH 16
#define INCLUDE_MAX_FILES 1024

/*
 * The whole policy: @root, joined with the files that it includes. Mistakes
 * are in @diags; the result is a tree in any case.
 */
struct node *policy_include(struct arena *arena, struct sources *sources,
			    struct node *root, struct diags *diags);

/* How many values may be made by writing variables out. */
#define DEFINE_MAX_NODES 1000000u

/* The policy with its variables replaced by what they stand for. */
struct node *policy_define(struct arena *arena, struct sources *sources,
			   struct node *root, struct diags *diags);

/*
 * Never NULL, but only to be used if @diags then holds no error. Files that
 * the policy names are read relative to @source's directory.
 */
struct model *policy_bind(struct arena *arena, struct sources *sources,
			  const struct source *source, const struct node *root,
			  struct diags *diags);

/*
 * A packet as people write it ("from: lan", "port: 443" ...), as a map of the
 * tree. False if there was an error; zones and services are the model's.
 */
bool policy_bind_packet(struct model *model, struct sources *sources,
			const struct source *source, const struct node *node,
			struct diags *diags, struct packet *packet);

#endif
