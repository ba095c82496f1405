// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guard: what is exempt stays out of every flowtable, whoever adds flows.
 *
 * A connection is kept out by a bit of its status that `flow add` asks for,
 * IPS_NAT_CLASH: we call it a pin. The kernel itself sets it, always together
 * with IPS_FIXED_TIMEOUT, on entries of one second; those are not ours. The
 * bit's other effect is that UDP is never assured: the hook makes up for it.
 *
 * Who is looked at, and when:
 *
 *	a new connection	its first packet, behind all other hooks of
 *				FORWARD, where addresses, mark and devices are
 *				known; `flow add` takes none before the second
 *	live connections	when the generation changes: first the table of
 *				connections, then, a grace period later, when no
 *				`flow add` can still be on its way that has not
 *				seen the pins, the flows
 *	one that was		on that packet, if it is not pinned: it may have
 *	added on this packet	come by without a first packet (inserted by
 *				ctnetlink) or its mark may have changed
 *	one that is pinned	on each packet, if any entry asks of the mark: the
 *				rules may just have decided of it
 *
 * Connection tracking does not know devices. If an entry asks of them, live
 * connections that hold in all else are pinned too, and the next packet, whose
 * devices are known, decides.
 *
 * What must stay true: a packet of a connection that is confirmed, not pinned
 * and not offloaded costs a test of its status; one that is looked at, no more
 * than a hash lookup per shape, twice while a generation is armed. COMMIT and
 * ABORT need no memory.
 */
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_ecache.h>
#include <net/netfilter/nf_flow_table.h>
#include <net/netlink.h>

#include "internal.h"

/*
 * Pins
 */

static bool is_pinned(const struct nf_conn *ct)
{
	unsigned long mask = IPS_NAT_CLASH | IPS_FIXED_TIMEOUT;

	return (READ_ONCE(ct->status) & mask) == IPS_NAT_CLASH;
}

static void pin(struct nf_conn *ct)
{
	set_bit(IPS_NAT_CLASH_BIT, &ct->status);
}

static void unpin(struct nf_conn *ct)
{
	clear_bit(IPS_NAT_CLASH_BIT, &ct->status);
}

/*
 * Packets
 */

/* In either generation, if one is armed. */
static bool is_exempt(const struct nftoffc_net *nn,
		      const union nftoffc_key *key, u32 *cookie)
{
	return nftoffc_generation_look(rcu_dereference(nn->current_gen), key,
				       true, cookie) == NFTOFFC_EXEMPT ||
	       nftoffc_generation_look(rcu_dereference(nn->armed), key, true,
				       cookie) == NFTOFFC_EXEMPT;
}

static bool asks_more_of(const struct nftoffc_generation *gen)
{
	return gen && (gen->devices || gen->marks);
}

/* May the answer of a connection be another with its next packet? */
static bool asks_more(const struct nftoffc_net *nn)
{
	return asks_more_of(rcu_dereference(nn->current_gen)) ||
	       asks_more_of(rcu_dereference(nn->armed));
}

/* The devices are those of the original direction. */
static void packet_key(union nftoffc_key *key, const struct nf_conn *ct,
		       enum ip_conntrack_info ctinfo,
		       const struct nf_hook_state *state)
{
	bool reply = CTINFO2DIR(ctinfo) == IP_CT_DIR_REPLY;

	nftoffc_key_of(key, ct);
	strscpy(key->in, (reply ? state->out : state->in)->name, IFNAMSIZ);
	strscpy(key->out, (reply ? state->in : state->out)->name, IFNAMSIZ);
}

/* As UDP's tracker would, if there were no pin. */
static void assure_udp(struct nf_conn *ct)
{
	if (ct->tuplehash[0].tuple.dst.protonum != IPPROTO_UDP ||
	    test_bit(IPS_ASSURED_BIT, &ct->status) ||
	    !test_bit(IPS_SEEN_REPLY_BIT, &ct->status) ||
	    !time_after(jiffies, ct->proto.udp.stream_ts))
		return;
	if (!test_and_set_bit(IPS_ASSURED_BIT, &ct->status))
		nf_conntrack_event_cache(IPCT_ASSURED, ct);
}

/* Is it? Then it is from now on. */
static bool keep_out(struct nftoffc_net *nn, struct nf_conn *ct,
		     enum ip_conntrack_info ctinfo,
		     const struct nf_hook_state *state)
{
	union nftoffc_key key;
	u32 cookie;

	packet_key(&key, ct, ctinfo, state);
	if (!is_exempt(nn, &key, &cookie))
		return false;
	pin(ct);
	atomic64_inc(&nn->kept_out);
	nftoffc_event_kept_out(nn, ct, cookie);
	return true;
}

/* It may have been pinned for what was not known of it, or not yet so. */
static void look_at_pinned(struct nftoffc_net *nn, struct nf_conn *ct,
			   enum ip_conntrack_info ctinfo,
			   const struct nf_hook_state *state)
{
	union nftoffc_key key;
	u32 cookie;

	assure_udp(ct);
	if (!asks_more(nn))
		return;
	packet_key(&key, ct, ctinfo, state);
	if (!is_exempt(nn, &key, &cookie))
		unpin(ct);
}

/* Somebody has just offloaded it, on this packet or one close by. */
static void look_at_offloaded(struct nftoffc_net *nn, struct nf_conn *ct,
			      enum ip_conntrack_info ctinfo,
			      const struct nf_hook_state *state)
{
	if (keep_out(nn, ct, ctinfo, state))
		queue_work(nftoffc_wq, &nn->sweep);
}

static unsigned int guard_hook(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	unsigned long status;

	if (!ct)
		return NF_ACCEPT;
	status = READ_ONCE(ct->status);
	if (!(status & IPS_CONFIRMED)) {
		if (!(status & (IPS_NAT_CLASH | IPS_TEMPLATE)))
			keep_out(nftoffc_pernet(state->net), ct, ctinfo, state);
	} else if (status & IPS_NAT_CLASH) {
		if (!(status & IPS_FIXED_TIMEOUT))
			look_at_pinned(nftoffc_pernet(state->net), ct, ctinfo,
				       state);
	} else if (status & IPS_OFFLOAD) {
		look_at_offloaded(nftoffc_pernet(state->net), ct, ctinfo,
				  state);
	}
	return NF_ACCEPT;
}

static const struct nf_hook_ops guard_ops[] = {
	{
		.hook = guard_hook,
		.pf = NFPROTO_IPV4,
		.hooknum = NF_INET_FORWARD,
		.priority = INT_MAX,
	},
	{
		.hook = guard_hook,
		.pf = NFPROTO_IPV6,
		.hooknum = NF_INET_FORWARD,
		.priority = INT_MAX,
	},
};

/*
 * Live connections
 */

/* A generation, and what it did. */
struct reform {
	const struct nftoffc_generation *gen;
	struct nftoffc_change change;
};

static int reform_connection(struct nf_conn *ct, void *data)
{
	enum nftoffc_verdict verdict;
	struct reform *reform = data;
	union nftoffc_key key;
	u32 cookie;

	if (READ_ONCE(ct->status) & IPS_NAT_CLASH && !is_pinned(ct))
		return 0;
	nftoffc_key_of(&key, ct);
	verdict = nftoffc_generation_look(reform->gen, &key, false, &cookie);
	if (verdict == NFTOFFC_NOT_EXEMPT && is_pinned(ct)) {
		unpin(ct);
		reform->change.let_in++;
	} else if (verdict == NFTOFFC_EXEMPT && !is_pinned(ct)) {
		pin(ct);
		reform->change.kept_out++;
	} else if (verdict == NFTOFFC_MAYBE &&
		   !test_bit(IPS_OFFLOAD_BIT, &ct->status)) {
		pin(ct); /* until its next packet */
	}
	return 0; /* stays */
}

static void reform_connections(struct nftoffc_net *nn, struct reform *reform)
{
	struct nf_ct_iter_data iter = { .net = nn->net, .data = reform };

	nf_ct_iterate_cleanup_net(reform_connection, &iter);
}

/*
 * A flow knows the lowest device. Is any entry, with all above it, about this
 * one? If the device is one that others use without being above it, as PPP
 * does, then it may be.
 */
struct device_pair {
	const struct nftoffc_generation *gen;
	union nftoffc_key key;
	struct net_device *out;
	bool found;
};

static int try_pair(struct net_device *dev, struct netdev_nested_priv *priv)
{
	struct device_pair *pair = priv->data;
	u32 cookie;

	memset(pair->key.out, 0, IFNAMSIZ);
	strscpy(pair->key.out, dev->name, IFNAMSIZ);
	pair->found = nftoffc_generation_look(pair->gen, &pair->key, true,
					      &cookie) == NFTOFFC_EXEMPT;
	return pair->found;
}

static int try_in(struct net_device *dev, struct netdev_nested_priv *priv)
{
	struct device_pair *pair = priv->data;

	memset(pair->key.in, 0, IFNAMSIZ);
	strscpy(pair->key.in, dev->name, IFNAMSIZ);
	return try_pair(pair->out, priv) ||
	       netdev_walk_all_upper_dev_rcu(pair->out, try_pair, priv);
}

static bool is_tunnelled(const struct flow_offload *flow, int dir)
{
	const struct flow_offload_tuple *tuple = &flow->tuplehash[dir].tuple;
	unsigned int i;

	for (i = 0; i < tuple->encap_num; i++)
		if (tuple->encap[i].proto == htons(ETH_P_PPP_SES))
			return true;
	return false;
}

static bool flow_is_exempt(struct nftoffc_net *nn,
			   const struct nftoffc_generation *gen,
			   const struct flow_offload *flow,
			   const struct nf_conn *ct)
{
	struct device_pair pair = { .gen = gen };
	struct netdev_nested_priv priv = { .data = &pair };
	struct net_device *in;
	u32 cookie;

	nftoffc_key_of(&pair.key, ct);
	if (nftoffc_generation_look(gen, &pair.key, false, &cookie) ==
	    NFTOFFC_NOT_EXEMPT)
		return false;
	in = dev_get_by_index_rcu(nn->net, flow->tuplehash[0].tuple.iifidx);
	pair.out = dev_get_by_index_rcu(nn->net,
					flow->tuplehash[1].tuple.iifidx);
	if (!in || !pair.out || is_tunnelled(flow, 0) || is_tunnelled(flow, 1))
		return true;
	return try_in(in, &priv) ||
	       netdev_walk_all_upper_dev_rcu(in, try_in, &priv);
}

static void reform_flow(struct nftoffc_net *nn, struct nft_flowtable *table,
			struct flow_offload *flow, struct nf_conn *ct,
			void *data)
{
	struct reform *reform = data;

	if (!is_pinned(ct)) {
		if (!reform->gen || !reform->gen->devices ||
		    !flow_is_exempt(nn, reform->gen, flow, ct))
			return;
		pin(ct);
		reform->change.kept_out++;
	}
	flow_offload_teardown(flow);
	reform->change.released++;
}

/* Whose connections are pinned must go. */
static void reform_flows(struct nftoffc_net *nn, struct reform *reform)
{
	rcu_read_lock();
	nftoffc_each_flow(nn, reform_flow, reform);
	rcu_read_unlock();
	atomic64_add(reform->change.released, &nn->released);
}

static void sweep(struct work_struct *work)
{
	struct nftoffc_net *nn = container_of(work, struct nftoffc_net, sweep);
	struct reform reform = { };

	reform_flows(nn, &reform);
}

/* Under the lock, when the current generation has changed. */
static void reform(struct nftoffc_net *nn,
		   const struct nftoffc_generation *gen)
{
	struct reform reform = { .gen = gen };

	/* No packet is still being looked at in the light of the old one. */
	synchronize_net();
	reform_connections(nn, &reform);
	/* No `flow add` that has not seen the pins is still on its way. */
	synchronize_net();
	reform_flows(nn, &reform);
	atomic64_add(reform.change.kept_out, &nn->kept_out);
	nftoffc_event_generation(nn, &reform.change);
}

/*
 * Generations
 */

static struct nftoffc_generation *current_of(struct nftoffc_net *nn)
{
	return rcu_dereference_protected(nn->current_gen,
					 lockdep_is_held(&nn->lock));
}

static u64 id_of(const struct nftoffc_generation *gen)
{
	return gen ? gen->id : 0;
}

enum nftoffc_state nftoffc_guard_state(const struct nftoffc_net *nn)
{
	if (!nn->staged)
		return NFTOFFC_STATE_IDLE;
	if (!rcu_access_pointer(nn->armed))
		return NFTOFFC_STATE_STAGING;
	return nn->owner ? NFTOFFC_STATE_ARMED : NFTOFFC_STATE_IN_DOUBT;
}

/* There is a hook while there is something to look for. */
static int hook(struct nftoffc_net *nn)
{
	int ret;

	if (nn->hooked)
		return 0;
	ret = nf_register_net_hooks(nn->net, guard_ops, ARRAY_SIZE(guard_ops));
	nn->hooked = !ret;
	return ret;
}

static void unhook(struct nftoffc_net *nn)
{
	if (!nn->hooked)
		return;
	nf_unregister_net_hooks(nn->net, guard_ops, ARRAY_SIZE(guard_ops));
	nn->hooked = false;
	/* None is still running that could queue work. */
	synchronize_net();
	cancel_work_sync(&nn->sweep);
}

static void unhook_if_idle(struct nftoffc_net *nn)
{
	const struct nftoffc_generation *gen = current_of(nn);

	if (!nn->staged && (!gen || !gen->nparts))
		unhook(nn);
}

/* What was staged is no more; answers it, for nobody reads it any longer. */
static struct nftoffc_generation *take_staged(struct nftoffc_net *nn)
{
	struct nftoffc_generation *gen = nn->staged;

	nn->staged = NULL;
	WRITE_ONCE(nn->owner, 0);
	if (rcu_access_pointer(nn->armed)) {
		RCU_INIT_POINTER(nn->armed, NULL);
		synchronize_net();
	}
	return gen;
}

/* What it alone kept out while it was armed, is let in again. */
static void drop_staged(struct nftoffc_net *nn)
{
	bool armed = rcu_access_pointer(nn->armed);

	nftoffc_generation_free(take_staged(nn));
	if (armed)
		reform(nn, current_of(nn));
	unhook_if_idle(nn);
}

static int begin(struct nftoffc_net *nn, u64 id, u32 owner,
		 struct netlink_ext_ack *extack)
{
	int ret;

	if (id == id_of(current_of(nn))) {
		NL_SET_ERR_MSG(extack, "this generation is current");
		return -EEXIST;
	}
	ret = hook(nn);
	if (ret)
		return ret;
	nn->staged = nftoffc_generation_new(id);
	if (!nn->staged) {
		unhook_if_idle(nn);
		return -ENOMEM;
	}
	WRITE_ONCE(nn->owner, owner);
	return 0;
}

static int add_entries(struct nftoffc_generation *gen,
		       const struct nlattr *entries,
		       struct netlink_ext_ack *extack)
{
	struct nftoffc_match match;
	const struct nlattr *entry;
	int rest, ret;

	nla_for_each_nested(entry, entries, rest) {
		ret = nftoffc_match_entry(&match, entry, extack);
		if (!ret)
			ret = nftoffc_generation_add(gen, &match,
						     nftoffc_max_entries,
						     extack);
		if (ret)
			return ret;
		cond_resched();
	}
	if (!rest)
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, entries, "bytes behind the last entry");
	return -EINVAL;
}

/* May @owner do something to generation @id, which is staged? */
static int check_staged(const struct nftoffc_net *nn, u64 id, u32 owner,
			struct netlink_ext_ack *extack)
{
	if (nn->owner && nn->owner != owner) {
		NL_SET_ERR_MSG(extack, "another program stages a generation");
		return -EBUSY;
	}
	return nn->staged->id == id ? 0 : -ENOENT;
}

static int check_stage(const struct nftoffc_net *nn, u64 id, u32 owner,
		       struct netlink_ext_ack *extack)
{
	switch (nftoffc_guard_state(nn)) {
	case NFTOFFC_STATE_IDLE:
		return 0;
	case NFTOFFC_STATE_STAGING:
		if (nn->staged->id == id)
			return check_staged(nn, id, owner, extack);
		NL_SET_ERR_MSG(extack, "another generation is staged");
		return -EBUSY;
	case NFTOFFC_STATE_ARMED:
	case NFTOFFC_STATE_IN_DOUBT:
		break;
	}
	NL_SET_ERR_MSG(extack,
		       "a generation waits to be committed or aborted");
	return -EBUSY;
}

int nftoffc_guard_stage(struct nftoffc_net *nn, u64 id, u32 owner,
			const struct nlattr *entries, bool last,
			struct netlink_ext_ack *extack)
{
	int ret;

	mutex_lock(&nn->lock);
	ret = check_stage(nn, id, owner, extack);
	if (ret)
		goto unlock;
	if (!nn->staged)
		ret = begin(nn, id, owner, extack);
	if (ret)
		goto unlock;
	if (entries)
		ret = add_entries(nn->staged, entries, extack);
	if (ret)
		drop_staged(nn); /* half of a message is of no use */
	else if (last)
		rcu_assign_pointer(nn->armed, nn->staged);
unlock:
	mutex_unlock(&nn->lock);
	return ret;
}

/* @gen is current from now on; answers the one that was. */
static struct nftoffc_generation *
make_current(struct nftoffc_net *nn, struct nftoffc_generation *gen)
{
	return rcu_replace_pointer(nn->current_gen, gen,
				   lockdep_is_held(&nn->lock));
}

int nftoffc_guard_commit(struct nftoffc_net *nn, u64 id, u32 owner,
			 struct netlink_ext_ack *extack)
{
	struct nftoffc_generation *before;
	int ret = -ENOENT;

	mutex_lock(&nn->lock);
	if (nn->staged)
		ret = check_staged(nn, id, owner, extack);
	if (ret)
		goto unlock;
	before = nn->former;
	nn->former = make_current(nn, nn->staged);
	nn->has_former = true;
	take_staged(nn);
	reform(nn, current_of(nn));
	nftoffc_generation_free(before);
	unhook_if_idle(nn);
unlock:
	mutex_unlock(&nn->lock);
	return ret;
}

static void go_back(struct nftoffc_net *nn)
{
	struct nftoffc_generation *gone = make_current(nn, nn->former);

	nn->former = NULL;
	nn->has_former = false;
	reform(nn, current_of(nn));
	nftoffc_generation_free(gone);
	unhook_if_idle(nn);
}

int nftoffc_guard_abort(struct nftoffc_net *nn, u64 id, u32 owner,
			struct netlink_ext_ack *extack)
{
	int ret = -ENOENT;

	mutex_lock(&nn->lock);
	if (nn->staged) {
		ret = check_staged(nn, id, owner, extack);
		if (!ret)
			drop_staged(nn);
	} else if (nn->has_former && id == id_of(current_of(nn))) {
		go_back(nn);
		ret = 0;
	}
	mutex_unlock(&nn->lock);
	return ret;
}

void nftoffc_guard_orphan(struct nftoffc_net *nn, u32 owner)
{
	/* Others need not wait: it is a socket's own request that made it one. */
	if (READ_ONCE(nn->owner) != owner)
		return;
	mutex_lock(&nn->lock);
	if (nn->staged && nn->owner == owner) {
		if (rcu_access_pointer(nn->armed))
			WRITE_ONCE(nn->owner, 0);
		else
			drop_staged(nn);
	}
	mutex_unlock(&nn->lock);
}

void nftoffc_guard_init(struct nftoffc_net *nn)
{
	INIT_WORK(&nn->sweep, sweep);
}

/*
 * The namespace ends, or the module does: then nothing is exempt any longer,
 * and no connection may keep a pin that nobody would take away.
 */
void nftoffc_guard_exit(struct nftoffc_net *nn)
{
	struct nftoffc_generation *gen;
	struct reform reform = { };

	mutex_lock(&nn->lock);
	if (nn->hooked && check_net(nn->net)) {
		unhook(nn);
		reform_connections(nn, &reform);
	}
	unhook(nn);
	/* No hook is left that could read them. */
	gen = make_current(nn, NULL);
	RCU_INIT_POINTER(nn->armed, NULL);
	nftoffc_generation_free(gen);
	nftoffc_generation_free(nn->staged);
	nftoffc_generation_free(nn->former);
	nn->staged = NULL;
	nn->former = NULL;
	nn->has_former = false;
	mutex_unlock(&nn->lock);
}
