// SPDX-License-Identifier: GPL-2.0-only
/*
 * A rule's anonymous sets stand right before it (content.h), and go with it.
 *
 * Source: uapi nf_tables.h.
 */
#include "runtime/ruleset/unoffload.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "runtime/netlink/nl.h"

struct unoffload {
	char *out;  /* where what is left ends */
	char *sets; /* where those of the rule that will come begin; or NULL */
	size_t rules;
};

static bool is_flow_add(const struct nlattr *expression)
{
	const struct nlattr *attrs[NFTA_EXPR_MAX + 1];
	const char *name;

	nl_attrs(NULL, expression, attrs, NFTA_EXPR_MAX);
	name = nl_str(attrs[NFTA_EXPR_NAME]);
	return name && strcmp(name, "flow_offload") == 0;
}

static bool adds_flows(const struct nlmsghdr *rule)
{
	const struct nlattr *attrs[NFTA_RULE_MAX + 1], *expression;

	nl_attrs(rule, NULL, attrs, NFTA_RULE_MAX);
	if (!attrs[NFTA_RULE_EXPRESSIONS])
		return false;
	mnl_attr_for_each_nested(expression, attrs[NFTA_RULE_EXPRESSIONS])
	{
		if (is_flow_add(expression))
			return true;
	}
	return false;
}

bool unoffload_takes(const struct nlmsghdr *message)
{
	return message->nlmsg_type == NFT(NFT_MSG_NEWFLOWTABLE) ||
	       (message->nlmsg_type == NFT(NFT_MSG_NEWRULE) &&
		adds_flows(message));
}

static bool is_anonymous(const struct nlmsghdr *set)
{
	const struct nlattr *attrs[NFTA_SET_MAX + 1];

	nl_attrs(set, NULL, attrs, NFTA_SET_MAX);
	return nl_be32(attrs[NFTA_SET_FLAGS], 0) & NFT_SET_ANONYMOUS;
}

/* Sets wait for the rule that they are of. */
static void see_kept(struct unoffload *u, const struct nlmsghdr *message)
{
	bool set = message->nlmsg_type == NFT(NFT_MSG_NEWSET);

	if (message->nlmsg_type == NFT(NFT_MSG_NEWSETELEM))
		return;
	if (!set || !is_anonymous(message))
		u->sets = NULL;
	else if (!u->sets)
		u->sets = u->out;
}

static void take(struct unoffload *u, const struct nlmsghdr *message)
{
	if (message->nlmsg_type != NFT(NFT_MSG_NEWRULE))
		return;
	if (u->sets)
		u->out = u->sets;
	u->sets = NULL;
	u->rules++;
}

size_t unoffload(struct buf *batch)
{
	struct unoffload u = { .out = batch->p };
	struct nlmsghdr *message = (struct nlmsghdr *)(void *)batch->p;
	int left = (int)batch->n;
	char *next;
	size_t n;

	while (nl_message_ok(message, left)) {
		n = MNL_ALIGN(message->nlmsg_len);
		next = (char *)message + n;
		if (unoffload_takes(message)) {
			take(&u, message);
		} else {
			see_kept(&u, message);
			memmove(u.out, message, n);
			u.out += n;
		}
		left -= (int)n;
		message = (struct nlmsghdr *)(void *)next;
	}
	if (batch->p)
		buf_end(batch, u.out);
	return u.rules;
}
