// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which devices flowtables get (runtime/offload/attach.h), decided for machines
 * that are made up; and what rtnetlink says of devices (runtime/netlink/links.h),
 * from messages as the kernel writes them.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>

#include "runtime/offload/attach.h"
#include "suites.h"

static struct arena *arena;

static void set_up(void)
{
	arena = arena_new();
}

static void tear_down(void)
{
	arena_free(arena);
}

#define ETHER ARPHRD_ETHER
#define ABLE LINK_ABLE

/* In the order of their names, as links_read() leaves them. */
static const struct link router[] = {
	{ "br-lan", "bridge", 10, 0, 0, ETHER, LINK_UNABLE, 0 },
	{ "br-v", "bridge", 11, 0, 0, ETHER, LINK_UNABLE, 0 },
	{ "br-v.7", "vlan", 12, 11, 0, ETHER, LINK_UNABLE, 0 },
	{ "eth0", NULL, 1, 0, 0, ETHER, ABLE, 0 },
	{ "eth0.20", "vlan", 13, 1, 11, ETHER, LINK_UNABLE, 0 },
	{ "eth0.7", "vlan", 14, 1, 0, ETHER, LINK_UNABLE, 0 },
	{ "eth1", NULL, 2, 0, 0, ETHER, ABLE, 0 },
	{ "lan1", NULL, 3, 0, 10, ETHER, ABLE, 0 },
	{ "lan2", NULL, 4, 0, 10, ETHER, ABLE, 0 },
	{ "off0", NULL, 5, 0, 0, ETHER, LINK_OFF, 0 },
	{ "plain0", NULL, 6, 0, 0, ETHER, LINK_UNABLE, 0 },
	{ "ppp0", NULL, 20, 0, 0, ARPHRD_PPP, LINK_UNABLE, 0 },
	{ "says0", NULL, 7, 0, 0, ETHER, ABLE, -EOPNOTSUPP },
	{ "wg0", "wireguard", 21, 0, 0, ARPHRD_NONE, LINK_UNABLE, 0 },
	{ "wlan0", NULL, 8, 0, 15, ETHER, LINK_UNABLE, 0 },
	{ "x-lan", "bridge", 15, 0, 0, ETHER, LINK_UNABLE, 0 },
	{ "x-lan1", NULL, 9, 0, 15, ETHER, ABLE, 0 },
};

static struct links links_of(const char *pppoe)
{
	struct links links = { .arena = arena };
	size_t i;

	for (i = 0; i < sizeof(router) / sizeof(*router); i++)
		*vec_push(arena, &links.list) = router[i];
	if (pppoe)
		*vec_push(arena, &links.pppoe) = pppoe;
	return links;
}

/* "fast hardware eth0 eth1 | eth0 hardware | ..." of each, a line. */
static const char *decide(const char *text, const char *pppoe)
{
	struct links links = links_of(pppoe);
	struct attach_wishes wishes;
	struct attach attach;
	struct buf out = { 0 };
	const char *said;
	size_t i, j;

	ck_assert(attach_parse(arena, str_of(text), &wishes));
	attach = attach_decide(arena, &wishes, &links);
	for (i = 0; i < attach.tables.n; i++) {
		const struct attach_table *t = &attach.tables.v[i];

		buf_printf(&out, "%s%s %s", i ? "\n" : "", t->name,
			   t->hardware ? "hardware" : "software");
		for (j = 0; j < t->devices.n; j++)
			buf_printf(&out, " %s", t->devices.v[j]);
		for (j = 0; j < t->fates.n; j++)
			buf_printf(&out, " | %s %s", t->fates.v[j].device,
				   attach_describe(arena, &t->fates.v[j]));
	}
	said = arena_strndup(arena, out.p ? out.p : "", out.n);
	buf_free(&out);
	return said;
}

static const struct {
	const char *wishes, *pppoe, *expected;
} shapes[] = {
	{ "fast auto named eth0 eth1\n", NULL,
	  "fast hardware eth0 eth1 | eth0 hardware | eth1 hardware" },
	{ "fast software named eth0 eth1\n", NULL,
	  "fast software eth0 eth1 | eth0 software | eth1 software" },
	/* one that cannot: both are in software, for a flow has both */
	{ "fast auto named eth0 plain0\n", NULL,
	  "fast software eth0 plain0 | "
	  "eth0 software: kept from hardware by plain0 | "
	  "plain0 software: plain0 cannot offload in hardware" },
	{ "fast auto named eth0 off0\n", NULL,
	  "fast software eth0 off0 | "
	  "eth0 software: kept from hardware by off0 | "
	  "off0 software: hw-tc-offload of off0 is off" },
	{ "fast auto named says0\n", NULL,
	  "fast software says0 | says0 software: the kernel refuses hardware "
	  "for says0: Operation not supported" },
	{ "fast auto named eth0 off0 plain0 eth1 wlan0\n", NULL,
	  "fast software eth0 eth1 off0 plain0 wlan0 | "
	  "eth0 software: kept from hardware by off0, plain0, wlan0 | "
	  "eth1 software: kept from hardware by off0, plain0, wlan0 | "
	  "off0 software: hw-tc-offload of off0 is off | "
	  "plain0 software: plain0 cannot offload in hardware | "
	  "wlan0 software: wlan0 cannot offload in hardware" },
	{ "fast auto named br-lan eth0\n", NULL,
	  "fast software br-lan eth0 | "
	  "br-lan software: br-lan cannot offload in hardware | "
	  "eth0 software: kept from hardware by br-lan" },
	/* the policy insists: the kernel is to answer */
	{ "fast hardware named eth0 plain0\n", NULL,
	  "fast hardware eth0 plain0 | eth0 hardware | plain0 hardware" },
	/* a bridge's ports in hardware, itself in software */
	{ "fast auto follow br-lan eth1\n", NULL,
	  "fast hardware eth1 lan1 lan2 | br-lan hardware, by lan1, lan2 | "
	  "eth1 hardware" },
	{ "fast software follow br-lan eth1\n", NULL,
	  "fast software br-lan eth1 | br-lan software | eth1 software" },
	{ "fast auto follow x-lan eth1\n", NULL,
	  "fast software eth1 x-lan | "
	  "eth1 software: kept from hardware by wlan0 | "
	  "x-lan software: wlan0 cannot offload in hardware" },
	{ "fast hardware follow x-lan eth1\n", NULL,
	  "fast hardware eth1 x-lan1 | eth1 hardware | x-lan hardware, by "
	  "x-lan1: wlan0 cannot offload in hardware, and is left out" },
	/* a VLAN's lower device, whatever it is below */
	{ "fast software follow eth0.7\n", NULL,
	  "fast software eth0 | eth0.7 software, by eth0" },
	{ "fast auto follow br-v.7\n", NULL,
	  "fast hardware eth0 | br-v.7 hardware, by eth0" },
	{ "fast software follow br-v.7\n", NULL,
	  "fast software br-v.7 | br-v.7 software" },
	/* a session's */
	{ "fast software follow ppp0\n", "eth0.7",
	  "fast software eth0 | ppp0 software, by eth0" },
	{ "fast auto follow ppp0\n", "eth1",
	  "fast hardware eth1 | ppp0 hardware, by eth1" },
	{ "fast software follow ppp0\n", NULL,
	  "fast software | ppp0 none: no Ethernet: the kernel's fast path "
	  "ends before it" },
	/* no Ethernet, unless it is named */
	{ "fast software follow eth1 wg0\n", NULL,
	  "fast software eth1 | eth1 software | wg0 none: no Ethernet: the "
	  "kernel's fast path ends before it" },
	{ "fast software named wg0\n", NULL,
	  "fast software wg0 | wg0 software" },
	/* what is not there yet, and what may be there any number of times */
	{ "fast auto named eth0 eth9\n", NULL,
	  "fast hardware eth0 | eth0 hardware | eth9 pending: it does not "
	  "exist" },
	{ "fast auto named lan* nothing*\n", NULL,
	  "fast hardware lan1 lan2 | lan1 hardware | lan2 hardware" },
	{ "fast auto follow eth9\n", NULL,
	  "fast software | eth9 pending: it does not exist" },
	/* several, each for itself; and no device is in two */
	{ "a auto named eth0\nb auto named plain0\n", NULL,
	  "a hardware eth0 | eth0 hardware\nb software plain0 | plain0 "
	  "software: plain0 cannot offload in hardware" },
	{ "a software follow eth0.7\nb software follow eth0.20\n", NULL,
	  "a software eth0.7 | eth0.7 software\n"
	  "b software eth0.20 | eth0.20 software" },
	{ "a auto follow eth0.7\nb auto follow eth0\n", NULL,
	  "a software eth0.7 | eth0.7 software: what is below its devices is "
	  "in another flowtable\nb software eth0 | eth0 software: what is "
	  "below its devices is in another flowtable" },
};

START_TEST(shapes_are_decided)
{
	ck_assert_str_eq(decide(shapes[_i].wishes, shapes[_i].pppoe),
			 shapes[_i].expected);
}
END_TEST

/* Only what says that it can is asked of the kernel. */
START_TEST(candidates_are_able)
{
	struct links links = links_of(NULL);
	struct attach_candidates candidates;
	struct attach_wishes wishes;

	ck_assert(attach_parse(arena,
			       str_of("a auto follow br-lan plain0 off0\n"
				      "b hardware named eth0\n"
				      "c software named eth1\n"),
			       &wishes));
	candidates = attach_candidates(arena, &wishes, &links);
	ck_assert_uint_eq(candidates.list.n, 2);
	ck_assert_str_eq(candidates.list.v[0], "lan1");
	ck_assert_str_eq(candidates.list.v[1], "lan2");
}
END_TEST

START_TEST(wishes_are_kept)
{
	static const char text[] = "fast auto follow br-lan wlan*\n"
				   "slow software named\n"
				   "hard hardware named eth0\n";
	struct attach_wishes wishes;
	struct buf out = { 0 };

	ck_assert(attach_parse(arena, str_of(text), &wishes));
	ck_assert_uint_eq(wishes.list.n, 3);
	for (size_t i = 0; i < wishes.list.n; i++)
		buf_printf(&out, "%s\n", attach_line(arena, &wishes.list.v[i]));
	ck_assert_str_eq(out.p, text);
	buf_free(&out);
}
END_TEST

START_TEST(malformed_wishes_are_refused)
{
	static const char *const bad[] = { "\n", "fast\n", "fast auto\n",
					   "fast maybe named eth0\n",
					   "fast auto eth0\n" };
	struct attach_wishes wishes;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert(!attach_parse(arena, str_of(bad[i]), &wishes));
}
END_TEST

/*
 * rtnetlink
 */

static struct nlmsghdr *new_link(char *room, const char *name, int index)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(room);
	struct ifinfomsg *info;

	message->nlmsg_type = RTM_NEWLINK;
	info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	info->ifi_index = index;
	info->ifi_type = ARPHRD_ETHER;
	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	return message;
}

START_TEST(links_are_read)
{
	_Alignas(8) char room[512];
	struct links links = { .arena = arena };
	struct nlmsghdr *message = new_link(room, "eth0.7", 14);
	struct nlattr *nest;

	mnl_attr_put_u32(message, IFLA_LINK, 1);
	mnl_attr_put_u32(message, IFLA_MASTER, 10);
	nest = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_strz(message, IFLA_INFO_KIND, "vlan");
	mnl_attr_nest_end(message, nest);
	links_see(&links, message);
	ck_assert_uint_eq(links.list.n, 1);
	ck_assert_str_eq(links.list.v[0].name, "eth0.7");
	ck_assert_str_eq(links.list.v[0].kind, "vlan");
	ck_assert_uint_eq(links.list.v[0].index, 14);
	ck_assert_uint_eq(links.list.v[0].lower, 1);
	ck_assert_uint_eq(links.list.v[0].master, 10);
	ck_assert_uint_eq(links.list.v[0].type, ARPHRD_ETHER);
}
END_TEST

/* Its number is another namespace's, where it may be anything. */
START_TEST(links_of_others_are_not_followed)
{
	_Alignas(8) char room[512];
	struct links links = { .arena = arena };
	struct nlmsghdr *message = new_link(room, "veth0", 14);

	mnl_attr_put_u32(message, IFLA_LINK, 1);
	mnl_attr_put_u32(message, IFLA_LINK_NETNSID, 0);
	links_see(&links, message);
	ck_assert_uint_eq(links.list.n, 1);
	ck_assert_uint_eq(links.list.v[0].lower, 0);
}
END_TEST

START_TEST(malformed_links_are_passed_over)
{
	_Alignas(8) char room[512];
	struct links links = { .arena = arena };
	struct nlmsghdr *message;

	message = new_link(room, "", 1);
	links_see(&links, message);
	message = new_link(room, "a-name-of-sixteen", 1);
	links_see(&links, message);
	message = new_link(room, "eth0", 1);
	message->nlmsg_type = RTM_DELLINK;
	links_see(&links, message);
	message->nlmsg_type = RTM_NEWLINK;
	message->nlmsg_len = MNL_NLMSG_HDRLEN + 4;
	links_see(&links, message);
	ck_assert_uint_eq(links.list.n, 0);
}
END_TEST

Suite *attach_suite(void)
{
	Suite *suite = suite_create("attach");
	TCase *tcase = tcase_create("attach");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, shapes_are_decided, 0,
			    sizeof(shapes) / sizeof(*shapes));
	tcase_add_test(tcase, candidates_are_able);
	tcase_add_test(tcase, wishes_are_kept);
	tcase_add_test(tcase, malformed_wishes_are_refused);
	tcase_add_test(tcase, links_are_read);
	tcase_add_test(tcase, links_of_others_are_not_followed);
	tcase_add_test(tcase, malformed_links_are_passed_over);
	suite_add_tcase(suite, tcase);
	return suite;
}
