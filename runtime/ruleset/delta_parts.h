/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of delta.h share: delta.c decides what goes and what comes,
 * delta_rules.c which rules of a chain, delta_elements.c which elements of a
 * set, delta_put.c writes messages.
 */
#ifndef NFTOFFC_RUNTIME_RULESET_DELTA_PARTS_H
#define NFTOFFC_RUNTIME_RULESET_DELTA_PARTS_H

#include "runtime/netlink/content.h"
#include "runtime/ruleset/delta.h"

struct delta {
	struct arena *arena; /* of what is freed at the end */
	struct batch *batch;
	const struct batch *from; /* where new messages come from */
	const struct delta_options *options;
	struct delta_result *result;
	struct content old, new;
	struct map sets; /* those whose elements are others after it */
};

/*
 * Rules. What is found when they are deleted is used when they are added: the
 * chains of @new, in their order.
 */
struct delta_chain {
	const struct content_chain *old, *new; /* NULL: there is none */
	bool *removed, *added;
	const uint64_t *handles; /* of old rules, if some of them stay */
	uint64_t *before; /* of each new rule that is added, 0: at the end */
	size_t nadded;
};

int delta_compare_rules(struct delta *d, struct delta_chain *chain);
void delta_remove_rules(struct delta *d, const struct delta_chain *chain);
void delta_add_rules(struct delta *d, const struct delta_chain *chain);

/*
 * Elements of a set that both have. Do those that come stand behind all that
 * stay? Of concatenated intervals that overlap, the kernel takes the first one.
 */
bool delta_keeps_order(struct delta *d, struct content_set *old,
		       struct content_set *new);
void delta_remove_elements(struct delta *d, struct content_set *old,
			   struct content_set *new);
void delta_add_elements(struct delta *d, struct content_set *old,
			struct content_set *new);

/*
 * Messages. One is open at a time; @spot is the message of the new policy that
 * errors are to point to, NULL: none.
 */
struct nlmsghdr *delta_open(struct delta *d, uint16_t type, size_t room,
			    const struct content_message *spot,
			    const char *what);
void delta_close(struct delta *d, const struct nlmsghdr *message);
/* A message of the new policy as it is. */
void delta_copy(struct delta *d, const struct content_message *message);
/* Of the new policy too, not the beginning of something that is noted. */
void delta_copy_header(struct delta *d, const struct nlmsghdr *header,
		       size_t index);
/* Deletes what is called @name, which is attribute @attr; @type: an object's. */
void delta_delete(struct delta *d, uint16_t kind, uint16_t attr,
		  const char *name, uint32_t type);

#endif
