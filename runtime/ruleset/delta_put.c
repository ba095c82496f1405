// SPDX-License-Identifier: GPL-2.0-only
/*
 * The messages of a delta.
 *
 * What must stay true: message i of the batch has the sequence number i + 1, and
 * the batch knows which line it comes from.
 */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "runtime/netlink/nl.h"
#include "runtime/ruleset/delta_parts.h"

static void note(struct delta *d, const struct content_message *spot,
		 uint16_t type, const char *what)
{
	struct batch *batch = d->batch;
	struct batch_message message = {
		.offset = (uint32_t)batch->bytes.n,
		.type = NFNL_MSG_TYPE(type),
		.what = what,
	};

	if (spot && spot->index < d->from->n) {
		message.span = d->from->messages[spot->index].span;
		message.what = d->from->messages[spot->index].what;
	}
	buf_add(&batch->index, &message, sizeof(message));
	batch->messages = (struct batch_message *)(void *)batch->index.p;
	batch->n++;
}

struct nlmsghdr *delta_open(struct delta *d, uint16_t type, size_t room,
			    const struct content_message *spot,
			    const char *what)
{
	struct nlmsghdr *message;
	struct nfgenmsg *nfgen;

	message = mnl_nlmsg_put_header(buf_reserve(
		&d->batch->bytes, MNL_NLMSG_HDRLEN + sizeof(*nfgen) + room));
	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST;
	nfgen = mnl_nlmsg_put_extra_header(message, sizeof(*nfgen));
	nfgen->nfgen_family = NFPROTO_INET;
	nfgen->version = NFNETLINK_V0;
	note(d, spot, type, what);
	message->nlmsg_seq = (uint32_t)d->batch->n;
	return message;
}

void delta_close(struct delta *d, const struct nlmsghdr *message)
{
	d->batch->bytes.n += MNL_ALIGN(message->nlmsg_len);
}

void delta_copy_header(struct delta *d, const struct nlmsghdr *header,
		       size_t index)
{
	const struct content_message spot = { header, index };
	struct nlmsghdr *message;

	message = (struct nlmsghdr *)(void *)buf_reserve(
		&d->batch->bytes, MNL_ALIGN(header->nlmsg_len));
	memcpy(message, header, header->nlmsg_len);
	note(d, &spot, header->nlmsg_type, NULL);
	message->nlmsg_seq = (uint32_t)d->batch->n;
	delta_close(d, message);
}

void delta_copy(struct delta *d, const struct content_message *message)
{
	delta_copy_header(d, message->header, message->index);
}

void delta_delete(struct delta *d, uint16_t kind, uint16_t attr,
		  const char *name, uint32_t type)
{
	struct nlmsghdr *message =
		delta_open(d, NFT(kind), 1024, NULL,
			   arena_printf(d->batch->arena, "%s", name));

	/* Of every kind of message the table is attribute 1. */
	mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, IR_TABLE);
	mnl_attr_put_strz(message, attr, name);
	if (type)
		mnl_attr_put_u32(message, NFTA_OBJ_TYPE, htonl(type));
	delta_close(d, message);
}
