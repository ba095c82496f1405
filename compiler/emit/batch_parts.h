/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the batch emitter share: batch.c decides which messages
 * there are, batch_set.c and batch_rule.c fill the large ones.
 *
 * What must stay true: only one message is open at a time, and whoever opened
 * it closes it; pointers into the batch end with the next message.
 */
#ifndef NFTOFFC_EMIT_BATCH_PARTS_H
#define NFTOFFC_EMIT_BATCH_PARTS_H

#include "attr.h"
#include "batch.h"

/* More than any message but those of elements can need. */
#define MESSAGE_ROOM (64u << 10)

struct builder {
	struct batch *batch;
	uint32_t set_id; /* the last one given */
	struct arena *scratch;
	struct exprs exprs; /* one rule's bytecode */
};

/* @type is NFT_MSG_*; @flags besides NLM_F_REQUEST. */
struct attrs message_open(struct builder *b, uint16_t type, uint16_t flags,
			  struct span span, const char *what);
/* The message ends where its attributes do. */
void message_close(struct builder *b, const struct attrs *a);

/* What the kernel is to call an anonymous set, and how a rule calls it. */
const char *set_wire_name(const struct ir_set *set);
/* NFTA_SET_KEY_TYPE. */
uint32_t set_key_type(const struct ir_set *set);
/* @where names the set in messages: "set blocked". Gives the set's id. */
uint32_t put_set_definition(struct builder *b, const struct ir_set *set,
			    struct span span, const char *where);
/* @id 0: the set was there before this batch. */
void put_set_elements(struct builder *b, const struct ir_set *set, uint32_t id,
		      struct span span, const char *where);
/* Its anonymous sets too. 0, or -E2BIG with the message left open. */
int put_rule(struct builder *b, const struct ir_chain *chain,
	     const struct ir_rule *rule, const char *what);
/* The same of one in nft's own language; -ENOEXEC if it is not translated. */
int put_raw_rule(struct builder *b, const struct ir_chain *chain,
		 const struct ir_rule *rule, const char *what);

#endif
