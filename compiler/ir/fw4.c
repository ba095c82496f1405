// SPDX-License-Identifier: GPL-2.0-only
/* What fw4 is told: see fw4.h. */
#include "fw4.h"

#include <inttypes.h>

void fw4_seen_rule(struct buf *out, uint32_t mask)
{
	buf_printf(out,
		   "ct state new ct mark & 0x%08" PRIx32
		   " == 0x00000000 ct mark set ct mark | 0x%08" PRIx32
		   " comment \"" FW4_SEEN "%08" PRIx32 "\"\n",
		   mask, mask, mask);
}
