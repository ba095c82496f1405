// SPDX-License-Identifier: GPL-2.0-only
/*
 * The transaction that is never committed:
 *
 *	begin
 *	0  a table			of a name that nobody else uses
 *	1  a flowtable without devices	are there flowtables?
 *	2  a chain
 *	3  a rule that adds to it	is there `flow add`?
 *	4...  a flowtable for each device, with `flags offload`
 *	(no end)
 *
 * Source: uapi nf_tables.h, nfnetlink.h.
 */
#include "runtime/offload/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "runtime/netlink/nl.h"

#define PROBE_TABLE IR_TABLE "-probe"
#define PROBE_FLOWTABLE "any"
#define PROBE_CHAIN "any"

enum { ASK_TABLE, ASK_FLOWTABLE, ASK_CHAIN, ASK_RULE, ASK_DEVICES };

struct probe {
	struct buf batch;
	uint32_t seq; /* of the next message; what is asked counts from 1 */
};

static struct nlmsghdr *begin(struct probe *p, struct nl_room *room,
			      uint16_t type)
{
	struct nlmsghdr *message = nl_request(room, type, NFPROTO_INET);

	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE;
	message->nlmsg_seq = p->seq++;
	return message;
}

static void end(struct probe *p, const struct nlmsghdr *message)
{
	buf_add(&p->batch, message, message->nlmsg_len);
}

static void put_table(struct probe *p)
{
	struct nl_room room;
	struct nlmsghdr *message = begin(p, &room, NFT(NFT_MSG_NEWTABLE));

	mnl_attr_put_strz(message, NFTA_TABLE_NAME, PROBE_TABLE);
	end(p, message);
}

/* @device NULL: for none, in software. */
static void put_flowtable(struct probe *p, const char *name, const char *device)
{
	struct nl_room room;
	struct nlmsghdr *message = begin(p, &room, NFT(NFT_MSG_NEWFLOWTABLE));
	struct nlattr *hook, *devices;

	mnl_attr_put_strz(message, NFTA_FLOWTABLE_TABLE, PROBE_TABLE);
	mnl_attr_put_strz(message, NFTA_FLOWTABLE_NAME, name);
	hook = mnl_attr_nest_start(message, NFTA_FLOWTABLE_HOOK);
	mnl_attr_put_u32(message, NFTA_FLOWTABLE_HOOK_NUM,
			 htonl(NF_NETDEV_INGRESS));
	mnl_attr_put_u32(message, NFTA_FLOWTABLE_HOOK_PRIORITY, 0);
	if (device) {
		devices =
			mnl_attr_nest_start(message, NFTA_FLOWTABLE_HOOK_DEVS);
		mnl_attr_put_strz(message, NFTA_DEVICE_NAME, device);
		mnl_attr_nest_end(message, devices);
	}
	mnl_attr_nest_end(message, hook);
	if (device)
		mnl_attr_put_u32(message, NFTA_FLOWTABLE_FLAGS,
				 htonl(NFT_FLOWTABLE_HW_OFFLOAD));
	end(p, message);
}

static void put_chain(struct probe *p)
{
	struct nl_room room;
	struct nlmsghdr *message = begin(p, &room, NFT(NFT_MSG_NEWCHAIN));

	mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, PROBE_TABLE);
	mnl_attr_put_strz(message, NFTA_CHAIN_NAME, PROBE_CHAIN);
	end(p, message);
}

static void put_rule(struct probe *p)
{
	struct nl_room room;
	struct nlmsghdr *message = begin(p, &room, NFT(NFT_MSG_NEWRULE));
	struct nlattr *list, *expression, *data;

	mnl_attr_put_strz(message, NFTA_RULE_TABLE, PROBE_TABLE);
	mnl_attr_put_strz(message, NFTA_RULE_CHAIN, PROBE_CHAIN);
	list = mnl_attr_nest_start(message, NFTA_RULE_EXPRESSIONS);
	expression = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
	mnl_attr_put_strz(message, NFTA_EXPR_NAME, "flow_offload");
	data = mnl_attr_nest_start(message, NFTA_EXPR_DATA);
	mnl_attr_put_strz(message, NFTA_FLOW_TABLE_NAME, PROBE_FLOWTABLE);
	mnl_attr_nest_end(message, data);
	mnl_attr_nest_end(message, expression);
	mnl_attr_nest_end(message, list);
	end(p, message);
}

static void build(struct probe *p, const struct attach_candidates *devices)
{
	char name[32];
	size_t i;

	nl_put_bracket(&p->batch, NFNL_MSG_BATCH_BEGIN, p->seq++, 0);
	put_table(p);
	put_flowtable(p, PROBE_FLOWTABLE, NULL);
	put_chain(p);
	put_rule(p);
	for (i = 0; i < devices->list.n; i++) {
		snprintf(name, sizeof(name), "device%zu", i);
		put_flowtable(p, name, devices->list.v[i]);
	}
}

/* -errno that the kernel answered to what was asked there, or 0. */
static int answer(const struct nl_errors *errors, size_t asked)
{
	size_t i;

	for (i = 0; i < errors->list.n; i++)
		if (errors->list.v[i].seq == asked + 1)
			return errors->list.v[i].error;
	return 0;
}

static void refuse(struct links *links, const char *name, int error)
{
	size_t i;

	for (i = 0; i < links->list.n; i++)
		if (strcmp(links->list.v[i].name, name) == 0)
			links->list.v[i].refused = error;
}

static int judge(const struct nl_errors *errors,
		 const struct attach_candidates *devices, struct links *links,
		 bool *offloads)
{
	int error = answer(errors, ASK_TABLE);
	size_t i;

	if (errors->lost)
		return -ENOBUFS;
	if (error)
		return error;
	/* A kernel without either says one or the other. */
	error = answer(errors, ASK_FLOWTABLE);
	if (!error)
		error = answer(errors, ASK_RULE);
	*offloads = error != -ENOENT && error != -EOPNOTSUPP;
	for (i = 0; i < devices->list.n; i++)
		refuse(links, devices->list.v[i],
		       answer(errors, ASK_DEVICES + i));
	return 0;
}

/* Which devices hardware flowtables of ours have proves that they can. */
static bool is_proven(const struct names *now, const char *device)
{
	size_t i, j;

	for (i = 0; i < now->flowtables.n; i++) {
		const struct names_flowtable *f = &now->flowtables.v[i];

		if (!(f->flags & NFT_FLOWTABLE_HW_OFFLOAD))
			continue;
		for (j = 0; j < f->devices.n; j++)
			if (strcmp(f->devices.v[j], device) == 0)
				return true;
	}
	return false;
}

static struct attach_candidates unproven(struct arena *arena,
					 const struct names *now,
					 const struct attach_candidates *all)
{
	struct attach_candidates left = { 0 };
	size_t i;

	for (i = 0; i < all->list.n; i++)
		if (!is_proven(now, all->list.v[i]))
			*vec_push(arena, &left.list) = all->list.v[i];
	return left;
}

static bool asks_hardware(const struct attach_wishes *wishes)
{
	size_t i;

	for (i = 0; i < wishes->list.n; i++)
		if (wishes->list.v[i].able || wishes->list.v[i].hardware)
			return true;
	return false;
}

int probe_links(struct nl *nl, const struct names *now,
		const struct attach_wishes *wishes, struct links *links,
		bool *offloads)
{
	struct nl_errors errors = { .arena = links->arena };
	struct attach_candidates candidates;
	struct probe p = { 0 };
	int ret;

	*offloads = true;
	if (asks_hardware(wishes))
		links_ask_able(links);
	candidates = attach_candidates(links->arena, wishes, links);
	candidates = unproven(links->arena, now, &candidates);
	if (!wishes->list.n || (now->flowtables.n && !candidates.list.n))
		return 0;
	build(&p, &candidates);
	ret = nl_commit(nl, p.batch.p, p.batch.n, &errors);
	if (!ret)
		ret = judge(&errors, &candidates, links, offloads);
	buf_free(&p.batch);
	return ret;
}
