// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections from ctnetlink. Nothing is taken for granted of what a message
 * holds but that it is whole.
 *
 * Source: uapi nfnetlink_conntrack.h.
 */
#include "runtime/netlink/connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdio.h>

#include "runtime/netlink/nl.h"

#define COUNT "/proc/sys/net/netfilter/nf_conntrack_count"

/*
 * Tuples
 */

static void nest_attrs(const void *nest, size_t n, const struct nlattr **attrs,
		       unsigned int max)
{
	const struct nlattr *attr;

	memset(attrs, 0, (max + 1) * sizeof(*attrs));
	for (attr = nest; mnl_attr_ok(
		     attr, (int)((const char *)nest + n - (const char *)attr));
	     attr = mnl_attr_next(attr))
		if (mnl_attr_get_type(attr) <= max)
			attrs[mnl_attr_get_type(attr)] = attr;
}

static bool get(const struct nlattr *attr, void *out, size_t n)
{
	if (!attr || mnl_attr_get_payload_len(attr) < n)
		return false;
	memcpy(out, mnl_attr_get_payload(attr), n);
	return true;
}

static bool get_addresses(const struct nlattr *nest,
			  struct connection_tuple *tuple)
{
	const struct nlattr *a[CTA_IP_MAX + 1];

	nl_attrs(NULL, nest, a, CTA_IP_MAX);
	tuple->family = a[CTA_IP_V6_SRC] ? FAMILY_INDEX_IPV6 :
					   FAMILY_INDEX_IPV4;
	if (tuple->family == FAMILY_INDEX_IPV6)
		return get(a[CTA_IP_V6_SRC], tuple->source, 16) &&
		       get(a[CTA_IP_V6_DST], tuple->destination, 16);
	return get(a[CTA_IP_V4_SRC], tuple->source, 4) &&
	       get(a[CTA_IP_V4_DST], tuple->destination, 4);
}

static bool get_protocol(const struct nlattr *nest,
			 struct connection_tuple *tuple)
{
	const struct nlattr *a[CTA_PROTO_MAX + 1];

	nl_attrs(NULL, nest, a, CTA_PROTO_MAX);
	tuple->has_ports = get(a[CTA_PROTO_SRC_PORT], &tuple->sport, 2) &&
			   get(a[CTA_PROTO_DST_PORT], &tuple->dport, 2);
	tuple->has_icmp =
		(get(a[CTA_PROTO_ICMP_TYPE], &tuple->icmp_type, 1) &&
		 get(a[CTA_PROTO_ICMP_CODE], &tuple->icmp_code, 1)) ||
		(get(a[CTA_PROTO_ICMPV6_TYPE], &tuple->icmp_type, 1) &&
		 get(a[CTA_PROTO_ICMPV6_CODE], &tuple->icmp_code, 1));
	return get(a[CTA_PROTO_NUM], &tuple->proto, 1);
}

bool connection_tuple(const void *nest, size_t n,
		      struct connection_tuple *tuple)
{
	const struct nlattr *attrs[CTA_TUPLE_MAX + 1];

	*tuple = (struct connection_tuple){ 0 };
	nest_attrs(nest, n, attrs, CTA_TUPLE_MAX);
	return attrs[CTA_TUPLE_IP] && attrs[CTA_TUPLE_PROTO] &&
	       get_addresses(attrs[CTA_TUPLE_IP], tuple) &&
	       get_protocol(attrs[CTA_TUPLE_PROTO], tuple);
}

static bool get_tuple(const struct nlattr *attr, struct connection_tuple *tuple)
{
	return attr && connection_tuple(mnl_attr_get_payload(attr),
					mnl_attr_get_payload_len(attr), tuple);
}

/*
 * Connections
 */

static void get_counters(struct connection *c, size_t i,
			 const struct nlattr *nest)
{
	const struct nlattr *a[CTA_COUNTERS_MAX + 1];

	if (!nest)
		return;
	nl_attrs(NULL, nest, a, CTA_COUNTERS_MAX);
	c->has_counters |= a[CTA_COUNTERS_PACKETS] != NULL;
	c->packets[i] = nl_be64(a[CTA_COUNTERS_PACKETS], 0);
	c->bytes[i] = nl_be64(a[CTA_COUNTERS_BYTES], 0);
}

static const char *get_helper(const struct nlattr *nest)
{
	const struct nlattr *a[CTA_HELP_MAX + 1];

	if (!nest)
		return NULL;
	nl_attrs(NULL, nest, a, CTA_HELP_MAX);
	return nl_str(a[CTA_HELP_NAME]);
}

static void get_state(struct connection *c, const struct nlattr *info)
{
	const struct nlattr *a[CTA_PROTOINFO_MAX + 1];
	const struct nlattr *tcp[CTA_PROTOINFO_TCP_MAX + 1];

	if (!info)
		return;
	nl_attrs(NULL, info, a, CTA_PROTOINFO_MAX);
	if (!a[CTA_PROTOINFO_TCP])
		return;
	nl_attrs(NULL, a[CTA_PROTOINFO_TCP], tcp, CTA_PROTOINFO_TCP_MAX);
	get(tcp[CTA_PROTOINFO_TCP_STATE], &c->tcp_state, 1);
}

static void get_times(struct connection *c, const struct nlattr *nest)
{
	const struct nlattr *a[CTA_TIMESTAMP_MAX + 1];

	if (!nest)
		return;
	nl_attrs(NULL, nest, a, CTA_TIMESTAMP_MAX);
	c->began = nl_be64(a[CTA_TIMESTAMP_START], 0);
	c->ended = nl_be64(a[CTA_TIMESTAMP_STOP], 0);
}

static uint16_t get_be16(const struct nlattr *attr)
{
	uint16_t value = 0;

	get(attr, &value, sizeof(value));
	return ntohs(value);
}

bool connection_read(const struct nlmsghdr *message,
		     struct connection *connection)
{
	const struct nlattr *a[CTA_MAX + 1];
	struct connection *c = connection;

	*c = (struct connection){ 0 };
	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg))
		return false;
	nl_attrs(message, NULL, a, CTA_MAX);
	c->status = nl_be32(a[CTA_STATUS], 0);
	c->id = nl_be32(a[CTA_ID], 0);
	c->mark = nl_be32(a[CTA_MARK], 0);
	c->timeout = nl_be32(a[CTA_TIMEOUT], 0);
	c->zone = get_be16(a[CTA_ZONE]);
	get_counters(c, 0, a[CTA_COUNTERS_ORIG]);
	get_counters(c, 1, a[CTA_COUNTERS_REPLY]);
	get_state(c, a[CTA_PROTOINFO]);
	get_times(c, a[CTA_TIMESTAMP]);
	c->has_labels = get(a[CTA_LABELS], c->labels, sizeof(c->labels));
	c->helper = get_helper(a[CTA_HELP]);
	c->has_master = a[CTA_TUPLE_MASTER] != NULL;
	c->own = a[CTA_TUPLE_ORIG];
	c->own_reply = a[CTA_TUPLE_REPLY];
	c->master = a[CTA_TUPLE_MASTER];
	c->own_zone = a[CTA_ZONE];
	return get_tuple(c->own, &c->original) &&
	       get_tuple(c->own_reply, &c->reply);
}

struct listing {
	connection_fn fn;
	void *data;
	uint32_t status; /* 0: all */
};

static int see(const struct nlmsghdr *message, void *data)
{
	const struct listing *listing = data;
	struct connection connection;

	if (!connection_read(message, &connection) ||
	    (listing->status && !(connection.status & listing->status)))
		return 0;
	return listing->fn(&connection, listing->data);
}

static bool is_one_bit(uint32_t bits)
{
	return bits && !(bits & (bits - 1));
}

int connections_list_status(struct nl *nl, uint32_t status, connection_fn fn,
			    void *data)
{
	struct listing listing = { fn, data, status };
	struct nlmsghdr *request;
	struct nl_room room;
	int ret;

	request = nl_request(&room,
			     NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET,
			     AF_UNSPEC);
	if (is_one_bit(status)) { /* an older kernel sends all */
		mnl_attr_put_u32(request, CTA_STATUS, htonl(status));
		mnl_attr_put_u32(request, CTA_STATUS_MASK, htonl(status));
	}
	ret = nl_dump(nl, request, see, &listing);
	/* No such subsystem, and no module for it. */
	return ret == -EINVAL ? -EOPNOTSUPP : ret;
}

int connections_list(struct nl *nl, connection_fn fn, void *data)
{
	return connections_list_status(nl, 0, fn, data);
}

size_t connections_count(void)
{
	unsigned long n = 1;
	FILE *file = fopen(COUNT, "re");

	if (!file)
		return 1;
	if (fscanf(file, "%lu", &n) != 1)
		n = 1;
	fclose(file);
	return n;
}

/*
 * As a packet of the model
 */

static void put_ports(struct packet *packet, const struct connection *c)
{
	if (!c->original.has_ports)
		return;
	packet_set(packet, KEY_TH_SPORT, (const uint8_t *)&c->original.sport);
	packet_set(packet, KEY_TH_DPORT, (const uint8_t *)&c->reply.sport);
}

void connection_packet(const struct connection *connection,
		       struct packet *packet)
{
	const struct connection *c = connection;

	memset(packet, 0, sizeof(*packet));
	packet->from = packet->to = -1;
	packet->family = (uint8_t)c->original.family;
	packet->proto = c->original.proto;
	packet->lives = true;
	packet->translated = c->status & IPS_DST_NAT;
	packet->replied = c->status & IPS_SEEN_REPLY;
	packet_set(packet, packet_source(packet), c->original.source);
	packet_set(packet, packet_destination(packet), c->reply.source);
	put_ports(packet, c);
	if (c->original.has_icmp)
		packet_set(packet,
			   packet->family ? KEY_ICMPV6_TYPE : KEY_ICMP_TYPE,
			   &c->original.icmp_type);
}
