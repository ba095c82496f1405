/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside changes only: what finds them asks of what prints them. */
#ifndef NFTOFFC_RUNTIME_RULESET_CHANGES_PARTS_H
#define NFTOFFC_RUNTIME_RULESET_CHANGES_PARTS_H

#include "base/buf.h"
#include "runtime/netlink/content.h"

/* "192.0.2.1", "\"eth0\" . tcp", "10.0.0.0/8": as nft writes a key. */
void changes_element_text(struct buf *out, const struct content_set *set,
			  const struct content_element *element);

#endif
