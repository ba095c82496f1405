/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What stands between a policy and its offload on this machine: checks, each a
 * row of a table with a function that asks the kernel one question.
 *
 * What must stay true: asking changes nothing (what cannot be asked without a
 * trial is tried in a namespace of its own, or not at all); a finding that is
 * not fine says what to do.
 */
#ifndef NFTOFFC_RUNTIME_TELL_DOCTOR_H
#define NFTOFFC_RUNTIME_TELL_DOCTOR_H

#include "base/doc.h"
#include "runtime/netlink/kernel.h"
#include "runtime/netlink/ruleset.h"
#include "runtime/state/twophase.h"

enum finding_level {
	FINDING_ERROR, /* nothing works before this is mended */
	FINDING_WARNING,
	FINDING_OK,
};

struct finding {
	const char *check;
	enum finding_level level;
	const char *text;
	const char *help; /* NULL: nothing to do */
};

/* What was read once, for all checks. */
struct doctor {
	struct arena *arena;
	const char *root; /* where OpenWrt's files are, "": the machine's */
	struct nl *nl;
	int no_nftables; /* -errno: it cannot be asked */
	struct kernel kernel;
	struct ruleset ruleset;
	struct twophase module;
	int no_module;			  /* -errno: it cannot be asked */
	const struct doctor_check *check; /* the one at work */
	VEC(struct finding) findings;
};

struct doctor_check {
	const char *name; /* NULL: the end */
	void (*ask)(struct doctor *d);
	const char *doc; /* for the manual: what is looked at */
};

extern const struct doctor_check doctor_checks[];

struct doctor *doctor_examine(struct arena *arena, const char *root);
void doctor_close(struct doctor *d);

/* For the checks: what the one at work has found. */
void doctor_ok(struct doctor *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void doctor_warn(struct doctor *d, const char *help, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void doctor_error(struct doctor *d, const char *help, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* doctor_devices.c: of each device that a flowtable of ours has. */
void doctor_attached(struct doctor *d);
void doctor_hardware(struct doctor *d);
void doctor_refusals(struct doctor *d);
void doctor_shaping(struct doctor *d);
/* doctor_others.c: what else is at work. */
void doctor_owners(struct doctor *d);
void doctor_firewalls(struct doctor *d);
void doctor_fw4(struct doctor *d);
void doctor_bridges(struct doctor *d);

/* The device is in a flowtable of ours; @hardware (may be NULL): in such one. */
bool doctor_offloads(const struct doctor *d, const char *device,
		     bool *hardware);
/* A number in /proc/sys, -1: there is none. */
long doctor_sysctl(const char *path);

#endif
