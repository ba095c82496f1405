// SPDX-License-Identifier: GPL-2.0-only
/*
 * Passes that leave rules out.
 *
 * What must stay true: whatever a rule that is left out would have decided is
 * decided alike without it.
 */
#include "passes.h"

/* Kept lines that one which may go is compared with. */
#define COMPARE_MAX 16
#define LOOK_MAX 128

/* What the analysis found: no connection comes as far as this. */
void pass_unreachable(struct opt *opt)
{
	size_t i;

	for (i = 0; i < opt->lines.n; i++) {
		struct line *line = &opt->lines.v[i];

		if (!line->out.rule->taken)
			continue;
		line->gone = true;
		opt_note(opt, line->out.members[0], line->out.members[0],
			 "left out: no connection reaches it");
	}
}

/* Nobody knows what nft's own rules do between this rule and the default. */
static bool is_default(const struct model *model, enum hook_index hook,
		       enum action action)
{
	size_t i;

	for (i = 0; i < model->nraws; i++)
		if (model->raws[i].at == (enum raw_at)hook &&
		    model->raws[i].after)
			return false;
	return model->defaults[hook] == action;
}

static bool as_default(const struct model *model, const struct rule *rule)
{
	bool from = zone_set_zones(&rule->from), to = zone_set_zones(&rule->to);

	return (!(from && rule->to.router) ||
		is_default(model, HOOK_INPUT, rule->action)) &&
	       (!(from && to) ||
		is_default(model, HOOK_FORWARD, rule->action)) &&
	       (!(rule->from.router && to) ||
		is_default(model, HOOK_OUTPUT, rule->action));
}

struct kept {
	const struct line **lines; /* behind the one at hand, nearest last */
	size_t n;
};

static bool none_behind(struct opt *opt, const struct line *line,
			const struct kept *kept)
{
	size_t i, compared = 0;

	if (kept->n > LOOK_MAX)
		return false;
	for (i = 0; i < kept->n; i++) {
		const struct line *other = kept->lines[i];

		if (other->plain &&
		    other->out.rule->action == line->out.rule->action)
			continue;
		if (other->barrier || ++compared > COMPARE_MAX ||
		    lines_meet(opt, line, other))
			return false;
	}
	return true;
}

/* The lines of the rule that @end - 1 is of begin here. */
static size_t rule_begin(const struct opt *opt, size_t end)
{
	size_t i = end - 1;

	while (i && opt->lines.v[i - 1].out.rule == opt->lines.v[i].out.rule)
		i--;
	return i;
}

static bool may_go(struct opt *opt, const struct line *line,
		   const struct kept *kept)
{
	return line->plain && !line->barrier &&
	       as_default(opt->model, line->out.rule) &&
	       none_behind(opt, line, kept);
}

/*
 * From the end: a plain rule that does as the default, with nothing behind it
 * that would do otherwise. All of it goes, or nothing: half a rule would look
 * like a mistake.
 */
void pass_default(struct opt *opt)
{
	struct kept kept = { 0 };
	size_t begin, end, i;
	bool go;

	kept.lines =
		arena_array(opt->arena, opt->lines.n + 1, sizeof(*kept.lines));
	for (end = opt->lines.n; end; end = begin) {
		begin = rule_begin(opt, end);
		for (go = true, i = begin; i < end && go; i++)
			go = may_go(opt, &opt->lines.v[i], &kept);
		for (i = begin; i < end; i++) {
			opt->lines.v[i].gone = go;
			if (!go)
				kept.lines[kept.n++] = &opt->lines.v[i];
		}
		if (go)
			opt_note(opt, opt->lines.v[begin].out.members[0],
				 opt->lines.v[begin].out.members[0],
				 "left out: the default does the same");
	}
}
