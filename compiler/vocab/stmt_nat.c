// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address translation to an address or a range of them, and ports.
 *
 * What must stay true: a range of one is sent as one value (nft lists the
 * kernel's answer by comparing the registers), and ports are only given in a
 * rule that has tested for a transport protocol.
 */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

#include "stmt.h"

static enum wire_id address_type(const struct stmt *stmt)
{
	return stmt->nat.family == NFPROTO_IPV6 ? WIRE_IPV6 : WIRE_IPV4;
}

static bool is_range(const struct stmt *stmt)
{
	return memcmp(stmt->nat.lo, stmt->nat.hi,
		      wire_type(address_type(stmt))->len) != 0;
}

static bool is_port_range(const struct stmt *stmt)
{
	return stmt->nat.port_hi && stmt->nat.port_hi != stmt->nat.port_lo;
}

/* Colons of a port and of an IPv6 address are told apart by brackets. */
static void print_address(struct buf *out, const struct stmt *stmt,
			  const uint8_t *value)
{
	bool brackets = stmt->nat.port_lo && stmt->nat.family == NFPROTO_IPV6;

	if (brackets)
		buf_putc(out, '[');
	wire_print(out, address_type(stmt), value);
	if (brackets)
		buf_putc(out, ']');
}

static const char *type_word(const struct stmt *stmt)
{
	return stmt->nat.source ? "snat" : "dnat";
}

static const char *family_word(const struct stmt *stmt)
{
	return stmt->nat.family == NFPROTO_IPV6 ? "ip6" : "ip";
}

static void print(struct buf *out, const struct stmt *stmt)
{
	buf_puts(out, type_word(stmt));
	buf_putc(out, ' ');
	buf_puts(out, family_word(stmt));
	buf_puts(out, " to ");
	print_address(out, stmt, stmt->nat.lo);
	if (is_range(stmt)) {
		buf_putc(out, '-');
		print_address(out, stmt, stmt->nat.hi);
	}
	if (stmt->nat.port_lo) {
		buf_putc(out, ':');
		buf_put_u64(out, stmt->nat.port_lo);
	}
	if (is_port_range(stmt)) {
		buf_putc(out, '-');
		buf_put_u64(out, stmt->nat.port_hi);
	}
	if (stmt->nat.persistent)
		buf_puts(out, " persistent");
}

static void json_port(struct json *out, const struct stmt *stmt)
{
	uint8_t lo[WIRE_MAX], hi[WIRE_MAX];

	wire_put(WIRE_PORT, stmt->nat.port_lo, lo);
	wire_put(WIRE_PORT,
		 is_port_range(stmt) ? stmt->nat.port_hi : stmt->nat.port_lo,
		 hi);
	json_key(out, "port");
	wire_json_range(out, WIRE_PORT, lo, hi);
}

static void json(struct json *out, const struct stmt *stmt)
{
	json_wrap(out, type_word(stmt));
	json_object(out);
	json_put_str(out, "family", family_word(stmt));
	json_key(out, "addr");
	if (is_range(stmt))
		wire_json_bounds(out, address_type(stmt), stmt->nat.lo,
				 stmt->nat.hi);
	else
		wire_json(out, address_type(stmt), stmt->nat.lo);
	if (stmt->nat.port_lo)
		json_port(out, stmt);
	if (stmt->nat.persistent)
		json_put_str(out, "flags", "persistent");
	json_end_n(out, 2);
}

static uint32_t immediate(struct exprs *out, uint32_t *reg, const void *value,
			  uint32_t len)
{
	struct expr *expr = expr_add(out, EXPR_IMMEDIATE);

	memcpy(expr->data, value, len);
	expr->len = len;
	expr->reg = (*reg)++;
	return expr->reg;
}

static uint32_t immediate_port(struct exprs *out, uint32_t *reg, uint16_t port)
{
	uint8_t value[WIRE_MAX];

	wire_put(WIRE_PORT, port, value);
	return immediate(out, reg, value, sizeof(port));
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	uint32_t len = wire_type(address_type(stmt))->len;
	struct expr nat = { .kind = EXPR_NAT };
	uint32_t reg = NFT_REG_1;

	nat.arg = stmt->nat.source ? NFT_NAT_SNAT : NFT_NAT_DNAT;
	nat.nat.family = stmt->nat.family;
	nat.reg = immediate(out, &reg, stmt->nat.lo, len);
	if (is_range(stmt))
		nat.reg2 = immediate(out, &reg, stmt->nat.hi, len);
	if (stmt->nat.port_lo) {
		nat.nat.port = immediate_port(out, &reg, stmt->nat.port_lo);
		nat.flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	}
	if (is_port_range(stmt))
		nat.nat.port2 = immediate_port(out, &reg, stmt->nat.port_hi);
	if (stmt->nat.persistent)
		nat.flags |= NF_NAT_RANGE_PERSISTENT;
	*expr_add(out, EXPR_NAT) = nat;
}

const struct stmt_ops stmt_nat = {
	.name = "nat",
	.doc = "Translates the source or the destination of the connection.",
	.later = LATER_NONE,
	.print = print,
	.json = json,
	.linear = linear,
};
