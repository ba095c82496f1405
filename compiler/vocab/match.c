// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of words that select connections, and nothing else. Each row is
 * read by binding, lowering, evaluation and the manual; no other place spells
 * the word.
 */
#include "match.h"

static const struct match_word words[] = {
	{
		.word = "source",
		.doc = DOC("The address of the one who opens the connection, "
			   "before source NAT."),
		.example = DOC("source: 192.168.1.2"),
		.type = &type_address,
		.key = { KEY_IP_SADDR, KEY_IP6_SADDR },
		.reply = { KEY_IP_DADDR, KEY_IP6_DADDR },
		.merge = MERGE_SET,
		.holds = HOLDS_CONNECTION,
		.negatable = true,
	},
	{
		.word = "destination",
		.doc = DOC("The address the connection is opened to, after "
			   "destination NAT."),
		.example = DOC("destination: [10.0.0.0/8, \"fd00::/8\"]"),
		.type = &type_address,
		.key = { KEY_IP_DADDR, KEY_IP6_DADDR },
		.reply = { KEY_IP_SADDR, KEY_IP6_SADDR },
		.merge = MERGE_SET,
		.holds = HOLDS_CONNECTION,
		.negatable = true,
	},
	{
		.word = "protocol",
		.doc = DOC("The transport protocol."),
		.example = DOC("protocol: [tcp, udp]"),
		.type = &type_protocol,
		.key = { KEY_L4PROTO },
		.reply = { KEY_L4PROTO },
		.merge = MERGE_SET,
		.holds = HOLDS_CONNECTION,
		.negatable = true,
	},
	{
		.word = "port",
		.doc = DOC("The port the connection is opened to, after "
			   "destination NAT; without a protocol, of tcp and "
			   "udp."),
		.example = DOC("port: [80, 8000-8080]"),
		.type = &type_port,
		.key = { KEY_TH_DPORT },
		.reply = { KEY_TH_SPORT },
		.merge = MERGE_SET,
		.holds = HOLDS_CONNECTION,
		.negatable = true,
	},
	{
		.word = "source-port",
		.doc = DOC("The port of the one who opens the connection."),
		.example = DOC("source-port: 1024-65535"),
		.type = &type_port,
		.key = { KEY_TH_SPORT },
		.reply = { KEY_TH_DPORT },
		.merge = MERGE_SET,
		.holds = HOLDS_CONNECTION,
		.negatable = true,
	},
	{
		.word = "service",
		.doc = DOC("Protocol and port together, by name; a name under "
			   "\"services\" or a well-known one."),
		.example = DOC("service: [https, dns]"),
		.type = &type_service,
		.key = { KEY_TH_DPORT },
		.reply = { KEY_TH_SPORT },
		.merge = MERGE_SET,
		.holds = HOLDS_CONNECTION,
	},
	{
		.word = "icmp",
		.doc = DOC("The ICMP type, of both families where both have "
			   "it."),
		.example = DOC("icmp: echo-request"),
		.type = &type_icmp,
		.key = { KEY_ICMP_TYPE, KEY_ICMPV6_TYPE },
		.reply = { KEY_ICMP_TYPE, KEY_ICMPV6_TYPE },
		.merge = MERGE_SET,
		.holds = HOLDS_CONNECTION,
	},
	{
		.word = "family",
		.doc = DOC("The address family."),
		.example = DOC("family: ipv6"),
		.type = &type_family,
		.key = { KEY_NFPROTO },
		.reply = { KEY_NFPROTO },
		.merge = MERGE_EQUAL,
		.holds = HOLDS_CONNECTION,
	},
	{
		.word = "mark",
		.doc = DOC("The packet's mark, or the bits of it that the mask "
			   "has; not the connection's mark, of which a part is "
			   "nftoffc's own."),
		.example = DOC("mark: 0x10/0xff"),
		.type = &type_mark,
		.key = { KEY_MARK },
		.merge = MERGE_EQUAL,
		.negatable = true,
	},
	{
		.word = "dscp",
		.doc = DOC("The class of service in the IP header, of both "
			   "families."),
		.example = DOC("dscp: [ef, cs5, 34]"),
		.type = &type_dscp,
		.key = { KEY_IP_DSCP, KEY_IP6_DSCP },
		.merge = MERGE_SET,
		.negatable = true,
	},
	{
		.word = "mac",
		.doc = DOC("The MAC address that the packet came from: the "
			   "host's own, if it is in the same network."),
		.example = DOC("mac: 02:00:5e:10:00:01"),
		.type = &type_mac,
		.key = { KEY_ETHER_SADDR },
		.merge = MERGE_SET,
		.negatable = true,
		.where = "the router's own packets come from no MAC address",
	},
	{
		.word = "length",
		.doc = DOC("The length of the packet that opens the "
			   "connection, its IP header included."),
		.example = DOC("length: 0-128"),
		.type = &type_length,
		.key = { KEY_LENGTH },
		.merge = MERGE_SET,
		.negatable = true,
	},
	{
		.word = "tcp-flags",
		.doc = DOC("The TCP flags of the packet that opens the "
			   "connection. A connection that lives already began "
			   "with syn."),
		.example = DOC("tcp-flags: \"syn/syn,ack,fin,rst\""),
		.type = &type_tcp_flags,
		.key = { KEY_TCP_FLAGS },
		.merge = MERGE_EQUAL,
		.negatable = true,
		.began = 0x02,
	},
	{
		.word = "user",
		.doc = DOC("The user whose program opens the connection, by "
			   "number: of the router's own connections."),
		.example = DOC("from: router, user: [root, 1000-1999]"),
		.type = &type_user,
		.key = { KEY_SKUID },
		.merge = MERGE_SET,
		.holds = HOLDS_CONNECTION,
		.negatable = true,
		.where = "only the router's own connections have a user",
	},
	{
		.word = "ipsec",
		.doc = DOC("Whether the packet came in through IPsec, or will "
			   "go out through it."),
		.example = DOC("ipsec: in"),
		.type = &type_ipsec,
		.key = { KEY_SECPATH, KEY_RT_IPSEC },
		.merge = MERGE_EQUAL,
		.where = "\"in\" is asked of what comes in, \"out\" of what "
			 "goes out; both of what is forwarded",
	},
	{
		.word = "time",
		.doc = DOC("The time of day at which the connection is opened, "
			   "by the clock of \"timezone\"; the end is not "
			   "included."),
		.example = DOC("time: [08:00-12:30, 22:00-06:00]"),
		.type = &type_time,
		.key = { KEY_HOUR },
		.reply = { KEY_HOUR },
		.merge = MERGE_EQUAL,
		.negatable = true,
	},
	{
		.word = "weekday",
		.doc = DOC("The day of the week on which the connection is "
			   "opened, from midnight to midnight by the same "
			   "clock."),
		.example = DOC("weekday: [monday-thursday, sat]"),
		.type = &type_weekday,
		.key = { KEY_DAY },
		.reply = { KEY_DAY },
		.merge = MERGE_EQUAL,
		.negatable = true,
	},
	{
		.word = "helper",
		.doc = DOC("A connection that this helper announced, as the "
			   "data connection of FTP. Only exempt entries ask "
			   "for it."),
		.example = DOC("helper: [ftp, sip]"),
		.type = &type_helper,
		.key = { KEY_CT_HELPER },
		.reply = { KEY_CT_HELPER },
		.merge = MERGE_EQUAL,
		.holds = HOLDS_CONNECTION,
		.announced = true,
	},
};

static const struct match_never nevers[] = {
	{
		"vlan",
		"a packet's VLAN tag is gone before this table sees it",
		"the VLAN's device tells it apart: put that, as eth0.30, into "
		"a zone of its own",
	},
};

#define NWORDS (sizeof(words) / sizeof(words[0]))
#define NNEVERS (sizeof(nevers) / sizeof(nevers[0]))

const struct match_word *match_word_at(size_t i)
{
	return i < NWORDS ? &words[i] : NULL;
}

const struct match_word *match_word_find(struct str word)
{
	size_t i;

	for (i = 0; i < NWORDS; i++)
		if (str_is(word, words[i].word))
			return &words[i];
	return NULL;
}

const struct match_never *match_never_at(size_t i)
{
	return i < NNEVERS ? &nevers[i] : NULL;
}

const struct match_never *match_never_find(struct str word)
{
	size_t i;

	for (i = 0; i < NNEVERS; i++)
		if (str_is(word, nevers[i].word))
			return &nevers[i];
	return NULL;
}
