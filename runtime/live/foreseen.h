/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connections that a conntrack helper foresaw (the data of FTP, the speech of
 * SIP). They are decided with the control connection that announced them; but
 * the rules cannot ask for that one, and accept whatever a helper foresaw. So
 * after a change of the policy, what belongs to a connection that is denied now
 * is ended here.
 */
#ifndef NFTOFFC_RUNTIME_LIVE_FORESEEN_H
#define NFTOFFC_RUNTIME_LIVE_FORESEEN_H

#include <stddef.h>

#include "policy/model.h"

struct nl;

/*
 * Ends what the policy denies, connections and those that were announced and
 * did not come yet; @ended says how many. 0 or -errno.
 *
 * What is asked of a connection is what connection tracking remembers of it. A
 * rule that asks for more (a MAC address ...) does not match.
 */
int foreseen_follow(struct nl *nl, const struct model *model, size_t *ended);

#endif
