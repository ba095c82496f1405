// SPDX-License-Identifier: GPL-2.0-only
/*
 * module_fail - what is asked of the kernel module, with every allocation
 * failed in turn
 *
 *	module_fail load FILE		loading it, and unloading
 *	module_fail namespace		a new network namespace
 *	module_fail packet TUN		the first packet of an exempt connection
 *	module_fail offloaded TUN	a packet that makes one exempt, and offloads it
 *	module_fail requests TUN	every request, and closing the socket
 *
 * One step is prepared, done while its Nth allocation fails, and looked at, for
 * N from 1 until there is no Nth, and once before while none does. TUN is a tun
 * device of the router, whose rules add every flow and mark connections with long
 * packets with 1: packets written to it are routed in this process's name, and so
 * are its allocations' failures. Requires /proc/thread-self/fail-nth.
 *
 * What must stay true: a step that fails says ENOMEM or ENOBUFS, and has been
 * done as a whole or not at all; what is exempt is not in a flowtable, whatever
 * failed. Ends with 0 if so; a line for each step counts.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "runtime/netlink/module.h"

#define FROM "10.9.0.2"
#define TO "203.0.113.5"
#define EXEMPT 5060   /* ports: exempt, */
#define MARKED 5061   /* exempt once it is marked, */
#define ORDINARY 5201 /* and not exempt */
#define MANY 150      /* entries: buckets grow twice */
#define LONG 400      /* bytes that mark */
#define LIMIT 20000   /* allocations of a step that must have an end */

static struct module *module, *listener;
static const char *step;
static unsigned int nth; /* that fails */
static int fail_nth, tun, module_file, home;
static uint64_t generation = 1000;

__attribute__((noreturn, format(printf, 1, 2))) static void fail(
	const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("FAIL: %s, allocation %u: ", step, nth);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
	exit(1);
}

static void must(int ret, const char *what)
{
	if (ret)
		fail("%s: %s", what, strerrorname_np(-ret));
}

static void arm(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(fail_nth, text, (size_t)len, 0) != len)
		fail("fail-nth: %s", strerrorname_np(errno));
}

/* Has it failed? */
static bool disarm(void)
{
	char text[16] = { 0 };

	if (pread(fail_nth, text, sizeof(text) - 1, 0) < 1)
		fail("fail-nth: %s", strerrorname_np(errno));
	arm(0);
	return atoi(text) == 0;
}

/*
 * Packets
 */

static uint16_t checksum(const void *header, size_t n)
{
	const uint16_t *words = header;
	uint32_t sum = 0;

	for (; n; n -= 2)
		sum += *words++;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Not an error if it is lost on the way. */
static int send_packet(uint16_t sport, uint16_t dport, size_t n)
{
	struct {
		struct iphdr ip;
		struct udphdr udp;
		char payload[LONG];
	} packet = {
		.ip = { .version = 4,
			.ihl = 5,
			.ttl = 64,
			.protocol = IPPROTO_UDP,
			.saddr = inet_addr(FROM),
			.daddr = inet_addr(TO) },
		.udp = { .source = htons(sport), .dest = htons(dport) },
	};

	n += sizeof(packet.udp);
	packet.udp.len = htons((uint16_t)n);
	n += sizeof(packet.ip);
	packet.ip.tot_len = htons((uint16_t)n);
	packet.ip.check = checksum(&packet.ip, sizeof(packet.ip));
	return write(tun, &packet, n) < 0 ? -errno : 0;
}

static void open_tun(const char *name)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tun < 0 || ioctl(tun, TUNSETIFF, &ifr) < 0)
		fail("%s: %s", name, strerrorname_np(errno));
}

/* Each step has connections of its own. */
static uint16_t port(void)
{
	return (uint16_t)(1024 + generation % 60000);
}

static int count_flow(const struct module_flow *flow, void *data)
{
	(void)flow;
	++*(unsigned int *)data;
	return 0;
}

static unsigned int flows_to(uint16_t dport)
{
	struct module_match match = { .protocol = IPPROTO_UDP,
				      .has_dport = true,
				      .dport_min = dport,
				      .dport_max = dport };
	unsigned int n = 0;

	must(module_flows(module, &match, count_flow, &n), "flows");
	return n;
}

/*
 * The module
 */

static struct module_info info_of(void)
{
	struct module_info info;

	must(module_info(module, &info), "info");
	return info;
}

static void exempt(struct module_match *match, uint16_t dport)
{
	*match = (struct module_match){ .protocol = IPPROTO_UDP,
					.has_dport = true,
					.dport_min = dport,
					.dport_max = dport };
}

static int stage(void)
{
	struct module_match entries[MANY] = { 0 };
	unsigned int i;

	exempt(&entries[0], EXEMPT);
	exempt(&entries[1], MARKED);
	entries[1].mark = 1;
	entries[1].mark_mask = 1;
	for (i = 2; i < MANY; i++)
		exempt(&entries[i], (uint16_t)(20000 + i));
	return module_stage(module, generation, entries, MANY, NULL);
}

static int commit(void)
{
	return module_commit(module, generation);
}

static int abort_it(void)
{
	return module_abort(module, generation);
}

/* Sockets of a step's own: one whose dump failed is for nothing else. */
static void connect_module(void)
{
	must(module_open(&module), "open");
	must(module_open(&listener), "open");
	must(module_listen(listener), "listen");
}

static void disconnect(void)
{
	module_close(listener);
	if (module)
		module_close(module);
}

static void begin(void)
{
	generation++;
	connect_module();
}

static void begin_staged(void)
{
	begin();
	must(stage(), "stage");
}

static void begin_committed(void)
{
	begin_staged();
	must(commit(), "commit");
}

/* Nothing is exempt, and nothing staged: as before the step. */
static void settle(void)
{
	struct module_info info = info_of();

	if (info.staged)
		must(module_abort(module, info.staged), "abort");
	if (info.generation)
		must(module_abort(module, info.generation), "abort");
	info = info_of();
	if (info.state != NFTOFFC_STATE_IDLE || info.generation || info.staged)
		fail("not settled: state %d, generation %" PRIu64, info.state,
		     info.generation);
	disconnect();
}

/*
 * The steps
 */

static int do_info(void)
{
	struct module_info info;

	return module_info(module, &info);
}

static int see_table(const struct module_table *table, void *data)
{
	(void)table;
	(void)data;
	return 0;
}

static int do_tables(void)
{
	return module_flowtables(module, see_table, NULL);
}

static int do_flows(void)
{
	unsigned int n = 0;

	return module_flows(module, NULL, count_flow, &n);
}

/* One flow, however often: dumps have little room. */
static void begin_flow(void)
{
	begin();
	send_packet(ORDINARY, ORDINARY, 8);
	send_packet(ORDINARY, ORDINARY, 8);
	if (!flows_to(ORDINARY))
		fail("no flow");
}

static int do_release(void)
{
	struct module_match all = { .protocol = IPPROTO_UDP };
	struct module_released released;
	uint32_t ids[32] = { 0 };

	return module_release(module, &all, NULL, 0, false, &released) ?:
		       module_release(module, NULL, ids, 32, false, &released);
}

static void is_settled(int ret)
{
	(void)ret;
	settle();
}

/* Whole, or not there. */
static void is_staged(int ret)
{
	struct module_info info = info_of();

	if (info.state != NFTOFFC_STATE_IDLE &&
	    (info.state != NFTOFFC_STATE_ARMED || info.entries_staged != MANY))
		fail("state %d, %u entries", info.state, info.entries_staged);
	if (!ret && info.state == NFTOFFC_STATE_IDLE)
		fail("nothing is staged");
	settle();
}

/* An answer may be lost; then it has been done. */
static void is_committed(int ret)
{
	struct module_info info = info_of();

	if (info.generation == generation ?
		    info.entries_now != MANY || info.staged :
		    !ret || info.staged != generation)
		fail("generation %" PRIu64 ", staged %" PRIu64, info.generation,
		     info.staged);
	settle();
}

static void is_aborted(int ret)
{
	struct module_info info = info_of();

	if (!ret && (info.generation || info.staged))
		fail("generation %" PRIu64 ", staged %" PRIu64, info.generation,
		     info.staged);
	settle();
}

static int do_hang_up(void)
{
	module_close(module);
	module = NULL;
	return 0;
}

static void is_in_doubt(int ret)
{
	struct module_info info;

	(void)ret;
	must(module_open(&module), "open");
	info = info_of();
	if (info.state != NFTOFFC_STATE_IN_DOUBT)
		fail("state %d", info.state);
	settle();
}

static int do_first(void)
{
	return send_packet(port(), EXEMPT, 8);
}

/* Whatever became of the first packet: the connection stays out. */
static void stays_out(int ret)
{
	(void)ret;
	send_packet(port(), EXEMPT, 8);
	send_packet(port(), EXEMPT, 8);
	if (flows_to(EXEMPT))
		fail("it is offloaded");
	settle();
}

static void begin_unmarked(void)
{
	begin_committed();
	send_packet(port(), MARKED, 8);
}

static int do_marking(void)
{
	return send_packet(port(), MARKED, LONG);
}

static void is_taken_out(int ret)
{
	struct timespec wait = { .tv_nsec = 20 * 1000 * 1000 };
	int i;

	(void)ret;
	send_packet(port(), MARKED, LONG);
	for (i = 0; flows_to(MARKED); i++) {
		if (i == 500)
			fail("it stays offloaded");
		nanosleep(&wait, NULL);
	}
	settle();
}

static void begin_nothing(void)
{
	generation++;
}

static int do_load(void)
{
	return syscall(SYS_finit_module, module_file, "", 0) ? -errno : 0;
}

static void is_unloaded(int ret)
{
	int unloaded =
		syscall(SYS_delete_module, "nftoffc", O_NONBLOCK) ? -errno : 0;

	if (unloaded != (ret ? -ENOENT : 0))
		fail("unload: %s", strerrorname_np(-unloaded));
}

static int do_namespace(void)
{
	return unshare(CLONE_NEWNET) ? -errno : 0;
}

static void is_back(int ret)
{
	if (!ret && setns(home, CLONE_NEWNET))
		fail("setns: %s", strerrorname_np(errno));
}

struct step {
	const char *group, *name;
	void (*begin)(void);
	int (*run)(void);
	void (*check)(int ret);
	bool others; /* have a part in it, and errors of their own */
};

static const struct step steps[] = {
	{ "load", "load", begin_nothing, do_load, is_unloaded, true },
	{ "namespace", "namespace", begin_nothing, do_namespace, is_back,
	  true },
	{ "packet", "packet", begin_committed, do_first, stays_out },
	{ "packet", "packet while armed", begin_staged, do_first, stays_out },
	{ "offloaded", "offloaded packet", begin_unmarked, do_marking,
	  is_taken_out },
	{ "requests", "INFO", begin, do_info, is_settled },
	{ "requests", "FLOWTABLE", begin, do_tables, is_settled },
	{ "requests", "FLOW", begin_flow, do_flows, is_settled },
	{ "requests", "RELEASE", begin_flow, do_release, is_settled },
	{ "requests", "STAGE", begin, stage, is_staged },
	{ "requests", "COMMIT", begin_staged, commit, is_committed },
	{ "requests", "ABORT of what is staged", begin_staged, abort_it,
	  is_aborted },
	{ "requests", "ABORT of what is current", begin_committed, abort_it,
	  is_aborted },
	{ "requests", "close", begin_staged, do_hang_up, is_in_doubt },
};

static void take(const struct step *s)
{
	unsigned int told = 0;
	bool failed = true;
	int ret;

	step = s->name;
	for (nth = 0; failed; nth++) {
		if (nth == LIMIT)
			fail("no end");
		s->begin();
		arm(nth);
		ret = s->run();
		failed = disarm();
		if (ret && ret != -ENOMEM && ret != -ENOBUFS && !s->others)
			fail("answers %s", strerrorname_np(-ret));
		if (ret && (!failed || !nth))
			fail("does not do without a failure");
		told += ret != 0;
		s->check(ret);
	}
	printf("%s: %u allocations failed, %u told\n", step, nth - 2, told);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const char *group = argc > 1 ? argv[1] : "";
	bool found = false;
	size_t i;

	step = "begin";
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fail_nth < 0 || home < 0)
		fail("fail-nth: %s", strerrorname_np(errno));
	/* A page of ours that cannot be had is no answer. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		fail("mlockall: %s", strerrorname_np(errno));
	if (argc > 2 && strcmp(group, "load") == 0)
		module_file = open(argv[2], O_RDONLY | O_CLOEXEC);
	else if (argc > 2)
		open_tun(argv[2]);
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (strcmp(steps[i].group, group) != 0)
			continue;
		take(&steps[i]);
		found = true;
	}
	return found ? 0 : 2;
}
