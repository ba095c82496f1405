/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between two contents (content.h), in people's words: rules by
 * their policy names, sets, elements, chains, objects, flowtables, devices.
 *
 * Rules of one name to which the same happened are one change, in however many
 * chains.
 */
#ifndef NFTOFFC_RUNTIME_RULESET_CHANGES_H
#define NFTOFFC_RUNTIME_RULESET_CHANGES_H

#include "base/diag.h"
#include "ir/ir.h"
#include "runtime/netlink/content.h"

enum change_kind {
	CHANGE_POLICY,
	CHANGE_TABLE,
	CHANGE_CHAIN,
	CHANGE_CHAIN_POLICY,
	CHANGE_RULE,
	CHANGE_SET,
	CHANGE_ELEMENT,
	CHANGE_OBJECT,
	CHANGE_FLOWTABLE,
	CHANGE_DEVICE,
};

/* So many are shown of what happened to more. */
#define CHANGE_ELEMENTS_SHOWN 3

enum change_how {
	CHANGE_CHANGED,
	CHANGE_ADDED,
	CHANGE_REMOVED,
	CHANGE_MOVED,
};

struct change {
	enum change_kind kind;
	enum change_how how;
	const char *name; /* of a rule without one NULL; elements have none */
	const char *in;	  /* the (first) chain, set or flowtable */
	size_t count;	  /* of rules, elements */
	/* The first elements; what a rule does; a chain's policy now; the name
	 * that a policy had. */
	const char *detail;
	uint32_t type;	  /* of an object, NFT_OBJECT_* */
	struct span span; /* where the policy says so, or nowhere */
	const struct sources *sources; /* of the span */
};

struct changes {
	struct arena *arena;
	bool record; /* what records the policy counts, too */
	VEC(struct change) list;
};

/* Adds what turns @old into @new. Names point into them. */
void changes_find(struct changes *changes, const struct content *old,
		  const struct content *new);

/* Flowtables' devices, which are told by themselves: they come and go. */
struct change_devices {
	const char *const *v;
	size_t n;
};

void changes_devices(struct changes *changes, const char *flowtable,
		     const struct change_devices *old,
		     const struct change_devices *new);
/* It is of another name. */
void changes_policy(struct changes *changes, const char *old, const char *new);
/* The table was put to sleep. */
void changes_dormant(struct changes *changes);

/* Where the policy speaks of it; what has a place already keeps it. */
void changes_place(struct changes *changes, const struct ir *ir,
		   const struct sources *sources);

/* "rule a removed from chain b"; in the changes' arena. */
const char *change_text(const struct changes *changes,
			const struct change *change);
/*
 * A line each, behind "home.yaml:12: " where there is a place; of a policy where
 * none ran only what has one.
 */
void changes_print(const struct changes *changes, struct buf *out);
/* The array that is the value of the member whose key was written. */
void changes_json(const struct changes *changes, struct json *json);
/* As another program's doing: at most so many, and how many more there are. */
void changes_warn(const struct changes *changes, struct diags *diags,
		  size_t most);

#endif
