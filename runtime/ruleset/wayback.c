// SPDX-License-Identifier: GPL-2.0-only
/*
 * One transaction is built, as restore.h does it. The others are pieces of it
 * with something else in between: so a policy of a million elements is there
 * once.
 *
 *	in place   begin | out goes what is there | content		  | end
 *	bare	   begin | out goes what is there | content, bare flowtables | end
 *	anew	   begin | the table goes, comes  | content, bare flowtables | end
 *
 * Source: uapi nf_tables.h, nfnetlink.h.
 */
#include "runtime/ruleset/wayback.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <sys/uio.h>

#include "ir/lower.h"
#include "runtime/netlink/conntrack.h"
#include "runtime/netlink/names.h"
#include "runtime/netlink/nl.h"
#include "runtime/offload/devices.h"
#include "runtime/offload/flowtable.h"
#include "runtime/ruleset/restore.h"

/* How often it is sent while the kernel loads what it needs. */
#define TRIES 100

/* A part of wayback.bytes, or of .others. */
struct part {
	size_t at, n;
	bool other;
};

struct building {
	struct wayback *way;
	struct arena *arena;
	size_t content;		 /* where it begins */
	VEC(struct part) tables; /* the flowtables in it, */
	VEC(struct part) bare;	 /* and what stands for them */
};

/*
 * Messages
 */

static struct nlmsghdr *begin(struct nl_room *room, uint16_t kind)
{
	struct nlmsghdr *message = nl_request(room, NFT(kind), NFPROTO_INET);

	message->nlmsg_flags = NLM_F_REQUEST;
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, IR_TABLE);
	return message;
}

static void put(struct buf *out, const struct nlmsghdr *message)
{
	buf_add(out, message, message->nlmsg_len);
}

static void put_table(struct buf *out, uint16_t kind)
{
	struct nl_room room;
	struct nlmsghdr *message = begin(&room, kind);

	if (kind == NFT_MSG_NEWTABLE)
		message->nlmsg_flags |= NLM_F_CREATE;
	put(out, message);
}

/* With @device alone, NULL: with none. */
static void copy_flowtable(struct buf *out, const struct nlmsghdr *from,
			   const char *device)
{
	const struct flowtable_as as = { .devices = &device,
					 .ndevices = device ? 1 : 0 };

	flowtable_copy(out, from, &as);
}

/* Its devices; NULL: it has none. */
static const struct nlattr *devices_of(const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_FLOWTABLE_MAX + 1];
	const struct nlattr *hook;

	nl_attrs(message, NULL, attrs, NFTA_FLOWTABLE_MAX);
	hook = attrs[NFTA_FLOWTABLE_HOOK];
	if (!hook)
		return NULL;
	nl_attrs(NULL, hook, attrs, NFTA_FLOWTABLE_HOOK_MAX);
	return attrs[NFTA_FLOWTABLE_HOOK_DEVS];
}

static void put_attach(struct building *b, const struct nlmsghdr *flowtable)
{
	const struct nlattr *devices = devices_of(flowtable), *device;
	struct buf *out = &b->way->attach;

	if (!devices)
		return;
	mnl_attr_for_each_nested(device, devices)
	{
		if (!nl_str(device) || strlen(nl_str(device)) >= IFNAMSIZ)
			continue;
		nl_put_bracket(out, NFNL_MSG_BATCH_BEGIN, 0, 0);
		copy_flowtable(out, flowtable, nl_str(device));
		nl_put_bracket(out, NFNL_MSG_BATCH_END, 1, 0);
		*vec_push(b->arena, &b->way->ends) = out->n;
	}
}

/*
 * Ways
 */

static void see_flowtable(struct building *b, size_t at)
{
	struct wayback *way = b->way;
	const struct nlmsghdr *message =
		(const struct nlmsghdr *)(const void *)(way->bytes.p + at);
	size_t other = way->others.n;

	*vec_push(b->arena, &b->tables) =
		(struct part){ at, MNL_ALIGN(message->nlmsg_len), false };
	copy_flowtable(&way->others, message, NULL);
	*vec_push(b->arena, &b->bare) =
		(struct part){ other, way->others.n - other, true };
	put_attach(b, message);
}

static bool removes(uint16_t type)
{
	switch (type) {
	case NFT(NFT_MSG_DELTABLE):
	case NFT(NFT_MSG_DELCHAIN):
	case NFT(NFT_MSG_DELRULE):
	case NFT(NFT_MSG_DELSET):
	case NFT(NFT_MSG_DELSETELEM):
	case NFT(NFT_MSG_DELOBJ):
	case NFT(NFT_MSG_DELFLOWTABLE):
		return true;
	}
	return false;
}

/* The content stands behind all that goes, and behind the table. */
static void find_parts(struct building *b)
{
	const struct buf *bytes = &b->way->bytes;
	const struct nlmsghdr *message;
	size_t at, next;

	for (at = 0; at < bytes->n; at = next) {
		message =
			(const struct nlmsghdr *)(const void *)(bytes->p + at);
		next = at + MNL_ALIGN(message->nlmsg_len);
		if (removes(message->nlmsg_type) ||
		    message->nlmsg_type == NFT(NFT_MSG_NEWTABLE))
			b->content = next;
		else if (message->nlmsg_type == NFT(NFT_MSG_NEWFLOWTABLE))
			see_flowtable(b, at);
	}
}

static void push(const struct building *b, struct wayback_way *to,
		 const struct part *part)
{
	const struct buf *from = part->other ? &b->way->others : &b->way->bytes;

	if (!part->n)
		return;
	to->pieces[to->n++] = (struct iovec){ from->p + part->at, part->n };
	to->size += part->n;
}

/* From @at of the bytes on, with bare flowtables. */
static void push_rest(struct building *b, struct wayback_way *to, size_t at)
{
	size_t i;

	for (i = 0; i < b->tables.n; i++) {
		const struct part *table = &b->tables.v[i];

		push(b, to, &(struct part){ at, table->at - at, false });
		push(b, to, &b->bare.v[i]);
		at = table->at + table->n;
	}
	push(b, to, &(struct part){ at, b->way->bytes.n - at, false });
}

static bool make_room(struct building *b, struct wayback_way *to)
{
	size_t n = 2 + 2 * b->tables.n;

	if (n > IOV_MAX)
		return false;
	to->pieces = arena_array(b->arena, n, sizeof(*to->pieces));
	return true;
}

/* @head: what comes instead of all that is there. */
static void make_ways(struct building *b, const struct part *head)
{
	struct wayback *way = b->way;

	if (b->tables.n && make_room(b, &way->bare))
		push_rest(b, &way->bare, 0);
	if (make_room(b, &way->anew)) {
		push(b, &way->anew, head);
		push_rest(b, &way->anew, b->content);
	}
}

static void make_others(struct wayback *way, struct arena *arena)
{
	struct building b = { .way = way, .arena = arena };
	struct part head = { .other = true };

	find_parts(&b);
	head.at = way->others.n;
	nl_put_bracket(&way->others, NFNL_MSG_BATCH_BEGIN, 0, 0);
	put_table(&way->others, NFT_MSG_NEWTABLE);
	put_table(&way->others, NFT_MSG_DELTABLE);
	put_table(&way->others, NFT_MSG_NEWTABLE);
	head.n = way->others.n - head.at;
	/* From here on nothing of it moves. */
	make_ways(&b, &head);
}

/*
 * The first of them
 */

static void make_tidy(struct buf *out, bool table)
{
	struct nl_room room;
	struct nlmsghdr *message;

	nl_put_bracket(out, NFNL_MSG_BATCH_BEGIN, 0, 0);
	message = begin(&room, table ? NFT_MSG_DELTABLE : NFT_MSG_DELCHAIN);
	if (!table)
		mnl_attr_put_strz(message, NFTA_CHAIN_NAME, LOWER_TRANSLATED);
	put(out, message);
	nl_put_bracket(out, NFNL_MSG_BATCH_END, 1, 0);
}

static int build_batch(struct buf *out, const struct ir *ir,
		       const struct table_names *from)
{
	const struct batch_options options = { .now = from };
	struct batch batch = { 0 };
	int ret = batch_build(&batch, ir, &options);

	if (!ret)
		buf_add(out, batch.bytes.p, batch.bytes.n);
	batch_free(&batch);
	return ret;
}

/* Of the table, whether it is still there or somebody has taken it away. */
static void put_removal(struct buf *out)
{
	nl_put_bracket(out, NFNL_MSG_BATCH_BEGIN, 0, 0);
	put_table(out, NFT_MSG_NEWTABLE);
	put_table(out, NFT_MSG_DELTABLE);
	nl_put_bracket(out, NFNL_MSG_BATCH_END, 1, 0);
}

/* To no policy. */
static int build_none(struct wayback *way, struct arena *arena,
		      const struct wayback_plan *plan, bool translated)
{
	int ret;

	if (!plan->table && !translated) {
		put_removal(&way->bytes);
		return 0;
	}
	ret = build_batch(&way->bytes, lower_translated(arena), plan->from);
	if (!ret && !plan->table)
		make_tidy(&way->tidy, true);
	if (!ret)
		make_others(way, arena);
	return ret;
}

static int build_content(struct wayback *way, struct arena *arena,
			 const struct wayback_plan *plan, bool translated)
{
	const struct restore_options options = { .devices = plan->devices,
						 .translated = translated };
	int ret =
		restore_build(&way->bytes, plan->content, plan->from, &options);

	if (ret)
		return ret;
	if (translated && !restore_translates(plan->content))
		make_tidy(&way->tidy, false);
	make_others(way, arena);
	return 0;
}

int wayback_build(struct wayback *way, struct arena *arena,
		  const struct wayback_plan *plan)
{
	bool translated =
		names_translate(plan->from->chains, plan->from->nchains);
	int ret;

	*way = (struct wayback){ 0 };
	ret = plan->content.p ? build_content(way, arena, plan, translated) :
				build_none(way, arena, plan, translated);
	if (ret)
		way->bytes.n = 0;
	return ret;
}

/*
 * Taking it
 */

size_t wayback_size(const struct wayback *way)
{
	size_t n = way->bytes.n;

	n = way->bare.size > n ? way->bare.size : n;
	return way->anew.size > n ? way->anew.size : n;
}

static int send_way(const struct wayback_way *way, struct nl *nl,
		    struct nl_errors *errors)
{
	int ret = -ERESTART, i;

	for (i = 0; i < TRIES && ret == -ERESTART; i++) {
		errors->list.n = 0;
		ret = nl_commit_pieces(nl, way->pieces, way->n, errors);
	}
	return ret;
}

static int send_bytes(const char *bytes, size_t n, struct nl *nl,
		      struct nl_errors *errors)
{
	struct iovec piece = { (void *)(uintptr_t)bytes, n };

	return send_way(&(struct wayback_way){ &piece, 1, n }, nl, errors);
}

/* One that is not there any more is left out. */
static void attach(const struct wayback *way, struct nl *nl,
		   struct nl_errors *errors)
{
	size_t i, at = 0;

	for (i = 0; i < way->ends.n; i++) {
		send_bytes(way->attach.p + at, way->ends.v[i] - at, nl, errors);
		at = way->ends.v[i];
	}
	errors->list.n = 0;
}

/* In doubt, one lives that is translated. */
static void tidy(const struct wayback *way, struct nl *nl,
		 struct nl_errors *errors)
{
	bool any;

	if (!way->tidy.n || conntrack_translated(nl, &any) || any)
		return;
	send_bytes(way->tidy.p, way->tidy.n, nl, errors);
	errors->list.n = 0;
}

int wayback_take(const struct wayback *way, struct nl *nl,
		 struct nl_errors *errors)
{
	const struct wayback_way *others[] = { &way->bare, &way->anew };
	int ret = send_bytes(way->bytes.p, way->bytes.n, nl, errors);
	size_t i;

	for (i = 0; !ret && errors->list.n && i < 2; i++) {
		if (!others[i]->n)
			continue;
		ret = send_way(others[i], nl, errors);
		if (!ret && !errors->list.n)
			attach(way, nl, errors);
	}
	if (!ret && !errors->list.n)
		tidy(way, nl, errors);
	return ret;
}

void wayback_free(struct wayback *way)
{
	buf_free(&way->bytes);
	buf_free(&way->others);
	buf_free(&way->attach);
	buf_free(&way->tidy);
}
