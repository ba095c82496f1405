/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the kernel's events about connections to records of their start and end,
 * for those that a rule with "log: flow" accepted (compiler/ir/lower_flow.c: the
 * mark says so, and the kernel tells what it means).
 *
 * It reads no socket: who does hands over the messages. If events were lost, or
 * the kernel sends none for what was there before, it is told to look again:
 *
 *	flowlog_look(log)
 *	flowlog_see(log, each row of a dump, now)
 *	flowlog_see(log, each event that has come meanwhile, now)
 *	flowlog_looked(log, now)
 *
 * and so it begins, too: what the first look finds has started before.
 *
 * What must stay true: a connection has one record of its end at most, and one of
 * its start; none is lost for as long as it is known, whatever events are.
 */
#ifndef NFTOFFC_RUNTIME_LIVE_FLOWLOG_H
#define NFTOFFC_RUNTIME_LIVE_FLOWLOG_H

#include "runtime/live/flowfilter.h"
#include "runtime/netlink/kernel.h"

enum flowlog_what { FLOWLOG_START, FLOWLOG_END };

struct flowlog_record {
	enum flowlog_what what;
	uint64_t when; /* nanoseconds since 1970 */
	bool late;     /* when that was seen; it was before */
	const struct module_flow *flow;
	const char *policy;
	const struct ir_flow_row *row;
	/* Of an end: */
	uint64_t began; /* 0: not known */
	bool offloaded, hardware;
	const char *reason; /* one word or two */
};

/* How it ends if its answer is not 0. */
typedef int (*flowlog_fn)(const struct flowlog_record *record, void *data);

struct flowlog_options {
	flowlog_fn record;
	/* Somebody else's value was seen: what runs now? flowlog_policy(). */
	int (*learn)(void *data);
	void *data;
	const struct flowfilter *filter; /* NULL: all */
};

struct flowlog;
struct nlmsghdr;

struct flowlog *flowlog_new(const struct flowlog_options *options);
void flowlog_free(struct flowlog *log);
/* This runs now. What ran before it is not forgotten at once. */
void flowlog_policy(struct flowlog *log, const struct kernel *kernel);

/* An event, or a row of a dump. 0, or what a callback answered. */
int flowlog_see(struct flowlog *log, const struct nlmsghdr *message,
		uint64_t now);
void flowlog_look(struct flowlog *log);
int flowlog_looked(struct flowlog *log, uint64_t now);
/* Are there some that were there before the first event? */
bool flowlog_has_former(const struct flowlog *log);

#endif
