// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules: their bytecode as attributes.
 *
 * libnftnl is not used: it allocates an object for each expression and finds
 * its kind by name, which took 54 ms for 10,000 rules where this takes 10.
 *
 * What must stay true: an attribute that nft does not send for the same
 * expression is not sent; nft lists what the kernel remembers of it.
 *
 * Source: uapi nf_tables.h.
 */
#include <assert.h>
#include <errno.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <syslog.h>

#include "attr.h"
#include "batch_parts.h"

/* include/net/netfilter/nf_tables.h: NFT_RULE_MAXEXPRS */
#define RULE_EXPRS_MAX 128

static void put_value(struct attrs *a, uint16_t attr, const uint8_t *value,
		      uint32_t len)
{
	uint8_t *nest = attr_begin(a);

	attr_put(a, NFTA_DATA_VALUE, value, len);
	attr_end(a, nest, attr);
}

/* Register 0 stands for none. */
static void put_register(struct attrs *a, uint16_t attr, uint32_t reg)
{
	if (reg)
		attr_u32(a, attr, reg);
}

static void put_meta(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_META_KEY, e->key->arg);
	attr_u32(a, NFTA_META_DREG, e->reg);
}

static void put_ct(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_CT_KEY, e->key->arg);
	attr_u32(a, NFTA_CT_DREG, e->reg);
}

static void put_payload(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_PAYLOAD_DREG, e->reg);
	attr_u32(a, NFTA_PAYLOAD_BASE, e->key->base);
	attr_u32(a, NFTA_PAYLOAD_OFFSET, e->key->offset);
	attr_u32(a, NFTA_PAYLOAD_LEN, e->len);
}

static void put_fib(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_FIB_DREG, e->reg);
	attr_u32(a, NFTA_FIB_RESULT, e->key->arg);
	attr_u32(a, NFTA_FIB_FLAGS, e->key->flags);
}

static void put_load_rt(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_RT_KEY, e->key->arg);
	attr_u32(a, NFTA_RT_DREG, e->reg);
}

static void put_cmp(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_CMP_SREG, e->reg);
	attr_u32(a, NFTA_CMP_OP, e->op);
	put_value(a, NFTA_CMP_DATA, e->data, e->len);
}

static void put_range(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_RANGE_SREG, e->reg);
	attr_u32(a, NFTA_RANGE_OP, e->op);
	put_value(a, NFTA_RANGE_FROM_DATA, e->data, e->len);
	put_value(a, NFTA_RANGE_TO_DATA, e->data2, e->len);
}

static void put_bitwise(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_BITWISE_SREG, e->reg);
	attr_u32(a, NFTA_BITWISE_DREG, e->reg);
	attr_u32(a, NFTA_BITWISE_OP, NFT_BITWISE_BOOL);
	attr_u32(a, NFTA_BITWISE_LEN, e->len);
	put_value(a, NFTA_BITWISE_MASK, e->data, e->len);
	put_value(a, NFTA_BITWISE_XOR, e->data2, e->len);
}

static void put_byteorder(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_BYTEORDER_SREG, e->reg);
	attr_u32(a, NFTA_BYTEORDER_DREG, e->reg);
	attr_u32(a, NFTA_BYTEORDER_OP, NFT_BYTEORDER_HTON);
	attr_u32(a, NFTA_BYTEORDER_LEN, e->len);
	attr_u32(a, NFTA_BYTEORDER_SIZE, e->arg);
}

/* For an anonymous set the argument is its id. */
static void put_lookup(struct attrs *a, const struct expr *e)
{
	attr_str(a, NFTA_LOOKUP_SET, set_wire_name(e->set));
	if (!e->set->name)
		attr_u32(a, NFTA_LOOKUP_SET_ID, e->arg);
	attr_u32(a, NFTA_LOOKUP_SREG, e->reg);
	if (e->set->verdicts)
		attr_u32(a, NFTA_LOOKUP_DREG, NFT_REG_VERDICT);
	else
		put_register(a, NFTA_LOOKUP_DREG, e->reg2);
	if (e->flags)
		attr_u32(a, NFTA_LOOKUP_FLAGS, e->flags);
}

static void put_immediate(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_IMMEDIATE_DREG, e->reg);
	put_value(a, NFTA_IMMEDIATE_DATA, e->data, e->len);
}

static void put_verdict(struct attrs *a, const struct expr *e)
{
	uint8_t *data, *verdict;

	attr_u32(a, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = attr_begin(a);
	verdict = attr_begin(a);
	attr_u32(a, NFTA_VERDICT_CODE, e->arg);
	if (e->name)
		attr_str(a, NFTA_VERDICT_CHAIN, e->name);
	attr_end(a, verdict, NFTA_DATA_VERDICT);
	attr_end(a, data, NFTA_IMMEDIATE_DATA);
}

static void put_ct_set(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_CT_KEY, e->arg);
	attr_u32(a, NFTA_CT_SREG, e->reg);
}

static void put_meta_set(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_META_KEY, e->arg);
	attr_u32(a, NFTA_META_SREG, e->reg);
}

static void put_payload_set(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_PAYLOAD_SREG, e->reg);
	attr_u32(a, NFTA_PAYLOAD_BASE, e->key->base);
	attr_u32(a, NFTA_PAYLOAD_OFFSET, e->key->offset);
	attr_u32(a, NFTA_PAYLOAD_LEN, e->len);
	attr_u32(a, NFTA_PAYLOAD_CSUM_TYPE, e->payload.csum);
	attr_u32(a, NFTA_PAYLOAD_CSUM_OFFSET, e->payload.csum_offset);
	attr_u32(a, NFTA_PAYLOAD_CSUM_FLAGS, 0);
}

static void put_queue(struct attrs *a, const struct expr *e)
{
	attr_u16(a, NFTA_QUEUE_NUM, (uint16_t)e->arg);
	attr_u16(a, NFTA_QUEUE_TOTAL, (uint16_t)e->len);
	if (e->flags)
		attr_u16(a, NFTA_QUEUE_FLAGS, (uint16_t)e->flags);
}

/* The state that each element of a dynamic set has of its own. */
static void put_state(struct attrs *a, const struct expr *e)
{
	uint8_t *expr = attr_begin(a), *data;

	attr_str(a, NFTA_EXPR_NAME, e->dynset.rate ? "limit" : "connlimit");
	data = attr_begin(a);
	if (e->dynset.rate) {
		attr_u64(a, NFTA_LIMIT_RATE, e->dynset.rate);
		attr_u64(a, NFTA_LIMIT_UNIT, e->dynset.unit);
		attr_u32(a, NFTA_LIMIT_BURST, e->dynset.burst);
		attr_u32(a, NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS);
	} else {
		attr_u32(a, NFTA_CONNLIMIT_COUNT, e->dynset.connections);
	}
	attr_end(a, data, NFTA_EXPR_DATA);
	attr_end(a, expr, NFTA_DYNSET_EXPR);
}

static void put_dynset(struct attrs *a, const struct expr *e)
{
	attr_str(a, NFTA_DYNSET_SET_NAME, e->name);
	attr_u32(a, NFTA_DYNSET_OP, e->arg);
	attr_u32(a, NFTA_DYNSET_SREG_KEY, e->reg);
	if (e->dynset.timeout)
		attr_u64(a, NFTA_DYNSET_TIMEOUT, e->dynset.timeout);
	if (e->dynset.rate || e->dynset.connections)
		put_state(a, e);
}

static void put_log(struct attrs *a, const struct expr *e)
{
	if (e->name)
		attr_str(a, NFTA_LOG_PREFIX, e->name);
	if (e->log.group >= 0) {
		attr_u16(a, NFTA_LOG_GROUP, (uint16_t)e->log.group);
		if (e->log.snaplen)
			attr_u32(a, NFTA_LOG_SNAPLEN, e->log.snaplen);
	} else if (e->log.level != LOG_WARNING) {
		attr_u32(a, NFTA_LOG_LEVEL, e->log.level);
	}
}

static void put_limit(struct attrs *a, const struct expr *e)
{
	attr_u64(a, NFTA_LIMIT_RATE, e->limit.rate);
	attr_u64(a, NFTA_LIMIT_UNIT, e->limit.unit);
	attr_u32(a, NFTA_LIMIT_BURST, e->limit.burst);
	attr_u32(a, NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS);
}

static void put_objref(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_OBJREF_IMM_TYPE, e->arg);
	attr_str(a, NFTA_OBJREF_IMM_NAME, e->name);
}

static void put_nothing(struct attrs *a, const struct expr *e)
{
	(void)a;
	(void)e;
}

static void put_reject(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_REJECT_TYPE, e->arg);
	attr_u8(a, NFTA_REJECT_ICMP_CODE, (uint8_t)e->flags);
}

static void put_nat(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_NAT_TYPE, e->arg);
	attr_u32(a, NFTA_NAT_FAMILY, e->nat.family);
	put_register(a, NFTA_NAT_REG_ADDR_MIN, e->reg);
	put_register(a, NFTA_NAT_REG_ADDR_MAX, e->reg2);
	put_register(a, NFTA_NAT_REG_PROTO_MIN, e->nat.port);
	put_register(a, NFTA_NAT_REG_PROTO_MAX, e->nat.port2);
	if (e->flags)
		attr_u32(a, NFTA_NAT_FLAGS, e->flags);
}

static void put_masq(struct attrs *a, const struct expr *e)
{
	if (e->flags)
		attr_u32(a, NFTA_MASQ_FLAGS, e->flags);
	put_register(a, NFTA_MASQ_REG_PROTO_MIN, e->reg);
	put_register(a, NFTA_MASQ_REG_PROTO_MAX, e->reg2);
}

static void put_redir(struct attrs *a, const struct expr *e)
{
	put_register(a, NFTA_REDIR_REG_PROTO_MIN, e->reg);
	put_register(a, NFTA_REDIR_REG_PROTO_MAX, e->reg2);
	if (e->flags)
		attr_u32(a, NFTA_REDIR_FLAGS, e->flags);
}

static void put_flow(struct attrs *a, const struct expr *e)
{
	attr_str(a, NFTA_FLOW_TABLE_NAME, e->name);
}

static void put_rt(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_RT_KEY, e->arg);
	attr_u32(a, NFTA_RT_DREG, e->reg);
}

static void put_tcpopt(struct attrs *a, const struct expr *e)
{
	attr_u32(a, NFTA_EXTHDR_SREG, e->reg);
	attr_u8(a, NFTA_EXTHDR_TYPE, (uint8_t)e->arg);
	attr_u32(a, NFTA_EXTHDR_OFFSET, e->tcpopt.offset);
	attr_u32(a, NFTA_EXTHDR_LEN, e->len);
	attr_u32(a, NFTA_EXTHDR_OP, NFT_EXTHDR_OP_TCPOPT);
}

/* What the kernel calls an expression, and its attributes. */
struct form {
	const char *name;
	void (*put)(struct attrs *a, const struct expr *e);
};

static const struct form forms[] = {
	[EXPR_CMP] = { "cmp", put_cmp },
	[EXPR_RANGE] = { "range", put_range },
	[EXPR_BITWISE] = { "bitwise", put_bitwise },
	[EXPR_BYTEORDER] = { "byteorder", put_byteorder },
	[EXPR_LOOKUP] = { "lookup", put_lookup },
	[EXPR_IMMEDIATE] = { "immediate", put_immediate },
	[EXPR_VERDICT] = { "immediate", put_verdict },
	[EXPR_CT_SET] = { "ct", put_ct_set },
	[EXPR_META_SET] = { "meta", put_meta_set },
	[EXPR_PAYLOAD_SET] = { "payload", put_payload_set },
	[EXPR_NOTRACK] = { "notrack", put_nothing },
	[EXPR_QUEUE] = { "queue", put_queue },
	[EXPR_DYNSET] = { "dynset", put_dynset },
	[EXPR_LOG] = { "log", put_log },
	[EXPR_LIMIT] = { "limit", put_limit },
	[EXPR_OBJREF] = { "objref", put_objref },
	[EXPR_COUNTER] = { "counter", put_nothing },
	[EXPR_REJECT] = { "reject", put_reject },
	[EXPR_NAT] = { "nat", put_nat },
	[EXPR_MASQ] = { "masq", put_masq },
	[EXPR_REDIR] = { "redir", put_redir },
	[EXPR_FLOW] = { "flow_offload", put_flow },
	[EXPR_RT_LOAD] = { "rt", put_rt },
	[EXPR_TCPOPT_SET] = { "exthdr", put_tcpopt },
};

static const struct form loads[] = {
	[LOAD_META] = { "meta", put_meta },
	[LOAD_CT] = { "ct", put_ct },
	[LOAD_PAYLOAD] = { "payload", put_payload },
	[LOAD_FIB] = { "fib", put_fib },
	[LOAD_RT] = { "rt", put_load_rt },
};

static void put_expr(struct attrs *a, const struct expr *e)
{
	const struct form *form = e->kind == EXPR_LOAD ? &loads[e->key->load] :
							 &forms[e->kind];
	uint8_t *expr = attr_begin(a), *data;

	assert(form->put);
	attr_str(a, NFTA_EXPR_NAME, form->name);
	data = attr_begin(a);
	form->put(a, e);
	attr_end(a, data, NFTA_EXPR_DATA);
	attr_end(a, expr, NFTA_LIST_ELEM);
}

static void put_exprs(struct attrs *a, struct exprs *exprs, uint32_t set_id)
{
	uint8_t *list = attr_begin(a);

	for (size_t i = 0; i < exprs->list.n; i++) {
		struct expr *e = &exprs->list.v[i];

		if (e->kind == EXPR_LOOKUP && !e->set->name)
			e->arg = ++set_id;
		put_expr(a, e);
	}
	attr_end(a, list, NFTA_RULE_EXPRESSIONS);
}

static void put_comment(struct attrs *a, const char *comment)
{
	uint8_t udata[NFT_USERDATA_MAXLEN];
	size_t len = strlen(comment) + 1;

	udata[0] = NFTNL_UDATA_RULE_COMMENT;
	udata[1] = (uint8_t)len;
	memcpy(udata + 2, comment, len);
	attr_put(a, NFTA_RULE_USERDATA, udata, 2 + len);
}

/* Lookups find them in the order in which they are put here. */
static void put_anonymous_sets(struct builder *b, const struct ir_rule *rule,
			       const char *what)
{
	for (uint32_t i = 0; i < rule->nops; i++) {
		const struct ir_set *set = rule->ops[i].set;
		uint32_t id;

		if (!set || set->name)
			continue;
		id = put_set_definition(b, set, rule->span, what);
		put_set_elements(b, set, id, rule->span, what);
	}
}

int put_rule(struct builder *b, const struct ir_chain *chain,
	     const struct ir_rule *rule, const char *what)
{
	uint32_t set_id = b->set_id;
	struct attrs a;

	b->exprs.list.n = 0;
	ir_linear(&b->exprs, rule);
	put_anonymous_sets(b, rule, what);
	a = message_open(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
			 rule->span, what);
	if (b->exprs.list.n > RULE_EXPRS_MAX)
		return -E2BIG;
	attr_str(&a, NFTA_RULE_TABLE, IR_TABLE);
	attr_str(&a, NFTA_RULE_CHAIN, chain->name);
	put_exprs(&a, &b->exprs, set_id);
	if (rule->comment)
		put_comment(&a, rule->comment);
	message_close(b, &a);
	return 0;
}
