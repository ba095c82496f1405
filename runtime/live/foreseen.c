// SPDX-License-Identifier: GPL-2.0-only
/*
 * ctnetlink: list the connections that have a helper, and those that one
 * foresaw, with the control connections that they name; ask the model about
 * each control connection, as if it were new; delete what belongs to denied
 * ones. A control connection may be over, or foreseen itself.
 *
 * A denied one is not deleted: the rules see to it.
 *
 * Source: uapi nfnetlink_conntrack.h.
 */
#include "runtime/live/foreseen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "runtime/live/live.h"
#include "runtime/netlink/nl.h"

#define CT(message) ((NFNL_SUBSYS_CTNETLINK << 8) | (message))
#define ROUNDS 10
#define EXP(message) ((NFNL_SUBSYS_CTNETLINK_EXP << 8) | (message))

/* A nest's content, copied: what names a connection. */
struct name {
	uint16_t n; /* 0: not there */
	void *bytes;
};

struct seen {
	struct name own, reply; /* tuples */
	struct name parent;	/* the control connection's; none: it is one */
	struct name zone;	/* CTA_ZONE */
	uint8_t family;
	bool denied;
};

struct looking {
	struct arena *arena;
	struct nl *nl;
	struct live *live;
	VEC(struct seen) connections;
	VEC(struct seen) announced; /* expectations */
	size_t ended;
};

/* ---- what there is ---- */

static struct name copy(struct arena *arena, const struct nlattr *attr)
{
	struct name name = { 0 };

	if (!attr)
		return name;
	name.n = mnl_attr_get_payload_len(attr);
	name.bytes = arena_alloc(arena, name.n);
	memcpy(name.bytes, mnl_attr_get_payload(attr), name.n);
	return name;
}

static bool same(const struct name *a, const struct name *b)
{
	return a->n && a->n == b->n && !memcmp(a->bytes, b->bytes, a->n);
}

static uint8_t family_of(const struct nlmsghdr *message)
{
	const struct nfgenmsg *gen = mnl_nlmsg_get_payload(message);

	return gen->nfgen_family;
}

static int see_connection(const struct connection *c, void *data)
{
	struct looking *l = data;

	if (!c->helper && !c->has_master)
		return 0;
	*vec_push(l->arena, &l->connections) = (struct seen){
		.own = copy(l->arena, c->own),
		.reply = copy(l->arena, c->own_reply),
		.parent = copy(l->arena, c->master),
		.zone = copy(l->arena, c->own_zone),
		.family = c->original.family ? AF_INET6 : AF_INET,
	};
	return 0;
}

static int see_announced(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attrs[CTA_EXPECT_MAX + 1];
	struct looking *l = data;

	nl_attrs(message, NULL, attrs, CTA_EXPECT_MAX);
	*vec_push(l->arena, &l->announced) = (struct seen){
		.own = copy(l->arena, attrs[CTA_EXPECT_TUPLE]),
		.parent = copy(l->arena, attrs[CTA_EXPECT_MASTER]),
		.zone = copy(l->arena, attrs[CTA_EXPECT_ZONE]),
		.family = family_of(message),
	};
	return 0;
}

static int look(struct looking *l)
{
	struct nl_room room;
	int ret;

	ret = connections_list(l->nl, see_connection, l);
	if (!ret)
		ret = nl_dump(l->nl,
			      nl_request(&room, EXP(IPCTNL_MSG_EXP_GET),
					 AF_UNSPEC),
			      see_announced, l);
	return ret;
}

/* ---- what the policy says ---- */

static bool read_tuple(const struct name *name, struct connection_tuple *tuple)
{
	return connection_tuple(name->bytes, name->n, tuple);
}

/* @reply, if it is known, tells whom the connection really goes to. */
static bool is_denied(struct live *live, const struct name *original,
		      const struct name *reply)
{
	struct connection control = { .status = IPS_SEEN_REPLY };
	struct connection_tuple *there = &control.original;
	struct connection_tuple *back = &control.reply;
	struct live_answer answer;

	if (!read_tuple(original, there))
		return false;
	if (!reply || !read_tuple(reply, back)) {
		live_ask_new(live, there, &answer);
		return !live_passes(&answer);
	}
	if (memcmp(there->destination, back->source, 16) != 0 ||
	    there->dport != back->sport)
		control.status |= IPS_DST_NAT;
	live_ask(live, &control, &answer);
	return !live_passes(&answer);
}

static const struct seen *find(const struct looking *l, const struct name *own)
{
	size_t i;

	for (i = 0; i < l->connections.n; i++)
		if (same(&l->connections.v[i].own, own))
			return &l->connections.v[i];
	return NULL;
}

/* As its control connection is; whose own may be known by now, or later. */
static bool parent_denied(const struct looking *l, const struct seen *seen)
{
	const struct seen *parent = find(l, &seen->parent);

	if (parent && parent->parent.n)
		return parent->denied;
	return is_denied(l->live, &seen->parent,
			 parent ? &parent->reply : NULL);
}

static void decide(struct looking *l)
{
	bool again = true;
	size_t i;

	while (again) {
		again = false;
		for (i = 0; i < l->connections.n; i++) {
			struct seen *seen = &l->connections.v[i];

			if (!seen->parent.n || seen->denied)
				continue;
			seen->denied = parent_denied(l, seen);
			again |= seen->denied;
		}
	}
	for (i = 0; i < l->announced.n; i++)
		l->announced.v[i].denied = l->announced.v[i].parent.n &&
					   parent_denied(l, &l->announced.v[i]);
}

/* ---- what is done ---- */

/* It may be over by now. */
static int end(struct looking *l, const struct seen *seen, uint16_t type,
	       uint16_t tuple, uint16_t zone)
{
	struct nlmsghdr *request;
	struct nl_room room;
	int ret;

	if (seen->own.n > sizeof(room) / 2)
		return 0;
	request = nl_request(&room, type, seen->family);
	mnl_attr_put(request, tuple | NLA_F_NESTED, seen->own.n,
		     seen->own.bytes);
	if (seen->zone.n)
		mnl_attr_put(request, zone, seen->zone.n, seen->zone.bytes);
	ret = nl_ask(l->nl, request, NULL, NULL);
	l->ended += !ret;
	return ret == -ENOENT ? 0 : ret;
}

static int end_denied(struct looking *l)
{
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < l->announced.n; i++)
		if (l->announced.v[i].denied)
			ret = end(l, &l->announced.v[i],
				  EXP(IPCTNL_MSG_EXP_DELETE), CTA_EXPECT_TUPLE,
				  CTA_EXPECT_ZONE);
	for (i = 0; !ret && i < l->connections.n; i++)
		if (l->connections.v[i].denied)
			ret = end(l, &l->connections.v[i],
				  CT(IPCTNL_MSG_CT_DELETE), CTA_TUPLE_ORIG,
				  CTA_ZONE);
	return ret;
}

static bool has_helper(const struct model *model)
{
	size_t i;

	for (i = 0; i < model->nrules; i++)
		if (model->rules[i].action == ACTION_HELPER)
			return true;
	return false;
}

static int follow(struct nl *nl, const struct model *model, size_t *ended)
{
	struct looking l = {
		.arena = arena_new(),
		.nl = nl,
	};
	int ret = live_open(l.arena, model, &l.live);

	if (!ret)
		ret = look(&l);
	if (!ret) {
		decide(&l);
		ret = end_denied(&l);
	}
	*ended = l.ended;
	live_close(l.live);
	arena_free(l.arena);
	return ret;
}

/* What was announced may come while it is looked for: so until none is left. */
int foreseen_follow(struct nl *nl, const struct model *model, size_t *ended)
{
	size_t n = 1;
	int ret = 0, round;

	*ended = 0;
	if (!has_helper(model) || model->existing_keep)
		return 0;
	for (round = 0; !ret && n && round < ROUNDS; round++) {
		ret = follow(nl, model, &n);
		*ended += n;
	}
	return ret == -EINVAL ? -EOPNOTSUPP : ret;
}
