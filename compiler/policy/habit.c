// SPDX-License-Identifier: GPL-2.0-only
/*
 * What people write who come from somewhere else: from nft and iptables, from
 * OpenWrt's and firewalld's files, from pf. Nothing of it is accepted; who
 * reports that a word is unknown asks here what was probably meant.
 *
 * What must stay true: a word is looked up here only when the language does not
 * have it, so that a row that the language has caught up with does no harm, and
 * a row is nothing but a sentence for a person.
 */
#include "bind.h"
#include "vocab/service.h"

/* Of keys and words; compared in lower case, with "-" for "_" and blanks. */
struct habit {
	const char *where; /* what bind_map() calls the thing */
	const char *words; /* with blanks between them */
	const char *means; /* the right word, or NULL */
	const char *help;  /* what to do instead of writing that, or more */
};

/* Wherever words that select connections may stand. */
#define MATCH "match"

#define USE_FROM                                                               \
	"rules name zones: put the device into a zone, and write \"from\" "    \
	"with that zone's name"
#define USE_TO                                                                 \
	"rules name zones: put the device into a zone, and write \"to\" with " \
	"that zone's name"

static const struct habit key_habits[] = {
	/* The whole file. */
	{ "a policy", "zone interfaces interface devices networks network",
	  "zones", NULL },
	{ "a policy", "ipset ipsets tables aliases groups address-sets", "sets",
	  NULL },
	{ "a policy", "rule filter acl acls filters", "rules", NULL },
	{ "a policy", "defaults policies default-policy", "default", NULL },
	{ "a policy", "translation translations nats masquerading", "nat",
	  NULL },
	{ "a policy",
	  "snat dnat rdr redirect redirects port-forward "
	  "port-forwards portforward",
	  "nat",
	  "as in \"- forward: { from: wan, service: https, to: "
	  "192.168.1.10 }\"" },
	{ "a policy", "masquerade masq", NULL,
	  "\"masquerade: true\" stands with the zone that leads out" },
	{ "a policy",
	  "flowtable flowtables flow-offloading fastpath "
	  "flow-offload flow",
	  "offload", NULL },
	{ "a policy",
	  "vars variables variable definitions let constants "
	  "macros",
	  "define", NULL },
	{ "a policy", "includes import imports source require", "include",
	  NULL },
	{ "a policy", "service ports applications", "services", NULL },
	{ "a policy", "test checks assertions", "tests", NULL },
	{ "a policy", "name title", "policy", NULL },
	{ "a policy", "forwarding forwardings", "rules",
	  "as in \"- accept: { from: lan, to: wan }\"" },
	{ "a policy", "table tables chain chains ruleset", NULL,
	  "tables and chains are made by the compiler: write zones and "
	  "rules" },
	{ "a policy", "accept drop reject log allow deny block", "rules",
	  "rules are a list, as in \"- accept: { from: lan, to: wan }\"" },
	{ "a policy", "input forward output", "default",
	  "as in \"default: { input: drop }\"" },
	{ "a policy", "version config", NULL, "leave it out" },

	/* A zone. */
	{ "a zone",
	  "device interface interfaces dev devs network networks "
	  "iface ifaces ifname if",
	  "devices", NULL },
	{ "a zone",
	  "subnet address addresses cidr cidrs ip ips ipaddr "
	  "prefix prefixes source sources range ranges",
	  "subnets", NULL },
	{ "a zone", "masq masquerading nat snat", "masquerade", NULL },
	{ "a zone",
	  "mtu-fix mss mss-clamp mss-clamping clamp mssfix clamp-mtu "
	  "set-mss",
	  "clamp-mss", NULL },
	{ "a zone", "input forward output policy default target action", NULL,
	  "what a zone may do stands in \"rules\", and in \"default\" for all "
	  "of them" },
	{ "a zone",
	  "services service ports port protocols protocol "
	  "rich-rules allow forwards",
	  NULL,
	  "it belongs to a rule, as in \"- accept: { from: lan, to: router, "
	  "service: ssh }\"" },
	{ "a zone", "name", NULL,
	  "the zone's name is its key, as in \"lan: { devices: [br-lan] }\"" },
	{ "a zone", "family log log-limit masq-src masq-dest", NULL,
	  "it belongs to a rule or to \"nat\"" },

	/* A set. */
	{ "a set",
	  "element entry entries members member values value "
	  "addresses ips items list hosts networks ports",
	  "elements", NULL },
	{ "a set", "kind match typeof keytype storage", "type", NULL },
	{ "a set", "ttl expire expires expiry", "timeout", NULL },
	{ "a set", "max maxelem max-elem max-entries maximum limit", "size",
	  NULL },
	{ "a set", "path include loadfile from filename files", "file", NULL },
	{ "a set", "url", "file",
	  "nothing is fetched: fetch it to a file, and apply the policy "
	  "again" },
	{ "a set", "family", NULL, "a set of addresses holds both families" },
	{ "a set", "flags auto-merge policy interval constant dynamic", NULL,
	  "leave it out: it follows from what the set holds" },
	{ "a set", "name", NULL,
	  "the set's name is its key, as in \"admins: { type: address }\"" },

	/* Translations. */
	{ "a port forward",
	  "to-addr to-address target internal-ip internal-address dest-ip "
	  "dnat-to rdr-to redirect-to to-destination destination-ip dnat "
	  "forward-to to-addresses host server",
	  "to", NULL },
	{ "a port forward",
	  "to-port dest-port internal-port destination-port "
	  "to-ports target-port",
	  NULL,
	  "the new port stands behind the new address: to: "
	  "\"192.168.1.10:8443\"; the one that it replaces is \"port\"" },
	{ "a port forward", "src", "from", NULL },
	{ "a port forward", "src-dport external-port dport in-port", "port",
	  NULL },
	{ "a port forward",
	  "hairpin loopback reflection nat-reflection "
	  "hairpin-nat",
	  "reflect", NULL },
	{ "source NAT",
	  "snat to-source nat-to snat-ip src-ip to-addr "
	  "to-address addresses pool ip",
	  "address", NULL },

	/* Offload. */
	{ "\"offload\"", "device interfaces interface", "devices", NULL },
	{ "\"offload\"",
	  "hw hardware software hw-offload flow-offloading-hw "
	  "flags type",
	  "mode", "as in \"mode: hardware\"" },
	{ "\"offload\"", "counter count accounting", "counters", NULL },
	{ "\"offload\"", "prio hook-priority hook", "priority", NULL },
	{ "\"offload\"", "flowtable flow-table flow-tables tables table",
	  "flowtables",
	  "as in \"flowtables: { wired: { devices: [eth0] } }\"" },
	{ "a flowtable", "device interface interfaces", "devices", NULL },
	{ "a flowtable",
	  "hw hardware software hw-offload flow-offloading-hw "
	  "flags type",
	  "mode", "as in \"mode: hardware\"" },
	{ "a flowtable", "counter count accounting", "counters", NULL },
	{ "a flowtable", "prio hook-priority hook", "priority", NULL },
	{ "a flowtable", "eligible exempt from to", NULL,
	  "entries stand in \"offload\", and name it: eligible: [{ from: lan, "
	  "to: wan, flowtable: wired }]" },
	{ "\"offload\"", "rules rule include match allow accept flows",
	  "eligible", NULL },
	{ "\"offload\"",
	  "exclude except exceptions bypass never skip deny "
	  "exclusions",
	  "exempt", NULL },
	{ "\"offload\"", "enabled enable on active", NULL,
	  "leave it out: \"offload\" with an eligible entry turns it on" },
	{ "\"offload\"", "after packets bytes", NULL,
	  "it belongs to an entry: eligible: [{ from: lan, to: wan, after: 16 "
	  "packets }]" },
	{ "an eligible entry", "packets bytes min-packets threshold delay",
	  "after", "as in \"after: 16 packets\"" },
	{ "an eligible entry", "table flow-table flowtables", "flowtable",
	  NULL },
	{ "an eligible entry", "reason why", NULL,
	  "only \"exempt\" gives a reason; put a comment behind \"#\"" },
	{ "an exempt entry", "after", NULL,
	  "what is exempt is never offloaded: \"after\" belongs to "
	  "\"eligible\"" },
	{ "an exempt entry", "flowtable flowtables table", NULL,
	  "what is exempt is in no flowtable" },
	{ "an exempt entry", "why comment description because", "reason",
	  NULL },

	/* Defaults, logs, tests. */
	{ "\"default\"", "in incoming ingress inbound local-in", "input",
	  NULL },
	{ "\"default\"", "out outgoing egress outbound local-out", "output",
	  NULL },
	{ "\"default\"", "routed forwarded fwd forwarding routing", "forward",
	  NULL },
	{ "\"log\"", "type mode what kind packets", "when", NULL },
	{ "\"log\"", "limit ratelimit rate-limit", "rate", NULL },
	{ "\"log\"", "log-prefix label text message", "prefix", NULL },
	{ "\"log\"", "nflog nfgroup ulog nflog-group log-group", "group",
	  NULL },
	{ "\"log\"", "severity priority log-level", "level", NULL },
	{ "\"log\"", "length len snap nflog-size size range", "snaplen", NULL },
	{ "a test", "input given when connection", "packet", NULL },
	{ "a test", "expected result want verdict output then", "expect",
	  NULL },

	/* Rules. */
	{ "a rule", "target action jump verdict policy decision", NULL,
	  "the action is the key of the entry, as in \"- accept: { from: "
	  "lan, to: wan }\"" },
	{ "a rule", "comment description desc title label id", "name",
	  "a remark is a comment of the file: # ..." },
	{ "a rule",
	  "prefix log-prefix logprefix log-level loglevel level "
	  "log-group nflog",
	  NULL,
	  "it belongs to \"log\", as in log: { when: new, prefix: \"wan: \" "
	  "}" },
	{ "a rule",
	  "limit-burst burst rate ratelimit rate-limit limit-rate "
	  "hashlimit",
	  "limit", "as in \"limit: 10/second burst 20\"" },
	{ "a rule",
	  "masquerade masq snat dnat nat redirect forward "
	  "to-destination to-source dnat-to nat-to rdr-to",
	  NULL,
	  "translations stand in \"nat\", and \"masquerade: true\" in a "
	  "zone" },
	{ "a rule", "quick", NULL,
	  "leave it out: the first rule that matches decides" },
	{ "a rule", "chain hook direction", NULL,
	  "\"to: router\" is what nft calls input, \"from: router\" is "
	  "output, and from zone to zone is forward" },
	{ "a rule", "priority order weight position index", NULL,
	  "the first rule that matches decides: put it before the others" },
	{ "a rule", "flow flowtable eligible exempt", NULL,
	  "which connections are offloaded stands in \"offload\"" },

	/* Words that select connections, wherever they stand. */
	{ MATCH, "proto l4proto ip-proto ip-protocol protocols p ipproto",
	  "protocol", NULL },
	{ MATCH,
	  "dport dports dst-port destination-port dest-port ports "
	  "destination-ports to-port dst-ports destport dest-ports",
	  "port", "\"port\" is that of the destination" },
	{ MATCH,
	  "sport sports src-port from-port source-ports src-ports "
	  "srcport",
	  "source-port", NULL },
	{ MATCH,
	  "saddr src-ip src-addr source-address source-ip src-address "
	  "ip-saddr source-addr sources src-net source-network srcip "
	  "from-address",
	  "source", NULL },
	{ MATCH,
	  "daddr dst-ip dest-ip dst-addr dest-addr destination-address "
	  "destination-ip dst-address ip-daddr destinations dst-net "
	  "destination-network dstip to-address",
	  "destination", NULL },
	{ MATCH, "src", NULL,
	  "write \"from\" for a zone, \"source\" for an address" },
	{ MATCH, "dst dest", NULL,
	  "write \"to\" for a zone, \"destination\" for an address" },
	{ MATCH,
	  "iif iifname in-interface input-interface in-device "
	  "inbound-interface in i iifgroup",
	  NULL, USE_FROM },
	{ MATCH,
	  "oif oifname out-interface output-interface out-device "
	  "outbound-interface out o oifgroup",
	  NULL, USE_TO },
	{ MATCH, "interface device dev on ifname", NULL,
	  "rules name zones: put the device into a zone, and write \"from\" "
	  "or \"to\" with that zone's name" },
	{ MATCH,
	  "zone src-zone source-zone from-zone in-zone ingress-zone "
	  "ingress",
	  "from", NULL },
	{ MATCH,
	  "dest-zone dst-zone to-zone destination-zone out-zone "
	  "egress-zone egress",
	  "to", NULL },
	{ MATCH,
	  "icmp-type icmpv6-type icmptype icmp-types icmp6-type icmpv6 "
	  "icmp6",
	  "icmp", NULL },
	{ MATCH,
	  "ip-version ipversion ip-family af inet inet6 "
	  "address-family version nfproto",
	  "family", NULL },
	{ MATCH, "ipset match-set set sets address-set group address-list",
	  NULL,
	  "a set stands where its values would stand: source: \"@NAME\"" },
	{ MATCH, "state ct-state ctstate conntrack keep-state stateful states",
	  NULL,
	  "leave it out: a rule decides connections, and their replies "
	  "follow" },
	{ MATCH, "enabled enable disabled disable active", NULL,
	  "there is no switch: put a \"#\" before its lines" },
	{ MATCH, "app application apps", "service", NULL },
	{ MATCH, "owner uid skuid meta-skuid uid-owner", "user", NULL },
	{ MATCH,
	  "mac-address mac-source src-mac source-mac ether-saddr "
	  "hwaddr",
	  "mac", NULL },
	{ MATCH, "fwmark meta-mark ct-mark connmark set-mark", "mark", NULL },
	{ MATCH, "tos dsfield ip-dscp traffic-class", "dscp", NULL },
};

/* What bind_word() and others who know a few words call the thing. */
static const struct habit word_habits[] = {
	{ "an action", "allow permit pass ok open yes enable", "accept", NULL },
	{ "an action", "deny block discard blackhole silently-drop no", "drop",
	  NULL },
	{ "an action", "refuse deny-with reset", "reject", NULL },
	{ "an action", "masquerade snat dnat nat redirect forward dnat-to map",
	  NULL,
	  "translations stand in \"nat\", and \"masquerade: true\" in a "
	  "zone" },
	{ "an action", "return continue jump goto queue-and", NULL,
	  "there are no chains to go to: the first rule that matches "
	  "decides" },
	{ "an action", "limit ratelimit", "accept",
	  "as in \"- accept: { from: wan, to: router, limit: 10/minute }\"" },
	{ "an action", "offload flow-offload flow fasttrack", NULL,
	  "which connections are offloaded stands in \"offload\"" },
	{ "an action", "from to source destination protocol port service", NULL,
	  "the action comes first, as in \"- accept: { from: lan, to: wan "
	  "}\"" },
	{ "a translation",
	  "dnat port-forward portforward rdr rdr-to port-forwarding", "forward",
	  NULL },
	{ "a translation", "redirect", "forward", NULL },
	{ "a translation", "snat nat nat-to src-nat", "source", NULL },
	{ "a translation", "masq masquerading", "masquerade", NULL },
	{ "a translation", "no-nat nonat none skip accept bypass return",
	  "exempt", NULL },
	{ "a default", "deny block discard blackhole", "drop", NULL },
	{ "a default", "allow permit pass ok open", "accept", NULL },
	{ "a default", "refuse", "reject", NULL },
	{ "\"invalid\"", "accept allow pass keep log", "filter",
	  "the rules decide about such packets then" },
	{ "\"invalid\"", "deny block discard reject true", "drop", NULL },
	{ "\"masquerade\"", "yes on 1 enable", "true", NULL },
	{ "\"masquerade\"", "no off 0 none disable", "false", NULL },
	{ "\"masquerade\"", "all both any inet", NULL, "write [ipv4, ipv6]" },
	{ "when to log", "true yes on 1 enable", NULL,
	  "\"new\" logs a connection's first packet, \"every\" each packet "
	  "of it" },
	{ "when to log", "false no off 0 never none null ~", NULL,
	  "leave \"log\" out" },
	{ "when to log", "first connection connections start session", "new",
	  NULL },
	{ "when to log", "all always packet packets each", "every", NULL },
	{ "whom it holds for",
	  "ip src host address client each saddr source-ip ip-address user",
	  "source", NULL },
	{ "a mode", "hw hwoffload hw-offload true yes on", "hardware", NULL },
	{ "a mode", "sw soft false no off", "software", NULL },
	{ "a family", "v4 4 ip inet4 ip4 ipv-4", "ipv4", NULL },
	{ "a family", "inet6 v6 6 ip6 ipv-6", "ipv6", NULL },
	{ "a family", "any all both dual inet", NULL, "write [ipv4, ipv6]" },
	{ "what to expect", "pass allow accepted ok permit", "accept", NULL },
	{ "what to expect", "deny block dropped", "drop", NULL },
	{ "what to expect", "rejected refuse", "reject", NULL },
	{ "what to expect", "offloaded fast flow", "offload", NULL },
	{ "what to expect", "not-offload not-offloaded slow exempt nooffload",
	  "no-offload", NULL },
	{ "what to expect", "logged", "log", NULL },
	{ "what to expect", "not-logged nolog", "no-log", NULL },
	{ "a log level", "warning", "warn", NULL },
	{ "a log level", "error", "err", NULL },
	{ "a log level", "critical", "crit", NULL },
	{ "a log level", "emergency panic", "emerg", NULL },
	{ "a log level", "audit", "notice", NULL },
	{ "a set's type",
	  "ip ipv4 ipv6 ip6 ipv4-addr ipv6-addr hash:ip hash:net hash-ip "
	  "hash-net net addr inet ipaddr iphash nethash prefix cidr network "
	  "subnet host addresses ip-address",
	  "address",
	  "a set of addresses holds both families, prefixes and "
	  "ranges" },
	{ "a set's type",
	  "inet-service ports service services tcp udp "
	  "bitmap:port number",
	  "port", NULL },
	{ "a zone", "all * each everything everywhere anywhere 0.0.0.0/0 ::/0",
	  "any", NULL },
	{ "a zone",
	  "self local localhost host firewall fw me this this-device "
	  "device input output gateway lo",
	  "router", "that is this machine itself" },
	{ "protocol", "tcpudp tcp+udp tcp/udp both tcp-udp tcp,udp udptcp",
	  NULL, "write [tcp, udp]" },
	{ "protocol", "all any ip *", NULL,
	  "leave \"protocol\" out: it then is any" },
	{ "protocol", "ping", NULL, "write \"icmp: echo-request\"" },
	{ "icmp", "ping echo 8 8/0 echorequest icmp-echo", "echo-request",
	  NULL },
	{ "icmp", "pong 0 0/0", "echo-reply", NULL },
	{ "icmp",
	  "unreachable port-unreachable host-unreachable 3 "
	  "net-unreachable",
	  "destination-unreachable", NULL },
	{ "icmp", "ttl-exceeded ttl-zero-during-transit 11", "time-exceeded",
	  NULL },
	{ "icmp", "neighbour-solicitation neighbor-solicitation",
	  "nd-neighbor-solicit", NULL },
	{ "icmp", "neighbour-advertisement neighbor-advertisement",
	  "nd-neighbor-advert", NULL },
	{ "icmp", "fragmentation-needed", "destination-unreachable", NULL },
	{ "icmp", "any all * true", NULL,
	  "write \"protocol: icmp\", or \"protocol: ipv6-icmp\"" },
	{ "family", "v4 4 ip inet4 ip4", "ipv4", NULL },
	{ "family", "inet6 v6 6 ip6", "ipv6", NULL },
	{ "family", "any all both dual inet", NULL,
	  "leave \"family\" out: it then is both" },
	{ "port", "any all *", NULL, "leave the word out: it then is any" },
	{ "service", "any all *", NULL, "leave \"service\" out" },
	{ "service", "ping icmp", NULL, "write \"icmp: echo-request\"" },
	{ "service", "tcp udp sctp esp gre", NULL,
	  "that is a protocol: write \"protocol\"" },
	{ "address", "any all * anywhere internet world", NULL,
	  "leave the word out: it then is any" },
};

static const struct habit map_habits[] = {
	{ "\"default\"", NULL, NULL,
	  "as in \"default: { input: drop, forward: drop }\"" },
	{ "\"offload\"", NULL, NULL,
	  "say what may be offloaded, as in \"offload: { eligible: [ { from: "
	  "lan, to: wan } ] }\"" },
	{ "an eligible entry", NULL, NULL, "as in \"{ from: lan, to: wan }\"" },
	{ "an exempt entry", NULL, NULL,
	  "as in \"{ service: sip, reason: needs its helper }\"" },
	{ "a rule", NULL, NULL, "as in \"{ from: lan, to: wan }\"" },
	{ "a port forward", NULL, NULL,
	  "as in \"{ from: wan, service: https, to: 192.168.1.10 }\"" },
	{ "a set", NULL, NULL,
	  "as in \"{ type: address, elements: [192.168.1.2] }\"" },
};

#define WORD_MAX 40

/* In lower case, with "-" for what is written "_" or " " elsewhere. */
static struct str plain(struct str word, char buf[WORD_MAX])
{
	size_t i;

	if (word.n > WORD_MAX)
		return (struct str){ 0 };
	for (i = 0; i < word.n; i++) {
		char c = word.p[i];

		buf[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') :
			 c == '_' || c == ' ' ? '-' :
						c;
	}
	return (struct str){ buf, word.n };
}

static bool has_word(const char *words, struct str word)
{
	struct str rest = str_of(words);

	while (rest.p)
		if (str_eq(str_cut(&rest, ' '), word))
			return word.n > 0;
	return false;
}

static const struct habit *find(const struct habit *habits, size_t n,
				const char *where, struct str word)
{
	char buf[WORD_MAX];
	size_t i;

	word = plain(word, buf);
	for (i = 0; i < n; i++)
		if (strcmp(habits[i].where, where) == 0 &&
		    has_word(habits[i].words, word))
			return &habits[i];
	return NULL;
}

static bool tell(const struct habit *habit, struct diag *diag)
{
	if (habit && habit->means)
		diag_help(diag, "write \"%s\"%s%s", habit->means,
			  !habit->help			   ? "" :
			  strncmp(habit->help, "as in", 5) ? ": " :
							     ", ",
			  habit->help ? habit->help : "");
	else if (habit)
		diag_help(diag, "%s", habit->help);
	return habit != NULL;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_field(const struct field *fields, bool matches, const char *key)
{
	for (; fields->key; fields++)
		if (strcmp(fields->key, key) == 0)
			return true;
	return matches && match_word_find(str_of(key));
}

/* A row about a word that the language does not have here says nothing. */
static const struct habit *find_key(const char *what,
				    const struct field *fields, bool matches,
				    struct str key)
{
	const struct habit *habit =
		find(key_habits, COUNT(key_habits), what, key);

	if (!habit && matches)
		habit = find(key_habits, COUNT(key_habits), MATCH, key);
	if (habit && habit->means && !is_field(fields, matches, habit->means))
		return NULL;
	return habit;
}

bool habit_key(const char *what, const struct field *fields, bool matches,
	       struct str key, struct diag *diag)
{
	return tell(find_key(what, fields, matches, key), diag);
}

bool habit_means(const char *what, const struct field *fields, struct str key,
		 const char *right)
{
	const struct habit *habit = find_key(what, fields, false, key);

	return habit && habit->means && strcmp(habit->means, right) == 0;
}

bool habit_word(const char *what, struct str word, struct diag *diag)
{
	return tell(find(word_habits, COUNT(word_habits), what, word), diag);
}

void habit_map(const char *what, struct diag *diag)
{
	size_t i;

	for (i = 0; i < COUNT(map_habits); i++)
		if (strcmp(map_habits[i].where, what) == 0)
			diag_help(diag, "%s", map_habits[i].help);
}

/* Values. */

static bool all_digits(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

static bool has(struct str s, char c)
{
	return s.n && memchr(s.p, c, s.n);
}

/* What is said of any value: that it is several, or what must not hold. */
static bool any_value(struct str text, struct diag *diag)
{
	struct str rest = text, first = str_cut(&rest, ' ');

	if (text.p[0] == '!' || (str_is(first, "not") && rest.p)) {
		struct str value =
			text.p[0] == '!' ?
				(struct str){ text.p + 1, text.n - 1 } :
				rest;

		diag_help(diag,
			  "what must not hold is written { not: \"%.*s\" }",
			  STR_ARG(str_trim(value)));
		return true;
	}
	if (!has(text, ',') && !has(text, ' '))
		return false;
	diag_help(diag, "several values are a list, as in [1, 2]");
	return true;
}

/* "255.255.255.0" as a length; -1 if it is none. */
static int mask_length(struct str mask)
{
	struct value value[2];
	const char *why;
	uint32_t bits;

	if (!has(mask, '.') || !type_address.parse(mask, value, &why) ||
	    memcmp(value[0].lo, value[0].hi, 4) != 0)
		return -1;
	bits = (uint32_t)value[0].lo[0] << 24 | value[0].lo[1] << 16 |
	       value[0].lo[2] << 8 | value[0].lo[3];
	if (~bits & (~bits + 1))
		return -1;
	return bits ? 32 - __builtin_ctz(bits) : 0;
}

/* The network that the address with too many bits is in. */
static bool host_bits(struct str address, struct str length, struct diag *diag)
{
	struct value value[2];
	struct buf text = { 0 };
	const char *why;
	size_t i, bits, len;
	enum wire_id wire;

	if (!all_digits(length) || length.n > 3 ||
	    (length.n > 1 && length.p[0] == '0') ||
	    !type_address.parse(address, value, &why) || has(address, '-'))
		return false;
	wire = type_address.wire[value[0].family];
	len = wire_type(wire)->len;
	bits = (size_t)(length.n > 2 ? (length.p[0] - '0') * 100 : 0) +
	       (size_t)(length.n > 1 ? (length.p[length.n - 2] - '0') * 10 :
				       0) +
	       (size_t)(length.p[length.n - 1] - '0');
	if (bits > 8 * len)
		return false;
	for (i = 0; i < len; i++)
		if (bits < 8 * (i + 1))
			value[0].lo[i] &=
				bits <= 8 * i ?
					0 :
					(uint8_t)(0xff << (8 * (i + 1) - bits));
	if (memcmp(value[0].lo, value[0].hi, len) == 0)
		return false; /* that is not what is wrong with it */
	wire_print_range(&text, wire, value[0].lo, value[0].lo);
	diag_help(diag,
		  "write \"%s/%.*s\" for the network, \"%.*s\" for the "
		  "address",
		  text.p, STR_ARG(length), STR_ARG(address));
	buf_free(&text);
	return true;
}

static bool is_host_name(struct str text)
{
	bool letters = false;
	size_t i;

	for (i = 0; i < text.n; i++) {
		char c = text.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		letters |= letter && (c | 0x20) > 'f';
		if (!letter && c != '.' && c != '-' && (c < '0' || c > '9'))
			return false;
	}
	return letters && has(text, '.');
}

/* "192.168.1", "192.168.1.256": what is wrong with the numbers; or NULL. */
static const char *wrong_numbers(struct str text)
{
	struct str rest = text, part;
	size_t n;

	if (!has(text, '.'))
		return NULL;
	for (n = 0; rest.p; n++) {
		part = str_cut(&rest, '.');
		if (!all_digits(part))
			return NULL;
		if (part.n > 3 || (part.n == 3 && memcmp(part.p, "255", 3) > 0))
			return "the numbers of an IPv4 address are at most 255";
	}
	return n == 4 ? NULL : "an IPv4 address has four numbers";
}

static bool address_value(struct str text, struct diag *diag)
{
	struct str rest = text, address = str_cut(&rest, '/'), port;
	int length = rest.p ? mask_length(rest) : -1;
	const char *numbers = wrong_numbers(address);

	if (numbers)
		diag_help(diag, "%s", numbers);
	else if (length >= 0)
		diag_help(diag, "write the mask as a length: %.*s/%d",
			  STR_ARG(address), length);
	else if (rest.p && host_bits(address, rest, diag))
		return true;
	else if (has(text, '%'))
		diag_help(diag, "an address here has no device behind it: "
				"zones say by which device");
	else if (has(text, '*'))
		diag_help(diag, "write a prefix, as in 192.168.1.0/24");
	else if (is_host_name(text))
		diag_help(diag, "names are not looked up: write the address");
	else if (has(text, '.') && has(text, ':') &&
		 (port = text, str_cut(&port, ':'), all_digits(port)))
		diag_help(diag,
			  "a port is a word of its own, as in \"port: "
			  "%.*s\"",
			  STR_ARG(port));
	else
		return false;
	return true;
}

/* "1024-", ":1024", ">1023", "80:90", "tcp/80" */
static bool port_value(struct str text, struct diag *diag)
{
	struct str rest = text, first;
	char sep = has(text, ':') ? ':' : '-';
	const char *less = text.p[0] == '<' ? "1" : NULL;
	size_t skip = text.p[0] == '<' || text.p[0] == '>' ? 1 : 0;

	if (has(text, '/')) {
		first = str_cut(&rest, '/');
		diag_help(diag, "write \"service: %.*s/%.*s\"",
			  STR_ARG(all_digits(first) ? rest : first),
			  STR_ARG(all_digits(first) ? first : rest));
		return true;
	}
	if (skip) {
		diag_help(diag, "write a range, as in %s",
			  less ? "1-1023" : "1024-65535");
		return true;
	}
	if (!has(text, ':') && !has(text, '-'))
		return false;
	first = str_cut(&rest, sep);
	if (!first.n && all_digits(rest) && !str_is(rest, "1"))
		diag_help(diag, "write the range with both ends: 1-%.*s",
			  STR_ARG(rest));
	else if (all_digits(first) && !rest.n)
		diag_help(diag, "write the range with both ends: %.*s-65535",
			  STR_ARG(first));
	else if (sep == ':' && all_digits(first) && all_digits(rest))
		diag_help(diag, "a range is written %.*s-%.*s", STR_ARG(first),
			  STR_ARG(rest));
	else
		return false;
	return true;
}

static bool service_value(struct str text, struct diag *diag)
{
	struct str rest, first;
	size_t i, n;
	char sep;

	for (i = 0; i < text.n && !strchr("/:- ", text.p[i]); i++)
		;
	sep = i < text.n ? text.p[i] : ' ';
	first = (struct str){ text.p, i };
	rest = i < text.n ? (struct str){ text.p + i + 1, text.n - i - 1 } :
			    (struct str){ 0 };
	if (all_digits(first) && (str_is(rest, "tcp") || str_is(rest, "udp")))
		diag_help(diag, "write \"%.*s/%.*s\"", STR_ARG(rest),
			  STR_ARG(first));
	else if (sep != '/' && all_digits(rest) &&
		 (str_is(first, "tcp") || str_is(first, "udp")))
		diag_help(diag, "write \"%.*s/%.*s\"", STR_ARG(first),
			  STR_ARG(rest));
	else if (rest.n && sep == '/' && known_service_find(rest, &n))
		diag_help(diag,
			  "a port is a number here; \"%.*s\" alone is a "
			  "service",
			  STR_ARG(rest));
	else
		return false;
	return true;
}

bool habit_value(const struct value_type *type, struct str text,
		 struct diag *diag)
{
	size_t n;

	if (!text.n)
		return false;
	if (habit_word(type->name, text, diag))
		return true;
	if (type == &type_address && address_value(text, diag))
		return true;
	if (type == &type_port && port_value(text, diag))
		return true;
	if (type == &type_service && service_value(text, diag))
		return true;
	if (type == &type_protocol && all_digits(text)) {
		diag_help(diag, "a protocol's number is at most 255, without "
				"zeros before it");
		return true;
	}
	if (type == &type_protocol && known_service_find(text, &n)) {
		diag_help(diag, "write \"service: %.*s\"", STR_ARG(text));
		return true;
	}
	return any_value(text, diag);
}

/* "60", "1h30m", "10 min", "2hrs" */
bool habit_duration(struct str text, struct diag *diag)
{
	static const struct {
		const char *word, *unit;
	} units[] = {
		{ "sec", "s" },	 { "secs", "s" },   { "min", "m" },
		{ "mins", "m" }, { "hr", "h" },	    { "hrs", "h" },
		{ "ms", NULL },	 { "month", NULL }, { "months", NULL },
		{ "y", NULL },	 { "year", NULL },  { "years", NULL },
	};
	struct str unit = text, number = text;
	size_t i;

	while (unit.n && ((unit.p[0] >= '0' && unit.p[0] <= '9'))) {
		unit.p++;
		unit.n--;
	}
	number.n = text.n - unit.n;
	unit = str_trim(unit);
	if (!number.n)
		return false;
	if (!unit.n) {
		diag_help(diag, "a number needs its unit, as in %.*ss",
			  STR_ARG(number));
		return true;
	}
	for (i = 0; i < COUNT(units); i++) {
		if (!str_is(unit, units[i].word))
			continue;
		if (units[i].unit)
			diag_help(diag, "write %.*s%s", STR_ARG(number),
				  units[i].unit);
		else
			diag_help(diag, "the units are seconds to weeks: s, "
					"m, h, d and w");
		return true;
	}
	for (i = 0; i < unit.n; i++)
		if (unit.p[i] >= '0' && unit.p[i] <= '9')
			break;
	if (i < unit.n)
		diag_help(diag, "write it in one unit, as in 90m");
	return i < unit.n;
}

/* "10", "10/min", "10 per second", "1 Mbit/s" */
bool habit_rate(struct str text, struct diag *diag)
{
	struct str rest = text, number = str_trim(str_cut(&rest, '/'));

	if (str_is(number, "0"))
		return false;
	if (!all_digits(number)) {
		number = text;
		while (number.n && number.p[number.n - 1] != ' ')
			number.n--;
		number = str_trim(number);
		if (number.n > 4 &&
		    memcmp(number.p + number.n - 4, " per", 4) == 0) {
			rest = (struct str){ number.p + number.n,
					     text.n - number.n };
			diag_help(diag, "write %.*s/%.*s", (int)number.n - 4,
				  number.p, STR_ARG(str_trim(rest)));
			return true;
		}
		if (!has(text, 'b') && !has(text, 'B'))
			return false;
		diag_help(diag, "it counts connections, or what is logged; "
				"not bits and bytes");
		return true;
	}
	if (!rest.p)
		diag_help(diag, "say in which time, as in %.*s/second",
			  STR_ARG(number));
	else if (str_is(rest, "sec") || str_is(rest, "min") ||
		 str_is(rest, "hr"))
		diag_help(diag, "write %.*s/%s", STR_ARG(number),
			  rest.p[0] == 's' ? "second" :
			  rest.p[0] == 'm' ? "minute" :
					     "hour");
	else
		diag_help(diag, "the units are second, minute, hour, day and "
				"week; \"burst 20\" may stand behind them");
	return true;
}

/* "16", "10 Mb", "30s"; @expected says whether packets can be counted. */
bool habit_amount(const char *expected, struct str text, struct diag *diag)
{
	bool packets = strstr(expected, "packets");
	struct str unit = text, number = text;

	while (unit.n && unit.p[0] >= '0' && unit.p[0] <= '9') {
		unit.p++;
		unit.n--;
	}
	number.n = text.n - unit.n;
	unit = str_trim(unit);
	if (!number.n || str_is(number, "0"))
		return false;
	if (unit.n && unit.p[0] == '.')
		diag_help(diag, "write a whole number, in a smaller unit");
	else if (packets && (!unit.n || unit.p[0] == 'p'))
		diag_help(diag, "write \"%.*s packets\"", STR_ARG(number));
	else if (!unit.n || has(unit, 'b') || has(unit, 'B') ||
		 (unit.n == 1 && strchr("kKMGT", unit.p[0])))
		diag_help(diag, "the units are bytes, kB, MB, GB and TB");
	else
		diag_help(diag, "it is counted in %sbytes, not in time",
			  packets ? "packets or " : "");
	return true;
}

/* "eth0+", "eth0:1", "eth0 eth1" */
bool habit_device(struct str text, struct diag *diag)
{
	struct str rest = text, first = str_cut(&rest, ':');

	if (has(text, ' ') || has(text, ','))
		diag_help(diag, "several devices are a list, as in [eth0, "
				"eth1]");
	else if (has(text, ':'))
		diag_help(diag,
			  "an alias is no device of its own: write "
			  "\"%.*s\"",
			  STR_ARG(first));
	else if (text.n == 1 && text.p[0] == '*')
		diag_help(diag, "no zone is all devices: \"any\" in a rule is "
				"every zone");
	else if (has(text, '*'))
		diag_help(diag, "\"*\" stands at the end alone: the names "
				"begin alike");
	else if (has(text, '/'))
		diag_help(diag, "this is a path or an address; addresses "
				"stand in \"subnets\"");
	else if (text.n > 15)
		diag_help(diag, "a device's name is at most 15 bytes long");
	else
		return false;
	return true;
}

/* "64k", "0x10", "1,000", "010" */
bool habit_number(struct str text, struct diag *diag)
{
	if (all_digits(text) && text.p[0] == '0' && text.n > 1)
		diag_help(diag, "a number is decimal, without zeros before "
				"it");
	else if (text.n > 1 && text.p[0] == '0' && (text.p[1] | 0x20) == 'x')
		diag_help(diag, "a number is decimal here");
	else if (has(text, ':'))
		diag_help(diag, "a number is decimal here, without colons");
	else if (has(text, '_') || has(text, ',') || has(text, '.'))
		diag_help(diag, "write the digits alone");
	else if (text.n > 1 && !all_digits(text) &&
		 all_digits((struct str){ text.p, text.n - 1 }))
		diag_help(diag, "write the digits out, without a unit");
	else
		return false;
	return true;
}
