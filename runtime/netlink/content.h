/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stored policy, taken apart: the batch that makes it from nothing, as
 * chains with their rules, sets with their elements, objects and flowtables.
 * Everything points into the batch. Only libmnl: it bears malformed attributes.
 *
 * Equal hashes mean that the kernel would have the same: numbers that a batch
 * gives to its own parts (NFTA_SET_ID) have no part in them.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_CONTENT_H
#define NFTOFFC_RUNTIME_NETLINK_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"

struct nlmsghdr;
struct nlattr;

/* A message, and its place in the batch. */
struct content_message {
	const struct nlmsghdr *header;
	size_t index;
};

/*
 * What has a name. A name that both policies use for things that cannot be made
 * of one another in place is renewed: deleted, and made again.
 */
struct content_thing {
	const char *name;
	struct content_message made; /* the message that makes it */
	uint64_t hash;		     /* of all that cannot change in place */
	uint32_t type;		     /* of an object, NFT_OBJECT_* */
	bool renewed;
};

struct content_rule {
	struct content_message made;
	/* The messages of its anonymous sets stand right before it. */
	size_t nsets;
	const struct nlmsghdr *sets; /* the first of them */
	uint64_t hash;
};

struct content_chain {
	struct content_thing thing;
	VEC(struct content_rule) rules;
};

/* How a set's elements stand, by content_element_cmp(). */
enum content_order { CONTENT_UNKNOWN, CONTENT_ASCENDING, CONTENT_MIXED };

struct content_set {
	struct content_thing thing;
	enum content_order order; /* found when first asked for */
	uint32_t flags, key_len;
	uint32_t size;	  /* bound on elements, 0: none; no part of the hash */
	size_t nelements; /* what the messages have, ends of intervals too */
	VEC(struct content_message) elements; /* NEWSETELEM messages */
};

struct content {
	struct arena *arena;
	struct str bytes;
	/* By name, objects by content_object_key(); in the batch's order. */
	struct map chains, sets, objects, flowtables;
};

/* 0, or -EBADMSG if @bytes is no whole batch. @bytes must outlive it. */
int content_read(struct content *content, struct arena *arena,
		 struct str bytes);

/* How a map knows an object: names are a type's own. */
struct str content_object_key(struct arena *arena, uint32_t type,
			      const char *name);

/* What a rule refers to by name, besides chains. */
enum content_kind { CONTENT_SET, CONTENT_OBJECT, CONTENT_FLOWTABLE };

/* @type is of an object. True: enough seen. */
typedef bool (*content_reference_fn)(enum content_kind kind, uint32_t type,
				     const char *name, void *data);
/* True if @fn answered so. */
bool content_references(const struct content_rule *rule,
			content_reference_fn fn, void *data);

/*
 * The elements of a set, one by one; of intervals that are not concatenated,
 * both ends at once. Each is the attribute NFTA_LIST_ELEM.
 */
struct content_element {
	const struct nlattr *first, *end; /* @end NULL: there is none */
	const uint8_t *key, *key_end;	  /* @key_end: of a concatenation */
	uint32_t key_len;
};

struct content_elements { /* where the walk is */
	const struct content_set *set;
	size_t message; /* the next one */
	const struct nlattr *next;
	const char *end; /* of the list that @next is of */
	struct content_element now;
};

void content_elements(struct content_elements *walk,
		      const struct content_set *set);
/* False at the end. */
bool content_next(struct content_elements *walk);
/*
 * Past what both go on with and write the same, by comparing bytes: nothing is
 * taken apart. @now is none of it.
 */
void content_skip_same(struct content_elements *a, struct content_elements *b);
/* Bytewise by the keys. */
int content_element_cmp(const struct content_element *a,
			const struct content_element *b);
bool content_is_ascending(struct content_set *set);
/* Of the same key: the same end and data, too? */
bool content_element_same(const struct content_element *a,
			  const struct content_element *b);
/* All but the headers, whose numbers are the batch's. */
bool content_same_message(const struct nlmsghdr *a, const struct nlmsghdr *b);
/* What was not touched is written the same: it need not be walked. */
bool content_same_elements(const struct content_set *a,
			   const struct content_set *b);

#endif
