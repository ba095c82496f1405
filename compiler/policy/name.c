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

static void add_word(struct buf *out, struct str word)
{
	size_t i;

	if (out->n)
		buf_putc(out, '-');
	for (i = 0; i < word.n; i++) {
		char c = word.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '.' || c == '_';

		if (plain)
			buf_putc(out, c);
		else if (out->n && out->p[out->n - 1] != '-')
			buf_putc(out, '-');
	}
	while (out->n && out->p[out->n - 1] == '-')
		out->n--;
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

static uint64_t hash_of(const struct buf *buf)
{
	return hash_bytes(HASH_INIT, buf->p, buf->n);
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
		name = arena_printf(b->arena, "%.*s-%08x", DERIVED_MAX - 9,
				    out.p, (unsigned int)hash_of(&out));
	else
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
