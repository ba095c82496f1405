// SPDX-License-Identifier: GPL-2.0-only
/*
 * Collecting the user's mistakes and showing them with the line they are on.
 *
 * What must stay true: nothing that comes from a policy reaches the terminal
 * but as visible characters (see rune_hidden()), and the work and the output for
 * one diagnostic are bounded, however long its line is.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/diag.h"

#define GUTTER "      "	  /* as wide as a line number and its blank */
#define SHOWN_COLUMNS 160 /* of a source line; what is beyond is cut */
#define CUT "..."
#define CUT_COLUMNS (sizeof(CUT) - 1)
#define TAB_COLUMNS 8
#define UTF8_MAX_BYTES 4
#define EXPANSION_SHOWN 60 /* bytes of the word that stands for something */

struct note {
	struct span span;
	const char *message;
};

struct diag {
	struct diags *diags; /* NULL in the one that swallows what is dropped */
	enum severity severity;
	struct span span;
	size_t sequence;
	const char *message;
	VEC(const char *) helps;
	VEC(struct note) notes;
};

struct diags {
	struct arena *arena;
	const struct sources *sources;
	VEC(struct diag *) kept;
	size_t reported[SEVERITY_NOTE]; /* by severity */
	size_t dropped[SEVERITY_NOTE];
	struct diag swallow;
	uint32_t reworded; /* a source, or 0 */
	const char *(*reword)(struct arena *arena, const char *help);
};

struct diags *diags_new(struct arena *arena, const struct sources *sources)
{
	struct diags *diags = arena_new_object(arena, struct diags);

	diags->arena = arena;
	diags->sources = sources;
	return diags;
}

static bool same_span(struct span a, struct span b)
{
	return a.source == b.source && a.offset == b.offset &&
	       a.length == b.length;
}

static bool is_known(const struct diags *diags, const struct diag *diag)
{
	for (size_t i = 0; i < diags->kept.n; i++) {
		const struct diag *other = diags->kept.v[i];

		if (other->severity == diag->severity &&
		    same_span(other->span, diag->span) &&
		    strcmp(other->message, diag->message) == 0)
			return true;
	}
	return false;
}

/* What is not kept gets somewhere to hang its notes and helps on, too. */
static struct diag *report(struct diags *diags, enum severity severity,
			   struct span span, const char *fmt, va_list args)
{
	struct arena_mark mark = arena_mark(diags->arena);
	struct diag *diag;

	if (diags->reported[severity] >= DIAGS_MAX) {
		diags->reported[severity]++;
		diags->dropped[severity]++;
		return &diags->swallow;
	}
	diag = arena_new_object(diags->arena, struct diag);
	diag->diags = diags;
	diag->severity = severity;
	diag->span = span;
	diag->sequence = diags->kept.n;
	diag->message = arena_vprintf(diags->arena, fmt, args);
	if (is_known(diags, diag)) {
		arena_reset(diags->arena, mark);
		return &diags->swallow;
	}
	diags->reported[severity]++;
	*vec_push(diags->arena, &diags->kept) = diag;
	return diag;
}

struct diag *diag_error(struct diags *diags, struct span span, const char *fmt,
			...)
{
	struct diag *diag;
	va_list args;

	va_start(args, fmt);
	diag = report(diags, SEVERITY_ERROR, span, fmt, args);
	va_end(args);
	return diag;
}

struct diag *diag_nothing(struct diags *diags)
{
	return &diags->swallow;
}

struct diag *diag_warning(struct diags *diags, struct span span,
			  const char *fmt, ...)
{
	struct diag *diag;
	va_list args;

	va_start(args, fmt);
	diag = report(diags, SEVERITY_WARNING, span, fmt, args);
	va_end(args);
	return diag;
}

void diag_note(struct diag *diag, struct span span, const char *fmt, ...)
{
	struct note note = { .span = span };
	va_list args;

	if (!diag->diags)
		return;
	va_start(args, fmt);
	note.message = arena_vprintf(diag->diags->arena, fmt, args);
	va_end(args);
	*vec_push(diag->diags->arena, &diag->notes) = note;
}

void diag_help(struct diag *diag, const char *fmt, ...)
{
	const char *help;
	va_list args;

	if (!diag->diags)
		return;
	va_start(args, fmt);
	help = arena_vprintf(diag->diags->arena, fmt, args);
	va_end(args);
	if (diag->diags->reworded && diag->span.source == diag->diags->reworded)
		help = diag->diags->reword(diag->diags->arena, help);
	*vec_push(diag->diags->arena, &diag->helps) = help;
}

void diags_reword(struct diags *diags, uint32_t source,
		  const char *(*reword)(struct arena *arena, const char *help))
{
	diags->reworded = source;
	diags->reword = reword;
}

size_t diags_errors(const struct diags *diags)
{
	return diags->reported[SEVERITY_ERROR];
}

size_t diags_warnings(const struct diags *diags)
{
	return diags->reported[SEVERITY_WARNING];
}

/* A word of n letters has no near one n letters away: that is any word. */
static unsigned int nearness(struct str word)
{
	if (word.n <= 1)
		return 0;
	return word.n <= 3 ? 1 : 2;
}

struct suggest suggest_for(struct str word)
{
	return (struct suggest){ .word = word, .distance = nearness(word) + 1 };
}

static bool same_start(struct str a, struct str b)
{
	return a.n && b.n && a.p[0] == b.p[0];
}

/* Of those equally near, the first that begins alike; else the first. */
void suggest_name(struct suggest *suggest, struct str candidate)
{
	unsigned int distance;

	if (suggest->n < SUGGEST_LISTED)
		suggest->names[suggest->n] = candidate;
	suggest->n++;
	if (!suggest->distance || str_eq(suggest->word, candidate))
		return;
	distance = str_distance(suggest->word, candidate, suggest->distance);
	if (distance < suggest->distance ||
	    (distance == suggest->distance && suggest->best.n &&
	     same_start(suggest->word, candidate) &&
	     !same_start(suggest->word, suggest->best))) {
		suggest->distance = distance;
		suggest->best = candidate;
	}
}

void suggest_list(const struct suggest *suggest, const char *things,
		  struct diag *diag)
{
	struct buf text = { 0 };
	size_t i, n = suggest->n;

	suggest_help(suggest, diag);
	if (suggest->best.n || n > SUGGEST_LISTED)
		return;
	if (!n)
		diag_help(diag, "there are no %s", things);
	for (i = 0; i < n; i++)
		buf_printf(&text, "%s\"%.*s\"",
			   !i	     ? "" :
			   i + 1 < n ? ", " :
				       " and ",
			   STR_ARG(suggest->names[i]));
	if (n)
		diag_help(diag, "the %s are %s", things, text.p);
	buf_free(&text);
}

void suggest_help(const struct suggest *suggest, struct diag *diag)
{
	if (suggest->best.n)
		diag_help(diag, "did you mean \"%.*s\"?",
			  STR_ARG(suggest->best));
}

static void add_blanks(struct buf *out, size_t n)
{
	memset(buf_reserve(out, n), ' ', n);
	out->n += n;
}

/* Adds @s so that it can be seen as it is; the next column. */
static size_t add_visible(struct buf *out, struct str s, size_t column)
{
	while (s.n) {
		uint32_t rune = 0;
		size_t n = str_rune(s, &rune);
		size_t blanks = TAB_COLUMNS - column % TAB_COLUMNS;

		if (rune == '\t') {
			add_blanks(out, blanks);
			column += blanks;
		} else if (n && !rune_hidden(rune)) {
			buf_add(out, s.p, n);
			column += rune_columns(rune);
		} else {
			n = n ? n : 1;
			for (size_t i = 0; i < n; i++)
				buf_printf(out, "\\x%02x", s.p[i] & 0xff);
			column += 4 * n;
		}
		s.p += n;
		s.n -= n;
	}
	return column;
}

#define MARKS_MAX 8

/* Columns to be underlined. */
struct mark {
	size_t from, to;
};

/* One line of source as it can be shown. */
struct excerpt {
	struct buf text;	      /* as it can be seen */
	size_t total;		      /* columns of all that */
	size_t from, to;	      /* those that are meant */
	bool cut_left, cut_right;     /* the line goes on beyond the text */
	struct mark marks[MARKS_MAX]; /* other places, apart from it */
	size_t nmarks;
};

static bool is_lead(char c)
{
	return (c & 0xc0) != 0x80;
}

/*
 * The bytes of the line that can matter when [@from, @to) is shown: enough of
 * them before and behind to fill the columns with the longest characters.
 */
static struct str near_text(struct str line, size_t from, struct excerpt *e)
{
	const size_t reach = (size_t)SHOWN_COLUMNS * UTF8_MAX_BYTES;
	size_t begin = from > reach ? from - reach : 0;
	size_t end = line.n - from > reach ? from + reach : line.n;

	while (begin && begin < from && !is_lead(line.p[begin]))
		begin++;
	while (end < line.n && end > from && !is_lead(line.p[end]))
		end--;
	e->cut_left = begin > 0;
	e->cut_right = end < line.n;
	return (struct str){ line.p + begin, end - begin };
}

/* @from and @to are bytes of @line. */
static struct excerpt make_excerpt(struct str line, size_t from, size_t to)
{
	struct excerpt e = { .text = { 0 } };
	struct str near = near_text(line, from, &e);
	const char *end = near.p + near.n;
	struct str before = { near.p, (size_t)(line.p + from - near.p) };
	struct str meant = { line.p + from, to - from };
	struct str after;

	if (meant.p + meant.n > end)
		meant.n = (size_t)(end - meant.p);
	buf_reserve(&e.text, near.n);
	after.p = meant.p + meant.n;
	after.n = (size_t)(end - after.p);
	e.from = add_visible(&e.text, before, 0);
	e.to = add_visible(&e.text, meant, e.from);
	e.total = add_visible(&e.text, after, e.to);
	return e;
}

/*
 * The columns [@left, @right) of what add_visible() made; a character that is
 * half in them is not, and @pad is what it leaves empty on the left.
 */
static struct str columns_of(struct str text, size_t left, size_t right,
			     size_t *pad)
{
	size_t column = 0, begin = text.n, end = 0;

	*pad = 0;
	while (end < text.n) {
		struct str rest = { text.p + end, text.n - end };
		uint32_t rune = ' ';
		size_t n = str_rune(rest, &rune);
		size_t next = column + rune_columns(rune);

		if (next > right)
			break;
		if (column >= left && begin == text.n) {
			begin = end;
			*pad = column - left;
		}
		end += n ? n : 1;
		column = next;
	}
	return (struct str){ text.p + begin, begin < end ? end - begin : 0 };
}

struct window {
	size_t left, right; /* the columns to be shown, without the dots */
	bool dots_left, dots_right;
};

static struct window choose_window(const struct excerpt *e)
{
	struct window w = { .right = e->total };

	if (e->total > SHOWN_COLUMNS) {
		if (e->from > SHOWN_COLUMNS / 2)
			w.left = e->from - SHOWN_COLUMNS / 2;
		if (w.left > e->total - SHOWN_COLUMNS)
			w.left = e->total - SHOWN_COLUMNS;
		w.right = w.left + SHOWN_COLUMNS;
	}
	w.dots_left = w.left > 0 || e->cut_left;
	w.dots_right = w.right < e->total || e->cut_right;
	if (w.dots_left)
		w.left += CUT_COLUMNS;
	if (w.dots_right)
		w.right -= CUT_COLUMNS;
	return w;
}

struct printer {
	const struct diags *diags;
	const struct source *file; /* of the latest diagnostic */
	struct buf out;
	bool colour;
};

#define BOLD "\033[1m"
#define CYAN "\033[1;36m"
#define MAGENTA "\033[1;35m"
#define PLAIN "\033[0m"
#define RED "\033[1;31m"

static const struct {
	const char *name, *colour;
} severities[] = {
	[SEVERITY_ERROR] = { "error", RED },
	[SEVERITY_WARNING] = { "warning", MAGENTA },
	[SEVERITY_NOTE] = { "note", CYAN },
};

static void paint(struct printer *p, const char *colour)
{
	if (p->colour)
		buf_puts(&p->out, colour);
}

/* All that is underlined, in the order of the columns. */
struct underline {
	struct mark marks[MARKS_MAX + 1];
	size_t n, meant; /* which of them is what the message is about */
};

static struct underline sort_marks(const struct excerpt *e)
{
	struct underline u = { .n = e->nmarks + 1 };
	size_t i, j;

	u.marks[0] = (struct mark){ e->from, e->to };
	for (i = 0; i < e->nmarks; i++) {
		for (j = i + 1; j && u.marks[j - 1].from > e->marks[i].from;
		     j--)
			u.marks[j] = u.marks[j - 1];
		u.marks[j] = e->marks[i];
		if (j <= u.meant)
			u.meant++;
	}
	return u;
}

/* Those beyond the window are not to be seen; what is meant always is. */
static void print_underline(struct printer *p, enum severity severity,
			    const struct excerpt *e, const struct window *w)
{
	struct underline u = sort_marks(e);
	size_t i, column = w->left - (w->dots_left ? CUT_COLUMNS : 0);

	buf_puts(&p->out, GUTTER "| ");
	for (i = 0; i < u.n; i++) {
		size_t from = u.marks[i].from, to = u.marks[i].to;

		if (i != u.meant && (from < w->left || from >= w->right))
			continue;
		to = to < w->right ? to : w->right;
		add_blanks(&p->out, from - column);
		paint(p, i == u.meant ? severities[severity].colour : CYAN);
		buf_putc(&p->out, i == u.meant ? '^' : '~');
		for (column = from + 1; column < to; column++)
			buf_putc(&p->out, '~');
		paint(p, PLAIN);
	}
	buf_putc(&p->out, '\n');
}

static void print_excerpt(struct printer *p, enum severity severity,
			  unsigned int line, const struct excerpt *e)
{
	struct window w = choose_window(e);
	size_t pad;
	struct str shown = columns_of((struct str){ e->text.p, e->text.n },
				      w.left, w.right, &pad);

	buf_printf(&p->out, "%5u |%s%s", line, e->total ? " " : "",
		   w.dots_left ? CUT : "");
	add_blanks(&p->out, pad);
	buf_printf(&p->out, "%.*s%s\n", STR_ARG(shown),
		   w.dots_right ? CUT : "");
	print_underline(p, severity, e, &w);
}

static size_t visible_end(struct str line, size_t from)
{
	size_t end = line.n;

	while (end > from &&
	       (line.p[end - 1] == ' ' || line.p[end - 1] == '\t'))
		end--;
	return end;
}

/* The part of @span that is on the line of @place, as bytes of that line. */
static struct mark bytes_of(struct printer *p, struct span span,
			    const struct place *place)
{
	const struct source *source = source_of(p->diags->sources, span);
	size_t begin = (size_t)(place->text.p - source->text.p);
	struct mark bytes;

	bytes.from = span.offset < begin ? 0 : span.offset - begin;
	bytes.to = bytes.from + span.length;
	if (bytes.from > place->text.n)
		bytes.from = place->text.n;
	if (bytes.to > place->text.n)
		bytes.to = visible_end(place->text, bytes.from);
	return bytes;
}

static bool is_apart(struct mark a, const struct excerpt *e)
{
	size_t i;

	if (a.from < e->to && e->from < a.to)
		return false;
	for (i = 0; i < e->nmarks; i++)
		if (a.from < e->marks[i].to && e->marks[i].from < a.to)
			return false;
	return a.from < a.to && a.from != e->from &&
	       a.to <= SHOWN_COLUMNS - CUT_COLUMNS;
}

/*
 * Marks those notes, by a bit each, that are about other places on the same
 * line: no line is shown twice for them. Only where all of it is shown.
 */
static unsigned int mark_notes(struct printer *p, const struct diag *diag,
			       const struct place *place, struct excerpt *e)
{
	unsigned int marked = 0;
	size_t i;

	for (i = 0; i < diag->notes.n && i < MARKS_MAX; i++) {
		struct span span = diag->notes.v[i].span;
		struct place other = span_place(p->diags->sources, span);
		struct buf scratch = { 0 };
		struct mark bytes, mark;

		if (other.text.p != place->text.p || !other.path ||
		    e->total > SHOWN_COLUMNS || e->cut_left || e->cut_right)
			continue;
		bytes = bytes_of(p, span, place);
		mark.from = add_visible(
			&scratch, (struct str){ place->text.p, bytes.from }, 0);
		mark.to = add_visible(&scratch,
				      (struct str){ place->text.p + bytes.from,
						    bytes.to - bytes.from },
				      mark.from);
		buf_free(&scratch);
		if (!is_apart(mark, e))
			continue;
		e->marks[e->nmarks++] = mark;
		marked |= 1u << i;
	}
	return marked;
}

/* @diag if its notes may be marked, too; answers which are. */
static unsigned int print_snippet(struct printer *p, enum severity severity,
				  struct span span, const struct place *place,
				  const struct diag *diag)
{
	struct mark bytes = bytes_of(p, span, place);
	struct excerpt e = make_excerpt(place->text, bytes.from, bytes.to);
	unsigned int marked = diag ? mark_notes(p, diag, place, &e) : 0;

	print_excerpt(p, severity, place->line, &e);
	buf_free(&e.text);
	return marked;
}

static struct place print_head(struct printer *p, enum severity severity,
			       struct span span, const char *message)
{
	struct place place = span_place(p->diags->sources, span);

	paint(p, BOLD);
	if (place.path) {
		add_visible(&p->out, str_of(place.path), 0);
		buf_printf(&p->out, ":%u:%u: ", place.line, place.column);
	}
	paint(p, severities[severity].colour);
	buf_printf(&p->out, "%s: ", severities[severity].name);
	paint(p, PLAIN);
	add_visible(&p->out, str_of(message), 0);
	buf_putc(&p->out, '\n');
	return place;
}

static void print_note(struct printer *p, struct span span, const char *message)
{
	struct place place = print_head(p, SEVERITY_NOTE, span, message);

	if (place.path)
		print_snippet(p, SEVERITY_NOTE, span, &place, NULL);
}

/* How the file came in; once for all that is said of it in a row. */
static void print_named(struct printer *p, struct span span)
{
	const struct source *source = source_of(p->diags->sources, span);
	const char *before = "in file included from ";

	if (!source || source == p->file)
		return;
	p->file = source;
	while (source->named.source) {
		struct place place =
			span_place(p->diags->sources, source->named);

		source = source_of(p->diags->sources, source->named);
		buf_puts(&p->out, before);
		add_visible(&p->out, str_of(place.path), 0);
		buf_printf(&p->out, ":%u:%u%s\n", place.line, place.column,
			   source->named.source ? "," : ":");
		before = "                 from ";
	}
}

static const char *expansion_message(const struct diags *diags,
				     const struct expansion *e)
{
	struct str name = span_text(diags->sources, e->place);

	return name.n <= EXPANSION_SHOWN ?
		       arena_printf(diags->arena, "%.*s stands for this",
				    STR_ARG(name)) :
		       "it stands for this";
}

/* What stands there instead of the word that does. */
static void print_definitions(struct printer *p, struct span span)
{
	const struct expansion *e;

	while ((e = span_expansion(p->diags->sources, span))) {
		span = e->definition;
		print_note(p, span, expansion_message(p->diags, e));
	}
}

static void print_diag(struct printer *p, const struct diag *diag)
{
	unsigned int marked = 0;
	struct place place;

	print_named(p, diag->span);
	place = print_head(p, diag->severity, diag->span, diag->message);
	if (place.path)
		marked = print_snippet(p, diag->severity, diag->span, &place,
				       diag);
	for (size_t i = 0; i < diag->helps.n; i++) {
		buf_puts(&p->out, GUTTER "= help: ");
		add_visible(&p->out, str_of(diag->helps.v[i]), 0);
		buf_putc(&p->out, '\n');
	}
	print_definitions(p, diag->span);
	for (size_t i = 0; i < diag->notes.n; i++) {
		const struct note *note = &diag->notes.v[i];

		if (i < MARKS_MAX && marked >> i & 1)
			print_head(p, SEVERITY_NOTE, note->span, note->message);
		else
			print_note(p, note->span, note->message);
	}
}

static void print_dropped(struct printer *p, enum severity severity)
{
	size_t n = p->diags->dropped[severity];

	if (n)
		buf_printf(&p->out, "... and %zu more %s%s\n", n,
			   severities[severity].name, n == 1 ? "" : "s");
}

static uint32_t file_id(const struct diag *diag)
{
	const struct source *source =
		source_of(diag->diags->sources, diag->span);

	return source ? source->id : 0;
}

static int by_place(const void *left, const void *right)
{
	const struct diag *a = *(const struct diag *const *)left;
	const struct diag *b = *(const struct diag *const *)right;

	if (file_id(a) != file_id(b))
		return file_id(a) < file_id(b) ? -1 : 1;
	if (a->span.offset != b->span.offset)
		return a->span.offset < b->span.offset ? -1 : 1;
	return a->sequence < b->sequence ? -1 : 1;
}

/* As they are shown. */
static struct diag **sort_kept(const struct diags *diags)
{
	size_t n = diags->kept.n;
	struct diag **sorted = arena_array(diags->arena, n, sizeof(*sorted));

	if (n) {
		memcpy(sorted, diags->kept.v, n * sizeof(*sorted));
		qsort(sorted, n, sizeof(*sorted), by_place);
	}
	return sorted;
}

void diags_print(const struct diags *diags, FILE *out, bool colour)
{
	struct printer p = { .diags = diags, .colour = colour };
	struct diag **sorted = sort_kept(diags);

	for (size_t i = 0; i < diags->kept.n; i++)
		print_diag(&p, sorted[i]);
	print_dropped(&p, SEVERITY_ERROR);
	print_dropped(&p, SEVERITY_WARNING);
	if (p.out.n)
		fwrite(p.out.p, 1, p.out.n, out);
	buf_free(&p.out);
}

/* ---- For programs ---- */

void span_json(struct json *out, const struct sources *sources,
	       struct span span)
{
	struct place place = span_place(sources, span), end;
	struct span behind = span;

	if (!place.path)
		return;
	behind.offset += behind.length;
	behind.length = 0;
	end = span_place(sources, behind);
	json_put_str(out, "file", place.path);
	json_put_u64(out, "line", place.line);
	json_put_u64(out, "column", place.column);
	json_put_u64(out, "end_line", end.line);
	json_put_u64(out, "end_column", end.column);
	json_put_u64(out, "offset", span.offset);
	json_put_u64(out, "length", span.length);
}

static void note_json(struct json *out, const struct diags *diags,
		      struct span span, const char *message)
{
	json_object(out);
	json_put_str(out, "message", message);
	span_json(out, diags->sources, span);
	json_end(out);
}

static void notes_json(struct json *out, const struct diag *diag)
{
	const struct diags *diags = diag->diags;
	struct span span = diag->span;
	const struct expansion *e;

	json_key(out, "notes");
	json_array(out);
	while ((e = span_expansion(diags->sources, span))) {
		span = e->definition;
		note_json(out, diags, span, expansion_message(diags, e));
	}
	for (size_t i = 0; i < diag->notes.n; i++)
		note_json(out, diags, diag->notes.v[i].span,
			  diag->notes.v[i].message);
	json_end(out);
}

/* The places that name its file, the nearest first. */
static void named_json(struct json *out, const struct diag *diag)
{
	const struct sources *sources = diag->diags->sources;
	const struct source *source = source_of(sources, diag->span);

	json_key(out, "included_from");
	json_array(out);
	while (source && source->named.source) {
		json_object(out);
		span_json(out, sources, source->named);
		json_end(out);
		source = source_of(sources, source->named);
	}
	json_end(out);
}

static void diag_json(struct json *out, const struct diag *diag)
{
	json_object(out);
	json_put_str(out, "severity", severities[diag->severity].name);
	json_put_str(out, "message", diag->message);
	span_json(out, diag->diags->sources, diag->span);
	json_key(out, "help");
	json_array(out);
	for (size_t i = 0; i < diag->helps.n; i++)
		json_text(out, diag->helps.v[i]);
	json_end(out);
	notes_json(out, diag);
	named_json(out, diag);
	json_end(out);
}

void diags_json(struct json *out, const struct diags *diags)
{
	struct diag **sorted = sort_kept(diags);

	json_put_u64(out, "errors", diags_errors(diags));
	json_put_u64(out, "warnings", diags_warnings(diags));
	json_key(out, "diagnostics");
	json_array(out);
	for (size_t i = 0; i < diags->kept.n; i++)
		diag_json(out, sorted[i]);
	json_end(out);
}
