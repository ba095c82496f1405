// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ports and flags of the statements that translate.
 *
 * What must stay true: a range of one is sent as one value (nft lists the
 * kernel's answer by comparing the registers), and ports are only given in a
 * rule that has tested for a transport protocol.
 */
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

#include "nat.h"

bool nat_has_ports(const struct stmt *stmt)
{
	return stmt->nat.port_lo || stmt->nat.ports;
}

static void print_range(struct buf *out, uint16_t lo, uint16_t hi)
{
	buf_put_u64(out, lo);
	if (hi == lo)
		return;
	buf_putc(out, '-');
	buf_put_u64(out, hi);
}

void nat_print_ports(struct buf *out, const struct stmt *stmt)
{
	if (!stmt->nat.ports) {
		print_range(out, stmt->nat.port_lo, stmt->nat.port_hi);
		return;
	}
	if (stmt->nat.l4proto)
		wire_print(out, WIRE_INET_PROTO, &stmt->nat.l4proto);
	else
		buf_puts(out, "th");
	buf_puts(out, " dport map @");
	buf_puts(out, stmt->nat.ports_name);
}

void nat_print_flags(struct buf *out, const struct stmt *stmt)
{
	if (stmt->nat.random)
		buf_puts(out, " random");
	if (stmt->nat.persistent)
		buf_puts(out, stmt->nat.random ? ",persistent" : " persistent");
}

void nat_print_alone(struct buf *out, const char *word, const struct stmt *stmt)
{
	buf_puts(out, word);
	if (nat_has_ports(stmt)) {
		buf_puts(out, " to :");
		nat_print_ports(out, stmt);
	}
	nat_print_flags(out, stmt);
}

static void json_ports(struct json *out, const struct stmt *stmt)
{
	uint8_t lo[WIRE_MAX], hi[WIRE_MAX];
	struct buf word = { 0 };

	json_key(out, "port");
	if (!stmt->nat.ports) {
		wire_put(WIRE_PORT, stmt->nat.port_lo, lo);
		wire_put(WIRE_PORT, stmt->nat.port_hi, hi);
		wire_json_range(out, WIRE_PORT, lo, hi);
		return;
	}
	json_wrap(out, "map");
	json_object(out);
	json_key(out, "key");
	if (stmt->nat.l4proto)
		wire_print(&word, WIRE_INET_PROTO, &stmt->nat.l4proto);
	key_json(out, KEY_TH_DPORT, word.p);
	word.n = 0;
	buf_printf(&word, "@%s", stmt->nat.ports_name);
	json_put_str(out, "data", word.p);
	buf_free(&word);
	json_end_n(out, 2);
}

static void json_flags(struct json *out, const struct stmt *stmt)
{
	bool both = stmt->nat.random && stmt->nat.persistent;

	json_key(out, "flags");
	if (both)
		json_array(out);
	if (stmt->nat.random)
		json_text(out, "random");
	if (stmt->nat.persistent)
		json_text(out, "persistent");
	if (both)
		json_end(out);
}

void nat_json(struct json *out, const struct stmt *stmt)
{
	if (nat_has_ports(stmt))
		json_ports(out, stmt);
	if (stmt->nat.random || stmt->nat.persistent)
		json_flags(out, stmt);
}

void nat_json_alone(struct json *out, const char *word, const struct stmt *stmt)
{
	bool any = nat_has_ports(stmt) || stmt->nat.random ||
		   stmt->nat.persistent;

	json_wrap(out, word);
	if (any) {
		json_object(out);
		nat_json(out, stmt);
		json_end(out);
	} else {
		json_null(out);
	}
	json_end(out);
}

/* Colons of a port and of an IPv6 address are told apart by brackets. */
static void print_address(struct buf *out, enum wire_id type,
			  const uint8_t *value, bool brackets)
{
	if (brackets)
		buf_putc(out, '[');
	wire_print(out, type, value);
	if (brackets)
		buf_putc(out, ']');
}

void nat_print_target(struct buf *out, enum wire_id type, const uint8_t *lo,
		      const uint8_t *hi, uint16_t port_lo, uint16_t port_hi)
{
	bool brackets = port_lo && type == WIRE_IPV6;

	print_address(out, type, lo, brackets);
	if (memcmp(lo, hi, wire_type(type)->len) != 0) {
		buf_putc(out, '-');
		print_address(out, type, hi, brackets);
	}
	if (!port_lo)
		return;
	buf_putc(out, ':');
	print_range(out, port_lo, port_hi);
}

uint32_t nat_immediate(struct exprs *out, uint32_t *reg, const void *value,
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
	return nat_immediate(out, reg, value, sizeof(port));
}

static uint32_t mapped_port(struct exprs *out, const struct ir_set *ports,
			    uint32_t *reg)
{
	struct expr *expr = expr_add(out, EXPR_LOAD);

	expr->key = key(KEY_TH_DPORT);
	expr->len = wire_type(WIRE_PORT)->len;
	expr->reg = *reg;
	expr = expr_add(out, EXPR_LOOKUP);
	expr->reg = expr->reg2 = *reg;
	expr->set = ports;
	return (*reg)++;
}

struct nat_ports nat_linear_ports(struct exprs *out, const struct stmt *stmt,
				  uint32_t *reg)
{
	struct nat_ports ports = { 0, 0 };

	if (stmt->nat.ports)
		ports.lo = mapped_port(out, stmt->nat.ports, reg);
	else if (stmt->nat.port_lo)
		ports.lo = immediate_port(out, reg, stmt->nat.port_lo);
	if (stmt->nat.port_hi != stmt->nat.port_lo)
		ports.hi = immediate_port(out, reg, stmt->nat.port_hi);
	return ports;
}

uint32_t nat_flags(const struct stmt *stmt)
{
	uint32_t flags = 0;

	if (nat_has_ports(stmt))
		flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	if (stmt->nat.random)
		flags |= NF_NAT_RANGE_PROTO_RANDOM;
	if (stmt->nat.persistent)
		flags |= NF_NAT_RANGE_PERSISTENT;
	if (stmt->nat.prefix)
		flags |= NF_NAT_RANGE_NETMAP;
	return flags;
}

void nat_linear_alone(struct exprs *out, enum expr_kind kind,
		      const struct stmt *stmt)
{
	uint32_t reg = NFT_REG_1;
	struct nat_ports ports = nat_linear_ports(out, stmt, &reg);
	struct expr *expr = expr_add(out, kind);

	expr->reg = ports.lo;
	expr->reg2 = ports.hi;
	expr->flags = nat_flags(stmt);
}
