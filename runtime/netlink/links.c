// SPDX-License-Identifier: GPL-2.0-only
/*
 * Network devices. All but two things come from rtnetlink: features are asked
 * of ethtool, and what a PPPoE session goes through stands in /proc/net/pppoe
 * alone (not which session is which ppp device, though).
 *
 * Source: uapi rtnetlink.h, if_link.h, ethtool.h; drivers/net/ppp/pppoe.c.
 */
#include "runtime/netlink/links.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/netlink/nl.h"

#define FEATURE "hw-tc-offload"
#define FEATURES_MAX 256
#define TRIES 50

/*
 * Links
 */

static uint32_t number(const struct nlattr *attr)
{
	if (!attr || mnl_attr_get_payload_len(attr) < sizeof(uint32_t))
		return 0;
	return mnl_attr_get_u32(attr);
}

static const char *keep(struct links *links, const struct nlattr *attr)
{
	const char *s = nl_str(attr);

	return s && *s && strlen(s) < IFNAMSIZ ?
		       arena_strndup(links->arena, s, strlen(s)) :
		       NULL;
}

static const char *kind_of(struct links *links, const struct nlattr *info)
{
	const struct nlattr *attrs[IFLA_INFO_MAX + 1];

	if (!info)
		return NULL;
	nl_attrs(NULL, info, attrs, IFLA_INFO_MAX);
	return keep(links, attrs[IFLA_INFO_KIND]);
}

void links_see(struct links *links, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[IFLA_MAX + 1];
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	const char *name;
	struct link *link;

	if (message->nlmsg_type != RTM_NEWLINK ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*info))
		return;
	nl_attrs_behind(message, sizeof(*info), NULL, attrs, IFLA_MAX);
	name = keep(links, attrs[IFLA_IFNAME]);
	if (!name)
		return;
	link = vec_push(links->arena, &links->list);
	*link = (struct link){
		.name = name,
		.kind = kind_of(links, attrs[IFLA_LINKINFO]),
		.index = (uint32_t)info->ifi_index,
		.master = number(attrs[IFLA_MASTER]),
		.type = info->ifi_type,
	};
	if (!attrs[IFLA_LINK_NETNSID]) /* else it is a number of another's */
		link->lower = number(attrs[IFLA_LINK]);
}

static int see(const struct nlmsghdr *message, void *data)
{
	links_see(data, message);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct link *)a)->name,
		      ((const struct link *)b)->name);
}

static int dump(struct nl *nl, struct links *links)
{
	struct nl_room room;
	struct nlmsghdr *request;
	int ret = -EINTR, i;

	for (i = 0; ret == -EINTR && i < TRIES; i++) {
		links->list.n = 0;
		request = mnl_nlmsg_put_header(room.bytes);
		request->nlmsg_type = RTM_GETLINK;
		mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
		mnl_attr_put_u32(request, IFLA_EXT_MASK,
				 RTEXT_FILTER_SKIP_STATS);
		ret = nl_dump(nl, request, see, links);
	}
	return ret;
}

/* "0000002A 02:00:00:00:00:01     eth1", under a line of titles. */
static void read_pppoe(struct links *links)
{
	FILE *file = fopen("/proc/net/pppoe", "re");
	char line[128], name[IFNAMSIZ];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*8[0-9A-Fa-f] %*17[0-9A-Fa-f:] %15s",
			   name) == 1)
			*vec_push(links->arena, &links->pppoe) =
				arena_strndup(links->arena, name, strlen(name));
	fclose(file);
}

int links_read(struct arena *arena, struct links *links)
{
	struct nl *nl;
	int ret;

	*links = (struct links){ .arena = arena };
	ret = nl_open(&nl, NETLINK_ROUTE);
	if (ret)
		return ret;
	ret = dump(nl, links);
	nl_close(nl);
	if (ret)
		return ret;
	if (links->list.n)
		qsort(links->list.v, links->list.n, sizeof(*links->list.v),
		      compare_names);
	read_pppoe(links);
	return 0;
}

const struct link *links_find(const struct links *links, const char *name)
{
	size_t i;

	for (i = 0; i < links->list.n; i++)
		if (strcmp(links->list.v[i].name, name) == 0)
			return &links->list.v[i];
	return NULL;
}

const struct link *links_at(const struct links *links, uint32_t index)
{
	size_t i;

	for (i = 0; index && i < links->list.n; i++)
		if (links->list.v[i].index == index)
			return &links->list.v[i];
	return NULL;
}

/*
 * Features
 */

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

static enum link_able ask_able(int fd, const char *device)
{
	uint32_t n = count_features(fd, device), at, blocks = (n + 31) / 32;
	struct ethtool_gfeatures *features;
	enum link_able able = LINK_UNABLE;
	uint32_t bit;

	at = n ? find_feature(fd, device, n) : 0;
	if (at == n)
		return able;
	features = calloc(1, sizeof(*features) +
				     blocks * sizeof(features->features[0]));
	if (!features)
		return able;
	features->cmd = ETHTOOL_GFEATURES;
	features->size = blocks;
	bit = 1u << at % 32;
	if (!ask(fd, device, features)) {
		if (features->features[at / 32].active & bit)
			able = LINK_ABLE;
		else if (features->features[at / 32].available & bit)
			able = LINK_OFF;
	}
	free(features);
	return able;
}

static int open_any(void)
{
	return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

enum link_able link_able(const char *name)
{
	enum link_able able = LINK_UNABLE;
	int fd = open_any();

	if (fd >= 0) {
		able = ask_able(fd, name);
		close(fd);
	}
	return able;
}

/*
 * Of a name that is gone since the kernel would first look for a module of that
 * name, by a modprobe each; of an index it does not.
 */
static bool is_there(const struct link *link)
{
	char name[IF_NAMESIZE];

	return if_indextoname(link->index, name) &&
	       strcmp(name, link->name) == 0;
}

void links_ask_able(struct links *links)
{
	int fd = open_any();
	size_t i;

	if (fd < 0)
		return;
	for (i = 0; i < links->list.n; i++)
		if (is_there(&links->list.v[i]))
			links->list.v[i].able =
				ask_able(fd, links->list.v[i].name);
	close(fd);
}
