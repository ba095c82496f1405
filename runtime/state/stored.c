// SPDX-License-Identifier: GPL-2.0-only
/* Flowtables are written anew (flowtable.h); all else is copied. */
#include "runtime/state/stored.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "runtime/netlink/nl.h"
#include "runtime/offload/flowtable.h"
#include "runtime/ruleset/restore.h"
#include "runtime/ruleset/unoffload.h"
#include "runtime/state/contain.h"
#include "runtime/state/state.h"

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
	struct flowtable_as as;
	int left = (int)content.n;

	while (nl_message_ok(message, left)) {
		table = table_of(attach, message);
		if (table) {
			as = flowtable_decided(table);
			flowtable_copy(out, message, &as);
		} else {
			buf_add(out, message, MNL_ALIGN(message->nlmsg_len));
		}
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
