// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address translation to an address, a range of them or a prefix, and ports.
 *
 * With a prefix, the kernel keeps the bits of the address that are behind it.
 * A prefix has more than one address: nft lists no other.
 */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "nat.h"

static enum wire_id address_type(const struct stmt *stmt)
{
	return stmt->nat.family == NFPROTO_IPV6 ? WIRE_IPV6 : WIRE_IPV4;
}

static bool is_range(const struct stmt *stmt)
{
	return memcmp(stmt->nat.lo, stmt->nat.hi,
		      wire_type(address_type(stmt))->len) != 0;
}

/* An IPv6 address has brackets where a port follows, a mapped one too. */
static void print_target(struct buf *out, const struct stmt *stmt)
{
	enum wire_id type = address_type(stmt);
	uint16_t port = stmt->nat.ports ? 1 : stmt->nat.port_lo;

	nat_print_target(out, type, stmt->nat.lo, stmt->nat.hi, port,
			 stmt->nat.ports ? 1 : stmt->nat.port_hi);
	if (!stmt->nat.ports)
		return;
	out->n--; /* the digit that stood for the port */
	nat_print_ports(out, stmt);
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
	if (stmt->nat.prefix) {
		buf_puts(out, " prefix to ");
		wire_print_range(out, address_type(stmt), stmt->nat.lo,
				 stmt->nat.hi);
		return;
	}
	buf_puts(out, " to ");
	print_target(out, stmt);
	nat_print_flags(out, stmt);
}

static void json_address(struct json *out, const struct stmt *stmt)
{
	enum wire_id type = address_type(stmt);

	json_key(out, "addr");
	if (stmt->nat.prefix)
		wire_json_range(out, type, stmt->nat.lo, stmt->nat.hi);
	else if (is_range(stmt))
		wire_json_bounds(out, type, stmt->nat.lo, stmt->nat.hi);
	else
		wire_json(out, type, stmt->nat.lo);
}

static void json(struct json *out, const struct stmt *stmt)
{
	json_wrap(out, type_word(stmt));
	json_object(out);
	json_put_str(out, "family", family_word(stmt));
	json_address(out, stmt);
	nat_json(out, stmt);
	if (stmt->nat.prefix) {
		json_put_str(out, "flags", "netmap");
		json_put_str(out, "type_flags", "prefix");
	}
	json_end_n(out, 2);
}

static void linear(struct exprs *out, const struct stmt *stmt)
{
	uint32_t len = wire_type(address_type(stmt))->len;
	struct expr nat = { .kind = EXPR_NAT };
	uint32_t reg = NFT_REG_1;
	struct nat_ports ports;

	nat.arg = stmt->nat.source ? NFT_NAT_SNAT : NFT_NAT_DNAT;
	nat.nat.family = stmt->nat.family;
	nat.reg = nat_immediate(out, &reg, stmt->nat.lo, len);
	if (is_range(stmt))
		nat.reg2 = nat_immediate(out, &reg, stmt->nat.hi, len);
	ports = nat_linear_ports(out, stmt, &reg);
	nat.nat.port = ports.lo;
	nat.nat.port2 = ports.hi;
	nat.flags = nat_flags(stmt);
	*expr_add(out, EXPR_NAT) = nat;
}

const struct stmt_ops stmt_nat = {
	.name = "nat",
	.doc = DOC("Translates the source or the destination of the "
		   "connection."),
	.later = LATER_NONE,
	.print = print,
	.json = json,
	.linear = linear,
};
