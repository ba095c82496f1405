// SPDX-License-Identifier: GPL-2.0-only
/*
 * The six bits of the packet's traffic class. The rule's family is that of the
 * key which the operation names, and which was asked for before.
 *
 *	IPv4	version, length | DSCP, ECN		the checksum covers it
 *	IPv6	version | DSCP, ECN across two bytes	there is none
 *
 * Source: RFC 791, 8200, 2474; nftables src/evaluate.c for why two bytes are
 * written (checksums count in them).
 */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "stmt.h"

/* Where IPv4's header has its checksum. */
#define CHECKSUM_OFFSET 10

/* To be written only: as a match it is another piece of the header. */
static const struct key classes[] = {
	{ "ip", WIRE_PORT, LOAD_PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, 0, 0, 0,
	  NFPROTO_IPV4, 0 },
	{ "ip6", WIRE_PORT, LOAD_PAYLOAD, NFT_PAYLOAD_NETWORK_HEADER, 0, 0, 0,
	  NFPROTO_IPV6, 0 },
};

static const struct wire_name names[] = {
	{ "cs0", 0x00 },  { "cs1", 0x08 },  { "cs2", 0x10 },   { "cs3", 0x18 },
	{ "cs4", 0x20 },  { "cs5", 0x28 },  { "cs6", 0x30 },   { "cs7", 0x38 },
	{ "df", 0x00 },	  { "be", 0x00 },   { "lephb", 0x01 }, { "af11", 0x0a },
	{ "af12", 0x0c }, { "af13", 0x0e }, { "af21", 0x12 },  { "af22", 0x14 },
	{ "af23", 0x16 }, { "af31", 0x1a }, { "af32", 0x1c },  { "af33", 0x1e },
	{ "af41", 0x22 }, { "af42", 0x24 }, { "af43", 0x26 },  { "va", 0x2c },
	{ "ef", 0x2e },	  { NULL, 0 },
};

const struct wire_name *dscp_name_at(size_t i)
{
	return names[i].name ? &names[i] : NULL;
}

/* NULL if it has none. */
static const char *class_name(uint8_t value)
{
	size_t i = 0;

	while (names[i].name && names[i].value != value)
		i++;
	return names[i].name;
}

static void print(struct buf *out, const struct stmt *stmt)
{
	const char *name = class_name(stmt->dscp.value);

	buf_puts(out, classes[stmt->dscp.family == NFPROTO_IPV6].text);
	buf_puts(out, " dscp set ");
	if (name)
		buf_puts(out, name);
	else
		buf_printf(out, "0x%02x", stmt->dscp.value);
}

static void json(struct json *out, const struct stmt *stmt)
{
	const char *name = class_name(stmt->dscp.value);

	json_wrap(out, "mangle");
	json_object(out);
	json_key(out, "key");
	json_wrap(out, "payload");
	json_object(out);
	json_put_str(out, "protocol",
		     classes[stmt->dscp.family == NFPROTO_IPV6].text);
	json_put_str(out, "field", "dscp");
	json_end_n(out, 2);
	json_key(out, "value");
	if (name)
		json_text(out, name);
	else
		json_u64(out, stmt->dscp.value);
	json_end_n(out, 2);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	bool v6 = stmt->dscp.family == NFPROTO_IPV6;
	unsigned int bits = (unsigned int)stmt->dscp.value << (v6 ? 6 : 2);
	unsigned int keep = v6 ? 0xf03f : 0xff03;
	struct expr *expr = expr_add(out, EXPR_LOAD);

	expr->key = &classes[v6];
	expr->reg = NFT_REG_1;
	expr->len = 2;
	expr = expr_add(out, EXPR_BITWISE);
	expr->reg = NFT_REG_1;
	expr->len = 2;
	expr->data[0] = (uint8_t)(keep >> 8);
	expr->data[1] = (uint8_t)keep;
	expr->data2[0] = (uint8_t)(bits >> 8);
	expr->data2[1] = (uint8_t)bits;
	expr = expr_add(out, EXPR_PAYLOAD_SET);
	expr->key = &classes[v6];
	expr->reg = NFT_REG_1;
	expr->len = 2;
	expr->payload.csum = v6 ? NFT_PAYLOAD_CSUM_NONE : NFT_PAYLOAD_CSUM_INET;
	expr->payload.csum_offset = v6 ? 0 : CHECKSUM_OFFSET;
}

const struct stmt_ops stmt_dscp = {
	.name = "dscp",
	.doc = DOC("Changes the traffic class of the packet."),
	.later = LATER_ALL,
	.print = print,
	.json = json,
	.linear = linear,
};
