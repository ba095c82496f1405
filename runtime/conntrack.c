// SPDX-License-Identifier: GPL-2.0-only
/*
 * ctnetlink: list the connections with a value of the run (the kernel filters
 * for each value; for long runs we look ourselves), and for each send an
 * update that touches only the masked bits.
 *
 * A child connection inherits its parent's mark, maybe while we look: so it is
 * done again until none is found.
 *
 * Source: uapi nfnetlink_conntrack.h.
 */
#include "runtime/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "base/buf.h"
#include "runtime/nl.h"

#define ROUNDS 10
/* Runs up to this long are asked for value by value. */
#define FILTERS_MAX 16
/* An update is shorter; so many bytes go in one send. */
#define UPDATE_MAX 512
#define SEND_MAX 65536

#define CT(message) ((NFNL_SUBSYS_CTNETLINK << 8) | (message))

struct clearing {
	struct nl *nl;
	const struct ir_mark *run;
	uint32_t value; /* that they get, 0: none */
	struct buf updates;
	size_t found;
};

static void copy_attr(struct nlmsghdr *message, const struct nlattr *attr)
{
	if (attr)
		mnl_attr_put(message, mnl_attr_get_type(attr),
			     mnl_attr_get_payload_len(attr),
			     mnl_attr_get_payload(attr));
}

/* The kernel keeps the bits outside CTA_MARK_MASK. */
static void add_update(struct clearing *c, uint8_t family,
		       const struct nlattr *tuple, const struct nlattr *zone)
{
	struct nl_room room;
	struct nlmsghdr *update;

	update = nl_request(&room, CT(IPCTNL_MSG_CT_NEW), family);
	update->nlmsg_flags = NLM_F_REQUEST;
	mnl_attr_put(update, CTA_TUPLE_ORIG | NLA_F_NESTED,
		     mnl_attr_get_payload_len(tuple),
		     mnl_attr_get_payload(tuple));
	copy_attr(update, zone);
	mnl_attr_put_u32(update, CTA_MARK, htonl(c->value << c->run->shift));
	mnl_attr_put_u32(update, CTA_MARK_MASK, htonl(c->run->mask));
	buf_add(&c->updates, update, update->nlmsg_len);
	c->found++;
}

static int see_connection(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attrs[CTA_MAX + 1];
	const struct nfgenmsg *gen;
	struct clearing *c = data;
	uint32_t value;

	nl_attrs(message, NULL, attrs, CTA_MAX);
	value = (nl_be32(attrs[CTA_MARK], 0) & c->run->mask) >> c->run->shift;
	if (value < c->run->epoch || value - c->run->epoch >= c->run->count ||
	    !attrs[CTA_TUPLE_ORIG] ||
	    mnl_attr_get_payload_len(attrs[CTA_TUPLE_ORIG]) > UPDATE_MAX / 2)
		return 0;
	gen = mnl_nlmsg_get_payload(message);
	add_update(c, gen->nfgen_family, attrs[CTA_TUPLE_ORIG],
		   attrs[CTA_ZONE]);
	return 0;
}

static int list(struct clearing *c, bool filter, uint32_t value)
{
	struct nl_room room;
	struct nlmsghdr *request;

	request = nl_request(&room, CT(IPCTNL_MSG_CT_GET), AF_UNSPEC);
	if (filter) {
		mnl_attr_put_u32(request, CTA_MARK,
				 htonl(value << c->run->shift));
		mnl_attr_put_u32(request, CTA_MARK_MASK, htonl(c->run->mask));
	}
	return nl_dump(c->nl, request, see_connection, c);
}

static int list_all(struct clearing *c)
{
	uint32_t i;
	int ret;

	if (c->run->count > FILTERS_MAX)
		return list(c, false, 0);
	for (i = 0; i < c->run->count; i++) {
		ret = list(c, true, c->run->epoch + i);
		if (ret)
			return ret;
	}
	return 0;
}

static int send_updates(struct clearing *c)
{
	const struct nlmsghdr *message;
	const char *p = c->updates.p;
	size_t left = c->updates.n, n;
	int ret;

	while (left > 0) {
		for (n = 0; n < left && n + UPDATE_MAX < SEND_MAX;
		     n += message->nlmsg_len)
			message = (const struct nlmsghdr *)(p + n);
		ret = nl_send_all(c->nl, p, n);
		if (ret)
			return ret;
		p += n;
		left -= n;
	}
	return 0;
}

static int change(struct clearing *c, size_t *changed)
{
	int ret = 0, round;

	*changed = 0;
	for (round = 0; round < ROUNDS; round++) {
		c->updates.n = 0;
		c->found = 0;
		ret = list_all(c);
		if (!ret)
			ret = send_updates(c);
		if (ret || !c->found)
			break;
		*changed += c->found;
	}
	/* No such subsystem, and no module for it. */
	if (ret == -EINVAL)
		ret = -EOPNOTSUPP;
	buf_free(&c->updates);
	return ret;
}

int conntrack_clear(struct nl *nl, const struct ir_mark *run, size_t *cleared)
{
	struct clearing c = { .nl = nl, .run = run };

	return change(&c, cleared);
}

int conntrack_move(struct nl *nl, const struct ir_mark *run, uint32_t value)
{
	struct clearing c = { .nl = nl, .run = run, .value = value };
	size_t moved;

	return change(&c, &moved);
}

static int see_status(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attrs[CTA_MAX + 1];
	bool *any = data;

	nl_attrs(message, NULL, attrs, CTA_MAX);
	*any |= nl_be32(attrs[CTA_STATUS], 0) & (IPS_SRC_NAT | IPS_DST_NAT);
	return 0;
}

int conntrack_translated(struct nl *nl, bool *any)
{
	struct nl_room room;
	int ret;

	*any = false;
	ret = nl_dump(nl, nl_request(&room, CT(IPCTNL_MSG_CT_GET), AF_UNSPEC),
		      see_status, any);
	return ret == -EINVAL ? -EOPNOTSUPP : ret;
}

static int count_offloaded(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attrs[CTA_MAX + 1];

	nl_attrs(message, NULL, attrs, CTA_MAX);
	*(size_t *)data += !!(nl_be32(attrs[CTA_STATUS], 0) & IPS_OFFLOAD);
	return 0;
}

int conntrack_offloaded(struct nl *nl, size_t *n)
{
	struct nl_room room;

	*n = 0;
	return nl_dump(nl, nl_request(&room, CT(IPCTNL_MSG_CT_GET), AF_UNSPEC),
		       count_offloaded, n);
}
