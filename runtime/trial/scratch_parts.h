/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside scratch*.c only: the child process, and what happens in it. */
#ifndef NFTOFFC_RUNTIME_TRIAL_SCRATCH_PARTS_H
#define NFTOFFC_RUNTIME_TRIAL_SCRATCH_PARTS_H

#include <stdbool.h>

#include "runtime/trial/scratch.h"

/*
 * What is asked in a process of its own, and both ends of the pipe to it.
 * @child writes its answer to @fd and exits; @hear reads that.
 */
struct scratch_question {
	void (*child)(int fd, void *data);
	enum scratch_step (*hear)(int fd, void *data, int *error);
	void *data;
};

enum scratch_step scratch_ask(const struct scratch_question *question,
			      int *error);

/* All of it, or false. */
bool scratch_read(int fd, void *into, size_t n);

/*
 * Into a network namespace of its own: 0, or -errno. @users: where we have no
 * privilege, and so into a namespace of users, too.
 */
int scratch_enter(bool *users);

/* Devices of the names that its flowtables have: 0, or -errno. */
int scratch_devices(const struct ir *ir);

#endif
