/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A key of one of the policy's maps: one row, said once, in policy/bind*.c.
 * Binding reads how its value is bound; the policy's own spelling (read/dsl.h,
 * print/print.h) reads how it is written there. Zero is what every word can
 * do: a key and one value. So a row says only what is special about it, and a
 * new key can be written, in both spellings, before anybody says more. The
 * manual and the JSON schema are made of what a row says of itself.
 *
 *	top-level table -> fields of the maps in it -> fields of those ...
 *
 * A table of fields ends with a NULL key.
 */
#ifndef NFTOFFC_VOCAB_FIELD_H
#define NFTOFFC_VOCAB_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/doc.h"

struct binder;
struct node;

typedef void (*bind_fn)(struct binder *b, const struct node *value, void *into);

enum field_how {
	FIELD_REQUIRED = true,
	FIELD_FLAG = 1 << 1,	/* the key alone means true */
	FIELD_PHRASE = 1 << 2,	/* text of several words: "16 packets" */
	FIELD_LIST = 1 << 3,	/* one value is a list of one */
	FIELD_FIRST = 1 << 4,	/* comes first, without its key */
	FIELD_BLOCK = 1 << 5,	/* what braces hold, without its key */
	FIELD_NAMED = 1 << 6,	/* a map: a statement for each name */
	FIELD_ENTRIES = 1 << 7, /* a list: a statement for each item */
	FIELD_LINE = 1 << 8,	/* keys and values in a row, without braces */
	FIELD_MATCHES = 1 << 9, /* matches' words stand beside the fields */
};

/* "accept", "drop": the one key of an entry, and the fields of its map. */
struct field_kind {
	const char *word;
	const struct field *fields;
	uint32_t bit;	 /* what its fields' masks call it; 0: all are its */
	const char *fw4; /* as that of struct field */
};

struct field {
	const char *key;
	bind_fn bind;
	unsigned int how;	    /* field_how; "true" is FIELD_REQUIRED */
	const struct field *fields; /* of the map that it is, or of each map */
	const char *one; /* of named and entries: the word of one, if not key */
	/* Entries that have kinds. Without "one", a kind begins a statement. */
	bool (*kind_at)(size_t i, struct field_kind *kind);

	/* What it may be: words, and kinds of values, "new | every | <map>". */
	const char *type;
	/* What it is where it is not given, in the language; NULL: see doc. */
	const char *dflt;
	/*
	 * Sentences, in lines one paragraph each: the first is what an editor
	 * shows. `this` is written so, <this> is a section of the manual, and
	 * what follows a tab stands on a line of its own.
	 */
	const char *doc;
	/* Kinds of entries that may not have it, and that must. */
	uint32_t not_of, needed_by;
	/* Where fw4 has it: a policy of "mode: fw4" leaves it to that. */
	const char *fw4;
};

#endif
