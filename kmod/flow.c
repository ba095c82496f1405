// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finds flowtables and flows, and takes flows back.
 *
 * There is no list of flowtables to ask. But each has a hook on the ingress of
 * each of its devices, whose private pointer it is, and a flowtable that is to
 * be freed loses its hooks a grace period before. So walking the devices' hooks
 * under RCU finds every flowtable that has a device left, and none that is
 * gone.
 *
 * What must stay true: a flowtable is looked at only in the RCU section that
 * found it. A flow's connection is looked at only with a reference, taken
 * before the flow was seen to be alive: a flow on its way out may have dropped
 * its own.
 */
#include <linux/bsearch.h>
#include <linux/hash.h>
#include <linux/netdevice.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_flow_table.h>
#include <net/netfilter/nf_tables.h>
#include <net/netlink.h>

#include "internal.h"

/*
 * The layout of struct nft_flowtable is read here without a function of its
 * owner's: this makes the module's symbol versions depend on it.
 */
static const void *const layout_witness __used = nft_flowtable_lookup;

static struct nft_flowtable *table_of(const struct nf_hook_entries *hooks,
				      unsigned int i)
{
	struct nf_flowtable *data;

	if (!compat_is_flowtable(hooks, i))
		return NULL;
	data = hooks->hooks[i].priv;
	return container_of(data, struct nft_flowtable, data);
}

void nftoffc_each_port(struct nftoffc_net *nn, nftoffc_port_fn fn,
		       void *data)
{
	const struct nf_hook_entries *hooks;
	struct nft_flowtable *table;
	struct net_device *dev;
	unsigned int i;

	for_each_netdev_rcu(nn->net, dev) {
		hooks = rcu_dereference(dev->nf_hooks_ingress);
		for (i = 0; hooks && i < hooks->num_hook_entries; i++) {
			table = table_of(hooks, i);
			if (table)
				fn(nn, table, dev, data);
		}
	}
}

#define NFTOFFC_TABLES_KNOWN 64U

/*
 * A flowtable counts where it is first met. That its other devices are told by
 * what was met, not by what is there now, keeps one from being missed that is
 * just being given a device. What was met is a hash table, never full, of which
 * the first few slots need no memory; where there is none for more, flowtables
 * are met again, and the walk says so.
 */
struct each_table {
	nftoffc_table_fn fn;
	void *data;
	const struct nft_flowtable **known;
	u32 nknown, size; /* a power of two */
	bool once;
	const struct nft_flowtable *few[NFTOFFC_TABLES_KNOWN];
};

/* Where it is, or where it would be. */
static const struct nft_flowtable **
known_slot(const struct each_table *each, const struct nft_flowtable *table)
{
	u32 i = hash_ptr(table, 32) & (each->size - 1);

	while (each->known[i] && each->known[i] != table)
		i = (i + 1) & (each->size - 1);
	return &each->known[i];
}

static void free_known(const struct each_table *each)
{
	if (each->known != each->few)
		kfree(each->known);
}

static bool know_more(struct each_table *each)
{
	struct each_table larger = { .size = each->size * 2 };
	u32 i;

	larger.known = kcalloc(larger.size, sizeof(*larger.known),
			       GFP_ATOMIC | __GFP_ACCOUNT | __GFP_NOWARN);
	if (!larger.known)
		return false;
	for (i = 0; i < each->size; i++)
		if (each->known[i])
			*known_slot(&larger, each->known[i]) = each->known[i];
	free_known(each);
	each->known = larger.known;
	each->size = larger.size;
	return true;
}

static void table_once(struct nftoffc_net *nn, struct nft_flowtable *table,
		       struct net_device *dev, void *data)
{
	const struct nft_flowtable **slot;
	struct each_table *each = data;

	slot = known_slot(each, table);
	if (*slot)
		return;
	if (each->nknown * 4 < each->size * 3 || know_more(each)) {
		*known_slot(each, table) = table;
		each->nknown++;
	} else {
		each->once = false;
	}
	each->fn(nn, table, each->data);
}

bool nftoffc_each_table(struct nftoffc_net *nn, nftoffc_table_fn fn,
			void *data)
{
	struct each_table each = { .fn = fn, .data = data, .once = true };

	each.known = each.few;
	each.size = NFTOFFC_TABLES_KNOWN;
	nftoffc_each_port(nn, table_once, &each);
	free_known(&each);
	return each.once;
}

u32 nftoffc_table_flows(struct nft_flowtable *table)
{
	return atomic_read(&table->data.rhashtable.nelems) / 2;
}

static bool is_leaving(const struct flow_offload *flow)
{
	return test_bit(NF_FLOW_TEARDOWN, &flow->flags);
}

/* The connection of a flow that is alive, held; or NULL. */
static struct nf_conn *get_connection(const struct flow_offload *flow)
{
	struct nf_conn *ct = READ_ONCE(flow->ct);

	if (is_leaving(flow) || !refcount_inc_not_zero(&ct->ct_general.use))
		return NULL;
	/* it was leaving before its own reference was dropped */
	smp_acquire__after_ctrl_dep();
	if (!is_leaving(flow))
		return ct;
	nf_ct_put(ct);
	return NULL;
}

struct each_flow {
	nftoffc_flow_fn fn;
	void *data;
	bool once; /* none has been seen twice */
};

static void flows_of(struct nftoffc_net *nn, struct nft_flowtable *table,
		     void *data)
{
	struct each_flow *each = data;
	struct flow_offload_tuple_rhash *hash;
	struct rhashtable_iter iter;
	struct flow_offload *flow;
	struct nf_conn *ct;

	rhashtable_walk_enter(&table->data.rhashtable, &iter);
	rhashtable_walk_start(&iter);
	while ((hash = rhashtable_walk_next(&iter))) {
		/* It is being resized: the walk goes on in the other table. */
		if (IS_ERR(hash)) {
			each->once = false;
			continue;
		}
		if (hash->tuple.dir != FLOW_OFFLOAD_DIR_ORIGINAL)
			continue;
		flow = container_of(hash, struct flow_offload,
				    tuplehash[FLOW_OFFLOAD_DIR_ORIGINAL]);
		ct = get_connection(flow);
		if (!ct)
			continue;
		each->fn(nn, table, flow, ct, each->data);
		nf_ct_put(ct);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

bool nftoffc_each_flow(struct nftoffc_net *nn, nftoffc_flow_fn fn,
		       void *data)
{
	struct each_flow each = { .fn = fn, .data = data, .once = true };

	return nftoffc_each_table(nn, flows_of, &each) && each.once;
}

/*
 * Selecting
 */

static int compare_ids(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

int nftoffc_select(struct nftoffc_selection *sel, const struct nlattr *filter,
		   const struct nlattr *ids, struct netlink_ext_ack *extack)
{
	int ret;

	memset(sel, 0, sizeof(*sel));
	if (filter) {
		ret = nftoffc_match_filter(&sel->match, filter, extack);
		if (ret)
			return ret;
	}
	if (!ids)
		return 0;
	if (!nla_len(ids) || nla_len(ids) % sizeof(u32)) {
		NL_SET_ERR_MSG_ATTR(extack, ids, "not an array of ids");
		return -EINVAL;
	}
	sel->nids = nla_len(ids) / sizeof(u32);
	sel->ids = kmemdup(nla_data(ids), nla_len(ids), GFP_KERNEL_ACCOUNT);
	if (!sel->ids)
		return -ENOMEM;
	sort(sel->ids, sel->nids, sizeof(u32), compare_ids, NULL);
	return 0;
}

void nftoffc_select_end(struct nftoffc_selection *sel)
{
	kfree(sel->ids);
}

static int arrives_at(const struct flow_offload *flow, int dir)
{
	return flow->tuplehash[dir].tuple.iifidx;
}

bool nftoffc_selected(const struct nftoffc_selection *sel, struct net *net,
		      const struct flow_offload *flow,
		      const struct nf_conn *ct)
{
	union nftoffc_key key;
	u32 id;

	if (sel->ids) {
		id = nf_ct_get_id(ct);
		if (!bsearch(&id, sel->ids, sel->nids, sizeof(u32),
			     compare_ids))
			return false;
	}
	nftoffc_key_of(&key, ct);
	if (!nftoffc_match_plain(&sel->match, &key))
		return false;
	if (!nftoffc_match_asks_devices(&sel->match))
		return true;
	return nftoffc_match_devices(&sel->match, net,
				     arrives_at(flow, IP_CT_DIR_ORIGINAL),
				     arrives_at(flow, IP_CT_DIR_REPLY));
}

/*
 * Releasing
 */

static void release_flow(struct nftoffc_net *nn, struct nft_flowtable *table,
			 struct flow_offload *flow, struct nf_conn *ct,
			 void *data)
{
	struct nftoffc_release *release = data;

	release->seen++;
	if (!nftoffc_selected(&release->sel, nn->net, flow, ct))
		return;
	release->matched++;
	if (release->dry_run)
		return;
	flow_offload_teardown(flow);
	release->released++;
}

void nftoffc_release(struct nftoffc_net *nn, struct nftoffc_release *release)
{
	rcu_read_lock();
	nftoffc_each_flow(nn, release_flow, release);
	rcu_read_unlock();
	atomic64_add(release->released, &nn->released);
}
