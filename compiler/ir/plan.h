/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which decisions a policy can take about a connection, and so which values of
 * the mark it needs; and the ways that lead to each.
 *
 *	state	what rules that go on have done so far and will go on doing:
 *		a value that the mark has while the rules are walked
 *	class	what becomes of later packets: steps in the order of the rules,
 *		and then accepted, offloaded, or handed to a program
 *
 * Rules whose connections are treated alike share a class. Which states there
 * are is found by walking the rules of each pair of zones, where two rules that
 * no packet meets both never come together.
 *
 * What must stay true: those of which later packets are not simply accepted come
 * last (a policy after this one may keep what was accepted); value 0 is "accepted, and nothing more"; the same policy
 * has the same values in the same order; a connection that a rule with a need
 * (model.h) touched is in no class that may be offloaded.
 */
#ifndef NFTOFFC_IR_PLAN_H
#define NFTOFFC_IR_PLAN_H

#include "policy/model.h"

#define LOWER_ACCEPTED "accepted" /* the chain of value 0 */

enum step_kind { STEP_LOG, STEP_COUNT, STEP_DSCP };

/* What is done to each packet of a connection. */
struct step {
	enum step_kind kind;
	const struct rule *rule; /* the first that asks for it */
};

/* One value of the mark: what was decided. */
struct decided {
	uint32_t value;	   /* k, see lower.h */
	const char *set;   /* the chain that sets it (and accepts) */
	const char *then;  /* where later packets go; NULL: accepted */
	bool hooks[HOOKS]; /* where packets of such connections are seen */
	bool state;	   /* on the way: decided by nobody yet */
	bool offload;
	/*
	 * Where exemptions ask sets that are filled while it runs: of what may
	 * be offloaded, the chain that marks it as held back; and of what is
	 * held back, the one that marks it as what may be offloaded.
	 */
	const char *hold, *held;
	/* offload: */
	const struct flowtable *flowtable;
	uint64_t after_packets, after_bytes;
	/* states and classes: */
	const struct rule *rule; /* the one that led here first */
	const uint32_t *steps;	 /* of plan->steps */
	size_t nsteps;
	const struct rule *queue; /* its program decides */
	const struct rule *quota; /* holds only until this is used up */
};

/* From a state: by a rule that goes on to another, or to a class. */
struct passage {
	const struct rule *rule; /* arrivals: NULL for one without a class */
	uint32_t from, to;
};

struct plan {
	struct arena *arena;
	const struct model *model;
	VEC(struct step) steps;
	VEC(struct decided) decided; /* by value */
	VEC(struct passage) passages, arrivals;
	/* By rule: the class of one that ends, the state of one that goes on,
	 * if nothing came before; 0: none, or what the zones' is. */
	uint32_t *own;
	bool any_state;
	/* The last of the values, which are not plainly accepted: states, and
	 * classes of which a program or a quota decides. */
	uint32_t npending;
	bool too_many; /* states than can be counted */
	/* inside plan.c */
	struct map by_key, names, seen_passages;
};

/* More states than this are not looked for. */
#define PLAN_STATES_MAX 4096

struct plan *plan_build(struct arena *arena, const struct model *model);
/* Whether connections the rule accepts are a class of its own. */
bool plan_has_class(const struct rule *rule);

#endif
