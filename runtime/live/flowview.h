/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the policy that runs has to do with a live connection: from which zone to
 * which, by which rule, and whether it is offloaded or why not.
 *
 * With the policy's file the model is asked (live.h); without it, or with another
 * than the one that runs, there is what the mark says.
 *
 * What must stay true: that it is offloaded is the kernel's word; a reason is
 * given only if it holds now.
 */
#ifndef NFTOFFC_RUNTIME_LIVE_FLOWVIEW_H
#define NFTOFFC_RUNTIME_LIVE_FLOWVIEW_H

#include "base/json.h"
#include "compile.h"
#include "runtime/live/live.h"
#include "runtime/netlink/kernel.h"
#include "runtime/netlink/ruleset.h"

struct flowview {
	struct arena *arena;
	struct kernel kernel;
	struct ruleset ruleset;
	const struct model *model; /* NULL: not known */
	struct live *live;	   /* if it is */
	bool same;		   /* it is the model of what runs */
};

enum flow_offload { FLOW_NOT, FLOW_SOFTWARE, FLOW_HARDWARE };

/* Strings are the view's, or hold until the next one. NULL: not known. */
struct flow_seen {
	const char *from, *to; /* zones, or "router" */
	const char *rule;      /* or "default" */
	enum flow_offload offload;
	const char *reason; /* why not */
	const char *by;	    /* the entry or the rule that is the reason */
};

/*
 * Reads what runs and, if @model is not NULL, the routes. 0 or -errno; in all
 * cases flowview_close().
 */
int flowview_open(struct flowview *view, struct arena *arena, struct nl *nl,
		  const struct model *model);
void flowview_close(struct flowview *view);
void flowview_see(struct flowview *view, const struct connection *connection,
		  struct flow_seen *seen);

#endif
