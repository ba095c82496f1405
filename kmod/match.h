/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A connection as a policy speaks of it, and what may be asked of one.
 *
 * What must stay true: a key is a whole number of words without padding, so
 * that it can be masked, compared and hashed by the word; what is not known of
 * a connection is zero.
 */
#ifndef _NFTOFFC_MATCH_H
#define _NFTOFFC_MATCH_H

#include <linux/if.h>
#include <linux/netfilter.h>
#include <linux/netlink.h>

#include "uapi/nftoffc.h"

struct net;
struct net_device;
struct nf_conn;

/* Source, destination and ports are the real hosts', ports in host order. */
union nftoffc_key {
	struct {
		u8 family;
		u8 proto;
		u16 zone;
		u32 mark;
		u16 sport;
		u16 dport;
		union nf_inet_addr src;
		union nf_inet_addr dst;
		char in[IFNAMSIZ];
		char out[IFNAMSIZ];
	};
	u32 words[19];
};

#define NFTOFFC_KEY_WORDS (sizeof(union nftoffc_key) / sizeof(u32))
/* The words ahead of the devices' names. */
#define NFTOFFC_KEY_PLAIN (offsetof(union nftoffc_key, in) / sizeof(u32))

/* @mask has the bits of @value that must be equal; ports are ranges beside. */
struct nftoffc_match {
	union nftoffc_key value;
	union nftoffc_key mask;
	u16 sport_min, sport_max;
	u16 dport_min, dport_max;
	char device[IFNAMSIZ];
	u8 device_len; /* of @device that must be equal, 0: any device */
	u32 cookie;
};

extern const struct nla_policy nftoffc_filter_policy[NFTOFFC_M_MAX + 1];
extern const struct nla_policy nftoffc_entry_policy[NFTOFFC_M_MAX + 1];

/* A filter, or an entry of the guard: -EINVAL or -ERANGE if it makes none. */
int nftoffc_match_filter(struct nftoffc_match *match, const struct nlattr *nest,
			 struct netlink_ext_ack *extack);
int nftoffc_match_entry(struct nftoffc_match *match, const struct nlattr *nest,
			struct netlink_ext_ack *extack);

/* All of @ct but the devices. */
void nftoffc_key_of(union nftoffc_key *key, const struct nf_conn *ct);
/* Everything but the devices. */
bool nftoffc_match_plain(const struct nftoffc_match *match,
			 const union nftoffc_key *key);
bool nftoffc_match_asks_devices(const struct nftoffc_match *match);
/* The devices, of which the flow knows the lowest. Under RCU. */
bool nftoffc_match_devices(const struct nftoffc_match *match, struct net *net,
			   int in, int out);

#endif
