/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy that is to be confirmed, and who takes it back if it is not.
 *
 *	apply --confirm					guard
 *	  |- guard_arm() ----- fork() ------------------> waits
 *	  |  commit, verify, point			  |
 *	  |- guard_start() ---- "it runs" --------------> its time begins
 *	  ends						  |
 *	confirm ------------- STATE/answer, 'c' --------> ends
 *	rollback ------------ STATE/answer, 'r' --------> takes it back
 *	silence ----------------------------------------> takes it back
 *
 * The guard is a process of its own session with no terminal. It holds all that
 * it needs before anything is committed: the way back as bytes (wayback.h), a
 * socket with room for them, the directories, and room on the disk for what it
 * will write.
 * It parses nothing, allocates nothing, and cannot be ended but by SIGKILL. If
 * apply dies before it said that the policy runs, that is taken for granted:
 * taking back what is not there changes nothing.
 *
 * What must stay true: while STATE/guard is locked, a guard lives, and what
 * runs is not confirmed; when the lock is gone STATE/guarded says what became
 * of it. Whoever only looks is in nobody's way. Everything answers 0 or -errno.
 */
#ifndef NFTOFFC_RUNTIME_STATE_GUARD_H
#define NFTOFFC_RUNTIME_STATE_GUARD_H

#include "runtime/ruleset/wayback.h"
#include "runtime/state/state.h"
#include "runtime/state/twophase.h"

#define GUARD_SECONDS 60
#define GUARD_SECONDS_MAX 86400

struct guard_plan {
	struct state *state;
	const struct wayback *way; /* that takes it back */
	unsigned int back;	   /* the generation that ran, 0: none */
	unsigned int number;	   /* the one that is to be confirmed, */
	const char *policy;	   /* and its policy, */
	uint64_t digest;	   /* with the digest of that */
	unsigned long seconds;	   /* to wait for an answer */
	struct twophase *module;   /* as it is staged */
};

/* A guard that waits for its apply to end; fd -1: there is none. */
struct guard_link {
	int fd;
	pid_t pid;
};

int guard_arm(struct guard_link *link, const struct guard_plan *plan);
/* The policy runs: the time begins. */
void guard_start(struct guard_link *link);
/* It does not run, or was taken back already; when this returns, it has ended. */
void guard_cancel(struct guard_link *link);

enum guard_end {
	GUARD_NONE,  /* there never was one, or nobody knows */
	GUARD_WAITS, /* it lives */
	GUARD_CONFIRMED,
	GUARD_RESTORED, /* by an answer, or by silence */
	GUARD_FAILED,	/* it could not be taken back */
	GUARD_DIED,	/* without a word: killed, or the machine stopped */
};

struct guard_status {
	enum guard_end end;
	char policy[64];
	unsigned int back, number;
	unsigned long left; /* seconds, while it waits */
};

int guard_status(struct state *state, struct guard_status *status);
/*
 * The generation that is to be loaded where @current was to be confirmed, and
 * nobody did before the machine stopped, or it was taken back; else @current.
 */
unsigned int guard_confirmed(const struct guard_status *status,
			     unsigned int current);
/* Another policy runs, which needs no word: what became of the last is over. */
void guard_forget(struct state *state);
/* What was taken back is over: its number may be given to another generation. */
void guard_forget_over(struct state *state);
/* Tells it, and waits until it is gone; then @status says what became of it. */
int guard_answer(struct state *state, bool confirm,
		 struct guard_status *status);

#endif
