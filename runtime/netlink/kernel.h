/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What runs: our table as the kernel tells of it, at one generation.
 * Everything answers 0 or -errno.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_KERNEL_H
#define NFTOFFC_RUNTIME_NETLINK_KERNEL_H

#include "ir/lower.h"
#include "runtime/netlink/names.h"

struct nl;
struct buf;
struct nlattr;
struct fingerprint;

struct kernel {
	uint32_t genid;	    /* of all that follows */
	struct names names; /* the rules are counted by kernel_read_all() */
	bool recorded;	    /* our table says which policy it is: */
	struct ir_record record;
	/* In names.arena: rules with "log: flow", see ir_record. */
	VEC(struct ir_flow_row) flows;
	uint64_t fingerprint; /* of what was read, see fingerprint.h */
};

/*
 * How far the clock that its days go by is ahead of UTC, in seconds: see
 * struct lower_options.
 */
int32_t kernel_east(void);

/* Is there no more of our table than what lower_translated() makes? */
bool kernel_only_translates(const struct kernel *kernel);

int kernel_genid(struct nl *nl, uint32_t *genid);
/* What one message of a dump says, whoever it comes from. */
void kernel_see(struct kernel *kernel, struct fingerprint *fingerprint,
		const struct nlmsghdr *message);
/*
 * Names and record: as many messages as there are chains and sets. -EINTR if
 * other programs change the ruleset so often that nothing can be read.
 */
int kernel_read(struct nl *nl, struct arena *arena, struct kernel *kernel);
/*
 * And the rules of these chains and the elements of these sets, as far as they
 * are there. The fingerprint is then of what was read: with those that are read
 * before and after a change, the table's fingerprint follows the change.
 */
struct kernel_parts {
	const char *const *chains, *const *sets;
	size_t nchains, nsets;
};
int kernel_read_parts(struct nl *nl, struct arena *arena,
		      const struct kernel_parts *parts, struct kernel *kernel);
/*
 * And every rule, and unless @elements, how many they are, is more than
 * KERNEL_ELEMENTS_MAX, the elements of sets that nobody else may change: for the
 * rules' number and the fingerprint.
 */
#define KERNEL_ELEMENTS_MAX 20000
int kernel_read_all(struct nl *nl, struct arena *arena, size_t elements,
		    struct kernel *kernel);
/*
 * And every message that the kernel tells of it by, one behind the other, in
 * @messages: table, chains, sets, objects, flowtables, elements, rules. Those
 * of anonymous sets are there in any case.
 */
int kernel_read_messages(struct nl *nl, struct arena *arena, size_t elements,
			 struct buf *messages, struct kernel *kernel);
/* What the kernel calls the rules of a chain, in their order. */
int kernel_handles(struct nl *nl, struct arena *arena, const char *chain,
		   const uint64_t **handles, size_t *n);

/* The comment in a rule's userdata, or NULL. */
const char *kernel_comment(const struct nlattr *userdata);

#endif
