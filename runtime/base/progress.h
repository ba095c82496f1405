/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What takes longer than a second says what it is at, on a terminal alone: a line
 * that is drawn again while time goes by and is gone at the end.
 *
 * A transaction is one call that lasts as long as it lasts, and may not be
 * interrupted: so another process draws. What must stay true: it holds nothing
 * of its parent's (no lock, no socket), and ends with it, however that ends.
 */
#ifndef NFTOFFC_RUNTIME_BASE_PROGRESS_H
#define NFTOFFC_RUNTIME_BASE_PROGRESS_H

#include <sys/types.h>

struct progress {
	int pipe; /* -1: nobody looks */
	pid_t drawer;
};

/* @what: "applying". Nothing where standard error is no terminal. */
void progress_open(struct progress *progress, const char *what);
/* @phase: "compiling"; the time that is shown is from the beginning. */
void progress_phase(struct progress *progress, const char *phase);
/* Before anything is printed there: the line is gone when it returns. */
void progress_close(struct progress *progress);

#endif
