/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stays, and has the flowtables follow the devices (follow.h), and nobody kept
 * out by marks that fw4 does not set (apply/gate.h):
 *
 *	rtnetlink: a link changed ---+
 *	STATE: another policy runs --+-- until it is quiet -- follow_devices()
 *	nftables: rules changed -----+			 `--- gate_tend()
 *	SIGTERM, SIGINT: ends -------+
 *
 * What an event says is not looked at: each time all is read anew. So one that
 * was lost costs nothing, as long as it is known that some were.
 */
#ifndef NFTOFFC_RUNTIME_WATCH_WATCH_H
#define NFTOFFC_RUNTIME_WATCH_WATCH_H

#include <stdbool.h>

struct watch_options {
	const char *state; /* the state directory */
	bool once;	   /* looks once, and does not stay */
};

/* Answers an exit_code. */
int watch(const struct watch_options *options);

#endif
