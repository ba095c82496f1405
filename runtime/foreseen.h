/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connections that a conntrack helper foresaw (the data of FTP, the speech of
 * SIP). They are decided with the control connection that announced them; but
 * the rules cannot ask for that one, and accept whatever a helper foresaw. So
 * after a change of the policy, what belongs to a connection that is denied now
 * is ended here.
 */
#ifndef NFTOFFC_RUNTIME_FORESEEN_H
#define NFTOFFC_RUNTIME_FORESEEN_H

#include <stddef.h>

#include "policy/model.h"

struct nl;

/* One direction of a connection, as connection tracking tells of it. */
struct foreseen_tuple {
	unsigned int family; /* FAMILY_INDEX_* */
	uint8_t proto;
	bool has_ports;
	uint16_t sport, dport; /* in network order */
	uint8_t source[16], destination[16];
};

/* From the attributes in a nest as CTA_TUPLE_ORIG; false: it is none. */
bool foreseen_tuple(const void *nest, size_t n, struct foreseen_tuple *tuple);

/*
 * Ends what the policy denies, connections and those that were announced and
 * did not come yet; @ended says how many. 0 or -errno.
 *
 * What is asked of a connection is what connection tracking remembers of it. A
 * rule that asks for more (a MAC address ...) does not match.
 */
int foreseen_follow(struct nl *nl, const struct model *model, size_t *ended);

#endif
