// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IR as libnftables' JSON: one command an object, in the order of the text
 * emitter.
 *
 *	declare		the table and all that is named in it, empty
 *	flush		rules; then sets, limits and flowtables go
 *	fill		limits, flowtables, sets with elements, rules
 *
 * What must stay true: what is loaded lists as the text does. Two things
 * libnftables' JSON has no words for:
 *
 * - that a set is dynamic (before nft 1.0.9). nft makes a set so that a rule
 *   adds to; each such set gets a rule that does, and that is flushed in the
 *   same transaction.
 * - that a flowtable counts, or is for hardware: a warning.
 *
 * Source: libnftables-json(5) of nft 1.0.6, and what nft 1.0.6 lists.
 */
#include "json.h"

#include <assert.h>
#include <linux/in.h>
#include <linux/netfilter/nf_tables.h>

#include "implied.h"

/* ---- Commands ---- */

/* {"add": {"set": {"family": "inet", "table": "nftoffc": to be ended thrice. */
static void begin(struct json *out, const char *verb, const char *object)
{
	json_wrap(out, verb);
	json_wrap(out, object);
	json_object(out);
	json_put_str(out, "family", "inet");
	json_put_str(out, *object == 't' ? "name" : "table", IR_TABLE);
}

static void end(struct json *out)
{
	json_end_n(out, 3);
}

static void begin_named(struct json *out, const char *verb, const char *object,
			const char *name)
{
	begin(out, verb, object);
	json_put_str(out, "name", name);
}

static void put_command(struct json *out, const char *verb, const char *object,
			const char *name)
{
	begin_named(out, verb, object, name);
	end(out);
}

/* ---- Sets ---- */

static void put_field(struct json *out, const struct ir_set *set,
		      unsigned int i, const uint8_t *lo)
{
	if (set->interval)
		wire_json_range(out, set->fields[i], lo, lo + set->klen);
	else
		wire_json(out, set->fields[i], lo);
}

static void put_element_key(struct json *out, const struct ir_set *set,
			    const uint8_t *at)
{
	if (set->nfields == 1) {
		put_field(out, set, 0, at);
		return;
	}
	json_wrap(out, "concat");
	json_array(out);
	for (unsigned int f = 0; f < set->nfields; f++) {
		put_field(out, set, f, at);
		at += ir_field_len(set, f);
	}
	json_end_n(out, 2);
}

static bool is_map(const struct ir_set *set)
{
	return set->verdicts || set->data_type;
}

static void put_elements(struct json *out, const struct ir_set *set)
{
	json_array(out);
	for (size_t i = 0; i < set->nelems; i++) {
		const uint8_t *at = set->keys + i * ir_set_stride(set);

		if (is_map(set))
			json_array(out);
		put_element_key(out, set, at);
		if (set->verdicts)
			verdict_json(out, set->verdicts[i].code,
				     set->verdicts[i].chain);
		else if (set->data_type)
			wire_json(out, set->data_type,
				  set->data +
					  i * wire_type(set->data_type)->len);
		if (is_map(set))
			json_end(out);
	}
	json_end(out);
}

static void put_set(struct json *out, const struct ir_set *set)
{
	struct buf *name = json_scratch(out);

	if (set->name) {
		buf_putc(name, '@');
		buf_puts(name, set->name);
		json_str(out, (struct str){ name->p, name->n });
		return;
	}
	json_wrap(out, "set");
	put_elements(out, set);
	json_end(out);
}

static const char *set_word(const struct ir_set *set)
{
	return is_map(set) ? "map" : "set";
}

static void put_set_type(struct json *out, const struct ir_set *set)
{
	json_key(out, "type");
	if (set->nfields > 1)
		json_array(out);
	for (unsigned int i = 0; i < set->nfields; i++)
		json_text(out, wire_type(set->fields[i])->name);
	if (set->nfields > 1)
		json_end(out);
	if (set->verdicts)
		json_put_str(out, "map", "verdict");
	else if (set->data_type)
		json_put_str(out, "map", wire_type(set->data_type)->name);
}

static void put_set_flags(struct json *out, uint32_t flags)
{
	if (!(flags & (NFT_SET_INTERVAL | NFT_SET_TIMEOUT)))
		return;
	json_key(out, "flags");
	json_array(out);
	if (flags & NFT_SET_INTERVAL)
		json_text(out, "interval");
	if (flags & NFT_SET_TIMEOUT)
		json_text(out, "timeout");
	json_end(out);
}

static void declare_set(struct json *out, const struct ir_set *set)
{
	begin_named(out, "add", set_word(set), set->name);
	put_set_type(out, set);
	if (ir_set_size(set))
		json_put_u64(out, "size", ir_set_size(set));
	put_set_flags(out, ir_set_flags(set));
	if (set->timeout) {
		assert(set->timeout % 1000 == 0); /* seconds, in JSON */
		json_put_u64(out, "timeout", set->timeout / 1000);
	}
	end(out);
}

/* Some key that has the type, to add to a set of it. */
static enum key_id key_of_type(enum wire_id type)
{
	enum key_id id = KEY_NONE + 1;

	while (key(id)->type != type)
		id++; /* key() asserts that there is one */
	return id;
}

static const char *const some_protocol = "tcp";

static void put_some_key(struct json *out, const struct ir_set *set,
			 unsigned int i)
{
	const struct ir_known known = { .l4proto = IPPROTO_TCP };
	enum key_id id = key_of_type(set->fields[i]);

	key_json(out, id, implied_header(known, id) ? some_protocol : NULL);
}

/* See above: makes the set dynamic, and goes with the flush. */
static void make_dynamic(struct json *out, const struct ir *ir,
			 const struct ir_set *set)
{
	if (!(ir_set_flags(set) & NFT_SET_EVAL))
		return;
	assert(ir->chains);
	begin(out, "add", "rule");
	json_put_str(out, "chain", ir->chains->name);
	json_key(out, "expr");
	json_array(out);
	json_wrap(out, "set");
	json_object(out);
	json_put_str(out, "op", "add");
	json_key(out, "elem");
	if (set->nfields > 1) {
		json_wrap(out, "concat");
		json_array(out);
	}
	for (unsigned int i = 0; i < set->nfields; i++)
		put_some_key(out, set, i);
	if (set->nfields > 1)
		json_end_n(out, 2);
	json_key(out, "set");
	put_set(out, set);
	json_end_n(out, 3);
	end(out);
}

/* Again: what was there may have had another size. */
static void fill_set(struct json *out, const struct ir_set *set)
{
	if (!set->dynamic)
		declare_set(out, set);
	if (!set->nelems)
		return;
	begin_named(out, "add", "element", set->name);
	json_key(out, "elem");
	put_elements(out, set);
	end(out);
}

/* ---- Rules ---- */

struct line {
	struct json *out;
	struct ir_known known;
	const struct ir_op *op, *end;
};

static void put_key(const struct line *line, enum key_id id)
{
	struct buf protocol = { 0 };

	if (implied_header(line->known, id))
		wire_print(&protocol, WIRE_INET_PROTO, &line->known.l4proto);
	key_json(line->out, id, protocol.p);
	buf_free(&protocol);
}

static void put_keys(const struct line *line)
{
	const struct ir_op *op = line->op;

	if (op->nkeys == 1) {
		put_key(line, op->keys[0]);
		return;
	}
	json_wrap(line->out, "concat");
	json_array(line->out);
	for (unsigned int i = 0; i < op->nkeys; i++)
		put_key(line, op->keys[i]);
	json_end_n(line->out, 2);
}

static void put_masked(const struct line *line, const uint8_t *mask)
{
	json_wrap(line->out, "&");
	json_array(line->out);
	put_keys(line);
	wire_json(line->out, key(line->op->keys[0])->type, mask);
	json_end_n(line->out, 2);
}

/* {"match": {"op": "==", "left": ..., "right": what the caller writes next. */
static void begin_match(const struct line *line, const char *op,
			const uint8_t *mask)
{
	json_wrap(line->out, "match");
	json_object(line->out);
	json_put_str(line->out, "op", op);
	json_key(line->out, "left");
	if (mask)
		put_masked(line, mask);
	else
		put_keys(line);
	json_key(line->out, "right");
}

static const char *equal(bool neg)
{
	return neg ? "!=" : "==";
}

static void put_cmp(const struct line *line)
{
	static const char *const words[] = {
		[NFT_CMP_EQ] = "==", [NFT_CMP_NEQ] = "!=",
		[NFT_CMP_LT] = "<",  [NFT_CMP_LTE] = "<=",
		[NFT_CMP_GT] = ">",  [NFT_CMP_GTE] = ">=",
	};

	begin_match(line, words[line->op->cmp], NULL);
	wire_json(line->out, key(line->op->keys[0])->type, line->op->lo);
}

static void put_prefix(const struct line *line)
{
	const struct ir_op *op = line->op;
	enum wire_id type = key(op->keys[0])->type;
	struct buf *name;

	begin_match(line, equal(op->neg), NULL);
	if (type != WIRE_IFNAME) {
		wire_json_prefix(line->out, type, op->lo, op->plen);
		return;
	}
	name = json_scratch(line->out);
	buf_add(name, op->lo, op->plen / 8);
	buf_putc(name, '*');
	json_str(line->out, (struct str){ name->p, name->n });
}

static void put_mask(const struct line *line, const uint8_t *bits,
		     const uint8_t *value, bool neg)
{
	begin_match(line, equal(neg), bits);
	wire_json(line->out, key(line->op->keys[0])->type, value);
}

static void put_flags(const struct line *line)
{
	static const uint8_t zero[WIRE_MAX];
	const struct ir_op *op = line->op;
	enum wire_id type = key(op->keys[0])->type;

	if (!wire_type(type)->flags) {
		put_mask(line, op->lo, zero, !op->neg);
		return;
	}
	begin_match(line, op->neg ? "!" : "in", NULL);
	wire_json_any(line->out, type, op->lo);
}

static void put_vmap(const struct line *line)
{
	json_wrap(line->out, "vmap");
	json_object(line->out);
	json_key(line->out, "key");
	if (line->op->masked)
		put_masked(line, line->op->hi);
	else
		put_keys(line);
	json_key(line->out, "data");
	put_set(line->out, line->op->set);
}

static void put_op(const struct line *line)
{
	const struct ir_op *op = line->op;

	switch (op->kind) {
	case IR_OP_CMP:
		put_cmp(line);
		break;
	case IR_OP_PREFIX:
		put_prefix(line);
		break;
	case IR_OP_RANGE:
		begin_match(line, equal(op->neg), NULL);
		wire_json_bounds(line->out, key(op->keys[0])->type, op->lo,
				 op->hi);
		break;
	case IR_OP_FLAGS:
		put_flags(line);
		break;
	case IR_OP_MASK:
		put_mask(line, op->hi, op->lo, op->neg);
		break;
	case IR_OP_SET:
		begin_match(line, equal(op->neg), NULL);
		put_set(line->out, op->set);
		break;
	case IR_OP_VMAP:
		put_vmap(line);
		break;
	case IR_OP_NONE:
	case IR_OP_STMT:
		assert(!"no test");
	}
	json_end_n(line->out, 2);
}

void emit_json_rule(struct json *out, const struct ir_rule *rule)
{
	struct line line = { out, { 0 }, rule->ops, rule->ops + rule->nops };

	json_array(out);
	for (; line.op < line.end; line.op++) {
		if (!implied(line.op, line.end, line.known)) {
			if (line.op->kind == IR_OP_STMT)
				line.op->stmt->ops->json(out, line.op->stmt);
			else
				put_op(&line);
		}
		ir_learn(&line.known, line.op);
	}
	json_end(out);
}

static void fill_chain(struct json *out, const struct ir_chain *chain)
{
	for (const struct ir_rule *rule = chain->rules; rule;
	     rule = rule->next) {
		begin(out, "add", "rule");
		json_put_str(out, "chain", chain->name);
		json_key(out, "expr");
		emit_json_rule(out, rule);
		if (rule->comment)
			json_put_str(out, "comment", rule->comment);
		end(out);
	}
}

/* ---- The table ---- */

static void declare_chain(struct json *out, const struct ir_chain *chain)
{
	static const char *const hooks[] = {
		[IR_HOOK_PREROUTING] = "prerouting",
		[IR_HOOK_INPUT] = "input",
		[IR_HOOK_FORWARD] = "forward",
		[IR_HOOK_OUTPUT] = "output",
		[IR_HOOK_POSTROUTING] = "postrouting",
	};

	begin_named(out, "add", "chain", chain->name);
	if (chain->type) {
		json_put_str(out, "type", chain->type);
		json_put_str(out, "hook", hooks[chain->hook]);
		json_key(out, "prio");
		json_i64(out, chain->priority);
		json_put_str(out, "policy",
			     chain->policy_drop ? "drop" : "accept");
	}
	end(out);
}

static void add_limit(struct json *out, const struct ir_limit *limit)
{
	begin_named(out, "add", "limit", limit->name);
	limit_json(out, limit->rate, limit->unit, limit->burst);
	end(out);
}

static void add_object(struct json *out, const struct ir_object *object)
{
	begin_named(out, "add", ir_object_word(object), object->name);
	if (object->type == NFT_OBJECT_QUOTA) {
		json_put_u64(out, "bytes", object->bytes);
	} else if (object->type == NFT_OBJECT_CT_HELPER) {
		json_put_str(out, "type", object->helper);
		json_key(out, "protocol");
		wire_json(out, WIRE_INET_PROTO, &object->proto);
		json_put_str(out, "l3proto", "inet");
	}
	end(out);
}

/* Declared without devices, for the reasons that text.c gives. */
static void add_flowtable(struct json *out,
			  const struct ir_flowtable *flowtable, bool full)
{
	begin_named(out, "add", "flowtable", flowtable->name);
	json_put_str(out, "hook", "ingress");
	json_key(out, "prio");
	json_i64(out, flowtable->priority);
	json_key(out, "dev");
	json_array(out);
	for (size_t i = 0; full && i < flowtable->ndevices; i++)
		if (!strchr(flowtable->devices[i], '*'))
			json_text(out, flowtable->devices[i]);
	json_end(out);
	end(out);
}

static void warn(const struct ir_flowtable *flowtable, struct diags *diags)
{
	struct diag *diag;

	if (flowtable->hardware)
		diag = diag_warning(diags, flowtable->span,
				    "nft's JSON cannot ask for hardware "
				    "offload: what it loads offloads in "
				    "software");
	else if (flowtable->counter)
		diag = diag_warning(diags, flowtable->span,
				    "nft's JSON cannot ask a flowtable to "
				    "count: what it loads does not");
	else
		return;
	diag_help(diag, "load the text instead: it says everything");
}

static void declare(struct json *out, const struct ir *ir)
{
	begin(out, "add", "table");
	end(out);
	/* first: nft adds a new map's elements, which name chains, with it */
	for (const struct ir_chain *c = ir->chains; c; c = c->next)
		declare_chain(out, c);
	for (const struct ir_flowtable *f = ir->flowtables; f; f = f->next)
		add_flowtable(out, f, false);
	for (const struct ir_limit *l = ir->limits; l; l = l->next)
		add_limit(out, l);
	for (const struct ir_object *o = ir->objects; o; o = o->next)
		add_object(out, o);
	for (const struct ir_set *s = ir->sets; s; s = s->next)
		declare_set(out, s);
	for (const struct ir_set *s = ir->sets; s; s = s->next)
		make_dynamic(out, ir, s);
}

static void flush(struct json *out, const struct ir *ir)
{
	begin(out, "flush", "table");
	end(out);
	for (const struct ir_set *s = ir->sets; s; s = s->next)
		if (!s->dynamic)
			put_command(out, "delete", set_word(s), s->name);
	for (const struct ir_limit *l = ir->limits; l; l = l->next)
		put_command(out, "delete", "limit", l->name);
	for (const struct ir_flowtable *f = ir->flowtables; f; f = f->next)
		put_command(out, "delete", "flowtable", f->name);
}

static void fill(struct json *out, const struct ir *ir)
{
	for (const struct ir_flowtable *f = ir->flowtables; f; f = f->next)
		add_flowtable(out, f, true);
	for (const struct ir_limit *l = ir->limits; l; l = l->next)
		add_limit(out, l);
	for (const struct ir_set *s = ir->sets; s; s = s->next)
		fill_set(out, s);
	for (const struct ir_chain *c = ir->chains; c; c = c->next)
		fill_chain(out, c);
}

void emit_json(struct buf *out, const struct ir *ir, struct diags *diags)
{
	struct json json = json_begin(out);

	json_wrap(&json, "nftables");
	json_array(&json);
	json_wrap(&json, "metainfo");
	json_object(&json);
	json_put_u64(&json, "json_schema_version", 1);
	json_end_n(&json, 2);
	declare(&json, ir);
	flush(&json, ir);
	fill(&json, ir);
	json_end_n(&json, 2);
	json_finish(&json);
	for (const struct ir_flowtable *f = ir->flowtables; f; f = f->next)
		warn(f, diags);
}
