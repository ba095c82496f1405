/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is said outside a policy's lines: "nftoffc: error: ..." on stderr.
 * Colour only where somebody looks, and only if NO_COLOR is not set.
 */
#ifndef NFTOFFC_RUNTIME_BASE_REPORT_H
#define NFTOFFC_RUNTIME_BASE_REPORT_H

#include <stdbool.h>
#include <stdio.h>

bool report_colour(FILE *out);
void report_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void report_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What to do about the error before it. */
void report_help(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * @error is -errno. Says what failed and why, and where the cause is one that
 * the user can remedy (privilege, space), how. Answers EXIT_SYSTEM.
 */
int report_failure(int error, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
