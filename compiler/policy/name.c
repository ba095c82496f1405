// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of entries, given or derived from what they say.
 *
 * A derived name depends on the entry's own words only, so it stays when other
 * entries move: counters, comments, logs and diffs keep talking of the same
 * rule. It uses the characters that nft's identifiers have.
 */
#include "bind.h"

#define DERIVED_MAX 60

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_';
}

static void add_word(struct buf *out, struct str word)
{
	char *end = buf_reserve(out, word.n + 1);
	const char *begin = out->p;
	size_t i;

	if (end > begin)
		*end++ = '-';
	for (i = 0; i < word.n; i++) {
		if (is_plain(word.p[i]))
			*end++ = word.p[i];
		else if (end > begin && end[-1] != '-')
			*end++ = '-';
	}
	while (end > begin && end[-1] == '-')
		end--;
	buf_end(out, end);
}

static void add_zones(struct binder *b, struct buf *out,
		      const struct zone_set *set)
{
	size_t i;

	if (set->any)
		add_word(out, STR("any"));
	for (i = 0; !set->any && i < b->model->nzones; i++)
		if (zone_set_has(set, (int)i))
			add_word(out, str_of(b->model->zones[i].name));
	if (set->router)
		add_word(out, STR("router"));
}

/* "$name", perhaps in quotes: the name says more than what it stands for. */
static bool is_variable(struct str text)
{
	if (text.n > 2 && text.p[0] == '"') {
		text.p++;
		text.n -= 2;
	}
	if (text.n < 2 || text.p[0] != '$')
		return false;
	while (text.n && !strchr(" ,\t\n]}", text.p[text.n - 1]))
		text.n--;
	return text.n == 0;
}

/* The values of one variable in a list all stand where it does. */
static bool is_repeated(struct binder *b, const struct node *list, size_t i)
{
	return i && span_text(b->sources, list->list.items[i - 1]->span).p ==
			    span_text(b->sources, list->list.items[i]->span).p;
}

/* What is said, however it is spelled: the texts, one behind the other. */
static void add_said(struct binder *b, struct buf *out, const struct node *node)
{
	struct str written = span_text(b->sources, node->span);
	size_t i;

	if (is_variable(written)) {
		add_word(out, written);
		return;
	}
	if (node->kind == NODE_SCALAR)
		add_word(out, node->scalar);
	for (i = 0; node->kind == NODE_LIST && i < node->list.n; i++)
		if (!is_repeated(b, node, i))
			add_said(b, out, node->list.items[i]);
	for (i = 0; node->kind == NODE_MAP && i < node->map.n; i++) {
		add_said(b, out, node->map.pairs[i].key);
		add_said(b, out, node->map.pairs[i].value);
	}
}

/* The hash tells it from others that begin alike. */
static void shorten(struct buf *name)
{
	uint64_t hash = hash_bytes(HASH_INIT, name->p, name->n);
	int shift;

	name->n = DERIVED_MAX - 9;
	buf_putc(name, '-');
	for (shift = 28; shift >= 0; shift -= 4)
		buf_putc(name, "0123456789abcdef"[hash >> shift & 15]);
}

const char *name_derive(struct binder *b, const char *word,
			const struct zone_set *from, const struct zone_set *to,
			const struct match *matches, size_t n, const char *more)
{
	struct buf out = { 0 };
	const char *name;
	size_t i;

	add_word(&out, str_of(word));
	if (from)
		add_zones(b, &out, from);
	if (to) {
		add_word(&out, STR("to"));
		add_zones(b, &out, to);
	}
	for (i = 0; i < n; i++) {
		add_word(&out, str_of(matches[i].word->word));
		if (matches[i].said)
			add_said(b, &out, matches[i].said);
	}
	if (more)
		add_word(&out, str_of(more));
	if (out.n > DERIVED_MAX)
		shorten(&out);
	name = arena_strndup(b->arena, out.p, out.n);
	buf_free(&out);
	return name;
}

static const char *next_free(struct binder *b, const char *name)
{
	const char *try = name;
	unsigned int i;

	for (i = 2; map_get(&b->names, str_of(try)); i++)
		try = arena_printf(b->arena, "%s-%u", name, i);
	return try;
}

const char *name_entry(struct binder *b, const char *given,
		       struct span given_span, struct span span,
		       const char *derived)
{
	const char *name = given ? given : next_free(b, derived);
	struct span *place = arena_new_object(b->arena, struct span);
	struct diag *diag;

	*place = given ? given_span : span;
	if (!map_add(&b->names, str_of(name), place)) {
		diag = diag_error(b->diags, given_span,
				  "the name \"%s\" is given twice", name);
		diag_note(diag,
			  *(struct span *)map_get(&b->names, str_of(name)),
			  "it is first given here");
	}
	return name;
}
