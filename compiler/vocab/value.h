/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parsers of values share; inside compiler/vocab only.
 */
#ifndef NFTOFFC_VOCAB_VALUE_H
#define NFTOFFC_VOCAB_VALUE_H

#include "match.h"

struct named_number {
	const char *name;
	int v4, v6; /* -1 if there is none */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Decimal, without zeros before it, at most @max. */
bool value_number(struct str s, unsigned long max, unsigned long *out);
/* "N" or "N-M", or false with *why; numbers as above. */
bool value_numbers(struct str text, unsigned long max, const char *form,
		   unsigned long *lo, unsigned long *hi, const char **why);
/* NULL if none is called so. */
const struct named_number *value_named(const struct named_number *names,
				       size_t n, struct str text);
/* A range of numbers of type @wire, in network order. */
void value_range(struct value *value, enum wire_id wire, unsigned long lo,
		 unsigned long hi);

#endif
