/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of the policy language that select connections: one row each, in
 * match.c. Binding, lowering, evaluation, the optimiser, diagnostics and the
 * manual read the row; a new word of an existing type is a new row.
 *
 * And the types of their values: how a person writes one, and what it is.
 */
#ifndef NFTOFFC_VOCAB_MATCH_H
#define NFTOFFC_VOCAB_MATCH_H

#include "base/diag.h"
#include "base/doc.h"
#include "key.h"

/* The two families; types without one use index 0 alone. */
enum family_index { FAMILY_INDEX_IPV4, FAMILY_INDEX_IPV6, FAMILIES };
enum family_bits { FAMILY_IPV4 = 1, FAMILY_IPV6 = 2, FAMILY_BOTH = 3 };

/*
 * Ascending ranges that do not touch (or single values), packed: range i is lo at
 * v + 2 * i * len, hi right behind it, both inclusive, len bytes in wire byte
 * order (network order for what is compared as a number here).
 */
struct ranges {
	uint8_t *v;
	size_t n;
	uint8_t len;
};

bool ranges_have(const struct ranges *ranges, const uint8_t *value);
/* Sorts and merges n unordered pairs at v in place. */
void ranges_normalise(struct ranges *ranges);
/* Appends; @room is the caller's count of ranges that fit. */
void ranges_push(struct arena *arena, struct ranges *ranges, size_t *room,
		 const uint8_t *lo, const uint8_t *hi);

/* One parsed value: a range in one family. */
struct value {
	enum family_index family;
	uint8_t lo[WIRE_MAX], hi[WIRE_MAX];
};

/* Some bits of a value: those of @mask are as in @value, in network order. */
struct bits {
	enum family_index family;
	uint8_t value[WIRE_MAX], mask[WIRE_MAX];
};

struct value_type {
	const char *name;     /* as in "type: address" */
	const char *expected; /* for messages: "an address, a prefix or ..." */
	const char *example;
	enum wire_id wire[FAMILIES]; /* WIRE_NONE: has no such family */
	/*
	 * Parses @text into at most 2 values (an ICMP name may stand for a type
	 * in each family); returns how many, or 0 with *why set to a phrase.
	 */
	size_t (*parse)(struct str text, struct value out[2], const char **why);
	/*
	 * The same for a value that stands for some bits only; NULL if the type
	 * has none. @none_of_it if @text is not of that form: parse() may know.
	 */
	bool (*parse_bits)(struct str text, struct bits *out, const char **why,
			   bool *none_of_it);
	const char *bits_doc; /* a sentence for the manual, of these */
	/*
	 * Writes a value, in network order, as parse() reads it; NULL: as nft
	 * writes it.
	 */
	void (*print)(struct buf *out, const uint8_t *value);
	/* Walks the known names, for suggestions; NULL if it has none. */
	const char *(*name_at)(size_t i);
	bool in_sets; /* may be a set's type */
};

extern const struct value_type type_address, type_port, type_protocol,
	type_service, type_icmp, type_family, type_mark, type_dscp, type_mac,
	type_length, type_tcp_flags, type_user, type_ipsec, type_time,
	type_weekday, type_helper;
/* As type_protocol reads it; NULL: none of its names is this number's. */
const char *protocol_name(uint8_t number);
/* By the name a person writes; NULL if there is none. */
const struct value_type *value_type_find(struct str name);
const struct value_type *value_type_at(size_t i); /* NULL past the end */

/* How the optimiser may treat a word; zero is the careful value. */
enum merge {
	MERGE_BARRIER, /* nothing may move across it */
	MERGE_EQUAL,   /* rules may differ only elsewhere */
	MERGE_SET,     /* values of several rules may become one set */
};

/* Of what a word's answer is true; zero is the careful value. */
enum holds {
	HOLDS_PACKET,	  /* of the packet at hand: the next may differ */
	HOLDS_CONNECTION, /* of every packet of the direction that opened it */
};

/*
 * A rule speaks of connections, and is asked of the first packet. Where another
 * one stands for it (a policy is new, and the connection is not), a word that
 * cannot be asked of that packet counts as met where this keeps something from
 * passing, and as not met where it lets something pass: see lowering.h.
 */
struct match_word {
	const char *word;
	const char *doc;
	const char *example; /* as YAML: "source: 192.168.1.2" */
	const struct value_type *type;
	/*
	 * What is loaded for a packet of the original direction and for a
	 * reply, in each family; without families, index 0. No reply: it cannot
	 * be asked of one.
	 */
	enum key_id key[FAMILIES], reply[FAMILIES];
	enum merge merge;
	enum holds holds;
	bool negatable;
	/*
	 * Only of a connection that another one announced: it has the decision
	 * of that one, so no rule is asked; what is asked with each packet is.
	 */
	bool announced;
	/*
	 * What the first packet of a connection that is established had; 0: not
	 * known. The key then is of one byte.
	 */
	uint8_t began;
	const char *where; /* for messages: why not in every hook; or NULL */
};

const struct match_word *match_word_find(struct str word);
const struct match_word *match_word_at(size_t i); /* NULL past the end */

/* What people look for, and a table of this kind cannot see. */
struct match_never {
	const char *word, *why, *instead;
};

const struct match_never *match_never_find(struct str word);
const struct match_never *match_never_at(size_t i); /* NULL past the end */

struct set;
struct service;
struct node;

/* A match of a rule: the value of the word lies in one of the ranges, has the
 * bits of one of @bits, or is in one of the sets (negated: of none). */
struct match {
	const struct match_word *word;
	struct span span;
	const struct node *said; /* the value as it was written; or NULL */
	bool negated;
	struct ranges ranges[FAMILIES];
	struct bits *bits; /* likewise */
	size_t nbits;
	const struct set **sets;
	size_t nsets;
	const struct service **services;
	size_t nservices;
};

#endif
