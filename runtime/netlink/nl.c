// SPDX-License-Identifier: GPL-2.0-only
/*
 * A netlink socket to the kernel.
 *
 * The receive buffer is large, since a bad batch may answer one error a
 * message, and the kernel is asked not to repeat our messages in them. The
 * buffer that answers are read into is taken when the socket is opened.
 *
 * Source: uapi netlink.h, nfnetlink.h.
 */
#include "runtime/netlink/nl.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "runtime/base/fault.h"

/* No single netlink message that we get is longer. */
#define ANSWER_MAX (256u * 1024)
#define RECEIVE_BUFFER (64 * 1024 * 1024)

struct nl {
	struct mnl_socket *socket;
	uint32_t seq;
	char said[128]; /* of the last request's error */
	_Alignas(8) char answer[ANSWER_MAX];
};

/* With privilege beyond the system's bound, else up to it. */
static void set_buffer(struct nl *nl, int forced, int plain, int size)
{
	int fd = mnl_socket_get_fd(nl->socket);

	if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, plain, &size, sizeof(size));
}

static void set_options(struct nl *nl)
{
	int on = 1;

	/* Old kernels have neither; then errors are longer and say less. */
	mnl_socket_setsockopt(nl->socket, NETLINK_CAP_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->socket, NETLINK_EXT_ACK, &on, sizeof(on));
	set_buffer(nl, SO_RCVBUFFORCE, SO_RCVBUF,
		   fault(FAULT_NL_ROOM) ? 1 : RECEIVE_BUFFER);
}

int nl_open(struct nl **result, int bus)
{
	struct nl *nl = calloc(1, sizeof(*nl));
	int ret;

	if (!nl)
		return -ENOMEM;
	ret = fault(FAULT_NL_OPEN);
	if (ret)
		goto free_nl;
	nl->socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl->socket) {
		ret = -errno;
		goto free_nl;
	}
	if (mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID)) {
		ret = -errno;
		goto close_socket;
	}
	set_options(nl);
	*result = nl;
	return 0;

close_socket:
	mnl_socket_close(nl->socket);
free_nl:
	free(nl);
	return ret;
}

void nl_close(struct nl *nl)
{
	if (!nl)
		return;
	mnl_socket_close(nl->socket);
	free(nl);
}

struct nlmsghdr *nl_request(struct nl_room *room, uint16_t type, uint8_t family)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(room->bytes);
	struct nfgenmsg *gen;

	request->nlmsg_type = type;
	gen = mnl_nlmsg_put_extra_header(request, sizeof(*gen));
	gen->nfgen_family = family;
	gen->version = NFNETLINK_V0;
	return request;
}

/* Bytes received, or -errno. */
static ssize_t receive(struct nl *nl, int flags)
{
	struct iovec iov = { nl->answer, sizeof(nl->answer) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n = fault(FAULT_NL_RECEIVE);

	if (n)
		return n;
	do {
		n = recvmsg(mnl_socket_get_fd(nl->socket), &msg, flags);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return msg.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
}

static int send_once(struct nl *nl, const void *data, size_t n)
{
	ssize_t sent = fault(FAULT_NL_SEND);

	if (sent)
		return (int)sent;
	do {
		sent = mnl_socket_sendto(nl->socket, data, n);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	return (size_t)sent == n ? 0 : -EIO;
}

static int send_pieces(struct nl *nl, const struct iovec *pieces, size_t n,
		       size_t size)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct msghdr msg = {
		.msg_name = &kernel,
		.msg_namelen = sizeof(kernel),
		.msg_iov = (struct iovec *)(uintptr_t)pieces,
		.msg_iovlen = n,
	};
	ssize_t sent = fault(FAULT_NL_SEND);

	if (sent)
		return (int)sent;
	do {
		sent = sendmsg(mnl_socket_get_fd(nl->socket), &msg, 0);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	return (size_t)sent == size ? 0 : -EIO;
}

/* An attribute after an error, behind our message if it is repeated. */
static const struct nlattr *ext_ack(const struct nlmsghdr *message,
				    const struct nlmsgerr *err, uint16_t type)
{
	size_t offset = sizeof(*err);
	const struct nlattr *attr;

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		offset += MNL_ALIGN(err->msg.nlmsg_len) - sizeof(err->msg);
	if (offset > mnl_nlmsg_get_payload_len(message))
		return NULL;
	mnl_attr_for_each(attr, message, offset)
	{
		if (mnl_attr_get_type(attr) == type)
			return attr;
	}
	return NULL;
}

static void keep_said(struct nl *nl, const struct nlmsghdr *message,
		      const struct nlmsgerr *err)
{
	const char *text = nl_str(ext_ack(message, err, NLMSGERR_ATTR_MSG));

	if (text)
		snprintf(nl->said, sizeof(nl->said), "%s", text);
}

const char *nl_said(const struct nl *nl)
{
	return nl->said[0] ? nl->said : NULL;
}

/* One answer under way: what came of it so far. */
struct answer {
	struct nl *nl;
	uint32_t seq;
	nl_message_fn fn;
	void *data;
	bool done, interrupted;
	int ret; /* the first error */
};

static void answer_error(struct answer *a, int error)
{
	if (!a->ret)
		a->ret = error;
}

static void answer_message(struct answer *a, const struct nlmsghdr *message)
{
	const struct nlmsgerr *err;

	if (message->nlmsg_seq != a->seq)
		return;
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		a->interrupted = true;
	switch (message->nlmsg_type) {
	case NLMSG_ERROR:
		err = mnl_nlmsg_get_payload(message);
		answer_error(a, err->error);
		keep_said(a->nl, message, err);
		a->done = true;
		break;
	case NLMSG_DONE:
		/* The end of a dump may carry the error that ended it. */
		if (mnl_nlmsg_get_payload_len(message) >= sizeof(int))
			answer_error(a, *(int *)mnl_nlmsg_get_payload(message));
		a->done = true;
		break;
	default:
		if (!a->ret && a->fn)
			answer_error(a, a->fn(message, a->data));
	}
}

static int read_answer(struct nl *nl, struct answer *a)
{
	const struct nlmsghdr *message;
	ssize_t n;
	int left;

	while (!a->done) {
		n = receive(nl, 0);
		if (n < 0)
			return (int)n;
		left = (int)n;
		message = (const struct nlmsghdr *)nl->answer;
		while (nl_message_ok(message, left)) {
			answer_message(a, message);
			message = mnl_nlmsg_next(message, &left);
		}
	}
	return a->ret ? a->ret : a->interrupted ? -EINTR : 0;
}

static int request_answer(struct nl *nl, struct nlmsghdr *request,
			  uint16_t flags, nl_message_fn fn, void *data)
{
	struct answer a = { .nl = nl, .fn = fn, .data = data };
	int ret;

	a.seq = ++nl->seq;
	nl->said[0] = '\0';
	request->nlmsg_flags |= NLM_F_REQUEST | flags;
	request->nlmsg_seq = a.seq;
	ret = send_once(nl, request, request->nlmsg_len);
	if (!ret)
		ret = read_answer(nl, &a);
	return ret ? ret : fault(FAULT_NL_ANSWER);
}

int nl_ask(struct nl *nl, struct nlmsghdr *request, nl_message_fn fn,
	   void *data)
{
	return request_answer(nl, request, NLM_F_ACK, fn, data);
}

int nl_dump(struct nl *nl, struct nlmsghdr *request, nl_message_fn fn,
	    void *data)
{
	return request_answer(nl, request, NLM_F_DUMP, fn, data);
}

int nl_join(struct nl *nl, uint32_t group)
{
	int ret = mnl_socket_setsockopt(nl->socket, NETLINK_ADD_MEMBERSHIP,
					&group, sizeof(group));

	return ret < 0 ? -errno : 0;
}

/* The messages of one receipt, until @fn is not 0. */
static int hand_over(const struct nl *nl, ssize_t n, nl_message_fn fn,
		     void *data)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)nl->answer;
	int left = (int)n, ret = 0;

	for (; !ret && nl_message_ok(message, left);
	     message = mnl_nlmsg_next(message, &left))
		if (message->nlmsg_type >= NLMSG_MIN_TYPE)
			ret = fn(message, data);
	return ret;
}

int nl_take(struct nl *nl, nl_message_fn fn, void *data)
{
	ssize_t n = receive(nl, MSG_DONTWAIT);

	return n < 0 ? (int)n : hand_over(nl, n, fn, data);
}

int nl_fd(const struct nl *nl)
{
	return mnl_socket_get_fd(nl->socket);
}

void nl_room_to_receive(struct nl *nl, size_t n)
{
	set_buffer(nl, SO_RCVBUFFORCE, SO_RCVBUF,
		   n > INT32_MAX ? INT32_MAX : (int)n);
}

/* A line a socket: sk protocol port groups rmem wmem dump locks drops inode. */
unsigned long nl_lost(const struct nl *nl)
{
	FILE *file = fopen("/proc/net/netlink", "re");
	unsigned int port, mine = mnl_socket_get_portid(nl->socket);
	unsigned long drops, lost = 0;
	int protocol;
	char line[256];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %d %u %*s %*s %*s %*s %*s %lu", &protocol,
			   &port, &drops) == 3 &&
		    protocol == NETLINK_NETFILTER && port == mine)
			lost = drops;
	fclose(file);
	return lost;
}

int nl_listen(struct nl *nl, nl_message_fn fn, void *data)
{
	int ret = 0;
	ssize_t n;

	while (!ret) {
		n = receive(nl, 0);
		ret = n < 0 ? (int)n : hand_over(nl, n, fn, data);
	}
	return ret;
}

/* The kernel counts its own overhead too, and doubles what it is told. */
size_t nl_room_to_send(struct nl *nl, size_t n)
{
	int fd = mnl_socket_get_fd(nl->socket), size = 0;
	socklen_t len = sizeof(size);

	if (n > INT32_MAX / 2)
		return 0;
	getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &len);
	if ((size_t)size < n + 4096)
		set_buffer(nl, SO_SNDBUFFORCE, SO_SNDBUF, (int)n + 4096);
	getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &len);
	return size > 4096 ? (size_t)size - 4096 : 0;
}

static const struct nlmsgerr *error_of(const struct nlmsghdr *message)
{
	if (message->nlmsg_type != NLMSG_ERROR ||
	    mnl_nlmsg_get_payload_len(message) < sizeof(struct nlmsgerr))
		return NULL;
	return mnl_nlmsg_get_payload(message);
}

static void read_ext_ack(struct nl_errors *errors, struct nl_error *error,
			 const struct nlmsghdr *message,
			 const struct nlmsgerr *err)
{
	const struct nlattr *attr;
	const char *text;

	attr = ext_ack(message, err, NLMSGERR_ATTR_OFFS);
	if (attr && mnl_attr_get_payload_len(attr) >= 4)
		error->offset = mnl_attr_get_u32(attr);
	text = nl_str(ext_ack(message, err, NLMSGERR_ATTR_MSG));
	if (text)
		error->text = arena_strndup(errors->arena, text, strlen(text));
}

static void collect_error(struct nl_errors *errors,
			  const struct nlmsghdr *message)
{
	const struct nlmsgerr *err = error_of(message);
	struct nl_error *error;

	if (!err || err->error == 0)
		return;
	error = vec_push(errors->arena, &errors->list);
	*error = (struct nl_error){ .seq = err->msg.nlmsg_seq,
				    .error = err->error };
	read_ext_ack(errors, error, message, err);
}

/* All that the kernel has answered by now. */
static void collect_errors(struct nl *nl, struct nl_errors *errors)
{
	const struct nlmsghdr *message;
	ssize_t n;
	int left;

	for (;;) {
		n = receive(nl, MSG_DONTWAIT);
		if (n == -EAGAIN)
			return;
		if (n < 0)
			errors->lost = true;
		if (n == -ENOBUFS || n == -EMSGSIZE)
			continue;
		if (n < 0)
			return;
		left = (int)n;
		message = (const struct nlmsghdr *)nl->answer;
		while (nl_message_ok(message, left)) {
			collect_error(errors, message);
			message = mnl_nlmsg_next(message, &left);
		}
	}
}

/* What a request that was given up left is no answer to what comes now. */
static void discard_answers(struct nl *nl)
{
	ssize_t n;

	do {
		n = receive(nl, MSG_DONTWAIT);
	} while (n >= 0 || n == -ENOBUFS || n == -EMSGSIZE);
}

int nl_commit(struct nl *nl, const void *batch, size_t n,
	      struct nl_errors *errors)
{
	const struct iovec piece = { (void *)(uintptr_t)batch, n };

	return nl_commit_pieces(nl, &piece, 1, errors);
}

int nl_commit_pieces(struct nl *nl, const struct iovec *pieces, size_t n,
		     struct nl_errors *errors)
{
	size_t i, size = 0;
	int ret;

	for (i = 0; i < n; i++)
		size += pieces[i].iov_len;
	nl_room_to_send(nl, size);
	discard_answers(nl);
	ret = fault(FAULT_NL_COMMIT);
	if (!ret && n == 1)
		ret = send_once(nl, pieces->iov_base, size);
	else if (!ret)
		ret = send_pieces(nl, pieces, n, size);
	if (ret)
		return ret;
	collect_errors(nl, errors);
	for (i = 0; i < errors->list.n; i++)
		if (errors->list.v[i].error == -ERESTART)
			return -ERESTART;
	return 0;
}

int nl_send_all(struct nl *nl, const void *messages, size_t n)
{
	struct arena *arena = arena_new();
	struct nl_errors errors = { .arena = arena };
	size_t i;
	int ret;

	ret = send_once(nl, messages, n);
	if (!ret)
		collect_errors(nl, &errors);
	for (i = 0; !ret && i < errors.list.n; i++)
		if (errors.list.v[i].error != -ENOENT)
			ret = errors.list.v[i].error;
	arena_free(arena);
	return ret;
}

void nl_put_bracket(struct buf *out, uint16_t type, uint32_t seq,
		    uint32_t genid)
{
	struct nl_room room;
	struct nlmsghdr *message = nl_request(&room, type, AF_UNSPEC);
	struct nfgenmsg *gen = mnl_nlmsg_get_payload(message);

	message->nlmsg_flags = NLM_F_REQUEST;
	message->nlmsg_seq = seq;
	gen->res_id = htons(NFNL_SUBSYS_NFTABLES);
	if (genid)
		mnl_attr_put_u32(message, NFNL_BATCH_GENID, htonl(genid));
	buf_add(out, message, message->nlmsg_len);
}

uint32_t nl_next_genid(uint32_t genid)
{
	return genid + 1 ? genid + 1 : 1;
}

bool nl_message_ok(const struct nlmsghdr *message, int left)
{
	return left >= (int)sizeof(*message) &&
	       message->nlmsg_len >= sizeof(*message) &&
	       message->nlmsg_len <= (unsigned int)left;
}

void nl_attrs_behind(const struct nlmsghdr *message, unsigned int header,
		     const struct nlattr *nest, const struct nlattr **attrs,
		     unsigned int max)
{
	const struct nlattr *attr;

	memset(attrs, 0, (max + 1) * sizeof(*attrs));
	if (nest) {
		mnl_attr_for_each_nested(
			attr, nest) if (mnl_attr_get_type(attr) <= max)
			attrs[mnl_attr_get_type(attr)] = attr;
		return;
	}
	mnl_attr_for_each(attr, message,
			  header) if (mnl_attr_get_type(attr) <= max)
		attrs[mnl_attr_get_type(attr)] = attr;
}

void nl_attrs(const struct nlmsghdr *message, const struct nlattr *nest,
	      const struct nlattr **attrs, unsigned int max)
{
	nl_attrs_behind(message, sizeof(struct nfgenmsg), nest, attrs, max);
}

const char *nl_str(const struct nlattr *attr)
{
	uint16_t n = attr ? mnl_attr_get_payload_len(attr) : 0;
	const char *s = attr ? mnl_attr_get_payload(attr) : NULL;

	return n > 0 && memchr(s, '\0', n) ? s : NULL;
}

uint32_t nl_be32(const struct nlattr *attr, uint32_t absent)
{
	if (!attr || mnl_attr_get_payload_len(attr) < sizeof(uint32_t))
		return absent;
	return ntohl(mnl_attr_get_u32(attr));
}

uint64_t nl_be64(const struct nlattr *attr, uint64_t absent)
{
	if (!attr || mnl_attr_get_payload_len(attr) < sizeof(uint64_t))
		return absent;
	return be64toh(mnl_attr_get_u64(attr));
}

uint64_t nl_hash_attr(uint64_t hash, const struct nlattr *attr)
{
	uint16_t len = mnl_attr_get_payload_len(attr);
	uint64_t head = (uint64_t)mnl_attr_get_type(attr) << 16 | len;

	hash = hash_bytes(hash, &head, sizeof(head));
	return hash_bytes(hash, mnl_attr_get_payload(attr), len);
}
