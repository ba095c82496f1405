/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy as files that OpenWrt's fw4 includes: those of
 * /usr/share/nftables.d, or of a directory like it.
 *
 *	ruleset-post/nftoffc.nft		the policy's own table
 *	chain-pre/input/nftoffc.nft, chain-pre/forward/nftoffc.nft
 *						fw4 marks what it sees
 *	nftoffc-devices.sh			puts into the flowtables what
 *						devices there are: for fw4 to run
 *						once it has loaded its rules
 *
 * What must stay true: one file that nft refuses leaves a router with no
 * firewall at all; so nft has loaded them together, between rules like fw4's,
 * before any of them is written; and none names a device, for it would be
 * refused on the day on which that is missing. What is there already is not
 * written again.
 */
#ifndef NFTOFFC_RUNTIME_TRIAL_INCLUDES_H
#define NFTOFFC_RUNTIME_TRIAL_INCLUDES_H

#include "compile.h"
#include "ir/ir.h"

/*
 * Writes them to @directory; @unchecked: though nobody has tried them. Answers
 * an exit_code, after a message. @ir's flowtables have no devices then.
 */
int includes_write(struct compilation *c, struct ir *ir, const char *directory,
		   bool unchecked);

#endif
