/* SPDX-License-Identifier: GPL-2.0-only */
/* Another program, told something on its standard input, and waited for. */
#ifndef NFTOFFC_RUNTIME_BASE_CHILD_H
#define NFTOFFC_RUNTIME_BASE_CHILD_H

#include "base/str.h"

/*
 * @args ends with NULL; its first is a path, or looked for in PATH. 0 if it
 * ended with 0; -ENOENT if there is no such program, -ECHILD if it ended
 * otherwise; else -errno.
 */
int child_run(const char *const *args, struct str input);

#endif
