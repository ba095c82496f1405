// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc audit: what would escape which rule if it were offloaded, and that
 * none of it is. Reads the policy, and nothing of the machine it runs on.
 */
#include <stdio.h>

#include "audit.h"
#include "policy/region.h"
#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/cmd/cmd.h"
#include "runtime/live/on_policy.h"

enum { JSON };

const struct cli_option audit_options[] = {
	[JSON] = OPTION_JSON,
	{ 0 },
};

struct audited {
	struct compilation *c;
	const struct rule *rule; /* the last one shown */
	bool words;
	size_t pairs, packets, escapes, cut;
	size_t unsure; /* packets that met nft's own rules */
};

static const char *packet_said(struct audited *a, const struct escape *escape)
{
	const char *words =
		packet_words(a->c->arena, a->c->model, &escape->packet);

	return escape->members ?
		       arena_printf(a->c->arena, "%s\" while it is in \"%s",
				    words, escape->members) :
		       words;
}

static void print_pair(struct audited *a, const struct escape *escape)
{
	const struct cost *cost = escape->cost;

	if (a->rule != cost->rule) {
		print_policy_line(a->c, cost->rule->span);
		printf("  %s: offloaded, these would escape \"%s\":\n",
		       cost->need->why, cost->need->word);
	}
	a->rule = cost->rule;
	printf("  ");
	print_policy_line(a->c, cost->entry->span);
	if (escape->met)
		printf("    as \"%s\"\n", packet_said(a, escape));
	else
		printf("    but none that is known to meet both\n");
	if (escape->cut)
		printf("    more meet both than were followed\n");
}

static void show(void *data, const struct escape *escape)
{
	struct audited *a = data;
	struct diag *diag;

	a->pairs++;
	a->packets += escape->tried;
	a->unsure += escape->unsure;
	a->cut += escape->cut;
	if (a->words)
		print_pair(a, escape);
	if (!escape->found)
		return;
	a->escapes++;
	diag = diag_error(a->c->diags, need_place(escape->cost->rule),
			  "\"%s\" escapes this: %s", packet_said(a, escape),
			  escape->found);
	diag_note(diag, escape->cost->entry->span, "by this entry");
}

/* What the proof does not hold for, and where that stands. */
static void not_vouched(struct audited *a)
{
	const struct raw *raw = NULL;

	while ((raw = raw_next(a->c->model, HOOK_FORWARD, raw)))
		diag_warning(a->c->diags, raw->span,
			     "what the rules of this chain do is not known "
			     "here: the audit holds for connections that they "
			     "leave alone");
}

/* Nothing that follows holds where another one offloads it all. */
static void by_fw4(struct audited *a)
{
	const struct model *model = a->c->model;

	if (!model->fw4_offloads.source || !a->pairs)
		return;
	a->escapes += a->pairs;
	diag_error(
		a->c->diags, model->fw4_offloads,
		"whatever fw4 offloads escapes what the policy wants to see");
}

static void print_sum(const struct audited *a)
{
	printf("%zu pairs of a rule and an entry, %zu packets followed: %s\n",
	       a->pairs, a->packets,
	       a->escapes ? "some escape" :
	       a->cut	  ? "none of these escapes" :
			    "none escapes");
	if (a->unsure)
		printf("%zu of them meet nft's own rules on their way: nothing "
		       "is proved of these\n",
		       a->unsure);
}

static int audit_policy(struct inquiry *inquiry)
{
	struct audited a = { .c = &inquiry->c, .words = !inquiry->json };

	audit(&inquiry->c, show, &a);
	by_fw4(&a);
	if (inquiry->json) {
		json_put_u64(inquiry->json, "pairs", a.pairs);
		json_put_u64(inquiry->json, "packets", a.packets);
		json_put_u64(inquiry->json, "escapes", a.escapes);
		json_put_u64(inquiry->json, "incomplete", a.cut);
		if (inquiry->c.model->nraws)
			json_put_u64(inquiry->json, "unproved", a.unsure);
	} else {
		print_sum(&a);
	}
	not_vouched(&a);
	return a.escapes ? EXIT_POLICY : EXIT_DONE;
}

int cmd_audit(const struct cli *cli)
{
	return on_policy(cli, JSON, audit_policy);
}
