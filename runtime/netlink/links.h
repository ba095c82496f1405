/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Network devices, as the kernel tells of them: what each is made upon, and
 * whether it says that it can offload in hardware. Only asking, nothing is
 * tried. Everything answers 0 or -errno.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_LINKS_H
#define NFTOFFC_RUNTIME_NETLINK_LINKS_H

#include <stdint.h>

#include "base/arena.h"

struct nlmsghdr;

/* The feature hw-tc-offload. */
enum link_able { LINK_UNABLE, LINK_OFF, LINK_ABLE };

struct link {
	const char *name;
	const char *kind; /* "bridge", "vlan" ...; NULL: not told */
	uint32_t index;
	uint32_t lower;	 /* that it is made upon; 0: none in this namespace */
	uint32_t master; /* whose port it is, 0: nobody's */
	uint16_t type;	 /* ARPHRD_* */
	enum link_able able;
	int refused; /* what the kernel said of hardware offload, 0: nothing */
};

struct links {
	struct arena *arena;
	VEC(struct link) list;
	VEC(const char *) pppoe; /* what sessions go through */
};

int links_read(struct arena *arena, struct links *links);
/* What one message of the kernel's says, whoever it comes from. */
void links_see(struct links *links, const struct nlmsghdr *message);
/* Of each: does it say that it can? In doubt it does not. */
void links_ask_able(struct links *links);
enum link_able link_able(const char *name);

const struct link *links_find(const struct links *links, const char *name);
const struct link *links_at(const struct links *links, uint32_t index);

#endif
