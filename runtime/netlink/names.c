// SPDX-License-Identifier: GPL-2.0-only
/*
 * What our table holds, read from NFT_MSG_NEW* messages. A message that lacks
 * what it should have is passed over: what comes of it is checked elsewhere
 * (by the kernel on commit, and by the verification after it).
 *
 * Source: uapi nf_tables.h.
 */
#include "runtime/netlink/names.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "runtime/netlink/nl.h"

/* Of every kind of message: the table is attribute 1, the family inet. */
static const char *table_of(const struct nlmsghdr *message)
{
	const struct nfgenmsg *gen = mnl_nlmsg_get_payload(message);
	const struct nlattr *attrs[2];

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*gen) ||
	    gen->nfgen_family != NFPROTO_INET)
		return NULL;
	nl_attrs(message, NULL, attrs, 1);
	return nl_str(attrs[1]);
}

/* As long as the kernel bears, and so as a request of ours has room for. */
static const char *name_of(const struct nlattr *attr)
{
	const char *name = nl_str(attr);

	return name && strlen(name) < NFT_NAME_MAXLEN ? name : NULL;
}

static const char *keep(struct names *names, const char *s)
{
	return arena_strndup(names->arena, s, strlen(s));
}

static void add_hook(struct table_chain *chain, const struct nlattr *hook)
{
	const struct nlattr *attrs[NFTA_HOOK_MAX + 1];

	nl_attrs(NULL, hook, attrs, NFTA_HOOK_MAX);
	chain->hook = nl_be32(attrs[NFTA_HOOK_HOOKNUM], 0);
	chain->priority = (int)nl_be32(attrs[NFTA_HOOK_PRIORITY], 0);
}

static void add_chain(struct names *names, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_CHAIN_MAX + 1];
	const char *name, *type;
	struct table_chain *chain;

	nl_attrs(message, NULL, attrs, NFTA_CHAIN_MAX);
	name = name_of(attrs[NFTA_CHAIN_NAME]);
	type = nl_str(attrs[NFTA_CHAIN_TYPE]);
	if (!name)
		return;
	chain = vec_push(names->arena, &names->chains);
	*chain = (struct table_chain){ .name = keep(names, name) };
	if (type && attrs[NFTA_CHAIN_HOOK]) {
		chain->type = keep(names, type);
		add_hook(chain, attrs[NFTA_CHAIN_HOOK]);
	}
}

static void add_object(struct names *names, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_OBJ_MAX + 1];
	const char *name;
	uint32_t type;

	nl_attrs(message, NULL, attrs, NFTA_OBJ_MAX);
	name = name_of(attrs[NFTA_OBJ_NAME]);
	type = nl_be32(attrs[NFTA_OBJ_TYPE], 0);
	if (name && type == NFT_OBJECT_LIMIT)
		*vec_push(names->arena, &names->limits) = keep(names, name);
	else if (name)
		*vec_push(names->arena, &names->objects) =
			(struct table_object){ keep(names, name), type };
}

static uint32_t size_of(const struct nlattr *desc)
{
	const struct nlattr *attrs[NFTA_SET_DESC_MAX + 1];

	if (!desc)
		return 0;
	nl_attrs(NULL, desc, attrs, NFTA_SET_DESC_MAX);
	return nl_be32(attrs[NFTA_SET_DESC_SIZE], 0);
}

static void add_set(struct names *names, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_SET_MAX + 1];
	struct table_set *set;
	const char *name;
	uint32_t flags;

	nl_attrs(message, NULL, attrs, NFTA_SET_MAX);
	name = name_of(attrs[NFTA_SET_NAME]);
	flags = nl_be32(attrs[NFTA_SET_FLAGS], 0);
	if (!name || flags & NFT_SET_ANONYMOUS)
		return;
	set = vec_push(names->arena, &names->sets);
	*set = (struct table_set){
		.name = keep(names, name),
		.flags = flags,
		.key_type = nl_be32(attrs[NFTA_SET_KEY_TYPE], 0),
		.key_len = nl_be32(attrs[NFTA_SET_KEY_LEN], 0),
		.size = size_of(attrs[NFTA_SET_DESC]),
		.timeout = nl_be64(attrs[NFTA_SET_TIMEOUT], 0),
	};
}

static void add_devices(struct names *names, struct names_flowtable *flowtable,
			const struct nlattr *hook)
{
	const struct nlattr *attrs[NFTA_FLOWTABLE_HOOK_MAX + 1];
	const struct nlattr *device;

	nl_attrs(NULL, hook, attrs, NFTA_FLOWTABLE_HOOK_MAX);
	flowtable->priority =
		(int32_t)nl_be32(attrs[NFTA_FLOWTABLE_HOOK_PRIORITY], 0);
	if (!attrs[NFTA_FLOWTABLE_HOOK_DEVS])
		return;
	mnl_attr_for_each_nested(
		device, attrs[NFTA_FLOWTABLE_HOOK_DEVS]) if (nl_str(device)) *
		vec_push(names->arena, &flowtable->devices) =
		keep(names, nl_str(device));
}

static void add_flowtable(struct names *names, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_FLOWTABLE_MAX + 1];
	struct names_flowtable *flowtable;
	const char *name;

	nl_attrs(message, NULL, attrs, NFTA_FLOWTABLE_MAX);
	name = name_of(attrs[NFTA_FLOWTABLE_NAME]);
	if (!name)
		return;
	flowtable = vec_push(names->arena, &names->flowtables);
	*flowtable = (struct names_flowtable){
		.name = keep(names, name),
		.flags = nl_be32(attrs[NFTA_FLOWTABLE_FLAGS], 0),
	};
	if (attrs[NFTA_FLOWTABLE_HOOK])
		add_devices(names, flowtable, attrs[NFTA_FLOWTABLE_HOOK]);
}

void names_add(struct names *names, const struct nlmsghdr *message)
{
	const char *table;

	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
		return;
	table = table_of(message);
	if (!table || strcmp(table, IR_TABLE) != 0)
		return;
	switch (NFNL_MSG_TYPE(message->nlmsg_type)) {
	case NFT_MSG_NEWTABLE:
		names->exists = true;
		break;
	case NFT_MSG_NEWCHAIN:
		add_chain(names, message);
		break;
	case NFT_MSG_NEWRULE:
		names->nrules++;
		break;
	case NFT_MSG_NEWSET:
		add_set(names, message);
		break;
	case NFT_MSG_NEWOBJ:
		add_object(names, message);
		break;
	case NFT_MSG_NEWFLOWTABLE:
		add_flowtable(names, message);
		break;
	}
}

void names_add_batch(struct names *names, const void *bytes, size_t n)
{
	const struct nlmsghdr *message = bytes;
	int left = (int)n;

	while (nl_message_ok(message, left)) {
		names_add(names, message);
		message = mnl_nlmsg_next(message, &left);
	}
}

bool names_have(const char *const *list, size_t n, const char *name)
{
	while (n--)
		if (!strcmp(list[n], name))
			return true;
	return false;
}

void names_table(const struct names *names, struct table_names *table)
{
	const char **flowtables;
	size_t i;

	flowtables = arena_array(names->arena, names->flowtables.n,
				 sizeof(*flowtables));
	for (i = 0; i < names->flowtables.n; i++)
		flowtables[i] = names->flowtables.v[i].name;
	*table = (struct table_names){
		.exists = names->exists,
		.chains = names->chains.v,
		.nchains = names->chains.n,
		.flowtables = flowtables,
		.nflowtables = names->flowtables.n,
		.limits = names->limits.v,
		.nlimits = names->limits.n,
		.objects = names->objects.v,
		.nobjects = names->objects.n,
		.sets = names->sets.v,
		.nsets = names->sets.n,
	};
}

bool names_is_nat(const struct table_chain *chain)
{
	return chain->type && strcmp(chain->type, "nat") == 0;
}

bool names_translate(const struct table_chain *chains, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (names_is_nat(&chains[i]))
			return true;
	return false;
}
