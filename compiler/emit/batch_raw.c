// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules in nft's own language, as nft made them: the attributes are put into
 * the messages as they are, but for what has other names and ids here.
 *
 * What must stay true: whoever builds a batch has had them translated before
 * (runtime/trial/raw.h); of what has not, nothing is sent.
 */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>

#include "batch_parts.h"

/* An element nest's length has 16 bits. */
#define NEST_BYTES_MAX 60000
#define RULE_BYTES_MAX 60000

static void put_definition(struct builder *b, const struct ir_raw_set *set,
			   const struct ir_rule *rule, const char *what)
{
	struct attrs a =
		message_open(b, NFT_MSG_NEWSET, NLM_F_CREATE, rule->span, what);

	attr_str(&a, NFTA_SET_TABLE, IR_TABLE);
	attr_str(&a, NFTA_SET_NAME, IR_RAW_SET);
	attr_u32(&a, NFTA_SET_ID, ++b->set_id);
	memcpy(a.at, set->attrs.p, set->attrs.n);
	a.at += set->attrs.n;
	message_close(b, &a);
}

/* From element @i on, as many as a message holds: where the rest begins. */
static size_t put_elements(struct builder *b, const struct ir_raw_set *set,
			   size_t i, const struct ir_rule *rule,
			   const char *what)
{
	struct attrs a = message_open(b, NFT_MSG_NEWSETELEM, NLM_F_CREATE,
				      rule->span, what);
	uint8_t *list;

	attr_str(&a, NFTA_SET_ELEM_LIST_TABLE, IR_TABLE);
	attr_str(&a, NFTA_SET_ELEM_LIST_SET, IR_RAW_SET);
	attr_u32(&a, NFTA_SET_ELEM_LIST_SET_ID, b->set_id);
	list = attr_begin(&a);
	for (; i < set->nelements; i++) {
		struct str element = set->elements[i];
		uint8_t *begin = a.at;

		if ((size_t)(begin - list) + element.n > NEST_BYTES_MAX)
			break;
		attr_begin(&a);
		memcpy(a.at, element.p, element.n);
		a.at += element.n;
		attr_end(&a, begin, NFTA_LIST_ELEM);
	}
	attr_end(&a, list, NFTA_SET_ELEM_LIST_ELEMENTS);
	message_close(b, &a);
	return i;
}

static void put_set(struct builder *b, const struct ir_raw_set *set,
		    const struct ir_rule *rule, const char *what)
{
	size_t i = 0;

	put_definition(b, set, rule, what);
	while (i < set->nelements)
		i = put_elements(b, set, i, rule, what);
}

static void put_exprs(struct attrs *a, const struct ir_raw *code,
		      uint32_t set_id)
{
	uint8_t *list = attr_begin(a), *exprs = a->at;

	memcpy(exprs, code->exprs.p, code->exprs.n);
	a->at += code->exprs.n;
	for (size_t i = 0; i < code->nids; i++) {
		uint32_t id = htobe32(set_id + 1 + code->ids[i].set);

		memcpy(exprs + code->ids[i].at, &id, sizeof(id));
	}
	attr_end(a, list, NFTA_RULE_EXPRESSIONS);
}

int put_raw_rule(struct builder *b, const struct ir_chain *chain,
		 const struct ir_rule *rule, const char *what)
{
	const struct ir_raw *code = rule->code;
	uint32_t set_id = b->set_id;
	struct attrs a;

	if (!code)
		return -ENOEXEC;
	for (size_t i = 0; i < code->nsets; i++)
		put_set(b, &code->sets[i], rule, what);
	a = message_open(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
			 rule->span, what);
	if (code->exprs.n > RULE_BYTES_MAX)
		return -E2BIG;
	attr_str(&a, NFTA_RULE_TABLE, IR_TABLE);
	attr_str(&a, NFTA_RULE_CHAIN, chain->name);
	put_exprs(&a, code, set_id);
	if (code->userdata.n)
		attr_put(&a, NFTA_RULE_USERDATA, code->userdata.p,
			 code->userdata.n);
	message_close(b, &a);
	return 0;
}
