/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How it stands between OpenWrt's fw4 and us, a line each: for "nftoffc fw4
 * status", and for doctor.
 *
 *	fw4	is it loaded?
 *	hook	does it call us?
 *	policy	which file, and can it be compiled?
 *	runs	what runs of it?
 *	marks	does fw4 mark what it sees, and who waits for that?
 *	offload	does fw4 offload by itself, or will it?
 *
 * What must stay true: asking changes nothing; what is not as it should be says
 * what to do.
 */
#ifndef NFTOFFC_RUNTIME_TELL_FW4_STATUS_H
#define NFTOFFC_RUNTIME_TELL_FW4_STATUS_H

#include "runtime/apply/openwrt.h"

struct fw4_line {
	const char *what, *text;
	const char *help; /* NULL: it is as it should be */
	bool shut;	  /* nothing new passes before this is mended */
};

struct fw4_lines {
	VEC(struct fw4_line) v;
};

/* False: the kernel, or /etc/config/firewall, cannot be read; it was said. */
bool fw4_examine(const struct openwrt *files, struct fw4_lines *out);

#endif
