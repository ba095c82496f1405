// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guard rails: what a policy says of floods, of the connections that live when
 * it is applied, and of who applies it.
 *
 *	syn-flood: { rate: 25/second, burst: 50 }	or: 25/second burst 50
 *	syn-flood: [ 200/second, { rate: 10/second, per: source } ]
 *	existing: decide | keep
 *	lockout: protect | ignore
 */
#include "bind.h"

static void flood_per(struct binder *b, const struct node *node, void *into)
{
	static const char *const words[] = { "all", "source", NULL };
	int i = bind_word(b, node, words, "whom it holds for");

	((struct limit_spec *)into)->per = i == 1 ? PER_SOURCE : PER_RULE;
}

const struct field syn_flood_fields[] = {
	{ "rate", limit_rate, true | FIELD_PHRASE, .type = "<rate>",
	  .doc = DOC("How many a unit of time, over all zones.") },
	{ "burst", limit_burst, false, .type = "<number>",
	  .doc = DOC("How many pass at once before the rate holds. The default "
		     "is what `rate` says, or 5.") },
	{ "per", flood_per, false, .type = "all | source", .dflt = "all",
	  .doc = DOC("Whom it holds for: all sources together, or each by "
		     "itself.") },
	{ "size", limit_size, false, .type = "<number>", .dflt = "65535",
	  .doc = DOC(
		  "How many sources are remembered. A new one beyond is "
		  "dropped; one that was quiet for a minute is forgotten.") },
	{ NULL, NULL, false },
};

static void bind_flood(struct binder *b, const struct node *node, void *into)
{
	struct limit_spec limit = { .size = PER_SOURCE_SIZE };
	size_t errors = diags_errors(b->diags);
	struct span *span;
	struct diag *diag;

	(void)into;
	if (node->kind == NODE_MAP)
		bind_map(b, node, syn_flood_fields, &limit, "\"syn-flood\"",
			 NULL);
	else
		bind_rate(b, node, &limit);
	if (diags_errors(b->diags) != errors)
		return;
	span = &b->model->syn_flood_span[limit.per];
	if (b->model->syn_flood[limit.per].rate) {
		diag = diag_error(b->diags, node->span,
				  "two limits of new TCP connections %s",
				  limit.per == PER_SOURCE ? "per source" :
							    "of all sources");
		diag_note(diag, *span, "this is the first");
		diag_help(diag,
			  "there may be one of all sources, and one \"per: "
			  "source\"");
		return;
	}
	b->model->syn_flood[limit.per] = limit;
	*span = node->span;
}

void bind_syn_flood(struct binder *b, const struct node *node)
{
	bind_each(b, node, bind_flood, NULL);
}

void bind_existing(struct binder *b, const struct node *node)
{
	static const char *const words[] = { "decide", "keep", NULL };

	b->model->existing_keep =
		bind_word(b, node, words, "what becomes of live connections") ==
		1;
}

void bind_lockout(struct binder *b, const struct node *node)
{
	static const char *const words[] = { "protect", "ignore", NULL };

	b->model->lockout_span = node->span;
	b->model->lockout_ignored = bind_word(b, node, words, "\"lockout\"") ==
				    1;
}
