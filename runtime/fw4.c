// SPDX-License-Identifier: GPL-2.0-only
/* fw4 in the kernel: see fw4.h. Source: uapi nf_tables.h. */
#include "runtime/fw4.h"

#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "ir/fw4.h"
#include "runtime/kernel.h"
#include "runtime/ruleset.h"

#define TRIES 50

/* Chains in which it marks what it sees. */
static const char *const chains[] = { "input", "forward" };

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

struct sought {
	const char *chain, *comment;
	bool found;
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
	if (table && chain && comment && !strcmp(table, FW4_TABLE) &&
	    !strcmp(chain, sought->chain) && !strcmp(comment, sought->comment))
		sought->found = true;
	return 0;
}

static int marks_in(struct nl *nl, const char *chain, const char *comment,
		    bool *found)
{
	struct sought sought = { chain, comment, false };
	struct nl_room room;
	struct nlmsghdr *request;
	int ret;

	request = nl_request(&room, NFT(NFT_MSG_GETRULE), NFPROTO_INET);
	mnl_attr_put_strz(request, NFTA_RULE_TABLE, FW4_TABLE);
	mnl_attr_put_strz(request, NFTA_RULE_CHAIN, chain);
	ret = nl_dump(nl, request, see_rule, &sought);
	*found = sought.found;
	return ret == -ENOENT ? 0 : ret;
}

static int read_marks(struct nl *nl, struct arena *arena, uint32_t mask,
		      struct fw4 *fw4)
{
	const char *comment = arena_printf(arena, FW4_SEEN "%08" PRIx32, mask);
	bool found;
	size_t i;
	int ret = 0;

	fw4->sees = true;
	for (i = 0; !ret && i < sizeof(chains) / sizeof(*chains); i++) {
		ret = marks_in(nl, chains[i], comment, &found);
		fw4->sees &= found;
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

int fw4_read(struct nl *nl, struct arena *arena, uint32_t mask, struct fw4 *fw4)
{
	int ret = -EINTR, i;

	for (i = 0; i < TRIES && ret == -EINTR; i++) {
		*fw4 = (struct fw4){ 0 };
		ret = read_loaded(nl, fw4);
		if (!ret && fw4->loaded)
			ret = read_marks(nl, arena, mask, fw4);
		if (!ret && fw4->loaded)
			ret = read_flowtable(nl, arena, fw4);
	}
	return ret;
}
