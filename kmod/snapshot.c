// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies of flowtables and flows, for dumps: a dump is many messages, and
 * nothing that the RCU section found may be kept between them.
 *
 * It is taken in two walks, since nothing can be allocated in one: the first
 * counts, the second copies. What came between them finds some room; if not, or
 * if something may be there twice, it is done again, and in the end the dump
 * says that it is torn.
 *
 * What must stay true: the flows in all snapshots of a namespace are bounded
 * (nftoffc_max_flows), for user namespaces get here.
 */
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_acct.h>
#include <net/netfilter/nf_conntrack_labels.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/netfilter/nf_flow_table.h>
#include <net/netfilter/nf_tables.h>

#include "internal.h"

#define NFTOFFC_SNAPSHOT_TRIES 4

struct table_copy {
	const struct nft_flowtable *from; /* only to be compared */
	char table[NFT_NAME_MAXLEN];
	char name[NFT_NAME_MAXLEN];
	u64 handle;
	s32 priority;
	u32 flags;
	u32 flows;
	u8 family;
};

struct port_copy {
	u32 table; /* into tables */
	char name[IFNAMSIZ];
};

struct tuple_copy {
	union nf_inet_addr src, dst;
	u64 packets, bytes;
	int ifindex;
	u16 sport, dport;
};

struct flow_copy {
	struct tuple_copy tuples[FLOW_OFFLOAD_DIR_MAX];
	u8 labels[NF_CT_LABELS_MAX_SIZE];
	u32 table; /* into tables */
	u32 flags;
	u32 timeout;
	u32 id;
	u32 mark;
	u16 zone;
	u8 family;
	u8 proto;
	bool has_labels;
	bool has_counters;
};

/* What was found, which may be more than there is room for. */
struct nftoffc_snapshot {
	const struct nftoffc_selection *sel; /* while it is taken */
	bool of_flows; /* else of tables */
	struct table_copy *tables;
	struct port_copy *ports;
	struct flow_copy *flows;
	u32 ntables, nports, nflows;
	u32 max_tables, max_ports, max_flows;
	u32 pos;   /* of the dump */
	bool twice; /* something may be here twice */
	bool torn; /* so it is, or not all that was found is here */
};

/*
 * Copying
 */

/* Which of the tables it is; one made since they were copied is none. */
static u32 table_number(const struct nftoffc_snapshot *s,
			const struct nft_flowtable *table)
{
	u32 n = min(s->ntables, s->max_tables), i;

	for (i = 0; i < n; i++)
		if (s->tables[i].from == table)
			break;
	return i < n ? i : U32_MAX;
}

static void copy_table(struct nftoffc_net *nn, struct nft_flowtable *table,
		       void *data)
{
	struct nftoffc_snapshot *s = data;
	struct table_copy *copy;

	if (s->ntables++ >= s->max_tables)
		return;
	copy = &s->tables[s->ntables - 1];
	copy->from = table;
	strscpy(copy->table, table->table->name, sizeof(copy->table));
	strscpy(copy->name, table->name, sizeof(copy->name));
	copy->family = table->table->family;
	copy->handle = table->handle;
	copy->priority = table->data.priority;
	copy->flows = nftoffc_table_flows(table);
	copy->flags = 0;
	if (table->data.flags & NF_FLOWTABLE_HW_OFFLOAD)
		copy->flags |= NFTOFFC_TABLE_HARDWARE;
	if (table->data.flags & NF_FLOWTABLE_COUNTER)
		copy->flags |= NFTOFFC_TABLE_COUNTER;
}

static void copy_port(struct nftoffc_net *nn, struct nft_flowtable *table,
		      struct net_device *dev, void *data)
{
	struct nftoffc_snapshot *s = data;
	struct port_copy *copy;

	if (s->nports++ >= s->max_ports)
		return;
	copy = &s->ports[s->nports - 1];
	copy->table = table_number(s, table);
	strscpy(copy->name, dev->name, sizeof(copy->name));
}

static void copy_tuple(struct tuple_copy *copy,
		       const struct flow_offload_tuple *tuple)
{
	memset(&copy->src, 0, sizeof(copy->src));
	memset(&copy->dst, 0, sizeof(copy->dst));
	if (tuple->l3proto == NFPROTO_IPV4) {
		copy->src.in = tuple->src_v4;
		copy->dst.in = tuple->dst_v4;
	} else {
		copy->src.in6 = tuple->src_v6;
		copy->dst.in6 = tuple->dst_v6;
	}
	copy->sport = ntohs(tuple->src_port);
	copy->dport = ntohs(tuple->dst_port);
	copy->ifindex = tuple->iifidx;
}

static u32 flags_of(const struct flow_offload *flow, const struct nf_conn *ct)
{
	u32 flags = 0;

	if (test_bit(NF_FLOW_SNAT, &flow->flags))
		flags |= NFTOFFC_FLOW_SNAT;
	if (test_bit(NF_FLOW_DNAT, &flow->flags))
		flags |= NFTOFFC_FLOW_DNAT;
	if (test_bit(IPS_HW_OFFLOAD_BIT, &ct->status))
		flags |= NFTOFFC_FLOW_HARDWARE;
	else if (test_bit(NF_FLOW_HW, &flow->flags))
		flags |= NFTOFFC_FLOW_PENDING;
	if (test_bit(IPS_ASSURED_BIT, &ct->status))
		flags |= NFTOFFC_FLOW_ASSURED;
	return flags;
}

static void copy_connection(struct flow_copy *copy, const struct nf_conn *ct)
{
	const struct nf_conn_acct *acct = nf_conn_acct_find(ct);
	const struct nf_conn_labels *labels = nf_ct_labels_find(ct);
	int dir;

	copy->id = nf_ct_get_id(ct);
	copy->zone = nf_ct_zone(ct)->id;
#if IS_ENABLED(CONFIG_NF_CONNTRACK_MARK)
	copy->mark = READ_ONCE(ct->mark);
#endif
	copy->has_labels = labels;
	if (labels)
		memcpy(copy->labels, labels->bits, sizeof(copy->labels));
	copy->has_counters = acct;
	for (dir = 0; acct && dir < IP_CT_DIR_MAX; dir++) {
		copy->tuples[dir].packets =
			atomic64_read(&acct->counter[dir].packets);
		copy->tuples[dir].bytes =
			atomic64_read(&acct->counter[dir].bytes);
	}
}

static void copy_flow(struct nftoffc_net *nn, struct nft_flowtable *table,
		      struct flow_offload *flow, struct nf_conn *ct, void *data)
{
	struct nftoffc_snapshot *s = data;
	struct flow_copy *copy;
	s32 left;
	int dir;

	if (!nftoffc_selected(s->sel, nn->net, flow, ct) ||
	    s->nflows++ >= s->max_flows)
		return;
	copy = &s->flows[s->nflows - 1];
	copy->table = table_number(s, table);
	copy->family = flow->tuplehash[0].tuple.l3proto;
	copy->proto = flow->tuplehash[0].tuple.l4proto;
	copy->flags = flags_of(flow, ct);
	left = nf_flow_timeout_delta(READ_ONCE(flow->timeout));
	copy->timeout = left > 0 ? jiffies_to_msecs(left) : 0;
	for (dir = 0; dir < FLOW_OFFLOAD_DIR_MAX; dir++)
		copy_tuple(&copy->tuples[dir], &flow->tuplehash[dir].tuple);
	copy_connection(copy, ct);
}

static void walk(struct nftoffc_net *nn, struct nftoffc_snapshot *s)
{
	s->ntables = 0;
	s->nports = 0;
	s->nflows = 0;
	rcu_read_lock();
	s->twice = !nftoffc_each_table(nn, copy_table, s);
	if (s->of_flows)
		s->twice |= !nftoffc_each_flow(nn, copy_flow, s);
	else
		nftoffc_each_port(nn, copy_port, s);
	rcu_read_unlock();
}

/*
 * Room
 */

static void free_room(struct nftoffc_net *nn, struct nftoffc_snapshot *s)
{
	atomic_sub(s->max_flows, &nn->dumped);
	kvfree(s->tables);
	kvfree(s->ports);
	kvfree(s->flows);
	s->tables = NULL;
	s->ports = NULL;
	s->flows = NULL;
	s->max_tables = 0;
	s->max_ports = 0;
	s->max_flows = 0;
}

static void *room(u32 n, size_t size)
{
	return kvmalloc_array(n, size, GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
}

/* For what was counted, and some more. */
static int make_room(struct nftoffc_net *nn, struct nftoffc_snapshot *s)
{
	u32 flows = s->of_flows ? s->nflows + s->nflows / 16 + 16 : 0;
	u32 ports = s->of_flows ? 0 : s->nports + 4;
	u32 tables = s->ntables + 4;

	free_room(nn, s);
	if ((u32)atomic_add_return(flows, &nn->dumped) > nftoffc_max_flows) {
		atomic_sub(flows, &nn->dumped);
		return -ENOBUFS;
	}
	s->max_flows = flows;
	s->tables = room(tables, sizeof(*s->tables));
	if (ports)
		s->ports = room(ports, sizeof(*s->ports));
	if (flows)
		s->flows = room(flows, sizeof(*s->flows));
	if (!s->tables || (ports && !s->ports) || (flows && !s->flows))
		return -ENOMEM;
	s->max_tables = tables;
	s->max_ports = ports;
	return 0;
}

static bool is_whole(const struct nftoffc_snapshot *s)
{
	return s->ntables <= s->max_tables && s->nports <= s->max_ports &&
	       s->nflows <= s->max_flows && !s->twice;
}

static int fill(struct nftoffc_net *nn, struct nftoffc_snapshot *s)
{
	int ret, i;

	walk(nn, s);
	for (i = 0; i < NFTOFFC_SNAPSHOT_TRIES; i++) {
		ret = make_room(nn, s);
		if (ret)
			return ret;
		walk(nn, s);
		if (is_whole(s))
			return 0;
		cond_resched();
	}
	s->torn = true;
	s->ntables = min(s->ntables, s->max_tables);
	s->nports = min(s->nports, s->max_ports);
	s->nflows = min(s->nflows, s->max_flows);
	return 0;
}

struct nftoffc_snapshot *
nftoffc_snapshot_take(struct nftoffc_net *nn,
		      const struct nftoffc_selection *sel)
{
	struct nftoffc_snapshot *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!s)
		return ERR_PTR(-ENOMEM);
	s->sel = sel;
	s->of_flows = sel;
	ret = fill(nn, s);
	s->sel = NULL;
	if (ret) {
		nftoffc_snapshot_free(nn, s);
		return ERR_PTR(ret);
	}
	return s;
}

void nftoffc_snapshot_free(struct nftoffc_net *nn, struct nftoffc_snapshot *s)
{
	free_room(nn, s);
	kfree(s);
}

/*
 * Putting them into messages
 */

static int put_address(struct sk_buff *skb, int attr, u8 family,
		       const union nf_inet_addr *addr)
{
	return nla_put(skb, attr, family == NFPROTO_IPV4 ? 4 : 16, addr);
}

/* Copied: it may be given another name meanwhile. */
static int put_device_of(struct sk_buff *skb, int ifindex)
{
	struct net_device *dev;
	char name[IFNAMSIZ];

	rcu_read_lock();
	dev = dev_get_by_index_rcu(sock_net(skb->sk), ifindex);
	if (dev)
		strscpy(name, dev->name, sizeof(name));
	rcu_read_unlock();
	return dev ? nla_put_string(skb, NFTOFFC_U_DEVICE, name) : 0;
}

static int put_counters(struct sk_buff *skb, const struct tuple_copy *tuple)
{
	return nla_put_u64_64bit(skb, NFTOFFC_U_PACKETS, tuple->packets,
				 NFTOFFC_U_PAD) ?:
	       nla_put_u64_64bit(skb, NFTOFFC_U_BYTES, tuple->bytes,
				 NFTOFFC_U_PAD);
}

static int put_tuple(struct sk_buff *skb, int attr,
		     const struct flow_copy *flow,
		     const struct tuple_copy *tuple)
{
	struct nlattr *nest = nla_nest_start(skb, attr);

	if (!nest ||
	    put_address(skb, NFTOFFC_U_SOURCE, flow->family, &tuple->src) ||
	    put_address(skb, NFTOFFC_U_DESTINATION, flow->family,
			&tuple->dst) ||
	    nla_put_u16(skb, NFTOFFC_U_SPORT, tuple->sport) ||
	    nla_put_u16(skb, NFTOFFC_U_DPORT, tuple->dport) ||
	    nla_put_u32(skb, NFTOFFC_U_IFINDEX, tuple->ifindex) ||
	    put_device_of(skb, tuple->ifindex) ||
	    (flow->has_counters && put_counters(skb, tuple)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_table_of(struct sk_buff *skb, const struct table_copy *table)
{
	return nla_put_string(skb, NFTOFFC_F_TABLE, table->table) ?:
	       nla_put_string(skb, NFTOFFC_F_NAME, table->name) ?:
	       nla_put_u8(skb, NFTOFFC_F_TABLE_FAMILY, table->family);
}

static int put_flow(struct sk_buff *skb, const struct nftoffc_snapshot *s,
		    const struct flow_copy *flow)
{
	struct nlattr *nest = nla_nest_start(skb, NFTOFFC_A_FLOW);

	if (!nest || nla_put_u8(skb, NFTOFFC_F_FAMILY, flow->family) ||
	    nla_put_u8(skb, NFTOFFC_F_PROTOCOL, flow->proto) ||
	    put_tuple(skb, NFTOFFC_F_ORIGINAL, flow, &flow->tuples[0]) ||
	    put_tuple(skb, NFTOFFC_F_REPLY, flow, &flow->tuples[1]) ||
	    nla_put_u32(skb, NFTOFFC_F_FLAGS, flow->flags) ||
	    nla_put_u32(skb, NFTOFFC_F_TIMEOUT, flow->timeout) ||
	    nla_put_u32(skb, NFTOFFC_F_ID, flow->id) ||
	    nla_put_u32(skb, NFTOFFC_F_MARK, flow->mark) ||
	    (flow->has_labels && nla_put(skb, NFTOFFC_F_LABELS,
					 sizeof(flow->labels), flow->labels)) ||
	    (flow->zone && nla_put_u16(skb, NFTOFFC_F_ZONE, flow->zone)) ||
	    (flow->table < s->ntables &&
	     put_table_of(skb, &s->tables[flow->table])))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_ports(struct sk_buff *skb, const struct nftoffc_snapshot *s,
		     u32 table)
{
	struct nlattr *nest = nla_nest_start(skb, NFTOFFC_T_DEVICES);
	u32 i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < s->nports; i++)
		if (s->ports[i].table == table &&
		    nla_put_string(skb, NFTOFFC_T_DEVICE, s->ports[i].name))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_table(struct sk_buff *skb, const struct nftoffc_snapshot *s,
		     const struct table_copy *table)
{
	struct nlattr *nest = nla_nest_start(skb, NFTOFFC_A_TABLE);

	if (!nest || nla_put_u8(skb, NFTOFFC_T_FAMILY, table->family) ||
	    nla_put_string(skb, NFTOFFC_T_TABLE, table->table) ||
	    nla_put_string(skb, NFTOFFC_T_NAME, table->name) ||
	    nla_put_u64_64bit(skb, NFTOFFC_T_HANDLE, table->handle,
			      NFTOFFC_T_PAD) ||
	    nla_put_s32(skb, NFTOFFC_T_PRIORITY, table->priority) ||
	    nla_put_u32(skb, NFTOFFC_T_FLAGS, table->flags) ||
	    nla_put_u32(skb, NFTOFFC_T_FLOWS, table->flows) ||
	    put_ports(skb, s, table - s->tables))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_one(struct sk_buff *skb, struct netlink_callback *cb,
		   const struct nftoffc_snapshot *s)
{
	u8 cmd = s->of_flows ? NFTOFFC_CMD_FLOW : NFTOFFC_CMD_FLOWTABLE;
	int flags = NLM_F_MULTI | (s->torn ? NLM_F_DUMP_INTR : 0), ret;
	void *message;

	message = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
			      cb->nlh->nlmsg_seq, &nftoffc_family, flags, cmd);
	if (!message)
		return -EMSGSIZE;
	ret = s->of_flows ? put_flow(skb, s, &s->flows[s->pos]) :
		       put_table(skb, s, &s->tables[s->pos]);
	if (ret)
		genlmsg_cancel(skb, message);
	else
		genlmsg_end(skb, message);
	return ret;
}

int nftoffc_snapshot_dump(struct nftoffc_snapshot *s, struct sk_buff *skb,
			  struct netlink_callback *cb)
{
	u32 n = s->of_flows ? s->nflows : s->ntables;
	int ret = 0;

	for (; s->pos < n; s->pos++) {
		ret = put_one(skb, cb, s);
		if (ret)
			break;
	}
	/* One that an empty message cannot hold will never fit. */
	return skb->len ? skb->len : ret;
}
