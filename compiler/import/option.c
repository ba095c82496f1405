// SPDX-License-Identifier: GPL-2.0-only
/* The options of /etc/config/firewall: see option.h. */
#include "option.h"

#include <ctype.h>

#include "value.h"

/* What fw4 takes for a value. */

static const char *const positions[] = { "ruleset-prepend", "ruleset-postpend",
					 "ruleset-append",  "table-prepend",
					 "table-postpend",  "table-append",
					 "chain-prepend",   "chain-postpend",
					 "chain-append",    NULL };

static bool is_bool(struct str text)
{
	bool yes;

	return value_bool(text, &yes);
}

static bool is_policy(struct str text)
{
	return value_word(text, words_policy) >= 0;
}

static bool is_target(struct str text)
{
	return value_word(text, words_target) >= 0;
}

static bool is_code(struct str text)
{
	return value_word(text, words_code) >= 0;
}

static bool is_side(struct str text)
{
	return value_word(text, words_side) >= 0;
}

static bool is_kind(struct str text)
{
	return value_word(text, words_include) >= 0;
}

static bool is_position(struct str text)
{
	return value_word(text, positions) >= 0;
}

static bool is_family(struct str text)
{
	return value_family(text) >= 0;
}

static bool is_direction(struct str text)
{
	return str_is(text, "in") || str_is(text, "ingress") ||
	       str_is(text, "out") || str_is(text, "egress");
}

static bool is_int(struct str text)
{
	long n;

	return value_int(text, &n);
}

/* Text, which may have a "!" before it. */
static bool is_some(struct str text)
{
	value_negated(&text);
	return text.n > 0;
}

static bool is_identifier(struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (!isalpha((unsigned char)text.p[i]) && text.p[i] != '_' &&
		    text.p[i] != '.' &&
		    (!i || (!isdigit((unsigned char)text.p[i]) &&
			    text.p[i] != '/' && text.p[i] != '-')))
			return false;
	return text.n > 0;
}

/* Two functions of an arena's, of which only the answer counts here. */
static bool with_arena(bool (*parse)(struct arena *, struct str, struct str *),
		       struct str text)
{
	struct arena *arena = arena_new();
	struct str out;
	bool good;

	value_negated(&text);
	good = parse(arena, text, &out);
	arena_free(arena);
	return good;
}

static bool is_port(struct str text)
{
	return with_arena(value_port, text);
}

static bool is_mac(struct str text)
{
	return with_arena(value_mac, text);
}

static bool is_limit(struct str text)
{
	return with_arena(value_limit, text);
}

static bool is_mark(struct str text)
{
	struct mark mark;

	value_negated(&text);
	return value_mark(text, &mark);
}

static bool is_dscp(struct str text)
{
	long n;

	value_negated(&text);
	return value_dscp(text, &n);
}

static bool is_icmp(struct str text)
{
	struct icmp icmp;

	return value_icmp(text, &icmp);
}

static bool is_time(struct str text)
{
	struct stamp stamp;

	return value_time(text, &stamp);
}

static bool is_date(struct str text)
{
	struct stamp stamp;

	return value_date(text, &stamp);
}

static bool is_weekdays(struct str text)
{
	unsigned int days;

	value_negated(&text);
	return value_weekdays(text, &days);
}

static bool is_monthdays(struct str text)
{
	value_negated(&text);
	return value_monthdays(text);
}

#define LIST OPTION_LIST
#define PLAIN OPTION_PLAIN
#define REQUIRED OPTION_REQUIRED
#define SAID OPTION_SAID
#define NEARLY OPTION_NEARLY
#define LEFT_OUT OPTION_LEFT_OUT
#define SYSTEM OPTION_SYSTEM
#define UNUSED OPTION_UNUSED

#define ENABLED                                                                \
	{                                                                      \
		"enabled", is_bool, SAID, 0,                                   \
			DOC("0 leaves the section out, as fw4 does.")          \
	}
#define FAMILY(said)                                                           \
	{                                                                      \
		"family", is_family, SAID, 0, DOC(said)                        \
	}
#define SAYS_NOTHING(name, is_value)                                           \
	{                                                                      \
		name, is_value, UNUSED, 0,                                     \
			DOC("fw4 does nothing with it, and neither does "      \
			    "the policy.")                                     \
	}
#define SYSCTL(name, is_value, sysctl)                                         \
	{                                                                      \
		name, is_value, SYSTEM, 0, DOC("Is the sysctl " sysctl ".")    \
	}
#define UTC                                                                    \
	{                                                                      \
		"utc_time", is_bool, UNUSED, 0,                                \
			DOC("fw4 reads it and does nothing with it: its "      \
			    "times are those of the system's zone.")           \
	}

static const struct option defaults_options[] = {
	{ "input", is_policy, SAID, 0,
	  DOC("The default of input; drop if it is not given.") },
	{ "output", is_policy, SAID, 0,
	  DOC("The default of output; drop if it is not given.") },
	{ "forward", is_policy, SAID, 0,
	  DOC("The default of forward; drop if it is not given.") },
	{ "drop_invalid", is_bool, SAID, 0,
	  DOC("invalid: drop, or filter. Where a zone masquerades it is drop "
	      "anyway, as fw4 has it towards that zone.") },
	{ "tcp_reject_code", is_code, NEARLY, 0,
	  DOC("with of the rules that reject; what no rule decides is refused "
	      "as the policy does it.") },
	{ "any_reject_code", is_code, NEARLY, 0,
	  DOC("with of the rules that reject; what no rule decides is refused "
	      "as the policy does it.") },
	{ "syn_flood", is_bool, SAID, 0,
	  DOC("syn-flood, unless synflood_protect says otherwise.") },
	{ "synflood_protect", is_bool, SAID, 0, DOC("syn-flood.") },
	{ "synflood_rate", is_limit, SAID, 0,
	  DOC("The rate of syn-flood; 25/second if it is not given.") },
	{ "synflood_burst", is_int, SAID, 0,
	  DOC("The burst of syn-flood; 50 if it is not given.") },
	SYSCTL("tcp_syncookies", is_bool, "net.ipv4.tcp_syncookies"),
	SYSCTL("tcp_ecn", is_int, "net.ipv4.tcp_ecn"),
	SYSCTL("tcp_window_scaling", is_bool, "net.ipv4.tcp_window_scaling"),
	SYSCTL("accept_redirects", is_bool, "net.ipv4.conf.*.accept_redirects"),
	SYSCTL("accept_source_route", is_bool,
	       "net.ipv4.conf.*.accept_source_route"),
	{ "auto_helper", is_bool, NEARLY, 0,
	  DOC("0 is what the policy does: helpers are given by rules alone. 1 "
	      "depends on which modules are loaded.") },
	SAYS_NOTHING("custom_chains", is_bool),
	SAYS_NOTHING("disable_ipv6", is_bool),
	{ "flow_offloading", is_bool, SAID, 0,
	  DOC("offload: all TCP and UDP that is forwarded.") },
	{ "flow_offloading_hw", is_bool, SAID, 0,
	  DOC("mode: auto, with flow_offloading.") },
	{ "auto_includes", is_bool, NEARLY, 0,
	  DOC("0 is what the policy does. 1 includes "
	      "/usr/share/nftables.d, which a policy cannot.") },
	{ 0 }
};

static const struct option zone_options[] = {
	ENABLED,
	{ "name", is_identifier, SAID, REQUIRED, DOC("The zone's name.") },
	FAMILY("subnets: all of that family."),
	{ "network", is_some, SAID, LIST,
	  DOC("devices: those of the interfaces of --network. A negated one is "
	      "left out.") },
	{ "device", is_some, SAID, LIST,
	  DOC("devices; name+ is name*. A negated one is left out.") },
	{ "subnet", is_some, SAID, LIST,
	  DOC("subnets. A negated one, and a zone of subnets alone, is left "
	      "out.") },
	{ "input", is_policy, SAID, 0,
	  DOC("A rule to router behind all others, where the default "
	      "differs.") },
	{ "output", is_policy, SAID, 0,
	  DOC("A rule from router behind all others, where the default "
	      "differs.") },
	{ "forward", is_policy, SAID, 0,
	  DOC("A rule from the zone to itself behind all others, where the "
	      "default differs: more fw4 does not mean by it.") },
	{ "masq", is_bool, SAID, 0, DOC("masquerade.") },
	{ "masq_allow_invalid", is_bool, SAID, 0,
	  DOC("Without it, invalid: drop, since a zone masquerades.") },
	{ "masq_src", is_some, SAID, LIST,
	  DOC("An entry masquerade of nat, with this source.") },
	{ "masq_dest", is_some, SAID, LIST,
	  DOC("An entry masquerade of nat, with this destination.") },
	{ "masq6", is_bool, SAID, 0, DOC("masquerade, of ipv6.") },
	SAYS_NOTHING("extra", NULL),
	SAYS_NOTHING("extra_src", NULL),
	SAYS_NOTHING("extra_dest", NULL),
	{ "mtu_fix", is_bool, SAID, 0, DOC("clamp-mss.") },
	SAYS_NOTHING("custom_chains", is_bool),
	{ "log", is_int, NEARLY, 0,
	  DOC("Bit 1: log of the rules that drop or reject. Bit 2, of "
	      "clamp-mss, is left out.") },
	{ "log_limit", is_limit, SAID, 0, DOC("rate of these logs.") },
	{ "auto_helper", is_bool, NEARLY, 0, DOC("As that of defaults.") },
	{ "helper", is_some, SAID, LIST,
	  DOC("Rules helper for the helper's own port; a negated one is left "
	      "out.") },
	{ "counter", is_bool, LEFT_OUT, 0,
	  DOC("Zones have no counters; rules may count.") },
	{ 0 }
};

static const struct option forwarding_options[] = {
	ENABLED,
	{ "name", NULL, SAID, 0, DOC("name.") },
	FAMILY("family."),
	{ "src", NULL, SAID, REQUIRED, DOC("from.") },
	{ "dest", NULL, SAID, REQUIRED, DOC("to.") },
	{ 0 }
};

#define NAME                                                                   \
	{                                                                      \
		"name", NULL, SAID, 0,                                         \
			DOC("name, of the characters that one may have.")      \
	}
#define OLD_NAME                                                               \
	{                                                                      \
		"_name", NULL, UNUSED, 0, DOC("fw4 has it for name no more.")  \
	}
#define SET_MATCH                                                              \
	{                                                                      \
		"ipset", is_some, NEARLY, 0,                                   \
			DOC("The set as source, destination, port, "           \
			    "source-port or mac. One of several fields is "    \
			    "left out.")                                       \
	}
#define PROTO(otherwise)                                                       \
	{                                                                      \
		"proto", is_some, SAID, LIST, DOC("protocol; " otherwise)      \
	}
#define NO_DATE "A policy knows no dates: the section is left out."
#define TIMES                                                                   \
	{ "start_date", is_date, LEFT_OUT, 0, DOC(NO_DATE) },                   \
		{ "stop_date", is_date, LEFT_OUT, 0, DOC(NO_DATE) },            \
		{ "start_time", is_time, SAID, 0,                               \
		  DOC("The beginning of time; midnight if it is not given.") }, \
		{ "stop_time", is_time, SAID, 0,                                \
		  DOC("The end of time, a second later, since fw4 counts it "   \
		      "in.") },                                                 \
	{                                                                       \
		"weekdays", is_weekdays, SAID, 0, DOC("weekday.")               \
	}
#define MONTHDAYS SAYS_NOTHING("monthdays", is_monthdays)
#define NO_LIMIT "Translations have no limit: the section is left out."
#define COUNTER                                                                \
	{                                                                      \
		"counter", is_bool, LEFT_OUT, 0,                               \
			DOC("Translations have no counters; the rest is "      \
			    "said.")                                           \
	}

static const struct option rule_options[] = {
	ENABLED,
	NAME,
	OLD_NAME,
	FAMILY("family."),
	{ "src", NULL, SAID, 0, DOC("from; without it, from router.") },
	{ "dest", NULL, SAID, 0,
	  DOC("to; without it, to router, or from router to any zone.") },
	{ "device", is_some, NEARLY, PLAIN,
	  DOC("from or to the zone that has this device alone; otherwise the "
	      "section is left out.") },
	{ "direction", is_direction, SAID, 0,
	  DOC("Whether device is from or to.") },
	SET_MATCH,
	{ "helper", is_some, LEFT_OUT, 0,
	  DOC("A policy does not ask for helpers: the section is left out.") },
	{ "set_helper", is_some, SAID, PLAIN,
	  DOC("set of the action helper, where the kernel's name is known.") },
	PROTO("tcp and udp if it is not given."),
	{ "src_ip", is_some, SAID, LIST,
	  DOC("source. What is negated is taken from what is not; of both "
	      "families, or with a mask that is no prefix, such values leave "
	      "the section out.") },
	{ "src_mac", is_mac, SAID, LIST, DOC("mac.") },
	{ "src_port", is_port, SAID, LIST,
	  DOC("source-port, of tcp and udp.") },
	{ "dest_ip", is_some, SAID, LIST, DOC("destination, as src_ip.") },
	{ "dest_port", is_port, SAID, LIST, DOC("port, of tcp and udp.") },
	{ "icmp_type", is_icmp, NEARLY, LIST,
	  DOC("icmp. Of a code, all codes of its type; a type without a name "
	      "in the policy leaves the section out.") },
	SAYS_NOTHING("extra", NULL),
	{ "limit", is_limit, NEARLY, 0,
	  DOC("limit; a negated one, and that of a mark or of notrack, leaves "
	      "the section out.") },
	{ "limit_burst", is_int, SAID, 0, DOC("burst of limit.") },
	UTC,
	TIMES,
	MONTHDAYS,
	{ "mark", is_mark, SAID, 0, DOC("mark.") },
	{ "set_mark", is_mark, NEARLY, PLAIN,
	  DOC("set of the action mark, which marks replies, too; 0 is left "
	      "out.") },
	{ "set_xmark", is_mark, NEARLY, PLAIN,
	  DOC("set of the action mark, if its bits are in its mask.") },
	{ "dscp", is_dscp, SAID, 0, DOC("dscp.") },
	{ "set_dscp", is_dscp, NEARLY, PLAIN,
	  DOC("set of the action dscp, which marks replies, too.") },
	{ "counter", is_bool, SAID, 0,
	  DOC("1, where it is written: count, of new connections. fw4 counts "
	      "unless it is 0.") },
	{ "log", NULL, SAID, 0, DOC("log: new, with the prefix.") },
	{ "log_limit", is_limit, SAID, 0, DOC("rate of log.") },
	{ "target", is_target, NEARLY, 0,
	  DOC("The action; log or count if it is not given. notrack holds for "
	      "both directions, and is left out where a reply does not tell "
	      "what it asks.") },
	{ 0 }
};

static const struct option redirect_options[] = {
	ENABLED,
	NAME,
	OLD_NAME,
	FAMILY("family; ipv4 if nothing says otherwise."),
	{ "src", NULL, SAID, 0, DOC("from of forward and redirect.") },
	{ "dest", NULL, SAID, 0,
	  DOC("to of source; for dnat, the zone that reflection is for.") },
	SET_MATCH,
	{ "helper", is_some, LEFT_OUT, PLAIN,
	  DOC("A policy does not ask for helpers: the section is left out.") },
	PROTO("tcp and udp if it is not given."),
	{ "src_ip", is_some, SAID, 0, DOC("source.") },
	{ "src_mac", is_mac, SAID, LIST, DOC("mac.") },
	{ "src_port", is_port, SAID, 0, DOC("source-port.") },
	{ "src_dip", is_some, SAID, 0,
	  DOC("destination of forward; the router's addresses if it is not "
	      "given and the zone masquerades. Of snat, address.") },
	{ "src_dport", is_port, SAID, 0,
	  DOC("port of forward; of snat, "
	      "ports.") },
	{ "dest_ip", is_some, SAID, 0,
	  DOC("to of forward; without it, the entry is a redirect. Of snat, "
	      "destination.") },
	{ "dest_port", is_port, NEARLY, 0,
	  DOC("The port of to. A range for another one is any of its ports.") },
	SAYS_NOTHING("extra", NULL),
	{ "limit", is_limit, LEFT_OUT, 0, DOC(NO_LIMIT) },
	{ "limit_burst", is_int, LEFT_OUT, 0, DOC("As limit.") },
	UTC,
	TIMES,
	MONTHDAYS,
	{ "mark", is_mark, SAID, 0, DOC("mark.") },
	{ "reflection", is_bool, SAID, 0,
	  DOC("reflect, where the zone masquerades; with more zones than it is "
	      "for, entries of their own, if the addresses are known.") },
	{ "reflection_src", is_side, NEARLY, 0,
	  DOC("The address of these entries; reflect is always internal.") },
	{ "reflection_zone", NULL, SAID, LIST,
	  DOC("The zones of "
	      "reflection.") },
	COUNTER,
	{ "log", NULL, LEFT_OUT, 0,
	  DOC("Translations are not logged; the rest is said.") },
	{ "log_limit", is_limit, LEFT_OUT, 0, DOC("As log.") },
	{ "target", is_target, SAID, 0,
	  DOC("forward or redirect, and source for snat.") },
	{ 0 }
};

static const struct option nat_options[] = {
	ENABLED,
	NAME,
	FAMILY("family; ipv4 if nothing says otherwise."),
	{ "src", NULL, SAID, 0,
	  DOC("to: the zone that connections leave "
	      "by.") },
	{ "device", NULL, NEARLY, 0,
	  DOC("to the zone that has this device alone; otherwise the section "
	      "is left out.") },
	SAYS_NOTHING("ipset", is_some),
	PROTO("all if it is not given."),
	{ "src_ip", is_some, SAID, 0, DOC("source.") },
	{ "src_port", is_port, SAID, 0, DOC("source-port.") },
	{ "snat_ip", is_some, SAID, PLAIN, DOC("address of source.") },
	{ "snat_port", is_port, SAID, PLAIN,
	  DOC("ports of source; alone, it leaves the section out.") },
	{ "dest_ip", is_some, SAID, 0, DOC("destination.") },
	{ "dest_port", is_port, SAID, 0, DOC("port.") },
	SAYS_NOTHING("extra", NULL),
	{ "limit", is_limit, LEFT_OUT, 0, DOC(NO_LIMIT) },
	{ "limit_burst", is_int, LEFT_OUT, 0, DOC("As limit.") },
	{ "connlimit_ports", is_bool, UNUSED, 0,
	  DOC("fw4 reads it and does nothing with it.") },
	UTC,
	TIMES,
	MONTHDAYS,
	{ "mark", is_mark, SAID, 0, DOC("mark.") },
	COUNTER,
	{ "log", NULL, LEFT_OUT, 0,
	  DOC("Translations are not logged; the rest is said.") },
	{ "target", is_target, SAID, 0,
	  DOC("source, masquerade, or exempt for accept.") },
	{ 0 }
};

static const struct option include_options[] = {
	ENABLED,
	{ "path", NULL, LEFT_OUT, REQUIRED,
	  DOC("The file is fw4's: it is left out. Rules of it may stand under "
	      "raw.") },
	{ "type", is_kind, LEFT_OUT, 0,
	  DOC("Neither scripts nor nftables' text are part of a policy.") },
	{ "fw4_compatible", is_bool, SAID, 0,
	  DOC("A script that fw4 does not run, either, is no loss.") },
	SAYS_NOTHING("family", is_family),
	SAYS_NOTHING("reload", is_bool),
	{ "position", is_position, LEFT_OUT, 0,
	  DOC("The chains are fw4's, and not those of a policy.") },
	{ "chain", is_identifier, LEFT_OUT, 0,
	  DOC("The chains are fw4's, and not those of a policy.") },
	{ 0 }
};

static const struct option ipset_options[] = {
	ENABLED,
	{ "reload_set", is_bool, UNUSED, 0,
	  DOC("Sets keep their elements while the policy defines them "
	      "alike.") },
	{ "counters", is_bool, LEFT_OUT, 0,
	  DOC("Elements have no counters; the rest is said.") },
	{ "comment", NULL, SAID, 0, DOC("A comment.") },
	{ "name", is_identifier, SAID, REQUIRED, DOC("The set's name.") },
	FAMILY("The family of what asks for it; ipv4 if it is not given."),
	SAYS_NOTHING("storage", NULL),
	{ "match", is_some, NEARLY, LIST,
	  DOC("type: address, port or mac. Several leave the set out.") },
	SAYS_NOTHING("iprange", NULL),
	SAYS_NOTHING("portrange", NULL),
	SAYS_NOTHING("netmask", is_int),
	{ "maxelem", is_int, SAID, 0, DOC("size.") },
	SAYS_NOTHING("hashsize", is_int),
	{ "timeout", is_int, SAID, 0, DOC("timeout, in seconds.") },
	SAYS_NOTHING("external", NULL),
	{ "entry", NULL, SAID, LIST,
	  DOC("elements. A set that has some is not filled while it runs, "
	      "unless it has a timeout.") },
	{ "loadfile", NULL, SAID, 0, DOC("file.") },
	{ 0 }
};

static const struct section sections[] = {
	{ "defaults", defaults_options },     { "zone", zone_options },
	{ "forwarding", forwarding_options }, { "rule", rule_options },
	{ "redirect", redirect_options },     { "nat", nat_options },
	{ "include", include_options },	      { "ipset", ipset_options },
};

const struct section *section_at(size_t i)
{
	return i < sizeof(sections) / sizeof(sections[0]) ? &sections[i] : NULL;
}

const struct section *section_find(struct str type)
{
	const struct section *section;
	size_t i;

	for (i = 0; (section = section_at(i)); i++)
		if (str_is(type, section->type))
			return section;
	return NULL;
}

const struct option *option_find(const struct section *section, struct str name)
{
	const struct option *option;

	for (option = section->options; option->name; option++)
		if (str_is(name, option->name))
			return option;
	return NULL;
}

const char *option_fate_word(enum option_fate fate)
{
	static const char *const words[] = {
		[OPTION_LEFT_OUT] = "left out",
		[OPTION_SAID] = "said",
		[OPTION_NEARLY] = "nearly",
		[OPTION_SYSTEM] = "not the policy's",
		[OPTION_UNUSED] = "unused",
	};

	return words[fate];
}

/* The word that begins at @at in it; its place is that of the whole value. */
static struct str word_from(struct str text, size_t *at)
{
	struct str word;

	while (*at < text.n && (text.p[*at] == ' ' || text.p[*at] == '\t'))
		(*at)++;
	word.p = text.p + *at;
	while (*at < text.n && text.p[*at] != ' ' && text.p[*at] != '\t')
		(*at)++;
	word.n = (size_t)(text.p + *at - word.p);
	return word;
}

bool option_value_at(const struct uci_option *option, size_t i,
		     struct uci_value *value)
{
	size_t at = 0, k;

	if (!option)
		return false;
	if (option->list) {
		if (i < option->values.n)
			*value = option->values.v[i];
		return i < option->values.n;
	}
	*value = option->values.v[0];
	for (k = 0; k <= i; k++)
		value->text = word_from(option->values.v[0].text, &at);
	return value->text.n > 0;
}
