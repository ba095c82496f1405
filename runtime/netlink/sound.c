// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check of sound.h.
 *
 * Source: uapi netlink.h, nfnetlink.h, nf_tables.h.
 */
#include "runtime/netlink/sound.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "ir/ir.h"
#include "runtime/netlink/nl.h"

/* The kernel's own nests are less deep: set, list, element, data, verdict. */
#define DEPTH_MAX 16
/* What makes something, and nothing that deletes or replaces. */
#define FLAGS (NLM_F_REQUEST | NLM_F_CREATE | NLM_F_APPEND | NLM_F_EXCL)

/* Attributes that fill @n bytes, all but what aligns the last. */
static bool sound_attrs(const char *p, size_t n, unsigned int depth)
{
	struct nlattr attr;
	size_t step;

	for (; n > 0; p += step, n -= step) {
		if (n < sizeof(attr) || depth > DEPTH_MAX)
			return false;
		memcpy(&attr, p, sizeof(attr));
		if (attr.nla_len < sizeof(attr) || attr.nla_len > n)
			return false;
		if (attr.nla_type & NLA_F_NESTED &&
		    !sound_attrs(p + sizeof(attr), attr.nla_len - sizeof(attr),
				 depth + 1))
			return false;
		step = MNL_ALIGN(attr.nla_len);
		if (step > n)
			step = n;
	}
	return true;
}

static bool makes_something(uint16_t type)
{
	switch (type) {
	case NFT(NFT_MSG_NEWTABLE):
	case NFT(NFT_MSG_NEWCHAIN):
	case NFT(NFT_MSG_NEWRULE):
	case NFT(NFT_MSG_NEWSET):
	case NFT(NFT_MSG_NEWSETELEM):
	case NFT(NFT_MSG_NEWOBJ):
	case NFT(NFT_MSG_NEWFLOWTABLE):
		return true;
	}
	return false;
}

static bool is_bracket(const struct nlmsghdr *message, uint16_t type)
{
	const struct nfgenmsg *gen = mnl_nlmsg_get_payload(message);

	return message->nlmsg_type == type &&
	       message->nlmsg_len == MNL_NLMSG_HDRLEN + sizeof(*gen) &&
	       gen->nfgen_family == AF_UNSPEC &&
	       gen->res_id == htons(NFNL_SUBSYS_NFTABLES);
}

/* Of every kind of message the table is attribute 1. */
static bool is_ours(const struct nlmsghdr *message)
{
	const struct nfgenmsg *gen = mnl_nlmsg_get_payload(message);
	const struct nlattr *attrs[2];
	const char *table;

	nl_attrs(message, NULL, attrs, 1);
	table = nl_str(attrs[1]);
	return gen->nfgen_family == NFPROTO_INET && table &&
	       strcmp(table, IR_TABLE) == 0;
}

static const char *refuses_inner(const struct nlmsghdr *message)
{
	size_t head = MNL_NLMSG_HDRLEN + sizeof(struct nfgenmsg);

	if (!makes_something(message->nlmsg_type) ||
	    message->nlmsg_flags & ~FLAGS)
		return "does more than make what the policy has";
	if (!sound_attrs((const char *)message + head,
			 message->nlmsg_len - head, 0))
		return "has attributes that do not fit into it";
	return is_ours(message) ? NULL : "is about another table";
}

/* @first and @last: of the batch. */
static const char *refuses(const struct nlmsghdr *message, bool first,
			   bool last)
{
	if (message->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(struct nfgenmsg))
		return "has no header";
	if (first)
		return is_bracket(message, NFNL_MSG_BATCH_BEGIN) ?
			       NULL :
			       "does not begin a batch";
	if (last)
		return is_bracket(message, NFNL_MSG_BATCH_END) ?
			       NULL :
			       "does not end the batch";
	return refuses_inner(message);
}

const char *sound_refuses(struct arena *arena, struct str messages)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)messages.p;
	const char *why = NULL;
	size_t n = 0, step;
	int left;

	if (messages.n > INT32_MAX)
		return "its transaction is too large";
	for (left = (int)messages.n; left > 0; n++) {
		if (!nl_message_ok(message, left) ||
		    MNL_ALIGN(message->nlmsg_len) > (unsigned int)left)
			return arena_printf(arena, "message %zu is torn", n);
		step = MNL_ALIGN(message->nlmsg_len);
		why = refuses(message, n == 0, step == (unsigned int)left);
		if (why)
			return arena_printf(arena, "message %zu %s", n, why);
		left -= (int)step;
		message =
			(const struct nlmsghdr *)((const char *)message + step);
	}
	return n < 2 ? "it holds no transaction" : NULL;
}
