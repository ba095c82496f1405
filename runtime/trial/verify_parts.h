/* SPDX-License-Identifier: GPL-2.0-only */
/* Inside verify only: what its two ways of asking share. */
#ifndef NFTOFFC_RUNTIME_TRIAL_VERIFY_PARTS_H
#define NFTOFFC_RUNTIME_TRIAL_VERIFY_PARTS_H

#include "base/buf.h"
#include "policy/model.h"

int64_t verify_now(void); /* in milliseconds */
/* Does a signal wait that would end this program? */
bool verify_interrupted(void);

/* "/usr/bin/ping -c1 192.0.2.1", "reach 192.0.2.1 tcp/443". */
void verify_name(struct buf *out, const struct verify *verify);
/* 0, or -errno: -ETIMEDOUT if nobody answers. */
int verify_reach(const struct verify *verify);

#endif
