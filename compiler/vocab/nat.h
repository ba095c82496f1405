/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside compiler/vocab only: what the statements that translate share, which
 * is their ports and their flags.
 */
#ifndef NFTOFFC_VOCAB_NAT_H
#define NFTOFFC_VOCAB_NAT_H

#include "stmt.h"

bool nat_has_ports(const struct stmt *stmt);
/* "80-90", or "tcp dport map @ports". */
void nat_print_ports(struct buf *out, const struct stmt *stmt);
/* " random,persistent", or nothing. */
void nat_print_flags(struct buf *out, const struct stmt *stmt);

/* A statement of these alone. */
void nat_print_alone(struct buf *out, const char *word,
		     const struct stmt *stmt);

/* Both as members of the object that is open. */
void nat_json(struct json *out, const struct stmt *stmt);
/* A statement of these alone: null if there are none. */
void nat_json_alone(struct json *out, const char *word,
		    const struct stmt *stmt);

/* The registers that hold the ports, 0: none; the next free one is @reg. */
struct nat_ports {
	uint32_t lo, hi;
};

struct nat_ports nat_linear_ports(struct exprs *out, const struct stmt *stmt,
				  uint32_t *reg);
uint32_t nat_flags(const struct stmt *stmt);
/* A statement of these alone: EXPR_MASQ or EXPR_REDIR. */
void nat_linear_alone(struct exprs *out, enum expr_kind kind,
		      const struct stmt *stmt);
/* A value into the register @reg, which counts on. */
uint32_t nat_immediate(struct exprs *out, uint32_t *reg, const void *value,
		       uint32_t len);

#endif
