/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all targets require. A target is one object beside the library, so that
 * this is a header alone.
 */
#ifndef NFTOFFC_TESTS_FUZZ_H
#define NFTOFFC_TESTS_FUZZ_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/diag.h"

/* Not assert(): what fails is to be seen whatever it was compiled with. */
#define require(holds) ((holds) ? (void)0 : abort())

/* Whatever the input was, what is said of it does no harm to a terminal. */
static inline void require_printable(const struct diags *diags)
{
	char *text = NULL;
	size_t n, i;
	FILE *out = open_memstream(&text, &n);

	diags_print(diags, out, false);
	fclose(out);
	for (i = 0; i < n; i++)
		require(text[i] == '\n' || (unsigned char)text[i] >= ' ');
	free(text);
}

#endif
