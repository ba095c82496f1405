/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A netlink socket to the kernel: ask, dump, commit.
 *
 * What must stay true: a transaction is one sendmsg(). The kernel works on it
 * before sendmsg() returns, so its errors are all there then; that there are
 * none does not prove that it was committed (compare the generation).
 *
 * Everything answers 0 or -errno.
 */
#ifndef NFTOFFC_RUNTIME_NETLINK_NL_H
#define NFTOFFC_RUNTIME_NETLINK_NL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct buf;
struct nl;
struct nlmsghdr;
struct nlattr;

/* The type of a message of nf_tables; for those who include nfnetlink.h. */
#define NFT(message) ((NFNL_SUBSYS_NFTABLES << 8) | (message))

/* What the kernel says of one message of a batch. */
struct nl_error {
	uint32_t seq;	  /* nlmsg_seq of the message */
	int error;	  /* -errno */
	uint32_t offset;  /* of the attribute in the message, 0: not told */
	const char *text; /* the kernel's own words, or NULL */
};

struct nl_errors {
	struct arena *arena;
	VEC(struct nl_error) list;
	bool lost; /* not all that the kernel said could be read */
};

/* Called for each message of an answer: 0, or -errno to report. */
typedef int (*nl_message_fn)(const struct nlmsghdr *message, void *data);

/* @bus is NETLINK_NETFILTER or NETLINK_ROUTE. */
int nl_open(struct nl **nl, int bus);
void nl_close(struct nl *nl);

/* Room for a request that nl_request() begins; none is longer. */
struct nl_room {
	_Alignas(8) char bytes[1024];
};

/*
 * Begins a netfilter request in @room: @type is (subsystem << 8) | message,
 * @family of the nfgenmsg. Add attributes, then nl_ask() or nl_dump() it.
 */
struct nlmsghdr *nl_request(struct nl_room *room, uint16_t type,
			    uint8_t family);
/* One request, acknowledged; @fn (may be NULL) sees what it answers. */
int nl_ask(struct nl *nl, struct nlmsghdr *request, nl_message_fn fn,
	   void *data);
/*
 * -EINTR: what was dumped changed under way, begin anew; @fn has seen all that
 * came. -ENOBUFS: some of it did not come.
 */
int nl_dump(struct nl *nl, struct nlmsghdr *request, nl_message_fn fn,
	    void *data);

/* What one send can hold: grown to @n bytes where privilege allows. */
size_t nl_room_to_send(struct nl *nl, size_t n);
/* What the kernel said of the last request's error; NULL: nothing. */
const char *nl_said(const struct nl *nl);
/* Joins a multicast group; then each message that comes, until @fn is not 0. */
int nl_join(struct nl *nl, uint32_t group);
int nl_listen(struct nl *nl, nl_message_fn fn, void *data);
/*
 * What has come by now, and no more; for those who poll(). -EAGAIN: nothing,
 * -ENOBUFS: something was lost.
 */
int nl_take(struct nl *nl, nl_message_fn fn, void *data);
int nl_fd(const struct nl *nl);
/* Of what arrives: so many bytes may wait. */
void nl_room_to_receive(struct nl *nl, size_t n);
/* How many messages were lost since it was opened, as far as that is known. */
unsigned long nl_lost(const struct nl *nl);
/*
 * Sends a batch, once, and collects what the kernel objects to. -errno if it
 * was not sent, -ERESTART if the generation it was built for is gone: either
 * way nothing changed. Else 0, and @errors says whether it was refused.
 */
int nl_commit(struct nl *nl, const void *batch, size_t n,
	      struct nl_errors *errors);
/* The same of a batch in pieces. */
struct iovec;
int nl_commit_pieces(struct nl *nl, const struct iovec *pieces, size_t n,
		     struct nl_errors *errors);
/*
 * Adds NFNL_MSG_BATCH_BEGIN, with the generation that the transaction is for (0:
 * any), or NFNL_MSG_BATCH_END.
 */
void nl_put_bracket(struct buf *out, uint16_t type, uint32_t seq,
		    uint32_t genid);
/* The generation behind @genid: the kernel counts by one, and leaves out 0. */
uint32_t nl_next_genid(uint32_t genid);
/* Sends messages without asking for answers; errors of -ENOENT are none. */
int nl_send_all(struct nl *nl, const void *messages, size_t n);

/* A whole message, of @left bytes; libmnl takes 2 GB and more for any length. */
bool nl_message_ok(const struct nlmsghdr *message, int left);
/* Attributes of a netfilter message (@nest NULL) or of a nest, by type. */
void nl_attrs(const struct nlmsghdr *message, const struct nlattr *nest,
	      const struct nlattr **attrs, unsigned int max);
/* The same of a message whose own header has @header bytes. */
void nl_attrs_behind(const struct nlmsghdr *message, unsigned int header,
		     const struct nlattr *nest, const struct nlattr **attrs,
		     unsigned int max);
/* NULL unless @attr is there and NUL-terminated. */
const char *nl_str(const struct nlattr *attr);
/* @absent unless @attr is there; from network order. */
uint32_t nl_be32(const struct nlattr *attr, uint32_t absent);
uint64_t nl_be64(const struct nlattr *attr, uint64_t absent);

/* @hash and the attribute's type and payload, whatever flags its type has. */
uint64_t nl_hash_attr(uint64_t hash, const struct nlattr *attr);

#endif
