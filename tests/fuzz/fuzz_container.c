// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any bytes as a container (libFuzzer): as they are; with the digests that they
 * ought to have, so that the reader gets further; and as the messages of a good
 * one, so that the check of what is to be sent is reached.
 *
 * Beyond not crashing: what is taken is one batch, of whole messages with whole
 * attributes, each of which makes something in our table, and no other; it can
 * be loaded; and written anew it is read the same.
 */
#include <inttypes.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/live/zones.h"
#include "runtime/netlink/names.h"
#include "runtime/netlink/nl.h"
#include "runtime/offload/devices.h"
#include "runtime/ruleset/container.h"
#include "runtime/ruleset/restore.h"
#include "runtime/ruleset/unoffload.h"
#include "runtime/state/contain.h"
#include "runtime/state/sourcefile.h"
#include "runtime/state/stored.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Looked at in another way than runtime/netlink/sound.c does. */
static void require_message(const struct nlmsghdr *message, bool bracket)
{
	const struct nfgenmsg *gen = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;
	const char *end = mnl_nlmsg_get_payload_tail(message);
	const char *table = NULL;

	require(message->nlmsg_len >= MNL_NLMSG_HDRLEN + sizeof(*gen));
	if (bracket)
		return;
	require(NFNL_SUBSYS_ID(message->nlmsg_type) == NFNL_SUBSYS_NFTABLES);
	require(gen->nfgen_family == NFPROTO_INET);
	mnl_attr_for_each(attr, message, sizeof(*gen))
	{
		require(mnl_attr_ok(attr, (int)(end - (const char *)attr)));
		if (mnl_attr_get_type(attr) == 1)
			table = mnl_attr_get_str(attr);
	}
	require(table && !strcmp(table, "nftoffc"));
	switch (NFNL_MSG_TYPE(message->nlmsg_type)) {
	case NFT_MSG_NEWTABLE:
	case NFT_MSG_NEWCHAIN:
	case NFT_MSG_NEWRULE:
	case NFT_MSG_NEWSET:
	case NFT_MSG_NEWSETELEM:
	case NFT_MSG_NEWOBJ:
	case NFT_MSG_NEWFLOWTABLE:
		return;
	}
	abort();
}

static void require_batch(struct str messages)
{
	const struct nlmsghdr *message =
		(const struct nlmsghdr *)(const void *)messages.p;
	int left = (int)messages.n;
	size_t n;

	for (n = 0; nl_message_ok(message, left); n++) {
		require((n == 0) ==
			(message->nlmsg_type == NFNL_MSG_BATCH_BEGIN));
		require((MNL_ALIGN(message->nlmsg_len) == (unsigned)left) ==
			(message->nlmsg_type == NFNL_MSG_BATCH_END));
		require_message(message,
				message->nlmsg_type == NFNL_MSG_BATCH_BEGIN ||
					message->nlmsg_type ==
						NFNL_MSG_BATCH_END);
		message = mnl_nlmsg_next(message, &left);
	}
	require(left == 0 && n >= 2);
}

static void require_loadable(struct arena *arena, const struct container *c)
{
	struct devices devices = { 0 };
	struct attach_wishes wishes;
	struct attach attach;
	struct restore_options options = { .devices = &devices,
					   .translated = true };
	const struct table_names nothing = { 0 };
	struct buf out = { 0 };
	struct batch batch;

	*vec_push(arena, &devices.names) = "eth0";
	*vec_push(arena, &devices.names) = "wlan1";
	*vec_push(arena, &devices.links.list) =
		(struct link){ .name = "eth0", .able = LINK_ABLE };
	*vec_push(arena, &devices.links.list) =
		(struct link){ .name = "wlan1", .type = 1 };
	if (contain_wishes(c, arena, &wishes)) {
		attach = attach_decide(arena, &wishes, &devices.links);
		options.attach = &attach;
	}
	require(!restore_build(&out, c->messages, &nothing, &options));
	restore_index(&batch, &out);
	require_batch((struct str){ batch.bytes.p, batch.bytes.n });
	batch_free(&batch);
}

/* Where each flowtable became the other kind since. */
static void require_stored(struct arena *arena, const struct container *c)
{
	struct names now = { .arena = arena };
	struct buf out = { 0 };
	size_t i;

	names_add_batch(&now, c->messages.p, c->messages.n);
	for (i = 0; i < now.flowtables.n; i++)
		now.flowtables.v[i].flags ^= NFT_FLOWTABLE_HW_OFFLOAD;
	stored_now(&out, arena, c, &now);
	require_batch((struct str){ out.p, out.n });
	buf_free(&out);
}

static void require_zones(struct arena *arena, const struct container *c)
{
	const struct model *zones = contain_zones(c, arena);
	struct zone zone;
	const char *line;
	size_t i;

	for (i = 0; zones && i < zones->nzones; i++) {
		line = zones_line(arena, &zones->zones[i]);
		require(zones_parse_line(arena, str_of(line), &zone));
		require(!strcmp(zones_line(arena, &zone), line));
	}
}

static void require_same(struct arena *arena, const struct container *c)
{
	struct container again;
	struct buf out = { 0 };

	container_write(&out, c);
	require(!container_read(&again, arena, (struct str){ out.p, out.n }));
	require(!strcmp(again.record, c->record) &&
		again.needs.n == c->needs.n &&
		again.entries.n == c->entries.n &&
		str_eq(again.messages, c->messages));
	buf_free(&out);
}

static void require_without_offload(struct str messages)
{
	struct buf slow = { 0 };
	size_t n;

	buf_add(&slow, messages.p, messages.n);
	unoffload(&slow);
	require_batch((struct str){ slow.p, slow.n });
	n = slow.n;
	require(!unoffload(&slow) && slow.n == n);
	buf_free(&slow);
}

static void try_container(struct arena *arena, struct str bytes)
{
	struct container c;

	if (container_read(&c, arena, bytes))
		return;
	require_without_offload(c.messages);
	require_batch(c.messages);
	require_loadable(arena, &c);
	require_stored(arena, &c);
	require_zones(arena, &c);
	require_same(arena, &c);
}

/* Sizes and digests as they ought to be. */
static void make_good(char *bytes, size_t size)
{
	uint64_t digest, whole = size, none = 0;
	size_t head;

	if (size < CONTAINER_FIXED)
		return;
	memcpy(bytes + 16, &whole, 8);
	head = container_head_size((struct str){ bytes, size });
	if (!head)
		return;
	digest = container_digest(0, bytes + head, size - head);
	memcpy(bytes + 32, &digest, 8);
	memcpy(bytes + 24, &none, 8);
	digest = container_digest(0, bytes, head);
	memcpy(bytes + 24, &digest, 8);
}

static void try_messages(struct arena *arena, struct str messages)
{
	struct container c = {
		.record = "policy p digest 1 epoch 1+1 mask ff000000",
		.messages = messages,
	};
	struct buf out = { 0 };

	*vec_push(arena, &c.needs) = "flowtable fast auto named eth0";
	container_write(&out, &c);
	try_container(arena, (struct str){ out.p, out.n });
	buf_free(&out);
}

/* Any bytes as the files beside it: as they are, and with the right digest. */
static void try_files(struct arena *arena, const char *bytes, size_t n)
{
	struct kept_files kept;
	struct path_list paths = { 0 };
	size_t i, size = 0;

	if (!sourcefile_read(&kept, arena, (struct str){ bytes, n }))
		return;
	for (i = 0; i < kept.files.n; i++) {
		size += kept.files.v[i].text.n;
		require(kept_find(&kept, kept.files.v[i].path));
	}
	require(size <= n);
	kept_glob(&kept, arena, "*", &paths);
	require(paths.list.n <= kept.files.n);
}

static void try_sources(struct arena *arena, const unsigned char *data,
			size_t size)
{
	struct buf out = { 0 };

	try_files(arena, (const char *)data, size);
	buf_printf(&out, "nftoffc sources 1 %016" PRIx64 "\n",
		   container_digest(0, data, size));
	buf_add(&out, data, size);
	try_files(arena, out.p, out.n);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct arena *arena = arena_new();
	char *copy = malloc(size ? size : 1); /* aligned, and none behind it */

	require(copy != NULL);
	if (size)
		memcpy(copy, data, size);
	try_container(arena, (struct str){ copy, size });
	try_messages(arena, (struct str){ copy, size });
	try_sources(arena, data, size);
	make_good(copy, size);
	try_container(arena, (struct str){ copy, size });
	free(copy);
	arena_free(arena);
	return 0;
}
