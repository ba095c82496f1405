// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc explain POLICY PACKET: verdict, translation, log and offload of a
 * connection's first packet, each with the line of the policy that decides it.
 *
 *	nftoffc explain home.yaml from lan source 192.168.1.20 tcp 443
 *
 * It is answered by the model that the rules are lowered from.
 */
#include "policy/region.h"
#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/cmd/cmd.h"
#include "runtime/live/answer.h"
#include "runtime/live/on_policy.h"

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

static int explain(struct inquiry *inquiry)
{
	struct compilation *c = &inquiry->c;
	struct part parts[PARTS];
	struct packet packet = { 0 };
	struct answer answer;

	if (!compile_packet(c, packet_text(c, inquiry->cli), &packet))
		return EXIT_USAGE;
	model_evaluate(c->model, &packet, &answer);
	answer_parts(c, &packet, &answer, parts);
	if (!inquiry->json) {
		answer_print(c, &packet, &answer, parts);
		return EXIT_DONE;
	}
	json_put_str(inquiry->json, "packet",
		     packet_words(c->arena, c->model, &packet));
	answer_json(inquiry->json, c, &packet, &answer, parts);
	return EXIT_DONE;
}

int cmd_explain(const struct cli *cli)
{
	return on_policy(cli, JSON, explain);
}
