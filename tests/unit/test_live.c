// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live connections: where the routes say that they come from and go to, and what
 * the policy answers to them. That the rules answer the same is for
 * tests/kernel/random to find out.
 */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compile.h"
#include "runtime/live/live.h"
#include "runtime/live/zones.h"
#include "runtime/netlink/links.h"
#include "runtime/netlink/nl.h"
#include "runtime/netlink/routes.h"
#include "suites.h"

static const char policy_text[] =
	"policy: live\n"
	"zones:\n"
	"  lan: { devices: [lan0] }\n"
	"  iot: { devices: [lan1], subnets: [10.2.0.0/16] }\n"
	"  dmz: { devices: [lan1], subnets: [10.3.0.0/16] }\n"
	"  wan: { devices: [wan0], masquerade: true }\n"
	"default: { input: drop, forward: drop, output: accept }\n"
	"rules:\n"
	"  - drop:   { from: lan, to: wan, protocol: udp, port: 9, length: 99 }\n"
	"  - drop:   { from: lan, to: wan, protocol: tcp, port: 9 }\n"
	"  - accept: { from: lan, to: wan, log: every, protocol: tcp, port: 7 }\n"
	"  - accept: { from: lan, to: wan, limit: 1/hour, protocol: tcp, port: "
	"6 }\n"
	"  - accept: { from: lan, to: wan, quota: 1 GB, protocol: tcp, "
	"port: 5 }\n"
	"  - accept: { from: lan, to: wan, source: 10.1.0.2 }\n"
	"  - accept: { from: iot, to: [wan, router] }\n"
	"nat:\n"
	"  - forward: { from: wan, protocol: tcp, port: 80, to: 10.3.0.2 }\n"
	"offload:\n"
	"  eligible: [ { from: lan, to: wan } ]\n"
	"  exempt: [ { destination: 203.0.113.9 } ]\n";

enum { LAN, IOT, DMZ, WAN, HERE = -1, OUTSIDE = ZONE_NONE, NOWHERE = -3 };
enum { LAN0 = 1, LAN1, WAN0, OTHER };

static struct compilation policy;
static struct routes *routes;
static struct places *places;
static struct live *live;

static void compile_text(void)
{
	char path[] = "/tmp/live.XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, policy_text, strlen(policy_text)),
			 (ssize_t)strlen(policy_text));
	close(fd);
	ck_assert_int_eq(compile_policy(&policy, path), 0);
	unlink(path);
}

/* ---- what the kernel would say ---- */

static struct nlmsghdr *begin(struct nl_room *room, uint8_t family)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(room);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(message, sizeof(*rtm));

	rtm->rtm_family = family;
	return message;
}

/* A rule; what is 0 or NULL is not asked, or not said. */
struct said_rule {
	uint32_t table, mark, number, target;
	const char *from, *to, *in, *out;
	uint8_t action, proto;
	uint16_t port;
	bool invert;
	int suppress; /* one more than the length */
};

static uint8_t put_prefix(struct nlmsghdr *message, uint16_t type,
			  const char *prefix)
{
	char address[64];
	unsigned int len;
	uint8_t bytes[4];

	if (!prefix)
		return 0;
	ck_assert_int_eq(sscanf(prefix, "%63[^/]/%u", address, &len), 2);
	ck_assert_int_eq(inet_pton(AF_INET, address, bytes), 1);
	mnl_attr_put(message, type, sizeof(bytes), bytes);
	return (uint8_t)len;
}

static void say_rule(const struct said_rule *said)
{
	struct fib_rule_port_range ports = { said->port, said->port };
	struct nl_room room;
	struct nlmsghdr *message = begin(&room, AF_INET);
	struct fib_rule_hdr *rule = mnl_nlmsg_get_payload(message);

	rule->action = said->action ? said->action : FR_ACT_TO_TBL;
	rule->flags = said->invert ? FIB_RULE_INVERT : 0;
	rule->src_len = put_prefix(message, FRA_SRC, said->from);
	rule->dst_len = put_prefix(message, FRA_DST, said->to);
	mnl_attr_put_u32(message, FRA_TABLE, said->table);
	mnl_attr_put_u32(message, FRA_PRIORITY, said->number);
	if (said->mark) {
		mnl_attr_put_u32(message, FRA_FWMARK, said->mark);
		mnl_attr_put_u32(message, FRA_FWMASK, UINT32_MAX);
	}
	if (said->target)
		mnl_attr_put_u32(message, FRA_GOTO, said->target);
	if (said->in)
		mnl_attr_put_strz(message, FRA_IIFNAME, said->in);
	if (said->out)
		mnl_attr_put_strz(message, FRA_OIFNAME, said->out);
	if (said->proto)
		mnl_attr_put_u8(message, FRA_IP_PROTO, said->proto);
	if (said->port)
		mnl_attr_put(message, FRA_DPORT_RANGE, sizeof(ports), &ports);
	if (said->suppress)
		mnl_attr_put_u32(message, FRA_SUPPRESS_PREFIXLEN,
				 (uint32_t)said->suppress - 1);
	ck_assert_int_eq(routes_see_rule(routes, message), 0);
}

static void see_rule(uint32_t table, uint32_t mark)
{
	say_rule(&(struct said_rule){ .table = table, .mark = mark });
}

static void see_route(uint8_t type, uint32_t table, const char *prefix,
		      uint32_t device)
{
	struct nl_room room;
	struct nlmsghdr *message;
	struct rtmsg *rtm;
	uint8_t bytes[16];
	char address[64];
	unsigned int len;
	int family = strchr(prefix, ':') ? AF_INET6 : AF_INET;

	ck_assert_int_eq(sscanf(prefix, "%63[^/]/%u", address, &len), 2);
	ck_assert_int_eq(inet_pton(family, address, bytes), 1);
	message = begin(&room, (uint8_t)family);
	rtm = mnl_nlmsg_get_payload(message);
	rtm->rtm_type = type;
	rtm->rtm_dst_len = (uint8_t)len;
	mnl_attr_put_u32(message, RTA_TABLE, table);
	if (len)
		mnl_attr_put(message, RTA_DST, family == AF_INET ? 4 : 16,
			     bytes);
	if (device)
		mnl_attr_put_u32(message, RTA_OIF, device);
	ck_assert_int_eq(routes_see_route(routes, message), 0);
}

static void see_devices(void)
{
	struct links links = { .arena = policy.arena };

	*vec_push(links.arena, &links.list) =
		(struct link){ .name = "lan0", .index = LAN0 };
	*vec_push(links.arena, &links.list) =
		(struct link){ .name = "lan1", .index = LAN1 };
	*vec_push(links.arena, &links.list) =
		(struct link){ .name = "wan0", .index = WAN0 };
	routes_see_links(routes, &links);
}

static void places_of(const struct model *model)
{
	routes = routes_new(policy.arena);
	places = places_new(policy.arena, model, routes);
	places_name(places, LAN0, "lan0");
	places_name(places, LAN1, "lan1");
	places_name(places, WAN0, "wan0");
	places_name(places, OTHER, "eth9");
	see_devices();
	see_route(RTN_LOCAL, RT_TABLE_LOCAL, "198.51.100.1/32", WAN0);
	see_route(RTN_UNICAST, RT_TABLE_MAIN, "10.1.0.0/16", LAN0);
	see_route(RTN_UNICAST, RT_TABLE_MAIN, "10.2.0.0/15", LAN1);
	see_route(RTN_UNICAST, RT_TABLE_MAIN, "10.2.7.0/24", OTHER);
	see_route(RTN_UNREACHABLE, RT_TABLE_MAIN, "10.9.0.0/16", 0);
	see_route(RTN_UNICAST, RT_TABLE_MAIN, "10.8.0.0/16", LAN0);
	see_route(RTN_UNICAST, RT_TABLE_MAIN, "10.8.0.0/16", WAN0);
	see_route(RTN_UNICAST, RT_TABLE_MAIN, "0.0.0.0/0", WAN0);
	see_route(RTN_UNICAST, 100, "10.1.2.0/24", WAN0); /* not looked at */
	see_route(RTN_UNICAST, RT_TABLE_MAIN, "fd00:1::/32", LAN0);
	see_route(RTN_UNICAST, RT_TABLE_MAIN, "::/0", WAN0);
}

static void setup(void)
{
	compile_text();
	places_of(policy.model);
	live = live_new(policy.arena, policy.model, places);
}

static void teardown(void)
{
	live_close(live);
	compile_free(&policy);
}

/* ---- where hosts are ---- */

static int zone_to(const char *from, const char *to, uint8_t proto,
		   uint16_t port)
{
	struct connection c = { 0 };
	struct located source, destination;
	struct packet packet;
	int family = strchr(to, ':') ? AF_INET6 : AF_INET;

	c.original.family = c.reply.family = family == AF_INET6;
	c.original.proto = proto;
	c.original.has_ports = port;
	c.reply.sport = htons(port);
	inet_pton(family, from, c.original.source);
	inet_pton(family, to, c.reply.source);
	connection_packet(&c, &packet);
	places_find(places, &packet, &source, &destination);
	return destination.kind == PLACE_UNKNOWN ? NOWHERE : destination.zone;
}

static int zone_of(const char *host)
{
	return zone_to(strchr(host, ':') ? "2001:db8::9" : "203.0.113.9", host,
		       0, 0);
}

static const struct {
	const char *host;
	int zone;
} hosts[] = {
	{ "10.1.2.3", LAN }, /* the longest prefix of this table */
	{ "10.2.1.1", IOT }, /* one device, two zones */
	{ "10.3.1.1", DMZ },
	{ "10.2.7.1", OUTSIDE }, /* in a subnet, behind another device */
	{ "10.8.0.1", NOWHERE }, /* by two devices */
	{ "10.9.0.1", NOWHERE },
	{ "203.0.113.1", WAN },
	{ "198.51.100.1", HERE },
	{ "224.0.0.1", NOWHERE },
	{ "fd00:1:2::3", LAN },
	{ "2001:db8::1", WAN },
	{ "fe80::1", NOWHERE },
};

START_TEST(routes_tell_the_zone)
{
	ck_assert_msg(zone_of(hosts[_i].host) == hosts[_i].zone, "%s: %d",
		      hosts[_i].host, zone_of(hosts[_i].host));
}
END_TEST

/* Table 100 has 10.1.2.0/24 behind wan0, 200 all behind lan0. */
enum { OTHERS = 100, ALL = 200 };

static const struct {
	const char *what;
	struct said_rule rule;
	const char *from, *to;
	uint8_t proto;
	uint16_t port;
	int zone;
} ruled[] = {
	{ "its own source",
	  { .table = OTHERS, .from = "10.2.0.0/15" },
	  "10.2.0.1",
	  "10.1.2.3",
	  6,
	  80,
	  WAN },
	{ "another source",
	  { .table = OTHERS, .from = "10.2.0.0/15" },
	  "203.0.113.1",
	  "10.1.2.3",
	  6,
	  80,
	  LAN },
	{ "its own destination",
	  { .table = ALL, .to = "203.0.113.0/24" },
	  "10.2.0.1",
	  "203.0.113.7",
	  6,
	  80,
	  LAN },
	{ "another destination",
	  { .table = ALL, .to = "203.0.113.0/24" },
	  "10.2.0.1",
	  "203.0.112.7",
	  6,
	  80,
	  WAN },
	{ "the device it comes by",
	  { .table = ALL, .in = "lan1" },
	  "10.2.0.1",
	  "203.0.113.7",
	  6,
	  80,
	  LAN },
	{ "another device",
	  { .table = ALL, .in = "wan0" },
	  "10.2.0.1",
	  "203.0.113.7",
	  6,
	  80,
	  WAN },
	/* both ends may be behind it */
	{ "a device that it may come by",
	  { .table = ALL, .in = "lan0" },
	  "10.2.0.1",
	  "203.0.113.7",
	  6,
	  80,
	  NOWHERE },
	{ "a socket's device",
	  { .table = ALL, .out = "wan0" },
	  "10.2.0.1",
	  "203.0.113.7",
	  6,
	  80,
	  WAN },
	{ "a mark",
	  { .table = ALL, .mark = 7 },
	  "10.2.0.1",
	  "203.0.113.7",
	  6,
	  80,
	  NOWHERE },
	{ "a mark that makes no difference",
	  { .table = ALL, .mark = 7 },
	  "10.2.0.1",
	  "10.1.2.3",
	  6,
	  80,
	  LAN },
	{ "a mark, without a route",
	  { .table = OTHERS, .mark = 7 },
	  "10.2.0.1",
	  "203.0.113.7",
	  6,
	  80,
	  WAN },
	{ "no such mark",
	  { .table = ALL, .mark = 7, .invert = true },
	  "10.2.0.1",
	  "203.0.113.7",
	  6,
	  80,
	  NOWHERE },
	{ "what is dropped by its mark",
	  { .mark = 7, .action = FR_ACT_BLACKHOLE },
	  "10.2.0.1",
	  "203.0.113.7",
	  6,
	  80,
	  WAN },
	{ "what is dropped",
	  { .action = FR_ACT_BLACKHOLE },
	  "10.2.0.1",
	  "203.0.113.7",
	  6,
	  80,
	  NOWHERE },
	{ "its port",
	  { .table = ALL, .proto = 6, .port = 80 },
	  "10.2.0.1",
	  "203.0.113.7",
	  6,
	  80,
	  LAN },
	{ "another port",
	  { .table = ALL, .proto = 6, .port = 80 },
	  "10.2.0.1",
	  "203.0.113.7",
	  6,
	  81,
	  WAN },
	{ "another protocol",
	  { .table = ALL, .proto = 6, .port = 80 },
	  "10.2.0.1",
	  "203.0.113.7",
	  17,
	  80,
	  WAN },
	{ "not its protocol",
	  { .table = ALL, .proto = 6, .invert = true },
	  "10.2.0.1",
	  "203.0.113.7",
	  17,
	  80,
	  LAN },
	{ "a port without ports",
	  { .table = ALL, .port = 80 },
	  "10.2.0.1",
	  "203.0.113.7",
	  1,
	  0,
	  NOWHERE },
	{ "a default route that is left out",
	  { .table = ALL, .suppress = 1 },
	  "10.2.0.1",
	  "203.0.113.7",
	  6,
	  80,
	  WAN },
	{ "beyond the other rules",
	  { .action = FR_ACT_GOTO, .target = 9, .from = "10.2.0.0/15" },
	  "10.2.0.1",
	  "10.1.2.3",
	  6,
	  80,
	  LAN },
};

START_TEST(rules_tell_the_table)
{
	see_rule(RT_TABLE_LOCAL, 0);
	say_rule(&ruled[_i].rule);
	if (ruled[_i].rule.target)
		see_rule(ALL, 0);
	say_rule(&(struct said_rule){ .table = RT_TABLE_MAIN, .number = 9 });
	see_route(RTN_UNICAST, OTHERS, "10.1.2.0/24", WAN0);
	see_route(RTN_UNICAST, ALL, "0.0.0.0/0", LAN0);
	ck_assert_msg(zone_to(ruled[_i].from, ruled[_i].to, ruled[_i].proto,
			      ruled[_i].port) == ruled[_i].zone,
		      "%s: %d", ruled[_i].what,
		      zone_to(ruled[_i].from, ruled[_i].to, ruled[_i].proto,
			      ruled[_i].port));
}
END_TEST

/* Many a rule that may go elsewhere is no reason to try all of them. */
START_TEST(many_ways_end)
{
	unsigned int i;

	for (i = 1; i < 200; i++)
		say_rule(&(struct said_rule){ .action = FR_ACT_GOTO,
					      .number = i,
					      .target = i + 2,
					      .mark = i });
	see_rule(RT_TABLE_MAIN, 0);
	ck_assert_int_eq(zone_of("10.1.2.3"), NOWHERE);
}
END_TEST

/* ---- what the policy answers ---- */

static const struct {
	const char *source, *destination, *real; /* NULL: not translated */
	uint8_t proto;
	uint16_t port;
	uint32_t status;
	enum live_verdict verdict;
	bool offloaded, returns;
	bool kept; /* denied: it would be offloaded if it were kept */
} connections[] = {
	{ "10.1.0.2", "203.0.113.1", NULL, 17, 80, 0, LIVE_ACCEPTED, true },
	{ "10.1.0.2", "203.0.113.9", NULL, 17, 80, 0, LIVE_ACCEPTED, false },
	{ "10.1.0.3", "203.0.113.1", NULL, 17, 80, 0, LIVE_DENIED,
	  .kept = true },
	{ "10.1.0.3", "203.0.113.9", NULL, 17, 80, 0, LIVE_DENIED },
	{ "10.1.0.2", "203.0.113.1", NULL, 17, 9, 0, LIVE_UNKNOWN },
	{ "10.1.0.2", "203.0.113.1", NULL, 6, 9, 0, LIVE_DENIED, .kept = true },
	{ "10.1.0.3", "203.0.113.1", NULL, 17, 9, 0, LIVE_DENIED,
	  .kept = true },
	{ "10.1.0.2", "203.0.113.1", NULL, 6, 7, 0, LIVE_ACCEPTED, false },
	{ "10.1.0.2", "203.0.113.1", NULL, 6, 6, 0, LIVE_UNKNOWN },
	{ "10.1.0.2", "203.0.113.1", NULL, 6, 6, IPS_SEEN_REPLY, LIVE_ACCEPTED,
	  true },
	{ "10.1.0.2", "203.0.113.1", NULL, 6, 5, 0, LIVE_UNKNOWN },
	{ "10.1.0.2", "203.0.113.1", NULL, 6, 80, IPS_EXPECTED, LIVE_UNKNOWN },
	{ "10.8.0.2", "203.0.113.1", NULL, 6, 80, 0, LIVE_UNKNOWN },
	{ "10.2.0.2", "203.0.113.1", NULL, 6, 80, 0, LIVE_ACCEPTED, false },
	{ "10.2.0.2", "198.51.100.1", NULL, 6, 80, 0, LIVE_ACCEPTED, false },
	{ "10.1.0.2", "198.51.100.1", NULL, 6, 80, 0, LIVE_DENIED, false,
	  true }, /* the router may go anywhere */
	{ "203.0.113.1", "198.51.100.1", "10.3.0.2", 6, 80, IPS_DST_NAT,
	  LIVE_ACCEPTED, false },
	/* it went to where no forward goes any more, from where all may */
	{ "203.0.113.1", "198.51.100.1", "10.2.0.2", 6, 80, IPS_DST_NAT,
	  LIVE_DENIED, false, true },
	{ "203.0.113.1", "10.3.0.2", NULL, 6, 80, 0, LIVE_DENIED },
	/* of no zone: the default; its first packets may be translated */
	{ "10.1.0.2", "10.2.7.1", NULL, 6, 80, 0, LIVE_DENIED, false, true },
	{ "10.2.7.1", "198.51.100.1", NULL, 6, 80, 0, LIVE_DENIED, false,
	  true },
	{ "198.51.100.1", "10.2.7.1", NULL, 6, 80, 0, LIVE_ACCEPTED, false },
};

static struct connection connection_at(size_t i)
{
	struct connection c = { .status = connections[i].status };
	const char *real = connections[i].real ? connections[i].real :
						 connections[i].destination;

	c.original.proto = c.reply.proto = connections[i].proto;
	c.original.has_ports = c.reply.has_ports = true;
	c.original.sport = c.reply.dport = htons(40000);
	c.original.dport = c.reply.sport = htons(connections[i].port);
	inet_pton(AF_INET, connections[i].source, c.original.source);
	inet_pton(AF_INET, connections[i].destination, c.original.destination);
	inet_pton(AF_INET, real, c.reply.source);
	inet_pton(AF_INET, connections[i].source, c.reply.destination);
	return c;
}

START_TEST(policy_answers)
{
	struct connection c = connection_at((size_t)_i);
	struct live_answer answer;

	live_ask(live, &c, &answer);
	ck_assert_msg(answer.verdict == connections[_i].verdict,
		      "%d: %d, since %s", _i, answer.verdict,
		      answer.unknown ? answer.unknown : "it is so");
	ck_assert_int_eq(answer.unknown != NULL,
			 answer.verdict == LIVE_UNKNOWN);
	ck_assert_int_eq(answer.flowtable != NULL, connections[_i].offloaded);
	if (answer.verdict == LIVE_DENIED)
		ck_assert_int_eq(live_returns(live, &c),
				 connections[_i].returns);
}
END_TEST

/* Only what is denied has another answer. */
START_TEST(policy_keeps)
{
	struct connection c = connection_at((size_t)_i);
	bool denied = connections[_i].verdict == LIVE_DENIED;
	struct live_answer answer;

	live_ask_kept(live, &c, &answer);
	ck_assert_int_eq(answer.verdict,
			 denied ? LIVE_ACCEPTED : connections[_i].verdict);
	ck_assert_int_eq(answer.flowtable != NULL,
			 denied ? connections[_i].kept :
				  connections[_i].offloaded);
	if (denied)
		ck_assert(!answer.answer.rule);
}
END_TEST

/* ---- zones without their policy ---- */

static const char *const lines[] = {
	"lan lan0",
	"iot lan1 10.2.0.0/10.2.255.255",
	"many wlan* eth0.7 10.0.0.0/10.0.2.255 10.9.0.1/10.9.0.1",
	"six a b c fd00:1::/fd00:1::ff",
	"empty",
};

START_TEST(zones_go_into_lines_and_back)
{
	struct zone zone;

	ck_assert(zones_parse_line(policy.arena, str_of(lines[_i]), &zone));
	ck_assert_str_eq(zones_line(policy.arena, &zone), lines[_i]);
}
END_TEST

static const char *const no_lines[] = {
	"",
	" lan0",
	"lan  lan0",
	"lan lan0 10.0.0.0",
	"lan lan0 10.0.0.0/",
	"lan lan0 10.0.0.0/24",
	"lan lan0 10.0.0.9/10.0.0.1",
	"lan lan0 10.0.0.0/fd00::1",
	"lan lan0 /",
	"lan lan0 1000:1000:1000:1000:1000:1000:1000:1000:1000:1000/::",
};

START_TEST(lines_that_are_none)
{
	struct zone zone;
	bool device = _i == 3; /* without a slash it is one */

	ck_assert(zones_parse_line(policy.arena, str_of(no_lines[_i]), &zone) ==
		  device);
}
END_TEST

/* They are found by it as by the policy itself. */
START_TEST(zones_of_lines_are_the_same)
{
	const struct model *model = policy.model;
	struct zone *zones;
	size_t i;

	zones = arena_array(policy.arena, model->nzones, sizeof(*zones));
	for (i = 0; i < model->nzones; i++)
		ck_assert(zones_parse_line(
			policy.arena,
			str_of(zones_line(policy.arena, &model->zones[i])),
			&zones[i]));
	model = zones_model(policy.arena, zones, model->nzones);
	for (i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		places_of(model);
		ck_assert_int_eq(zone_of(hosts[i].host), hosts[i].zone);
	}
}
END_TEST

Suite *live_suite(void)
{
	Suite *suite = suite_create("live");
	TCase *tcase = tcase_create("live");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, routes_tell_the_zone, 0,
			    sizeof(hosts) / sizeof(*hosts));
	tcase_add_loop_test(tcase, rules_tell_the_table, 0,
			    sizeof(ruled) / sizeof(*ruled));
	tcase_add_test(tcase, many_ways_end);
	tcase_add_loop_test(tcase, zones_go_into_lines_and_back, 0,
			    sizeof(lines) / sizeof(*lines));
	tcase_add_loop_test(tcase, lines_that_are_none, 0,
			    sizeof(no_lines) / sizeof(*no_lines));
	tcase_add_test(tcase, zones_of_lines_are_the_same);
	tcase_add_loop_test(tcase, policy_answers, 0,
			    sizeof(connections) / sizeof(*connections));
	tcase_add_loop_test(tcase, policy_keeps, 0,
			    sizeof(connections) / sizeof(*connections));
	suite_add_tcase(suite, tcase);
	return suite;
}
