/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random policies, and packets that meet them: the same seed gives the same
 * ones. Whoever holds two things to be equal (the model and the rules, rules
 * with and without an optimiser's pass, rules and a kernel) is tried on them.
 *
 * A policy is kept as lines, and a line as words, each of which may be left
 * out: random_shrink() leaves out all that a disagreement does not need, and
 * what remains is the policy to print. There are two kinds: those of this file,
 * in a small world of three zones, and those of random_router.h, which a kernel
 * can be asked about.
 *
 * Values come from small pools, so that rules overlap and packets hit them.
 */
#ifndef NFTOFFC_TESTS_LIB_RANDOM_POLICY_H
#define NFTOFFC_TESTS_LIB_RANDOM_POLICY_H

#include "base/buf.h"
#include "policy/model.h"

#define RANDOM_LINES 64
#define RANDOM_WORDS 12
#define RANDOM_WORD 160 /* the longest, with its NUL */

/* xorshift64*; the state is never 0. */
struct random {
	uint64_t state;
};

struct random random_seeded(uint64_t seed);
uint32_t random_below(struct random *random, uint32_t n);
/* True @percent times of a hundred. */
bool random_chance(struct random *random, uint32_t percent);

/* What may occur besides actions and matches. */
enum random_features {
	RANDOM_LOGS = 1,
	RANDOM_LIMITS = 2, /* and bounds, so wide that they always let pass */
	RANDOM_OFFLOAD = 4,
	RANDOM_DEFAULTS = 8, /* others than drop */
	RANDOM_ZONES = 16,   /* narrowed by subnets, and devices by prefix */
	RANDOM_RUNS = 32,    /* rules that differ in a few words only */
	RANDOM_PACKETS = 64, /* words of the packet: DSCP, MAC address ... */
	RANDOM_FW4 = 128,    /* some that stand beside fw4 */
};

struct random_line {
	char section; /* 'd' default, 'r' rule, 'n' nat, 'e' eligible,
		       * 'x' exempt */
	bool gone;
	char head[24]; /* "accept" */
	char words[RANDOM_WORDS][RANDOM_WORD];
	bool word_gone[RANDOM_WORDS];
	size_t nwords;
};

struct random_policy {
	struct random_line lines[RANDOM_LINES];
	size_t nlines;
	const char *head; /* zones, sets, services; NULL: those of this file */
	bool narrowed;	  /* zones have subnets: see random_packet() */
	bool beside;	  /* fw4 */
};

/* An entry as it is written: "accept: { from: lan, to: wan }". */
void random_line(struct random_policy *policy, char section, const char *text);
void random_policy(struct random_policy *policy, struct random *random,
		   unsigned int features);
/* As YAML; what is gone is not there. */
void random_print(struct buf *out, const struct random_policy *policy);
/*
 * Leaves out the lines, words and items of lists that @fails does not need to go
 * on answering true, as which it is known to answer for the whole.
 */
void random_shrink(struct random_policy *policy,
		   bool (*fails)(const struct random_policy *policy,
				 void *data),
		   void *data);

/*
 * A packet between the policy's zones whose fields are all known; where zones
 * are narrowed, its addresses are theirs.
 */
struct packet random_packet(struct random *random, const struct model *model);

#endif
