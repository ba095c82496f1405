// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a rule does besides what its matches say: asked by those who reason
 * about rules and do not know every word.
 *
 * What must stay true: a field of struct rule that nobody listed here makes a
 * rule that uses it neither plain nor one that surely decides. Who adds a
 * field that changes neither lists it.
 */
#include "model.h"

#define CLEAR(rest, field) memset(&(rest)->field, 0, sizeof((rest)->field))

/*
 * Has it nothing but its zones, its matches, its action, and what it does to
 * those that it takes?
 */
static bool nothing_more(const struct rule *rule)
{
	static const struct rule none;
	struct rule rest;

	memcpy(&rest, rule, sizeof(rest));
	CLEAR(&rest, name);
	CLEAR(&rest, span);
	CLEAR(&rest, action_span);
	CLEAR(&rest, action);
	CLEAR(&rest, from);
	CLEAR(&rest, to);
	CLEAR(&rest, matches);
	CLEAR(&rest, nmatches);
	CLEAR(&rest, alts);
	CLEAR(&rest, log);
	CLEAR(&rest, count);
	CLEAR(&rest, add);
	CLEAR(&rest, offload);
	CLEAR(&rest, offload_span);
	CLEAR(&rest, after_packets);
	CLEAR(&rest, after_bytes);
	CLEAR(&rest, after_span);
	CLEAR(&rest, answer_given);
	CLEAR(&rest, answer);
	CLEAR(&rest, queue);
	CLEAR(&rest, taken);
	/* padding that differs would only make a rule less plain than it is
	 * NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
	return memcmp(&rest, &none, sizeof(rest)) == 0;
}

bool rule_decides(const struct rule *rule)
{
	return (rule->action == ACTION_DROP || rule->action == ACTION_REJECT ||
		rule->action == ACTION_ACCEPT ||
		rule->action == ACTION_QUEUE) &&
	       nothing_more(rule);
}

bool rule_plain(const struct rule *rule)
{
	return rule_decides(rule) && rule->action != ACTION_QUEUE &&
	       rule->log.when == LOG_NONE && !rule->count.when &&
	       !rule->add.set && rule->offload == RULE_OFFLOAD_AUTO &&
	       !rule->after_packets && !rule->after_bytes &&
	       !rule->answer_given;
}
