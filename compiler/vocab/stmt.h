/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Statements: what a rule does. Each kind is one operations structure in one
 * file (stmt_log.c, stmt_nat.c ...): how it is written in nft text and in
 * libnftables' JSON, and which bytecode it is. Arguments are plain data.
 */
#ifndef NFTOFFC_VOCAB_STMT_H
#define NFTOFFC_VOCAB_STMT_H

#include "base/buf.h"
#include "base/doc.h"
#include "expr.h"

struct stmt;

/*
 * Which of a connection's packets a statement must see: what decides whether a
 * connection that it touches may be offloaded.
 */
enum stmt_later {
	LATER_ALL,	/* every one: zero is the careful value */
	LATER_IF_EVERY, /* every one if the policy says so ("log: every") */
	LATER_NONE,	/* the first, or those of the handshake */
};

struct stmt_ops {
	const char *name; /* nft's word */
	const char *doc;  /* one sentence for the manual */
	enum stmt_later later;
	void (*print)(struct buf *out, const struct stmt *stmt);
	/* The same in libnftables' JSON: one object. */
	void (*json)(struct json *out, const struct stmt *stmt);
	void (*linear)(struct exprs *out, const struct stmt *stmt);
};

extern const struct stmt_ops stmt_verdict, stmt_log, stmt_limit, stmt_counter,
	stmt_quota, stmt_update, stmt_mark, stmt_dscp, stmt_helper,
	stmt_notrack, stmt_queue, stmt_ct_mark, stmt_reject, stmt_nat,
	stmt_masquerade, stmt_redirect, stmt_flow_add, stmt_mss;

/* All of them, NULL at the end: tests and the manual walk this. */
extern const struct stmt_ops *const stmt_all[];

/* The mark @id & @keep | @set into NFT_REG_1, as bytecode. */
void mark_linear(struct exprs *out, enum key_id id, uint32_t keep,
		 uint32_t set);

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
void verdict_json(struct json *out, enum verdict verdict, const char *chain);
/*
 * "192.0.2.1-192.0.2.9:80-90", "[2001:db8::1]:80": an address or a range, and a
 * port or a range (0: none), as in a rule and as people are told.
 */
void nat_print_target(struct buf *out, enum wire_id type, const uint8_t *lo,
		      const uint8_t *hi, uint16_t port_lo, uint16_t port_hi);
/* "rate 10/second burst 5 packets", as in a rule and in a limit object. */
void limit_print(struct buf *out, uint64_t rate, uint64_t unit, uint32_t burst);
/* The same, as members of the object that is open. */
void limit_json(struct json *out, uint64_t rate, uint64_t unit, uint32_t burst);

/* mark = mark & keep | set, of the packet or of the connection. */
void mark_json(struct json *out, enum key_id id, uint32_t keep, uint32_t set);

/* A reference to a named object: "counter name \"web\"". */
void object_print(struct buf *out, const char *words, const char *name);
/* The same: {"counter": "web"}. */
void object_json(struct json *out, const char *words, const char *name);
/* @type is NFT_OBJECT_*. */
void object_linear(struct exprs *out, uint32_t type, const char *name);

enum reject_kind {
	REJECT_ICMPX_ADMIN, /* icmpx admin-prohibited */
	REJECT_ICMPX_PORT,
	REJECT_ICMPX_HOST,
	REJECT_ICMPX_NET,
	REJECT_TCP_RESET, /* needs meta l4proto tcp before it */
	REJECTS
};

/* Names of traffic classes; NULL past the end. */
const struct wire_name *dscp_name_at(size_t i);

/* How a policy calls it: "port-unreachable"; NULL past the end. */
const char *reject_word(enum reject_kind kind);

/* A connection tracking helper, and the protocols that it reads. */
struct ct_helper {
	const char *name;      /* in a policy */
	const char *type;      /* in the kernel */
	uint8_t proto, proto2; /* IPPROTO_*, 0: none */
};

const struct ct_helper *ct_helper_at(size_t i); /* NULL past the end */

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
		struct {
			uint32_t keep, set; /* mark = mark & keep | set */
		} mark;
		const char *object; /* named counter, quota or helper; a
				     * counter's may be NULL */
		struct {
			uint16_t lo, hi;
			bool bypass, fanout;
		} queue;
		struct {
			uint8_t family; /* NFPROTO_IPV4, NFPROTO_IPV6 */
			uint8_t value;
		} dscp;
		struct {
			const char *set;
			enum key_id key;
			bool constant;	     /* one element for all packets */
			bool refresh;	     /* the timeout begins again */
			uint64_t timeout;    /* milliseconds, 0: the set's */
			uint64_t rate, unit; /* 0: no rate to keep to */
			uint32_t burst;
			uint32_t connections; /* at once, 0: any number */
		} update;
		uint16_t mss; /* 0: the route's */
		enum reject_kind reject;
		struct {
			/* masquerade and redirect have ports and flags alone */
			bool source;	/* snat, else dnat */
			uint8_t family; /* NFPROTO_IPV4, NFPROTO_IPV6 */
			bool persistent, random;
			bool prefix; /* lo..hi takes the place of a prefix */
			uint8_t lo[WIRE_MAX], hi[WIRE_MAX];
			uint16_t port_lo, port_hi; /* host order; 0: none */
			/* Or a named map from the port that is to the new one,
			 * and the one protocol of the rule, 0: several. */
			const struct ir_set *ports;
			const char *ports_name;
			uint8_t l4proto;
		} nat;
		const char *flowtable;
	};
};

#endif
