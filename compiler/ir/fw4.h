/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What nftoffc and OpenWrt's fw4 have to know of each other.
 *
 * Two includes of fw4's mark the connections that it sees, in the chains where
 * it decides of them: a new connection, of which the bits of our mask are 0
 * still, gets all of them. No policy uses that value (epoch.h).
 */
#ifndef NFTOFFC_IR_FW4_H
#define NFTOFFC_IR_FW4_H

#include <stdint.h>

#include "base/buf.h"

#define FW4_TABLE "fw4"

/* Our chains come behind fw4's, which are at "filter". */
#define FW4_BEHIND 10
#define FW4_BEHIND_TEXT "filter + 10"

/* Comments: of the rule that drops what fw4 has not seen, and of the one by
 * which it sees, with the mask behind it in eight hexadecimal digits. */
#define FW4_GATE "fw4 is not there"
#define FW4_SEEN "nftoffc: seen by fw4, mask "

/* The include's rule, as a line of nft's own language. */
void fw4_seen_rule(struct buf *out, uint32_t mask);

#endif
