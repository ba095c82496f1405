// SPDX-License-Identifier: GPL-2.0-only
/* OpenWrt's networks: see network.h. */
#include "network.h"

#include <arpa/inet.h>

#include "read/yaml.h"
#include "uci.h"

#define ALIASES_MAX 16

struct reader {
	struct arena *arena;
	struct diags *diags;
	const struct uci *uci;
	struct networks *networks;
};

const struct network *network_find(const struct networks *networks,
				   struct str name)
{
	size_t i;

	for (i = 0; i < networks->all.n; i++)
		if (str_eq(networks->all.v[i].name, name))
			return &networks->all.v[i];
	return NULL;
}

/* /etc/config/network. */

static struct str value_of(const struct uci_section *section, const char *name)
{
	const struct uci_option *option = uci_option(section, name);

	return option ? option->values.v[0].text : (struct str){ 0 };
}

static bool is_on(const struct uci_section *section, const char *name,
		  bool otherwise)
{
	bool on;

	return value_bool(value_of(section, name), &on) ? on : otherwise;
}

/* The device's name of those that a protocol makes, from the interface's. */
static const struct {
	const char *proto, *prefix;
} made[] = {
	{ "pppoe", "pppoe-" },	   { "pppoa", "pppoa-" },
	{ "pptp", "pptp-" },	   { "l2tp", "l2tp-" },
	{ "ppp", "ppp-" },	   { "3g", "3g-" },
	{ "pppossh", "pppossh-" }, { "sstp", "sstp-" },
	{ "6in4", "6in4-" },	   { "6to4", "6to4-" },
	{ "6rd", "6rd-" },	   { "dslite", "ds-" },
	{ "map", "map-" },	   { "464xlat", "464-" },
	{ "gre", "gre4-" },	   { "gretap", "gre4t-" },
	{ "grev6", "gre6-" },	   { "grev6tap", "gre6t-" },
	{ "vti", "vti-" },	   { "openconnect", "vpn-" },
	{ "wireguard", "" },	   { "xfrm", "" },
	{ "vxlan", "" },	   { "amneziawg", "" },
};

static const struct uci_section *find_interface(const struct reader *r,
						struct str name)
{
	size_t i;

	for (i = 0; i < r->uci->sections.n; i++)
		if (str_is(r->uci->sections.v[i]->type, "interface") &&
		    r->uci->sections.v[i]->name.p &&
		    str_eq(r->uci->sections.v[i]->name, name))
			return r->uci->sections.v[i];
	return NULL;
}

static struct str device_of(struct reader *r, const struct uci_section *section,
			    unsigned int aliases);

/* "@lan" is the device of lan. */
static struct str alias_of(struct reader *r, struct str name,
			   const struct uci_option *option,
			   unsigned int aliases)
{
	const struct uci_section *section;

	name.p++;
	name.n--;
	section = find_interface(r, name);
	if (section && aliases < ALIASES_MAX)
		return device_of(r, section, aliases + 1);
	diag_warning(r->diags, option->span,
		     section ? "these aliases go in circles" :
			       "there is no interface of this name");
	return (struct str){ 0 };
}

static struct str made_device(struct reader *r, struct str proto,
			      const struct uci_section *section)
{
	size_t i;

	for (i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		if (str_is(proto, made[i].proto))
			return str_of(arena_printf(r->arena, "%s%.*s",
						   made[i].prefix,
						   STR_ARG(section->name)));
	return (struct str){ 0 };
}

static struct str device_of(struct reader *r, const struct uci_section *section,
			    unsigned int aliases)
{
	const struct uci_option *option = uci_option(section, "device");
	struct str proto = value_of(section, "proto"), name;

	name = made_device(r, proto, section);
	if (name.p)
		return name;
	if (str_is(value_of(section, "type"), "bridge"))
		return str_of(arena_printf(r->arena, "br-%.*s",
					   STR_ARG(section->name)));
	if (!option)
		option = uci_option(section, "ifname");
	if (!option)
		return name;
	name = option->values.v[0].text;
	if (name.p[0] == '@')
		return alias_of(r, name, option, aliases);
	if (name.p[0] != '/')
		return name;
	diag_help(diag_warning(r->diags, option->span,
			       "which network device this modem is, only the "
			       "running system knows"),
		  "give --network what \"ubus call network.interface dump\" "
		  "prints");
	return (struct str){ 0 };
}

static int netmask_bits(struct str mask)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr addr;
	uint32_t bits;

	if (!mask.n || mask.n >= sizeof(text))
		return 32;
	memcpy(text, mask.p, mask.n);
	text[mask.n] = '\0';
	if (inet_pton(AF_INET, text, &addr) != 1)
		return -1;
	bits = ntohl(addr.s_addr);
	return ~bits & (~bits + 1) ? -1 : __builtin_popcount(bits);
}

static void add_addresses(struct reader *r, const struct uci_section *section,
			  const char *name, struct network *network)
{
	const struct uci_option *option = uci_option(section, name);
	int bits = netmask_bits(value_of(section, "netmask"));
	struct net net;
	size_t i;

	for (i = 0; option && i < option->values.n; i++) {
		const struct uci_value *value = &option->values.v[i];
		bool whole = memchr(value->text.p, '/', value->text.n);

		if (!value_net(r->arena, value->text, &net) || net.range ||
		    (!whole && net.family == 4 &&
		     !value_net_of(r->arena, value->text, bits, &net)))
			diag_warning(r->diags, value->span,
				     "this is no address, or its netmask is "
				     "none");
		else
			*vec_push(r->arena, &network->addresses) = net;
	}
}

static void read_interface(struct reader *r, const struct uci_section *section)
{
	struct network *network;

	if (!section->name.p || is_on(section, "disabled", false))
		return;
	network = vec_push(r->arena, &r->networks->all);
	*network = (struct network){ .name = section->name,
				     .span = section->span };
	network->device = device_of(r, section, 0);
	if (is_on(section, "enabled", true)) {
		add_addresses(r, section, "ipaddr", network);
		add_addresses(r, section, "ip6addr", network);
	}
}

static void read_config(struct reader *r, const struct source *source)
{
	size_t i;

	r->uci = uci_read(r->arena, source, r->diags);
	for (i = 0; i < r->uci->sections.n; i++)
		if (str_is(r->uci->sections.v[i]->type, "interface"))
			read_interface(r, r->uci->sections.v[i]);
}

/* ubus call network.interface dump. */

static const struct node *member(const struct node *map, const char *key)
{
	size_t i;

	for (i = 0; map && map->kind == NODE_MAP && i < map->map.n; i++)
		if (str_is(map->map.pairs[i].key->scalar, key))
			return map->map.pairs[i].value;
	return NULL;
}

static struct str text_member(const struct node *map, const char *key)
{
	const struct node *value = member(map, key);

	return value && value->kind == NODE_SCALAR ? value->scalar :
						     (struct str){ 0 };
}

static void add_address(struct reader *r, const struct node *item,
			struct network *network)
{
	struct net net;
	long bits;

	if (value_int(text_member(item, "mask"), &bits) &&
	    value_net_of(r->arena, text_member(item, "address"), bits, &net))
		*vec_push(r->arena, &network->addresses) = net;
}

static void add_members(struct reader *r, const struct node *map,
			const char *key, const char *inside,
			struct network *network)
{
	const struct node *list = member(map, key), *item;
	size_t i;

	for (i = 0; list && list->kind == NODE_LIST && i < list->list.n; i++) {
		item = list->list.items[i];
		add_address(r, inside ? member(item, inside) : item, network);
	}
}

static void read_member(struct reader *r, const struct node *item)
{
	struct network *network = vec_push(r->arena, &r->networks->all);
	const struct node *data = member(item, "data");
	const struct node *rules = member(data, "firewall");

	*network = (struct network){
		.name = text_member(item, "interface"),
		.span = item->span,
		.device = text_member(item, "l3_device"),
		.zone = text_member(data, "zone"),
	};
	if (!network->device.p)
		network->device = text_member(item, "device");
	add_members(r, item, "ipv4-address", NULL, network);
	add_members(r, item, "ipv6-address", NULL, network);
	add_members(r, item, "ipv6-prefix-assignment", "local-address",
		    network);
	if (rules && rules->kind == NODE_LIST && rules->list.n)
		diag_warning(r->diags, rules->span,
			     "rules that a protocol brings with it are not "
			     "taken");
}

static void read_dump(struct reader *r, const struct source *source)
{
	const struct node *root = yaml_read(r->arena, source, r->diags);
	const struct node *list = member(root, "interface");
	size_t i;

	if (root && (!list || list->kind != NODE_LIST))
		diag_error(r->diags, root->span,
			   "this is not what \"ubus call network.interface "
			   "dump\" prints");
	for (i = 0; list && list->kind == NODE_LIST && i < list->list.n; i++)
		read_member(r, list->list.items[i]);
}

struct networks *networks_read(struct arena *arena, const struct source *source,
			       struct diags *diags)
{
	struct reader r = { .arena = arena, .diags = diags };
	struct str text = str_trim(source->text);

	r.networks = arena_new_object(arena, struct networks);
	if (text.n && text.p[0] == '{')
		read_dump(&r, source);
	else
		read_config(&r, source);
	return r.networks;
}
