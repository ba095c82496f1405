/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nf_tables bytecode as plain data: what a rule is made of after the IR was
 * made linear. The netlink emitter writes each as attributes; tests print them
 * (bytecode goldens). Nothing here knows netlink.
 *
 * Registers are named as in uapi nf_tables.h: NFT_REG_1.. (16 bytes each) or
 * NFT_REG32_00.. (4 bytes each).
 */
#ifndef NFTOFFC_VOCAB_EXPR_H
#define NFTOFFC_VOCAB_EXPR_H

#include "base/arena.h"
#include "key.h"

enum expr_kind {
	EXPR_NONE,
	EXPR_LOAD,	  /* len bytes from where the key begins -> reg */
	EXPR_CMP,	  /* reg op data[len] */
	EXPR_RANGE,	  /* reg in (op eq) or outside (neq) data..data2 */
	EXPR_BITWISE,	  /* reg = (reg & data) ^ data2, len */
	EXPR_BYTEORDER,	  /* reg = hton(reg), size arg, len */
	EXPR_LOOKUP,	  /* reg in set; flags NFT_LOOKUP_F_INV; reg2: where the
			   * value of a map goes, 0: none */
	EXPR_IMMEDIATE,	  /* reg = data[len] */
	EXPR_VERDICT,	  /* arg = NF_DROP, NFT_GOTO ...; name: chain */
	EXPR_CT_SET,	  /* ct key arg = reg */
	EXPR_META_SET,	  /* meta key arg = reg */
	EXPR_PAYLOAD_SET, /* len bytes where the key begins = reg */
	EXPR_NOTRACK,
	EXPR_QUEUE,  /* arg: first number, len: how many; flags */
	EXPR_DYNSET, /* arg = NFT_DYNSET_OP_*, reg: key, name: the set */
	EXPR_LOG,    /* name: prefix; the log fields below */
	EXPR_LIMIT,  /* the limit fields below */
	EXPR_OBJREF, /* arg = NFT_OBJECT_*, name */
	EXPR_COUNTER,
	EXPR_REJECT, /* arg = NFT_REJECT_*, flags = icmp code */
	EXPR_NAT,    /* arg = NFT_NAT_SNAT/DNAT, family; registers below */
	EXPR_MASQ,   /* flags = NF_NAT_RANGE_*, reg/reg2: ports or 0 */
	EXPR_REDIR,
	EXPR_FLOW,	 /* name: the flowtable */
	EXPR_RT_LOAD,	 /* arg = NFT_RT_*, -> reg */
	EXPR_TCPOPT_SET, /* option arg, base offset, len = reg */
};

struct ir_set;

struct expr {
	enum expr_kind kind;
	uint32_t reg, reg2; /* reg2: second register (ranges of NAT) */
	uint32_t op;	    /* NFT_CMP_* */
	uint32_t arg, flags;
	uint32_t len;
	uint8_t data[WIRE_MAX], data2[WIRE_MAX];
	const struct key *key;
	const char *name;
	const struct ir_set *set;
	union {
		struct {
			int32_t group;		 /* -1: the kernel's log */
			uint32_t level, snaplen; /* snaplen 0: not given */
		} log;
		struct {
			uint64_t rate, unit; /* per unit seconds */
			uint32_t burst;
		} limit;
		struct {
			uint32_t family;      /* NFPROTO_IPV4, NFPROTO_IPV6 */
			uint32_t port, port2; /* registers, 0: none */
		} nat;
		struct {
			uint32_t offset;
		} tcpopt;
		struct {
			uint32_t csum, csum_offset; /* NFT_PAYLOAD_CSUM_* */
		} payload;
		struct {
			uint64_t timeout;    /* milliseconds, 0: none */
			uint64_t rate, unit; /* rate 0: none */
			uint32_t burst;
			uint32_t connections; /* 0: none */
		} dynset;
	};
};

struct exprs {
	struct arena *arena;
	VEC(struct expr) list;
};

/* A new zeroed expression at the end. */
struct expr *expr_add(struct exprs *exprs, enum expr_kind kind);

#endif
