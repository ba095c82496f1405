/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module's files share.
 *
 *	main		a namespace's state, its beginning and end
 *	netlink		requests and answers
 *	match		what can be asked of a connection
 *	generation	what is exempt, as a set
 *	guard		keeps what is exempt out, and brings live connections
 *			into line with a new generation
 *	flow		finds flowtables and flows
 *	snapshot	copies of them, for dumps
 *	event		tells whoever listens
 *
 * What must stay true: no pointer to a flowtable or a flow outlives the RCU
 * section in which it was found; a reference to a connection is held while
 * anything is read of it.
 */
#ifndef _NFTOFFC_INTERNAL_H
#define _NFTOFFC_INTERNAL_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

#include "generation.h"
#include "match.h"
#include "uapi/nftoffc.h"

struct flow_offload;
struct genl_family;
struct net_device;
struct nf_conn;
struct nf_flowtable;
struct nft_flowtable;

/* The bounds; module parameters. */
extern unsigned int nftoffc_max_entries;
extern unsigned int nftoffc_max_flows;

/*
 * main
 */

/* A network namespace. */
struct nftoffc_net {
	struct net *net;
	struct mutex lock; /* of the generations, and of what follows them */
	struct nftoffc_generation __rcu *current_gen; /* NULL: nothing */
	/* Whole, and kept out too, until it is committed or aborted. */
	struct nftoffc_generation __rcu *armed;
	struct nftoffc_generation *staged; /* the same, or not yet whole */
	struct nftoffc_generation *former; /* as @has_former; NULL: nothing */
	bool has_former;
	bool hooked;
	u32 owner; /* port of the socket that stages, 0: it is gone */
	struct work_struct sweep;
	atomic64_t kept_out;
	atomic64_t released;
	atomic_t dumped; /* flows in snapshots */
};

struct nftoffc_net *nftoffc_pernet(struct net *net);
extern struct workqueue_struct *nftoffc_wq;
/* The family is there to tell of events. */
extern bool nftoffc_has_family;

/*
 * netlink
 */

extern struct genl_family nftoffc_family;

/*
 * flow
 */

/* What becomes of a flow; the connection is held. */
typedef void (*nftoffc_flow_fn)(struct nftoffc_net *nn,
				struct nft_flowtable *table,
				struct flow_offload *flow, struct nf_conn *ct,
				void *data);
typedef void (*nftoffc_table_fn)(struct nftoffc_net *nn,
				 struct nft_flowtable *table, void *data);
/* A device of a flowtable. */
typedef void (*nftoffc_port_fn)(struct nftoffc_net *nn,
				struct nft_flowtable *table,
				struct net_device *dev, void *data);

/*
 * All three to be called under RCU. A port may be come upon twice; a table or a
 * flow only if the answer is false.
 */
void nftoffc_each_port(struct nftoffc_net *nn, nftoffc_port_fn fn,
		       void *data);
bool nftoffc_each_table(struct nftoffc_net *nn, nftoffc_table_fn fn,
			void *data);
bool nftoffc_each_flow(struct nftoffc_net *nn, nftoffc_flow_fn fn,
		       void *data);
u32 nftoffc_table_flows(struct nft_flowtable *table);

/* Which flows are meant: all that hold @match and are in @ids, if any. */
struct nftoffc_selection {
	struct nftoffc_match match;
	u32 *ids; /* sorted; NULL: any */
	u32 nids;
};

int nftoffc_select(struct nftoffc_selection *sel, const struct nlattr *filter,
		   const struct nlattr *ids, struct netlink_ext_ack *extack);
void nftoffc_select_end(struct nftoffc_selection *sel);
bool nftoffc_selected(const struct nftoffc_selection *sel, struct net *net,
		      const struct flow_offload *flow,
		      const struct nf_conn *ct);

struct nftoffc_release {
	struct nftoffc_selection sel;
	bool dry_run;
	u32 seen, matched, released;
};

void nftoffc_release(struct nftoffc_net *nn, struct nftoffc_release *release);

/*
 * snapshot
 */

struct nftoffc_snapshot;

/* NULL @sel: no flows, but tables with their devices. */
struct nftoffc_snapshot *
nftoffc_snapshot_take(struct nftoffc_net *nn,
		      const struct nftoffc_selection *sel);
void nftoffc_snapshot_free(struct nftoffc_net *nn,
			   struct nftoffc_snapshot *snapshot);
/* Put the next ones into @skb, until it is full. */
int nftoffc_snapshot_dump(struct nftoffc_snapshot *snapshot,
			  struct sk_buff *skb, struct netlink_callback *cb);

/*
 * guard
 */

/* What a change of generations did to live connections. */
struct nftoffc_change {
	u64 kept_out;
	u32 let_in, released;
};

int nftoffc_guard_stage(struct nftoffc_net *nn, u64 id, u32 owner,
			const struct nlattr *entries, bool last,
			struct netlink_ext_ack *extack);
int nftoffc_guard_commit(struct nftoffc_net *nn, u64 id, u32 owner,
			 struct netlink_ext_ack *extack);
int nftoffc_guard_abort(struct nftoffc_net *nn, u64 id, u32 owner,
			struct netlink_ext_ack *extack);
/* The socket @owner is gone. */
void nftoffc_guard_orphan(struct nftoffc_net *nn, u32 owner);
enum nftoffc_state nftoffc_guard_state(const struct nftoffc_net *nn);
void nftoffc_guard_init(struct nftoffc_net *nn);
void nftoffc_guard_exit(struct nftoffc_net *nn);

/*
 * event
 */

void nftoffc_event_released(struct nftoffc_net *nn,
			    const struct nftoffc_release *release);
void nftoffc_event_kept_out(struct nftoffc_net *nn, const struct nf_conn *ct,
			    u32 cookie);
void nftoffc_event_generation(struct nftoffc_net *nn,
			      const struct nftoffc_change *change);

#endif
