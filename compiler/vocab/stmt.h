/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statements: what a rule does. Each kind is one operations structure in one
 * file (stmt_log.c, stmt_nat.c ...): how it is written in nft text and which
 * bytecode it is. Arguments are plain data.
 */
#ifndef NFTOFFC_VOCAB_STMT_H
#define NFTOFFC_VOCAB_STMT_H

#include "base/buf.h"
#include "expr.h"

struct stmt;

struct stmt_ops {
	const char *name; /* nft's word */
	const char *doc;  /* one sentence for the manual */
	void (*print)(struct buf *out, const struct stmt *stmt);
	void (*linear)(struct exprs *out, const struct stmt *stmt);
};

extern const struct stmt_ops stmt_verdict, stmt_log, stmt_limit, stmt_counter,
	stmt_ct_mark, stmt_reject, stmt_nat, stmt_masquerade, stmt_flow_add,
	stmt_mss;

/* All of them, NULL at the end: tests and the manual walk this. */
extern const struct stmt_ops *const stmt_all[];

enum verdict {
	VERDICT_DROP, /* zero is the careful value */
	VERDICT_ACCEPT,
	VERDICT_RETURN,
	VERDICT_JUMP,
	VERDICT_GOTO,
};

bool verdict_has_chain(enum verdict verdict);
/* NF_DROP, NFT_JUMP ... as nf_tables has it. */
uint32_t verdict_code(enum verdict verdict);
void verdict_print(struct buf *out, enum verdict verdict, const char *chain);
/* "rate 10/second burst 5 packets", as in a rule and in a limit object. */
void limit_print(struct buf *out, uint64_t rate, uint64_t unit, uint32_t burst);

enum reject_kind {
	REJECT_ICMPX_ADMIN, /* icmpx admin-prohibited */
	REJECT_ICMPX_PORT,  /* icmpx port-unreachable */
	REJECT_TCP_RESET,   /* needs meta l4proto tcp before it */
};

struct stmt {
	const struct stmt_ops *ops;
	union {
		struct {
			enum verdict code;
			const char *chain; /* of jump and goto */
		} verdict;
		struct {
			const char *prefix; /* up to 127 bytes */
			int group;	    /* -1: the kernel's log */
			unsigned int level; /* LOG_EMERG..; ignored with group;
					     * LOG_WARNING is nft's default */
			unsigned int snaplen;
		} log;
		struct {
			const char *name; /* a named limit object, or NULL: */
			uint64_t rate, unit; /* packets per unit seconds */
			uint32_t burst;
		} limit;
		struct {
			uint32_t keep, set; /* mark = mark & keep | set */
		} ct_mark;
		enum reject_kind reject;
		struct {
			bool source;	/* snat, else dnat */
			uint8_t family; /* NFPROTO_IPV4, NFPROTO_IPV6 */
			bool persistent;
			uint8_t lo[WIRE_MAX], hi[WIRE_MAX];
			uint16_t port_lo, port_hi; /* host order; 0: none */
		} nat;
		const char *flowtable;
	};
};

#endif
