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
#include "runtime/foreseen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "runtime/nl.h"
#include "runtime/where.h"

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
	const struct model *model;
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

static int see_connection(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attrs[CTA_MAX + 1];
	struct looking *l = data;

	nl_attrs(message, NULL, attrs, CTA_MAX);
	if (!attrs[CTA_HELP] && !attrs[CTA_TUPLE_MASTER])
		return 0;
	*vec_push(l->arena, &l->connections) = (struct seen){
		.own = copy(l->arena, attrs[CTA_TUPLE_ORIG]),
		.reply = copy(l->arena, attrs[CTA_TUPLE_REPLY]),
		.parent = copy(l->arena, attrs[CTA_TUPLE_MASTER]),
		.zone = copy(l->arena, attrs[CTA_ZONE]),
		.family = family_of(message),
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

	ret = nl_dump(l->nl,
		      nl_request(&room, CT(IPCTNL_MSG_CT_GET), AF_UNSPEC),
		      see_connection, l);
	if (!ret)
		ret = nl_dump(l->nl,
			      nl_request(&room, EXP(IPCTNL_MSG_EXP_GET),
					 AF_UNSPEC),
			      see_announced, l);
	return ret;
}

/* ---- tuples ---- */

static void nest_attrs(const void *nest, size_t n, const struct nlattr **attrs,
		       unsigned int max)
{
	const struct nlattr *attr;

	memset(attrs, 0, (max + 1) * sizeof(*attrs));
	for (attr = nest; mnl_attr_ok(
		     attr, (int)((const char *)nest + n - (const char *)attr));
	     attr = mnl_attr_next(attr))
		if (mnl_attr_get_type(attr) <= max)
			attrs[mnl_attr_get_type(attr)] = attr;
}

static bool get(const struct nlattr *attr, void *out, size_t n)
{
	if (!attr || mnl_attr_get_payload_len(attr) < n)
		return false;
	memcpy(out, mnl_attr_get_payload(attr), n);
	return true;
}

static bool get_addresses(const struct nlattr *nest,
			  struct foreseen_tuple *tuple)
{
	const struct nlattr *a[CTA_IP_MAX + 1];

	nl_attrs(NULL, nest, a, CTA_IP_MAX);
	tuple->family = a[CTA_IP_V6_SRC] ? FAMILY_INDEX_IPV6 :
					   FAMILY_INDEX_IPV4;
	if (tuple->family == FAMILY_INDEX_IPV6)
		return get(a[CTA_IP_V6_SRC], tuple->source, 16) &&
		       get(a[CTA_IP_V6_DST], tuple->destination, 16);
	return get(a[CTA_IP_V4_SRC], tuple->source, 4) &&
	       get(a[CTA_IP_V4_DST], tuple->destination, 4);
}

static bool get_protocol(const struct nlattr *nest,
			 struct foreseen_tuple *tuple)
{
	const struct nlattr *a[CTA_PROTO_MAX + 1];

	nl_attrs(NULL, nest, a, CTA_PROTO_MAX);
	tuple->has_ports = get(a[CTA_PROTO_SRC_PORT], &tuple->sport, 2) &&
			   get(a[CTA_PROTO_DST_PORT], &tuple->dport, 2);
	return get(a[CTA_PROTO_NUM], &tuple->proto, 1);
}

bool foreseen_tuple(const void *nest, size_t n, struct foreseen_tuple *tuple)
{
	const struct nlattr *attrs[CTA_TUPLE_MAX + 1];

	*tuple = (struct foreseen_tuple){ 0 };
	nest_attrs(nest, n, attrs, CTA_TUPLE_MAX);
	return attrs[CTA_TUPLE_IP] && attrs[CTA_TUPLE_PROTO] &&
	       get_addresses(attrs[CTA_TUPLE_IP], tuple) &&
	       get_protocol(attrs[CTA_TUPLE_PROTO], tuple);
}

static bool read_tuple(const struct name *name, struct foreseen_tuple *tuple)
{
	return foreseen_tuple(name->bytes, name->n, tuple);
}

/* ---- what the policy says ---- */

/* The zone, -1 for the router; in none of them if it is false. */
static bool zone_at(const struct model *model, unsigned int family,
		    const uint8_t *address, int *zone)
{
	char device[IF_NAMESIZE];
	enum where where = where_is(address, family, device);

	*zone = -1;
	if (where == WHERE_BEHIND)
		*zone = where_zone(model, device, family, address);
	return where == WHERE_HERE || *zone >= 0;
}

static bool passes(const struct answer *answer)
{
	return answer->action == ACTION_ACCEPT ||
	       answer->action == ACTION_QUEUE;
}

static struct packet first_packet(const struct foreseen_tuple *tuple)
{
	struct packet packet = { .proto = tuple->proto,
				 .family = (uint8_t)tuple->family };

	packet_set(&packet, packet_source(&packet), tuple->source);
	packet_set(&packet, packet_destination(&packet), tuple->destination);
	if (tuple->has_ports) {
		packet_set(&packet, KEY_TH_SPORT,
			   (const uint8_t *)&tuple->sport);
		packet_set(&packet, KEY_TH_DPORT,
			   (const uint8_t *)&tuple->dport);
	}
	return packet;
}

static bool accepts(const struct model *model,
		    const struct foreseen_tuple *tuple, bool forwarded)
{
	struct packet packet = first_packet(tuple);
	struct answer answer;
	bool from, to;

	from = zone_at(model, tuple->family, tuple->source, &packet.from);
	to = zone_at(model, tuple->family, tuple->destination, &packet.to);
	if (from && to) {
		model_evaluate(model, &packet, &answer);
		return passes(&answer) && (!forwarded || answer.nat_forward);
	}
	if (to && packet.to < 0)
		return model->defaults[HOOK_INPUT] == ACTION_ACCEPT;
	if (from && packet.from < 0)
		return model->defaults[HOOK_OUTPUT] == ACTION_ACCEPT;
	return model->defaults[HOOK_FORWARD] == ACTION_ACCEPT;
}

/* @reply, if it is known, tells whom the connection really goes to. */
static bool is_denied(const struct model *model, const struct name *original,
		      const struct name *reply)
{
	struct foreseen_tuple there, back;
	bool forwarded;

	if (!read_tuple(original, &there))
		return false;
	if (!reply || !read_tuple(reply, &back))
		return !accepts(model, &there, false);
	forwarded = memcmp(there.destination, back.source, 16) != 0 ||
		    there.dport != back.sport;
	if (accepts(model, &there, forwarded))
		return false;
	if (!forwarded)
		return true;
	memcpy(there.destination, back.source, 16);
	there.dport = back.sport;
	return !accepts(model, &there, false);
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
	return is_denied(l->model, &seen->parent,
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
		.model = model,
	};
	int ret = look(&l);

	if (!ret) {
		decide(&l);
		ret = end_denied(&l);
	}
	*ended = l.ended;
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
