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

static bool is_forwarded(const struct rule *rule, const struct packet *packet,
			 const struct answer *answer)
{
	if (!rule->forward || rule->direct)
		return true;
	return packet->lives ? packet->translated :
			       rule->forward == answer->nat_forward;
}

/* Of a connection that lives, a rule asks more than the model has. */
static bool is_bound(const struct rule *rule, const struct packet *packet)
{
	return rule->connections.max || rule->quota ||
	       (rule->limit.rate && !packet->replied);
}

static enum sure alts_met(const struct alts *alts, const struct packet *packet)
{
	if (packet->lives)
		return alts_sure(alts, packet);
	return alts_match(alts, packet) ? SURE_YES : SURE_NO;
}

static enum sure rule_met(const struct rule *rule, const struct packet *packet,
			  const struct answer *answer)
{
	enum sure sure;

	if (!is_forwarded(rule, packet, answer) ||
	    !entry_has(&rule->from, &rule->to, packet))
		return SURE_NO;
	sure = alts_met(rule->alts, packet);
	return sure == SURE_YES && packet->lives && is_bound(rule, packet) ?
		       SURE_MAYBE :
		       sure;
}

static bool passes(const struct answer *answer)
{
	return answer->action == ACTION_ACCEPT ||
	       answer->action == ACTION_QUEUE;
}

static void note_unsure(struct answer *answer, const char *name,
			struct span span)
{
	if (answer->unsure)
		return;
	answer->unsure = name;
	answer->unsure_span = span;
}

/* Rules that may have been met. */
struct maybe {
	const struct rule *accepts; /* the first that lets pass */
	const struct rule *others;  /* that would not, or see every packet */
};

static void note_maybe(struct maybe *maybe, const struct rule *rule)
{
	bool passing = rule->action == ACTION_ACCEPT ||
		       rule->action == ACTION_QUEUE;

	if (passing && !maybe->accepts)
		maybe->accepts = rule;
	if (!passing && !maybe->others &&
	    (!action_goes_on(rule->action) || rule_need(rule)))
		maybe->others = rule;
}

static void settle_maybe(const struct maybe *maybe, struct answer *answer)
{
	if (maybe->accepts)
		note_unsure(answer, maybe->accepts->name, maybe->accepts->span);
	else if (maybe->others && passes(answer))
		note_unsure(answer, maybe->others->name, maybe->others->span);
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
	enum hook_index hook = packet->to == -1	  ? HOOK_INPUT :
			       packet->from == -1 ? HOOK_OUTPUT :
						    HOOK_FORWARD;
	struct maybe maybe = { 0 };
	size_t i;

	answer->hook = hook;
	answer->action = model->defaults[hook];
	for (i = 0; i < model->nrules; i++) {
		const struct rule *rule = &model->rules[i];
		enum sure sure = rule_met(rule, packet, answer);

		if (sure == SURE_MAYBE)
			note_maybe(&maybe, rule);
		if (sure != SURE_YES)
			continue;
		note_log(answer, rule);
		note_rule(model, answer, rule);
		if (action_goes_on(rule->action))
			continue;
		answer->action = rule->action;
		answer->rule = rule;
		break;
	}
	settle_maybe(&maybe, answer);
	if (!packet->kept || passes(answer))
		return;
	answer->action = ACTION_ACCEPT;
	answer->rule = NULL;
}

/* @maybe: the first before it that may have been met, or NULL. */
static const struct eligible *find(const struct eligible *entries, size_t n,
				   const struct packet *packet,
				   const struct eligible **maybe)
{
	enum sure sure;
	size_t i;

	*maybe = NULL;
	for (i = 0; i < n; i++) {
		if (!entry_has(&entries[i].from, &entries[i].to, packet))
			continue;
		sure = alts_met(entries[i].alts, packet);
		if (sure == SURE_YES)
			return &entries[i];
		if (sure == SURE_MAYBE && !*maybe)
			*maybe = &entries[i];
	}
	return NULL;
}

static const char *find_entry(const struct offload *offload,
			      const struct packet *packet,
			      struct answer *answer)
{
	const struct eligible *exempt, *eligible;

	answer->exempt =
		find(offload->exempt, offload->nexempt, packet, &exempt);
	if (answer->exempt)
		return answer->exempt->reason ? answer->exempt->reason :
						"it is exempt";
	answer->eligible =
		find(offload->eligible, offload->neligible, packet, &eligible);
	if (eligible)
		note_unsure(answer, eligible->name, eligible->span);
	if (exempt && answer->eligible)
		note_unsure(answer, exempt->name, exempt->span);
	return answer->eligible ? NULL : "no entry makes it eligible";
}

static const char *why_not(const struct model *model,
			   const struct packet *packet, struct answer *answer)
{
	if (!passes(answer))
		return "it is not accepted";
	if (packet->from == -1 || packet->to == -1)
		return "it is the router's own";
	if (packet->from < 0 || packet->to < 0)
		return "no zone has a device that it goes by";
	if (!model->offload.given)
		return "the policy offloads nothing";
	if (packet->proto != IPPROTO_TCP && packet->proto != IPPROTO_UDP)
		return "only tcp and udp can be offloaded";
	if (answer->keeps)
		return rule_need(answer->keeps)->why;
	return find_entry(&model->offload, packet, answer);
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
	if (!packet->lives)
		nat_destination(model, &seen, answer);
	answer->seen = seen;
	decide(model, &seen, answer);
	answer->why = why_not(model, &seen, answer);
	answer->offload = !answer->why;
	if (answer->offload)
		note_after(answer);
	if (!packet->lives)
		nat_source(model, &seen, answer);
}
