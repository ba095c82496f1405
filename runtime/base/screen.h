/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A text that is shown again and again on a terminal, each time in place of the
 * one before: on a screen of its own, as pagers have, of which nothing is left
 * in what one scrolls back to.
 *
 * What must stay true: what does not fit is cut, and how much is said, so that
 * nothing ever scrolls; and whatever ends it, but SIGKILL, the terminal is as it
 * was before.
 */
#ifndef NFTOFFC_RUNTIME_BASE_SCREEN_H
#define NFTOFFC_RUNTIME_BASE_SCREEN_H

#include <signal.h>

#include "base/str.h"

struct screen {
	sigset_t ends, before;
};

/* From here on signals wait until screen_wait(). */
void screen_open(struct screen *screen);
/* The lines of @text below @title. */
void screen_draw(const char *title, struct str text);
/* Until the next time, or until the window has another size: 0; or the signal
 * that is to end it. */
int screen_wait(const struct screen *screen, unsigned long seconds);
/* Ends the process by @signal, if that is not 0. */
void screen_close(const struct screen *screen, int signal);

#endif
