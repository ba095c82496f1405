// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zones. In fw4 a zone's "forward" speaks of connections from the zone to
 * itself and of no others: those meet the defaults.
 */
#include "parts.h"

#include "value.h"

static const char *const hook_options[] = { "input", "output", "forward" };
static bool is_device(struct str name)
{
	size_t i, n = name.n;

	n -= n > 1 && name.p[n - 1] == '*';
	for (i = 0; i < n; i++)
		if (name.p[i] <= ' ' || name.p[i] > '~' ||
		    strchr("/:\"\\*", name.p[i]))
			return false;
	return n > 0 && n <= 15;
}

static bool names_device(const struct zone *zone, struct str device)
{
	size_t i;

	for (i = 0; i < zone->devices.n; i++)
		if (str_eq(zone->devices.v[i], device))
			return true;
	return false;
}

/* A zone before it takes a device; the policy gives it to one alone. */
static const struct zone *owner_of(const struct translation *t,
				   struct str device)
{
	size_t i;

	for (i = 0; i < t->zones.n; i++)
		if (names_device(&t->zones.v[i], device))
			return &t->zones.v[i];
	return NULL;
}

const struct zone *zone_of_device(const struct translation *t,
				  struct str device)
{
	const struct zone *zone = owner_of(t, device);

	return zone && zone->devices.n == 1 ? zone : NULL;
}

static bool overlap(struct str a, struct str b)
{
	struct value x[2], y[2];
	const char *why;
	size_t n;

	if (!type_address.parse(a, x, &why) ||
	    !type_address.parse(b, y, &why) || x->family != y->family)
		return false;
	n = x->family == FAMILY_INDEX_IPV4 ? 4 : 16;
	return memcmp(x->lo, y->hi, n) <= 0 && memcmp(y->lo, x->hi, n) <= 0;
}

/* Zones that share a device are told apart by their subnets. */
static bool are_apart(const struct zone *a, const struct zone *b)
{
	size_t i, k;

	for (i = 0; i < a->subnets->list.n; i++)
		for (k = 0; k < b->subnets->list.n; k++)
			if (overlap(a->subnets->list.items[i]->scalar,
				    b->subnets->list.items[k]->scalar))
				return false;
	return a->subnets->list.n && b->subnets->list.n;
}

static void add_device(struct translation *t, struct zone *zone,
		       struct str device, struct span span)
{
	const struct zone *owner;

	if (device.n > 1 && device.p[device.n - 1] == '+')
		device = str_of(arena_printf(t->arena, "%.*s*",
					     (int)device.n - 1, device.p));
	owner = owner_of(t, device);
	if (!is_device(device))
		report_left_out(t, span, "\"%.*s\" is no device's name",
				STR_ARG(device));
	else if (owner && !are_apart(owner, zone))
		report_left_out(t, span,
				"the device %.*s is that of zone %.*s, where "
				"fw4 asks first",
				STR_ARG(device), STR_ARG(owner->name));
	else if (!names_device(zone, device))
		*vec_push(t->arena, &zone->devices) = device;
}

static void add_nets(struct translation *t, struct zone *zone,
		     const struct network *network)
{
	size_t i;

	for (i = 0; i < network->addresses.n; i++)
		*vec_push(t->arena, &zone->networks) = network->addresses.v[i];
}

static void add_network(struct translation *t, struct zone *zone,
			struct str name, struct span span)
{
	const struct network *network;

	if (!t->import->networks) {
		report_nearly(t, span,
			      "where the network %.*s is, --network would "
			      "tell: it is taken for a device",
			      STR_ARG(name));
		add_device(t, zone, name, span);
		return;
	}
	network = network_find(t->import->networks, name);
	if (!network) {
		report_left_out(t, span, "there is no interface %.*s",
				STR_ARG(name));
		return;
	}
	if (network->device.p)
		add_device(t, zone, network->device, span);
	else
		report_nearly(t, span, "the interface %.*s has no device now",
			      STR_ARG(name));
	add_nets(t, zone, network);
}

static void each_device(struct translation *t, struct zone *zone,
			const char *option,
			void (*add)(struct translation *, struct zone *,
				    struct str, struct span))
{
	struct uci_value value;
	size_t i;

	for (i = 0;
	     option_value_at(uci_option(zone->section, option), i, &value);
	     i++) {
		if (value_negated(&value.text))
			report_left_out(t, value.span,
					"a zone of all devices but %.*s cannot "
					"be said",
					STR_ARG(value.text));
		else if (str_is(value.text, "*") || str_is(value.text, "+"))
			report_left_out(t, value.span,
					"a zone of all devices cannot be said");
		else
			add(t, zone, value.text, value.span);
	}
}

static void own_networks(struct translation *t, struct zone *zone)
{
	const struct networks *networks = t->import->networks;
	size_t i;

	for (i = 0; networks && i < networks->all.n; i++)
		if (networks->all.v[i].zone.p &&
		    str_eq(networks->all.v[i].zone, zone->name))
			add_network(t, zone, networks->all.v[i].name,
				    zone->section->span);
}

static bool add_subnet(struct translation *t, struct zone *zone,
		       const struct uci_value *value)
{
	struct str text = value->text;
	struct net net;

	if (value_negated(&text) || !value_net(t->arena, text, &net) ||
	    !net.text.p || (net.bits < 0 && !net.range)) {
		report_left_out(t, value->span,
				"a zone cannot be narrowed to \"%.*s\"",
				STR_ARG(value->text));
		return false;
	}
	if (zone->family && net.family != zone->family)
		return true;
	node_add(t, zone->subnets, node_text(t, net.text));
	*vec_push(t->arena, &zone->networks) = net;
	return true;
}

/* False: it cannot be narrowed as it should. */
static bool add_subnets(struct translation *t, struct zone *zone)
{
	const struct uci_option *option = uci_option(zone->section, "subnet");
	struct uci_value value;
	size_t i;

	for (i = 0; option_value_at(option, i, &value); i++)
		if (!add_subnet(t, zone, &value))
			return false;
	if (!option && zone->family)
		node_add(t, zone->subnets,
			 node_word(t,
				   zone->family == 4 ? "0.0.0.0/0" : "::/0"));
	return true;
}

static struct node *device_list(struct translation *t, const struct zone *zone)
{
	struct node *list = node_of_list(t);
	size_t i;

	for (i = 0; i < zone->devices.n; i++)
		node_add(t, list, node_text(t, zone->devices.v[i]));
	return list;
}

/* Masquerading that asks for addresses is an entry; all else the zone's own. */
static bool masq_asks(const struct zone *zone)
{
	return uci_option(zone->section, "masq_src") ||
	       uci_option(zone->section, "masq_dest");
}

static void add_masquerade(struct translation *t, const struct zone *zone,
			   int family)
{
	struct node *map = node_map(t), *entry;
	struct conds c = { .section = zone->section, .family = family };
	const char *title;

	if (!cond_addresses(t, &c, "masq_src", &c.source) ||
	    !cond_addresses(t, &c, "masq_dest", &c.destination))
		return;
	node_put(t, map, "to", node_text(t, zone->name));
	node_put(t, map, "family", node_word(t, family == 4 ? "ipv4" : "ipv6"));
	node_put(t, map, "source", c.source);
	node_put(t, map, "destination", c.destination);
	entry = node_entry(t, "masquerade", map);
	title = section_title(t, zone->section);
	print_note(&t->import->notes, entry, title);
	*vec_push(t->arena, &t->masquerades) = entry;
}

static void put_masquerade(struct translation *t, struct zone *zone,
			   struct node *map)
{
	struct node *list = node_of_list(t);
	int i;

	zone->masq[0] = option_bool(zone->section, "masq", false);
	zone->masq[1] = option_bool(zone->section, "masq6", false);
	for (i = 0; i < 2; i++)
		if (zone->masq[i] && masq_asks(zone))
			add_masquerade(t, zone, i ? 6 : 4);
		else if (zone->masq[i])
			node_add(t, list, node_word(t, i ? "ipv6" : "ipv4"));
	node_put(t, map, "masquerade", node_listed(list));
	if ((zone->masq[0] || zone->masq[1]) &&
	    !option_bool(zone->section, "masq_allow_invalid", false))
		t->drop_invalid = true;
}

static void read_policies(struct translation *t, struct zone *zone)
{
	int i, word;

	for (i = 0; i < HOOKS; i++) {
		struct str text = option_text(zone->section, hook_options[i]);

		word = text.p ? value_word(text, words_policy) : -1;
		zone->policy[i] = word < 0 ? t->policy[i] : (enum policy)word;
	}
}

static void read_log(struct translation *t, struct zone *zone)
{
	struct str limit = option_text(zone->section, "log_limit");
	long bits = 0;

	value_int(option_text(zone->section, "log"), &bits);
	zone->log = bits & 1;
	if (bits & 2)
		report_left_out(t, option_span(zone->section, "log"),
				"what \"clamp-mss\" does is not logged");
	if (limit.p)
		value_limit(t->arena, limit, &zone->log_limit);
}

/* fw4's, which /usr/share/firewall4/helpers names. */
static const struct {
	const char *name, *kernel, *protocol, *port;
	bool ipv4;
} helpers[] = {
	{ "amanda", "amanda", "udp", "10080", false },
	{ "ftp", "ftp", "tcp", "21", false },
	{ "RAS", "h323-ras", "udp", "1719", false },
	{ "Q.931", "h323", "tcp", "1720", false },
	{ "irc", "irc", "tcp", "6667", true },
	{ "netbios-ns", "netbios-ns", "udp", "137", true },
	{ "pptp", "pptp", "tcp", "1723", true },
	{ "sane", "sane", "tcp", "6566", false },
	{ "sip", "sip", "udp", "5060", false },
	{ "snmp", "snmp", "udp", "161", true },
	{ "tftp", "tftp", "udp", "69", false },
};

const char *helper_of(struct str name)
{
	size_t i;

	for (i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++)
		if (str_is(name, helpers[i].name))
			return helpers[i].kernel;
	return NULL;
}

static void add_helper(struct translation *t, const struct zone *zone, size_t i)
{
	struct node *map = node_map(t);

	node_put(t, map, "set", node_word(t, helpers[i].kernel));
	node_put(t, map, "from", node_text(t, zone->name));
	node_put(t, map, "to", anywhere(t));
	if (helpers[i].ipv4 && !zone->family)
		node_put(t, map, "family", node_word(t, "ipv4"));
	node_put(t, map, "protocol", node_word(t, helpers[i].protocol));
	node_put(t, map, "port", node_word(t, helpers[i].port));
	rule_add(t, &t->early, "helper", map, zone->section);
}

static void zone_helper(struct translation *t, const struct zone *zone,
			const struct uci_value *value)
{
	struct str name = value->text;
	bool negated = value_negated(&name);
	size_t i;

	for (i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++)
		if (!negated && str_is(name, helpers[i].name)) {
			if (helpers[i].ipv4 && zone->family == 6)
				return;
			add_helper(t, zone, i);
			return;
		}
	report_left_out(t, value->span,
			"the kernel's helper for \"%.*s\" is not known",
			STR_ARG(value->text));
}

static void zone_helpers(struct translation *t, const struct zone *zone)
{
	const struct uci_option *option = uci_option(zone->section, "helper");
	struct uci_value value;
	size_t i;

	for (i = 0; option_value_at(option, i, &value); i++)
		zone_helper(t, zone, &value);
	if (!option && option_bool(zone->section, "auto_helper", false) &&
	    !zone->masq[0] && !zone->masq[1])
		report_left_out(t, option_span(zone->section, "auto_helper"),
				"which helpers are loaded is not known: name "
				"them with \"list helper\"");
}

static bool is_own_name(struct str name)
{
	size_t i;

	if (str_is(name, "any") || str_is(name, "router") || name.n > 32)
		return false;
	for (i = 0; i < name.n; i++)
		if (name.p[i] == '.' || name.p[i] == '/')
			return false;
	return name.n && name.p[0] != '_';
}

static bool is_whole(struct translation *t, const struct zone *zone,
		     bool narrowed_well)
{
	const char *why = NULL;

	if (!is_own_name(zone->name))
		why = "its name is none that a policy's zone may have";
	else if (!zone->devices.n)
		why = "it has no devices";
	else if (!narrowed_well)
		why = "not all of its subnets can be said";
	if (!why)
		return true;
	report_left_out(t, zone->section->span,
			"the zone %.*s is left out, and what names it: %s",
			STR_ARG(zone->name), why);
	*vec_push(t->arena, &t->left_out_zones) = zone->name;
	return false;
}

/* Where it is: all that is asked of it beside fw4. */
static void put_place(struct translation *t, struct zone *zone)
{
	zone->node = node_map(t);
	node_put(t, zone->node, "devices", device_list(t, zone));
	node_put(t, zone->node, "subnets", node_listed(zone->subnets));
	node_put_str(t, t->zones_node, zone->name, zone->node);
}

void take_zone(struct translation *t, const struct uci_section *section)
{
	struct zone zone = { .section = section };
	struct str family = option_text(section, "family");
	bool good;

	zone.name = option_text(section, "name");
	zone.family = family.p ? value_family(family) : 0;
	zone.subnets = node_of_list(t);
	good = add_subnets(t, &zone);
	each_device(t, &zone, "network", add_network);
	own_networks(t, &zone);
	each_device(t, &zone, "device", add_device);
	if (!is_whole(t, &zone, good))
		return;
	if (t->import->zones_only) {
		put_place(t, &zone);
		*vec_push(t->arena, &t->zones) = zone;
		return;
	}
	read_policies(t, &zone);
	read_log(t, &zone);
	if (uci_option(section, "counter") &&
	    option_bool(section, "counter", false))
		report_left_out(t, option_span(section, "counter"),
				"zones have no counters");
	put_place(t, &zone);
	put_masquerade(t, &zone, zone.node);
	if (option_bool(section, "mtu_fix", false))
		node_put(t, zone.node, "clamp-mss", node_word(t, "true"));
	print_note(&t->import->notes, zone.node, section_note(t, section));
	*vec_push(t->arena, &t->zones) = zone;
	zone_helpers(t, &zone);
}

static struct zone *find(const struct translation *t, struct str name)
{
	size_t i;

	for (i = 0; i < t->zones.n; i++)
		if (str_eq(t->zones.v[i].name, name))
			return &t->zones.v[i];
	return NULL;
}

static bool is_left_out(const struct translation *t, struct str name)
{
	size_t i;

	for (i = 0; i < t->left_out_zones.n; i++)
		if (str_eq(t->left_out_zones.v[i], name))
			return true;
	return false;
}

enum zone_ref zone_ref(struct translation *t, const struct uci_section *section,
		       const char *option, struct zone **zone)
{
	struct str name = option_text(section, option);
	struct span span = option_span(section, option);

	*zone = NULL;
	if (!name.p)
		return ZONE_NONE;
	if (str_is(name, "*"))
		return ZONE_ANY;
	*zone = find(t, name);
	if (*zone)
		return ZONE_ONE;
	if (is_left_out(t, name))
		report_left_out(t, span,
				"the zone %.*s is left out, and this %.*s with "
				"it",
				STR_ARG(name), STR_ARG(section->type));
	else
		report_unused(t, span,
			      "fw4 leaves out this %.*s: there is no zone %.*s",
			      STR_ARG(section->type), STR_ARG(name));
	return ZONE_BAD;
}

/* What a zone says itself, behind all rules. */

static struct str log_prefix(struct translation *t, const struct zone *zone,
			     enum policy policy, enum hook hook)
{
	static const char *const ways[] = { "in", "out", "out" };

	return str_of(arena_printf(t->arena,
				   "%s %.*s %s: ", words_policy[policy],
				   STR_ARG(zone->name), ways[hook]));
}

static void add_policy(struct translation *t, const struct zone *zone,
		       enum hook hook, bool log)
{
	enum policy policy = zone->policy[hook];
	struct node *map = node_map(t);

	node_put(t, map, "from",
		 hook == HOOK_OUTPUT ? node_word(t, "router") :
				       node_text(t, zone->name));
	node_put(t, map, "to",
		 hook == HOOK_INPUT ? node_word(t, "router") :
				      node_text(t, zone->name));
	if (log)
		node_put(t, map, "log",
			 log_node(t, log_prefix(t, zone, policy, hook),
				  zone->log_limit));
	if (policy == POLICY_REJECT)
		rule_add_reject(t, &t->last, map, zone->section);
	else
		rule_add(t, &t->last, words_policy[policy], map, zone->section);
}

/*
 * The policy lets port forwards in behind all rules and before its defaults. So
 * where they arrive, what the zone refuses must be what the default refuses.
 */
static void choose_default(struct translation *t, enum hook hook)
{
	enum policy asked = t->policy[hook];
	const struct zone *chosen = NULL;
	size_t i;

	for (i = 0; i < t->zones.n; i++) {
		const struct zone *zone = &t->zones.v[i];

		if (!zone->forwards[hook] ||
		    zone->policy[hook] == POLICY_ACCEPT ||
		    zone->policy[hook] == t->policy[hook])
			continue;
		if (chosen) {
			report_nearly(t, zone->section->span,
				      "what it refuses comes before its port "
				      "forwards");
			continue;
		}
		chosen = zone;
		t->policy[hook] = zone->policy[hook];
	}
	if (chosen)
		report_nearly(t, chosen->section->span,
			      "what no zone has meets \"%s\", as this zone's "
			      "port forwards need it, and not \"%s\"",
			      words_policy[t->policy[hook]],
			      words_policy[asked]);
}

static void log_refused_forwards(struct translation *t, const struct zone *zone)
{
	struct node *map;

	if (!zone->log || t->policy[HOOK_FORWARD] == POLICY_ACCEPT)
		return;
	if (zone->lets_in) {
		report_left_out(t, option_span(zone->section, "log"),
				"what is not forwarded is not logged, since "
				"port forwards come behind it");
		return;
	}
	map = node_map(t);
	node_put(t, map, "from", node_text(t, zone->name));
	node_put(t, map, "to", node_word(t, "any"));
	node_put(t, map, "log",
		 log_node(t,
			  str_of(arena_printf(
				  t->arena, "%s %.*s forward: ",
				  words_policy[t->policy[HOOK_FORWARD]],
				  STR_ARG(zone->name))),
			  (struct str){ 0 }));
	rule_add(t, &t->last, "log", map, zone->section);
}

void zone_policies(struct translation *t)
{
	size_t i;
	int hook;

	for (hook = 0; hook < HOOKS; hook++) {
		choose_default(t, (enum hook)hook);
		for (i = 0; i < t->zones.n; i++) {
			const struct zone *zone = &t->zones.v[i];
			bool log = zone->log && !zone->forwards[hook] &&
				   zone->policy[hook] != POLICY_ACCEPT;

			if (zone->log && zone->forwards[hook] && !log &&
			    zone->policy[hook] != POLICY_ACCEPT)
				report_left_out(
					t, option_span(zone->section, "log"),
					"what the zone refuses is not logged, "
					"since port forwards come behind it");
			if (log || zone->policy[hook] != t->policy[hook])
				add_policy(t, zone, (enum hook)hook, log);
		}
	}
	for (i = 0; i < t->zones.n; i++)
		log_refused_forwards(t, &t->zones.v[i]);
}
