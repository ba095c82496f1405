/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside compiler/ir only: lowering's state and its parts.
 *
 *	lower.c          values of the mark, base chains, what accepts
 *	plan.c           which decisions there are, and what leads to them
 *	lower_ask.c      what rules ask of packets, alternative by alternative
 *	lower_rule.c     rules, blocks of rules, the chains of zone pairs
 *	lower_effect.c   what rules do to packets, the chains of decisions
 *	lower_flow.c     which rule with "log: flow" accepted a connection
 *	lower_place.c    rules whose place is another: mark, notrack, clamp-mss
 *	lower_map.c      rules that were joined into a verdict map
 *	lower_zone.c     zones as devices and subnets; the maps to the pairs
 *	lower_offload.c  what is eligible, the flowtables
 *	lower_nat.c      address translation
 *	lower_value.c    what the chains would remember, without them
 *	lower_guard.c    spoofed addresses, floods
 *	lower_clock.c    times by the policy's clock as times by the kernel's
 *	lower_raw.c      chains of nft's own text
 *	lower_fw4.c      what is different beside OpenWrt's fw4
 *
 * The way a packet takes in a base chain:
 *
 *	mark decided? --yes--> accept | offload chain | log chain
 *	   |no
 *	invalid? drop   reply? --yes--> reply.HOOK: maps --> PAIR.reply
 *	   |no
 *	maps --> PAIR: rules --> (log) --> (eligible?) --> mark set, accept
 *	         (rules that go on set the mark to what they will go on doing)
 *	   |none
 *	default
 *
 * A reply that is not decided (its connection's original direction has been
 * silent since the policy changed) takes the same rules mirrored: source and
 * destination, and the devices, swapped. What a rule asks of the packet that
 * opens a connection (its MAC address, its DSCP ...) a reply does not tell. So
 * such a rule may match or may not, and the reply passes only if it passes
 * either way:
 *
 *	accept	does not let it pass; what comes after may
 *	drop	drops it, if the rest of what it asks holds; so does a rule whose
 *		connections are a class of their own, which are to be seen whole
 *
 * and behind such a rule nothing is remembered: the next packet of the original
 * direction decides. The same with offload: what may be exempt is not offloaded,
 * what may be eligible neither, until that packet tells.
 */
#ifndef NFTOFFC_IR_LOWERING_H
#define NFTOFFC_IR_LOWERING_H

#include "lower.h"
#include "opt/opt.h"
#include "plan.h"
#include "policy/alts.h"

enum dir { DIR_ORIGINAL, DIR_REPLY, DIRS };

struct pair {
	int from, to;	   /* zone indexes, -1 the router */
	struct pair *same; /* the one whose chains it shares */
	VEC(uint32_t) blocks;
	const char *target;	       /* the chain that accepts */
	struct ir_chain *chains[DIRS]; /* NULL: only the default */
};

struct block { /* consecutive lines of the same zones */
	size_t first, n;
	size_t rules; /* of the policy, that they are of */
};

struct lowering {
	struct arena *arena;
	const struct model *model;
	const struct opt_program *program; /* its rules as they are lowered */
	struct ir *ir;
	const struct ir_record *former; /* NULL: nothing ran before */
	bool translated;		/* see lower_options */
	enum lower_gate gate;
	struct map chain_names;
	struct plan *plan;
	bool *sole; /* by zone: nothing else is on its devices */
	VEC(struct block) blocks;
	VEC(struct pair) pairs[HOOKS];
	uint32_t *slots[HOOKS];	 /* from * zones + to -> index + 1 of pairs */
	struct map pair_chains;	 /* what they hold -> struct pair * */
	struct map block_chains; /* block and target -> char *name */
	struct map block_uses;	 /* the same -> counts */
	struct map offload_chains;
	struct map rule_chains; /* chains for a rule's action */
	struct map sets;	/* "name.ipv4" -> struct ir_set * */
	struct map objects;	/* name -> struct ir_object * */
	struct map targets;	/* offload chain -> struct lower_target * */
	struct map decided;	/* what it says -> struct ir_set * */
	bool any_decided;	/* the map without a chain's name is taken */
	struct ir_chain *refuse, *clamp, *kept;
};

/* A chain of a name not yet taken: @name, or with a number behind it. */
/* Which connections an offload chain is for. */
struct lower_target {
	int from, to;
	enum dir dir;
};

struct ir_chain *lower_chain(struct lowering *l, const char *name,
			     struct span span);

/* The name of @chain's twin for replies. */
const char *lower_reply_name(struct lowering *l, const char *name);

/* Sets the mark to value @k, as a statement of the rule being built. */
void lower_mark_op(struct lowering *l, struct ir_build *b, uint32_t k);
/* The last two rules of a chain: remember decision @k; accept. */
void lower_keep(struct lowering *l, struct ir_chain *chain, uint32_t k,
		struct span span, const char *comment);
/* Fills a chain that remembers decision @k and accepts. */
void lower_accepting(struct lowering *l, struct ir_chain *chain, uint32_t k);
/* "refuse", made when first wanted. */
const char *lower_refuse(struct lowering *l);

/* The last word of a chain: @action, accepting by way of @target. */
void lower_final(struct lowering *l, struct ir_chain *chain, enum action action,
		 const char *target);

/* A rule that says something to whoever reads the chain, and does nothing. */
void lower_note(struct lowering *l, struct ir_chain *chain, struct span span,
		const char *text);

/* A map on bits of the conntrack mark, in a rule of its own. */
struct ir_set *lower_mark_map(struct lowering *l, size_t room);
void lower_mark_value(struct ir_set *set, uint32_t mark, enum verdict code,
		      const char *chain);
struct ir_rule *lower_mark_vmap(struct lowering *l, struct ir_chain *chain,
				struct ir_set *set, uint32_t mask,
				const char *comment);
uint32_t lower_mark_of(const struct lowering *l, uint32_t k);

/* lower_effect.c */
/* The chains of the classes and states that the plan has. */
void lower_decisions(struct lowering *l);
/* What accepts: where the rules before have left a state, by way of it. */
void lower_arrivals(struct lowering *l, struct ir_chain *chain,
		    const struct rule *rule, uint32_t k);
/* What the rule does, and its verdict; @target accepts. */
void lower_action(struct lowering *l, struct ir_build *b,
		  const struct rule *rule, const char *target, enum dir dir);
/* Its conditions. @family is one of FAMILY_* if a source is asked. */
void lower_limit(struct lowering *l, struct ir_build *b,
		 const struct rule *rule, uint8_t family);
/* The same of each source; @owner is what the names of its sets begin with. */
void lower_limit_source(struct lowering *l, struct ir_build *b,
			const struct limit_spec *limit, const char *owner,
			struct span span, uint8_t family);
void lower_bounds(struct lowering *l, struct ir_build *b,
		  const struct rule *rule, uint8_t family, enum dir dir);
bool lower_asks_source(const struct rule *rule);

/* lower_flow.c */
/* Does the rule's connection have an end to be told of? */
bool lower_flow_wanted(const struct rule *rule);
/* Keeps the rule's number. False, and nothing, if it has none. */
bool lower_flow_op(struct lowering *l, struct ir_build *b,
		   const struct rule *rule);
/* Behind "flow add": keeps that it was. */
void lower_flow_offloaded(struct lowering *l, struct ir_build *b);
/* Of a connection that is decided afresh. */
void lower_flow_forget(struct lowering *l, struct ir_chain *chain);
void lower_flow_record(struct lowering *l, struct ir_chain *chain);

/* lower_place.c */
void lower_places(struct lowering *l);
void lower_clamp_rules(struct lowering *l);
/* Connections that carry one of the policy's marks are not offloaded. */
void lower_marked(struct lowering *l, struct ir_chain *chain);

/*
 * What a packet stands for, and so what can be asked of it: the first of its
 * connection (or one that is taken for it), one of a connection that lives, a
 * reply, any one of the original direction.
 */
enum view { VIEW_FIRST, VIEW_LIVE, VIEW_REPLY, VIEW_ANY };

/* One form in which an alternative is asked. */
struct asked {
	struct alt alt; /* without what cannot be asked */
	enum sure sure; /* that it matches if all that is asked holds */
	int live;	/* 1: if the connection lives, -1: if it does not */
};

/* lower_ask.c */
/*
 * The forms for packets of @dir on their way to a decision: how many of @out.
 * None: it cannot match.
 */
size_t lower_ask(struct lowering *l, const struct alt *alt, enum dir dir,
		 struct asked out[2]);
/* Without what only a connection's first packet tells: for all the others. */
struct alt lower_ask_any(struct lowering *l, const struct alt *alt);
/* Is there an alternative of which a reply cannot tell? */
bool lower_unsure(const struct alts *alts);
void lower_asked(struct lowering *l, struct ir_build *b,
		 const struct asked *asked, enum dir dir);
/* Any of @bits, or none of them. */
void lower_flags(struct ir_build *b, enum key_id id, uint64_t bits);
void lower_no_flags(struct ir_build *b, enum key_id id, uint64_t bits);
void lower_alt(struct lowering *l, struct ir_build *b, const struct alt *alt,
	       enum dir dir);

/* lower_rule.c */
void lower_log_op(struct lowering *l, struct ir_build *b,
		  const struct rule *rule);
void lower_pairs(struct lowering *l);

/* lower_map.c */
void lower_map(struct lowering *l, struct ir_chain *chain,
	       const struct opt_line *line, const char *target, enum dir dir);

/* lower_zone.c */
struct piece { /* devices that one comparison takes, and subnets */
	const uint8_t *names; /* packed ranges of 16 bytes each end */
	size_t n;
	uint8_t families;
	const struct ranges *subnets[FAMILIES]; /* NULL: not narrowed */
};

struct pieces {
	VEC(struct piece) list; /* none: nothing to ask ("any") */
	bool any;
};

struct pieces lower_pieces(struct lowering *l, const struct zone_set *set);
struct pieces lower_zone_pieces(struct lowering *l, const struct zone *zone);
/*
 * The families that one rule each can ask for: subnets are of one. @from and
 * @to may be NULL (any). How many of @out there are.
 */
size_t lower_families(const struct piece *from, const struct piece *to,
		      uint8_t families, uint8_t out[FAMILIES]);
/* Asks for @piece on the side that came in (@in) or goes out. False if it
 * has nothing of these families. */
bool lower_piece(struct ir_build *b, const struct piece *piece, bool in,
		 uint8_t families);
void lower_dispatch(struct lowering *l, struct ir_chain *chain,
		    enum hook_index hook, enum dir dir);
void lower_sole(struct lowering *l);

/* lower_offload.c */
const char *lower_offload_target(struct lowering *l, int from, int to);
/* @target as a rule's own word on its offload wants it. */
const char *lower_rule_target(struct lowering *l, const char *target,
			      const struct rule *rule);
void lower_offload_chains(struct lowering *l);
void lower_flowtables(struct lowering *l);

/* lower_raw.c */
void lower_raws(struct lowering *l);
/* To the chains before the policy's own rules in @hook, or after them. */
void lower_raw_jumps(struct lowering *l, struct ir_chain *chain,
		     enum hook_index hook, bool after);

/* lower_fw4.c */
/* Is there a base chain in @hook, and does it ask the policy's rules? */
bool lower_has_base(const struct lowering *l, enum hook_index hook);
bool lower_has_rules(const struct lowering *l, enum hook_index hook);
/* @chain sees what fw4 has let pass, and lets it pass. */
void lower_behind_fw4(struct ir_chain *chain);
/* Where that is asked for: new connections that fw4 has not seen are dropped. */
void lower_gate(struct lowering *l, struct ir_chain *chain,
		enum hook_index hook);

/* lower_guard.c */
void lower_antispoof(struct lowering *l);
/* What goes to the router in @chain: new TCP connections, so many a time. */
void lower_syn_flood(struct lowering *l, struct ir_chain *chain);

/* lower_clock.c */
/* @model, asking for the kernel's times where it asks for the clock's. */
const struct model *lower_clock(struct arena *arena, const struct model *model,
				int32_t kernel_east);

/* lower_nat.c */
void lower_nat(struct lowering *l);

#endif
