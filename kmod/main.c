// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc: sees offloaded flows, takes them back unbroken, keeps exempt ones
 * out. See nftoffc(4).
 *
 * What must stay true: what begins is ended in reverse. Requests stop before
 * the namespaces' state goes; a namespace's hooks stop before its generations
 * do. Events stop before the family goes, whose group another one may be given.
 */
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <net/genetlink.h>
#include <net/netns/generic.h>

#include "internal.h"

unsigned int nftoffc_max_entries __read_mostly = 65536;
module_param_named(max_entries, nftoffc_max_entries, uint, 0444);
MODULE_PARM_DESC(max_entries,
		 "exempt entries of a generation, port ranges taken apart");

unsigned int nftoffc_max_flows __read_mostly = 262144;
module_param_named(max_flows, nftoffc_max_flows, uint, 0444);
MODULE_PARM_DESC(max_flows, "flows in a namespace's dumps at one time");

struct workqueue_struct *nftoffc_wq;
bool nftoffc_has_family;

static unsigned int nftoffc_net_id __read_mostly;

struct nftoffc_net *nftoffc_pernet(struct net *net)
{
	return net_generic(net, nftoffc_net_id);
}

static int __net_init nftoffc_net_init(struct net *net)
{
	struct nftoffc_net *nn = nftoffc_pernet(net);

	nn->net = net;
	mutex_init(&nn->lock);
	nftoffc_guard_init(nn);
	return 0;
}

static void __net_exit nftoffc_net_exit(struct net *net)
{
	struct nftoffc_net *nn = nftoffc_pernet(net);

	nftoffc_guard_exit(nn);
	mutex_destroy(&nn->lock);
}

static struct pernet_operations nftoffc_net_ops = {
	.init = nftoffc_net_init,
	.exit = nftoffc_net_exit,
	.id = &nftoffc_net_id,
	.size = sizeof(struct nftoffc_net),
};

static int nftoffc_netlink_event(struct notifier_block *nb,
				 unsigned long event, void *data)
{
	const struct netlink_notify *notify = data;

	if (event == NETLINK_URELEASE && notify->protocol == NETLINK_GENERIC)
		nftoffc_guard_orphan(nftoffc_pernet(notify->net),
				     notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block nftoffc_netlink_notifier = {
	.notifier_call = nftoffc_netlink_event,
};

static int __init nftoffc_init(void)
{
	int ret;

	nftoffc_wq = alloc_workqueue("nftoffc", WQ_UNBOUND, 0);
	if (!nftoffc_wq)
		return -ENOMEM;
	ret = register_pernet_subsys(&nftoffc_net_ops);
	if (ret)
		goto destroy_wq;
	ret = netlink_register_notifier(&nftoffc_netlink_notifier);
	if (ret)
		goto unregister_pernet;
	ret = genl_register_family(&nftoffc_family);
	if (ret)
		goto unregister_notifier;
	WRITE_ONCE(nftoffc_has_family, true);
	return 0;

unregister_notifier:
	netlink_unregister_notifier(&nftoffc_netlink_notifier);
unregister_pernet:
	unregister_pernet_subsys(&nftoffc_net_ops);
destroy_wq:
	destroy_workqueue(nftoffc_wq);
	return ret;
}

static void __exit nftoffc_exit(void)
{
	/* The hooks still see packets, and sockets are closed. */
	netlink_unregister_notifier(&nftoffc_netlink_notifier);
	WRITE_ONCE(nftoffc_has_family, false);
	synchronize_net();
	genl_unregister_family(&nftoffc_family);
	unregister_pernet_subsys(&nftoffc_net_ops);
	destroy_workqueue(nftoffc_wq);
}

module_init(nftoffc_init);
module_exit(nftoffc_exit);

MODULE_ALIAS_GENL_FAMILY(NFTOFFC_GENL_NAME);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("See, release and guard flows in nf_tables' flowtables");
MODULE_VERSION("0.1");
