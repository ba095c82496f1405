/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a command's output goes: a file, or standard output. */
#ifndef NFTOFFC_RUNTIME_BASE_DELIVER_H
#define NFTOFFC_RUNTIME_BASE_DELIVER_H

#include "base/buf.h"

/*
 * Writes @out to @path, whole or not at all, or to standard output if it is
 * NULL. EXIT_DONE, or another exit_code after a message.
 */
int deliver(const struct buf *out, const char *path);

#endif
