/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live connections follow a policy: those whose answer changed are brought into
 * line with it, and all others are left alone.
 *
 *	answer now		its mark	its flow		it
 *	accepted, offloaded	the new one	stays			goes on
 *	accepted, not offloaded	the new one	leaves the flowtable	goes on
 *	denied			-		leaves the flowtable	stops, is ended
 *	unknown			-		leaves the flowtable	meets the rules
 *
 * The mark is what the rules would remember (live.h): so whatever they do to a
 * connection's packets begins with the next one, in either direction.
 *
 * What leaves the flowtable leaves it by what the kernel has for that:
 *
 *	with our module	  flow by flow, by its mark, when the module's generation
 *			  is committed (keepout.h); one that is in another
 *			  flowtable than it should be, by its number
 *	without		  a denied one by the end of its connection, where the
 *			  kernel allows that. For all others the flowtables are
 *			  renewed in which such flows are, and no others: every
 *			  flow there goes back to the slow path, and with the
 *			  next packets into the new flowtable. Which one a flow
 *			  is in, its mark of the policy before tells
 *
 * A denied connection is ended only if what the other side sends is denied as
 * the beginning of a new one, too: else it would go on the other way round, as
 * one of a server that may open connections itself. Such a one keeps its entry,
 * which the rules know for denied, in both directions.
 *
 * With "existing: keep" one that the policy before had accepted is accepted: if
 * the rules deny it, it gets the mark of one that they just accept, and stays in
 * its flowtable if that is where an eligible entry would put it. All else
 * follows the policy as above. What is not known keeps the mark of the policy
 * before, by which the rules accept it (compiler/ir/lower.c), and leaves its
 * flowtable, for it may be exempt. A packet that is on its way there before this
 * is done is given the first value, and so those that have it are asked, too.
 *
 * What must stay true: a connection that no policy of ours has decided is none
 * of our business; nothing that the policy denies passes once realign_end() has
 * answered, and what that left to do (realign.renew) is done. Until then nothing
 * is done that could not be taken back.
 */
#ifndef NFTOFFC_RUNTIME_LIVE_REALIGN_H
#define NFTOFFC_RUNTIME_LIVE_REALIGN_H

#include "base/buf.h"
#include "runtime/live/live.h"
#include "runtime/netlink/module.h"
#include "runtime/ruleset/renewal.h"

struct nl;

/* Where the policy before put the flows of its values. */
struct realign_former {
	const char *only;   /* the one flowtable that there was, or NULL */
	uint32_t mask;	    /* 0: nothing was decided */
	uint32_t epoch;	    /* the value of the first of */
	const char **names; /* NULL: in none, or it is not known; */
	uint32_t n;	    /* so many, 0: no value is known */
	/* "existing: keep": so many, from the first, stay accepted. */
	uint32_t kept;
};

struct realign {
	struct arena *arena;
	struct nl *nl;
	struct live *live;
	const struct ir_mark *mark; /* of the new policy */
	struct realign_former former;
	bool one;    /* flowtable there was, is, and it is the same one */
	bool module; /* it takes flows out */
	struct renewal renew; /* what is to be renewed */
	struct buf ends; /* requests, from realign_bring() to realign_end(), */
	struct renewal ends_of; /* of flows in these */
	size_t moved, ended;
};

/* How flows that must leave are taken out: "flow by flow, by ...". */
const char *realign_means(bool module);

/* Before the commit, without the module: sets @renew. 0 or -errno. */
int realign_look(struct realign *realign);
/*
 * When the rules are committed, before the module's generation is: the marks.
 * @renewed: those that were, with the rules. Sets @renew anew.
 */
int realign_bring(struct realign *realign, const struct renewal *renewed);
/* When the module's generation is, too: ends, and what is in a wrong flowtable. */
int realign_end(struct realign *realign, struct module *module);
void realign_free(struct realign *realign);

#endif
