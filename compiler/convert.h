/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One policy file in the other spelling. Only the file itself is read, none
 * that it names, and what is in it need not be right: mistakes stay what they
 * are. And what others have for a firewall, as a policy.
 */
#ifndef NFTOFFC_CONVERT_H
#define NFTOFFC_CONVERT_H

#include "base/buf.h"
#include "compile.h"
#include "import/import.h"
#include "read/read.h"

/*
 * 0 with @c->root set, and @c->source; else as compile_policy(). Call
 * compile_free() in every case.
 */
int compile_read(struct compilation *c, const char *path);

/*
 * Adds what compile_read() read to @out, in the spelling @to, and makes sure
 * that it means the same. 0, or -EINVAL with a diagnostic.
 */
int convert_policy(struct compilation *c, enum spelling to, struct buf *out);

/*
 * The same in the spelling that it is in: the text, comments and all, put in
 * order.
 */
int format_policy(struct compilation *c, struct buf *out);

struct import_files {
	const char *firewall;
	const char *network; /* /etc/config/network or its like, or NULL */
	const char *system;  /* /etc/config/system, or NULL */
};

/*
 * What import/import.h makes of the files, as a policy called @import->name, in
 * the spelling @to. 0 with @import filled in, or as compile_policy(). Call
 * compile_free() in every case.
 */
int import_policy(struct compilation *c, const struct import_files *files,
		  struct import *import, enum spelling to, struct buf *out);

#endif
