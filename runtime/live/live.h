/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a policy answers to a connection that lives: what its rules would decide
 * if its next packet of the original direction came now.
 *
 * What must stay true: an answer that is not LIVE_UNKNOWN is the one the rules
 * give. Whatever cannot be known (which zone, a rule that asks what is not
 * remembered, a program's or nft's own word) is unknown.
 */
#ifndef NFTOFFC_RUNTIME_LIVE_LIVE_H
#define NFTOFFC_RUNTIME_LIVE_LIVE_H

#include "ir/lower.h"
#include "runtime/live/places.h"
#include "runtime/netlink/connections.h"

struct live;

enum live_verdict { LIVE_UNKNOWN, LIVE_DENIED, LIVE_ACCEPTED };

struct live_answer {
	enum live_verdict verdict;
	const char *unknown; /* why, a phrase */
	bool asked;	     /* else the answer has but a hook's default */
	int from, to;	     /* the zones, if so; as in struct packet */
	struct answer answer;
	/* Accepted: what the rules remember (from 0), and where it goes. */
	uint32_t value;
	const struct flowtable *flowtable; /* NULL: it is not offloaded */
};

/* Reads the routes: 0 or -errno. What lives longer than an answer is in @arena. */
int live_open(struct arena *arena, const struct model *model,
	      struct live **live);
/* With routes that are known already. */
struct live *live_new(struct arena *arena, const struct model *model,
		      struct places *places);
void live_close(struct live *live); /* NULL: nothing */
/* @answer's lists hold until the next one. */
void live_ask(struct live *live, const struct connection *connection,
	      struct live_answer *answer);
/* The same of one that is accepted, whatever the rules say: "existing: keep". */
void live_ask_kept(struct live *live, const struct connection *connection,
		   struct live_answer *answer);
/*
 * The same of a connection that begins with a packet like this: what is not known
 * of it matches nothing.
 */
void live_ask_new(struct live *live, const struct connection_tuple *tuple,
		  struct live_answer *answer);
/* Does it let pass, as far as it was asked? */
bool live_passes(const struct live_answer *answer);
/* Where connections with this value are offloaded to; NULL: nowhere. */
/* The model that answers: the rules of an answer are its. */
const struct model *live_model(const struct live *live);
const struct flowtable *live_flowtable(const struct live *live, uint32_t value);
/* Would the other side's next packet pass, as the first of a connection? */
bool live_returns(struct live *live, const struct connection *connection);

#endif
