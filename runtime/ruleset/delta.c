// SPDX-License-Identifier: GPL-2.0-only
/*
 * What goes and what comes, in the order that delta.h draws.
 */
#include "runtime/ruleset/delta.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>

#include "runtime/netlink/names.h"
#include "runtime/netlink/nl.h"
#include "runtime/ruleset/delta_parts.h"

/* NFNL_MSG_BATCH_BEGIN and _END. */
static void bracket(struct delta *d, uint16_t type, uint32_t genid)
{
	struct nlmsghdr *message = delta_open(d, type, 64, NULL, NULL);
	struct nfgenmsg *gen = mnl_nlmsg_get_payload(message);

	gen->nfgen_family = AF_UNSPEC;
	gen->res_id = htons(NFNL_SUBSYS_NFTABLES);
	if (genid)
		mnl_attr_put_u32(message, NFNL_BATCH_GENID, htonl(genid));
	delta_close(d, message);
}

/*
 * What is renewed
 */

static void renew(const struct map *old, struct content_thing *new,
		  struct str key, const struct renewal *asked)
{
	struct content_thing *thing = map_get(old, key);

	if (!thing)
		return;
	thing->renewed = new->renewed =
		thing->hash != new->hash ||
		(asked && renewal_has(asked, new->name));
}

/* Whatever is in the maps begins with what has a name. */
static void find_renewed(const struct map *old, const struct map *new,
			 const struct renewal *asked)
{
	size_t i;

	for (i = 0; i < new->entries.n; i++)
		renew(old, new->entries.v[i].value, new->entries.v[i].key,
		      asked);
}

/* What its definition does not tell. */
static bool must_renew(struct delta *d, struct content_set *old,
		       struct content_set *new)
{
	if (old->size != new->size)
		return true;
	return new->flags &NFT_SET_CONCAT && !delta_keeps_order(d, old, new);
}

static void find_renewed_sets(struct delta *d)
{
	const struct map *sets = &d->new.sets;
	struct content_set *old, *new;
	size_t i;

	find_renewed(&d->old.sets, sets, NULL);
	for (i = 0; i < sets->entries.n; i++) {
		new = sets->entries.v[i].value;
		old = map_get(&d->old.sets, sets->entries.v[i].key);
		if (old && !new->thing.renewed && must_renew(d, old, new))
			old->thing.renewed = new->thing.renewed = true;
	}
}

/* Of things that both have and that are not renewed, the old one. */
static void *staying(const struct map *other, const struct map_entry *entry)
{
	const struct content_thing *thing = entry->value;

	return thing->renewed ? NULL : map_get(other, entry->key);
}

/* Each once, also if elements go and come. */
static void note_set(struct delta *d, const char *name)
{
	struct arena *arena = d->options->arena;

	name = arena_strndup(arena, name, strlen(name));
	if (map_add(&d->sets, str_of(name), d))
		*vec_push(arena, &d->result->sets) = name;
}

/*
 * Out
 */

static void remove_things(struct delta *d, const struct map *old,
			  const struct map *new, uint16_t kind, uint16_t attr,
			  size_t *count)
{
	const struct content_thing *thing;
	size_t i;

	for (i = 0; i < old->entries.n; i++) {
		if (staying(new, &old->entries.v[i]))
			continue;
		thing = old->entries.v[i].value;
		delta_delete(d, kind, attr, thing->name, thing->type);
		++*count;
	}
}

static void change_elements(struct delta *d, const struct map *sets,
			    const struct map *others, bool add)
{
	struct content_set *set, *other;
	size_t i, n;

	for (i = 0; i < sets->entries.n; i++) {
		set = sets->entries.v[i].value;
		other = staying(others, &sets->entries.v[i]);
		if (other && content_same_elements(set, other))
			continue;
		n = d->batch->n;
		if (other && add)
			delta_add_elements(d, other, set);
		else if (other)
			delta_remove_elements(d, set, other);
		if (!other || d->batch->n != n)
			note_set(d, set->thing.name);
	}
}

/* The kernel's devices of a flowtable, by its name. */
static const struct names_flowtable *devices_now(const struct delta *d,
						 const char *name)
{
	const struct names *now = d->options->now;
	size_t i;

	for (i = 0; now && i < now->flowtables.n; i++)
		if (strcmp(now->flowtables.v[i].name, name) == 0)
			return &now->flowtables.v[i];
	return NULL;
}

static const struct nlattr *hook_of(const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_FLOWTABLE_MAX + 1];

	nl_attrs(message, NULL, attrs, NFTA_FLOWTABLE_MAX);
	return attrs[NFTA_FLOWTABLE_HOOK];
}

/* Its devices; NULL: none are named. */
static const struct nlattr *devices_of(const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_FLOWTABLE_HOOK_MAX + 1];
	const struct nlattr *hook = hook_of(message);

	if (!hook)
		return NULL;
	nl_attrs(NULL, hook, attrs, NFTA_FLOWTABLE_HOOK_MAX);
	return attrs[NFTA_FLOWTABLE_HOOK_DEVS];
}

static size_t count_devices(const struct nlmsghdr *message)
{
	const struct nlattr *devices = devices_of(message), *device;
	size_t n = 0;

	if (devices)
		mnl_attr_for_each_nested(device, devices) n++;
	return n;
}

static bool has_device(const struct nlmsghdr *message, const char *name)
{
	const struct nlattr *devices = devices_of(message), *device;

	if (!devices)
		return false;
	mnl_attr_for_each_nested(device, devices)
	{
		if (nl_str(device) && strcmp(nl_str(device), name) == 0)
			return true;
	}
	return false;
}

/* All of the hook but its devices, of which only those that go. */
static void put_hook_without(struct nlmsghdr *message,
			     const struct content_thing *new,
			     const struct names_flowtable *now)
{
	struct nlattr *nest, *devices;
	const struct nlattr *attr;
	size_t i;

	nest = mnl_attr_nest_start(message, NFTA_FLOWTABLE_HOOK);
	mnl_attr_for_each_nested(attr, hook_of(new->made.header))
	{
		if (mnl_attr_get_type(attr) != NFTA_FLOWTABLE_HOOK_DEVS)
			mnl_attr_put(message, mnl_attr_get_type(attr),
				     mnl_attr_get_payload_len(attr),
				     mnl_attr_get_payload(attr));
	}
	devices = mnl_attr_nest_start(message, NFTA_FLOWTABLE_HOOK_DEVS);
	for (i = 0; i < now->devices.n; i++)
		if (!has_device(new->made.header, now->devices.v[i]))
			mnl_attr_put_strz(message, NFTA_DEVICE_NAME,
					  now->devices.v[i]);
	mnl_attr_nest_end(message, devices);
	mnl_attr_nest_end(message, nest);
}

static void remove_devices(struct delta *d, const struct content_thing *new)
{
	const struct names_flowtable *now = devices_now(d, new->name);
	struct nlmsghdr *message;
	size_t i, gone = 0;

	for (i = 0; now && i < now->devices.n; i++)
		gone += !has_device(new->made.header, now->devices.v[i]);
	if (!gone || !hook_of(new->made.header))
		return;
	message = delta_open(d, NFT(NFT_MSG_DELFLOWTABLE),
			     512 + gone * 2 * IFNAMSIZ, &new->made, NULL);
	mnl_attr_put_strz(message, NFTA_FLOWTABLE_TABLE, IR_TABLE);
	mnl_attr_put_strz(message, NFTA_FLOWTABLE_NAME, new->name);
	put_hook_without(message, new, now);
	delta_close(d, message);
}

static void change_devices(struct delta *d)
{
	const struct map *new = &d->new.flowtables;
	size_t i;

	for (i = 0; i < new->entries.n; i++)
		if (staying(&d->old.flowtables, &new->entries.v[i]))
			remove_devices(d, new->entries.v[i].value);
}

static void remove_old(struct delta *d, const struct delta_chain *chains,
		       size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		delta_remove_rules(d, &chains[i]);
	change_elements(d, &d->old.sets, &d->new.sets, false);
	remove_things(d, &d->old.sets, &d->new.sets, NFT_MSG_DELSET,
		      NFTA_SET_NAME, &d->result->sets_removed);
	remove_things(d, &d->old.chains, &d->new.chains, NFT_MSG_DELCHAIN,
		      NFTA_CHAIN_NAME, &d->result->chains_removed);
	remove_things(d, &d->old.flowtables, &d->new.flowtables,
		      NFT_MSG_DELFLOWTABLE, NFTA_FLOWTABLE_NAME,
		      &d->result->objects_removed);
	remove_things(d, &d->old.objects, &d->new.objects, NFT_MSG_DELOBJ,
		      NFTA_OBJ_NAME, &d->result->objects_removed);
	change_devices(d);
}

/*
 * In
 */

static void add_things(struct delta *d, const struct map *old,
		       const struct map *new, size_t *count)
{
	const struct content_thing *thing, *before;
	size_t i;

	for (i = 0; i < new->entries.n; i++) {
		thing = new->entries.v[i].value;
		before = staying(old, &new->entries.v[i]);
		*count += !before;
		/* What can change in place is no part of the hash. */
		if (!before || !content_same_message(before->made.header,
						     thing->made.header))
			delta_copy(d, &thing->made);
	}
}

/* Those that the kernel has already are left alone by it. */
static void add_devices(struct delta *d)
{
	const struct map *new = &d->new.flowtables;
	const struct content_thing *flowtable;
	const struct names_flowtable *now;
	size_t i, j, there;

	for (i = 0; i < new->entries.n; i++) {
		flowtable = new->entries.v[i].value;
		if (!staying(&d->old.flowtables, &new->entries.v[i])) {
			d->result->objects_added++;
			delta_copy(d, &flowtable->made);
			continue;
		}
		now = devices_now(d, flowtable->name);
		for (j = there = 0; now && j < now->devices.n; j++)
			there += has_device(flowtable->made.header,
					    now->devices.v[j]);
		if (there != count_devices(flowtable->made.header))
			delta_copy(d, &flowtable->made);
	}
}

static void add_sets(struct delta *d)
{
	const struct map *sets = &d->new.sets;
	const struct content_set *set;
	size_t i;

	for (i = 0; i < sets->entries.n; i++) {
		set = sets->entries.v[i].value;
		if (staying(&d->old.sets, &sets->entries.v[i]))
			continue;
		d->result->sets_added++;
		delta_copy(d, &set->thing.made);
	}
}

static void add_elements(struct delta *d)
{
	const struct map *sets = &d->new.sets;
	const struct content_set *set;
	size_t i, j;

	for (i = 0; i < sets->entries.n; i++) {
		set = sets->entries.v[i].value;
		if (staying(&d->old.sets, &sets->entries.v[i]))
			continue;
		for (j = 0; j < set->elements.n; j++)
			delta_copy(d, &set->elements.v[j]);
		d->result->elements_added += set->nelements;
	}
	change_elements(d, sets, &d->old.sets, true);
}

static void add_new(struct delta *d, const struct delta_chain *chains, size_t n)
{
	size_t i;

	add_things(d, &d->old.chains, &d->new.chains, &d->result->chains_added);
	add_devices(d);
	add_things(d, &d->old.objects, &d->new.objects,
		   &d->result->objects_added);
	add_sets(d);
	for (i = 0; i < n; i++)
		delta_add_rules(d, &chains[i]);
	add_elements(d);
}

/*
 * Both
 */

/* The chains of the new policy, then those that go. */
static int compare_chains(struct delta *d, struct delta_chain **chains,
			  size_t *n)
{
	const struct map *old = &d->old.chains, *new = &d->new.chains;
	struct delta_chain *chain;
	size_t i;
	int ret = 0;

	chain = arena_array(d->arena, old->entries.n + new->entries.n,
			    sizeof(*chain));
	*chains = chain;
	for (i = 0; i < new->entries.n; i++, chain++) {
		chain->new = new->entries.v[i].value;
		chain->old = map_get(old, new->entries.v[i].key);
	}
	for (i = 0; i < old->entries.n; i++)
		if (!map_get(new, old->entries.v[i].key))
			(chain++)->old = old->entries.v[i].value;
	*n = (size_t)(chain - *chains);
	for (i = 0; !ret && i < *n; i++)
		ret = delta_compare_rules(d, &(*chains)[i]);
	return ret;
}

static int build(struct delta *d)
{
	struct delta_chain *chains;
	size_t n;
	int ret;

	find_renewed(&d->old.chains, &d->new.chains, NULL);
	find_renewed(&d->old.objects, &d->new.objects, NULL);
	find_renewed(&d->old.flowtables, &d->new.flowtables, d->options->renew);
	find_renewed_sets(d);
	ret = compare_chains(d, &chains, &n);
	if (ret)
		return ret;
	bracket(d, NFNL_MSG_BATCH_BEGIN, d->options->genid);
	remove_old(d, chains, n);
	add_new(d, chains, n);
	bracket(d, NFNL_MSG_BATCH_END, 0);
	return 0;
}

int delta_build(struct batch *batch, struct str old, const struct batch *new,
		const struct delta_options *options,
		struct delta_result *result)
{
	struct delta d = {
		.arena = arena_new(),
		.batch = batch,
		.from = new,
		.options = options,
		.result = result,
	};
	int ret;

	map_init(&d.sets, options->arena);
	*batch = (struct batch){ .arena = arena_new() };
	*result = (struct delta_result){ 0 };
	ret = content_read(&d.old, d.arena, old);
	if (!ret)
		ret = content_read(&d.new, d.arena,
				   (struct str){ new->bytes.p, new->bytes.n });
	if (!ret)
		ret = build(&d);
	arena_free(d.arena);
	return ret;
}
