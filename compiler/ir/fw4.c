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

void fw4_seen_chains(struct buf *out, uint32_t mask)
{
	static const char *const hooks[] = { "input", "forward" };
	size_t i;

	buf_puts(out,
		 "# Written by nftoffc: by this its rules know that fw4's are "
		 "there, and without it\n"
		 "# no new connection would pass. 'nftoffc fw4 disable' takes "
		 "it away.\n");
	for (i = 0; i < sizeof(hooks) / sizeof(*hooks); i++) {
		buf_printf(out,
			   "chain " FW4_SEEN_CHAIN "%s {\n"
			   "\ttype filter hook %s priority " FW4_SEEN_PRIORITY
			   "; policy accept;\n\t",
			   hooks[i], hooks[i]);
		fw4_seen_rule(out, mask);
		buf_puts(out, "}\n");
	}
}
