/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy as it is loaded without the compiler: its transaction, and all that
 * who loads it must know. A generation of the state directory is one, and
 * `nftoffc compile -f container` writes one.
 *
 *	at	bytes	what
 *	  0	  8	"\211NFTOFFC"
 *	  8	  4	0x01020304: the byte order, of all numbers here and inside
 *	 12	  4	the format's version: 1
 *	 16	  8	size of the file
 *	 24	  8	digest of the head, taken with zeros in its own place
 *	 32	  8	digest of the messages
 *	 40	  8	when it was made, seconds since 1970; 0: it does not say
 *	 48	  8	rules
 *	 56	  8	elements of sets
 *	 64	  4	the generation before it, 0: none
 *	 68	  4	R: bytes of the record
 *	 72	  4	N: bytes of the needs
 *	 76	  4	E: entries of the kernel module
 *	 80	  R	the record, as the kernel has it (ir_record), and a NUL
 *	   	  N	what it needs, each ended by a NUL:
 *			"module"		is required
 *			"flowtable ft auto follow eth0 wlan*": attach.h
 *			"zone lan eth0 wlan*": not needed, but told: zones.h
 *			"fw4"			sets the marks that its rules
 *						wait for
 *			"expression ct"		of nf_tables
 *	   	  8E	entries: mark, mask (keepout.h)
 *	   	  	zeros, until 8 divides what is before: the end of the head
 *	   	  	messages: a batch that makes it from nothing
 *
 * The digest is CRC-64/XZ (ECMA-182, reflected): whatever damage is within 64
 * bits in a row is found for certain, and any other but once in 2^64; it is not
 * for adversaries, who could write the file as well as its digest: so only root
 * may. That the head has its own lets one be told what a file is without
 * reading all of it.
 *
 * What must stay true: nothing is taken from a file before it was checked. The
 * digests say that it is what was written; each length is looked at all the
 * same, and what is to be sent is looked at message by message (sound.h).
 */
#ifndef NFTOFFC_RUNTIME_RULESET_CONTAINER_H
#define NFTOFFC_RUNTIME_RULESET_CONTAINER_H

#include "ir/lower.h"
#include "runtime/ruleset/keepout.h"

#define CONTAINER_VERSION 1
#define CONTAINER_FIXED 80 /* bytes, of every head */

struct container {
	const char *record;	 /* as ir_record_print() wrote it, */
	struct ir_record parsed; /* and what it says */
	uint64_t created;
	uint64_t rules, elements;
	uint32_t previous;
	VEC(const char *) needs;
	struct keepout entries;
	struct str messages;
};

void container_write(struct buf *out, const struct container *c);
/* The head alone: the messages, which may be many, are to follow it. */
void container_write_head(struct buf *out, const struct container *c);

/*
 * NULL, or what is wrong with it, as the end of a sentence. Everything in @c
 * points into @bytes, or is of the arena. The head alone: @bytes is its
 * beginning, as far as it is there, of a file of @size; messages are left out.
 */
const char *container_head(struct container *c, struct arena *arena,
			   struct str bytes, uint64_t size);
const char *container_read(struct container *c, struct arena *arena,
			   struct str bytes);
/* How long the head is that begins so; 0: it cannot be told. */
size_t container_head_size(struct str bytes);

/* "" of "module", "auto named eth0" of "flowtable ft auto named eth0"; or NULL. */
const char *container_need(const struct container *c, const char *what);
/* Adds the expressions that the messages use. */
void container_add_expressions(struct container *c, struct arena *arena);

uint64_t container_digest(uint64_t crc, const void *data, size_t n);

#endif
