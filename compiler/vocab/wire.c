// SPDX-License-Identifier: GPL-2.0-only
/*
 * What nft calls the types of keys, and how it writes their values.
 *
 * What must stay true: whatever is printed here, nft reads back as the same
 * bytes. Values without a name are printed as numbers, never left out.
 *
 * Source: nftables include/datatype.h and what nft 1.0.6 lists; uapi
 * nf_conntrack_common.h, rtnetlink.h.
 */
#include <assert.h>
#include <linux/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "wire.h"

static const struct wire_name nfproto_names[] = {
	{ "ipv4", NFPROTO_IPV4 },
	{ "ipv6", NFPROTO_IPV6 },
	{ NULL, 0 },
};

/* Those that every system's /etc/protocols has, a router's small one too. */
static const struct wire_name protocol_names[] = {
	{ "tcp", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "icmp", IPPROTO_ICMP },
	{ "ipv6-icmp", IPPROTO_ICMPV6 },
	{ "igmp", IPPROTO_IGMP },
	{ "gre", IPPROTO_GRE },
	{ "esp", IPPROTO_ESP },
	{ "ah", IPPROTO_AH },
	{ "sctp", IPPROTO_SCTP },
	{ "udplite", IPPROTO_UDPLITE },
	{ NULL, 0 },
};

static const struct wire_name icmp_names[] = {
	{ "echo-reply", 0 },	       { "destination-unreachable", 3 },
	{ "source-quench", 4 },	       { "redirect", 5 },
	{ "echo-request", 8 },	       { "router-advertisement", 9 },
	{ "router-solicitation", 10 }, { "time-exceeded", 11 },
	{ "parameter-problem", 12 },   { "timestamp-request", 13 },
	{ "timestamp-reply", 14 },     { "info-request", 15 },
	{ "info-reply", 16 },	       { "address-mask-request", 17 },
	{ "address-mask-reply", 18 },  { NULL, 0 },
};

static const struct wire_name icmpv6_names[] = {
	{ "destination-unreachable", 1 },
	{ "packet-too-big", 2 },
	{ "time-exceeded", 3 },
	{ "parameter-problem", 4 },
	{ "echo-request", 128 },
	{ "echo-reply", 129 },
	{ "mld-listener-query", 130 },
	{ "mld-listener-report", 131 },
	{ "mld-listener-done", 132 },
	{ "nd-router-solicit", 133 },
	{ "nd-router-advert", 134 },
	{ "nd-neighbor-solicit", 135 },
	{ "nd-neighbor-advert", 136 },
	{ "nd-redirect", 137 },
	{ "router-renumbering", 138 },
	{ "ind-neighbor-solicit", 141 },
	{ "ind-neighbor-advert", 142 },
	{ "mld2-listener-report", 143 },
	{ NULL, 0 },
};

static const struct wire_name state_names[] = {
	{ "invalid", NF_CT_STATE_INVALID_BIT },
	{ "established", NF_CT_STATE_BIT(IP_CT_ESTABLISHED) },
	{ "related", NF_CT_STATE_BIT(IP_CT_RELATED) },
	{ "new", NF_CT_STATE_BIT(IP_CT_NEW) },
	{ "untracked", NF_CT_STATE_UNTRACKED_BIT },
	{ NULL, 0 },
};

static const struct wire_name direction_names[] = {
	{ "original", 0 },
	{ "reply", 1 },
	{ NULL, 0 },
};

static const struct wire_name status_names[] = {
	{ "expected", IPS_EXPECTED }, { "seen-reply", IPS_SEEN_REPLY },
	{ "assured", IPS_ASSURED },   { "confirmed", IPS_CONFIRMED },
	{ "snat", IPS_SRC_NAT },      { "dnat", IPS_DST_NAT },
	{ "dying", IPS_DYING },	      { NULL, 0 },
};

static const struct wire_name exists_names[] = {
	{ "missing", 0 },
	{ "exists", 1 },
	{ NULL, 0 },
};

static const struct wire_name fib_names[] = {
	{ "unspec", RTN_UNSPEC },	{ "unicast", RTN_UNICAST },
	{ "local", RTN_LOCAL },		{ "broadcast", RTN_BROADCAST },
	{ "anycast", RTN_ANYCAST },	{ "multicast", RTN_MULTICAST },
	{ "blackhole", RTN_BLACKHOLE }, { "unreachable", RTN_UNREACHABLE },
	{ "prohibit", RTN_PROHIBIT },	{ NULL, 0 },
};

static const struct wire_name tcp_flag_names[] = {
	{ "fin", 0x01 }, { "syn", 0x02 }, { "rst", 0x04 },
	{ "psh", 0x08 }, { "ack", 0x10 }, { "urg", 0x20 },
	{ "ecn", 0x40 }, { "cwr", 0x80 }, { NULL, 0 },
};

/* RFC 2474, 2597, 3246, 5865, 8622. */
static const struct wire_name dscp_names[] = {
	{ "cs0", 0 },	{ "cs1", 8 },	{ "cs2", 16 },	{ "cs3", 24 },
	{ "cs4", 32 },	{ "cs5", 40 },	{ "cs6", 48 },	{ "cs7", 56 },
	{ "af11", 10 }, { "af12", 12 }, { "af13", 14 }, { "af21", 18 },
	{ "af22", 20 }, { "af23", 22 }, { "af31", 26 }, { "af32", 28 },
	{ "af33", 30 }, { "af41", 34 }, { "af42", 36 }, { "af43", 38 },
	{ "ef", 46 },	{ NULL, 0 },
};

static const struct wire_name day_names[] = {
	{ "\"Sunday\"", 0 },	{ "\"Monday\"", 1 },   { "\"Tuesday\"", 2 },
	{ "\"Wednesday\"", 3 }, { "\"Thursday\"", 4 }, { "\"Friday\"", 5 },
	{ "\"Saturday\"", 6 },	{ NULL, 0 },
};

static const struct wire_name boolean_names[] = {
	{ "exists", 1 },
	{ "missing", 0 },
	{ NULL, 0 },
};

static uint64_t number_of(const struct wire_type *type, const uint8_t *value)
{
	uint64_t number = 0;
	uint16_t half;
	uint32_t word;

	if (!type->host_order) {
		for (size_t i = 0; i < type->len; i++)
			number = number << 8 | value[i];
		return number;
	}
	switch (type->len) {
	case sizeof(half):
		memcpy(&half, value, sizeof(half));
		return half;
	case sizeof(word):
		memcpy(&word, value, sizeof(word));
		return word;
	default:
		assert(type->len == sizeof(number));
		memcpy(&number, value, sizeof(number));
		return number;
	}
}

/* As 0x with at least @digits digits, at most 16. */
static void print_hex(struct buf *out, uint64_t number, unsigned int digits)
{
	char *end;

	while (digits < 16 && number >> 4 * digits)
		digits++;
	end = buf_reserve(out, digits + 2);
	*end++ = '0';
	*end++ = 'x';
	for (unsigned int i = digits; i--;)
		*end++ = "0123456789abcdef"[number >> 4 * i & 15];
	out->n += digits + 2;
}

static void print_number(struct buf *out, const struct wire_type *type,
			 const uint8_t *value)
{
	buf_put_u64(out, number_of(type, value));
}

/* Of nanoseconds: nft reads no other unit. */
static void print_seconds(struct buf *out, const struct wire_type *type,
			  const uint8_t *value)
{
	buf_put_u64(out, number_of(type, value) / WIRE_SECOND);
}

static void print_mark(struct buf *out, const struct wire_type *type,
		       const uint8_t *value)
{
	print_hex(out, number_of(type, value), 8);
}

static void print_named(struct buf *out, const struct wire_type *type,
			const uint8_t *value)
{
	uint64_t number = number_of(type, value) >> type->shift;
	const struct wire_name *at = type->names;

	while (at->name && at->value != number)
		at++;
	if (at->name)
		buf_puts(out, at->name);
	else
		buf_put_u64(out, number);
}

/* Returns how many names there are in @bits, 0 if one bit has none. */
static unsigned int count_flags(const struct wire_type *type, uint64_t bits)
{
	unsigned int n = 0;

	for (const struct wire_name *at = type->names; at->name; at++) {
		if (bits & at->value)
			n++;
		bits &= ~(uint64_t)at->value;
	}
	return bits ? 0 : n;
}

static void print_bits(struct buf *out, const struct wire_type *type,
		       uint64_t bits, const char *sep)
{
	const char *before = "";

	if (!count_flags(type, bits)) {
		print_hex(out, bits, 1);
		return;
	}
	for (const struct wire_name *at = type->names; at->name; at++) {
		if (!(bits & at->value))
			continue;
		buf_puts(out, before);
		buf_puts(out, at->name);
		before = sep;
	}
}

static void print_flags(struct buf *out, const struct wire_type *type,
			const uint8_t *value)
{
	uint64_t bits = number_of(type, value);
	bool several = count_flags(type, bits) > 1;

	if (several)
		buf_putc(out, '(');
	print_bits(out, type, bits, " | ");
	if (several)
		buf_putc(out, ')');
}

static char *put_byte(char *at, unsigned int byte)
{
	if (byte >= 100)
		*at++ = (char)('0' + byte / 100);
	if (byte >= 10)
		*at++ = (char)('0' + byte / 10 % 10);
	*at++ = (char)('0' + byte % 10);
	return at;
}

/* By hand: address lists have a million lines. */
static void print_ipv4(struct buf *out, const struct wire_type *type,
		       const uint8_t *value)
{
	char *at = buf_reserve(out, sizeof("255.255.255.255"));

	for (size_t i = 0; i < type->len; i++) {
		if (i)
			*at++ = '.';
		at = put_byte(at, value[i]);
	}
	buf_end(out, at);
}

/* One of the eight groups, without leading zeros. */
static char *put_group(char *at, unsigned int group)
{
	for (unsigned int shift = 12; shift; shift -= 4)
		if (group >> shift)
			*at++ = "0123456789abcdef"[group >> shift & 15];
	*at++ = "0123456789abcdef"[group & 15];
	return at;
}

#define GROUPS 8

/* The first longest run of at least two zero groups: RFC 5952, 4.2. */
static void longest_zeros(const uint16_t *groups, unsigned int *begin,
			  unsigned int *end)
{
	unsigned int from, to;

	*begin = *end = GROUPS;
	for (from = 0; from < GROUPS; from = to + 1) {
		for (to = from; to < GROUPS && !groups[to]; to++)
			;
		if (to - from < 2 || to - from <= *end - *begin)
			continue;
		*begin = from;
		*end = to;
	}
}

static void print_ipv6(struct buf *out, const struct wire_type *type,
		       const uint8_t *value)
{
	char *at = buf_reserve(out, GROUPS * sizeof("ffff:"));
	unsigned int begin, end;
	uint16_t groups[GROUPS];

	(void)type;
	for (size_t i = 0; i < GROUPS; i++)
		groups[i] = (uint16_t)(value[2 * i] << 8 | value[2 * i + 1]);
	longest_zeros(groups, &begin, &end);
	for (unsigned int i = 0; i < GROUPS; i++) {
		if (i == begin) {
			*at++ = ':';
			i = end - 1;
			if (end == GROUPS)
				*at++ = ':';
			continue;
		}
		if (i)
			*at++ = ':';
		at = put_group(at, groups[i]);
	}
	buf_end(out, at);
}

static void print_ether(struct buf *out, const struct wire_type *type,
			const uint8_t *value)
{
	char *at = buf_reserve(out, 3u * type->len);

	for (size_t i = 0; i < type->len; i++) {
		if (i)
			*at++ = ':';
		*at++ = "0123456789abcdef"[value[i] >> 4];
		*at++ = "0123456789abcdef"[value[i] & 15];
	}
	buf_end(out, at);
}

static void print_ifname(struct buf *out, const struct wire_type *type,
			 const uint8_t *value)
{
	buf_putc(out, '"');
	buf_add(out, value, strnlen((const char *)value, type->len));
	buf_putc(out, '"');
}

static const struct wire_type types[WIRE_IDS] = {
	[WIRE_NFPROTO] = { "nf_proto", 2, 1, false, false, nfproto_names,
			   print_named },
	[WIRE_IPV4] = { "ipv4_addr", 7, 4, false, false, NULL, print_ipv4 },
	[WIRE_IPV6] = { "ipv6_addr", 8, 16, false, false, NULL, print_ipv6 },
	[WIRE_INET_PROTO] = { "inet_proto", 12, 1, false, false, protocol_names,
			      print_named },
	[WIRE_PORT] = { "inet_service", 13, 2, false, false, NULL,
			print_number },
	[WIRE_ICMP_TYPE] = { "icmp_type", 14, 1, false, false, icmp_names,
			     print_named },
	[WIRE_ICMPV6_TYPE] = { "icmpv6_type", 29, 1, false, false, icmpv6_names,
			       print_named },
	[WIRE_MARK] = { "mark", 19, 4, true, false, NULL, print_mark },
	[WIRE_IFNAME] = { "ifname", 41, 16, false, false, NULL, print_ifname },
	[WIRE_CT_STATE] = { "ct_state", 26, 4, true, true, state_names,
			    print_flags },
	[WIRE_CT_DIR] = { "ct_dir", 27, 1, false, false, direction_names,
			  print_named },
	[WIRE_CT_STATUS] = { "ct_status", 28, 4, true, true, status_names,
			     print_flags },
	[WIRE_FIB_TYPE] = { "fib_addrtype", 38, 4, true, false, fib_names,
			    print_named },
	[WIRE_EXISTS] = { "boolean", 39, 4, true, false, exists_names,
			  print_named },
	[WIRE_TCP_FLAGS] = { "tcp_flag", 15, 1, false, true, tcp_flag_names,
			     print_flags },
	[WIRE_COUNT64] = { "integer", 4, 8, true, false, NULL, print_number },
	[WIRE_ETHER] = { "ether_addr", 9, 6, false, false, NULL, print_ether },
	[WIRE_DSCP] = { "dscp", 36, 1, false, false, dscp_names, print_named, 6,
			2, true },
	[WIRE_DSCP6] = { "dscp", 36, 2, false, false, dscp_names, print_named,
			 6, 6, true },
	[WIRE_LENGTH] = { "integer", 4, 4, true, false, NULL, print_number, 0,
			  0, true },
	/* words of nft's language, and so none of its types' */
	[WIRE_HOUR] = { "hour", 44, 4, true, false, NULL, print_number, 0, 0,
			true },
	[WIRE_DAY] = { "day", 45, 1, false, false, day_names, print_named, 0, 0,
		       true },
	[WIRE_HELPER] = { "string", 5, 16, false, false, NULL, print_ifname, 0,
			  0, true },
	/* nft knows "type time", but as a length of time */
	[WIRE_TIME] = { "time", 43, 8, true, false, NULL, print_seconds, 0, 0,
			true },
	[WIRE_UID] = { "uid", 24, 4, true, false, NULL, print_number },
	[WIRE_BOOLEAN] = { "boolean", 39, 1, false, false, boolean_names,
			   print_named },
	[WIRE_ARPHRD] = { "arphrd", 21, 2, true, false, NULL, print_number },
};

const struct wire_type *wire_type(enum wire_id id)
{
	assert(id > WIRE_NONE && id < WIRE_IDS);
	return &types[id];
}

void wire_print(struct buf *out, enum wire_id id, const uint8_t *value)
{
	const struct wire_type *type = wire_type(id);

	type->print(out, type, value);
}

void wire_print_any(struct buf *out, enum wire_id id, const uint8_t *value)
{
	const struct wire_type *type = wire_type(id);

	assert(type->flags);
	print_bits(out, type, number_of(type, value), ",");
}

/* How many leading bits @lo and @hi have in common. */
static unsigned int common_bits(const uint8_t *lo, const uint8_t *hi,
				size_t len)
{
	unsigned int bits = 0;
	size_t i = 0;

	while (i < len && lo[i] == hi[i])
		i++;
	if (i == len)
		return 8 * (unsigned int)len;
	while (!((lo[i] ^ hi[i]) & 0x80 >> bits))
		bits++;
	return 8 * (unsigned int)i + bits;
}

int wire_prefix_len(const uint8_t *lo, const uint8_t *hi, size_t len)
{
	unsigned int bits = common_bits(lo, hi, len);
	size_t i = bits / 8;
	uint8_t rest = (uint8_t)(0xff >> bits % 8);

	for (; i < len; i++) {
		if ((lo[i] & rest) || (hi[i] & rest) != rest)
			return -1;
		rest = 0xff;
	}
	return (int)bits;
}

/* "wlan*", unless the range stands for something else. */
static bool print_wildcard(struct buf *out, const uint8_t *lo,
			   const uint8_t *hi)
{
	int bits = wire_prefix_len(lo, hi, WIRE_MAX);

	if (bits <= 0 || bits % 8)
		return false;
	buf_putc(out, '"');
	buf_add(out, lo, (size_t)bits / 8);
	buf_puts(out, "*\"");
	return true;
}

static void print_bound(struct buf *out, const struct wire_type *type,
			const uint8_t *value)
{
	if (type->names)
		print_number(out, type, value);
	else
		type->print(out, type, value);
}

void wire_print_bounds(struct buf *out, enum wire_id id, const uint8_t *lo,
		       const uint8_t *hi)
{
	print_bound(out, wire_type(id), lo);
	buf_putc(out, '-');
	print_bound(out, wire_type(id), hi);
}

void wire_print_range(struct buf *out, enum wire_id id, const uint8_t *lo,
		      const uint8_t *hi)
{
	size_t len = wire_type(id)->len;
	int bits = -1;

	if (!memcmp(lo, hi, len)) {
		wire_print(out, id, lo);
		return;
	}
	if (id == WIRE_IFNAME && print_wildcard(out, lo, hi))
		return;
	if (id == WIRE_IPV4 || id == WIRE_IPV6)
		bits = wire_prefix_len(lo, hi, len);
	if (bits < 0) {
		wire_print_bounds(out, id, lo, hi);
		return;
	}
	wire_print(out, id, lo);
	buf_putc(out, '/');
	buf_put_u64(out, (unsigned int)bits);
}

/* "0x0f" and "15", but not a name, an address or a time. */
static bool is_number(struct str text)
{
	const char *digits = "0123456789";

	if (text.n > 2 && text.p[0] == '0' && text.p[1] == 'x') {
		digits = "0123456789abcdef";
		text.p += 2;
	}
	return text.n && strspn(text.p, digits) == strlen(text.p);
}

static void json_printed(struct json *out, const struct buf *printed)
{
	struct str text = { printed->p, printed->n };

	if (is_number(text)) {
		json_u64(out, strtoull(text.p, NULL, 0));
		return;
	}
	if (text.n >= 2 && *text.p == '"')
		text = (struct str){ text.p + 1, text.n - 2 };
	json_str(out, text);
}

/* a | b | c, two at a time, as nft reads it. */
static void json_bits(struct json *out, const struct wire_type *type,
		      uint64_t bits)
{
	const struct wire_name *last = type->names;

	for (const struct wire_name *at = last; at->name; at++)
		if (bits & at->value)
			last = at;
	if (count_flags(type, bits) < 2) {
		if (count_flags(type, bits))
			json_text(out, last->name);
		else
			json_u64(out, bits);
		return;
	}
	json_wrap(out, "|");
	json_array(out);
	json_bits(out, type, bits & ~(uint64_t)last->value);
	json_text(out, last->name);
	json_end_n(out, 2);
}

void wire_json(struct json *out, enum wire_id id, const uint8_t *value)
{
	const struct wire_type *type = wire_type(id);
	struct buf *text;

	if (type->flags) {
		json_bits(out, type, number_of(type, value));
		return;
	}
	if (id == WIRE_EXISTS) {
		json_bool(out, number_of(type, value));
		return;
	}
	text = json_scratch(out);
	type->print(text, type, value);
	json_printed(out, text);
}

void wire_json_any(struct json *out, enum wire_id id, const uint8_t *value)
{
	const struct wire_type *type = wire_type(id);
	uint64_t bits = number_of(type, value);

	assert(type->flags);
	if (count_flags(type, bits) < 2) {
		json_bits(out, type, bits);
		return;
	}
	json_array(out);
	for (const struct wire_name *at = type->names; at->name; at++)
		if (bits & at->value)
			json_text(out, at->name);
	json_end(out);
}

static void json_bound(struct json *out, const struct wire_type *type,
		       const uint8_t *value)
{
	struct buf *text = json_scratch(out);

	print_bound(text, type, value);
	json_printed(out, text);
}

void wire_json_bounds(struct json *out, enum wire_id id, const uint8_t *lo,
		      const uint8_t *hi)
{
	json_wrap(out, "range");
	json_array(out);
	json_bound(out, wire_type(id), lo);
	json_bound(out, wire_type(id), hi);
	json_end_n(out, 2);
}

void wire_json_prefix(struct json *out, enum wire_id id, const uint8_t *value,
		      unsigned int bits)
{
	json_wrap(out, "prefix");
	json_object(out);
	json_key(out, "addr");
	wire_json(out, id, value);
	json_put_u64(out, "len", bits);
	json_end_n(out, 2);
}

void wire_json_range(struct json *out, enum wire_id id, const uint8_t *lo,
		     const uint8_t *hi)
{
	size_t len = wire_type(id)->len;
	struct buf *text = json_scratch(out);
	int bits = -1;

	if (!memcmp(lo, hi, len)) {
		wire_json(out, id, lo);
		return;
	}
	if (id == WIRE_IFNAME && print_wildcard(text, lo, hi)) {
		json_printed(out, text);
		return;
	}
	if (id == WIRE_IPV4 || id == WIRE_IPV6)
		bits = wire_prefix_len(lo, hi, len);
	if (bits < 0)
		wire_json_bounds(out, id, lo, hi);
	else
		wire_json_prefix(out, id, lo, (unsigned int)bits);
}

void wire_put(enum wire_id id, uint64_t number, uint8_t *value)
{
	const struct wire_type *type = wire_type(id);
	uint16_t half = (uint16_t)number;
	uint32_t word = (uint32_t)number;

	assert(type->len <= sizeof(number));
	if (!type->host_order) {
		for (size_t i = type->len; i--; number >>= 8)
			value[i] = (uint8_t)number;
	} else if (type->len == sizeof(half)) {
		memcpy(value, &half, sizeof(half));
	} else if (type->len == sizeof(word)) {
		memcpy(value, &word, sizeof(word));
	} else {
		memcpy(value, &number, sizeof(number));
	}
}

uint64_t wire_get(enum wire_id id, const uint8_t *value)
{
	const struct wire_type *type = wire_type(id);

	assert(type->len <= sizeof(uint64_t));
	return number_of(type, value);
}

void wire_to_network(enum wire_id id, const uint8_t *value, uint8_t *network)
{
	const struct wire_type *type = wire_type(id);
	uint64_t number;

	if (!type->host_order) {
		memcpy(network, value, type->len);
		return;
	}
	number = number_of(type, value);
	for (size_t i = type->len; i--; number >>= 8)
		network[i] = (uint8_t)number;
}

void wire_from_network(enum wire_id id, const uint8_t *network, uint8_t *value)
{
	const struct wire_type *type = wire_type(id);
	uint64_t number = 0;

	if (!type->host_order) {
		memmove(value, network, type->len);
		return;
	}
	for (size_t i = 0; i < type->len; i++)
		number = number << 8 | network[i];
	wire_put(id, number, value);
}

bool wire_field_mask(enum wire_id id, uint8_t mask[WIRE_MAX])
{
	const struct wire_type *type = wire_type(id);

	if (!type->bits)
		return false;
	wire_put(id, ((UINT64_C(1) << type->bits) - 1) << type->shift, mask);
	return true;
}

void wire_ifname(const char *name, size_t n, uint8_t value[WIRE_MAX])
{
	assert(n < WIRE_MAX);
	memset(value, 0, WIRE_MAX);
	memcpy(value, name, n);
}

void wire_ifname_prefix(const char *prefix, size_t n, uint8_t lo[WIRE_MAX],
			uint8_t hi[WIRE_MAX])
{
	wire_ifname(prefix, n, lo);
	memcpy(hi, lo, WIRE_MAX);
	memset(hi + n, 0xff, WIRE_MAX - n);
}
