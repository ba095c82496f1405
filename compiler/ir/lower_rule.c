// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules and the chains of zone pairs.
 *
 * Pairs that hold the same rules share a chain. A run of rules that several
 * chains hold stands in a chain of its own, so that neither memory nor load
 * time is the product of zones and rules.
 */
#include "lowering.h"

#include <linux/netfilter/nf_tables.h>

#define CT_ESTABLISHED 2
#define CT_RELATED 4
#define CT_NEW 8
#define STATUS_DST_NAT 0x20 /* IPS_DST_NAT */

/* Fewer rules than this are not worth a jump. */
#define BLOCK_SHARED 4

static bool has_l4(enum key_id id)
{
	return key(id)->l4proto != 0;
}

static bool is_port(enum key_id id)
{
	return id == KEY_TH_SPORT || id == KEY_TH_DPORT;
}

/* A reply carries the answer's type: only echo has one that is tracked. */
static const struct ranges *icmp_reply(struct lowering *l,
				       const struct ranges *ranges,
				       enum key_id id)
{
	uint8_t request = id == KEY_ICMP_TYPE ? 8 : 128;
	uint8_t reply = id == KEY_ICMP_TYPE ? 0 : 129;
	struct ranges *out;
	size_t room = 0;

	if (!ranges_have(ranges, &request))
		return ranges;
	out = arena_new_object(l->arena, struct ranges);
	out->len = 1;
	ranges_push(l->arena, out, &room, &reply, &reply);
	return out;
}

static void constraint_op(struct lowering *l, struct ir_build *b,
			  const struct constraint *constraint, enum dir dir)
{
	enum key_id id = dir == DIR_REPLY ? constraint->reply : constraint->key;
	const struct ranges *ranges = constraint->ranges;

	if (constraint->set) {
		const struct set *set = constraint->set;
		bool family = set->type->wire[FAMILY_INDEX_IPV6] != WIRE_NONE;
		const char *name = arena_printf(l->arena, "%s.%s", set->name,
						!family ? set->type->name :
						constraint->family ? "ipv6" :
								     "ipv4");

		ir_in_set(b, id, map_get(&l->sets, str_of(name)),
			  constraint->negated);
		return;
	}
	if (dir == DIR_REPLY && (id == KEY_ICMP_TYPE || id == KEY_ICMPV6_TYPE))
		ranges = icmp_reply(l, ranges, id);
	ir_in_ranges(b, id, ranges->v, ranges->n, constraint->negated);
}

static void protos_op(struct ir_build *b, const struct protos *protos)
{
	bool most = protos_count(protos) > 128;
	uint8_t pairs[2 * 128];
	size_t n = 0, i;
	uint64_t bits;

	for (i = 0; i < 4; i++) {
		bits = most ? ~protos->bits[i] : protos->bits[i];
		for (; bits; bits &= bits - 1) {
			pairs[2 * n] = (uint8_t)(64 * i) +
				       (uint8_t)__builtin_ctzll(bits);
			pairs[2 * n + 1] = pairs[2 * n];
			n++;
		}
	}
	ir_in_ranges(b, KEY_L4PROTO, pairs, n, most);
}

void lower_alt(struct lowering *l, struct ir_build *b, const struct alt *alt,
	       enum dir dir)
{
	bool family = alt->families != FAMILY_BOTH, l4 = !alt->any_proto;
	size_t i;

	for (i = 0; i < alt->n; i++) {
		family &= key(alt->constraints[i].key)->nfproto == 0;
		l4 &= !has_l4(alt->constraints[i].key);
	}
	if (family)
		ir_is(b, KEY_NFPROTO, alt->families == FAMILY_IPV4 ? 2 : 10);
	for (i = 0; i < alt->n; i++)
		if (!is_port(alt->constraints[i].key))
			constraint_op(l, b, &alt->constraints[i], dir);
	if (l4)
		protos_op(b, &alt->protos);
	for (i = 0; i < alt->n; i++)
		if (is_port(alt->constraints[i].key))
			constraint_op(l, b, &alt->constraints[i], dir);
}

void lower_log_op(struct lowering *l, struct ir_build *b,
		  const struct rule *rule)
{
	const struct log_spec *log = &rule->log;
	struct stmt *stmt;

	if (log->rate) {
		stmt = ir_stmt(b, &stmt_limit);
		stmt->limit.rate = log->rate;
		stmt->limit.unit = log->rate_unit;
		stmt->limit.burst = log->burst;
	}
	stmt = ir_stmt(b, &stmt_log);
	stmt->log.prefix =
		log->prefix ? log->prefix :
			      arena_printf(l->arena, "%.60s: ", rule->name);
	stmt->log.group = log->group;
	stmt->log.level = log->level;
	stmt->log.snaplen = log->snaplen;
}

void lower_flags(struct ir_build *b, enum key_id id, uint64_t bits)
{
	struct ir_op *op = ir_op(b, IR_OP_FLAGS);

	op->nkeys = 1;
	op->keys[0] = (uint8_t)id;
	wire_put(key(id)->type, bits, op->lo);
}

static void rule_start(struct lowering *l, struct ir_build *b,
		       const struct rule *rule, const struct alt *alt,
		       enum dir dir)
{
	if (rule->forward && !rule->direct)
		lower_flags(b, KEY_CT_STATUS, STATUS_DST_NAT);
	lower_alt(l, b, alt, dir);
}

/* Does it take every connection that reaches it? */
static bool takes_all(const struct opt_line *line)
{
	const struct rule *rule = line->rule;

	return !line->map && !action_goes_on(rule->action) &&
	       !rule->limit.rate && !rule->connections.max && !rule->quota &&
	       (!rule->forward || rule->direct) && alts_take_all(&line->alts);
}

/* Rules that have their place elsewhere: lower_place.c. */
static bool stands_here(const struct rule *rule)
{
	return rule->action != ACTION_MARK && rule->action != ACTION_NOTRACK &&
	       rule->action != ACTION_CLAMP_MSS;
}

/* Does it only concern the first packet of a connection, and go on? */
static bool is_first(const struct lowering *l, const struct rule *rule)
{
	return action_goes_on(rule->action) &&
	       !l->plan->own[rule - l->model->rules];
}

static void lower_line_alt(struct lowering *l, struct ir_chain *chain,
			   const struct opt_line *line, const struct alt *alt,
			   const char *target, enum dir dir)
{
	const struct rule *rule = line->rule;
	bool limited = rule->limit.rate != 0, first = is_first(l, rule);
	struct ir_build b = ir_build(l->ir);

	/* the limit is on new connections: one that lives is not
	 * counted again when a new policy decides it afresh */
	if (limited && !first) {
		lower_flags(&b, KEY_CT_STATE, CT_ESTABLISHED | CT_RELATED);
		rule_start(l, &b, rule, alt, dir);
		lower_bounds(l, &b, rule, alt->families, dir);
		lower_action(l, &b, rule, target, dir);
		ir_rule_add(&b, chain, rule->span, line->comment);
	}
	if (limited && dir == DIR_REPLY)
		return;
	rule_start(l, &b, rule, alt, dir);
	if (first || (limited && action_goes_on(rule->action)))
		lower_flags(&b, KEY_CT_STATE, CT_NEW);
	if (limited)
		lower_limit(l, &b, rule, alt->families);
	lower_bounds(l, &b, rule, alt->families, dir);
	lower_action(l, &b, rule, target, dir);
	ir_rule_add(&b, chain, rule->span, line->comment);
}

static void lower_line(struct lowering *l, struct ir_chain *chain,
		       const struct opt_line *line, const char *target,
		       enum dir dir)
{
	const struct rule *rule = line->rule;
	bool split = lower_asks_source(rule);
	size_t i;
	int f;

	if (!stands_here(rule) || (is_first(l, rule) && dir == DIR_REPLY))
		return;
	target = lower_rule_target(l, target, rule);
	for (i = 0; i < line->alts.n; i++) {
		struct alt alt = line->alts.v[i];

		if (!split || alt.families != FAMILY_BOTH) {
			lower_line_alt(l, chain, line, &alt, target, dir);
			continue;
		}
		for (f = 0; f < FAMILIES; f++) {
			alt.families = (uint8_t)(1u << f);
			lower_line_alt(l, chain, line, &alt, target, dir);
		}
	}
}

/* ---- blocks and pairs ---- */

static bool same_zones(const struct rule *a, const struct rule *b)
{
	return a->from.router == b->from.router &&
	       a->to.router == b->to.router &&
	       memcmp(a->from.words, b->from.words,
		      a->from.nwords * sizeof(*a->from.words)) == 0 &&
	       memcmp(a->to.words, b->to.words,
		      a->to.nwords * sizeof(*a->to.words)) == 0;
}

static void find_blocks(struct lowering *l)
{
	const struct opt_line *lines = l->program->lines;
	struct block *block = NULL;
	size_t i;

	for (i = 0; i < l->program->n; i++) {
		if (!block ||
		    !same_zones(lines[block->first].rule, lines[i].rule)) {
			block = vec_push(l->arena, &l->blocks);
			*block = (struct block){ i, 0, 0 };
		}
		block->rules += block->n == 0 ||
				lines[i].rule != lines[i - 1].rule;
		block->n++;
	}
}

static size_t slot_count(const struct lowering *l, enum hook_index hook)
{
	return l->model->nzones * (hook == HOOK_FORWARD ? l->model->nzones : 1);
}

typedef void (*pair_fn)(struct lowering *l, enum hook_index hook, size_t slot,
			uint32_t block);

/* Calls @fn for each pair that @block's rules speak of. */
static void each_pair(struct lowering *l, uint32_t block, pair_fn fn)
{
	const struct rule *rule =
		l->program->lines[l->blocks.v[block].first].rule;
	size_t n = l->model->nzones, f, t;

	for (f = 0; f < n; f++) {
		if (!zone_set_has(&rule->from, (int)f))
			continue;
		if (rule->to.router)
			fn(l, HOOK_INPUT, f, block);
		for (t = 0; t < n; t++)
			if (zone_set_has(&rule->to, (int)t))
				fn(l, HOOK_FORWARD, f * n + t, block);
	}
	for (t = 0; rule->from.router && t < n; t++)
		if (zone_set_has(&rule->to, (int)t))
			fn(l, HOOK_OUTPUT, t, block);
}

static void want_pair(struct lowering *l, enum hook_index hook, size_t slot,
		      uint32_t block)
{
	(void)block;
	l->slots[hook][slot] = 1;
}

static void give_block(struct lowering *l, enum hook_index hook, size_t slot,
		       uint32_t block)
{
	struct pair *pair = &l->pairs[hook].v[l->slots[hook][slot] - 1];

	*vec_push(l->arena, &pair->blocks) = block;
}

/* In the order of the zones, whatever the rules' order. */
static void make_pairs(struct lowering *l, enum hook_index hook)
{
	bool all = hook == HOOK_FORWARD && l->model->offload.given &&
		   l->model->defaults[hook] == ACTION_ACCEPT;
	size_t n = l->model->nzones, slots = slot_count(l, hook), i;

	for (i = 0; i < slots; i++) {
		struct pair *pair;

		if (!l->slots[hook][i] && !all)
			continue;
		pair = vec_push(l->arena, &l->pairs[hook]);
		memset(pair, 0, sizeof(*pair));
		pair->from = hook == HOOK_OUTPUT ? -1 :
			     hook == HOOK_INPUT	 ? (int)i :
						   (int)(i / n);
		pair->to = hook == HOOK_INPUT ? -1 : (int)(i % n);
		l->slots[hook][i] = (uint32_t)l->pairs[hook].n;
	}
}

/* Only pairs that a rule speaks of, or whose default differs: most do not. */
static void find_pairs(struct lowering *l)
{
	uint32_t i;
	int h;

	for (h = 0; h < HOOKS; h++)
		l->slots[h] = arena_array(l->arena, slot_count(l, h),
					  sizeof(*l->slots[h]));
	for (i = 0; i < l->blocks.n; i++)
		each_pair(l, i, want_pair);
	for (h = 0; h < HOOKS; h++)
		make_pairs(l, h);
	for (i = 0; i < l->blocks.n; i++)
		each_pair(l, i, give_block);
}

/* Everything that a pair's chain holds, as a key. */
static struct str pair_key(struct lowering *l, const struct pair *pair,
			   enum hook_index hook)
{
	size_t size = pair->blocks.n * sizeof(uint32_t);
	size_t target = strlen(pair->target);
	char *key = arena_alloc(l->arena, size + target + 1);

	key[0] = (char)(hook * 4 + l->model->defaults[hook]);
	memcpy(key + 1, pair->target, target);
	if (size)
		memcpy(key + 1 + target, pair->blocks.v, size);
	return (struct str){ key, size + target + 1 };
}

static const char *block_key(struct lowering *l, uint32_t block,
			     const char *target)
{
	return arena_printf(l->arena, "%u %s", block, target);
}

/* A pair that only meets its hook's default needs no chain of its own. */
static bool only_default(const struct lowering *l, const struct pair *pair,
			 enum hook_index hook)
{
	return pair->blocks.n == 0 &&
	       (l->model->defaults[hook] != ACTION_ACCEPT ||
		strcmp(pair->target, LOWER_ACCEPTED) == 0);
}

static const char *zone_name(const struct lowering *l, int zone)
{
	return zone < 0 ? "router" : l->model->zones[zone].name;
}

static void count_blocks(struct lowering *l, const struct pair *pair)
{
	size_t i;

	for (i = 0; i < pair->blocks.n; i++) {
		uint32_t block = pair->blocks.v[i];
		const char *key;
		size_t *uses;

		if (l->blocks.v[block].rules < BLOCK_SHARED)
			continue;
		key = block_key(l, block, pair->target);
		uses = map_get(&l->block_uses, str_of(key));
		if (!uses) {
			uses = arena_new_object(l->arena, size_t);
			map_add(&l->block_uses, str_of(key), uses);
		}
		++*uses;
	}
}

/* Zones as a part of a chain's name: all of them, the one, or a few. */
static const char *zone_names(struct lowering *l, const uint64_t *words)
{
	const char *name = NULL;
	size_t i, n = 0;

	for (i = 0; i < l->model->nzones; i++) {
		if (!(words[i / 64] >> (i % 64) & 1))
			continue;
		if (++n <= 3)
			name = name ? arena_printf(l->arena, "%s-%s", name,
						   zone_name(l, (int)i)) :
				      zone_name(l, (int)i);
	}
	if (n > 1 && n == l->model->nzones)
		return "any";
	return n > 3 ? arena_printf(l->arena, "%s-others", name) : name;
}

/* The zones of all pairs that share the chains of @owner. */
struct sharing {
	uint64_t *from, *to;
};

static void share(struct lowering *l, struct sharing *sharing,
		  const struct pair *pair)
{
	size_t nwords = (l->model->nzones + 63) / 64;

	if (!sharing->from) {
		sharing->from = arena_array(l->arena, nwords, sizeof(uint64_t));
		sharing->to = arena_array(l->arena, nwords, sizeof(uint64_t));
	}
	if (pair->from >= 0)
		sharing->from[pair->from / 64] |= UINT64_C(1)
						  << (pair->from % 64);
	if (pair->to >= 0)
		sharing->to[pair->to / 64] |= UINT64_C(1) << (pair->to % 64);
}

static void make_chains(struct lowering *l, struct pair *pair,
			const struct sharing *sharing)
{
	const char *name = arena_printf(
		l->arena, "%s-to-%s",
		pair->from < 0 ? "router" : zone_names(l, sharing->from),
		pair->to < 0 ? "router" : zone_names(l, sharing->to));
	struct ir_chain *chain = lower_chain(l, name, (struct span){ 0 });

	pair->chains[DIR_ORIGINAL] = chain;
	pair->chains[DIR_REPLY] = lower_chain(
		l, lower_reply_name(l, chain->name), (struct span){ 0 });
}

static void find_same(struct lowering *l, struct pair *pair,
		      enum hook_index hook)
{
	struct str key = pair_key(l, pair, hook);

	pair->same = map_get(&l->pair_chains, key);
	if (pair->same)
		return;
	pair->same = pair;
	map_add(&l->pair_chains, key, pair);
	count_blocks(l, pair);
}

/* Gives each pair its chains; pairs that hold the same get the same. */
static void name_pairs(struct lowering *l, enum hook_index hook)
{
	struct sharing *sharing;
	struct pair *pair, *all = l->pairs[hook].v;
	size_t i, n = l->pairs[hook].n;

	sharing = arena_array(l->arena, n, sizeof(*sharing));
	for (i = 0; i < n; i++) {
		pair = &all[i];
		pair->target =
			hook == HOOK_FORWARD ?
				lower_offload_target(l, pair->from, pair->to) :
				LOWER_ACCEPTED;
		if (only_default(l, pair, hook))
			continue;
		find_same(l, pair, hook);
		share(l, &sharing[pair->same - all], pair);
	}
	for (i = 0; i < n; i++)
		if (all[i].same == &all[i])
			make_chains(l, &all[i], &sharing[i]);
	for (i = 0; i < n; i++)
		if (all[i].same)
			memcpy(all[i].chains, all[i].same->chains,
			       sizeof(all[i].chains));
}

/* True if nothing gets past the block. */
static bool fill_block(struct lowering *l, struct ir_chain *chain,
		       const struct block *block, const char *target,
		       enum dir dir)
{
	const struct opt_line *line = &l->program->lines[block->first];
	size_t i;

	for (i = 0; i < block->n; i++, line++) {
		if (line->map)
			lower_map(l, chain, line, target, dir);
		else
			lower_line(l, chain, line, target, dir);
		if (takes_all(line))
			return true;
	}
	return false;
}

/* The chain that accepts, as a packet of @dir needs it. */
static const char *mirrored(struct lowering *l, const char *target,
			    enum dir dir)
{
	return dir == DIR_REPLY && strcmp(target, LOWER_ACCEPTED) != 0 ?
		       lower_reply_name(l, target) :
		       target;
}

/* The chain of a block that several pairs hold; NULL if only one does. */
static const char *shared_block(struct lowering *l, uint32_t index,
				const char *target, enum dir dir)
{
	const char *key = block_key(l, index, target);
	size_t *uses = map_get(&l->block_uses, str_of(key));
	const struct block *block = &l->blocks.v[index];
	const struct rule *rule = l->program->lines[block->first].rule;
	struct ir_chain *chain;

	if (!uses || *uses < 2)
		return NULL;
	key = arena_printf(l->arena, "%s %d", key, dir);
	chain = map_get(&l->block_chains, str_of(key));
	if (chain)
		return chain->name;
	chain = lower_chain(l,
			    arena_printf(l->arena, "rules.%s%s", rule->name,
					 dir == DIR_REPLY ? ".reply" : ""),
			    rule->span);
	map_add(&l->block_chains, str_of(key), chain);
	fill_block(l, chain, block, mirrored(l, target, dir), dir);
	return chain->name;
}

static void fill_pair(struct lowering *l, const struct pair *pair,
		      enum hook_index hook, enum dir dir)
{
	const char *target = mirrored(l, pair->target, dir);
	struct ir_chain *chain = pair->chains[dir];
	struct ir_build b = ir_build(l->ir);
	size_t i;

	for (i = 0; i < pair->blocks.n; i++) {
		uint32_t index = pair->blocks.v[i];
		const struct block *block = &l->blocks.v[index];
		const char *shared = shared_block(l, index, pair->target, dir);

		if (!shared && fill_block(l, chain, block, target, dir))
			return;
		if (!shared)
			continue;
		ir_verdict(&b, VERDICT_JUMP, shared);
		ir_rule_add(&b, chain,
			    l->program->lines[block->first].rule->span, NULL);
	}
	lower_final(l, chain, l->model->defaults[hook], target);
}

static void fill_pairs(struct lowering *l, enum hook_index hook)
{
	size_t i;

	for (i = 0; i < l->pairs[hook].n; i++) {
		struct pair *pair = &l->pairs[hook].v[i];

		if (pair->same != pair)
			continue;
		fill_pair(l, pair, hook, DIR_ORIGINAL);
		fill_pair(l, pair, hook, DIR_REPLY);
	}
}

void lower_pairs(struct lowering *l)
{
	int h;

	find_blocks(l);
	find_pairs(l);
	for (h = 0; h < HOOKS; h++)
		name_pairs(l, h);
	for (h = 0; h < HOOKS; h++)
		fill_pairs(l, h);
}
