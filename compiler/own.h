/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A policy written as OpenWrt writes everything: /etc/config/nftoffc.
 *
 *	config nftoffc 'main'
 *		option mode 'fw4'
 *	config offload
 *		option counters '1'
 *	config eligible
 *		option from 'lan'
 *		option to 'wan'
 *		option after '16 packets'
 *	config exempt
 *		option service 'sip'
 *		option reason 'needs its helper'
 *
 * What must stay true: it becomes the tree that the same policy in YAML has, each
 * node with its place in this file; so all that is known of the language, its
 * words and its mistakes, is known here, and said nowhere again.
 */
#ifndef NFTOFFC_OWN_H
#define NFTOFFC_OWN_H

#include "compile.h"
#include "import/uci.h"
#include "read/tree.h"

/* Is it such a file? It has a section of type nftoffc, or its name. */
bool is_own_uci(const struct source *source);

/*
 * Its policy; if the section "main" names a file instead, that one's. NULL if it
 * could not be read; mistakes are in @c->diags.
 */
struct node *own_uci_read(struct compilation *c, const struct source *source);

/* What a diagnostic advises, in uci's words. */
const char *own_help(struct arena *arena, const char *help);

/* Of a file that was read: the section of type nftoffc, or NULL. */
const struct uci_section *own_main(const struct uci *uci);
/* "option enabled '0'", in any of uci's words. */
bool own_section_is_off(const struct uci_section *section);

#endif
