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
		.doc = "The address of the one who opens the connection, before "
		       "source NAT.",
		.example = "source: 192.168.1.2",
		.type = &type_address,
		.key = { KEY_IP_SADDR, KEY_IP6_SADDR },
		.reply = { KEY_IP_DADDR, KEY_IP6_DADDR },
		.merge = MERGE_SET,
		.negatable = true,
	},
	{
		.word = "destination",
		.doc = "The address the connection is opened to, after "
		       "destination NAT.",
		.example = "destination: [10.0.0.0/8, \"fd00::/8\"]",
		.type = &type_address,
		.key = { KEY_IP_DADDR, KEY_IP6_DADDR },
		.reply = { KEY_IP_SADDR, KEY_IP6_SADDR },
		.merge = MERGE_SET,
		.negatable = true,
	},
	{
		.word = "protocol",
		.doc = "The transport protocol.",
		.example = "protocol: [tcp, udp]",
		.type = &type_protocol,
		.key = { KEY_L4PROTO },
		.reply = { KEY_L4PROTO },
		.merge = MERGE_SET,
		.negatable = true,
	},
	{
		.word = "port",
		.doc = "The port the connection is opened to, after destination "
		       "NAT; without a protocol, of tcp and udp.",
		.example = "port: [80, 8000-8080]",
		.type = &type_port,
		.key = { KEY_TH_DPORT },
		.reply = { KEY_TH_SPORT },
		.merge = MERGE_SET,
		.negatable = true,
	},
	{
		.word = "source-port",
		.doc = "The port of the one who opens the connection.",
		.example = "source-port: 1024-65535",
		.type = &type_port,
		.key = { KEY_TH_SPORT },
		.reply = { KEY_TH_DPORT },
		.merge = MERGE_SET,
		.negatable = true,
	},
	{
		.word = "service",
		.doc = "Protocol and port together, by name; a name under "
		       "\"services\" or a well-known one.",
		.example = "service: [https, dns]",
		.type = &type_service,
		.key = { KEY_TH_DPORT },
		.reply = { KEY_TH_SPORT },
		.merge = MERGE_SET,
	},
	{
		.word = "icmp",
		.doc = "The ICMP type, of both families where both have it.",
		.example = "icmp: echo-request",
		.type = &type_icmp,
		.key = { KEY_ICMP_TYPE, KEY_ICMPV6_TYPE },
		.reply = { KEY_ICMP_TYPE, KEY_ICMPV6_TYPE },
		.merge = MERGE_SET,
	},
	{
		.word = "family",
		.doc = "The address family.",
		.example = "family: ipv6",
		.type = &type_family,
		.key = { KEY_NFPROTO },
		.reply = { KEY_NFPROTO },
		.merge = MERGE_EQUAL,
	},
};

#define NWORDS (sizeof(words) / sizeof(words[0]))

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
