// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel made of nft's text, as attributes that it takes.
 *
 *	sets, elements, rules -> struct ir_raw
 *
 * What must stay true: what the kernel tells is not in all respects what it
 * takes. So a set's attributes are those that are known to be taken; of
 * expressions, those that it refuses are left out:
 *
 *	dynset	a timeout of 0, where the set has none
 *	exthdr	flags, where it writes
 *	osf	flags, where there are none
 *
 * and anonymous sets get new names and ids. Nothing told is believed to be
 * well-formed.
 */
#include "runtime/netlink/raw_told.h"

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

#include "base/map.h"
#include "emit/attr.h"
#include "runtime/netlink/nl.h"

/* An anonymous set, as it was told. */
struct told_set {
	struct ir_raw_set set;
	VEC(struct str) elements;
	bool interval;
};

struct told {
	struct arena *arena;
	struct str messages;
	const struct raw_place *places;
	size_t nplaces;
	size_t next;	 /* the rule whose code is told next */
	struct map sets; /* name -> struct told_set * */
	bool odd;	 /* something was told that is not understood */
};

/*
 * Attributes
 */

static struct str keep(struct told *t, const struct buf *buf)
{
	return (struct str){
		arena_strndup(t->arena, buf->n ? buf->p : "", buf->n), buf->n
	};
}

static void put(struct buf *out, unsigned int type, const void *bytes, size_t n)
{
	struct attrs a = { (uint8_t *)buf_reserve(out, NLA_HDRLEN + n + 8) };

	attr_put(&a, type, bytes, n);
	out->n = (size_t)((char *)a.at - out->p);
}

static void copy(struct buf *out, const struct nlattr *attr)
{
	put(out, attr->nla_type, mnl_attr_get_payload(attr),
	    mnl_attr_get_payload_len(attr));
}

/* Of @attrs those that are among @types. */
static void copy_some(struct buf *out, const struct nlattr **attrs,
		      const uint8_t *types, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (attrs[types[i]])
			copy(out, attrs[types[i]]);
}

/*
 * Sets
 */

static void add_set(struct told *t, const struct nlmsghdr *message)
{
	static const uint8_t types[] = {
		NFTA_SET_FLAGS,	    NFTA_SET_KEY_TYPE, NFTA_SET_KEY_LEN,
		NFTA_SET_DATA_TYPE, NFTA_SET_DATA_LEN, NFTA_SET_OBJ_TYPE,
		NFTA_SET_POLICY,    NFTA_SET_DESC,     NFTA_SET_USERDATA,
		NFTA_SET_EXPR,
	};
	const struct nlattr *attrs[NFTA_SET_MAX + 1];
	struct buf out = { 0 };
	struct told_set *set;
	const char *name;
	uint32_t flags;

	nl_attrs(message, NULL, attrs, NFTA_SET_MAX);
	name = nl_str(attrs[NFTA_SET_NAME]);
	flags = nl_be32(attrs[NFTA_SET_FLAGS], 0);
	if (!name || !(flags & NFT_SET_ANONYMOUS))
		return;
	set = arena_new_object(t->arena, struct told_set);
	set->interval = flags & NFT_SET_INTERVAL;
	copy_some(&out, attrs, types, sizeof(types));
	set->set.attrs = keep(t, &out);
	buf_free(&out);
	map_add(&t->sets, str_of(arena_strndup(t->arena, name, strlen(name))),
		set);
}

static void add_element(struct told *t, struct told_set *set,
			const struct nlattr *element)
{
	static const uint8_t types[] = {
		NFTA_SET_ELEM_FLAGS,	NFTA_SET_ELEM_KEY,
		NFTA_SET_ELEM_KEY_END,	NFTA_SET_ELEM_DATA,
		NFTA_SET_ELEM_USERDATA, NFTA_SET_ELEM_EXPR,
		NFTA_SET_ELEM_OBJREF,
	};
	const struct nlattr *attrs[NFTA_SET_ELEM_MAX + 1];
	struct buf out = { 0 };

	nl_attrs(NULL, element, attrs, NFTA_SET_ELEM_MAX);
	copy_some(&out, attrs, types, sizeof(types));
	*vec_push(t->arena, &set->elements) = keep(t, &out);
	buf_free(&out);
}

static void add_elements(struct told *t, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_LIST_MAX + 1];
	const struct nlattr *element;
	struct told_set *set;
	const char *name;

	nl_attrs(message, NULL, attrs, NFTA_SET_ELEM_LIST_MAX);
	name = nl_str(attrs[NFTA_SET_ELEM_LIST_SET]);
	set = name ? map_get(&t->sets, str_of(name)) : NULL;
	if (!set || !attrs[NFTA_SET_ELEM_LIST_ELEMENTS])
		return;
	mnl_attr_for_each_nested(element, attrs[NFTA_SET_ELEM_LIST_ELEMENTS])
	{
		add_element(t, set, element);
	}
}

struct sortable {
	struct str key, element;
	bool end;
};

/* What the kernel wants ascending; an end ahead of what begins there. */
static int by_key(const void *a, const void *b)
{
	const struct sortable *x = a, *y = b;
	int order = str_cmp(x->key, y->key);

	return order ? order : (int)y->end - (int)x->end;
}

static struct sortable sortable_of(struct str element)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_MAX + 1] = { NULL }, *attr;
	struct sortable s = { .element = element };

	mnl_attr_for_each_payload((const void *)element.p, element.n)
	{
		if (mnl_attr_get_type(attr) <= NFTA_SET_ELEM_MAX)
			attrs[mnl_attr_get_type(attr)] = attr;
	}
	if (attrs[NFTA_SET_ELEM_KEY])
		s.key = (struct str){
			mnl_attr_get_payload(attrs[NFTA_SET_ELEM_KEY]),
			mnl_attr_get_payload_len(attrs[NFTA_SET_ELEM_KEY]),
		};
	s.end = nl_be32(attrs[NFTA_SET_ELEM_FLAGS], 0) &
		NFT_SET_ELEM_INTERVAL_END;
	return s;
}

static void finish_set(struct told *t, struct told_set *set)
{
	size_t n = set->elements.n, i;
	struct sortable *sorted = arena_array(t->arena, n, sizeof(*sorted));

	for (i = 0; i < n; i++)
		sorted[i] = sortable_of(set->elements.v[i]);
	if (n)
		qsort(sorted, n, sizeof(*sorted), by_key);
	for (i = 0; i < n; i++)
		set->elements.v[i] = sorted[i].element;
	set->set.elements = set->elements.v;
	set->set.nelements = n;
}

/*
 * Rules
 */

/* A rule's code while it is made. */
struct code {
	struct told *t;
	struct buf exprs;
	VEC(struct ir_raw_set) sets;
	VEC(struct ir_raw_id) ids;
};

/* Which attributes of an expression name a set. */
struct set_attrs {
	const char *expr;
	uint16_t name, id;
};

static const struct set_attrs *set_attrs_of(const char *expr)
{
	static const struct set_attrs rows[] = {
		{ "lookup", NFTA_LOOKUP_SET, NFTA_LOOKUP_SET_ID },
		{ "objref", NFTA_OBJREF_SET_NAME, NFTA_OBJREF_SET_ID },
		{ "dynset", NFTA_DYNSET_SET_NAME, NFTA_DYNSET_SET_ID },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strcmp(expr, rows[i].expr))
			return &rows[i];
	return NULL;
}

/* Told, but not taken. */
static bool is_left_out(const char *expr, const struct nlattr *data,
			const struct nlattr *attr)
{
	const struct nlattr *attrs[NFTA_EXTHDR_MAX + 1];
	uint16_t type = mnl_attr_get_type(attr);

	if (!strcmp(expr, "dynset"))
		return type == NFTA_DYNSET_TIMEOUT && !nl_be64(attr, 0);
	if (!strcmp(expr, "osf"))
		return type == NFTA_OSF_FLAGS && !nl_be32(attr, 0);
	if (strcmp(expr, "exthdr") != 0 || type != NFTA_EXTHDR_FLAGS)
		return false;
	nl_attrs(NULL, data, attrs, NFTA_EXTHDR_MAX);
	return attrs[NFTA_EXTHDR_SREG];
}

static bool put_set_name(struct code *code, struct buf *out,
			 const struct set_attrs *row, const struct nlattr *attr)
{
	const char *name = nl_str(attr);
	struct told_set *set = name ? map_get(&code->t->sets, str_of(name)) :
				      NULL;
	uint32_t id = 0;

	if (!set)
		return false;
	put(out, row->name, IR_RAW_SET, sizeof(IR_RAW_SET));
	put(out, row->id, &id, sizeof(id));
	*vec_push(code->t->arena, &code->ids) = (struct ir_raw_id){
		(uint32_t)(out->n - sizeof(id)),
		(uint32_t)code->sets.n,
	};
	*vec_push(code->t->arena, &code->sets) = set->set;
	return true;
}

/* The nests' lengths are known when they are full. */
static size_t open_nest(struct buf *out)
{
	size_t begin = out->n;
	static const char header[NLA_HDRLEN];

	buf_add(out, header, sizeof(header));
	return begin;
}

static void close_nest(struct buf *out, size_t begin, unsigned int type)
{
	attr_header((uint8_t *)out->p + begin, NLA_F_NESTED | type,
		    out->n - begin);
}

static void put_expr(struct code *code, const struct nlattr *expr)
{
	const struct nlattr *attrs[NFTA_EXPR_MAX + 1], *attr;
	struct buf *out = &code->exprs;
	size_t begin, data;
	const struct set_attrs *row;
	const char *name;

	nl_attrs(NULL, expr, attrs, NFTA_EXPR_MAX);
	name = nl_str(attrs[NFTA_EXPR_NAME]);
	code->t->odd |= !name;
	if (!name)
		return;
	begin = open_nest(out);
	put(out, NFTA_EXPR_NAME, name, strlen(name) + 1);
	if (attrs[NFTA_EXPR_DATA]) {
		row = set_attrs_of(name);
		data = open_nest(out);
		mnl_attr_for_each_nested(attr, attrs[NFTA_EXPR_DATA])
		{
			if (is_left_out(name, attrs[NFTA_EXPR_DATA], attr))
				continue;
			if (!row || mnl_attr_get_type(attr) != row->name ||
			    !put_set_name(code, out, row, attr))
				copy(out, attr);
		}
		close_nest(out, data, NFTA_EXPR_DATA);
	}
	close_nest(out, begin, NFTA_LIST_ELEM);
}

static struct ir_raw *make_code(struct told *t, const struct nlattr **attrs)
{
	struct ir_raw *raw = arena_new_object(t->arena, struct ir_raw);
	struct code code = { .t = t };
	const struct nlattr *expr, *udata = attrs[NFTA_RULE_USERDATA];

	if (attrs[NFTA_RULE_EXPRESSIONS])
		mnl_attr_for_each_nested(expr, attrs[NFTA_RULE_EXPRESSIONS])
		{
			put_expr(&code, expr);
		}
	raw->exprs = keep(t, &code.exprs);
	buf_free(&code.exprs);
	raw->sets = code.sets.v;
	raw->nsets = code.sets.n;
	raw->ids = code.ids.v;
	raw->nids = code.ids.n;
	if (udata) {
		raw->userdata.n = mnl_attr_get_payload_len(udata);
		raw->userdata.p = arena_strndup(
			t->arena, mnl_attr_get_payload(udata), raw->userdata.n);
	}
	return raw;
}

/* Each line is one rule, and they are told in their order. */
static void add_rule(struct told *t, const struct nlmsghdr *message)
{
	const struct nlattr *attrs[NFTA_RULE_MAX + 1];
	const struct raw_place *place;
	const char *chain;

	nl_attrs(message, NULL, attrs, NFTA_RULE_MAX);
	chain = nl_str(attrs[NFTA_RULE_CHAIN]);
	if (t->next >= t->nplaces || !chain) {
		t->odd = true;
		return;
	}
	place = &t->places[t->next++];
	t->odd |= strcmp(chain, place->chain) != 0;
	place->rule->code = make_code(t, attrs);
}

static void each_message(struct told *t, uint8_t type,
			 void (*fn)(struct told *t,
				    const struct nlmsghdr *message))
{
	const struct nlmsghdr *message = (const void *)t->messages.p;
	int left = (int)t->messages.n;

	while (left > 0 && nl_message_ok(message, left)) {
		if (NFNL_MSG_TYPE(message->nlmsg_type) == type)
			fn(t, message);
		message = mnl_nlmsg_next(message, &left);
	}
}

bool raw_told(struct arena *arena, struct str messages,
	      const struct raw_place *places, size_t n)
{
	struct told t = {
		.arena = arena,
		.messages = messages,
		.places = places,
		.nplaces = n,
	};
	size_t i;

	map_init(&t.sets, arena);
	each_message(&t, NFT_MSG_NEWSET, add_set);
	each_message(&t, NFT_MSG_NEWSETELEM, add_elements);
	for (i = 0; i < t.sets.entries.n; i++)
		finish_set(&t, t.sets.entries.v[i].value);
	each_message(&t, NFT_MSG_NEWRULE, add_rule);
	return !t.odd && t.next == n;
}
