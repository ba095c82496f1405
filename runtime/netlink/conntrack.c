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
#include "runtime/netlink/conntrack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "base/buf.h"
#include "runtime/netlink/connections.h"
#include "runtime/netlink/nl.h"

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

/* Not acknowledged: of many, only errors are told. */
static struct nlmsghdr *begin(struct nl_room *room, uint16_t type,
			      uint8_t family, const struct nlattr *tuple,
			      const struct nlattr *zone)
{
	struct nlmsghdr *request = nl_request(room, CT(type), family);

	request->nlmsg_flags = NLM_F_REQUEST;
	mnl_attr_put(request, CTA_TUPLE_ORIG | NLA_F_NESTED,
		     mnl_attr_get_payload_len(tuple),
		     mnl_attr_get_payload(tuple));
	copy_attr(request, zone);
	return request;
}

/* The kernel keeps the bits outside CTA_MARK_MASK. */
static void put_mark(struct buf *requests, uint8_t family,
		     const struct nlattr *tuple, const struct nlattr *zone,
		     uint32_t mark, uint32_t mask)
{
	struct nl_room room;
	struct nlmsghdr *update =
		begin(&room, IPCTNL_MSG_CT_NEW, family, tuple, zone);

	mnl_attr_put_u32(update, CTA_MARK, htonl(mark));
	mnl_attr_put_u32(update, CTA_MARK_MASK, htonl(mask));
	buf_add(requests, update, update->nlmsg_len);
}

static bool fits(const struct nlattr *tuple)
{
	return tuple && mnl_attr_get_payload_len(tuple) <= UPDATE_MAX / 2;
}

static uint8_t family_of(const struct connection *connection)
{
	return connection->original.family ? AF_INET6 : AF_INET;
}

void conntrack_put_mark(struct buf *requests,
			const struct connection *connection, uint32_t mark,
			uint32_t mask)
{
	if (fits(connection->own))
		put_mark(requests, family_of(connection), connection->own,
			 connection->own_zone, mark, mask);
}

void conntrack_put_end(struct buf *requests,
		       const struct connection *connection)
{
	struct nlmsghdr *request;
	struct nl_room room;

	if (!fits(connection->own))
		return;
	request = begin(&room, IPCTNL_MSG_CT_DELETE, family_of(connection),
			connection->own, connection->own_zone);
	mnl_attr_put_u32(request, CTA_ID, htonl(connection->id));
	buf_add(requests, request, request->nlmsg_len);
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
	    !fits(attrs[CTA_TUPLE_ORIG]))
		return 0;
	gen = mnl_nlmsg_get_payload(message);
	put_mark(&c->updates, gen->nfgen_family, attrs[CTA_TUPLE_ORIG],
		 attrs[CTA_ZONE], c->value << c->run->shift, c->run->mask);
	c->found++;
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

int conntrack_send(struct nl *nl, const struct buf *requests)
{
	const struct nlmsghdr *message;
	const char *p = requests->p;
	size_t left = requests->n, n;
	int ret = 0, one;

	while (left > 0) {
		for (n = 0; n < left && n + UPDATE_MAX < SEND_MAX;
		     n += message->nlmsg_len)
			message = (const struct nlmsghdr *)(p + n);
		one = nl_send_all(nl, p, n);
		ret = ret ? ret : one;
		p += n;
		left -= n;
	}
	return ret;
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
			ret = conntrack_send(c->nl, &c->updates);
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

static int see_status(const struct connection *connection, void *data)
{
	bool *any = data;

	*any |= connection->status & (IPS_SRC_NAT | IPS_DST_NAT);
	return 0;
}

int conntrack_translated(struct nl *nl, bool *any)
{
	*any = false;
	return connections_list(nl, see_status, any);
}

static int count_offloaded(const struct connection *connection, void *data)
{
	*(size_t *)data += !!(connection->status & IPS_OFFLOAD);
	return 0;
}

int conntrack_offloaded(struct nl *nl, size_t *n)
{
	*n = 0;
	return connections_list(nl, count_offloaded, n);
}
