/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connections that live, as connection tracking tells of them: one reader
 * for all who ask.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_CONNECTIONS_H
#define NFTOFFC_RUNTIME_NETLINK_CONNECTIONS_H

#include <stddef.h>

#include "policy/model.h"

struct nl;
struct nlmsghdr;
struct nlattr;

/* One direction of a connection, as its packets arrive at the router. */
struct connection_tuple {
	unsigned int family; /* FAMILY_INDEX_* */
	uint8_t proto;
	bool has_ports, has_icmp;
	uint16_t sport, dport; /* in network order */
	uint8_t icmp_type, icmp_code;
	uint8_t source[16], destination[16];
};

struct connection {
	struct connection_tuple original, reply;
	uint32_t status; /* IPS_* */
	uint32_t id, mark;
	uint32_t timeout;  /* seconds; an offloaded one has none */
	uint16_t zone;	   /* of connection tracking */
	uint8_t tcp_state; /* TCP_CONNTRACK_*; 0: not told */
	/* Nanoseconds since 1970, 0: not told. */
	uint64_t began, ended;
	bool has_counters;
	uint64_t packets[2], bytes[2]; /* original, reply */
	bool has_labels;
	uint8_t labels[16];
	const char *helper; /* NULL: none */
	bool has_master;    /* another one announced it: */
	/* As the kernel wrote them, for requests; NULL: not there. */
	const struct nlattr *own, *own_reply, *master, *own_zone;
};

/* From the attributes in a nest as CTA_TUPLE_ORIG; false: it is none. */
bool connection_tuple(const void *nest, size_t n,
		      struct connection_tuple *tuple);
/*
 * The one that a message of the kernel's speaks of; false: it does not say both
 * its directions. What is a pointer is the message's.
 */
bool connection_read(const struct nlmsghdr *message,
		     struct connection *connection);

/* What is handed over lives until the function returns: 0, or an error. */
typedef int (*connection_fn)(const struct connection *connection, void *data);
/*
 * Each of them, maybe twice where the table changes under way. 0 or -errno:
 * -EOPNOTSUPP if the kernel does not list them.
 */
int connections_list(struct nl *nl, connection_fn fn, void *data);
/* Those that have one of these bits of their status. */
int connections_list_status(struct nl *nl, uint32_t status, connection_fn fn,
			    void *data);
/* How many there are; 1 if that is not known. */
size_t connections_count(void);

/*
 * What a rule sees of a packet of the original direction, as far as it is
 * remembered: where from and where to, translated as it was, and what ports. The
 * zones are for the caller to say.
 */
void connection_packet(const struct connection *connection,
		       struct packet *packet);

#endif
