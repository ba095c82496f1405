/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What nf_tables can load from a packet or its connection: one row each, said
 * once, in key.c. Text, bytecode and documentation read the row.
 */
#ifndef NFTOFFC_VOCAB_KEY_H
#define NFTOFFC_VOCAB_KEY_H

#include "wire.h"

enum key_id {
	KEY_NONE,
	KEY_NFPROTO,  /* meta nfproto */
	KEY_L4PROTO,  /* meta l4proto */
	KEY_IIFNAME,  /* iifname */
	KEY_OIFNAME,  /* oifname */
	KEY_IP_SADDR, /* ip saddr; needs nfproto ipv4 */
	KEY_IP_DADDR,
	KEY_IP6_SADDR, /* ip6 saddr; needs nfproto ipv6 */
	KEY_IP6_DADDR,
	KEY_TH_SPORT, /* th sport; "tcp sport" after l4proto tcp */
	KEY_TH_DPORT,
	KEY_ICMP_TYPE, /* icmp type; needs nfproto ipv4, l4proto icmp */
	KEY_ICMPV6_TYPE,
	KEY_TCP_FLAGS, /* tcp flags; needs l4proto tcp */
	KEY_CT_MARK,
	KEY_CT_STATE,
	KEY_CT_DIRECTION,
	KEY_CT_STATUS,
	KEY_CT_PACKETS, /* both directions together; 64 bits */
	KEY_CT_BYTES,
	KEY_FIB_DADDR_TYPE,	/* fib daddr type */
	KEY_FIB_DADDR_IIF_TYPE, /* fib daddr . iif type */
	KEY_MARK,		/* the packet's mark, not the connection's */
	KEY_FIB_DADDR_OIFNAME,	/* the device of the route to daddr */
	KEY_IIFTYPE,		/* meta iiftype */
	KEY_IP_DSCP,
	KEY_IP6_DSCP,
	KEY_ETHER_SADDR,       /* needs iiftype ether */
	KEY_LENGTH,	       /* of the packet, from the network header on */
	KEY_HOUR,	       /* seconds since midnight, UTC */
	KEY_DAY,	       /* in the kernel's own time zone */
	KEY_SKUID,	       /* of the socket that sent it */
	KEY_SECPATH,	       /* it came through IPsec */
	KEY_RT_IPSEC,	       /* it will leave through IPsec */
	KEY_FIB_SADDR_IIF_OIF, /* is there a route back: fib saddr . iif oif */
	KEY_TIME,	       /* nanoseconds since 1970, UTC */
	KEY_CT_HELPER, /* of who announced it: only of an expected one */
	KEY_IDS
};

/* Which expression loads it. */
enum key_load {
	LOAD_NONE,
	LOAD_META,    /* arg: NFT_META_* */
	LOAD_CT,      /* arg: NFT_CT_* */
	LOAD_PAYLOAD, /* base, offset, the type's length */
	LOAD_FIB,     /* arg: NFT_FIB_RESULT_*, flags: NFTA_FIB_F_* */
	LOAD_RT,      /* arg: NFT_RT_* */
};

/* Where a key may be asked; zero, the careful value, is nowhere. */
enum key_hooks {
	AT_PREROUTING = 1,
	AT_INPUT = 2,
	AT_FORWARD = 4,
	AT_OUTPUT = 8,
	AT_POSTROUTING = 16,
	AT_ANY = 31,
};

struct key {
	const char *text; /* as nft lists it: "ip saddr" */
	enum wire_id type;
	enum key_load load;
	uint8_t base, offset; /* NFT_PAYLOAD_*_HEADER, bytes */
	uint32_t arg, flags;
	uint8_t nfproto; /* what must hold before it is loaded: NFPROTO_* */
	uint8_t l4proto; /* IPPROTO_* */
	uint8_t link;	 /* ARPHRD_*; all 0: nothing */
	uint8_t hooks;	 /* enum key_hooks: where it means something */
};

const struct key *key(enum key_id id);
/*
 * In libnftables' JSON, from its text. @protocol stands in for the header's
 * name, "th", unless it is NULL.
 */
void key_json(struct json *out, enum key_id id, const char *protocol);

#endif
