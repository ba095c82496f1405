// SPDX-License-Identifier: GPL-2.0-only
/* Lines in order: see lines.h. */
#include "lines.h"

#define WIDEST 32 /* of what stands before a column */
#define COMMENT_GAP 2

void lines_begin(struct lines *lines, size_t indent, bool blank)
{
	struct line *line;

	if (blank && lines->all.n) {
		line = vec_push(lines->arena, &lines->all);
		*line = (struct line){ 0 };
	}
	line = vec_push(lines->arena, &lines->all);
	*line = (struct line){
		.indent = indent,
		.begin = lines->text.n,
		.end = lines->text.n,
	};
}

static struct line *last(struct lines *lines)
{
	return &lines->all.v[lines->all.n - 1];
}

void lines_put(struct lines *lines, struct str text)
{
	buf_add(&lines->text, text.p, text.n);
	last(lines)->end = lines->text.n;
}

void lines_put_indented(struct lines *lines, struct str text, size_t strip,
			size_t indent)
{
	struct str rest = text, line = str_cut(&rest, '\n');
	size_t i, n;

	lines_put(lines, line);
	while (rest.p) {
		line = str_cut(&rest, '\n');
		for (n = 0; n < line.n && n < strip; n++)
			if (line.p[n] != ' ' && line.p[n] != '\t')
				break;
		line.p += n;
		line.n -= n;
		lines_put(lines, STR("\n"));
		for (i = 0; line.n && i < indent; i++)
			lines_put(lines, STR(" "));
		lines_put(lines, line);
	}
}

void lines_cell(struct lines *lines, const void *group)
{
	struct line *line = last(lines);

	if (line->cell)
		return;
	line->cell = lines->text.n;
	line->group = group;
}

void lines_comment(struct lines *lines, struct str comment)
{
	last(lines)->comment = comment;
}

static size_t width(const struct lines *lines, size_t begin, size_t end)
{
	return str_chars((struct str){ lines->text.p + begin, end - begin });
}

static bool in_group(const struct line *a, const struct line *b)
{
	return b->cell && b->group == a->group && b->indent == a->indent;
}

/* How wide what stands before the column is, for each line that shares it. */
static size_t column_width(const struct lines *lines, size_t i)
{
	const struct line *line = &lines->all.v[i];
	size_t first = i, widest = 0, n;

	while (first && in_group(line, &lines->all.v[first - 1]))
		first--;
	for (; first < lines->all.n; first++) {
		const struct line *other = &lines->all.v[first];

		if (!in_group(line, other))
			break;
		n = width(lines, other->begin, other->cell);
		if (n <= WIDEST && n > widest)
			widest = n;
	}
	return widest;
}

/* The columns of a group's lines are the same: asked once for all of them. */
static void put_line(const struct lines *lines, size_t i, size_t column,
		     struct buf *out)
{
	const struct line *line = &lines->all.v[i];
	size_t n;

	if (line->end == line->begin)
		return;
	buf_pad(out, line->indent);
	if (!line->cell) {
		buf_add(out, lines->text.p + line->begin,
			line->end - line->begin);
		return;
	}
	n = width(lines, line->begin, line->cell);
	buf_add(out, lines->text.p + line->begin, line->cell - line->begin);
	buf_pad(out, n < column ? column - n : 0);
	buf_add(out, lines->text.p + line->cell, line->end - line->cell);
}

static size_t end_column(const struct buf *out, size_t begin)
{
	size_t from = buf_last_line(out);

	if (from < begin)
		from = begin;
	return str_chars((struct str){ out->p + from, out->n - from });
}

struct placed {
	size_t end; /* in @out, of the line's text */
	size_t column;
};

/* The column of the comments of neighbouring lines. */
static size_t comment_column(const struct lines *lines,
			     const struct placed *placed, size_t i)
{
	size_t first = i, widest = 0;

	while (first && lines->all.v[first - 1].comment.n)
		first--;
	for (; first < lines->all.n && lines->all.v[first].comment.n; first++)
		if (placed[first].column > widest)
			widest = placed[first].column;
	return widest;
}

void lines_print(struct lines *lines, struct buf *out)
{
	size_t n = lines->all.n, i, column = 0, begin = 0, comments = 0;
	struct placed *placed =
		arena_array(lines->arena, n + 1, sizeof(*placed));
	struct buf text = { 0 };

	for (i = 0; i < n; i++) {
		const struct line *line = &lines->all.v[i];
		size_t from = text.n;

		if (line->cell && !(i && in_group(line, &lines->all.v[i - 1])))
			column = column_width(lines, i);
		put_line(lines, i, column, &text);
		placed[i].column = end_column(&text, from);
		placed[i].end = text.n;
	}
	for (i = 0; i < n; i++) {
		const struct line *line = &lines->all.v[i];

		buf_add(out, text.p + begin, placed[i].end - begin);
		begin = placed[i].end;
		if (line->comment.n) {
			if (!i || !lines->all.v[i - 1].comment.n)
				comments = comment_column(lines, placed, i);
			buf_pad(out, comments - placed[i].column + COMMENT_GAP);
			buf_add(out, line->comment.p, line->comment.n);
		}
		buf_putc(out, '\n');
	}
	buf_free(&text);
	buf_free(&lines->text);
}
