// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offloaded connections from ctnetlink. The filter is applied here: source and
 * destination are the real hosts', as the module has it (kmod/uapi/nftoffc.h).
 *
 * Source: uapi nfnetlink_conntrack.h.
 */
#include "runtime/stockflows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <string.h>

#include "runtime/nl.h"

#define CT(message) ((NFNL_SUBSYS_CTNETLINK << 8) | (message))

struct stock {
	const struct module_match *match; /* NULL: all */
	module_flow_fn fn;
	void *data;
};

/*
 * Reading
 */

static uint16_t be16_of(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) == sizeof(uint16_t) ?
		       ntohs(mnl_attr_get_u16(attr)) :
		       0;
}

static void copy_address(uint8_t to[16], const struct nlattr *v4,
			 const struct nlattr *v6)
{
	const struct nlattr *attr = v4 ? v4 : v6;
	size_t n = attr ? mnl_attr_get_payload_len(attr) : 0;

	if (n)
		memcpy(to, mnl_attr_get_payload(attr), n < 16 ? n : 16);
}

static void read_addresses(struct module_tuple *tuple, const struct nlattr *ip)
{
	const struct nlattr *a[CTA_IP_MAX + 1];

	nl_attrs(NULL, ip, a, CTA_IP_MAX);
	copy_address(tuple->source, a[CTA_IP_V4_SRC], a[CTA_IP_V6_SRC]);
	copy_address(tuple->destination, a[CTA_IP_V4_DST], a[CTA_IP_V6_DST]);
}

static uint8_t read_protocol(struct module_tuple *tuple,
			     const struct nlattr *proto)
{
	const struct nlattr *a[CTA_PROTO_MAX + 1];

	nl_attrs(NULL, proto, a, CTA_PROTO_MAX);
	tuple->sport = be16_of(a[CTA_PROTO_SRC_PORT]);
	tuple->dport = be16_of(a[CTA_PROTO_DST_PORT]);
	return a[CTA_PROTO_NUM] && mnl_attr_get_payload_len(a[CTA_PROTO_NUM]) ?
		       mnl_attr_get_u8(a[CTA_PROTO_NUM]) :
		       0;
}

static uint8_t read_tuple(struct module_tuple *tuple, const struct nlattr *nest)
{
	const struct nlattr *a[CTA_TUPLE_MAX + 1];

	if (!nest)
		return 0;
	nl_attrs(NULL, nest, a, CTA_TUPLE_MAX);
	if (a[CTA_TUPLE_IP])
		read_addresses(tuple, a[CTA_TUPLE_IP]);
	return a[CTA_TUPLE_PROTO] ? read_protocol(tuple, a[CTA_TUPLE_PROTO]) :
				    0;
}

static void read_counters(struct module_tuple *tuple, const struct nlattr *nest)
{
	const struct nlattr *a[CTA_COUNTERS_MAX + 1];

	if (!nest)
		return;
	nl_attrs(NULL, nest, a, CTA_COUNTERS_MAX);
	tuple->has_counters = a[CTA_COUNTERS_PACKETS];
	tuple->packets = nl_be64(a[CTA_COUNTERS_PACKETS], 0);
	tuple->bytes = nl_be64(a[CTA_COUNTERS_BYTES], 0);
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

static void read_flow(struct module_flow *flow, uint8_t family,
		      const struct nlattr *const *a)
{
	*flow = (struct module_flow){
		.family = family,
		.flags = flags_of(nl_be32(a[CTA_STATUS], 0)),
		.id = nl_be32(a[CTA_ID], 0),
		.mark = nl_be32(a[CTA_MARK], 0),
		.zone = be16_of(a[CTA_ZONE]),
	};
	flow->protocol = read_tuple(&flow->original, a[CTA_TUPLE_ORIG]);
	read_tuple(&flow->reply, a[CTA_TUPLE_REPLY]);
	read_counters(&flow->original, a[CTA_COUNTERS_ORIG]);
	read_counters(&flow->reply, a[CTA_COUNTERS_REPLY]);
}

bool stock_flow(const struct nlmsghdr *message, struct module_flow *flow)
{
	const struct nlattr *attrs[CTA_MAX + 1];
	const struct nfgenmsg *gen = mnl_nlmsg_get_payload(message);

	if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_CTNETLINK ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*gen))
		return false;
	nl_attrs(message, NULL, attrs, CTA_MAX);
	if (!(nl_be32(attrs[CTA_STATUS], 0) & (IPS_OFFLOAD | IPS_HW_OFFLOAD)))
		return false;
	read_flow(flow, gen->nfgen_family, attrs);
	return true;
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

static int see(const struct nlmsghdr *message, void *data)
{
	const struct stock *stock = data;
	struct module_flow flow;

	if (!stock_flow(message, &flow) ||
	    (stock->match && !stock_flow_matches(stock->match, &flow)))
		return 0;
	return stock->fn(&flow, stock->data);
}

int stock_flows(const struct module_match *match, module_flow_fn fn, void *data)
{
	struct stock stock = { match, fn, data };
	struct nl_room room;
	struct nl *nl;
	int ret;

	if (match && (match->in || match->out || match->device))
		return -EOPNOTSUPP;
	ret = nl_open(&nl, NETLINK_NETFILTER);
	if (ret)
		return ret;
	ret = nl_dump(nl, nl_request(&room, CT(IPCTNL_MSG_CT_GET), AF_UNSPEC),
		      see, &stock);
	nl_close(nl);
	return ret == -EINVAL ? -EOPNOTSUPP : ret;
}
