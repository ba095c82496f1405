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

/* On the way through the rules of a pair. */
struct way {
	enum dir dir;
	const char *target; /* the chain that accepts */
	bool unsure;	    /* a rule was passed that a reply cannot answer */
};

static void rule_start(struct lowering *l, struct ir_build *b,
		       const struct rule *rule, const struct asked *asked,
		       enum dir dir)
{
	if (rule->forward && !rule->direct)
		lower_flags(b, KEY_CT_STATUS, STATUS_DST_NAT);
	lower_asked(l, b, asked, dir);
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

/* Are its connections treated unlike those that are just accepted? */
static bool has_class(const struct lowering *l, const struct rule *rule)
{
	return l->plan->own[rule - l->model->rules] != 0;
}

/*
 * A reply that may be of a rule before: it passes where that makes no
 * difference, and nothing is kept. Nobody is told that it does not pass: who
 * sent it may be in the right.
 */
static void unkept_action(struct lowering *l, struct ir_build *b,
			  const struct rule *rule)
{
	bool passes = rule->action == ACTION_ACCEPT && !has_class(l, rule);

	ir_verdict(b, passes ? VERDICT_ACCEPT : VERDICT_DROP, NULL);
}

static void action_op(struct lowering *l, struct ir_build *b,
		      const struct rule *rule, const struct way *way)
{
	if (way->unsure)
		unkept_action(l, b, rule);
	else
		lower_action(l, b, rule, way->target, way->dir);
}

/* A limit is on new connections: one that lives is not counted again when a
 * new policy decides it afresh. */
static void live_rule(struct lowering *l, struct ir_chain *chain,
		      const struct opt_line *line, const struct asked *asked,
		      const struct way *way)
{
	const struct rule *rule = line->rule;
	struct ir_build b = ir_build(l->ir);

	if (!asked->live)
		lower_flags(&b, KEY_CT_STATE, CT_ESTABLISHED | CT_RELATED);
	rule_start(l, &b, rule, asked, way->dir);
	lower_bounds(l, &b, rule, asked->alt.families, way->dir);
	action_op(l, &b, rule, way);
	ir_rule_add(&b, chain, rule->span, line->comment);
}

static void asked_rule(struct lowering *l, struct ir_chain *chain,
		       const struct opt_line *line, const struct asked *asked,
		       const struct way *way)
{
	const struct rule *rule = line->rule;
	bool limited = rule->limit.rate != 0, first = is_first(l, rule);
	struct ir_build b = ir_build(l->ir);

	if (limited && !first && asked->live >= 0)
		live_rule(l, chain, line, asked, way);
	if (limited && (way->dir == DIR_REPLY || asked->live > 0))
		return;
	rule_start(l, &b, rule, asked, way->dir);
	if (first || (limited && action_goes_on(rule->action)))
		lower_flags(&b, KEY_CT_STATE, CT_NEW);
	if (limited)
		lower_limit(l, &b, rule, asked->alt.families);
	lower_bounds(l, &b, rule, asked->alt.families, way->dir);
	action_op(l, &b, rule, way);
	ir_rule_add(&b, chain, rule->span, line->comment);
}

/* A reply does not tell whether the rule matches: see lowering.h. */
static void unsure_rule(struct lowering *l, struct ir_chain *chain,
			const struct opt_line *line, const struct asked *asked)
{
	const struct rule *rule = line->rule;
	struct ir_build b = ir_build(l->ir);

	if (rule->action == ACTION_ACCEPT && !has_class(l, rule))
		return;
	rule_start(l, &b, rule, asked, DIR_REPLY);
	ir_verdict(&b, VERDICT_DROP, NULL);
	ir_rule_add(&b, chain, rule->span, line->comment);
}

static void lower_line_alt(struct lowering *l, struct ir_chain *chain,
			   const struct opt_line *line, const struct alt *alt,
			   const struct way *way)
{
	struct asked asked[2];
	size_t i, n = lower_ask(l, alt, way->dir, asked);

	for (i = 0; i < n; i++) {
		if (asked[i].sure == SURE_YES)
			asked_rule(l, chain, line, &asked[i], way);
		else
			unsure_rule(l, chain, line, &asked[i]);
	}
}

/* Is it asked of replies, which do not tell? */
static bool is_unsure(const struct lowering *l, const struct opt_line *line)
{
	return !line->map && stands_here(line->rule) &&
	       !is_first(l, line->rule) && lower_unsure(&line->alts);
}

static void lower_line(struct lowering *l, struct ir_chain *chain,
		       const struct opt_line *line, struct way *way)
{
	const struct rule *rule = line->rule;
	bool split = lower_asks_source(rule);
	struct way own = *way;
	size_t i;
	int f;

	if (!stands_here(rule) || (is_first(l, rule) && way->dir == DIR_REPLY))
		return;
	own.target = lower_rule_target(l, way->target, rule);
	for (i = 0; i < line->alts.n; i++) {
		struct alt alt = line->alts.v[i];

		if (!split || alt.families != FAMILY_BOTH) {
			lower_line_alt(l, chain, line, &alt, &own);
			continue;
		}
		for (f = 0; f < FAMILIES; f++) {
			alt.families = (uint8_t)(1u << f);
			lower_line_alt(l, chain, line, &alt, &own);
		}
	}
	way->unsure |= way->dir == DIR_REPLY && is_unsure(l, line);
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
		       const struct block *block, struct way *way)
{
	const struct opt_line *line = &l->program->lines[block->first];
	size_t i;

	for (i = 0; i < block->n; i++, line++) {
		if (line->map)
			lower_map(l, chain, line,
				  way->unsure ? NULL : way->target, way->dir);
		else
			lower_line(l, chain, line, way);
		if (takes_all(line))
			return true;
	}
	return false;
}

static bool unsure_block(const struct lowering *l, const struct block *block)
{
	const struct opt_line *line = &l->program->lines[block->first];
	size_t i;

	for (i = 0; i < block->n; i++, line++)
		if (is_unsure(l, line))
			return true;
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

/*
 * The chain of a block that several pairs hold; NULL if only one does. @target
 * is the pair's; @way, how its chain came here and how it goes on.
 */
static const char *shared_block(struct lowering *l, uint32_t index,
				const char *target, struct way *way)
{
	const char *key = block_key(l, index, target);
	size_t *uses = map_get(&l->block_uses, str_of(key));
	const struct block *block = &l->blocks.v[index];
	const struct rule *rule = l->program->lines[block->first].rule;
	struct way inside = *way;
	struct ir_chain *chain;

	if (!uses || *uses < 2)
		return NULL;
	way->unsure |= way->dir == DIR_REPLY && unsure_block(l, block);
	key = arena_printf(l->arena, "%s %d %d", key, inside.dir,
			   inside.unsure);
	chain = map_get(&l->block_chains, str_of(key));
	if (chain)
		return chain->name;
	chain = lower_chain(l,
			    arena_printf(l->arena, "rules.%s%s", rule->name,
					 way->dir == DIR_REPLY ? ".reply" : ""),
			    rule->span);
	map_add(&l->block_chains, str_of(key), chain);
	fill_block(l, chain, block, &inside);
	return chain->name;
}

/* The pair's default. A reply that it lets pass may be another rule's. */
static void final_rule(struct lowering *l, struct ir_chain *chain,
		       enum hook_index hook, const struct way *way)
{
	struct ir_build b = ir_build(l->ir);

	lower_raw_jumps(l, chain, hook, true);
	if (!way->unsure || l->model->defaults[hook] != ACTION_ACCEPT) {
		lower_final(l, chain, l->model->defaults[hook], way->target);
		return;
	}
	ir_verdict(&b, VERDICT_ACCEPT, NULL);
	ir_rule_add(&b, chain, (struct span){ 0 }, "default");
}

static void fill_pair(struct lowering *l, const struct pair *pair,
		      enum hook_index hook, enum dir dir)
{
	struct way way = { dir, mirrored(l, pair->target, dir), false };
	struct ir_chain *chain = pair->chains[dir];
	struct ir_build b = ir_build(l->ir);
	size_t i;

	for (i = 0; i < pair->blocks.n; i++) {
		uint32_t index = pair->blocks.v[i];
		const struct block *block = &l->blocks.v[index];
		const char *shared = shared_block(l, index, pair->target, &way);

		if (!shared && fill_block(l, chain, block, &way))
			return;
		if (!shared)
			continue;
		ir_verdict(&b, VERDICT_JUMP, shared);
		ir_rule_add(&b, chain,
			    l->program->lines[block->first].rule->span, NULL);
	}
	final_rule(l, chain, hook, &way);
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
