// SPDX-License-Identifier: GPL-2.0-only
/*
 * Redirects and nat sections: entries of "nat". Those of destinations stand
 * first; of those of sources, the ones for any zone, as fw4 asks them.
 */
#include "parts.h"

#include <assert.h>

#include "value.h"

static const char *const limit[] = { "limit", NULL };
static const char *const helper[] = { "helper", NULL };

struct redirect {
	const struct uci_section *section;
	struct conds conds;
	struct protocols protocols;
	struct zone *src, *dest;
	enum zone_ref from, to;
	struct net net; /* the new address */
	bool translated;
	struct str port;     /* the new one; p NULL: as it was */
	struct str old_port; /* p NULL: any, or several */
};

static const char *target_of(const struct uci_section *section,
			     const char *otherwise)
{
	struct str text = option_text(section, "target");
	int i = text.p ? value_word(text, words_target) : -1;

	return i < 0 ? otherwise : words_target[i];
}

static void add(struct translation *t, node_list *list, const char *kind,
		struct node *map, const struct uci_section *section)
{
	struct node *entry = node_entry(t, kind, map);

	print_note(&t->import->notes, entry, section_note(t, section));
	*vec_push(t->arena, list) = entry;
}

/* Nothing of these is said of a translation, and the rest is all the same. */
static void leave_out(struct translation *t, const struct uci_section *section)
{
	bool yes = true;
	struct str log = option_text(section, "log");

	if (log.p && (!value_bool(log, &yes) || yes))
		report_left_out(t, option_span(section, "log"),
				"translations are not logged");
	if (option_bool(section, "counter", false))
		report_left_out(t, option_span(section, "counter"),
				"translations have no counters");
}

/*
 * The first address of an option that may name several, in the policy's words.
 * False: it was reported.
 */
static bool new_address(struct translation *t, struct redirect *r,
			const char *option)
{
	struct str text = option_text(r->section, option);
	struct span span = option_span(r->section, option);
	const struct network *network;

	if (!text.p)
		return true;
	r->translated = true;
	if (value_negated(&text) || (value_net(t->arena, text, &r->net) &&
				     r->net.bits < 0 && !r->net.range)) {
		report_unused(t, span,
			      "fw4 leaves out this %.*s: this is no address to "
			      "translate to",
			      STR_ARG(r->section->type));
		return false;
	}
	if (r->net.family)
		return r->net.host.p != NULL;
	network = t->import->networks ?
			  network_find(t->import->networks, text) :
			  NULL;
	if (!network || !network->addresses.n) {
		report_left_out(t, span,
				"this %.*s is left out: the address of "
				"\"%.*s\" is not known",
				STR_ARG(r->section->type), STR_ARG(text));
		return false;
	}
	r->net = network->addresses.v[0];
	value_net_of(t->arena, r->net.exact, r->net.family == 4 ? 32 : 128,
		     &r->net);
	return true;
}

static struct str port_text(struct translation *t,
			    const struct uci_section *section,
			    const char *option)
{
	struct str text = option_text(section, option), port = { 0 };

	if (text.p && text.p[0] != '!')
		value_port(t->arena, text, &port);
	return port;
}

/* Where there is one, one that can be said. */
static bool is_port(struct translation *t, const struct redirect *r,
		    const char *option)
{
	if (!r->port.n || can_say(&type_port, r->port))
		return true;
	report_left_out(t, option_span(r->section, option),
			"this %.*s is left out: a port of 0 cannot be said",
			STR_ARG(r->section->type));
	return false;
}

/* As fw4 has it: IPv4 unless anything says otherwise. */
static void default_family(struct conds *c)
{
	if (c->family >= 0)
		return;
	c->family = 4;
	c->say_family = true;
}

static bool is_v6_alone(const struct protocols *p)
{
	return p->icmp->list.n == 1 && !p->ported->list.n &&
	       !p->other->list.n &&
	       str_is(p->icmp->list.items[0]->scalar, "ipv6-icmp");
}

static bool is_range(struct str port)
{
	return port.n && memchr(port.p, '-', port.n);
}

/* forward: what the map has beside where it comes from. */

static struct node *forward_to(struct translation *t, const struct redirect *r,
			       bool ports)
{
	struct str host = r->net.host;
	bool six = r->net.family == 6;
	const char *fmt = "%.*s:%.*s";
	struct str rest = host, first;

	if (!ports || !r->port.n || str_eq(r->port, r->old_port))
		return node_text(t, host);
	if (six && !r->net.range)
		fmt = "[%.*s]:%.*s";
	if (!six || !r->net.range)
		return node_word(t, arena_printf(t->arena, fmt, STR_ARG(host),
						 STR_ARG(r->port)));
	first = str_cut(&rest, '-');
	return node_word(t, arena_printf(t->arena, "[%.*s]-[%.*s]:%.*s",
					 STR_ARG(first), STR_ARG(rest),
					 STR_ARG(r->port)));
}

/* Where a port of one range becomes one of another, fw4 takes any of them. */
static bool is_random(const struct redirect *r)
{
	return is_range(r->port) && !str_eq(r->port, r->old_port);
}

static void put_random(struct translation *t, const struct redirect *r,
		       struct node *map)
{
	if (is_random(r))
		node_put(t, map, "random", node_word(t, "true"));
}

/* Reflection. */

static bool is_masqueraded(const struct redirect *r)
{
	return r->net.family == 6 ? r->src->masq[1] : r->src->masq[0];
}

static bool reflects(const struct redirect *r)
{
	return option_bool(r->section, "reflection", true) && r->dest &&
	       r->translated && is_masqueraded(r);
}

static bool is_reflection_zone(const struct redirect *r,
			       const struct zone *zone)
{
	const struct uci_option *option =
		uci_option(r->section, "reflection_zone");
	struct uci_value value;
	size_t i;

	if (!option)
		return zone == r->dest;
	for (i = 0; option_value_at(option, i, &value); i++)
		if (str_eq(value.text, zone->name))
			return true;
	return false;
}

/* "reflect" is for all other zones. */
static bool reflects_to_all(const struct translation *t,
			    const struct redirect *r)
{
	size_t i;

	for (i = 0; i < t->zones.n; i++)
		if (&t->zones.v[i] != r->src &&
		    !is_reflection_zone(r, &t->zones.v[i]))
			return false;
	return !r->conds.source && !r->conds.mac &&
	       !str_is(option_text(r->section, "reflection_src"), "external");
}

/* The addresses of @zone's interfaces, or what its networks have. */
static struct node *nets_of(struct translation *t, const struct zone *zone,
			    int family, bool hosts)
{
	struct node *list = node_of_list(t);
	size_t i;

	for (i = 0; i < zone->networks.n; i++) {
		const struct net *net = &zone->networks.v[i];

		if (net->family == family && net->text.p)
			node_add(t, list,
				 node_text(t, hosts ? net->exact : net->text));
	}
	return list;
}

/* The router's own address where the server is. */
static struct str inner_address(const struct zone *zone, const struct net *net)
{
	struct str first = { 0 };
	size_t i;

	for (i = 0; i < zone->networks.n; i++) {
		const struct net *own = &zone->networks.v[i];

		if (own->family != net->family || !own->exact.p)
			continue;
		if (net_has(own, net))
			return own->exact;
		if (!first.p)
			first = own->exact;
	}
	return first;
}

struct reflection {
	struct node *outer, *inner; /* lists of addresses */
	struct str address;
};

static bool reflection_of(struct translation *t, const struct redirect *r,
			  const struct zone *zone, struct reflection *out)
{
	int family = r->net.family;
	struct str side = option_text(r->section, "reflection_src");

	out->outer = nets_of(t, r->src, family, true);
	out->inner = nets_of(t, zone, family, false);
	out->address = inner_address(zone, &r->net);
	if (side.p && value_word(side, words_side) == 1)
		out->address = out->outer->list.n ?
				       out->outer->list.items[0]->scalar :
				       (struct str){ 0 };
	return (r->conds.destination || out->outer->list.n) &&
	       out->inner->list.n && out->address.p;
}

static void add_reflection(struct translation *t, const struct redirect *r,
			   const struct zone *zone,
			   const struct reflection *how, struct node *protocol,
			   bool ports)
{
	struct node *map = node_map(t);

	node_put(t, map, "from", node_text(t, zone->name));
	node_put(t, map, "protocol", protocol);
	node_put(t, map, "source", node_listed(how->inner));
	if (ports)
		node_put(t, map, "source-port", r->conds.source_port);
	node_put(t, map, "destination",
		 r->conds.destination ? r->conds.destination :
					node_listed(how->outer));
	if (ports)
		node_put(t, map, "port", r->conds.port);
	node_put(t, map, "mark", r->conds.mark);
	node_put(t, map, "weekday", r->conds.weekday);
	node_put(t, map, "time", r->conds.time);
	node_put(t, map, "to", forward_to(t, r, ports));
	if (ports)
		put_random(t, r, map);
	put_name(t, map, r->section, "-reflection");
	add(t, &t->to_inside, "forward", map, r->section);

	map = node_map(t);
	node_put(t, map, "to", node_text(t, zone->name));
	node_put(t, map, "protocol", protocol);
	node_put(t, map, "source", node_listed(how->inner));
	node_put(t, map, "destination", node_text(t, r->net.host));
	if (ports && r->port.n)
		node_put(t, map, "port", node_text(t, r->port));
	node_put(t, map, "address", node_text(t, how->address));
	put_name(t, map, r->section, "-reflected");
	add(t, &t->from_zone, "source", map, r->section);
}

static void add_reflections(struct translation *t, const struct redirect *r,
			    struct node *protocol, bool ports)
{
	struct reflection how;
	size_t i;

	for (i = 0; i < t->zones.n; i++) {
		const struct zone *zone = &t->zones.v[i];

		if (zone == r->src || !is_reflection_zone(r, zone))
			continue;
		if (reflection_of(t, r, zone, &how))
			add_reflection(t, r, zone, &how, protocol, ports);
		else
			report_left_out(t, r->section->span,
					"not reflected to zone %.*s, since the "
					"router's addresses are not known: "
					"--network with what \"ubus call "
					"network.interface dump\" says has "
					"them; \"reflect: true\" is for all "
					"zones",
					STR_ARG(zone->name));
	}
}

/* dnat. */

static void add_forward(struct translation *t, struct redirect *r,
			struct node *protocol, bool ports)
{
	struct node *map = node_map(t);
	bool reflect = reflects(r), all = reflect && reflects_to_all(t, r);
	struct conds c = r->conds;

	if (!c.destination && !r->src->masq[0] && !r->src->masq[1])
		c.destination =
			node_word(t, r->net.family == 6 ? "::/0" : "0.0.0.0/0");
	node_put(t, map, "from", node_text(t, r->src->name));
	node_put(t, map, "protocol", protocol);
	c.say_family = false;
	cond_put(t, &c, map, ports);
	node_put(t, map, "to", forward_to(t, r, ports));
	if (ports)
		put_random(t, r, map);
	if (all)
		node_put(t, map, "reflect", node_word(t, "true"));
	put_name(t, map, r->section, "");
	add(t, &t->to_inside, "forward", map, r->section);
	if (reflect && !all)
		add_reflections(t, r, protocol, ports);
}

static void add_redirect(struct translation *t, struct redirect *r,
			 struct node *protocol, bool ports)
{
	struct node *map = node_map(t);

	node_put(t, map, "from", node_text(t, r->src->name));
	node_put(t, map, "protocol", protocol);
	cond_put(t, &r->conds, map, ports);
	if (ports && r->port.n && !str_eq(r->port, r->old_port)) {
		node_put(t, map, "to", node_text(t, r->port));
		put_random(t, r, map);
	}
	put_name(t, map, r->section, "");
	add(t, &t->to_inside, "redirect", map, r->section);
}

/* snat. */

static struct node *snat_map(struct translation *t, struct redirect *r,
			     struct node *protocol, bool ports)
{
	struct node *map = node_map(t);

	node_put(t, map, "to",
		 r->dest ? node_text(t, r->dest->name) : node_word(t, "any"));
	node_put(t, map, "protocol", protocol);
	cond_put(t, &r->conds, map, ports);
	return map;
}

static void add_source(struct translation *t, struct redirect *r,
		       struct node *protocol, bool ports)
{
	struct node *map;

	r->conds.say_family = r->conds.say_family &&
			      r->conds.family != r->net.family;
	map = snat_map(t, r, protocol, ports);
	node_put(t, map, "address", node_text(t, r->net.host));
	if (ports && r->port.n)
		node_put(t, map, "ports", node_text(t, r->port));
	put_name(t, map, r->section, "");
	add(t, r->dest ? &t->from_zone : &t->from_any, "source", map,
	    r->section);
}

static void add_masquerade(struct translation *t, struct redirect *r,
			   struct node *protocol, bool ports)
{
	struct node *map, *both;

	if (!r->conds.family) {
		both = node_of_list(t);
		node_add(t, both, node_word(t, "ipv4"));
		node_add(t, both, node_word(t, "ipv6"));
	} else {
		both = NULL;
		r->conds.say_family = true;
	}
	map = snat_map(t, r, protocol, ports);
	node_put(t, map, "family", both);
	put_name(t, map, r->section, "");
	add(t, r->dest ? &t->from_zone : &t->from_any, "masquerade", map,
	    r->section);
}

static void add_exempt(struct translation *t, struct redirect *r,
		       struct node *protocol, bool ports)
{
	struct node *map = snat_map(t, r, protocol, ports);

	put_name(t, map, r->section, "");
	add(t, r->dest ? &t->from_zone : &t->from_any, "exempt", map,
	    r->section);
}

/* Ports are those of tcp and udp; the other protocols have an entry without. */
static void each_group(struct translation *t, struct redirect *r,
		       void (*one)(struct translation *, struct redirect *,
				   struct node *, bool))
{
	struct protocols *p = &r->protocols;
	bool ports = r->conds.ports || r->port.n;
	struct node *rest = node_of_list(t);
	size_t i;

	for (i = 0; !ports && i < p->ported->list.n; i++)
		node_add(t, rest, p->ported->list.items[i]);
	for (i = 0; i < p->icmp->list.n; i++)
		if (r->conds.family <= 0 || p->icmp->list.n == 1 ||
		    str_is(p->icmp->list.items[i]->scalar, "icmp") ==
			    (r->conds.family == 4))
			node_add(t, rest, p->icmp->list.items[i]);
	for (i = 0; i < p->other->list.n; i++)
		node_add(t, rest, p->other->list.items[i]);
	if (ports && p->ported->list.n)
		one(t, r, node_listed(p->ported), true);
	if (p->any || p->negated->list.n > 1)
		one(t, r, NULL, false);
	else if (rest->list.n)
		one(t, r, node_listed(rest), false);
	if (!p->any && p->negated->list.n == 1)
		one(t, r, node_not(t, p->negated), false);
}

static bool conditions(struct translation *t, struct redirect *r,
		       const char *destination, const char *port)
{
	struct conds *c = &r->conds;

	return cond_times(t, c) &&
	       cond_never(t, c, helper, "a policy does not ask for helpers") &&
	       cond_never(t, c, limit, "translations have no limit") &&
	       cond_addresses(t, c, "src_ip", &c->source) &&
	       cond_addresses(t, c, destination, &c->destination) &&
	       cond_narrow(t, c, r->net.family, r->section->span) &&
	       (!r->src || cond_narrow(t, c, r->src->family,
				       option_span(r->section, "src"))) &&
	       (!r->dest || cond_narrow(t, c, r->dest->family,
					option_span(r->section, "dest"))) &&
	       cond_ports(t, c, "src_port", &c->source_port) &&
	       cond_ports(t, c, port, &c->port) && cond_macs(t, c) &&
	       cond_mark(t, c);
}

/* fw4 finds the zone of a forward without "dest" by its address. */
static void find_dest(const struct translation *t, struct redirect *r)
{
	size_t i, k;

	for (i = 0; !r->dest && r->translated && i < t->zones.n; i++)
		for (k = 0; k < t->zones.v[i].networks.n; k++)
			if (net_has(&t->zones.v[i].networks.v[k], &r->net))
				r->dest = &t->zones.v[i];
}

static bool need(struct translation *t, const struct redirect *r, bool holds,
		 const char *what)
{
	if (!holds)
		report_unused(t, r->section->span,
			      "fw4 leaves out this %.*s: %s",
			      STR_ARG(r->section->type), what);
	return holds;
}

static const char *const tcpudp[] = { "tcp", "udp", NULL };
static const char *const all[] = { NULL };

static void take_dnat(struct translation *t, struct redirect *r)
{
	if (!need(t, r, r->src != NULL, "it has no zone as \"src\"") ||
	    !new_address(t, r, "dest_ip") ||
	    !conditions(t, r, "src_dip", "src_dport") ||
	    !cond_set(t, &r->conds) ||
	    !protocols_read(t, &r->conds, tcpudp, &r->protocols))
		return;
	assert(r->src);
	if (is_v6_alone(&r->protocols))
		r->conds.family = 6;
	default_family(&r->conds);
	find_dest(t, r);
	r->port = port_text(t, r->section, "dest_port");
	r->old_port = port_text(t, r->section, "src_dport");
	if (!r->port.n)
		r->port = r->old_port;
	else if (!r->conds.port) /* a new port takes the place of any */
		r->conds.port = node_word(t, "1-65535");
	if (!is_port(t, r, "dest_port"))
		return;
	if (is_random(r))
		report_nearly(t, option_span(r->section, "dest_port"),
			      "the new port is one of the range at random");
	leave_out(t, r->section);
	if (!r->translated)
		r->src->forwards[HOOK_INPUT] = true;
	else if (r->dest == r->src)
		r->src->forwards[HOOK_FORWARD] = true;
	r->src->lets_in = r->src->lets_in || r->translated;
	each_group(t, r, r->translated ? add_forward : add_redirect);
}

static void take_snat(struct translation *t, struct redirect *r)
{
	if (!need(t, r, r->dest != NULL, "it has no zone as \"dest\"") ||
	    !need(t, r, uci_option(r->section, "src_dip") != NULL,
		  "it has no \"src_dip\"") ||
	    !need(t, r, !uci_option(r->section, "src_mac"),
		  "\"src_mac\" is not for snat") ||
	    !new_address(t, r, "src_dip") ||
	    !conditions(t, r, "dest_ip", "dest_port") ||
	    !cond_set(t, &r->conds) ||
	    !protocols_read(t, &r->conds, tcpudp, &r->protocols))
		return;
	default_family(&r->conds);
	r->port = port_text(t, r->section, "src_dport");
	if (!is_port(t, r, "src_dport"))
		return;
	leave_out(t, r->section);
	each_group(t, r, add_source);
}

void take_redirect(struct translation *t, const struct uci_section *section)
{
	struct redirect r = { .section = section, .conds.section = section };
	const char *target = target_of(section, "dnat");

	r.from = zone_ref(t, section, "src", &r.src);
	r.to = zone_ref(t, section, "dest", &r.dest);
	if (r.from == ZONE_BAD || r.to == ZONE_BAD)
		return;
	cond_family(t, &r.conds);
	if (strcmp(target, "snat") == 0) {
		take_snat(t, &r);
		return;
	}
	if (strcmp(target, "dnat") != 0)
		report_unused(t, option_span(section, "target"),
			      "fw4 takes this target of a redirect for dnat");
	take_dnat(t, &r);
}

/* nat sections. */

static bool nat_device(struct translation *t, struct redirect *r)
{
	struct str device = option_text(r->section, "device");
	const struct zone *only;

	if (!device.p)
		return true;
	only = zone_of_device(t, device);
	if (!only || (r->dest && r->dest != only)) {
		report_left_out(t, option_span(r->section, "device"),
				"this nat is left out: it asks for a device "
				"that is not all of a zone");
		return false;
	}
	r->dest = (struct zone *)(uintptr_t)only;
	return true;
}

static bool nat_target(struct translation *t, struct redirect *r,
		       const char **target)
{
	bool address = uci_option(r->section, "snat_ip");
	bool port = uci_option(r->section, "snat_port");
	const char *given = target_of(r->section, "masquerade");

	*target = given;
	if (strcmp(given, "accept") != 0 && strcmp(given, "snat") != 0 &&
	    strcmp(given, "masquerade") != 0) {
		report_unused(t, option_span(r->section, "target"),
			      "fw4 takes this target of a nat for masquerade");
		*target = "masquerade";
	}
	if (strcmp(*target, "snat") != 0)
		return need(t, r, !address && !port,
			    "\"snat_ip\" and \"snat_port\" are for snat");
	if (!need(t, r, address || port,
		  "it has neither \"snat_ip\" nor \"snat_port\""))
		return false;
	if (address)
		return new_address(t, r, "snat_ip");
	report_left_out(t, option_span(r->section, "snat_port"),
			"this nat is left out: a new port needs a new address");
	return false;
}

/* Ports need tcp or udp; of all protocols, fw4 takes these two. */
static bool nat_protocols(struct translation *t, struct redirect *r)
{
	struct protocols *p = &r->protocols;

	if (!protocols_read(t, &r->conds, all, p))
		return false;
	if ((!r->conds.ports && !r->port.n) || p->ported->list.n)
		return true;
	if (!need(t, r,
		  p->any && !p->icmp->list.n && !p->other->list.n &&
			  !p->negated->list.n,
		  "ports are for tcp and udp"))
		return false;
	p->any = false;
	node_add(t, p->ported, node_word(t, "tcp"));
	node_add(t, p->ported, node_word(t, "udp"));
	return true;
}

void take_nat(struct translation *t, const struct uci_section *section)
{
	struct redirect r = { .section = section, .conds.section = section };
	const char *target;

	r.to = zone_ref(t, section, "src", &r.dest);
	if (r.to == ZONE_BAD || !nat_device(t, &r) ||
	    !nat_target(t, &r, &target))
		return;
	cond_family(t, &r.conds);
	r.port = port_text(t, section, "snat_port");
	if (!is_port(t, &r, "snat_port") ||
	    !conditions(t, &r, "dest_ip", "dest_port") || !nat_protocols(t, &r))
		return;
	default_family(&r.conds);
	leave_out(t, section);
	if (strcmp(target, "snat") == 0)
		each_group(t, &r, add_source);
	else if (strcmp(target, "accept") == 0)
		each_group(t, &r, add_exempt);
	else
		each_group(t, &r, add_masquerade);
}
