// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters and quotas, from the kernel's list of objects. Of these the table
 * has others, too, and the kernel lists those of all tables.
 *
 * Source: uapi nf_tables.h.
 */
#include "runtime/netlink/tallies.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "ir/lower.h"

#define TRIES 20

/* What the policy calls it. */
static const char *name_behind(struct arena *arena, const char *prefix,
			       const char *name)
{
	size_t n = strlen(prefix);

	if (strncmp(name, prefix, n) == 0 && name[n])
		name += n;
	return arena_strndup(arena, name, strlen(name));
}

static void see_counter(struct tallies *t, const char *name,
			const struct nlattr *data)
{
	const struct nlattr *a[NFTA_COUNTER_MAX + 1];

	nl_attrs(NULL, data, a, NFTA_COUNTER_MAX);
	*vec_push(t->arena, &t->list) = (struct tally){
		.name = name_behind(t->arena, LOWER_COUNTER, name),
		.packets = nl_be64(a[NFTA_COUNTER_PACKETS], 0),
		.bytes = nl_be64(a[NFTA_COUNTER_BYTES], 0),
	};
}

static void see_quota(struct tallies *t, const char *name,
		      const struct nlattr *data)
{
	const struct nlattr *a[NFTA_QUOTA_MAX + 1];

	nl_attrs(NULL, data, a, NFTA_QUOTA_MAX);
	*vec_push(t->arena, &t->list) = (struct tally){
		.name = name_behind(t->arena, LOWER_QUOTA, name),
		.quota = true,
		.bytes = nl_be64(a[NFTA_QUOTA_CONSUMED], 0),
		.most = nl_be64(a[NFTA_QUOTA_BYTES], 0),
	};
}

void tallies_see(struct tallies *t, const struct nlmsghdr *message)
{
	const struct nfgenmsg *gen = mnl_nlmsg_get_payload(message);
	const struct nlattr *a[NFTA_OBJ_MAX + 1];
	const char *table, *name;

	if (message->nlmsg_type != NFT(NFT_MSG_NEWOBJ) ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(*gen) ||
	    gen->nfgen_family != NFPROTO_INET)
		return;
	nl_attrs(message, NULL, a, NFTA_OBJ_MAX);
	table = nl_str(a[NFTA_OBJ_TABLE]);
	name = nl_str(a[NFTA_OBJ_NAME]);
	if (!table || strcmp(table, IR_TABLE) != 0 || !name ||
	    !a[NFTA_OBJ_DATA])
		return;
	if (nl_be32(a[NFTA_OBJ_TYPE], 0) == NFT_OBJECT_COUNTER)
		see_counter(t, name, a[NFTA_OBJ_DATA]);
	else if (nl_be32(a[NFTA_OBJ_TYPE], 0) == NFT_OBJECT_QUOTA)
		see_quota(t, name, a[NFTA_OBJ_DATA]);
}

static int see(const struct nlmsghdr *message, void *data)
{
	tallies_see(data, message);
	return 0;
}

int tallies_read(struct nl *nl, struct arena *arena, struct tallies *tallies)
{
	struct nl_room room;
	struct nlmsghdr *request;
	int ret = -EINTR, i;

	for (i = 0; i < TRIES && ret == -EINTR; i++) {
		*tallies = (struct tallies){ .arena = arena };
		request = nl_request(&room, NFT(NFT_MSG_GETOBJ), NFPROTO_INET);
		mnl_attr_put_strz(request, NFTA_OBJ_TABLE, IR_TABLE);
		ret = nl_dump(nl, request, see, tallies);
	}
	/* There is no such table. */
	return ret == -ENOENT ? 0 : ret;
}
