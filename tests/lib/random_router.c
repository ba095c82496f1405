// SPDX-License-Identifier: GPL-2.0-only
/* Random policies of a router, and packets: see random_router.h. */
#include "random_router.h"

#include <arpa/inet.h>
#include <netinet/in.h>

const char *const router_devices[ROUTER_DEVICES] = { "eth0", "eth1", "wl0",
						     "wl1",  "eth2", "br0" };

#define PICK(r, list) (list)[random_below(r, sizeof(list) / sizeof((list)[0]))]

/* ---- values ---- */

struct writer {
	struct random *r;
	struct arena *arena;
	struct buf text;
	unsigned int nzones;
	struct {
		unsigned int first, n; /* devices */
	} zones[2 * ROUTER_DEVICES];
};

static void put_host(struct writer *w, int family, bool quoted)
{
	unsigned int d = random_below(w->r, ROUTER_DEVICES) + 1;
	unsigned int s = random_below(w->r, ROUTER_SUBNETS);
	unsigned int h = 2 + random_below(w->r, ROUTER_HOSTS - 2);

	if (family == FAMILY_INDEX_IPV4)
		buf_printf(&w->text, "10.%u.%u.%u", d, s, h);
	else
		buf_printf(&w->text,
			   quoted ? "\"fd00:%u:%u::%u\"" : "fd00:%u:%u::%u", d,
			   s, h);
}

static void put_prefix(struct writer *w, int family)
{
	static const unsigned int short4[] = { 8, 16, 24, 30 };
	static const unsigned int short6[] = { 16, 32, 48, 126 };
	unsigned int d = random_below(w->r, ROUTER_DEVICES) + 1;
	unsigned int s = random_below(w->r, ROUTER_SUBNETS);
	unsigned int which = random_below(w->r, 4);

	if (which == 0)
		d = 0;
	if (which < 2)
		s = 0;
	if (family == FAMILY_INDEX_IPV4)
		buf_printf(&w->text, "10.%u.%u.%u/%u", d, s,
			   which == 3 ? 4u : 0u, short4[which]);
	else if (which == 0)
		buf_puts(&w->text, "\"fd00::/16\"");
	else
		buf_printf(&w->text, "\"fd00:%u:%u::%s/%u\"", d, s,
			   which == 3 ? "4" : "", short6[which]);
}

static void put_range(struct writer *w, int family)
{
	unsigned int d = random_below(w->r, ROUTER_DEVICES) + 1;

	if (family == FAMILY_INDEX_IPV4)
		buf_printf(&w->text, "10.%u.0.3-10.%u.1.%u", d, d,
			   random_below(w->r, ROUTER_HOSTS));
	else
		buf_printf(&w->text, "\"fd00:%u::3-fd00:%u:1::%u\"", d, d,
			   random_below(w->r, ROUTER_HOSTS));
}

static void put_address(struct writer *w, int family)
{
	switch (random_below(w->r, 6)) {
	case 0:
		buf_puts(&w->text, family ? "\"@six\"" : "\"@four\"");
		break;
	case 1:
		buf_puts(&w->text, "\"@mixed\"");
		break;
	case 2:
		put_range(w, family);
		break;
	case 3:
		put_host(w, family, true);
		break;
	default:
		put_prefix(w, family);
	}
}

static const char *const ports[] = { "53",	  "80", "443",	  "5060",
				     "8000-8002", "22", "1-1023", "8001" };

typedef void (*put_fn)(struct writer *w, int family);

static void put_port(struct writer *w, int family)
{
	(void)family;
	buf_puts(&w->text, PICK(w->r, ports));
}

static void put_service(struct writer *w, int family)
{
	static const char *const services[] = { "dns", "http", "https",
						"ssh", "sip",  "web" };

	(void)family;
	buf_puts(&w->text, PICK(w->r, services));
}

/* One value, or a list of up to three, now and then negated. */
static void put_values(struct writer *w, const char *word, put_fn put,
		       int family, bool negatable)
{
	bool not = negatable && random_chance(w->r, 15);
	unsigned int n = 1, i;

	if (random_chance(w->r, 40))
		n += 1 + random_below(w->r, 2);
	buf_printf(&w->text, ", %s: %s%s", word, not ? "{ not: " : "",
		   n > 1 ? "[" : "");
	for (i = 0; i < n; i++) {
		buf_puts(&w->text, i ? ", " : "");
		put(w, family);
	}
	buf_printf(&w->text, "%s%s", n > 1 ? "]" : "", not ? " }" : "");
}

static void put_dscp(struct writer *w, int family)
{
	static const char *const classes[] = { "ef", "cs1", "0", "af41" };

	(void)family;
	buf_puts(&w->text, PICK(w->r, classes));
}

static void put_mac(struct writer *w, int family)
{
	(void)family;
	buf_puts(&w->text,
		 random_chance(w->r, 70) ? ROUTER_MAC : "02:00:00:00:00:01");
}

static void put_length(struct writer *w, int family)
{
	static const char *const lengths[] = { "0-36", "37-60", "40", "36" };

	(void)family;
	buf_puts(&w->text, PICK(w->r, lengths));
}

/* ---- matches: never a pair that contradicts itself ---- */

static void put_transport(struct writer *w)
{
	static const char *const protocols[] = { "tcp", "udp", "[tcp, udp]" };

	if (random_chance(w->r, 60))
		buf_printf(&w->text, ", protocol: %s", PICK(w->r, protocols));
	if (random_chance(w->r, 70))
		put_values(w, "port", put_port, 0, true);
	if (random_chance(w->r, 20))
		put_values(w, "source-port", put_port, 0, true);
}

static void put_addresses(struct writer *w, int family)
{
	if (random_chance(w->r, 45))
		put_values(w, "source", put_address, family, true);
	if (random_chance(w->r, 45))
		put_values(w, "destination", put_address, family, true);
}

static void put_matches(struct writer *w, int family)
{
	if (random_chance(w->r, 15))
		buf_puts(&w->text,
			 family ? ", family: ipv6" : ", family: ipv4");
	put_addresses(w, family);
	switch (random_below(w->r, 5)) {
	case 0:
	case 1:
		put_transport(w);
		break;
	case 2:
		put_values(w, "service", put_service, 0, false);
		break;
	case 3:
		if (random_chance(w->r, 50))
			buf_puts(&w->text, ", icmp: echo-request");
		break;
	default:
		break;
	}
}

static void put_zones(struct writer *w, const char *word, bool router)
{
	unsigned int n, i, first;

	if (random_chance(w->r, 25)) {
		buf_printf(&w->text, "%s: any", word);
		return;
	}
	if (router && random_chance(w->r, 30)) {
		buf_printf(&w->text, "%s: router", word);
		return;
	}
	n = random_chance(w->r, 25) && w->nzones > 2 ? 2 : 1;
	first = random_below(w->r, w->nzones);
	buf_printf(&w->text, "%s: %s", word, n > 1 ? "[" : "");
	for (i = 0; i < n; i++)
		buf_printf(&w->text, "%sz%u", i ? ", " : "",
			   (first + i) % w->nzones);
	buf_puts(&w->text, n > 1 ? "]" : "");
}

/* What only the packet tells that opens a connection. */
static void put_packet_word(struct writer *w, bool router)
{
	switch (random_below(w->r, 3)) {
	case 0:
		put_values(w, "dscp", put_dscp, 0, true);
		break;
	case 1:
		if (!router)
			put_values(w, "mac", put_mac, 0, true);
		break;
	default:
		put_values(w, "length", put_length, 0, true);
	}
}

static const char *taken(struct writer *w)
{
	const char *text = arena_strndup(w->arena, w->text.p, w->text.n);

	w->text.n = 0;
	return text;
}

static void add(struct writer *w, struct random_policy *policy, char section)
{
	random_line(policy, section, taken(w));
}

static void add_rule(struct writer *w, struct random_policy *policy)
{
	static const char *const actions[] = { "accept", "accept", "accept",
					       "drop",	 "reject", "log" };
	static const char *const logs[] = {
		"{ when: new, group: 5 }", "{ when: every, group: 5 }",
		"{ when: new, group: 5, rate: 1000000/second }"
	};
	const char *action = PICK(w->r, actions);
	bool logs_only = *action == 'l', router = random_chance(w->r, 15);

	/* the router's own: on one side at the most */
	buf_printf(&w->text, "%s: { ", action);
	if (router) {
		buf_puts(&w->text, "from: router, ");
		put_zones(w, "to", false);
	} else {
		put_zones(w, "from", false);
		buf_puts(&w->text, ", ");
		put_zones(w, "to", true);
	}
	put_matches(w, (int)random_below(w->r, FAMILIES));
	if (random_chance(w->r, 10))
		put_packet_word(w, router);
	if (logs_only || random_chance(w->r, 15))
		buf_printf(&w->text, ", log: %s", PICK(w->r, logs));
	if (!logs_only && random_chance(w->r, 5))
		buf_puts(&w->text, ", limit: 1000000/second burst 1000000");
	buf_puts(&w->text, " }");
	add(w, policy, 'r');
}

/* Some ports, of a protocol that has them. */
static void put_ports(struct writer *w)
{
	static const char *const some[] = {
		", protocol: tcp, port: 80", ", protocol: udp, port: 8000-8003",
		", service: dns", ", service: https", ", service: web"
	};

	buf_puts(&w->text, PICK(w->r, some));
}

static void put_forward(struct writer *w, int family)
{
	bool port = random_chance(w->r, 40);

	buf_puts(&w->text, "forward: { ");
	put_zones(w, "from", false);
	put_ports(w);
	buf_puts(&w->text, ", to: ");
	if (!port) {
		put_host(w, family, true);
	} else {
		buf_puts(&w->text, family ? "\"[" : "\"");
		put_host(w, family, false);
		buf_puts(&w->text, family ? "]:8080\"" : ":8080\"");
	}
	if (random_chance(w->r, 40))
		buf_puts(&w->text, ", reflect: true");
	buf_puts(&w->text, " }");
}

static void put_redirect(struct writer *w)
{
	buf_puts(&w->text, "redirect: { ");
	put_zones(w, "from", false);
	put_ports(w);
	if (random_chance(w->r, 60))
		buf_puts(&w->text, ", to: 8080");
	buf_puts(&w->text, " }");
}

static void put_map(struct writer *w, int family)
{
	unsigned int out = random_below(w->r, ROUTER_DEVICES) + 1;
	unsigned int s = random_below(w->r, ROUTER_SUBNETS);
	unsigned int zone = random_below(w->r, w->nzones), in;

	do /* the inner addresses are not in the outer zone */
		in = random_below(w->r, ROUTER_DEVICES);
	while (in - w->zones[zone].first < w->zones[zone].n);
	in++;
	buf_printf(&w->text,
		   family ? "map: { zone: z%u, outside: \"fd00:%u:%u::/125\", "
			    "inside: \"fd00:%u:%u::/125\"" :
			    "map: { zone: z%u, outside: 10.%u.%u.0/29, inside: "
			    "10.%u.%u.0/29",
		   zone, out, ROUTER_OUTSIDE, in, s);
	if (random_chance(w->r, 40))
		buf_puts(&w->text, ", reflect: true");
	buf_puts(&w->text, " }");
}

static void put_source(struct writer *w, int family)
{
	switch (random_below(w->r, 3)) {
	case 0:
		buf_puts(&w->text, "exempt: { ");
		put_zones(w, "from", false);
		break;
	case 1:
		buf_puts(&w->text, "masquerade: { ");
		put_zones(w, "to", false);
		break;
	default:
		buf_puts(&w->text, "source: { ");
		put_zones(w, "to", false);
		buf_puts(&w->text, ", address: ");
		put_host(w, family, true);
	}
	put_matches(w, family);
	buf_puts(&w->text, " }");
}

static void add_nat(struct writer *w, struct random_policy *policy)
{
	int family = (int)random_below(w->r, FAMILIES);

	switch (random_below(w->r, 8)) {
	case 0:
	case 1:
		put_forward(w, family);
		break;
	case 2:
		put_redirect(w);
		break;
	case 3:
		put_map(w, family);
		break;
	default:
		put_source(w, family);
	}
	add(w, policy, 'n');
}

static void add_offload(struct writer *w, struct random_policy *policy,
			char section)
{
	static const char *const after[] = { "16 packets", "2 packets",
					     "1000 bytes" };

	buf_puts(&w->text, "{ ");
	put_zones(w, "from", false);
	buf_puts(&w->text, ", ");
	put_zones(w, "to", false);
	put_addresses(w, (int)random_below(w->r, FAMILIES));
	put_transport(w);
	if (section == 'e' && random_chance(w->r, 50))
		buf_printf(&w->text, ", after: %s", PICK(w->r, after));
	buf_puts(&w->text, " }");
	add(w, policy, section);
}

/* ---- the head ---- */

static void put_subnets(struct writer *w, unsigned int first, unsigned int n,
			unsigned int subnet)
{
	unsigned int i;

	buf_puts(&w->text, ", subnets: [");
	for (i = first; i < first + n; i++)
		buf_printf(&w->text, "%s10.%u.%u.0/24, \"fd00:%u:%u::/48\"",
			   i > first ? ", " : "", i + 1, subnet, i + 1, subnet);
	buf_puts(&w->text, "]");
}

static void put_zone(struct writer *w, unsigned int first, unsigned int n,
		     int subnet)
{
	unsigned int i;

	w->zones[w->nzones].first = first;
	w->zones[w->nzones].n = n;
	buf_printf(&w->text, "  z%u: { devices: [", w->nzones++);
	if (first == 2 && n == 2) {
		buf_puts(&w->text, "\"wl*\"");
	} else {
		for (i = first; i < first + n; i++)
			buf_printf(&w->text, "%s%s", i > first ? ", " : "",
				   router_devices[i]);
	}
	buf_puts(&w->text, "]");
	if (subnet >= 0)
		put_subnets(w, first, n, (unsigned int)subnet);
	if (random_chance(w->r, 15))
		buf_puts(&w->text, ", masquerade: true");
	buf_puts(&w->text, " }\n");
}

/* Neighbouring devices make a zone, or two that their subnets tell apart. */
static void put_all_zones(struct writer *w)
{
	unsigned int first = 0;

	buf_puts(&w->text, "zones:\n");
	while (first < ROUTER_DEVICES) {
		unsigned int n = 1 + random_below(w->r, 2);

		if (first + n > ROUTER_DEVICES)
			n = 1;
		if (random_chance(w->r, 10)) {
			; /* devices of no zone */
		} else if (random_chance(w->r, 20)) {
			put_zone(w, first, n, 0);
			put_zone(w, first, n, 1);
		} else {
			put_zone(w, first, n, random_chance(w->r, 20) ? 0 : -1);
		}
		first += n;
	}
	if (!w->nzones)
		put_zone(w, 0, 1, -1);
}

static void put_set(struct writer *w, const char *name, bool four, bool six)
{
	unsigned int i;

	buf_printf(&w->text, "  %s: { type: address, elements: [", name);
	for (i = 0; i < 6; i++) {
		buf_puts(&w->text, i ? ", " : "");
		put_host(w, four && (i % 2 == 0 || !six) ? 0 : 1, true);
	}
	buf_puts(&w->text, "] }\n");
}

static void put_head(struct writer *w)
{
	static const char *const defaults[] = { "drop", "reject", "accept" };
	const char *of[3];
	size_t i;

	buf_puts(&w->text, "policy: random\n");
	put_all_zones(w);
	buf_puts(&w->text, "sets:\n");
	put_set(w, "four", true, false);
	put_set(w, "six", false, true);
	put_set(w, "mixed", true, true);
	buf_puts(&w->text, "services:\n  web: [tcp/80, tcp/8000-8001]\n");
	for (i = 0; i < 3; i++)
		of[i] = PICK(w->r, defaults);
	buf_printf(&w->text,
		   "default: { input: %s, forward: %s, output: %s }\n", of[0],
		   of[1], of[2]);
}

void router_policy(struct random *r, struct arena *arena,
		   struct random_policy *policy)
{
	struct writer w = { .r = r, .arena = arena };
	unsigned int i, n;

	policy->nlines = 0;
	policy->narrowed = false;
	put_head(&w);
	policy->head = taken(&w);
	n = 3 + random_below(r, 14);
	for (i = 0; i < n; i++)
		add_rule(&w, policy);
	n = random_below(r, 4);
	for (i = 0; i < n; i++)
		add_nat(&w, policy);
	n = random_below(r, 4);
	for (i = 0; i < n; i++)
		add_offload(&w, policy, 'e');
	n = n ? random_below(r, 3) : 0;
	for (i = 0; i < n; i++)
		add_offload(&w, policy, 'x');
	buf_free(&w.text);
}

/* ---- packets ---- */

/* Device @d's host @h of subnet @s. */
static void put_bytes(uint8_t *address, int family, unsigned int d,
		      unsigned int s, unsigned int h)
{
	memset(address, 0, 16);
	if (family == FAMILY_INDEX_IPV4) {
		address[0] = 10;
		address[1] = (uint8_t)(d + 1);
		address[2] = (uint8_t)s;
		address[3] = (uint8_t)h;
		return;
	}
	address[0] = 0xfd;
	address[3] = (uint8_t)(d + 1);
	address[5] = (uint8_t)s;
	address[15] = (uint8_t)h;
}

static void some_host(struct random *r, uint8_t *address, int family,
		      unsigned int d)
{
	unsigned int s = random_below(r, ROUTER_SUBNETS);

	put_bytes(address, family, d, s, 2 + random_below(r, ROUTER_HOSTS - 2));
}

static uint16_t some_port(struct random *r)
{
	static const uint16_t known[] = { 53,	80, 443,  5060, 8000,
					  8001, 22, 8003, 8080 };

	return PICK(r, known);
}

static void probe_protocol(struct random *r, struct router_probe *probe)
{
	switch (random_below(r, 5)) {
	case 0:
	case 1:
		probe->protocol = IPPROTO_TCP;
		break;
	case 2:
	case 3:
		probe->protocol = IPPROTO_UDP;
		break;
	default:
		probe->protocol = probe->family ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		probe->icmp = probe->family ? 128 : 8;
		return;
	}
	probe->dport = some_port(r);
	probe->sport = random_chance(r, 20) ?
			       some_port(r) :
			       (uint16_t)(1024 + random_below(r, 60000));
}

void router_probe(struct random *r, struct router_probe *probe)
{
	static const uint8_t dscps[] = { 0, 0, 46, 8 };
	unsigned int in = random_below(r, ROUTER_DEVICES);
	unsigned int out = random_below(r, ROUTER_DEVICES);
	unsigned int kind = random_below(r, 10);
	uint8_t dscp = PICK(r, dscps);

	*probe = (struct router_probe){
		.dscp = dscp,
		.in = kind == 9 ? -1 : (int)in,
		.out = kind >= 7 && kind < 9 ? -1 : (int)out,
		.family = random_below(r, FAMILIES),
	};
	probe_protocol(r, probe);
	if (probe->in < 0)
		put_bytes(probe->source, probe->family, out, 0, 1);
	else
		some_host(r, probe->source, probe->family, in);
	if (probe->out < 0)
		put_bytes(probe->destination, probe->family,
			  random_chance(r, 50) ? in : out, 0, 1);
	else if (random_chance(r, 10))
		put_bytes(probe->destination, probe->family, out,
			  ROUTER_OUTSIDE,
			  2 + random_below(r, ROUTER_HOSTS - 2));
	else
		do /* nobody goes by a router to himself */
			some_host(r, probe->destination, probe->family, out);
		while (!memcmp(probe->source, probe->destination, 16));
}

/* As probe_build() makes it: a header, or one and eight bytes. */
static unsigned int probe_length(const struct router_probe *probe)
{
	return (probe->family ? 40 : 20) +
	       (probe->protocol == IPPROTO_TCP ? 20 : 16);
}

void router_probe_print(const struct router_probe *probe, struct buf *out)
{
	int af = probe->family ? AF_INET6 : AF_INET;
	char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];

	inet_ntop(af, probe->source, source, sizeof(source));
	inet_ntop(af, probe->destination, destination, sizeof(destination));
	buf_printf(out, "source %s destination %s ", source, destination);
	buf_printf(out, "dscp %u length %u ", probe->dscp, probe_length(probe));
	if (probe->in >= 0)
		buf_puts(out, "mac " ROUTER_MAC " ");
	if (probe->icmp)
		buf_puts(out, "icmp echo-request");
	else
		buf_printf(out, "protocol %s source-port %u port %u",
			   probe->protocol == IPPROTO_TCP ? "tcp" : "udp",
			   probe->sport, probe->dport);
}

/* ---- what a policy sees ---- */

static bool has_device(const struct zone *zone, const char *name)
{
	size_t i;

	for (i = 0; i < zone->ndevices; i++) {
		const struct device *device = &zone->devices[i];
		size_t n = strlen(device->name) - device->prefix;

		if (device->prefix ? !strncmp(device->name, name, n) :
				     !strcmp(device->name, name))
			return true;
	}
	return false;
}

int router_zone(const struct model *model, int device, int family,
		const uint8_t *address)
{
	size_t i;

	if (device < 0)
		return -1;
	for (i = 0; i < model->nzones; i++) {
		const struct zone *zone = &model->zones[i];
		bool narrowed = zone->subnets[0].n || zone->subnets[1].n;

		if (has_device(zone, router_devices[device]) &&
		    (!narrowed || ranges_have(&zone->subnets[family], address)))
			return (int)i;
	}
	return ROUTER_NO_ZONE;
}

static void set_number(struct packet *packet, enum key_id id, uint64_t number)
{
	uint8_t value[WIRE_MAX], network[WIRE_MAX];

	wire_put(key(id)->type, number << wire_type(key(id)->type)->shift,
		 value);
	wire_to_network(key(id)->type, value, network);
	packet_set(packet, id, network);
}

bool router_packet(const struct model *model, const struct router_probe *probe,
		   struct packet *packet)
{
	static const uint8_t mac[] = { 2, 0, 0, 0, 0, 0 };

	*packet = (struct packet){
		.from = router_zone(model, probe->in, probe->family,
				    probe->source),
		.to = router_zone(model, probe->out, probe->family,
				  probe->destination),
		.family = (uint8_t)probe->family,
		.proto = probe->protocol,
	};
	packet_set(packet, packet_source(packet), probe->source);
	packet_set(packet, packet_destination(packet), probe->destination);
	if (probe->icmp) {
		packet_set(packet,
			   probe->family ? KEY_ICMPV6_TYPE : KEY_ICMP_TYPE,
			   &probe->icmp);
	} else {
		set_number(packet, KEY_TH_SPORT, probe->sport);
		set_number(packet, KEY_TH_DPORT, probe->dport);
	}
	set_number(packet, probe->family ? KEY_IP6_DSCP : KEY_IP_DSCP,
		   probe->dscp);
	set_number(packet, KEY_LENGTH, probe_length(probe));
	if (probe->in >= 0)
		packet_set(packet, KEY_ETHER_SADDR, mac);
	return packet->from != ROUTER_NO_ZONE && packet->to != ROUTER_NO_ZONE;
}
