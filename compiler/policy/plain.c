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

/* Has it nothing but its zones, its matches, its action and its log? */
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
	return memcmp(&rest, &none, sizeof(rest)) == 0;
}

bool rule_decides(const struct rule *rule)
{
	return (rule->action == ACTION_DROP || rule->action == ACTION_REJECT ||
		rule->action == ACTION_ACCEPT) &&
	       nothing_more(rule);
}

bool rule_plain(const struct rule *rule)
{
	return rule_decides(rule) && rule->log.when == LOG_NONE;
}
