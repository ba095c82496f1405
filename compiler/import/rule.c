// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules and forwardings. fw4 makes a rule of each protocol; here those that ask
 * the same are one entry.
 */
#include "parts.h"

#include "print/print.h"
#include "value.h"

enum target {
	TARGET_ACCEPT,
	TARGET_REJECT,
	TARGET_DROP,
	TARGET_NOTRACK,
	TARGET_HELPER,
	TARGET_MARK,
	TARGET_DSCP,
	TARGET_OTHER, /* of redirects alone */
	TARGET_NONE,
};

struct rule {
	const struct uci_section *section;
	struct conds conds;
	struct protocols protocols;
	struct zone *src, *dest;
	enum zone_ref from, to;
	enum target target;
	struct node *icmp;  /* list of names; NULL: no types are asked for */
	struct node *rest;  /* limit, log, count, set */
	node_list *list;    /* where its entries go */
	const char *action; /* NULL: reject */
	bool from_router, to_router; /* "any" is the router, too */
};

struct node *log_node(struct translation *t, struct str prefix, struct str rate)
{
	struct node *map = node_map(t);
	char *text;
	size_t i;

	text = arena_strndup(t->arena, prefix.p,
			     prefix.n < 127 ? prefix.n : 127);
	for (i = 0; text[i]; i++) {
		if (text[i] == '"')
			text[i] = '\'';
		if (text[i] < ' ' || text[i] > '~' || text[i] == '\\')
			text[i] = '?';
	}
	node_put(t, map, "when", node_word(t, "new"));
	if (*text) {
		struct node *node = node_word(t, text);

		node->quoted = true;
		node_put(t, map, "prefix", node);
	}
	if (rate.p)
		node_put(t, map, "rate", node_text(t, rate));
	return map;
}

/* Entries. */

/* What it applies to, and whether that was decided before. */
static bool is_repeated(struct translation *t, const char *action,
			const struct node *map)
{
	struct node *matches = node_map(t), *entry;
	struct buf text = { 0 };
	bool repeated;
	size_t i;

	if (tree_get(map, "limit") || tree_get(map, "set") ||
	    strcmp(action, "log") == 0 || strcmp(action, "count") == 0 ||
	    strcmp(action, "notrack") == 0)
		return false;
	for (i = 0; i < map->map.n; i++) {
		struct str key = map->map.pairs[i].key->scalar;

		if (!str_is(key, "name") && !str_is(key, "log") &&
		    !str_is(key, "count") && !str_is(key, "with"))
			node_put_str(t, matches, key, map->map.pairs[i].value);
	}
	entry = node_entry(t, "it", matches);
	print_yaml(&text, entry);
	repeated = !map_add(
		&t->said,
		(struct str){ arena_strndup(t->arena, text.p, text.n), text.n },
		t);
	buf_free(&text);
	return repeated;
}

void rule_add(struct translation *t, node_list *list, const char *action,
	      struct node *map, const struct uci_section *section)
{
	struct node *entry;

	if (is_repeated(t, action, map)) {
		report_unused(t, section->span,
			      "an earlier section decides the same "
			      "connections");
		return;
	}
	entry = node_entry(t, action, map);
	print_note(&t->import->notes, entry, section_note(t, section));
	*vec_push(t->arena, list) = entry;
}

static bool is_tcp(const struct node *protocol)
{
	return protocol && protocol->kind == NODE_SCALAR &&
	       str_is(protocol->scalar, "tcp");
}

static bool may_be_tcp(const struct node *map)
{
	const struct node *protocol = tree_get(map, "protocol");
	size_t i;

	if (tree_get(map, "icmp"))
		return false;
	if (!protocol || protocol->kind == NODE_MAP)
		return true;
	if (protocol->kind == NODE_SCALAR)
		return is_tcp(protocol);
	for (i = 0; i < protocol->list.n; i++)
		if (is_tcp(protocol->list.items[i]))
			return true;
	return false;
}

static void put_code(struct translation *t, struct node *map, const char *code)
{
	if (strcmp(code, "tcp-reset") != 0)
		node_put(t, map, "with", node_word(t, code));
}

/* The same map for TCP alone. Its name would be taken. */
static struct node *of_tcp(struct translation *t, const struct node *map,
			   const struct uci_section *section)
{
	struct node *copy = node_map(t);
	size_t i;

	for (i = 0; i < map->map.n; i++) {
		const struct pair *pair = &map->map.pairs[i];

		if (str_is(pair->key->scalar, "to")) {
			node_put(t, copy, "to", pair->value);
			node_put(t, copy, "protocol", node_word(t, "tcp"));
		} else if (str_is(pair->key->scalar, "name")) {
			put_name(t, copy, section, "-tcp");
		} else if (!str_is(pair->key->scalar, "protocol")) {
			node_put_str(t, copy, pair->key->scalar, pair->value);
		}
	}
	return copy;
}

/* What remains of the protocols, TCP being dealt with. */
static void without_tcp(struct translation *t, struct node *map)
{
	struct node *list = node_of_list(t), *protocol;
	size_t i, k;

	for (i = 0; i < map->map.n; i++) {
		protocol = map->map.pairs[i].value;
		if (!str_is(map->map.pairs[i].key->scalar, "protocol") ||
		    protocol->kind != NODE_LIST)
			continue;
		for (k = 0; k < protocol->list.n; k++)
			if (!is_tcp(protocol->list.items[k]))
				node_add(t, list, protocol->list.items[k]);
		map->map.pairs[i].value = node_listed(list);
	}
}

void rule_add_reject(struct translation *t, node_list *list, struct node *map,
		     const struct uci_section *section)
{
	const struct node *protocol = tree_get(map, "protocol");
	bool same = strcmp(t->code[0], t->code[1]) == 0;

	if (!is_tcp(protocol) && !same && tree_get(map, "limit"))
		report_nearly(t, section->span,
			      "what is not TCP is refused with another code: "
			      "a limit is of one rule");
	if (is_tcp(protocol) || same || tree_get(map, "limit")) {
		put_code(t, map, t->code[0]);
	} else if (may_be_tcp(map) &&
		   !(protocol && protocol->kind == NODE_MAP)) {
		struct node *tcp = of_tcp(t, map, section);

		put_code(t, tcp, t->code[0]);
		rule_add(t, list, "reject", tcp, section);
		without_tcp(t, map);
		put_code(t, map, t->code[1]);
	} else {
		put_code(t, map, t->code[1]);
	}
	rule_add(t, list, "reject", map, section);
}

struct node *anywhere(struct translation *t)
{
	struct node *list = node_of_list(t);

	node_add(t, list, node_word(t, "any"));
	node_add(t, list, node_word(t, "router"));
	return list;
}

static struct node *from_node(struct translation *t, const struct rule *r)
{
	if (r->src)
		return node_text(t, r->src->name);
	if (r->from_router)
		return anywhere(t);
	return node_word(t, r->from == ZONE_NONE ? "router" : "any");
}

static struct node *to_node(struct translation *t, const struct rule *r)
{
	if (r->dest)
		return node_text(t, r->dest->name);
	if (r->to_router)
		return anywhere(t);
	return node_word(t, r->to == ZONE_NONE && r->from != ZONE_NONE ?
				    "router" :
				    "any");
}

static void add(struct translation *t, struct rule *r, struct node *protocol,
		struct node *icmp, bool ports)
{
	struct node *map = node_map(t);
	size_t i;

	node_put(t, map, "from", from_node(t, r));
	node_put(t, map, "to", to_node(t, r));
	node_put(t, map, "protocol", protocol);
	node_put(t, map, "icmp", icmp);
	cond_put(t, &r->conds, map, ports);
	for (i = 0; i < r->rest->map.n; i++)
		node_put_str(t, map, r->rest->map.pairs[i].key->scalar,
			     r->rest->map.pairs[i].value);
	put_name(t, map, r->section, "");
	if (r->action)
		rule_add(t, r->list, r->action, map, r->section);
	else
		rule_add_reject(t, r->list, map, r->section);
}

/* All of several lists in one. */
static struct node *joined(struct translation *t, const struct node *a,
			   const struct node *b, const struct node *c)
{
	const struct node *const lists[] = { a, b, c };
	struct node *list = node_of_list(t);
	size_t i, k;

	for (i = 0; i < 3; i++)
		for (k = 0; lists[i] && k < lists[i]->list.n; k++)
			node_add(t, list, lists[i]->list.items[k]);
	return list;
}

/*
 * fw4 asks for ports of tcp and udp alone, and for ICMP types of ICMP alone: the
 * other protocols of the section meet the rule whatever they have.
 */
static void add_groups(struct translation *t, struct rule *r)
{
	struct protocols *p = &r->protocols;
	bool ports = r->conds.ports;
	struct node *rest;

	if (p->any || p->negated->list.n > 1)
		rest = NULL;
	else
		rest = joined(t, ports ? NULL : p->ported,
			      r->icmp ? NULL : p->icmp, p->other);
	if (ports && p->ported->list.n)
		add(t, r, node_listed(p->ported), NULL, true);
	if (r->icmp && p->icmp->list.n && r->icmp->list.n)
		add(t, r, NULL, node_listed(r->icmp), false);
	if (!rest)
		add(t, r, NULL, NULL, false);
	else if (rest->list.n)
		add(t, r, node_listed(rest), NULL, false);
	if (rest && p->negated->list.n)
		add(t, r, node_not(t, p->negated), NULL, false);
}

/* ICMP types. */

static bool add_icmp(struct translation *t, struct rule *r,
		     const struct uci_value *value, const char *name,
		     bool coded)
{
	size_t i;

	if (!name) {
		report_left_out(t, value->span,
				"this rule is left out: the policy has no "
				"name for the ICMP type \"%.*s\"",
				STR_ARG(value->text));
		return false;
	}
	if (coded)
		report_nearly(t, value->span,
			      "\"%.*s\" is said as %s, whatever its code",
			      STR_ARG(value->text), name);
	for (i = 0; i < r->icmp->list.n; i++)
		if (str_is(r->icmp->list.items[i]->scalar, name))
			return true;
	node_add(t, r->icmp, node_word(t, name));
	return true;
}

static bool wants_family(const struct rule *r, int family)
{
	size_t i;

	if (r->conds.family > 0 && r->conds.family != family)
		return false;
	for (i = 0; i < r->protocols.icmp->list.n; i++)
		if (family == 6 ||
		    str_is(r->protocols.icmp->list.items[i]->scalar, "icmp"))
			return true;
	return false;
}

static bool read_icmp(struct translation *t, struct rule *r)
{
	const struct uci_option *given = uci_option(r->section, "icmp_type");
	struct uci_value value;
	struct icmp icmp;
	size_t i;

	if (!given || !r->protocols.icmp->list.n)
		return true;
	r->icmp = node_of_list(t);
	for (i = 0; option_value_at(given, i, &value); i++) {
		value_icmp(value.text, &icmp);
		if (icmp.v4 && wants_family(r, 4) &&
		    !add_icmp(t, r, &value, icmp.name4, icmp.code4))
			return false;
		if (icmp.v6 && wants_family(r, 6) &&
		    !add_icmp(t, r, &value, icmp.name6, icmp.code6))
			return false;
	}
	/* without a family, a name of both is of both */
	if (r->conds.family <= 0 && r->protocols.icmp->list.n == 1) {
		r->conds.family = 6;
		r->conds.say_family = true;
	}
	if (r->icmp->list.n)
		return true;
	report_unused(
		t, given->span,
		"fw4 asks for no ICMP type of this family, and takes all");
	r->icmp = NULL;
	return true;
}

/* Limits, logs, counters. */

static bool read_limit(struct translation *t, struct rule *r)
{
	struct str text = option_text(r->section, "limit"), rate;
	long burst;

	if (!text.p)
		return true;
	if (value_negated(&text) || !value_limit(t->arena, text, &rate) ||
	    rate.p[0] == '0') {
		report_left_out(t, option_span(r->section, "limit"),
				"this rule is left out: what is beyond a limit "
				"cannot be said");
		return false;
	}
	if (value_int(option_text(r->section, "limit_burst"), &burst) &&
	    burst > 0 && burst <= UINT32_MAX)
		rate = str_of(arena_printf(t->arena, "%.*s burst %ld",
					   STR_ARG(rate), burst));
	node_put(t, r->rest, "limit", node_text(t, rate));
	return true;
}

static struct str log_prefix(struct translation *t, struct rule *r)
{
	struct str text = option_text(r->section, "log");
	struct str name = option_text(r->section, "name");
	bool yes;

	if (!text.p || !value_bool(text, &yes))
		return text;
	if (!yes)
		return (struct str){ 0 };
	if (!name.n)
		name = r->section->name;
	if (!name.n)
		name = str_of(arena_printf(t->arena, "@rule[%zu]",
					   r->section->index));
	return str_of(arena_printf(t->arena, "%.*s: ", STR_ARG(name)));
}

/* What a zone that logs logs of what its rules refuse. */
static struct str zone_log(struct translation *t, struct rule *r,
			   struct str *rate)
{
	static const char *const words[] = { "", "reject", "drop" };
	const struct zone *zone = r->dest ? r->dest : r->src;

	if (!zone || !zone->log ||
	    (r->target != TARGET_REJECT && r->target != TARGET_DROP))
		return (struct str){ 0 };
	*rate = zone->log_limit;
	return str_of(arena_printf(t->arena, "%s %.*s %s: ", words[r->target],
				   STR_ARG(zone->name),
				   r->dest ? "out" : "in"));
}

static void read_log(struct translation *t, struct rule *r)
{
	struct str prefix = log_prefix(t, r), rate = { 0 };
	struct str limit = option_text(r->section, "log_limit");

	if (prefix.p && limit.p)
		value_limit(t->arena, limit, &rate);
	else if (!prefix.p)
		prefix = zone_log(t, r, &rate);
	if (prefix.p)
		node_put(t, r->rest, "log", log_node(t, prefix, rate));
}

/* fw4 counts unless it is told not to; here it is said where it is asked for. */
static bool read_count(struct translation *t, struct rule *r)
{
	bool asked = r->target == TARGET_NONE && !tree_get(r->rest, "log");
	struct node *map;

	if (asked && !option_bool(r->section, "counter", true)) {
		report_unused(t, r->section->span,
			      "this rule does nothing: it has neither "
			      "\"target\" nor \"log\"");
		return false;
	}
	if (!asked && !option_bool(r->section, "counter", false))
		return true;
	if (r->target >= TARGET_NOTRACK && r->target != TARGET_NONE)
		return true;
	map = node_map(t);
	node_put(t, map, "when", node_word(t, "new"));
	node_put(t, r->rest, "count", map);
	return true;
}

/* What the policy can ask only of some rules. */
static bool is_askable(struct translation *t, struct rule *r)
{
	static const char *const limits[] = { "limit", NULL };
	const struct conds *c = &r->conds;

	if (r->from == ZONE_NONE && c->mac) {
		report_unused(t, r->section->span,
			      "this rule never applies: the router's own "
			      "packets come from no MAC address");
		return false;
	}
	if (r->target == TARGET_NOTRACK &&
	    (c->mac || c->mark || c->dscp || c->time || c->weekday)) {
		report_left_out(t, r->section->span,
				"this rule is left out: what is not tracked is "
				"so in both directions, and a reply does not "
				"tell all that this asks");
		return false;
	}
	if (r->target != TARGET_NOTRACK && r->target != TARGET_MARK)
		return true;
	return cond_never(t, &r->conds, limits,
			  "packets are marked, or not tracked, without limit");
}

/* What it does. */

static const char *mark_text(struct translation *t, struct rule *r)
{
	struct str text = option_text(r->section, "set_mark");
	struct mark mark;
	uint32_t used;

	if (text.p && value_mark(text, &mark)) {
		mark.mask |= mark.value;
	} else {
		text = option_text(r->section, "set_xmark");
		if (!text.p || !value_mark(text, &mark))
			return NULL;
		if (mark.value & ~mark.mask) {
			report_left_out(t, option_span(r->section, "set_xmark"),
					"this rule is left out: bits of a mark "
					"are set, and never turned over");
			return NULL;
		}
	}
	used = t->marks | (mark.mask == UINT32_MAX ? mark.value : mark.mask);
	if (!mark.value || !free_mark_bits(used)) {
		report_left_out(t, option_span(r->section, "target"),
				"this rule is left out: %s",
				mark.value ? "it leaves the policy no bits of "
					     "its own" :
					     "a mark is set, and never taken "
					     "away");
		return NULL;
	}
	t->marks = used;
	if (mark.mask == UINT32_MAX)
		return arena_printf(t->arena, "0x%x", mark.value);
	return arena_printf(t->arena, "0x%x/0x%x", mark.value, mark.mask);
}

static bool need(struct translation *t, struct rule *r, const char *option)
{
	if (uci_option(r->section, option))
		return true;
	report_unused(t, r->section->span,
		      "fw4 leaves out this rule: its target needs \"%s\"",
		      option);
	return false;
}

static bool set_mark(struct translation *t, struct rule *r)
{
	const char *text;

	if (!uci_option(r->section, "set_xmark") && !need(t, r, "set_mark"))
		return false;
	text = mark_text(t, r);
	if (!text)
		return false;
	report_nearly(t, option_span(r->section, "target"),
		      "the mark is set on replies, too");
	node_put(t, r->rest, "set", node_word(t, text));
	return true;
}

static bool set_dscp(struct translation *t, struct rule *r)
{
	struct str text = option_text(r->section, "set_dscp");
	long n;

	if (!need(t, r, "set_dscp") || !value_dscp(text, &n))
		return false;
	report_nearly(t, option_span(r->section, "target"),
		      "the class is set on replies, too");
	node_put(t, r->rest, "set", node_word(t, value_dscp_word(t->arena, n)));
	return true;
}

static bool set_helper(struct translation *t, struct rule *r)
{
	struct str text = option_text(r->section, "set_helper");
	const char *kernel = helper_of(text);

	if (!need(t, r, "set_helper"))
		return false;
	if (!kernel) {
		report_left_out(
			t, option_span(r->section, "set_helper"),
			"this rule is left out: the kernel's helper for "
			"\"%.*s\" is not known",
			STR_ARG(text));
		return false;
	}
	node_put(t, r->rest, "set", node_word(t, kernel));
	return true;
}

static bool read_target(struct translation *t, struct rule *r)
{
	struct str text = option_text(r->section, "target");
	int i = text.p ? value_word(text, words_target) : -1;

	r->target = i < 0		 ? TARGET_NONE :
		    i > (int)TARGET_DSCP ? TARGET_OTHER :
					   (enum target)i;
	if ((r->target == TARGET_NOTRACK || r->target == TARGET_HELPER) &&
	    r->from != ZONE_ONE) {
		report_unused(t, option_span(r->section, "target"),
			      "fw4 leaves out this rule: its target needs a "
			      "zone as \"src\"");
		return false;
	}
	if (r->target == TARGET_OTHER) {
		report_left_out(t, option_span(r->section, "target"),
				"this rule is left out: its target is one of "
				"translations");
		return false;
	}
	r->action = r->target == TARGET_REJECT ? NULL :
		    r->target == TARGET_NONE   ? "count" :
						 words_target[r->target];
	switch (r->target) {
	case TARGET_MARK:
		return set_mark(t, r);
	case TARGET_DSCP:
		return set_dscp(t, r);
	case TARGET_HELPER:
		return set_helper(t, r);
	default:
		return true;
	}
}

static bool read_device(struct translation *t, struct rule *r)
{
	struct str device = option_text(r->section, "device");
	struct str way = option_text(r->section, "direction");
	bool out = str_is(way, "out") || str_is(way, "egress");
	struct zone **zone = out ? &r->dest : &r->src;
	enum zone_ref *ref = out ? &r->to : &r->from;
	const struct zone *only;

	if (!device.p)
		return true;
	only = zone_of_device(t, device);
	if (!only || *ref == ZONE_NONE || (*zone && *zone != only)) {
		report_left_out(t, option_span(r->section, "device"),
				"this rule is left out: it asks for a device "
				"that is not all of a zone");
		return false;
	}
	*zone = (struct zone *)(uintptr_t)only;
	*ref = ZONE_ONE;
	return true;
}

static bool read_conditions(struct translation *t, struct rule *r)
{
	static const char *const tcpudp[] = { "tcp", "udp", NULL };
	static const char *const helper[] = { "helper", NULL };
	struct conds *c = &r->conds;

	c->section = r->section;
	return cond_times(t, c) &&
	       cond_never(t, c, helper, "a policy does not ask for helpers") &&
	       cond_family(t, c) &&
	       cond_addresses(t, c, "src_ip", &c->source) &&
	       cond_addresses(t, c, "dest_ip", &c->destination) &&
	       (!r->src || cond_narrow(t, c, r->src->family,
				       option_span(r->section, "src"))) &&
	       (!r->dest || cond_narrow(t, c, r->dest->family,
					option_span(r->section, "dest"))) &&
	       cond_ports(t, c, "src_port", &c->source_port) &&
	       cond_ports(t, c, "dest_port", &c->port) && cond_macs(t, c) &&
	       cond_mark(t, c) && cond_dscp(t, c) && cond_set(t, c) &&
	       protocols_read(t, c, tcpudp, &r->protocols);
}

/* A set of ports needs tcp or udp; with all protocols fw4 takes these. */
static bool narrow_protocols(struct translation *t, struct rule *r)
{
	struct protocols *p = &r->protocols;

	if (!r->conds.ports || p->ported->list.n ||
	    !uci_option(r->section, "ipset"))
		return true;
	if (!p->any) {
		report_unused(t, option_span(r->section, "ipset"),
			      "fw4 leaves out this rule: a set of ports needs "
			      "tcp or udp");
		return false;
	}
	p->any = false;
	node_add(t, p->ported, node_word(t, "tcp"));
	node_add(t, p->ported, node_word(t, "udp"));
	return true;
}

/* Where fw4 asks it, which is the order of the policy. */
static node_list *place(struct translation *t, const struct rule *r)
{
	if (r->target >= TARGET_NOTRACK && r->target <= TARGET_DSCP)
		return &t->early;
	if (r->from == ZONE_NONE)
		return r->to == ZONE_ONE ? &t->zoned : &t->any;
	return r->from == ZONE_ANY ? &t->any : &t->zoned;
}

/*
 * fw4 marks in the hook that src and dest choose, and tracks nothing of a zone
 * wherever it goes: what the router itself gets or sends may be among it.
 */
static void widen(struct rule *r)
{
	bool mark = r->target == TARGET_MARK || r->target == TARGET_DSCP;

	if (r->target == TARGET_NOTRACK || r->target == TARGET_HELPER) {
		r->to = ZONE_ANY;
		r->dest = NULL;
		r->to_router = true;
	}
	if (mark && r->from == ZONE_ONE && r->to == ZONE_ANY)
		r->to_router = true;
	if (mark && r->from == ZONE_ANY && r->to == ZONE_ONE && !r->conds.mac)
		r->from_router = true;
}

void take_rule(struct translation *t, const struct uci_section *section)
{
	struct rule r = { .section = section };

	r.from = zone_ref(t, section, "src", &r.src);
	r.to = zone_ref(t, section, "dest", &r.dest);
	r.rest = node_map(t);
	if (r.from == ZONE_BAD || r.to == ZONE_BAD || !read_device(t, &r) ||
	    !read_target(t, &r) || !read_conditions(t, &r) ||
	    !is_askable(t, &r) || !narrow_protocols(t, &r) ||
	    !read_icmp(t, &r) || !read_limit(t, &r))
		return;
	if (r.target < TARGET_NOTRACK || r.target == TARGET_NONE)
		read_log(t, &r);
	else if (log_prefix(t, &r).p)
		report_left_out(t, option_span(section, "log"),
				"what this does is not logged");
	if (!read_count(t, &r))
		return;
	if (r.target == TARGET_NONE && tree_get(r.rest, "log"))
		r.action = "log";
	r.list = place(t, &r);
	widen(&r);
	add_groups(t, &r);
}

void take_forwarding(struct translation *t, const struct uci_section *section)
{
	struct rule r = { .section = section, .action = "accept" };

	r.from = zone_ref(t, section, "src", &r.src);
	r.to = zone_ref(t, section, "dest", &r.dest);
	r.rest = node_map(t);
	r.conds.section = section;
	if (r.from == ZONE_BAD || r.to == ZONE_BAD ||
	    !cond_family(t, &r.conds) ||
	    (r.src && !cond_narrow(t, &r.conds, r.src->family,
				   option_span(section, "src"))) ||
	    (r.dest && !cond_narrow(t, &r.conds, r.dest->family,
				    option_span(section, "dest"))))
		return;
	r.protocols.any = true;
	r.protocols.ported = r.protocols.icmp = r.protocols.other =
		r.protocols.negated = node_of_list(t);
	r.list = r.from == ZONE_ANY ? &t->any : &t->forwardings;
	add_groups(t, &r);
}
