// SPDX-License-Identifier: GPL-2.0-only
/*
 * traffic - live connections whose packets can be counted
 *
 * The kernel tests have to know how many packets a connection sends in each
 * direction, so every message here is one packet, and nothing is sent that was
 * not asked for:
 *
 *	traffic client udp	N requests, N answers: N packets each way
 *	traffic client tcp	SYN, ACK, N requests, FIN, ACK: N + 4 packets
 *				SYN-ACK, N answers, FIN: N + 2 back
 *
 * The UDP numbers are exact.  The TCP numbers hold on a path without loss,
 * for messages that fit one segment, as long as whoever received a message has
 * something to send within 40 ms; after that the kernel acknowledges it with a
 * packet of its own.  So a client that pauses longer (--interval, --hold) adds
 * one packet a pause, and a machine under load may add a few.  --speak-first
 * adds the greeting, one packet from the server.
 *
 * What must stay true: no run is unbounded, in time (--seconds, for all modes)
 * or in messages; the exit status is 0 only if all that was asked for happened;
 * stdout has one line of key=value pairs at the end, and before it only the
 * words a test waits for: "ready" (the server or sink is listening) and
 * "holding" (the client has done its rounds).  SIGTERM ends a server, a sink or
 * a hold as if its time had come.
 */
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_CONNS 1024
#define MAX_SIZE 65507 /* the longest UDP payload over IPv4 */
#define MIN_SIZE 8     /* a message begins with its number */
#define GREETING 64    /* bytes that a server says first */
#define ACCEPT_MS 50   /* for the server to accept a connection */
#define NSEC 1000000000LL

enum mode {
	CLIENT = 1,
	SERVER = 2,
	FLOOD = 4,
	SINK = 8,
};

struct options {
	enum mode mode;
	int type; /* SOCK_STREAM or SOCK_DGRAM */
	const char *addr;
	const char *port;
	const char *hold;
	long rounds;
	long again;
	long one_way;
	long size;
	long sport;
	long interval;
	long timeout;
	long seconds;
	long count;
	long push;
	long pps;
	bool speak_first;
};

struct tally {
	long sent;
	long received;
};

/* A connection of the server's: what came in and has not all gone back yet. */
struct conn {
	int fd;
	size_t start;
	size_t end;
	char buf[4096];
};

enum kind { NUMBER, WORD, FLAG };

struct option {
	const char *name;
	size_t offset;
	enum kind kind;
	unsigned int modes;
	long min;
	long max;
	const char *help;
};

#define FIELD(f) offsetof(struct options, f)

static const struct option options[] = {
	{ "--rounds", FIELD(rounds), NUMBER, CLIENT, 0, LONG_MAX,
	  "requests to send, each after the answer to the last (1)" },
	{ "--again", FIELD(again), NUMBER, CLIENT, 0, LONG_MAX,
	  "rounds after --hold (0)" },
	{ "--one-way", FIELD(one_way), NUMBER, CLIENT, 0, LONG_MAX,
	  "UDP: send that many and expect no answer" },
	{ "--push", FIELD(push), NUMBER, CLIENT | SERVER, 0, LONG_MAX,
	  "UDP: answer one datagram with that many, on both sides" },
	{ "--size", FIELD(size), NUMBER, CLIENT | SERVER | FLOOD, MIN_SIZE,
	  MAX_SIZE, "bytes of a message (64)" },
	{ "--sport", FIELD(sport), NUMBER, CLIENT | FLOOD, 0, 65535,
	  "source port" },
	{ "--interval", FIELD(interval), NUMBER, CLIENT | SERVER, 0, 3600000,
	  "milliseconds between rounds or pushed datagrams (0)" },
	{ "--timeout", FIELD(timeout), NUMBER, CLIENT, 1, 3600000,
	  "milliseconds to wait for an answer (2000)" },
	{ "--hold", FIELD(hold), WORD, CLIENT, 0, 0,
	  "keep the connection so many seconds, or until a file exists" },
	{ "--speak-first", FIELD(speak_first), FLAG, CLIENT | SERVER, 0, 0,
	  "TCP: the server greets, on both sides" },
	{ "--count", FIELD(count), NUMBER, SERVER | FLOOD | SINK, 1, LONG_MAX,
	  "end after that many requests or datagrams" },
	{ "--pps", FIELD(pps), NUMBER, FLOOD, 1, 1000000,
	  "packets a second (1000)" },
	{ "--seconds", FIELD(seconds), NUMBER, CLIENT | SERVER | FLOOD | SINK,
	  1, 86400, "end after that time, whatever happens (120)" },
};

static const struct {
	const char *name;
	enum mode mode;
} modes[] = {
	{ "client", CLIENT },
	{ "server", SERVER },
	{ "flood", FLOOD },
	{ "sink", SINK },
};

static volatile sig_atomic_t stopped;
static long long deadline;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *fmt,
								...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("traffic: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

static void say(const char *word)
{
	puts(word);
	fflush(stdout);
}

/*
 * Time
 */

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC + ts.tv_nsec;
}

static bool over(void)
{
	return stopped || now() >= deadline;
}

/*
 * Waits for events until @until or the end of the run, whichever is first.
 * Returns whether there are any.
 */
static bool await(struct pollfd *fds, nfds_t n, long long until)
{
	long long left;
	struct timespec ts;

	if (until > deadline)
		until = deadline;
	left = until - now();
	if (left < 0 || stopped)
		left = 0;
	ts = (struct timespec){ left / NSEC, left % NSEC };
	return ppoll(fds, n, &ts, NULL) > 0;
}

static bool await_fd(int fd, short events, long long until)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return await(&pfd, 1, until);
}

static void sleep_until(long long until)
{
	while (!over() && now() < until)
		await(NULL, 0, until);
}

static void sleep_ms(long ms)
{
	if (ms)
		sleep_until(now() + ms * (NSEC / 1000));
}

/*
 * Sockets
 */

static struct addrinfo *resolve(const struct options *opt)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = opt->type,
	};
	struct addrinfo *ai;
	int err;

	err = getaddrinfo(opt->addr, opt->port, &hints, &ai);
	if (err)
		die("%s %s: %s", opt->addr, opt->port, gai_strerror(err));
	return ai;
}

static int new_socket(int family, int type)
{
	int fd = socket(family, type | SOCK_NONBLOCK, 0);
	int one = 1;

	if (fd < 0)
		die("socket: %s", strerror(errno));
	/* A second run may want the port that the first has in TIME_WAIT. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return fd;
}

/*
 * One message is one segment, sent at once; and the acknowledgement of what was
 * received waits for the next message to carry it.  The kernel forgets the
 * latter from time to time, so it is said again before each message.
 */
static void exact_packets(int fd)
{
	int one = 1, zero = 0;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &zero, sizeof(zero));
}

static int listen_on(const struct options *opt)
{
	struct addrinfo *ai = resolve(opt);
	int fd = new_socket(ai->ai_family, opt->type);
	int size = 4 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) ||
	    (opt->type == SOCK_STREAM && listen(fd, MAX_CONNS)))
		die("%s %s: %s", opt->addr, opt->port, strerror(errno));
	freeaddrinfo(ai);
	say("ready");
	return fd;
}

static void bind_sport(int fd, int family, in_port_t sport)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };
	int err;

	in6.sin6_port = in.sin_port = htons(sport);
	if (family == AF_INET6)
		err = bind(fd, (struct sockaddr *)&in6, sizeof(in6));
	else
		err = bind(fd, (struct sockaddr *)&in, sizeof(in));
	if (err)
		die("source port %u: %s", sport, strerror(errno));
}

/* The result of a connect() that was in progress. */
static bool connected(int fd, long long until)
{
	socklen_t len = sizeof(int);
	int err = 0;

	return await_fd(fd, POLLOUT, until) &&
	       !getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) && !err;
}

/* Returns -1 if nobody answers; the run goes on to say so in its last line. */
static int connect_to(const struct options *opt)
{
	struct addrinfo *ai = resolve(opt);
	int fd = new_socket(ai->ai_family, opt->type);
	bool ok;

	if (opt->sport)
		bind_sport(fd, ai->ai_family, opt->sport);
	ok = !connect(fd, ai->ai_addr, ai->ai_addrlen) ||
	     (errno == EINPROGRESS &&
	      connected(fd, now() + opt->timeout * (NSEC / 1000)));
	freeaddrinfo(ai);
	if (!ok) {
		close(fd);
		return -1;
	}
	/* Not before: the handshake's last packet would wait for data. */
	if (opt->type == SOCK_STREAM)
		exact_packets(fd);
	return fd;
}

static unsigned int local_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} own = { 0 };
	socklen_t len = sizeof(own);

	if (fd < 0 || getsockname(fd, &own.any, &len))
		return 0;
	return ntohs(own.any.sa_family == AF_INET6 ? own.in6.sin6_port :
						     own.in.sin_port);
}

/*
 * Client
 */

/* Messages are numbered, so that a late answer does not pass for the next. */
static void number(char *msg, long nr)
{
	uint64_t n = nr;

	memcpy(msg, &n, sizeof(n));
}

static bool is_number(const char *msg, ssize_t len, long nr)
{
	uint64_t n;

	if (len < (ssize_t)sizeof(n))
		return false;
	memcpy(&n, msg, sizeof(n));
	return n == (uint64_t)nr;
}

/*
 * A failure sends nothing, so trying again keeps to one packet.  It may be the
 * refusal (ICMP) of an earlier datagram, reported here, or a full buffer.
 */
static bool send_datagram(int fd, const char *msg, size_t len)
{
	int tries;

	for (tries = 0; tries < 3; tries++) {
		if (send(fd, msg, len, 0) >= 0)
			return true;
		if (errno == EAGAIN)
			await_fd(fd, POLLOUT, now() + NSEC);
	}
	return false;
}

static bool udp_answer(int fd, long nr, long long until)
{
	static char buf[MAX_SIZE];
	ssize_t len;

	while (await_fd(fd, POLLIN, until)) {
		len = recv(fd, buf, sizeof(buf), 0);
		if (len < 0 && errno != EAGAIN)
			return false;
		if (is_number(buf, len, nr))
			return true;
	}
	return false;
}

/*
 * Sends and receives at the same time: a long message may come back before all
 * of it has left.
 */
static bool tcp_exchange(int fd, const char *msg, size_t send_len,
			 size_t recv_len, long long until)
{
	static char buf[MAX_SIZE];
	struct pollfd pfd = { .fd = fd };
	ssize_t n;

	while (send_len || recv_len) {
		pfd.events = (send_len ? POLLOUT : 0) | POLLIN;
		if (!await(&pfd, 1, until))
			return false;
		if (send_len && (pfd.revents & POLLOUT)) {
			exact_packets(fd);
			n = send(fd, msg, send_len, MSG_NOSIGNAL);
			if (n < 0 && errno != EAGAIN)
				return false;
			if (n > 0) {
				msg += n;
				send_len -= n;
			}
		}
		if (pfd.revents & (POLLIN | POLLERR | POLLHUP)) {
			n = recv(fd, buf, recv_len, 0);
			if (!n || (n < 0 && errno != EAGAIN))
				return false;
			if (n > 0)
				recv_len -= n;
		}
	}
	return true;
}

static bool one_round(int fd, const struct options *opt, long nr)
{
	long long until = now() + opt->timeout * (NSEC / 1000);
	static char msg[MAX_SIZE];

	number(msg, nr);
	if (opt->type == SOCK_STREAM)
		return tcp_exchange(fd, msg, opt->size, opt->size, until);
	return send_datagram(fd, msg, opt->size) && udp_answer(fd, nr, until);
}

/* A TCP connection that missed an answer is not worth another request. */
static void do_rounds(int fd, const struct options *opt, long n,
		      struct tally *tally)
{
	long i;

	for (i = 0; i < n && !over(); i++) {
		if (tally->sent)
			sleep_ms(opt->interval);
		if (one_round(fd, opt, tally->sent++))
			tally->received++;
		else if (opt->type == SOCK_STREAM)
			break;
	}
}

static void do_one_way(int fd, const struct options *opt, struct tally *tally)
{
	static char msg[MAX_SIZE];

	while (tally->sent < opt->one_way && !over()) {
		if (tally->sent)
			sleep_ms(opt->interval);
		number(msg, tally->sent);
		if (!send_datagram(fd, msg, opt->size))
			break;
		tally->sent++;
	}
}

/* One datagram there, and all the rest from the server. */
static void do_push(int fd, const struct options *opt, struct tally *tally)
{
	long wait = opt->timeout + opt->interval;
	static char msg[MAX_SIZE];

	number(msg, 0);
	if (send_datagram(fd, msg, opt->size))
		tally->sent = 1;
	while (tally->received < opt->push &&
	       udp_answer(fd, tally->received, now() + wait * (NSEC / 1000)))
		tally->received++;
}

static void hold(const char *what)
{
	char *end;
	double seconds = strtod(what, &end);

	say("holding");
	if (!*end) {
		sleep_until(now() + (long long)(seconds * NSEC));
		return;
	}
	while (!over() && access(what, F_OK))
		sleep_ms(20);
}

/* Closes as the packet count at the top says: our FIN first, then theirs. */
static void close_tcp(int fd, const struct options *opt)
{
	char c;

	exact_packets(fd);
	shutdown(fd, SHUT_WR);
	while (await_fd(fd, POLLIN, now() + opt->timeout * (NSEC / 1000)))
		if (recv(fd, &c, 1, 0) <= 0)
			break;
}

static void converse(int fd, const struct options *opt, struct tally *tally)
{
	if (opt->one_way)
		do_one_way(fd, opt, tally);
	else if (opt->push)
		do_push(fd, opt, tally);
	else
		do_rounds(fd, opt, opt->rounds, tally);
	if (opt->hold) {
		hold(opt->hold);
		do_rounds(fd, opt, opt->again, tally);
	}
	if (opt->type == SOCK_STREAM)
		close_tcp(fd, opt);
}

/*
 * A request that comes before the server has accepted is acknowledged at once,
 * for the server could not yet ask for anything else.  Its greeting tells, and
 * without one there is only time.
 */
static bool accepted(int fd, const struct options *opt)
{
	if (opt->speak_first)
		return tcp_exchange(fd, NULL, 0, GREETING,
				    now() + opt->timeout * (NSEC / 1000));
	sleep_ms(ACCEPT_MS);
	return true;
}

/* What was not even sent, for want of a connection, is lost too. */
static int client(const struct options *opt)
{
	long expected = opt->push ? opt->push : opt->rounds + opt->again;
	struct tally tally = { 0 };
	int fd = connect_to(opt);
	bool ok = fd >= 0;

	if (ok && opt->type == SOCK_STREAM)
		ok = accepted(fd, opt);
	if (ok)
		converse(fd, opt, &tally);
	printf("rounds=%ld sent=%ld received=%ld lost=%ld sport=%u\n",
	       opt->rounds + opt->again, tally.sent, tally.received,
	       expected - tally.received, local_port(fd));
	if (fd >= 0)
		close(fd);
	return !(ok && tally.received == expected &&
		 tally.sent >= opt->one_way);
}

/*
 * Server
 */

/* Returns whether the connection goes on. */
static bool echo_in(struct conn *conn, struct tally *tally)
{
	ssize_t n = recv(conn->fd, conn->buf, sizeof(conn->buf), 0);

	if (n < 0)
		return errno == EAGAIN;
	conn->start = 0;
	conn->end = n;
	tally->received += n > 0;
	return n > 0;
}

static bool echo_out(struct conn *conn, struct tally *tally)
{
	ssize_t n;

	exact_packets(conn->fd);
	n = send(conn->fd, conn->buf + conn->start, conn->end - conn->start,
		 MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN;
	conn->start += n;
	tally->sent++;
	return true;
}

/* Reads only when all has gone back, so that one buffer is enough. */
static bool echo(struct conn *conn, struct tally *tally)
{
	if (conn->start == conn->end && !echo_in(conn, tally))
		return false;
	return conn->start == conn->end || echo_out(conn, tally);
}

static void greet(struct conn *conn)
{
	memset(conn->buf, '.', GREETING);
	conn->end = GREETING;
}

/* Returns the new connection, or NULL if there is none or no room for it. */
static struct conn *welcome(int listener, const struct options *opt)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	struct conn *conn;

	if (fd < 0)
		return NULL;
	conn = calloc(1, sizeof(*conn));
	if (!conn) {
		close(fd);
		return NULL;
	}
	exact_packets(fd);
	conn->fd = fd;
	if (opt->speak_first)
		greet(conn);
	return conn;
}

static void part(struct conn *conn)
{
	close(conn->fd);
	free(conn);
}

/* Fills @fds: the listener, if there is room, and what each is waiting for. */
static void want(struct pollfd *fds, int listener, struct conn **conns, int n)
{
	int i;

	fds[0].fd = n < MAX_CONNS ? listener : -1;
	fds[0].events = POLLIN;
	for (i = 0; i < n; i++) {
		fds[i + 1].fd = conns[i]->fd;
		fds[i + 1].events = conns[i]->start < conns[i]->end ? POLLOUT :
								      POLLIN;
	}
}

/* --count counts connections that have ended. */
static long tcp_server(const struct options *opt, struct tally *tally)
{
	static struct pollfd fds[MAX_CONNS + 1];
	static struct conn *conns[MAX_CONNS];
	int listener = listen_on(opt);
	long ended = 0;
	int n = 0, i;

	while (!over() && (!opt->count || ended < opt->count)) {
		want(fds, listener, conns, n);
		if (!await(fds, n + 1, LLONG_MAX))
			continue;
		/* Backwards, so that the last may take the place of one. */
		for (i = n - 1; i >= 0; i--) {
			if (!fds[i + 1].revents || echo(conns[i], tally))
				continue;
			part(conns[i]);
			conns[i] = conns[--n];
			ended++;
		}
		if (fds[0].revents) {
			conns[n] = welcome(listener, opt);
			n += !!conns[n];
		}
	}
	while (n)
		part(conns[--n]);
	close(listener);
	return ended;
}

static void push(int fd, const struct options *opt, struct sockaddr *to,
		 socklen_t to_len, struct tally *tally)
{
	static char msg[MAX_SIZE];
	long i;

	for (i = 0; i < opt->push && !over(); i++) {
		if (i)
			sleep_ms(opt->interval);
		number(msg, i);
		if (sendto(fd, msg, opt->size, 0, to, to_len) >= 0)
			tally->sent++;
	}
}

/* --count counts datagrams received.  While it pushes it serves nobody else. */
static void udp_server(const struct options *opt, struct tally *tally)
{
	static char buf[MAX_SIZE];
	struct sockaddr_storage ss;
	struct sockaddr *from = (struct sockaddr *)&ss;
	int fd = listen_on(opt);
	socklen_t from_len;
	ssize_t len;

	while (!over() && (!opt->count || tally->received < opt->count)) {
		if (!await_fd(fd, POLLIN, LLONG_MAX))
			continue;
		from_len = sizeof(ss);
		len = recvfrom(fd, buf, sizeof(buf), 0, from, &from_len);
		if (len < 0)
			continue;
		tally->received++;
		if (opt->push)
			push(fd, opt, from, from_len, tally);
		else if (sendto(fd, buf, len, 0, from, from_len) >= 0)
			tally->sent++;
	}
	close(fd);
}

static int server(const struct options *opt)
{
	struct tally tally = { 0 };
	long connections = 0;
	bool short_of;

	if (opt->type == SOCK_STREAM)
		connections = tcp_server(opt, &tally);
	else
		udp_server(opt, &tally);
	printf("connections=%ld received=%ld sent=%ld\n", connections,
	       tally.received, tally.sent);
	short_of = (opt->type == SOCK_STREAM ? connections : tally.received) <
		   opt->count;
	return short_of && !stopped;
}

/*
 * Flood and sink
 */

/* Sends on schedule and catches up when it is late: the rate is kept. */
static int flood(const struct options *opt)
{
	static char msg[MAX_SIZE];
	int fd = connect_to(opt);
	long long start = now();
	long sent = 0, tried = 0;

	while (fd >= 0 && tried < opt->count && !over()) {
		sleep_until(start + tried * NSEC / opt->pps);
		number(msg, tried++);
		sent += send_datagram(fd, msg, opt->size);
	}
	printf("sent=%ld sport=%u\n", sent, local_port(fd));
	if (fd >= 0)
		close(fd);
	return sent < opt->count;
}

static int sink(const struct options *opt)
{
	int fd = listen_on(opt);
	long received = 0;
	char buf[1];

	while (!over() && (!opt->count || received < opt->count)) {
		if (await_fd(fd, POLLIN, LLONG_MAX) &&
		    recv(fd, buf, sizeof(buf), 0) >= 0)
			received++;
	}
	printf("received=%ld\n", received);
	close(fd);
	return received < opt->count;
}

/*
 * Command line
 */

__attribute__((noreturn)) static void usage(void)
{
	const struct option *o;
	size_t i, j;

	fputs("usage: traffic MODE tcp|udp ADDR PORT [OPTION...]\n", stderr);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		fprintf(stderr, "  %s\n", modes[i].name);
		for (j = 0; j < ARRAY_SIZE(options); j++) {
			o = &options[j];
			if (o->modes & modes[i].mode)
				fprintf(stderr, "\t%-14s %s\n", o->name,
					o->help);
		}
	}
	exit(2);
}

static enum mode find_mode(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(modes); i++)
		if (!strcmp(modes[i].name, name))
			return modes[i].mode;
	usage();
}

static const struct option *find_option(const char *name, enum mode mode)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (!strcmp(options[i].name, name) && options[i].modes & mode)
			return &options[i];
	die("no option %s here", name);
}

static long parse_number(const struct option *o, const char *text)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < o->min || n > o->max)
		die("%s %s: a number from %ld to %ld expected", o->name, text,
		    o->min, o->max);
	return n;
}

static void parse_options(struct options *opt, char **argv)
{
	const struct option *o;
	char *field;

	for (; *argv; argv++) {
		o = find_option(*argv, opt->mode);
		field = (char *)opt + o->offset;
		if (o->kind != FLAG && !*++argv)
			die("%s needs a value", o->name);
		switch (o->kind) {
		case NUMBER:
			*(long *)field = parse_number(o, *argv);
			break;
		case WORD:
			*(const char **)field = *argv;
			break;
		case FLAG:
			*(bool *)field = true;
			break;
		}
	}
}

static void settle(struct options *opt)
{
	bool tcp = opt->type == SOCK_STREAM;

	if (tcp && (opt->one_way || opt->push || opt->mode == FLOOD ||
		    opt->mode == SINK))
		die("only with udp");
	if (!tcp && opt->speak_first)
		die("--speak-first: only with tcp");
	if (opt->again && !opt->hold)
		die("--again: only with --hold");
	if (opt->mode == FLOOD && !opt->count)
		die("flood needs --count");
	/* These take the place of the rounds. */
	if (opt->one_way || opt->push)
		opt->rounds = 0;
}

int main(int argc, char **argv)
{
	struct options opt = {
		.rounds = 1,
		.size = 64,
		.timeout = 2000,
		.seconds = 120,
		.pps = 1000,
	};
	struct sigaction sa = { .sa_handler = stop };

	if (argc < 5)
		usage();
	opt.mode = find_mode(argv[1]);
	if (!strcmp(argv[2], "tcp"))
		opt.type = SOCK_STREAM;
	else if (!strcmp(argv[2], "udp"))
		opt.type = SOCK_DGRAM;
	else
		usage();
	opt.addr = argv[3];
	opt.port = argv[4];
	parse_options(&opt, argv + 5);
	settle(&opt);
	sigaction(SIGTERM, &sa, NULL);
	deadline = now() + opt.seconds * NSEC;

	switch (opt.mode) {
	case CLIENT:
		return client(&opt);
	case SERVER:
		return server(&opt);
	case FLOOD:
		return flood(&opt);
	case SINK:
		return sink(&opt);
	}
	usage();
}
