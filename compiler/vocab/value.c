// SPDX-License-Identifier: GPL-2.0-only
/*
 * The types of values: how a person writes one. A parser takes one value's
 * text and never guesses: what is not exactly of its form is refused with a
 * phrase that says what was wrong. No octal, no base 60, no "0x" where a
 * decimal number is meant.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <linux/netfilter.h>
#include <netinet/in.h>
#include <stdio.h>

#include "value.h"

bool value_number(struct str s, unsigned long max, unsigned long *out)
{
	unsigned long value = 0;
	size_t i;

	if (s.n == 0 || s.n > 10 || (s.n > 1 && s.p[0] == '0'))
		return false;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		value = value * 10 + (unsigned long)(s.p[i] - '0');
	}
	*out = value;
	return value <= max;
}

bool value_numbers(struct str text, unsigned long max, const char *form,
		   unsigned long *lo, unsigned long *hi, const char **why)
{
	struct str rest = text, first = str_cut(&rest, '-');

	*why = form;
	if (!value_number(str_trim(first), max, lo))
		return false;
	*hi = *lo;
	if (rest.p && !value_number(str_trim(rest), max, hi))
		return false;
	if (*hi < *lo) {
		*why = "the range's end lies before its beginning";
		return false;
	}
	return true;
}

void value_range(struct value *value, enum wire_id wire, unsigned long lo,
		 unsigned long hi)
{
	uint8_t bytes[WIRE_MAX];

	memset(value, 0, sizeof(*value));
	wire_put(wire, lo, bytes);
	wire_to_network(wire, bytes, value->lo);
	wire_put(wire, hi, bytes);
	wire_to_network(wire, bytes, value->hi);
}

/* Clears (lo) or sets (hi) all bits behind the first @plen. */
static void mask_range(struct value *value, size_t len, unsigned int plen)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned int bits = plen >= 8 * (i + 1) ? 8 :
				    plen <= 8 * i	? 0 :
							  plen - 8 * i;
		uint8_t host = (uint8_t)(0xff >> bits);

		value->hi[i] = (uint8_t)(value->lo[i] | host);
	}
}

static bool host_bits(const struct value *value, size_t len, unsigned int plen)
{
	struct value probe = { 0 };
	size_t i;

	mask_range(&probe, len, plen);
	for (i = 0; i < len; i++)
		if (value->lo[i] & probe.hi[i])
			return true;
	return false;
}

static bool address(struct str s, struct value *value)
{
	char text[INET6_ADDRSTRLEN];

	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	value->family = memchr(s.p, ':', s.n) ? FAMILY_INDEX_IPV6 :
						FAMILY_INDEX_IPV4;
	if (inet_pton(value->family == FAMILY_INDEX_IPV6 ? AF_INET6 : AF_INET,
		      text, value->lo) != 1)
		return false;
	memcpy(value->hi, value->lo, sizeof(value->hi));
	return true;
}

static size_t parse_prefix(struct value *value, struct str length,
			   const char **why)
{
	size_t len = value->family == FAMILY_INDEX_IPV6 ? 16 : 4;
	unsigned long plen;

	if (length.n && !isdigit((unsigned char)length.p[0])) {
		*why = "the end of an address, or some bits of it, only a match "
		       "can ask for";
		return 0;
	}
	if (!value_number(length, 8 * len, &plen)) {
		*why = len == 4 ? "a prefix length here is 0 to 32" :
				  "a prefix length here is 0 to 128";
		return 0;
	}
	if (host_bits(value, len, (unsigned int)plen)) {
		*why = "the address has bits set behind its prefix length: "
		       "clear them, or leave the length out";
		return 0;
	}
	mask_range(value, len, (unsigned int)plen);
	return 1;
}

/* "-64": all bits but the first 64. "::ffff:ffff": those bits. */
static bool suffix_mask(struct str text, struct bits *bits, const char **why)
{
	size_t len = bits->family == FAMILY_INDEX_IPV6 ? 16 : 4;
	struct value mask = { 0 };
	unsigned long plen;

	if (text.n && text.p[0] == '-') {
		text.p++;
		text.n--;
		*why = "behind \"/-\" stands how many bits at the beginning do "
		       "not matter: fewer than the address has";
		if (!value_number(text, 8 * len - 1, &plen))
			return false;
		mask_range(&mask, len, (unsigned int)plen);
		memcpy(bits->mask, mask.hi, len);
		return true;
	}
	*why = "behind \"/\" stands a prefix length, -64 for a suffix, or a "
	       "mask of the same family";
	if (!address(text, &mask) || mask.family != bits->family)
		return false;
	memcpy(bits->mask, mask.lo, len);
	return true;
}

/* The first bits alone are a prefix, which is written otherwise. */
static bool is_prefix_mask(const struct bits *bits)
{
	size_t len = bits->family == FAMILY_INDEX_IPV6 ? 16 : 4;
	uint8_t ones[WIRE_MAX];

	memset(ones, 0xff, sizeof(ones));
	return wire_prefix_len(bits->mask, ones, len) >= 0;
}

/* ::1234/-64, ::1234/::ffff:ffff:ffff:ffff: part of an address, which a
 * provider's prefix does not touch. */
static bool parse_suffix(struct str text, struct bits *out, const char **why,
			 bool *none_of_it)
{
	struct str rest = text, first = str_cut(&rest, '/');
	struct value value = { 0 };
	size_t i;

	rest = str_trim(rest);
	*none_of_it = !rest.n ||
		      !(rest.p[0] == '-' || memchr(rest.p, ':', rest.n) ||
			memchr(rest.p, '.', rest.n));
	*why = "this is no IPv4 or IPv6 address";
	if (*none_of_it || !address(str_trim(first), &value))
		return false;
	out->family = value.family;
	memcpy(out->value, value.lo, sizeof(out->value));
	if (!suffix_mask(rest, out, why))
		return false;
	*none_of_it = is_prefix_mask(out);
	if (*none_of_it)
		return false;
	*why = "the address has bits set that are not compared: clear them";
	for (i = 0; i < sizeof(out->value); i++)
		if (out->value[i] & ~out->mask[i])
			return false;
	return true;
}

static size_t parse_address(struct str text, struct value out[2],
			    const char **why)
{
	struct str rest = text, first;
	struct value end;
	char sep = memchr(text.p, '/', text.n) ? '/' : '-';

	*why = "this is no IPv4 or IPv6 address";
	first = str_cut(&rest, sep);
	if (!address(str_trim(first), &out[0]))
		return 0;
	if (!rest.p)
		return 1;
	if (sep == '/')
		return parse_prefix(&out[0], str_trim(rest), why);
	*why = "a range ends in a whole address";
	if (!address(str_trim(rest), &end))
		return 0;
	if (end.family != out[0].family) {
		*why = "a range's two ends are of one family";
		return 0;
	}
	if (memcmp(end.lo, out[0].lo, sizeof(end.lo)) < 0) {
		*why = "the range's end lies before its beginning";
		return 0;
	}
	memcpy(out[0].hi, end.lo, sizeof(end.lo));
	return 1;
}

static size_t parse_port(struct str text, struct value out[2], const char **why)
{
	static const char form[] =
		"a port is a number from 1 to 65535, without zeros before it";
	unsigned long lo, hi;

	if (!value_numbers(text, 65535, form, &lo, &hi, why))
		return 0;
	*why = form;
	if (lo == 0)
		return 0;
	value_range(&out[0], WIRE_PORT, lo, hi);
	return 1;
}

static const struct named_number protocols[] = {
	{ "tcp", IPPROTO_TCP, -1 },
	{ "udp", IPPROTO_UDP, -1 },
	{ "icmp", IPPROTO_ICMP, -1 },
	{ "ipv6-icmp", IPPROTO_ICMPV6, -1 },
	{ "icmpv6", IPPROTO_ICMPV6, -1 },
	{ "sctp", IPPROTO_SCTP, -1 },
	{ "dccp", IPPROTO_DCCP, -1 },
	{ "udplite", IPPROTO_UDPLITE, -1 },
	{ "esp", IPPROTO_ESP, -1 },
	{ "ah", IPPROTO_AH, -1 },
	{ "gre", IPPROTO_GRE, -1 },
	{ "igmp", IPPROTO_IGMP, -1 },
	{ "ipip", IPPROTO_IPIP, -1 },
	{ "ipv6", IPPROTO_IPV6, -1 },
	{ "pim", IPPROTO_PIM, -1 },
	{ "ospf", 89, -1 },
	{ "vrrp", 112, -1 },
	{ "l2tp", 115, -1 },
	{ "hopopt", IPPROTO_HOPOPTS, -1 },
	{ "egp", IPPROTO_EGP, -1 },
	{ "igp", 9, -1 },
	{ "rsvp", IPPROTO_RSVP, -1 },
	{ "eigrp", 88, -1 },
	{ "etherip", 97, -1 },
	{ "encap", IPPROTO_ENCAP, -1 },
	{ "isis", 124, -1 },
	{ "hip", 139, -1 },
	{ "mpls-in-ip", IPPROTO_MPLS, -1 },
};

/* RFC 792 and RFC 4443; a name with both numbers means both. */
static const struct named_number icmp_types[] = {
	{ "echo-reply", 0, 129 },
	{ "destination-unreachable", 3, 1 },
	{ "source-quench", 4, -1 },
	{ "redirect", 5, -1 },
	{ "echo-request", 8, 128 },
	{ "router-advertisement", 9, -1 },
	{ "router-solicitation", 10, -1 },
	{ "time-exceeded", 11, 3 },
	{ "parameter-problem", 12, 4 },
	{ "timestamp-request", 13, -1 },
	{ "timestamp-reply", 14, -1 },
	{ "packet-too-big", -1, 2 },
	{ "mld-listener-query", -1, 130 },
	{ "mld-listener-report", -1, 131 },
	{ "mld-listener-done", -1, 132 },
	{ "nd-router-solicit", -1, 133 },
	{ "nd-router-advert", -1, 134 },
	{ "nd-neighbor-solicit", -1, 135 },
	{ "nd-neighbor-advert", -1, 136 },
	{ "nd-redirect", -1, 137 },
	{ "mld2-listener-report", -1, 143 },
};

static const struct named_number families[] = {
	{ "ipv4", NFPROTO_IPV4, -1 },
	{ "ipv6", NFPROTO_IPV6, -1 },
};

const struct named_number *value_named(const struct named_number *names,
				       size_t n, struct str text)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_is(text, names[i].name))
			return &names[i];
	return NULL;
}

static size_t one(struct value *value, enum family_index family, int number)
{
	memset(value, 0, sizeof(*value));
	value->family = family;
	value->lo[0] = value->hi[0] = (uint8_t)number;
	return 1;
}

static size_t parse_protocol(struct str text, struct value out[2],
			     const char **why)
{
	const struct named_number *name;
	unsigned long n;

	name = value_named(protocols, COUNT(protocols), text);
	if (name)
		return one(&out[0], FAMILY_INDEX_IPV4, name->v4);
	if (value_number(text, 255, &n))
		return one(&out[0], FAMILY_INDEX_IPV4, (int)n);
	*why = "no protocol has this name";
	return 0;
}

static size_t parse_icmp(struct str text, struct value out[2], const char **why)
{
	const struct named_number *name;
	size_t n = 0;

	name = value_named(icmp_types, COUNT(icmp_types), text);
	if (!name) {
		*why = "no ICMP type has this name";
		return 0;
	}
	if (name->v4 >= 0)
		n += one(&out[n], FAMILY_INDEX_IPV4, name->v4);
	if (name->v6 >= 0)
		n += one(&out[n], FAMILY_INDEX_IPV6, name->v6);
	return n;
}

static size_t parse_family(struct str text, struct value out[2],
			   const char **why)
{
	const struct named_number *name;

	name = value_named(families, COUNT(families), text);
	if (name)
		return one(&out[0], FAMILY_INDEX_IPV4, name->v4);
	*why = "this is no address family";
	return 0;
}

static const char *name_in(const struct named_number *names, size_t n, size_t i)
{
	return i < n ? names[i].name : NULL;
}

static const char *protocol_at(size_t i)
{
	return name_in(protocols, COUNT(protocols), i);
}

/* The last one, where there are two: what people say. */
const char *protocol_name(uint8_t number)
{
	size_t i = COUNT(protocols);

	while (i--)
		if (protocols[i].v4 == number)
			return protocols[i].name;
	return NULL;
}

static const char *icmp_at(size_t i)
{
	return name_in(icmp_types, COUNT(icmp_types), i);
}

static const char *family_at(size_t i)
{
	return name_in(families, COUNT(families), i);
}

const struct value_type type_address = {
	.name = "address",
	.expected = "an IPv4 or IPv6 address, a prefix (10.0.0.0/8) or a range "
		    "(10.0.0.1-10.0.0.9)",
	.example = "192.168.1.0/24",
	.wire = { WIRE_IPV4, WIRE_IPV6 },
	.parse = parse_address,
	.parse_bits = parse_suffix,
	.bits_doc = DOC("In a match it may be the end of an address, whatever "
			"the prefix that a provider gives: ::1234/-64 leaves "
			"out the first 64 bits, as does "
			"::1234/::ffff:ffff:ffff:ffff."),
	.in_sets = true,
};

const struct value_type type_port = {
	.name = "port",
	.expected = "a port (443) or a range of ports (8000-8080)",
	.example = "8000-8080",
	.wire = { WIRE_PORT, WIRE_NONE },
	.parse = parse_port,
	.in_sets = true,
};

const struct value_type type_protocol = {
	.name = "protocol",
	.expected = "a protocol's name (tcp, udp, esp ...) or number",
	.example = "tcp",
	.wire = { WIRE_INET_PROTO, WIRE_NONE },
	.parse = parse_protocol,
	.name_at = protocol_at,
};

/* A service is resolved by the policy, which may define its own. */
const struct value_type type_service = {
	.name = "service",
	.expected = "a service's name, or protocol/port (tcp/443)",
	.example = "https",
	.wire = { WIRE_PORT, WIRE_NONE },
};

const struct value_type type_icmp = {
	.name = "icmp",
	.expected = "the name of an ICMP type (echo-request ...)",
	.example = "echo-request",
	.wire = { WIRE_ICMP_TYPE, WIRE_ICMPV6_TYPE },
	.parse = parse_icmp,
	.name_at = icmp_at,
};

const struct value_type type_family = {
	.name = "family",
	.expected = "ipv4 or ipv6",
	.example = "ipv6",
	.wire = { WIRE_NFPROTO, WIRE_NONE },
	.parse = parse_family,
	.name_at = family_at,
};

static const struct value_type *const types[] = {
	&type_address, &type_port,   &type_protocol,  &type_service,
	&type_icmp,    &type_family, &type_mark,      &type_dscp,
	&type_mac,     &type_length, &type_tcp_flags, &type_user,
	&type_ipsec,   &type_time,   &type_weekday,   &type_helper,
};

const struct value_type *value_type_at(size_t i)
{
	return i < COUNT(types) ? types[i] : NULL;
}

const struct value_type *value_type_find(struct str name)
{
	size_t i;

	for (i = 0; i < COUNT(types); i++)
		if (str_is(name, types[i]->name))
			return types[i];
	return NULL;
}
