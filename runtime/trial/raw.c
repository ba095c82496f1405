// SPDX-License-Identifier: GPL-2.0-only
/*
 * From nft's text to attributes, and from nft's complaints to the policy's
 * lines.
 *
 *	text, a rule a line -> nft, kernel -> their messages -> raw_told.h
 *
 * What must stay true: nft's complaint is said at the policy's line; what it
 * says of no line of the policy is said as it is.
 */
#include "runtime/trial/raw.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "emit/text.h"
#include "runtime/base/exit.h"
#include "runtime/base/report.h"
#include "runtime/netlink/raw_told.h"
#include "runtime/trial/scratch.h"

/* A rule, and where it stands in the text. */
struct placed {
	const struct ir_chain *chain;
	struct ir_rule *rule;
	unsigned int line, column; /* of its first byte, from 1 */
};

struct translation {
	struct diags *diags;
	struct ir *ir;
	struct arena *arena; /* the IR's */
	struct buf text;
	size_t counted; /* bytes of text whose lines are counted */
	unsigned int line;
	VEC(struct placed) rules;
	struct scratch_text answer;
};

/*
 * The text
 */

static void place(void *data, const struct ir_chain *chain,
		  struct ir_rule *rule)
{
	struct translation *t = data;
	const char *end = t->text.p + t->text.n - 1;

	for (; t->counted < t->text.n; t->counted++)
		t->line += t->text.p[t->counted] == '\n';
	*vec_push(t->arena, &t->rules) = (struct placed){
		.chain = chain,
		.rule = rule,
		.line = t->line,
		.column = (unsigned int)(end - strlen(rule->raw) -
					 (const char *)memrchr(
						 t->text.p, '\n',
						 (size_t)(end - t->text.p))),
	};
}

/*
 * nft's complaints: "/dev/stdin:12:5-9: Error: syntax error, unexpected drop"
 */

struct complaint {
	unsigned int line, first, last;
	struct str words;
};

static bool parse_complaint(struct str text, struct complaint *out)
{
	static const char mark[] = ": Error: ";
	const char *found = memmem(text.p, text.n, mark, sizeof(mark) - 1);
	const char *colon;
	char place[64];

	if (!found || found == text.p)
		return false;
	out->words = (struct str){ found + sizeof(mark) - 1, 0 };
	out->words.n = (size_t)(text.p + text.n - out->words.p);
	/* the file's name may be any; its place is behind it */
	colon = memrchr(text.p, ':', (size_t)(found - text.p));
	if (!colon || colon == text.p)
		return false;
	colon = memrchr(text.p, ':', (size_t)(colon - text.p));
	if (!colon || (size_t)(found - colon) >= sizeof(place))
		return false;
	memcpy(place, colon + 1, (size_t)(found - colon) - 1);
	place[found - colon - 1] = '\0';
	if (sscanf(place, "%u:%u-%u", &out->line, &out->first, &out->last) == 3)
		return true;
	out->last = out->first;
	return sscanf(place, "%u:%u", &out->line, &out->first) == 2 &&
	       (out->last = out->first);
}

static const struct placed *find_line(const struct translation *t,
				      unsigned int line)
{
	size_t i;

	for (i = 0; i < t->rules.n; i++)
		if (t->rules.v[i].line == line)
			return &t->rules.v[i];
	return NULL;
}

/* The part that nft points at, where the policy has the rule word by word. */
static struct span part_of(const struct placed *placed,
			   const struct complaint *complaint)
{
	struct span span = placed->rule->span;
	size_t n = strlen(placed->rule->raw);
	unsigned int first = complaint->first - placed->column;

	if (complaint->first < placed->column || span.length != n ||
	    first >= n || complaint->last < complaint->first)
		return span;
	span.offset += first;
	span.length = complaint->last - complaint->first + 1;
	if (span.length > n - first)
		span.length = (uint32_t)(n - first);
	return span;
}

static bool complain(struct translation *t, const struct complaint *complaint)
{
	const struct placed *placed = find_line(t, complaint->line);

	if (!placed)
		return false;
	diag_error(t->diags, part_of(placed, complaint),
		   "nft refuses this rule: %.*s", STR_ARG(complaint->words));
	return true;
}

/* What nft says of no line of the policy. */
static void say_all(struct str said)
{
	struct str line;

	report_error("nft refuses what it is to translate");
	while (said.p && said.n) {
		line = str_cut(&said, '\n');
		if (line.n)
			report_help("it says: %.*s", STR_ARG(line));
	}
}

static int refused(struct translation *t)
{
	struct str said = { t->answer.said.p, t->answer.said.n }, rest = said;
	bool any = false;

	while (rest.p) {
		struct complaint complaint;

		if (parse_complaint(str_cut(&rest, '\n'), &complaint))
			any |= complain(t, &complaint);
	}
	if (any)
		return EXIT_POLICY;
	if (WIFSIGNALED(t->answer.status))
		report_error("nft was ended by signal %d",
			     WTERMSIG(t->answer.status));
	else
		say_all(said);
	return EXIT_SYSTEM;
}

static int take(struct translation *t)
{
	struct str told = { t->answer.messages.p, t->answer.messages.n };
	size_t n = t->rules.n, i;
	struct raw_place *places = arena_array(t->arena, n, sizeof(*places));

	for (i = 0; i < n; i++)
		places[i] = (struct raw_place){ t->rules.v[i].chain->name,
						t->rules.v[i].rule };
	if (raw_told(t->arena, told, places, n))
		return EXIT_DONE;
	report_error("nft made something else of the rules in \"raw\" than a "
		     "rule of each line");
	return EXIT_SYSTEM;
}

static int ask(struct translation *t)
{
	enum scratch_step step;
	int error;

	step = scratch_load((struct str){ t->text.p, t->text.n }, NULL,
			    &t->answer, &error);
	if (step != SCRATCH_DONE) {
		report_failure(error, "%s", scratch_phrase(step));
		report_help("%s", scratch_help(step));
		return EXIT_SYSTEM;
	}
	return t->answer.status ? refused(t) : take(t);
}

int raw_translate(struct diags *diags, struct ir *ir)
{
	struct translation t = { .diags = diags, .ir = ir, .arena = ir->arena };
	int ret = EXIT_DONE;

	if (!ir_raw_first(ir))
		return ret;
	emit_text_raws(&t.text, ir, place, &t);
	ret = ask(&t);
	buf_free(&t.text);
	buf_free(&t.answer.said);
	buf_free(&t.answer.messages);
	return ret;
}
