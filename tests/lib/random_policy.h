/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random policies, and packets that meet them: the same seed gives the same
 * ones. Whoever holds two things to be equal (the model and the rules, rules
 * with and without an optimiser's pass, rules and a kernel) is tried on them.
 *
 * A policy is kept as lines, and a line as words, each of which may be left
 * out: random_shrink() leaves out all that a disagreement does not need, and
 * what remains is the policy to print.
 *
 * Values come from small pools, so that rules overlap and packets hit them.
 */
#ifndef NFTOFFC_TESTS_LIB_RANDOM_POLICY_H
#define NFTOFFC_TESTS_LIB_RANDOM_POLICY_H

#include "base/buf.h"
#include "policy/model.h"

#define RANDOM_LINES 64
#define RANDOM_WORDS 8

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
	RANDOM_LIMITS = 2, /* never met in a model: they always let pass */
	RANDOM_OFFLOAD = 4,
	RANDOM_DEFAULTS = 8, /* others than drop */
	RANDOM_ZONES = 16,   /* narrowed by subnets, and devices by prefix */
	RANDOM_RUNS = 32,    /* rules that differ in one word only */
};

struct random_line {
	char section; /* 'z' zone, 'd' default, 'r' rule, 'e' eligible, 'x'
		       * exempt */
	bool gone;
	char head[24]; /* "accept" */
	char words[RANDOM_WORDS][96];
	bool word_gone[RANDOM_WORDS];
	size_t nwords;
};

struct random_policy {
	struct random_line lines[RANDOM_LINES];
	size_t nlines;
	bool narrowed; /* zones have subnets: see random_packet() */
};

void random_policy(struct random_policy *policy, struct random *random,
		   unsigned int features);
/* As YAML; what is gone is not there. */
void random_print(struct buf *out, const struct random_policy *policy);
/*
 * Leaves out what @fails does not need to go on answering true, as which it is
 * known to answer for the whole.
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
