// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which rules need all of a connection's packets. Whatever a rule does with
 * later packets has a row here: lowering, explain, check and audit ask these
 * rows and nothing else, so that what is exempt is what is explained.
 *
 * What must stay true: a statement whose row says LATER_ALL, or LATER_IF_EVERY,
 * is the statement of a row here, if a rule may have it.
 */
#include "model.h"

/* What is refused is decided anew with each packet, and never offloaded. */
static bool may_pass(const struct rule *rule)
{
	return rule->action != ACTION_DROP && rule->action != ACTION_REJECT;
}

static bool logs_every(const struct rule *rule)
{
	return may_pass(rule) && rule->log.when == LOG_EVERY;
}

static bool counts_every(const struct rule *rule)
{
	return may_pass(rule) && rule->count.when == LOG_EVERY;
}

static bool has_quota(const struct rule *rule)
{
	return may_pass(rule) && rule->quota;
}

static bool marks(const struct rule *rule)
{
	return rule->action == ACTION_MARK;
}

static bool sets_dscp(const struct rule *rule)
{
	return rule->action == ACTION_DSCP;
}

static bool helps(const struct rule *rule)
{
	return rule->action == ACTION_HELPER;
}

static bool leaves_untracked(const struct rule *rule)
{
	return rule->action == ACTION_NOTRACK;
}

static bool queues(const struct rule *rule)
{
	return rule->action == ACTION_QUEUE;
}

static bool says_never(const struct rule *rule)
{
	return rule->action == ACTION_ACCEPT &&
	       rule->offload == RULE_OFFLOAD_NEVER;
}

static const struct need needs[] = {
	{ &stmt_log, "log: every", "every packet of it is logged", logs_every },
	{ &stmt_counter, "count", "every packet of it is counted",
	  counts_every },
	{ &stmt_quota, "quota", "its bytes count towards a quota", has_quota },
	{ &stmt_mark, "mark", "every packet of it is marked", marks },
	{ &stmt_dscp, "dscp", "every packet of it gets its traffic class",
	  sets_dscp },
	{ &stmt_helper, "helper", "a helper reads all of it", helps },
	{ &stmt_notrack, "notrack", "it is not tracked", leaves_untracked },
	{ &stmt_queue, "queue", "a program inspects all of it", queues },
	{ NULL, "offload: never", "its rule says never", says_never },
};

const struct need *need_at(size_t i)
{
	return i < sizeof(needs) / sizeof(needs[0]) ? &needs[i] : NULL;
}

const struct need *rule_need(const struct rule *rule)
{
	const struct need *need;
	size_t i;

	for (i = 0; (need = need_at(i)); i++)
		if (need->holds(rule))
			return need;
	return NULL;
}
