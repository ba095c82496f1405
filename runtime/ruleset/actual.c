// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts together what actual.h speaks of, kind by kind: chains, flowtables,
 * objects, sets, elements, rules.
 *
 * What must stay true: what is not the same by canonical.h is not said to be;
 * nothing told is believed to be well-formed.
 *
 * Source: uapi nf_tables.h, nfnetlink.h.
 */
#include "runtime/ruleset/actual.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

#include "runtime/netlink/canonical.h"
#include "runtime/netlink/content.h"
#include "runtime/netlink/nl.h"

/* Of chains that belong to one rule, which newer headers know. */
#define CHAIN_BINDING (UINT32_C(1) << 2)
/* Lengths of attributes count in 16 bits. */
#define LIST_MAX 60000u

struct builder {
	struct arena *arena; /* of what is freed at the end */
	struct actual *actual;
	struct buf *out;
	struct content stored, told;
	struct map anonymous; /* of the told ones: name -> uint64_t */
};

/*
 * Messages
 */

static void copy(struct builder *b, const struct nlmsghdr *message)
{
	size_t n = MNL_ALIGN(message->nlmsg_len);

	memset(buf_reserve(b->out, n), 0, n);
	memcpy(b->out->p + b->out->n, message, message->nlmsg_len);
	b->out->n += n;
}

/* With @instead for its attribute of that type. */
static void copy_but(struct builder *b, const struct nlmsghdr *message,
		     const struct nlattr *instead)
{
	size_t head = MNL_NLMSG_HDRLEN + sizeof(struct nfgenmsg);
	const struct nlattr *attr;
	struct nlmsghdr *to;

	to = (struct nlmsghdr *)(void *)buf_reserve(
		b->out, message->nlmsg_len + MNL_ALIGN(instead->nla_len));
	memcpy(to, message, head);
	to->nlmsg_len = (uint32_t)head;
	mnl_attr_for_each(attr, message, sizeof(struct nfgenmsg))
	{
		const struct nlattr *from = attr;

		if (mnl_attr_get_type(attr) == mnl_attr_get_type(instead))
			from = instead;
		mnl_attr_put(to, from->nla_type, mnl_attr_get_payload_len(from),
			     mnl_attr_get_payload(from));
	}
	b->out->n += to->nlmsg_len;
}

/* Of a kind that has no more to it than its header. */
static struct nlmsghdr *put_header(struct buf *out, uint16_t type)
{
	struct nlmsghdr *message;
	struct nfgenmsg *gen;

	message = mnl_nlmsg_put_header(buf_reserve(out, 64));
	message->nlmsg_type = type;
	gen = mnl_nlmsg_put_extra_header(message, sizeof(*gen));
	gen->res_id = htons(NFNL_SUBSYS_NFTABLES);
	return message;
}

/*
 * Chains, flowtables, objects
 */

static const struct nlattr *attr_of(const struct nlmsghdr *message,
				    uint16_t type)
{
	const struct nlattr *attrs[32];

	nl_attrs(message, NULL, attrs, 31);
	return attrs[type];
}

static bool is_bound(const struct content_chain *chain)
{
	return nl_be32(attr_of(chain->thing.made.header, NFTA_CHAIN_FLAGS), 0) &
	       CHAIN_BINDING;
}

/* What there is to say of a thing of one kind. */
struct kind {
	uint64_t (*hash)(const struct nlmsghdr *message, bool all);
	/* What can be another in place, 0: nothing. */
	uint16_t in_place;
};

static uint64_t hash_flowtable(const struct nlmsghdr *message, bool all)
{
	(void)all;
	return canonical_flowtable(message);
}

static const struct kind chain_kind = { canonical_chain, NFTA_CHAIN_POLICY };
static const struct kind object_kind = { canonical_object, NFTA_OBJ_DATA };
static const struct kind flowtable_kind = { hash_flowtable, 0 };

static void put_thing(struct builder *b, const struct kind *kind,
		      const struct content_thing *told,
		      const struct content_thing *stored)
{
	const struct nlmsghdr *told_by = told->made.header, *made;
	const struct nlattr *instead;

	made = stored ? stored->made.header : NULL;
	instead = kind->in_place ? attr_of(told_by, kind->in_place) : NULL;
	if (made && kind->hash(made, true) == kind->hash(told_by, true))
		copy(b, made);
	else if (made && instead &&
		 kind->hash(made, false) == kind->hash(told_by, false))
		copy_but(b, made, instead);
	else
		copy(b, told_by);
}

static void put_things(struct builder *b, const struct kind *kind,
		       const struct map *told, const struct map *stored)
{
	size_t i;

	for (i = 0; i < told->entries.n; i++) {
		const struct map_entry *entry = &told->entries.v[i];

		if (kind == &chain_kind && is_bound(entry->value))
			continue;
		put_thing(b, kind, entry->value, map_get(stored, entry->key));
	}
}

/*
 * Elements
 */

/* One, with its end if it is an interval. */
struct element {
	const struct nlattr *first, *end;
	uint64_t hash;
	struct str key;
	bool is_end, there;
};

struct elements {
	struct element *v;
	size_t n;
};

static uint64_t hash_element(const struct element *e)
{
	uint64_t hash = canonical_element(e->first);

	return e->end ? hash * HASH_PRIME + canonical_element(e->end) : hash;
}

static struct elements stored_elements(struct builder *b,
				       const struct content_set *set)
{
	struct content_elements walk;
	struct elements all = { 0 };

	all.v = arena_array(b->arena, set->nelements, sizeof(*all.v));
	content_elements(&walk, set);
	while (content_next(&walk)) {
		struct element *e = &all.v[all.n++];

		*e = (struct element){ .first = walk.now.first,
				       .end = walk.now.end };
		e->hash = hash_element(e);
	}
	return all;
}

static struct str key_of(const struct nlattr *const *attrs)
{
	const struct nlattr *data[NFTA_DATA_MAX + 1];
	struct str key = { "", 0 };

	if (!attrs[NFTA_SET_ELEM_KEY])
		return key;
	nl_attrs(NULL, attrs[NFTA_SET_ELEM_KEY], data, NFTA_DATA_MAX);
	if (data[NFTA_DATA_VALUE])
		key = (struct str){ mnl_attr_get_payload(data[NFTA_DATA_VALUE]),
				    mnl_attr_get_payload_len(
					    data[NFTA_DATA_VALUE]) };
	return key;
}

static void add_told(struct elements *all, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_MAX + 1], *element;
	const struct nlattr *list =
		attr_of(message, NFTA_SET_ELEM_LIST_ELEMENTS);

	if (!list)
		return;
	mnl_attr_for_each_nested(element, list)
	{
		nl_attrs(NULL, element, attrs, NFTA_SET_ELEM_MAX);
		all->v[all->n++] = (struct element){
			.first = element,
			.key = key_of(attrs),
			.is_end = nl_be32(attrs[NFTA_SET_ELEM_FLAGS], 0) &
				  NFT_SET_ELEM_INTERVAL_END,
		};
	}
}

/* Where one interval ends another may begin. */
static int by_key(const void *a, const void *b)
{
	const struct element *x = a, *y = b;
	int order = str_cmp(x->key, y->key);

	return order ? order : y->is_end - x->is_end;
}

/* The kernel tells ends and beginnings in whatever order. */
static void pair_intervals(struct elements *all)
{
	size_t i, n = 0;

	qsort(all->v, all->n, sizeof(*all->v), by_key);
	for (i = 0; i < all->n; i++) {
		struct element *e = &all->v[i];

		if (e->is_end && n && !all->v[n - 1].is_end &&
		    !all->v[n - 1].end)
			all->v[n - 1].end = e->first;
		else
			all->v[n++] = *e;
	}
	all->n = n;
}

static int by_hash(const void *a, const void *b)
{
	const struct element *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

static struct elements told_elements(struct builder *b,
				     const struct content_set *set)
{
	struct elements all = { 0 };
	size_t i;

	all.v = arena_array(b->arena, set->nelements, sizeof(*all.v));
	for (i = 0; i < set->elements.n; i++)
		add_told(&all, set->elements.v[i].header);
	if (all.n && set->flags & NFT_SET_INTERVAL &&
	    !(set->flags & NFT_SET_CONCAT))
		pair_intervals(&all);
	for (i = 0; i < all.n; i++)
		all.v[i].hash = hash_element(&all.v[i]);
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_hash);
	return all;
}

/* Marks what both have; how many. */
static size_t match(struct elements *stored, struct elements *told)
{
	struct element *found;
	size_t i, n = 0;

	for (i = 0; told->n && i < stored->n; i++) {
		found = bsearch(&stored->v[i], told->v, told->n,
				sizeof(*told->v), by_hash);
		if (!found)
			continue;
		found->there = stored->v[i].there = true;
		n++;
	}
	return n;
}

/* The message that elements are put into; @nest NULL: none is open. */
struct list {
	struct builder *b;
	const char *set;
	size_t at, nest;
};

static void close_list(struct list *list)
{
	struct nlmsghdr *message;

	if (!list->nest)
		return;
	message = (struct nlmsghdr *)(void *)(list->b->out->p + list->at);
	mnl_attr_nest_end(message, (struct nlattr *)(void *)((char *)message +
							     list->nest));
	list->b->out->n += MNL_ALIGN(message->nlmsg_len);
	list->nest = 0;
}

static void open_list(struct list *list)
{
	struct nlmsghdr *message;

	list->at = list->b->out->n;
	buf_reserve(list->b->out, LIST_MAX + UINT16_MAX);
	message = put_header(list->b->out, NFT(NFT_MSG_NEWSETELEM));
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, IR_TABLE);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, list->set);
	list->nest = (size_t)((char *)mnl_attr_nest_start(
				      message, NFTA_SET_ELEM_LIST_ELEMENTS) -
			      (char *)message);
}

static void put_attr(struct list *list, const struct nlattr *element)
{
	struct nlmsghdr *message;

	if (!element)
		return;
	message = (struct nlmsghdr *)(void *)(list->b->out->p + list->at);
	if (list->nest && message->nlmsg_len + element->nla_len > LIST_MAX)
		close_list(list);
	if (!list->nest)
		open_list(list);
	message = (struct nlmsghdr *)(void *)(list->b->out->p + list->at);
	mnl_attr_put(message, element->nla_type,
		     mnl_attr_get_payload_len(element),
		     mnl_attr_get_payload(element));
}

static void put_elements(struct list *list, const struct elements *elements,
			 bool there)
{
	size_t i;

	for (i = 0; i < elements->n; i++) {
		if (elements->v[i].there != there)
			continue;
		put_attr(list, elements->v[i].first);
		put_attr(list, elements->v[i].end);
	}
}

/* The stored ones that are there, in their order; then those of others. */
static void merge_elements(struct builder *b, const struct content_set *told,
			   const struct content_set *stored)
{
	struct list list = { .b = b, .set = told->thing.name };
	struct elements of_stored = stored_elements(b, stored);
	struct elements of_told = told_elements(b, told);
	size_t i, both = match(&of_stored, &of_told);

	if (both == of_stored.n && both == of_told.n) {
		for (i = 0; i < stored->elements.n; i++)
			copy(b, stored->elements.v[i].header);
		return;
	}
	put_elements(&list, &of_stored, true);
	put_elements(&list, &of_told, false);
	close_list(&list);
}

/*
 * Sets
 */

static bool is_same_set(const struct content_set *told,
			const struct content_set *stored)
{
	return stored && canonical_set(told->thing.made.header) ==
				 canonical_set(stored->thing.made.header);
}

static void put_sets(struct builder *b)
{
	const struct map *told = &b->told.sets;
	const struct content_set *set, *stored;
	size_t i;

	for (i = 0; i < told->entries.n; i++) {
		set = told->entries.v[i].value;
		stored = map_get(&b->stored.sets, told->entries.v[i].key);
		copy(b, is_same_set(set, stored) ? stored->thing.made.header :
						   set->thing.made.header);
	}
}

/* What differs by its definition is made anew: its elements do not matter. */
static void put_all_elements(struct builder *b)
{
	const struct map *told = &b->told.sets;
	const struct content_set *set, *stored;
	size_t i, j;

	for (i = 0; i < told->entries.n; i++) {
		set = told->entries.v[i].value;
		stored = map_get(&b->stored.sets, told->entries.v[i].key);
		if (!is_same_set(set, stored))
			continue;
		if (!b->actual->unread &&
		    !(set->flags & (NFT_SET_TIMEOUT | NFT_SET_EVAL))) {
			merge_elements(b, set, stored);
			continue;
		}
		for (j = 0; j < stored->elements.n; j++)
			copy(b, stored->elements.v[j].header);
	}
}

/*
 * Rules
 */

/* All elements of a message, in whatever order they come. */
static uint64_t sum_elements(const struct nlmsghdr *message)
{
	const struct nlattr *list =
		attr_of(message, NFTA_SET_ELEM_LIST_ELEMENTS);
	const struct nlattr *element;
	uint64_t sum = 0;

	if (!list)
		return 0;
	mnl_attr_for_each_nested(element, list)
		sum += canonical_element(element);
	return sum;
}

static void add_anonymous(struct builder *b, const struct nlmsghdr *message)
{
	bool set = message->nlmsg_type == NFT(NFT_MSG_NEWSET);
	const char *name = nl_str(
		attr_of(message, set ? NFTA_SET_NAME : NFTA_SET_ELEM_LIST_SET));
	uint64_t *sum;

	if (!name)
		return;
	sum = map_get(&b->anonymous, str_of(name));
	if (!sum && set) {
		sum = arena_new_object(b->arena, uint64_t);
		map_add(&b->anonymous, str_of(name), sum);
	}
	if (sum)
		*sum += set ? canonical_set(message) : sum_elements(message);
}

static void read_anonymous(struct builder *b, struct str told)
{
	const struct nlmsghdr *message = (const void *)told.p;
	int left = (int)told.n;

	while (nl_message_ok(message, left)) {
		if ((message->nlmsg_type == NFT(NFT_MSG_NEWSET) &&
		     nl_be32(attr_of(message, NFTA_SET_FLAGS), 0) &
			     NFT_SET_ANONYMOUS) ||
		    message->nlmsg_type == NFT(NFT_MSG_NEWSETELEM))
			add_anonymous(b, message);
		message = mnl_nlmsg_next(message, &left);
	}
}

static uint64_t told_set(const char *name, uint32_t id, void *data)
{
	const struct builder *b = data;
	const uint64_t *sum = map_get(&b->anonymous, str_of(name));

	(void)id;
	return sum ? *sum : 0;
}

/* Of a rule in a batch: they stand right before it. */
static uint64_t stored_set(const char *name, uint32_t id, void *data)
{
	const struct content_rule *rule = data;
	const struct nlmsghdr *message = rule->sets;
	int left = INT32_MAX;
	uint64_t sum = 0;
	size_t i;

	(void)name;
	for (i = 0; i < rule->nsets; i++) {
		if (message->nlmsg_type == NFT(NFT_MSG_NEWSET) &&
		    nl_be32(attr_of(message, NFTA_SET_ID), 0) == id)
			sum += canonical_set(message);
		else if (message->nlmsg_type == NFT(NFT_MSG_NEWSETELEM) &&
			 nl_be32(attr_of(message, NFTA_SET_ELEM_LIST_SET_ID),
				 0) == id)
			sum += sum_elements(message);
		message = mnl_nlmsg_next(message, &left);
	}
	return sum;
}

/* A rule of the stored chain, and the next one that is the same. */
struct stored_rule {
	uint64_t hash;
	const struct content_rule *rule;
	struct stored_rule *next;
};

static struct str hash_key(const uint64_t *hash)
{
	return (struct str){ (const char *)hash, sizeof(*hash) };
}

/* By their hash, the first of equal ones first. */
static void index_rules(struct builder *b, struct map *map,
			const struct content_chain *chain)
{
	struct stored_rule *rules, *other;
	size_t i;

	map_init(map, b->arena);
	if (!chain)
		return;
	rules = arena_array(b->arena, chain->rules.n, sizeof(*rules));
	for (i = chain->rules.n; i-- > 0;) {
		struct content_rule rule = chain->rules.v[i];

		rules[i].rule = &chain->rules.v[i];
		rules[i].hash =
			canonical_rule(rule.made.header, stored_set, &rule);
		other = map_get(map, hash_key(&rules[i].hash));
		if (!other) {
			other = arena_new_object(b->arena, struct stored_rule);
			map_add(map, hash_key(&rules[i].hash), other);
		}
		rules[i].next = other->next;
		other->next = &rules[i];
	}
}

static void copy_stored(struct builder *b, const struct content_rule *rule)
{
	const struct nlmsghdr *message = rule->sets;
	int left = INT32_MAX;
	size_t i;

	for (i = 0; i < rule->nsets; i++) {
		copy(b, message);
		message = mnl_nlmsg_next(message, &left);
	}
	copy(b, rule->made.header);
}

static void put_rules(struct builder *b, const struct content_chain *told,
		      const struct content_chain *stored)
{
	struct stored_rule *same;
	struct map map;
	uint64_t hash;
	size_t i;

	index_rules(b, &map, stored);
	for (i = 0; i < told->rules.n; i++) {
		const struct nlmsghdr *rule = told->rules.v[i].made.header;

		hash = canonical_rule(rule, told_set, b);
		same = map_get(&map, hash_key(&hash));
		if (same && same->next) {
			copy_stored(b, same->next->rule);
			same->next = same->next->next;
		} else {
			copy(b, rule);
		}
	}
}

static void put_all_rules(struct builder *b)
{
	const struct map *told = &b->told.chains;
	size_t i;

	for (i = 0; i < told->entries.n; i++) {
		const struct map_entry *chain = &told->entries.v[i];

		if (!is_bound(chain->value))
			put_rules(b, chain->value,
				  map_get(&b->stored.chains, chain->key));
	}
}

/*
 * All of it
 */

static bool is_dormant(struct str told)
{
	const struct nlmsghdr *message = (const void *)told.p;
	int left = (int)told.n;

	for (; nl_message_ok(message, left);
	     message = mnl_nlmsg_next(message, &left))
		if (message->nlmsg_type == NFT(NFT_MSG_NEWTABLE))
			return nl_be32(attr_of(message, NFTA_TABLE_FLAGS), 0) &
			       NFT_TABLE_F_DORMANT;
	return false;
}

static void build(struct builder *b, struct str told)
{
	b->actual->dormant = is_dormant(told);
	map_init(&b->anonymous, b->arena);
	read_anonymous(b, told);
	nl_put_bracket(b->out, NFNL_MSG_BATCH_BEGIN, 0, 0);
	put_things(b, &chain_kind, &b->told.chains, &b->stored.chains);
	put_things(b, &flowtable_kind, &b->told.flowtables,
		   &b->stored.flowtables);
	put_things(b, &object_kind, &b->told.objects, &b->stored.objects);
	put_sets(b);
	put_all_elements(b);
	put_all_rules(b);
	nl_put_bracket(b->out, NFNL_MSG_BATCH_END, 0, 0);
}

int actual_build(struct actual *actual, struct arena *arena, struct str stored,
		 const struct buf *messages)
{
	struct builder b = {
		.arena = arena,
		.actual = actual,
		.out = &actual->content,
	};
	struct buf told = { 0 };
	struct str bytes;
	int ret;

	nl_put_bracket(&told, NFNL_MSG_BATCH_BEGIN, 0, 0);
	if (messages->n)
		buf_add(&told, messages->p, messages->n);
	nl_put_bracket(&told, NFNL_MSG_BATCH_END, 0, 0);
	bytes = (struct str){ told.p, told.n };
	ret = content_read(&b.stored, arena, stored);
	if (!ret)
		ret = content_read(&b.told, arena, bytes);
	if (!ret)
		build(&b, bytes);
	buf_free(&told);
	return ret;
}

int actual_read(struct actual *actual, struct nl *nl, struct arena *arena,
		struct str stored, size_t elements)
{
	struct buf messages = { 0 };
	int ret;

	*actual = (struct actual){ .unread = elements > KERNEL_ELEMENTS_MAX };
	ret = kernel_read_messages(nl, arena, elements, &messages,
				   &actual->kernel);
	if (!ret)
		ret = actual_build(actual, arena, stored, &messages);
	buf_free(&messages);
	return ret;
}

void actual_free(struct actual *actual)
{
	buf_free(&actual->content);
}
