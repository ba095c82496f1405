// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which messages a transaction consists of, in which order, and where each
 * comes from. See batch.h.
 *
 * Removing goes from what refers to what is referred to:
 *
 *	rules -> sets (maps refer to chains) -> chains, flowtables, limits
 *
 * and adding the other way round.
 */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/map.h"
#include "batch_parts.h"

static const struct span nowhere;

/* ---- Messages and their index ---- */

static void note(struct batch *batch, uint16_t type, struct span span,
		 const char *what)
{
	struct batch_message message = {
		.offset = (uint32_t)batch->bytes.n,
		.type = type,
		.span = span,
		.what = what,
	};

	buf_add(&batch->index, &message, sizeof(message));
	batch->messages = (struct batch_message *)(void *)batch->index.p;
	batch->n++;
}

/* The length is filled in when the message is closed. */
static struct attrs put_headers(struct batch *batch, uint16_t type,
				uint16_t flags, const struct nfgenmsg *nfgen)
{
	struct nlmsghdr nlh = {
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlmsg_seq = (uint32_t)batch->n,
	};
	char *at = buf_reserve(&batch->bytes, MESSAGE_ROOM);

	memcpy(at, &nlh, sizeof(nlh));
	memcpy(at + NLMSG_HDRLEN, nfgen, sizeof(*nfgen));
	return (struct attrs){ (uint8_t *)at + NLMSG_LENGTH(sizeof(*nfgen)) };
}

struct attrs message_open(struct builder *b, uint16_t type, uint16_t flags,
			  struct span span, const char *what)
{
	static const struct nfgenmsg nfgen = {
		.nfgen_family = NFPROTO_INET,
		.version = NFNETLINK_V0,
	};

	note(b->batch, type, span, what);
	return put_headers(b->batch,
			   (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags,
			   &nfgen);
}

void message_close(struct builder *b, const struct attrs *a)
{
	struct batch *batch = b->batch;
	uint32_t begin = batch->messages[batch->n - 1].offset, len;

	batch->bytes.n = (size_t)(a->at - (uint8_t *)batch->bytes.p);
	len = (uint32_t)(batch->bytes.n - begin);
	memcpy(batch->bytes.p + begin, &len, sizeof(len));
}

/* @type is NFNL_MSG_BATCH_*: where the transaction begins and ends. */
static void put_bound(struct builder *b, uint16_t type, uint32_t genid)
{
	const struct nfgenmsg nfgen = {
		.version = NFNETLINK_V0,
		.res_id = htobe16(NFNL_SUBSYS_NFTABLES),
	};
	struct attrs a;

	note(b->batch, type, nowhere, NULL);
	a = put_headers(b->batch, type, 0, &nfgen);
	if (genid)
		attr_u32(&a, NFNL_BATCH_GENID, genid);
	message_close(b, &a);
}

static const char *call(struct builder *b, const char *kind, const char *name)
{
	return arena_printf(b->batch->arena, "%s %s", kind, name);
}

/* ---- Removing ---- */

/*
 * All of these name the table by attribute 1 and a thing in it by 2 (chains
 * by 3).
 */
static void put_object_removal(struct builder *b, uint32_t type,
			       const char *kind, const char *name)
{
	struct attrs a = message_open(b, NFT_MSG_DELOBJ, 0, nowhere,
				      call(b, kind, name));

	attr_str(&a, NFTA_OBJ_TABLE, IR_TABLE);
	attr_str(&a, NFTA_OBJ_NAME, name);
	attr_u32(&a, NFTA_OBJ_TYPE, type);
	message_close(b, &a);
}

static void put_removal(struct builder *b, uint16_t type, uint16_t attr,
			const char *kind, const char *name)
{
	struct attrs a = message_open(b, type, 0, nowhere, call(b, kind, name));

	attr_str(&a, NFTA_TABLE_NAME, IR_TABLE);
	attr_str(&a, attr, name);
	message_close(b, &a);
}

static void put_table(struct builder *b, uint16_t type, uint16_t flags)
{
	struct attrs a =
		message_open(b, type, flags, nowhere, "table " IR_TABLE);

	attr_str(&a, NFTA_TABLE_NAME, IR_TABLE);
	/* Somebody may have put it to sleep. */
	if (type == NFT_MSG_NEWTABLE)
		attr_u32(&a, NFTA_TABLE_FLAGS, 0);
	message_close(b, &a);
}

static void remove_rules(struct builder *b)
{
	struct attrs a = message_open(b, NFT_MSG_DELRULE, 0, nowhere,
				      "rules of table " IR_TABLE);

	attr_str(&a, NFTA_RULE_TABLE, IR_TABLE);
	message_close(b, &a);
}

static bool same_set(const struct ir_set *set, const struct table_set *now)
{
	return ir_set_flags(set) == now->flags &&
	       set_key_type(set) == now->key_type &&
	       set->klen == now->key_len && set->timeout == now->timeout &&
	       ir_set_size(set) == now->size;
}

static bool same_chain(const struct ir_chain *chain,
		       const struct table_chain *now)
{
	if (!chain->type || !now->type)
		return !chain->type && !now->type;
	return !strcmp(chain->type, now->type) && chain->hook == now->hook &&
	       chain->priority == now->priority;
}

/* Sets that stay are added to @kept. */
static void remove_sets(struct builder *b, const struct ir *ir,
			const struct table_names *now, struct map *kept)
{
	struct map sets;

	map_init(&sets, b->scratch);
	for (struct ir_set *set = ir->sets; set; set = set->next)
		map_add(&sets, str_of(set->name), set);
	for (size_t i = 0; i < now->nsets; i++) {
		struct str name = str_of(now->sets[i].name);
		struct ir_set *set = map_get(&sets, name);

		if (set && set->dynamic && same_set(set, &now->sets[i]))
			map_add(kept, name, set);
		else
			put_removal(b, NFT_MSG_DELSET, NFTA_SET_NAME, "set",
				    name.p);
	}
}

static void remove_chains(struct builder *b, const struct ir *ir,
			  const struct table_names *now)
{
	struct map chains;

	map_init(&chains, b->scratch);
	for (struct ir_chain *c = ir->chains; c; c = c->next)
		map_add(&chains, str_of(c->name), c);
	for (size_t i = 0; i < now->nchains; i++) {
		const char *name = now->chains[i].name;
		const struct ir_chain *c = map_get(&chains, str_of(name));

		if (!c || !same_chain(c, &now->chains[i]))
			put_removal(b, NFT_MSG_DELCHAIN, NFTA_CHAIN_NAME,
				    "chain", name);
	}
}

/* "counter", "quota", "ct helper": for messages. */
static const char *object_kind(uint32_t type)
{
	return type == NFT_OBJECT_COUNTER   ? "counter" :
	       type == NFT_OBJECT_QUOTA	    ? "quota" :
	       type == NFT_OBJECT_CT_HELPER ? "ct helper" :
					      "object";
}

/* As a key of the map of what is kept; no set's name begins like it. */
static struct str object_key(struct builder *b, const char *name)
{
	return str_of(arena_printf(b->scratch, "object %s", name));
}

/* Objects that stay are added to @kept. */
static void remove_objects(struct builder *b, const struct ir *ir,
			   const struct table_names *now, struct map *kept)
{
	struct map objects;

	map_init(&objects, b->scratch);
	for (struct ir_object *o = ir->objects; o; o = o->next)
		map_add(&objects, str_of(o->name), o);
	for (size_t i = 0; i < now->nobjects; i++) {
		const struct table_object *old = &now->objects[i];
		struct ir_object *o = map_get(&objects, str_of(old->name));

		if (o && o->type == old->type)
			map_add(kept, object_key(b, old->name), o);
		else
			put_object_removal(b, old->type, object_kind(old->type),
					   old->name);
	}
}

static void remove_old(struct builder *b, const struct ir *ir,
		       const struct table_names *now, struct map *kept)
{
	remove_rules(b);
	remove_sets(b, ir, now, kept);
	remove_chains(b, ir, now);
	for (size_t i = 0; i < now->nflowtables; i++)
		put_removal(b, NFT_MSG_DELFLOWTABLE, NFTA_FLOWTABLE_NAME,
			    "flowtable", now->flowtables[i]);
	for (size_t i = 0; i < now->nlimits; i++)
		put_object_removal(b, NFT_OBJECT_LIMIT, "limit",
				   now->limits[i]);
	remove_objects(b, ir, now, kept);
}

/* ---- Adding ---- */

static void put_hook(struct attrs *a, const struct ir_chain *chain)
{
	uint8_t *hook = attr_begin(a);

	attr_u32(a, NFTA_HOOK_HOOKNUM, chain->hook);
	attr_u32(a, NFTA_HOOK_PRIORITY, (uint32_t)chain->priority);
	attr_end(a, hook, NFTA_CHAIN_HOOK);
	attr_u32(a, NFTA_CHAIN_POLICY,
		 chain->policy_drop ? NF_DROP : NF_ACCEPT);
	attr_str(a, NFTA_CHAIN_TYPE, chain->type);
}

static void put_chain(struct builder *b, const struct ir_chain *chain)
{
	struct attrs a = message_open(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE,
				      chain->span,
				      call(b, "chain", chain->name));

	attr_str(&a, NFTA_CHAIN_TABLE, IR_TABLE);
	attr_str(&a, NFTA_CHAIN_NAME, chain->name);
	if (chain->type)
		put_hook(&a, chain);
	message_close(b, &a);
}

/* Only those that are named exactly: the runtime knows what is there. */
static void put_devices(struct attrs *a, const struct ir_flowtable *flowtable)
{
	uint8_t *devices = attr_begin(a);

	for (size_t i = 0; i < flowtable->ndevices; i++)
		if (!strchr(flowtable->devices[i], '*'))
			attr_str(a, NFTA_DEVICE_NAME, flowtable->devices[i]);
	attr_end(a, devices, NFTA_FLOWTABLE_HOOK_DEVS);
}

static void put_flowtable(struct builder *b,
			  const struct ir_flowtable *flowtable)
{
	struct attrs a = message_open(b, NFT_MSG_NEWFLOWTABLE, NLM_F_CREATE,
				      flowtable->span,
				      call(b, "flowtable", flowtable->name));
	uint8_t *hook;

	attr_str(&a, NFTA_FLOWTABLE_TABLE, IR_TABLE);
	attr_str(&a, NFTA_FLOWTABLE_NAME, flowtable->name);
	hook = attr_begin(&a);
	attr_u32(&a, NFTA_FLOWTABLE_HOOK_NUM, NF_NETDEV_INGRESS);
	attr_u32(&a, NFTA_FLOWTABLE_HOOK_PRIORITY,
		 (uint32_t)flowtable->priority);
	put_devices(&a, flowtable);
	attr_end(&a, hook, NFTA_FLOWTABLE_HOOK);
	attr_u32(&a, NFTA_FLOWTABLE_FLAGS,
		 (flowtable->hardware ? NFT_FLOWTABLE_HW_OFFLOAD : 0u) |
			 (flowtable->counter ? NFT_FLOWTABLE_COUNTER : 0u));
	message_close(b, &a);
}

static void put_limit(struct builder *b, const struct ir_limit *limit)
{
	struct attrs a = message_open(b, NFT_MSG_NEWOBJ, NLM_F_CREATE,
				      limit->span,
				      call(b, "limit", limit->name));
	uint8_t *data;

	attr_str(&a, NFTA_OBJ_TABLE, IR_TABLE);
	attr_str(&a, NFTA_OBJ_NAME, limit->name);
	attr_u32(&a, NFTA_OBJ_TYPE, NFT_OBJECT_LIMIT);
	data = attr_begin(&a);
	attr_u64(&a, NFTA_LIMIT_RATE, limit->rate);
	attr_u64(&a, NFTA_LIMIT_UNIT, limit->unit);
	attr_u32(&a, NFTA_LIMIT_BURST, limit->burst);
	attr_u32(&a, NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS);
	attr_end(&a, data, NFTA_OBJ_DATA);
	message_close(b, &a);
}

static void put_object_data(struct attrs *a, const struct ir_object *object)
{
	uint8_t *data = attr_begin(a);

	switch (object->type) {
	case NFT_OBJECT_COUNTER:
		attr_u64(a, NFTA_COUNTER_BYTES, 0);
		attr_u64(a, NFTA_COUNTER_PACKETS, 0);
		break;
	case NFT_OBJECT_QUOTA:
		attr_u64(a, NFTA_QUOTA_BYTES, object->bytes);
		attr_u32(a, NFTA_QUOTA_FLAGS, 0);
		break;
	case NFT_OBJECT_CT_HELPER:
		attr_str(a, NFTA_CT_HELPER_NAME, object->helper);
		attr_u8(a, NFTA_CT_HELPER_L4PROTO, object->proto);
		break;
	}
	attr_end(a, data, NFTA_OBJ_DATA);
}

/* Of a quota that is kept the amount is changed, in place. */
static void put_object(struct builder *b, const struct ir_object *object,
		       const struct map *kept)
{
	struct attrs a;

	if (object->type != NFT_OBJECT_QUOTA &&
	    map_get(kept, object_key(b, object->name)))
		return;
	a = message_open(b, NFT_MSG_NEWOBJ, NLM_F_CREATE, object->span,
			 call(b, object_kind(object->type), object->name));
	attr_str(&a, NFTA_OBJ_TABLE, IR_TABLE);
	attr_str(&a, NFTA_OBJ_NAME, object->name);
	attr_u32(&a, NFTA_OBJ_TYPE, object->type);
	put_object_data(&a, object);
	message_close(b, &a);
}

static void put_sets(struct builder *b, const struct ir *ir,
		     const struct map *kept)
{
	for (const struct ir_set *set = ir->sets; set; set = set->next)
		if (!map_get(kept, str_of(set->name)))
			put_set_definition(b, set, set->span,
					   call(b, "set", set->name));
}

static int put_rules(struct builder *b, const struct ir *ir)
{
	for (const struct ir_chain *c = ir->chains; c; c = c->next) {
		const char *what = call(b, "rule in chain", c->name);

		for (const struct ir_rule *r = c->rules; r; r = r->next) {
			int err = r->raw ? put_raw_rule(b, c, r, what) :
					   put_rule(b, c, r, what);

			if (err)
				return err;
		}
	}
	return 0;
}

static int put_policy(struct builder *b, const struct ir *ir,
		      const struct table_names *now)
{
	struct map kept;
	int err;

	map_init(&kept, b->scratch);
	put_table(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	if (now && now->exists)
		remove_old(b, ir, now, &kept);
	for (const struct ir_chain *c = ir->chains; c; c = c->next)
		put_chain(b, c);
	for (const struct ir_flowtable *f = ir->flowtables; f; f = f->next)
		put_flowtable(b, f);
	/* in the order in which the text leaves them */
	for (const struct ir_object *o = ir->objects; o; o = o->next)
		put_object(b, o, &kept);
	for (const struct ir_limit *l = ir->limits; l; l = l->next)
		put_limit(b, l);
	put_sets(b, ir, &kept);
	err = put_rules(b, ir);
	if (err)
		return err;
	for (const struct ir_set *set = ir->sets; set; set = set->next)
		put_set_elements(b, set, 0, set->span,
				 call(b, "elements of set", set->name));
	return 0;
}

int batch_build(struct batch *batch, const struct ir *ir,
		const struct batch_options *options)
{
	struct builder b = { .batch = batch, .scratch = arena_new() };
	int err = 0;

	b.exprs.arena = b.scratch;
	*batch = (struct batch){ .arena = arena_new() };
	put_bound(&b, NFNL_MSG_BATCH_BEGIN, options->genid);
	if (options->remove_only)
		put_table(&b, NFT_MSG_DELTABLE, 0);
	else
		err = put_policy(&b, ir, options->now);
	if (!err)
		put_bound(&b, NFNL_MSG_BATCH_END, 0);
	arena_free(b.scratch);
	return err;
}

void batch_free(struct batch *batch)
{
	buf_free(&batch->bytes);
	buf_free(&batch->index);
	arena_free(batch->arena);
	*batch = (struct batch){ 0 };
}
