// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a policy says of a connection's first packet. The order is that of the
 * rules it is lowered to: destination NAT, the zone pair's rules, the hook's
 * default, what is eligible, source NAT.
 */
#include <netinet/in.h>

#include "nat.h"

static bool entry_has(const struct zone_set *from, const struct zone_set *to,
		      const struct packet *packet)
{
	return zone_set_has(from, packet->from) && zone_set_has(to, packet->to);
}

static bool rule_holds(const struct rule *rule, const struct packet *packet,
		       const struct answer *answer)
{
	if (rule->forward && !rule->direct &&
	    rule->forward != answer->nat_forward)
		return false;
	return entry_has(&rule->from, &rule->to, packet) &&
	       alts_match(rule->alts, packet);
}

static void note_log(struct answer *answer, const struct rule *rule)
{
	if (!rule->log.when)
		return;
	if (!answer->logs)
		answer->logs = rule;
	if (rule->log.when > answer->log)
		answer->log = rule->log.when;
}

/* What it does, and whether it does it to every packet. */
static void note_rule(const struct model *model, struct answer *answer,
		      const struct rule *rule)
{
	*vec_push(model->arena, &answer->did) = rule;
	if (!answer->keeps && rule_need(rule))
		answer->keeps = rule;
}

static void decide(const struct model *model, const struct packet *packet,
		   struct answer *answer)
{
	enum hook_index hook = packet->to < 0	? HOOK_INPUT :
			       packet->from < 0 ? HOOK_OUTPUT :
						  HOOK_FORWARD;
	size_t i;

	answer->hook = hook;
	answer->action = model->defaults[hook];
	for (i = 0; i < model->nrules; i++) {
		const struct rule *rule = &model->rules[i];

		if (!rule_holds(rule, packet, answer))
			continue;
		note_log(answer, rule);
		note_rule(model, answer, rule);
		if (action_goes_on(rule->action))
			continue;
		answer->action = rule->action;
		answer->rule = rule;
		return;
	}
}

static const struct eligible *find(const struct eligible *entries, size_t n,
				   const struct packet *packet)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (entry_has(&entries[i].from, &entries[i].to, packet) &&
		    alts_match(entries[i].alts, packet))
			return &entries[i];
	return NULL;
}

static const char *why_not(const struct model *model,
			   const struct packet *packet, struct answer *answer)
{
	const struct offload *offload = &model->offload;

	if (answer->action != ACTION_ACCEPT && answer->action != ACTION_QUEUE)
		return "it is not accepted";
	if (packet->from < 0 || packet->to < 0)
		return "it is the router's own";
	if (!offload->given)
		return "the policy offloads nothing";
	if (packet->proto != IPPROTO_TCP && packet->proto != IPPROTO_UDP)
		return "only tcp and udp can be offloaded";
	if (answer->keeps)
		return rule_need(answer->keeps)->why;
	answer->exempt = find(offload->exempt, offload->nexempt, packet);
	if (answer->exempt)
		return answer->exempt->reason ? answer->exempt->reason :
						"it is exempt";
	answer->eligible = find(offload->eligible, offload->neligible, packet);
	if (!answer->eligible)
		return "no entry makes it eligible";
	return NULL;
}

/* The rule's own word comes before the entry's. */
static void note_after(struct answer *answer)
{
	const struct rule *rule = answer->rule;

	answer->after_packets = answer->eligible->after_packets;
	answer->after_bytes = answer->eligible->after_bytes;
	if (!rule || !(rule->after_packets || rule->after_bytes))
		return;
	answer->after_packets = rule->after_packets;
	answer->after_bytes = rule->after_bytes;
}

/* Addresses that nobody has for his own: 127/8, 224/3; ::1, ff00::/8. */
static bool is_nobodys(unsigned int family, const uint8_t *source)
{
	static const uint8_t loopback[16] = { [15] = 1 };

	if (family)
		return *source == 0xff ||
		       !memcmp(source, loopback, sizeof(loopback));
	return *source == 127 || *source >= 224;
}

/*
 * Routes are not known here: a source that another zone's subnets have, and
 * this one's have not, is surely not routed back to it.
 */
static bool is_spoofed(const struct model *model, const struct packet *packet)
{
	const uint8_t *source = packet_value(packet, packet_source(packet));
	unsigned int f = packet->family;
	size_t i;

	if (packet->from < 0 || !source ||
	    !model->zones[packet->from].antispoof)
		return false;
	if (is_nobodys(f, source))
		return true;
	if (ranges_have(&model->zones[packet->from].subnets[f], source))
		return false;
	for (i = 0; i < model->nzones; i++)
		if (ranges_have(&model->zones[i].subnets[f], source))
			return true;
	return false;
}

void model_evaluate(const struct model *model, const struct packet *packet,
		    struct answer *answer)
{
	struct packet seen = *packet;

	memset(answer, 0, sizeof(*answer));
	if (is_spoofed(model, packet)) { /* before all else */
		answer->spoofed = &model->zones[packet->from];
		answer->why = "it is dropped as spoofed";
		return;
	}
	nat_destination(model, &seen, answer);
	answer->seen = seen;
	decide(model, &seen, answer);
	answer->why = why_not(model, &seen, answer);
	answer->offload = !answer->why;
	if (answer->offload)
		note_after(answer);
	nat_source(model, &seen, answer);
}
