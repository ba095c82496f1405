// SPDX-License-Identifier: GPL-2.0-only
/*
 * Order, as in emit/batch.h: the table; out with what must go, rules first,
 * then sets (whose verdicts hold chains), chains, flowtables, limits; then the
 * content, message by message, with new sequence numbers.
 *
 * What must stay true: chains that both have are kept, so that no hook is
 * unregistered; a dynamic set that both have in the same form is kept, with
 * its elements, and so are counters and quotas. Everything else goes and comes
 * anew.
 *
 * Source: uapi nf_tables.h, nfnetlink.h.
 */
#include "runtime/ruleset/restore.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>

#include "base/map.h"
#include "runtime/netlink/names.h"
#include "runtime/netlink/nl.h"
#include "runtime/offload/devices.h"
#include "runtime/offload/flowtable.h"
#include "runtime/ruleset/container.h"

struct restore {
	struct buf *out;
	uint32_t seq;
	const struct table_names *now;
	struct table_names next;
	struct map chains; /* of next, by name */
	const struct restore_options *options;
};

/* A message of the batch; it stays valid until the next one is begun. */
static struct nlmsghdr *begin(struct restore *r, struct nl_room *room,
			      uint16_t type)
{
	struct nlmsghdr *message = nl_request(room, type, NFPROTO_INET);

	message->nlmsg_flags = NLM_F_REQUEST;
	message->nlmsg_seq = r->seq++;
	return message;
}

static void end(struct restore *r, const struct nlmsghdr *message)
{
	buf_add(r->out, message, message->nlmsg_len);
}

/* NFNL_MSG_BATCH_BEGIN and _END. */
static void bracket(struct restore *r, uint16_t type)
{
	nl_put_bracket(r->out, type, r->seq++,
		       type == NFNL_MSG_BATCH_BEGIN ? r->options->genid : 0);
}

static void make_table(struct restore *r)
{
	struct nl_room room;
	struct nlmsghdr *message = begin(r, &room, NFT(NFT_MSG_NEWTABLE));

	message->nlmsg_flags |= NLM_F_CREATE;
	mnl_attr_put_strz(message, NFTA_TABLE_NAME, IR_TABLE);
	end(r, message);
}

/*
 * Of every kind of message the table is attribute 1; @name (NULL: all) is
 * @attr. @type is of an object, 0: it has none.
 */
static void delete (struct restore *r, uint16_t kind, uint16_t attr,
		    const char *name, uint32_t type)
{
	struct nl_room room;
	struct nlmsghdr *message = begin(r, &room, NFT(kind));

	mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, IR_TABLE);
	if (name)
		mnl_attr_put_strz(message, attr, name);
	if (type)
		mnl_attr_put_u32(message, NFTA_OBJ_TYPE, htonl(type));
	end(r, message);
}

static bool same_set(const struct table_set *a, const struct table_set *b)
{
	return strcmp(a->name, b->name) == 0 && a->flags == b->flags &&
	       a->key_type == b->key_type && a->key_len == b->key_len &&
	       a->size == b->size && a->timeout == b->timeout;
}

static bool is_kept_set(const struct restore *r, const struct table_set *set)
{
	size_t i;

	if (!(set->flags & (NFT_SET_TIMEOUT | NFT_SET_EVAL)))
		return false;
	for (i = 0; i < r->next.nsets; i++)
		if (same_set(set, &r->next.sets[i]))
			return true;
	return false;
}

static bool is_kept_chain(const struct restore *r, const struct table_chain *a)
{
	const struct table_chain *b = map_get(&r->chains, str_of(a->name));

	if (!b || !a->type || !b->type)
		return b && !a->type && !b->type;
	return strcmp(a->type, b->type) == 0 && a->hook == b->hook &&
	       a->priority == b->priority;
}

/* Counters and quotas go on counting. */
static bool is_kept_object(const struct restore *r,
			   const struct table_object *object)
{
	size_t i;

	for (i = 0; i < r->next.nobjects; i++)
		if (r->next.objects[i].type == object->type &&
		    strcmp(r->next.objects[i].name, object->name) == 0)
			return true;
	return false;
}

static void delete_all(struct restore *r)
{
	const struct table_names *now = r->now;
	size_t i;

	if (!now->exists)
		return;
	delete (r, NFT_MSG_DELRULE, 0, NULL, 0);
	for (i = 0; i < now->nsets; i++)
		if (!is_kept_set(r, &now->sets[i]))
			delete (r, NFT_MSG_DELSET, NFTA_SET_NAME,
				now->sets[i].name, 0);
	for (i = 0; i < now->nchains; i++)
		if (!is_kept_chain(r, &now->chains[i]))
			delete (r, NFT_MSG_DELCHAIN, NFTA_CHAIN_NAME,
				now->chains[i].name, 0);
	for (i = 0; i < now->nflowtables; i++)
		delete (r, NFT_MSG_DELFLOWTABLE, NFTA_FLOWTABLE_NAME,
			now->flowtables[i], 0);
	for (i = 0; i < now->nlimits; i++)
		delete (r, NFT_MSG_DELOBJ, NFTA_OBJ_NAME, now->limits[i],
			NFT_OBJECT_LIMIT);
	for (i = 0; i < now->nobjects; i++)
		if (!is_kept_object(r, &now->objects[i]))
			delete (r, NFT_MSG_DELOBJ, NFTA_OBJ_NAME,
				now->objects[i].name, now->objects[i].type);
}

/* With those of its devices that exist, or as it was decided. */
static void copy_flowtable(struct restore *r, const struct nlmsghdr *from)
{
	struct flowtable_as as = { .existing = r->options->devices };
	const struct nlattr *attrs[NFTA_FLOWTABLE_MAX + 1];
	const struct attach_table *table = NULL;
	size_t at = r->out->n;

	nl_attrs(from, NULL, attrs, NFTA_FLOWTABLE_MAX);
	if (r->options->attach && nl_str(attrs[NFTA_FLOWTABLE_NAME]))
		table = attach_find(r->options->attach,
				    nl_str(attrs[NFTA_FLOWTABLE_NAME]));
	if (table)
		as = flowtable_decided(table);
	flowtable_copy(r->out, from, &as);
	((struct nlmsghdr *)(void *)(r->out->p + at))->nlmsg_seq = r->seq++;
}

/* With what fills it up: its last attribute may reach into that. */
static void copy_message(struct restore *r, const struct nlmsghdr *from)
{
	size_t n = MNL_ALIGN(from->nlmsg_len);
	struct nlmsghdr *to;

	to = (struct nlmsghdr *)buf_reserve(r->out, n);
	memcpy(to, from, n);
	to->nlmsg_seq = r->seq++;
	r->out->n += n;
}

static void copy_content(struct restore *r, struct str content)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)content.p;
	int left = (int)content.n;

	while (nl_message_ok(message, left)) {
		switch (message->nlmsg_type) {
		case NFNL_MSG_BATCH_BEGIN:
		case NFNL_MSG_BATCH_END:
		case NFT(NFT_MSG_NEWTABLE):
			break;
		case NFT(NFT_MSG_NEWFLOWTABLE):
			copy_flowtable(r, message);
			break;
		default:
			copy_message(r, message);
		}
		message = mnl_nlmsg_next(message, &left);
	}
}

/* What lower_nat() adds, in the kernel's words. */
static const struct table_chain translated_chain = {
	.name = LOWER_TRANSLATED,
	.type = "nat",
	.hook = NF_INET_POST_ROUTING,
	.priority = LOWER_TRANSLATED_PRIORITY,
};

static void put_translated(struct nlmsghdr *message)
{
	struct nlattr *hook;

	message->nlmsg_flags |= NLM_F_CREATE;
	mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, IR_TABLE);
	mnl_attr_put_strz(message, NFTA_CHAIN_NAME, translated_chain.name);
	hook = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(message, NFTA_HOOK_HOOKNUM,
			 htonl(translated_chain.hook));
	mnl_attr_put_u32(message, NFTA_HOOK_PRIORITY,
			 htonl((uint32_t)translated_chain.priority));
	mnl_attr_nest_end(message, hook);
	mnl_attr_put_u32(message, NFTA_CHAIN_POLICY, htonl(NF_ACCEPT));
	mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, translated_chain.type);
}

static void make_translated(struct restore *r)
{
	struct nl_room room;
	struct nlmsghdr *message = begin(r, &room, NFT(NFT_MSG_NEWCHAIN));

	put_translated(message);
	end(r, message);
}

static bool translates(const struct names *names)
{
	return names_translate(names->chains.v, names->chains.n);
}

bool restore_translates(struct str content)
{
	struct names names = { .arena = arena_new() };
	bool any;

	names_add_batch(&names, content.p, content.n);
	any = translates(&names);
	arena_free(names.arena);
	return any;
}

/* Where the last message begins; @content.n: there is none. */
static size_t last_message(struct str content)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)content.p;
	size_t at = content.n;
	int left = (int)content.n;

	while (nl_message_ok(message, left)) {
		at = (size_t)((const char *)message - content.p);
		message = mnl_nlmsg_next(message, &left);
	}
	return at;
}

void restore_know_translated(struct buf *content, const struct names *now)
{
	struct str stored = { content->p, content->n };
	struct nlmsghdr *message;
	struct nl_room room;
	size_t i, at, n;

	for (i = 0; i < now->chains.n; i++)
		if (!strcmp(now->chains.v[i].name, LOWER_TRANSLATED))
			break;
	if (i == now->chains.n || !stored.n || restore_translates(stored))
		return;
	message = nl_request(&room, NFT(NFT_MSG_NEWCHAIN), NFPROTO_INET);
	put_translated(message);
	n = MNL_ALIGN(message->nlmsg_len);
	at = last_message(stored);
	buf_reserve(content, n);
	memmove(content->p + at + n, content->p + at, stored.n - at);
	memcpy(content->p + at, message, n);
	content->n += n;
}

/* Whole messages, from BEGIN to END. */
static bool is_content(struct str content)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)content.p;
	bool begun = false, ended = false;
	int left = (int)content.n;

	while (nl_message_ok(message, left)) {
		if (mnl_nlmsg_get_payload_len(message) <
		    sizeof(struct nfgenmsg))
			return false;
		if (message->nlmsg_type == NFNL_MSG_BATCH_BEGIN)
			begun = true;
		ended = message->nlmsg_type == NFNL_MSG_BATCH_END;
		message = mnl_nlmsg_next(message, &left);
	}
	return begun && ended && left == 0;
}

int restore_build(struct buf *out, struct str content,
		  const struct table_names *now,
		  const struct restore_options *options)
{
	struct restore r = { .out = out, .now = now, .options = options };
	struct names names = { 0 };
	bool translated;
	size_t i;

	if (!is_content(content))
		return -EBADMSG;
	names.arena = arena_new();
	names_add_batch(&names, content.p, content.n);
	translated = options->translated && !translates(&names);
	if (translated)
		*vec_push(names.arena, &names.chains) = translated_chain;
	names_table(&names, &r.next);
	map_init(&r.chains, names.arena);
	for (i = 0; i < r.next.nchains; i++)
		map_add(&r.chains, str_of(r.next.chains[i].name),
			&r.next.chains[i]);
	bracket(&r, NFNL_MSG_BATCH_BEGIN);
	make_table(&r);
	delete_all(&r);
	if (translated)
		make_translated(&r);
	copy_content(&r, content);
	bracket(&r, NFNL_MSG_BATCH_END);
	arena_free(names.arena);
	return 0;
}

/* "rule in chain forward", "set admins". */
static const char *what_of(struct arena *arena, const struct nlmsghdr *message)
{
	static const struct kind {
		uint16_t type, attr;
		const char *what;
	} kinds[] = {
		{ NFT_MSG_NEWCHAIN, NFTA_CHAIN_NAME, "chain" },
		{ NFT_MSG_NEWRULE, NFTA_RULE_CHAIN, "rule in chain" },
		{ NFT_MSG_NEWSET, NFTA_SET_NAME, "set" },
		{ NFT_MSG_NEWSETELEM, NFTA_SET_ELEM_LIST_SET,
		  "elements of set" },
		{ NFT_MSG_NEWOBJ, NFTA_OBJ_NAME, "object" },
		{ NFT_MSG_NEWFLOWTABLE, NFTA_FLOWTABLE_NAME, "flowtable" },
	};
	const struct nlattr *attrs[NFTA_RULE_MAX + 1];
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (message->nlmsg_type != NFT(kinds[i].type))
			continue;
		nl_attrs(message, NULL, attrs, NFTA_RULE_MAX);
		if (!nl_str(attrs[kinds[i].attr]))
			return kinds[i].what;
		return arena_printf(arena, "%s %s", kinds[i].what,
				    nl_str(attrs[kinds[i].attr]));
	}
	return NULL;
}

void restore_index(struct batch *batch, struct buf *bytes)
{
	struct batch_message note;
	struct nlmsghdr *message;
	size_t at, step;

	*batch = (struct batch){ .bytes = *bytes, .arena = arena_new() };
	*bytes = (struct buf){ 0 };
	for (at = 0; at < batch->bytes.n; at += step) {
		message = (struct nlmsghdr *)(void *)(batch->bytes.p + at);
		step = MNL_ALIGN(message->nlmsg_len);
		note = (struct batch_message){
			.offset = (uint32_t)at,
			.type = NFNL_MSG_TYPE(message->nlmsg_type),
			.what = what_of(batch->arena, message),
		};
		buf_add(&batch->index, &note, sizeof(note));
		message->nlmsg_seq = (uint32_t)++batch->n;
	}
	batch->messages = (struct batch_message *)(void *)batch->index.p;
}
