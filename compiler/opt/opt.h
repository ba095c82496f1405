/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The optimiser: from the model's rules to the lines that are lowered.
 *
 * A line is what becomes a rule of a pair's chain: one alternative of one of
 * the policy's rules, or of several at once. It stands between the policy and
 * the IR: on alternatives, which say exactly what is asked, and before the
 * rules are multiplied by zones and directions.
 *
 * What must stay true: whatever a connection's first packet meets, it meets
 * the same with each pass on and off: verdict, log, mark. The model does not
 * change, so explain and test answer as ever. A rule that does more than
 * decide (rule_plain()) is never joined with another, nor does anything move
 * across it that it might see. What is not known is left as it is.
 */
#ifndef NFTOFFC_OPT_OPT_H
#define NFTOFFC_OPT_OPT_H

#include "base/doc.h"
#include "base/source.h"
#include "policy/alts.h"

#define OPT_KEYS_MAX 4

/*
 * What is done, by the value of one key; or by those of several side by side,
 * which then are single ones.
 */
struct opt_map {
	enum key_id key[OPT_KEYS_MAX], reply[OPT_KEYS_MAX];
	size_t nkeys;
	struct ranges ranges; /* ascending, none overlaps */
	enum action *actions; /* as many; NULL: the rule's own */
};

struct opt_line {
	const struct rule *rule; /* its zones, and what it does */
	/* One; all of them, if the rule is more than plain. */
	struct alts alts;
	const struct opt_map *map; /* NULL: the rule's own action */
	const uint32_t *members;   /* indexes of rules that it stands for */
	size_t nmembers;
	const char *comment; /* their names, as many as fit */
};

/* A pass did something to a rule. */
struct opt_note {
	size_t pass;
	uint32_t rule;
	uint32_t with; /* the rule it was joined with; itself: left out */
	const char *what;
};

struct opt_program {
	struct opt_line *lines;
	size_t n;
	struct opt_note *notes; /* in the order of passes */
	size_t nnotes;
};

struct opt; /* a pass's work, see passes.h */

struct opt_pass {
	const char *name;
	const char *doc; /* one sentence */
	void (*run)(struct opt *opt);
};

/* The passes in the order in which they run; NULL past the end. */
const struct opt_pass *opt_pass_at(size_t i);

/* A bit for each pass that is left out; 0: all run. */
typedef uint32_t opt_without;
#define OPT_NONE (~(opt_without)0)

/*
 * "all", "none", or "sets=off,maps=on" on top of what @without says. False,
 * with *wrong set to the part that is none of this.
 */
bool opt_choose(struct str text, opt_without *without, struct str *wrong);

struct opt_program *opt_run(struct arena *arena, const struct model *model,
			    opt_without without);

/* What each pass did, with the policy's lines. */
void opt_explain(struct buf *out, const struct opt_program *program,
		 const struct model *model, const struct sources *sources);

#endif
