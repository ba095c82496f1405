/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a list of matches asks of a packet, as alternatives that each ask one
 * thing of each field: the form in which rules are both evaluated and lowered,
 * so that what is explained is what runs.
 *
 *	source: [10.0.0.0/8, "fd00::/8"], service: dns
 *	= ipv4, tcp or udp, ip saddr 10.0.0.0/8, dport 53
 *	| ipv6, tcp or udp, ip6 saddr fd00::/8, dport 53
 */
#ifndef NFTOFFC_POLICY_ALTS_H
#define NFTOFFC_POLICY_ALTS_H

#include "model.h"

struct protos {
	uint64_t bits[4];
};

struct constraint {
	enum key_id key, reply;	  /* in a packet of the original direction */
	enum family_index family; /* of the value, where it has one */
	bool negated;
	const struct match_word *word;
	const struct ranges *ranges; /* one of these three */
	const struct set *set;
	const struct bits *bits;
};

struct alt {
	uint8_t families; /* FAMILY_* bits, never 0 */
	bool any_proto;	  /* protos does not matter */
	struct protos protos;
	size_t n;
	struct constraint *constraints;
};

struct alts {
	struct alt *v;
	size_t n; /* 0: can never match */
};

/* More alternatives than this are refused (a policy that asks for them is
 * better written as several rules). */
#define ALTS_MAX 256

/*
 * False if there would be more than ALTS_MAX. The result is in @arena;
 * @scratch takes what is made on the way, the caller resets it.
 */
bool alts_expand(struct arena *arena, struct arena *scratch,
		 const struct match *matches, size_t n, struct alts *out);
bool alt_matches(const struct alt *alt, const struct packet *packet);
bool alts_match(const struct alts *alts, const struct packet *packet);

/*
 * The same where not all is known of the packet: it may match, or may not. What
 * a connection that lives does not tell of its first packet is not known.
 */
enum sure { SURE_NO, SURE_MAYBE, SURE_YES };

enum sure alts_sure(const struct alts *alts, const struct packet *packet);
/* Has the first packet of a connection that is established what is asked? */
bool constraint_began(const struct constraint *constraint);

/* Can all that it asks be asked in all of @hooks (enum key_hooks)? */
bool alt_askable(const struct alt *alt, unsigned int hooks);

static inline bool protos_have(const struct protos *protos, unsigned int proto)
{
	return protos->bits[proto / 64] >> (proto % 64) & 1;
}

static inline void protos_add(struct protos *protos, unsigned int proto)
{
	protos->bits[proto / 64] |= UINT64_C(1) << (proto % 64);
}

/*
 * May a packet meet both? Never false of two that a packet meets; what only
 * many constraints together exclude, or sets that are filled while it runs, may
 * be taken for possible.
 */
bool alts_meet(const struct alts *a, const struct alts *b);
/* Does it take every packet? */
bool alts_take_all(const struct alts *alts);

unsigned int protos_count(const struct protos *protos);

#endif
