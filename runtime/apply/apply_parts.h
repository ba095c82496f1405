/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside apply only: what its steps share. apply.c has the steps that change
 * nothing, and their order; apply_commit.c has those that change something, and
 * how it is taken back; apply_live.c, what becomes of live connections.
 */
#ifndef NFTOFFC_RUNTIME_APPLY_APPLY_PARTS_H
#define NFTOFFC_RUNTIME_APPLY_APPLY_PARTS_H

#include <signal.h>
#include <time.h>

#include "compile.h"
#include "runtime/apply/apply.h"
#include "runtime/base/privilege.h"
#include "runtime/live/realign.h"
#include "runtime/netlink/fw4.h"
#include "runtime/netlink/kernel.h"
#include "runtime/netlink/nl.h"
#include "runtime/offload/devices.h"
#include "runtime/ruleset/container.h"
#include "runtime/ruleset/delta.h"
#include "runtime/ruleset/drift.h"
#include "runtime/ruleset/wayback.h"
#include "runtime/state/applied.h"
#include "runtime/state/guard.h"
#include "runtime/state/state.h"
#include "runtime/state/twophase.h"

/* A step's answer: go on to the next one; else the exit code. */
#define NEXT (-1)

/*
 * What is to run: of a policy that was compiled, or as it was stored. All but
 * the compiler's steps and their checks know only this.
 */
struct target {
	const char *policy;  /* its name */
	unsigned int number; /* of the generation it is taken from, 0: none */
	struct container container; /* without its messages */
	struct buf text;	    /* as nft has it */
	/* Stored: the messages, which go with the ruleset of that day. */
	struct str stored; /* .p NULL: compiled */
	bool translated; /* connections may live that are, see lower_options */
};

struct apply {
	const struct apply_options *options;
	struct timespec start;
	struct arena *arena; /* of what is read and built here */
	struct compilation c;
	struct applied applied; /* what it is of, if that was stored */
	struct nl *nl;
	struct state *state; /* NULL in a dry run where there is none */
	struct kernel now;   /* what runs */
	bool blind;	     /* a dry run that may not read it, */
	bool unread;	     /* nor the state directory */
	bool slow;	     /* the kernel cannot offload: the rules alone */
	bool has_old;	     /* what runs, as it was stored: */
	struct generation old;
	struct generation last; /* what `current` names; number 0: nothing */
	struct drift drift;	/* what others did to what runs */
	struct devices devices;
	struct attach_wishes wishes; /* what the policy says of them, */
	struct attach attach;	     /* and what becomes of it */
	struct ir *ir; /* of a policy that was compiled; NULL: none was */
	struct target target;
	struct buf stored; /* what target.stored points into */
	struct twophase module;
	struct lower_options lowered; /* with which @ir was made */
	struct fw4 fw4;		      /* of a policy that stands beside it */
	struct batch content;	/* what makes the new policy from nothing */
	struct buf old_content; /* the same of what runs; empty: not known */
	struct batch batch;	/* what is sent */
	struct realign realign; /* live connections; .live NULL: they do not */
	bool whole;		/* do not try to send only what differs */
	bool removing;		/* the policy goes, and none comes */
	bool mending;		/* and what differs is what others did, too */
	struct renewal renewal; /* of flowtables, with the rules */
	bool differing;		/* the batch is only what differs: */
	struct delta_result difference;
	struct kernel before;	  /* with the parts that will differ */
	struct table_names names; /* of the new policy */
	struct wayback back;	  /* the way back, if there is one */
	uint64_t fingerprint;	  /* of our table as committed; 0: not known */
	unsigned int number;	  /* of the staged generation, 0: not yet */
	uint32_t noted; /* with it: the kernel's generation that it will be */
	struct guard_link guard; /* who takes it back if it is not confirmed */
	enum lower_gate gate;	 /* as fw4 is now */
	bool holding;		 /* signals, until the end */
	sigset_t signals;
};

/* Steps, each answers NEXT or the exit code. */
typedef int (*apply_step)(struct apply *a);

/* Takes the steps until one ends it, and clears up: answers its exit code. */
int apply_run(const struct apply_options *options, const apply_step *todo,
	      size_t n);

/* Removes what is neither current nor the one before it: 0, or -errno. */
int apply_tidy(struct apply *a);
/* Answers the exit code, after a message. */
int apply_refused_by_module(struct apply *a, int error);
/* Is our table as it was committed, at the generation that was read? */
bool apply_is_unchanged(struct apply *a);
/* The same by comparing all of it, after which it is known what differs. */
int apply_find_drift(struct apply *a);
/* What is stored of what runs is read; empty: not known. */
void apply_read_stored(struct apply *a);
/* What our table holds at the generation that was read; empty: not known. */
struct str apply_actual(struct apply *a);

/* A policy that was compiled: what is to be done, and may it be? */
int apply_plan(struct apply *a);
/* Does it run already, as it would be made now, and nobody has changed it? */
bool apply_is_applied(struct apply *a);
/*
 * Is it the policy of this record? With fw4's marks or without them, in whichever
 * of its chains, it is the same one, in other rules.
 */
bool apply_is_policy(const struct apply *a, const struct ir_record *record);
int apply_translate(struct apply *a);
/* Do the rules of this model, made so, have that digest? */
bool apply_lowers_to(struct arena *arena, const struct model *model,
		     const struct lower_options *options, uint64_t digest);
/* Before anything is changed: NEXT, or an exit code after a message. */
int apply_keep_privilege(enum privilege privilege);

/* May connections live that are translated? In doubt, one does. */
bool apply_may_be_translated(struct apply *a);
/* No connection is to have these values: 0, or -errno. */
int apply_clear_run(struct apply *a, uint32_t epoch, uint32_t count);
/* Both batches of what was stored: NEXT or the exit code; 0 or -errno. */
int apply_build_stored(struct apply *a);
int apply_build_whole_stored(struct apply *a, const struct table_names *now);

/* Builds the way back to what runs, with a warning if there is none. */
void apply_find_way_back(struct apply *a);
/*
 * After the commit something failed: takes the way back. Answers EXIT_RESTORED
 * or EXIT_BROKEN, after a message that begins with @why.
 */
int apply_undo(struct apply *a, const char *why);
/* Nothing was committed: takes back what was made ready. Answers @code. */
int apply_unstage(struct apply *a, int code);

/* Steps that change nothing, or what a killed apply left. */
int apply_open_state(struct apply *a);
int apply_take_lock(struct apply *a);
int apply_refuse_unconfirmed(struct apply *a);
int apply_read_kernel(struct apply *a);
int apply_find_module(struct apply *a);
int apply_find_running(struct apply *a);
int apply_recover(struct apply *a);
int apply_hold_signals(struct apply *a);
int apply_beside_fw4(struct apply *a);

/* With which whoever changes something begins: then it is known what runs. */
#define APPLY_BEGIN                                                            \
	apply_open_state, apply_take_lock, apply_refuse_unconfirmed,           \
		apply_read_kernel, apply_find_module, apply_find_running,      \
		apply_recover

/* Steps that change something. */
/* apply_live.c: were live connections left as they were, by one that was killed? */
bool apply_left_live(const struct apply *a);
/* Once the policy runs, what realign.renew has: 0 or -errno. */
int apply_renew_flowtables(struct apply *a);

/* Steps, each answers NEXT or the exit code. */
int apply_clear_marks(struct apply *a);
int apply_stage(struct apply *a);
int apply_stage_module(struct apply *a);
int apply_arm_guard(struct apply *a);
int apply_look_live(struct apply *a);
int apply_commit(struct apply *a);
int apply_verify(struct apply *a);
int apply_bring_live(struct apply *a);
int apply_commit_module(struct apply *a);
int apply_verify_policy(struct apply *a);
int apply_point(struct apply *a);
int apply_end_live(struct apply *a);
int apply_start_guard(struct apply *a);
int apply_follow_foreseen(struct apply *a);
/* The last step of diff. */
int apply_show_changes(struct apply *a);
int apply_report(struct apply *a);

#endif
