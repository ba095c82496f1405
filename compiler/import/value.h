/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The values of /etc/config/firewall, as fw4 takes them: what it takes for a
 * port is one here, and what it refuses is none, since it then leaves out the
 * whole section. And as text of the policy language.
 */
#ifndef NFTOFFC_IMPORT_VALUE_H
#define NFTOFFC_IMPORT_VALUE_H

#include "base/arena.h"
#include "base/str.h"

/* What stands behind a "!", which is answered. Nothing left: n is 0. */
bool value_negated(struct str *text);

bool value_bool(struct str text, bool *out);
/*
 * The first of @words, ended by NULL, that begins with @text, in whatever case;
 * -1 if none does. fw4 has it so: "d" is drop.
 */
int value_word(struct str text, const char *const *words);
/* In the order of enum policy and enum target; the others as fw4 has them. */
extern const char *const words_policy[],
	*const words_target[], *const words_code[],
				       *const words_side[],
					       *const words_include[];
/* 4, 6, or 0 for both; -1 if it is none. */
int value_family(struct str text);
/* Decimal, hexadecimal or octal, as they begin. */
bool value_int(struct str text, long *out);

/* "80", "80-90" or "80:90", as "80-90"; without the "!". */
bool value_port(struct arena *arena, struct str text, struct str *out);
bool value_mac(struct arena *arena, struct str text, struct str *out);
/* "10/sec" as "10/second". */
bool value_limit(struct arena *arena, struct str text, struct str *out);

struct mark {
	uint32_t value, mask;
};

bool value_mark(struct str text, struct mark *out);
/* A class or a number, as a number. */
bool value_dscp(struct str text, long *out);
/* As the language has it: "ef", and a number where there is no name. */
const char *value_dscp_word(struct arena *arena, long dscp);

struct stamp {
	unsigned int year, month, day, hour, min, sec;
};

bool value_time(struct str text, struct stamp *out);
/* Parts that are not given are the first. */
bool value_date(struct str text, struct stamp *out);
/* Bits, Sunday the lowest, as the kernel counts them. */
bool value_weekdays(struct str text, unsigned int *out);
bool value_monthdays(struct str text);

/* An address of a network, a prefix, a range. */
struct net {
	int family; /* 4, 6 */
	int bits;   /* of a prefix; -1 for a mask with gaps, and for a range */
	bool range;
	unsigned char addr[16];
	struct str text;  /* as the policy has it; p NULL if it cannot */
	struct str host;  /* the first address alone, or the range */
	struct str exact; /* the address as it was given, without its length */
};

bool value_net(struct arena *arena, struct str text, struct net *out);
/* Of an address and its length in bits. */
bool value_net_of(struct arena *arena, struct str address, long bits,
		  struct net *out);
/* Whether @net, a prefix, has the first address of @inner. */
bool net_has(const struct net *net, const struct net *inner);

/* An ICMP type by fw4's name or number. Names are of the policy; NULL if none. */
struct icmp {
	bool v4, v6; /* it is one of that family */
	const char *name4, *name6;
	bool code4, code6; /* it was one code of it */
};

bool value_icmp(struct str text, struct icmp *out);

#endif
