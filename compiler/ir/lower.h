/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the model to the IR: which chain decides what, and how the decision is
 * remembered.
 *
 * The decision about a connection is taken once and kept in the part of the
 * conntrack mark that the policy's mark mask names. That part holds a value
 * epoch + k, k < count: what was decided (accepted; accepted and may be
 * offloaded; accepted and every packet logged ...). Any other value, 0 among
 * them, means "not decided by this policy": such a packet, of whichever
 * direction, is decided afresh. A new policy takes values that no running one
 * has, and so reaches every live connection.
 *
 * What the values mean stands in maps that have names ("decided"), and what sets
 * the mark has no verdict: so another epoch changes elements and rules for which
 * the kernel need not look at the whole table once more.
 */
#ifndef NFTOFFC_IR_LOWER_H
#define NFTOFFC_IR_LOWER_H

#include "ir.h"
#include "opt/opt.h"
#include "policy/model.h"

struct ir_record;

/*
 * Beside fw4, where it marks what it sees (fw4.h): what it has not seen can be
 * told, and is dropped, for there is no fw4.
 */
enum lower_gate {
	GATE_OPEN,    /* zero: nothing is dropped */
	GATE_FORWARD, /* what goes through the router */
	GATE_ALL,     /* and what goes to it */
};

struct lower_options {
	uint32_t epoch;	     /* first value to use, from 1; 0 means 1 */
	opt_without without; /* passes of the optimiser; 0: all run */
	/*
	 * What ran before, NULL: nothing. Asked where the policy keeps
	 * existing connections: what that one accepted stays accepted.
	 */
	const struct ir_record *former;
	/*
	 * Connections may live that what ran before has translated: they stay
	 * so, for which the kernel needs a NAT chain, be it empty.
	 */
	bool translated;
	enum lower_gate gate;
	/*
	 * How far the clock by which the kernel counts days is ahead of UTC, in
	 * seconds: it has one for all, told by settimeofday(2).
	 */
	int32_t kernel_east;
};

/* What an object is called that a policy names NAME: this and NAME. */
#define LOWER_COUNTER "count."
#define LOWER_QUOTA "quota."

/* The empty chain, where the policy has none of its own. */
#define LOWER_TRANSLATED "translated"
#define LOWER_TRANSLATED_PRIORITY 100 /* srcnat */

/* The chain ahead of routing that gives packets their marks, if any has. */
#define LOWER_SET_MARK "set-mark"

/* Values this policy needs: what the caller needs to choose an epoch. */
uint32_t lower_mark_count(const struct model *model);
/*
 * The bits of the policy's mask that hold its @count values. The lowest ones may
 * be something else: what "log: flow" keeps of a connection, see ir_mark.
 */
uint32_t lower_mark_mask(const struct model *model, uint32_t count);
/*
 * No policy, and that chain alone: what is left while connections live that a
 * policy has translated.
 */
struct ir *lower_translated(struct arena *arena);
/* Never fails: whatever can go wrong was reported by the checks. */
struct ir *lower(struct arena *arena, const struct model *model,
		 const struct lower_options *options);

/*
 * What the rules remember of a connection, from what the model answers: for who
 * brings live connections into line with a policy (runtime/live/live.h).
 */
struct lower_values;
struct lower_values *lower_values(struct arena *arena,
				  const struct model *model,
				  int32_t kernel_east);
/* The model to ask: that of the rules, by the kernel's clock. */
const struct model *lower_values_model(const struct lower_values *values);
/*
 * What "log: flow" has in @mark->flow_mask of a connection that @rule (NULL: no
 * rule) of @model accepted.
 */
uint32_t lower_flow_mark(const struct model *model, const struct ir_mark *mark,
			 const struct rule *rule, bool offloaded);
/* The bits of a connection's mark that the policy's rules mark it with. */
uint32_t lower_values_marks(const struct lower_values *values);
/*
 * The value (from 0) of a connection of which the model gave this @answer. False:
 * it has none, or the model does not tell.
 */
bool lower_value(const struct lower_values *values, const struct answer *answer,
		 uint32_t *k);
/* Where it is offloaded to; NULL: it is not. */
const struct flowtable *lower_value_flowtable(const struct lower_values *values,
					      uint32_t k);

/* The chain whose first rule's comment records what runs, see ir_record. */
#define IR_RECORD_CHAIN "applied"

/*
 * What that comment says, and what the runtime reads back from the kernel: the
 * record is part of the transaction, so it can never disagree with the rules.
 *	policy home-router digest 0123456789abcdef epoch 1+4 mask ff000000
 *
 * and behind it " pending N" if the last N values do not mean "accepted",
 * " kept 5+3" if it accepts these values of the policy before under this mask,
 * and " flow 0f000000" if these bits are for "log: flow" (see ir_mark). Then a
 * comment each says which rule, if it has one zone each, from where to where:
 *	flow 1 lan wan accept-lan-to-wan
 *	flow 2 - - accept-any-to-wan
 * and behind it " +3" if three rules after this one share its number.
 */
struct ir_record {
	char policy[64];
	uint64_t digest;
	uint32_t epoch, count, mask, pending;
	uint32_t kept_epoch, kept_count;
	uint32_t flow_mask; /* 0: none */
};

struct ir_flow_row {
	uint32_t number;
	char from[64], to[64], rule[64]; /* zones may be "-" */
	uint32_t others;
};

const char *ir_record_print(struct arena *arena, const struct ir *ir);
/* False if @comment is no such record. */
bool ir_record_parse(const char *comment, struct ir_record *record);
bool ir_flow_parse(const char *comment, struct ir_flow_row *row);

#endif
