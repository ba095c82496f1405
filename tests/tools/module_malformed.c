// SPDX-License-Identifier: GPL-2.0-only
/*
 * module_malformed - sends the kernel module what it must refuse
 *
 *	module_malformed [SEED COUNT]
 *
 * For each command, and each attribute that exists, a message that is wrong in
 * one thing: an attribute that the command does not know, one that is too short,
 * too long, out of its range, not a nest or not closed, a header cut off. Every
 * one must be answered with an error. With SEED, then COUNT messages with
 * random bytes in them, of which nothing is expected but an answer.
 *
 * Ends with 0 if all was refused; the last line counts.
 */
#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "kmod/uapi/nftoffc.h"
#include "runtime/netlink/nl.h"

#define LAST_CMD (NFTOFFC_CMD_MAX + 2)

static struct nl *nl;
static uint16_t family;
static unsigned int sent, accepted;
static _Alignas(8) char room[8192];

/* What a command takes: a bit for each attribute. */
#define BIT(attr) (1u << NFTOFFC_A_##attr)
static const uint32_t takes[LAST_CMD + 1] = {
	[NFTOFFC_CMD_FLOW] = BIT(FILTER),
	[NFTOFFC_CMD_RELEASE] = BIT(FLAGS) | BIT(FILTER) | BIT(IDS),
	[NFTOFFC_CMD_STAGE] = BIT(FLAGS) | BIT(GENERATION) | BIT(ENTRIES),
	[NFTOFFC_CMD_COMMIT] = BIT(GENERATION),
	[NFTOFFC_CMD_ABORT] = BIT(GENERATION),
};

static bool is_dump(uint8_t cmd)
{
	return cmd == NFTOFFC_CMD_FLOWTABLE || cmd == NFTOFFC_CMD_FLOW;
}

static struct nlmsghdr *begin(uint8_t cmd)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(room);
	struct genlmsghdr *genl;

	message->nlmsg_type = family;
	genl = mnl_nlmsg_put_extra_header(message, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = NFTOFFC_GENL_VERSION;
	return message;
}

static int ask(struct nlmsghdr *message, uint8_t cmd)
{
	return is_dump(cmd) ? nl_dump(nl, message, NULL, NULL) :
			      nl_ask(nl, message, NULL, NULL);
}

static void must_refuse(struct nlmsghdr *message, uint8_t cmd, const char *what,
			int attr)
{
	int ret = ask(message, cmd);

	sent++;
	if (ret)
		return;
	accepted++;
	printf("accepted: command %u, attribute %d, %s\n", cmd, attr, what);
}

static void refuse_length(uint8_t cmd, uint16_t type, size_t n,
			  const char *what)
{
	static const char zeroes[64];
	struct nlmsghdr *message = begin(cmd);

	mnl_attr_put(message, type, n, zeroes);
	must_refuse(message, cmd, what, type & NLA_TYPE_MASK);
}

/* Attributes at the top of a message. */
static void refuse_attributes(uint8_t cmd)
{
	int attr;

	for (attr = 0; attr <= NFTOFFC_A_MAX + 3; attr++) {
		if (!(takes[cmd] & (attr < 32 ? 1u << attr : 0))) {
			refuse_length(cmd, (uint16_t)attr, 4, "not its own");
			continue;
		}
		refuse_length(cmd, (uint16_t)attr, 1, "one byte");
		refuse_length(cmd, (uint16_t)attr, 3, "three bytes");
		refuse_length(cmd, (uint16_t)attr, 33, "33 bytes");
		refuse_length(cmd, (uint16_t)(attr | NLA_F_NESTED), 3,
			      "a nest of three bytes");
	}
}

static void refuse_missing(uint8_t cmd)
{
	if (cmd != NFTOFFC_CMD_INFO && !is_dump(cmd))
		must_refuse(begin(cmd), cmd, "nothing in it", -1);
}

static void refuse_values(uint8_t cmd)
{
	struct nlmsghdr *message;

	if (takes[cmd] & BIT(FLAGS)) {
		message = begin(cmd);
		mnl_attr_put_u32(message, NFTOFFC_A_FLAGS, 0x80000000u);
		mnl_attr_put_u64(message, NFTOFFC_A_GENERATION, 77);
		must_refuse(message, cmd, "unknown flags", NFTOFFC_A_FLAGS);
	}
	if (takes[cmd] & BIT(GENERATION)) {
		message = begin(cmd);
		mnl_attr_put_u64(message, NFTOFFC_A_GENERATION, 0);
		must_refuse(message, cmd, "zero", NFTOFFC_A_GENERATION);
	}
}

/*
 * Matches, as a filter or as an entry
 */

/* A match that lacks only what @attr is to be. */
static struct nlmsghdr *begin_match(uint8_t cmd, struct nlattr **nests)
{
	struct nlmsghdr *message = begin(cmd);

	nests[0] = NULL;
	if (cmd == NFTOFFC_CMD_STAGE) {
		mnl_attr_put_u64(message, NFTOFFC_A_GENERATION, 77);
		nests[0] = mnl_attr_nest_start(message, NFTOFFC_A_ENTRIES);
	}
	nests[1] = mnl_attr_nest_start(message, NFTOFFC_A_FILTER);
	return message;
}

static void refuse_match(struct nlmsghdr *message, uint8_t cmd,
			 struct nlattr **nests, const char *what, int attr)
{
	mnl_attr_nest_end(message, nests[1]);
	if (nests[0])
		mnl_attr_nest_end(message, nests[0]);
	must_refuse(message, cmd, what, 100 + attr);
}

/* @n bytes of @byte as @attr; with @before, IPv4 and TCP ahead of it. */
static void refuse_one(uint8_t cmd, int attr, size_t n, int byte, bool before,
		       const char *what)
{
	struct nlattr *nests[2];
	struct nlmsghdr *message = begin_match(cmd, nests);
	char bytes[64];

	memset(bytes, byte, sizeof(bytes));
	if (before) {
		mnl_attr_put_u8(message, NFTOFFC_M_FAMILY, AF_INET);
		mnl_attr_put_u8(message, NFTOFFC_M_PROTOCOL, 6);
	}
	mnl_attr_put(message, (uint16_t)attr, n, bytes);
	refuse_match(message, cmd, nests, what, attr);
}

static void refuse_lengths(uint8_t cmd)
{
	int attr;

	for (attr = 1; attr <= NFTOFFC_M_MAX + 3; attr++) {
		refuse_one(cmd, attr, 0, 0, true, "empty");
		refuse_one(cmd, attr, 3, 'x', true, "three bytes");
		refuse_one(cmd, attr, 40, 'x', true, "40 bytes");
	}
}

static void refuse_pair(uint8_t cmd, int a, int b, uint16_t x, uint16_t y,
			const char *what)
{
	struct nlattr *nests[2];
	struct nlmsghdr *message = begin_match(cmd, nests);

	mnl_attr_put_u8(message, NFTOFFC_M_PROTOCOL, 17);
	mnl_attr_put_u16(message, (uint16_t)a, x);
	mnl_attr_put_u16(message, (uint16_t)b, y);
	refuse_match(message, cmd, nests, what, b);
}

static void refuse_prefix(uint8_t cmd, uint8_t len, uint8_t last)
{
	uint8_t address[4] = { 10, 0, 0, last };
	struct nlattr *nests[2];
	struct nlmsghdr *message = begin_match(cmd, nests);

	mnl_attr_put_u8(message, NFTOFFC_M_FAMILY, AF_INET);
	mnl_attr_put(message, NFTOFFC_M_SOURCE, 4, address);
	mnl_attr_put_u8(message, NFTOFFC_M_SOURCE_LEN, len);
	refuse_match(message, cmd, nests, "prefix", NFTOFFC_M_SOURCE_LEN);
}

static void refuse_names(uint8_t cmd)
{
	static const char *const names[] = { "", "*", "a*b", "*a", "a**" };
	struct nlmsghdr *message;
	struct nlattr *nests[2];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		message = begin_match(cmd, nests);
		mnl_attr_put_strz(message, NFTOFFC_M_IN, names[i]);
		refuse_match(message, cmd, nests, names[i], NFTOFFC_M_IN);
	}
}

static void refuse_meaning(uint8_t cmd)
{
	refuse_one(cmd, NFTOFFC_M_FAMILY, 1, 9, false, "no family");
	refuse_one(cmd, NFTOFFC_M_PROTOCOL, 1, 0, false, "no protocol");
	refuse_one(cmd, NFTOFFC_M_SOURCE, 4, 1, false, "without family");
	refuse_one(cmd, NFTOFFC_M_SOURCE, 16, 1, true, "of the other family");
	refuse_one(cmd, NFTOFFC_M_SOURCE_LEN, 1, 8, true, "without address");
	refuse_one(cmd, NFTOFFC_M_SPORT, 2, 1, false, "without protocol");
	refuse_one(cmd, NFTOFFC_M_DPORT_MAX, 2, 1, true, "without first");
	refuse_one(cmd, NFTOFFC_M_MARK_MASK, 4, 1, true, "without mark");
	refuse_pair(cmd, NFTOFFC_M_DPORT, NFTOFFC_M_DPORT_MAX, 5, 4, "order");
	refuse_pair(cmd, NFTOFFC_M_SPORT, NFTOFFC_M_SPORT_MAX, 5, 4, "order");
	refuse_prefix(cmd, 33, 0);
	refuse_prefix(cmd, 24, 1);
	refuse_names(cmd);
	if (cmd == NFTOFFC_CMD_STAGE)
		refuse_one(cmd, NFTOFFC_M_DEVICE, 5, 'x', true, "in an entry");
	else
		refuse_one(cmd, NFTOFFC_M_COOKIE, 4, 1, true, "in a filter");
}

/* Nests whose lengths say something else than what is there. */
static void refuse_cut(uint8_t cmd)
{
	struct nlmsghdr *message;
	struct nlattr *nests[2];
	int by;

	for (by = -4; by <= 4; by += 2) {
		if (!by)
			continue;
		message = begin_match(cmd, nests);
		mnl_attr_put_u32(message, NFTOFFC_M_MARK, 1);
		mnl_attr_nest_end(message, nests[1]);
		if (nests[0])
			mnl_attr_nest_end(message, nests[0]);
		nests[1]->nla_len = (uint16_t)(nests[1]->nla_len + by);
		must_refuse(message, cmd, "a nest of another length", by);
	}
}

static void refuse_all(void)
{
	unsigned int i;
	uint8_t cmd;

	for (i = 0; i <= LAST_CMD; i++) {
		cmd = (uint8_t)i;
		if (cmd == NFTOFFC_CMD_UNSPEC || cmd > NFTOFFC_CMD_ABORT) {
			must_refuse(begin(cmd), cmd, "no such command", -1);
			continue;
		}
		refuse_attributes(cmd);
		refuse_missing(cmd);
		refuse_values(cmd);
		if (!(takes[cmd] & (BIT(FILTER) | BIT(ENTRIES))))
			continue;
		refuse_lengths(cmd);
		refuse_meaning(cmd);
		refuse_cut(cmd);
	}
}

/* Any answer will do. What was staged by chance goes with our socket. */
static void send_random(unsigned int count)
{
	static const uint8_t cmds[] = {
		NFTOFFC_CMD_INFO,    NFTOFFC_CMD_FLOWTABLE, NFTOFFC_CMD_FLOW,
		NFTOFFC_CMD_RELEASE, NFTOFFC_CMD_STAGE,	    NFTOFFC_CMD_COMMIT,
		NFTOFFC_CMD_ABORT
	};
	struct nlmsghdr *message;
	struct nlattr *nests[2];
	unsigned int i, j, n;
	uint8_t cmd;
	char *at;

	for (i = 0; i < count; i++) {
		cmd = cmds[(size_t)random() % sizeof(cmds)];
		message = begin_match(cmd, nests);
		for (j = (unsigned int)random() % 8; j; j--) {
			n = (unsigned int)random() % 20;
			mnl_attr_put(message, (uint16_t)(random() % 24), n,
				     room + random() % 4096);
		}
		mnl_attr_nest_end(message, nests[1]);
		if (nests[0])
			mnl_attr_nest_end(message, nests[0]);
		at = room + NLMSG_HDRLEN + GENL_HDRLEN;
		n = message->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN;
		for (j = (unsigned int)random() % 4; n && j; j--)
			at[(unsigned int)random() % n] ^= (char)random();
		ask(message, cmd);
		sent++;
	}
}

static int see_family(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attr;

	(void)data;
	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr))
	{
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			family = mnl_attr_get_u16(attr);
	}
	return 0;
}

static int find_family(void)
{
	struct nlmsghdr *message;

	family = GENL_ID_CTRL;
	message = begin(CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, NFTOFFC_GENL_NAME);
	return nl_ask(nl, message, see_family, NULL);
}

int main(int argc, char **argv)
{
	int ret = nl_open(&nl, NETLINK_GENERIC);

	if (!ret)
		ret = find_family();
	if (ret) {
		printf("error %s\n", strerrorname_np(-ret));
		return 1;
	}
	if (argc == 3) {
		srandom((unsigned int)strtoul(argv[1], NULL, 0));
		send_random((unsigned int)strtoul(argv[2], NULL, 0));
		printf("sent=%u\n", sent);
	} else {
		refuse_all();
		printf("sent=%u accepted=%u\n", sent, accepted);
	}
	nl_close(nl);
	return accepted ? 1 : 0;
}
