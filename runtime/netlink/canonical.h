/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The same for the same, whether we say it or the kernel does: a number over
 * what a message of nf_tables makes, be it of a batch or of a dump.
 *
 * A dump has attributes in another order, says what was left out since it is
 * the default, spells registers otherwise, numbers anonymous sets, and tells of
 * handles, of uses and of what was counted. What moves by itself has no part in
 * the number; all else has, whether it is known here or not: in doubt two
 * things differ, and one is replaced by the other needlessly.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_CANONICAL_H
#define NFTOFFC_RUNTIME_NETLINK_CANONICAL_H

#include <stdbool.h>
#include <stdint.h>

struct nlattr;
struct nlmsghdr;

/*
 * The number of the anonymous set that a rule names: by @id in a batch, by
 * @name in a dump (@id 0).
 */
typedef uint64_t (*canonical_set_fn)(const char *name, uint32_t id, void *data);

uint64_t canonical_rule(const struct nlmsghdr *message, canonical_set_fn fn,
			void *data);
/* With or without what can change in place: a chain's policy ... */
uint64_t canonical_chain(const struct nlmsghdr *message, bool policy);
/* ... what an object is to count to. */
uint64_t canonical_object(const struct nlmsghdr *message, bool amount);
/* Devices have no part in it: they come and go. */
uint64_t canonical_flowtable(const struct nlmsghdr *message);
/* The definition; an anonymous one has no name. */
uint64_t canonical_set(const struct nlmsghdr *message);
/* One of NFTA_LIST_ELEM. */
uint64_t canonical_element(const struct nlattr *element);

#endif
