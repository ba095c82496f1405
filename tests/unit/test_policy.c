// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is said about policies, held against the model: on random policies and
 * packets (tests/lib/random_policy.h), shrunk where they disagree.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "compile.h"
#include "ir/run.h"
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

/* How many policies to try: TRIES times as many where it is set. */
static uint64_t tries(uint64_t n)
{
	const char *times = getenv("TRIES");

	return n * (times ? strtoull(times, NULL, 10) : 1);
}

/* Shows the smallest policy on which @fails still answers true. */
static void disagree(struct random_policy *policy, uint64_t seed,
		     bool (*fails)(const struct random_policy *policy,
				   void *data),
		     void *data, const char *what)
{
	struct buf text = { 0 };

	random_shrink(policy, fails, data);
	ck_assert(fails(policy, data)); /* for @what */
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
	if (!answer.rule && !action_goes_on(try->model->rules[rule].action))
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

	for (uint64_t seed = 1; seed <= tries(REACH_POLICIES); seed++) {
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

/* ---- what the rules do ---- */

#define RULES_POLICIES 1500
#define RULES_PACKETS 40

#define CT_ESTABLISHED 2
#define CT_NEW 8

struct rules_try {
	uint64_t seed;
	const struct model *model;
	const struct ir_machine *machine;
	size_t policies, accepted, refused, logged,
		offloaded; /* what was met */
	char wrong[600];
};

static const char *device_of(const struct model *model, int zone,
			     struct random *random)
{
	const struct device *device;

	if (zone < 0)
		return NULL;
	device = &model->zones[zone].devices[random_below(
		random, (uint32_t)model->zones[zone].ndevices)];
	return device->prefix ? "lan1.7" : device->name;
}

static enum ir_hook hook_of(const struct packet *packet)
{
	return packet->to < 0	? IR_HOOK_INPUT :
	       packet->from < 0 ? IR_HOOK_OUTPUT :
				  IR_HOOK_FORWARD;
}

/* How the answer to @first travels. */
static struct ir_packet reply_to(const struct ir_packet *first)
{
	struct ir_packet reply = *first;
	const struct packet *p = &first->packet;

	reply.hook = first->hook == IR_HOOK_INPUT  ? IR_HOOK_OUTPUT :
		     first->hook == IR_HOOK_OUTPUT ? IR_HOOK_INPUT :
						     IR_HOOK_FORWARD;
	reply.iif = first->oif;
	reply.oif = first->iif;
	memcpy(reply.packet.saddr, p->daddr, sizeof(p->daddr));
	memcpy(reply.packet.daddr, p->saddr, sizeof(p->saddr));
	reply.packet.sport = p->dport;
	reply.packet.dport = p->sport;
	reply.reply = true;
	reply.state = CT_ESTABLISHED;
	return reply;
}

static void differ(struct rules_try *try, const struct packet *packet,
		   const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void differ(struct rules_try *try, const struct packet *packet,
		   const char *fmt, ...)
{
	struct arena *arena = arena_new();
	va_list args;
	size_t n;

	n = (size_t)snprintf(try->wrong, sizeof(try->wrong),
			     "%s: ", packet_words(arena, try->model, packet));
	va_start(args, fmt);
	vsnprintf(try->wrong + n, sizeof(try->wrong) - n, fmt, args);
	va_end(args);
	arena_free(arena);
}

static void first_differs(struct rules_try *try, const struct packet *packet,
			  const struct answer *said,
			  const struct ir_result *done)
{
	static const enum ir_end ends[] = {
		[ACTION_DROP] = IR_DROP,
		[ACTION_REJECT] = IR_REJECT,
		[ACTION_ACCEPT] = IR_ACCEPT,
	};
	const char *name = said->logs ? said->logs->name : "";

	if (done->unknown)
		differ(try, packet, "not known: %s", done->unknown);
	else if (done->end != ends[said->action])
		differ(try, packet, "the verdict is %d, said was %d", done->end,
		       ends[said->action]);
	else if (!done->nlogs != !said->log)
		differ(try, packet, "logged %zu times, said was %d",
		       done->nlogs, said->log);
	else if (said->log && strncmp(done->logs[0], name, strlen(name)) != 0 &&
		 strncmp(done->logs[0], name, 60) != 0)
		differ(try, packet, "logged as %s, said was %s", done->logs[0],
		       name);
}

/* A later packet of an accepted connection. */
static void later_differs(struct rules_try *try, const struct ir_packet *later,
			  const struct answer *said)
{
	struct ir_result done = ir_run(try->machine, later);

	if (done.unknown || done.end != IR_ACCEPT)
		differ(try, &later->packet, "a later packet ends with %d",
		       done.end);
	else if (done.flow != said->offload)
		differ(try, &later->packet, "offloaded: %d, said was %d",
		       done.flow, said->offload);
	else if (!done.nlogs != (said->log != LOG_EVERY))
		differ(try, &later->packet,
		       "a later packet is logged %zu "
		       "times, said was %d",
		       done.nlogs, said->log);
}

static bool is_icmp(const struct packet *packet)
{
	return packet->proto == 1 || packet->proto == 58;
}

/* Nothing is decided yet, and the answer is what is seen first. */
static void reply_differs(struct rules_try *try, const struct ir_packet *first,
			  const struct answer *said)
{
	struct ir_packet reply = reply_to(first);
	struct ir_result done;

	if (is_icmp(&first->packet))
		return; /* it has another type than what it answers */
	done = ir_run(try->machine, &reply);
	if (done.unknown ||
	    (done.end == IR_ACCEPT) != (said->action == ACTION_ACCEPT))
		differ(try, &first->packet,
		       "the reply ends with %d, said "
		       "was %d",
		       done.end, said->action);
}

static void try_packet(struct rules_try *try, struct random *random)
{
	struct ir_packet first = { .state = CT_NEW, .packets = 1 };
	struct ir_packet later;
	struct answer said;
	struct ir_result done;

	first.packet = random_packet(random, try->model);
	first.hook = hook_of(&first.packet);
	first.iif = device_of(try->model, first.packet.from, random);
	first.oif = device_of(try->model, first.packet.to, random);
	model_evaluate(try->model, &first.packet, &said);
	done = ir_run(try->machine, &first);
	first_differs(try, &first.packet, &said, &done);
	if (try->wrong[0])
		return;
	reply_differs(try, &first, &said);
	try->accepted += done.end == IR_ACCEPT;
	try->refused += done.end != IR_ACCEPT;
	try->logged += done.nlogs != 0;
	try->offloaded += said.offload;
	if (done.end != IR_ACCEPT || try->wrong[0])
		return;
	later = first;
	later.state = CT_ESTABLISHED;
	later.mark = done.mark;
	later.packets = 1000;
	later_differs(try, &later, &said);
}

static bool rules_fail(const struct random_policy *policy, void *data)
{
	struct rules_try *try = data;
	struct random random = random_seeded(try->seed);
	struct compilation c;
	size_t i;

	try->wrong[0] = '\0';
	compile(&c, policy);
	if (c.model) {
		try->policies++;
		try->model = c.model;
		try->machine =
			ir_machine(c.arena, lower(c.arena, c.model, NULL));
		for (i = 0; !try->wrong[0] && i < RULES_PACKETS; i++)
			try_packet(try, &random);
	}
	arena_free(c.arena);
	return try->wrong[0];
}

START_TEST(rules_do_what_the_model_says)
{
	struct rules_try try = { 0 };
	struct random_policy policy;

	for (uint64_t seed = 1; seed <= tries(RULES_POLICIES); seed++) {
		struct random random = random_seeded(seed);

		try.seed = seed;
		random_policy(&policy, &random, ~0u);
		if (rules_fail(&policy, &try))
			disagree(&policy, seed, rules_fail, &try, try.wrong);
	}
	ck_assert_uint_gt(try.policies, RULES_POLICIES / 2);
	ck_assert_uint_gt(try.accepted, RULES_POLICIES);
	ck_assert_uint_gt(try.refused, RULES_POLICIES);
	ck_assert_uint_gt(try.logged, RULES_POLICIES);
	ck_assert_uint_gt(try.offloaded, RULES_POLICIES / 20);
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

	tcase_set_timeout(tcase, 3600);
	tcase_add_test(tcase, reach_is_what_the_model_says);
	tcase_add_test(tcase, rules_do_what_the_model_says);
	tcase_add_test(tcase, words_name_the_packet);
	suite_add_tcase(suite, tcase);
	return suite;
}
