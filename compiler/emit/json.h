/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The IR as JSON for `nft -j -f`: libnftables-json(5), one atomic transaction
 * that leaves what the text leaves.
 */
#ifndef NFTOFFC_EMIT_JSON_H
#define NFTOFFC_EMIT_JSON_H

#include "base/diag.h"
#include "base/json.h"
#include "ir/ir.h"

/* What the JSON cannot say is a warning in @diags. */
void emit_json(struct buf *out, const struct ir *ir, struct diags *diags);
/* One rule: the array of what it tests and does. */
void emit_json_rule(struct json *out, const struct ir_rule *rule);

#endif
