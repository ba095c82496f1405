/* SPDX-License-Identifier: GPL-2.0-only */
/* The difference between two texts, line by line, as `diff -u` shows it. */
#ifndef NFTOFFC_RUNTIME_BASE_TEXTDIFF_H
#define NFTOFFC_RUNTIME_BASE_TEXTDIFF_H

#include "base/buf.h"

/*
 * Adds what turns @old into @new to @out, under the headings "--- old_name"
 * and "+++ new_name". False, and nothing added, if they are the same.
 */
bool textdiff(struct buf *out, const char *old_name, struct str old,
	      const char *new_name, struct str new);

#endif
