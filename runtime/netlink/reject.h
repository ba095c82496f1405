/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel refused, told at the line of the policy that it comes from:
 * the sequence number of its error names the message of the batch, and the
 * message knows its line.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_REJECT_H
#define NFTOFFC_RUNTIME_NETLINK_REJECT_H

#include "base/diag.h"
#include "emit/batch.h"
#include "runtime/netlink/nl.h"

/* One diagnostic for each cause; what merely follows from one has none. */
void reject_report(struct diags *diags, const struct batch *batch,
		   const struct nl_errors *errors);
/* The expression of a rule that the kernel does not have, NULL if none is. */
const char *reject_expression(const struct batch *batch,
			      const struct nl_error *error);
/*
 * batch_build(), and a diagnostic where it answers that something is beyond
 * the kernel's bounds. 0 or -errno.
 */
int reject_build(struct diags *diags, struct batch *batch, const struct ir *ir,
		 const struct batch_options *options);

#endif
