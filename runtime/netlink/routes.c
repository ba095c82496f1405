// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules and routes, from rtnetlink. In a table the longest prefix is taken: a
 * hash lookup for each length that there is.
 *
 * Routes of one prefix (with several metrics, or several next hops) are one here:
 * whichever is taken, it is among the ways.
 *
 * Source: uapi fib_rules.h, rtnetlink.h; net/core/fib_rules.c, ip-rule(8).
 */
#include "runtime/netlink/routes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "base/map.h"
#include "policy/model.h"
#include "runtime/netlink/links.h"
#include "runtime/netlink/nl.h"

/* More are not kept. */
#define ROUTES_MAX 200000
#define DEVICES_MAX 8 /* of one route */
#define BITS_MAX 128
/* So many rules that may go on elsewhere are followed one within the other. */
#define DEPTH_MAX 8
#define FORKS_MAX 100

/* Of the kernel's since 6.15, FRA_*: newer than the headers. */
enum { SPORT_MASK = 28, DPORT_MASK = 29 };

enum may { NO, MAYBE, YES };

struct prefix {
	unsigned int len;
	uint8_t address[16];
};

struct port_range {
	bool given;
	uint16_t low, high;
};

struct ip_rule {
	uint8_t action; /* FR_ACT_* */
	uint32_t table, number, target;
	struct prefix source, destination;
	char in[IFNAMSIZ], out[IFNAMSIZ]; /* "": any */
	uint32_t mark, mask;		  /* @mask 0: any */
	uint8_t proto;
	struct port_range sport, dport;
	bool invert, vrf;
	bool unsure;	 /* it asks what is not known, besides */
	bool suppresses; /* routes up to this length */
	uint32_t suppressed;
	bool suppresses_groups; /* and by groups of devices */
};

struct route {
	uint8_t key[17]; /* length, address */
	uint8_t type;	 /* RTN_* */
	bool unsure;	 /* it is not for all packets to the prefix alike */
	uint8_t n;
	uint32_t devices[DEVICES_MAX];
};

struct table {
	uint32_t number;
	bool lengths[BITS_MAX + 1];
	struct map routes; /* by key */
};

struct family {
	VEC(struct ip_rule) rules; /* in their order */
	VEC(struct table *) tables;
	bool unknown; /* the kernel does not tell */
	bool plain;   /* the kernel's own rules only */
	size_t nroutes;
	bool too_many;
};

struct route_device {
	uint32_t index;
	const char *name;
	bool vrf; /* or in one */
};

struct routes {
	struct arena *arena;
	struct family families[FAMILIES];
	VEC(struct route_device) devices;
	bool any_vrf;
};

/* NULL: of neither family. */
static struct family *family_of(struct routes *r, uint8_t family)
{
	return family == AF_INET  ? &r->families[FAMILY_INDEX_IPV4] :
	       family == AF_INET6 ? &r->families[FAMILY_INDEX_IPV6] :
				    NULL;
}

static struct table *find_table(const struct family *family, uint32_t number)
{
	size_t i;

	for (i = 0; i < family->tables.n; i++)
		if (family->tables.v[i]->number == number)
			return family->tables.v[i];
	return NULL;
}

static void add_table(struct routes *r, struct family *family, uint32_t number)
{
	struct table *table;

	if (find_table(family, number))
		return;
	table = arena_new_object(r->arena, struct table);
	table->number = number;
	map_init(&table->routes, r->arena);
	*vec_push(r->arena, &family->tables) = table;
}

/* A kernel without rules looks into these; so does one with no other. */
static const uint32_t own_tables[] = { RT_TABLE_LOCAL, RT_TABLE_MAIN,
				       RT_TABLE_DEFAULT };
#define OWN_TABLES (sizeof(own_tables) / sizeof(*own_tables))

struct routes *routes_new(struct arena *arena)
{
	struct routes *r = arena_new_object(arena, struct routes);
	size_t f, i;

	r->arena = arena;
	for (f = 0; f < FAMILIES; f++) {
		r->families[f].plain = true;
		for (i = 0; i < OWN_TABLES; i++)
			add_table(r, &r->families[f], own_tables[i]);
	}
	return r;
}

static uint32_t u32_of(const struct nlattr *attr, uint32_t absent)
{
	return attr && mnl_attr_get_payload_len(attr) == sizeof(uint32_t) ?
		       mnl_attr_get_u32(attr) :
		       absent;
}

static uint8_t u8_of(const struct nlattr *attr)
{
	return attr && mnl_attr_get_payload_len(attr) ?
		       *(const uint8_t *)mnl_attr_get_payload(attr) :
		       0;
}

/*
 * Reading rules
 */

static bool read_prefix(struct prefix *prefix, unsigned int len,
			const struct nlattr *attr)
{
	size_t n = attr ? mnl_attr_get_payload_len(attr) : 0;

	prefix->len = len;
	if (len > BITS_MAX || n > 16 || n * 8 < len)
		return !len;
	if (n)
		memcpy(prefix->address, mnl_attr_get_payload(attr), n);
	return true;
}

static void read_name(char name[IFNAMSIZ], const struct nlattr *attr)
{
	const char *s = nl_str(attr);

	if (s && strlen(s) < IFNAMSIZ)
		memcpy(name, s, strlen(s) + 1);
}

static void read_ports(struct port_range *ports, const struct nlattr *attr)
{
	const struct fib_rule_port_range *range;

	if (!attr || mnl_attr_get_payload_len(attr) < sizeof(*range))
		return;
	range = mnl_attr_get_payload(attr);
	*ports = (struct port_range){ true, range->start, range->end };
}

/* Said of one port, too, of which all bits are asked. */
static bool is_whole_port(const struct nlattr *mask)
{
	return mnl_attr_get_payload_len(mask) == sizeof(uint16_t) &&
	       mnl_attr_get_u16(mask) == UINT16_MAX;
}

/* What decides whether it matches, and is not known of any packet. */
static bool asks_more(const struct nlmsghdr *message,
		      const struct fib_rule_hdr *header)
{
	const struct nlattr *attr;

	if (header->tos)
		return true;
	mnl_attr_for_each(attr, message, sizeof(*header))
	{
		switch (mnl_attr_get_type(attr)) {
		case FRA_DST:
		case FRA_SRC:
		case FRA_IIFNAME:
		case FRA_OIFNAME:
		case FRA_GOTO:
		case FRA_PRIORITY:
		case FRA_FWMARK:
		case FRA_FWMASK:
		case FRA_FLOW:
		case FRA_SUPPRESS_IFGROUP:
		case FRA_SUPPRESS_PREFIXLEN:
		case FRA_TABLE:
		case FRA_PAD:
		case FRA_L3MDEV:
		case FRA_PROTOCOL:
		case FRA_IP_PROTO:
		case FRA_SPORT_RANGE:
		case FRA_DPORT_RANGE:
			continue;
		case SPORT_MASK:
		case DPORT_MASK:
			if (is_whole_port(attr))
				continue;
			return true;
		default:
			return true;
		}
	}
	return false;
}

static void read_rule(struct ip_rule *rule, const struct nlmsghdr *message,
		      const struct fib_rule_hdr *header,
		      const struct nlattr **a)
{
	*rule = (struct ip_rule){
		.action = header->action,
		.table = u32_of(a[FRA_TABLE], header->table),
		.number = u32_of(a[FRA_PRIORITY], 0),
		.target = u32_of(a[FRA_GOTO], 0),
		.mark = u32_of(a[FRA_FWMARK], 0),
		.mask = u32_of(a[FRA_FWMASK],
			       u32_of(a[FRA_FWMARK], 0) ? UINT32_MAX : 0),
		.invert = header->flags & FIB_RULE_INVERT,
		.vrf = u8_of(a[FRA_L3MDEV]),
		.proto = u8_of(a[FRA_IP_PROTO]),
		.suppressed = u32_of(a[FRA_SUPPRESS_PREFIXLEN], UINT32_MAX),
		.suppresses_groups = u32_of(a[FRA_SUPPRESS_IFGROUP],
					    UINT32_MAX) != UINT32_MAX,
	};
	rule->suppresses = rule->suppressed != UINT32_MAX;
	rule->unsure =
		asks_more(message, header) ||
		!read_prefix(&rule->source, header->src_len, a[FRA_SRC]) ||
		!read_prefix(&rule->destination, header->dst_len, a[FRA_DST]);
	read_name(rule->in, a[FRA_IIFNAME]);
	read_name(rule->out, a[FRA_OIFNAME]);
	read_ports(&rule->sport, a[FRA_SPORT_RANGE]);
	read_ports(&rule->dport, a[FRA_DPORT_RANGE]);
}

/* Is it for every packet, and nothing but "look there"? */
static bool is_plain(const struct ip_rule *rule)
{
	return rule->action == FR_ACT_TO_TBL && !rule->source.len &&
	       !rule->destination.len && !rule->in[0] && !rule->out[0] &&
	       !rule->mask && !rule->proto && !rule->sport.given &&
	       !rule->dport.given && !rule->invert && !rule->vrf &&
	       !rule->unsure && !rule->suppresses && !rule->suppresses_groups;
}

static bool is_own(const struct family *family, const struct ip_rule *rule)
{
	size_t i = family->rules.n - 1;

	return is_plain(rule) && i < OWN_TABLES && rule->table == own_tables[i];
}

int routes_see_rule(struct routes *routes, const struct nlmsghdr *message)
{
	const struct fib_rule_hdr *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *a[FRA_MAX + 1];
	struct family *family;
	struct ip_rule *rule;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return 0;
	family = family_of(routes, header->family);
	if (!family)
		return 0;
	nl_attrs_behind(message, sizeof(*header), NULL, a, FRA_MAX);
	rule = vec_push(routes->arena, &family->rules);
	read_rule(rule, message, header, a);
	family->plain &= is_own(family, rule);
	if (rule->action == FR_ACT_TO_TBL && !rule->vrf)
		add_table(routes, family, rule->table);
	return 0;
}

/*
 * Reading routes
 */

static void mask_address(uint8_t *address, unsigned int len)
{
	size_t byte = len / 8;

	if (byte >= 16)
		return;
	address[byte] &= (uint8_t)(0xff00 >> len % 8);
	memset(address + byte + 1, 0, 15 - byte);
}

static void put_key(uint8_t key[17], unsigned int len, const uint8_t *address,
		    size_t n)
{
	memset(key, 0, 17);
	key[0] = (uint8_t)len;
	if (n)
		memcpy(key + 1, address, n);
	mask_address(key + 1, len);
}

static struct str key_of(const uint8_t key[17])
{
	return (struct str){ (const char *)key, 17 };
}

static void add_device(struct route *route, uint32_t index)
{
	size_t i;

	for (i = 0; i < route->n; i++)
		if (route->devices[i] == index)
			return;
	if (!index || route->n == DEVICES_MAX) {
		route->unsure = true;
		return;
	}
	route->devices[route->n++] = index;
}

static void add_next_hops(struct route *route, const struct nlattr *attr)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(attr);
	int left = mnl_attr_get_payload_len(attr);

	while (RTNH_OK(hop, left)) {
		add_device(route, (uint32_t)hop->rtnh_ifindex);
		left -= (int)RTNH_ALIGN(hop->rtnh_len);
		hop = RTNH_NEXT(hop);
	}
	if (left > 0)
		route->unsure = true;
}

static struct route *find_route(struct routes *r, struct table *table,
				const uint8_t key[17], uint8_t type)
{
	struct route *route = map_get(&table->routes, key_of(key));

	if (route) {
		route->unsure |= route->type != type;
		return route;
	}
	route = arena_new_object(r->arena, struct route);
	memcpy(route->key, key, sizeof(route->key));
	route->type = type;
	map_add(&table->routes, key_of(route->key), route);
	table->lengths[key[0]] = true;
	return route;
}

static bool is_up(const struct rtmsg *rtm)
{
	return !(rtm->rtm_flags & (RTM_F_CLONED | RTNH_F_DEAD));
}

int routes_see_route(struct routes *routes, const struct nlmsghdr *message)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(message);
	const struct nlattr *a[RTA_MAX + 1];
	struct family *family;
	struct table *table;
	struct route *route;
	struct prefix to = { 0 };
	uint8_t key[17];

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*rtm))
		return 0;
	family = family_of(routes, rtm->rtm_family);
	nl_attrs_behind(message, sizeof(*rtm), NULL, a, RTA_MAX);
	if (!family || !is_up(rtm))
		return 0;
	table = find_table(family, u32_of(a[RTA_TABLE], rtm->rtm_table));
	if (!table || !read_prefix(&to, rtm->rtm_dst_len, a[RTA_DST]))
		return 0;
	if (family->nroutes++ >= ROUTES_MAX) {
		family->too_many = true;
		return -E2BIG;
	}
	put_key(key, to.len, to.address, sizeof(to.address));
	route = find_route(routes, table, key, rtm->rtm_type);
	route->unsure |= rtm->rtm_tos || rtm->rtm_src_len;
	if (a[RTA_MULTIPATH])
		add_next_hops(route, a[RTA_MULTIPATH]);
	else if (rtm->rtm_type == RTN_UNICAST || a[RTA_OIF])
		add_device(route, u32_of(a[RTA_OIF], 0));
	return 0;
}

/*
 * Devices
 */

static bool is_vrf(const struct link *link)
{
	return link && link->kind && !strcmp(link->kind, "vrf");
}

void routes_see_links(struct routes *routes, const struct links *links)
{
	size_t i;

	for (i = 0; i < links->list.n; i++) {
		const struct link *link = &links->list.v[i];
		bool vrf = is_vrf(link) ||
			   is_vrf(links_at(links, link->master));

		routes->any_vrf |= vrf;
		*vec_push(routes->arena, &routes->devices) =
			(struct route_device){ link->index, link->name, vrf };
	}
}

static const struct route_device *find_device(const struct routes *r,
					      uint32_t index)
{
	size_t i;

	for (i = 0; i < r->devices.n; i++)
		if (r->devices.v[i].index == index)
			return &r->devices.v[i];
	return NULL;
}

/*
 * Does a rule match?
 */

static enum may both(enum may a, enum may b)
{
	return a < b ? a : b;
}

static enum may is(bool holds)
{
	return holds ? YES : NO;
}

static bool has_prefix(const struct prefix *prefix, const uint8_t *address)
{
	uint8_t masked[16];

	memcpy(masked, address, sizeof(masked));
	mask_address(masked, prefix->len);
	return !memcmp(masked, prefix->address, sizeof(masked));
}

/* The router looks for a way before its packet has a source, and again then. */
static enum may match_source(const struct ip_rule *rule,
			     const struct route_flow *flow)
{
	if (!rule->source.len)
		return YES;
	if (!flow->source)
		return MAYBE;
	if (!has_prefix(&rule->source, flow->source))
		return NO;
	return flow->local ? MAYBE : YES;
}

/* Packets that come by a VRF's device are taken for the VRF's. */
static enum may match_in(const struct routes *r, const struct ip_rule *rule,
			 const struct route_flow *flow)
{
	const struct route_device *device;

	if (!rule->in[0])
		return YES;
	if (flow->local)
		return is(!strcmp(rule->in, "lo"));
	device = flow->in ? find_device(r, flow->in) : NULL;
	if (!device || device->vrf)
		return MAYBE;
	return is(!strcmp(rule->in, device->name));
}

static enum may match_out(const struct routes *r, const struct ip_rule *rule,
			  const struct route_flow *flow)
{
	if (!rule->out[0])
		return YES;
	return flow->local || r->any_vrf ? MAYBE : NO;
}

static enum may match_vrf(const struct routes *r, const struct ip_rule *rule,
			  const struct route_flow *flow)
{
	const struct route_device *device;

	if (!rule->vrf)
		return YES;
	if (!r->any_vrf)
		return NO;
	device = flow->in ? find_device(r, flow->in) : NULL;
	return device && !device->vrf ? NO : MAYBE;
}

static enum may match_port(const struct port_range *range,
			   const struct route_flow *flow, uint16_t port)
{
	if (!range->given)
		return YES;
	if (!flow->has_ports)
		return MAYBE;
	port = ntohs(port);
	return is(port >= range->low && port <= range->high);
}

static enum may match_rule(const struct routes *r, const struct ip_rule *rule,
			   const struct route_flow *flow)
{
	enum may may = rule->unsure || rule->mask ? MAYBE : YES;

	if (rule->destination.len)
		may = both(may, is(has_prefix(&rule->destination,
					      flow->destination)));
	if (rule->proto)
		may = both(may, flow->proto ? is(rule->proto == flow->proto) :
					      MAYBE);
	may = both(may, match_source(rule, flow));
	may = both(may, match_in(r, rule, flow));
	may = both(may, match_out(r, rule, flow));
	may = both(may, match_vrf(r, rule, flow));
	may = both(may, match_port(&rule->sport, flow, flow->sport));
	may = both(may, match_port(&rule->dport, flow, flow->dport));
	return rule->invert ? (enum may)(YES - may) : may;
}

/*
 * Looking up
 */

struct search {
	const struct routes *routes;
	const struct family *family;
	const struct route_flow *flow;
	struct ways *ways;
	unsigned int forks; /* that may still be taken */
};

/* Of a VRF, rules see another device than routes. */
static void add_way(const struct routes *r, struct ways *ways, uint32_t device)
{
	const struct route_device *of = r->any_vrf ? find_device(r, device) :
						     NULL;
	size_t i;

	ways->unknown |= r->any_vrf && (!of || of->vrf);
	for (i = 0; i < ways->n; i++)
		if (ways->devices[i] == device)
			return;
	if (ways->n == WAYS_MAX)
		ways->unknown = true;
	else
		ways->devices[ways->n++] = device;
}

static void add_route(const struct routes *r, struct ways *ways,
		      const struct route *route)
{
	size_t i;

	if (route->unsure) {
		ways->unknown = true;
		return;
	}
	switch (route->type) {
	case RTN_LOCAL:
		ways->here = true;
		break;
	case RTN_UNICAST:
		for (i = 0; i < route->n; i++)
			add_way(r, ways, route->devices[i]);
		break;
	case RTN_UNREACHABLE:
	case RTN_PROHIBIT:
	case RTN_BLACKHOLE:
		break; /* no way */
	default:
		ways->unknown = true;
	}
}

static const struct route *longest(const struct table *table, unsigned int bits,
				   const uint8_t *address)
{
	const struct route *route;
	uint8_t key[17];
	int len;

	for (len = (int)bits; table && len >= 0; len--) {
		if (!table->lengths[len])
			continue;
		put_key(key, (unsigned int)len, address, bits / 8);
		route = map_get(&table->routes, key_of(key));
		if (route)
			return route;
	}
	return NULL;
}

/* True: the search ends there, if the rule matches. */
static bool look_into(struct search *s, const struct ip_rule *rule)
{
	const struct route *route;

	if (rule->vrf) {
		s->ways->unknown = true;
		return false;
	}
	route = longest(find_table(s->family, rule->table),
			s->flow->family ? 128 : 32, s->flow->destination);
	if (!route || (route->type == RTN_THROW && !route->unsure))
		return false;
	if (rule->suppresses && route->key[0] <= rule->suppressed)
		return false;
	add_route(s->routes, s->ways, route);
	return !rule->suppresses_groups;
}

/* Behind the rule @i: where it goes on. The kernel takes one in front for none. */
static size_t target_of(const struct search *s, size_t i)
{
	const struct ip_rule *rules = s->family->rules.v;
	size_t j;

	for (j = i + 1; j < s->family->rules.n; j++)
		if (rules[j].number == rules[i].target)
			return j;
	return i + 1;
}

/* What the rule @i comes to; true: the search ends. */
static bool take_rule(struct search *s, const struct ip_rule *rule)
{
	switch (rule->action) {
	case FR_ACT_TO_TBL:
		return look_into(s, rule);
	case FR_ACT_NOP:
		return false;
	case FR_ACT_UNREACHABLE:
	case FR_ACT_PROHIBIT:
	case FR_ACT_BLACKHOLE:
		return true;
	}
	s->ways->unknown = true;
	return true;
}

static void walk(struct search *s, size_t i, unsigned int depth)
{
	const struct ip_rule *rule;
	size_t target;
	enum may may;

	while (i < s->family->rules.n && !s->ways->unknown) {
		rule = &s->family->rules.v[i];
		may = match_rule(s->routes, rule, s->flow);
		target = i + 1;
		if (may != NO && rule->action == FR_ACT_GOTO) {
			target = target_of(s, i);
			if (may == MAYBE && (depth == DEPTH_MAX || !s->forks--))
				s->ways->unknown = true;
			else if (may == MAYBE)
				walk(s, i + 1, depth + 1);
		} else if (may != NO && take_rule(s, rule) && may == YES) {
			return;
		}
		i = target;
	}
}

static void walk_own(struct search *s)
{
	struct ip_rule rule = { .action = FR_ACT_TO_TBL };
	size_t i;

	for (i = 0; i < OWN_TABLES; i++) {
		rule.table = own_tables[i];
		if (look_into(s, &rule))
			return;
	}
}

void routes_find(const struct routes *routes, const struct route_flow *flow,
		 struct ways *ways)
{
	struct search s = {
		.routes = routes,
		.family = &routes->families[flow->family],
		.flow = flow,
		.ways = ways,
		.forks = FORKS_MAX,
	};

	*ways = (struct ways){ 0 };
	if (s.family->unknown || s.family->too_many)
		ways->unknown = true;
	else if (s.family->rules.n)
		walk(&s, 0, 0);
	else
		walk_own(&s);
}

bool routes_ask_device(const struct routes *routes, unsigned int family)
{
	const struct family *f = &routes->families[family];
	size_t i;

	for (i = 0; i < f->rules.n; i++)
		if (f->rules.v[i].in[0] || f->rules.v[i].vrf ||
		    f->rules.v[i].source.len)
			return true;
	return false;
}

bool routes_too_many(const struct routes *routes, unsigned int family)
{
	const struct family *f = &routes->families[family];

	return f->too_many && f->plain && !f->unknown;
}

/*
 * Reading
 */

static int see_rule(const struct nlmsghdr *message, void *data)
{
	return routes_see_rule(data, message);
}

static int see_route(const struct nlmsghdr *message, void *data)
{
	return routes_see_route(data, message);
}

/* rtmsg and fib_rule_hdr begin alike, with the family. */
static int dump(struct nl *nl, uint16_t type, uint8_t family, nl_message_fn fn,
		struct routes *routes)
{
	struct nlmsghdr *request;
	struct nl_room room;
	struct rtmsg *rtm;

	request = mnl_nlmsg_put_header(&room);
	request->nlmsg_type = type;
	rtm = mnl_nlmsg_put_extra_header(request, sizeof(*rtm));
	rtm->rtm_family = family;
	return nl_dump(nl, request, fn, routes);
}

/* A kernel without rules has the tables all the same. */
static int read_family(struct nl *nl, struct routes *routes, uint8_t family)
{
	int ret = dump(nl, RTM_GETRULE, family, see_rule, routes);

	if (ret && ret != -EOPNOTSUPP && ret != -EAFNOSUPPORT)
		return ret;
	return dump(nl, RTM_GETROUTE, family, see_route, routes);
}

int routes_read(struct arena *arena, struct routes **routes)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct links links;
	struct nl *nl;
	int f, ret;

	*routes = routes_new(arena);
	ret = links_read(arena, &links);
	if (ret)
		return ret;
	routes_see_links(*routes, &links);
	ret = nl_open(&nl, NETLINK_ROUTE);
	if (ret)
		return ret;
	for (f = 0; f < FAMILIES; f++)
		/* -EINTR too: what changes under way is not known */
		(*routes)->families[f].unknown =
			read_family(nl, *routes, families[f]) &&
			!(*routes)->families[f].too_many;
	nl_close(nl);
	return 0;
}
