// SPDX-License-Identifier: GPL-2.0-only
/*
 * Filters of flows: what each word means, and what makes none.
 */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdio.h>
#include <string.h>

#include "runtime/live/flowfilter.h"
#include "runtime/live/flowtext.h"
#include "runtime/live/stockflows.h"
#include "runtime/netlink/nl.h"
#include "suites.h"

#define WORDS_MAX 16

static struct flowfilter filter;
static struct buf error;

static void set_up(void)
{
	error = (struct buf){ 0 };
}

static void tear_down(void)
{
	buf_free(&error);
}

static bool read_text(const char *text)
{
	static char copy[256];
	char *words[WORDS_MAX], *rest;
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word = strtok_r(copy, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		words[n++] = word;
	return flowfilter_read(&filter, words, n, &error);
}

START_TEST(words_are_read)
{
	const struct module_match *m = &filter.match;
	uint8_t net[16] = { 10, 1, 0, 0 };

	ck_assert(read_text("source 10.1.2.3/16 protocol tcp port 80-90 "
			    "source-port 7 mark 0x10/0xf0 ct-zone 3 in eth0 "
			    "out wlan*"));
	ck_assert_int_eq(m->family, AF_INET);
	ck_assert_int_eq(m->protocol, 6);
	ck_assert(m->has_source && !m->has_destination);
	ck_assert_mem_eq(m->source, net, 16);
	ck_assert_int_eq(m->source_len, 16);
	ck_assert_int_eq(m->dport_min, 80);
	ck_assert_int_eq(m->dport_max, 90);
	ck_assert_int_eq(m->sport_min, 7);
	ck_assert_int_eq(m->sport_max, 7);
	ck_assert_int_eq(m->mark, 0x10);
	ck_assert_int_eq(m->mark_mask, 0xf0);
	ck_assert(m->has_zone && m->zone == 3);
	ck_assert_str_eq(m->in, "eth0");
	ck_assert_str_eq(m->out, "wlan*");
	ck_assert_ptr_null(m->device);
	ck_assert(filter.given && filter.nids == 0);
}
END_TEST

/* What is printed of a protocol is a word for it. */
START_TEST(protocols_have_names)
{
	char text[32], number[8];
	int protocol, named = 0;

	for (protocol = 1; protocol < 256; protocol++) {
		const char *name = flowtext_protocol((uint8_t)protocol, number);

		snprintf(text, sizeof(text), "protocol %s", name);
		ck_assert(read_text(text));
		ck_assert_int_eq(filter.match.protocol, protocol);
		named += name != number;
	}
	ck_assert_int_gt(named, 20);
	ck_assert_str_eq(flowtext_protocol(2, number), "igmp");
	ck_assert_str_eq(flowtext_protocol(58, number), "icmpv6");
	ck_assert_str_eq(flowtext_protocol(253, number), "253");
}
END_TEST

START_TEST(ids_are_collected)
{
	ck_assert(read_text("id 7 id 4294967295"));
	ck_assert_int_eq(filter.nids, 2);
	ck_assert_uint_eq(filter.ids[1], 4294967295u);
	ck_assert(!filter.given);
	ck_assert(read_text("all"));
	ck_assert(filter.given);
}
END_TEST

START_TEST(prefix_of_ipv6)
{
	uint8_t net[16] = { 0xfd, 0, 0, 1, 0xf0 };

	ck_assert(read_text("destination fd00:1:f3ff::9/37"));
	ck_assert_mem_eq(filter.match.destination, net, 16);
	ck_assert_int_eq(filter.match.destination_len, 37);
	ck_assert_int_eq(filter.match.family, AF_INET6);
}
END_TEST

/* Each of these is refused, with these words. */
static const struct {
	const char *text, *why;
} refused[] = {
	{ "sauce 10.0.0.1", "did you mean 'source'" },
	{ "whatsoever 1", "no word 'whatsoever'" },
	{ "source", "'source' needs ADDRESS" },
	{ "source 10.0.0", "an address" },
	{ "source 10.0.0.0/33", "length of its prefix" },
	{ "source 10.0.0.0/x", "length of its prefix" },
	{ "source 10.0.0.1 destination fd00::1", "same family" },
	{ "source fd00::1 family ipv4", "same family" },
	{ "family 4", "ipv4 or ipv6" },
	{ "protocol icmpish", "a protocol's name, as in a policy" },
	{ "protocol 256", "a protocol's name, as in a policy" },
	{ "protocol hopopt", "a protocol's name, as in a policy" },
	{ "port 80", "needs 'protocol tcp'" },
	{ "protocol tcp port 65536", "a port" },
	{ "protocol tcp port 9-8", "ends behind its beginning" },
	{ "protocol tcp port 9-", "a port" },
	{ "mark 16/0xf", "within its mask" },
	{ "mark -1", "a mark" },
	{ "ct-zone 65536", "to 65535" },
	{ "in *", "name of a device" },
	{ "in a*b", "name of a device" },
	{ "in sixteen-letters-", "name of a device" },
	{ "id x", "as conntrack shows it" },
	{ "all protocol tcp", "stands alone" },
};

START_TEST(what_is_no_filter)
{
	ck_assert(!read_text(refused[_i].text));
	ck_assert_msg(strstr(error.p, refused[_i].why), "%s: %s",
		      refused[_i].text, error.p);
}
END_TEST

/* What a kernel without the module says of a connection that is offloaded. */

static void put_tuple(struct nlmsghdr *message, uint16_t type,
		      const char *source, const char *destination,
		      uint16_t sport, uint16_t dport)
{
	struct nlattr *tuple = mnl_attr_nest_start(message, type), *nest;
	struct in_addr address;

	nest = mnl_attr_nest_start(message, CTA_TUPLE_IP);
	inet_pton(AF_INET, source, &address);
	mnl_attr_put_u32(message, CTA_IP_V4_SRC, address.s_addr);
	inet_pton(AF_INET, destination, &address);
	mnl_attr_put_u32(message, CTA_IP_V4_DST, address.s_addr);
	mnl_attr_nest_end(message, nest);
	nest = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(message, CTA_PROTO_NUM, 6);
	mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, htons(sport));
	mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, htons(dport));
	mnl_attr_nest_end(message, nest);
	mnl_attr_nest_end(message, tuple);
}

/* 192.168.1.20:4000 > 203.0.113.1:443, which is 192.168.2.10:8443. */
static struct nlmsghdr *connection(struct nl_room *room, uint32_t status)
{
	struct nlmsghdr *message;

	message = nl_request(
		room, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW, AF_INET);
	put_tuple(message, CTA_TUPLE_ORIG, "192.168.1.20", "203.0.113.1", 4000,
		  443);
	put_tuple(message, CTA_TUPLE_REPLY, "192.168.2.10", "192.168.1.20",
		  8443, 4000);
	mnl_attr_put_u32(message, CTA_STATUS, htonl(status));
	mnl_attr_put_u32(message, CTA_ID, htonl(7));
	mnl_attr_put_u32(message, CTA_MARK, htonl(0x12));
	return message;
}

START_TEST(stock_flow_is_read)
{
	uint8_t real[16] = { 192, 168, 2, 10 };
	struct module_flow flow;
	struct nl_room room;

	ck_assert(!stock_flow(connection(&room, IPS_DST_NAT), &flow));
	ck_assert(stock_flow(connection(&room, IPS_OFFLOAD | IPS_DST_NAT),
			     &flow));
	ck_assert_int_eq(flow.family, AF_INET);
	ck_assert_int_eq(flow.protocol, 6);
	ck_assert_int_eq(flow.original.sport, 4000);
	ck_assert_int_eq(flow.original.dport, 443);
	ck_assert_int_eq(flow.reply.sport, 8443);
	ck_assert_mem_eq(flow.reply.source, real, 16);
	ck_assert_uint_eq(flow.id, 7);
	ck_assert_uint_eq(flow.mark, 0x12);
	ck_assert_uint_eq(flow.flags, NFTOFFC_FLOW_DNAT);
	ck_assert(!flow.original.has_counters && !flow.original.device);
}
END_TEST

static const struct {
	const char *words;
	bool holds;
} stock_filters[] = {
	{ "all", true },
	{ "family ipv4", true },
	{ "family ipv6", false },
	{ "protocol udp", false },
	{ "source 192.168.1.20", true },
	{ "source 192.168.1.16/29", true },
	{ "source 192.168.1.24/29", false },
	{ "destination 192.168.2.10", true }, /* the real host */
	{ "destination 203.0.113.1", false },
	{ "protocol tcp port 8443", true },
	{ "protocol tcp port 443", false },
	{ "protocol tcp source-port 3999-4000", true },
	{ "protocol tcp source-port 4001-4002", false },
	{ "mark 0x10/0xf0", true },
	{ "mark 0x10", false },
	{ "ct-zone 1", false },
};

START_TEST(stock_flow_is_chosen)
{
	struct module_flow flow;
	struct nl_room room;

	ck_assert(stock_flow(connection(&room, IPS_OFFLOAD), &flow));
	ck_assert(read_text(stock_filters[_i].words));
	ck_assert_int_eq(stock_flow_matches(&filter.match, &flow),
			 stock_filters[_i].holds);
}
END_TEST

Suite *flowfilter_suite(void)
{
	Suite *suite = suite_create("flowfilter");
	TCase *tcase = tcase_create("flowfilter");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, words_are_read);
	tcase_add_test(tcase, protocols_have_names);
	tcase_add_test(tcase, ids_are_collected);
	tcase_add_test(tcase, prefix_of_ipv6);
	tcase_add_loop_test(tcase, what_is_no_filter, 0,
			    (int)(sizeof(refused) / sizeof(*refused)));
	tcase_add_test(tcase, stock_flow_is_read);
	tcase_add_loop_test(tcase, stock_flow_is_chosen, 0,
			    sizeof(stock_filters) / sizeof(*stock_filters));
	suite_add_tcase(suite, tcase);
	return suite;
}
