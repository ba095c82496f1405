// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a rule of the IR to bytecode.
 *
 * What must stay true: the bytecode is what nft makes of the text that the
 * text emitter prints for the same rule, expression by expression; nft lists
 * a rule from its bytecode. One deliberate exception, which lists the same:
 * nft turns one-byte numbers round before it looks them up in a concatenation
 * of intervals, which does nothing.
 */
#include <assert.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "ir.h"

struct linear {
	struct exprs *out;
	struct ir_known known;
	/* The first equal test of each port; NULL unless there are both. */
	const struct ir_op *source, *destination;
};

static bool is_equal(const struct ir_op *op)
{
	return op->kind == IR_OP_CMP && op->cmp == NFT_CMP_EQ;
}

/* nft takes an ICMP packet's family for granted once its protocol is known. */
static uint8_t needs_nfproto(const struct ir_known *known, const struct key *k)
{
	if (k->l4proto && known->l4proto == k->l4proto)
		return 0;
	return k->nfproto;
}

static void learn_key(struct ir_known *known, const struct key *k)
{
	if (needs_nfproto(known, k))
		known->nfproto = k->nfproto;
	if (k->l4proto)
		known->l4proto = k->l4proto;
	if (k->link)
		known->link = k->link;
}

void ir_learn(struct ir_known *known, const struct ir_op *op)
{
	if (is_equal(op) && op->keys[0] == KEY_NFPROTO)
		known->nfproto = op->lo[0];
	if (is_equal(op) && op->keys[0] == KEY_L4PROTO)
		known->l4proto = op->lo[0];
	for (unsigned int i = 0; i < op->nkeys; i++)
		learn_key(known, key(op->keys[i]));
}

/*
 * Registers count in 4 bytes. Where 16 bytes begin they have an older name,
 * and nft knows them by that.
 */
static uint32_t register_name(uint32_t slot)
{
	if (slot % 4 == 0)
		return NFT_REG_1 + slot / 4;
	return NFT_REG32_00 + slot;
}

static struct expr *load(struct linear *l, const struct key *k, uint32_t len,
			 uint32_t reg)
{
	struct expr *expr = expr_add(l->out, EXPR_LOAD);

	expr->key = k;
	expr->len = len;
	expr->reg = reg;
	return expr;
}

static void turn_round(struct linear *l, uint32_t len, uint32_t reg)
{
	struct expr *expr = expr_add(l->out, EXPR_BYTEORDER);

	expr->arg = expr->len = len;
	expr->reg = reg;
}

static void compare(struct linear *l, uint32_t op, const uint8_t *value,
		    uint32_t len)
{
	struct expr *expr = expr_add(l->out, EXPR_CMP);

	expr->reg = NFT_REG_1;
	expr->op = op;
	expr->len = len;
	memcpy(expr->data, value, len);
}

static void mask(struct linear *l, const uint8_t *bits, uint32_t len)
{
	struct expr *expr = expr_add(l->out, EXPR_BITWISE);

	expr->reg = NFT_REG_1;
	expr->len = len;
	memcpy(expr->data, bits, len);
}

/* Of a field of some bits, those alone. */
static void mask_field(struct linear *l, const struct key *k)
{
	uint8_t bits[WIRE_MAX] = { 0 };

	if (wire_field_mask(k->type, bits))
		mask(l, bits, wire_type(k->type)->len);
}

static void depend(struct linear *l, enum key_id id, uint8_t need,
		   uint8_t known)
{
	const struct key *k = key(id);
	uint8_t value[WIRE_MAX];

	if (!need || need == known)
		return;
	assert(!known);
	wire_put(k->type, need, value);
	load(l, k, wire_type(k->type)->len, NFT_REG_1);
	compare(l, NFT_CMP_EQ, value, wire_type(k->type)->len);
}

/* Tests for the protocols and the kind of link that the keys of @op need. */
static void depend_on(struct linear *l, const struct ir_op *op)
{
	struct ir_known *known = &l->known;

	for (unsigned int i = 0; i < op->nkeys; i++) {
		const struct key *k = key(op->keys[i]);

		depend(l, KEY_NFPROTO, needs_nfproto(known, k), known->nfproto);
		depend(l, KEY_L4PROTO, k->l4proto, known->l4proto);
		depend(l, KEY_IIFTYPE, k->link, known->link);
		learn_key(known, k);
	}
}

static const struct ir_op *first_test(const struct ir_rule *rule,
				      enum key_id id)
{
	for (uint32_t i = 0; i < rule->nops; i++)
		if (is_equal(&rule->ops[i]) && rule->ops[i].keys[0] == id)
			return &rule->ops[i];
	return NULL;
}

static void find_ports(struct linear *l, const struct ir_rule *rule)
{
	l->source = first_test(rule, KEY_TH_SPORT);
	l->destination = first_test(rule, KEY_TH_DPORT);
	if (!l->source || !l->destination)
		l->source = l->destination = NULL;
}

/* Both ports stand side by side: four bytes, where the source is tested. */
static void both_ports(struct linear *l)
{
	uint8_t ports[4];

	memcpy(ports, l->source->lo, 2);
	memcpy(ports + 2, l->destination->lo, 2);
	load(l, key(KEY_TH_SPORT), sizeof(ports), NFT_REG_1);
	compare(l, NFT_CMP_EQ, ports, sizeof(ports));
}

static void linear_cmp(struct linear *l, const struct ir_op *op)
{
	const struct key *k = key(op->keys[0]);
	const struct wire_type *type = wire_type(k->type);
	bool ordered = op->cmp != NFT_CMP_EQ && op->cmp != NFT_CMP_NEQ;
	uint8_t value[WIRE_MAX];

	if (op == l->destination)
		return;
	if (op == l->source) {
		both_ports(l);
		return;
	}
	load(l, k, type->len, NFT_REG_1);
	mask_field(l, k);
	memcpy(value, op->lo, type->len);
	if (ordered && type->host_order) {
		turn_round(l, type->len, NFT_REG_1);
		wire_to_network(k->type, op->lo, value);
	}
	compare(l, op->cmp, value, type->len);
}

/* Whole bytes of a packet are simply not loaded past the prefix's end. */
static void linear_prefix(struct linear *l, const struct ir_op *op)
{
	const struct key *k = key(op->keys[0]);
	uint32_t cmp = op->neg ? NFT_CMP_NEQ : NFT_CMP_EQ;
	uint32_t len = wire_type(k->type)->len, bytes = op->plen / 8u;
	uint8_t bits[WIRE_MAX] = { 0 };

	if (k->type == WIRE_IFNAME) {
		assert(op->plen && op->plen % 8 == 0);
		load(l, k, len, NFT_REG_1);
		compare(l, cmp, op->lo, bytes);
		return;
	}
	if (bytes && op->plen % 8 == 0) {
		load(l, k, bytes, NFT_REG_1);
		compare(l, cmp, op->lo, bytes);
		return;
	}
	memset(bits, 0xff, bytes);
	bits[bytes] = (uint8_t)(0xff << (8 - op->plen % 8));
	load(l, k, len, NFT_REG_1);
	mask(l, bits, len);
	compare(l, cmp, op->lo, len);
}

static void linear_range(struct linear *l, const struct ir_op *op)
{
	const struct key *k = key(op->keys[0]);
	const struct wire_type *type = wire_type(k->type);
	uint8_t lo[WIRE_MAX], hi[WIRE_MAX];
	struct expr *expr;

	load(l, k, type->len, NFT_REG_1);
	if (type->host_order)
		turn_round(l, type->len, NFT_REG_1);
	wire_to_network(k->type, op->lo, lo);
	wire_to_network(k->type, op->hi, hi);
	if (!op->neg) {
		compare(l, NFT_CMP_GTE, lo, type->len);
		compare(l, NFT_CMP_LTE, hi, type->len);
		return;
	}
	expr = expr_add(l->out, EXPR_RANGE);
	expr->reg = NFT_REG_1;
	expr->op = NFT_RANGE_NEQ;
	expr->len = type->len;
	memcpy(expr->data, lo, type->len);
	memcpy(expr->data2, hi, type->len);
}

static void linear_bits(struct linear *l, const struct ir_op *op,
			const uint8_t *bits, const uint8_t *value, bool neg)
{
	const struct key *k = key(op->keys[0]);
	uint32_t len = wire_type(k->type)->len;

	load(l, k, len, NFT_REG_1);
	mask(l, bits, len);
	compare(l, neg ? NFT_CMP_NEQ : NFT_CMP_EQ, value, len);
}

/* The keys side by side, as they stand in an element of the set. */
static void load_keys(struct linear *l, const struct ir_op *op)
{
	uint32_t slot = 0;

	assert(op->nkeys == op->set->nfields);
	for (unsigned int i = 0; i < op->nkeys; i++) {
		const struct key *k = key(op->keys[i]);
		const struct wire_type *type = wire_type(k->type);

		assert(k->type == op->set->fields[i]);
		load(l, k, type->len, register_name(slot));
		if (op->set->interval && type->host_order)
			turn_round(l, type->len, register_name(slot));
		slot += (type->len + 3u) / 4u;
	}
}

static void linear_lookup(struct linear *l, const struct ir_op *op)
{
	struct expr *expr;

	assert((op->kind == IR_OP_VMAP) == (op->set->verdicts != NULL));
	load_keys(l, op);
	if (op->nkeys == 1)
		mask_field(l, key(op->keys[0]));
	if (op->masked) {
		assert(op->nkeys == 1 && !op->set->interval);
		mask(l, op->hi, op->set->klen);
	}
	expr = expr_add(l->out, EXPR_LOOKUP);
	expr->reg = NFT_REG_1;
	expr->set = op->set;
	expr->flags = op->neg ? NFT_LOOKUP_F_INV : 0;
}

static void linear_op(struct linear *l, const struct ir_op *op)
{
	static const uint8_t zero[WIRE_MAX];

	switch (op->kind) {
	case IR_OP_CMP:
		linear_cmp(l, op);
		break;
	case IR_OP_PREFIX:
		linear_prefix(l, op);
		break;
	case IR_OP_RANGE:
		linear_range(l, op);
		break;
	case IR_OP_FLAGS:
		linear_bits(l, op, op->lo, zero, !op->neg);
		break;
	case IR_OP_MASK:
		linear_bits(l, op, op->hi, op->lo, op->neg);
		break;
	case IR_OP_SET:
	case IR_OP_VMAP:
		linear_lookup(l, op);
		break;
	case IR_OP_STMT:
		op->stmt->ops->linear(l->out, op->stmt);
		break;
	case IR_OP_NONE:
		assert(!"an op without a kind");
	}
}

void ir_linear(struct exprs *out, const struct ir_rule *rule)
{
	struct linear l = { .out = out };

	find_ports(&l, rule);
	for (uint32_t i = 0; i < rule->nops; i++) {
		depend_on(&l, &rule->ops[i]);
		linear_op(&l, &rule->ops[i]);
		ir_learn(&l.known, &rule->ops[i]);
	}
}
