// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc test: runs the policy's own tests. Each is a packet, answered by the
 * model that the rules are lowered from, and compared with what the policy
 * says it must meet; or it says what alone is accepted, which is proved. No
 * kernel is asked and no privilege needed.
 */
#include <stdio.h>

#include "policy/only.h"
#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/base/report.h"
#include "runtime/cmd/cmd.h"
#include "runtime/live/answer.h"
#include "runtime/live/on_policy.h"

enum { JSON };

const struct cli_option test_options[] = {
	[JSON] = OPTION_JSON,
	{ 0 },
};

#define EXPECT_OFFLOADS (EXPECT_OFFLOAD | EXPECT_NO_OFFLOAD)
#define EXPECT_LOGS (EXPECT_LOG | EXPECT_NO_LOG)

/* In the order of the bits. */
static const char *const expect_words[] = {
	"accept",  "drop",	 "reject", "queue",
	"offload", "no-offload", "log",	   "no-log",
};

/* One thing that a test expects, and what the policy answers. */
struct claim {
	const char *expected, *got;
	bool met;
	struct span span;     /* where it is expected */
	enum part_id decides; /* what is decided by whom */
};

struct trial {
	const struct compilation *c;
	const struct test *test;
	struct answer answer;
	struct part parts[PARTS];
	VEC(struct claim) claims;
};

/* ---- What is expected, and what is so ---- */

static void claim(struct trial *t, const char *expected, const char *got,
		  bool met, struct span span, enum part_id decides)
{
	*vec_push(t->c->arena, &t->claims) =
		(struct claim){ expected, got, met, span, decides };
}

static const char *words_of(struct arena *arena, unsigned int bits)
{
	const char *out = "";
	size_t i;

	for (i = 0; i < sizeof(expect_words) / sizeof(expect_words[0]); i++)
		if (bits & 1u << i)
			out = arena_printf(arena, "%s%s%s", out,
					   *out ? " or " : "", expect_words[i]);
	return out;
}

static void claim_bits(struct trial *t, unsigned int kind, unsigned int got,
		       const char *other, enum part_id decides)
{
	unsigned int expect = t->test->expect & kind;

	if (expect)
		claim(t, words_of(t->c->arena, expect),
		      got ? words_of(t->c->arena, got) : other, expect & got,
		      t->test->expect_span, decides);
}

static void claim_words(struct trial *t)
{
	static const unsigned int verdicts[ACTIONS] = {
		[ACTION_ACCEPT] = EXPECT_ACCEPT,
		[ACTION_DROP] = EXPECT_DROP,
		[ACTION_REJECT] = EXPECT_REJECT,
		[ACTION_QUEUE] = EXPECT_QUEUE,
	};
	const struct answer *answer = &t->answer;

	claim_bits(t, EXPECT_VERDICTS, verdicts[answer->action],
		   t->parts[PART_VERDICT].value, PART_VERDICT);
	claim_bits(t, EXPECT_OFFLOADS,
		   answer->offload || answer_fw4_offloads(t->c, answer) ?
			   EXPECT_OFFLOAD :
			   EXPECT_NO_OFFLOAD,
		   NULL, PART_OFFLOAD);
	claim_bits(t, EXPECT_LOGS, answer->log ? EXPECT_LOG : EXPECT_NO_LOG,
		   NULL, PART_LOG);
}

static void claim_rule(struct trial *t)
{
	const struct rule *rule = t->answer.rule;
	const char *got = rule ? rule->name : "default";

	if (t->test->rule)
		claim(t, arena_printf(t->c->arena, "rule %s", t->test->rule),
		      arena_printf(t->c->arena, "rule %s", got),
		      !strcmp(t->test->rule, got), t->test->rule_span,
		      PART_VERDICT);
}

static void claim_log(struct trial *t)
{
	static const char *const words[] = {
		[LOG_NONE] = "log no",
		[LOG_NEW] = "log new",
		[LOG_FLOW] = "log flow",
		[LOG_EVERY] = "log every",
	};

	if (t->test->log_span.source)
		claim(t, words[t->test->log], words[t->answer.log],
		      t->test->log == t->answer.log, t->test->log_span,
		      PART_LOG);
}

static const char *after_words(struct arena *arena, uint64_t packets,
			       uint64_t bytes)
{
	if (packets)
		return arena_printf(arena, "after %llu packet%s",
				    (unsigned long long)packets,
				    packets == 1 ? "" : "s");
	if (bytes)
		return arena_printf(arena, "after %llu bytes",
				    (unsigned long long)bytes);
	return "at once";
}

static void claim_after(struct trial *t)
{
	const struct test *test = t->test;
	const struct answer *answer = &t->answer;

	if (!test->after_span.source)
		return;
	claim(t,
	      after_words(t->c->arena, test->after_packets, test->after_bytes),
	      answer->offload ? after_words(t->c->arena, answer->after_packets,
					    answer->after_bytes) :
				"never",
	      answer->offload && test->after_packets == answer->after_packets &&
		      test->after_bytes == answer->after_bytes,
	      test->after_span, PART_OFFLOAD);
}

static void claim_flowtable(struct trial *t)
{
	const struct flowtable *want = t->test->flowtable;
	const struct flowtable *got =
		t->answer.offload ? t->answer.eligible->flowtable : NULL;

	if (want)
		claim(t, arena_printf(t->c->arena, "flowtable %s", want->name),
		      got ? arena_printf(t->c->arena, "flowtable %s",
					 got->name) :
			    "no flowtable",
		      got == want, t->test->flowtable_span, PART_OFFLOAD);
}

static const char *side_words(struct arena *arena, const char *word,
			      const struct expect_side *side)
{
	const struct translated to = {
		.known = true,
		.port_lo = side->port,
		.port_hi = side->port,
	};
	struct translated copy = to;
	struct buf out = { 0 };
	const char *words;

	memcpy(copy.address.lo, side->address, sizeof(side->address));
	memcpy(copy.address.hi, side->address, sizeof(side->address));
	buf_printf(&out, "nat %s ", word);
	translated_print(&out, side->family, &copy, "");
	words = arena_strndup(arena, out.p, out.n);
	buf_free(&out);
	return words;
}

static bool is_side(const struct trial *t, const struct expect_side *side,
		    const struct translated *to, const struct part *part)
{
	size_t len = side->family ? 16 : 4;

	if (!strcmp(part->value, "none") || !to->known ||
	    side->family != t->test->packet.family)
		return false;
	if (side->port &&
	    (side->port < to->port_lo || side->port > to->port_hi))
		return false;
	return memcmp(to->address.lo, side->address, len) <= 0 &&
	       memcmp(side->address, to->address.hi, len) <= 0;
}

static void claim_side(struct trial *t, const char *word,
		       const struct expect_side *side,
		       const struct translated *to, enum part_id part)
{
	if (side->given)
		claim(t, side_words(t->c->arena, word, side),
		      arena_printf(t->c->arena, "nat %s %s", word,
				   t->parts[part].value),
		      is_side(t, side, to, &t->parts[part]), t->test->nat_span,
		      part);
}

static bool is_untranslated(const struct part *part)
{
	return !strcmp(part->value, "none") || !strcmp(part->value, "exempt");
}

static const char *nat_words(const struct trial *t)
{
	const struct part *to = &t->parts[PART_DESTINATION];
	const struct part *from = &t->parts[PART_SOURCE];

	if (is_untranslated(to) && is_untranslated(from))
		return "nat none";
	if (is_untranslated(to))
		return arena_printf(
			t->c->arena, "nat %s%s",
			strcmp(from->value, "masquerade") ? "source " : "",
			from->value);
	if (is_untranslated(from))
		return arena_printf(t->c->arena, "nat destination %s",
				    to->value);
	return arena_printf(t->c->arena, "nat destination %s source %s",
			    to->value, from->value);
}

static void claim_nat(struct trial *t)
{
	const char *got = nat_words(t);

	switch (t->test->nat) {
	case EXPECT_NAT_ANY:
		break;
	case EXPECT_NAT_NONE:
		claim(t, "nat none", got, !strcmp(got, "nat none"),
		      t->test->nat_span,
		      is_untranslated(&t->parts[PART_SOURCE]) ?
			      PART_DESTINATION :
			      PART_SOURCE);
		break;
	case EXPECT_NAT_MASQUERADE:
		claim(t, "nat masquerade", got,
		      !strcmp(t->parts[PART_SOURCE].value, "masquerade"),
		      t->test->nat_span, PART_SOURCE);
		break;
	case EXPECT_NAT_SIDES:
		claim_side(t, "destination", &t->test->destination,
			   &t->answer.destination, PART_DESTINATION);
		claim_side(t, "source", &t->test->source, &t->answer.source,
			   PART_SOURCE);
	}
}

static void try_packet(struct trial *t)
{
	model_evaluate(t->c->model, &t->test->packet, &t->answer);
	answer_parts(t->c, &t->test->packet, &t->answer, t->parts);
	claim_words(t);
	claim_rule(t);
	claim_nat(t);
	claim_log(t);
	claim_after(t);
	claim_flowtable(t);
}

static bool all_met(const struct trial *t)
{
	for (size_t i = 0; i < t->claims.n; i++)
		if (!t->claims.v[i].met)
			return false;
	return true;
}

/* ---- What is said about it ---- */

static void report_claim(const struct trial *t, const struct claim *wrong)
{
	const struct part *part = &t->parts[wrong->decides];
	struct diag *diag;

	diag = diag_error(t->c->diags, wrong->span,
			  "\"%s\" fails: expected %s, got %s", t->test->name,
			  wrong->expected, wrong->got);
	if (part->span.source && part->by)
		diag_note(diag, part->span, "\"%s\" decides it", part->by);
	else if (part->span.source)
		diag_note(diag, part->span, "no rule matches: this decides it");
	if (part->why)
		diag_help(diag,
			  wrong->decides == PART_OFFLOAD && !t->answer.offload ?
				  "it is not offloaded: %s" :
				  "%s",
			  part->why);
}

/* As a diff: what is as expected, what is missing, what is there instead. */
static void print_claim(const struct trial *t, const struct claim *claim)
{
	bool colour = report_colour(stdout);
	const char *place;

	if (claim->met) {
		printf("          %s\n", claim->expected);
		return;
	}
	place = place_text(t->c, t->parts[claim->decides].span);
	printf("        %s- %s%s\n", colour ? "\033[31m" : "", claim->expected,
	       colour ? "\033[0m" : "");
	printf("        %s+ %s%s%s%s\n", colour ? "\033[32m" : "", claim->got,
	       colour ? "\033[0m" : "", *place ? "   " : "", place);
}

static void print_trial(const struct trial *t, bool passed)
{
	printf("%s  %s\n", passed ? "ok    " : "FAILED", t->test->name);
	if (passed)
		return;
	printf("        %s\n",
	       packet_words(t->c->arena, t->c->model, &t->test->packet));
	for (size_t i = 0; i < t->claims.n; i++)
		print_claim(t, &t->claims.v[i]);
}

static void begin_json(struct json *out, const struct compilation *c,
		       const struct test *test, bool passed)
{
	json_object(out);
	json_put_str(out, "name", test->name);
	json_put_bool(out, "passed", passed);
	span_json(out, &c->sources, test->span);
}

static void trial_json(struct json *out, const struct trial *t, bool passed)
{
	begin_json(out, t->c, t->test, passed);
	json_put_str(out, "packet",
		     packet_words(t->c->arena, t->c->model, &t->test->packet));
	json_key(out, "expected");
	json_array(out);
	for (size_t i = 0; i < t->claims.n; i++) {
		json_object(out);
		json_put_str(out, "expected", t->claims.v[i].expected);
		json_put_str(out, "got", t->claims.v[i].got);
		json_put_bool(out, "met", t->claims.v[i].met);
		json_end(out);
	}
	json_end(out);
	json_key(out, "answer");
	json_object(out);
	answer_json(out, t->c, &t->test->packet, &t->answer, t->parts);
	json_end_n(out, 2);
}

static bool run_packet(struct inquiry *inquiry, const struct test *test)
{
	struct trial t = { .c = &inquiry->c, .test = test };
	bool passed;

	try_packet(&t);
	passed = all_met(&t);
	if (inquiry->json)
		trial_json(inquiry->json, &t, passed);
	else
		print_trial(&t, passed);
	for (size_t i = 0; i < t.claims.n; i++)
		if (!t.claims.v[i].met)
			report_claim(&t, &t.claims.v[i]);
	return passed;
}

/* ---- And nothing else ---- */

static void report_leak(struct compilation *c, const struct test *test,
			const struct leak *leak, const char *packet)
{
	struct span span = leak->rule ? leak->rule->span :
					c->model->default_spans[leak->hook];
	struct diag *diag;

	if (leak->result == ONLY_RAW) {
		diag = diag_error(c->diags, test->only->span,
				  "\"%s\" is not proved: what nft's own rules "
				  "accept is not known here",
				  test->name);
		diag_note(diag, leak->raw->span, "they may accept more here");
		return;
	}
	if (leak->result == ONLY_UNKNOWN) {
		diag_help(diag_error(c->diags, test->only->span,
				     "\"%s\" is not proved: it takes too many "
				     "steps",
				     test->name),
			  "ask of fewer zones at once");
		return;
	}
	diag = diag_error(c->diags, test->only->span,
			  "\"%s\" fails: \"%s\" %s accepted, too", test->name,
			  packet, leak->sure ? "is" : "may be");
	if (span.source)
		diag_note(diag, span,
			  leak->rule ? "this accepts it" :
				       "no rule matches: this accepts it");
	else
		diag_help(diag, "no rule matches: it is accepted by default");
}

static void print_leak(const struct compilation *c, const struct test *test,
		       const struct leak *leak, const char *packet)
{
	struct span span = leak->rule ? leak->rule->span :
					c->model->default_spans[leak->hook];
	const char *place = place_text(c, span);
	bool colour = report_colour(stdout);

	printf("%s  %s\n", leak->result == ONLY_PROVED ? "ok    " : "FAILED",
	       test->name);
	if (leak->result == ONLY_LEAKS)
		printf("        %s+ %s%s%s%s\n", colour ? "\033[32m" : "",
		       packet, colour ? "\033[0m" : "", *place ? "   " : "",
		       place);
}

static void leak_json(struct json *out, const struct compilation *c,
		      const struct test *test, const struct leak *leak,
		      const char *packet)
{
	begin_json(out, c, test, leak->result == ONLY_PROVED);
	if (leak->result == ONLY_LEAKS) {
		json_put_str(out, "packet", packet);
		json_put_bool(out, "sure", leak->sure);
		json_put_str(out, "by",
			     leak->rule ? leak->rule->name : "default");
	}
	json_end(out);
}

static bool run_only(struct inquiry *inquiry, const struct test *test)
{
	struct compilation *c = &inquiry->c;
	struct leak leak = only_prove(c->model, &c->sources, test->only);
	const char *packet = "";

	if (leak.result == ONLY_LEAKS)
		packet = packet_words(c->arena, c->model, &leak.packet);
	if (inquiry->json)
		leak_json(inquiry->json, c, test, &leak, packet);
	else
		print_leak(c, test, &leak, packet);
	if (leak.result != ONLY_PROVED)
		report_leak(c, test, &leak, packet);
	return leak.result == ONLY_PROVED;
}

static bool run_test(struct inquiry *inquiry, const struct test *test)
{
	return test->only ? run_only(inquiry, test) : run_packet(inquiry, test);
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
