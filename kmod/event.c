// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells whoever listens what the module itself has done.
 *
 * What must stay true: without a listener an event costs a test; one that
 * cannot be told for want of memory is lost, and nothing else is.
 */
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netfilter/nf_conntrack.h>

#include "internal.h"

/* More than the longest needs, so that a packet waits for no page. */
#define NFTOFFC_EVENT_SIZE 256

struct event {
	struct sk_buff *skb;
	void *head;
};

static bool event_begin(struct event *event, struct nftoffc_net *nn, u8 cmd,
			gfp_t gfp)
{
	if (!READ_ONCE(nftoffc_has_family) ||
	    !genl_has_listeners(&nftoffc_family, nn->net, 0))
		return false;
	event->skb = genlmsg_new(NFTOFFC_EVENT_SIZE, gfp);
	if (!event->skb)
		return false;
	event->head = genlmsg_put(event->skb, 0, 0, &nftoffc_family, 0, cmd);
	if (event->head)
		return true;
	nlmsg_free(event->skb);
	return false;
}

static void event_end(struct event *event, struct nftoffc_net *nn, int ret,
		      gfp_t gfp)
{
	if (ret) {
		nlmsg_free(event->skb);
		return;
	}
	genlmsg_end(event->skb, event->head);
	genlmsg_multicast_netns(&nftoffc_family, nn->net, event->skb, 0, 0,
				gfp);
}

void nftoffc_event_released(struct nftoffc_net *nn,
			    const struct nftoffc_release *release)
{
	struct event event;
	int ret;

	if (!event_begin(&event, nn, NFTOFFC_CMD_RELEASED, GFP_KERNEL))
		return;
	ret = nla_put_u32(event.skb, NFTOFFC_A_SEEN, release->seen) ?:
	      nla_put_u32(event.skb, NFTOFFC_A_MATCHED, release->matched) ?:
	      nla_put_u32(event.skb, NFTOFFC_A_RELEASED, release->released);
	event_end(&event, nn, ret, GFP_KERNEL);
}

static int put_connection(struct sk_buff *skb, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *tuple;
	struct nlattr *flow, *nest;
	int len;

	tuple = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	len = tuple->src.l3num == NFPROTO_IPV4 ? 4 : 16;
	flow = nla_nest_start(skb, NFTOFFC_A_FLOW);
	if (!flow || nla_put_u8(skb, NFTOFFC_F_FAMILY, tuple->src.l3num) ||
	    nla_put_u8(skb, NFTOFFC_F_PROTOCOL, tuple->dst.protonum) ||
	    nla_put_u32(skb, NFTOFFC_F_ID, nf_ct_get_id(ct)))
		return -EMSGSIZE;
#if IS_ENABLED(CONFIG_NF_CONNTRACK_MARK)
	if (nla_put_u32(skb, NFTOFFC_F_MARK, READ_ONCE(ct->mark)))
		return -EMSGSIZE;
#endif
	nest = nla_nest_start(skb, NFTOFFC_F_ORIGINAL);
	if (!nest || nla_put(skb, NFTOFFC_U_SOURCE, len, &tuple->src.u3) ||
	    nla_put(skb, NFTOFFC_U_DESTINATION, len, &tuple->dst.u3) ||
	    nla_put_u16(skb, NFTOFFC_U_SPORT, ntohs(tuple->src.u.all)) ||
	    nla_put_u16(skb, NFTOFFC_U_DPORT, ntohs(tuple->dst.u.all)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	nla_nest_end(skb, flow);
	return 0;
}

/* In a packet's way. */
void nftoffc_event_kept_out(struct nftoffc_net *nn, const struct nf_conn *ct,
			    u32 cookie)
{
	struct event event;
	int ret;

	if (!event_begin(&event, nn, NFTOFFC_CMD_KEPT_OUT, GFP_ATOMIC))
		return;
	ret = put_connection(event.skb, ct) ?:
	      nla_put_u32(event.skb, NFTOFFC_A_COOKIE, cookie);
	event_end(&event, nn, ret, GFP_ATOMIC);
}

/* Under the namespace's lock. */
void nftoffc_event_generation(struct nftoffc_net *nn,
			      const struct nftoffc_change *change)
{
	const struct nftoffc_generation *gen;
	struct event event;
	int ret;

	if (!event_begin(&event, nn, NFTOFFC_CMD_GENERATION, GFP_KERNEL))
		return;
	gen = rcu_dereference_protected(nn->current_gen,
					lockdep_is_held(&nn->lock));
	ret = nla_put_u64_64bit(event.skb, NFTOFFC_A_GENERATION,
				gen ? gen->id : 0, NFTOFFC_A_PAD) ?:
	      nla_put_u32(event.skb, NFTOFFC_A_STATE,
			  nftoffc_guard_state(nn)) ?:
	      nla_put_u64_64bit(event.skb, NFTOFFC_A_KEPT_OUT,
				change->kept_out, NFTOFFC_A_PAD) ?:
	      nla_put_u32(event.skb, NFTOFFC_A_LET_IN, change->let_in) ?:
	      nla_put_u32(event.skb, NFTOFFC_A_RELEASED, change->released);
	event_end(&event, nn, ret, GFP_KERNEL);
}
