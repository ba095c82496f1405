/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The generic netlink interface of the module nftoffc: what may be asked, what
 * is answered, and what it tells by itself.
 *
 * What must stay true: numbers are never given a new meaning; what is added
 * goes before the __..._MAX of its enumeration. Integers are in host order,
 * addresses are as in a packet, ports are numbers (host order), and strings end
 * in NUL. Whoever lacks CAP_NET_ADMIN over the network namespace gets -EPERM.
 * An attribute that a command does not know is refused.
 *
 * A connection's source and destination are those that a person would write:
 * the real hosts', that is the source before source NAT and the destination
 * after destination NAT, in the connection's original direction, whichever way
 * the packet at hand travels.
 */
#ifndef _UAPI_NFTOFFC_H
#define _UAPI_NFTOFFC_H

#define NFTOFFC_GENL_NAME "nftoffc"
#define NFTOFFC_GENL_VERSION 1
#define NFTOFFC_GENL_GROUP "events"

/* What NFTOFFC_A_ABI says; greater if the meaning of anything changed. */
#define NFTOFFC_ABI 1

/**
 * enum nftoffc_cmd - commands, and the events of the multicast group
 *
 * @NFTOFFC_CMD_INFO: answers ABI, STATE, GENERATION, FORMER and STAGED where
 *	there are any, ENTRIES_NOW, ENTRIES_STAGED, ENTRIES_MAX, SHAPES_NOW,
 *	FLOWTABLES, FLOWS, KEPT_OUT and RELEASED_ALL
 * @NFTOFFC_CMD_FLOWTABLE: dump; a message for each flowtable that has a device
 * @NFTOFFC_CMD_FLOW: dump, with FILTER; a message for each flow
 * @NFTOFFC_CMD_RELEASE: FILTER, IDS or both (then both must hold), FLAGS; takes
 *	matching flows back to the slow path, their connections unbroken; answers
 *	SEEN, MATCHED and RELEASED. A rule that adds flows will add them again
 * @NFTOFFC_CMD_STAGE: GENERATION, ENTRIES, FLAGS; the first one begins a staged
 *	generation, which belongs to the socket that sent it, others add to it.
 *	-EBUSY while there is one of another number or owner
 * @NFTOFFC_CMD_COMMIT: GENERATION; the staged generation becomes the current
 *	one, the current one the former. Live connections follow before the
 *	answer. Cannot fail for want of memory
 * @NFTOFFC_CMD_ABORT: GENERATION; if it is the staged one, it is dropped; if it
 *	is the current one, the former is current again, and live connections
 *	follow; -ENOENT if it is neither, or there is no former one
 * @NFTOFFC_CMD_RELEASED: event: SEEN, MATCHED, RELEASED of a RELEASE
 * @NFTOFFC_CMD_KEPT_OUT: event: FLOW (its first tuple, NFTOFFC_F_ID and
 *	NFTOFFC_F_MARK) of a new connection that is exempt, COOKIE of the entry
 * @NFTOFFC_CMD_GENERATION: event: GENERATION that is now current, STATE, and
 *	how many live connections were KEPT_OUT, LET_IN and RELEASED by it
 */
enum nftoffc_cmd {
	NFTOFFC_CMD_UNSPEC,
	NFTOFFC_CMD_INFO,
	NFTOFFC_CMD_FLOWTABLE,
	NFTOFFC_CMD_FLOW,
	NFTOFFC_CMD_RELEASE,
	NFTOFFC_CMD_STAGE,
	NFTOFFC_CMD_COMMIT,
	NFTOFFC_CMD_ABORT,
	NFTOFFC_CMD_RELEASED,
	NFTOFFC_CMD_KEPT_OUT,
	NFTOFFC_CMD_GENERATION,
	__NFTOFFC_CMD_MAX,
};

#define NFTOFFC_CMD_MAX (__NFTOFFC_CMD_MAX - 1)

/**
 * enum nftoffc_flags - NFTOFFC_A_FLAGS of a request
 *
 * @NFTOFFC_FLAG_DRY_RUN: RELEASE: count, change nothing
 * @NFTOFFC_FLAG_LAST: STAGE: nothing more will be added. From now until COMMIT
 *	or ABORT, what the current or the staged generation exempts is kept out;
 *	and if the owner's socket is closed before either, the module does not
 *	know whether the rules that belong to it were committed: it stays so, in
 *	doubt, until anybody sends COMMIT or ABORT. Without this flag, closing
 *	the socket drops the staged generation
 */
enum nftoffc_flags {
	NFTOFFC_FLAG_DRY_RUN = 1 << 0,
	NFTOFFC_FLAG_LAST = 1 << 1,
};

/* NFTOFFC_A_STATE: what becomes of the staged generation. */
enum nftoffc_state {
	NFTOFFC_STATE_IDLE,	/* there is none */
	NFTOFFC_STATE_STAGING,	/* it is being added to */
	NFTOFFC_STATE_ARMED,	/* it is whole; COMMIT or ABORT will follow */
	NFTOFFC_STATE_IN_DOUBT, /* as before, and its owner is gone */
};

/* The attributes of all messages. */
enum nftoffc_attr {
	NFTOFFC_A_UNSPEC,
	NFTOFFC_A_PAD,
	NFTOFFC_A_ABI,		  /* u32 */
	NFTOFFC_A_FLAGS,	  /* u32, enum nftoffc_flags */
	NFTOFFC_A_STATE,	  /* u32, enum nftoffc_state */
	NFTOFFC_A_FILTER,	  /* nest, enum nftoffc_match_attr; empty: all */
	NFTOFFC_A_IDS,		  /* array of u32: conntrack ids */
	NFTOFFC_A_GENERATION,	  /* u64, not 0: a number its owner chose */
	NFTOFFC_A_FORMER,	  /* u64, 0: nothing was exempt */
	NFTOFFC_A_STAGED,	  /* u64 */
	NFTOFFC_A_ENTRIES,	  /* array of nests, enum nftoffc_match_attr */
	NFTOFFC_A_ENTRIES_NOW,	  /* u32: of the current generation */
	NFTOFFC_A_ENTRIES_STAGED, /* u32 */
	NFTOFFC_A_ENTRIES_MAX,	  /* u32: a generation may have */
	NFTOFFC_A_SHAPES_NOW,	  /* u32: hash lookups of a new connection */
	NFTOFFC_A_FLOWTABLES,	  /* u32 */
	NFTOFFC_A_FLOWS,	  /* u32 */
	NFTOFFC_A_SEEN,		  /* u32: flows looked at */
	NFTOFFC_A_MATCHED,	  /* u32 */
	NFTOFFC_A_RELEASED,	  /* u32 */
	NFTOFFC_A_KEPT_OUT,	  /* u64: connections */
	NFTOFFC_A_LET_IN,	  /* u32: connections no longer exempt */
	NFTOFFC_A_RELEASED_ALL,	  /* u64: flows, since the namespace began */
	NFTOFFC_A_COOKIE,	  /* u32 */
	NFTOFFC_A_TABLE,	  /* nest, enum nftoffc_table_attr */
	NFTOFFC_A_FLOW,		  /* nest, enum nftoffc_flow_attr */
	__NFTOFFC_A_MAX,
};

#define NFTOFFC_A_MAX (__NFTOFFC_A_MAX - 1)

/**
 * enum nftoffc_match_attr - a filter, or an entry of the guard: all given must hold
 *
 * A port or an address needs PROTOCOL or FAMILY with it. A device is a name,
 * or the beginning of one and "*". In a filter a device is that of the flow or
 * one above it (a bridge above its port, a VLAN above its parent), for the
 * flowtable knows only the lowest.
 */
enum nftoffc_match_attr {
	NFTOFFC_M_UNSPEC,
	NFTOFFC_M_FAMILY,	  /* u8, AF_INET or AF_INET6 */
	NFTOFFC_M_PROTOCOL,	  /* u8 */
	NFTOFFC_M_SOURCE,	  /* 4 or 16 bytes */
	NFTOFFC_M_SOURCE_LEN,	  /* u8: bits of the prefix; default: all */
	NFTOFFC_M_DESTINATION,	  /* as SOURCE */
	NFTOFFC_M_DESTINATION_LEN,
	NFTOFFC_M_SPORT,	  /* u16 */
	NFTOFFC_M_SPORT_MAX,	  /* u16: a range's last; default: SPORT */
	NFTOFFC_M_DPORT,
	NFTOFFC_M_DPORT_MAX,
	NFTOFFC_M_MARK,		  /* u32, the connection's */
	NFTOFFC_M_MARK_MASK,	  /* u32; default: all bits */
	NFTOFFC_M_ZONE,		  /* u16, the connection tracking zone */
	NFTOFFC_M_IN,		  /* device of the original direction */
	NFTOFFC_M_OUT,		  /* device of the reply direction */
	NFTOFFC_M_DEVICE,	  /* filter only: either of them */
	NFTOFFC_M_COOKIE,	  /* u32, entry only: told in KEPT_OUT */
	__NFTOFFC_M_MAX,
};

#define NFTOFFC_M_MAX (__NFTOFFC_M_MAX - 1)

/* NFTOFFC_A_TABLE */
enum nftoffc_table_attr {
	NFTOFFC_T_UNSPEC,
	NFTOFFC_T_PAD,
	NFTOFFC_T_FAMILY,  /* u8, NFPROTO_* */
	NFTOFFC_T_TABLE,   /* string */
	NFTOFFC_T_NAME,	   /* string */
	NFTOFFC_T_HANDLE,  /* u64 */
	NFTOFFC_T_PRIORITY, /* s32 */
	NFTOFFC_T_FLAGS,   /* u32, enum nftoffc_table_flags */
	NFTOFFC_T_FLOWS,   /* u32 */
	NFTOFFC_T_DEVICES, /* nest of NFTOFFC_T_DEVICE */
	NFTOFFC_T_DEVICE,  /* string */
	__NFTOFFC_T_MAX,
};

#define NFTOFFC_T_MAX (__NFTOFFC_T_MAX - 1)

enum nftoffc_table_flags {
	NFTOFFC_TABLE_HARDWARE = 1 << 0,
	NFTOFFC_TABLE_COUNTER = 1 << 1,
};

/* NFTOFFC_A_FLOW */
enum nftoffc_flow_attr {
	NFTOFFC_F_UNSPEC,
	NFTOFFC_F_PAD,
	NFTOFFC_F_FAMILY,   /* u8, AF_INET or AF_INET6 */
	NFTOFFC_F_PROTOCOL, /* u8 */
	NFTOFFC_F_ORIGINAL, /* nest, enum nftoffc_tuple_attr */
	NFTOFFC_F_REPLY,    /* as ORIGINAL */
	NFTOFFC_F_FLAGS,    /* u32, enum nftoffc_flow_flags */
	NFTOFFC_F_TIMEOUT,  /* u32, milliseconds until it leaves if idle */
	NFTOFFC_F_ID,	    /* u32, as conntrack's CTA_ID (there in network order) */
	NFTOFFC_F_MARK,	    /* u32 */
	NFTOFFC_F_LABELS,   /* 16 bytes; absent: none */
	NFTOFFC_F_ZONE,	    /* u16; absent: 0 */
	NFTOFFC_F_TABLE,    /* string: the flowtable's table */
	NFTOFFC_F_NAME,	    /* string: the flowtable */
	NFTOFFC_F_TABLE_FAMILY, /* u8, NFPROTO_* */
	__NFTOFFC_F_MAX,
};

#define NFTOFFC_F_MAX (__NFTOFFC_F_MAX - 1)

enum nftoffc_flow_flags {
	NFTOFFC_FLOW_SNAT = 1 << 0,
	NFTOFFC_FLOW_DNAT = 1 << 1,
	NFTOFFC_FLOW_HARDWARE = 1 << 2, /* a device has accepted it */
	NFTOFFC_FLOW_PENDING = 1 << 3,	/* to be offered to a device */
	NFTOFFC_FLOW_ASSURED = 1 << 4,
};

/*
 * A direction, as its packets arrive. Packets and bytes are conntrack's: absent
 * without net.netfilter.nf_conntrack_acct, and those of offloaded packets only
 * where the flowtable says `counter`.
 */
enum nftoffc_tuple_attr {
	NFTOFFC_U_UNSPEC,
	NFTOFFC_U_PAD,
	NFTOFFC_U_SOURCE,      /* 4 or 16 bytes */
	NFTOFFC_U_DESTINATION, /* 4 or 16 bytes */
	NFTOFFC_U_SPORT,       /* u16 */
	NFTOFFC_U_DPORT,       /* u16 */
	NFTOFFC_U_IFINDEX,     /* u32: where they arrive */
	NFTOFFC_U_DEVICE,      /* string; absent: it is gone */
	NFTOFFC_U_PACKETS,     /* u64 */
	NFTOFFC_U_BYTES,       /* u64 */
	__NFTOFFC_U_MAX,
};

#define NFTOFFC_U_MAX (__NFTOFFC_U_MAX - 1)

#endif
