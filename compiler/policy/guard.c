// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which guard rails a connection's first packet meets, beside its rules: what
 * explain shows. Only those that the policy speaks of, so that each has a line.
 */
#include <netinet/in.h>

#include "model.h"

struct guards {
	const struct model *model;
	const struct packet *packet;
	struct guard *out;
	size_t n;
};

static void add(struct guards *g, const char *word, const char *text,
		struct span span)
{
	if (span.source)
		g->out[g->n++] = (struct guard){ word, text, span };
}

static void antispoof(struct guards *g)
{
	const struct zone *zone;

	if (g->packet->from < 0)
		return;
	zone = &g->model->zones[g->packet->from];
	if (zone->antispoof)
		add(g, "antispoof",
		    arena_printf(g->model->arena,
				 "dropped unless its source is routed to %s",
				 zone->name),
		    zone->antispoof_span);
}

static void invalid(struct guards *g)
{
	if (g->packet->from < 0)
		return;
	add(g, "invalid",
	    g->model->invalid_drop ?
		    "dropped if it belongs to no connection" :
		    "the rules see what belongs to no connection",
	    g->model->invalid_span);
}

static const char *flood_text(struct guards *g, enum per per)
{
	const struct limit_spec *limit = &g->model->syn_flood[per];
	struct buf text = { 0 };
	const char *copy;

	buf_puts(&text,
		 per == PER_SOURCE ? "of each source " : "of all sources ");
	limit_print(&text, limit->rate, limit->unit, limit->burst);
	buf_puts(&text, ", beyond it dropped");
	copy = arena_strndup(g->model->arena, text.p, text.n);
	buf_free(&text);
	return copy;
}

static void syn_flood(struct guards *g)
{
	int per;

	if (g->packet->proto != IPPROTO_TCP || g->packet->to >= 0)
		return;
	for (per = PERS - 1; per >= 0; per--) /* as they are asked */
		if (g->model->syn_flood[per].rate)
			add(g, "syn-flood", flood_text(g, per),
			    g->model->syn_flood_span[per]);
}

static void lockout(struct guards *g)
{
	if (g->packet->proto != IPPROTO_TCP || g->packet->to >= 0)
		return;
	add(g, "lockout",
	    g->model->lockout_ignored ?
		    "a policy may cut off who applies it" :
		    "no policy is applied that cuts off who does it",
	    g->model->lockout_span);
}

size_t model_guards(const struct model *model, const struct packet *packet,
		    struct guard out[GUARDS_MAX])
{
	struct guards g = { .model = model, .packet = packet, .out = out };

	antispoof(&g);
	invalid(&g);
	syn_flood(&g);
	lockout(&g);
	return g.n;
}
