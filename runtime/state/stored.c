// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flowtables are written anew, attribute by attribute; all else is copied.
 *
 * Source: uapi nf_tables.h.
 */
#include "runtime/state/stored.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "runtime/state/contain.h"
#include "runtime/netlink/nl.h"
#include "runtime/ruleset/restore.h"
#include "runtime/state/state.h"
#include "runtime/ruleset/unoffload.h"

/*
 * One flowtable
 */

static void copy_attr(struct nlmsghdr *to, const struct nlattr *attr)
{
	mnl_attr_put(to, mnl_attr_get_type(attr),
		     mnl_attr_get_payload_len(attr),
		     mnl_attr_get_payload(attr));
}

static void put_devices(struct nlmsghdr *to, const struct attach_table *table)
{
	struct nlattr *nest;
	size_t i;

	if (!table->devices.n)
		return;
	nest = mnl_attr_nest_start(to, NFTA_FLOWTABLE_HOOK_DEVS);
	for (i = 0; i < table->devices.n; i++)
		mnl_attr_put_strz(to, NFTA_DEVICE_NAME, table->devices.v[i]);
	mnl_attr_nest_end(to, nest);
}

static void put_hook(struct nlmsghdr *to, const struct nlattr *hook,
		     const struct attach_table *table)
{
	struct nlattr *nest = mnl_attr_nest_start(to, NFTA_FLOWTABLE_HOOK);
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, hook)
	{
		if (mnl_attr_get_type(attr) != NFTA_FLOWTABLE_HOOK_DEVS)
			copy_attr(to, attr);
	}
	put_devices(to, table);
	mnl_attr_nest_end(to, nest);
}

static void put_flags(struct nlmsghdr *to, const struct nlattr *attr,
		      const struct attach_table *table)
{
	uint32_t flags = nl_be32(attr, 0) & ~(uint32_t)NFT_FLOWTABLE_HW_OFFLOAD;

	if (table->hardware)
		flags |= NFT_FLOWTABLE_HW_OFFLOAD;
	mnl_attr_put_u32(to, NFTA_FLOWTABLE_FLAGS, htonl(flags));
}

/* Attributes of names that may be of any length. */
static size_t room_of(const struct attach_table *table)
{
	size_t room = 4 * MNL_ATTR_HDRLEN, i;

	for (i = 0; i < table->devices.n; i++)
		room += MNL_ATTR_HDRLEN +
			MNL_ALIGN(strlen(table->devices.v[i]) + 1);
	return room;
}

static void put_flowtable(struct buf *out, const struct nlmsghdr *from,
			  const struct attach_table *table)
{
	size_t head = MNL_NLMSG_HDRLEN + sizeof(struct nfgenmsg);
	const struct nlattr *attr;
	struct nlmsghdr *to;

	to = (struct nlmsghdr *)(void *)buf_reserve(
		out, from->nlmsg_len + room_of(table));
	memcpy(to, from, head);
	to->nlmsg_len = (uint32_t)head;
	mnl_attr_for_each(attr, from, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attr) == NFTA_FLOWTABLE_HOOK)
			put_hook(to, attr, table);
		else if (mnl_attr_get_type(attr) == NFTA_FLOWTABLE_FLAGS)
			put_flags(to, attr, table);
		else
			copy_attr(to, attr);
	}
	out->n += to->nlmsg_len;
}

/*
 * All messages
 */

static const struct attach_table *table_of(const struct attach *attach,
					   const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_FLOWTABLE_MAX + 1];
	const char *name;

	if (message->nlmsg_type != NFT(NFT_MSG_NEWFLOWTABLE))
		return NULL;
	nl_attrs(message, NULL, attrs, NFTA_FLOWTABLE_MAX);
	name = nl_str(attrs[NFTA_FLOWTABLE_NAME]);
	return name ? attach_find(attach, name) : NULL;
}

void stored_attach(struct buf *out, struct str content,
		   const struct attach *attach)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)content.p;
	const struct attach_table *table;
	int left = (int)content.n;

	while (nl_message_ok(message, left)) {
		table = table_of(attach, message);
		if (table)
			put_flowtable(out, message, table);
		else
			buf_add(out, message, MNL_ALIGN(message->nlmsg_len));
		message = mnl_nlmsg_next(message, &left);
	}
}

/*
 * As it is now
 */

static bool is_open(const struct attach_wishes *wishes, const char *name)
{
	size_t i;

	for (i = 0; i < wishes->list.n; i++)
		if (strcmp(wishes->list.v[i].name, name) == 0)
			return wishes->list.v[i].able;
	return false;
}

/* Is it of the same kind in both? Else it was made anew since. */
static bool is_as_stored(const struct names_flowtable *now,
			 const struct names *stored)
{
	size_t i;

	for (i = 0; i < stored->flowtables.n; i++)
		if (strcmp(stored->flowtables.v[i].name, now->name) == 0)
			return !((stored->flowtables.v[i].flags ^ now->flags) &
				 NFT_FLOWTABLE_HW_OFFLOAD);
	return true;
}

static void add_table(struct arena *arena, struct attach *attach,
		      const struct names_flowtable *now)
{
	struct attach_table *table = vec_push(arena, &attach->tables);
	size_t i;

	*table = (struct attach_table){
		.name = now->name,
		.hardware = now->flags & NFT_FLOWTABLE_HW_OFFLOAD,
	};
	for (i = 0; i < now->devices.n; i++)
		*vec_push(arena, &table->devices) = now->devices.v[i];
}

void stored_now(struct buf *out, struct arena *arena, const struct container *c,
		const struct names *now)
{
	struct names stored = { .arena = arena };
	struct attach_wishes wishes;
	struct attach attach = { 0 };
	size_t i;

	names_add_batch(&stored, c->messages.p, c->messages.n);
	if (contain_wishes(c, arena, &wishes))
		for (i = 0; i < now->flowtables.n; i++)
			if (is_open(&wishes, now->flowtables.v[i].name) &&
			    !is_as_stored(&now->flowtables.v[i], &stored))
				add_table(arena, &attach,
					  &now->flowtables.v[i]);
	stored_attach(out, c->messages, &attach);
}

static bool is_slow(struct state *state, unsigned int number)
{
	struct generation generation;

	return !state_load(state, number, &generation) && generation.slow;
}

int stored_content(struct state *state, unsigned int number,
		   const struct names *now, struct buf *out)
{
	struct arena *arena = arena_new();
	struct buf bytes = { 0 };
	struct container c;
	const char *why;
	int ret = state_container(state, number, arena, &bytes, &c, &why);

	if (!ret) {
		stored_now(out, arena, &c, now);
		restore_know_translated(out, now);
	}
	if (!ret && is_slow(state, number))
		unoffload(out);
	buf_free(&bytes);
	arena_free(arena);
	return ret;
}
