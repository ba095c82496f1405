// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does a host answer? By a connection, which is closed at once; or by an echo
 * request or a datagram, once a second until its answer comes.
 *
 * What must stay true: it is the host that answers, and from the port that was
 * asked: a socket that is connected gets nothing else, and the ICMP error that
 * says that nobody is there.
 *
 * Source: RFC 792, RFC 4443; RFC 1035 (DNS), RFC 5905 (NTP).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/trial/verify_parts.h"

#define LOOK_EVERY 100 /* milliseconds */
#define PING_EVERY 1000

static void put_address(struct buf *out, const struct verify *v)
{
	char text[INET6_ADDRSTRLEN];

	buf_puts(out, inet_ntop(v->family ? AF_INET6 : AF_INET, v->address,
				text, sizeof(text)));
}

void verify_name(struct buf *out, const struct verify *v)
{
	size_t i;

	for (i = 0; i < v->nargs; i++)
		buf_printf(out, "%s%s", i ? " " : "", v->args[i]);
	if (v->args)
		return;
	buf_puts(out, "reach ");
	put_address(out, v);
	if (v->port)
		buf_printf(out, " %s/%u",
			   v->proto == IPPROTO_UDP ? "udp" : "tcp", v->port);
	if (v->device)
		buf_printf(out, " by %s", v->device);
}

struct destination {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} to;
	socklen_t len;
};

static struct destination destination(const struct verify *v)
{
	struct destination d = { .len = sizeof(d.to.v4) };

	if (v->family) {
		d.len = sizeof(d.to.v6);
		d.to.v6.sin6_family = AF_INET6;
		d.to.v6.sin6_port = v->port ? htons(v->port) : 0;
		memcpy(&d.to.v6.sin6_addr, v->address, 16);
	} else {
		d.to.v4.sin_family = AF_INET;
		d.to.v4.sin_port = htons(v->port);
		memcpy(&d.to.v4.sin_addr, v->address, 4);
	}
	return d;
}

static int open_socket(const struct verify *v, int type, int protocol)
{
	int fd = socket(v->family ? AF_INET6 : AF_INET,
			type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
	int ret;

	if (fd < 0)
		return -errno;
	if (v->device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, v->device,
				    (socklen_t)strlen(v->device))) {
		ret = -errno;
		close(fd);
		return ret;
	}
	return fd;
}

/* 0: it is ready; -EAGAIN: look again; else it is over. */
static int look(int fd, short events, int64_t until)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	if (poll(&poll_fd, 1, LOOK_EVERY) > 0)
		return 0;
	if (verify_interrupted())
		return -EINTR;
	return verify_now() >= until ? -ETIMEDOUT : -EAGAIN;
}

static int connect_to(int fd, const struct destination *d, int64_t until)
{
	socklen_t len = sizeof(int);
	int ret, error = 0;

	if (!connect(fd, &d->to.any, d->len))
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	do {
		ret = look(fd, POLLOUT, until);
	} while (ret == -EAGAIN);
	if (!ret && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len))
		return -errno;
	return ret ? ret : -error;
}

/* Both protocols' echo is type, code, checksum, id, sequence. */
struct echo {
	uint8_t type, code;
	uint16_t sum, id, sequence;
};

static uint16_t checksum(const struct echo *echo)
{
	uint32_t sum = (uint32_t)echo->type << 8 | echo->code;

	sum += (uint32_t)ntohs(echo->id) + ntohs(echo->sequence);
	sum = (sum >> 16) + (sum & 0xffff);
	return htons((uint16_t)~sum);
}

static int send_echo(int fd, const struct verify *v,
		     const struct destination *d, uint16_t sequence)
{
	struct echo echo = {
		.type = v->family ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
		.id = htons((uint16_t)getpid()),
		.sequence = htons(sequence),
	};

	/* The kernel knows the addresses that IPv6 sums, too. */
	if (!v->family)
		echo.sum = checksum(&echo);
	return sendto(fd, &echo, sizeof(echo), 0, &d->to.any, d->len) < 0 ?
		       -errno :
		       0;
}

/* All that has come; of IPv4 the kernel leaves the header on. */
static bool is_answered(int fd, const struct verify *v)
{
	uint8_t packet[1500];
	struct echo echo;
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	size_t head = 0;
	ssize_t n;

	while ((n = recvfrom(fd, packet, sizeof(packet), 0,
			     (struct sockaddr *)&from, &len)) > 0) {
		const struct sockaddr_in6 *v6 = (const void *)&from;
		const struct sockaddr_in *v4 = (const void *)&from;

		head = v->family ? 0 : (packet[0] & 15u) * 4u;
		len = sizeof(from);
		if ((size_t)n < head + sizeof(echo))
			continue;
		memcpy(&echo, packet + head, sizeof(echo));
		if (echo.type ==
			    (v->family ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) &&
		    echo.id == htons((uint16_t)getpid()) &&
		    !memcmp(v->family ? (const void *)&v6->sin6_addr :
					(const void *)&v4->sin_addr,
			    v->address, v->family ? 16 : 4))
			return true;
	}
	return false;
}

/* What cannot be sent now may be a second later: a route comes, or is asked. */
static int ping(int fd, const struct verify *v, const struct destination *d,
		int64_t until)
{
	int64_t next = verify_now();
	uint16_t sequence = 0;
	int ret = -EAGAIN, sent = 0;

	while (ret == -EAGAIN || !ret) {
		if (verify_now() >= next) {
			sent = send_echo(fd, v, d, ++sequence);
			next += PING_EVERY;
		}
		ret = look(fd, POLLIN, until);
		if (!ret && is_answered(fd, v))
			return 0;
		if (!ret && verify_now() >= until)
			ret = -ETIMEDOUT;
	}
	return ret == -ETIMEDOUT && sent ? sent : ret;
}

/*
 * Datagrams
 */

/* What makes a server of that port answer. */
static const struct question {
	uint16_t port; /* 0: any other */
	size_t n;
	uint8_t bytes[48];
} questions[] = {
	/* Who serves the root: an ID, one question, of type NS, class IN. */
	{ 53, 17, { 'n', 'f', 0, 0, 0, 1, [14] = 2, [16] = 1 } },
	{ 123, 48, { 4 << 3 | 3 } }, /* version 4, a client */
	{ 0, 1, { '\n' } },
};

static const struct question *question_for(uint16_t port)
{
	const struct question *q = questions;

	while (q->port && q->port != port)
		q++;
	return q;
}

/* 0: an answer; -EAGAIN: none yet; else what ICMP says. */
static int take_answer(int fd)
{
	uint8_t byte;

	return recv(fd, &byte, sizeof(byte), 0) < 0 ? -errno : 0;
}

/* What cannot be sent now may be a second later; who refuses, refuses. */
static int ask(int fd, const struct verify *v, const struct destination *d,
	       int64_t until)
{
	const struct question *q = question_for(v->port);
	int64_t next = verify_now();
	int ret, sent = 0;

	if (connect(fd, &d->to.any, d->len))
		return -errno;
	do {
		if (verify_now() >= next) {
			sent = send(fd, q->bytes, q->n, 0) < 0 ? -errno : 0;
			next += PING_EVERY;
		}
		ret = look(fd, POLLIN, until);
		if (!ret)
			ret = take_answer(fd);
		if (sent == -ECONNREFUSED)
			ret = sent;
	} while (ret == -EAGAIN);
	return ret == -ETIMEDOUT && sent ? sent : ret;
}

/*
 * All of them
 */

static int open_for(const struct verify *v)
{
	if (v->proto == IPPROTO_UDP)
		return open_socket(v, SOCK_DGRAM, 0);
	if (v->port)
		return open_socket(v, SOCK_STREAM, 0);
	return open_socket(v, SOCK_RAW,
			   v->family ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

int verify_reach(const struct verify *v)
{
	int64_t until = verify_now() + (int64_t)v->timeout * 1000;
	struct destination d = destination(v);
	int fd, ret;

	fd = open_for(v);
	if (fd < 0)
		return fd;
	if (v->proto == IPPROTO_UDP)
		ret = ask(fd, v, &d, until);
	else
		ret = v->port ? connect_to(fd, &d, until) :
				ping(fd, v, &d, until);
	close(fd);
	return ret;
}
