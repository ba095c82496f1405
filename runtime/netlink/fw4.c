// SPDX-License-Identifier: GPL-2.0-only
/* fw4 in the kernel: see fw4.h. Source: uapi nf_tables.h. */
#include "runtime/netlink/fw4.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "base/buf.h"
#include "ir/fw4.h"
#include "ir/ir.h"
#include "runtime/netlink/kernel.h"
#include "runtime/netlink/ruleset.h"

#define TRIES 50

/* Hooks in whose chains it marks what it sees. */
static const char *const hooks[] = { "input", "forward" };

static int read_loaded(struct nl *nl, struct fw4 *fw4)
{
	struct nl_room room;
	struct nlmsghdr *request;
	int ret;

	request = nl_request(&room, NFT(NFT_MSG_GETTABLE), NFPROTO_INET);
	mnl_attr_put_strz(request, NFTA_TABLE_NAME, FW4_TABLE);
	ret = nl_ask(nl, request, NULL, NULL);
	fw4->loaded = !ret;
	return ret == -ENOENT ? 0 : ret;
}

/* Rules of a chain that have this comment. */
struct sought {
	struct arena *arena;
	const char *table, *chain, *comment;
	VEC(uint64_t) handles;
};

static int see_rule(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *attrs[NFTA_RULE_MAX + 1];
	const char *table, *chain, *comment = NULL;
	struct sought *sought = data;

	if (NFNL_MSG_TYPE(message->nlmsg_type) != NFT_MSG_NEWRULE)
		return 0;
	nl_attrs(message, NULL, attrs, NFTA_RULE_MAX);
	table = nl_str(attrs[NFTA_RULE_TABLE]);
	chain = nl_str(attrs[NFTA_RULE_CHAIN]);
	if (attrs[NFTA_RULE_USERDATA])
		comment = kernel_comment(attrs[NFTA_RULE_USERDATA]);
	if (table && chain && comment && !strcmp(table, sought->table) &&
	    !strcmp(chain, sought->chain) && !strcmp(comment, sought->comment))
		*vec_push(sought->arena, &sought->handles) =
			nl_be64(attrs[NFTA_RULE_HANDLE], 0);
	return 0;
}

static int seek(struct nl *nl, struct sought *sought)
{
	struct nl_room room;
	struct nlmsghdr *request;
	int ret;

	sought->handles.n = 0;
	request = nl_request(&room, NFT(NFT_MSG_GETRULE), NFPROTO_INET);
	mnl_attr_put_strz(request, NFTA_RULE_TABLE, sought->table);
	mnl_attr_put_strz(request, NFTA_RULE_CHAIN, sought->chain);
	ret = nl_dump(nl, request, see_rule, sought);
	return ret == -ENOENT ? 0 : ret;
}

static int read_marks(struct nl *nl, struct arena *arena, uint32_t mask,
		      struct fw4 *fw4)
{
	struct sought sought = {
		.arena = arena,
		.table = FW4_TABLE,
		.comment = arena_printf(arena, FW4_SEEN "%08" PRIx32, mask),
	};
	size_t i;
	int ret = 0;

	fw4->sees = true;
	for (i = 0; !ret && i < sizeof(hooks) / sizeof(*hooks); i++) {
		sought.chain =
			arena_printf(arena, FW4_SEEN_CHAIN "%s", hooks[i]);
		ret = seek(nl, &sought);
		if (!ret && !sought.handles.n) {
			sought.chain = hooks[i]; /* fw4's own */
			ret = seek(nl, &sought);
		}
		fw4->sees &= sought.handles.n > 0;
		if (sought.handles.n)
			fw4->seen = sought.handles.v[0];
	}
	return ret;
}

static int read_flowtable(struct nl *nl, struct arena *arena, struct fw4 *fw4)
{
	struct ruleset ruleset;
	size_t i;
	int ret = ruleset_read(nl, arena, &ruleset);

	for (i = 0; !ret && i < ruleset.flowtables.n; i++)
		if (ruleset.flowtables.v[i].family == NFPROTO_INET &&
		    !strcmp(ruleset.flowtables.v[i].table, FW4_TABLE))
			fw4->flowtable = ruleset.flowtables.v[i].name;
	return ret;
}

/* One reading, of one generation; -EINTR: it was another one by the end. */
static int read_once(struct nl *nl, struct arena *arena, uint32_t mask,
		     struct fw4 *fw4)
{
	uint32_t after = 0;
	int ret;

	*fw4 = (struct fw4){ 0 };
	ret = kernel_genid(nl, &fw4->genid);
	if (!ret)
		ret = read_loaded(nl, fw4);
	if (!ret && fw4->loaded)
		ret = read_marks(nl, arena, mask, fw4);
	if (!ret && fw4->loaded)
		ret = read_flowtable(nl, arena, fw4);
	if (!ret)
		ret = kernel_genid(nl, &after);
	return !ret && after != fw4->genid ? -EINTR : ret;
}

int fw4_read(struct nl *nl, struct arena *arena, uint32_t mask, struct fw4 *fw4)
{
	int ret = -EINTR, i;

	for (i = 0; i < TRIES && ret == -EINTR; i++)
		ret = read_once(nl, arena, mask, fw4);
	return ret;
}

/*
 * The gate
 */

static struct sought gate_in(struct arena *arena, const char *chain)
{
	return (struct sought){
		.arena = arena,
		.table = IR_TABLE,
		.chain = chain,
		.comment = FW4_GATE,
	};
}

int fw4_read_gate(struct nl *nl, struct arena *arena, struct fw4_gate *gate)
{
	struct sought input = gate_in(arena, "input");
	struct sought forward = gate_in(arena, "forward");
	int ret = seek(nl, &input);

	if (!ret)
		ret = seek(nl, &forward);
	gate->input = input.handles.n;
	gate->forward = forward.handles.n;
	return ret;
}

static void put_deletes(struct buf *out, const struct sought *sought, size_t *n)
{
	struct nlmsghdr *message;
	struct nl_room room;
	size_t i;

	for (i = 0; i < sought->handles.n; i++) {
		message = nl_request(&room, NFT(NFT_MSG_DELRULE), NFPROTO_INET);
		message->nlmsg_flags = NLM_F_REQUEST;
		message->nlmsg_seq = (uint32_t)++ * n;
		mnl_attr_put_strz(message, NFTA_RULE_TABLE, sought->table);
		mnl_attr_put_strz(message, NFTA_RULE_CHAIN, sought->chain);
		mnl_attr_put_u64(message, NFTA_RULE_HANDLE,
				 htobe64(sought->handles.v[i]));
		buf_add(out, message, message->nlmsg_len);
	}
}

static int commit(struct nl *nl, struct arena *arena, const struct buf *batch)
{
	struct nl_errors errors = { .arena = arena };
	int ret = nl_commit(nl, batch->p, batch->n, &errors);

	return !ret && errors.list.n ? errors.list.v[0].error : ret;
}

int fw4_open_gate(struct nl *nl, struct arena *arena, const struct fw4 *fw4,
		  size_t *opened)
{
	struct buf batch = { 0 };
	struct sought sought;
	size_t i, n = 0;
	int ret = 0;

	nl_put_bracket(&batch, NFNL_MSG_BATCH_BEGIN, 0, fw4->genid);
	for (i = 0; !ret && i < sizeof(hooks) / sizeof(*hooks); i++) {
		if (!fw4->loaded && !strcmp(hooks[i], "forward"))
			continue;
		sought = gate_in(arena, hooks[i]);
		ret = seek(nl, &sought);
		if (!ret)
			put_deletes(&batch, &sought, &n);
	}
	nl_put_bracket(&batch, NFNL_MSG_BATCH_END, (uint32_t)n + 1, 0);
	if (!ret && n)
		ret = commit(nl, arena, &batch);
	*opened = ret ? 0 : n;
	buf_free(&batch);
	return ret;
}
