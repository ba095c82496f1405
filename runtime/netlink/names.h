/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What our table holds, read from messages that say so: the kernel's answers,
 * or our own transactions (the attributes are the same). Only libmnl: it
 * bears malformed ones.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_NAMES_H
#define NFTOFFC_RUNTIME_NETLINK_NAMES_H

#include "emit/batch.h"

struct nlmsghdr;

struct names_flowtable {
	const char *name;
	uint32_t flags;	  /* NFT_FLOWTABLE_* */
	int32_t priority; /* of its hook */
	VEC(const char *) devices;
};

struct names {
	struct arena *arena;
	bool exists;
	VEC(struct table_chain) chains;
	VEC(const char *) limits;
	VEC(struct table_object) objects; /* the others */
	VEC(struct table_set) sets;	  /* the named ones */
	VEC(struct names_flowtable) flowtables;
	size_t nrules;
};

/* Adds what the message is about, if it is our table's. */
void names_add(struct names *names, const struct nlmsghdr *message);
/* The same for every message of a batch. */
void names_add_batch(struct names *names, const void *bytes, size_t n);
/* Is @name one of the @n of @list? */
bool names_have(const char *const *list, size_t n, const char *name);
/* As batch_build() wants it; shares the memory of @names. */
void names_table(const struct names *names, struct table_names *table);

/* Is it one of NAT? */
bool names_is_nat(const struct table_chain *chain);
/* Is any? */
bool names_translate(const struct table_chain *chains, size_t n);

#endif
