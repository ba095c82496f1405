// SPDX-License-Identifier: GPL-2.0-only
/*
 * What differs between two contents: saying it, and where the policy speaks of
 * it.
 */
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/map.h"
#include "runtime/netlink/nl.h"
#include "runtime/ruleset/changes.h"
#include "runtime/ruleset/changes_parts.h"

/* In a concatenation nft's datatype numbers take 6 bits a field. */
#define NFT_TYPE_BITS 6
#define KEY_MAX (IR_CONCAT_MAX * WIRE_MAX)

/*
 * Keys
 */

static enum wire_id type_of(uint32_t nft_id)
{
	unsigned int i;

	for (i = WIRE_NONE + 1; i < WIRE_IDS; i++)
		if (wire_type((enum wire_id)i)->nft_id == nft_id)
			return (enum wire_id)i;
	return WIRE_NONE;
}

/* What fields a key has, 0: not all of them are known here. */
static unsigned int fields_of(const struct content_set *set,
			      enum wire_id fields[IR_CONCAT_MAX])
{
	const struct nlattr *attrs[NFTA_SET_MAX + 1];
	uint32_t types, len = 0;
	unsigned int i, n = 0;

	nl_attrs(set->thing.made.header, NULL, attrs, NFTA_SET_MAX);
	types = nl_be32(attrs[NFTA_SET_KEY_TYPE], 0);
	while (n < IR_CONCAT_MAX && types >> n * NFT_TYPE_BITS)
		n++;
	for (i = 0; i < n; i++) {
		fields[i] = type_of(types >> (n - 1 - i) * NFT_TYPE_BITS &
				    ((1u << NFT_TYPE_BITS) - 1));
		if (!fields[i])
			return 0;
		len += n > 1 ? (wire_type(fields[i])->len + 3u) & ~3u :
			       wire_type(fields[i])->len;
	}
	return len == set->key_len ? n : 0;
}

static void put_bytes(struct buf *out, const uint8_t *bytes, size_t n)
{
	size_t i;

	buf_puts(out, "0x");
	for (i = 0; i < n; i++)
		buf_printf(out, "%02x", bytes[i]);
}

/* What an interval ends before, as its last value. */
static void step_back(uint8_t *bytes, size_t n)
{
	while (n-- && !bytes[n]--)
		;
}

static const uint8_t *key_of_end(const struct nlattr *element, size_t n)
{
	const struct nlattr *attrs[NFTA_SET_ELEM_MAX + 1];

	nl_attrs(NULL, element, attrs, NFTA_SET_ELEM_MAX);
	if (!attrs[NFTA_SET_ELEM_KEY])
		return NULL;
	nl_attrs(NULL, attrs[NFTA_SET_ELEM_KEY], attrs, NFTA_DATA_MAX);
	if (!attrs[NFTA_DATA_VALUE] ||
	    mnl_attr_get_payload_len(attrs[NFTA_DATA_VALUE]) != n)
		return NULL;
	return mnl_attr_get_payload(attrs[NFTA_DATA_VALUE]);
}

/* The last key that is in it; where it has no end, to the top. */
static void last_key(const struct content_set *set,
		     const struct content_element *e, uint8_t last[KEY_MAX])
{
	const uint8_t *end = NULL;

	if (e->key_end) {
		memcpy(last, e->key_end, e->key_len);
	} else if (set->flags & NFT_SET_INTERVAL &&
		   !(set->flags & NFT_SET_CONCAT)) {
		end = e->end ? key_of_end(e->end, e->key_len) : NULL;
		if (end)
			memcpy(last, end, e->key_len);
		else
			memset(last, 0, e->key_len);
		step_back(last, e->key_len);
	} else {
		memcpy(last, e->key, e->key_len);
	}
}

static void put_field(struct buf *out, enum wire_id type, bool turned,
		      const uint8_t *lo, const uint8_t *hi)
{
	uint8_t first[WIRE_MAX], last[WIRE_MAX];

	if (turned) {
		wire_from_network(type, lo, first);
		wire_from_network(type, hi, last);
		lo = first;
		hi = last;
	}
	wire_print_range(out, type, lo, hi);
}

void changes_element_text(struct buf *out, const struct content_set *set,
			  const struct content_element *e)
{
	enum wire_id fields[IR_CONCAT_MAX];
	unsigned int i, n = fields_of(set, fields);
	uint8_t last[KEY_MAX];
	size_t at = 0;

	if (!e->key || !n || e->key_len != set->key_len ||
	    e->key_len > KEY_MAX) {
		put_bytes(out, e->key, e->key ? e->key_len : 0);
		return;
	}
	last_key(set, e, last);
	for (i = 0; i < n; i++) {
		if (i)
			buf_puts(out, " . ");
		put_field(out, fields[i], set->flags & NFT_SET_INTERVAL,
			  e->key + at, last + at);
		at += (wire_type(fields[i])->len + 3u) & ~3u;
	}
}

/*
 * Words
 */

static const char *const kinds[] = {
	[CHANGE_POLICY] = "policy",
	[CHANGE_TABLE] = "table",
	[CHANGE_CHAIN] = "chain",
	[CHANGE_CHAIN_POLICY] = "chain policy",
	[CHANGE_RULE] = "rule",
	[CHANGE_SET] = "set",
	[CHANGE_ELEMENT] = "element",
	[CHANGE_OBJECT] = "object",
	[CHANGE_FLOWTABLE] = "flowtable",
	[CHANGE_DEVICE] = "device",
};

/* What a change's detail is in JSON. */
static const char *const details[] = {
	[CHANGE_POLICY] = "former", [CHANGE_CHAIN_POLICY] = "policy",
	[CHANGE_RULE] = "does",	    [CHANGE_ELEMENT] = "elements",
	[CHANGE_DEVICE] = NULL,
};

static const char *const hows[] = {
	[CHANGE_CHANGED] = "changed",
	[CHANGE_ADDED] = "added",
	[CHANGE_REMOVED] = "removed",
	[CHANGE_MOVED] = "moved",
};

static const char *const preposition[] = {
	[CHANGE_CHANGED] = "in",
	[CHANGE_ADDED] = "to",
	[CHANGE_REMOVED] = "from",
	[CHANGE_MOVED] = "within",
};

static const char *object_word(uint32_t type)
{
	switch (type) {
	case NFT_OBJECT_COUNTER:
		return "counter";
	case NFT_OBJECT_QUOTA:
		return "quota";
	case NFT_OBJECT_LIMIT:
		return "limit";
	case NFT_OBJECT_CT_HELPER:
		return "helper";
	}
	return "object";
}

static const char *rule_text(struct arena *arena, const struct change *c)
{
	const char *who, *more = "";

	if (c->name)
		who = arena_printf(arena, "rule %s", c->name);
	else if (c->detail)
		who = arena_printf(arena, "a rule without name that %s",
				   c->detail);
	else
		who = "a rule without name";
	if (c->count > 1)
		more = arena_printf(arena, ", and %zu more like it",
				    c->count - 1);
	return arena_printf(arena, "%s %s %s chain %s%s", who, hows[c->how],
			    preposition[c->how], c->in, more);
}

static const char *element_text(struct arena *arena, const struct change *c)
{
	const char *what =
		c->count == 1 ? "element" :
				arena_printf(arena, "%zu elements", c->count);
	const char *more = c->count > CHANGE_ELEMENTS_SHOWN ? ", ..." : "";

	return arena_printf(arena, "%s %s%s %s %s set %s", what, c->detail,
			    more, hows[c->how], preposition[c->how], c->in);
}

const char *change_text(const struct changes *changes, const struct change *c)
{
	struct arena *arena = changes->arena;

	switch (c->kind) {
	case CHANGE_RULE:
		return rule_text(arena, c);
	case CHANGE_ELEMENT:
		return element_text(arena, c);
	case CHANGE_POLICY:
		return c->detail ?
			       arena_printf(arena, "policy %s becomes %s",
					    c->detail, c->name) :
			       arena_printf(arena, "policy %s added", c->name);
	case CHANGE_TABLE:
		return "the table is dormant: no rule of it is asked";
	case CHANGE_CHAIN_POLICY:
		return arena_printf(arena, "policy of chain %s changed to %s",
				    c->name, c->detail);
	case CHANGE_DEVICE:
		return arena_printf(arena, "device %s %s %s flowtable %s",
				    c->name, hows[c->how], preposition[c->how],
				    c->in);
	case CHANGE_OBJECT:
		return arena_printf(arena, "%s %s %s", object_word(c->type),
				    c->name, hows[c->how]);
	case CHANGE_CHAIN:
	case CHANGE_SET:
	case CHANGE_FLOWTABLE:
		break;
	}
	return arena_printf(arena, "%s %s %s", kinds[c->kind], c->name,
			    hows[c->how]);
}

/* Where no policy ran, only what the new one speaks of is news. */
static bool goes_without_saying(const struct change *c, bool all_is_new)
{
	return all_is_new && c->kind != CHANGE_POLICY && !c->span.source;
}

void changes_print(const struct changes *changes, struct buf *out)
{
	bool all_is_new = false;
	struct place place;
	size_t i;

	for (i = 0; i < changes->list.n; i++) {
		const struct change *c = &changes->list.v[i];

		all_is_new = all_is_new || (c->kind == CHANGE_POLICY &&
					    c->how == CHANGE_ADDED);
		if (goes_without_saying(c, all_is_new))
			continue;
		if (c->span.source) {
			place = span_place(c->sources, c->span);
			buf_printf(out, "%s:%u: ", place.path, place.line);
		}
		buf_printf(out, "%s\n", change_text(changes, c));
	}
}

static void change_json(struct json *json, const struct change *c)
{
	json_object(json);
	json_put_str(json, "kind", kinds[c->kind]);
	json_put_str(json, "change", hows[c->how]);
	if (c->kind == CHANGE_OBJECT)
		json_put_str(json, "type", object_word(c->type));
	if (c->name)
		json_put_str(json, "name", c->name);
	if (c->in)
		json_put_str(json, "in", c->in);
	if (c->count != 1)
		json_put_u64(json, "count", c->count);
	if (c->detail)
		json_put_str(json, details[c->kind], c->detail);
	if (c->span.source)
		span_json(json, c->sources, c->span);
	json_end(json);
}

void changes_json(const struct changes *changes, struct json *json)
{
	size_t i;

	json_array(json);
	for (i = 0; i < changes->list.n; i++)
		change_json(json, &changes->list.v[i]);
	json_end(json);
}

/* Those that have a place, or those that have none; how many were told. */
static size_t warn(const struct changes *changes, struct diags *diags,
		   size_t most, bool placed)
{
	size_t i, n = 0;

	for (i = 0; i < changes->list.n && n < most; i++) {
		const struct change *c = &changes->list.v[i];

		if (!c->span.source == placed)
			continue;
		diag_warning(diags, c->span,
			     "another program changed what runs: %s",
			     change_text(changes, c));
		n++;
	}
	return n;
}

void changes_warn(const struct changes *changes, struct diags *diags,
		  size_t most)
{
	const struct span nowhere = { 0 };
	size_t n = warn(changes, diags, most, true);

	n += warn(changes, diags, most - n, false);
	if (n < changes->list.n)
		diag_warning(diags, nowhere,
			     "another program changed what runs: and %zu more "
			     "such changes",
			     changes->list.n - n);
}

/*
 * Places
 */

struct spot {
	struct span span;
};

struct places {
	struct arena *arena;
	struct map spots; /* "rule accept-lan-to-wan" -> struct spot * */
};

static void add_place(struct places *p, enum change_kind kind, const char *name,
		      struct span span)
{
	struct spot *spot;

	if (!name || !span.source)
		return;
	spot = arena_new_object(p->arena, struct spot);
	spot->span = span;
	map_add(&p->spots, str_of(arena_printf(p->arena, "%d %s", kind, name)),
		spot);
}

static struct span find_place(const struct places *p, enum change_kind kind,
			      const char *name)
{
	const struct spot *spot;

	if (!name)
		return (struct span){ 0 };
	spot = map_get(&p->spots,
		       str_of(arena_printf(p->arena, "%d %s", kind, name)));
	return spot ? spot->span : (struct span){ 0 };
}

static void read_places(struct places *p, const struct ir *ir)
{
	const struct ir_flowtable *flowtable;
	const struct ir_object *object;
	const struct ir_chain *chain;
	const struct ir_limit *limit;
	const struct ir_rule *rule;
	const struct ir_set *set;

	for (chain = ir->chains; chain; chain = chain->next) {
		add_place(p, CHANGE_CHAIN, chain->name, chain->span);
		for (rule = chain->rules; rule; rule = rule->next)
			add_place(p, CHANGE_RULE, rule->comment, rule->span);
	}
	for (set = ir->sets; set; set = set->next)
		add_place(p, CHANGE_SET, set->name, set->span);
	for (limit = ir->limits; limit; limit = limit->next)
		add_place(p, CHANGE_OBJECT, limit->name, limit->span);
	for (object = ir->objects; object; object = object->next)
		add_place(p, CHANGE_OBJECT, object->name, object->span);
	for (flowtable = ir->flowtables; flowtable; flowtable = flowtable->next)
		add_place(p, CHANGE_FLOWTABLE, flowtable->name,
			  flowtable->span);
}

/* What is in something stands where that does, if it has no place. */
static struct span place_of(const struct places *p, const struct change *c)
{
	struct span span = { 0 };

	switch (c->kind) {
	case CHANGE_POLICY:
	case CHANGE_TABLE:
		return span;
	case CHANGE_CHAIN_POLICY:
		return find_place(p, CHANGE_CHAIN, c->name);
	case CHANGE_ELEMENT:
		return find_place(p, CHANGE_SET, c->in);
	case CHANGE_DEVICE:
		return find_place(p, CHANGE_FLOWTABLE, c->in);
	case CHANGE_RULE:
	case CHANGE_CHAIN:
	case CHANGE_SET:
	case CHANGE_OBJECT:
	case CHANGE_FLOWTABLE:
		break;
	}
	return find_place(p, c->kind, c->name);
}

void changes_place(struct changes *changes, const struct ir *ir,
		   const struct sources *sources)
{
	struct places p = { .arena = changes->arena };
	size_t i;

	if (!changes->list.n)
		return;
	map_init(&p.spots, p.arena);
	read_places(&p, ir);
	for (i = 0; i < changes->list.n; i++) {
		struct change *c = &changes->list.v[i];

		if (c->span.source)
			continue;
		c->span = place_of(&p, c);
		c->sources = sources;
	}
}
