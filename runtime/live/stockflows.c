// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offloaded connections among all (connections.h). The filter is applied here:
 * source and destination are the real hosts', as the module has it
 * (kmod/uapi/nftoffc.h).
 */
#include "runtime/live/stockflows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include "runtime/netlink/connections.h"
#include "runtime/netlink/nl.h"

struct stock {
	const struct module_match *match; /* NULL: all */
	module_flow_fn fn;
	void *data;
};

/*
 * Reading
 */

static void read_tuple(struct module_tuple *out,
		       const struct connection_tuple *tuple)
{
	memcpy(out->source, tuple->source, sizeof(out->source));
	memcpy(out->destination, tuple->destination, sizeof(out->destination));
	out->sport = ntohs(tuple->sport);
	out->dport = ntohs(tuple->dport);
}

static void read_counters(struct module_tuple *out, const struct connection *c,
			  size_t i)
{
	out->has_counters = c->has_counters;
	out->packets = c->packets[i];
	out->bytes = c->bytes[i];
}

static uint32_t flags_of(uint32_t status)
{
	static const struct {
		uint32_t status, flag;
	} rows[] = {
		{ IPS_SRC_NAT, NFTOFFC_FLOW_SNAT },
		{ IPS_DST_NAT, NFTOFFC_FLOW_DNAT },
		{ IPS_HW_OFFLOAD, NFTOFFC_FLOW_HARDWARE },
		{ IPS_ASSURED, NFTOFFC_FLOW_ASSURED },
	};
	uint32_t flags = 0;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (status & rows[i].status)
			flags |= rows[i].flag;
	return flags;
}

void stock_of(const struct connection *c, struct module_flow *flow)
{
	*flow = (struct module_flow){
		.family = c->original.family ? AF_INET6 : AF_INET,
		.protocol = c->original.proto,
		.flags = flags_of(c->status),
		.id = c->id,
		.mark = c->mark,
		.zone = c->zone,
	};
	read_tuple(&flow->original, &c->original);
	read_tuple(&flow->reply, &c->reply);
	read_counters(&flow->original, c, 0);
	read_counters(&flow->reply, c, 1);
}

static bool read_flow(struct module_flow *flow, const struct connection *c)
{
	if (!(c->status & (IPS_OFFLOAD | IPS_HW_OFFLOAD)))
		return false;
	stock_of(c, flow);
	return true;
}

bool stock_flow(const struct nlmsghdr *message, struct module_flow *flow)
{
	struct connection connection;

	return NFNL_SUBSYS_ID(message->nlmsg_type) == NFNL_SUBSYS_CTNETLINK &&
	       connection_read(message, &connection) &&
	       read_flow(flow, &connection);
}

/*
 * Choosing
 */

static bool in_prefix(const uint8_t *address, const uint8_t *prefix,
		      unsigned int len)
{
	unsigned int whole = len / 8, rest = len % 8;

	if (memcmp(address, prefix, whole) != 0)
		return false;
	return !rest || (address[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

static bool port_in(bool asked, uint16_t port, uint16_t min, uint16_t max)
{
	return !asked || (port >= min && port <= max);
}

bool stock_flow_matches(const struct module_match *m,
			const struct module_flow *flow)
{
	const struct module_tuple *there = &flow->original;
	const struct module_tuple *back = &flow->reply;

	if ((m->family && m->family != flow->family) ||
	    (m->protocol && m->protocol != flow->protocol) ||
	    (m->has_zone && m->zone != flow->zone) ||
	    (flow->mark ^ m->mark) & m->mark_mask)
		return false;
	if (m->has_source &&
	    !in_prefix(there->source, m->source, m->source_len))
		return false;
	if (m->has_destination &&
	    !in_prefix(back->source, m->destination, m->destination_len))
		return false;
	return port_in(m->has_sport, there->sport, m->sport_min,
		       m->sport_max) &&
	       port_in(m->has_dport, back->sport, m->dport_min, m->dport_max);
}

static int see(const struct connection *connection, void *data)
{
	const struct stock *stock = data;
	struct module_flow flow;

	if (!read_flow(&flow, connection) ||
	    (stock->match && !stock_flow_matches(stock->match, &flow)))
		return 0;
	return stock->fn(&flow, stock->data);
}

int stock_flows(const struct module_match *match, module_flow_fn fn, void *data)
{
	struct stock stock = { match, fn, data };
	struct nl *nl;
	int ret;

	if (match && (match->in || match->out || match->device))
		return -EOPNOTSUPP;
	ret = nl_open(&nl, NETLINK_NETFILTER);
	if (ret)
		return ret;
	ret = connections_list(nl, see, &stock);
	nl_close(nl);
	return ret;
}
