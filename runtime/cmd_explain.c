// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc explain POLICY PACKET: verdict, translation, log and offload of a
 * connection's first packet, each with the line of the policy that decides it.
 *
 *	nftoffc explain home.yaml from lan source 192.168.1.20 tcp 443
 *
 * It is answered by the model that the rules are lowered from.
 */
#include <stdio.h>

#include "base/buf.h"
#include "runtime/cli.h"
#include "runtime/cmd.h"
#include "runtime/exit.h"
#include "runtime/on_policy.h"

enum { JSON };

const struct cli_option explain_options[] = {
	[JSON] = OPTION_JSON,
	{ 0 },
};

/* All operands as one line, so that a mistake can be pointed at. */
static const char *packet_text(struct compilation *c, const struct cli *cli)
{
	const char *text = cli->operands[1];
	int i;

	for (i = 2; i < cli->noperands; i++)
		text = arena_printf(c->arena, "%s %s", text, cli->operands[i]);
	return text;
}

/* "   policies/x.yaml:14: - accept: { ... }", or nothing for nowhere. */
static void print_place(const struct compilation *c, struct span span)
{
	struct place place;
	struct str text;

	if (!span.source) {
		putchar('\n');
		return;
	}
	place = span_place(&c->sources, span);
	text = str_trim(place.text);
	printf("   %s:%u: %.*s\n", place.path, place.line,
	       (int)(text.n < 90 ? text.n : 90), text.p);
}

static void print_verdict(const struct compilation *c,
			  const struct answer *answer)
{
	static const char *const words[] = {
		[ACTION_DROP] = "drop",
		[ACTION_REJECT] = "reject",
		[ACTION_ACCEPT] = "accept",
		[ACTION_QUEUE] = "queue: a program decides",
	};

	printf("verdict  %-28s", words[answer->action]);
	if (answer->rule)
		print_place(c, answer->rule->span);
	else
		puts("   the default: no rule matches");
}

/* "source 203.0.113.5-203.0.113.9:1024-65535", "destination router:3128". */
static void print_translated(const struct compilation *c, const char *side,
			     const struct packet *packet,
			     const struct translated *to, const char *own,
			     struct span span)
{
	struct buf text = { 0 };

	buf_printf(&text, "%s ", side);
	translated_print(&text, packet->family, to, own);
	printf("nat      %-28s", text.p);
	print_place(c, span);
	buf_free(&text);
}

static void print_nat(const struct compilation *c, const struct packet *packet,
		      const struct answer *answer)
{
	const struct nat *to = answer->nat_forward, *from = answer->nat_source;

	if (answer->action != ACTION_ACCEPT && answer->action != ACTION_QUEUE)
		return;
	if (to)
		print_translated(c, "destination", packet, &answer->destination,
				 "router", to->span);
	if (answer->masquerade)
		print_translated(c, "source", packet, &answer->source,
				 "masqueraded",
				 answer->masquerade->masquerade_span);
	else if (from)
		print_translated(c, "source", packet, &answer->source,
				 from->kind == NAT_EXEMPT ? "exempt" :
							    "masqueraded",
				 from->span);
	else if (!to)
		puts("nat      none");
}

static void print_log(const struct compilation *c, const struct answer *answer)
{
	static const char *const words[] = {
		[LOG_NONE] = "no",
		[LOG_NEW] = "the first packet",
		[LOG_FLOW] = "the first packet, and its end",
		[LOG_EVERY] = "every packet",
	};

	printf("log      %-28s", words[answer->log]);
	print_place(c,
		    answer->logs ? answer->logs->log.span : (struct span){ 0 });
}

static const char *after_text(struct arena *arena, const struct answer *answer)
{
	if (answer->after_packets)
		return arena_printf(arena, "yes, after %llu packets",
				    (unsigned long long)answer->after_packets);
	if (answer->after_bytes)
		return arena_printf(arena, "yes, after %llu bytes",
				    (unsigned long long)answer->after_bytes);
	return "yes";
}

static void print_offload(const struct compilation *c,
			  const struct answer *answer)
{
	struct span place = { 0 };

	if (answer->offload)
		place = answer->eligible->span;
	else if (answer->exempt)
		place = answer->exempt->span;
	else if (answer->keeps)
		place = answer->keeps->span;
	printf("offload  %-28s",
	       answer->offload ? after_text(c->arena, answer) :
				 arena_printf(c->arena, "no: %s", answer->why));
	print_place(c, place);
}

static int explain(struct inquiry *inquiry)
{
	struct compilation *c = &inquiry->c;
	struct packet packet = { 0 };
	struct answer answer;

	if (!compile_packet(c, packet_text(c, inquiry->cli), &packet))
		return EXIT_USAGE;
	model_evaluate(c->model, &packet, &answer);
	print_verdict(c, &answer);
	print_nat(c, &packet, &answer);
	print_log(c, &answer);
	print_offload(c, &answer);
	return EXIT_DONE;
}

int cmd_explain(const struct cli *cli)
{
	return on_policy(cli, JSON, explain);
}
