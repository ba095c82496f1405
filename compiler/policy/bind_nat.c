// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address translation.
 *
 *	forward:    a port of the router becomes one of a host behind it
 *	masquerade: leaves with the address of the device it leaves by
 *	source:     leaves with a given address
 *	exempt:     is not translated by what follows
 */
#include "bind.h"

struct nat_fill {
	struct nat *nat;
	struct matches matches;
	const char *name;
	struct span name_span;
	bool from, to, target;
};

static void nat_from(struct binder *b, const struct node *node, void *into)
{
	struct nat_fill *fill = into;
	struct diag *diag;

	fill->from = true;
	bind_zone_set(b, node, &fill->nat->from);
	if (!fill->nat->from.router)
		return;
	if (fill->nat->kind == NAT_FORWARD) {
		diag_error(b->diags, node->span,
			   "connections that the router opens are not "
			   "forwarded");
		return;
	}
	diag = diag_error(b->diags, node->span,
			  "a translation cannot be of the router's own "
			  "connections alone");
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

static bool set_address(struct nat *nat, struct str text, const char **why)
{
	struct value values[2];

	if (!type_address.parse(text, values, why))
		return false;
	nat->family = (uint8_t)values[0].family;
	memcpy(nat->lo, values[0].lo, sizeof(nat->lo));
	memcpy(nat->hi, values[0].hi, sizeof(nat->hi));
	return true;
}

static bool set_port(struct nat *nat, struct str text, const char **why)
{
	struct value values[2];

	if (!type_port.parse(text, values, why))
		return false;
	nat->port_lo = (uint16_t)wire_get(WIRE_PORT, values[0].lo);
	nat->port_hi = (uint16_t)wire_get(WIRE_PORT, values[0].hi);
	return true;
}

/* 192.168.1.10, 192.168.1.10:8443, fd00::10, [fd00::10]:8443 */
static bool parse_target(struct nat *nat, struct str text, const char **why)
{
	struct str address = text, port = { NULL, 0 };
	const char *colon = memchr(text.p, ':', text.n);

	if (text.p[0] == '[') {
		address.p++;
		address.n--;
		port = address;
		address = str_cut(&port, ']');
		if (!port.p || (port.n && port.p[0] != ':')) {
			*why = "after \"]\" comes a colon and the port";
			return false;
		}
		port = port.n ? (struct str){ port.p + 1, port.n - 1 } :
				(struct str){ NULL, 0 };
	} else if (colon && !memchr(colon + 1, ':',
				    text.n - (size_t)(colon + 1 - text.p))) {
		port = text;
		address = str_cut(&port, ':');
	}
	return set_address(nat, address, why) &&
	       (!port.p || set_port(nat, port, why));
}

static void forward_target(struct binder *b, const struct node *node,
			   void *into)
{
	static const char expected[] =
		"the address to forward to, with a port if it changes, as in "
		"192.168.1.10:8443 or [fd00::10]:8443";
	struct nat_fill *fill = into;
	const char *why = "";
	struct str text;

	fill->target = true;
	if (!bind_text(b, node, expected, &text))
		return;
	if (!parse_target(fill->nat, text, &why))
		diag_help(bind_expected(b, node, expected), "%s", why);
	else if (memcmp(fill->nat->lo, fill->nat->hi, 16) != 0)
		diag_help(bind_expected(b, node, expected),
			  "it is one address");
}

static void source_address(struct binder *b, const struct node *node,
			   void *into)
{
	static const char expected[] =
		"the new source address, or a range of them";
	struct nat_fill *fill = into;
	const char *why = "";
	struct str text;

	fill->target = true;
	if (!bind_text(b, node, expected, &text))
		return;
	if (!set_address(fill->nat, text, &why))
		diag_help(bind_expected(b, node, expected), "%s", why);
}

static const struct field forward_fields[] = {
	{ "from", nat_from, true },
	{ "to", forward_target, true },
	{ "reflect", nat_reflect, FIELD_FLAG },
	{ "name", nat_name, false },
	{ NULL, NULL, false },
};

static const struct field masquerade_fields[] = {
	{ "from", nat_from, false },	 { "to", nat_to, true },
	{ "family", nat_family, false }, { "name", nat_name, false },
	{ NULL, NULL, false },
};

static const struct field source_fields[] = {
	{ "from", nat_from, false },
	{ "to", nat_to, true },
	{ "address", source_address, true },
	{ "persistent", nat_persistent, FIELD_FLAG },
	{ "name", nat_name, false },
	{ NULL, NULL, false },
};

static const struct field exempt_fields[] = {
	{ "from", nat_from, false },
	{ "to", nat_to, false },
	{ "name", nat_name, false },
	{ NULL, NULL, false },
};

static const struct nat_word {
	const char *word;
	enum nat_kind kind;
	const struct field *fields;
	const char *what;
} nat_words[] = {
	{ "forward", NAT_FORWARD, forward_fields, "a port forward" },
	{ "masquerade", NAT_MASQUERADE, masquerade_fields, "\"masquerade\"" },
	{ "source", NAT_SOURCE, source_fields, "source NAT" },
	{ "exempt", NAT_EXEMPT, exempt_fields, "an exemption" },
	{ NULL, NAT_EXEMPT, NULL, NULL },
};

bool nat_kind_at(size_t i, struct field_kind *kind)
{
	kind->word = nat_words[i].word;
	kind->fields = nat_words[i].fields;
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
			  "\"%.*s\" is no translation: forward, masquerade, "
			  "source or exempt",
			  STR_ARG(key));
	suggest = suggest_for(key);
	for (word = nat_words; word->word; word++)
		suggest_name(&suggest, str_of(word->word));
	suggest_help(&suggest, diag);
	return NULL;
}

static bool has_ports(const struct nat *nat)
{
	size_t i;

	for (i = 0; i < nat->nmatches; i++)
		if (nat->matches[i].word->key[0] == KEY_TH_DPORT)
			return true;
	return false;
}

static void check_forward(struct binder *b, const struct nat *nat)
{
	if (nat->port_lo && !has_ports(nat))
		diag_error(b->diags, nat->span,
			   "a new port needs a \"service\" or a \"port\" that "
			   "it replaces");
	if (nat->port_lo != nat->port_hi)
		diag_error(b->diags, nat->span,
			   "the new port is one port, not a range");
}

static void finish_nat(struct binder *b, struct nat_fill *fill,
		       const char *word)
{
	struct nat *nat = fill->nat;

	if (!fill->from)
		zone_set_any(b, &nat->from);
	if (!fill->to)
		zone_set_any(b, &nat->to);
	if (!nat->families)
		nat->families = FAMILY_IPV4; /* as a zone's own masquerade */
	nat->matches = fill->matches.list.v;
	nat->nmatches = fill->matches.list.n;
	if (nat->kind == NAT_FORWARD)
		check_forward(b, nat);
	nat->name = name_entry(b, fill->name, fill->name_span, nat->span,
			       name_derive(b, word, &nat->from,
					   fill->to ? &nat->to : NULL,
					   nat->matches, nat->nmatches, NULL));
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
		      &fill.matches))
		return;
	finish_nat(b, &fill, word->word);
	b->model->nnats++;
}

void bind_nats(struct binder *b, const struct node *node)
{
	size_t i;

	if (node->kind != NODE_LIST) {
		bind_expected(b, node, "a list of translations");
		return;
	}
	b->model->nats =
		arena_array(b->arena, node->list.n, sizeof(struct nat));
	for (i = 0; i < node->list.n; i++)
		bind_nat(b, node->list.items[i],
			 &b->model->nats[b->model->nnats]);
}
