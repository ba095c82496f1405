// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemon. It prints a line when something becomes of a device that was not
 * so before, and needs nothing but the directory and its sockets.
 *
 * Source: uapi rtnetlink.h; signalfd(2), inotify(7).
 */
#include "runtime/watch/watch.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "runtime/apply/gate.h"
#include "runtime/base/exit.h"
#include "runtime/base/report.h"
#include "runtime/state/state.h"
#include "runtime/watch/follow.h"

/* So long nothing comes, or so long something came: milliseconds. */
#define QUIET 50
#define LONGEST 500

enum { SIGNALS, LINKS, STATE, RULES, SOURCES };

struct watch {
	const struct watch_options *options;
	struct pollfd sources[SOURCES];
	bool rules;	 /* nothing came but changes of the rules */
	struct buf said; /* the last time */
};

/*
 * Sources
 */

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int open_bus(int bus, uint32_t groups)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK,
				       .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			bus);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* What is renamed into it is the link `current`: another policy. */
static int open_state(const char *path)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd >= 0 &&
	    inotify_add_watch(fd, path, IN_MOVED_TO | IN_DELETE | IN_ONLYDIR) <
		    0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int open_sources(struct watch *w)
{
	size_t i;

	w->sources[SIGNALS].fd = open_signals();
	w->sources[LINKS].fd = open_bus(NETLINK_ROUTE, RTMGRP_LINK);
	w->sources[RULES].fd =
		open_bus(NETLINK_NETFILTER, 1u << (NFNLGRP_NFTABLES - 1));
	w->sources[STATE].fd = open_state(w->options->state);
	for (i = 0; i < SOURCES; i++) {
		w->sources[i].events = POLLIN;
		if (w->sources[i].fd < 0)
			return -errno;
	}
	return 0;
}

static void close_sources(struct watch *w)
{
	size_t i;

	for (i = 0; i < SOURCES; i++)
		if (w->sources[i].fd >= 0)
			close(w->sources[i].fd);
}

/* -ENOBUFS tells that some were lost, which makes no difference. */
static void drain(int fd)
{
	char bytes[8192];
	ssize_t n;

	do {
		n = read(fd, bytes, sizeof(bytes));
	} while (n > 0 || (n < 0 && (errno == EINTR || errno == ENOBUFS)));
}

/*
 * Waiting
 */

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Something came, unless nothing did for @timeout ms (-1: however long). */
static bool wait_for_any(struct watch *w, int timeout)
{
	int n;

	do {
		n = poll(w->sources, SOURCES, timeout);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

/* False: it is to end. */
static bool wait_until_quiet(struct watch *w)
{
	int timeout = -1;
	long end = 0;

	w->rules = true;
	while (wait_for_any(w, timeout)) {
		if (w->sources[SIGNALS].revents)
			return false;
		w->rules &= !w->sources[LINKS].revents &&
			    !w->sources[STATE].revents;
		drain(w->sources[LINKS].fd);
		drain(w->sources[STATE].fd);
		drain(w->sources[RULES].fd);
		if (!end)
			end = now_ms() + LONGEST;
		if (now_ms() >= end)
			break;
		timeout = QUIET;
	}
	return true;
}

/*
 * Following
 */

/* Those lines that were not said the last time. */
static void print_new(struct watch *w, struct follow_result *result)
{
	struct str text = { result->said.p, result->said.n }, line;
	struct buf key = { 0 };

	buf_putc(&w->said, '\0');
	while (text.n) {
		line = str_cut(&text, '\n');
		key.n = 0;
		buf_printf(&key, "\n%.*s\n", (int)line.n, line.p);
		if (!strstr(w->said.p, key.p))
			printf("%.*s\n", (int)line.n, line.p);
	}
	fflush(stdout);
	w->said.n = 0;
	buf_putc(&w->said, '\n');
	buf_add(&w->said, result->said.p, result->said.n);
	buf_free(&key);
}

static int follow_now(struct watch *w, bool always)
{
	struct follow_result result;
	int ret = follow_devices(w->options->state, &result);

	if (ret)
		ret = report_failure(ret, "cannot follow the devices");
	else if (always || result.changed)
		print_new(w, &result);
	buf_free(&result.said);
	return ret;
}

/* There may be no policy yet. */
static int make_state(const char *path)
{
	struct state *state;
	int ret = state_open(&state, path, true);

	if (!ret)
		state_close(state);
	return ret;
}

static int stay(struct watch *w)
{
	int ret = make_state(w->options->state);

	if (!ret)
		ret = open_sources(w);
	if (ret)
		return report_failure(ret, "cannot watch the devices and %s",
				      w->options->state);
	do { /* it was said if any of it failed */
		gate_tend(false);
		if (!w->rules)
			follow_now(w, true);
	} while (wait_until_quiet(w));
	return EXIT_DONE;
}

/* Who may not do the one may not do the other, and was told so. */
static int look_once(struct watch *w)
{
	int ret = gate_tend(false);

	return ret == -EPERM ? EXIT_SYSTEM : follow_now(w, false);
}

int watch(const struct watch_options *options)
{
	struct watch w = { .options = options };
	size_t i;
	int ret;

	for (i = 0; i < SOURCES; i++)
		w.sources[i].fd = -1;
	ret = options->once ? look_once(&w) : stay(&w);
	close_sources(&w);
	buf_free(&w.said);
	return ret;
}
