/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside compiler/opt only: the lines while passes work on them.
 *
 *	opt.c	the table of passes, lines from rules, notes and comments
 *	drop.c	passes that leave rules out
 *	fold.c	passes that join rules by one key
 *	tuples.c the pass that joins rules by several keys
 *	order.c	what may move across what
 */
#ifndef NFTOFFC_OPT_PASSES_H
#define NFTOFFC_OPT_PASSES_H

#include "opt.h"
#include "policy/region.h"

#define PLAIN_ACTIONS (ACTION_ACCEPT + 1) /* those of plain rules */

struct line {
	struct opt_line out;
	uint32_t zones; /* index of its zones among all pairs of sets */
	bool plain;	/* decides, and does nothing else */
	bool barrier;	/* has a word that nothing may move across */
	bool gone;
	bool mixed; /* decides in more than one way */
	/* While it grows: the key whose values those of others join, if it is
	 * one; the bits of all that may take any value; who joined, in order:
	 * lines as they were before the pass. */
	enum key_id grows;
	unsigned int wide;  /* 1 << enum box_field, WIDE_PROTOS */
	unsigned int exact; /* the same, of what may be in a tuple */
	uint32_t number;    /* before the pass, where that asks for it */
	VEC(const struct line *) joined;
};

#define WIDE_PROTOS (1u << FIELDS)

struct opt {
	struct arena *arena;
	const struct model *model;
	size_t pass; /* that is running */
	VEC(struct line) lines;
	VEC(struct opt_note) notes;
	bool changed;
};

void opt_note(struct opt *opt, uint32_t rule, uint32_t with, const char *what);
uint32_t opt_index(const struct opt *opt, const struct rule *rule);

/* ---- order.c ---- */

/* Lines with the same zones have the same number, those of others may meet. */
#define ZONES_MAX 256

struct zones_class {
	const struct zone_set *from, *to;
	uint64_t meets[ZONES_MAX / 64];
	/* The last place of what a plain line of each action may not cross. */
	size_t stops[PLAIN_ACTIONS];
	/* Its lines' places, by what they decide; last, of all others. */
	VEC(uint32_t) places[PLAIN_ACTIONS + 1];
};

/* Lines as they are put one behind another. */
struct order {
	struct opt *opt;
	VEC(struct line) lines;
	struct zones_class *classes;
	size_t nclasses;
	size_t unknown;	    /* the last place of one with too many zones */
	size_t budget;	    /* comparisons that are left */
	struct map numbers; /* zones -> struct zones_class * */
};

void order_init(struct order *order, struct opt *opt);
/* Which number its zones have; ZONES_MAX if there are too many. */
uint32_t order_zones(struct order *order, const struct line *line);
struct line *order_add(struct order *order, const struct line *line);
/* May @line stand at @place instead of behind all lines there are? */
bool order_may_move(struct order *order, const struct line *line, size_t place);
/* The line at @place now decides in more than one way. */
void order_mixed(struct order *order, size_t place);
bool lines_meet(struct opt *opt, const struct line *a, const struct line *b);

/* ---- fold.c ---- */

/* Which line there is with this hash; half of it is enough to tell apart. */
struct slot {
	uint32_t hash;
	uint32_t place; /* 0: free */
};

struct slots {
	struct slot *v;
	size_t n;
};

/* Room for @n of them. */
void slots_init(struct slots *slots, struct arena *arena, size_t n);
/* The one with that hash, or a free one, which has it now. */
struct slot *slot_of(struct slots *slots, uint64_t hash);

/* Plain, of one alternative, and not joined into a map. */
bool foldable(const struct line *line);
/* All that it asks is a field that a reply is asked, too. */
bool all_fields(const struct line *line);
/* The one constraint on @key, if its values may join others; else NULL. */
const struct constraint *mergeable(const struct line *line, enum key_id id);
bool protos_mergeable(const struct line *line);
uint64_t hash_constraint(const struct constraint *c);
bool same_constraint(const struct constraint *a, const struct constraint *b);
/* Its alternative, to be changed. */
struct alt *own_alt(struct opt *opt, struct line *line);
/* Whom it stands for, with those of all that joined; says so of each. */
void join_members(struct opt *opt, struct line *line, const char *what);
/* The word that a person would look for. */
const char *word_of(enum key_id id);
/* @line as it was before it grew, and so each that joined it. */
void put_back(struct opt *opt, const struct line *line);
/* @line, which has all of those that joined it. */
void put_joined(struct opt *opt, const struct line *line, bool mixed);

/* ---- passes ---- */

void pass_unreachable(struct opt *opt);
void pass_default(struct opt *opt);
void pass_sets(struct opt *opt);
void pass_tuples(struct opt *opt);
void pass_maps(struct opt *opt);

#endif
