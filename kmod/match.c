// SPDX-License-Identifier: GPL-2.0-only
/*
 * A connection as a policy speaks of it: reading what is asked of one, and
 * comparing.
 *
 * What must stay true: what cannot be meant is refused, with the attribute
 * and a word; nothing that was given is left out of the comparison.
 */
#include <linux/in.h>
#include <linux/netdevice.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netlink.h>

#include "match.h"

static_assert(sizeof(union nftoffc_key) == 19 * sizeof(u32));

#define NFTOFFC_MATCH_POLICY						\
	[NFTOFFC_M_FAMILY] = { .type = NLA_U8 },			\
	[NFTOFFC_M_PROTOCOL] = NLA_POLICY_MIN(NLA_U8, 1),		\
	[NFTOFFC_M_SOURCE] = { .type = NLA_BINARY, .len = 16 },		\
	[NFTOFFC_M_SOURCE_LEN] = NLA_POLICY_MAX(NLA_U8, 128),		\
	[NFTOFFC_M_DESTINATION] = { .type = NLA_BINARY, .len = 16 },	\
	[NFTOFFC_M_DESTINATION_LEN] = NLA_POLICY_MAX(NLA_U8, 128),	\
	[NFTOFFC_M_SPORT] = { .type = NLA_U16 },			\
	[NFTOFFC_M_SPORT_MAX] = { .type = NLA_U16 },			\
	[NFTOFFC_M_DPORT] = { .type = NLA_U16 },			\
	[NFTOFFC_M_DPORT_MAX] = { .type = NLA_U16 },			\
	[NFTOFFC_M_MARK] = { .type = NLA_U32 },				\
	[NFTOFFC_M_MARK_MASK] = { .type = NLA_U32 },			\
	[NFTOFFC_M_ZONE] = { .type = NLA_U16 },				\
	[NFTOFFC_M_IN] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },	\
	[NFTOFFC_M_OUT] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 }

const struct nla_policy nftoffc_filter_policy[NFTOFFC_M_MAX + 1] = {
	NFTOFFC_MATCH_POLICY,
	[NFTOFFC_M_DEVICE] = { .type = NLA_NUL_STRING, .len = IFNAMSIZ - 1 },
};

const struct nla_policy nftoffc_entry_policy[NFTOFFC_M_MAX + 1] = {
	NFTOFFC_MATCH_POLICY,
	[NFTOFFC_M_COOKIE] = { .type = NLA_U32 },
};

/* What is being read, and from what. */
struct reader {
	struct nftoffc_match *match;
	struct nlattr *tb[NFTOFFC_M_MAX + 1];
	struct netlink_ext_ack *extack;
};

static int refuse(struct reader *r, int attr, const char *why)
{
	NL_SET_BAD_ATTR(r->extack, r->tb[attr]);
	if (r->extack)
		r->extack->_msg = why;
	return -EINVAL;
}

static int read_numbers(struct reader *r)
{
	union nftoffc_key *value = &r->match->value;
	union nftoffc_key *mask = &r->match->mask;

	if (r->tb[NFTOFFC_M_FAMILY]) {
		value->family = nla_get_u8(r->tb[NFTOFFC_M_FAMILY]);
		mask->family = 0xff;
		if (value->family != AF_INET && value->family != AF_INET6)
			return refuse(r, NFTOFFC_M_FAMILY, "no such family");
	}
	if (r->tb[NFTOFFC_M_PROTOCOL]) {
		value->proto = nla_get_u8(r->tb[NFTOFFC_M_PROTOCOL]);
		mask->proto = 0xff;
	}
	if (r->tb[NFTOFFC_M_ZONE]) {
		value->zone = nla_get_u16(r->tb[NFTOFFC_M_ZONE]);
		mask->zone = 0xffff;
	}
	return 0;
}

static int read_mark(struct reader *r)
{
	union nftoffc_key *value = &r->match->value;
	union nftoffc_key *mask = &r->match->mask;

	if (!r->tb[NFTOFFC_M_MARK]) {
		if (r->tb[NFTOFFC_M_MARK_MASK])
			return refuse(r, NFTOFFC_M_MARK_MASK, "without a mark");
		return 0;
	}
	value->mark = nla_get_u32(r->tb[NFTOFFC_M_MARK]);
	mask->mark = ~0;
	if (r->tb[NFTOFFC_M_MARK_MASK])
		mask->mark = nla_get_u32(r->tb[NFTOFFC_M_MARK_MASK]);
	if (value->mark & ~mask->mark)
		return refuse(r, NFTOFFC_M_MARK, "bits outside of the mask");
	return 0;
}

static void put_prefix(union nf_inet_addr *mask, unsigned int len)
{
	unsigned int i;

	for (i = 0; i < len / 32; i++)
		mask->all[i] = ~0;
	if (len % 32)
		mask->ip6[i] = htonl(~0U << (32 - len % 32));
}

static int read_address(struct reader *r, int attr, int len_attr,
			union nf_inet_addr *value, union nf_inet_addr *mask)
{
	unsigned int size = r->match->value.family == AF_INET ? 4 : 16, len, i;

	if (!r->tb[attr]) {
		if (r->tb[len_attr])
			return refuse(r, len_attr, "without an address");
		return 0;
	}
	if (!r->tb[NFTOFFC_M_FAMILY])
		return refuse(r, attr, "an address needs its family");
	if (nla_len(r->tb[attr]) != size)
		return refuse(r, attr, "not as long as its family's");
	len = r->tb[len_attr] ? nla_get_u8(r->tb[len_attr]) : size * 8;
	if (len > size * 8)
		return refuse(r, len_attr, "longer than the address");
	memcpy(value, nla_data(r->tb[attr]), size);
	put_prefix(mask, len);
	for (i = 0; i < ARRAY_SIZE(value->all); i++)
		if (value->all[i] & ~mask->all[i])
			return refuse(r, attr, "bits outside of the prefix");
	return 0;
}

static bool has_ports(u8 proto)
{
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return true;
	}
	return false;
}

/* The mask of a port says that it is given, the range which it may be. */
static int read_ports(struct reader *r, int attr, int max_attr, u16 *mask,
		      u16 *min, u16 *max)
{
	if (!r->tb[attr]) {
		if (r->tb[max_attr])
			return refuse(r, max_attr, "without a first port");
		return 0;
	}
	if (!has_ports(r->match->value.proto))
		return refuse(r, attr, "a port needs a protocol with ports");
	*mask = 0xffff;
	*min = nla_get_u16(r->tb[attr]);
	*max = r->tb[max_attr] ? nla_get_u16(r->tb[max_attr]) : *min;
	if (*max < *min)
		return refuse(r, max_attr, "before the first port");
	return 0;
}

/* Answers how many bytes of @name must be equal, or -EINVAL. */
static int read_device(struct reader *r, int attr, char *name)
{
	size_t len, star;

	if (!r->tb[attr])
		return 0;
	nla_strscpy(name, r->tb[attr], IFNAMSIZ);
	len = strlen(name);
	star = strcspn(name, "*");
	if (!star || star + 1 < len)
		return refuse(r, attr, "no name of a device");
	if (star == len)
		return IFNAMSIZ; /* all of it, and the zeroes behind it */
	memset(name + star, 0, IFNAMSIZ - star);
	return star;
}

static int read_devices(struct reader *r)
{
	struct nftoffc_match *match = r->match;
	int ret;

	ret = read_device(r, NFTOFFC_M_IN, match->value.in);
	if (ret < 0)
		return ret;
	memset(match->mask.in, 0xff, ret);
	ret = read_device(r, NFTOFFC_M_OUT, match->value.out);
	if (ret < 0)
		return ret;
	memset(match->mask.out, 0xff, ret);
	ret = read_device(r, NFTOFFC_M_DEVICE, match->device);
	if (ret < 0)
		return ret;
	match->device_len = ret;
	return 0;
}

static int read_match(struct reader *r)
{
	struct nftoffc_match *match = r->match;
	int ret;

	ret = read_numbers(r);
	if (!ret)
		ret = read_mark(r);
	if (!ret)
		ret = read_address(r, NFTOFFC_M_SOURCE, NFTOFFC_M_SOURCE_LEN,
				   &match->value.src, &match->mask.src);
	if (!ret)
		ret = read_address(r, NFTOFFC_M_DESTINATION,
				   NFTOFFC_M_DESTINATION_LEN,
				   &match->value.dst, &match->mask.dst);
	if (!ret)
		ret = read_ports(r, NFTOFFC_M_SPORT, NFTOFFC_M_SPORT_MAX,
				 &match->mask.sport, &match->sport_min,
				 &match->sport_max);
	if (!ret)
		ret = read_ports(r, NFTOFFC_M_DPORT, NFTOFFC_M_DPORT_MAX,
				 &match->mask.dport, &match->dport_min,
				 &match->dport_max);
	return ret ?: read_devices(r);
}

static int parse(struct nftoffc_match *match, const struct nlattr *nest,
		 const struct nla_policy *policy,
		 struct netlink_ext_ack *extack)
{
	struct reader r = { .match = match, .extack = extack };
	int ret;

	memset(match, 0, sizeof(*match));
	ret = nla_parse_nested(r.tb, NFTOFFC_M_MAX, nest, policy, extack);
	if (ret)
		return ret;
	if (r.tb[NFTOFFC_M_COOKIE])
		match->cookie = nla_get_u32(r.tb[NFTOFFC_M_COOKIE]);
	return read_match(&r);
}

int nftoffc_match_filter(struct nftoffc_match *match, const struct nlattr *nest,
			 struct netlink_ext_ack *extack)
{
	return parse(match, nest, nftoffc_filter_policy, extack);
}

int nftoffc_match_entry(struct nftoffc_match *match, const struct nlattr *nest,
			struct netlink_ext_ack *extack)
{
	return parse(match, nest, nftoffc_entry_policy, extack);
}

void nftoffc_key_of(union nftoffc_key *key, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *there, *back;

	there = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	back = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	memset(key, 0, sizeof(*key));
	key->family = there->src.l3num;
	key->proto = there->dst.protonum;
	key->zone = nf_ct_zone(ct)->id;
#if IS_ENABLED(CONFIG_NF_CONNTRACK_MARK)
	key->mark = READ_ONCE(ct->mark);
#endif
	key->src = there->src.u3;
	key->dst = back->src.u3;
	if (has_ports(key->proto)) {
		key->sport = ntohs(there->src.u.all);
		key->dport = ntohs(back->src.u.all);
	}
}

bool nftoffc_match_plain(const struct nftoffc_match *match,
			 const union nftoffc_key *key)
{
	const size_t ports = offsetof(union nftoffc_key, sport) / sizeof(u32);
	u32 differ = 0;
	size_t i;

	for (i = 0; i < NFTOFFC_KEY_PLAIN; i++)
		if (i != ports)
			differ |= (key->words[i] ^ match->value.words[i]) &
				  match->mask.words[i];
	if (differ)
		return false;
	if (match->mask.sport && (key->sport < match->sport_min ||
				  key->sport > match->sport_max))
		return false;
	return !match->mask.dport || (key->dport >= match->dport_min &&
				      key->dport <= match->dport_max);
}

bool nftoffc_match_asks_devices(const struct nftoffc_match *match)
{
	return match->device_len || match->mask.in[0] || match->mask.out[0];
}

/* A name, as much of it as must be equal. */
struct wanted {
	const char *name;
	size_t len;
};

static int is_wanted(struct net_device *dev, struct netdev_nested_priv *priv)
{
	const struct wanted *wanted = priv->data;

	if (wanted->len == IFNAMSIZ)
		return !strcmp(dev->name, wanted->name);
	return !strncmp(dev->name, wanted->name, wanted->len);
}

static bool device_is(struct net *net, int ifindex, const char *name,
		      size_t len)
{
	struct wanted wanted = { .name = name, .len = len };
	struct netdev_nested_priv priv = { .data = &wanted };
	struct net_device *dev = dev_get_by_index_rcu(net, ifindex);

	return dev && (is_wanted(dev, &priv) ||
		       netdev_walk_all_upper_dev_rcu(dev, is_wanted, &priv));
}

static size_t mask_len(const char *mask)
{
	return strnlen(mask, IFNAMSIZ);
}

bool nftoffc_match_devices(const struct nftoffc_match *match, struct net *net,
			   int in, int out)
{
	size_t len = mask_len(match->mask.in);

	if (len && !device_is(net, in, match->value.in, len))
		return false;
	len = mask_len(match->mask.out);
	if (len && !device_is(net, out, match->value.out, len))
		return false;
	len = match->device_len;
	return !len || device_is(net, in, match->device, len) ||
	       device_is(net, out, match->device, len);
}
