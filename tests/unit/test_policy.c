// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is said about policies, held against the model: on random policies and
 * packets (tests/lib/random_policy.h), shrunk where they disagree.
 */
#include <stdio.h>
#include <stdlib.h>

#include "compile.h"
#include "policy/policy.h"
#include "policy/reach.h"
#include "read/yaml.h"
#include "suites.h"
#include "tests/lib/random_policy.h"

/* That a rule repeats another one is a mistake, but its model is whole. */
static bool usable(const struct model *model)
{
	for (size_t i = 0; i < model->nrules; i++)
		if (!model->rules[i].alts || !model->rules[i].alts->n)
			return false;
	return model->nzones > 0;
}

/* The model is NULL if it is not to be used. */
static void compile(struct compilation *c, const struct random_policy *policy)
{
	struct buf text = { 0 };
	struct source *source;
	struct node *root;

	*c = (struct compilation){ .arena = arena_new() };
	random_print(&text, policy);
	sources_init(&c->sources, c->arena);
	c->diags = diags_new(c->arena, &c->sources);
	source = source_add(
		&c->sources, "random.yaml",
		(struct str){ arena_strndup(c->arena, text.p, text.n),
			      text.n });
	buf_free(&text);
	root = yaml_read(c->arena, source, c->diags);
	if (root)
		c->model = policy_bind(c->arena, &c->sources, source, root,
				       c->diags);
	if (c->model && !usable(c->model))
		c->model = NULL;
}

/* Shows the smallest policy on which @fails still answers true. */
static void disagree(struct random_policy *policy, uint64_t seed,
		     bool (*fails)(const struct random_policy *policy,
				   void *data),
		     void *data, const char *what)
{
	struct buf text = { 0 };

	random_shrink(policy, fails, data);
	random_print(&text, policy);
	ck_abort_msg("seed %llu: %s\n%s", (unsigned long long)seed, what,
		     text.p);
}

/* ---- what is never reached ---- */

#define REACH_POLICIES 3000
#define REACH_PACKETS 60

struct reach_try {
	uint64_t seed;
	const struct model *model;
	enum reach of[RANDOM_LINES];
	const char *wrong;
	size_t policies, none, some; /* what was met: none may stay 0 */
};

/* A rule that lets others pass may stand before what it decides. */
static bool surely_before(const struct model *model, const struct rule *rule,
			  size_t index)
{
	return rule && rule < &model->rules[index] && rule_decides(rule);
}

static void note_reach(void *data, size_t rule, const struct reached *reached)
{
	struct reach_try *try = data;
	struct answer answer;

	try->of[rule] = reached->reach;
	if (reached->reach == REACH_UNKNOWN)
		try->wrong = "something is not known";
	if (reached->reach == REACH_NONE)
		try->none++;
	if (reached->reach != REACH_SOME)
		return;
	try->some++;
	model_evaluate(try->model, &reached->packet, &answer);
	if (surely_before(try->model, answer.rule, rule))
		try->wrong = "a rule is said to take a packet that it does not";
	if (!answer.rule && try->model->rules[rule].action != ACTION_LOG)
		try->wrong = "a rule does not meet what it is said to take";
}

static bool reach_fails(const struct random_policy *policy, void *data)
{
	struct random random;
	struct reach_try *try = data;
	struct compilation c;
	size_t i;

	try->wrong = NULL;
	random = random_seeded(try->seed);
	compile(&c, policy);
	try->model = c.model;
	if (c.model)
		rules_reach(c.arena, c.model, &c.sources, note_reach, try);
	for (i = 0; c.model && !try->wrong && i < REACH_PACKETS; i++) {
		struct packet packet = random_packet(&random, c.model);
		struct answer answer;

		model_evaluate(c.model, &packet, &answer);
		if ((answer.rule &&
		     try->of[answer.rule - c.model->rules] == REACH_NONE) ||
		    (answer.logs &&
		     try->of[answer.logs - c.model->rules] == REACH_NONE))
			try->wrong = "a rule that is said to be never reached "
				     "takes a packet";
	}
	try->policies += c.model != NULL;
	arena_free(c.arena);
	return try->wrong != NULL;
}

START_TEST(reach_is_what_the_model_says)
{
	struct random_policy policy;
	struct reach_try try = { 0 };

	for (uint64_t seed = 1; seed <= REACH_POLICIES; seed++) {
		struct random random = random_seeded(seed);

		try.seed = seed;
		random_policy(&policy, &random,
			      RANDOM_LOGS | RANDOM_LIMITS | RANDOM_DEFAULTS |
				      RANDOM_RUNS);
		if (reach_fails(&policy, &try))
			disagree(&policy, seed, reach_fails, &try, try.wrong);
	}
	ck_assert_uint_gt(try.policies, REACH_POLICIES / 2);
	ck_assert_uint_gt(try.none, REACH_POLICIES / 20);
	ck_assert_uint_gt(try.some, REACH_POLICIES);
}
END_TEST

/* ---- the words of an example ---- */

#define WORDS_PACKETS 200

static void assert_same(const struct packet *a, const struct packet *b)
{
	ck_assert_int_eq(a->from, b->from);
	ck_assert_int_eq(a->to, b->to);
	ck_assert_int_eq(a->family, b->family);
	ck_assert_int_eq(a->proto, b->proto);
	ck_assert_mem_eq(a->saddr, b->saddr, sizeof(a->saddr));
	ck_assert_mem_eq(a->daddr, b->daddr, sizeof(a->daddr));
	ck_assert_int_eq(a->sport, b->sport);
	ck_assert_int_eq(a->dport, b->dport);
	ck_assert_int_eq(a->icmp_type, b->icmp_type);
}

START_TEST(words_name_the_packet)
{
	struct random random = random_seeded(1);
	struct random_policy policy;
	struct packet packet, read;
	struct compilation c;
	const char *words;
	size_t i;

	random_policy(&policy, &random, 0);
	compile(&c, &policy);
	ck_assert_ptr_nonnull(c.model);
	for (i = 0; i < WORDS_PACKETS; i++) {
		packet = random_packet(&random, c.model);
		words = packet_words(c.arena, c.model, &packet);
		memset(&read, 0, sizeof(read));
		ck_assert_msg(compile_packet(&c, words, &read), "%s", words);
		assert_same(&packet, &read);
	}
	arena_free(c.arena);
}
END_TEST

Suite *policy_suite(void)
{
	Suite *suite = suite_create("policy");
	TCase *tcase = tcase_create("policy");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, reach_is_what_the_model_says);
	tcase_add_test(tcase, words_name_the_packet);
	suite_add_tcase(suite, tcase);
	return suite;
}
