// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keys: one row each, and nothing about a key is said anywhere else.
 *
 * Source: uapi nf_tables.h; include/net/netfilter/nf_conntrack_tuple.h for
 * what a direction is; RFC 791, 8200, 9293, 768, 792, 4443 for the offsets.
 */
#include <assert.h>
#include <linux/if_arp.h>
#include <linux/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "key.h"

#define META_AT(name, wire, what, where)                                       \
	{                                                                      \
		.text = name, .type = wire, .load = LOAD_META, .arg = what,    \
		.hooks = where                                                 \
	}
#define META(name, wire, what) META_AT(name, wire, what, AT_ANY)
#define CT(name, wire, what)                                                   \
	{                                                                      \
		.text = name, .type = wire, .load = LOAD_CT, .arg = what,      \
		.hooks = AT_ANY                                                \
	}
#define NETWORK(name, wire, family, at)                                        \
	{                                                                      \
		.text = name, .type = wire, .load = LOAD_PAYLOAD,              \
		.base = NFT_PAYLOAD_NETWORK_HEADER, .offset = at,              \
		.nfproto = family, .hooks = AT_ANY                             \
	}
#define TRANSPORT(name, wire, family, protocol, at)                            \
	{                                                                      \
		.text = name, .type = wire, .load = LOAD_PAYLOAD,              \
		.base = NFT_PAYLOAD_TRANSPORT_HEADER, .offset = at,            \
		.nfproto = family, .l4proto = protocol, .hooks = AT_ANY        \
	}
#define FIB_TYPE(name, from)                                                   \
	{                                                                      \
		.text = name, .type = WIRE_FIB_TYPE, .load = LOAD_FIB,         \
		.arg = NFT_FIB_RESULT_ADDRTYPE, .flags = from, .hooks = AT_ANY \
	}

static const struct key keys[KEY_IDS] = {
	[KEY_NFPROTO] = META("meta nfproto", WIRE_NFPROTO, NFT_META_NFPROTO),
	[KEY_L4PROTO] = META("meta l4proto", WIRE_INET_PROTO, NFT_META_L4PROTO),
	[KEY_IIFNAME] = META("iifname", WIRE_IFNAME, NFT_META_IIFNAME),
	[KEY_OIFNAME] = META("oifname", WIRE_IFNAME, NFT_META_OIFNAME),
	[KEY_MARK] = META("meta mark", WIRE_MARK, NFT_META_MARK),
	[KEY_IP_SADDR] = NETWORK("ip saddr", WIRE_IPV4, NFPROTO_IPV4, 12),
	[KEY_IP_DADDR] = NETWORK("ip daddr", WIRE_IPV4, NFPROTO_IPV4, 16),
	[KEY_IP6_SADDR] = NETWORK("ip6 saddr", WIRE_IPV6, NFPROTO_IPV6, 8),
	[KEY_IP6_DADDR] = NETWORK("ip6 daddr", WIRE_IPV6, NFPROTO_IPV6, 24),
	[KEY_TH_SPORT] = TRANSPORT("th sport", WIRE_PORT, 0, 0, 0),
	[KEY_TH_DPORT] = TRANSPORT("th dport", WIRE_PORT, 0, 0, 2),
	[KEY_ICMP_TYPE] = TRANSPORT("icmp type", WIRE_ICMP_TYPE, NFPROTO_IPV4,
				    IPPROTO_ICMP, 0),
	[KEY_ICMPV6_TYPE] = TRANSPORT("icmpv6 type", WIRE_ICMPV6_TYPE,
				      NFPROTO_IPV6, IPPROTO_ICMPV6, 0),
	[KEY_TCP_FLAGS] =
		TRANSPORT("tcp flags", WIRE_TCP_FLAGS, 0, IPPROTO_TCP, 13),
	[KEY_CT_MARK] = CT("ct mark", WIRE_MARK, NFT_CT_MARK),
	[KEY_CT_STATE] = CT("ct state", WIRE_CT_STATE, NFT_CT_STATE),
	[KEY_CT_DIRECTION] = CT("ct direction", WIRE_CT_DIR, NFT_CT_DIRECTION),
	[KEY_CT_STATUS] = CT("ct status", WIRE_CT_STATUS, NFT_CT_STATUS),
	[KEY_CT_PACKETS] = CT("ct packets", WIRE_COUNT64, NFT_CT_PKTS),
	[KEY_CT_BYTES] = CT("ct bytes", WIRE_COUNT64, NFT_CT_BYTES),
	[KEY_FIB_DADDR_TYPE] = FIB_TYPE("fib daddr type", NFTA_FIB_F_DADDR),
	[KEY_FIB_DADDR_IIF_TYPE] = FIB_TYPE("fib daddr . iif type",
					    NFTA_FIB_F_DADDR | NFTA_FIB_F_IIF),
	[KEY_FIB_SADDR_IIF_OIF] = {
		.text = "fib saddr . iif oif", .type = WIRE_EXISTS,
		.load = LOAD_FIB, .arg = NFT_FIB_RESULT_OIF,
		.flags = NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT,
	},
	[KEY_FIB_DADDR_OIFNAME] = {
		.text = "fib daddr oifname", .type = WIRE_IFNAME,
		.load = LOAD_FIB, .arg = NFT_FIB_RESULT_OIFNAME,
		.flags = NFTA_FIB_F_DADDR,
		.hooks = AT_ANY,
	},
	[KEY_IIFTYPE] = META("meta iiftype", WIRE_ARPHRD, NFT_META_IIFTYPE),
	[KEY_IP_DSCP] = NETWORK("ip dscp", WIRE_DSCP, NFPROTO_IPV4, 1),
	[KEY_IP6_DSCP] = NETWORK("ip6 dscp", WIRE_DSCP6, NFPROTO_IPV6, 0),
	[KEY_ETHER_SADDR] = {
		.text = "ether saddr",
		.type = WIRE_ETHER,
		.load = LOAD_PAYLOAD,
		.base = NFT_PAYLOAD_LL_HEADER,
		.offset = 6,
		.link = ARPHRD_ETHER,
		.hooks = AT_PREROUTING | AT_INPUT | AT_FORWARD | AT_POSTROUTING,
	},
	[KEY_LENGTH] = META("meta length", WIRE_LENGTH, NFT_META_LEN),
	[KEY_HOUR] = META("meta hour", WIRE_HOUR, NFT_META_TIME_HOUR),
	[KEY_DAY] = META("meta day", WIRE_DAY, NFT_META_TIME_DAY),
	[KEY_CT_HELPER] = CT("ct helper", WIRE_HELPER, NFT_CT_HELPER),
	[KEY_TIME] = META("meta time", WIRE_TIME, NFT_META_TIME_NS),
	[KEY_SKUID] = META_AT("meta skuid", WIRE_UID, NFT_META_SKUID,
			      AT_OUTPUT | AT_POSTROUTING),
	/* the kernel refuses it elsewhere */
	[KEY_SECPATH] = META_AT("meta ipsec", WIRE_BOOLEAN, NFT_META_SECPATH,
				AT_PREROUTING | AT_INPUT | AT_FORWARD),
	[KEY_RT_IPSEC] = {
		.text = "rt ipsec",
		.type = WIRE_BOOLEAN,
		.load = LOAD_RT,
		.arg = NFT_RT_XFRM,
		.hooks = AT_FORWARD | AT_OUTPUT | AT_POSTROUTING,
	},
};

const struct key *key(enum key_id id)
{
	assert(id > KEY_NONE && id < KEY_IDS);
	return &keys[id];
}

/* "mark", or "original bytes": with a direction. */
static void json_ct(struct json *out, struct str text)
{
	struct str first = str_cut(&text, ' ');

	json_key(out, "key");
	json_str(out, text.p ? text : first);
	if (!text.p)
		return;
	json_key(out, "dir");
	json_str(out, first);
}

static void json_payload(struct json *out, struct str text,
			 const char *protocol)
{
	struct str header = str_cut(&text, ' ');

	json_key(out, "protocol");
	json_str(out, protocol ? str_of(protocol) : header);
	json_key(out, "field");
	json_str(out, text);
}

/* "daddr . iif type": what it depends on, and what is asked for. */
static void json_fib(struct json *out, struct str text)
{
	struct str word = str_cut(&text, ' ');
	struct str flags[4];
	size_t n = 0;

	while (text.p) {
		if (!str_is(word, ".")) {
			assert(n < sizeof(flags) / sizeof(*flags));
			flags[n++] = word;
		}
		word = str_cut(&text, ' ');
	}
	json_key(out, "result");
	json_str(out, word);
	json_key(out, "flags");
	json_array(out);
	for (size_t i = 0; i < n; i++)
		json_str(out, flags[i]);
	json_end(out);
}

void key_json(struct json *out, enum key_id id, const char *protocol)
{
	static const char *const words[] = {
		[LOAD_META] = "meta",	    [LOAD_CT] = "ct",
		[LOAD_PAYLOAD] = "payload", [LOAD_FIB] = "fib",
		[LOAD_RT] = "rt",
	};
	const struct key *k = key(id);
	struct str text = str_of(k->text), rest = text;

	assert(k->load < sizeof(words) / sizeof(*words) && words[k->load]);
	/* nft leaves the word out ahead of "iifname" */
	if (k->load != LOAD_PAYLOAD &&
	    str_is(str_cut(&rest, ' '), words[k->load]))
		text = rest;
	json_wrap(out, words[k->load]);
	json_object(out);
	if (k->load == LOAD_META || k->load == LOAD_RT) {
		json_key(out, "key");
		json_str(out, text);
	} else if (k->load == LOAD_CT) {
		json_ct(out, text);
	} else if (k->load == LOAD_PAYLOAD) {
		json_payload(out, text, protocol);
	} else {
		json_fib(out, text);
	}
	json_end_n(out, 2);
}
