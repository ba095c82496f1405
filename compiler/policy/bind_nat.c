// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address translation.
 *
 *	forward:    a port of the router becomes one of a host behind it
 *	redirect:   what goes through the router goes to one of its own ports
 *	map:        addresses outside are, one by one, those of hosts inside
 *	masquerade: leaves with the address of the device it leaves by
 *	source:     leaves with a given address
 *	exempt:     is not translated by what follows
 *
 * What must stay true: whatever nf_tables would take and do otherwise than it
 * is written is refused here. A range of ports in place of another is such a
 * thing (the kernel would give all but one port the range's first), a prefix
 * of another size, a port without a protocol that has ports.
 */
#include "bind.h"

struct nat_fill {
	struct nat *nat;
	struct matches matches;
	const char *name;
	struct span name_span;
	bool from, to;
	struct span random_span;
	struct span outside_span, inside_span;
	uint8_t outside; /* FAMILY_* bits that were given */
	/* What may be meant as an address and a port. */
	struct str seeming, seeming_port;
	struct span seeming_span;
	bool wrong; /* reported: what depends on it is not asked */
};

static void nat_from(struct binder *b, const struct node *node, void *into)
{
	struct nat_fill *fill = into;
	struct diag *diag;

	fill->from = true;
	bind_zone_set(b, node, &fill->nat->from);
	if (!fill->nat->from.router)
		return;
	if (nat_is_destination(fill->nat)) {
		diag_error(b->diags, node->span,
			   "connections that the router opens are not "
			   "forwarded");
		return;
	}
	diag = diag_error(b->diags, node->span,
			  "a translation cannot ask for the router's own "
			  "connections");
	diag_help(diag, "without \"from\" it is of all, the router's own "
			"among them");
}

static void nat_to(struct binder *b, const struct node *node, void *into)
{
	struct nat_fill *fill = into;

	fill->to = true;
	bind_zone_set(b, node, &fill->nat->to);
	if (fill->nat->to.router)
		diag_error(b->diags, node->span,
			   "what goes to the router does not leave it");
}

/* A map has two sides and one zone, where the outer addresses are known. */
static void map_zone(struct binder *b, const struct node *node, void *into)
{
	struct nat_fill *fill = into;

	fill->from = fill->to = true;
	bind_zone_set(b, node, &fill->nat->from);
	bind_zone_set(b, node, &fill->nat->to);
	if (fill->nat->from.router)
		diag_error(b->diags, node->span,
			   "a map needs a zone in which the outside addresses "
			   "are known; the router is none");
}

static void nat_name(struct binder *b, const struct node *node, void *into)
{
	struct nat_fill *fill = into;

	fill->name = bind_name(b, node, "an entry");
	fill->name_span = node->span;
}

static void nat_family(struct binder *b, const struct node *node, void *into)
{
	bind_families(b, node, &((struct nat_fill *)into)->nat->families);
}

static void nat_reflect(struct binder *b, const struct node *node, void *into)
{
	bind_bool(b, node, &((struct nat_fill *)into)->nat->reflect);
}

static void nat_persistent(struct binder *b, const struct node *node,
			   void *into)
{
	bind_bool(b, node, &((struct nat_fill *)into)->nat->persistent);
}

static void nat_random(struct binder *b, const struct node *node, void *into)
{
	((struct nat_fill *)into)->random_span = node->span;
	bind_bool(b, node, &((struct nat_fill *)into)->nat->random);
}

static void expected_because(struct binder *b, const struct node *node,
			     const char *expected, const char *why,
			     struct nat_fill *fill)
{
	struct diag *diag = bind_expected(b, node, expected);

	fill->wrong = true;
	/* where a port may follow, "10.0.0.1:80" means just that */
	if (node->kind == NODE_SCALAR &&
	    !memchr(node->scalar.p, ':', node->scalar.n) &&
	    habit_value(&type_address, node->scalar, diag))
		return;
	if (*why)
		diag_help(diag, "%s", why);
}

/* One address, range or prefix more, in a family that has none yet. */
static bool add_address(struct str text, struct bounds to[FAMILIES],
			uint8_t *families, const char **why)
{
	struct value values[2];

	if (!type_address.parse(text, values, why))
		return false;
	*why = "there is one of this family already: a list has one of each";
	if (*families & 1u << values[0].family)
		return false;
	*families |= (uint8_t)(1u << values[0].family);
	memcpy(to[values[0].family].lo, values[0].lo, 16);
	memcpy(to[values[0].family].hi, values[0].hi, 16);
	return true;
}

static bool parse_ports(struct nat *nat, struct str text, const char **why)
{
	struct value values[2];
	uint16_t lo, hi;

	if (!type_port.parse(text, values, why))
		return false;
	lo = (uint16_t)wire_get(WIRE_PORT, values[0].lo);
	hi = (uint16_t)wire_get(WIRE_PORT, values[0].hi);
	*why = "the port is the same in both families";
	if (nat->port_lo && (nat->port_lo != lo || nat->port_hi != hi))
		return false;
	nat->port_lo = lo;
	nat->port_hi = hi;
	return true;
}

/* "[fd00::10]", "[fd00::10-fd00::12]" and "[fd00::10]-[fd00::12]" without
 * their brackets. */
static bool strip_brackets(struct binder *b, struct str *address,
			   const char **why)
{
	struct str rest = *address, first = str_cut(&rest, ']');

	*why = "brackets stand around an address, as in [fd00::10]-[fd00::12]";
	if (memchr(first.p + 1, '[', first.n - 1))
		return false;
	first = (struct str){ first.p + 1, first.n - 1 };
	if (rest.n == 0) {
		*address = first;
		return true;
	}
	if (rest.n < 4 || rest.p[0] != '-' || rest.p[1] != '[' ||
	    memchr(rest.p + 2, '[', rest.n - 2) ||
	    memchr(first.p, '-', first.n))
		return false;
	*address = str_of(arena_printf(b->arena, "%.*s-%.*s", STR_ARG(first),
				       (int)rest.n - 3, rest.p + 2));
	return true;
}

/* Where the port's colon is: the only one, or behind a bracket. */
bool bind_split_port(struct binder *b, struct str text, struct str *address,
		     struct str *port, const char **why)
{
	const char *colon = memchr(text.p, ':', text.n);
	size_t n = text.n;

	*address = text;
	*port = (struct str){ NULL, 0 };
	if (text.p[0] == '[') {
		while (n && text.p[n - 1] != ']')
			n--;
		*why = "a bracket is not closed";
		if (!n)
			return false;
		*address = (struct str){ text.p, n };
		*why = "after \"]\" comes a colon and the port";
		if (n < text.n && (text.p[n] != ':' || n + 1 == text.n))
			return false;
		if (n < text.n)
			*port = (struct str){ text.p + n + 1, text.n - n - 1 };
		return strip_brackets(b, address, why);
	}
	if (!colon ||
	    memchr(colon + 1, ':', text.n - (size_t)(colon + 1 - text.p)))
		return true;
	*port = text;
	*address = str_cut(port, ':');
	return true;
}

/* The match of destination ports, or NULL. */
static const struct match *port_match(const struct nat *nat)
{
	size_t i;

	for (i = 0; i < nat->nmatches; i++)
		if (nat->matches[i].word->key[0] == KEY_TH_DPORT)
			return &nat->matches[i];
	return NULL;
}

/*
 * "fd00::1:8443" is an address; who means a port writes it just so. That it may be
 * one: all but its last group is an address, too, and that one a number.
 */
static void note_seeming_port(struct str text, struct span span,
			      struct nat_fill *fill)
{
	struct value values[2];
	struct str address = text;
	const char *why;
	size_t n = text.n;

	while (n && text.p[n - 1] != ':')
		n--;
	address.n = n ? n - 1 : 0;
	fill->seeming_port = (struct str){ text.p + n, text.n - n };
	if (!memchr(address.p, ':', address.n) ||
	    !type_address.parse(address, values, &why) ||
	    !type_port.parse(fill->seeming_port, values, &why))
		return;
	fill->seeming = address;
	fill->seeming_span = span;
}

static void check_seeming_port(struct binder *b, const struct nat_fill *fill)
{
	const struct nat *nat = fill->nat;

	if (!fill->seeming.n || !port_match(nat))
		return;
	diag_help(diag_warning(b->diags, fill->seeming_span,
			       "all of this is an address: a port stands "
			       "behind brackets"),
		  "write \"[%.*s]:%.*s\" for a port, or \"[%.*s:%.*s]\" for "
		  "that address",
		  STR_ARG(fill->seeming), STR_ARG(fill->seeming_port),
		  STR_ARG(fill->seeming), STR_ARG(fill->seeming_port));
}

static void forward_target(struct binder *b, const struct node *node,
			   void *into)
{
	static const char expected[] =
		"the address to forward to, with a port if it changes, as in "
		"192.168.1.10:8443 or [fd00::10]:8443, or a range of them";
	struct nat_fill *fill = into;
	struct str text, address, port;
	const char *why = "";

	fill->nat->port_span = node->span;
	if (!bind_text(b, node, expected, &text))
		fill->wrong = true;
	else if (str_is(text, "router"))
		expected_because(b, node, expected,
				 "what the router itself is to answer is a "
				 "\"redirect\"",
				 fill);
	else if (map_get(&b->zones, text))
		expected_because(b, node, expected,
				 "name the host: its zone follows from its "
				 "address",
				 fill);
	else if (memchr(text.p, '/', text.n))
		expected_because(b, node, expected,
				 "several hosts are a range, as in "
				 "192.168.1.10-192.168.1.12; a prefix has "
				 "addresses that are no host's",
				 fill);
	else if (!bind_split_port(b, text, &address, &port, &why) ||
		 !add_address(address, fill->nat->address, &fill->nat->families,
			      &why) ||
		 (port.p && !parse_ports(fill->nat, port, &why)))
		expected_because(b, node, expected, why, fill);
	else if (!port.p)
		note_seeming_port(text, node->span, fill);
}

static void forward_targets(struct binder *b, const struct node *node,
			    void *into)
{
	bind_each(b, node, forward_target, into);
}

static void bind_ports(struct binder *b, const struct node *node,
		       struct nat_fill *fill)
{
	const char *why = "";
	struct str text;

	fill->nat->port_span = node->span;
	if (!bind_text(b, node, type_port.expected, &text))
		fill->wrong = true;
	else if (!parse_ports(fill->nat, text, &why))
		expected_because(b, node, type_port.expected, why, fill);
}

static void nat_ports(struct binder *b, const struct node *node, void *into)
{
	bind_ports(b, node, into);
}

static void source_address(struct binder *b, const struct node *node,
			   void *into)
{
	static const char expected[] =
		"the new source address, or a range of them";
	struct nat_fill *fill = into;
	const char *why = "";
	struct str text;

	if (!bind_text(b, node, expected, &text))
		fill->wrong = true;
	else if (!add_address(text, fill->nat->address, &fill->nat->families,
			      &why))
		expected_because(b, node, expected, why, fill);
}

static void source_addresses(struct binder *b, const struct node *node,
			     void *into)
{
	bind_each(b, node, source_address, into);
}

static void map_address(struct binder *b, const struct node *node,
			struct nat_fill *fill, struct bounds to[FAMILIES],
			uint8_t *families)
{
	static const char expected[] =
		"an address or a prefix, as in 203.0.113.0/28 or "
		"2001:db8:1::/64";
	const char *why = "";
	struct str text;

	if (!bind_text(b, node, expected, &text))
		fill->wrong = true;
	else if (memchr(text.p, '-', text.n))
		expected_because(b, node, expected,
				 "what is mapped one to one is a prefix", fill);
	else if (!add_address(text, to, families, &why))
		expected_because(b, node, expected, why, fill);
}

static void inside_item(struct binder *b, const struct node *node, void *into)
{
	struct nat_fill *fill = into;

	map_address(b, node, fill, fill->nat->address, &fill->nat->families);
}

static void map_inside(struct binder *b, const struct node *node, void *into)
{
	((struct nat_fill *)into)->inside_span = node->span;
	bind_each(b, node, inside_item, into);
}

static void outside_item(struct binder *b, const struct node *node, void *into)
{
	struct nat_fill *fill = into;

	map_address(b, node, fill, fill->nat->outside, &fill->outside);
}

static void map_outside(struct binder *b, const struct node *node, void *into)
{
	((struct nat_fill *)into)->outside_span = node->span;
	bind_each(b, node, outside_item, into);
}

static const struct field forward_fields[] = {
	{ "from", nat_from, true, .type = "<zones>",
	  .doc = DOC("Where the connection is opened. It cannot be "
		     "`router`.") },
	{ "to", forward_targets, true, .type = "<address> | <list>",
	  .doc = DOC(
		  "The new address, or address and port: `192.168.1.10`, "
		  "`192.168.1.10:8443`, `fd00::10`, `[fd00::10]:8443`. A "
		  "range of addresses, `192.168.1.10-192.168.1.12:8443` or "
		  "`[fd00::10]-[fd00::12]:8443`, spreads the clients over "
		  "them: which one a client gets follows from its address "
		  "and the one that it asks for, and no host is asked "
		  "whether it is there.\n"
		  "Without a port, the port stays, as in `fd00::1:8443`, all "
		  "of which is an address; a new port needs `port` "
		  "or `service` that it replaces. A range of ports takes the "
		  "place of one range of as many, port by port: `port: "
		  "8000-8009` becomes `9000-9009`.") },
	{ "persistent", nat_persistent, FIELD_FLAG, .type = "<bool>",
	  .dflt = "false",
	  .doc = DOC("Which address of a range a client gets follows from the "
		     "client's address alone.") },
	{ "random", nat_random, FIELD_FLAG, .type = "<bool>", .dflt = "false",
	  .doc = DOC("Any port of a range, in place of whatever port it "
		     "was.") },
	{ "reflect", nat_reflect, FIELD_FLAG, .type = "<bool>", .dflt = "false",
	  .doc = DOC(
		  "Takes the same connections from the other zones, too: "
		  "those to an address of the router that is not of the "
		  "device they come in by, nor in a subnet of a zone that is "
		  "not in `from`. Where client and server are behind the "
		  "same devices, the client's address is replaced by the "
		  "router's, so that the answer comes back through it.") },
	{ "name", nat_name, false, .type = "<name>",
	  .doc = DOC("Instead of the derived one.") },
	{ NULL, NULL, false },
};

static const struct field redirect_fields[] = {
	{ "from", nat_from, true, .type = "<zones>",
	  .doc = DOC("Where the connection is opened. It cannot be "
		     "`router`.") },
	{ "to", nat_ports, false, .type = "<port>",
	  .doc = DOC("The new port, which needs a `service`, `port` or "
		     "`protocol` beside it; a range as in a forward. The "
		     "default is the port that it was.") },
	{ "random", nat_random, FIELD_FLAG, .type = "<bool>", .dflt = "false",
	  .doc = DOC("Any port of a range.") },
	{ "name", nat_name, false, .type = "<name>",
	  .doc = DOC("Instead of the derived one.") },
	{ NULL, NULL, false },
};

static const struct field map_fields[] = {
	{ "zone", map_zone, true, .type = "<zones>",
	  .doc = DOC("Where the outside addresses are known.") },
	{ "outside", map_outside, true, .type = "<address> | <list>",
	  .doc = DOC("An address or a prefix.") },
	{ "inside", map_inside, true, .type = "<address> | <list>",
	  .doc = DOC("An address or a prefix of the same size; what stands "
		     "behind the prefix stays.") },
	{ "reflect", nat_reflect, FIELD_FLAG, .type = "<bool>", .dflt = "false",
	  .doc = DOC("The outside addresses are known in the other zones, too; "
		     "see <forward>.") },
	{ "name", nat_name, false, .type = "<name>",
	  .doc = DOC("Instead of the derived one.") },
	{ NULL, NULL, false },
};

static const struct field masquerade_fields[] = {
	{ "from", nat_from, false, .type = "<zones>", .dflt = "any",
	  .doc = DOC("Where they are opened.") },
	{ "to", nat_to, true, .type = "<zones>", .doc = DOC("Where they go.") },
	{ "family", nat_family, false, .type = "<family>", .dflt = "ipv4",
	  .doc = DOC("Of which families.") },
	{ "ports", nat_ports, false, .type = "<port>",
	  .doc = DOC("The source ports to use, a range of them; it needs a "
		     "`protocol`. The default is the port that it was, or "
		     "another where that is taken.") },
	{ "persistent", nat_persistent, FIELD_FLAG, .type = "<bool>",
	  .dflt = "false",
	  .doc = DOC("A client keeps the address that it got, where the device "
		     "has several.") },
	{ "random", nat_random, FIELD_FLAG, .type = "<bool>", .dflt = "false",
	  .doc = DOC("The source port is chosen at random.") },
	{ "name", nat_name, false, .type = "<name>",
	  .doc = DOC("Instead of the derived one.") },
	{ NULL, NULL, false },
};

static const struct field source_fields[] = {
	{ "from", nat_from, false, .type = "<zones>", .dflt = "any",
	  .doc = DOC("Where they are opened.") },
	{ "to", nat_to, true, .type = "<zones>", .doc = DOC("Where they go.") },
	{ "address", source_addresses, true, .type = "<address> | <list>",
	  .doc = DOC("The new address, a prefix or a range of them. The entry "
		     "is of that family, or of both.") },
	{ "ports", nat_ports, false, .type = "<port>",
	  .doc = DOC("The source ports to use, as above.") },
	{ "persistent", nat_persistent, FIELD_FLAG, .type = "<bool>",
	  .dflt = "false",
	  .doc = DOC("A client keeps the address that it got from a range, "
		     "wherever it goes.") },
	{ "random", nat_random, FIELD_FLAG, .type = "<bool>", .dflt = "false",
	  .doc = DOC("The source port is chosen at random.") },
	{ "name", nat_name, false, .type = "<name>",
	  .doc = DOC("Instead of the derived one.") },
	{ NULL, NULL, false },
};

static const struct field exempt_fields[] = {
	{ "from", nat_from, false, .type = "<zones>", .dflt = "any",
	  .doc = DOC("Where they are opened.") },
	{ "to", nat_to, false, .type = "<zones>", .dflt = "any",
	  .doc = DOC("Where they go. Before the destination is translated that "
		     "is where the routes lead it, which for an address of the "
		     "router is no zone.") },
	{ "name", nat_name, false, .type = "<name>",
	  .doc = DOC("Instead of the derived one.") },
	{ NULL, NULL, false },
};

static const struct nat_word {
	const char *word;
	enum nat_kind kind;
	const struct field *fields;
	const char *what;
} nat_words[] = {
	{ "forward", NAT_FORWARD, forward_fields, "a port forward" },
	{ "redirect", NAT_REDIRECT, redirect_fields, "a redirection" },
	{ "map", NAT_MAP, map_fields, "a map" },
	{ "masquerade", NAT_MASQUERADE, masquerade_fields, "\"masquerade\"" },
	{ "source", NAT_SOURCE, source_fields, "source NAT" },
	{ "exempt", NAT_EXEMPT, exempt_fields, "an exemption" },
	{ NULL, NAT_EXEMPT, NULL, NULL },
};

bool nat_kind_at(size_t i, struct field_kind *kind)
{
	*kind = (struct field_kind){
		.word = nat_words[i].word,
		.fields = nat_words[i].fields,
	};
	return kind->word != NULL;
}

static const struct nat_word *find_nat(struct binder *b,
				       const struct node *node)
{
	const struct nat_word *word;
	struct suggest suggest;
	struct diag *diag;
	struct str key;

	if (node->kind != NODE_MAP || node->map.n != 1) {
		bind_expected(b, node,
			      "one translation, as in \"masquerade: { to: wan "
			      "}\"");
		return NULL;
	}
	key = node->map.pairs[0].key->scalar;
	for (word = nat_words; word->word; word++)
		if (str_is(key, word->word))
			return word;
	diag = diag_error(b->diags, node->map.pairs[0].key->span,
			  "\"%.*s\" is no translation: forward, redirect, map, "
			  "masquerade, source or exempt",
			  STR_ARG(key));
	if (habit_word("a translation", key, diag))
		return NULL;
	suggest = suggest_for(key);
	for (word = nat_words; word->word; word++)
		suggest_name(&suggest, str_of(word->word));
	suggest_help(&suggest, diag);
	return NULL;
}

/* The one range of ports that @match asks for. */
static bool one_range(const struct match *match, uint16_t *lo, uint16_t *hi)
{
	const struct service *service;

	if (match->negated || match->nsets)
		return false;
	if (match->nservices) {
		service = match->services[0];
		if (!service || match->nservices > 1 || service->nitems != 1)
			return false;
		*lo = service->items[0].lo;
		*hi = service->items[0].hi;
		return true;
	}
	if (match->ranges[0].n != 1)
		return false;
	*lo = (uint16_t)wire_get(WIRE_PORT, match->ranges[0].v);
	*hi = (uint16_t)wire_get(WIRE_PORT, match->ranges[0].v + 2);
	return true;
}

/* A range of ports in place of a range: port by port, or at random. */
static void check_port_range(struct binder *b, struct nat_fill *fill)
{
	struct nat *nat = fill->nat;
	const struct match *match = port_match(nat);
	uint16_t lo = 0, hi = 0;
	struct diag *diag;

	if (nat->random)
		return;
	if (match && one_range(match, &lo, &hi) &&
	    hi - lo == nat->port_hi - nat->port_lo) {
		nat->port_from = lo;
		if (lo == nat->port_lo)
			nat->port_lo = nat->port_hi = nat->port_from = 0;
		return;
	}
	diag = diag_error(b->diags, fill->nat->port_span,
			  "a range of %u ports takes the place of a range of "
			  "as many",
			  nat->port_hi - nat->port_lo + 1u);
	if (match)
		diag_note(diag, match->span, "this is not one");
	diag_help(diag, "write one port, or \"random: true\" for any of them");
}

static void check_destination_ports(struct binder *b, struct nat_fill *fill)
{
	struct nat *nat = fill->nat;
	struct diag *diag;

	if (nat->random && nat->port_lo == nat->port_hi) {
		diag = diag_error(b->diags, fill->random_span,
				  "\"random\" chooses among new ports, and "
				  "there is no range of them");
		diag_help(diag, "which address of a range a client gets is "
				"never random");
	}
	if (!nat->port_lo)
		return;
	if (nat->kind == NAT_FORWARD && !port_match(nat))
		diag_error(b->diags, nat->span,
			   "a new port needs a \"service\" or a \"port\" that "
			   "it replaces");
	else if (nat->port_lo != nat->port_hi)
		check_port_range(b, fill);
}

static const char *const family_names[] = { "IPv4", "IPv6" };

/* False, reported, if the two sides do not fit in this family. */
static bool check_map_family(struct binder *b, struct nat_fill *fill, int f)
{
	struct nat *nat = fill->nat;
	bool inside = nat->families >> f & 1, outside = fill->outside >> f & 1;
	size_t len = f ? 16 : 4;
	struct diag *diag;
	int in, out;

	if (inside != outside) {
		diag = diag_error(b->diags,
				  inside ? fill->inside_span :
					   fill->outside_span,
				  "this has %s, and the other side has none",
				  family_names[f]);
		diag_note(diag, inside ? fill->outside_span : fill->inside_span,
			  "the other side");
		diag_help(diag, "a map keeps the family: both sides have the "
				"same");
		return false;
	}
	if (!inside)
		return true;
	in = wire_prefix_len(nat->address[f].lo, nat->address[f].hi, len);
	out = wire_prefix_len(nat->outside[f].lo, nat->outside[f].hi, len);
	if (in == out)
		return true;
	diag = diag_error(b->diags, fill->inside_span,
			  "the two sides of a map are of one size: outside is "
			  "/%d, inside is /%d",
			  out, in);
	diag_note(diag, fill->outside_span, "outside");
	return false;
}

static void check_map(struct binder *b, struct nat_fill *fill)
{
	int f;

	if (fill->wrong || !fill->outside || !fill->nat->families)
		return;
	for (f = 0; f < FAMILIES; f++)
		if (!check_map_family(b, fill, f))
			return;
}

static void check_nat(struct binder *b, struct nat_fill *fill)
{
	switch (fill->nat->kind) {
	case NAT_FORWARD:
	case NAT_REDIRECT:
		if (fill->wrong)
			break;
		check_destination_ports(b, fill);
		check_seeming_port(b, fill);
		break;
	case NAT_MAP:
		check_map(b, fill);
		break;
	case NAT_MASQUERADE:
	case NAT_SOURCE:
	case NAT_EXEMPT:
		break;
	}
}

/* What it is of if nothing says so. */
static uint8_t default_families(enum nat_kind kind)
{
	return kind == NAT_MASQUERADE ?
		       FAMILY_IPV4 : /* as a zone's own masquerade */
		       FAMILY_BOTH;
}

static const char *derived_name(struct binder *b, const struct nat_fill *fill,
				const char *word)
{
	const struct nat *nat = fill->nat;
	const char *outside = NULL;

	if (nat->kind == NAT_MAP) {
		struct str text = span_text(b->sources, fill->outside_span);

		outside = arena_strndup(b->arena, text.p, text.n);
	}
	return name_derive(b, word, &nat->from,
			   fill->to && !outside ? &nat->to : NULL, nat->matches,
			   nat->nmatches, outside);
}

static void finish_nat(struct binder *b, struct nat_fill *fill,
		       const char *word)
{
	struct nat *nat = fill->nat;

	if (!fill->from)
		zone_set_any(b, &nat->from);
	if (!fill->to)
		zone_set_any(b, &nat->to);
	nat->matches = fill->matches.list.v;
	nat->nmatches = fill->matches.list.n;
	check_nat(b, fill);
	if (!nat->families)
		nat->families = default_families(nat->kind);
	nat->name = name_entry(b, fill->name, fill->name_span, nat->span,
			       derived_name(b, fill, word));
}

static void bind_nat(struct binder *b, const struct node *node, struct nat *nat)
{
	const struct nat_word *word = find_nat(b, node);
	struct nat_fill fill = { .nat = nat };
	const struct pair *pair;

	if (!word)
		return;
	pair = &node->map.pairs[0];
	nat->kind = word->kind;
	nat->span = span_join(pair->key->span, pair->value->span);
	if (!bind_map(b, pair->value, word->fields, &fill, word->what,
		      nat->kind == NAT_MAP ? NULL : &fill.matches))
		return;
	finish_nat(b, &fill, word->word);
	b->model->nnats++;
}

void bind_nats(struct binder *b, const struct node *node)
{
	size_t i;

	if (node->kind != NODE_LIST) {
		bind_list(b, node, "a list of translations");
		return;
	}
	b->model->nats =
		arena_array(b->arena, node->list.n, sizeof(struct nat));
	for (i = 0; i < node->list.n; i++)
		bind_nat(b, node->list.items[i],
			 &b->model->nats[b->model->nnats]);
}
