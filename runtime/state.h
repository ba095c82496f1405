/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state directory: what was applied, so that it can be restored.
 *
 *	STATE/lock			flock()ed by the apply that runs
 *	STATE/current -> generations/7	what runs
 *	STATE/generations/7/record	which policy, and the generation before
 *			   /policy.nft	the rules as text, for people
 *			   /content	as messages, for the restore
 *			   /kernel	the kernel's generation, a fingerprint
 *
 * What must stay true: `current` names a whole generation, old or new, at any
 * instant. A generation is whole and on the disk before it has its number.
 * Nobody but root reads any of it. Everything answers 0 or -errno.
 */
#ifndef NFTOFFC_RUNTIME_STATE_H
#define NFTOFFC_RUNTIME_STATE_H

#include "ir/lower.h"

/* make STATE=DIR says another: on OpenWrt, where /var does not last. */
#ifdef NFTOFFC_STATE
#define STATE_DIRECTORY NFTOFFC_STATE
#else
#define STATE_DIRECTORY "/var/lib/nftoffc"
#endif

struct state;

struct generation {
	unsigned int number;   /* from 1 */
	unsigned int previous; /* 0: there was none */
	size_t elements;       /* of sets, as kernel_read_all() wants it */
	struct ir_record record;
	uint32_t genid;	      /* the kernel's, 0: not known */
	uint64_t fingerprint; /* of our table then, 0: not known */
};

/* What a generation is made of. */
struct state_content {
	const char *record; /* as ir_record_print() wrote it */
	unsigned int previous;
	size_t elements;
	struct str text, messages;
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

/* -ENOENT if there is none. */
int state_current(struct state *state, struct generation *generation);
int state_load(struct state *state, unsigned int number,
	       struct generation *generation);
/* The generation that the kernel's record speaks of, -ENOENT. */
int state_find(struct state *state, const struct ir_record *record,
	       struct generation *generation);
/* Adds "policy.nft" or "content" of a generation to @out. */
int state_read(struct state *state, unsigned int number, const char *file,
	       struct buf *out);

/* Writes a new generation, whole, but does not point to it. */
int state_stage(struct state *state, const struct state_content *content,
		unsigned int *number);
/* In place and not synced: cheap, and of no use after a reboot anyway. */
int state_note(struct state *state, unsigned int number, uint32_t genid,
	       uint64_t fingerprint);
/* Makes @number the current one, at one instant. */
int state_point(struct state *state, unsigned int number);
/* No generation is the current one. */
int state_point_nowhere(struct state *state);
/* What the files of this module's neighbours are in; it stays the state's. */
int state_directory(const struct state *state);
/*
 * In a process that was forked: the lock is its parent's, until it ends. Then
 * state_relock() waits for one of its own.
 */
void state_leave_lock(struct state *state);
int state_relock(struct state *state);
/* Removes every generation but these two, and what a killed apply left. */
int state_prune(struct state *state, unsigned int keep, unsigned int previous);

#endif
