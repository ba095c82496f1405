// SPDX-License-Identifier: GPL-2.0-only
/*
 * A flowtable that is to be for hardware and was not, or the other way round,
 * cannot become it in place: it is made anew, and with it the rules that add to
 * it. What is stored is taken for what runs, if nobody else changed that.
 *
 * Source: uapi nf_tables.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "runtime/delta.h"
#include "runtime/follow_parts.h"
#include "runtime/nl.h"
#include "runtime/report.h"

/*
 * The stored content, with other flowtables
 */

static void copy_attr(struct nlmsghdr *to, const struct nlattr *attr)
{
	mnl_attr_put(to, mnl_attr_get_type(attr),
		     mnl_attr_get_payload_len(attr),
		     mnl_attr_get_payload(attr));
}

static void put_hook(struct nlmsghdr *to, const struct nlattr *hook,
		     const struct attach_table *table)
{
	struct nlattr *nest = mnl_attr_nest_start(to, NFTA_FLOWTABLE_HOOK);
	struct nlattr *devices;
	const struct nlattr *attr;
	size_t i;

	mnl_attr_for_each_nested(attr, hook)
	{
		if (mnl_attr_get_type(attr) != NFTA_FLOWTABLE_HOOK_DEVS)
			copy_attr(to, attr);
	}
	devices = mnl_attr_nest_start(to, NFTA_FLOWTABLE_HOOK_DEVS);
	for (i = 0; i < table->devices.n; i++)
		mnl_attr_put_strz(to, NFTA_DEVICE_NAME, table->devices.v[i]);
	mnl_attr_nest_end(to, devices);
	mnl_attr_nest_end(to, nest);
}

static void put_flags(struct nlmsghdr *to, const struct nlattr *attr,
		      const struct attach_table *table)
{
	uint32_t flags = nl_be32(attr, 0) & ~(uint32_t)NFT_FLOWTABLE_HW_OFFLOAD;

	if (table->hardware)
		flags |= NFT_FLOWTABLE_HW_OFFLOAD;
	mnl_attr_put_u32(to, NFTA_FLOWTABLE_FLAGS, htonl(flags));
}

static void put_flowtable(struct buf *out, const struct nlmsghdr *from,
			  const struct attach_table *table)
{
	size_t head = MNL_NLMSG_HDRLEN + sizeof(struct nfgenmsg);
	const struct nlattr *attr;
	struct nlmsghdr *to;

	to = (struct nlmsghdr *)(void *)buf_reserve(
		out, from->nlmsg_len + 64 + table->devices.n * 32);
	memcpy(to, from, head);
	to->nlmsg_len = (uint32_t)head;
	mnl_attr_for_each(attr, from, sizeof(struct nfgenmsg))
	{
		if (mnl_attr_get_type(attr) == NFTA_FLOWTABLE_HOOK)
			put_hook(to, attr, table);
		else if (mnl_attr_get_type(attr) == NFTA_FLOWTABLE_FLAGS)
			put_flags(to, attr, table);
		else
			copy_attr(to, attr);
	}
	out->n += to->nlmsg_len;
}

static const struct attach_table *table_of(const struct follow *f,
					   const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_FLOWTABLE_MAX + 1];
	const char *name;

	if (message->nlmsg_type != NFT(NFT_MSG_NEWFLOWTABLE))
		return NULL;
	nl_attrs(message, NULL, attrs, NFTA_FLOWTABLE_MAX);
	name = nl_str(attrs[NFTA_FLOWTABLE_NAME]);
	return name ? attach_find(&f->attach, name) : NULL;
}

static void make_content(const struct follow *f, struct str old,
			 struct buf *out)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)old.p;
	const struct attach_table *table;
	int left = (int)old.n;

	while (nl_message_ok(message, left)) {
		table = table_of(f, message);
		if (table)
			put_flowtable(out, message, table);
		else
			buf_add(out, message, MNL_ALIGN(message->nlmsg_len));
		message = mnl_nlmsg_next(message, &left);
	}
}

/*
 * The transaction
 */

/* Is our table as it was committed? */
static bool is_unchanged(struct follow *f)
{
	struct kernel all;

	if (f->stored.genid == f->now.genid)
		return true;
	return f->stored.fingerprint &&
	       !kernel_read_all(f->nl, f->arena, f->stored.elements, &all) &&
	       all.genid == f->now.genid &&
	       all.fingerprint == f->stored.fingerprint;
}

static int find_handles(const char *chain, const uint64_t **handles, size_t *n,
			void *data)
{
	struct follow *f = data;

	return kernel_handles(f->nl, f->arena, chain, handles, n);
}

static void report_refused(const struct nl_errors *errors)
{
	report_warning("the kernel refuses flowtables of the other kind: %s; "
		       "they stay as they are",
		       strerror(-errors->list.v[0].error));
}

/* -ESTALE: it cannot be. */
static int commit(struct follow *f, struct str old, const struct batch *new)
{
	struct delta_options options = {
		.genid = f->now.genid,
		.now = &f->now.names,
		.handles = find_handles,
		.data = f,
		.arena = f->arena,
	};
	struct nl_errors errors = { .arena = f->arena };
	struct delta_result result;
	struct batch batch = { 0 };
	int ret;

	ret = delta_build(&batch, old, new, &options, &result);
	if (!ret)
		ret = nl_commit(f->nl, batch.bytes.p, batch.bytes.n, &errors);
	batch_free(&batch);
	if (ret == -EBADMSG)
		return -ESTALE;
	if (ret || !errors.list.n)
		return ret;
	report_refused(&errors);
	return -ESTALE;
}

int follow_renew(struct follow *f)
{
	struct batch new = { 0 };
	struct buf bytes = { 0 };
	struct container c;
	const char *why;
	int ret = -ESTALE;

	if (state_container(f->state, f->stored.number, f->arena, &bytes, &c,
			    &why) ||
	    !is_unchanged(f))
		goto out;
	make_content(f, c.messages, &new.bytes);
	ret = commit(f, c.messages, &new);
	if (ret)
		goto out;
	c.messages = (struct str){ new.bytes.p, new.bytes.n };
	ret = state_replace(f->state, f->stored.number, &c);
	follow_note(f, true);
out:
	buf_free(&new.bytes);
	buf_free(&bytes);
	return ret;
}
