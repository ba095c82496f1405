// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests and answers: the generic netlink family.
 *
 * What must stay true: every command needs CAP_NET_ADMIN over the network
 * namespace, those that only read too; each has a policy with its own
 * attributes and refuses all others; what a dump took in its start it gives
 * back in its done.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netfilter/nf_tables.h>

#include "internal.h"

/* Not empty, for then nothing would be looked at. */
static const struct nla_policy info_policy[] = {
	[NFTOFFC_A_PAD] = { .type = NLA_REJECT },
};

static const struct nla_policy flow_policy[] = {
	[NFTOFFC_A_FILTER] = NLA_POLICY_NESTED(nftoffc_filter_policy),
};

static const struct nla_policy release_policy[] = {
	[NFTOFFC_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, NFTOFFC_FLAG_DRY_RUN),
	[NFTOFFC_A_FILTER] = NLA_POLICY_NESTED(nftoffc_filter_policy),
	[NFTOFFC_A_IDS] = { .type = NLA_BINARY },
};

static const struct nla_policy stage_policy[] = {
	[NFTOFFC_A_FLAGS] = NLA_POLICY_MASK(NLA_U32, NFTOFFC_FLAG_LAST),
	[NFTOFFC_A_GENERATION] = NLA_POLICY_MIN(NLA_U64, 1),
	[NFTOFFC_A_ENTRIES] =
		NLA_POLICY_NESTED_ARRAY(nftoffc_entry_policy),
};

static const struct nla_policy generation_policy[] = {
	[NFTOFFC_A_GENERATION] = NLA_POLICY_MIN(NLA_U64, 1),
};

static u32 flags_of(const struct genl_info *info)
{
	const struct nlattr *flags = info->attrs[NFTOFFC_A_FLAGS];

	return flags ? nla_get_u32(flags) : 0;
}

/* An answer to a request, with room for what any of them says. */
static struct sk_buff *answer_new(struct genl_info *info, void **head)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);

	if (!skb)
		return NULL;
	*head = genlmsg_put_reply(skb, info, &nftoffc_family, 0,
				  info->genlhdr->cmd);
	if (*head)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static int answer_send(struct sk_buff *skb, struct genl_info *info, void *head,
		       int ret)
{
	if (ret) {
		nlmsg_free(skb);
		return ret;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

/*
 * INFO
 */

struct counts {
	u32 tables, flows;
};

static void count_table(struct nftoffc_net *nn, struct nft_flowtable *table,
			void *data)
{
	struct counts *counts = data;

	counts->tables++;
	counts->flows += nftoffc_table_flows(table);
}

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, NFTOFFC_A_PAD);
}

static u32 lookups(const struct nftoffc_generation *gen)
{
	u32 n = 0, i;

	for (i = 0; gen && i < gen->nshapes; i++)
		n += !gen->shapes[i].maybe;
	return n;
}

static int put_generations(struct sk_buff *skb, struct nftoffc_net *nn)
{
	const struct nftoffc_generation *gen;

	gen = rcu_dereference_protected(nn->current_gen,
					lockdep_is_held(&nn->lock));
	return nla_put_u32(skb, NFTOFFC_A_STATE, nftoffc_guard_state(nn)) ?:
	       (gen ? put_u64(skb, NFTOFFC_A_GENERATION, gen->id) : 0) ?:
	       (nn->has_former ? put_u64(skb, NFTOFFC_A_FORMER,
					 nn->former ? nn->former->id : 0) : 0) ?:
	       (nn->staged ? put_u64(skb, NFTOFFC_A_STAGED,
				     nn->staged->id) : 0) ?:
	       nla_put_u32(skb, NFTOFFC_A_ENTRIES_NOW,
			   gen ? gen->nentries : 0) ?:
	       nla_put_u32(skb, NFTOFFC_A_ENTRIES_STAGED,
			   nn->staged ? nn->staged->nentries : 0) ?:
	       nla_put_u32(skb, NFTOFFC_A_SHAPES_NOW, lookups(gen));
}

static int put_info(struct sk_buff *skb, struct nftoffc_net *nn)
{
	struct counts counts = { };

	rcu_read_lock();
	nftoffc_each_table(nn, count_table, &counts);
	rcu_read_unlock();
	return nla_put_u32(skb, NFTOFFC_A_ABI, NFTOFFC_ABI) ?:
	       nla_put_u32(skb, NFTOFFC_A_ENTRIES_MAX, nftoffc_max_entries) ?:
	       nla_put_u32(skb, NFTOFFC_A_FLOWTABLES, counts.tables) ?:
	       nla_put_u32(skb, NFTOFFC_A_FLOWS, counts.flows) ?:
	       put_u64(skb, NFTOFFC_A_KEPT_OUT,
		       atomic64_read(&nn->kept_out)) ?:
	       put_u64(skb, NFTOFFC_A_RELEASED_ALL,
		       atomic64_read(&nn->released));
}

static int do_info(struct sk_buff *request, struct genl_info *info)
{
	struct nftoffc_net *nn = nftoffc_pernet(genl_info_net(info));
	struct sk_buff *skb;
	void *head;
	int ret;

	skb = answer_new(info, &head);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&nn->lock);
	ret = put_generations(skb, nn);
	mutex_unlock(&nn->lock);
	return answer_send(skb, info, head, ret ?: put_info(skb, nn));
}

/*
 * Dumps
 */

/* In the callback, from its start to its done. */
struct dump {
	struct nftoffc_snapshot *snapshot;
};

static int dump_start(struct netlink_callback *cb,
		      const struct nftoffc_selection *sel)
{
	struct nftoffc_net *nn = nftoffc_pernet(sock_net(cb->skb->sk));
	struct dump *dump = (struct dump *)cb->ctx;
	struct nftoffc_snapshot *snapshot;

	static_assert(sizeof(*dump) <= sizeof(cb->ctx));
	snapshot = nftoffc_snapshot_take(nn, sel);
	if (IS_ERR(snapshot))
		return PTR_ERR(snapshot);
	dump->snapshot = snapshot;
	return 0;
}

static int start_tables(struct netlink_callback *cb)
{
	return dump_start(cb, NULL);
}

static int start_flows(struct netlink_callback *cb)
{
	struct nlattr **attrs = genl_info_dump(cb)->attrs;
	struct nftoffc_selection sel;
	int ret;

	ret = nftoffc_select(&sel, attrs[NFTOFFC_A_FILTER], NULL, cb->extack);
	if (ret)
		return ret;
	ret = dump_start(cb, &sel);
	if (ret == -ENOBUFS)
		NL_SET_ERR_MSG(cb->extack,
			       "more flows than max_flows: use a filter");
	return ret;
}

static int dump_next(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump *dump = (struct dump *)cb->ctx;

	return nftoffc_snapshot_dump(dump->snapshot, skb, cb);
}

static int dump_done(struct netlink_callback *cb)
{
	struct dump *dump = (struct dump *)cb->ctx;

	if (dump->snapshot)
		nftoffc_snapshot_free(nftoffc_pernet(sock_net(cb->skb->sk)),
				      dump->snapshot);
	return 0;
}

/*
 * RELEASE
 */

static int answer_release(struct genl_info *info,
			  const struct nftoffc_release *release)
{
	struct sk_buff *skb;
	void *head;
	int ret;

	skb = answer_new(info, &head);
	if (!skb)
		return -ENOMEM;
	ret = nla_put_u32(skb, NFTOFFC_A_SEEN, release->seen) ?:
	      nla_put_u32(skb, NFTOFFC_A_MATCHED, release->matched) ?:
	      nla_put_u32(skb, NFTOFFC_A_RELEASED, release->released);
	return answer_send(skb, info, head, ret);
}

static int do_release(struct sk_buff *request, struct genl_info *info)
{
	struct nftoffc_net *nn = nftoffc_pernet(genl_info_net(info));
	struct nlattr *filter = info->attrs[NFTOFFC_A_FILTER];
	struct nlattr *ids = info->attrs[NFTOFFC_A_IDS];
	struct nftoffc_release release = {
		.dry_run = flags_of(info) & NFTOFFC_FLAG_DRY_RUN,
	};
	int ret;

	if (!filter && !ids) {
		GENL_SET_ERR_MSG(info, "neither a filter nor ids");
		return -EINVAL;
	}
	ret = nftoffc_select(&release.sel, filter, ids, info->extack);
	if (ret)
		return ret;
	nftoffc_release(nn, &release);
	nftoffc_select_end(&release.sel);
	if (release.released)
		nftoffc_event_released(nn, &release);
	return answer_release(info, &release);
}

/*
 * Generations
 */

static int need_generation(struct genl_info *info, u64 *id)
{
	if (GENL_REQ_ATTR_CHECK(info, NFTOFFC_A_GENERATION))
		return -EINVAL;
	*id = nla_get_u64(info->attrs[NFTOFFC_A_GENERATION]);
	return 0;
}

static int do_stage(struct sk_buff *request, struct genl_info *info)
{
	u64 id;
	int ret;

	ret = need_generation(info, &id);
	return ret ?: nftoffc_guard_stage(nftoffc_pernet(genl_info_net(info)),
					  id, info->snd_portid,
					  info->attrs[NFTOFFC_A_ENTRIES],
					  flags_of(info) & NFTOFFC_FLAG_LAST,
					  info->extack);
}

/* What is to become of a generation. */
typedef int (*decide_fn)(struct nftoffc_net *nn, u64 id, u32 owner,
			 struct netlink_ext_ack *extack);

static int decide(struct genl_info *info, decide_fn fn)
{
	u64 id;
	int ret;

	ret = need_generation(info, &id);
	return ret ?: fn(nftoffc_pernet(genl_info_net(info)), id,
			 info->snd_portid, info->extack);
}

static int do_commit(struct sk_buff *request, struct genl_info *info)
{
	return decide(info, nftoffc_guard_commit);
}

static int do_abort(struct sk_buff *request, struct genl_info *info)
{
	return decide(info, nftoffc_guard_abort);
}

/*
 * The family
 */

static const struct genl_ops ops[] = {
	{
		.cmd = NFTOFFC_CMD_INFO,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = do_info,
		.policy = info_policy,
		.maxattr = ARRAY_SIZE(info_policy) - 1,
	},
	{
		.cmd = NFTOFFC_CMD_FLOWTABLE,
		.flags = GENL_UNS_ADMIN_PERM,
		.start = start_tables,
		.dumpit = dump_next,
		.done = dump_done,
		.policy = info_policy,
		.maxattr = ARRAY_SIZE(info_policy) - 1,
	},
	{
		.cmd = NFTOFFC_CMD_FLOW,
		.flags = GENL_UNS_ADMIN_PERM,
		.start = start_flows,
		.dumpit = dump_next,
		.done = dump_done,
		.policy = flow_policy,
		.maxattr = ARRAY_SIZE(flow_policy) - 1,
	},
	{
		.cmd = NFTOFFC_CMD_RELEASE,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = do_release,
		.policy = release_policy,
		.maxattr = ARRAY_SIZE(release_policy) - 1,
	},
	{
		.cmd = NFTOFFC_CMD_STAGE,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = do_stage,
		.policy = stage_policy,
		.maxattr = ARRAY_SIZE(stage_policy) - 1,
	},
	{
		.cmd = NFTOFFC_CMD_COMMIT,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = do_commit,
		.policy = generation_policy,
		.maxattr = ARRAY_SIZE(generation_policy) - 1,
	},
	{
		.cmd = NFTOFFC_CMD_ABORT,
		.flags = GENL_UNS_ADMIN_PERM,
		.doit = do_abort,
		.policy = generation_policy,
		.maxattr = ARRAY_SIZE(generation_policy) - 1,
	},
};

static const struct genl_multicast_group groups[] = {
	{ .name = NFTOFFC_GENL_GROUP, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

struct genl_family nftoffc_family __ro_after_init = {
	.name = NFTOFFC_GENL_NAME,
	.version = NFTOFFC_GENL_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.resv_start_op = NFTOFFC_CMD_INFO,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};
