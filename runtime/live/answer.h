/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the policy answers about a packet, part by part, each with the entry
 * that decided it: what explain prints and a failing test shows.
 */
#ifndef NFTOFFC_RUNTIME_LIVE_ANSWER_H
#define NFTOFFC_RUNTIME_LIVE_ANSWER_H

#include "base/json.h"
#include "compile.h"

/* A part's key in JSON is its name, but for both sides of "nat". */
enum part_id {
	PART_VERDICT,
	PART_DESTINATION,
	PART_SOURCE,
	PART_LOG,
	PART_OFFLOAD,
	PARTS
};

struct part {
	const char *value; /* "accept", "192.0.2.1:80", "every", "no" */
	const char *text;  /* the same as one says it: "every packet" */
	const char *by;	   /* the name of the entry that decides it, or NULL */
	struct span span;  /* its place, or nowhere */
	const char *why;   /* what else there is to know, or NULL */
};

/* All in the compilation's arena. */
/* Does fw4 offload it by itself, whatever the policy says? */
bool answer_fw4_offloads(const struct compilation *c,
			 const struct answer *answer);
void answer_parts(const struct compilation *c, const struct packet *packet,
		  const struct answer *answer, struct part parts[PARTS]);
/* With the rules that did something else on the way, and the guard rails. */
void answer_print(const struct compilation *c, const struct packet *packet,
		  const struct answer *answer, const struct part parts[PARTS]);
/* As members of the object that is open. */
void answer_json(struct json *out, const struct compilation *c,
		 const struct packet *packet, const struct answer *answer,
		 const struct part parts[PARTS]);

/* "policies/x.yaml:14: - accept: { ... }", or "" for nowhere. */
const char *place_text(const struct compilation *c, struct span span);

#endif
