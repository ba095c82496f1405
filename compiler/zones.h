/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * "zones: fw4": the zones of a policy are those of OpenWrt's fw4.
 *
 * What must stay true: all that is taken of it is where a zone is, its devices
 * and subnets; a zone that cannot be said is reported at its line, and so is
 * what of its devices is not known.
 */
#ifndef NFTOFFC_ZONES_H
#define NFTOFFC_ZONES_H

#include "compile.h"

/*
 * @root with those zones in place of the word, if that is what it says; else as
 * it is. Mistakes are in @c->diags. @offloads is where fw4 is told to offload by
 * itself, or nowhere.
 */
struct node *zones_of_fw4(struct compilation *c, struct node *root,
			  struct span *offloads);
/* That this leaves nothing exempt is said, and known to the model. */
void zones_check_offloads(struct compilation *c, struct span offloads);

#endif
