// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: what the devices of our flowtables say of themselves.
 *
 * Whether a device can offload in hardware is read from its features. It is
 * not tried: a flowtable with `flags offload` leaves a stale record in the
 * kernel on a device that cannot.
 *
 * Source: uapi rtnetlink.h.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#include "runtime/netlink/connections.h"
#include "runtime/netlink/links.h"
#include "runtime/state/fates.h"
#include "runtime/state/state.h"
#include "runtime/tell/doctor.h"

/*
 * Every device of our flowtables, once
 */

static bool is_first(const struct doctor *d, size_t table, size_t device)
{
	const struct ruleset_flowtable *f = d->ruleset.flowtables.v;
	const char *name = f[table].devices.v[device];
	size_t i, j;

	for (i = 0; i <= table; i++) {
		if (!ruleset_is_ours(f[i].family, f[i].table))
			continue;
		for (j = 0; j < f[i].devices.n; j++) {
			if (i == table && j == device)
				return true;
			if (strcmp(f[i].devices.v[j], name) == 0)
				return false;
		}
	}
	return true;
}

static void each_device(struct doctor *d,
			void (*fn)(struct doctor *d, const char *device,
				   bool hardware))
{
	size_t i, j, before = d->findings.n;

	for (i = 0; i < d->ruleset.flowtables.n; i++) {
		const struct ruleset_flowtable *f = &d->ruleset.flowtables.v[i];

		if (!ruleset_is_ours(f->family, f->table))
			continue;
		for (j = 0; j < f->devices.n; j++) {
			bool hardware = false;

			doctor_offloads(d, f->devices.v[j], &hardware);
			if (is_first(d, i, j))
				fn(d, f->devices.v[j], hardware);
		}
	}
	if (d->findings.n == before && !d->no_nftables)
		doctor_ok(d, "nothing is offloaded by a policy");
}

/*
 * What the policy names
 */

static void tell_fate(struct doctor *d, const char *table,
		      const struct attach_fate *fate)
{
	const char *text = attach_describe(d->arena, fate);

	if (fate->state == ATTACH_SOFTWARE && fate->able && fate->reason)
		doctor_warn(d,
			    "a flowtable is hardware for all its devices or "
			    "for none: give the zones whose devices can one of "
			    "their own, under \"flowtables\"",
			    "%s: %s: %s", table, fate->device, text);
	else if (fate->state != ATTACH_NONE)
		doctor_ok(d, "%s: %s: %s", table, fate->device, text);
	else if (fate->pending)
		doctor_warn(d,
			    "'nftoffc watch' attaches it when it exists: let "
			    "it run",
			    "%s: %s: %s", table, fate->device, text);
	else
		doctor_warn(d,
			    "name it under \"devices\" to have it all the "
			    "same",
			    "%s: %s: %s", table, fate->device, text);
}

static void tell_fates(struct doctor *d, const struct fates *fates)
{
	size_t i, j;

	for (i = 0; i < fates->attach.tables.n; i++) {
		const struct attach_table *table = &fates->attach.tables.v[i];

		for (j = 0; j < table->fates.n; j++)
			tell_fate(d, table->name, &table->fates.v[j]);
	}
	if (fates->behind)
		doctor_warn(d,
			    "let 'nftoffc watch' run, or apply the policy "
			    "again",
			    "the flowtables have other devices");
}

/* Of what was applied from the usual place. */
void doctor_attached(struct doctor *d)
{
	struct generation stored;
	struct state *state = NULL;
	struct fates fates;
	int ret = -ENOENT;

	if (d->no_nftables)
		return;
	if (d->kernel.recorded)
		ret = state_open(&state, STATE_DIRECTORY, false);
	if (!ret)
		ret = state_find(state, &d->kernel.record, &stored);
	if (!ret)
		ret = fates_read(d->arena, state, stored.number,
				 &d->kernel.names, &fates);
	if (ret == -EACCES)
		doctor_warn(d, "run it as root",
			    "what was applied cannot be read: " STATE_DIRECTORY
			    " is only root's");
	else if (ret)
		doctor_ok(d, "no policy that was applied from here names any");
	else if (!fates.attach.tables.n)
		doctor_ok(d, "nothing is offloaded by a policy");
	else
		tell_fates(d, &fates);
	state_close(state);
}

/*
 * Features
 */

static void check_hardware(struct doctor *d, const char *device, bool hardware)
{
	enum link_able able = link_able(device);

	if (able == LINK_ABLE)
		doctor_ok(d, "%s says that it can offload", device);
	else if (able == LINK_OFF && hardware)
		doctor_warn(d,
			    arena_printf(d->arena,
					 "ethtool -K %s hw-tc-offload on",
					 device),
			    "%s can offload, and is told not to", device);
	else if (able == LINK_OFF)
		doctor_ok(d,
			  "%s can offload, if 'ethtool -K %s hw-tc-offload on' "
			  "says so",
			  device, device);
	else if (hardware)
		doctor_warn(d, "write \"mode: software\"",
			    "%s does not say that it can offload, and the "
			    "policy asks it to",
			    device);
	else
		doctor_ok(d, "%s does not offload: software does", device);
}

void doctor_hardware(struct doctor *d)
{
	each_device(d, check_hardware);
}

/*
 * Refusals: a device that has no room, or cannot do it, leaves a flow to software
 */

struct carried {
	size_t hardware, software;
};

static int count_carried(const struct connection *c, void *data)
{
	struct carried *carried = data;

	if (c->status & IPS_HW_OFFLOAD)
		carried->hardware++;
	else if (c->status & IPS_OFFLOAD)
		carried->software++;
	return 0;
}

static bool wants_hardware(const struct doctor *d)
{
	size_t i;

	for (i = 0; i < d->ruleset.flowtables.n; i++) {
		const struct ruleset_flowtable *f = &d->ruleset.flowtables.v[i];

		if (ruleset_is_ours(f->family, f->table) &&
		    f->flags & NFT_FLOWTABLE_HW_OFFLOAD)
			return true;
	}
	return false;
}

void doctor_refusals(struct doctor *d)
{
	struct carried carried = { 0 };

	if (d->no_nftables)
		return;
	if (!wants_hardware(d)) {
		doctor_ok(d, "no policy asks a device to offload");
		return;
	}
	if (connections_list(d->nl, count_carried, &carried))
		return; /* "conntrack" says so */
	if (carried.software)
		doctor_warn(d,
			    "see the kernel's log for what the device says; "
			    "it may have no room for more",
			    "%zu of %zu flows are carried by software, though "
			    "a flowtable is to be in hardware",
			    carried.software,
			    carried.software + carried.hardware);
	else
		doctor_ok(d, "%zu flows are carried by devices",
			  carried.hardware);
}

/*
 * Queueing disciplines
 */

struct qdiscs {
	struct arena *arena;
	unsigned int ifindex;
	const char *root; /* its kind; NULL: none seen */
};

static int see_qdisc(const struct nlmsghdr *message, void *data)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(message);
	const struct nlattr *attrs[TCA_MAX + 1];
	struct qdiscs *q = data;
	const char *kind;

	if (message->nlmsg_type != RTM_NEWQDISC ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*tc) ||
	    (unsigned int)tc->tcm_ifindex != q->ifindex ||
	    tc->tcm_parent != TC_H_ROOT)
		return 0;
	nl_attrs_behind(message, sizeof(*tc), NULL, attrs, TCA_MAX);
	kind = nl_str(attrs[TCA_KIND]);
	if (kind)
		q->root = arena_strndup(q->arena, kind, strlen(kind));
	return 0;
}

/* The root's kind, NULL if it cannot be asked. */
static const char *qdisc_of(struct doctor *d, const char *device)
{
	struct qdiscs q = { d->arena, if_nametoindex(device), NULL };
	struct nl_room room;
	struct nlmsghdr *request = mnl_nlmsg_put_header(room.bytes);
	struct nl *nl;

	request->nlmsg_type = RTM_GETQDISC;
	mnl_nlmsg_put_extra_header(request, sizeof(struct tcmsg));
	if (!q.ifindex || nl_open(&nl, NETLINK_ROUTE))
		return NULL;
	if (nl_dump(nl, request, see_qdisc, &q))
		q.root = NULL;
	nl_close(nl);
	return q.root;
}

/* They treat all packets alike, whatever the rules did to them. */
static bool is_plain(const char *kind)
{
	static const char *const plain[] = { "noqueue",	 "pfifo_fast", "mq",
					     "fq_codel", "fq",	       "pfifo",
					     "bfifo" };
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (strcmp(kind, plain[i]) == 0)
			return true;
	return false;
}

static void check_shaping(struct doctor *d, const char *device, bool hardware)
{
	const char *kind = qdisc_of(d, device);

	if (!kind)
		doctor_ok(d, "%s has no queueing discipline", device);
	else if (is_plain(kind))
		doctor_ok(d, "%s has %s", device, kind);
	else if (hardware)
		doctor_warn(d,
			    "write \"mode: software\", or exempt what is to "
			    "be shaped",
			    "%s has %s, which packets that the device offloads "
			    "do not pass",
			    device, kind);
	else
		doctor_warn(d,
			    "where its classes go by marks or DSCP that "
			    "rules set, exempt what is to be classified",
			    "%s has %s: offloaded packets pass it, but not the "
			    "rules that would classify them",
			    device, kind);
}

void doctor_shaping(struct doctor *d)
{
	each_device(d, check_shaping);
}
