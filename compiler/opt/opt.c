// SPDX-License-Identifier: GPL-2.0-only
/*
 * The optimiser's table of passes, and what stands around them: lines from
 * rules before, names and notes after.
 */
#include "opt.h"

#include "base/buf.h"
#include "passes.h"

/* nft's bound on a comment. */
#define COMMENT_MAX 128

static const struct opt_pass passes[] = {
	{ "unreachable",
	  DOC("Leaves out rules that no connection reaches, since rules before "
	      "them take all."),
	  pass_unreachable },
	{ "default",
	  DOC("Leaves out rules at the end that do as the default does."),
	  pass_default },
	{ "sets",
	  DOC("Joins rules that decide alike and differ in the values of one "
	      "match: those become one set."),
	  pass_sets },
	{ "tuples",
	  DOC("Joins rules that differ in the values of several matches: those "
	      "become one set of concatenated values, or a verdict map where "
	      "the rules decide differently."),
	  pass_tuples },
	{ "maps",
	  DOC("Joins rules that differ in the values of one match and in what "
	      "they decide: those become one verdict map."),
	  pass_maps },
};

#define PASSES (sizeof(passes) / sizeof(passes[0]))

const struct opt_pass *opt_pass_at(size_t i)
{
	return i < PASSES ? &passes[i] : NULL;
}

static bool choose_one(struct str text, opt_without *without)
{
	struct str name = str_cut(&text, '=');
	size_t i;

	if (!text.p && str_is(name, "none"))
		*without = OPT_NONE;
	else if (!text.p && str_is(name, "all"))
		*without = 0;
	if (!text.p)
		return str_is(name, "none") || str_is(name, "all");
	for (i = 0; i < PASSES; i++) {
		if (!str_is(name, passes[i].name))
			continue;
		if (str_is(text, "off"))
			*without |= 1u << i;
		else
			*without &= ~(1u << i);
		return str_is(text, "off") || str_is(text, "on");
	}
	return false;
}

bool opt_choose(struct str text, opt_without *without, struct str *wrong)
{
	while (text.p) {
		*wrong = str_cut(&text, ',');
		if (!choose_one(*wrong, without))
			return false;
	}
	return true;
}

/* ---- lines ---- */

uint32_t opt_index(const struct opt *opt, const struct rule *rule)
{
	return (uint32_t)(rule - opt->model->rules);
}

void opt_note(struct opt *opt, uint32_t rule, uint32_t with, const char *what)
{
	size_t i = opt->notes.n;

	/* alternatives of a rule are said once */
	if (i && opt->notes.v[i - 1].pass == opt->pass &&
	    opt->notes.v[i - 1].rule == rule &&
	    opt->notes.v[i - 1].with == with)
		return;
	*vec_push(opt->arena, &opt->notes) = (struct opt_note){
		.pass = opt->pass,
		.rule = rule,
		.with = with,
		.what = what,
	};
}

static bool has_barrier(const struct rule *rule)
{
	size_t i;

	for (i = 0; i < rule->nmatches; i++)
		if (rule->matches[i].word->merge == MERGE_BARRIER)
			return true;
	return false;
}

static struct line new_line(struct opt *opt, const struct rule *rule,
			    struct alt *alts, size_t n)
{
	struct line line = {
		.plain = rule_plain(rule),
		.barrier = has_barrier(rule),
		.out.rule = rule,
		.out.alts = { alts, n },
		.out.nmembers = 1,
		.out.comment = rule->name,
	};
	uint32_t *member = arena_new_object(opt->arena, uint32_t);

	*member = opt_index(opt, rule);
	line.out.members = member;
	return line;
}

static void lines_of(struct opt *opt)
{
	size_t i, j;

	vec_reserve(opt->arena, &opt->lines,
		    opt->model->nrules + opt->model->nrules / 2 + 1);
	for (i = 0; i < opt->model->nrules; i++) {
		const struct rule *rule = &opt->model->rules[i];
		struct line all =
			new_line(opt, rule, rule->alts->v, rule->alts->n);

		for (j = 0; all.plain && j < rule->alts->n; j++) {
			all.out.alts = (struct alts){ &rule->alts->v[j], 1 };
			*vec_push(opt->arena, &opt->lines) = all;
		}
		if (!all.plain)
			*vec_push(opt->arena, &opt->lines) = all;
	}
}

static void sweep(struct opt *opt)
{
	size_t i, n = 0;

	for (i = 0; i < opt->lines.n; i++)
		if (!opt->lines.v[i].gone)
			opt->lines.v[n++] = opt->lines.v[i];
	opt->lines.n = n;
}

/* ---- names ---- */

/* "a, b, c", or "a, b and 9998 more". */
static const char *names(struct opt *opt, const struct opt_line *line)
{
	const struct rule *rules = opt->model->rules;
	struct buf out = { 0 };
	const char *name;
	size_t i;

	for (i = 0; i < line->nmembers; i++) {
		name = rules[line->members[i]].name;
		/* room for what says that there are more */
		if (i && out.n + strlen(name) + 2 +
					 (i + 1 < line->nmembers ? 24 : 0) >
				 COMMENT_MAX)
			break;
		buf_printf(&out, "%s%s", i ? ", " : "", name);
	}
	if (i < line->nmembers)
		buf_printf(&out, " and %zu more", line->nmembers - i);
	name = arena_strndup(opt->arena, out.p, out.n);
	buf_free(&out);
	return name;
}

static struct opt_program *program_of(struct opt *opt)
{
	struct opt_program *program =
		arena_new_object(opt->arena, struct opt_program);
	size_t i;

	program->n = opt->lines.n;
	program->lines =
		arena_array(opt->arena, program->n, sizeof(*program->lines));
	for (i = 0; i < program->n; i++) {
		program->lines[i] = opt->lines.v[i].out;
		if (program->lines[i].nmembers > 1)
			program->lines[i].comment =
				names(opt, &program->lines[i]);
	}
	program->notes = opt->notes.v;
	program->nnotes = opt->notes.n;
	return program;
}

struct opt_program *opt_run(struct arena *arena, const struct model *model,
			    opt_without without)
{
	struct opt opt = { .arena = arena, .model = model };

	lines_of(&opt);
	for (; opt.pass < PASSES; opt.pass++) {
		if (without >> opt.pass & 1)
			continue;
		passes[opt.pass].run(&opt);
		sweep(&opt);
	}
	return program_of(&opt);
}

/* ---- what was done ---- */

static void put_place(struct buf *out, const struct model *model,
		      const struct sources *sources, uint32_t rule)
{
	struct place place = span_place(sources, model->rules[rule].span);

	buf_printf(out, "%s:%u: %s", place.path, place.line,
		   model->rules[rule].name);
}

static void put_note(struct buf *out, const struct opt_note *note,
		     const struct model *model, const struct sources *sources)
{
	buf_printf(out, "%s: ", passes[note->pass].name);
	put_place(out, model, sources, note->rule);
	if (note->with == note->rule)
		buf_printf(out, ": %s\n", note->what);
	else
		buf_printf(
			out, ": joined with line %u: they differ in \"%s\"\n",
			span_place(sources, model->rules[note->with].span).line,
			note->what);
}

void opt_explain(struct buf *out, const struct opt_program *program,
		 const struct model *model, const struct sources *sources)
{
	size_t i;

	for (i = 0; i < program->nnotes; i++)
		put_note(out, &program->notes[i], model, sources);
	buf_printf(out, "%zu rules of the policy, %zu as they are lowered\n",
		   model->nrules, program->n);
}
