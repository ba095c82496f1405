// SPDX-License-Identifier: GPL-2.0-only
/*
 * hwsim: a device that takes flows, simulated.
 *
 * It offers itself for devices that have no offload of their own (an indirect
 * flow block), and so receives the flows of flowtables with `flags offload`
 * that are on veth devices. It keeps a table of them, counts, and can be told
 * to be full, slow or unwilling. The packets still travel in software.
 *
 *	module parameters, writable:
 *	  slots		rules that the table holds (65536)
 *	  refuse	answer EOPNOTSUPP to each rule
 *	  refuse_bind	and to each device
 *	  strict	and to each that does not say that it can
 *	  delay_ms	that a rule takes
 *	  packets	that each request for counters finds anew, 100 bytes each
 *	  able		names of devices, "eth1,lan0", of whatever namespace, that
 *			say that they can (the feature hw-tc-offload)
 *	debugfs, hwsim/:
 *	  rules		a line each: where it comes in, the packet's addresses
 *			and ports as it comes, and as it leaves after the
 *			rule's actions, and where it leaves
 *	  counts	what was asked and answered since the module was loaded
 *
 * What must stay true: a rule is on the port of the device where its packets
 * arrive, once; nothing of a port is left when it is unbound, for no DESTROY
 * follows; binds by others than a flowtable are refused before the device is
 * looked at.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <net/flow_offload.h>
#include <net/pkt_cls.h>

static unsigned int slots = 65536;
module_param(slots, uint, 0644);
MODULE_PARM_DESC(slots, "rules that the table holds");

static bool refuse;
module_param(refuse, bool, 0644);
MODULE_PARM_DESC(refuse, "refuse each rule");

static bool refuse_bind;
module_param(refuse_bind, bool, 0644);
MODULE_PARM_DESC(refuse_bind, "refuse each device");

static bool strict;
module_param(strict, bool, 0644);
MODULE_PARM_DESC(strict, "refuse each device that is not able");

static unsigned int delay_ms;
module_param(delay_ms, uint, 0644);
MODULE_PARM_DESC(delay_ms, "what a rule takes");

static unsigned int packets;
module_param(packets, uint, 0644);
MODULE_PARM_DESC(packets, "that a request for counters finds");

static char able[256];

/* The headers that a rule may rewrite, in network order. */
struct headers {
	union {
		struct iphdr ip4;
		struct ipv6hdr ip6;
		__be32 ip_words[10];
	};
	__be32 ports;
	u16 family;
	u8 proto;
};

struct rule {
	struct list_head list;
	unsigned long cookie;
	struct headers before, after;
	char out[IFNAMSIZ];
	u64 stats;
};

/* A device of a flowtable. */
struct port {
	struct list_head list;
	struct list_head rules;
	char name[IFNAMSIZ];
	int ifindex;
	const struct net_device *dev;	/* to be compared only */
	const void *table;		/* the same */
};

static struct {
	unsigned int bind, unbind, replace, destroy, stats, full, refused;
	unsigned int rules;
} counts;

static DEFINE_MUTEX(lock); /* of ports, their rules, and the counts */
static LIST_HEAD(ports);
static LIST_HEAD(blocks);
static struct dentry *directory;

/*
 * Rules
 */

static void read_headers(struct headers *h, struct flow_rule *rule)
{
	struct flow_match_ipv4_addrs ip4;
	struct flow_match_ipv6_addrs ip6;
	struct flow_match_basic basic;
	struct flow_match_ports tp;

	if (flow_rule_match_key(rule, FLOW_DISSECTOR_KEY_BASIC)) {
		flow_rule_match_basic(rule, &basic);
		h->proto = basic.key->ip_proto;
	}
	if (flow_rule_match_key(rule, FLOW_DISSECTOR_KEY_IPV4_ADDRS)) {
		flow_rule_match_ipv4_addrs(rule, &ip4);
		h->family = AF_INET;
		h->ip4.saddr = ip4.key->src;
		h->ip4.daddr = ip4.key->dst;
	} else if (flow_rule_match_key(rule, FLOW_DISSECTOR_KEY_IPV6_ADDRS)) {
		flow_rule_match_ipv6_addrs(rule, &ip6);
		h->family = AF_INET6;
		h->ip6.saddr = ip6.key->src;
		h->ip6.daddr = ip6.key->dst;
	}
	if (flow_rule_match_key(rule, FLOW_DISSECTOR_KEY_PORTS)) {
		flow_rule_match_ports(rule, &tp);
		h->ports = tp.key->ports;
	}
}

/* As pedit does: the mask has the bits that stay. */
static void mangle(struct headers *h, const struct flow_action_entry *action)
{
	u32 word = action->mangle.offset / sizeof(__be32);
	__be32 *at = NULL;

	switch (action->mangle.htype) {
	case FLOW_ACT_MANGLE_HDR_TYPE_IP4:
	case FLOW_ACT_MANGLE_HDR_TYPE_IP6:
		if (word < ARRAY_SIZE(h->ip_words))
			at = &h->ip_words[word];
		break;
	case FLOW_ACT_MANGLE_HDR_TYPE_TCP:
	case FLOW_ACT_MANGLE_HDR_TYPE_UDP:
		if (!word)
			at = &h->ports;
		break;
	default:
		break;
	}
	if (at)
		*at = (*at & (__force __be32)action->mangle.mask) |
		      ((__force __be32)action->mangle.val &
		       ~(__force __be32)action->mangle.mask);
}

static void read_actions(struct rule *to, struct flow_rule *rule)
{
	const struct flow_action_entry *action;
	int i;

	to->after = to->before;
	flow_action_for_each(i, action, &rule->action) {
		if (action->id == FLOW_ACTION_MANGLE)
			mangle(&to->after, action);
		else if (action->id == FLOW_ACTION_REDIRECT)
			strscpy(to->out, action->dev->name, sizeof(to->out));
	}
}

static bool arrives_at(const struct port *port, struct flow_rule *rule)
{
	struct flow_match_meta meta;

	if (!flow_rule_match_key(rule, FLOW_DISSECTOR_KEY_META))
		return false;
	flow_rule_match_meta(rule, &meta);
	return meta.key->ingress_ifindex == port->ifindex;
}

static struct rule *find_rule(struct port *port, unsigned long cookie)
{
	struct rule *rule;

	list_for_each_entry(rule, &port->rules, list)
		if (rule->cookie == cookie)
			return rule;
	return NULL;
}

static void free_rule(struct rule *rule)
{
	list_del(&rule->list);
	kfree(rule);
	counts.rules--;
}

static int replace(struct port *port, struct flow_cls_offload *cls)
{
	struct flow_rule *from = flow_cls_offload_flow_rule(cls);
	struct rule *rule;

	if (!arrives_at(port, from))
		return -EOPNOTSUPP;
	counts.replace++;
	if (refuse) {
		counts.refused++;
		return -EOPNOTSUPP;
	}
	rule = find_rule(port, cls->cookie);
	if (!rule && counts.rules >= slots) {
		counts.full++;
		return -ENOSPC;
	}
	if (!rule) {
		rule = kzalloc(sizeof(*rule), GFP_KERNEL);
		if (!rule)
			return -ENOMEM;
		list_add_tail(&rule->list, &port->rules);
		counts.rules++;
	}
	rule->cookie = cls->cookie;
	read_headers(&rule->before, from);
	read_actions(rule, from);
	return 0;
}

static int destroy(struct port *port, struct flow_cls_offload *cls)
{
	struct rule *rule = find_rule(port, cls->cookie);

	if (!rule)
		return -ENOENT;
	counts.destroy++;
	free_rule(rule);
	return 0;
}

static int stats(struct port *port, struct flow_cls_offload *cls)
{
	struct rule *rule = find_rule(port, cls->cookie);

	if (!rule)
		return -ENOENT;
	counts.stats++;
	if (!packets)
		return 0;
	rule->stats += packets;
	flow_stats_update(&cls->stats, 100 * packets, packets, 0, jiffies,
			  FLOW_ACTION_HW_STATS_DELAYED);
	return 0;
}

static int hwsim_setup(enum tc_setup_type type, void *data, void *priv)
{
	struct flow_cls_offload *cls = data;
	struct port *port = priv;
	int ret = -EOPNOTSUPP;

	if (type != TC_SETUP_CLSFLOWER)
		return ret;
	if (cls->command == FLOW_CLS_REPLACE && delay_ms)
		msleep(delay_ms);
	mutex_lock(&lock);
	switch (cls->command) {
	case FLOW_CLS_REPLACE:
		ret = replace(port, cls);
		break;
	case FLOW_CLS_DESTROY:
		ret = destroy(port, cls);
		break;
	case FLOW_CLS_STATS:
		ret = stats(port, cls);
		break;
	default:
		break;
	}
	mutex_unlock(&lock);
	return ret;
}

/*
 * Ports
 */

/* The block's callback is freed. */
static void hwsim_release(void *priv)
{
	struct port *port = priv;
	struct rule *rule, *next;

	mutex_lock(&lock);
	list_for_each_entry_safe(rule, next, &port->rules, list)
		free_rule(rule);
	list_del(&port->list);
	counts.unbind++;
	mutex_unlock(&lock);
	kfree(port);
}

static struct port *new_port(const struct net_device *dev, const void *table)
{
	struct port *port = kzalloc(sizeof(*port), GFP_KERNEL);

	if (!port)
		return NULL;
	INIT_LIST_HEAD(&port->rules);
	strscpy(port->name, dev->name, sizeof(port->name));
	port->ifindex = dev->ifindex;
	port->dev = dev;
	port->table = table;
	mutex_lock(&lock);
	list_add_tail(&port->list, &ports);
	counts.bind++;
	mutex_unlock(&lock);
	return port;
}

static struct port *find_port(const struct net_device *dev, const void *table)
{
	struct port *port, *found = NULL;

	mutex_lock(&lock);
	list_for_each_entry(port, &ports, list)
		if (port->dev == dev && port->table == table)
			found = port;
	mutex_unlock(&lock);
	return found;
}

static bool is_able(const char *name)
{
	size_t n = strlen(name);
	const char *at;

	for (at = able; *at; at += strcspn(at, ",") + 1) {
		if (!strncmp(at, name, n) && strchr(",\n", at[n]))
			return true;
		if (!strchr(at, ','))
			break;
	}
	return false;
}

static int bind(struct net_device *dev, struct Qdisc *sch, void *priv,
		struct flow_block_offload *bo, void *table,
		void (*cleanup)(struct flow_block_cb *block_cb))
{
	struct flow_block_cb *block;
	struct port *port;

	if (refuse_bind || (strict && !is_able(dev->name)))
		return -EOPNOTSUPP;
	if (find_port(dev, table))
		return -EBUSY;
	port = new_port(dev, table);
	if (!port)
		return -ENOMEM;
	block = flow_indr_block_cb_alloc(hwsim_setup, port, port,
					 hwsim_release, bo, dev, sch, table,
					 priv, cleanup);
	if (IS_ERR(block)) {
		hwsim_release(port);
		return PTR_ERR(block);
	}
	flow_block_cb_add(block, bo);
	list_add_tail(&block->driver_list, &blocks);
	return 0;
}

static int unbind(struct net_device *dev, struct flow_block_offload *bo,
		  void *table)
{
	struct port *port = find_port(dev, table);
	struct flow_block_cb *block;

	if (!port)
		return -ENOENT;
	block = flow_block_cb_lookup(bo->block, hwsim_setup, port);
	if (!block)
		return -ENOENT;
	flow_indr_block_cb_remove(block, bo);
	list_del(&block->driver_list);
	return 0;
}

static int hwsim_indr(struct net_device *dev, struct Qdisc *sch, void *priv,
		      enum tc_setup_type type, void *type_data, void *data,
		      void (*cleanup)(struct flow_block_cb *block_cb))
{
	struct flow_block_offload *bo = type_data;

	if (type != TC_SETUP_FT || !bo || !bo->block || !bo->net || !dev)
		return -EOPNOTSUPP;
	bo->driver_block_list = &blocks;
	switch (bo->command) {
	case FLOW_BLOCK_BIND:
		return bind(dev, sch, priv, bo, data, cleanup);
	case FLOW_BLOCK_UNBIND:
		return unbind(dev, bo, data);
	}
	return -EOPNOTSUPP;
}

/*
 * What devices say of themselves
 */

/* Those that are there already are announced to who registers. */
static int hwsim_device(struct notifier_block *nb, unsigned long event,
			void *info)
{
	struct net_device *dev = netdev_notifier_info_to_dev(info);

	if ((event != NETDEV_REGISTER && event != NETDEV_CHANGENAME) ||
	    !is_able(dev->name))
		return NOTIFY_DONE;
	dev->hw_features |= NETIF_F_HW_TC;
	dev->wanted_features |= NETIF_F_HW_TC;
	netdev_update_features(dev);
	return NOTIFY_DONE;
}

static struct notifier_block devices = { .notifier_call = hwsim_device };
static bool listening;

static int set_able(const char *value, const struct kernel_param *kp)
{
	if (strscpy(able, value, sizeof(able)) < 0)
		return -EINVAL;
	if (!listening)
		return 0;
	unregister_netdevice_notifier(&devices);
	return register_netdevice_notifier(&devices);
}

static const struct kernel_param_ops able_ops = { .set = set_able };
module_param_cb(able, &able_ops, NULL, 0200);
MODULE_PARM_DESC(able, "devices that say that they can");

/*
 * Showing
 */

static void show_headers(struct seq_file *m, const struct headers *h)
{
	u32 both = ntohl(h->ports);

	if (h->family == AF_INET)
		seq_printf(m, "%pI4:%u > %pI4:%u", &h->ip4.saddr, both >> 16,
			   &h->ip4.daddr, both & 0xffff);
	else
		seq_printf(m, "[%pI6c]:%u > [%pI6c]:%u", &h->ip6.saddr,
			   both >> 16, &h->ip6.daddr, both & 0xffff);
}

static int rules_show(struct seq_file *m, void *v)
{
	struct port *port;
	struct rule *rule;

	mutex_lock(&lock);
	list_for_each_entry(port, &ports, list)
		list_for_each_entry(rule, &port->rules, list) {
			seq_printf(m, "%s proto %u ", port->name,
				   rule->before.proto);
			show_headers(m, &rule->before);
			seq_puts(m, " => ");
			show_headers(m, &rule->after);
			seq_printf(m, " %s packets %llu\n", rule->out,
				   rule->stats);
		}
	mutex_unlock(&lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(rules);

static int counts_show(struct seq_file *m, void *v)
{
	mutex_lock(&lock);
	seq_printf(m, "bind=%u\nunbind=%u\nreplace=%u\ndestroy=%u\nstats=%u\n",
		   counts.bind, counts.unbind, counts.replace, counts.destroy,
		   counts.stats);
	seq_printf(m, "full=%u\nrefused=%u\nrules=%u\n", counts.full,
		   counts.refused, counts.rules);
	mutex_unlock(&lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counts);

static int __init hwsim_init(void)
{
	int ret;

	directory = debugfs_create_dir("hwsim", NULL);
	debugfs_create_file("rules", 0400, directory, NULL, &rules_fops);
	debugfs_create_file("counts", 0400, directory, NULL, &counts_fops);
	ret = flow_indr_dev_register(hwsim_indr, NULL);
	if (ret)
		goto no_block;
	ret = register_netdevice_notifier(&devices);
	if (ret)
		goto no_notifier;
	listening = true;
	return 0;

no_notifier:
	flow_indr_dev_unregister(hwsim_indr, NULL, hwsim_release);
no_block:
	debugfs_remove(directory);
	return ret;
}

static void __exit hwsim_exit(void)
{
	unregister_netdevice_notifier(&devices);
	flow_indr_dev_unregister(hwsim_indr, NULL, hwsim_release);
	debugfs_remove(directory);
	WARN_ON(!list_empty(&ports));
}

module_init(hwsim_init);
module_exit(hwsim_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A simulated device that takes flows");
