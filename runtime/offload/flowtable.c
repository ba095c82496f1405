// SPDX-License-Identifier: GPL-2.0-only
/* Written anew attribute by attribute: see flowtable.h. */
#include "runtime/offload/flowtable.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "runtime/netlink/nl.h"

struct flowtable_as flowtable_decided(const struct attach_table *table)
{
	return (struct flowtable_as){
		.kind = table->hardware ? FLOWTABLE_HARDWARE :
					  FLOWTABLE_SOFTWARE,
		.devices = table->devices.v,
		.ndevices = table->devices.n,
	};
}

static void copy_attr(struct nlmsghdr *to, const struct nlattr *attr)
{
	mnl_attr_put(to, mnl_attr_get_type(attr),
		     mnl_attr_get_payload_len(attr),
		     mnl_attr_get_payload(attr));
}

static void put_device(struct nlmsghdr *to, struct nlattr **nest,
		       const char *name)
{
	if (!*nest)
		*nest = mnl_attr_nest_start(to, NFTA_FLOWTABLE_HOOK_DEVS);
	mnl_attr_put_strz(to, NFTA_DEVICE_NAME, name);
}

/* @own: what it has; NULL: nothing. No nest is better than an empty one. */
static void put_devices(struct nlmsghdr *to, const struct nlattr *own,
			const struct flowtable_as *as)
{
	const struct nlattr *device;
	struct nlattr *nest = NULL;
	size_t i;

	if (as->existing && own)
		mnl_attr_for_each_nested(device, own)
		{
			if (nl_str(device) &&
			    devices_has(as->existing, nl_str(device)))
				put_device(to, &nest, nl_str(device));
		}
	for (i = 0; !as->existing && i < as->ndevices; i++)
		put_device(to, &nest, as->devices[i]);
	if (nest)
		mnl_attr_nest_end(to, nest);
}

static void copy_hook(struct nlmsghdr *to, const struct nlattr *hook,
		      const struct flowtable_as *as)
{
	struct nlattr *nest = mnl_attr_nest_start(to, NFTA_FLOWTABLE_HOOK);
	const struct nlattr *attr, *own = NULL;

	mnl_attr_for_each_nested(attr, hook)
	{
		if (mnl_attr_get_type(attr) == NFTA_FLOWTABLE_HOOK_DEVS)
			own = attr;
		else
			copy_attr(to, attr);
	}
	put_devices(to, own, as);
	mnl_attr_nest_end(to, nest);
}

static void put_flags(struct nlmsghdr *to, const struct nlattr *attr,
		      enum flowtable_kind kind)
{
	uint32_t flags = nl_be32(attr, 0) & ~(uint32_t)NFT_FLOWTABLE_HW_OFFLOAD;

	if (kind == FLOWTABLE_HARDWARE)
		flags |= NFT_FLOWTABLE_HW_OFFLOAD;
	mnl_attr_put_u32(to, NFTA_FLOWTABLE_FLAGS, htonl(flags));
}

/* Its own devices, and whatever comes instead of them, of any length. */
static size_t room_of(const struct nlmsghdr *from,
		      const struct flowtable_as *as)
{
	size_t room = from->nlmsg_len + 4 * MNL_ATTR_HDRLEN, i;

	for (i = 0; i < as->ndevices; i++)
		room += MNL_ATTR_HDRLEN + MNL_ALIGN(strlen(as->devices[i]) + 1);
	return room;
}

void flowtable_copy(struct buf *out, const struct nlmsghdr *from,
		    const struct flowtable_as *as)
{
	size_t head = MNL_NLMSG_HDRLEN + sizeof(struct nfgenmsg);
	const struct nlattr *attr;
	struct nlmsghdr *to;

	to = (struct nlmsghdr *)(void *)buf_reserve(out, room_of(from, as));
	memcpy(to, from, head);
	to->nlmsg_len = (uint32_t)head;
	mnl_attr_for_each(attr, from, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attr) == NFTA_FLOWTABLE_HOOK)
			copy_hook(to, attr, as);
		else if (as->kind != FLOWTABLE_AS_IT_IS &&
			 mnl_attr_get_type(attr) == NFTA_FLOWTABLE_FLAGS)
			put_flags(to, attr, as->kind);
		else
			copy_attr(to, attr);
	}
	out->n += to->nlmsg_len;
}
