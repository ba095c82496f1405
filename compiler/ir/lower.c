// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lowering: the values of the mark, the base chains, and what accepts.
 *
 * What must stay true: every way that accepts a connection sets the mark to
 * the value of what was decided; only values of this policy's run are accepted
 * by the first rule of a base chain; every base chain ends in an explicit
 * verdict, whatever its policy says.
 */
#include "lowering.h"

#include <inttypes.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <syslog.h>

#define CT_INVALID 1 /* NF_CT_STATE_INVALID_BIT */
#define CT_RELATED 4
#define CT_UNTRACKED 64
#define STATUS_EXPECTED 1 /* IPS_EXPECTED */

struct ir_chain *lower_chain(struct lowering *l, const char *name,
			     struct span span)
{
	const char *free = name;
	struct ir_chain *chain;
	unsigned int i;

	for (i = 2; map_get(&l->chain_names, str_of(free)); i++)
		free = arena_printf(l->arena, "%s.%u", name, i);
	chain = ir_chain_add(l->ir, free, span);
	map_add(&l->chain_names, str_of(free), chain);
	return chain;
}

const char *lower_reply_name(struct lowering *l, const char *name)
{
	return arena_printf(l->arena, "%s.reply", name);
}

uint32_t lower_mark_of(const struct lowering *l, uint32_t k)
{
	return (l->ir->mark.epoch + k) << l->ir->mark.shift;
}

void lower_mark_op(struct lowering *l, struct ir_build *b, uint32_t k)
{
	struct stmt *stmt = ir_stmt(b, &stmt_ct_mark);

	stmt->ct_mark.keep = ~l->ir->mark.mask;
	stmt->ct_mark.set = lower_mark_of(l, k);
	b->ops[b->nops - 1].epoch = true;
}

static struct ir_set *anonymous_map(struct lowering *l, enum wire_id type,
				    size_t room)
{
	struct ir_set *set = arena_new_object(l->arena, struct ir_set);

	ir_set_field(set, type);
	set->keys = arena_array(l->arena, room, set->klen);
	set->verdicts = arena_array(l->arena, room, sizeof(struct ir_verdict));
	return set;
}

static void map_value(struct ir_set *set, enum wire_id type, uint64_t key,
		      enum verdict code, const char *chain)
{
	wire_put(type, key, set->keys + set->nelems * set->klen);
	set->verdicts[set->nelems++] = (struct ir_verdict){ code, chain };
}

static void vmap_op(struct ir_build *b, enum key_id key, struct ir_set *set)
{
	struct ir_op *op = ir_op(b, IR_OP_VMAP);

	op->nkeys = 1;
	op->keys[0] = key;
	op->set = set;
}

struct ir_set *lower_mark_map(struct lowering *l, size_t room)
{
	return anonymous_map(l, WIRE_MARK, room);
}

void lower_mark_value(struct ir_set *set, uint32_t mark, enum verdict code,
		      const char *chain)
{
	map_value(set, WIRE_MARK, mark, code, chain);
}

#define DECIDED "decided"

/* What a map of decisions says. */
static struct str said_by(struct lowering *l, const struct ir_set *set)
{
	struct buf text = { 0 };
	struct str kept;
	size_t i;

	buf_add(&text, set->keys, set->nelems * set->klen);
	for (i = 0; i < set->nelems; i++) {
		buf_put_u64(&text, set->verdicts[i].code);
		if (set->verdicts[i].chain)
			buf_puts(&text, set->verdicts[i].chain);
		buf_putc(&text, ' ');
	}
	kept = (struct str){ arena_strndup(l->arena, text.p, text.n), text.n };
	buf_free(&text);
	return kept;
}

static const char *decided_name(struct lowering *l,
				const struct ir_chain *chain)
{
	if (chain->type && !l->any_decided) {
		l->any_decided = true;
		return DECIDED;
	}
	return arena_printf(l->arena, DECIDED ".%s", chain->name);
}

/*
 * What an epoch's marks mean has a name, and is said once: so another epoch
 * changes elements, and no rule, for which the kernel would look at all rules.
 */
static struct ir_set *decisions(struct lowering *l,
				const struct ir_chain *chain,
				const struct ir_set *set)
{
	struct str said = said_by(l, set);
	struct ir_set *named = map_get(&l->decided, said);

	if (named)
		return named;
	named = ir_set_add(l->ir, decided_name(l, chain), (struct span){ 0 });
	named->epoch = true;
	ir_set_field(named, WIRE_MARK);
	named->keys = set->keys;
	named->verdicts = set->verdicts;
	named->nelems = set->nelems;
	map_add(&l->decided, said, named);
	return named;
}

struct ir_rule *lower_mark_vmap(struct lowering *l, struct ir_chain *chain,
				struct ir_set *set, uint32_t mask,
				const char *comment)
{
	struct ir_build b = ir_build(l->ir);

	if (!set->nelems)
		return NULL;
	if (mask == l->ir->mark.mask)
		set = decisions(l, chain, set);
	vmap_op(&b, KEY_CT_MARK, set);
	b.ops[b.nops - 1].masked = true;
	wire_put(WIRE_MARK, mask, b.ops[b.nops - 1].hi);
	return ir_rule_add(&b, chain, (struct span){ 0 }, comment);
}

/* What a state left behind is not asked: the rules are walked again. */
#define FORGET "forget"

static void decided_value(struct lowering *l, struct ir_set *set,
			  const struct decided *decided)
{
	uint32_t mark = lower_mark_of(l, decided->value);

	if (decided->state)
		lower_mark_value(set, mark, VERDICT_JUMP, FORGET);
	else if (decided->quota) /* used up, it returns */
		lower_mark_value(set, mark, VERDICT_JUMP, decided->then);
	else if (decided->then)
		lower_mark_value(set, mark, VERDICT_GOTO, decided->then);
	else
		lower_mark_value(set, mark, VERDICT_ACCEPT, NULL);
}

static void decided_rule(struct lowering *l, struct ir_chain *chain,
			 enum hook_index hook)
{
	struct ir_set *set = lower_mark_map(l, l->plan->decided.n);
	size_t i;

	for (i = 0; i < l->plan->decided.n; i++)
		if (l->plan->decided.v[i].hooks[hook])
			decided_value(l, set, &l->plan->decided.v[i]);
	lower_mark_vmap(l, chain, set, l->ir->mark.mask, "decided before");
}

/*
 * "existing: keep": what the policy before accepted is accepted as of now, and
 * nothing more. With the same values (a dry run's) there is nothing to keep.
 */
static const char *former_target(struct lowering *l)
{
	struct ir_build b = ir_build(l->ir);

	if (!l->ir->mark.flow_mask)
		return LOWER_ACCEPTED;
	if (l->kept)
		return l->kept->name;
	l->kept = lower_chain(l, "kept", (struct span){ 0 });
	l->kept->former = true;
	lower_flow_forget(l, l->kept);
	ir_verdict(&b, VERDICT_GOTO, LOWER_ACCEPTED);
	ir_rule_add(&b, l->kept, (struct span){ 0 }, NULL);
	return l->kept->name;
}

static void former_rule(struct lowering *l, struct ir_chain *chain)
{
	const struct ir_record *former = l->former;
	struct ir_rule *rule;
	struct ir_set *set;
	uint32_t i, n;

	if (!l->model->existing_keep || !former ||
	    former->pending >= former->count ||
	    (former->mask == l->ir->mark.mask &&
	     former->epoch == l->ir->mark.epoch))
		return;
	n = former->count - former->pending;
	if (former->mask == l->ir->mark.mask) {
		l->ir->mark.kept_epoch = former->epoch;
		l->ir->mark.kept_count = n;
	}
	set = lower_mark_map(l, n);
	for (i = 0; i < n; i++)
		lower_mark_value(
			set, (former->epoch + i) << __builtin_ctz(former->mask),
			VERDICT_GOTO, former_target(l));
	rule = lower_mark_vmap(l, chain, set, former->mask, "accepted before");
	rule->former = true;
	rule->ops->set->former = true;
}

static void forget_chain(struct lowering *l)
{
	struct ir_build b = ir_build(l->ir);
	struct ir_chain *chain;

	if (!l->plan->any_state)
		return;
	chain = lower_chain(l, FORGET, (struct span){ 0 });
	ir_stmt(&b, &stmt_ct_mark)->ct_mark.keep = ~l->ir->mark.mask;
	ir_rule_add(&b, chain, (struct span){ 0 }, NULL);
}

/* What ends a packet's way: it is accepted, or a program decides. */
static void end_op(struct lowering *l, struct ir_build *b, uint32_t k)
{
	const struct rule *queue = l->plan->decided.v[k].queue;
	struct stmt *stmt;

	if (!queue) {
		ir_verdict(b, VERDICT_ACCEPT, NULL);
		return;
	}
	stmt = ir_stmt(b, &stmt_queue);
	stmt->queue.lo = queue->queue.lo;
	stmt->queue.hi = queue->queue.hi;
	stmt->queue.bypass = queue->queue.bypass;
	stmt->queue.fanout = queue->queue.fanout;
}

void lower_keep(struct lowering *l, struct ir_chain *chain, uint32_t k,
		struct span span, const char *comment)
{
	struct ir_build b = ir_build(l->ir);

	lower_mark_op(l, &b, k); /* what is not tracked has none, and goes on */
	ir_rule_add(&b, chain, span, comment);
	end_op(l, &b, k);
	ir_rule_add(&b, chain, span, comment);
}

void lower_accepting(struct lowering *l, struct ir_chain *chain, uint32_t k)
{
	lower_arrivals(l, chain, NULL, k);
	lower_keep(l, chain, k, (struct span){ 0 }, NULL);
}

const char *lower_refuse(struct lowering *l)
{
	struct ir_build b = ir_build(l->ir);

	if (l->refuse)
		return l->refuse->name;
	l->refuse = lower_chain(l, "refuse", (struct span){ 0 });
	ir_is(&b, KEY_L4PROTO, 6);
	ir_stmt(&b, &stmt_reject)->reject = REJECT_TCP_RESET;
	ir_rule_add(&b, l->refuse, (struct span){ 0 }, NULL);
	ir_stmt(&b, &stmt_reject)->reject = REJECT_ICMPX_ADMIN;
	ir_rule_add(&b, l->refuse, (struct span){ 0 }, NULL);
	ir_verdict(&b, VERDICT_DROP, NULL); /* what may not be answered */
	ir_rule_add(&b, l->refuse, (struct span){ 0 }, NULL);
	return l->refuse->name;
}

void lower_final(struct lowering *l, struct ir_chain *chain, enum action action,
		 const char *target)
{
	struct ir_build b = ir_build(l->ir);

	if (action == ACTION_ACCEPT)
		ir_verdict(&b, VERDICT_GOTO, target);
	else if (action == ACTION_REJECT)
		ir_verdict(&b, VERDICT_GOTO, lower_refuse(l));
	else
		ir_verdict(&b, VERDICT_DROP, NULL);
	ir_rule_add(&b, chain, (struct span){ 0 }, "default");
}

/* Neighbour discovery and multicast listeners are never tracked; without them
 * there is no IPv6. */
static void untracked_chain(struct lowering *l)
{
	static const uint8_t types[] = {
		130, 130, 131, 131, 132, 132, 133, 133,
		134, 134, 135, 135, 136, 136, 143, 143
	};
	struct ir_chain *chain =
		lower_chain(l, "untracked", (struct span){ 0 });
	struct ir_build b = ir_build(l->ir);

	ir_in_ranges(&b, KEY_ICMPV6_TYPE, types, sizeof(types) / 2, false);
	ir_verdict(&b, VERDICT_ACCEPT, NULL);
	ir_rule_add(&b, chain, (struct span){ 0 },
		    "neighbour discovery, multicast listeners");
}

static void icmp_verdict(struct lowering *l, struct ir_chain *chain,
			 enum verdict verdict, const char *comment)
{
	static const uint8_t protos[] = { 1, 1, 58, 58 };
	struct ir_build b = ir_build(l->ir);

	ir_in_ranges(&b, KEY_L4PROTO, protos, sizeof(protos) / 2, false);
	ir_verdict(&b, verdict, NULL);
	ir_rule_add(&b, chain, (struct span){ 0 }, comment);
}

/*
 * An ICMP error carries the connection that it is about. One that is not
 * decided must not be decided by the error, which looks quite different: the
 * mark would say "accepted" of what the policy denies, or logs whole. What the
 * router itself answers (a reject among it) goes out, and leaves no mark.
 */
static void related_chains(struct lowering *l)
{
	struct ir_chain *chain = lower_chain(l, "related", (struct span){ 0 });
	struct ir_build b = ir_build(l->ir);
	struct ir_op *op;

	icmp_verdict(l, chain,
		     l->model->mode == MODE_FW4 ? VERDICT_ACCEPT : VERDICT_DROP,
		     "about what is not decided yet");
	if (!lower_has_rules(l, HOOK_OUTPUT))
		return;
	chain = lower_chain(l, "related.output", (struct span){ 0 });
	icmp_verdict(l, chain, VERDICT_ACCEPT, "the router's own answers");
	op = ir_op(&b, IR_OP_FLAGS);
	op->nkeys = 1;
	op->keys[0] = KEY_TCP_FLAGS;
	wire_put(WIRE_TCP_FLAGS, 4, op->lo); /* rst */
	ir_verdict(&b, VERDICT_ACCEPT, NULL);
	ir_rule_add(&b, chain, (struct span){ 0 }, "the router's own answers");
}

static void state_rule(struct lowering *l, struct ir_chain *chain,
		       enum hook_index hook)
{
	struct ir_set *set = anonymous_map(l, WIRE_CT_STATE, 3);
	struct ir_build b = ir_build(l->ir);

	if (hook == HOOK_OUTPUT) /* an ICMP error about what was refused */
		map_value(set, WIRE_CT_STATE, CT_INVALID, VERDICT_JUMP,
			  "related.output");
	else if (l->model->invalid_drop)
		map_value(set, WIRE_CT_STATE, CT_INVALID, VERDICT_DROP, NULL);
	map_value(set, WIRE_CT_STATE, CT_RELATED, VERDICT_JUMP,
		  hook == HOOK_OUTPUT ? "related.output" : "related");
	if (hook != HOOK_FORWARD)
		map_value(set, WIRE_CT_STATE, CT_UNTRACKED, VERDICT_JUMP,
			  "untracked");
	vmap_op(&b, KEY_CT_STATE, set);
	ir_rule_add(&b, chain, (struct span){ 0 }, NULL);
}

/*
 * What a helper foresaw carries the decision about the connection that it
 * belongs to, unless that is of another policy: then it is not interrupted. If
 * this one denies what it belongs to, it is apply that ends it: no rule can ask
 * for that.
 */
static void expected_rule(struct lowering *l, struct ir_chain *chain)
{
	struct ir_build b = ir_build(l->ir);
	bool any = false;
	size_t i;

	for (i = 0; i < l->model->nrules; i++)
		any |= l->model->rules[i].action == ACTION_HELPER;
	if (!any)
		return;
	lower_flags(&b, KEY_CT_STATUS, STATUS_EXPECTED);
	ir_verdict(&b, VERDICT_GOTO, LOWER_ACCEPTED);
	ir_rule_add(&b, chain, (struct span){ 0 }, "foreseen by a helper");
}

static void loopback_rule(struct lowering *l, struct ir_chain *chain,
			  enum key_id key)
{
	struct ir_build b = ir_build(l->ir);
	uint8_t name[WIRE_MAX];

	wire_ifname("lo", 2, name);
	ir_cmp(&b, key, NFT_CMP_EQ, name);
	ir_verdict(&b, VERDICT_ACCEPT, NULL);
	ir_rule_add(&b, chain, (struct span){ 0 }, NULL);
}

static void clamp_rule(struct lowering *l, struct ir_chain *chain)
{
	struct ir_build b = ir_build(l->ir);
	struct ir_op *op;

	if (!l->clamp)
		return;
	op = ir_op(&b, IR_OP_MASK);
	op->nkeys = 1;
	op->keys[0] = KEY_TCP_FLAGS;
	wire_put(WIRE_TCP_FLAGS, 2, op->lo); /* syn */
	wire_put(WIRE_TCP_FLAGS, 6, op->hi); /* of syn and rst */
	ir_verdict(&b, VERDICT_JUMP, l->clamp->name);
	ir_rule_add(&b, chain, (struct span){ 0 }, NULL);
}

static void clamp_side(struct lowering *l, const struct zone *zone, bool in)
{
	struct pieces pieces = lower_zone_pieces(l, zone);
	const char *name = arena_printf(l->arena, "clamp-mss %s", zone->name);
	struct ir_build b = ir_build(l->ir);
	uint8_t families[FAMILIES];
	size_t i, j, n;

	for (i = 0; i < pieces.list.n; i++) {
		n = lower_families(&pieces.list.v[i], NULL, FAMILY_BOTH,
				   families);
		for (j = 0; j < n; j++) {
			lower_piece(&b, &pieces.list.v[i], in, families[j]);
			ir_stmt(&b, &stmt_mss);
			ir_rule_add(&b, l->clamp, zone->span, name);
		}
	}
}

static void clamp_chain(struct lowering *l)
{
	size_t i;

	for (i = 0; i < l->model->nzones; i++) {
		if (!l->model->zones[i].clamp_mss)
			continue;
		if (!l->clamp)
			l->clamp =
				lower_chain(l, "clamp-mss", (struct span){ 0 });
		clamp_side(l, &l->model->zones[i], false);
		clamp_side(l, &l->model->zones[i], true);
	}
	lower_clamp_rules(l);
}

/* Replies of the connections that @other decides are seen in this hook. */
static void reply_rule(struct lowering *l, struct ir_chain *chain,
		       const char *to)
{
	struct ir_build b = ir_build(l->ir);

	ir_is(&b, KEY_CT_DIRECTION, 1);
	ir_verdict(&b, VERDICT_GOTO, to);
	ir_rule_add(&b, chain, (struct span){ 0 }, "replies not yet decided");
}

struct hook_row {
	const char *name, *reply;
	enum ir_hook hook;
	enum hook_index replies; /* the hook that sees the replies */
};

static const struct hook_row hook_rows[HOOKS] = {
	[HOOK_INPUT] = { "input", "reply.input", IR_HOOK_INPUT, HOOK_OUTPUT },
	[HOOK_FORWARD] = { "forward", "reply.forward", IR_HOOK_FORWARD,
			   HOOK_FORWARD },
	[HOOK_OUTPUT] = { "output", "reply.output", IR_HOOK_OUTPUT,
			  HOOK_INPUT },
};

static struct ir_chain *base_chain(struct lowering *l, const char *name,
				   enum ir_hook hook)
{
	struct ir_chain *chain = lower_chain(l, name, (struct span){ 0 });

	chain->type = "filter";
	chain->hook = hook;
	chain->priority_text = "filter";
	chain->policy_drop = true;
	if (l->model->mode == MODE_FW4)
		lower_behind_fw4(chain);
	return chain;
}

static void fill_base(struct lowering *l, enum hook_index hook,
		      struct ir_chain *chain)
{
	const struct hook_row *row = &hook_rows[hook];

	lower_raw_jumps(l, chain, hook, false);
	if (hook == HOOK_FORWARD)
		clamp_rule(l, chain);
	decided_rule(l, chain, hook);
	former_rule(l, chain);
	lower_gate(l, chain, hook);
	lower_flow_forget(l, chain);
	state_rule(l, chain, hook);
	expected_rule(l, chain);
	if (hook == HOOK_INPUT)
		loopback_rule(l, chain, KEY_IIFNAME);
	if (hook == HOOK_OUTPUT)
		loopback_rule(l, chain, KEY_OIFNAME);
	if (hook == HOOK_INPUT)
		lower_syn_flood(l, chain);
	reply_rule(l, chain, hook_rows[row->replies].reply);
	lower_dispatch(l, chain, hook, DIR_ORIGINAL);
	lower_raw_jumps(l, chain, hook, true);
	lower_final(l, chain, l->model->defaults[hook], LOWER_ACCEPTED);
}

static void fill_reply(struct lowering *l, enum hook_index hook,
		       struct ir_chain *chain)
{
	lower_dispatch(l, chain, hook, DIR_REPLY);
	lower_raw_jumps(l, chain, hook, true);
	lower_final(l, chain, l->model->defaults[hook], LOWER_ACCEPTED);
}

/* Of the router's own connections no rule speaks: fw4 has to be there. */
static void fill_gate(struct lowering *l, enum hook_index hook,
		      struct ir_chain *chain)
{
	loopback_rule(l, chain, KEY_IIFNAME);
	lower_gate(l, chain, hook);
	lower_final(l, chain, ACTION_ACCEPT, LOWER_ACCEPTED);
}

static void base_chains(struct lowering *l)
{
	struct ir_chain *base[HOOKS], *reply[HOOKS];
	int h;

	for (h = 0; h < HOOKS; h++)
		base[h] = lower_has_base(l, h) ?
				  base_chain(l, hook_rows[h].name,
					     hook_rows[h].hook) :
				  NULL;
	lower_antispoof(l);
	lower_nat(l);
	lower_places(l);
	lower_raws(l);
	for (h = 0; h < HOOKS; h++)
		reply[h] = lower_has_rules(l, h) ?
				   lower_chain(l, hook_rows[h].reply,
					       (struct span){ 0 }) :
				   NULL;
	lower_accepting(l, lower_chain(l, LOWER_ACCEPTED, (struct span){ 0 }),
			0);
	if (lower_has_rules(l, HOOK_INPUT))
		untracked_chain(l);
	related_chains(l);
	clamp_chain(l);
	forget_chain(l);
	lower_decisions(l);
	lower_offload_chains(l);
	lower_pairs(l);
	for (h = 0; h < HOOKS; h++) {
		if (reply[h]) {
			fill_base(l, h, base[h]);
			fill_reply(l, h, reply[h]);
		} else if (base[h]) {
			fill_gate(l, h, base[h]);
		}
	}
}

static bool is_interval(const struct ranges *ranges)
{
	size_t i, len = ranges->len;

	for (i = 0; i < ranges->n; i++)
		if (memcmp(ranges->v + 2 * i * len,
			   ranges->v + (2 * i + 1) * len, len) != 0)
			return true;
	return false;
}

/* Single values: the IR has them without their range's other end. */
static uint8_t *single_keys(struct lowering *l, const struct ranges *ranges)
{
	size_t i, len = ranges->len;
	uint8_t *keys = arena_array(l->arena, ranges->n, len);

	for (i = 0; i < ranges->n; i++)
		memcpy(keys + i * len, ranges->v + 2 * i * len, len);
	return keys;
}

static void named_set(struct lowering *l, const struct set *set, int family,
		      const char *suffix)
{
	const struct ranges *ranges = &set->elements[family];
	const char *name = arena_printf(l->arena, "%s.%s", set->name, suffix);
	struct ir_set *out;

	if (!set->type->wire[family] || (!ranges->n && !set->dynamic))
		return;
	out = ir_set_add(l->ir, name, set->span);
	ir_set_field(out, set->type->wire[family]);
	map_add(&l->sets, str_of(name), out);
	out->dynamic = set->dynamic;
	out->member = set->dynamic ? 1 + set->index : 0;
	out->timeout = set->timeout;
	out->size = set->size;
	out->interval = is_interval(ranges);
	out->nelems = ranges->n;
	out->keys = out->interval ? ranges->v : single_keys(l, ranges);
}

static void named_sets(struct lowering *l)
{
	static const char *const families[] = { "ipv4", "ipv6" };
	size_t i;
	int f;

	for (i = 0; i < l->model->nsets; i++) {
		const struct set *set = l->model->sets[i];
		bool family = set->type->wire[FAMILY_INDEX_IPV6] != WIRE_NONE;

		for (f = 0; f < FAMILIES; f++)
			named_set(l, set, f,
				  family ? families[f] : set->type->name);
	}
}

static void mark_offload(struct lowering *l, struct ir_mark *mark)
{
	const struct plan *plan = l->plan;
	uint32_t *values =
		arena_array(l->arena, plan->decided.n, sizeof(*values));
	size_t i;

	for (i = 0; i < plan->decided.n; i++)
		if (plan->decided.v[i].offload)
			values[mark->noffload++] = plan->decided.v[i].value;
	mark->offload = values;
}

static void mark_layout(struct lowering *l, const struct lower_options *options)
{
	struct ir_mark *mark = &l->ir->mark;

	mark->mask = lower_mark_mask(l->model, (uint32_t)l->plan->decided.n);
	mark->flow_mask = l->model->mark_mask & ~mark->mask;
	mark->shift = (uint32_t)__builtin_ctz(mark->mask);
	mark->epoch = options && options->epoch ? options->epoch : 1;
	mark->count = (uint32_t)l->plan->decided.n;
	mark->pending = l->plan->npending;
	mark_offload(l, mark);
}

const char *ir_record_print(struct arena *arena, const struct ir *ir)
{
	const char *record;

	record = arena_printf(arena,
			      "policy %s digest %016" PRIx64
			      " epoch %u+%u mask %08x",
			      ir->policy, ir->digest, ir->mark.epoch,
			      ir->mark.count, ir->mark.mask);
	if (ir->mark.pending)
		record = arena_printf(arena, "%s pending %u", record,
				      ir->mark.pending);
	if (ir->mark.kept_count)
		record = arena_printf(arena, "%s kept %u+%u", record,
				      ir->mark.kept_epoch, ir->mark.kept_count);
	if (ir->mark.flow_mask)
		record = arena_printf(arena, "%s flow %08x", record,
				      ir->mark.flow_mask);
	return record;
}

bool ir_record_parse(const char *comment, struct ir_record *record)
{
	const char *pending = strstr(comment, " pending ");
	const char *kept = strstr(comment, " kept ");
	const char *flow = strstr(comment, " flow ");

	*record = (struct ir_record){ 0 };
	if (sscanf(comment,
		   "policy %63s digest %16" SCNx64 " epoch %u+%u mask %x",
		   record->policy, &record->digest, &record->epoch,
		   &record->count, &record->mask) != 5)
		return false;
	if (pending)
		sscanf(pending, " pending %u", &record->pending);
	if (kept)
		sscanf(kept, " kept %u+%u", &record->kept_epoch,
		       &record->kept_count);
	if (flow)
		sscanf(flow, " flow %x", &record->flow_mask);
	return true;
}

/* A counter, since of a rule with a verdict the kernel looks at all rules. */
void lower_note(struct lowering *l, struct ir_chain *chain, struct span span,
		const char *text)
{
	struct ir_build b = ir_build(l->ir);

	ir_stmt(&b, &stmt_counter);
	ir_rule_add(&b, chain, span, text);
}

static void record_chain(struct lowering *l)
{
	struct ir_chain *chain;

	ir_settle_sets(l->ir);
	l->ir->digest = ir_digest(l->ir);
	chain = lower_chain(l, IR_RECORD_CHAIN, (struct span){ 0 });
	lower_note(l, chain, (struct span){ 0 },
		   ir_record_print(l->arena, l->ir));
	lower_flow_record(l, chain);
}

struct ir *lower(struct arena *arena, const struct model *model,
		 const struct lower_options *options)
{
	int32_t kernel_east = options ? options->kernel_east : 0;
	const struct model *by_kernel = lower_clock(arena, model, kernel_east);
	struct lowering l = {
		.arena = arena,
		.model = by_kernel,
		.program = opt_run(arena, by_kernel,
				   options ? options->without : 0),
		.ir = ir_new(arena, model->name),
		.former = options ? options->former : NULL,
		.translated = options && options->translated,
		.gate = options ? options->gate : GATE_OPEN,
	};

	l.ir->clock = model->clock;
	l.ir->kernel_east = kernel_east;
	map_init(&l.chain_names, arena);
	map_init(&l.pair_chains, arena);
	map_init(&l.block_chains, arena);
	map_init(&l.block_uses, arena);
	map_init(&l.offload_chains, arena);
	map_init(&l.rule_chains, arena);
	map_init(&l.sets, arena);
	map_init(&l.objects, arena);
	map_init(&l.targets, arena);
	map_init(&l.decided, arena);
	l.plan = plan_build(arena, by_kernel);
	mark_layout(&l, options);
	named_sets(&l);
	lower_sole(&l);
	lower_flowtables(&l);
	base_chains(&l);
	record_chain(&l);
	return l.ir;
}
