/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * nftoffc flows --all: every live connection, and what the policy has to do with
 * it (flowview.h).
 */
#ifndef NFTOFFC_RUNTIME_LIVE_FLOWS_LIVE_H
#define NFTOFFC_RUNTIME_LIVE_FLOWS_LIVE_H

#include "compile.h"
#include "runtime/live/flowfilter.h"
#include "runtime/live/flowview.h"

struct flows_live {
	const struct flowfilter *filter;
	struct compilation *policy; /* NULL: its file was not given */
	struct json *json;	    /* NULL: a line each; else in its array */
	struct buf *out;	    /* of lines, NULL: standard output */
	bool warned; /* that the policy is not the one that runs */
};

/* Once: an exit_code. */
int flows_live(struct flows_live *flows);

/* The line, without its end; and as members of the object that is open. */
void flows_live_text(struct buf *line, const struct connection *connection,
		     const struct flow_seen *seen);
void flows_live_json(struct json *json, const struct connection *connection,
		     const struct flow_seen *seen);

#endif
