/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A filter of flows as one writes it: words and values, which all must hold.
 *
 *	family ipv4|ipv6	protocol tcp|udp|gre|NUMBER
 *	source ADDR[/LEN]	destination ADDR[/LEN]
 *	source-port N[-N]	port N[-N]
 *	mark N[/MASK]		ct-zone N
 *	in DEVICE		out DEVICE		device DEVICE
 *	id N			(any of those given)
 *	all			(no other word)
 *
 * A DEVICE may end in "*". The words are rows of data: the manual and the help
 * say the same.
 */
#ifndef NFTOFFC_RUNTIME_LIVE_FLOWFILTER_H
#define NFTOFFC_RUNTIME_LIVE_FLOWFILTER_H

#include "base/buf.h"
#include "runtime/netlink/module.h"

#define FLOWFILTER_IDS_MAX 1024

struct flowfilter {
	struct module_match match;
	bool given; /* anything but ids */
	uint32_t ids[FLOWFILTER_IDS_MAX];
	size_t nids;
};

/* The words' names and values, in the order above; NULL: the end. */
struct flowfilter_word {
	const char *name;
	const char *value; /* as the usage shows it, NULL: takes none */
	const char *doc;
	const char *(*read)(struct flowfilter *filter, const char *value);
};

extern const struct flowfilter_word flowfilter_words[];

struct cli;

/* The operands of a command: 0, or EXIT_USAGE after a message. */
int flowfilter_of(const struct cli *cli, struct flowfilter *filter);

/* Is it one of those given by number, if any are? */
bool flowfilter_has_id(const struct flowfilter *filter, uint32_t id);

/* False if @words make no filter: @error says why. They must stay. */
bool flowfilter_read(struct flowfilter *filter, char *const *words, int n,
		     struct buf *error);

#endif
