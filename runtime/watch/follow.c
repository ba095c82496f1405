// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that come and go, in place: a message for each, so that one that the
 * kernel refuses does not keep out the others.
 *
 * A device that is added repeats the flags of its flowtable: the kernel takes
 * their absence for a wish.
 *
 * Source: uapi nf_tables.h, nfnetlink.h.
 */
#include "runtime/watch/follow.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "runtime/base/report.h"
#include "runtime/netlink/nl.h"
#include "runtime/offload/probe.h"
#include "runtime/state/contain.h"
#include "runtime/state/fates.h"
#include "runtime/watch/follow_parts.h"

#define TRIES 50

/* A device to be added to a flowtable, or taken from it. */
struct change {
	const struct names_flowtable *of;
	const char *device;
	bool add;
};

struct changes {
	VEC(struct change) list;
};

/*
 * Reading
 */

static int read_wishes(struct follow *f)
{
	struct container c;
	struct buf head = { 0 };
	int ret;

	ret = state_head(f->state, f->stored.number, f->arena, &head, &c);
	if (!ret && !contain_wishes(&c, f->arena, &f->wishes))
		ret = -EBADMSG;
	buf_free(&head);
	return ret;
}

/* -ENOENT: there is nothing to follow. */
static int read_all(struct follow *f)
{
	bool offloads;
	int ret;

	ret = kernel_read(f->nl, f->arena, &f->now);
	if (ret)
		return ret;
	if (!f->now.recorded)
		return -ENOENT;
	ret = state_find(f->state, &f->now.record, &f->stored);
	if (!ret)
		ret = read_wishes(f);
	if (!ret)
		ret = links_read(f->arena, &f->links);
	if (!ret)
		ret = probe_links(f->nl, &f->now.names, &f->wishes, &f->links,
				  &offloads);
	if (!ret)
		f->attach = attach_decide(f->arena, &f->wishes, &f->links);
	return ret;
}

/*
 * What differs
 */

static void compare_table(struct follow *f, const struct names_flowtable *now,
			  const struct attach_table *table,
			  struct changes *changes)
{
	const char *const *next = table->devices.v;
	size_t i;

	for (i = 0; i < now->devices.n; i++)
		if (!names_have(next, table->devices.n, now->devices.v[i]))
			*vec_push(f->arena, &changes->list) =
				(struct change){ now, now->devices.v[i],
						 false };
	for (i = 0; i < table->devices.n; i++)
		if (!names_have(now->devices.v, now->devices.n, next[i]) &&
		    !names_have(f->refused.v, f->refused.n, next[i]))
			*vec_push(f->arena, &changes->list) =
				(struct change){ now, next[i], true };
}

static struct changes compare(struct follow *f)
{
	const struct names_flowtable *now;
	const struct attach_table *table;
	struct changes changes = { 0 };
	size_t i;

	f->renews = false;
	for (i = 0; i < f->now.names.flowtables.n; i++) {
		now = &f->now.names.flowtables.v[i];
		table = attach_find(&f->attach, now->name);
		if (!table)
			continue;
		if (table->devices.n &&
		    table->hardware !=
			    !!(now->flags & NFT_FLOWTABLE_HW_OFFLOAD))
			f->renews = true;
		compare_table(f, now, table, &changes);
	}
	return changes;
}

/*
 * The transaction
 */

static struct nlmsghdr *begin(struct nl_room *room, uint16_t type, uint32_t seq)
{
	struct nlmsghdr *message = nl_request(room, type, NFPROTO_INET);

	message->nlmsg_flags = NLM_F_REQUEST;
	message->nlmsg_seq = seq;
	return message;
}

static void end(struct buf *out, const struct nlmsghdr *message)
{
	buf_add(out, message, message->nlmsg_len);
}

static void put_change(struct buf *out, const struct change *change,
		       uint32_t seq)
{
	uint16_t type = change->add ? NFT_MSG_NEWFLOWTABLE :
				      NFT_MSG_DELFLOWTABLE;
	struct nl_room room;
	struct nlmsghdr *message = begin(&room, NFT(type), seq);
	struct nlattr *hook, *devices;

	mnl_attr_put_strz(message, NFTA_FLOWTABLE_TABLE, IR_TABLE);
	mnl_attr_put_strz(message, NFTA_FLOWTABLE_NAME, change->of->name);
	hook = mnl_attr_nest_start(message, NFTA_FLOWTABLE_HOOK);
	mnl_attr_put_u32(message, NFTA_FLOWTABLE_HOOK_NUM,
			 htonl(NF_NETDEV_INGRESS));
	mnl_attr_put_u32(message, NFTA_FLOWTABLE_HOOK_PRIORITY,
			 htonl((uint32_t)change->of->priority));
	devices = mnl_attr_nest_start(message, NFTA_FLOWTABLE_HOOK_DEVS);
	mnl_attr_put_strz(message, NFTA_DEVICE_NAME, change->device);
	mnl_attr_nest_end(message, devices);
	mnl_attr_nest_end(message, hook);
	if (change->add)
		mnl_attr_put_u32(message, NFTA_FLOWTABLE_FLAGS,
				 htonl(change->of->flags));
	end(out, message);
}

/* Change i has the number i + 1. */
static void build(struct buf *out, const struct changes *changes,
		  uint32_t genid)
{
	size_t i;

	nl_put_bracket(out, NFNL_MSG_BATCH_BEGIN, 0, genid);
	for (i = 0; i < changes->list.n; i++)
		put_change(out, &changes->list.v[i], (uint32_t)i + 1);
	nl_put_bracket(out, NFNL_MSG_BATCH_END, (uint32_t)i + 1, 0);
}

/* Without those it may work; they are tried again when something changes. */
static void note_refused(struct follow *f, const struct changes *changes,
			 const struct nl_errors *errors)
{
	size_t i;

	for (i = 0; i < errors->list.n; i++) {
		const struct nl_error *error = &errors->list.v[i];
		const struct change *change;

		if (!error->seq || error->seq > changes->list.n)
			continue;
		change = &changes->list.v[error->seq - 1];
		if (change->add)
			*vec_push(f->arena, &f->refused) = change->device;
		if (error->error != -ENOENT)
			report_warning("%s: %s cannot be attached: %s",
				       change->of->name, change->device,
				       strerror(-error->error));
	}
}

void follow_note(struct follow *f, bool fingerprint)
{
	struct kernel after = { .fingerprint = f->stored.fingerprint };
	uint32_t next = nl_next_genid(f->now.genid);
	int ret;

	if (fingerprint)
		ret = kernel_read_all(f->nl, f->arena, f->stored.elements,
				      &after);
	else
		ret = kernel_genid(f->nl, &after.genid);
	/* Else others changed something: the fingerprint is to tell what. */
	if (ret || after.genid != next)
		return;
	f->stored.genid = after.genid;
	f->stored.fingerprint = after.fingerprint;
	state_note(f->state, &f->stored);
}

static int change_in_place(struct follow *f, const struct changes *changes)
{
	struct nl_errors errors = { .arena = f->arena };
	struct buf batch = { 0 };
	int ret;

	build(&batch, changes, f->now.genid);
	ret = nl_commit(f->nl, batch.p, batch.n, &errors);
	buf_free(&batch);
	if (ret)
		return ret;
	if (errors.list.n) {
		note_refused(f, changes, &errors);
		return -ERESTART;
	}
	if (f->stored.genid == f->now.genid)
		follow_note(f, false);
	return 0;
}

/*
 * All of it
 */

static int change(struct follow *f, const struct changes *changes)
{
	int ret = -ESTALE;

	if (f->renews)
		ret = follow_renew(f);
	if (ret != -ESTALE)
		return ret;
	/* It stays what it is: what the kernel refuses then is told. */
	return changes->list.n ? change_in_place(f, changes) : 0;
}

static int follow_locked(struct follow *f, bool *changed)
{
	struct changes changes;
	int ret, i;

	for (i = 0; i < TRIES; i++) {
		ret = read_all(f);
		if (ret)
			return ret;
		changes = compare(f);
		if (!changes.list.n && !f->renews)
			return 0;
		ret = change(f, &changes);
		if (ret != -ERESTART) {
			*changed = !ret;
			return ret;
		}
	}
	return -EBUSY;
}

static int follow(struct follow *f, struct follow_result *result)
{
	struct changes changes;
	int ret;

	ret = state_open(&f->state, f->path, true);
	if (!ret)
		ret = nl_open(&f->nl, NETLINK_NETFILTER);
	if (!ret)
		ret = read_all(f);
	if (ret)
		return ret;
	changes = compare(f);
	if (changes.list.n || f->renews) {
		ret = state_wait(f->state, STATE_WATCH);
		if (!ret)
			ret = follow_locked(f, &result->changed);
	}
	fates_add(&result->said, f->arena, &f->attach, "");
	return ret;
}

int follow_devices(const char *state, struct follow_result *result)
{
	struct follow f = { .path = state, .arena = arena_new() };
	int ret;

	*result = (struct follow_result){ 0 };
	ret = follow(&f, result);
	state_close(f.state);
	nl_close(f.nl);
	arena_free(f.arena);
	return ret == -ENOENT ? 0 : ret;
}
