/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state directory: what was applied, so that it can be restored.
 *
 *	STATE/lock			flock()ed by the apply that runs
 *	STATE/current -> generations/7	what runs
 *	STATE/generations/7/container	the policy: which it is, what it needs,
 *					its messages, with digests (container.h)
 *			   /policy.nft	the rules as text, for people
 *			   /sources	the files it was compiled from
 *					(sourcefile.h)
 *			   /kernel	what the kernel was given of it: its
 *					generation then, a fingerprint
 *	STATE/refused			the digest of the policy that was taken
 *					back last, or gone back from
 *	STATE/live			the generation that live connections are
 *					being brought into line with: an apply
 *					is at it, or was killed
 *	STATE/guard, guarded, answer	guard.h
 *	STATE/failsafe			boot.h
 *	STATE/said			said.h
 *
 * What must stay true: `current` names a whole generation, old or new, at any
 * instant. A generation is whole and on the disk before it has its number.
 * What is written is written beside, synced, renamed, and the directory synced
 * (files.h), so it is old or new, too; but for the lock, whose word is for
 * people, and is of use while its writer lives. Nobody but root reads any of it.
 * Everything answers 0 or -errno.
 */
#ifndef NFTOFFC_RUNTIME_STATE_STATE_H
#define NFTOFFC_RUNTIME_STATE_STATE_H

#include "runtime/ruleset/container.h"

/* make STATE=DIR says another: on OpenWrt, where /var does not last. */
#ifdef NFTOFFC_STATE
#define STATE_DIRECTORY NFTOFFC_STATE
#else
#define STATE_DIRECTORY "/var/lib/nftoffc"
#endif
/* So many generations are kept, the one that runs among them. */
#define STATE_KEEP 10
#define STATE_KEEP_MAX 1000

struct state;
struct sources;

struct generation {
	unsigned int number;   /* from 1 */
	unsigned int previous; /* 0: there was none */
	size_t elements;       /* of sets, as kernel_read_all() wants it */
	size_t rules;
	uint64_t created; /* seconds since 1970 */
	struct ir_record record;
	uint32_t genid;	      /* the kernel's, 0: not known */
	uint64_t fingerprint; /* of our table then, 0: not known */
	bool slow; /* the kernel was given it without its offload: unoffload.h */
	bool damaged; /* by state_list() only: nothing but the number is known */
};

/* What a generation is made of. */
struct state_content {
	const struct container *container;
	struct str text; /* as nft has it */
	uint32_t genid;	 /* the kernel's, once it has it; 0: not known */
	bool slow;	 /* the kernel is not given its offload */
	/* What it was compiled from, or that as it was stored; or neither. */
	const struct sources *sources;
	struct str kept;
};

/* Makes the directory, and those above it, if @write and it is missing. */
int state_open(struct state **state, const char *path, bool write);
void state_close(struct state *state); /* and unlocks it; NULL is fine */
/*
 * -EWOULDBLOCK if another process holds the lock: @holder, which is the
 * caller's to free, then says who. Without write access it locks what is
 * there and writes nothing.
 */
int state_lock(struct state *state, const char *command, struct buf *holder);
/* Waits for it; for who holds it for an instant only, STATE_WATCH. */
int state_wait(struct state *state, const char *command);
#define STATE_WATCH "nftoffc watch"

/*
 * -ENOENT if there is none. @generation has its number, whatever else is wrong
 * with the one that `current` names; else 0.
 */
int state_current(struct state *state, struct generation *generation);
int state_load(struct state *state, unsigned int number,
	       struct generation *generation);
/* The generation that the kernel's record speaks of, -ENOENT. */
int state_find(struct state *state, const struct ir_record *record,
	       struct generation *generation);
#define STATE_TEXT "policy.nft" /* as nft has it */
#define STATE_SOURCES "sources"
/* Adds STATE_TEXT or STATE_SOURCES of a generation to @out. */
int state_read(struct state *state, unsigned int number, const char *file,
	       struct buf *out);
/*
 * Its container, checked; what it says points into @bytes, which is the
 * caller's to free, or is of the arena. -EBADMSG with @why, if it is not whole.
 */
int state_container(struct state *state, unsigned int number,
		    struct arena *arena, struct buf *bytes,
		    struct container *container, const char **why);
/* Its head alone: all but the messages. */
int state_head(struct state *state, unsigned int number, struct arena *arena,
	       struct buf *bytes, struct container *container);

/* Writes a new generation, whole, but does not point to it. */
int state_stage(struct state *state, const struct state_content *content,
		unsigned int *number);
/* What the kernel was given of generation @noted->number. */
int state_note(struct state *state, const struct generation *noted);
/*
 * Live connections are being brought into line with generation @number, or with
 * none any more (0).
 */
int state_note_live(struct state *state, unsigned int number);
unsigned int state_noted_live(struct state *state);
/* Makes @number the current one, at one instant. */
int state_point(struct state *state, unsigned int number);
/* No generation is the current one. */
int state_point_nowhere(struct state *state);
/*
 * Makes ready for it, so that it does not fail for want of room; and does it.
 * Only one can be made ready at a time.
 */
#define STATE_BACK ".back"
int state_prepare_back(struct state *state, unsigned int number);
int state_point_back(struct state *state, unsigned int number);
/*
 * The policy of this digest was gone back from: who is called again and again,
 * as fw4's hook is, is not to load it because its file still says so. 0: none.
 */
int state_refuse(struct state *state, uint64_t digest);
/* The same, made ready first: a descriptor, which the second one closes. */
#define STATE_REFUSE ".refused"
int state_prepare_refuse(struct state *state);
int state_refuse_back(struct state *state, int fd, uint64_t digest);
uint64_t state_refused(struct state *state);
/* What the files of this module's neighbours are in; it stays the state's. */
int state_directory(const struct state *state);
/*
 * In a process that was forked: the lock is its parent's, until it ends. Then
 * state_relock() waits for one of its own.
 */
void state_leave_lock(struct state *state);
int state_relock(struct state *state);
/*
 * Removes what a killed apply left: generations above @keep, the one that runs;
 * and those older than the @max latest (STATE_KEEP), but never @previous.
 */
int state_prune(struct state *state, unsigned int keep, unsigned int previous,
		unsigned int max);

struct state_list {
	struct arena *arena;
	VEC(struct generation) generations; /* by number */
};
int state_list(struct state *state, struct state_list *list);

#endif
