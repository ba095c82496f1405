// SPDX-License-Identifier: GPL-2.0-only
/*
 * Building the IR, and its digest.
 *
 * What must stay true: lists keep the order in which things were added, and
 * the digest covers everything that the emitters read. A field that is added
 * to the IR is added to the digest in the same change.
 */
#include <assert.h>
#include <linux/netfilter/nf_tables.h>

#include "base/map.h"
#include "ir.h"

/* What nft gives a set that the packet path adds to. */
#define DYNAMIC_SET_SIZE 65535

#define APPEND(ir, list, object)                                               \
	do {                                                                   \
		*(ir)->list##_tail = (object);                                 \
		(ir)->list##_tail = &(object)->next;                           \
	} while (0)

struct ir *ir_new(struct arena *arena, const char *policy)
{
	struct ir *ir = arena_new_object(arena, struct ir);

	ir->arena = arena;
	ir->policy = policy;
	map_init(&ir->shared_by_value, arena);
	ir->chain_tail = &ir->chains;
	ir->set_tail = &ir->sets;
	ir->limit_tail = &ir->limits;
	ir->object_tail = &ir->objects;
	ir->flowtable_tail = &ir->flowtables;
	return ir;
}

struct ir_chain *ir_chain_add(struct ir *ir, const char *name, struct span span)
{
	struct ir_chain *chain = arena_new_object(ir->arena, struct ir_chain);

	chain->name = name;
	chain->span = span;
	chain->tail = &chain->rules;
	APPEND(ir, chain, chain);
	return chain;
}

struct ir_set *ir_set_add(struct ir *ir, const char *name, struct span span)
{
	struct ir_set *set = arena_new_object(ir->arena, struct ir_set);

	set->name = name;
	set->span = span;
	if (name)
		APPEND(ir, set, set);
	return set;
}

struct ir_limit *ir_limit_add(struct ir *ir, const char *name, struct span span)
{
	struct ir_limit *limit = arena_new_object(ir->arena, struct ir_limit);

	limit->name = name;
	limit->span = span;
	APPEND(ir, limit, limit);
	return limit;
}

struct ir_object *ir_object_add(struct ir *ir, uint32_t type, const char *name,
				struct span span)
{
	struct ir_object *object =
		arena_new_object(ir->arena, struct ir_object);

	object->name = name;
	object->span = span;
	object->type = type;
	APPEND(ir, object, object);
	return object;
}

const char *ir_object_word(const struct ir_object *object)
{
	return object->type == NFT_OBJECT_COUNTER ? "counter" :
	       object->type == NFT_OBJECT_QUOTA	  ? "quota" :
						    "ct helper";
}

struct ir_flowtable *ir_flowtable_add(struct ir *ir, const char *name,
				      struct span span)
{
	struct ir_flowtable *flowtable =
		arena_new_object(ir->arena, struct ir_flowtable);

	flowtable->name = name;
	flowtable->span = span;
	APPEND(ir, flowtable, flowtable);
	return flowtable;
}

uint32_t ir_field_len(const struct ir_set *set, unsigned int i)
{
	uint32_t len = wire_type(set->fields[i])->len;

	return set->nfields > 1 ? (len + 3) / 4 * 4 : len;
}

void ir_set_field(struct ir_set *set, enum wire_id type)
{
	assert(set->nfields < IR_CONCAT_MAX);
	set->fields[set->nfields++] = type;
	set->klen = 0;
	for (unsigned int i = 0; i < set->nfields; i++)
		set->klen += ir_field_len(set, i);
}

size_t ir_set_stride(const struct ir_set *set)
{
	return set->interval ? 2 * (size_t)set->klen : set->klen;
}

uint32_t ir_set_flags(const struct ir_set *set)
{
	uint32_t flags = set->name ? 0 : NFT_SET_ANONYMOUS | NFT_SET_CONSTANT;

	if (set->interval)
		flags |= NFT_SET_INTERVAL;
	if (set->interval && set->nfields > 1)
		flags |= NFT_SET_CONCAT;
	if (set->verdicts || set->data_type)
		flags |= NFT_SET_MAP;
	if (set->timeout)
		flags |= NFT_SET_TIMEOUT;
	if (set->dynamic && !set->interval)
		flags |= NFT_SET_EVAL;
	return flags;
}

/* What a set has room for at least. */
#define SMALL_SET 16

static uint32_t room_for(size_t n)
{
	uint32_t size = SMALL_SET;

	while (size < n)
		size *= 2;
	return size;
}

uint32_t ir_set_size(const struct ir_set *set)
{
	if (set->size)
		return set->size;
	if (ir_set_flags(set) & NFT_SET_EVAL)
		return DYNAMIC_SET_SIZE;
	if (!set->name || set->interval || set->dynamic)
		return 0;
	return room_for(set->nelems);
}

/* ---- Rules ---- */

struct ir_build ir_build(struct ir *ir)
{
	struct ir_build b; /* large, and each op is cleared when it is taken */

	b.ir = ir;
	b.nops = 0;
	return b;
}

struct ir_op *ir_op(struct ir_build *b, enum ir_op_kind kind)
{
	struct ir_op *op;

	assert(b->nops < IR_RULE_OPS);
	op = &b->ops[b->nops++];
	*op = (struct ir_op){ .kind = kind };
	return op;
}

static struct ir_op *key_op(struct ir_build *b, enum ir_op_kind kind,
			    enum key_id id)
{
	struct ir_op *op = ir_op(b, kind);

	op->keys[0] = (uint8_t)id;
	op->nkeys = 1;
	return op;
}

void ir_cmp(struct ir_build *b, enum key_id id, unsigned int cmp,
	    const uint8_t *value)
{
	struct ir_op *op = key_op(b, IR_OP_CMP, id);

	op->cmp = (uint8_t)cmp;
	memcpy(op->lo, value, wire_type(key(id)->type)->len);
}

void ir_is(struct ir_build *b, enum key_id id, uint64_t number)
{
	uint8_t value[WIRE_MAX];

	wire_put(key(id)->type, number, value);
	ir_cmp(b, id, NFT_CMP_EQ, value);
}

void ir_in_set(struct ir_build *b, enum key_id id, struct ir_set *set, bool neg)
{
	struct ir_op *op = key_op(b, IR_OP_SET, id);

	op->set = set;
	op->neg = neg;
}

/* The length in bits if lo..hi can be tested as a prefix, or -1. */
static int prefix_bits(enum wire_id type, const uint8_t *lo, const uint8_t *hi)
{
	int bits;

	if (type != WIRE_IPV4 && type != WIRE_IPV6 && type != WIRE_IFNAME)
		return -1;
	bits = wire_prefix_len(lo, hi, wire_type(type)->len);
	if (type == WIRE_IFNAME && (bits % 8 || !bits))
		return -1;
	return bits;
}

static void one_range(struct ir_build *b, enum key_id id, const uint8_t *lo,
		      const uint8_t *hi, bool neg)
{
	uint8_t len = wire_type(key(id)->type)->len;
	struct ir_op *op;
	int bits;

	if (!memcmp(lo, hi, len)) {
		ir_cmp(b, id, neg ? NFT_CMP_NEQ : NFT_CMP_EQ, lo);
		return;
	}
	bits = prefix_bits(key(id)->type, lo, hi);
	if (!bits && !neg) {
		ir_is(b, KEY_NFPROTO, key(id)->nfproto);
		return;
	}
	op = key_op(b, bits < 0 ? IR_OP_RANGE : IR_OP_PREFIX, id);
	op->neg = neg;
	memcpy(op->lo, lo, len);
	memcpy(op->hi, hi, len);
	if (bits >= 0)
		op->plen = (uint8_t)bits;
}

static bool any_wider(const uint8_t *ranges, size_t n, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(ranges + 2 * i * len, ranges + (2 * i + 1) * len,
			   len))
			return true;
	return false;
}

static struct ir_set *new_values_set(struct ir *ir, enum wire_id type,
				     const uint8_t *ranges, size_t n)
{
	struct ir_set *set = ir_set_add(ir, NULL, (struct span){ 0 });
	size_t i, len = wire_type(type)->len, stride;

	ir_set_field(set, type);
	set->interval = any_wider(ranges, n, len);
	set->nelems = n;
	stride = ir_set_stride(set);
	set->keys = arena_array(ir->arena, n, stride);
	for (i = 0; i < n; i++)
		memcpy(set->keys + i * stride, ranges + 2 * i * len, stride);
	return set;
}

/* The one set of just these values. */
static struct ir_set *values_set(struct ir *ir, enum wire_id type,
				 const uint8_t *ranges, size_t n)
{
	size_t size = 2 * n * wire_type(type)->len;
	char *key = arena_alloc(ir->arena, size + 1);
	struct str name = { key, size + 1 };
	struct ir_shared *shared;

	key[0] = (char)type;
	memcpy(key + 1, ranges, size);
	shared = map_get(&ir->shared_by_value, name);
	if (!shared) {
		shared = arena_new_object(ir->arena, struct ir_shared);
		shared->set = new_values_set(ir, type, ranges, n);
		map_add(&ir->shared_by_value, name, shared);
	}
	shared->uses++;
	ir->anonymous++;
	return shared->set;
}

/* All that it holds. */
static struct str set_key(struct arena *arena, const struct ir_set *set)
{
	struct buf key = { 0 };
	struct str text;
	size_t i;

	buf_putc(&key, '\0'); /* values_set() begins with a type */
	buf_putc(&key, (char)set->interval);
	buf_add(&key, set->fields, set->nfields * sizeof(*set->fields));
	buf_add(&key, set->keys, set->nelems * ir_set_stride(set));
	for (i = 0; set->verdicts && i < set->nelems; i++) {
		const char *chain = set->verdicts[i].chain;

		buf_putc(&key, (char)set->verdicts[i].code);
		buf_add(&key, chain ? chain : "",
			chain ? strlen(chain) + 1 : 1);
	}
	text = (struct str){ arena_strndup(arena, key.p, key.n), key.n };
	buf_free(&key);
	return text;
}

struct ir_set *ir_set_share(struct ir *ir, struct ir_set *set)
{
	struct str name = set_key(ir->arena, set);
	struct ir_shared *shared = map_get(&ir->shared_by_value, name);

	if (!shared) {
		shared = arena_new_object(ir->arena, struct ir_shared);
		shared->set = set;
		map_add(&ir->shared_by_value, name, shared);
	}
	shared->uses++;
	ir->anonymous++;
	return shared->set;
}

/* So many rules must ask for a set before it is worth a name of its own ... */
#define SHARED_USES 16
/* ... unless there are so many anonymous sets that the kernel gets slow. */
#define ANONYMOUS_MAX 256
/* An anonymous set changes as a whole, so a large one has a name, too. */
#define LARGE_SET 128
#define SHARED_NAME_MAX 40

static bool is_identifier(const struct buf *text)
{
	size_t i;

	for (i = 0; i < text->n; i++) {
		char c = text->p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      c == '-' || c == '.'))
			return false;
	}
	return text->n && text->n <= SHARED_NAME_MAX;
}

/* "shared.tcp.udp" where the values make a short word; else NULL. */
static const char *name_of_values(struct ir *ir, const struct ir_set *set)
{
	struct buf text = { 0 };
	size_t i, stride = ir_set_stride(set);
	bool simple = set->nfields == 1 && !set->verdicts;
	const char *name = NULL;

	for (i = 0; simple && i < set->nelems && text.n <= SHARED_NAME_MAX;
	     i++) {
		const uint8_t *lo = set->keys + i * stride;

		if (i)
			buf_putc(&text, '.');
		wire_print_range(&text, set->fields[0], lo,
				 set->interval ? lo + set->klen : lo);
	}
	if (is_identifier(&text))
		name = arena_printf(ir->arena, "shared.%.*s", (int)text.n,
				    text.p);
	buf_free(&text);
	return name;
}

/* By the chain that asks for it first, so that it is the same in a policy that
 * differs elsewhere: what runs has its elements changed in place. */
static void name_by_chain(struct ir *ir, struct map *names,
			  const struct ir_chain *chain, struct ir_set *set)
{
	const char *name = arena_printf(ir->arena, "shared.%s", chain->name);
	unsigned int n = 1;

	while (!map_add(names, str_of(name), set))
		name = arena_printf(ir->arena, "shared.%s.%u", chain->name,
				    ++n);
	set->name = name;
	set->nameless = false;
}

static void name_by_chains(struct ir *ir, struct map *names)
{
	const struct ir_chain *chain;
	const struct ir_rule *rule;
	uint32_t i;

	for (chain = ir->chains; chain; chain = chain->next)
		for (rule = chain->rules; rule; rule = rule->next)
			for (i = 0; i < rule->nops; i++)
				if (rule->ops[i].set &&
				    rule->ops[i].set->nameless)
					name_by_chain(ir, names, chain,
						      rule->ops[i].set);
}

/* Has it a field that no set with a name can have? */
static bool is_unnamed(const struct ir_set *set)
{
	unsigned int i;

	for (i = 0; i < set->nfields; i++)
		if (wire_type(set->fields[i])->unnamed)
			return true;
	return false;
}

/*
 * Dynamic sets stay where the others are made again: so that a policy that is
 * loaded twice lists as it did, they are the first ones.
 */
static void dynamic_first(struct ir *ir)
{
	struct ir_set *fixed = NULL, **fixed_tail = &fixed, *set = ir->sets;

	ir->sets = NULL;
	ir->set_tail = &ir->sets;
	for (; set; set = set->next) {
		struct ir_set ***tail = set->dynamic ? &ir->set_tail :
						       &fixed_tail;

		**tail = set;
		*tail = &set->next;
	}
	*fixed_tail = NULL;
	*ir->set_tail = fixed;
	if (fixed)
		ir->set_tail = fixed_tail;
}

/* Is it asked for so often, or so large, that it is worth a name? */
static bool is_worth_a_name(const struct ir_shared *shared, size_t least)
{
	return (shared->uses >= least || shared->set->nelems >= LARGE_SET) &&
	       !is_unnamed(shared->set);
}

void ir_settle_sets(struct ir *ir)
{
	const struct map *all = &ir->shared_by_value;
	size_t i, least = SHARED_USES, once = 0;
	bool nameless = false;
	struct map names;

	for (i = 0; i < all->entries.n; i++)
		once += ((struct ir_shared *)all->entries.v[i].value)->uses ==
			1;
	if (ir->anonymous > ANONYMOUS_MAX)
		least = once > ANONYMOUS_MAX ? 1 : 2;
	map_init(&names, ir->arena);
	for (i = 0; i < all->entries.n; i++) {
		struct ir_shared *shared = all->entries.v[i].value;
		struct ir_set *set = shared->set;

		if (!is_worth_a_name(shared, least))
			continue;
		set->name = name_of_values(ir, set);
		if (!set->name || !map_add(&names, str_of(set->name), set)) {
			set->name = NULL;
			set->nameless = nameless = true;
		}
		APPEND(ir, set, set);
	}
	if (nameless)
		name_by_chains(ir, &names);
	dynamic_first(ir);
}

void ir_in_ranges(struct ir_build *b, enum key_id id, const uint8_t *ranges,
		  size_t n, bool neg)
{
	size_t len = wire_type(key(id)->type)->len;

	assert(n && !wire_type(key(id)->type)->flags);
	if (n == 1) {
		one_range(b, id, ranges, ranges + len, neg);
		return;
	}
	ir_in_set(b, id, values_set(b->ir, key(id)->type, ranges, n), neg);
}

struct stmt *ir_stmt(struct ir_build *b, const struct stmt_ops *ops)
{
	struct stmt *stmt = arena_new_object(b->ir->arena, struct stmt);

	stmt->ops = ops;
	ir_op(b, IR_OP_STMT)->stmt = stmt;
	return stmt;
}

struct stmt *ir_stmt_on(struct ir_build *b, const struct stmt_ops *ops,
			enum key_id id)
{
	struct stmt *stmt = ir_stmt(b, ops);

	b->ops[b->nops - 1].keys[0] = (uint8_t)id;
	b->ops[b->nops - 1].nkeys = 1;
	return stmt;
}

/* Rules that stand together end alike: they share the statement. */
void ir_verdict(struct ir_build *b, enum verdict code, const char *chain)
{
	const struct stmt *last = b->ir->last_verdict;
	struct stmt *stmt;

	assert(!chain == !verdict_has_chain(code));
	if (last && last->verdict.code == code &&
	    last->verdict.chain == chain) {
		ir_op(b, IR_OP_STMT)->stmt = last;
		return;
	}
	stmt = ir_stmt(b, &stmt_verdict);
	b->ir->last_verdict = stmt;
	stmt->verdict.code = code;
	stmt->verdict.chain = chain;
}

struct ir_rule *ir_rule_add(struct ir_build *b, struct ir_chain *chain,
			    struct span span, const char *comment)
{
	struct arena *arena = b->ir->arena;
	struct ir_rule *rule = arena_new_object(arena, struct ir_rule);

	assert(!comment || (strlen(comment) <= IR_COMMENT_MAX &&
			    !strpbrk(comment, "\"\n")));
	rule->span = span;
	rule->comment = comment;
	rule->nops = b->nops;
	rule->ops = arena_array(arena, b->nops, sizeof(*rule->ops));
	memcpy(rule->ops, b->ops, b->nops * sizeof(*rule->ops));
	*chain->tail = rule;
	chain->tail = &rule->next;
	chain->nrules++;
	b->nops = 0;
	return rule;
}

struct ir_rule *ir_raw_add(struct ir *ir, struct ir_chain *chain,
			   struct span span, const char *text)
{
	struct ir_build b = ir_build(ir);
	struct ir_rule *rule = ir_rule_add(&b, chain, span, NULL);

	rule->raw = text;
	return rule;
}

size_t ir_count_rules(const struct ir *ir)
{
	const struct ir_chain *chain;
	size_t n = 0;

	for (chain = ir->chains; chain; chain = chain->next)
		n += chain->nrules;
	return n;
}

size_t ir_count_elements(const struct ir *ir)
{
	const struct ir_set *set;
	size_t n = 0;

	for (set = ir->sets; set; set = set->next)
		n += set->nelems;
	return n;
}

const struct ir_rule *ir_raw_first(const struct ir *ir)
{
	for (const struct ir_chain *c = ir->chains; c; c = c->next)
		for (const struct ir_rule *r = c->rules; r; r = r->next)
			if (r->raw)
				return r;
	return NULL;
}

/* ---- The digest ---- */

struct digest {
	uint64_t hash;
	uint32_t epoch;	 /* what an epoch's marks begin with */
	struct buf text; /* to print in */
};

static void add_number(struct digest *d, uint64_t number)
{
	d->hash = hash_bytes(d->hash, &number, sizeof(number));
}

/* With its length, so that neighbours cannot flow into each other. */
static void add_bytes(struct digest *d, const void *bytes, size_t n)
{
	add_number(d, n);
	d->hash = hash_bytes(d->hash, bytes, n);
}

static void add_string(struct digest *d, const char *s)
{
	add_number(d, s != NULL);
	if (s)
		add_bytes(d, s, strlen(s));
}

/* A mark counted from the beginning of the epoch. */
static void add_mark(struct digest *d, const uint8_t *value, bool epoch)
{
	uint32_t mark = (uint32_t)wire_get(WIRE_MARK, value);

	add_number(d, epoch ? mark - d->epoch : mark);
}

static void add_keys(struct digest *d, const struct ir_set *set)
{
	size_t bytes = set->nelems * ir_set_stride(set);

	if (!set->epoch) {
		add_bytes(d, set->keys, bytes);
		return;
	}
	assert(set->nfields == 1 && set->fields[0] == WIRE_MARK);
	for (size_t at = 0; at < bytes; at += set->klen)
		add_mark(d, set->keys + at, true);
}

static void add_set(struct digest *d, const struct ir_set *set)
{
	add_string(d, set->name);
	add_bytes(d, set->fields, set->nfields * sizeof(set->fields[0]));
	add_number(d, ir_set_flags(set));
	add_number(d, set->dynamic);
	add_number(d, set->timeout);
	add_number(d, ir_set_size(set));
	add_number(d, set->nelems);
	add_keys(d, set);
	for (size_t i = 0; set->verdicts && i < set->nelems; i++) {
		add_number(d, set->verdicts[i].code);
		add_string(d, set->verdicts[i].chain);
	}
	if (!set->data_type)
		return;
	add_number(d, set->data_type);
	add_bytes(d, set->data, set->nelems * wire_type(set->data_type)->len);
}

/* As what it prints: that is all that it says, for whatever kind it is. */
static void add_stmt(struct digest *d, const struct stmt *stmt, bool epoch)
{
	struct stmt relative = *stmt;

	if (epoch) {
		assert(stmt->ops == &stmt_ct_mark);
		relative.ct_mark.set -= d->epoch;
	}
	d->text.n = 0;
	stmt->ops->print(&d->text, &relative);
	add_bytes(d, d->text.p, d->text.n);
}

static void add_op(struct digest *d, const struct ir_op *op)
{
	add_number(d, op->kind);
	if (op->kind == IR_OP_STMT) {
		if (op->nkeys)
			add_bytes(d, op->keys, op->nkeys);
		add_stmt(d, op->stmt, op->epoch);
		return;
	}
	add_bytes(d, op->keys, op->nkeys);
	add_number(d, (uint64_t)op->neg | (uint64_t)op->masked << 1 |
			      (uint64_t)op->cmp << 8 |
			      (uint64_t)op->plen << 16);
	if (op->epoch)
		add_mark(d, op->lo, true);
	else
		add_bytes(d, op->lo, sizeof(op->lo));
	add_bytes(d, op->hi, sizeof(op->hi));
	if (!op->set)
		return;
	if (op->set->name)
		add_string(d, op->set->name);
	else
		add_set(d, op->set);
}

static uint32_t count_former(const struct ir_chain *chain)
{
	uint32_t n = 0;

	for (const struct ir_rule *rule = chain->rules; rule; rule = rule->next)
		n += rule->former;
	return n;
}

static void add_chain(struct digest *d, const struct ir_chain *chain)
{
	add_string(d, chain->name);
	add_string(d, chain->type);
	if (chain->type) {
		add_number(d, chain->hook);
		add_number(d, (uint64_t)chain->priority);
		add_number(d, chain->policy_drop);
	}
	add_number(d, chain->nrules - count_former(chain));
	for (const struct ir_rule *rule = chain->rules; rule;
	     rule = rule->next) {
		if (rule->former)
			continue;
		add_string(d, rule->comment);
		if (rule->raw)
			add_string(d, rule->raw);
		add_number(d, rule->nops);
		for (uint32_t i = 0; i < rule->nops; i++)
			add_op(d, &rule->ops[i]);
	}
}

static void add_object(struct digest *d, const struct ir_object *object)
{
	add_string(d, object->name);
	add_number(d, object->type);
	add_number(d, object->bytes);
	add_string(d, object->helper);
	add_number(d, object->proto);
}

static void add_flowtable(struct digest *d,
			  const struct ir_flowtable *flowtable)
{
	add_string(d, flowtable->name);
	add_number(d, (uint64_t)flowtable->priority);
	add_number(d, flowtable->hardware);
	add_number(d, flowtable->counter);
	if (!flowtable->able)
		add_string(d, "mode");
	if (!flowtable->follow)
		add_string(d, "devices");
	add_number(d, flowtable->ndevices);
	for (size_t i = 0; i < flowtable->ndevices; i++)
		add_string(d, flowtable->devices[i]);
}

uint64_t ir_digest(const struct ir *ir)
{
	struct digest d = {
		.hash = HASH_INIT,
		.epoch = ir->mark.epoch << ir->mark.shift,
	};

	add_string(&d, ir->policy);
	add_number(&d, ir->mark.mask);
	add_number(&d, ir->mark.shift);
	add_number(&d, ir->mark.count);
	for (const struct ir_flowtable *f = ir->flowtables; f; f = f->next)
		add_flowtable(&d, f);
	for (const struct ir_limit *l = ir->limits; l; l = l->next) {
		add_string(&d, l->name);
		add_number(&d, l->rate);
		add_number(&d, l->unit);
		add_number(&d, l->burst);
	}
	for (const struct ir_object *o = ir->objects; o; o = o->next)
		add_object(&d, o);
	for (const struct ir_set *set = ir->sets; set; set = set->next)
		if (!set->former)
			add_set(&d, set);
	for (const struct ir_chain *c = ir->chains; c; c = c->next)
		if (!c->former)
			add_chain(&d, c);
	buf_free(&d.text);
	return d.hash;
}
