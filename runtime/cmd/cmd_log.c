// SPDX-License-Identifier: GPL-2.0-only
/*
 * nftoffc log: a record when a connection that a rule with "log: flow" accepted
 * starts, and one when it ends.
 *
 * Three sockets: events, the list of connections, and what runs. What comes
 * first after the start is a look at what is there, and so it is after events
 * were lost: the events that have come by then are taken, the connections are
 * listed, and the events that came meanwhile are taken, so that a connection
 * that is in neither has ended. Where the kernel makes events only while somebody
 * listens (nf_conntrack_events=2), it makes none for what was there before:
 * until those are gone, they are looked at from time to time.
 *
 * What must stay true: SIGTERM and SIGINT end it between two lines.
 */
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/cli.h"
#include "runtime/base/exit.h"
#include "runtime/base/report.h"
#include "runtime/cmd/cmd.h"
#include "runtime/live/flowlog.h"
#include "runtime/live/logsink.h"
#include "runtime/live/on_policy.h"
#include "runtime/netlink/nl.h"
#include "runtime/tell/doctor.h"

#define SYSCTL(name) "/proc/sys/net/netfilter/nf_conntrack_" name
/* How often those are looked at that have no events. */
#define LOOK_SECONDS 5
#define LOOK_TRIES 20
#define CT(message) ((NFNL_SUBSYS_CTNETLINK << 8) | (message))

enum { COUNT, JSON, TO_SYSLOG, BUFFER };

const struct cli_option log_options[] = {
	[COUNT] = { 'n', "count", "N", "ends after so many records" },
	[JSON] = { 0, "json", NULL, "a line of JSON each, for programs" },
	[TO_SYSLOG] = { 0, "syslog", NULL,
			"to the system's log instead of standard output" },
	[BUFFER] = { 0, "buffer", "BYTES",
		     "room for events that wait; the default is 64 MB" },
	{ 0 },
};

/* What ends it, beside errors. */
enum { ENOUGH = 1, TOLD };

struct watch {
	const struct cli *cli;
	unsigned long count, written; /* count 0: no end */
	struct flowfilter filter;
	struct logsink sink;
	struct flowlog *log;
	struct nl *events, *list, *rules;
	uint32_t genid;	    /* of the rules that were read */
	unsigned long lost; /* events, so far */
	int signals;
	bool no_former;	 /* the kernel has no events of what was there before */
	uint64_t looked; /* when */
};

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int write_record(const struct flowlog_record *record, void *data)
{
	struct watch *w = data;
	int ret = logsink_write(&w->sink, record);

	if (ret)
		return ret;
	return ++w->written == w->count ? ENOUGH : 0;
}

/*
 * What runs
 */

static int learn(void *data)
{
	struct watch *w = data;
	struct kernel kernel;
	struct arena *arena;
	uint32_t genid;
	int ret = kernel_genid(w->rules, &genid);

	if (ret || genid == w->genid)
		return ret;
	arena = arena_new();
	ret = kernel_read(w->rules, arena, &kernel);
	if (!ret) {
		w->genid = kernel.genid;
		flowlog_policy(w->log, &kernel);
	}
	arena_free(arena);
	return ret == -EINTR ? 0 : ret;
}

/* It may be another one later: that is no reason to end. */
static void say_of_policy(struct watch *w)
{
	struct arena *arena = arena_new();
	struct kernel kernel;

	if (!kernel_read(w->rules, arena, &kernel)) {
		if (!kernel.recorded)
			report_warning("no policy runs yet: there is nothing "
				       "to be told of");
		else if (!kernel.record.flow_mask)
			report_warning("the policy %s has no rule with \"log: "
				       "flow\", or no room for it in its "
				       "\"mark-mask\"",
				       kernel.record.policy);
	}
	arena_free(arena);
}

/* 0, or EXIT_SYSTEM after a message. */
static int say_of_kernel(struct watch *w)
{
	long events = doctor_sysctl(SYSCTL("events"));

	if (events == 0) {
		report_error("the kernel makes no events of connections");
		report_help("sysctl net.netfilter.nf_conntrack_events=1");
		return EXIT_SYSTEM;
	}
	w->no_former = events == 2;
	if (doctor_sysctl(SYSCTL("acct")) == 0) {
		report_warning("connections do not count: records have no "
			       "packets and bytes");
		report_help("sysctl net.netfilter.nf_conntrack_acct=1");
	}
	return EXIT_DONE;
}

/*
 * Events
 */

static int see(const struct nlmsghdr *message, void *data)
{
	struct watch *w = data;

	return flowlog_see(w->log, message, now());
}

/* All that have come. -ENOBUFS: and some that have not. */
static int take_events(struct watch *w)
{
	bool lost = false;
	int ret;

	do {
		ret = nl_take(w->events, see, w);
		lost |= ret == -ENOBUFS;
	} while (!ret || ret == -ENOBUFS);
	if (ret == -EAGAIN)
		return lost ? -ENOBUFS : 0;
	return ret;
}

static void say_lost(struct watch *w)
{
	unsigned long lost = nl_lost(w->events), n = lost - w->lost;

	w->lost = lost;
	if (n)
		report_warning("%lu events were lost: what is there is looked "
			       "at again",
			       n);
	else
		report_warning("events were lost: what is there is looked at "
			       "again");
}

static int list_connections(struct watch *w)
{
	struct nl_room room;
	int ret, i;

	for (i = 0; i < LOOK_TRIES; i++) {
		ret = nl_dump(w->list,
			      nl_request(&room, CT(IPCTNL_MSG_CT_GET),
					 AF_UNSPEC),
			      see, w);
		if (ret != -EINTR)
			return ret == -EINVAL ? -EOPNOTSUPP : ret;
	}
	return ret;
}

static int look_once(struct watch *w)
{
	int ret, taken;

	flowlog_look(w->log);
	ret = list_connections(w);
	if (ret)
		return ret;
	taken = take_events(w);
	if (taken && taken != -ENOBUFS)
		return taken;
	w->looked = now();
	ret = flowlog_looked(w->log, w->looked);
	return ret ? ret : taken;
}

/* Until nothing is lost on the way. */
static int look(struct watch *w)
{
	int ret;

	while ((ret = look_once(w)) == -ENOBUFS)
		say_lost(w);
	return ret;
}

static int go_on(struct watch *w)
{
	int ret = take_events(w);

	if (ret != -ENOBUFS)
		return ret;
	say_lost(w);
	return look(w);
}

/* Milliseconds until it is time to look again, -1: no need. */
static int until_look(const struct watch *w)
{
	uint64_t since = (now() - w->looked) / 1000000;

	if (!w->no_former || !flowlog_has_former(w->log))
		return -1;
	/* the clock may have been set */
	return since < LOOK_SECONDS * 1000 ? LOOK_SECONDS * 1000 - (int)since :
					     0;
}

static int wait_for(struct watch *w)
{
	struct pollfd fds[] = {
		{ .fd = w->signals, .events = POLLIN },
		{ .fd = nl_fd(w->events), .events = POLLIN },
	};
	int ret, n = poll(fds, 2, until_look(w));

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents)
		return TOLD;
	ret = fds[1].revents ? go_on(w) : 0;
	return ret || until_look(w) ? ret : look(w);
}

static int watch(struct watch *w)
{
	int ret = learn(w);

	if (!ret)
		ret = look(w);
	while (!ret)
		ret = wait_for(w);
	return ret;
}

/*
 * Begin and end
 */

static int open_signals(struct watch *w)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	w->signals = signalfd(-1, &set, SFD_CLOEXEC);
	return w->signals < 0 ? -errno : 0;
}

static int open_sockets(struct watch *w, unsigned long room)
{
	int ret = nl_open(&w->events, NETLINK_NETFILTER);

	if (!ret)
		ret = nl_open(&w->list, NETLINK_NETFILTER);
	if (!ret)
		ret = nl_open(&w->rules, NETLINK_NETFILTER);
	if (!ret && room)
		nl_room_to_receive(w->events, room);
	if (!ret)
		ret = nl_join(w->events, NFNLGRP_CONNTRACK_NEW);
	if (!ret)
		ret = nl_join(w->events, NFNLGRP_CONNTRACK_DESTROY);
	return ret ? ret : open_signals(w);
}

static void close_all(struct watch *w)
{
	if (w->signals >= 0)
		close(w->signals);
	flowlog_free(w->log);
	logsink_close(&w->sink);
	nl_close(w->events);
	nl_close(w->list);
	nl_close(w->rules);
}

/* 0, or EXIT_USAGE after a message. */
static int read_filter(const struct cli *cli, struct flowfilter *filter)
{
	const struct module_match *m = &filter->match;
	int ret = flowfilter_of(cli, filter);

	if (ret || !(m->in || m->out || m->device))
		return ret;
	report_error("events of connections do not tell devices");
	return EXIT_USAGE;
}

static enum logsink_form form_of(const struct cli *cli)
{
	if (cli->values[TO_SYSLOG])
		return LOGSINK_SYSLOG;
	return cli->values[JSON] ? LOGSINK_JSON : LOGSINK_TEXT;
}

static int run(struct watch *w, unsigned long room)
{
	const struct flowlog_options options = {
		.record = write_record,
		.learn = learn,
		.data = w,
		.filter = w->cli->noperands ? &w->filter : NULL,
	};
	int ret = open_sockets(w, room);

	if (ret)
		return report_failure(ret, "cannot listen to connections");
	ret = say_of_kernel(w);
	if (ret)
		return ret;
	w->log = flowlog_new(&options);
	say_of_policy(w);
	ret = watch(w);
	if (ret == ENOUGH || ret == TOLD)
		return EXIT_DONE;
	report_failure(ret, "cannot follow connections");
	if (ret == -EOPNOTSUPP)
		report_help("this kernel needs CONFIG_NF_CT_NETLINK (the "
			    "module nf_conntrack_netlink)");
	return EXIT_SYSTEM;
}

int cmd_log(const struct cli *cli)
{
	struct watch w = { .cli = cli, .signals = -1 };
	unsigned long room = 0;
	int ret = EXIT_DONE;

	if (cli->values[COUNT])
		ret = cli_number(cli, COUNT, UINT32_MAX, &w.count);
	if (!ret && cli->values[BUFFER])
		ret = cli_number(cli, BUFFER, INT32_MAX, &room);
	if (!ret)
		ret = read_filter(cli, &w.filter);
	if (ret)
		return ret;
	tzset();
	logsink_open(&w.sink, form_of(cli));
	ret = run(&w, room);
	close_all(&w);
	return ret;
}
