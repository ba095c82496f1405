/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs a packet through the IR as the kernel would: its bytecode, expression by
 * expression, with registers, sets, maps and chains. So what the rules do can
 * be held against what the model says, without a kernel: by tests, and by audit.
 *
 * What is not known of the packet (its DSCP, whether a set that is filled while
 * it runs has its source) is not guessed: both ways are gone, and where they end
 * alike, that is the answer; where not, it is "not known". Who follows a
 * connection over several packets goes the ways himself, so that what is taken
 * for true of one is true of the next:
 *
 *	ways = ir_ways(arena);
 *	do {
 *		first.ways = later.ways = ways;
 *		... ir_run(machine, &first) ... ir_run(machine, &later) ...
 *	} while (ir_ways_next(ways));
 *
 * Limits and quotas always let pass; nothing is remembered between packets but
 * what the caller puts into the next one.
 */
#ifndef NFTOFFC_IR_RUN_H
#define NFTOFFC_IR_RUN_H

#include "ir.h"
#include "lower.h"
#include "policy/model.h"

struct ir_ways;

struct ir_ways *ir_ways(struct arena *arena);
/* To the next way; false if there is none. */
bool ir_ways_next(struct ir_ways *ways);
/* Not all were gone: there were too many. */
bool ir_ways_cut(const struct ir_ways *ways);

/* One packet as a hook sees it. */
struct ir_packet {
	enum ir_hook hook;
	struct packet packet; /* its addresses and ports, as it travels */
	const char *iif, *oif;
	uint32_t state;	      /* NF_CT_STATE_BIT()s */
	bool reply;	      /* of the reply direction */
	uint32_t mark;	      /* of the connection, before */
	uint32_t status;      /* IPS_* of the connection */
	uint64_t packets;     /* of the connection, before */
	int64_t now;	      /* seconds since 1970; 0: as its words say */
	struct ir_ways *ways; /* NULL: all are gone, see above */
};

enum ir_end { IR_DROP, IR_ACCEPT, IR_REJECT, IR_QUEUE };

#define IR_LOGS_MAX 8

struct ir_result {
	enum ir_end end;
	uint32_t mark; /* of the connection, after */
	const char *logs[IR_LOGS_MAX];
	size_t nlogs;
	const char *objects[IR_LOGS_MAX]; /* counters, quotas, helpers */
	size_t nobjects;
	int dscp;  /* what was written, or -1 */
	bool flow; /* offloaded */
	/*
	 * Not known: what decides, but the packet does not tell; or an
	 * expression that nobody knows here. Then all else means nothing.
	 */
	const char *unknown;
	/*
	 * The first rule in nft's own language that it met, which may do
	 * anything: all this holds if those do nothing to the packet.
	 */
	const struct ir_rule *raw;
	size_t steps; /* expressions run: what it costs */
	/* Its destination is translated: */
	bool translated;
	bool own; /* to the router's own address, else to this one: */
	uint8_t address[16];
	uint16_t port; /* 0: it stays */
};

struct ir_machine;

/* Once for many packets. */
struct ir_machine *ir_machine(struct arena *arena, const struct ir *ir);
/* Through the hook's chain that decides. */
struct ir_result ir_run(const struct ir_machine *machine,
			const struct ir_packet *packet);
/* Through the chain ahead of routing that marks; if there is none, nothing
 * happens. */
struct ir_result ir_run_marks(const struct ir_machine *machine,
			      const struct ir_packet *packet);
/* Through the chain that translates destinations; if there is none, nothing
 * happens. */
struct ir_result ir_run_dstnat(const struct ir_machine *machine,
			       const struct ir_packet *packet);

#endif
