// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guard rails: what a policy says of floods, of the connections that live when
 * it is applied, and of who applies it.
 *
 *	syn-flood: { rate: 25/second, burst: 50 }	or: 25/second burst 50
 *	existing: decide | keep
 *	lockout: protect | ignore
 */
#include "bind.h"

static void flood_rate(struct binder *b, const struct node *node, void *into)
{
	struct limit_spec *limit = into, rate = { 0 };

	if (!bind_rate(b, node, &rate))
		return;
	limit->rate = rate.rate;
	limit->unit = rate.unit;
	if (!limit->burst)
		limit->burst = rate.burst;
}

static void flood_burst(struct binder *b, const struct node *node, void *into)
{
	uint64_t burst;

	if (bind_number(b, node, 1, UINT32_MAX, &burst))
		((struct limit_spec *)into)->burst = (uint32_t)burst;
}

const struct field syn_flood_fields[] = {
	{ "rate", flood_rate, true | FIELD_PHRASE },
	{ "burst", flood_burst, false },
	{ NULL, NULL, false },
};

void bind_syn_flood(struct binder *b, const struct node *node)
{
	struct limit_spec *limit = &b->model->syn_flood;

	b->model->syn_flood_span = node->span;
	if (node->kind == NODE_MAP)
		bind_map(b, node, syn_flood_fields, limit, "\"syn-flood\"",
			 NULL);
	else
		bind_rate(b, node, limit);
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

	b->model->lockout_ignored = bind_word(b, node, words, "\"lockout\"") ==
				    1;
}
