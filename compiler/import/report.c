// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the policy does not say, reported and kept for its head; and whether fw4
 * takes a section at all.
 */
#include "parts.h"

#include "value.h"

unsigned int span_line(const struct translation *t, struct span span)
{
	struct str before = t->source->text;

	if (span.offset < before.n)
		before.n = span.offset;
	return 1 + (unsigned int)str_count(before, '\n');
}

static struct diag *report(struct translation *t, struct span span,
			   const char *fmt, va_list args)
{
	const char *text = arena_vprintf(t->arena, fmt, args);

	return diag_warning(t->import->diags, span, "%s", text);
}

static void keep(struct translation *t, struct span span, const char *fmt,
		 va_list args)
{
	struct remark *remark = vec_push(t->arena, &t->remarks);

	remark->offset = span.offset;
	remark->text = arena_printf(t->arena, "line %u: %s", span_line(t, span),
				    arena_vprintf(t->arena, fmt, args));
}

static void report_and_keep(struct translation *t, struct span span,
			    const char *fmt, va_list args)
{
	va_list again;

	va_copy(again, args);
	report(t, span, fmt, args);
	keep(t, span, fmt, again);
	va_end(again);
}

void report_left_out(struct translation *t, struct span span, const char *fmt,
		     ...)
{
	va_list args;

	t->import->left_out++;
	va_start(args, fmt);
	report_and_keep(t, span, fmt, args);
	va_end(args);
}

void report_nearly(struct translation *t, struct span span, const char *fmt,
		   ...)
{
	va_list args;

	t->import->nearly++;
	va_start(args, fmt);
	report_and_keep(t, span, fmt, args);
	va_end(args);
}

void report_unused(struct translation *t, struct span span, const char *fmt,
		   ...)
{
	va_list args;

	va_start(args, fmt);
	report(t, span, fmt, args);
	va_end(args);
}

const char *section_title(struct translation *t,
			  const struct uci_section *section)
{
	struct str name = option_text(section, "name");
	unsigned int line = span_line(t, section->span);

	if (!name.n)
		name = section->name;
	if (name.n)
		return arena_printf(t->arena, "%.*s %.*s, line %u",
				    STR_ARG(section->type), STR_ARG(name),
				    line);
	return arena_printf(t->arena, "%.*s, line %u", STR_ARG(section->type),
			    line);
}

/* "# as this" is "as this". */
static void put_comment(struct buf *out, struct str line)
{
	line = str_trim(line);
	while (line.n && line.p[0] == '#') {
		line.p++;
		line.n--;
	}
	line = str_trim(line);
	if (line.n)
		buf_printf(out, "\n%.*s", STR_ARG(line));
}

const char *section_note(struct translation *t,
			 const struct uci_section *section)
{
	const char *title = section_title(t, section);
	struct str rest = section->comment;
	struct buf lines = { 0 };

	if (t->commented == section || !rest.n)
		return title;
	t->commented = section;
	while (rest.p)
		put_comment(&lines, str_cut(&rest, '\n'));
	title = arena_printf(t->arena, "%s%.*s", title, (int)lines.n,
			     lines.n ? lines.p : "");
	buf_free(&lines);
	return title;
}

/* Whether fw4 takes it. */

static void fw4_skips(struct translation *t, const struct uci_section *section,
		      struct span span, const char *why)
{
	report_unused(t, span, "fw4 leaves out this %.*s: %s",
		      STR_ARG(section->type), why);
}

static void unknown_option(struct translation *t, const struct section *kind,
			   const struct uci_option *option)
{
	struct suggest suggest = suggest_for(option->name);
	const struct option *row;

	for (row = kind->options; row->name; row++)
		suggest_name(&suggest, str_of(row->name));
	suggest_help(&suggest,
		     diag_warning(t->import->diags, option->span,
				  "fw4 knows no option \"%.*s\" of a %s",
				  STR_ARG(option->name), kind->type));
}

static bool take_value(struct translation *t, const struct uci_section *section,
		       const struct option *row, const struct uci_value *value)
{
	struct str text = value->text;

	if ((row->how & OPTION_PLAIN) && value_negated(&text)) {
		fw4_skips(t, section, value->span,
			  arena_printf(t->arena, "\"%s\" must not be negated",
				       row->name));
		return false;
	}
	if (!row->is_value || row->is_value(value->text))
		return true;
	fw4_skips(t, section, value->span,
		  arena_printf(t->arena, "\"%.*s\" is no value of \"%s\"",
			       STR_ARG(value->text), row->name));
	return false;
}

static bool take_option(struct translation *t,
			const struct uci_section *section,
			const struct option *row,
			const struct uci_option *option)
{
	struct uci_value value;
	bool good = true;
	size_t i;

	if (row->fate == OPTION_UNUSED)
		report_unused(t, option->span, "fw4 makes no use of \"%s\"",
			      row->name);
	if (option->list && !(row->how & OPTION_LIST)) {
		fw4_skips(t, section, option->span,
			  arena_printf(t->arena, "\"%s\" must not be a list",
				       row->name));
		return false;
	}
	if (!(row->how & OPTION_LIST))
		return take_value(t, section, row, &option->values.v[0]);
	for (i = 0; option_value_at(option, i, &value); i++)
		good = take_value(t, section, row, &value) && good;
	return good;
}

static bool take_required(struct translation *t,
			  const struct uci_section *section,
			  const struct section *kind)
{
	const struct option *row;
	bool good = true;

	for (row = kind->options; row->name; row++) {
		if (!(row->how & OPTION_REQUIRED) ||
		    uci_option(section, row->name))
			continue;
		fw4_skips(t, section, section->span,
			  arena_printf(t->arena, "it has no \"%s\"",
				       row->name));
		good = false;
	}
	return good;
}

bool section_take(struct translation *t, const struct uci_section *section)
{
	const struct section *kind = section_find(section->type);
	bool good = take_required(t, section, kind);
	size_t i;

	for (i = 0; i < section->options.n; i++) {
		const struct uci_option *option = section->options.v[i];
		const struct option *row = option_find(kind, option->name);

		if (!option->values.n)
			continue;
		if (row)
			good = take_option(t, section, row, option) && good;
		else
			unknown_option(t, kind, option);
	}
	return good && (!option_find(kind, STR("enabled")) ||
			option_bool(section, "enabled", true));
}
