/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel module's part in an apply: what is kept out changes with the
 * rules, as if both were one transaction.
 *
 *	stage	before the rules are committed: refused, or in memory whole
 *	commit	when they are
 *	back	when they are not, or are taken back
 *	settle	whoever comes after one that was killed in between: the record
 *		in the kernel says which rules run, so which generation is right
 *
 * What must stay true: without the module all of it does nothing, and answers
 * 0. With it, once any of this has answered 0, what is kept out belongs to the
 * rules that run; while it is not known which do, both generations' is.
 */
#ifndef NFTOFFC_RUNTIME_STATE_TWOPHASE_H
#define NFTOFFC_RUNTIME_STATE_TWOPHASE_H

#include "runtime/ruleset/keepout.h"

enum twophase_found {
	TWOPHASE_ABSENT,
	TWOPHASE_OTHER_ABI, /* it means something else by what we say */
	TWOPHASE_READY,
};

struct twophase {
	enum twophase_found found;
	struct module *module;	 /* NULL: not to be used */
	struct module_info info; /* as it was found, or settled */
	uint64_t staged;	 /* by us, 0: nothing */
};

/* 0, also if there is none, or -errno. */
int twophase_open(struct twophase *t);
void twophase_close(struct twophase *t);
/* "not loaded", or what else keeps it from being used; NULL: nothing. */
const char *twophase_missing(const struct twophase *t);
/* And what to do about that. */
const char *twophase_help(const struct twophase *t);
/* Does it keep out what belongs to these rules (@running NULL: to none)? */
bool twophase_agrees(const struct twophase *t, const struct ir_record *running);
/*
 * Ends what somebody began who is no more; @settled says whether there was
 * such a thing. To be called under the lock of the state directory.
 */
int twophase_settle(struct twophase *t, const struct ir_record *running,
		    bool *settled);
/* @generation is current already: then nothing is staged. */
int twophase_stage(struct twophase *t, uint64_t generation,
		   const struct keepout *keepout);
int twophase_commit(struct twophase *t);
/* As it was when it was found. */
int twophase_back(struct twophase *t);

#endif
