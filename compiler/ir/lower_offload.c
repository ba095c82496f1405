// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offload: whether a connection may be offloaded is decided when it is
 * accepted, and kept in the mark.
 *
 *	offload.PAIR: exempt? accepted   eligible? eligible[.after-N]
 *	eligible:     exempt by a set that is filled while it runs? hold
 *		      marks it "may be offloaded" (and where), accepts
 *	offloading:   (each packet until it is offloaded) exempt by such a set?
 *		      hold   enough packets? flow add
 *	hold:	      marks it "held back", accepts
 *	held:	      (each packet) eligible
 *
 * So a connection that is not eligible pays nothing, and one that is pays until
 * its flow exists. Exemptions by dynamic sets are asked each time, in the
 * original direction, where addresses and devices mean what the policy says; if
 * a reply comes first, it is held back. Of those exemptions, what only the first
 * packet tells is not asked: it may have been so.
 *
 * What must stay true: whatever a set exempts when a packet passes carries no
 * mark that says "may be offloaded", for others look at it, too.
 */
#include "lowering.h"

#include <inttypes.h>
#include <linux/netfilter/nf_tables.h>

#define CT_ESTABLISHED 2

static bool applies(const struct eligible *entry, int from, int to)
{
	return zone_set_has(&entry->from, from) && zone_set_has(&entry->to, to);
}

/* Which entries concern the pair, as a string: equal ones share a chain. */
static const char *list_key(struct lowering *l, int from, int to,
			    bool *eligible)
{
	const struct offload *offload = &l->model->offload;
	size_t n = offload->nexempt + offload->neligible, i;
	char *key = arena_alloc(l->arena, n + 1);

	*eligible = false;
	for (i = 0; i < offload->nexempt; i++)
		key[i] = applies(&offload->exempt[i], from, to) &&
					 !offload->exempt[i].dynamic ?
				 '1' :
				 '0';
	for (i = 0; i < offload->neligible; i++) {
		bool one = applies(&offload->eligible[i], from, to);

		key[offload->nexempt + i] = one ? '1' : '0';
		*eligible |= one;
	}
	return key;
}

/* How a rule that says when ("after") has its connections offloaded. */
static const char *eligible_chain(const struct lowering *l,
				  const struct eligible *entry,
				  const struct rule *rule)
{
	uint64_t packets = entry->after_packets, bytes = entry->after_bytes;
	size_t i;

	if (rule) {
		packets = rule->after_packets;
		bytes = rule->after_bytes;
	}
	for (i = 1; i < l->plan->decided.n; i++)
		if (l->plan->decided.v[i].offload &&
		    l->plan->decided.v[i].flowtable == entry->flowtable &&
		    l->plan->decided.v[i].after_packets == packets &&
		    l->plan->decided.v[i].after_bytes == bytes)
			return l->plan->decided.v[i].set;
	return LOWER_ACCEPTED;
}

/* Only tcp and udp can be offloaded: the others keep the plain mark. */
static bool narrow_protos(struct alt *alt)
{
	struct protos both = { { 0 } };
	size_t i;

	protos_add(&both, 6);
	protos_add(&both, 17);
	for (i = 0; i < 4; i++)
		alt->protos.bits[i] = alt->any_proto ? both.bits[i] :
						       alt->protos.bits[i] &
							       both.bits[i];
	alt->any_proto = false;
	return protos_count(&alt->protos) != 0;
}

static void entry_rules(struct lowering *l, struct ir_chain *chain,
			const struct eligible *entry, const char *target,
			enum dir dir)
{
	struct ir_build b = ir_build(l->ir);
	struct asked asked[2];
	size_t i, j, n;

	for (i = 0; i < entry->alts->n; i++) {
		struct alt alt = entry->alts->v[i];

		if (strcmp(target, LOWER_ACCEPTED) != 0 && !narrow_protos(&alt))
			continue;
		n = lower_ask(l, &alt, dir, asked);
		for (j = 0; j < n; j++) {
			lower_asked(l, &b, &asked[j], dir);
			if (asked[j].sure == SURE_YES)
				ir_verdict(&b, VERDICT_GOTO, target);
			else /* what opens it will tell */
				ir_verdict(&b, VERDICT_ACCEPT, NULL);
			ir_rule_add(&b, chain, entry->span, entry->name);
		}
	}
}

static void fill_target(struct lowering *l, struct ir_chain *chain, int from,
			int to, enum dir dir, const struct rule *rule)
{
	const struct offload *offload = &l->model->offload;
	struct ir_build b = ir_build(l->ir);
	size_t i;

	for (i = 0; i < offload->nexempt; i++)
		if (applies(&offload->exempt[i], from, to) &&
		    !offload->exempt[i].dynamic)
			entry_rules(l, chain, &offload->exempt[i],
				    LOWER_ACCEPTED, dir);
	for (i = 0; i < offload->neligible; i++)
		if (applies(&offload->eligible[i], from, to))
			entry_rules(l, chain, &offload->eligible[i],
				    eligible_chain(l, &offload->eligible[i],
						   rule),
				    dir);
	ir_verdict(&b, VERDICT_GOTO, LOWER_ACCEPTED);
	ir_rule_add(&b, chain, (struct span){ 0 }, NULL);
}

static void note_target(struct lowering *l, const char *name, int from, int to,
			enum dir dir)
{
	struct lower_target *target =
		arena_new_object(l->arena, struct lower_target);

	*target = (struct lower_target){ from, to, dir };
	map_add(&l->targets, str_of(name), target);
}

const char *lower_offload_target(struct lowering *l, int from, int to)
{
	struct ir_chain *chain, *reply;
	const char *key;
	bool eligible;

	key = list_key(l, from, to, &eligible);
	if (!eligible)
		return LOWER_ACCEPTED;
	chain = map_get(&l->offload_chains, str_of(key));
	if (chain)
		return chain->name;
	chain = lower_chain(l,
			    arena_printf(l->arena, "offload.%s-to-%s",
					 l->model->zones[from].name,
					 l->model->zones[to].name),
			    (struct span){ 0 });
	map_add(&l->offload_chains, str_of(key), chain);
	fill_target(l, chain, from, to, DIR_ORIGINAL, NULL);
	note_target(l, chain->name, from, to, DIR_ORIGINAL);
	reply = lower_chain(l, lower_reply_name(l, chain->name),
			    (struct span){ 0 });
	fill_target(l, reply, from, to, DIR_REPLY, NULL);
	note_target(l, reply->name, from, to, DIR_REPLY);
	return chain->name;
}

const char *lower_rule_target(struct lowering *l, const char *target,
			      const struct rule *rule)
{
	struct lower_target *of = map_get(&l->targets, str_of(target));
	struct ir_chain *chain;
	const char *key;

	if (!of)
		return target;
	if (rule->offload == RULE_OFFLOAD_NEVER)
		return LOWER_ACCEPTED;
	if (!rule->after_packets && !rule->after_bytes)
		return target;
	key = arena_printf(l->arena, "%s after %" PRIu64 " %" PRIu64, target,
			   rule->after_packets, rule->after_bytes);
	chain = map_get(&l->offload_chains, str_of(key));
	if (chain)
		return chain->name;
	chain = lower_chain(l, arena_printf(l->arena, "%s.by-rule", target),
			    rule->span);
	map_add(&l->offload_chains, str_of(key), chain);
	fill_target(l, chain, of->from, of->to, of->dir, rule);
	return chain->name;
}

/* One way in which an entry's zones and matches can be met. */
static void dynamic_rule(struct lowering *l, struct ir_chain *chain,
			 const struct eligible *entry, const struct piece *from,
			 const struct piece *to, const struct alt *asked,
			 const char *hold)
{
	uint8_t families[FAMILIES];
	size_t i, n = lower_families(from, to, asked->families, families);

	for (i = 0; i < n; i++) {
		struct ir_build b = ir_build(l->ir);
		struct alt alt = lower_ask_any(l, asked);

		alt.families = families[i];
		if (from)
			lower_piece(&b, from, true, alt.families);
		if (to)
			lower_piece(&b, to, false, alt.families);
		lower_alt(l, &b, &alt, DIR_ORIGINAL);
		ir_verdict(&b, VERDICT_GOTO, hold);
		ir_rule_add(&b, chain, entry->span, entry->name);
	}
}

static void dynamic_exempt(struct lowering *l, struct ir_chain *chain,
			   const struct eligible *entry, const char *hold)
{
	struct pieces from = lower_pieces(l, &entry->from);
	struct pieces to = lower_pieces(l, &entry->to);
	size_t nf = from.any ? 1 : from.list.n, nt = to.any ? 1 : to.list.n;
	size_t i, n = nf * nt * entry->alts->n;

	for (i = 0; i < n; i++)
		dynamic_rule(l, chain, entry,
			     from.any ? NULL : &from.list.v[i / nt % nf],
			     to.any ? NULL : &to.list.v[i % nt],
			     &entry->alts->v[i / (nf * nt)], hold);
}

/* Replies do not tell: @reply is their verdict. */
static void dynamic_exempts(struct lowering *l, struct ir_chain *chain,
			    const struct decided *decided, enum verdict reply)
{
	const struct offload *offload = &l->model->offload;
	struct ir_build b = ir_build(l->ir);
	size_t i;

	if (!decided->hold)
		return;
	ir_is(&b, KEY_CT_DIRECTION, 1);
	ir_verdict(&b, reply, reply == VERDICT_GOTO ? decided->hold : NULL);
	ir_rule_add(&b, chain, (struct span){ 0 }, NULL);
	for (i = 0; i < offload->nexempt; i++)
		if (offload->exempt[i].dynamic)
			dynamic_exempt(l, chain, &offload->exempt[i],
				       decided->hold);
}

static void at_least(struct ir_build *b, enum key_id id, uint64_t count)
{
	uint8_t value[WIRE_MAX] = { 0 };

	if (!count)
		return;
	wire_put(WIRE_COUNT64, count, value);
	ir_cmp(b, id, NFT_CMP_GTE, value);
}

static void offloading_chain(struct lowering *l, const struct decided *decided)
{
	struct ir_chain *chain =
		lower_chain(l, decided->then, decided->flowtable->span);
	struct ir_build b = ir_build(l->ir);
	struct ir_op *op;

	dynamic_exempts(l, chain, decided, VERDICT_ACCEPT);
	op = ir_op(&b, IR_OP_FLAGS); /* one-way UDP is not offloaded */
	op->nkeys = 1;
	op->keys[0] = KEY_CT_STATE;
	wire_put(WIRE_CT_STATE, CT_ESTABLISHED, op->lo);
	at_least(&b, KEY_CT_PACKETS, decided->after_packets);
	at_least(&b, KEY_CT_BYTES, decided->after_bytes);
	ir_stmt(&b, &stmt_flow_add)->flowtable = decided->flowtable->name;
	lower_flow_offloaded(l, &b);
	ir_rule_add(&b, chain, decided->flowtable->span, NULL);
	ir_verdict(&b, VERDICT_ACCEPT, NULL);
	ir_rule_add(&b, chain, (struct span){ 0 }, NULL);
}

static void eligible_mark(struct lowering *l, const struct decided *decided)
{
	struct ir_chain *chain =
		lower_chain(l, decided->set, decided->flowtable->span);

	lower_marked(l, chain);
	lower_arrivals(l, chain, NULL, decided->value);
	dynamic_exempts(l, chain, decided, VERDICT_GOTO);
	lower_keep(l, chain, decided->value, (struct span){ 0 }, NULL);
}

static void held_chains(struct lowering *l, const struct decided *decided)
{
	struct span span = decided->flowtable->span;
	struct ir_build b = ir_build(l->ir);
	struct ir_chain *chain;

	lower_keep(l, lower_chain(l, decided->set, span), decided->value,
		   (struct span){ 0 }, NULL);
	chain = lower_chain(l, decided->then, span);
	ir_verdict(&b, VERDICT_GOTO, decided->held);
	ir_rule_add(&b, chain, span, NULL);
}

void lower_offload_chains(struct lowering *l)
{
	size_t i;

	for (i = 0; i < l->plan->decided.n; i++) {
		const struct decided *decided = &l->plan->decided.v[i];

		if (decided->held)
			held_chains(l, decided);
		if (!decided->offload)
			continue;
		eligible_mark(l, decided);
		offloading_chain(l, decided);
	}
}

struct device_names {
	VEC(const char *) list;
};

static void add_device(struct lowering *l, struct device_names *names,
		       const char *name)
{
	size_t i;

	for (i = 0; i < names->list.n; i++)
		if (strcmp(names->list.v[i], name) == 0)
			return;
	*vec_push(l->arena, &names->list) = name;
}

static void lower_table(struct lowering *l, const struct flowtable *table)
{
	struct device_names names = { 0 };
	struct ir_flowtable *flowtable;
	size_t i;

	for (i = 0; i < table->ndevices; i++)
		add_device(l, &names, table->devices[i].name);
	flowtable = ir_flowtable_add(l->ir, table->name, table->span);
	flowtable->priority = table->priority;
	flowtable->hardware = table->mode == OFFLOAD_HARDWARE;
	flowtable->able = table->mode == OFFLOAD_AUTO;
	flowtable->follow = table->devices_auto;
	flowtable->counter = table->counters;
	flowtable->devices = names.list.v;
	flowtable->ndevices = names.list.n;
}

void lower_flowtables(struct lowering *l)
{
	const struct offload *offload = &l->model->offload;
	size_t i;

	for (i = 0; i < offload->nflowtables; i++)
		lower_table(l, &offload->flowtables[i]);
}
