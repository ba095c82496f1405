// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc test: runs the policy's own tests. Each is a packet, answered by the
 * model that the rules are lowered from, and compared with what the policy
 * says it must meet. No kernel is asked and no privilege needed.
 */
#include <stdio.h>

#include "policy/region.h"
#include "runtime/answer.h"
#include "runtime/cli.h"
#include "runtime/cmd.h"
#include "runtime/exit.h"
#include "runtime/on_policy.h"

enum { JSON };

const struct cli_option test_options[] = {
	[JSON] = OPTION_JSON,
	{ 0 },
};

#define EXPECT_VERDICTS (EXPECT_ACCEPT | EXPECT_DROP | EXPECT_REJECT)
#define EXPECT_OFFLOADS (EXPECT_OFFLOAD | EXPECT_NO_OFFLOAD)
#define EXPECT_LOGS (EXPECT_LOG | EXPECT_NO_LOG)

/* In the order of the bits. */
static const char *const expect_words[] = { "accept",  "drop",	     "reject",
					    "offload", "no-offload", "log",
					    "no-log" };

static unsigned int answer_bits(const struct answer *answer)
{
	unsigned int bits;

	bits = answer->action == ACTION_ACCEPT ? EXPECT_ACCEPT :
	       answer->action == ACTION_REJECT ? EXPECT_REJECT :
						 EXPECT_DROP;
	bits |= answer->offload ? EXPECT_OFFLOAD : EXPECT_NO_OFFLOAD;
	return bits | (answer->log ? EXPECT_LOG : EXPECT_NO_LOG);
}

/* What was asked for and is not so: only what a test names is compared. */
static unsigned int wrong_bits(unsigned int expect, unsigned int got)
{
	static const unsigned int kinds[] = { EXPECT_VERDICTS, EXPECT_OFFLOADS,
					      EXPECT_LOGS };
	unsigned int wrong = 0;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if ((expect & kinds[i]) && !(expect & got & kinds[i]))
			wrong |= kinds[i];
	return wrong;
}

static const char *words_of(struct arena *arena, unsigned int bits)
{
	const char *out = "";
	size_t i;

	for (i = 0; i < sizeof(expect_words) / sizeof(expect_words[0]); i++)
		if (bits & 1u << i)
			out = arena_printf(arena, "%s%s%s", out,
					   *out ? ", " : "", expect_words[i]);
	return out;
}

static void report_wrong(struct compilation *c, const struct test *test,
			 const struct answer *answer, unsigned int got)
{
	unsigned int wrong = wrong_bits(test->expect, got);
	struct diag *diag;

	diag = diag_error(c->diags, test->expect_span,
			  "\"%s\" fails: expected %s, got %s", test->name,
			  words_of(c->arena, test->expect & wrong),
			  words_of(c->arena, got & wrong));
	if (answer->rule)
		diag_note(diag, answer->rule->span,
			  "the rule \"%s\" decides it", answer->rule->name);
	else
		diag_help(diag, "no rule matches: the default decides it");
	if ((wrong & EXPECT_OFFLOADS) && answer->why)
		diag_help(diag, "it is not offloaded: %s", answer->why);
	if (answer->exempt && (wrong & EXPECT_OFFLOADS))
		diag_note(diag, answer->exempt->span, "this exempts it");
}

static void test_json(struct inquiry *inquiry, const struct test *test,
		      const struct answer *answer, bool passed)
{
	struct compilation *c = &inquiry->c;
	struct json *out = inquiry->json;
	struct part parts[PARTS];

	json_object(out);
	json_put_str(out, "name", test->name);
	json_put_bool(out, "passed", passed);
	json_put_str(out, "expected", words_of(c->arena, test->expect));
	json_put_str(out, "packet",
		     packet_words(c->arena, c->model, &test->packet));
	answer_parts(c, &test->packet, answer, parts);
	answer_json(out, c, answer, parts);
	json_end(out);
}

static bool run_test(struct inquiry *inquiry, const struct test *test)
{
	struct compilation *c = &inquiry->c;
	struct answer answer;
	unsigned int got;
	bool passed;

	model_evaluate(c->model, &test->packet, &answer);
	got = answer_bits(&answer);
	passed = !wrong_bits(test->expect, got);
	if (inquiry->json)
		test_json(inquiry, test, &answer, passed);
	else
		printf("%s  %s\n", passed ? "ok    " : "FAILED", test->name);
	if (!passed)
		report_wrong(c, test, &answer, got);
	return passed;
}

static int run_tests(struct inquiry *inquiry)
{
	const struct model *model = inquiry->c.model;
	struct json *out = inquiry->json;
	size_t i, failed = 0;

	if (out) {
		json_key(out, "tests");
		json_array(out);
	}
	for (i = 0; i < model->ntests; i++)
		failed += !run_test(inquiry, &model->tests[i]);
	if (out) {
		json_end(out);
		json_put_u64(out, "passed", model->ntests - failed);
		json_put_u64(out, "failed", failed);
	} else {
		printf("%zu tests, %zu failed\n", model->ntests, failed);
	}
	return failed ? EXIT_POLICY : EXIT_DONE;
}

int cmd_test(const struct cli *cli)
{
	return on_policy(cli, JSON, run_tests);
}
