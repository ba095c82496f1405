// SPDX-License-Identifier: GPL-2.0-only
/*
 * The conditions of rules, redirects and nat sections. What one of them asks
 * and a policy cannot is a reason to leave out the section: without it, the
 * section would mean more.
 */
#include "parts.h"

#include <strings.h>

#include "value.h"

/* What goes if a condition cannot be said. */
static const char *what_goes(const struct translation *t, const struct conds *c)
{
	if (str_is(c->section->type, "zone"))
		return "masquerading";
	return arena_strndup(t->arena, c->section->type.p, c->section->type.n);
}

static const char *family_word(int family)
{
	return family == 4 ? "ipv4" : "ipv6";
}

bool cond_narrow(struct translation *t, struct conds *c, int family,
		 struct span span)
{
	if (!family || family == c->family)
		return true;
	if (c->family <= 0) {
		c->family = family;
		return true;
	}
	report_unused(t, span,
		      "fw4 leaves out this %.*s: it is of %s, and this is of "
		      "%s",
		      STR_ARG(c->section->type), family_word(c->family),
		      family_word(family));
	return false;
}

bool cond_family(struct translation *t, struct conds *c)
{
	struct str text = option_text(c->section, "family");

	(void)t;
	c->family = text.p ? value_family(text) : -1;
	c->say_family = c->family > 0;
	return true;
}

/* Whether the policy takes it: fw4 takes some values more. */
bool can_say(const struct value_type *type, struct str text)
{
	struct value values[2];
	struct bits bits;
	const char *why;
	bool none;

	return (type->parse_bits &&
		type->parse_bits(text, &bits, &why, &none)) ||
	       type->parse(text, values, &why) > 0;
}

/* Lists of what is asked, and of what is not to be. */
struct lists {
	struct node *is, *is_not;
};

static bool choose(struct translation *t, const struct conds *c,
		   const char *option, const struct lists *lists,
		   struct node **out)
{
	if (lists->is->list.n && lists->is_not->list.n) {
		report_left_out(t, option_span(c->section, option),
				"this %s is left out: \"%s\" has values that "
				"are negated and others that are not",
				what_goes(t, c), option);
		return false;
	}
	if (lists->is_not->list.n)
		*out = node_not(t, lists->is_not);
	else
		*out = node_listed(lists->is);
	return true;
}

struct families {
	bool v4, v6;
};

static bool add_net(struct translation *t, const struct conds *c,
		    const struct net *net, const struct uci_value *value,
		    struct node *list, struct families *families)
{
	families->v4 = families->v4 || net->family == 4;
	families->v6 = families->v6 || net->family == 6;
	if (!net->text.p) {
		report_left_out(t, value->span,
				"this %s is left out: addresses as "
				"\"%.*s\" cannot be said",
				what_goes(t, c), STR_ARG(value->text));
		return false;
	}
	if (c->family > 0 && net->family != c->family)
		return true;
	node_add(t, list, node_text(t, net->text));
	return true;
}

/* The addresses of an interface, by its name. */
static bool add_network(struct translation *t, const struct conds *c,
			struct str name, const struct uci_value *value,
			struct node *list, struct families *families)
{
	const struct network *network =
		t->import->networks ? network_find(t->import->networks, name) :
				      NULL;
	size_t i;

	if (!network && t->import->networks) {
		report_unused(t, value->span,
			      "fw4 leaves out this %.*s: \"%.*s\" is neither "
			      "an address nor an interface",
			      STR_ARG(c->section->type), STR_ARG(name));
		return false;
	}
	if (!network || !network->addresses.n) {
		report_left_out(t, value->span,
				"this %s is left out: the addresses of "
				"\"%.*s\" are not known",
				what_goes(t, c), STR_ARG(name));
		return false;
	}
	for (i = 0; i < network->addresses.n; i++)
		if (!add_net(t, c, &network->addresses.v[i], value, list,
			     families))
			return false;
	return true;
}

static bool only_of(const struct conds *c, const struct net *net)
{
	return c->family <= 0 || net->family == c->family;
}

bool cond_addresses(struct translation *t, struct conds *c, const char *option,
		    struct node **out)
{
	const struct uci_option *given = uci_option(c->section, option);
	struct lists lists = { node_of_list(t), node_of_list(t) };
	struct families families = { 0 };
	bool zone = str_is(c->section->type, "zone");
	struct uci_value value;
	struct node *left;
	struct net net;
	size_t i;

	for (i = 0; option_value_at(given, i, &value); i++) {
		struct str text = value.text;
		struct node *list = value_negated(&text) ? lists.is_not :
							   lists.is;

		if (!value_net(t->arena, text, &net)) {
			if (!add_network(t, c, text, &value, list, &families))
				return false;
		} else if (!zone || only_of(c, &net)) {
			if (!add_net(t, c, &net, &value, list, &families))
				return false;
		}
	}
	if (families.v4 != families.v6 &&
	    !cond_narrow(t, c, families.v4 ? 4 : 6,
			 option_span(c->section, option)))
		return false;
	c->say_family = c->say_family || lists.is_not->list.n;
	if (lists.is->list.n && lists.is_not->list.n) {
		left = node_of_list(t);
		if (subtract_addresses(t, lists.is, lists.is_not, left))
			lists = (struct lists){ left, node_of_list(t) };
	}
	return choose(t, c, option, &lists, out);
}

bool cond_ports(struct translation *t, struct conds *c, const char *option,
		struct node **out)
{
	const struct uci_option *given = uci_option(c->section, option);
	struct lists lists = { node_of_list(t), node_of_list(t) };
	struct uci_value value;
	struct str port;
	size_t i;

	for (i = 0; option_value_at(given, i, &value); i++) {
		bool negated = value_negated(&value.text);

		value_port(t->arena, value.text, &port);
		if (!can_say(&type_port, port)) {
			report_left_out(t, value.span,
					"this %s is left out: a port of 0 "
					"cannot be said",
					what_goes(t, c));
			return false;
		}
		node_add(t, negated ? lists.is_not : lists.is,
			 node_text(t, port));
	}
	c->ports = c->ports || given;
	return choose(t, c, option, &lists, out);
}

bool cond_macs(struct translation *t, struct conds *c)
{
	const struct uci_option *given = uci_option(c->section, "src_mac");
	struct lists lists = { node_of_list(t), node_of_list(t) };
	struct uci_value value;
	struct str mac;
	size_t i;

	for (i = 0; option_value_at(given, i, &value); i++) {
		bool negated = value_negated(&value.text);

		value_mac(t->arena, value.text, &mac);
		node_add(t, negated ? lists.is_not : lists.is,
			 node_text(t, mac));
	}
	return choose(t, c, "src_mac", &lists, &c->mac);
}

static struct node *one(struct translation *t, bool negated, const char *text)
{
	struct node *list = node_of_list(t);

	node_add(t, list, node_word(t, text));
	return negated ? node_not(t, list) : node_listed(list);
}

static bool never(struct translation *t, const struct conds *c,
		  const char *option)
{
	report_unused(t, option_span(c->section, option),
		      "this %s never applies: no packet has it",
		      what_goes(t, c));
	return false;
}

bool cond_mark(struct translation *t, struct conds *c)
{
	struct str text = option_text(c->section, "mark");
	bool negated = value_negated(&text);
	struct mark mark;

	if (!text.p || !value_mark(text, &mark))
		return true;
	/* one of no bits is any packet's, one of others than its bits nobody's */
	if (mark.value & ~mark.mask)
		return negated || never(t, c, "mark");
	if (!mark.mask)
		return !negated || never(t, c, "mark");
	if (mark.mask == UINT32_MAX)
		c->mark = one(t, negated,
			      arena_printf(t->arena, "0x%x", mark.value));
	else
		c->mark = one(t, negated,
			      arena_printf(t->arena, "0x%x/0x%x", mark.value,
					   mark.mask));
	return true;
}

bool cond_dscp(struct translation *t, struct conds *c)
{
	struct str text = option_text(c->section, "dscp");
	bool negated = value_negated(&text);
	long n;

	if (text.p && value_dscp(text, &n))
		c->dscp = one(t, negated, value_dscp_word(t->arena, n));
	return true;
}

/* Sets. */

static const struct ipset *find_set(const struct translation *t,
				    struct str name)
{
	size_t i;

	for (i = 0; i < t->sets.n; i++)
		if (str_eq(t->sets.v[i].name, name))
			return &t->sets.v[i];
	return NULL;
}

/* "name dst": which way is asked; the set's own way if it is not said. */
static bool set_direction(struct str rest, bool otherwise)
{
	rest = str_trim(rest);
	if (!rest.n)
		return otherwise;
	if (rest.n >= 3 && memcmp(rest.p, "src", 3) == 0)
		return false;
	if ((rest.n >= 3 && memcmp(rest.p, "dst", 3) == 0) ||
	    (rest.n >= 4 && memcmp(rest.p, "dest", 4) == 0))
		return true;
	return otherwise;
}

static struct node **set_place(struct conds *c, const struct ipset *set,
			       bool destination)
{
	if (set->field == SET_MAC)
		return destination ? NULL : &c->mac;
	if (set->field == SET_PORT)
		return destination ? &c->port : &c->source_port;
	return destination ? &c->destination : &c->source;
}

static bool put_set(struct translation *t, struct conds *c,
		    const struct ipset *set, struct str rest, bool negated)
{
	struct span span = option_span(c->section, "ipset");
	bool destination = set_direction(rest, set->destination);
	struct node **place = set_place(c, set, destination);

	if (!place) {
		report_unused(t, span,
			      "fw4 leaves out this %.*s: it does not ask for "
			      "the MAC address of a destination",
			      STR_ARG(c->section->type));
		return false;
	}
	if (*place) {
		report_left_out(t, span,
				"this %s is left out: it asks for the set "
				"and for values of the same word",
				what_goes(t, c));
		return false;
	}
	*place = one(t, negated,
		     arena_printf(t->arena, "@%.*s", STR_ARG(set->name)));
	c->ports = c->ports || set->field == SET_PORT;
	c->say_family = c->say_family || set->family;
	return cond_narrow(t, c, set->family, span);
}

bool cond_set(struct translation *t, struct conds *c)
{
	struct str text = option_text(c->section, "ipset"), rest;
	bool negated = value_negated(&text);
	struct span span = option_span(c->section, "ipset");
	const struct ipset *set;

	if (!text.p)
		return true;
	rest = text;
	text = str_cut(&rest, ' ');
	set = find_set(t, text);
	if (!set) {
		report_unused(t, span,
			      "fw4 leaves out this %.*s: there is no set %.*s",
			      STR_ARG(c->section->type), STR_ARG(text));
		return false;
	}
	if (set->left_out) {
		report_left_out(t, span,
				"the set %.*s is left out, and this %.*s with "
				"it",
				STR_ARG(text), STR_ARG(c->section->type));
		return false;
	}
	return put_set(t, c, set, rest, negated);
}

/* Times. fw4's end is a part of the time, the policy's is not. */

static const char *hour_text(struct translation *t, unsigned int second)
{
	unsigned int minute = second / 60;

	if (second % 60)
		return arena_printf(t->arena, "%02u:%02u:%02u", minute / 60,
				    minute % 60, second % 60);
	return arena_printf(t->arena, "%02u:%02u", minute / 60, minute % 60);
}

static bool second_of(const struct uci_section *section, const char *option,
		      unsigned int *second)
{
	struct str text = option_text(section, option);
	struct stamp stamp;

	if (!text.p || !value_time(text, &stamp))
		return false;
	*second = stamp.hour * 3600 + stamp.min * 60 + stamp.sec;
	return true;
}

static void read_hours(struct translation *t, struct conds *c)
{
	unsigned int begin = 0, end = 24 * 3600 - 1;
	bool begins = second_of(c->section, "start_time", &begin);
	bool ends = second_of(c->section, "stop_time", &end);

	end++;
	if ((!begins && !ends) || (!begin && end == 24 * 3600))
		return;
	c->time = node_word(t,
			    arena_printf(t->arena, "%s-%s", hour_text(t, begin),
					 hour_text(t, end)));
}

static void read_weekdays(struct translation *t, struct conds *c)
{
	static const char *const words[] = { "sunday",	  "monday",   "tuesday",
					     "wednesday", "thursday", "friday",
					     "saturday" };
	struct str text = option_text(c->section, "weekdays");
	bool negated = value_negated(&text);
	struct node *list = node_of_list(t);
	unsigned int days, i;

	if (!text.p || !value_weekdays(text, &days))
		return;
	for (i = 0; i < 7; i++)
		if (days & 1u << i)
			node_add(t, list, node_word(t, words[i]));
	c->weekday = negated ? node_not(t, list) : node_listed(list);
}

bool cond_times(struct translation *t, struct conds *c)
{
	static const char *const dates[] = { "start_date", "stop_date", NULL };

	if (!cond_never(t, c, dates, "a policy knows no dates"))
		return false;
	read_hours(t, c);
	read_weekdays(t, c);
	if ((c->time || c->weekday) && !t->timed.source)
		t->timed = c->section->span;
	return true;
}

bool cond_never(struct translation *t, struct conds *c,
		const char *const *options, const char *why)
{
	for (; *options; options++) {
		if (!uci_option(c->section, *options))
			continue;
		report_left_out(t, option_span(c->section, *options),
				"this %s is left out: %s", what_goes(t, c),
				why);
		return false;
	}
	return true;
}

void cond_put(struct translation *t, const struct conds *c, struct node *map,
	      bool ports)
{
	if (c->family > 0 && c->say_family)
		node_put(t, map, "family",
			 node_word(t, family_word(c->family)));
	node_put(t, map, "source", c->source);
	if (ports)
		node_put(t, map, "source-port", c->source_port);
	node_put(t, map, "destination", c->destination);
	if (ports)
		node_put(t, map, "port", c->port);
	node_put(t, map, "mac", c->mac);
	node_put(t, map, "mark", c->mark);
	node_put(t, map, "dscp", c->dscp);
	node_put(t, map, "weekday", c->weekday);
	node_put(t, map, "time", c->time);
}

/* Protocols. */

/* As the policy calls it; NULL if it does not. */
static const char *protocol_word(struct translation *t, struct str name)
{
	struct value values[2];
	const char *why;
	char *lower = arena_strndup(t->arena, name.p, name.n);
	size_t i;

	for (i = 0; i < name.n; i++)
		if (lower[i] >= 'A' && lower[i] <= 'Z')
			lower[i] |= 32;
	if (strcmp(lower, "1") == 0)
		return "icmp";
	if (strcmp(lower, "58") == 0 || strcmp(lower, "icmpv6") == 0)
		return "ipv6-icmp";
	if (strcmp(lower, "6") == 0)
		return "tcp";
	if (strcmp(lower, "17") == 0)
		return "udp";
	return type_protocol.parse(str_of(lower), values, &why) ? lower : NULL;
}

static void add_once(struct translation *t, struct node *list, const char *word)
{
	size_t i;

	for (i = 0; i < list->list.n; i++)
		if (str_is(list->list.items[i]->scalar, word))
			return;
	node_add(t, list, node_word(t, word));
}

static void add_protocol(struct translation *t, const struct conds *c,
			 struct protocols *out, const char *word, bool negated)
{
	if (negated)
		add_once(t, out->negated, word);
	else if (strcmp(word, "tcp") == 0 || strcmp(word, "udp") == 0)
		add_once(t, out->ported, word);
	else if (strcmp(word, "ipv6-icmp") == 0)
		add_once(t, out->icmp, word);
	else if (strcmp(word, "icmp") != 0)
		add_once(t, out->other, word);
	else if (c->family == 6)
		add_once(t, out->icmp, "ipv6-icmp");
	else if (c->family == 4)
		add_once(t, out->icmp, "icmp");
	else {
		add_once(t, out->icmp, "icmp");
		add_once(t, out->icmp, "ipv6-icmp");
	}
}

static bool is_any(struct str name)
{
	return name.n == 1 ?
		       name.p[0] == '*' :
		       name.n == 3 && (strncasecmp(name.p, "all", 3) == 0 ||
				       strncasecmp(name.p, "any", 3) == 0);
}

static bool read_protocol(struct translation *t, struct conds *c,
			  const struct uci_value *value, struct protocols *out)
{
	struct str name = value->text;
	bool negated = value_negated(&name);
	const char *word;

	if (is_any(name)) {
		out->any = true;
		return true;
	}
	if (name.n == 6 && strncasecmp(name.p, "tcpudp", 6) == 0) {
		add_protocol(t, c, out, "tcp", negated);
		add_protocol(t, c, out, "udp", negated);
		return true;
	}
	word = protocol_word(t, name);
	if (word) {
		add_protocol(t, c, out, word, negated);
		return true;
	}
	report_left_out(t, value->span,
			"this %s is left out: the protocol \"%.*s\" is not "
			"known",
			what_goes(t, c), STR_ARG(name));
	return false;
}

bool protocols_read(struct translation *t, struct conds *c,
		    const char *const *otherwise, struct protocols *out)
{
	const struct uci_option *given = uci_option(c->section, "proto");
	struct uci_value value;
	size_t i;

	*out = (struct protocols){
		.ported = node_of_list(t),
		.icmp = node_of_list(t),
		.other = node_of_list(t),
		.negated = node_of_list(t),
	};
	for (i = 0; given && option_value_at(given, i, &value); i++)
		if (!read_protocol(t, c, &value, out))
			return false;
	if (given)
		return true;
	out->any = !*otherwise;
	for (; *otherwise; otherwise++)
		add_once(t, out->ported, *otherwise);
	return true;
}
