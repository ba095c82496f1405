// SPDX-License-Identifier: GPL-2.0-only
/*
 * The elements of a set that both policies have: which go, which come.
 *
 * What must stay true: both ends of an interval go together; an end alone would
 * leave it open to the top.
 */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "runtime/netlink/content_pair.h"
#include "runtime/netlink/nl.h"
#include "runtime/ruleset/delta_parts.h"

/* Lengths of attributes count in 16 bits; no element is longer. */
#define LIST_MAX 60000u
#define ELEMENT_MAX 2048u

/*
 * The order of concatenated intervals. They have no ends of their own, so that
 * an element is one attribute.
 */

static size_t count_common(struct delta *d, struct content_set *old,
			   struct content_set *new)
{
	struct content_pair pair;
	size_t n = old->nelements;

	content_pair(&pair, d->arena, old, new);
	while (content_pair_next(&pair))
		n -= pair.old != NULL;
	return n;
}

bool delta_keeps_order(struct delta *d, struct content_set *old,
		       struct content_set *new)
{
	struct content_elements a, b;
	size_t common = count_common(d, old, new);

	content_elements(&a, old);
	content_elements(&b, new);
	while (common && content_next(&b)) {
		do {
			if (!content_next(&a))
				return false;
		} while (!content_element_same(&a.now, &b.now));
		common--;
	}
	return !common;
}

/*
 * Messages of elements
 */

struct list {
	struct delta *d;
	const struct content_set *set;
	uint16_t type;
	const struct content_message *spot;
	size_t at, nest; /* of the open message; @nest 0: there is none */
};

static struct nlmsghdr *open_message(struct list *list)
{
	return (struct nlmsghdr *)(void *)(list->d->batch->bytes.p + list->at);
}

static void close_list(struct list *list)
{
	struct nlattr *nest;
	struct nlmsghdr *message;

	if (!list->nest)
		return;
	message = open_message(list);
	nest = (struct nlattr *)(void *)((char *)message + list->nest);
	mnl_attr_nest_end(message, nest);
	delta_close(list->d, message);
	list->nest = 0;
}

static void open_list(struct list *list)
{
	const char *name = list->set->thing.name;
	struct nlmsghdr *message;

	list->at = list->d->batch->bytes.n;
	message = delta_open(list->d, list->type, LIST_MAX + 2 * ELEMENT_MAX,
			     list->spot,
			     arena_printf(list->d->batch->arena,
					  "elements of set %s", name));
	if (list->type == NFT(NFT_MSG_NEWSETELEM))
		message->nlmsg_flags |= NLM_F_CREATE;
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, IR_TABLE);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, name);
	list->nest = (size_t)((char *)mnl_attr_nest_start(
				      message, NFTA_SET_ELEM_LIST_ELEMENTS) -
			      (char *)message);
}

/* The message that the next element goes to. */
static struct nlmsghdr *list_room(struct list *list)
{
	if (list->nest && open_message(list)->nlmsg_len > LIST_MAX)
		close_list(list);
	if (!list->nest)
		open_list(list);
	return open_message(list);
}

/* What a deletion needs of an element: what the kernel finds it by. */
static void put_name_of(struct nlmsghdr *message, const struct nlattr *element)
{
	static const uint16_t kept[] = { NFTA_SET_ELEM_FLAGS, NFTA_SET_ELEM_KEY,
					 NFTA_SET_ELEM_KEY_END };
	const struct nlattr *attrs[NFTA_SET_ELEM_MAX + 1];
	struct nlattr *nest;
	size_t i;

	nl_attrs(NULL, element, attrs, NFTA_SET_ELEM_MAX);
	nest = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
	for (i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		const struct nlattr *attr = attrs[kept[i]];

		if (attr)
			mnl_attr_put(message, attr->nla_type,
				     mnl_attr_get_payload_len(attr),
				     mnl_attr_get_payload(attr));
	}
	mnl_attr_nest_end(message, nest);
}

static void put_element(struct list *list, const struct nlattr *element)
{
	struct nlmsghdr *message;

	if (!element)
		return;
	message = list_room(list);
	if (list->type == NFT(NFT_MSG_NEWSETELEM))
		mnl_attr_put(message, element->nla_type,
			     mnl_attr_get_payload_len(element),
			     mnl_attr_get_payload(element));
	else
		put_name_of(message, element);
}

/* Two ends make one element of what people see. */
static void put(struct list *list, const struct content_element *element)
{
	put_element(list, element->first);
	put_element(list, element->end);
}

/*
 * What goes and what comes
 */

static bool is_dynamic(const struct content_set *set)
{
	return set->flags & (NFT_SET_TIMEOUT | NFT_SET_EVAL);
}

/*
 * One that is not there any more would make the transaction fail. Adding one
 * that is there changes nothing: so it is added, and then it can be deleted.
 */
static void remove_dynamic(struct delta *d, const struct content_set *set,
			   const struct content_element *element)
{
	struct list add = { d, set, NFT(NFT_MSG_NEWSETELEM), NULL, 0, 0 };
	struct list remove = { d, set, NFT(NFT_MSG_DELSETELEM), NULL, 0, 0 };

	put(&add, element);
	close_list(&add);
	put(&remove, element);
	close_list(&remove);
}

void delta_remove_elements(struct delta *d, struct content_set *old,
			   struct content_set *new)
{
	struct list list = { d, old, NFT(NFT_MSG_DELSETELEM), NULL, 0, 0 };
	struct content_pair pair;

	content_pair(&pair, d->arena, old, new);
	while (content_pair_next(&pair)) {
		if (!pair.old)
			continue;
		d->result->elements_removed++;
		if (is_dynamic(old))
			remove_dynamic(d, old, pair.old);
		else
			put(&list, pair.old);
	}
	close_list(&list);
}

/* Behind those that stay, in their order. */
static void add_behind(struct list *list, struct content_set *old,
		       struct content_set *new)
{
	size_t common = count_common(list->d, old, new);
	struct content_elements walk;

	content_elements(&walk, new);
	while (content_next(&walk)) {
		if (common) {
			common--;
			continue;
		}
		list->d->result->elements_added++;
		put(list, &walk.now);
	}
	close_list(list);
}

void delta_add_elements(struct delta *d, struct content_set *old,
			struct content_set *new)
{
	struct list list = {
		.d = d,
		.set = new,
		.type = NFT(NFT_MSG_NEWSETELEM),
		.spot = new->elements.n ? &new->elements.v[0] : NULL,
	};
	struct content_pair pair;

	if (new->flags & NFT_SET_CONCAT) {
		add_behind(&list, old, new);
		return;
	}
	content_pair(&pair, d->arena, old, new);
	while (content_pair_next(&pair)) {
		if (!pair.new)
			continue;
		d->result->elements_added++;
		put(&list, pair.new);
	}
	close_list(&list);
}
