// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IR as a file for `nft -f`, to be read by people too.
 *
 *	declare		the table and all that is named in it, empty
 *	flush		rules; then sets, limits and flowtables go (counters and
 *			quotas go on counting)
 *	fill		everything, as nft would list it
 *
 * What must stay true: the file loads on nothing, and on what it left itself,
 * with the same result; neither the table nor a base chain is ever deleted.
 * Dynamic sets stay, the others go: one of another size would not take what is
 * more. What another policy left behind (a chain that
 * this one lacks) stays, without rules. Nothing is printed that nft adds by
 * itself: a test of the protocol ahead of its header is left out.
 */
#include <assert.h>
#include <linux/netfilter/nf_tables.h>

#include "implied.h"
#include "text.h"

/* A list of elements begins a new line from this column on. */
#define WRAP 80

struct line {
	struct buf *out;
	struct ir_known known;
	const struct ir_op *op, *end;
};

static void put_quoted(struct buf *out, const char *s)
{
	buf_putc(out, '"');
	buf_puts(out, s);
	buf_putc(out, '"');
}

/* Numbers may be negative. */
static void put_int(struct buf *out, int n)
{
	if (n < 0)
		buf_putc(out, '-');
	buf_put_u64(out,
		    n < 0 ? -(unsigned long long)n : (unsigned long long)n);
}

/* ---- Sets ---- */

static void put_field(struct buf *out, const struct ir_set *set, unsigned int i,
		      const uint8_t *lo)
{
	if (set->interval)
		wire_print_range(out, set->fields[i], lo, lo + set->klen);
	else
		wire_print(out, set->fields[i], lo);
}

static void put_element(struct buf *out, const struct ir_set *set, size_t i)
{
	const uint8_t *at = set->keys + i * ir_set_stride(set);

	for (unsigned int f = 0; f < set->nfields; f++) {
		if (f)
			buf_puts(out, " . ");
		put_field(out, set, f, at);
		at += ir_field_len(set, f);
	}
	if (set->verdicts) {
		buf_puts(out, " : ");
		verdict_print(out, set->verdicts[i].code,
			      set->verdicts[i].chain);
	} else if (set->data_type) {
		buf_puts(out, " : ");
		wire_print(out, set->data_type,
			   set->data + i * wire_type(set->data_type)->len);
	}
}

static void put_anonymous(struct buf *out, const struct ir_set *set)
{
	buf_puts(out, "{ ");
	for (size_t i = 0; i < set->nelems; i++) {
		if (i)
			buf_puts(out, ", ");
		put_element(out, set, i);
	}
	buf_puts(out, " }");
}

static void put_set(struct buf *out, const struct ir_set *set)
{
	if (set->name) {
		buf_putc(out, '@');
		buf_puts(out, set->name);
	} else {
		put_anonymous(out, set);
	}
}

/* Verdict maps have one element a line, lists are wrapped. */
static void put_elements(struct buf *out, const struct ir_set *set)
{
	size_t begin = 0;

	if (!set->nelems)
		return;
	buf_puts(out, "\t\telements = {");
	for (size_t i = 0; i < set->nelems; i++) {
		if (i)
			buf_putc(out, ',');
		if (!i || set->verdicts || out->n - begin > WRAP) {
			begin = out->n;
			buf_puts(out, "\n\t\t\t");
		} else {
			buf_putc(out, ' ');
		}
		put_element(out, set, i);
	}
	buf_puts(out, "\n\t\t}\n");
}

static void put_timeout(struct buf *out, uint64_t ms)
{
	if (!ms)
		return;
	buf_puts(out, "\t\ttimeout ");
	if (ms >= 1000) {
		buf_put_u64(out, ms / 1000);
		buf_putc(out, 's');
	}
	if (ms % 1000) {
		buf_put_u64(out, ms % 1000);
		buf_puts(out, "ms");
	}
	buf_putc(out, '\n');
}

static void put_set_flags(struct buf *out, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *word;
	} words[] = {
		{ NFT_SET_EVAL, "dynamic" },
		{ NFT_SET_INTERVAL, "interval" },
		{ NFT_SET_TIMEOUT, "timeout" },
	};
	const char *before = "\t\tflags ";

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!(flags & words[i].flag))
			continue;
		buf_puts(out, before);
		buf_puts(out, words[i].word);
		before = ",";
	}
	if (*before == ',')
		buf_putc(out, '\n');
}

static const char *set_word(const struct ir_set *set)
{
	return set->verdicts || set->data_type ? "map" : "set";
}

/* "\tset name {": what every named thing of a table begins with. */
static void put_head(struct buf *out, const char *word, const char *name)
{
	buf_putc(out, '\t');
	buf_puts(out, word);
	buf_putc(out, ' ');
	buf_puts(out, name);
	buf_puts(out, " {\n");
}

static void put_named_set(struct buf *out, const struct ir_set *set, bool full)
{
	put_head(out, set_word(set), set->name);
	buf_puts(out, "\t\ttype ");
	for (unsigned int i = 0; i < set->nfields; i++) {
		if (i)
			buf_puts(out, " . ");
		buf_puts(out, wire_type(set->fields[i])->name);
	}
	if (set->verdicts)
		buf_puts(out, " : verdict");
	else if (set->data_type)
		buf_printf(out, " : %s", wire_type(set->data_type)->name);
	buf_putc(out, '\n');
	if (ir_set_size(set)) {
		buf_puts(out, "\t\tsize ");
		buf_put_u64(out, ir_set_size(set));
		buf_putc(out, '\n');
	}
	put_set_flags(out, ir_set_flags(set));
	put_timeout(out, set->timeout);
	if (full)
		put_elements(out, set);
	buf_puts(out, "\t}\n");
}

/* ---- Rules ---- */

static void put_key(struct line *line, enum key_id id)
{
	const char *text = key(id)->text;

	if (implied_header(line->known, id)) {
		wire_print(line->out, WIRE_INET_PROTO, &line->known.l4proto);
		text = strchr(text, ' ');
	}
	buf_puts(line->out, text);
}

static void put_keys(struct line *line)
{
	for (unsigned int i = 0; i < line->op->nkeys; i++) {
		if (i)
			buf_puts(line->out, " . ");
		put_key(line, line->op->keys[i]);
	}
	buf_putc(line->out, ' ');
}

static void put_cmp(struct buf *out, const struct ir_op *op)
{
	static const char *const words[] = {
		[NFT_CMP_EQ] = "",   [NFT_CMP_NEQ] = "!= ",
		[NFT_CMP_LT] = "< ", [NFT_CMP_LTE] = "<= ",
		[NFT_CMP_GT] = "> ", [NFT_CMP_GTE] = ">= ",
	};
	enum wire_id type = key(op->keys[0])->type;

	if (op->cmp == NFT_CMP_EQ && wire_type(type)->flags)
		buf_puts(out, "== "); /* else any of the bits would do */
	buf_puts(out, words[op->cmp]);
	wire_print(out, type, op->lo);
}

static void put_prefix(struct buf *out, const struct ir_op *op)
{
	enum wire_id type = key(op->keys[0])->type;

	buf_puts(out, op->neg ? "!= " : "");
	if (type == WIRE_IFNAME) {
		buf_putc(out, '"');
		buf_add(out, op->lo, op->plen / 8);
		buf_puts(out, "*\"");
		return;
	}
	wire_print(out, type, op->lo);
	buf_putc(out, '/');
	buf_put_u64(out, op->plen);
}

static void put_range(struct buf *out, const struct ir_op *op)
{
	buf_puts(out, op->neg ? "!= " : "");
	wire_print_bounds(out, key(op->keys[0])->type, op->lo, op->hi);
}

static void put_mask(struct buf *out, const struct ir_op *op,
		     const uint8_t *bits, const uint8_t *value, bool neg)
{
	enum wire_id type = key(op->keys[0])->type;

	buf_puts(out, "& ");
	wire_print(out, type, bits);
	buf_puts(out, neg ? " != " : " == ");
	wire_print(out, type, value);
}

static void put_flags(struct buf *out, const struct ir_op *op)
{
	static const uint8_t zero[WIRE_MAX];
	enum wire_id type = key(op->keys[0])->type;

	if (!wire_type(type)->flags) {
		put_mask(out, op, op->lo, zero, !op->neg);
		return;
	}
	buf_puts(out, op->neg ? "! " : "");
	wire_print_any(out, type, op->lo);
}

static void put_vmap(struct buf *out, const struct ir_op *op)
{
	if (op->masked) {
		buf_puts(out, "& ");
		wire_print(out, key(op->keys[0])->type, op->hi);
		buf_putc(out, ' ');
	}
	buf_puts(out, "vmap ");
	put_set(out, op->set);
}

static void put_op(struct line *line)
{
	const struct ir_op *op = line->op;
	struct buf *out = line->out;

	put_keys(line);
	switch (op->kind) {
	case IR_OP_CMP:
		put_cmp(out, op);
		break;
	case IR_OP_PREFIX:
		put_prefix(out, op);
		break;
	case IR_OP_RANGE:
		put_range(out, op);
		break;
	case IR_OP_FLAGS:
		put_flags(out, op);
		break;
	case IR_OP_MASK:
		put_mask(out, op, op->hi, op->lo, op->neg);
		break;
	case IR_OP_SET:
		buf_puts(out, op->neg ? "!= " : "");
		put_set(out, op->set);
		break;
	case IR_OP_VMAP:
		put_vmap(out, op);
		break;
	case IR_OP_NONE:
	case IR_OP_STMT:
		assert(!"no test");
	}
}

void emit_text_rule(struct buf *out, const struct ir_rule *rule)
{
	struct line line = { out, { 0 }, rule->ops, rule->ops + rule->nops };
	size_t begin = out->n;

	if (rule->raw) {
		buf_puts(out, rule->raw);
		return;
	}
	for (; line.op < line.end; line.op++) {
		if (!implied(line.op, line.end, line.known)) {
			if (out->n > begin)
				buf_putc(out, ' ');
			if (line.op->kind == IR_OP_STMT)
				line.op->stmt->ops->print(out, line.op->stmt);
			else
				put_op(&line);
		}
		ir_learn(&line.known, line.op);
	}
	if (!rule->comment)
		return;
	buf_puts(out, " comment ");
	put_quoted(out, rule->comment);
}

/* ---- The table ---- */

static void put_chain(struct buf *out, const struct ir_chain *chain, bool full)
{
	static const char *const hooks[] = {
		[IR_HOOK_PREROUTING] = "prerouting",
		[IR_HOOK_INPUT] = "input",
		[IR_HOOK_FORWARD] = "forward",
		[IR_HOOK_OUTPUT] = "output",
		[IR_HOOK_POSTROUTING] = "postrouting",
	};

	put_head(out, "chain", chain->name);
	if (chain->type) {
		buf_puts(out, "\t\ttype ");
		buf_puts(out, chain->type);
		buf_puts(out, " hook ");
		buf_puts(out, hooks[chain->hook]);
		buf_puts(out, " priority ");
		if (chain->priority_text)
			buf_puts(out, chain->priority_text);
		else
			put_int(out, chain->priority);
		buf_puts(out, "; policy ");
		buf_puts(out, chain->policy_drop ? "drop;\n" : "accept;\n");
	}
	for (const struct ir_rule *rule = full ? chain->rules : NULL; rule;
	     rule = rule->next) {
		buf_puts(out, "\t\t");
		emit_text_rule(out, rule);
		buf_putc(out, '\n');
	}
	buf_puts(out, "\t}\n");
}

static void put_limit(struct buf *out, const struct ir_limit *limit)
{
	put_head(out, "limit", limit->name);
	buf_puts(out, "\t\t");
	limit_print(out, limit->rate, limit->unit, limit->burst);
	buf_puts(out, "\n\t}\n");
}

/* In the greatest unit that it is a whole number of, as nft lists it. */
static void put_bytes(struct buf *out, uint64_t bytes)
{
	static const char *const units[] = { " bytes", " kbytes", " mbytes" };
	size_t i = 0;

	for (; i < 2 && bytes && bytes % 1024 == 0; i++)
		bytes /= 1024;
	buf_put_u64(out, bytes);
	buf_puts(out, units[i]);
}

/* Counters and quotas that are there keep what they counted. */
static void put_object(struct buf *out, const struct ir_object *object)
{
	put_head(out, ir_object_word(object), object->name);
	if (object->type == NFT_OBJECT_QUOTA) {
		buf_puts(out, "\t\t");
		put_bytes(out, object->bytes);
		buf_putc(out, '\n');
	} else if (object->type == NFT_OBJECT_CT_HELPER) {
		buf_puts(out, "\t\ttype \"");
		buf_puts(out, object->helper);
		buf_puts(out, "\" protocol ");
		wire_print(out, WIRE_INET_PROTO, &object->proto);
		buf_puts(out, ";\n\t\tl3proto inet\n");
	}
	buf_puts(out, "\t}\n");
}

static bool is_exact(const char *device)
{
	return !strchr(device, '*');
}

static void put_devices(struct buf *out, const struct ir_flowtable *flowtable)
{
	const char *before = "\t\tdevices = { ";

	for (size_t i = 0; i < flowtable->ndevices; i++) {
		if (!is_exact(flowtable->devices[i]))
			continue;
		buf_puts(out, before);
		put_quoted(out, flowtable->devices[i]);
		before = ", ";
	}
	if (*before == ',')
		buf_puts(out, " }\n");
}

/*
 * Declared without devices: what is there already keeps its own, and what is
 * not there never takes a device twice in the transaction.
 */
static void put_flowtable(struct buf *out, const struct ir_flowtable *flowtable,
			  bool full)
{
	put_head(out, "flowtable", flowtable->name);
	buf_puts(out, "\t\thook ingress priority ");
	if (flowtable->priority)
		put_int(out, flowtable->priority);
	else
		buf_puts(out, "filter");
	buf_putc(out, '\n');
	if (full)
		put_devices(out, flowtable);
	if (flowtable->hardware)
		buf_puts(out, "\t\tflags offload\n");
	if (flowtable->counter)
		buf_puts(out, "\t\tcounter\n");
	buf_puts(out, "\t}\n");
}

static void put_gap(struct buf *out, bool *first)
{
	if (!*first)
		buf_putc(out, '\n');
	*first = false;
}

static void put_table(struct buf *out, const struct ir *ir, bool full)
{
	bool first = true;

	buf_puts(out, "\ntable inet " IR_TABLE " {\n");
	for (const struct ir_flowtable *f = ir->flowtables; f; f = f->next) {
		put_gap(out, &first);
		put_flowtable(out, f, full);
	}
	for (const struct ir_limit *l = ir->limits; l; l = l->next) {
		put_gap(out, &first);
		put_limit(out, l);
	}
	for (const struct ir_object *o = ir->objects; o; o = o->next) {
		put_gap(out, &first);
		put_object(out, o);
	}
	for (const struct ir_set *s = ir->sets; s; s = s->next) {
		put_gap(out, &first);
		put_named_set(out, s, full);
	}
	for (const struct ir_chain *c = ir->chains; c; c = c->next) {
		put_gap(out, &first);
		put_chain(out, c, full);
	}
	buf_puts(out, "}\n");
}

static void put_command(struct buf *out, const char *verb, const char *object,
			const char *name)
{
	buf_puts(out, verb);
	buf_putc(out, ' ');
	buf_puts(out, object);
	buf_puts(out, " inet " IR_TABLE);
	if (name) {
		buf_putc(out, ' ');
		buf_puts(out, name);
	}
	buf_putc(out, '\n');
}

static void put_flush(struct buf *out, const struct ir *ir)
{
	buf_putc(out, '\n');
	put_command(out, "flush", "table", NULL);
	for (const struct ir_set *s = ir->sets; s; s = s->next)
		if (!s->dynamic)
			put_command(out, "delete", set_word(s), s->name);
	for (const struct ir_limit *l = ir->limits; l; l = l->next)
		put_command(out, "delete", "limit", l->name);
	for (const struct ir_flowtable *f = ir->flowtables; f; f = f->next)
		put_command(out, "delete", "flowtable", f->name);
}

void emit_text_raws(struct buf *out, const struct ir *ir,
		    void (*fn)(void *data, const struct ir_chain *chain,
			       struct ir_rule *rule),
		    void *data)
{
	put_table(out, ir, false);
	for (struct ir_chain *c = ir->chains; c; c = c->next)
		for (struct ir_rule *r = c->rules; r; r = r->next) {
			if (!r->raw)
				continue;
			buf_puts(out, "add rule inet " IR_TABLE " ");
			buf_puts(out, c->name);
			buf_putc(out, ' ');
			buf_puts(out, r->raw);
			buf_putc(out, '\n');
			fn(data, c, r);
		}
}

void emit_text(struct buf *out, const struct ir *ir)
{
	buf_puts(out, "# ");
	buf_puts(out, ir->policy);
	buf_puts(out, ": compiled by nftoffc; load with nft -f\n");
	put_table(out, ir, false);
	put_flush(out, ir);
	put_table(out, ir, true);
}
