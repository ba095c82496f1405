// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking a stored policy apart.
 *
 * What must stay true: no attribute is looked at beyond its message, and what
 * is malformed leaves things out, it never reads what is not there.
 *
 * Source: uapi nf_tables.h, nfnetlink.h.
 */
#include "runtime/netlink/content.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "runtime/netlink/nl.h"

#define BIT(n) (UINT32_C(1) << (n))
#define ATTRS_MAX 31

/*
 * Hashes
 */

/* All attributes of a message but those that @without names. */
static uint64_t hash_message(uint64_t hash, const struct nlmsghdr *message,
			     uint32_t without)
{
	const struct nlattr *attr;

	hash = hash_bytes(hash, &message->nlmsg_type,
			  sizeof(message->nlmsg_type));
	mnl_attr_for_each(attr, message, sizeof(struct nfgenmsg))
	{
		uint16_t type = mnl_attr_get_type(attr);

		if (type > ATTRS_MAX || !(without & BIT(type)))
			hash = nl_hash_attr(hash, attr);
	}
	return hash;
}

/* A number that a batch gives to a set of its own. */
static uint16_t own_number(const char *expression)
{
	if (strcmp(expression, "lookup") == 0)
		return NFTA_LOOKUP_SET_ID;
	if (strcmp(expression, "dynset") == 0)
		return NFTA_DYNSET_SET_ID;
	if (strcmp(expression, "objref") == 0)
		return NFTA_OBJREF_SET_ID;
	return 0;
}

static uint64_t hash_expression(uint64_t hash, const struct nlattr *expression)
{
	const struct nlattr *attrs[NFTA_EXPR_MAX + 1], *attr;
	const char *name;

	nl_attrs(NULL, expression, attrs, NFTA_EXPR_MAX);
	name = nl_str(attrs[NFTA_EXPR_NAME]);
	if (!name)
		return nl_hash_attr(hash, expression);
	hash = hash_bytes(hash, name, strlen(name) + 1);
	if (!attrs[NFTA_EXPR_DATA])
		return hash;
	mnl_attr_for_each_nested(attr, attrs[NFTA_EXPR_DATA])
	{
		if (mnl_attr_get_type(attr) != own_number(name))
			hash = nl_hash_attr(hash, attr);
	}
	return hash;
}

static uint64_t hash_rule(uint64_t hash, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_RULE_MAX + 1], *expression;

	hash = hash_message(hash, message, BIT(NFTA_RULE_EXPRESSIONS));
	nl_attrs(message, NULL, attrs, NFTA_RULE_MAX);
	if (!attrs[NFTA_RULE_EXPRESSIONS])
		return hash;
	mnl_attr_for_each_nested(expression, attrs[NFTA_RULE_EXPRESSIONS])
		hash = hash_expression(hash, expression);
	return hash;
}

/*
 * Reading
 */

struct reader {
	struct content *content;
	struct content_message at;
	struct content_rule pending; /* sets of the rule that will come */
};

static const char *name_of(const struct nlmsghdr *message, uint16_t attr)
{
	const struct nlattr *attrs[ATTRS_MAX + 1];

	nl_attrs(message, NULL, attrs, ATTRS_MAX);
	return nl_str(attrs[attr]);
}

static struct content_thing thing(const struct reader *r, const char *name,
				  uint32_t not_hashed)
{
	return (struct content_thing){
		.name = name,
		.made = r->at,
		.hash = hash_message(HASH_INIT, r->at.header, not_hashed),
	};
}

static void read_chain(struct reader *r)
{
	const char *name = name_of(r->at.header, NFTA_CHAIN_NAME);
	struct content_chain *chain;

	if (!name)
		return;
	chain = arena_new_object(r->content->arena, struct content_chain);
	chain->thing = thing(r, name, BIT(NFTA_CHAIN_POLICY));
	map_add(&r->content->chains, str_of(name), chain);
}

static void read_rule(struct reader *r)
{
	const char *name = name_of(r->at.header, NFTA_RULE_CHAIN);
	struct content_rule rule = r->pending;
	struct content_chain *chain;

	r->pending = (struct content_rule){ .hash = HASH_INIT };
	chain = name ? map_get(&r->content->chains, str_of(name)) : NULL;
	if (!chain)
		return;
	rule.made = r->at;
	rule.hash = hash_rule(rule.hash, r->at.header);
	*vec_push(r->content->arena, &chain->rules) = rule;
}

/* One message more of the sets of the rule that will come. */
static void read_anonymous(struct reader *r, uint32_t number)
{
	if (!r->pending.nsets++)
		r->pending.sets = r->at.header;
	r->pending.hash =
		hash_message(r->pending.hash, r->at.header, BIT(number));
}

static uint32_t size_of(const struct nlattr *description)
{
	const struct nlattr *attrs[NFTA_SET_DESC_MAX + 1];

	if (!description)
		return 0;
	nl_attrs(NULL, description, attrs, NFTA_SET_DESC_MAX);
	return nl_be32(attrs[NFTA_SET_DESC_SIZE], 0);
}

/* The bound on elements has no part in it: it is compared by itself. */
static uint64_t hash_set(uint64_t hash, const struct nlmsghdr *message,
			 const struct nlattr *description)
{
	const struct nlattr *attr;

	hash = hash_message(hash, message,
			    BIT(NFTA_SET_ID) | BIT(NFTA_SET_DESC));
	if (!description)
		return hash;
	mnl_attr_for_each_nested(attr, description)
	{
		if (mnl_attr_get_type(attr) != NFTA_SET_DESC_SIZE)
			hash = nl_hash_attr(hash, attr);
	}
	return hash;
}

static void read_set(struct reader *r)
{
	const struct nlattr *attrs[NFTA_SET_MAX + 1];
	struct content_set *set;
	uint32_t flags;
	const char *name;

	nl_attrs(r->at.header, NULL, attrs, NFTA_SET_MAX);
	name = nl_str(attrs[NFTA_SET_NAME]);
	flags = nl_be32(attrs[NFTA_SET_FLAGS], 0);
	if (flags & NFT_SET_ANONYMOUS) {
		read_anonymous(r, NFTA_SET_ID);
		return;
	}
	if (!name)
		return;
	set = arena_new_object(r->content->arena, struct content_set);
	set->thing = thing(r, name, 0);
	set->thing.hash =
		hash_set(HASH_INIT, r->at.header, attrs[NFTA_SET_DESC]);
	set->flags = flags;
	set->key_len = nl_be32(attrs[NFTA_SET_KEY_LEN], 0);
	set->size = size_of(attrs[NFTA_SET_DESC]);
	map_add(&r->content->sets, str_of(name), set);
}

static void read_elements(struct reader *r)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_LIST_MAX + 1], *element;
	struct content_set *set;
	const char *name;

	nl_attrs(r->at.header, NULL, attrs, NFTA_SET_ELEM_LIST_MAX);
	name = nl_str(attrs[NFTA_SET_ELEM_LIST_SET]);
	set = name ? map_get(&r->content->sets, str_of(name)) : NULL;
	if (!set) {
		read_anonymous(r, NFTA_SET_ELEM_LIST_SET_ID);
		return;
	}
	*vec_push(r->content->arena, &set->elements) = r->at;
	if (!attrs[NFTA_SET_ELEM_LIST_ELEMENTS])
		return;
	mnl_attr_for_each_nested(element, attrs[NFTA_SET_ELEM_LIST_ELEMENTS])
	{
		set->nelements++;
	}
}

struct str content_object_key(struct arena *arena, uint32_t type,
			      const char *name)
{
	return str_of(arena_printf(arena, "%u %s", type, name));
}

/* A quota's amount can change in place, what a counter begins with too. */
static void read_object(struct reader *r)
{
	const char *name = name_of(r->at.header, NFTA_OBJ_NAME);
	const struct nlattr *attrs[NFTA_OBJ_MAX + 1];
	struct content_thing *object;
	uint32_t type;

	nl_attrs(r->at.header, NULL, attrs, NFTA_OBJ_MAX);
	type = nl_be32(attrs[NFTA_OBJ_TYPE], 0);
	if (!name)
		return;
	object = arena_new_object(r->content->arena, struct content_thing);
	*object = thing(r, name,
			type == NFT_OBJECT_QUOTA || type == NFT_OBJECT_COUNTER ?
				BIT(NFTA_OBJ_DATA) :
				0);
	object->type = type;
	map_add(&r->content->objects,
		content_object_key(r->content->arena, type, name), object);
}

/* Its devices have no part in it: they come and go in place. */
static uint64_t hash_flowtable(const struct nlmsghdr *message,
			       const struct nlattr *hook)
{
	uint64_t hash =
		hash_message(HASH_INIT, message, BIT(NFTA_FLOWTABLE_HOOK));
	const struct nlattr *attr;

	if (!hook)
		return hash;
	mnl_attr_for_each_nested(attr, hook)
	{
		if (mnl_attr_get_type(attr) != NFTA_FLOWTABLE_HOOK_DEVS)
			hash = nl_hash_attr(hash, attr);
	}
	return hash;
}

static void read_flowtable(struct reader *r)
{
	const struct nlattr *attrs[NFTA_FLOWTABLE_MAX + 1];
	struct content_thing *flowtable;
	const char *name;

	nl_attrs(r->at.header, NULL, attrs, NFTA_FLOWTABLE_MAX);
	name = nl_str(attrs[NFTA_FLOWTABLE_NAME]);
	if (!name)
		return;
	flowtable = arena_new_object(r->content->arena, struct content_thing);
	*flowtable = thing(r, name, 0);
	flowtable->hash =
		hash_flowtable(r->at.header, attrs[NFTA_FLOWTABLE_HOOK]);
	map_add(&r->content->flowtables, str_of(name), flowtable);
}

static void read_message(struct reader *r)
{
	switch (r->at.header->nlmsg_type) {
	case NFT(NFT_MSG_NEWCHAIN):
		read_chain(r);
		break;
	case NFT(NFT_MSG_NEWRULE):
		read_rule(r);
		break;
	case NFT(NFT_MSG_NEWSET):
		read_set(r);
		break;
	case NFT(NFT_MSG_NEWSETELEM):
		read_elements(r);
		break;
	case NFT(NFT_MSG_NEWOBJ):
		read_object(r);
		break;
	case NFT(NFT_MSG_NEWFLOWTABLE):
		read_flowtable(r);
		break;
	}
}

int content_read(struct content *content, struct arena *arena, struct str bytes)
{
	struct reader r = {
		.content = content,
		.at.header = (const struct nlmsghdr *)bytes.p,
		.pending.hash = HASH_INIT,
	};
	bool begun = false, ended = false;
	int left = (int)bytes.n;

	*content = (struct content){ .arena = arena, .bytes = bytes };
	map_init(&content->chains, arena);
	map_init(&content->sets, arena);
	map_init(&content->objects, arena);
	map_init(&content->flowtables, arena);
	while (nl_message_ok(r.at.header, left)) {
		if (mnl_nlmsg_get_payload_len(r.at.header) <
		    sizeof(struct nfgenmsg))
			return -EBADMSG;
		begun |= r.at.header->nlmsg_type == NFNL_MSG_BATCH_BEGIN;
		ended = r.at.header->nlmsg_type == NFNL_MSG_BATCH_END;
		read_message(&r);
		r.at.header = mnl_nlmsg_next(r.at.header, &left);
		r.at.index++;
	}
	return begun && ended && left == 0 ? 0 : -EBADMSG;
}

/*
 * References
 */

/* "__set%d": of the batch's own, not by name. */
static bool is_name(const char *name)
{
	return name && !strchr(name, '%');
}

static bool expression_refers(const struct nlattr *expression,
			      content_reference_fn fn, void *data)
{
	const struct nlattr *attrs[NFTA_EXPR_MAX + 1], *of[ATTRS_MAX + 1];
	const char *name, *set = NULL;

	nl_attrs(NULL, expression, attrs, NFTA_EXPR_MAX);
	name = nl_str(attrs[NFTA_EXPR_NAME]);
	if (!name || !attrs[NFTA_EXPR_DATA])
		return false;
	nl_attrs(NULL, attrs[NFTA_EXPR_DATA], of, ATTRS_MAX);
	if (strcmp(name, "lookup") == 0)
		set = nl_str(of[NFTA_LOOKUP_SET]);
	else if (strcmp(name, "dynset") == 0)
		set = nl_str(of[NFTA_DYNSET_SET_NAME]);
	else if (strcmp(name, "objref") == 0)
		set = nl_str(of[NFTA_OBJREF_SET_NAME]);
	else if (strcmp(name, "flow_offload") == 0)
		return nl_str(of[NFTA_FLOW_TABLE_NAME]) &&
		       fn(CONTENT_FLOWTABLE, 0,
			  nl_str(of[NFTA_FLOW_TABLE_NAME]), data);
	if (is_name(set) && fn(CONTENT_SET, 0, set, data))
		return true;
	return strcmp(name, "objref") == 0 &&
	       nl_str(of[NFTA_OBJREF_IMM_NAME]) &&
	       fn(CONTENT_OBJECT, nl_be32(of[NFTA_OBJREF_IMM_TYPE], 0),
		  nl_str(of[NFTA_OBJREF_IMM_NAME]), data);
}

bool content_references(const struct content_rule *rule,
			content_reference_fn fn, void *data)
{
	const struct nlattr *attrs[NFTA_RULE_MAX + 1], *expression;

	nl_attrs(rule->made.header, NULL, attrs, NFTA_RULE_MAX);
	if (!attrs[NFTA_RULE_EXPRESSIONS])
		return false;
	mnl_attr_for_each_nested(expression, attrs[NFTA_RULE_EXPRESSIONS])
	{
		if (expression_refers(expression, fn, data))
			return true;
	}
	return false;
}

/*
 * Elements
 */

/* The list of the message that the walk is at; NULL: it has none. */
static const struct nlattr *list_of(const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_LIST_MAX + 1];

	nl_attrs(message, NULL, attrs, NFTA_SET_ELEM_LIST_MAX);
	return attrs[NFTA_SET_ELEM_LIST_ELEMENTS];
}

/* The next one, of the next message that has any, if need be. */
static const struct nlattr *peek(struct content_elements *walk)
{
	const struct content_set *set = walk->set;
	const struct nlattr *list;

	while (!walk->next ||
	       !mnl_attr_ok(walk->next,
			    (int)(walk->end - (const char *)walk->next))) {
		walk->next = NULL;
		if (walk->message == set->elements.n)
			return NULL;
		list = list_of(set->elements.v[walk->message++].header);
		if (!list)
			continue;
		walk->next = mnl_attr_get_payload(list);
		walk->end = (const char *)walk->next +
			    mnl_attr_get_payload_len(list);
	}
	return walk->next;
}

static const uint8_t *key_of(const struct nlattr *key, uint32_t *len)
{
	const struct nlattr *attr, *value = NULL;

	mnl_attr_for_each_nested(attr, key)
	{
		if (mnl_attr_get_type(attr) == NFTA_DATA_VALUE)
			value = attr;
	}
	if (!value)
		return NULL;
	*len = mnl_attr_get_payload_len(value);
	return mnl_attr_get_payload(value);
}

static bool is_end(const struct nlattr *element)
{
	const struct nlattr *attr;
	uint32_t flags = 0;

	mnl_attr_for_each_nested(attr, element)
	{
		if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_FLAGS)
			flags = nl_be32(attr, 0);
	}
	return flags & NFT_SET_ELEM_INTERVAL_END;
}

/* Is an element there to be the end of the one before it? */
static bool has_ends(const struct content_set *set)
{
	return (set->flags & (NFT_SET_INTERVAL | NFT_SET_CONCAT)) ==
	       NFT_SET_INTERVAL;
}

static struct content_element element_of(const struct nlattr *element)
{
	struct content_element of = { .first = element };
	const struct nlattr *attr;
	uint32_t len = 0;

	mnl_attr_for_each_nested(attr, element)
	{
		if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_KEY)
			of.key = key_of(attr, &of.key_len);
		else if (mnl_attr_get_type(attr) == NFTA_SET_ELEM_KEY_END)
			of.key_end = key_of(attr, &len);
	}
	if (of.key_end && len != of.key_len)
		of.key_end = NULL;
	return of;
}

void content_elements(struct content_elements *walk,
		      const struct content_set *set)
{
	*walk = (struct content_elements){ .set = set };
}

bool content_next(struct content_elements *walk)
{
	const struct nlattr *next = peek(walk);

	if (!next)
		return false;
	walk->now = element_of(next);
	walk->next = mnl_attr_next(next);
	if (!has_ends(walk->set) || is_end(next))
		return true;
	next = peek(walk);
	if (next && is_end(next)) {
		walk->now.end = next;
		walk->next = mnl_attr_next(next);
	}
	return true;
}

static int cmp_keys(const uint8_t *a, size_t alen, const uint8_t *b,
		    size_t blen)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return str_cmp((struct str){ (const char *)a, alen },
		       (struct str){ (const char *)b, blen });
}

int content_element_cmp(const struct content_element *a,
			const struct content_element *b)
{
	int order = cmp_keys(a->key, a->key_len, b->key, b->key_len);

	return order ? order :
		       cmp_keys(a->key_end, a->key_len, b->key_end, b->key_len);
}

static bool same_attr(const struct nlattr *a, const struct nlattr *b)
{
	if (!a || !b)
		return a == b;
	return a->nla_len == b->nla_len && memcmp(a, b, a->nla_len) == 0;
}

bool content_element_same(const struct content_element *a,
			  const struct content_element *b)
{
	return same_attr(a->first, b->first) && same_attr(a->end, b->end);
}

/* Does the walk go on with an end? It is the last one's then. */
static bool at_end(struct content_elements *walk)
{
	const struct nlattr *next = has_ends(walk->set) ? peek(walk) : NULL;

	return next && is_end(next);
}

void content_skip_same(struct content_elements *a, struct content_elements *b)
{
	struct content_elements last_a = *a, last_b = *b;

	while (peek(a) && same_attr(peek(a), peek(b))) {
		last_a = *a;
		last_b = *b;
		a->next = mnl_attr_next(a->next);
		b->next = mnl_attr_next(b->next);
	}
	if (at_end(a) || at_end(b)) {
		*a = last_a;
		*b = last_b;
	}
}

static enum content_order order_of(const struct content_set *set)
{
	struct content_elements walk;
	struct content_element last = { 0 };

	content_elements(&walk, set);
	while (content_next(&walk)) {
		if (last.first && content_element_cmp(&last, &walk.now) > 0)
			return CONTENT_MIXED;
		last = walk.now;
	}
	return CONTENT_ASCENDING;
}

bool content_is_ascending(struct content_set *set)
{
	if (set->order == CONTENT_UNKNOWN)
		set->order = order_of(set);
	return set->order == CONTENT_ASCENDING;
}

bool content_same_message(const struct nlmsghdr *a, const struct nlmsghdr *b)
{
	return a->nlmsg_len == b->nlmsg_len &&
	       memcmp(a + 1, b + 1, a->nlmsg_len - sizeof(*a)) == 0;
}

bool content_same_elements(const struct content_set *a,
			   const struct content_set *b)
{
	size_t i;

	if (a->elements.n != b->elements.n)
		return false;
	for (i = 0; i < a->elements.n; i++)
		if (!content_same_message(a->elements.v[i].header,
					  b->elements.v[i].header))
			return false;
	return true;
}
