// SPDX-License-Identifier: GPL-2.0-only
/* What nft adds to a rule by itself: see implied.h. */
#include "implied.h"

#include <linux/in.h>
#include <linux/netfilter/nf_tables.h>

static bool has_ports(uint8_t l4proto)
{
	return l4proto == IPPROTO_TCP || l4proto == IPPROTO_UDP ||
	       l4proto == IPPROTO_SCTP || l4proto == IPPROTO_UDPLITE;
}

static bool is_port(uint8_t id)
{
	return id == KEY_TH_SPORT || id == KEY_TH_DPORT;
}

static bool is_test_of(const struct ir_op *op, enum key_id id)
{
	return op->kind == IR_OP_CMP && op->cmp == NFT_CMP_EQ &&
	       op->keys[0] == id;
}

bool implied(const struct ir_op *op, const struct ir_op *end,
	     struct ir_known known)
{
	const struct ir_op *next = op + 1;
	const struct key *k;

	if (next == end || !next->nkeys)
		return false;
	k = key(next->keys[0]);
	if (is_test_of(op, KEY_NFPROTO)) {
		ir_learn(&known, op);
		return k->nfproto == op->lo[0] ||
		       (is_test_of(next, KEY_L4PROTO) && next + 1 < end &&
			next[1].nkeys && key(next[1].keys[0])->nfproto &&
			implied(next, end, known));
	}
	if (!is_test_of(op, KEY_L4PROTO))
		return false;
	if (is_port(next->keys[0]))
		return has_ports(op->lo[0]);
	return k->l4proto == op->lo[0] && k->nfproto == known.nfproto;
}

bool implied_header(struct ir_known known, enum key_id id)
{
	return is_port((uint8_t)id) && has_ports(known.l4proto);
}
