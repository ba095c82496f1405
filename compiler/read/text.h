/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is text, for every spelling of a policy: UTF-8, of characters that can
 * be seen, and blanks and line ends.
 */
#ifndef NFTOFFC_READ_TEXT_H
#define NFTOFFC_READ_TEXT_H

#include "base/diag.h"

/* Of the byte order mark that @text may begin with: 3 or 0. */
size_t text_begin(struct str text);
/* The length of the beginning that is ASCII, and allowed: no decoding. */
size_t text_ascii_length(struct str text);
/*
 * Whether a character above ASCII may stand in a policy: what YAML calls
 * printable, but for a byte order mark, which nobody sees and nobody means.
 */
bool text_is_allowed(uint32_t rune);
/* Reports what is wrong with the byte or the character @at. */
void text_refuse(const struct source *source, size_t at, struct diags *diags);
/* Whether all of it is text from byte @at on; reported if not. */
bool text_check(const struct source *source, size_t at, struct diags *diags);

#endif
