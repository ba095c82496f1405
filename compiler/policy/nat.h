/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside compiler/policy only: address translation of a packet of the model. */
#ifndef NFTOFFC_POLICY_NAT_H
#define NFTOFFC_POLICY_NAT_H

#include "alts.h"

/* Changes @packet to what the rules see, and says in @answer what did it. */
void nat_destination(const struct model *model, struct packet *packet,
		     struct answer *answer);
/* After the rules: @packet is what they saw. */
void nat_source(const struct model *model, const struct packet *packet,
		struct answer *answer);

#endif
