/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A connection as one writes it, in a line or in JSON: the real hosts, and where
 * one is translated, what others see. Whoever prints connections prints them so.
 */
#ifndef NFTOFFC_RUNTIME_LIVE_FLOWTEXT_H
#define NFTOFFC_RUNTIME_LIVE_FLOWTEXT_H

#include "base/json.h"
#include "runtime/netlink/module.h"

/* "tcp", or the number, for which there is room in @number. */
const char *flowtext_protocol(uint8_t protocol, char number[8]);
/* "192.168.1.20:4000 (as 203.0.113.1:4000) > 203.0.113.5:443" */
void flowtext_ends(struct buf *line, const struct module_flow *flow);
/* " packets 3/2 bytes 180/120", or nothing if they are not counted. */
void flowtext_counters(struct buf *line, const struct module_flow *flow);
/* To standard output, or behind what is in @out; @line is empty then. */
void flowtext_put_line(struct buf *out, struct buf *line);
/* As members of the object that is open. */
void flowtext_json(struct json *out, const struct module_flow *flow);

#endif
