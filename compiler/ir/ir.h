/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The intermediate representation: one nf_tables table as its emitters need
 * it. Everything is in the order in which it is emitted; nothing is decided
 * after this point, so text and netlink cannot disagree.
 *
 * All memory is the compilation's arena.
 */
#ifndef NFTOFFC_IR_IR_H
#define NFTOFFC_IR_IR_H

#include "base/map.h"
#include "base/source.h"
#include "vocab/clock.h"
#include "vocab/stmt.h"

#define IR_TABLE "nftoffc" /* family inet, always */
#define IR_CONCAT_MAX 4
#define IR_COMMENT_MAX 128 /* nft's bound on a comment */

/* NF_INET_* */
enum ir_hook {
	IR_HOOK_PREROUTING = 0,
	IR_HOOK_INPUT = 1,
	IR_HOOK_FORWARD = 2,
	IR_HOOK_OUTPUT = 3,
	IR_HOOK_POSTROUTING = 4,
};

/* What every anonymous set of these is called until the kernel numbers it. */
#define IR_RAW_SET "__set%d"

/* A set of a rule of nft's, as attributes. */
struct ir_raw_set {
	struct str attrs; /* of NFT_MSG_NEWSET; without names and ids */
	struct str *elements;
	size_t nelements;
};

/* Where a set's id is to be written into a rule's expressions. */
struct ir_raw_id {
	uint32_t at;  /* offset */
	uint32_t set; /* of sets */
};

/* A rule of nft's as the kernel has it: see runtime/trial/raw.h. */
struct ir_raw {
	struct str exprs; /* what NFTA_RULE_EXPRESSIONS holds */
	struct str userdata;
	struct ir_raw_set *sets;
	size_t nsets;
	struct ir_raw_id *ids;
	size_t nids;
};

struct ir_rule {
	struct ir_rule *next;
	struct span span;    /* the policy's line it comes from */
	const char *comment; /* NULL: none */
	struct ir_op *ops;
	uint32_t nops;
	bool former; /* of the policy that ran before: no part of the digest */
	/*
	 * Instead of ops: a rule in nft's own language, in one line, which
	 * nobody here understands. Its bytecode is asked of nft by who needs
	 * it; without it, the rule cannot be sent.
	 */
	const char *raw;
	const struct ir_raw *code;
};

struct ir_chain {
	struct ir_chain *next;
	const char *name;
	struct span span;
	/* Base chains only: */
	const char *type; /* "filter", "nat"; NULL: not a base chain */
	enum ir_hook hook;
	int priority;
	const char *priority_text; /* as nft lists it: "filter", "dstnat" */
	bool policy_drop;
	bool former; /* for connections of the policy before, as in rules */
	struct ir_rule *rules, **tail;
	uint32_t nrules;
};

struct ir_verdict {
	enum verdict code;
	const char *chain;
};

/*
 * A set, with verdicts a verdict map, or with data a map to values.
 *
 * Elements are packed: element i has its key at keys + i * stride. Without
 * intervals stride = klen; with intervals stride = 2 * klen, the first and the
 * last value (both inclusive) of the range. klen is the sum of the fields'
 * lengths, each padded to 4 bytes in a concatenation (nf_tables' own layout).
 * Values are in wire byte order. Elements are ascending and do not overlap
 * (concatenated intervals: in the order of the policy).
 */
struct ir_set {
	struct ir_set *next;
	const char *name; /* NULL: anonymous, belongs to one rule */
	struct span span;
	enum wire_id fields[IR_CONCAT_MAX];
	uint8_t nfields;
	bool interval;
	bool dynamic;	  /* elements may be added from the packet path or by
			   * hand: it survives an apply with its contents */
	uint32_t member;  /* of the policy's sets, from 1: bit of a packet's
			   * member_of; 0: none */
	bool epoch;	  /* keys are marks of the epoch (see ir_digest()) */
	bool nameless;	  /* ir_settle_sets() is about to give it a name */
	bool former;	  /* asked by rules that are no part of the digest */
	uint64_t timeout; /* milliseconds, 0: none */
	uint32_t size;	  /* bound on elements, 0: none given */
	uint32_t klen;
	uint8_t *keys;
	size_t nelems;
	struct ir_verdict *verdicts; /* nelems, or NULL: a plain set */
	enum wire_id data_type; /* of a map to values (named, no interval) */
	uint8_t *data;		/* element i's at data + i * its length */
};

enum ir_op_kind {
	IR_OP_NONE,
	IR_OP_CMP,    /* key op lo */
	IR_OP_PREFIX, /* key op lo/plen: addresses, and "wlan*" for names */
	IR_OP_RANGE,  /* key in (or, neg, outside) lo..hi */
	IR_OP_FLAGS,  /* any bit of lo set in key (neg: none) */
	IR_OP_MASK,   /* key & hi == lo (neg: !=) */
	IR_OP_SET,    /* keys in set (neg: not in) */
	IR_OP_VMAP,   /* the verdict found under keys [& mask hi] in set */
	IR_OP_STMT,
};

struct ir_op {
	enum ir_op_kind kind;
	bool neg;
	bool masked;   /* VMAP: the (single) key is first ANDed with hi */
	bool epoch;    /* the mark in lo, or what a STMT ct_mark sets, is of
		       * the epoch */
	uint8_t cmp;   /* CMP: NFT_CMP_EQ.. */
	uint8_t plen;  /* PREFIX: bits */
	uint8_t nkeys; /* STMT: what its keys need is tested before it */
	uint8_t keys[IR_CONCAT_MAX]; /* enum key_id */
	uint8_t lo[WIRE_MAX], hi[WIRE_MAX];
	struct ir_set *set;
	const struct stmt *stmt;
};

struct ir_limit { /* a named limit object: shared by the rules naming it */
	struct ir_limit *next;
	const char *name;
	struct span span;
	uint64_t rate, unit; /* packets per unit seconds */
	uint32_t burst;
};

/*
 * The other named objects. Counters and quotas go on counting when another
 * policy has them too; of a quota, the amount may be another.
 */
struct ir_object {
	struct ir_object *next;
	const char *name;
	struct span span;
	uint32_t type;	    /* NFT_OBJECT_COUNTER, _QUOTA or _CT_HELPER */
	uint64_t bytes;	    /* of a quota */
	const char *helper; /* as the kernel calls it */
	uint8_t proto;	    /* of a helper, IPPROTO_* */
};

struct ir_flowtable {
	struct ir_flowtable *next;
	const char *name;
	struct span span;
	int priority; /* 0: "filter" */
	bool hardware, counter;
	/* What only the runtime can tell: */
	bool able;   /* hardware, if all its devices can */
	bool follow; /* instead of a bridge its ports, and so on */
	/*
	 * Exact names, or prefixes ending in '*'. Emitters of text print the
	 * exact ones; the runtime replaces this with the devices that exist.
	 */
	const char **devices;
	size_t ndevices;
};

/* The conntrack mark's part that is ours, see lower.h. */
struct ir_mark {
	uint32_t mask; /* contiguous */
	uint32_t shift;
	uint32_t epoch;	  /* first value of this policy's run, from 1 */
	uint32_t count;	  /* how many values it uses */
	uint32_t pending; /* the last of them, which do not mean "accepted" */
	/*
	 * What "log: flow" keeps beside the value, 0: nothing. The lowest bit:
	 * it has been offloaded; the others: the rule's number.
	 */
	uint32_t flow_mask;
	/* Values of the policy before that are accepted, too; count 0: none. */
	uint32_t kept_epoch, kept_count;
	/* Those that mean "may be offloaded", from 0, ascending. */
	const uint32_t *offload;
	uint32_t noffload;
};

/* An anonymous set of values, and how many rules ask for just these. */
struct ir_shared {
	struct ir_set *set;
	size_t uses;
};

struct ir {
	struct arena *arena;
	const char *policy; /* its name */
	struct ir_mark mark;
	uint64_t digest;
	bool gated; /* what fw4 has not marked is dropped */
	struct ir_chain *chains;
	struct ir_set *sets; /* the named ones */
	struct ir_limit *limits;
	struct ir_object *objects;
	struct ir_flowtable *flowtables;
	struct map shared_by_value;	 /* -> struct ir_shared * */
	size_t anonymous;		 /* uses of anonymous sets of values */
	struct clock clock;		 /* the policy's, and the kernel's: */
	int32_t kernel_east;		 /* of its days, seconds */
	const struct stmt *last_verdict; /* the next one may be the same */
	/* where the next one is appended */
	struct ir_chain **chain_tail;
	struct ir_set **set_tail;
	struct ir_limit **limit_tail;
	struct ir_object **object_tail;
	struct ir_flowtable **flowtable_tail;
};

/* Names are not copied. */
struct ir *ir_new(struct arena *arena, const char *policy);
struct ir_chain *ir_chain_add(struct ir *ir, const char *name,
			      struct span span);
/*
 * With @name NULL an anonymous set, for one op of one rule. nft makes a plain
 * comparison of an anonymous set (not of a map) of a single value: so that text
 * and netlink agree, such a set has at least two elements.
 */
struct ir_set *ir_set_add(struct ir *ir, const char *name, struct span span);
struct ir_limit *ir_limit_add(struct ir *ir, const char *name,
			      struct span span);
struct ir_object *ir_object_add(struct ir *ir, uint32_t type, const char *name,
				struct span span);
/* nft's word for its type. */
const char *ir_object_word(const struct ir_object *object);
struct ir_flowtable *ir_flowtable_add(struct ir *ir, const char *name,
				      struct span span);
/* Fields are concatenated in this order; computes klen. */
void ir_set_field(struct ir_set *set, enum wire_id type);

/* Bytes of field @i in a key, padding included. */
uint32_t ir_field_len(const struct ir_set *set, unsigned int i);
/* Bytes from one element's key to the next. */
size_t ir_set_stride(const struct ir_set *set);
/*
 * NFTA_SET_FLAGS. A dynamic set of intervals is changed by hand alone: the
 * kernel has no such set that the packet path may add to.
 */
uint32_t ir_set_flags(const struct ir_set *set);
/*
 * The bound to ask for, 0: none. nft gives dynamic sets one by itself. Of a given
 * size the kernel's hash tables are made and asked faster; there is room, so that
 * an element more does not make it another set.
 */
uint32_t ir_set_size(const struct ir_set *set);

/*
 * The same for the same policy, whatever epoch it runs in: what tells "this
 * runs already". FNV-1a over everything that is emitted.
 */
uint64_t ir_digest(const struct ir *ir);

/* The longest rule anyone may build, in ops; asserted. */
#define IR_RULE_OPS 32

/*
 * Building a rule: ops are collected, then added to a chain at once.
 *	struct ir_build b = ir_build(ir);
 *	ir_cmp(&b, KEY_IIFNAME, NFT_CMP_EQ, name);
 *	ir_verdict(&b, VERDICT_DROP, NULL);
 *	ir_rule_add(&b, chain, span, comment);   (the builder is empty again)
 */
struct ir_build {
	struct ir *ir;
	uint32_t nops;
	struct ir_op ops[IR_RULE_OPS];
};

struct ir_build ir_build(struct ir *ir);
struct ir_op *ir_op(struct ir_build *b, enum ir_op_kind kind);
void ir_cmp(struct ir_build *b, enum key_id key, unsigned int cmp,
	    const uint8_t *value);
/* A small number of the key's type, equal. */
void ir_is(struct ir_build *b, enum key_id key, uint64_t number);
void ir_in_set(struct ir_build *b, enum key_id key, struct ir_set *set,
	       bool neg);
/*
 * In the @n >= 1 ranges (packed pairs lo, hi of the key's length, ascending,
 * not touching): picks a plain comparison, a prefix, a range or an anonymous
 * set, whichever is least.
 */
void ir_in_ranges(struct ir_build *b, enum key_id key, const uint8_t *ranges,
		  size_t n, bool neg);
/* The one anonymous set that holds what @set does: it, or an earlier one. */
struct ir_set *ir_set_share(struct ir *ir, struct ir_set *set);
/*
 * To be called when all rules are there. Gives names to sets of values that many
 * rules ask for, so that they share one (the time that the kernel takes for
 * anonymous sets grows with the square of their number; 10,000: 21 s), and to
 * large ones, so that an element can be changed by itself. Then puts the dynamic
 * sets first.
 */
void ir_settle_sets(struct ir *ir);
struct stmt *ir_stmt(struct ir_build *b, const struct stmt_ops *ops);
/* A statement that reads, or writes where @id is. */
struct stmt *ir_stmt_on(struct ir_build *b, const struct stmt_ops *ops,
			enum key_id id);
void ir_verdict(struct ir_build *b, enum verdict code, const char *chain);
struct ir_rule *ir_rule_add(struct ir_build *b, struct ir_chain *chain,
			    struct span span, const char *comment);

/* A rule in nft's own language; the text is not copied. */
struct ir_rule *ir_raw_add(struct ir *ir, struct ir_chain *chain,
			   struct span span, const char *text);
/* The first such rule, or NULL. */
const struct ir_rule *ir_raw_first(const struct ir *ir);

size_t ir_count_rules(const struct ir *ir);
/* Of all sets, anonymous ones too. */
size_t ir_count_elements(const struct ir *ir);

/* What the tests of a rule so far have established; 0: nothing. */
struct ir_known {
	uint8_t nfproto, l4proto, link;
};

/* To be called for each op in turn, after what is known was asked for. */
void ir_learn(struct ir_known *known, const struct ir_op *op);

/*
 * A rule's bytecode. Where a key needs a protocol that is not known yet, it is
 * tested right before, as nft does; and as nft does, equal tests of both ports
 * become one.
 */
void ir_linear(struct exprs *out, const struct ir_rule *rule);

#endif
