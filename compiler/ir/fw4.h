/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What nftoffc and OpenWrt's fw4 have to know of each other.
 *
 * fw4 marks the connections that it sees: a new connection, of which the bits of
 * our mask are 0 still, gets all of them. No policy uses that value (epoch.h).
 * The rule that does it is in fw4's own table, so it comes and goes with fw4's
 * rules at one instant:
 *
 *	/etc/nftables.d/nftoffc.nft	in chains of its own there, between fw4's
 *					and ours. fw4 includes it whatever its
 *					configuration says, so nobody who edits
 *					or restores that takes it away unawares
 *	chain-pre/{input,forward}	in fw4's chains: of compile -f fw4, beside
 *					the table, which is included likewise
 */
#ifndef NFTOFFC_IR_FW4_H
#define NFTOFFC_IR_FW4_H

#include <stdint.h>

#include "base/buf.h"

#define FW4_TABLE "fw4"

/* What has fw4 itself offload no more. */
#define FW4_OFFLOAD_OFF                                                        \
	"uci set firewall.@defaults[0].flow_offloading=0; uci commit "         \
	"firewall; /etc/init.d/firewall reload"

/* Our chains come behind fw4's, which are at "filter". */
#define FW4_BEHIND 10
#define FW4_BEHIND_TEXT "filter + 10"

/* Comments: of the rule that drops what fw4 has not seen, and of the one by
 * which it sees, with the mask behind it in eight hexadecimal digits. */
#define FW4_GATE "fw4 is not there"
#define FW4_SEEN "nftoffc: seen by fw4, mask "

/* Our chains in its table, behind its own and ahead of ours. */
#define FW4_SEEN_CHAIN "nftoffc_"
#define FW4_SEEN_PRIORITY "filter + 5"

/* The rule, as a line of nft's own language. */
void fw4_seen_rule(struct buf *out, uint32_t mask);
/* Chains with it, for the inside of its table. */
void fw4_seen_chains(struct buf *out, uint32_t mask);

#endif
