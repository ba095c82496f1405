/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels, and nothing else: included ahead of every
 * source by the build, which has looked at the headers (Kbuild). From 6.1 on.
 *
 * The sources are written for the newest kernel.
 */
#ifndef _NFTOFFC_COMPAT_H
#define _NFTOFFC_COMPAT_H

#include <linux/kconfig.h>
#include <linux/netfilter.h>
#include <linux/string.h>
#include <net/genetlink.h>
#include <net/netfilter/nf_flow_table.h>

/* Listening to a multicast group takes the privilege that it names. */
#ifndef COMPAT_HAS_MCAST_CAP
#define GENL_MCAST_CAP_NET_ADMIN GENL_UNS_ADMIN_PERM
#endif

/* What a dump was asked: once a structure of its own, with attrs, too. */
#ifndef COMPAT_HAS_INFO_DUMP
#define genl_info_dump(cb) genl_dumpit_info(cb)
#endif

/*
 * Is hook @i of a device's ingress that of a flowtable? Newer kernels say so in
 * its operations. Before, the hook of the inet family, the only one of the
 * three that is not exported, is told by its name.
 */
static inline bool compat_is_flowtable(const struct nf_hook_entries *hooks,
				       unsigned int i)
{
#ifdef COMPAT_HAS_HOOK_OP_FT
	const struct nf_hook_ops *ops;

	ops = READ_ONCE(nf_hook_entries_get_hook_ops(hooks)[i]);
	return ops->hook_ops_type == NF_HOOK_OP_NFT_FT;
#else
	static const char inet[] = "nf_flow_offload_inet_hook";
	nf_hookfn *hook = READ_ONCE(hooks->hooks[i].hook);
	char name[sizeof(inet) + 1];

	if (hook == nf_flow_offload_ip_hook ||
	    hook == nf_flow_offload_ipv6_hook)
		return true;
	snprintf(name, sizeof(name), "%ps", hook);
	return !strncmp(name, inet, sizeof(inet) - 1) &&
	       (!name[sizeof(inet) - 1] || name[sizeof(inet) - 1] == ' ');
#endif
}

#endif
