/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside runtime/scratch*.c only: what happens in the child process. */
#ifndef NFTOFFC_RUNTIME_SCRATCH_PARTS_H
#define NFTOFFC_RUNTIME_SCRATCH_PARTS_H

#include <stdbool.h>

/*
 * Into a network namespace of its own: 0, or -errno. @users: where we have no
 * privilege, and so into a namespace of users, too.
 */
int scratch_enter(bool *users);

struct ir;

/* Devices of the names that its flowtables have: 0, or -errno. */
int scratch_devices(const struct ir *ir);

#endif
