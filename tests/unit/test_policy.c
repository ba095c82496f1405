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
#include "policy/only.h"
#include "policy/policy.h"
#include "policy/reach.h"
#include "read/yaml.h"
#include "suites.h"
#include "tests/lib/keeps.h"
#include "tests/lib/random_policy.h"
#include "tests/lib/random_router.h"

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

/* ---- and nothing else ---- */

#define ONLY_POLICIES 3000
#define ONLY_PACKETS 60
#define ONLY_PERMITS 4

struct only_try {
	uint64_t seed;
	const char *wrong;
	size_t policies, proved, leaks; /* what was met: none may stay 0 */
};

/* What is listed, and between which zones, is what some of the rules say. */
static struct only some_only(struct random *random, const struct model *model,
			     struct permit permits[ONLY_PERMITS])
{
	const uint32_t n = (uint32_t)model->nrules;
	struct only only = {
		.from = model->rules[random_below(random, n)].from,
		.to = model->rules[random_below(random, n)].to,
		.permits = permits,
		.npermits = random_below(random, ONLY_PERMITS + 1),
	};

	for (size_t i = 0; i < only.npermits; i++) {
		const struct rule *rule =
			&model->rules[random_below(random, n)];

		permits[i] = (struct permit){ rule->span, rule->matches,
					      rule->nmatches, rule->alts };
	}
	return only;
}

static bool is_beside(const struct only *only, const struct packet *packet,
		      const struct answer *answer)
{
	if (answer->action != ACTION_ACCEPT ||
	    !zone_set_has(&only->from, packet->from) ||
	    !zone_set_has(&only->to, packet->to))
		return false;
	for (size_t i = 0; i < only->npermits; i++)
		if (alts_match(only->permits[i].alts, packet))
			return false;
	return true;
}

/* Whether a limit lets a packet pass is not known. */
static bool has_limits(uint64_t seed)
{
	return seed % 2;
}

static void try_only(struct only_try *try, const struct compilation *c,
		     struct random *random)
{
	struct permit permits[ONLY_PERMITS];
	struct only only = some_only(random, c->model, permits);
	struct leak leak = only_prove(c->model, &c->sources, &only);
	struct answer answer;

	try->proved += leak.result == ONLY_PROVED;
	try->leaks += leak.result == ONLY_LEAKS;
	if (leak.result == ONLY_UNKNOWN ||
	    (leak.result == ONLY_LEAKS && !leak.sure && !has_limits(try->seed)))
		try->wrong = "something is not known";
	if (leak.result == ONLY_LEAKS && leak.sure) {
		model_evaluate(c->model, &leak.packet, &answer);
		if (!is_beside(&only, &leak.packet, &answer) ||
		    answer.rule != leak.rule)
			try->wrong = "what is shown is not accepted besides";
	}
	for (size_t i = 0; leak.result == ONLY_PROVED && i < ONLY_PACKETS;
	     i++) {
		struct packet packet = random_packet(random, c->model);

		model_evaluate(c->model, &packet, &answer);
		if (is_beside(&only, &packet, &answer))
			try->wrong = "what is proved is not so";
	}
}

static bool only_fails(const struct random_policy *policy, void *data)
{
	struct only_try *try = data;
	struct random random = random_seeded(try->seed);
	struct compilation c;

	try->wrong = NULL;
	compile(&c, policy);
	if (c.model && c.model->nrules)
		try_only(try, &c, &random);
	try->policies += c.model != NULL;
	arena_free(c.arena);
	return try->wrong != NULL;
}

START_TEST(only_is_what_the_model_says)
{
	struct random_policy policy;
	struct only_try try = { 0 };

	for (uint64_t seed = 1; seed <= tries(ONLY_POLICIES); seed++) {
		struct random random = random_seeded(seed);

		try.seed = seed;
		random_policy(&policy, &random,
			      RANDOM_LOGS | RANDOM_DEFAULTS | RANDOM_RUNS |
				      RANDOM_ZONES |
				      (has_limits(seed) ? RANDOM_LIMITS : 0));
		if (only_fails(&policy, &try))
			disagree(&policy, seed, only_fails, &try, try.wrong);
	}
	ck_assert_uint_gt(try.policies, ONLY_POLICIES / 2);
	ck_assert_uint_gt(try.proved, ONLY_POLICIES / 20);
	ck_assert_uint_gt(try.leaks, ONLY_POLICIES / 5);
}
END_TEST

/* ---- what the rules do ---- */

#define RULES_POLICIES 1000
#define RULES_PACKETS 40

#define CT_ESTABLISHED 2
#define CT_NEW 8
#define STATUS_DST_NAT 0x20

struct rules_try {
	uint64_t seed;
	const struct model *model;
	const struct ir_machine *machine;
	struct keepout keepout; /* what the kernel module is told */
	opt_without without;	/* of the optimiser */
	size_t policies, accepted, refused, logged,
		offloaded; /* what was met */
	size_t left_out, joined, maps, tuples, translated, pairs;
	void (*packet)(struct rules_try *try, struct random *random);
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
	if (!device->prefix)
		return device->name;
	return device->name[0] == 'w' ? "wl0" : "lan1.7";
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

	reply.hook = first->hook == IR_HOOK_INPUT  ? IR_HOOK_OUTPUT :
		     first->hook == IR_HOOK_OUTPUT ? IR_HOOK_INPUT :
						     IR_HOOK_FORWARD;
	reply.iif = first->oif;
	reply.oif = first->iif;
	reply.packet = packet_reply(&first->packet);
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
	n = strlen(try->wrong);
	snprintf(try->wrong + n, sizeof(try->wrong) - n,
		 " (without passes %08x)", try->without);
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

/* Do the rules ask what only a connection's first packet tells? */
static bool rules_ask_packets(const struct model *model)
{
	for (size_t i = 0; i < model->nrules; i++)
		for (size_t j = 0; j < model->rules[i].nmatches; j++)
			if (!model->rules[i].matches[j].word->reply[0])
				return true;
	return false;
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
	if (!done.unknown && done.end != IR_ACCEPT &&
	    rules_ask_packets(try->model))
		return; /* it may be denied until the other direction tells */
	if (done.unknown && rules_ask_packets(try->model) &&
	    !first->packet.known[packet_destination(&first->packet)])
		return; /* the same, and whether it is depends on the address */
	if (done.unknown ||
	    (done.end == IR_ACCEPT) != (said->action == ACTION_ACCEPT))
		differ(try, &first->packet,
		       "the reply ends with %d, said "
		       "was %d",
		       done.end, said->action);
}

/* From where the rules see it: it is translated already. */
static void try_first(struct rules_try *try, const struct ir_packet *first,
		      const struct answer *said)
{
	struct ir_packet later = *first;
	struct ir_result done = ir_run(try->machine, first);

	first_differs(try, &first->packet, said, &done);
	if (try->wrong[0])
		return;
	reply_differs(try, first, said);
	try->pairs++;
	try->accepted += done.end == IR_ACCEPT;
	try->refused += done.end != IR_ACCEPT;
	try->logged += done.nlogs != 0;
	try->offloaded += said->offload;
	if (done.end != IR_ACCEPT || try->wrong[0])
		return;
	later.state = CT_ESTABLISHED;
	later.mark = done.mark;
	later.packets = 1000;
	later_differs(try, &later, said);
}

static void try_packet(struct rules_try *try, struct random *random)
{
	struct ir_packet first = { .state = CT_NEW, .packets = 1 };
	struct answer said;

	first.packet = random_packet(random, try->model);
	first.hook = hook_of(&first.packet);
	first.iif = device_of(try->model, first.packet.from, random);
	first.oif = device_of(try->model, first.packet.to, random);
	model_evaluate(try->model, &first.packet, &said);
	try_first(try, &first, &said);
}

/* ---- with address translation ---- */

static const char *side_of(int device)
{
	return device < 0 ? NULL : router_devices[device];
}

/* To where the model says, or as it is. */
static void translation_differs(struct rules_try *try,
				const struct ir_packet *first,
				const struct answer *said)
{
	struct ir_result done = { 0 };
	size_t len = first->packet.family ? 16 : 4;

	if (first->packet.from >= 0)
		done = ir_run_dstnat(try->machine, first);
	if (done.unknown)
		differ(try, &first->packet, "not known: %s", done.unknown);
	else if (done.translated != (said->nat_forward != NULL) ||
		 done.own != said->destination.own ||
		 (said->destination.known &&
		  memcmp(done.address, said->destination.address.lo, len)) ||
		 done.port != said->destination.port_lo)
		differ(try, &first->packet,
		       "translated: %d to port %u, said %s", done.translated,
		       done.port,
		       said->nat_forward ? said->nat_forward->name : "not");
	try->translated += done.translated;
}

/* Where the router redirects to is an address that nobody knows here. */
static bool not_known_by(const struct rules_try *try,
			 const struct ir_packet *first,
			 const struct answer *said)
{
	return said->destination.own && ir_run(try->machine, first).unknown;
}

static void try_probe(struct rules_try *try, struct random *random)
{
	struct ir_packet first = { .state = CT_NEW, .packets = 1 };
	struct router_probe probe;
	struct answer said;

	router_probe(random, &probe);
	if (!router_packet(try->model, &probe, &first.packet))
		return;
	first.iif = side_of(probe.in);
	first.oif = side_of(probe.out);
	model_evaluate(try->model, &first.packet, &said);
	translation_differs(try, &first, &said);
	if (said.nat_forward) {
		first.status = STATUS_DST_NAT;
		first.oif = said.seen.to < 0 ?
				    NULL :
				    device_of(try->model, said.seen.to, random);
		first.packet = said.seen;
	}
	first.hook = hook_of(&first.packet);
	if (!try->wrong[0] && !not_known_by(try, &first, &said))
		try_first(try, &first, &said);
}

/* What the passes did, so that it is known that they were tried. */
static void count_lines(struct rules_try *try, struct arena *arena)
{
	struct opt_program *program = opt_run(arena, try->model, try->without);
	size_t i;

	for (i = 0; i < program->nnotes; i++)
		try->left_out += program->notes[i].rule ==
				 program->notes[i].with;
	for (i = 0; i < program->n; i++) {
		try->joined += program->lines[i].nmembers > 1;
		try->maps += program->lines[i].map != NULL;
		try->tuples += program->lines[i].map &&
			       program->lines[i].map->nkeys > 1;
	}
}

/* All passes, none, each alone. */
static bool try_passes(struct rules_try *try, struct compilation *c)
{
	struct lower_options options = { 0 };
	size_t i, j, n = 0;
	struct ir *ir;

	while (opt_pass_at(n))
		n++;
	for (i = 0; i < n + 2 && !try->wrong[0]; i++) {
		struct random random = random_seeded(try->seed);

		try->without = i == 0 ? 0 :
			       i == 1 ? OPT_NONE :
					~((opt_without)1 << (i - 2));
		options.without = try->without;
		ir = lower(c->arena, c->model, &options);
		try->machine = ir_machine(c->arena, ir);
		try->keepout = keepout_of(c->arena, &ir->mark, ir->mark.epoch);
		if (i == 0)
			count_lines(try, c->arena);
		for (j = 0; !try->wrong[0] && j < RULES_PACKETS; j++)
			try->packet(try, &random);
	}
	return try->wrong[0];
}

static bool rules_fail(const struct random_policy *policy, void *data)
{
	struct rules_try *try = data;
	struct compilation c;
	bool fail = false;

	try->wrong[0] = '\0';
	compile(&c, policy);
	if (c.model) {
		try->policies++;
		try->model = c.model;
		fail = try_passes(try, &c);
	}
	arena_free(c.arena);
	return fail;
}

START_TEST(rules_do_what_the_model_says)
{
	struct rules_try try = { .packet = try_packet };
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
	ck_assert_uint_gt(try.maps, RULES_POLICIES / 20);
	ck_assert_uint_gt(try.tuples, RULES_POLICIES / 40);
}
END_TEST

#define ROUTER_POLICIES 1000

/* Zones with subnets, and all forms of address translation. */
START_TEST(routers_do_what_the_model_says)
{
	struct rules_try try = { .packet = try_probe };
	struct arena *arena = arena_new();
	struct random_policy policy;

	for (uint64_t seed = 1; seed <= tries(ROUTER_POLICIES); seed++) {
		struct random random = random_seeded(seed);

		try.seed = seed;
		router_policy(&random, arena, &policy);
		if (rules_fail(&policy, &try))
			disagree(&policy, seed, rules_fail, &try, try.wrong);
	}
	arena_free(arena);
	ck_assert_uint_gt(try.policies, ROUTER_POLICIES / 2);
	ck_assert_uint_gt(try.pairs, 10 * ROUTER_POLICIES);
	ck_assert_uint_gt(try.translated, ROUTER_POLICIES);
	ck_assert_uint_gt(try.accepted, ROUTER_POLICIES);
	ck_assert_uint_gt(try.refused, ROUTER_POLICIES);
	ck_assert_uint_gt(try.logged, ROUTER_POLICIES);
	ck_assert_uint_gt(try.offloaded, ROUTER_POLICIES / 20);
}
END_TEST

/* ---- the optimiser's passes ---- */

static opt_without chosen(const char *text)
{
	opt_without without = 0;
	struct str wrong;

	ck_assert_msg(opt_choose(str_of(text), &without, &wrong), "%s", text);
	return without;
}

START_TEST(passes_are_chosen_by_name)
{
	static const char *const wrong[] = { "",      "set=off",   "sets",
					     "sets=", "sets=of",   "all=on",
					     "all,",  "sets=off,x" };
	opt_without without;
	struct str part;

	ck_assert_uint_eq(chosen("all"), 0);
	ck_assert_uint_eq(chosen("none"), OPT_NONE);
	for (size_t i = 0; opt_pass_at(i); i++) {
		char text[80];

		snprintf(text, sizeof(text), "%s=off", opt_pass_at(i)->name);
		ck_assert_uint_eq(chosen(text), 1u << i);
		snprintf(text, sizeof(text), "none,%s=on",
			 opt_pass_at(i)->name);
		ck_assert_uint_eq(chosen(text), ~(1u << i));
		ck_assert_uint_gt(strlen(opt_pass_at(i)->doc), 10);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		ck_assert_msg(!opt_choose(str_of(wrong[i]), &without, &part),
			      "%s", wrong[i]);
}
END_TEST

/* A policy whose rules are @lines, each "accept: { ... }". */
static void compile_lines(struct compilation *c, const char *const *lines)
{
	struct random_policy policy = { 0 };
	struct random_line *line;

	for (; *lines; lines++) {
		line = &policy.lines[policy.nlines++];
		line->section = 'r';
		line->nwords = 1;
		snprintf(line->head, sizeof(line->head), "%.*s",
			 (int)strcspn(*lines, " "), *lines);
		snprintf(line->words[0], sizeof(line->words[0]), "%s",
			 strchr(*lines, ' ') + 1);
	}
	compile(c, &policy);
	ck_assert_ptr_nonnull(c->model);
}

static char *explained(struct compilation *c, opt_without without)
{
	struct buf out = { 0 };
	char *text;

	opt_explain(&out, opt_run(c->arena, c->model, without), c->model,
		    &c->sources);
	text = arena_strndup(c->arena, out.p, out.n);
	buf_free(&out);
	return text;
}

START_TEST(passes_say_what_they_did)
{
	static const char *const lines[] = {
		"accept from: lan, to: wan, port: 1, name: a",
		"accept from: lan, to: wan, port: 2, name: b",
		"drop from: lan, to: wan, port: 3-9, name: c",
		"accept from: lan, to: wan, port: 7, name: d",
		"accept from: lan, to: wan, port: 5-10, name: e",
		"drop from: lan, to: wan, port: 20, name: f",
		NULL,
	};
	struct compilation c;

	compile_lines(&c, lines);
	ck_assert_str_eq(
		explained(&c, 0),
		"unreachable: random.yaml:16: d: left out: no connection "
		"reaches it\n"
		"default: random.yaml:18: f: left out: the default does the "
		"same\n"
		"sets: random.yaml:14: b: joined with line 13: they differ in "
		"\"port\"\n"
		"maps: random.yaml:15: c: joined with line 13: they differ in "
		"\"port\"\n"
		"maps: random.yaml:17: e: joined with line 13: they differ in "
		"\"port\"\n"
		"6 rules of the policy, 1 as they are lowered\n");
	ck_assert_str_eq(explained(&c, OPT_NONE),
			 "6 rules of the policy, 6 as they are lowered\n");
	arena_free(c.arena);
}
END_TEST

/* Each of these is between rules that would be joined without it. */
START_TEST(nothing_moves_across_what_it_might_change)
{
	static const char *const between[] = {
		"drop from: lan, to: wan, port: 2",
		"drop from: lan, to: wan, source: 10.0.0.1",
		"log from: lan, to: wan, port: 2",
		"accept from: lan, to: wan, port: 1-5, log: new",
		"accept from: lan, to: wan, port: 1-5, limit: 1/second",
		"reject from: any, to: wan, protocol: tcp",
	};

	for (size_t i = 0; i < sizeof(between) / sizeof(*between); i++) {
		const char *const lines[] = {
			"accept from: lan, to: wan, port: 1", between[i],
			"accept from: lan, to: wan, port: 2-7", NULL
		};
		struct opt_program *program;
		struct compilation c;

		compile_lines(&c, lines);
		program = opt_run(c.arena, c.model, chosen("none,sets=on"));
		ck_assert_uint_eq(program->n, 3);
		arena_free(c.arena);
	}
}
END_TEST

/* Each of these is among rules that would be joined without it. */
START_TEST(no_tuple_moves_across_what_it_might_change)
{
	static const char *const between[] = {
		"drop from: lan, to: wan, source: 10.0.1.1, protocol: tcp",
		"reject from: lan, to: wan, source-port: 5",
		"log from: lan, to: wan, protocol: tcp, port: 3",
		"drop from: lan, to: wan, mark: 1",
		"accept from: lan, to: wan, port: 1-9, limit: 1/second",
	};

	for (size_t i = 0; i <= sizeof(between) / sizeof(*between); i++) {
		bool none = i == sizeof(between) / sizeof(*between);
		const char *const lines[] = {
			"accept from: lan, to: wan, source: 10.0.0.1, "
			"protocol: tcp, port: 1",
			"drop from: lan, to: wan, source: 10.0.0.2, "
			"protocol: tcp, port: 2",
			"drop from: lan, to: wan, source: 10.0.0.3, "
			"protocol: tcp, port: 7",
			none ? "drop from: wan, to: lan" : between[i],
			"accept from: lan, to: wan, source: 10.0.1.1, "
			"protocol: tcp, port: 3",
			NULL
		};
		struct opt_program *program;
		struct compilation c;

		compile_lines(&c, lines);
		program = opt_run(c.arena, c.model, chosen("none,tuples=on"));
		ck_assert_uint_eq(program->n, none ? 2 : 5);
		if (none)
			ck_assert_uint_eq(program->lines[0].map->ranges.n, 4);
		arena_free(c.arena);
	}
}
END_TEST

START_TEST(tuples_say_what_they_did)
{
	static const char *const lines[] = {
		"accept from: lan, to: wan, source: 10.0.0.1, protocol: tcp, "
		"port: 1, name: a",
		"accept from: lan, to: wan, port: [2, 4], protocol: tcp, "
		"source: 10.0.0.2, name: b",
		"reject from: lan, to: wan, source: [10.0.0.1, 10.0.0.2], "
		"protocol: tcp, port: 1-2, name: c",
		"accept from: lan, to: wan, source: 10.0.0.2, protocol: tcp, "
		"port: 1, log: new, name: d",
		"accept from: lan, to: wan, source: 10.0.0.3, protocol: tcp, "
		"port: 9, name: e",
		NULL,
	};
	struct opt_program *program;
	struct compilation c;

	compile_lines(&c, lines);
	ck_assert_str_eq(
		explained(&c, chosen("none,tuples=on")),
		"tuples: random.yaml:14: b: joined with line 13: they differ "
		"in \"source\" and \"port\"\n"
		"tuples: random.yaml:15: c: joined with line 13: they differ "
		"in \"source\" and \"port\"\n"
		"tuples: random.yaml:17: e: joined with line 13: they differ "
		"in \"source\" and \"port\"\n"
		"5 rules of the policy, 2 as they are lowered\n");
	program = opt_run(c.arena, c.model, chosen("none,tuples=on"));
	ck_assert_str_eq(program->lines[0].comment, "a, b, c, e");
	ck_assert_uint_eq(program->lines[0].map->ranges.n, 6);
	ck_assert_str_eq(program->lines[1].comment, "d");
	arena_free(c.arena);
}
END_TEST

/* A map decides in two ways, whatever its first rule does. */
START_TEST(nothing_moves_across_a_map)
{
	static const char *const lines[] = {
		"accept from: lan, to: wan, protocol: tcp, port: [1, 3]",
		"accept from: lan, to: wan, source: 10.0.0.1",
		"drop from: lan, to: wan, source: 10.0.0.2",
		"accept from: lan, to: wan, source: 10.0.0.3",
		"accept from: lan, to: wan, protocol: tcp, port: [5, 7]",
		NULL,
	};
	struct opt_program *program;
	struct compilation c;

	compile_lines(&c, lines);
	program = opt_run(c.arena, c.model, chosen("none,maps=on"));
	ck_assert_uint_eq(program->n, 3);
	ck_assert_ptr_null(program->lines[0].map);
	ck_assert_ptr_nonnull(program->lines[1].map);
	ck_assert_ptr_null(program->lines[2].map);
	arena_free(c.arena);
}
END_TEST

static void compile_text(struct compilation *c, const char *text)
{
	const struct source *source;

	*c = (struct compilation){ .arena = arena_new() };
	sources_init(&c->sources, c->arena);
	c->diags = diags_new(c->arena, &c->sources);
	source = source_add(&c->sources, "text.yaml", str_of(text));
	c->model = policy_bind(c->arena, &c->sources, source,
			       yaml_read(c->arena, source, c->diags), c->diags);
	ck_assert_int_eq(diags_errors(c->diags), 0);
}

/* ---- what rules that go on do ---- */

static const char going_on[] =
	"policy: going-on\n"
	"zones:\n"
	"  lan: { devices: [lan0] }\n"
	"  wan: { devices: [wan0] }\n"
	"default: { input: drop, forward: accept, output: accept }\n"
	"rules:\n"
	"  - log: { source-port: 1-2, log: every, name: watched }\n"
	"  - count: { port: 1-5, name: low }\n"
	"  - dscp: { set: ef, protocol: udp, port: 3-9, name: voice }\n"
	"  - helper: { set: ftp, port: 2-3, name: helped }\n"
	"  - dscp: { set: cs1, source-port: 2-4, name: bulk }\n"
	"  - accept: { port: 1-3, protocol: udp, count: low, name: a }\n"
	"  - queue: { num: 3, port: 4-6, protocol: udp, name: q }\n"
	"  - accept: { port: 5-7, log: every, quota: 1 GB, name: b }\n"
	"  - accept: { port: 8, count: { name: c, when: new } }\n"
	"offload:\n"
	"  eligible:\n"
	"    - { from: any, to: any }\n";

#define GOING_ON_PACKETS 3000

static bool has_name(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(names[i], name, strlen(name)) == 0)
			return true;
	return false;
}

/* All that the model says is done to each packet is done to this one. */
static void assert_done(const struct model *model, const struct answer *said,
			const struct ir_result *done)
{
	int dscp = -1;
	bool flow = said->offload;

	for (size_t i = 0; i < model->nrules; i++) {
		const struct rule *rule = &model->rules[i];
		char name[64];
		bool did = false;

		for (size_t j = 0; j < said->did.n; j++)
			did |= said->did.v[j] == rule;
		if (rule->log.when == LOG_EVERY)
			ck_assert_msg(has_name(done->logs, done->nlogs,
					       rule->name) == did,
				      "%s: logged wrongly", rule->name);
		snprintf(name, sizeof(name), "count.%s",
			 rule->count.when ? rule->count.name : "none");
		if (rule->count.when == LOG_EVERY && did)
			ck_assert_msg(has_name(done->objects, done->nobjects,
					       name),
				      "%s: not counted", rule->name);
		if (rule->count.when == LOG_NEW)
			ck_assert(
				!has_name(done->objects, done->nobjects, name));
		if (rule->action == ACTION_DSCP && did)
			dscp = rule->dscp;
	}
	ck_assert_int_eq(done->dscp, dscp);
	ck_assert_int_eq(done->flow, flow);
	ck_assert_int_eq(done->end,
			 said->action == ACTION_QUEUE ? IR_QUEUE : IR_ACCEPT);
}

START_TEST(what_goes_on_is_done_to_all)
{
	struct random random = random_seeded(7);
	struct compilation c;
	struct ir_machine *machine;
	struct keepout keepout;
	struct ir *ir;
	size_t offloaded = 0, kept = 0;

	compile_text(&c, going_on);
	ir = lower(c.arena, c.model, NULL);
	machine = ir_machine(c.arena, ir);
	keepout = keepout_of(c.arena, &ir->mark, ir->mark.epoch);
	for (size_t i = 0; i < GOING_ON_PACKETS; i++) {
		struct ir_packet first = { .state = CT_NEW, .packets = 1 };
		struct ir_packet later, reply;
		struct ir_result done;
		struct answer said;

		first.packet = random_packet(&random, c.model);
		first.hook = hook_of(&first.packet);
		first.iif = device_of(c.model, first.packet.from, &random);
		first.oif = device_of(c.model, first.packet.to, &random);
		if (first.hook != IR_HOOK_FORWARD)
			continue;
		model_evaluate(c.model, &first.packet, &said);
		done = ir_run(machine, &first);
		ck_assert_ptr_null(done.unknown);
		ck_assert_int_eq(keeps_out(&keepout, done.mark), !said.offload);
		later = first;
		later.state = CT_ESTABLISHED;
		later.mark = done.mark;
		later.packets = 1000;
		done = ir_run(machine, &later);
		assert_done(c.model, &said, &done);
		reply = reply_to(&later);
		reply.packets = 1000;
		done = ir_run(machine, &reply);
		assert_done(c.model, &said, &done);
		offloaded += said.offload;
		kept += said.keeps != NULL;
	}
	ck_assert_uint_gt(offloaded, 20);
	ck_assert_uint_gt(kept, 500);
	arena_free(c.arena);
}
END_TEST

/* ---- what is not known ---- */

static const char not_known[] =
	"policy: not-known\n"
	"zones:\n"
	"  lan: { devices: [lan0] }\n"
	"  wan: { devices: [wan0] }\n"
	"sets:\n"
	"  some: { type: address, timeout: 1h }\n"
	"rules:\n"
	"  - accept: { from: lan, to: wan, protocol: tcp, port: 1, dscp: ef }\n"
	"  - accept: { from: lan, to: wan, protocol: tcp, port: 2, dscp: [ef, cs1] }\n"
	"  - accept: { from: lan, to: wan, protocol: tcp, port: 2, dscp: { not: [ef, cs1] } }\n"
	"  - accept: { from: lan, to: wan, protocol: tcp, port: 3, source: \"@some\" }\n"
	"  - accept: { from: lan, to: wan, protocol: tcp, port: 4, source: \"@some\" }\n"
	"  - accept: { from: lan, to: wan, protocol: tcp, port: 4 }\n"
	"  - accept: { from: lan, to: wan, protocol: tcp, port: 5, mac: 02:00:00:00:00:01 }\n"
	"  - reject: { from: lan, to: wan, protocol: tcp, port: 5 }\n"
	"  - drop: { from: lan, to: wan, protocol: tcp, port: 6, mark: 1 }\n"
	"  - accept: { from: lan, to: wan, protocol: tcp, port: 6, length: 0-9 }\n";

/* A packet of which only this is known. */
static struct ir_packet barely_known(unsigned int port)
{
	static const uint8_t address[4] = { 10, 0, 0, 1 };
	struct ir_packet packet = {
		.hook = IR_HOOK_FORWARD,
		.iif = "lan0",
		.oif = "wan0",
		.state = CT_NEW,
		.packets = 1,
		.packet = { .from = 0, .to = 1, .proto = 6 },
	};
	uint8_t value[WIRE_MAX];

	wire_put(WIRE_PORT, port, value);
	packet_set(&packet.packet, KEY_TH_DPORT, value);
	packet_set(&packet.packet, KEY_IP_SADDR, address);
	packet_set(&packet.packet, KEY_IP_DADDR, address);
	return packet;
}

static void assert_unknown(const struct ir_machine *machine, unsigned int port,
			   const char *what)
{
	const struct ir_packet packet = barely_known(port);
	struct ir_result done = ir_run(machine, &packet);

	ck_assert_ptr_nonnull(done.unknown);
	ck_assert_str_eq(done.unknown, what);
}

static void assert_ends(const struct ir_machine *machine,
			const struct ir_packet *packet, enum ir_end end)
{
	struct ir_result done = ir_run(machine, packet);

	ck_assert_ptr_null(done.unknown);
	ck_assert_int_eq(done.end, end);
}

START_TEST(what_is_not_known_is_not_guessed)
{
	static const uint8_t ef = 46 << 2, other = 0;
	struct ir_machine *machine;
	struct ir_packet packet;
	struct compilation c;

	compile_text(&c, not_known);
	machine = ir_machine(c.arena, lower(c.arena, c.model, NULL));
	assert_unknown(machine, 1, "ip dscp");
	assert_unknown(machine, 3, "some.ipv4");
	assert_unknown(machine, 5, "ether saddr");
	assert_unknown(machine, 6, "meta length");
	/* it ends alike, whatever it is */
	packet = barely_known(2);
	assert_ends(machine, &packet, IR_ACCEPT);
	packet = barely_known(4);
	assert_ends(machine, &packet, IR_ACCEPT);
	packet = barely_known(7);
	assert_ends(machine, &packet, IR_DROP);
	/* and what is known, is */
	packet = barely_known(1);
	packet_set(&packet.packet, KEY_IP_DSCP, &ef);
	assert_ends(machine, &packet, IR_ACCEPT);
	packet_set(&packet.packet, KEY_IP_DSCP, &other);
	assert_ends(machine, &packet, IR_DROP);
	packet = barely_known(3);
	packet.packet.members_known = true;
	assert_ends(machine, &packet, IR_DROP);
	packet.packet.member_of = 1;
	assert_ends(machine, &packet, IR_ACCEPT);
	arena_free(c.arena);
}
END_TEST

/* What is taken for true of one packet is true of the next. */
START_TEST(ways_are_gone_to_their_end)
{
	struct ir_packet packet = barely_known(3);
	unsigned int ends[IR_QUEUE + 1] = { 0 };
	struct ir_machine *machine;
	struct compilation c;

	compile_text(&c, not_known);
	machine = ir_machine(c.arena, lower(c.arena, c.model, NULL));
	packet.ways = ir_ways(c.arena);
	do {
		struct ir_result done = ir_run(machine, &packet);

		ends[done.end]++;
		ck_assert_int_eq(ir_run(machine, &packet).end, done.end);
	} while (ir_ways_next(packet.ways));
	ck_assert(!ir_ways_cut(packet.ways));
	ck_assert_uint_gt(ends[IR_ACCEPT], 0);
	ck_assert_uint_gt(ends[IR_DROP], 0);
	arena_free(c.arena);
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
	for (enum key_id id = KEY_NONE + 1; id < KEY_IDS; id++) {
		const uint8_t *value = packet_value(b, id);

		if (packet_value(a, id))
			ck_assert_mem_eq(packet_value(a, id), value,
					 wire_type(key(id)->type)->len);
	}
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
	tcase_add_test(tcase, only_is_what_the_model_says);
	tcase_add_test(tcase, rules_do_what_the_model_says);
	tcase_add_test(tcase, routers_do_what_the_model_says);
	tcase_add_test(tcase, passes_are_chosen_by_name);
	tcase_add_test(tcase, passes_say_what_they_did);
	tcase_add_test(tcase, nothing_moves_across_what_it_might_change);
	tcase_add_test(tcase, nothing_moves_across_a_map);
	tcase_add_test(tcase, no_tuple_moves_across_what_it_might_change);
	tcase_add_test(tcase, tuples_say_what_they_did);
	tcase_add_test(tcase, what_goes_on_is_done_to_all);
	tcase_add_test(tcase, what_is_not_known_is_not_guessed);
	tcase_add_test(tcase, ways_are_gone_to_their_end);
	tcase_add_test(tcase, words_name_the_packet);
	suite_add_tcase(suite, tcase);
	return suite;
}
