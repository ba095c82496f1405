// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of connections: which events make one, what it says, and how it is
 * written. The kernel's part is played here.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/live/flowlog.h"
#include "runtime/live/logsink.h"
#include "runtime/netlink/nl.h"
#include "suites.h"

#define SECOND UINT64_C(1000000000)
#define NOW (UINT64_C(1700000000) * SECOND) /* 2023-11-14 22:13:20 */

static struct flowlog *logger;
static struct buf said;
static struct kernel kernel;
static struct arena *arena;
static unsigned int learned;

static int record(const struct flowlog_record *r, void *data)
{
	(void)data;
	logsink_line(&said, r);
	return 0;
}

static int learn(void *data)
{
	(void)data;
	learned++;
	flowlog_policy(logger, &kernel);
	return 0;
}

/* Values 1 and 2, of the upper bits; numbers 1 and 2; offloaded. */
static void runs(uint64_t digest, uint32_t epoch, const char *first,
		 const char *second)
{
	static const char *const zones[] = { "lan", "-" };
	const char *names[] = { first, second };
	uint32_t i;

	kernel = (struct kernel){ .names.arena = arena, .recorded = true };
	kernel.record = (struct ir_record){ .policy = "home",
					    .digest = digest,
					    .epoch = epoch,
					    .count = 2,
					    .mask = 0xf0000000,
					    .flow_mask = 0x0f000000 };
	for (i = 0; i < 2; i++) {
		struct ir_flow_row *row = vec_push(arena, &kernel.flows);

		*row = (struct ir_flow_row){ .number = i + 1 };
		snprintf(row->from, sizeof(row->from), "%s", zones[i]);
		snprintf(row->to, sizeof(row->to), "wan");
		snprintf(row->rule, sizeof(row->rule), "%s", names[i]);
	}
}

static void set_up(void)
{
	const struct flowlog_options options = { .record = record,
						 .learn = learn };

	setenv("TZ", "UTC0", 1);
	tzset();
	arena = arena_new();
	said = (struct buf){ 0 };
	learned = 0;
	logger = flowlog_new(&options);
	runs(1, 1, "web", "voice");
	flowlog_policy(logger, &kernel);
}

static void tear_down(void)
{
	flowlog_free(logger);
	arena_free(arena);
	buf_free(&said);
}

struct event {
	uint16_t type;
	uint32_t id, mark, status;
	uint8_t protocol, state; /* 0: not told */
	uint32_t timeout;	 /* 0: not told */
	bool counts, times;
};

static void put_tuple(struct nlmsghdr *message, const struct event *e,
		      uint16_t type, const char *from, const char *to,
		      uint16_t sport, uint16_t dport)
{
	struct nlattr *tuple = mnl_attr_nest_start(message, type), *nest;
	struct in_addr address;

	nest = mnl_attr_nest_start(message, CTA_TUPLE_IP);
	inet_pton(AF_INET, from, &address);
	mnl_attr_put_u32(message, CTA_IP_V4_SRC, address.s_addr);
	inet_pton(AF_INET, to, &address);
	mnl_attr_put_u32(message, CTA_IP_V4_DST, address.s_addr);
	mnl_attr_nest_end(message, nest);
	nest = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(message, CTA_PROTO_NUM, e->protocol);
	mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, htons(sport));
	mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, htons(dport));
	mnl_attr_nest_end(message, nest);
	mnl_attr_nest_end(message, tuple);
}

static void put_pair(struct nlmsghdr *message, uint16_t type, uint16_t first,
		     uint64_t a, uint16_t second, uint64_t b)
{
	struct nlattr *nest = mnl_attr_nest_start(message, type);

	mnl_attr_put_u64(message, first, htobe64(a));
	mnl_attr_put_u64(message, second, htobe64(b));
	mnl_attr_nest_end(message, nest);
}

static void put_state(struct nlmsghdr *message, uint8_t state)
{
	struct nlattr *info = mnl_attr_nest_start(message, CTA_PROTOINFO);
	struct nlattr *tcp = mnl_attr_nest_start(message, CTA_PROTOINFO_TCP);

	mnl_attr_put_u8(message, CTA_PROTOINFO_TCP_STATE, state);
	mnl_attr_nest_end(message, tcp);
	mnl_attr_nest_end(message, info);
}

/* 10.0.0.2:4000 (as 203.0.113.1:4000) > 203.0.113.5:443 */
static int hand_over(const struct event *e, uint64_t when)
{
	struct nlmsghdr *message;
	struct nl_room room;

	message = nl_request(&room, NFNL_SUBSYS_CTNETLINK << 8 | e->type,
			     AF_INET);
	put_tuple(message, e, CTA_TUPLE_ORIG, "10.0.0.2", "203.0.113.5", 4000,
		  443);
	put_tuple(message, e, CTA_TUPLE_REPLY, "203.0.113.5", "203.0.113.1",
		  443, 4000);
	mnl_attr_put_u32(message, CTA_STATUS, htonl(e->status | IPS_SRC_NAT));
	mnl_attr_put_u32(message, CTA_ID, htonl(e->id));
	mnl_attr_put_u32(message, CTA_MARK, htonl(e->mark));
	if (e->timeout)
		mnl_attr_put_u32(message, CTA_TIMEOUT, htonl(e->timeout));
	if (e->state)
		put_state(message, e->state);
	if (e->counts) {
		put_pair(message, CTA_COUNTERS_ORIG, CTA_COUNTERS_PACKETS, 3,
			 CTA_COUNTERS_BYTES, 180);
		put_pair(message, CTA_COUNTERS_REPLY, CTA_COUNTERS_PACKETS, 2,
			 CTA_COUNTERS_BYTES, 120);
	}
	if (e->times)
		put_pair(message, CTA_TIMESTAMP, CTA_TIMESTAMP_START,
			 NOW - 60 * SECOND, CTA_TIMESTAMP_STOP, NOW);
	return flowlog_see(logger, message, when);
}

static void starts(uint32_t id, uint32_t mark, uint64_t when)
{
	const struct event e = {
		.type = IPCTNL_MSG_CT_NEW, .id = id, .mark = mark, .protocol = 6
	};

	ck_assert_int_eq(hand_over(&e, when), 0);
}

static void ends(uint32_t id, uint32_t mark, uint64_t when)
{
	const struct event e = { .type = IPCTNL_MSG_CT_DELETE,
				 .id = id,
				 .mark = mark,
				 .status = IPS_SEEN_REPLY,
				 .protocol = 6,
				 .state = TCP_CONNTRACK_TIME_WAIT,
				 .counts = true };

	ck_assert_int_eq(hand_over(&e, when), 0);
}

static void begin(void)
{
	flowlog_look(logger);
	ck_assert_int_eq(flowlog_looked(logger, NOW), 0);
}

static void expect(const char *text)
{
	ck_assert_str_eq(said.p ? said.p : "", text);
	said.n = 0;
	if (said.p)
		*said.p = '\0';
}

#define ENDS "10.0.0.2:4000 (as 203.0.113.1:4000) > 203.0.113.5:443"
#define START(zones, rule)                                                     \
	"2023-11-14T22:13:20.000+00:00 start " zones " " rule " tcp  " ENDS
#define WEB_START START("lan > wan       ", "web                     ")
#define WEB_END                                                                \
	"2023-11-14T22:13:23.250+00:00 end   lan > wan        "                \
	"web                      tcp  " ENDS

START_TEST(one_line_each)
{
	begin();
	starts(7, 0x12000000, NOW);
	starts(7, 0x12000000, NOW);
	expect(WEB_START "\n");
	ends(7, 0x13000000, NOW + 3250000000);
	expect(WEB_END " packets 3/2 bytes 180/120 3.250s offloaded, closed\n");
	ck_assert_uint_eq(learned, 0);
}
END_TEST

START_TEST(others_have_none)
{
	begin();
	starts(1, 0, NOW);	    /* no policy decided it */
	starts(2, 0x10000000, NOW); /* no such rule */
	starts(3, 0x0000ffff, NOW); /* somebody else's bits */
	starts(4, 0x18000000, NOW); /* a number that nobody has */
	ends(1, 0, NOW);
	ends(2, 0x10000000, NOW);
	expect("");
	ck_assert_uint_eq(learned, 0);
}
END_TEST

static const struct {
	struct event event;
	const char *reason;
} reasons[] = {
	{ { .protocol = 6, .state = TCP_CONNTRACK_TIME_WAIT }, "closed" },
	{ { .protocol = 6, .state = TCP_CONNTRACK_CLOSE }, "reset" },
	{ { .protocol = 6,
	    .state = TCP_CONNTRACK_ESTABLISHED,
	    .status = IPS_SEEN_REPLY },
	  "idle" },
	{ { .protocol = 6,
	    .state = TCP_CONNTRACK_ESTABLISHED,
	    .status = IPS_SEEN_REPLY,
	    .timeout = 100 },
	  "deleted" },
	{ { .protocol = 6, .state = TCP_CONNTRACK_SYN_SENT }, "no answer" },
	{ { .protocol = 17, .status = IPS_SEEN_REPLY }, "idle" },
	{ { .protocol = 17 }, "no answer" },
	{ { .protocol = 17, .timeout = 9 }, "deleted" },
};

START_TEST(why_it_ended)
{
	struct event e = reasons[_i].event;
	const char *comma;

	begin();
	e.type = IPCTNL_MSG_CT_DELETE;
	e.mark = 0x12000000;
	ck_assert_int_eq(hand_over(&e, NOW), 0);
	comma = strrchr(said.p, ',');
	ck_assert_ptr_nonnull(comma);
	ck_assert_msg(!strncmp(comma + 2, reasons[_i].reason,
			       strlen(reasons[_i].reason)),
		      "%s", said.p);
}
END_TEST

START_TEST(times_of_the_kernel)
{
	const struct event e = { .type = IPCTNL_MSG_CT_DELETE,
				 .mark = 0x12000000,
				 .protocol = 17,
				 .times = true };

	begin();
	ck_assert_int_eq(hand_over(&e, NOW + 5 * SECOND), 0);
	ck_assert_ptr_nonnull(strstr(said.p, "22:13:20.000+00:00 end"));
	ck_assert_ptr_nonnull(strstr(said.p, " 60.000s "));
}
END_TEST

/* What is there at first has started before; then what is found is late. */
START_TEST(looking_again)
{
	flowlog_look(logger);
	starts(1, 0x12000000, NOW);
	ck_assert_int_eq(flowlog_looked(logger, NOW), 0);
	expect("");
	ck_assert(flowlog_has_former(logger));
	starts(2, 0x12000000, NOW);
	expect(WEB_START "\n");

	flowlog_look(logger);
	starts(2, 0x12000000, NOW);
	expect("");
	starts(3, 0x12000000, NOW);
	expect(WEB_START " seen late\n");
	ck_assert_int_eq(flowlog_looked(logger, NOW + 3250000000), 0);
	expect(WEB_END " not offloaded, unnoticed\n");
	ck_assert(!flowlog_has_former(logger));
}
END_TEST

START_TEST(another_policy)
{
	begin();
	starts(1, 0x12000000, NOW);
	starts(2, 0x12000000, NOW);
	expect(WEB_START "\n" WEB_START "\n");
	runs(2, 3, "other", "web");
	starts(3, 0x34000000, NOW);
	expect(START("- > wan         ", "web                     ") "\n");
	ck_assert_uint_eq(learned, 1);
	ends(1, 0x12000000, NOW + 3250000000); /* decided by the former */
	expect(WEB_END " packets 3/2 bytes 180/120 3.250s not offloaded, "
		       "closed\n");
	ends(2, 0x30000000, NOW + 3250000000); /* again, without such a rule */
	expect(WEB_END " packets 3/2 bytes 180/120 3.250s not offloaded, "
		       "closed\n");
}
END_TEST

START_TEST(many_are_known)
{
	uint32_t id;

	begin();
	for (id = 0; id < 1000; id++)
		starts(id, 0x12000000, NOW);
	said.n = 0;
	flowlog_look(logger);
	for (id = 0; id < 999; id++)
		starts(id, 0x12000000, NOW);
	ck_assert_int_eq(flowlog_looked(logger, NOW + 3250000000), 0);
	expect(WEB_END " 3.250s not offloaded, unnoticed\n");
	for (id = 0; id < 999; id++)
		ends(id, 0x12000000, NOW);
	flowlog_look(logger);
	said.n = 0;
	*said.p = '\0';
	ck_assert_int_eq(flowlog_looked(logger, NOW), 0);
	expect("");
}
END_TEST

START_TEST(only_what_is_asked)
{
	struct flowfilter filter = { .match.protocol = 17 };
	const struct flowlog_options options = { .record = record,
						 .filter = &filter };

	flowlog_free(logger);
	logger = flowlog_new(&options);
	flowlog_policy(logger, &kernel);
	begin();
	starts(1, 0x12000000, NOW);
	expect("");
	filter.match.protocol = 6;
	filter.nids = 1;
	filter.ids[0] = 3;
	starts(2, 0x12000000, NOW);
	expect("");
	starts(3, 0x12000000, NOW);
	expect(WEB_START "\n");
}
END_TEST

static const struct ir_flow_row odd = { .number = 1,
					.from = "-",
					.to = "wan",
					.rule = "a\"b\\c\001",
					.others = 2 };

static struct flowlog_record odd_record(const struct module_flow *flow)
{
	return (struct flowlog_record){ .what = FLOWLOG_END,
					.when = NOW,
					.flow = flow,
					.policy = "home",
					.row = &odd,
					.began = NOW - 1500000000,
					.hardware = true,
					.reason = "idle" };
}

START_TEST(as_json)
{
	const struct module_flow flow = {
		.family = AF_INET6, .protocol = 58, .id = 9, .zone = 3
	};
	const struct flowlog_record r = odd_record(&flow);

	logsink_json(&said, &r);
	expect("{\"time\": \"2023-11-14T22:13:20.000+00:00\", "
	       "\"event\": \"end\", \"policy\": \"home\", "
	       "\"rule\": \"a\\\"b\\\\c\\u0001\", \"or_others\": 2, "
	       "\"to\": \"wan\", \"family\": \"ipv6\", "
	       "\"protocol\": \"icmpv6\", \"source\": {\"address\": \"::\"}, "
	       "\"destination\": {\"address\": \"::\"}, \"id\": 9, \"mark\": 0, "
	       "\"ct_zone\": 3, \"offloaded\": true, \"hardware\": true, "
	       "\"began\": \"2023-11-14T22:13:18.500+00:00\", "
	       "\"milliseconds\": 1500, \"reason\": \"idle\"}\n");
}
END_TEST

START_TEST(as_fields)
{
	const struct module_flow flow = {
		.family = AF_INET,
		.protocol = 47,
		.original = { .has_counters = true, .packets = 1, .bytes = 60 },
	};
	const struct flowlog_record r = odd_record(&flow);

	logsink_fields(&said, &r);
	ck_assert_ptr_nonnull(strstr(said.p, "\nMESSAGE=end   - > wan "));
	ck_assert_ptr_nonnull(strstr(said.p, "\nNFTOFFC_PROTOCOL=gre\n"));
	ck_assert_ptr_nonnull(strstr(said.p, "\nNFTOFFC_BYTES_SENT=60\n"));
	ck_assert_ptr_nonnull(strstr(said.p, "\nNFTOFFC_SECONDS=1.500\n"));
	ck_assert_ptr_nonnull(strstr(said.p, "\nNFTOFFC_OFFLOAD=hardware\n"));
}
END_TEST

START_TEST(rows_are_read)
{
	struct ir_flow_row row;

	ck_assert(ir_flow_parse("flow 3 lan wan web", &row));
	ck_assert_uint_eq(row.number, 3);
	ck_assert_str_eq(row.from, "lan");
	ck_assert_str_eq(row.to, "wan");
	ck_assert_str_eq(row.rule, "web");
	ck_assert_uint_eq(row.others, 0);
	ck_assert(ir_flow_parse("flow 7 - - web +12", &row));
	ck_assert_uint_eq(row.others, 12);
	ck_assert(!ir_flow_parse("policy home digest 1", &row));
	ck_assert(!ir_flow_parse("flow 7 - -", &row));
}
END_TEST

Suite *flowlog_suite(void)
{
	Suite *suite = suite_create("flowlog");
	TCase *tcase = tcase_create("flowlog");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, one_line_each);
	tcase_add_test(tcase, others_have_none);
	tcase_add_loop_test(tcase, why_it_ended, 0,
			    sizeof(reasons) / sizeof(*reasons));
	tcase_add_test(tcase, times_of_the_kernel);
	tcase_add_test(tcase, looking_again);
	tcase_add_test(tcase, another_policy);
	tcase_add_test(tcase, many_are_known);
	tcase_add_test(tcase, only_what_is_asked);
	tcase_add_test(tcase, as_json);
	tcase_add_test(tcase, as_fields);
	tcase_add_test(tcase, rows_are_read);
	suite_add_tcase(suite, tcase);
	return suite;
}
