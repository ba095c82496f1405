// SPDX-License-Identifier: GPL-2.0-only
/* All tables' flowtables and hooks: see ruleset.h. Source: uapi nf_tables.h. */
#include "runtime/netlink/ruleset.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "ir/fw4.h"
#include "ir/ir.h"

#define TRIES 10

static const char *keep(struct ruleset *r, const struct nlattr *attr)
{
	const char *text = nl_str(attr);

	return text ? arena_strndup(r->arena, text, strlen(text)) : "";
}

static uint8_t family_of(const struct nlmsghdr *message)
{
	const struct nfgenmsg *gen = mnl_nlmsg_get_payload(message);

	return gen->nfgen_family;
}

static void add_devices(struct ruleset *r, struct ruleset_flowtable *flowtable,
			const struct nlattr *hook)
{
	const struct nlattr *attrs[NFTA_FLOWTABLE_HOOK_MAX + 1], *device;

	nl_attrs(NULL, hook, attrs, NFTA_FLOWTABLE_HOOK_MAX);
	if (!attrs[NFTA_FLOWTABLE_HOOK_DEVS])
		return;
	mnl_attr_for_each_nested(device, attrs[NFTA_FLOWTABLE_HOOK_DEVS])
	{
		*vec_push(r->arena, &flowtable->devices) = keep(r, device);
	}
}

static void add_flowtable(struct ruleset *r, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_FLOWTABLE_MAX + 1];
	struct ruleset_flowtable *flowtable;

	nl_attrs(message, NULL, attrs, NFTA_FLOWTABLE_MAX);
	flowtable = vec_push(r->arena, &r->flowtables);
	*flowtable = (struct ruleset_flowtable){
		.family = family_of(message),
		.table = keep(r, attrs[NFTA_FLOWTABLE_TABLE]),
		.name = keep(r, attrs[NFTA_FLOWTABLE_NAME]),
		.flags = nl_be32(attrs[NFTA_FLOWTABLE_FLAGS], 0),
	};
	if (attrs[NFTA_FLOWTABLE_HOOK])
		add_devices(r, flowtable, attrs[NFTA_FLOWTABLE_HOOK]);
}

static void add_chain(struct ruleset *r, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_CHAIN_MAX + 1];
	const struct nlattr *hook[NFTA_HOOK_MAX + 1];

	nl_attrs(message, NULL, attrs, NFTA_CHAIN_MAX);
	if (!attrs[NFTA_CHAIN_HOOK])
		return;
	nl_attrs(NULL, attrs[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX);
	*vec_push(r->arena, &r->chains) = (struct ruleset_chain){
		.family = family_of(message),
		.table = keep(r, attrs[NFTA_CHAIN_TABLE]),
		.name = keep(r, attrs[NFTA_CHAIN_NAME]),
		.type = keep(r, attrs[NFTA_CHAIN_TYPE]),
		.hook = nl_be32(hook[NFTA_HOOK_HOOKNUM], 0),
		.priority = (int32_t)nl_be32(hook[NFTA_HOOK_PRIORITY], 0),
	};
}

void ruleset_see(struct ruleset *r, const struct nlmsghdr *message)
{
	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg))
		return;
	switch (NFNL_MSG_TYPE(message->nlmsg_type)) {
	case NFT_MSG_NEWFLOWTABLE:
		add_flowtable(r, message);
		break;
	case NFT_MSG_NEWCHAIN:
		add_chain(r, message);
		break;
	}
}

static int see(const struct nlmsghdr *message, void *data)
{
	ruleset_see(data, message);
	return 0;
}

static int dump(struct nl *nl, uint8_t message, struct ruleset *ruleset)
{
	struct nl_room room;

	return nl_dump(nl, nl_request(&room, NFT(message), NFPROTO_UNSPEC), see,
		       ruleset);
}

static int read_once(struct nl *nl, struct ruleset *ruleset)
{
	int ret;

	ruleset->flowtables.n = 0;
	ruleset->chains.n = 0;
	ret = dump(nl, NFT_MSG_GETCHAIN, ruleset);
	if (ret)
		return ret;
	ret = dump(nl, NFT_MSG_GETFLOWTABLE, ruleset);
	return ret == -EOPNOTSUPP || ret == -EINVAL ? 0 : ret;
}

int ruleset_read(struct nl *nl, struct arena *arena, struct ruleset *ruleset)
{
	int ret = -EINTR, i;

	*ruleset = (struct ruleset){ .arena = arena };
	for (i = 0; i < TRIES && ret == -EINTR; i++)
		ret = read_once(nl, ruleset);
	return ret;
}

const char *ruleset_family(uint8_t family)
{
	switch (family) {
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_NETDEV:
		return "netdev";
	case NFPROTO_ARP:
		return "arp";
	}
	return "unknown";
}

bool ruleset_is_ours(uint8_t family, const char *table)
{
	return family == NFPROTO_INET && strcmp(table, IR_TABLE) == 0;
}

static bool is_behind_fw4(const struct ruleset_chain *chain)
{
	return ruleset_is_ours(chain->family, chain->table) &&
	       chain->hook == NF_INET_FORWARD && chain->priority == FW4_BEHIND;
}

bool ruleset_is_beside_fw4(const struct ruleset *ruleset)
{
	size_t i;

	for (i = 0; i < ruleset->chains.n; i++)
		if (is_behind_fw4(&ruleset->chains.v[i]))
			return true;
	return false;
}
