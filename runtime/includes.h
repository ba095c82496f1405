/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy as files that OpenWrt's fw4 includes: those of
 * /usr/share/nftables.d, or of a directory like it.
 *
 *	ruleset-post/nftoffc.nft		the policy's own table
 *	chain-pre/input/nftoffc.nft, chain-pre/forward/nftoffc.nft
 *						fw4 marks what it sees
 *
 * What must stay true: one file that nft refuses leaves a router with no
 * firewall at all; so nft has loaded them together, between rules like fw4's,
 * before any of them is written. What is there already is not written again.
 */
#ifndef NFTOFFC_RUNTIME_INCLUDES_H
#define NFTOFFC_RUNTIME_INCLUDES_H

#include "compile.h"
#include "ir/ir.h"

/*
 * Writes them to @directory; @unchecked: though nobody has tried them. Answers
 * an exit_code, after a message.
 */
int includes_write(struct compilation *c, const struct ir *ir,
		   const char *directory, bool unchecked);

#endif
