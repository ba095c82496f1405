// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zones, and the sets of zones that rules speak of.
 *
 * A zone set is a bit for each zone; "any" has all of them set. "router" is
 * the machine itself and no zone: beside zones, it makes one rule be of forwarded
 * connections and of the router's own.
 */
#include "bind.h"
#include "policy.h"

#define DEVICE_MAX 15 /* IFNAMSIZ - 1 */

static bool device_char(char c)
{
	return c > ' ' && c < 127 && c != '/' && c != ':' && c != '"' &&
	       c != '\\' && c != '*';
}

static void bind_device(struct binder *b, const struct node *node, void *into)
{
	static const char expected[] =
		"a device's name, as in eth0, or the beginning of several, as "
		"in wlan1*";
	VEC(struct device) *devices = into;
	struct device *device;
	struct str text;
	size_t i, n;

	if (!bind_text(b, node, expected, &text))
		return;
	n = text.n - (text.p[text.n - 1] == '*');
	for (i = 0; i < n; i++)
		if (!device_char(text.p[i]))
			break;
	if (n == 0 || i < n || n > DEVICE_MAX) {
		habit_device(text, bind_expected(b, node, expected));
		return;
	}
	device = vec_push(b->arena, devices);
	*device = (struct device){
		.name = arena_strndup(b->arena, text.p, text.n),
		.span = node->span,
		.prefix = n < text.n,
	};
}

void bind_devices(struct binder *b, const struct node *node,
		  struct device **devices, size_t *n)
{
	VEC(struct device) list = { 0 };

	bind_each(b, node, bind_device, &list);
	*devices = list.v;
	*n = list.n;
}

static void zone_devices(struct binder *b, const struct node *node, void *into)
{
	struct zone *zone = into;

	bind_devices(b, node, &zone->devices, &zone->ndevices);
}

struct subnets {
	struct zone *zone;
	size_t room[FAMILIES];
};

static void bind_subnet(struct binder *b, const struct node *node, void *into)
{
	struct subnets *subnets = into;
	struct value values[2];
	struct diag *diag;
	const char *why;
	struct str text;

	if (!bind_text(b, node, type_address.expected, &text))
		return;
	if (!type_address.parse(text, values, &why)) {
		diag = bind_expected(b, node, type_address.expected);
		if (!habit_value(&type_address, text, diag))
			diag_help(diag, "%s", why);
		return;
	}
	ranges_push(b->arena, &subnets->zone->subnets[values[0].family],
		    &subnets->room[values[0].family], values[0].lo,
		    values[0].hi);
}

static void zone_subnets(struct binder *b, const struct node *node, void *into)
{
	struct subnets subnets = { .zone = into };
	int f;

	bind_each(b, node, bind_subnet, &subnets);
	for (f = 0; f < FAMILIES; f++)
		ranges_normalise(&subnets.zone->subnets[f]);
}

static void family_item(struct binder *b, const struct node *node, void *into)
{
	static const char *const words[] = { "ipv4", "ipv6", NULL };
	int i = bind_word(b, node, words, "a family");

	if (i >= 0)
		*(uint8_t *)into |= i ? FAMILY_IPV6 : FAMILY_IPV4;
}

void bind_families(struct binder *b, const struct node *node, uint8_t *out)
{
	*out = 0;
	bind_each(b, node, family_item, out);
}

/* "true" is IPv4, as people mean it; IPv6 is translated only if it is said. */
static void zone_masquerade(struct binder *b, const struct node *node,
			    void *into)
{
	static const char *const words[] = { "true", "false", "ipv4", "ipv6",
					     NULL };
	static const uint8_t families[] = { FAMILY_IPV4, 0, FAMILY_IPV4,
					    FAMILY_IPV6 };
	struct zone *zone = into;
	int i;

	zone->masquerade_span = node->span;
	if (node->kind == NODE_LIST) {
		bind_families(b, node, &zone->masquerade);
		return;
	}
	i = bind_word(b, node, words, "\"masquerade\"");
	if (i >= 0)
		zone->masquerade = families[i];
}

static void zone_clamp(struct binder *b, const struct node *node, void *into)
{
	bind_bool(b, node, &((struct zone *)into)->clamp_mss);
}

static void zone_antispoof(struct binder *b, const struct node *node,
			   void *into)
{
	static const char *const words[] = { "true", "false", "log", NULL };
	struct zone *zone = into;
	int i = bind_word(b, node, words, "\"antispoof\"");

	zone->antispoof = i == 0 || i == 2;
	zone->antispoof_log = i == 2;
	zone->antispoof_span = node->span;
}

static void zone_required(struct binder *b, const struct node *node, void *into)
{
	bind_bool(b, node, &((struct zone *)into)->required);
}

const struct field zone_fields[] = {
	{ "devices", zone_devices, true | FIELD_LIST, .type = "<devices>",
	  .doc = DOC("The devices that lead to the zone. A VLAN device, a "
		     "bridge or a PPP device is named like any other. Devices "
		     "need not exist: they are compared by name, packet by "
		     "packet.") },
	{ "subnets", zone_subnets, FIELD_LIST, .type = "<address> | <list>",
	  .doc = DOC(
		  "Narrows the zone to these addresses, prefixes or ranges "
		  "behind its devices. The default is not to narrow it. In a "
		  "family of which no subnet is given, nothing is in a "
		  "narrowed zone.\n"
		  "Two zones may share a device if both are narrowed and "
		  "their subnets do not overlap; otherwise it is a mistake. "
		  "A zone that is narrowed and has its devices for itself "
		  "also owns what has no address of a subnet between it and "
		  "the router: DHCP, link-local addresses and multicast. "
		  "Where zones share a device, such packets belong to "
		  "neither.") },
	{ "masquerade", zone_masquerade, FIELD_FLAG, .fw4 = "its option masq",
	  .type = "<bool> | <family>", .dflt = "false",
	  .doc = DOC(
		  "Connections that leave by the zone's devices get the "
		  "address of the device as their source. `true` means IPv4, "
		  "as people mean it; IPv6 is translated only if it is said: "
		  "`masquerade: [ipv4, ipv6]`. Entries of `nat` come before "
		  "it.") },
	{ "clamp-mss", zone_clamp, FIELD_FLAG, .fw4 = "its option mtu_fix",
	  .type = "<bool>", .dflt = "false",
	  .doc = DOC("Lowers the segment size that TCP handshakes offer, into "
		     "the zone and out of it, to what the route can carry.") },
	{ "antispoof", zone_antispoof, FIELD_FLAG, .fw4 = "its rules",
	  .type = "<bool> | log", .dflt = "false",
	  .doc = DOC(
		  "Drops what comes in by the zone's devices with a source "
		  "address that is not routed back over the same device, or "
		  "that is nobody's own: loopback, multicast, broadcast. "
		  "This is ahead of everything, connection tracking too. Who "
		  "asks for an address of his own passes, and link-local "
		  "addresses do. `log` also logs it, once a second, with "
		  "`\"antispoof: \"` before it. Where answers may rightly "
		  "take another way (several uplinks, policy routing), it "
		  "drops what it should not.") },
	{ "required", zone_required, FIELD_FLAG, .type = "<bool>",
	  .dflt = "false",
	  .doc = DOC("`nftoffc apply` fails if one of the zone's devices does "
		     "not exist. A device that is missing is waited for "
		     "otherwise.") },
	{ NULL, NULL, false },
};

static bool zone_name_taken(struct binder *b, const struct node *key,
			    const char *name)
{
	struct zone *other = map_get(&b->zones, str_of(name));
	struct diag *diag;

	if (str_is(str_of(name), "any") || str_is(str_of(name), "router")) {
		diag_error(b->diags, key->span,
			   "\"%s\" is a word of the language and cannot be a "
			   "zone's name",
			   name);
		return true;
	}
	if (!other)
		return false;
	diag = diag_error(b->diags, key->span, "the zone \"%s\" is given twice",
			  name);
	diag_note(diag, other->span, "it is first given here");
	return true;
}

static bool is_key(const struct field *fields, struct str word)
{
	for (; fields->key; fields++)
		if (str_is(word, fields->key))
			return true;
	return false;
}

/* A key of the policy among the zones has none of theirs. */
static bool is_zone(const struct pair *pair)
{
	size_t i;

	if (pair->value->kind != NODE_MAP)
		return false;
	for (i = 0; i < pair->value->map.n; i++)
		if (is_key(zone_fields, pair->value->map.pairs[i].key->scalar))
			return true;
	return !is_key(policy_fields(), pair->key->scalar);
}

/* Mostly it is the indentation. */
static void no_zone(struct binder *b, const struct pair *pair)
{
	struct str key = pair->key->scalar;
	struct diag *diag =
		bind_expected(b, pair->value, "the keys and values of a zone");

	if (is_key(zone_fields, key))
		diag_help(diag, "indent \"%.*s\" further: it belongs to a zone",
			  STR_ARG(key));
	else if (is_key(policy_fields(), key))
		diag_help(diag,
			  "indent \"%.*s\" less: it is a key of the "
			  "policy, not a zone",
			  STR_ARG(key));
	else if (pair->value->kind != NODE_NULL)
		diag_help(diag, "write \"%.*s: { devices: ... }\"",
			  STR_ARG(key));
	else
		diag_help(diag, "indent its keys further than its name");
}

static void bind_zone(struct binder *b, const struct pair *pair,
		      struct zone *zone)
{
	const char *name = bind_name(b, pair->key, "a zone");

	if (!name || zone_name_taken(b, pair->key, name))
		return;
	zone->name = name;
	zone->span = pair->key->span;
	zone->index = (uint32_t)b->model->nzones++;
	zone->subnets[FAMILY_INDEX_IPV4].len = 4;
	zone->subnets[FAMILY_INDEX_IPV6].len = 16;
	map_add(&b->zones, str_of(name), zone);
	if (is_zone(pair))
		bind_map(b, pair->value, zone_fields, zone, "a zone", NULL);
	else
		no_zone(b, pair);
}

void bind_zones(struct binder *b, const struct node *node)
{
	size_t i;

	if (node->kind != NODE_MAP || node->map.n == 0) {
		if (node->kind == NODE_SCALAR)
			bind_expected(b, node,
				      "zones, each a name and what it is; or "
				      "fw4, or a directory as in ./config");
		else
			bind_names(b, node,
				   "zones, each a name and what it is");
		return;
	}
	b->model->zones =
		arena_array(b->arena, node->map.n, sizeof(struct zone));
	for (i = 0; i < node->map.n; i++)
		bind_zone(b, &node->map.pairs[i],
			  &b->model->zones[b->model->nzones]);
}

bool zone_set_has(const struct zone_set *set, int zone)
{
	if (zone < 0)
		return set->router && zone != ZONE_NONE;
	return set->words[zone / 64] >> (zone % 64) & 1;
}

bool zone_set_zones(const struct zone_set *set)
{
	size_t i;

	for (i = 0; i < set->nwords; i++)
		if (set->words[i])
			return true;
	return false;
}

static void zone_set_init(struct binder *b, struct zone_set *set)
{
	set->nwords = (uint32_t)(b->model->nzones + 63) / 64;
	set->words = arena_array(b->arena, set->nwords, sizeof(uint64_t));
}

void zone_set_any(struct binder *b, struct zone_set *set)
{
	size_t i;

	zone_set_init(b, set);
	set->any = true;
	for (i = 0; i < b->model->nzones; i++)
		set->words[i / 64] |= UINT64_C(1) << (i % 64);
}

/* A device's name where that of its zone is meant, or an address. */
static bool zone_help(struct binder *b, struct str name, struct diag *diag)
{
	struct value values[2];
	const char *why;
	size_t i, j;

	if (name.n && *name.p == '!') {
		diag_help(diag, "zones are not negated: let a rule ahead of "
				"this one decide about that zone");
		return true;
	}
	if (memchr(name.p, ',', name.n) || memchr(name.p, ' ', name.n)) {
		diag_help(diag, "several zones are a list, as in [lan, wan]");
		return true;
	}
	if (type_address.parse(name, values, &why)) {
		diag_help(diag, "addresses stand in \"source\" and "
				"\"destination\"");
		return true;
	}

	for (i = 0; i < b->model->nzones; i++) {
		const struct zone *zone = &b->model->zones[i];

		for (j = 0; j < zone->ndevices; j++) {
			if (!str_is(name, zone->devices[j].name))
				continue;
			diag_help(diag, "this device is in the zone \"%s\"",
				  zone->name);
			return true;
		}
	}
	return false;
}

static void unknown_zone(struct binder *b, const struct node *node)
{
	struct suggest suggest = suggest_for(node->scalar);
	struct diag *diag;
	size_t i;

	diag = diag_error(b->diags, node->span, "no zone is called \"%.*s\"",
			  STR_ARG(node->scalar));
	if (zone_help(b, node->scalar, diag))
		return;
	for (i = 0; i < b->model->nzones; i++)
		suggest_name(&suggest, str_of(b->model->zones[i].name));
	suggest_name(&suggest, STR("any"));
	suggest_name(&suggest, STR("router"));
	if (suggest.distance && habit_word("a zone", node->scalar, diag))
		return;
	suggest_list(&suggest, "zones", diag);
}

static void zone_item(struct binder *b, const struct node *node, void *into)
{
	struct zone_set *set = into;
	struct zone *zone;
	struct str text;

	if (!bind_text(b, node, "a zone's name, \"any\" or \"router\"", &text))
		return;
	if (str_is(text, "router")) {
		set->router = true;
	} else if (str_is(text, "any")) {
		zone_set_any(b, set);
	} else if ((zone = map_get(&b->zones, text))) {
		set->words[zone->index / 64] |= UINT64_C(1)
						<< (zone->index % 64);
	} else {
		unknown_zone(b, node);
	}
}

void bind_zone_set(struct binder *b, const struct node *node,
		   struct zone_set *out)
{
	zone_set_init(b, out);
	out->span = node->span;
	bind_each(b, node, zone_item, out);
}
