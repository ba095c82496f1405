// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor: what the devices of our flowtables say of themselves.
 *
 * Whether a device can offload in hardware is read from its features. It is
 * not tried: a flowtable with `flags offload` leaves a stale record in the
 * kernel on a device that cannot.
 *
 * Source: uapi ethtool.h, rtnetlink.h.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/doctor.h"

#define FEATURE "hw-tc-offload"
#define FEATURES_MAX 256

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
 * Features
 */

enum feature { FEATURE_NONE, FEATURE_OFF, FEATURE_ON };

static int ask(int fd, const char *device, void *request)
{
	struct ifreq ifr = { .ifr_data = request };

	strncpy(ifr.ifr_name, device, IFNAMSIZ - 1);
	return ioctl(fd, SIOCETHTOOL, &ifr) ? -errno : 0;
}

/* How many features devices have names for. */
static uint32_t count_features(int fd, const char *device)
{
	struct ethtool_sset_info *set = calloc(1, sizeof(*set) + 4);
	uint32_t count = 0;

	if (!set)
		return 0;
	set->cmd = ETHTOOL_GSSET_INFO;
	set->sset_mask = 1ull << ETH_SS_FEATURES;
	if (!ask(fd, device, set) && set->sset_mask)
		count = set->data[0];
	free(set);
	return count < FEATURES_MAX ? count : FEATURES_MAX;
}

/* The feature's place among them, or @n. */
static uint32_t find_feature(int fd, const char *device, uint32_t n)
{
	struct ethtool_gstrings *names;
	uint32_t i = n;

	names = calloc(1, sizeof(*names) + (size_t)n * ETH_GSTRING_LEN);
	if (!names)
		return n;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = n;
	if (!ask(fd, device, names))
		for (i = 0; i < n; i++)
			if (strncmp((char *)names->data + i * ETH_GSTRING_LEN,
				    FEATURE, ETH_GSTRING_LEN) == 0)
				break;
	free(names);
	return i;
}

static enum feature feature_of(int fd, const char *device)
{
	uint32_t n = count_features(fd, device), at, blocks = (n + 31) / 32;
	enum feature feature = FEATURE_NONE;
	struct ethtool_gfeatures *features;
	uint32_t bit;

	at = n ? find_feature(fd, device, n) : 0;
	if (at == n)
		return FEATURE_NONE;
	features = calloc(1, sizeof(*features) +
				     blocks * sizeof(features->features[0]));
	if (!features)
		return FEATURE_NONE;
	features->cmd = ETHTOOL_GFEATURES;
	features->size = blocks;
	bit = 1u << at % 32;
	if (!ask(fd, device, features)) {
		if (features->features[at / 32].active & bit)
			feature = FEATURE_ON;
		else if (features->features[at / 32].available & bit)
			feature = FEATURE_OFF;
	}
	free(features);
	return feature;
}

static void check_hardware(struct doctor *d, const char *device, bool hardware)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	enum feature feature = FEATURE_NONE;

	if (fd >= 0) {
		feature = feature_of(fd, device);
		close(fd);
	}
	if (feature == FEATURE_ON)
		doctor_ok(d, "%s says that it can offload", device);
	else if (feature == FEATURE_OFF && hardware)
		doctor_warn(d,
			    arena_printf(d->arena,
					 "ethtool -K %s " FEATURE " on",
					 device),
			    "%s can offload, and is told not to", device);
	else if (feature == FEATURE_OFF)
		doctor_ok(d,
			  "%s can offload, if 'ethtool -K %s " FEATURE " on' "
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
