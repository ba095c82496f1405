// SPDX-License-Identifier: GPL-2.0-only
/*
 * Types of values that packets carry beside addresses and ports, and of what
 * the kernel knows of them: marks, DSCP, MAC addresses, lengths, TCP flags,
 * users, IPsec, helpers.
 */
#include "stmt.h"
#include "value.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* 16 or 0x10. */
static bool mark_number(struct str s, unsigned long *out)
{
	unsigned long value = 0;
	size_t i;

	if (s.n < 3 || s.p[0] != '0' || s.p[1] != 'x')
		return value_number(s, UINT32_MAX, out);
	if (s.n > 10)
		return false;
	for (i = 2; i < s.n; i++) {
		int digit = hex_digit(s.p[i]);

		if (digit < 0)
			return false;
		value = value << 4 | (unsigned long)digit;
	}
	*out = value;
	return true;
}

static size_t parse_mark(struct str text, struct value out[2], const char **why)
{
	unsigned long mark;

	*why = "a mark is a number of 32 bits, as in 16 or 0x10";
	if (!mark_number(text, &mark))
		return 0;
	value_range(&out[0], WIRE_MARK, mark, mark);
	return 1;
}

static bool parse_mark_bits(struct str text, struct bits *out, const char **why,
			    bool *none_of_it)
{
	struct str rest = text, first = str_cut(&rest, '/');
	struct value value, bits;
	unsigned long mark, mask;

	*none_of_it = !rest.p;
	*why = "a mark and its mask are numbers of 32 bits, as in 0x10/0xff";
	if (*none_of_it || !mark_number(str_trim(first), &mark) ||
	    !mark_number(str_trim(rest), &mask))
		return false;
	*why = "the mark has bits that its mask leaves out";
	if (mark & ~mask)
		return false;
	*why = "a mask without bits says nothing";
	if (!mask)
		return false;
	value_range(&value, WIRE_MARK, mark, mark);
	value_range(&bits, WIRE_MARK, mask, mask);
	memcpy(out->value, value.lo, sizeof(out->value));
	memcpy(out->mask, bits.lo, sizeof(out->mask));
	return true;
}

/* RFC 2474, 2597, 3246, 5865, 8622. */
static const struct named_number dscps[] = {
	{ "cs0", 0, 0 },    { "cs1", 8, 8 },	{ "cs2", 16, 16 },
	{ "cs3", 24, 24 },  { "cs4", 32, 32 },	{ "cs5", 40, 40 },
	{ "cs6", 48, 48 },  { "cs7", 56, 56 },	{ "af11", 10, 10 },
	{ "af12", 12, 12 }, { "af13", 14, 14 }, { "af21", 18, 18 },
	{ "af22", 20, 20 }, { "af23", 22, 22 }, { "af31", 26, 26 },
	{ "af32", 28, 28 }, { "af33", 30, 30 }, { "af41", 34, 34 },
	{ "af42", 36, 36 }, { "af43", 38, 38 }, { "ef", 46, 46 },
	{ "va", 44, 44 },   { "le", 1, 1 },	{ "be", 0, 0 },
};

static const char *dscp_at(size_t i)
{
	return i < COUNT(dscps) ? dscps[i].name : NULL;
}

/* In both families' headers, where it stands at other bits. */
static size_t parse_dscp(struct str text, struct value out[2], const char **why)
{
	const struct named_number *name =
		value_named(dscps, COUNT(dscps), text);
	unsigned long n = name ? (unsigned long)name->v4 : 0;

	*why = "a DSCP is a name or a number from 0 to 63";
	if (!name && !value_number(text, 63, &n))
		return 0;
	value_range(&out[0], WIRE_DSCP, n << 2, n << 2);
	value_range(&out[1], WIRE_DSCP6, n << 6, n << 6);
	out[0].family = FAMILY_INDEX_IPV4;
	out[1].family = FAMILY_INDEX_IPV6;
	return 2;
}

#define MAC_LEN 6

static size_t parse_mac(struct str text, struct value out[2], const char **why)
{
	size_t i;

	*why = "a MAC address is six pairs of hexadecimal digits";
	if (text.n != 3 * MAC_LEN - 1)
		return 0;
	memset(&out[0], 0, sizeof(out[0]));
	for (i = 0; i < MAC_LEN; i++) {
		const char *at = text.p + 3 * i;
		int high = hex_digit(at[0]), low = hex_digit(at[1]);

		if (high < 0 || low < 0)
			return 0;
		if (i + 1 < MAC_LEN && at[2] != text.p[2])
			return 0;
		out[0].lo[i] = out[0].hi[i] = (uint8_t)(high << 4 | low);
	}
	return text.p[2] == ':' || text.p[2] == '-';
}

static size_t parse_length(struct str text, struct value out[2],
			   const char **why)
{
	unsigned long lo, hi;

	if (!value_numbers(text, 65535,
			   "a length is a number of bytes from 0 to 65535", &lo,
			   &hi, why))
		return 0;
	value_range(&out[0], WIRE_LENGTH, lo, hi);
	return 1;
}

static const struct named_number tcp_flags[] = {
	{ "fin", 0x01, -1 }, { "syn", 0x02, -1 }, { "rst", 0x04, -1 },
	{ "psh", 0x08, -1 }, { "ack", 0x10, -1 }, { "urg", 0x20, -1 },
	{ "ecn", 0x40, -1 }, { "cwr", 0x80, -1 },
};

static const char *tcp_flag_at(size_t i)
{
	return i < COUNT(tcp_flags) ? tcp_flags[i].name : NULL;
}

static bool flag_list(struct str text, uint8_t *bits)
{
	*bits = 0;
	while (text.p) {
		struct str word = str_trim(str_cut(&text, ','));
		const struct named_number *name =
			value_named(tcp_flags, COUNT(tcp_flags), word);

		if (!name)
			return false;
		*bits |= (uint8_t)name->v4;
	}
	return true;
}

/* syn: is set. syn/syn,ack: of these two, that one. none/syn,ack: neither. */
static bool parse_tcp_flags(struct str text, struct bits *out, const char **why,
			    bool *none_of_it)
{
	struct str rest = text, first = str_trim(str_cut(&rest, '/'));
	uint8_t value = 0, mask;

	*none_of_it = false;
	*why = "flags are separated by commas; behind \"/\" stand those that "
	       "are looked at";
	if (!(str_is(first, "none") && rest.p) && !flag_list(first, &value))
		return false;
	mask = value;
	if (rest.p && !flag_list(rest, &mask))
		return false;
	*why = "the flags before \"/\" are among those behind it";
	if (value & ~mask)
		return false;
	out->value[0] = value;
	out->mask[0] = mask;
	return true;
}

/* All flags are bits: see parse_tcp_flags(). */
static size_t parse_nothing(struct str text, struct value out[2],
			    const char **why)
{
	(void)text;
	(void)out;
	*why = "flags are written as in syn, or as in syn/syn,ack";
	return 0;
}

/* Names are the machine's, and would make the same policy mean another. */
static size_t parse_user(struct str text, struct value out[2], const char **why)
{
	static const char form[] =
		"names differ from machine to machine: write the number that "
		"\"id -u NAME\" prints";
	unsigned long lo = 0, hi = 0;

	if (!str_is(text, "root") &&
	    !value_numbers(text, UINT32_MAX - 1, form, &lo, &hi, why))
		return 0;
	value_range(&out[0], WIRE_UID, lo, hi);
	return 1;
}

static const char *const ipsec_words[] = { "in", "out" };

static const char *ipsec_at(size_t i)
{
	return i < COUNT(ipsec_words) ? ipsec_words[i] : NULL;
}

/* Each is a key of its own: the word's row has them by these indexes. */
static size_t parse_ipsec(struct str text, struct value out[2],
			  const char **why)
{
	size_t i;

	*why = "it came in through IPsec, or goes out through it";
	for (i = 0; i < COUNT(ipsec_words); i++) {
		if (!str_is(text, ipsec_words[i]))
			continue;
		value_range(&out[0], WIRE_BOOLEAN, 1, 1);
		out[0].family = (enum family_index)i;
		return 1;
	}
	return 0;
}

static const char *helper_at(size_t i)
{
	const struct ct_helper *helper = ct_helper_at(i);

	return helper ? helper->name : NULL;
}

/* As the kernel calls it. */
static size_t parse_helper(struct str text, struct value out[2],
			   const char **why)
{
	const struct ct_helper *helper;
	size_t i;

	*why = "no helper is called so";
	for (i = 0; (helper = ct_helper_at(i)); i++) {
		if (!str_is(text, helper->name))
			continue;
		memset(&out[0], 0, sizeof(out[0]));
		memcpy(out[0].lo, helper->type, strlen(helper->type));
		memcpy(out[0].hi, out[0].lo, sizeof(out[0].hi));
		return 1;
	}
	return 0;
}

static void print_helper(struct buf *out, const uint8_t *value)
{
	const struct ct_helper *helper;
	size_t i;

	for (i = 0; (helper = ct_helper_at(i)); i++)
		if (!strcmp(helper->type, (const char *)value))
			buf_puts(out, helper->name);
}

const struct value_type type_mark = {
	.name = "mark",
	.expected = "a mark (0x10), or the bits of one and their mask "
		    "(0x10/0xff)",
	.example = "0x10/0xff",
	.wire = { WIRE_MARK, WIRE_NONE },
	.parse = parse_mark,
	.parse_bits = parse_mark_bits,
	.bits_doc = DOC("With a mask, the other bits may be whatever they "
			"are."),
};

const struct value_type type_dscp = {
	.name = "dscp",
	.expected = "a DSCP's name (ef, cs1, af41 ...) or number (0 to 63)",
	.example = "ef",
	.wire = { WIRE_DSCP, WIRE_DSCP6 },
	.parse = parse_dscp,
	.name_at = dscp_at,
};

const struct value_type type_mac = {
	.name = "mac",
	.expected = "a MAC address (02:00:5e:10:00:01)",
	.example = "02:00:5e:10:00:01",
	.wire = { WIRE_ETHER, WIRE_NONE },
	.parse = parse_mac,
	.in_sets = true,
};

const struct value_type type_length = {
	.name = "length",
	.expected = "a length in bytes (1500) or a range of them (0-100)",
	.example = "0-100",
	.wire = { WIRE_LENGTH, WIRE_NONE },
	.parse = parse_length,
};

const struct value_type type_tcp_flags = {
	.name = "tcp-flags",
	.expected = "TCP flags that are set (syn), or those that are set of "
		    "some (syn/syn,ack,fin,rst)",
	.example = "syn/syn,ack,fin,rst",
	.wire = { WIRE_TCP_FLAGS, WIRE_NONE },
	.parse = parse_nothing,
	.parse_bits = parse_tcp_flags,
	.bits_doc = DOC("Alone, the flags named must be set, whatever the "
			"others are; behind \"/\" stand those that are looked "
			"at, before it those of them that must be set, or "
			"none. Several flags are separated by commas, so that "
			"they stand in quotes."),
	.name_at = tcp_flag_at,
};

const struct value_type type_user = {
	.name = "user",
	.expected = "a user's number (1000), a range of them, or root",
	.example = "1000",
	.wire = { WIRE_UID, WIRE_NONE },
	.parse = parse_user,
};

const struct value_type type_ipsec = {
	.name = "ipsec",
	.expected = "in or out",
	.example = "in",
	.wire = { WIRE_BOOLEAN, WIRE_BOOLEAN },
	.parse = parse_ipsec,
	.name_at = ipsec_at,
};

const struct value_type type_helper = {
	.name = "helper",
	.expected = "a connection tracking helper (ftp, sip ...)",
	.example = "sip",
	.wire = { WIRE_HELPER, WIRE_NONE },
	.parse = parse_helper,
	.print = print_helper,
	.name_at = helper_at,
};
