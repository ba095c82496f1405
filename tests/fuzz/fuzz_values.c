// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any text as a value of each type (libFuzzer).
 *
 * Beyond not crashing: a refusal says why; what is taken is at most two
 * ranges, each of a family that the type has, its beginning not behind its
 * end, and what its own nft text says is the same value again.
 */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "vocab/match.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Addresses and ports are written in nft as they are in a policy. */
static void check_again(const struct value_type *type,
			const struct value *value)
{
	const struct wire_type *wire = wire_type(type->wire[value->family]);
	struct value again[2] = { 0 };
	struct buf text = { 0 };
	const char *why = NULL;

	wire_print_range(&text, type->wire[value->family], value->lo,
			 value->hi);
	require(text.n > 0);
	if (type == &type_address || type == &type_port) {
		require(type->parse((struct str){ text.p, text.n }, again,
				    &why) == 1);
		require(again[0].family == value->family);
		require(memcmp(again[0].lo, value->lo, wire->len) == 0);
		require(memcmp(again[0].hi, value->hi, wire->len) == 0);
	}
	buf_free(&text);
}

static void check_value(const struct value_type *type,
			const struct value *value)
{
	enum wire_id id;

	require(value->family < FAMILIES);
	id = type->wire[value->family];
	require(id != WIRE_NONE);
	require(memcmp(value->lo, value->hi, wire_type(id)->len) <= 0);
	check_again(type, value);
}

/* Exactly as long as the text is: what reads beyond it is found. */
static char *copy_of(const unsigned char *data, size_t size)
{
	char *copy = malloc(size ? size : 1);

	require(copy != NULL);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *copy = copy_of(data, size);
	const struct value_type *type;
	size_t t, i, n;

	for (t = 0; size && (type = value_type_at(t)); t++) {
		struct value values[2] = { 0 };
		const char *why = NULL;

		if (!type->parse)
			continue;
		n = type->parse((struct str){ copy, size }, values, &why);
		require(n <= 2 && (n > 0 || why != NULL));
		for (i = 0; i < n; i++)
			check_value(type, &values[i]);
	}
	free(copy);
	return 0;
}
