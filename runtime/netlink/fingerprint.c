// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which attributes count is listed for each kind of object: one that a newer
 * kernel adds, and which may move, does not count. Objects are summed, since
 * the kernel may list them in another order after a restore; rules count with
 * their place in the chain.
 *
 * Source: uapi nf_tables.h.
 */
#include "runtime/netlink/fingerprint.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "base/map.h"
#include "runtime/netlink/nl.h"

#define ATTRS_MAX 31
#define BIT(n) (UINT32_C(1) << (n))
/* Newer than the headers: how many elements, since 6.16. */
#define SET_COUNT 20

/* Expressions whose data is state. */
static const char *const stateful[] = { "counter", "quota", "connlimit",
					"last" };

/* "__set3": its number is the kernel's choice. */
static bool is_anonymous(const struct nlattr *attr)
{
	const char *s = nl_str(attr);

	return s &&
	       (strncmp(s, "__set", 5) == 0 || strncmp(s, "__map", 5) == 0);
}

static uint64_t hash_nest(uint64_t hash, const struct nlattr *nest)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest) if (!is_anonymous(attr))
		hash = nl_hash_attr(hash, attr);
	return hash;
}

static bool is_stateful(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(stateful) / sizeof(*stateful); i++)
		if (strcmp(name, stateful[i]) == 0)
			return true;
	return false;
}

static uint64_t hash_expressions(uint64_t hash, const struct nlattr *list)
{
	const struct nlattr *attrs[NFTA_EXPR_MAX + 1];
	const struct nlattr *expr;
	const char *name;

	mnl_attr_for_each_nested(expr, list)
	{
		nl_attrs(NULL, expr, attrs, NFTA_EXPR_MAX);
		name = nl_str(attrs[NFTA_EXPR_NAME]);
		if (!name)
			continue;
		hash = hash_bytes(hash, name, strlen(name) + 1);
		if (attrs[NFTA_EXPR_DATA] && !is_stateful(name))
			hash = hash_nest(hash, attrs[NFTA_EXPR_DATA]);
	}
	return hash;
}

/* Those of @attrs that @which names. */
static uint64_t hash_attrs(uint64_t hash, const struct nlattr **attrs,
			   uint32_t which)
{
	unsigned int i;

	for (i = 0; i <= ATTRS_MAX; i++)
		if (which & BIT(i) && attrs[i])
			hash = nl_hash_attr(hash, attrs[i]);
	return hash;
}

static uint64_t hash_rule(struct fingerprint *f, uint64_t hash,
			  const struct nlattr **attrs)
{
	uint64_t chain = hash_attrs(hash, attrs, BIT(NFTA_RULE_CHAIN));

	if (chain != f->chain) {
		f->chain = chain;
		f->place = 0;
	}
	f->place++;
	hash = hash_bytes(chain, &f->place, sizeof(f->place));
	hash = hash_attrs(hash, attrs, BIT(NFTA_RULE_USERDATA));
	if (attrs[NFTA_RULE_EXPRESSIONS])
		hash = hash_expressions(hash, attrs[NFTA_RULE_EXPRESSIONS]);
	return hash;
}

static uint64_t hash_set(uint64_t hash, const struct nlattr **attrs)
{
	uint32_t flags = nl_be32(attrs[NFTA_SET_FLAGS], 0);
	uint32_t which = BIT(NFTA_SET_NAME) | BIT(NFTA_SET_FLAGS) |
			 BIT(NFTA_SET_KEY_TYPE) | BIT(NFTA_SET_KEY_LEN) |
			 BIT(NFTA_SET_DATA_TYPE) | BIT(NFTA_SET_DATA_LEN) |
			 BIT(NFTA_SET_DESC) | BIT(NFTA_SET_TIMEOUT) |
			 BIT(NFTA_SET_OBJ_TYPE) | BIT(NFTA_SET_USERDATA);

	/* Its elements are not read; they cannot change while it lives. */
	if (flags & NFT_SET_ANONYMOUS)
		which = (which & ~BIT(NFTA_SET_NAME)) | BIT(NFTA_SET_HANDLE);
	if (!(flags & (NFT_SET_TIMEOUT | NFT_SET_EVAL)))
		which |= BIT(SET_COUNT);
	return hash_attrs(hash, attrs, which);
}

static uint64_t hash_object(uint64_t hash, const struct nlattr **attrs)
{
	uint32_t which = BIT(NFTA_OBJ_NAME) | BIT(NFTA_OBJ_TYPE);

	uint32_t type = nl_be32(attrs[NFTA_OBJ_TYPE], 0);
	const struct nlattr *data[ATTRS_MAX + 1];

	if (type == NFT_OBJECT_LIMIT || type == NFT_OBJECT_CT_HELPER)
		which |= BIT(NFTA_OBJ_DATA);
	hash = hash_attrs(hash, attrs, which);
	if (type != NFT_OBJECT_QUOTA || !attrs[NFTA_OBJ_DATA])
		return hash;
	nl_attrs(NULL, attrs[NFTA_OBJ_DATA], data, ATTRS_MAX);
	return hash_attrs(hash, data, BIT(NFTA_QUOTA_BYTES));
}

/* Devices are compared by themselves: they come and go. */
static uint64_t hash_flowtable(uint64_t hash, const struct nlattr **attrs)
{
	const struct nlattr *hook[ATTRS_MAX + 1];

	hash = hash_attrs(hash, attrs,
			  BIT(NFTA_FLOWTABLE_NAME) | BIT(NFTA_FLOWTABLE_FLAGS));
	if (!attrs[NFTA_FLOWTABLE_HOOK])
		return hash;
	nl_attrs(NULL, attrs[NFTA_FLOWTABLE_HOOK], hook, ATTRS_MAX);
	return hash_attrs(hash, hook,
			  BIT(NFTA_FLOWTABLE_HOOK_NUM) |
				  BIT(NFTA_FLOWTABLE_HOOK_PRIORITY));
}

static uint64_t hash_elements(uint64_t hash, const struct nlattr **attrs)
{
	const struct nlattr *element[ATTRS_MAX + 1], *i;
	uint64_t sum = 0;

	hash = hash_attrs(hash, attrs, BIT(NFTA_SET_ELEM_LIST_SET));
	if (!attrs[NFTA_SET_ELEM_LIST_ELEMENTS])
		return 0;
	mnl_attr_for_each_nested(i, attrs[NFTA_SET_ELEM_LIST_ELEMENTS])
	{
		nl_attrs(NULL, i, element, ATTRS_MAX);
		sum += hash_attrs(hash, element,
				  BIT(NFTA_SET_ELEM_KEY) |
					  BIT(NFTA_SET_ELEM_KEY_END) |
					  BIT(NFTA_SET_ELEM_DATA) |
					  BIT(NFTA_SET_ELEM_FLAGS));
	}
	return sum;
}

void fingerprint_add(struct fingerprint *f, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[ATTRS_MAX + 1];
	uint8_t type = NFNL_MSG_TYPE(message->nlmsg_type);
	uint64_t hash = hash_bytes(HASH_INIT, &type, 1);

	nl_attrs(message, NULL, attrs, ATTRS_MAX);
	switch (type) {
	case NFT_MSG_NEWTABLE:
		f->sum += hash_attrs(hash, attrs, BIT(NFTA_TABLE_FLAGS));
		break;
	case NFT_MSG_NEWCHAIN:
		f->sum += hash_attrs(
			hash, attrs,
			BIT(NFTA_CHAIN_NAME) | BIT(NFTA_CHAIN_HOOK) |
				BIT(NFTA_CHAIN_POLICY) | BIT(NFTA_CHAIN_TYPE) |
				BIT(NFTA_CHAIN_FLAGS));
		break;
	case NFT_MSG_NEWRULE:
		f->sum += hash_rule(f, hash, attrs);
		break;
	case NFT_MSG_NEWSET:
		f->sum += hash_set(hash, attrs);
		break;
	case NFT_MSG_NEWSETELEM:
		f->sum += hash_elements(hash, attrs);
		break;
	case NFT_MSG_NEWOBJ:
		f->sum += hash_object(hash, attrs);
		break;
	case NFT_MSG_NEWFLOWTABLE:
		f->sum += hash_flowtable(hash, attrs);
		break;
	}
}
