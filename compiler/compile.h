/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One compilation: from a policy's path to the model and the IR. It reads only
 * the files that the policy names, needs no privilege, and gives the same
 * bytes for the same input.
 */
#ifndef NFTOFFC_COMPILE_H
#define NFTOFFC_COMPILE_H

#include "base/diag.h"
#include "ir/lower.h"
#include "policy/model.h"

struct compilation {
	struct arena *arena; /* owns everything below */
	struct sources sources;
	struct diags *diags;
	struct source *source; /* the policy's own file */
	struct node *root;     /* what was read there, if that is all */
	struct model *model;   /* NULL if there was an error */
};

/* Only what diagnostics need: no file, no model. */
void compile_nothing(struct compilation *c);
/*
 * What every compilation begins with: the file, and nothing made of it yet. As
 * compile_policy() otherwise.
 */
int compile_open(struct compilation *c, const char *path);

/*
 * 0 with @c->model set; -EINVAL if the policy has mistakes (all of them are in
 * @c->diags, nothing is printed); another -errno if the file cannot be read
 * (also a diagnostic). Call compile_free() in every case.
 */
int compile_policy(struct compilation *c, const char *path);
/* The same of a text that is there; @name says which spelling it is in. */
int compile_string(struct compilation *c, const char *name, struct str text);
/*
 * The same of files that were kept, which must outlive @c; the first one is the
 * policy's own.
 */
int compile_kept(struct compilation *c, const struct kept_files *kept);
void compile_free(struct compilation *c);

/*
 * A packet in words ("from lan source 192.168.1.20 tcp 443"); @text must
 * outlive @c. False, with diagnostics, if it is none.
 */
bool compile_packet(struct compilation *c, const char *text,
		    struct packet *packet);

#endif
