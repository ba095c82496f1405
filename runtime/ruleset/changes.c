// SPDX-License-Identifier: GPL-2.0-only
/*
 * What differs between two contents: finding it. changes_print.c says it.
 *
 * Things of a name are compared by what their messages make, rules as
 * sequences: what went and came the same is one that was moved, what went and
 * came under one name is one that was changed.
 */
#include "runtime/ruleset/changes.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

#include "ir/lower.h"
#include "runtime/base/seqdiff.h"
#include "runtime/netlink/content_pair.h"
#include "runtime/netlink/names.h"
#include "runtime/netlink/nl.h"
#include "runtime/ruleset/changes_parts.h"

/* nft's userdata of a rule is a list of type, length, value; 0 is a comment. */
#define UDATA_COMMENT 0

static struct change *add(struct changes *c, enum change_kind kind,
			  enum change_how how, const char *name)
{
	struct change *change = vec_push(c->arena, &c->list);

	*change = (struct change){ .kind = kind, .how = how, .count = 1 };
	change->name = name;
	return change;
}

static const struct nlattr *attr_of(const struct nlmsghdr *message,
				    uint16_t type)
{
	const struct nlattr *attrs[32];

	nl_attrs(message, NULL, attrs, 31);
	return attrs[type];
}

/*
 * Rules
 */

struct ruled {
	const struct content_rule *rule;
	const char *name; /* NULL: it has none */
	uint32_t id;
	struct ruled *next; /* of the same name or id that differs, too */
};

struct chain_rules {
	struct ruled *v;
	bool *changed;
	size_t n;
};

static const char *comment_of(const struct nlmsghdr *message)
{
	const struct nlattr *udata = attr_of(message, NFTA_RULE_USERDATA);
	const uint8_t *p = udata ? mnl_attr_get_payload(udata) : NULL;
	size_t n = udata ? mnl_attr_get_payload_len(udata) : 0;

	for (; n >= 2 && p[1] <= n - 2; n -= 2u + p[1], p += 2 + p[1])
		if (p[0] == UDATA_COMMENT)
			return p[1] && !p[1 + p[1]] ? (const char *)p + 2 :
						      NULL;
	return NULL;
}

/* What a rule is called; the record's comment is for programs. */
static const char *name_of(const struct nlmsghdr *message)
{
	const char *comment = comment_of(message);
	struct ir_record record;

	if (comment && ir_record_parse(comment, &record))
		return "that records what runs";
	return comment;
}

static struct chain_rules rules_of(struct changes *c, struct map *ids,
				   const struct content_chain *chain)
{
	struct chain_rules rules = { .n = chain ? chain->rules.n : 0 };
	uintptr_t id;
	size_t i;

	rules.v = arena_array(c->arena, rules.n, sizeof(*rules.v));
	rules.changed = arena_array(c->arena, rules.n, sizeof(bool));
	for (i = 0; i < rules.n; i++) {
		const struct content_rule *rule = &chain->rules.v[i];
		struct str key = { (const char *)&rule->hash,
				   sizeof(rule->hash) };

		id = (uintptr_t)map_get(ids, key);
		if (!id) {
			id = ids->entries.n + 1;
			map_add(ids, key, (void *)id);
		}
		rules.v[i] = (struct ruled){ rule, name_of(rule->made.header),
					     (uint32_t)id, NULL };
	}
	return rules;
}

static void compare(struct changes *c, const struct chain_rules *old,
		    const struct chain_rules *new, size_t nids)
{
	struct seq a = { .changed = old->changed, .n = old->n };
	struct seq b = { .changed = new->changed, .n = new->n };
	uint32_t *ids;
	size_t i;

	a.ids = ids = arena_array(c->arena, old->n, sizeof(*ids));
	for (i = 0; i < old->n; i++)
		ids[i] = old->v[i].id;
	b.ids = ids = arena_array(c->arena, new->n, sizeof(*ids));
	for (i = 0; i < new->n; i++)
		ids[i] = new->v[i].id;
	seqdiff(c->arena, &a, &b, nids);
}

/* What a rule comes to. */
static const char *verdict_of(struct changes *c, const struct nlattr *data)
{
	const struct nlattr *attrs[NFTA_IMMEDIATE_MAX + 1];
	const struct nlattr *verdict[NFTA_VERDICT_MAX + 1];
	const char *chain;

	nl_attrs(NULL, data, attrs, NFTA_IMMEDIATE_MAX);
	if (!attrs[NFTA_IMMEDIATE_DATA])
		return NULL;
	nl_attrs(NULL, attrs[NFTA_IMMEDIATE_DATA], attrs, NFTA_DATA_MAX);
	if (!attrs[NFTA_DATA_VERDICT])
		return NULL;
	nl_attrs(NULL, attrs[NFTA_DATA_VERDICT], verdict, NFTA_VERDICT_MAX);
	chain = nl_str(verdict[NFTA_VERDICT_CHAIN]);
	/* Their chain has a number, as anonymous sets have. */
	if (chain && !strncmp(chain, "__chain", 7))
		return "goes to rules of its own";
	if (chain)
		return arena_printf(c->arena, "goes to %s", chain);
	switch ((int)nl_be32(verdict[NFTA_VERDICT_CODE], 0)) {
	case NF_ACCEPT:
		return "accepts";
	case NF_DROP:
		return "drops";
	}
	return NULL;
}

static const char *what_it_does(struct changes *c,
				const struct content_rule *rule)
{
	const struct nlattr *list =
		attr_of(rule->made.header, NFTA_RULE_EXPRESSIONS);
	const struct nlattr *attrs[NFTA_EXPR_MAX + 1], *expression;
	const char *name, *does = NULL;

	if (!list)
		return NULL;
	mnl_attr_for_each_nested(expression, list)
	{
		nl_attrs(NULL, expression, attrs, NFTA_EXPR_MAX);
		name = nl_str(attrs[NFTA_EXPR_NAME]);
		if (name && !strcmp(name, "reject"))
			does = "rejects";
		if (name && !strcmp(name, "immediate") && attrs[NFTA_EXPR_DATA])
			does = verdict_of(c, attrs[NFTA_EXPR_DATA]);
	}
	return does;
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* One more to which the same happened; those without name are told by chain. */
static struct change *find_alike(struct changes *c, size_t from,
				 enum change_how how, const char *name,
				 const char *chain, const char *detail)
{
	size_t i;

	for (i = from; i < c->list.n; i++) {
		struct change *change = &c->list.v[i];

		if (change->kind == CHANGE_RULE && change->how == how &&
		    is_same_text(change->name, name) &&
		    (name || (!strcmp(change->in, chain) &&
			      is_same_text(change->detail, detail))))
			return change;
	}
	return NULL;
}

struct rule_changes {
	struct changes *c;
	struct map by_name; /* how and name -> index + 1 */
};

static void add_rule(struct rule_changes *r, enum change_how how,
		     const struct ruled *rule, const char *chain)
{
	const char *does = what_it_does(r->c, rule->rule);
	const char *key = arena_printf(r->c->arena, "%d %s", how,
				       rule->name ? rule->name : "");
	size_t from = (uintptr_t)map_get(&r->by_name, str_of(key));
	struct change *change = NULL;

	if (from)
		change = find_alike(r->c, from - 1, how, rule->name, chain,
				    does);
	if (change) {
		change->count++;
		return;
	}
	change = add(r->c, CHANGE_RULE, how, rule->name);
	change->in = chain;
	change->detail = does;
	map_add(&r->by_name, str_of(key), (void *)(uintptr_t)r->c->list.n);
}

/* What rules are paired by; no bytes: by nothing. */
static struct str pair_key(const struct ruled *rule, bool by_name)
{
	if (!by_name)
		return (struct str){ (const char *)&rule->id,
				     sizeof(rule->id) };
	return rule->name ? str_of(rule->name) : (struct str){ "", 0 };
}

/* Those that differ, by their keys, the first of equal ones first. */
static void index_changed(struct map *map, const struct chain_rules *rules,
			  bool by_name)
{
	struct ruled *rule, *head;
	struct str key;
	size_t i;

	for (i = rules->n; i-- > 0;) {
		rule = &rules->v[i];
		key = pair_key(rule, by_name);
		if (!rules->changed[i] || !key.n)
			continue;
		head = map_get(map, key);
		if (!head) {
			head = arena_new_object(map->arena, struct ruled);
			map_add(map, key, head);
		}
		rule->next = head->next;
		head->next = rule;
	}
}

/* Takes pairs out of both sides. */
static void pair(struct rule_changes *r, const char *chain,
		 const struct chain_rules *old, const struct chain_rules *new,
		 bool by_name)
{
	struct ruled *head, *other;
	struct map map;
	size_t i;

	map_init(&map, r->c->arena);
	index_changed(&map, new, by_name);
	for (i = 0; i < old->n; i++) {
		if (!old->changed[i])
			continue;
		head = map_get(&map, pair_key(&old->v[i], by_name));
		if (!head || !head->next)
			continue;
		other = head->next;
		head->next = other->next;
		old->changed[i] = new->changed[other - new->v] = false;
		add_rule(r, by_name ? CHANGE_CHANGED : CHANGE_MOVED, other,
			 chain);
	}
}

static void add_rest(struct rule_changes *r, const char *chain,
		     const struct chain_rules *rules, enum change_how how)
{
	size_t i;

	for (i = 0; i < rules->n; i++)
		if (rules->changed[i])
			add_rule(r, how, &rules->v[i], chain);
}

static void compare_rules(struct rule_changes *r, const char *name,
			  const struct content_chain *a,
			  const struct content_chain *b)
{
	struct chain_rules old, new;
	struct map ids;

	if (!strcmp(name, IR_RECORD_CHAIN) && !r->c->record)
		return;
	map_init(&ids, r->c->arena);
	old = rules_of(r->c, &ids, a);
	new = rules_of(r->c, &ids, b);
	compare(r->c, &old, &new, ids.entries.n + 1);
	pair(r, name, &old, &new, false);
	pair(r, name, &old, &new, true);
	add_rest(r, name, &old, CHANGE_REMOVED);
	add_rest(r, name, &new, CHANGE_ADDED);
}

static struct change *find_named_rule(struct rule_changes *r,
				      enum change_how how, const char *name)
{
	const char *key = arena_printf(r->c->arena, "%d %s", how, name);
	size_t i = (uintptr_t)map_get(&r->by_name, str_of(key));

	return i ? &r->c->list.v[i - 1] : NULL;
}

/* One that went from one chain and came in another is one that changed. */
static void join_named(struct rule_changes *r)
{
	struct change *change, *added;
	size_t i, n = 0;

	for (i = 0; i < r->c->list.n; i++) {
		change = &r->c->list.v[i];
		if (change->kind != CHANGE_RULE || !change->name ||
		    change->how != CHANGE_REMOVED)
			continue;
		added = find_named_rule(r, CHANGE_ADDED, change->name);
		if (!added)
			continue;
		added->how = CHANGE_CHANGED;
		change->count = 0;
	}
	for (i = 0; i < r->c->list.n; i++)
		if (r->c->list.v[i].count)
			r->c->list.v[n++] = r->c->list.v[i];
	r->c->list.n = n;
}

static void find_rules(struct changes *c, const struct map *old,
		       const struct map *new)
{
	struct rule_changes r = { .c = c };
	size_t i;

	map_init(&r.by_name, c->arena);
	for (i = 0; i < old->entries.n; i++) {
		const struct content_chain *chain = old->entries.v[i].value;

		compare_rules(&r, chain->thing.name, chain,
			      map_get(new, old->entries.v[i].key));
	}
	for (i = 0; i < new->entries.n; i++) {
		const struct content_chain *chain = new->entries.v[i].value;

		if (!map_get(old, new->entries.v[i].key))
			compare_rules(&r, chain->thing.name, NULL, chain);
	}
	join_named(&r);
}

/*
 * Elements
 */

/* The elements that one thing happened to. */
struct element_changes {
	struct buf text;
	size_t n;
};

static void add_element(struct element_changes *e,
			const struct content_set *set,
			const struct content_element *element)
{
	if (e->n++ >= CHANGE_ELEMENTS_SHOWN)
		return;
	if (e->n > 1)
		buf_puts(&e->text, ", ");
	changes_element_text(&e->text, set, element);
}

static void end_elements(struct changes *c, struct element_changes *e,
			 enum change_how how, const struct content_set *set)
{
	struct change *change;

	if (e->n) {
		change = add(c, CHANGE_ELEMENT, how, NULL);
		change->in = set->thing.name;
		change->count = e->n;
		change->detail = arena_strndup(c->arena, e->text.p, e->text.n);
	}
	buf_free(&e->text);
}

static void compare_elements(struct changes *c, struct content_set *a,
			     struct content_set *b)
{
	struct element_changes removed = { 0 }, added = { 0 }, changed = { 0 };
	struct content_pair pair;

	if (content_same_elements(a, b))
		return;
	content_pair(&pair, c->arena, a, b);
	while (content_pair_next(&pair)) {
		if (!pair.new)
			add_element(&removed, a, pair.old);
		else
			add_element(pair.old ? &changed : &added, b, pair.new);
	}
	end_elements(c, &removed, CHANGE_REMOVED, a);
	end_elements(c, &added, CHANGE_ADDED, b);
	end_elements(c, &changed, CHANGE_CHANGED, b);
}

/*
 * What has a name
 */

static void compare_sets(struct changes *c, struct content_set *a,
			 struct content_set *b)
{
	size_t n = c->list.n;

	if (a->thing.hash == b->thing.hash)
		compare_elements(c, a, b);
	/* That it has room for more follows from its having more. */
	if (a->thing.hash != b->thing.hash ||
	    (a->size != b->size && c->list.n == n))
		add(c, CHANGE_SET, CHANGE_CHANGED, b->thing.name);
}

static void compare_chains(struct changes *c, const struct content_chain *a,
			   const struct content_chain *b)
{
	struct change *change;
	uint32_t policy;

	if (a->thing.hash != b->thing.hash) {
		add(c, CHANGE_CHAIN, CHANGE_CHANGED, b->thing.name);
		return;
	}
	if (content_same_message(a->thing.made.header, b->thing.made.header))
		return;
	policy = nl_be32(attr_of(b->thing.made.header, NFTA_CHAIN_POLICY),
			 NF_ACCEPT);
	change = add(c, CHANGE_CHAIN_POLICY, CHANGE_CHANGED, b->thing.name);
	change->detail = policy == NF_ACCEPT ? "accept" : "drop";
}

static void compare_things(struct changes *c, enum change_kind kind,
			   const struct content_thing *a,
			   const struct content_thing *b)
{
	if (kind == CHANGE_FLOWTABLE ?
		    a->hash != b->hash :
		    !content_same_message(a->made.header, b->made.header))
		add(c, kind, CHANGE_CHANGED, b->name)->type = b->type;
}

static void compare_named(struct changes *c, enum change_kind kind, void *a,
			  void *b)
{
	if (kind == CHANGE_SET)
		compare_sets(c, a, b);
	else if (kind == CHANGE_CHAIN)
		compare_chains(c, a, b);
	else
		compare_things(c, kind, a, b);
}

/* Whatever is in the maps begins with what has a name. */
static void find_named(struct changes *c, enum change_kind kind,
		       const struct map *old, const struct map *new)
{
	const struct content_thing *thing;
	void *other;
	size_t i;

	for (i = 0; i < old->entries.n; i++) {
		thing = old->entries.v[i].value;
		other = map_get(new, old->entries.v[i].key);
		if (other)
			compare_named(c, kind, old->entries.v[i].value, other);
		else
			add(c, kind, CHANGE_REMOVED, thing->name)->type =
				thing->type;
	}
	for (i = 0; i < new->entries.n; i++) {
		thing = new->entries.v[i].value;
		if (!map_get(old, new->entries.v[i].key))
			add(c, kind, CHANGE_ADDED, thing->name)->type =
				thing->type;
	}
}

void changes_find(struct changes *c, const struct content *old,
		  const struct content *new)
{
	find_rules(c, &old->chains, &new->chains);
	find_named(c, CHANGE_SET, &old->sets, &new->sets);
	find_named(c, CHANGE_CHAIN, &old->chains, &new->chains);
	find_named(c, CHANGE_OBJECT, &old->objects, &new->objects);
	find_named(c, CHANGE_FLOWTABLE, &old->flowtables, &new->flowtables);
}

/*
 * Devices
 */

static void add_devices(struct changes *c, const char *flowtable,
			enum change_how how, const struct change_devices *of,
			const struct change_devices *without)
{
	size_t i;

	for (i = 0; i < of->n; i++)
		if (!names_have(without->v, without->n, of->v[i]))
			add(c, CHANGE_DEVICE, how, of->v[i])->in = flowtable;
}

void changes_devices(struct changes *c, const char *flowtable,
		     const struct change_devices *old,
		     const struct change_devices *new)
{
	add_devices(c, flowtable, CHANGE_REMOVED, old, new);
	add_devices(c, flowtable, CHANGE_ADDED, new, old);
}

void changes_policy(struct changes *c, const char *old, const char *new)
{
	add(c, CHANGE_POLICY, *old ? CHANGE_CHANGED : CHANGE_ADDED, new)
		->detail = *old ? old : NULL;
}

void changes_dormant(struct changes *c)
{
	add(c, CHANGE_TABLE, CHANGE_CHANGED, IR_TABLE);
}
