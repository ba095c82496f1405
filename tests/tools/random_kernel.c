// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does the kernel do to packets what the model says of them?
 *
 *	random_kernel OUTSIDE [SEED [POLICIES [PACKETS]]]
 *
 * Runs in a router's network namespace that tests/kernel/random has made:
 * devices as random_router.h says, each a veth whose other end, of the same name, is
 * in the namespace OUTSIDE (a file), and a table that shows what passes each
 * hook behind ours:
 *
 *	  OUTSIDE		router
 *	a packet socket  --->	device ... table nftoffc ... table watch
 *	 (each device)		  |		 |		|
 *			      raw socket	 |  log group	|  log group
 *			    (router's own)	 v  LOG_POLICY	v  LOG_WATCH
 *						this program's log socket
 *
 * For each policy: (1) first packets, each of another connection, which must
 * meet what model_evaluate() says: verdict, how it is refused, log, source
 * address, the decision in the mark; (2) what answers those that passed, which
 * must pass, and be logged if every packet is; (3) another policy in its place,
 * and packets of the same connections in either direction, which must meet
 * what that one says; and what live_ask() says of them, who has seen nothing of
 * them but what connection tracking remembers.
 *
 * All passes of the optimiser take part, or any of them.
 *
 * A disagreement is made as small as it can be and printed as a policy and a
 * packet. The last line is "random: N pairs, F failures".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "compile.h"
#include "emit/batch.h"
#include "ir/lower.h"
#include "runtime/live/live.h"
#include "runtime/netlink/kernel.h"
#include "runtime/netlink/nl.h"
#include "tests/lib/flowtables.h"
#include "tests/lib/probe_wire.h"
#include "tests/lib/random_router.h"

#define LOG_POLICY 5 /* as the policies' own logs say */
#define LOG_WATCH 9
#define QUIET 10      /* milliseconds: nothing is on its way any more */
#define PATIENCE 3000 /* unless something is missing */

/* What was seen of one packet. */
struct sight {
	char hook; /* 'i', 'f', 'o': where it passed; 0: nowhere */
	bool left; /* the router: */
	bool refused, logged;
	struct probe_packet out; /* as it left */
	uint32_t mark;		 /* the connection's, where it passed */
};

struct fate {
	struct router_probe probe;
	bool asked; /* the policy has zones for it */
	int out;    /* the device that it is to leave by; -1: none */
	struct answer expected;
	struct sight sight, answer;
	bool backwards;		/* under the second policy: it was the answer */
	enum live_verdict live; /* under the second policy */
	uint32_t value;
};

struct loaded {
	struct compilation c;
	struct ir *ir;
};

struct world {
	struct nl *nl;
	struct mnl_socket *log;
	int inject[ROUTER_DEVICES]; /* outside, bound to the device's end */
	uint8_t mac[ROUTER_DEVICES][ETH_ALEN];
	int own[FAMILIES];   /* raw sockets of the router */
	char path[PATH_MAX]; /* of the policy at hand */
	opt_without without; /* passes of the optimiser, in this run */
	struct fate *fates;
	size_t nfates;
	unsigned long pairs, failures;
	unsigned long live,
		known; /* connections that live_ask() saw, and knew */
};

static void die(const char *what)
{
	fprintf(stderr, "random_kernel: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* ---- the world ---- */

static int packet_socket(const char *device)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(device),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0 || !at.sll_ifindex)
		die(device);
	at.sll_protocol = 0; /* it only sends */
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die("bind");
	return fd;
}

static void read_mac(int fd, const char *device, uint8_t *mac)
{
	struct ifreq request = { 0 };

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	if (ioctl(fd, SIOCGIFHWADDR, &request))
		die(device);
	memcpy(mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
}

static void open_devices(struct world *w, const char *outside)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int there = open(outside, O_RDONLY | O_CLOEXEC);
	size_t i;

	if (here < 0 || there < 0)
		die(outside);
	for (i = 0; i < ROUTER_DEVICES; i++)
		read_mac(w->own[0], router_devices[i], w->mac[i]);
	if (setns(there, CLONE_NEWNET))
		die("setns");
	for (i = 0; i < ROUTER_DEVICES; i++)
		w->inject[i] = packet_socket(router_devices[i]);
	if (setns(here, CLONE_NEWNET))
		die("setns");
	close(here);
	close(there);
}

static void open_own(struct world *w)
{
	int on = 1;

	w->own[0] = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	w->own[1] = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (w->own[0] < 0 || w->own[1] < 0 ||
	    setsockopt(w->own[1], IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof(on)))
		die("raw socket");
}

static void bind_group(struct world *w, uint16_t group)
{
	struct nfulnl_msg_config_mode mode = {
		.copy_range = htonl(0xffff),
		.copy_mode = NFULNL_COPY_PACKET,
	};
	struct nfulnl_msg_config_cmd cmd = { .command = NFULNL_CFG_CMD_BIND };
	struct nl_room room;
	struct nlmsghdr *request;
	struct nfgenmsg *nfgen;

	request = nl_request(&room, (NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_CONFIG,
			     AF_UNSPEC);
	request->nlmsg_flags = NLM_F_REQUEST;
	nfgen = mnl_nlmsg_get_payload(request);
	nfgen->res_id = htons(group);
	mnl_attr_put(request, NFULA_CFG_CMD, sizeof(cmd), &cmd);
	mnl_attr_put(request, NFULA_CFG_MODE, sizeof(mode), &mode);
	mnl_attr_put_u32(request, NFULA_CFG_QTHRESH, htonl(1));
	if (mnl_socket_sendto(w->log, request, request->nlmsg_len) < 0)
		die("log group");
}

static void open_log(struct world *w)
{
	int size = 8 << 20;

	w->log = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	if (!w->log || mnl_socket_bind(w->log, 0, MNL_SOCKET_AUTOPID) ||
	    setsockopt(mnl_socket_get_fd(w->log), SOL_SOCKET, SO_RCVBUFFORCE,
		       &size, sizeof(size)))
		die("log socket");
	bind_group(w, LOG_POLICY);
	bind_group(w, LOG_WATCH);
}

static void open_world(struct world *w, const char *outside)
{
	const char *tmp = getenv("TMPDIR"); /* goes with the test */
	int fd;

	open_own(w);
	open_devices(w, outside);
	open_log(w);
	if (nl_open(&w->nl, NETLINK_NETFILTER))
		die("netlink");
	snprintf(w->path, sizeof(w->path), "%s/random-kernel.XXXXXX",
		 tmp ? tmp : "/tmp");
	fd = mkstemp(w->path);
	if (fd < 0)
		die(w->path);
	close(fd);
}

static void close_world(struct world *w)
{
	size_t i;

	unlink(w->path);
	nl_close(w->nl);
	mnl_socket_close(w->log);
	for (i = 0; i < ROUTER_DEVICES; i++)
		close(w->inject[i]);
	close(w->own[0]);
	close(w->own[1]);
	free(w->fates);
}

/* ---- what was seen ---- */

static struct sight *sight_of(struct world *w, uint32_t number)
{
	uint32_t i = number & ~PROBE_ANSWER;

	if (i >= w->nfates)
		return NULL;
	return number & PROBE_ANSWER ? &w->fates[i].answer : &w->fates[i].sight;
}

static void saw_watch(struct sight *sight, char hook, uint32_t mark,
		      const struct probe_packet *packet)
{
	if (packet->refusal) {
		sight->refused = true;
		return;
	}
	if (hook == 'p') {
		sight->left = true;
		sight->out = *packet;
		return;
	}
	sight->hook = hook;
	sight->mark = mark;
}

static int saw(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attrs[NFULA_MAX + 1];
	const struct nfgenmsg *nfgen = mnl_nlmsg_get_payload(message);
	struct probe_packet packet;
	struct sight *sight;
	const char *prefix;

	if (message->nlmsg_type !=
	    ((NFNL_SUBSYS_ULOG << 8) | NFULNL_MSG_PACKET))
		return MNL_CB_OK;
	nl_attrs(message, NULL, attrs, NFULA_MAX);
	prefix = nl_str(attrs[NFULA_PREFIX]);
	if (!attrs[NFULA_PAYLOAD] || !prefix ||
	    !probe_parse(mnl_attr_get_payload(attrs[NFULA_PAYLOAD]),
			 mnl_attr_get_payload_len(attrs[NFULA_PAYLOAD]),
			 &packet))
		return MNL_CB_OK;
	sight = sight_of(data, packet.number);
	if (sight && ntohs(nfgen->res_id) == LOG_POLICY)
		sight->logged |= !packet.refusal;
	else if (sight)
		saw_watch(sight, *prefix, nl_be32(attrs[NFULA_MARK], 0),
			  &packet);
	return MNL_CB_OK;
}

/* All that is there, until nothing has come for @wait milliseconds. */
static void look(struct world *w, int wait)
{
	struct pollfd pollfd = { mnl_socket_get_fd(w->log), POLLIN, 0 };
	static _Alignas(8) char bytes[1 << 16];
	ssize_t n;

	while (poll(&pollfd, 1, wait) > 0) {
		n = mnl_socket_recvfrom(w->log, bytes, sizeof(bytes));
		if (n < 0 || mnl_cb_run(bytes, (size_t)n, 0, 0, saw, w) < 0)
			die("log");
	}
}

/* ---- sending ---- */

static void send_in(struct world *w, int device, const struct probe_packet *p)
{
	uint8_t frame[ETH_HLEN + PROBE_PACKET_MAX] = { 0 };
	struct ether_header ether = { 0 };
	size_t n = ETH_HLEN + probe_build(p, frame + ETH_HLEN);

	memcpy(ether.ether_dhost, w->mac[device], ETH_ALEN);
	ether.ether_shost[0] = 2;
	ether.ether_type = htons(p->family ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	memcpy(frame, &ether, sizeof(ether));
	if (send(w->inject[device], frame, n, 0) != (ssize_t)n)
		die("send");
	look(w, 0);
}

/* What the policy drops is EPERM. */
static void send_own(struct world *w, const struct probe_packet *p)
{
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in to4 = { .sin_family = AF_INET };
	uint8_t bytes[PROBE_PACKET_MAX];
	size_t n = probe_build(p, bytes);
	ssize_t sent;

	memcpy(&to6.sin6_addr, p->destination, 16);
	memcpy(&to4.sin_addr, p->destination, 4);
	if (p->family)
		sent = sendto(w->own[1], bytes, n, 0, (struct sockaddr *)&to6,
			      sizeof(to6));
	else
		sent = sendto(w->own[0], bytes, n, 0, (struct sockaddr *)&to4,
			      sizeof(to4));
	if (sent < 0 && errno != EPERM)
		die("sendto");
	look(w, 0);
}

static void send_probe(struct world *w, size_t i)
{
	const struct router_probe *probe = &w->fates[i].probe;
	struct probe_packet packet = {
		.family = probe->family,
		.protocol = probe->protocol,
		.sport = probe->icmp ? (uint16_t)(i + 1) : probe->sport,
		.dport = probe->dport,
		.icmp = probe->icmp,
		.dscp = probe->dscp,
		.number = (uint32_t)i,
	};

	memcpy(packet.source, probe->source, 16);
	memcpy(packet.destination, probe->destination, 16);
	if (probe->in < 0)
		send_own(w, &packet);
	else
		send_in(w, probe->in, &packet);
}

static void send_answer(struct world *w, const struct fate *fate)
{
	struct probe_packet packet = probe_answer(&fate->sight.out);

	send_in(w, fate->out, &packet);
}

/* ---- policies ---- */

/* False if the policy has a mistake: the generator is no compiler. */
static bool compile(struct world *w, const struct random_policy *policy,
		    uint32_t epoch, struct loaded *loaded)
{
	const struct lower_options options = { .epoch = epoch,
					       .without = w->without };
	struct buf text = { 0 };
	FILE *file = fopen(w->path, "w");

	random_print(&text, policy);
	if (!file || fwrite(text.p, 1, text.n, file) != text.n || fclose(file))
		die(w->path);
	buf_free(&text);
	if (compile_policy(&loaded->c, w->path)) {
		compile_free(&loaded->c);
		return false;
	}
	loaded->ir = lower(loaded->c.arena, loaded->c.model, &options);
	flowtables_strip(loaded->ir);
	return true;
}

static void commit(struct world *w, struct arena *arena, const struct ir *ir,
		   const struct batch_options *options, const char *what)
{
	struct nl_errors errors = { .arena = arena };
	struct batch batch = { 0 };

	if (batch_build(&batch, ir, options) ||
	    nl_commit(w->nl, batch.bytes.p, batch.bytes.n, &errors))
		die(what);
	if (errors.list.n && errors.list.v[0].error != -ENOENT) {
		errno = -errors.list.v[0].error;
		die(what);
	}
	batch_free(&batch);
}

static void forget_connections(struct world *w)
{
	struct nl_room room;

	if (nl_ask(w->nl,
		   nl_request(&room,
			      (NFNL_SUBSYS_CTNETLINK << 8) |
				      IPCTNL_MSG_CT_DELETE,
			      AF_UNSPEC),
		   NULL, NULL))
		die("conntrack");
}

static void load_fresh(struct world *w, struct loaded *loaded)
{
	const struct batch_options remove = { .remove_only = true };
	const struct batch_options options = { 0 };

	commit(w, loaded->c.arena, NULL, &remove, "remove");
	forget_connections(w);
	commit(w, loaded->c.arena, loaded->ir, &options, "load");
}

static void load_over(struct world *w, struct loaded *loaded)
{
	struct table_names now;
	struct batch_options options = { .now = &now };
	struct kernel kernel;

	if (kernel_read(w->nl, loaded->c.arena, &kernel))
		die("read");
	names_table(&kernel.names, &now);
	commit(w, loaded->c.arena, loaded->ir, &options, "load over");
}

/* ---- what is expected ---- */

static const char *zone_word(const struct model *model, int zone)
{
	return zone < 0 ? "router" : model->zones[zone].name;
}

/* The words of `nftoffc explain`; NULL if the policy has no zone for it. */
static const char *probe_words(struct loaded *loaded,
			       const struct router_probe *probe)
{
	const struct model *model = loaded->c.model;
	int from = router_zone(model, probe->in, probe->family, probe->source);
	int to = router_zone(model, probe->out, probe->family,
			     probe->destination);
	struct buf out = { 0 };
	const char *words;

	if (from == ROUTER_NO_ZONE || to == ROUTER_NO_ZONE)
		return NULL;
	buf_printf(&out, "from %s to %s ", zone_word(model, from),
		   zone_word(model, to));
	router_probe_print(probe, &out);
	words = arena_strndup(loaded->c.arena, out.p, out.n);
	buf_free(&out);
	return words;
}

static char hook_of(const struct fate *fate)
{
	return "ifo"[fate->expected.hook];
}

static size_t address_len(const struct fate *fate)
{
	return fate->probe.family ? 16 : 4;
}

/* The device behind which @address is: the second part tells. */
static int device_of(const struct fate *fate, const uint8_t *address)
{
	return address[fate->probe.family ? 3 : 1] - 1;
}

static const uint8_t *expected_source(const struct fate *fate,
				      uint8_t router[16])
{
	const struct translated *source = &fate->expected.source;

	if (source->known)
		return source->address.lo;
	if (!source->own)
		return fate->probe.source;
	memset(router, 0, 16);
	router[0] = fate->probe.family ? 0xfd : 10;
	router[fate->probe.family ? 3 : 1] = (uint8_t)(fate->out + 1);
	router[fate->probe.family ? 15 : 3] = 1;
	return router;
}

static const uint8_t *expected_destination(const struct fate *fate)
{
	return fate->expected.destination.known ?
		       fate->expected.destination.address.lo :
		       fate->probe.destination;
}

static uint16_t expected_port(const struct fate *fate)
{
	return fate->expected.destination.port_lo && !fate->probe.icmp ?
		       fate->expected.destination.port_lo :
		       fate->probe.dport;
}

static bool rules_ask_destination(const struct model *model)
{
	size_t i, j;

	for (i = 0; i < model->nrules; i++)
		for (j = 0; j < model->rules[i].nmatches; j++)
			if (model->rules[i].matches[j].word->key[0] ==
			    KEY_IP_DADDR)
				return true;
	return false;
}

/* To an address of the device it came in by: that is not reflected. */
static bool to_own_device(const struct fate *fate)
{
	return fate->probe.out < 0 &&
	       device_of(fate, fate->probe.destination) == fate->probe.in;
}

/*
 * Which address of its own the router redirects to the model does not know, nor
 * on which device the one is that a reflected connection goes to.
 * Where a new destination is the model knows by subnets; where there are none
 * it takes the first zone that may be meant, which need not be the one here.
 */
static bool is_known_place(const struct model *model, const struct fate *fate)
{
	const struct translated *to = &fate->expected.destination;
	const uint8_t *address = to->address.lo;
	int zone;

	if (to->own)
		return !rules_ask_destination(model);
	if (!to->known)
		return true;
	if (fate->expected.nat_forward->reflect && to_own_device(fate))
		return false;
	zone = router_zone(model, device_of(fate, address), fate->probe.family,
			   address);
	return zone >= 0 && model->zones[zone].subnets[fate->probe.family].n;
}

static void expect(struct loaded *loaded, struct fate *fate)
{
	const char *words = probe_words(loaded, &fate->probe);
	struct packet packet = { 0 };

	fate->asked = words != NULL;
	if (!words)
		return;
	if (!compile_packet(&loaded->c, words, &packet)) {
		diags_print(loaded->c.diags, stderr, false);
		exit(2);
	}
	model_evaluate(loaded->c.model, &packet, &fate->expected);
	fate->asked = is_known_place(loaded->c.model, fate);
	fate->out = fate->expected.hook == HOOK_INPUT ?
			    -1 :
			    device_of(fate, expected_destination(fate));
}

/* Which of the values that may be offloaded (lower.c), 0: none. */
static uint32_t expected_kind(const struct model *model,
			      const struct answer *answer)
{
	const struct offload *offload = &model->offload;
	uint32_t kind = 0;
	size_t i, j;

	if (!answer->offload)
		return 0;
	for (i = 0; i < offload->neligible; i++) {
		const struct eligible *e = &offload->eligible[i];

		for (j = 0; j < i; j++)
			if (offload->eligible[j].after_packets ==
				    e->after_packets &&
			    offload->eligible[j].after_bytes == e->after_bytes)
				break;
		kind += j == i;
		if (e->after_packets == answer->after_packets &&
		    e->after_bytes == answer->after_bytes)
			return kind;
	}
	return 0;
}

static uint32_t kinds(const struct model *model)
{
	struct answer answer = { .offload = true };
	uint32_t most = 0, kind;
	size_t i;

	for (i = 0; i < model->offload.neligible; i++) {
		answer.after_packets = model->offload.eligible[i].after_packets;
		answer.after_bytes = model->offload.eligible[i].after_bytes;
		kind = expected_kind(model, &answer);
		most = kind > most ? kind : most;
	}
	return most;
}

/* The kind that the mark says. */
static uint32_t marked_kind(const struct loaded *loaded, uint32_t mark)
{
	const struct ir_mark *run = &loaded->ir->mark;
	uint32_t k = ((mark & run->mask) >> run->shift) - run->epoch;

	return k <= kinds(loaded->c.model) ? k : 0;
}

static const char *verdict_word(enum action action)
{
	return action == ACTION_ACCEPT ? "accepted" :
	       action == ACTION_REJECT ? "rejected" :
					 "dropped";
}

static const char *sight_word(const struct fate *fate)
{
	if (fate->sight.hook == hook_of(fate))
		return "accepted";
	return fate->sight.refused ? "rejected" : "dropped";
}

static const char *other_address(const struct loaded *loaded,
				 const struct fate *fate, const char *which,
				 const uint8_t *expected, const uint8_t *found)
{
	int af = fate->probe.family ? AF_INET6 : AF_INET;
	char one[INET6_ADDRSTRLEN], other[INET6_ADDRSTRLEN];

	inet_ntop(af, expected, one, sizeof(one));
	inet_ntop(af, found, other, sizeof(other));
	return arena_printf(loaded->c.arena,
			    "expected to leave with the %s %s, port %u, left "
			    "with %s, port %u",
			    which, one, expected_port(fate), other,
			    fate->sight.out.dport);
}

/* NULL, or how the first packet's fate is not what was expected. */
static const char *first_differs(const struct loaded *loaded,
				 const struct fate *fate)
{
	const struct sight *sight = &fate->sight;
	const struct answer *answer = &fate->expected;
	size_t len = address_len(fate);
	uint8_t router[16];

	if (strcmp(verdict_word(answer->action), sight_word(fate)) != 0)
		return arena_printf(loaded->c.arena,
				    "expected to be %s, was %s",
				    verdict_word(answer->action),
				    sight_word(fate));
	if (sight->logged != (answer->log != LOG_NONE))
		return sight->logged ? "was logged" : "was not logged";
	if (answer->action != ACTION_ACCEPT || fate->out < 0)
		return NULL;
	if (!sight->left)
		return "was accepted and did not leave";
	if (memcmp(sight->out.source, expected_source(fate, router), len) != 0)
		return other_address(loaded, fate, "source",
				     expected_source(fate, router),
				     sight->out.source);
	if (memcmp(sight->out.destination, expected_destination(fate), len) !=
		    0 ||
	    (!sight->out.icmp && sight->out.dport != expected_port(fate)))
		return other_address(loaded, fate, "destination",
				     expected_destination(fate),
				     sight->out.destination);
	if (fate->expected.hook == HOOK_FORWARD &&
	    marked_kind(loaded, sight->mark) !=
		    expected_kind(loaded->c.model, answer))
		return "the mark says otherwise about offload";
	return NULL;
}

static const char *answer_differs(const struct loaded *loaded,
				  const struct fate *fate)
{
	(void)loaded;
	if (!fate->answer.hook)
		return "its answer did not pass";
	if (fate->answer.logged != (fate->expected.log == LOG_EVERY))
		return fate->answer.logged ? "its answer was logged" :
					     "its answer was not logged";
	return NULL;
}

static bool is_answered(const struct fate *fate)
{
	return fate->asked && fate->out >= 0 && fate->sight.hook &&
	       fate->sight.left;
}

/*
 * Without a NAT chain of its own the second policy leaves the kernel without
 * NAT: what the first one translated is no longer translated back, and an
 * answer comes to the router itself.
 */
static bool is_translated(const struct fate *fate)
{
	return memcmp(fate->sight.out.source, fate->probe.source,
		      address_len(fate)) != 0 ||
	       memcmp(fate->sight.out.destination, fate->probe.destination,
		      address_len(fate)) != 0 ||
	       (!fate->probe.icmp &&
		fate->sight.out.dport != fate->probe.dport);
}

/* The router's own TCP resets what it did not open: that connection is over. */
static bool is_live(const struct fate *fate)
{
	return is_answered(fate) && !is_translated(fate) &&
	       !(fate->probe.in < 0 && fate->probe.protocol == IPPROTO_TCP);
}

/* Do the rules ask what only a connection's first packet tells? */
static bool rules_ask_packets(const struct model *model)
{
	size_t i, j;

	for (i = 0; i < model->nrules; i++)
		for (j = 0; j < model->rules[i].nmatches; j++)
			if (!model->rules[i].matches[j].word->reply[0])
				return true;
	return false;
}

/* What live_ask() said of it must come true. */
static const char *live_lied(const struct loaded *loaded,
			     const struct fate *fate, const struct sight *sight)
{
	const struct ir_mark *mark = &loaded->ir->mark;
	uint32_t value = (sight->mark & mark->mask) >> mark->shift;

	if (fate->live == LIVE_DENIED && sight->hook)
		return "live_ask() said it was denied, and it passed";
	if (fate->live != LIVE_ACCEPTED || sight == &fate->answer)
		return NULL;
	if (!sight->hook)
		return "live_ask() said it was accepted, and it did not pass";
	if (value != mark->epoch + fate->value)
		return arena_printf(loaded->c.arena,
				    "live_ask() said it had the value %u, and "
				    "it has %d",
				    fate->value, (int)(value - mark->epoch));
	return NULL;
}

/* Packet of a live connection under a new policy; @sight of this packet. An
 * answer does not tell all that the rules ask: it may be denied until a packet
 * of the other direction does. */
static const char *live_differs(const struct loaded *loaded,
				const struct fate *fate,
				const struct sight *sight)
{
	bool accept = fate->expected.action == ACTION_ACCEPT;
	const char *lied = live_lied(loaded, fate, sight);

	if (lied || !fate->asked)
		return lied;
	if (accept && sight == &fate->answer &&
	    rules_ask_packets(loaded->c.model))
		return NULL;
	if (accept != (sight->hook != 0))
		return arena_printf(
			loaded->c.arena,
			"%s of a live connection, expected to be %s, was %s",
			sight == &fate->sight ? "a packet" : "an answer",
			accept ? "accepted" : "denied",
			accept ? "denied" :
				 arena_printf(loaded->c.arena,
					      "accepted in hook %c, mark %08x",
					      sight->hook, sight->mark));
	if (accept && sight->logged != (fate->expected.log == LOG_EVERY))
		return sight->logged ? "a live connection was logged" :
				       "a live connection was not logged";
	return NULL;
}

static const char *second_differs(const struct loaded *loaded,
				  const struct fate *fate)
{
	return live_differs(loaded, fate,
			    fate->backwards ? &fate->answer : &fate->sight);
}

/* What lives is not translated anew. */
static void expect_live(struct loaded *loaded, struct fate *fate)
{
	int out = fate->out;

	expect(loaded, fate);
	fate->asked &= !fate->expected.nat_forward;
	fate->out = out;
}

/* ---- what live_ask() says ---- */

struct asking {
	struct world *w;
	struct live *live;
};

/* Its probe; NULL: none, or several may be it. */
static struct fate *fate_of(struct world *w, const struct connection_tuple *own)
{
	struct fate *found = NULL;
	size_t i;

	for (i = 0; i < w->nfates; i++) {
		const struct router_probe *probe = &w->fates[i].probe;

		if (own->proto != probe->protocol ||
		    memcmp(own->source, probe->source, 16) != 0 ||
		    memcmp(own->destination, probe->destination, 16) != 0 ||
		    (own->has_ports && (ntohs(own->sport) != probe->sport ||
					ntohs(own->dport) != probe->dport)))
			continue;
		if (found)
			return NULL;
		found = &w->fates[i];
	}
	return found;
}

static int ask_one(const struct connection *connection, void *data)
{
	struct asking *asking = data;
	struct fate *fate = fate_of(asking->w, &connection->original);
	struct live_answer answer;

	if (!fate)
		return 0;
	live_ask(asking->live, connection, &answer);
	fate->live = answer.verdict;
	fate->value = answer.value;
	asking->w->live++;
	asking->w->known += answer.verdict != LIVE_UNKNOWN;
	return 0;
}

static void ask_live(struct world *w, struct loaded *loaded)
{
	struct asking asking = { .w = w };

	if (live_open(loaded->c.arena, loaded->c.model, &asking.live) ||
	    connections_list(w->nl, ask_one, &asking))
		die("connections");
	live_close(asking.live);
}

/* ---- scenarios: what can be made smaller ---- */

struct scenario {
	struct random_policy *first, *second; /* second: NULL in 1 and 2 */
	struct router_probe probe;
	bool backwards; /* under the second policy: the answer */
};

static void set_fates(struct world *w, size_t n)
{
	w->fates = realloc(w->fates, n * sizeof(*w->fates));
	if (!w->fates)
		die("memory");
	memset(w->fates, 0, n * sizeof(*w->fates));
	w->nfates = n;
}

static const char *kept(struct arena *arena, const char *why)
{
	return why ? arena_strndup(arena, why, strlen(why)) : NULL;
}

static const char *try_second(struct world *w, struct arena *arena,
			      const struct scenario *s, uint32_t epoch)
{
	struct fate *fate = &w->fates[0];
	struct sight *sight = s->backwards ? &fate->answer : &fate->sight;
	struct probe_packet out = fate->sight.out;
	struct loaded loaded;
	const char *why = NULL;

	if (!compile(w, s->second, epoch, &loaded))
		return NULL;
	expect_live(&loaded, fate);
	load_over(w, &loaded);
	ask_live(w, &loaded);
	memset(sight, 0, sizeof(*sight));
	fate->sight.out = out;
	if (s->backwards)
		send_answer(w, fate);
	else
		send_probe(w, 0);
	look(w, 20);
	why = kept(arena, live_differs(&loaded, fate, sight));
	compile_free(&loaded.c);
	return why;
}

/* NULL if all is as expected. */
static const char *try_scenario(struct world *w, struct arena *arena,
				const struct scenario *s)
{
	struct loaded loaded;
	const char *why = NULL;
	struct fate *fate;
	uint32_t epoch;

	if (!compile(w, s->first, 1, &loaded))
		return NULL;
	set_fates(w, 1);
	fate = &w->fates[0];
	fate->probe = s->probe;
	expect(&loaded, fate);
	load_fresh(w, &loaded);
	send_probe(w, 0);
	look(w, 20);
	if (fate->asked)
		why = kept(arena, first_differs(&loaded, fate));
	if (!why && is_answered(fate)) {
		send_answer(w, fate);
		look(w, 20);
		why = kept(arena, answer_differs(&loaded, fate));
	}
	epoch = 1 + loaded.ir->mark.count;
	compile_free(&loaded.c);
	if (!s->second)
		return why;
	return !why && is_live(fate) ? try_second(w, arena, s, epoch) : NULL;
}

struct shrinking {
	struct world *w;
	struct arena *arena;
	const struct scenario *s;
};

static bool still_fails(const struct random_policy *policy, void *data)
{
	const struct shrinking *shrinking = data;

	(void)policy; /* it is one of the scenario's */
	return try_scenario(shrinking->w, shrinking->arena, shrinking->s);
}

static void shrink_one(struct world *w, struct arena *arena,
		       const struct scenario *s, struct random_policy *policy)
{
	struct shrinking shrinking = { w, arena, s };

	if (policy)
		random_shrink(policy, still_fails, &shrinking);
}

static void print_policy(const struct random_policy *policy)
{
	struct buf text = { 0 };

	random_print(&text, policy);
	fwrite(text.p, 1, text.n, stdout);
	buf_free(&text);
}

static void report(struct world *w, const struct scenario *s, const char *why)
{
	struct arena *arena = arena_new();
	struct buf words = { 0 };
	const char *again = try_scenario(w, arena, s);

	w->failures++;
	router_probe_print(&s->probe, &words);
	printf("FAIL: %s\n  packet, in by %s, out by %s: %s\n", why,
	       s->probe.in < 0 ? "-" : router_devices[s->probe.in],
	       s->probe.out < 0 ? "-" : router_devices[s->probe.out], words.p);
	if (again) {
		shrink_one(w, arena, s, s->first);
		shrink_one(w, arena, s, s->second);
		printf("  the least policy: %s\n", again);
	} else {
		puts("  not so by itself; the policy:");
	}
	print_policy(s->first);
	if (s->second) {
		puts("  and then");
		print_policy(s->second);
	}
	fflush(stdout);
	buf_free(&words);
	arena_free(arena);
}

/* ---- the run ---- */

static bool same_tuple(const struct router_probe *a,
		       const struct router_probe *b)
{
	return a->protocol == b->protocol && a->sport == b->sport &&
	       a->dport == b->dport && !a->icmp &&
	       !memcmp(a->source, b->source, 16) &&
	       !memcmp(a->destination, b->destination, 16);
}

/* Each of another connection, the other way round too. */
static void new_probes(struct world *w, struct random *r, size_t n)
{
	size_t i, j;

	set_fates(w, n);
	for (i = 0; i < n; i++) {
		struct router_probe *probe = &w->fates[i].probe;

		router_probe(r, probe);
		for (j = 0; j < i; j++) {
			struct router_probe back = w->fates[j].probe;

			back.sport = w->fates[j].probe.dport;
			back.dport = w->fates[j].probe.sport;
			memcpy(back.source, w->fates[j].probe.destination, 16);
			memcpy(back.destination, w->fates[j].probe.source, 16);
			if (same_tuple(probe, &w->fates[j].probe) ||
			    same_tuple(probe, &back))
				break;
		}
		i -= j < i; /* once more */
	}
}

/*
 * What @differs says of each of the fates that @of has, when nothing has come for
 * a while; and as long as it says anything, more may come, though not for ever.
 */
static void judge(struct world *w, struct loaded *loaded, const bool *of,
		  const char *(*differs)(const struct loaded *loaded,
					 const struct fate *fate),
		  const char **why)
{
	bool wrong = true;
	int waited;
	size_t i;

	for (waited = 0; wrong && waited < PATIENCE; waited += QUIET) {
		look(w, QUIET);
		wrong = false;
		for (i = 0; i < w->nfates; i++) {
			if (!of[i])
				continue;
			why[i] = differs(loaded, &w->fates[i]);
			wrong |= why[i] != NULL;
		}
	}
}

static void judge_first(struct world *w, struct loaded *loaded,
			const char **why)
{
	bool *of = arena_array(loaded->c.arena, w->nfates, sizeof(*of));
	size_t i;

	for (i = 0; i < w->nfates; i++) {
		of[i] = w->fates[i].asked;
		send_probe(w, i);
	}
	judge(w, loaded, of, first_differs, why);
	for (i = 0; i < w->nfates; i++) {
		of[i] = !why[i] && is_answered(&w->fates[i]);
		if (is_answered(&w->fates[i]))
			send_answer(w, &w->fates[i]);
	}
	judge(w, loaded, of, answer_differs, why);
}

static void report_all(struct world *w, const char **why,
		       struct random_policy *first,
		       struct random_policy *second)
{
	size_t i;

	for (i = 0; i < w->nfates; i++) {
		struct scenario s = { first, second, w->fates[i].probe, i % 2 };

		w->pairs += w->fates[i].asked;
		if (!why[i])
			continue;
		report(w, &s, why[i]);
		exit(1); /* the fates are those of the report now */
	}
}

static void judge_second(struct world *w, struct loaded *second,
			 const char **why)
{
	size_t i, n = w->nfates;
	bool *live = arena_array(second->c.arena, n, sizeof(*live));

	for (i = 0; i < n; i++) {
		struct fate *fate = &w->fates[i];
		struct probe_packet out = fate->sight.out;

		live[i] = is_live(fate);
		fate->asked = false;
		if (!live[i])
			continue;
		expect_live(second, fate);
		memset(&fate->sight, 0, sizeof(fate->sight));
		memset(&fate->answer, 0, sizeof(fate->answer));
		fate->sight.out = out;
		fate->backwards = i % 2;
		if (fate->backwards)
			send_answer(w, fate);
		else
			send_probe(w, i);
	}
	judge(w, second, live, second_differs, why);
}

/* One that compiles. */
static void next_policy(struct world *w, struct random *r, struct arena *arena,
			uint32_t epoch, struct random_policy *policy,
			struct loaded *loaded)
{
	do
		router_policy(r, arena, policy);
	while (!compile(w, policy, epoch, loaded));
}

static unsigned int count_passes(void)
{
	unsigned int n = 0;

	while (opt_pass_at(n))
		n++;
	return n;
}

/* Half of the time with all passes of the optimiser, else with some. */
static void run(struct world *w, uint64_t seed, size_t packets)
{
	struct arena *arena = arena_new();
	struct random r = random_seeded(seed);
	struct random_policy first, second;
	struct loaded one, two;
	const char **why = arena_array(arena, packets, sizeof(*why));
	size_t i;

	w->without =
		random_chance(&r, 50) ?
			0 :
			(opt_without)random_below(&r, 1u << count_passes());
	next_policy(w, &r, arena, 1, &first, &one);
	new_probes(w, &r, packets);
	for (i = 0; i < packets; i++)
		expect(&one, &w->fates[i]);
	load_fresh(w, &one);
	judge_first(w, &one, why);
	report_all(w, why, &first, NULL);
	next_policy(w, &r, arena, 1 + one.ir->mark.count, &second, &two);
	load_over(w, &two);
	ask_live(w, &two);
	judge_second(w, &two, why);
	report_all(w, why, &first, &second);
	compile_free(&one.c);
	compile_free(&two.c);
	arena_free(arena);
}

/* Of more than a few, nine in ten: it is hardly ever less than 98 in 100. */
static bool is_known_enough(const struct world *w)
{
	return w->live < 1000 || w->known * 10 >= w->live * 9;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	unsigned long policies = argc > 3 ? strtoul(argv[3], NULL, 0) : 100;
	size_t packets = argc > 4 ? strtoul(argv[4], NULL, 0) : 100;
	struct world w = { 0 };
	unsigned long i;

	if (argc < 2) {
		fprintf(stderr, "usage: random_kernel OUTSIDE [SEED [POLICIES "
				"[PACKETS]]]\n");
		return 2;
	}
	open_world(&w, argv[1]);
	for (i = 0; i < policies; i++)
		run(&w, seed * 1000000 + i, packets);
	close_world(&w);
	printf("live_ask() was sure of %lu of %lu connections\n", w.known,
	       w.live);
	printf("random: %lu pairs of policy and packet, %lu failures\n",
	       w.pairs, w.failures);
	return w.failures || !is_known_enough(&w);
}
