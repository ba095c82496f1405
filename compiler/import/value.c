// SPDX-License-Identifier: GPL-2.0-only
/* The values of /etc/config/firewall: see value.h. */
#include "value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "vocab/match.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *const words_policy[] = { "accept", "reject", "drop", NULL };
const char *const words_target[] = { "accept", "reject",     "drop", "notrack",
				     "helper", "mark",	     "dscp", "dnat",
				     "snat",   "masquerade", NULL };
const char *const words_code[] = { "tcp-reset",	       "port-unreachable",
				   "admin-prohibited", "host-unreachable",
				   "no-route",	       NULL };
const char *const words_side[] = { "internal", "external", NULL };
const char *const words_include[] = { "script", "nftables", NULL };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool value_negated(struct str *text)
{
	struct str s = *text;
	bool negated;

	while (s.n && is_blank(s.p[0]))
		s.p++, s.n--;
	negated = s.n && s.p[0] == '!';
	if (!negated)
		s = *text;
	else
		s.p++, s.n--;
	*text = str_trim(s);
	return negated;
}

bool value_bool(struct str text, bool *out)
{
	*out = str_is(text, "1") || str_is(text, "on") ||
	       str_is(text, "true") || str_is(text, "yes");
	return *out || str_is(text, "0") || str_is(text, "off") ||
	       str_is(text, "false") || str_is(text, "no");
}

int value_word(struct str text, const char *const *words)
{
	int i;

	for (i = 0; words[i]; i++)
		if (text.n <= strlen(words[i]) &&
		    strncasecmp(words[i], text.p, text.n) == 0)
			return i;
	return -1;
}

int value_family(struct str text)
{
	if (str_is(text, "any") || str_is(text, "all") || str_is(text, "*"))
		return 0;
	if (str_is(text, "inet") || (text.n && memchr(text.p, '4', text.n)))
		return 4;
	return text.n && memchr(text.p, '6', text.n) ? 6 : -1;
}

bool value_int(struct str text, long *out)
{
	char digits[24], *end;

	text = str_trim(text);
	if (!text.n || text.n >= sizeof(digits))
		return false;
	memcpy(digits, text.p, text.n);
	digits[text.n] = '\0';
	*out = strtol(digits, &end, 0);
	return *end == '\0';
}

/* The number that @s begins with, of at most @digits; it is cut off. */
static bool cut_number(struct str *s, unsigned int digits, unsigned int *out)
{
	unsigned int n = 0;

	*out = 0;
	while (n < digits && n < s->n && isdigit((unsigned char)s->p[n]))
		*out = *out * 10 + (unsigned int)(s->p[n++] - '0');
	s->p += n;
	s->n -= n;
	return n > 0;
}

static bool cut_char(struct str *s, const char *any)
{
	if (!s->n || !strchr(any, s->p[0]) || !s->p[0])
		return false;
	s->p++;
	s->n--;
	return true;
}

static struct str printed(struct arena *arena, const char *text)
{
	return str_of(arena_printf(arena, "%s", text));
}

bool value_port(struct arena *arena, struct str text, struct str *out)
{
	unsigned int lo, hi;

	if (!cut_number(&text, 5, &lo))
		return false;
	hi = lo;
	if (text.n && (!cut_char(&text, "-:") || !cut_number(&text, 5, &hi)))
		return false;
	if (text.n || lo > hi || hi > 65535)
		return false;
	*out = str_of(lo == hi ? arena_printf(arena, "%u", lo) :
				 arena_printf(arena, "%u-%u", lo, hi));
	return true;
}

bool value_mac(struct arena *arena, struct str text, struct str *out)
{
	unsigned int byte[6], i, n;
	struct str s = text;

	for (i = 0; i < 6; i++) {
		if (i && !cut_char(&s, ":-"))
			return false;
		byte[i] = 0;
		for (n = 0; n < 2 && n < s.n && isxdigit((unsigned char)s.p[n]);
		     n++)
			byte[i] =
				byte[i] << 4 |
				(unsigned int)(isdigit((unsigned char)s.p[n]) ?
						       s.p[n] - '0' :
						       (s.p[n] | 32) - 'a' +
							       10);
		if (!n)
			return false;
		s.p += n;
		s.n -= n;
	}
	*out = str_of(arena_printf(arena, "%02x:%02x:%02x:%02x:%02x:%02x",
				   byte[0], byte[1], byte[2], byte[3], byte[4],
				   byte[5]));
	return !s.n;
}

bool value_limit(struct arena *arena, struct str text, struct str *out)
{
	static const char *const units[] = { "second", "minute", "hour", "day",
					     NULL };
	unsigned int n;
	int unit = 0;

	if (!cut_number(&text, 9, &n))
		return false;
	if (text.n) {
		if (!cut_char(&text, "/") || !text.n)
			return false;
		unit = value_word(text, units);
	}
	if (unit < 0)
		return false;
	*out = str_of(arena_printf(arena, "%u/%s", n, units[unit]));
	return true;
}

static bool mark_number(struct str text, uint32_t *out)
{
	long n;

	if (!value_int(text, &n) || n < 0 || n > UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

bool value_mark(struct str text, struct mark *out)
{
	struct str value = str_cut(&text, '/');

	out->mask = UINT32_MAX;
	return mark_number(value, &out->value) &&
	       (!text.p || mark_number(text, &out->mask));
}

static const struct {
	const char *name;
	int value;
} classes[] = {
	{ "CS0", 0x00 },  { "CS1", 0x08 },  { "CS2", 0x10 },  { "CS3", 0x18 },
	{ "CS4", 0x20 },  { "CS5", 0x28 },  { "CS6", 0x30 },  { "CS7", 0x38 },
	{ "BE", 0x00 },	  { "LE", 0x01 },   { "AF11", 0x0a }, { "AF12", 0x0c },
	{ "AF13", 0x0e }, { "AF21", 0x12 }, { "AF22", 0x14 }, { "AF23", 0x16 },
	{ "AF31", 0x1a }, { "AF32", 0x1c }, { "AF33", 0x1e }, { "AF41", 0x22 },
	{ "AF42", 0x24 }, { "AF43", 0x26 }, { "EF", 0x2e },
};

bool value_dscp(struct str text, long *out)
{
	size_t i;

	for (i = 0; i < COUNT(classes); i++)
		if (text.n == strlen(classes[i].name) &&
		    strncasecmp(text.p, classes[i].name, text.n) == 0) {
			*out = classes[i].value;
			return true;
		}
	return value_int(text, out) && *out >= 0 && *out <= 63;
}

const char *value_dscp_word(struct arena *arena, long dscp)
{
	char *word;
	size_t i;

	for (i = 0; i < COUNT(classes); i++)
		if (classes[i].value == dscp)
			break;
	if (i == COUNT(classes))
		return arena_printf(arena, "%ld", dscp);
	word = arena_strndup(arena, classes[i].name, strlen(classes[i].name));
	for (i = 0; word[i]; i++)
		word[i] = (char)tolower((unsigned char)word[i]);
	return word;
}

/* Times. */

bool value_time(struct str text, struct stamp *out)
{
	out->min = out->sec = 0;
	if (!cut_number(&text, 2, &out->hour))
		return false;
	if (text.n &&
	    (!cut_char(&text, ":") || !cut_number(&text, 2, &out->min)))
		return false;
	if (text.n &&
	    (!cut_char(&text, ":") || !cut_number(&text, 2, &out->sec)))
		return false;
	return !text.n && out->hour < 24 && out->min < 60 && out->sec < 60;
}

bool value_date(struct str text, struct stamp *out)
{
	struct str day = str_cut(&text, 'T');

	*out = (struct stamp){ .month = 1, .day = 1 };
	if (!cut_number(&day, 4, &out->year) || out->year < 1970 ||
	    out->year > 2038)
		return false;
	if (day.n &&
	    (!cut_char(&day, "-") || !cut_number(&day, 2, &out->month)))
		return false;
	if (day.n && (!cut_char(&day, "-") || !cut_number(&day, 2, &out->day)))
		return false;
	if (day.n || out->month > 12 || out->day > 31)
		return false;
	out->month += !out->month;
	out->day += !out->day;
	return !text.p || value_time(text, out);
}

/* The next word between blanks; n is 0 if there is none. */
static struct str cut_word(struct str *s)
{
	struct str word = { s->p, 0 };

	while (s->n && is_blank(s->p[0]))
		s->p++, s->n--;
	word.p = s->p;
	while (s->n && !is_blank(s->p[0]))
		s->p++, s->n--, word.n++;
	return word;
}

bool value_weekdays(struct str text, unsigned int *out)
{
	static const char *const days[] = { "Monday",	"Tuesday", "Wednesday",
					    "Thursday", "Friday",  "Saturday",
					    "Sunday",	NULL };
	struct str word;
	int day;

	*out = 0;
	while ((word = cut_word(&text)).n) {
		day = value_word(word, days);
		if (day < 0)
			return false;
		*out |= 1u << ((day + 1) % 7);
	}
	return *out != 0;
}

bool value_monthdays(struct str text)
{
	struct str word;
	long day = 0;

	while ((word = cut_word(&text)).n)
		if (!value_int(word, &day) || day < 1 || day > 31)
			return false;
	return day > 0;
}

/* Addresses. */

static bool address(struct str text, int *family, unsigned char addr[16])
{
	char name[INET6_ADDRSTRLEN];

	if (!text.n || text.n >= sizeof(name))
		return false;
	memcpy(name, text.p, text.n);
	name[text.n] = '\0';
	*family = inet_pton(AF_INET, name, addr) == 1 ? 4 : 6;
	return *family == 4 || inet_pton(AF_INET6, name, addr) == 1;
}

static struct str written(struct arena *arena, int family,
			  const unsigned char *addr)
{
	char name[INET6_ADDRSTRLEN];

	inet_ntop(family == 4 ? AF_INET : AF_INET6, addr, name, sizeof(name));
	return printed(arena, name);
}

static size_t width(int family)
{
	return family == 4 ? 4 : 16;
}

/* How many bits a mask has from its beginning, or -1 if it has gaps. */
static int mask_bits(const unsigned char *mask, size_t len)
{
	int bits = 0, i;

	while (bits < (int)len * 8 && mask[bits / 8] & 0x80 >> bits % 8)
		bits++;
	for (i = bits; i < (int)len * 8; i++)
		if (mask[i / 8] & 0x80 >> i % 8)
			return -1;
	return bits;
}

static void apply_bits(unsigned char *addr, size_t len, int bits)
{
	int i;

	for (i = bits; i < (int)len * 8; i++)
		addr[i / 8] &= (unsigned char)~(0x80 >> i % 8);
}

static void name_prefix(struct arena *arena, struct net *net)
{
	unsigned char first[16];
	int all = (int)width(net->family) * 8;

	memcpy(first, net->addr, sizeof(first));
	apply_bits(first, width(net->family), net->bits);
	net->host = written(arena, net->family, first);
	net->exact = written(arena, net->family, net->addr);
	net->text = net->host;
	if (net->bits < all)
		net->text = str_of(arena_printf(arena, "%.*s/%d",
						STR_ARG(net->host), net->bits));
}

static bool range(struct arena *arena, struct str lo, struct str hi,
		  struct net *out)
{
	unsigned char last[16];
	int family;

	if (!address(lo, &out->family, out->addr) ||
	    !address(hi, &family, last) || family != out->family)
		return false;
	out->range = true;
	out->bits = -1;
	out->text = str_of(
		arena_printf(arena, "%.*s-%.*s", STR_ARG(lo), STR_ARG(hi)));
	if (memcmp(out->addr, last, width(family)) > 0)
		out->text.p = NULL;
	out->host = out->text;
	return true;
}

/* The policy knows such masks of IPv6, where they end an address. */
static void name_masked(struct arena *arena, struct str text, struct net *net)
{
	struct value values[2];
	struct bits bits;
	const char *why;
	bool none;

	net->bits = -1;
	net->host = written(arena, net->family, net->addr);
	if (!type_address.parse_bits(text, &bits, &why, &none) &&
	    !type_address.parse(text, values, &why))
		return;
	net->text =
		(struct str){ arena_strndup(arena, text.p, text.n), text.n };
}

static bool masked(struct arena *arena, struct str text, struct str mask,
		   struct net *out)
{
	unsigned char bytes[16];
	int family;
	long bits;

	if (address(mask, &family, bytes)) {
		out->bits = mask_bits(bytes, width(family));
		if (family != out->family)
			return false;
	} else {
		if (!value_int(mask, &bits) ||
		    bits > (long)width(out->family) * 8)
			return false;
		out->bits = bits < 0 ? -1 : (int)bits;
	}
	if (out->bits < 0)
		name_masked(arena, text, out);
	else
		name_prefix(arena, out);
	return true;
}

bool value_net(struct arena *arena, struct str text, struct net *out)
{
	struct str mask = text, last, first = str_cut(&mask, '/');

	memset(out, 0, sizeof(*out));
	if (mask.p)
		return address(first, &out->family, out->addr) &&
		       masked(arena, text, mask, out);
	last = text;
	first = str_cut(&last, '-');
	if (last.p)
		return range(arena, first, last, out);
	if (!address(text, &out->family, out->addr))
		return false;
	out->bits = (int)width(out->family) * 8;
	name_prefix(arena, out);
	return true;
}

bool value_net_of(struct arena *arena, struct str text, long bits,
		  struct net *out)
{
	memset(out, 0, sizeof(*out));
	if (!address(text, &out->family, out->addr) || bits < 0 ||
	    bits > (long)width(out->family) * 8)
		return false;
	out->bits = (int)bits;
	name_prefix(arena, out);
	return true;
}

bool net_has(const struct net *net, const struct net *inner)
{
	unsigned char first[16], other[16];

	if (net->family != inner->family || net->bits < 0)
		return false;
	memcpy(first, net->addr, sizeof(first));
	memcpy(other, inner->addr, sizeof(other));
	apply_bits(first, width(net->family), net->bits);
	apply_bits(other, width(net->family), net->bits);
	return memcmp(first, other, width(net->family)) == 0;
}

/* ICMP: fw4's names, the type and code in each family, -1 for none. */
static const struct {
	const char *name;
	short type4, code4, type6, code6;
} icmp_names[] = {
	{ "echo-reply", 0, -1, 129, -1 },
	{ "pong", 0, -1, 129, -1 },
	{ "destination-unreachable", 3, -1, 1, -1 },
	{ "network-unreachable", 3, 0, -1, -1 },
	{ "host-unreachable", 3, 1, -1, -1 },
	{ "protocol-unreachable", 3, 2, -1, -1 },
	{ "port-unreachable", 3, 3, 1, 4 },
	{ "fragmentation-needed", 3, 4, -1, -1 },
	{ "source-route-failed", 3, 5, -1, -1 },
	{ "network-unknown", 3, 6, -1, -1 },
	{ "host-unknown", 3, 7, -1, -1 },
	{ "network-prohibited", 3, 9, -1, -1 },
	{ "host-prohibited", 3, 10, -1, -1 },
	{ "TOS-network-unreachable", 3, 11, -1, -1 },
	{ "TOS-host-unreachable", 3, 12, -1, -1 },
	{ "communication-prohibited", 3, 13, 1, 1 },
	{ "host-precedence-violation", 3, 14, -1, -1 },
	{ "precedence-cutoff", 3, 15, -1, -1 },
	{ "no-route", -1, -1, 1, 0 },
	{ "address-unreachable", -1, -1, 1, 3 },
	{ "source-quench", 4, -1, -1, -1 },
	{ "packet-too-big", -1, -1, 2, -1 },
	{ "redirect", 5, -1, 137, -1 },
	{ "network-redirect", 5, 0, -1, -1 },
	{ "host-redirect", 5, 1, -1, -1 },
	{ "TOS-network-redirect", 5, 2, -1, -1 },
	{ "TOS-host-redirect", 5, 3, -1, -1 },
	{ "echo-request", 8, -1, 128, -1 },
	{ "ping", 8, -1, 128, -1 },
	{ "router-advertisement", 9, -1, 134, -1 },
	{ "router-solicitation", 10, -1, 133, -1 },
	{ "time-exceeded", 11, -1, 3, -1 },
	{ "ttl-exceeded", 11, -1, 3, -1 },
	{ "ttl-zero-during-transit", 11, 0, 3, 0 },
	{ "ttl-zero-during-reassembly", 11, 1, 3, 1 },
	{ "parameter-problem", 12, -1, 4, -1 },
	{ "ip-header-bad", 12, 0, -1, -1 },
	{ "required-option-missing", 12, 1, -1, -1 },
	{ "bad-header", -1, -1, 4, 0 },
	{ "unknown-header-type", -1, -1, 4, 1 },
	{ "unknown-option", -1, -1, 4, 2 },
	{ "timestamp-request", 13, -1, -1, -1 },
	{ "timestamp-reply", 14, -1, -1, -1 },
	{ "address-mask-request", 17, -1, -1, -1 },
	{ "address-mask-reply", 18, -1, -1, -1 },
	{ "multicast-listener-query", -1, -1, 130, -1 },
	{ "multicast-listener-report", -1, -1, 131, -1 },
	{ "multicast-listener-done", -1, -1, 132, -1 },
	{ "neighbour-solicitation", -1, -1, 135, -1 },
	{ "neighbor-solicitation", -1, -1, 135, -1 },
	{ "neighbour-advertisement", -1, -1, 136, -1 },
	{ "neighbor-advertisement", -1, -1, 136, -1 },
	{ "router-renumbering", -1, -1, 138, -1 },
	{ "node-info-query", -1, -1, 139, -1 },
	{ "node-info-response", -1, -1, 140, -1 },
	{ "inverse-neighbour-discovery-solicitation-message", -1, -1, 141, -1 },
	{ "inverse-neighbor-discovery-solicitation-message", -1, -1, 141, -1 },
	{ "inverse-neighbour-discovery-advertisement-message", -1, -1, 142,
	  -1 },
	{ "inverse-neighbor-discovery-advertisement-message", -1, -1, 142, -1 },
	{ "v2-multicast-listener-report", -1, -1, 143, -1 },
	{ "home-agent-address-discovery-request-message", -1, -1, 144, -1 },
	{ "home-agent-address-discovery-reply-message", -1, -1, 145, -1 },
	{ "mobile-prefix-solicitation", -1, -1, 146, -1 },
	{ "mobile-prefix-advertisement", -1, -1, 147, -1 },
	{ "certification-path-solicitation-message", -1, -1, 148, -1 },
	{ "certification-path-advertisement-message", -1, -1, 149, -1 },
	{ "seamoby-protocol-message", -1, -1, 150, -1 },
	{ "multicast-router-advertisement", -1, -1, 151, -1 },
	{ "multicast-router-solicitation", -1, -1, 152, -1 },
	{ "multicast-router-termination", -1, -1, 153, -1 },
	{ "fmipv6-message", -1, -1, 154, -1 },
	{ "rpl-control-message", -1, -1, 155, -1 },
	{ "ilnpv6-locator-update-message", -1, -1, 156, -1 },
	{ "duplicate-address-request", -1, -1, 157, -1 },
	{ "duplicate-address-confirmation", -1, -1, 158, -1 },
	{ "mpl-control-message", -1, -1, 159, -1 },
	{ "extended-echo-request", -1, -1, 160, -1 },
	{ "extended-ping", -1, -1, 160, -1 },
	{ "extended-echo-reply", -1, -1, 161, -1 },
	{ "extended-pong", -1, -1, 161, -1 },
};

/* What the policy calls a type; the first name, if there are several. */
static const char *icmp_name(int type, enum family_index family)
{
	struct value values[2];
	const char *name, *why;
	size_t i, k, n;

	for (i = 0; type >= 0 && (name = type_icmp.name_at(i)); i++) {
		n = type_icmp.parse(str_of(name), values, &why);
		for (k = 0; k < n; k++)
			if (values[k].family == family &&
			    values[k].lo[0] == type)
				return name;
	}
	return NULL;
}

/* A code that is the only one of its type is no restriction. */
static bool restricts(int code, int type, enum family_index family)
{
	static const unsigned char only_zero6[] = { 2,	 128, 129, 130,
						    131, 132, 133, 134,
						    135, 136, 137, 143 };
	static const unsigned char only_zero4[] = { 0, 4, 8, 9, 10, 13, 14 };
	const unsigned char *v = family == FAMILY_INDEX_IPV6 ? only_zero6 :
							       only_zero4;
	size_t n = family == FAMILY_INDEX_IPV6 ? sizeof(only_zero6) :
						 sizeof(only_zero4);

	return code >= 0 && (code > 0 || !memchr(v, type, n));
}

static void icmp_set(struct icmp *out, int type4, int code4, int type6,
		     int code6)
{
	*out = (struct icmp){
		.v4 = type4 >= 0,
		.v6 = type6 >= 0,
		.name4 = icmp_name(type4, FAMILY_INDEX_IPV4),
		.name6 = icmp_name(type6, FAMILY_INDEX_IPV6),
		.code4 = restricts(code4, type4, FAMILY_INDEX_IPV4),
		.code6 = restricts(code6, type6, FAMILY_INDEX_IPV6),
	};
}

bool value_icmp(struct str text, struct icmp *out)
{
	unsigned int type, code = 0;
	bool coded;
	size_t i;

	for (i = 0; i < COUNT(icmp_names); i++)
		if (str_is(text, icmp_names[i].name)) {
			icmp_set(out, icmp_names[i].type4, icmp_names[i].code4,
				 icmp_names[i].type6, icmp_names[i].code6);
			return true;
		}
	if (str_is(text, "any")) {
		*out = (struct icmp){ .v4 = true };
		return true;
	}
	if (!cut_number(&text, 4, &type) || type > 255)
		return false;
	coded = cut_char(&text, "/");
	if ((coded && !cut_number(&text, 4, &code)) || text.n || code > 255)
		return false;
	icmp_set(out, (int)type, coded ? (int)code : -1, (int)type,
		 coded ? (int)code : -1);
	return true;
}
