// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as netlink messages about our table (libFuzzer): as the kernel's
 * answers to dumps, of other tables, of connections and of network devices, too;
 * as a stored transaction to go back to; and as one that was stored and as what has
 * become of it.
 *
 * Beyond not crashing and coming to an end: a way back that is made is whole
 * messages from begin to end, numbered in turn, each for our table or with the
 * content's bytes; it makes what the content makes; and is one to go back to
 * itself.
 */
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/live/flowlog.h"
#include "runtime/live/logsink.h"
#include "runtime/live/places.h"
#include "runtime/live/stockflows.h"
#include "runtime/netlink/connections.h"
#include "runtime/netlink/fingerprint.h"
#include "runtime/netlink/kernel.h"
#include "runtime/netlink/nl.h"
#include "runtime/netlink/raw_told.h"
#include "runtime/netlink/routes.h"
#include "runtime/netlink/ruleset.h"
#include "runtime/netlink/tallies.h"
#include "runtime/offload/attach.h"
#include "runtime/offload/devices.h"
#include "runtime/ruleset/actual.h"
#include "runtime/ruleset/changes.h"
#include "runtime/ruleset/restore.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* What a kernel that says all this has. */
static void see_all(struct kernel *kernel, struct str content)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)content.p;
	struct fingerprint fingerprint = { 0 };
	int left = (int)content.n;

	while (nl_message_ok(message, left)) {
		kernel_see(kernel, &fingerprint, message);
		message = mnl_nlmsg_next(message, &left);
	}
	kernel->fingerprint = fingerprint.sum;
}

/* How many messages. */
static size_t require_whole(struct str batch)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)batch.p;
	const struct nlmsghdr *last = NULL;
	int left = (int)batch.n;
	size_t n = 0;

	while (nl_message_ok(message, left)) {
		require(message->nlmsg_seq == n);
		require((n == 0) ==
			(message->nlmsg_type == NFNL_MSG_BATCH_BEGIN));
		require(mnl_nlmsg_get_payload_len(message) >=
			sizeof(struct nfgenmsg));
		last = message;
		message = mnl_nlmsg_next(message, &left);
		n++;
	}
	require(left == 0 && last && last->nlmsg_type == NFNL_MSG_BATCH_END);
	return n;
}

/* The content's table is what comes of it: all else was taken out before. */
static void require_same(struct arena *arena, struct str content,
			 struct str batch)
{
	struct names said = { .arena = arena }, made = { .arena = arena };
	size_t i;

	names_add_batch(&said, content.p, content.n);
	names_add_batch(&made, batch.p, batch.n);
	require(made.exists && said.nrules == made.nrules);
	require(said.chains.n == made.chains.n && said.sets.n == made.sets.n);
	require(said.limits.n == made.limits.n &&
		said.objects.n == made.objects.n &&
		said.flowtables.n == made.flowtables.n);
	for (i = 0; i < said.chains.n; i++)
		require(!strcmp(said.chains.v[i].name, made.chains.v[i].name));
	for (i = 0; i < said.flowtables.n; i++)
		require(said.flowtables.v[i].devices.n >=
			made.flowtables.v[i].devices.n);
}

/* As the kernel's word on a connection, on a rule of routing, on a route. */
static void see_connection(const struct nlmsghdr *message,
			   struct routes *routes, struct places *places)
{
	static const uint8_t address[16] = { 10, 0, 0, 1 };
	struct connection connection = { 0 };
	struct located from, to;
	struct packet packet;
	unsigned int f;

	if (connection_read(message, &connection)) {
		connection_packet(&connection, &packet);
		places_find(places, &packet, &from, &to);
	}
	routes_see_rule(routes, message);
	routes_see_route(routes, message);
	for (f = 0; f < FAMILIES; f++) {
		connection.original.family = f;
		memcpy(connection.original.source, address, sizeof(address));
		connection_packet(&connection, &packet);
		places_find(places, &packet, &from, &to);
		require((from.kind == PLACE_ZONE) == (from.zone >= 0));
	}
}

/* Whole attributes, one behind the other. */
static void require_attrs(struct str bytes)
{
	const struct nlattr *attr;
	size_t seen = 0;

	mnl_attr_for_each_payload((const void *)bytes.p, bytes.n)
	{
		seen += MNL_ALIGN(attr->nla_len);
	}
	require(seen == bytes.n);
}

/* The code of rules, as nft's would be: all that it refers to is in it. */
static void see_raw(struct arena *arena, struct str content)
{
	struct ir_rule rules[4] = { 0 };
	struct raw_place places[4];
	const struct ir_raw *raw;
	size_t i, j;

	for (i = 0; i < 4; i++)
		places[i] = (struct raw_place){ "forward", &rules[i] };
	raw_told(arena, content, places, 4);
	for (i = 0; i < 4 && rules[i].code; i++) {
		raw = rules[i].code;
		require_attrs(raw->exprs);
		for (j = 0; j < raw->nids; j++)
			require(raw->ids[j].at + 4 <= raw->exprs.n &&
				raw->ids[j].set < raw->nsets);
		for (j = 0; j < raw->nsets; j++)
			require_attrs(raw->sets[j].attrs);
	}
}

/* However it is written, it is a line. */
static int write_record(const struct flowlog_record *record, void *data)
{
	struct buf *out = data;

	out->n = 0;
	logsink_line(out, record);
	logsink_json(out, record);
	require(memchr(out->p, '\n', out->n) != out->p + out->n - 1);
	require(out->p[out->n - 1] == '\n');
	logsink_fields(out, record);
	return 0;
}

/* As events, and as the lists before and behind them. */
static void see_events(const struct kernel *kernel, struct str content)
{
	struct buf out = { 0 };
	const struct flowlog_options options = { .record = write_record,
						 .data = &out };
	struct flowlog *log = flowlog_new(&options);
	int i;

	flowlog_policy(log, kernel);
	for (i = 0; i < 3; i++) {
		const struct nlmsghdr *message = (const void *)content.p;
		int left = (int)content.n;

		while (nl_message_ok(message, left)) {
			flowlog_see(log, message, UINT64_C(1) << 60);
			message = mnl_nlmsg_next(message, &left);
		}
		if (i != 1)
			flowlog_looked(log, UINT64_C(1) << 61);
		flowlog_look(log);
	}
	flowlog_looked(log, UINT64_C(1) << 61);
	require(!flowlog_has_former(log));
	flowlog_free(log);
	buf_free(&out);
}

/* Whatever devices are made upon each other, it comes to an end. */
static void decide(struct arena *arena, const struct links *links)
{
	struct attach_wishes wishes;
	struct attach attach;

	require(attach_parse(arena, str_of("fast auto follow *\n"), &wishes));
	attach = attach_decide(arena, &wishes, links);
	require(attach.tables.n == 1);
	for (size_t i = 0; i < attach.tables.v[0].devices.n; i++)
		require(links_find(links, attach.tables.v[0].devices.v[i]));
}

/* All tables', and connections': nothing is known of them but their bytes. */
static void see_others(struct arena *arena, struct str content)
{
	static const struct module_match match = { .has_source = true,
						   .source_len = 127 };
	const struct nlmsghdr *message = (const struct nlmsghdr *)content.p;
	struct ruleset ruleset = { .arena = arena };
	struct tallies tallies = { .arena = arena };
	struct model model = { .arena = arena };
	struct routes *routes = routes_new(arena);
	struct places *places = places_new(arena, &model, routes);
	struct links links = { .arena = arena };
	struct module_flow flow;
	int left = (int)content.n;

	while (nl_message_ok(message, left)) {
		ruleset_see(&ruleset, message);
		tallies_see(&tallies, message);
		see_connection(message, routes, places);
		links_see(&links, message);
		if (stock_flow(message, &flow))
			stock_flow_matches(&match, &flow);
		message = mnl_nlmsg_next(message, &left);
	}
	for (size_t i = 0; i < ruleset.flowtables.n; i++)
		require(ruleset.flowtables.v[i].table &&
			ruleset.flowtables.v[i].name);
	decide(arena, &links);
}

static void try_restore(struct arena *arena, struct str content,
			const struct names *names)
{
	static const char *const there[] = { "br-lan", "eth1", "lan0", "wan0" };
	struct devices devices = { 0 };
	const struct restore_options options = { .devices = &devices };
	struct buf out = { 0 }, again = { 0 };
	struct table_names now;
	struct str batch;
	size_t i;

	for (i = 0; i < sizeof(there) / sizeof(*there); i++)
		*vec_push(arena, &devices.names) = there[i];
	names_table(names, &now);
	if (!restore_build(&out, content, &now, &options)) {
		batch = (struct str){ out.p, out.n };
		require_whole(batch);
		require_same(arena, content, batch);
		require(!restore_build(&again, batch, &now, &options));
		require_whole((struct str){ again.p, again.n });
	}
	buf_free(&out);
	buf_free(&again);
}

/*
 * As what the kernel tells of a table that was to be what these bytes make: put
 * into words it is a content, and what differs can be said.
 */
static void try_actual(struct arena *arena, struct str content)
{
	struct buf told = { 0 }, words = { 0 };
	struct changes changes = { .arena = arena, .record = true };
	struct actual actual = { 0 };
	struct content old, new;

	if (content.n)
		buf_add(&told, content.p, content.n);
	if (!actual_build(&actual, arena, content, &told)) {
		require(!content_read(&old, arena, content));
		require(!content_read(&new, arena,
				      (struct str){ actual.content.p,
						    actual.content.n }));
		changes_find(&changes, &old, &new);
		changes_print(&changes, &words);
	}
	actual_free(&actual);
	buf_free(&told);
	buf_free(&words);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct arena *arena = arena_new();
	struct kernel kernel = { .names.arena = arena }, same = kernel;
	char *copy = malloc(size ? size : 1); /* aligned, and none behind it */
	struct str content = { copy, size };

	require(copy != NULL);
	if (size)
		memcpy(copy, data, size);
	see_all(&kernel, content);
	see_all(&same, content);
	require(kernel.fingerprint == same.fingerprint);
	see_others(arena, content);
	see_raw(arena, content);
	see_events(&kernel, content);
	try_restore(arena, content, &kernel.names);
	try_actual(arena, content);
	free(copy);
	arena_free(arena);
	return 0;
}
