// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts connections into connection tracking, as if they lived.
 *
 *	bench_connections N MARK [PORT]
 *
 * Each is UDP, has been answered, and has its own source: hosts of 10.1.0.0/16,
 * 64 ports of each, to PORT (80) of 203.0.113.5.
 */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "runtime/netlink/nl.h"

#define SEND_MAX 60000

struct side {
	uint32_t address; /* in host order */
	uint16_t port;
};

static void put_tuple(struct nlmsghdr *message, uint16_t type,
		      const struct side *from, const struct side *to)
{
	struct nlattr *tuple = mnl_attr_nest_start(message, type), *nest;

	nest = mnl_attr_nest_start(message, CTA_TUPLE_IP);
	mnl_attr_put_u32(message, CTA_IP_V4_SRC, htonl(from->address));
	mnl_attr_put_u32(message, CTA_IP_V4_DST, htonl(to->address));
	mnl_attr_nest_end(message, nest);
	nest = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(message, CTA_PROTO_NUM, IPPROTO_UDP);
	mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, htons(from->port));
	mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, htons(to->port));
	mnl_attr_nest_end(message, nest);
	mnl_attr_nest_end(message, tuple);
}

static void put_connection(struct buf *out, uint32_t i, uint32_t mark,
			   uint16_t port)
{
	struct side host = { (10u << 24) + (1u << 16) + 2 + i / 64,
			     (uint16_t)(1024 + i % 64) };
	struct side server = { (203u << 24) + (113u << 8) + 5, port };
	struct nl_room room;
	struct nlmsghdr *message;

	message = nl_request(
		&room, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW, AF_INET);
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
	put_tuple(message, CTA_TUPLE_ORIG, &host, &server);
	put_tuple(message, CTA_TUPLE_REPLY, &server, &host);
	mnl_attr_put_u32(message, CTA_STATUS,
			 htonl(IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED));
	mnl_attr_put_u32(message, CTA_TIMEOUT, htonl(3600));
	mnl_attr_put_u32(message, CTA_MARK, htonl(mark));
	buf_add(out, message, message->nlmsg_len);
}

static int send_all(struct nl *nl, struct buf *out)
{
	int ret = nl_send_all(nl, out->p, out->n);

	if (ret)
		fprintf(stderr, "bench_connections: %s\n", strerror(-ret));
	out->n = 0;
	return ret;
}

int main(int argc, char **argv)
{
	struct buf out = { 0 };
	unsigned long n, mark, port;
	struct nl *nl;
	uint32_t i;
	int ret = 0;

	if (argc < 3 || nl_open(&nl, NETLINK_NETFILTER)) {
		fprintf(stderr, "usage: bench_connections N MARK [PORT]\n");
		return 2;
	}
	n = strtoul(argv[1], NULL, 0);
	mark = strtoul(argv[2], NULL, 0);
	port = argc > 3 ? strtoul(argv[3], NULL, 0) : 80;
	for (i = 0; !ret && i < n; i++) {
		put_connection(&out, i, (uint32_t)mark, (uint16_t)port);
		if (out.n > SEND_MAX || i == n - 1)
			ret = send_all(nl, &out);
	}
	buf_free(&out);
	nl_close(nl);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
