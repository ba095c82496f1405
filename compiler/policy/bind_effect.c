// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a rule does besides its verdict, and the conditions on how often and
 * how much: the keys of a rule that are neither zones nor matches.
 *
 * What must stay true: which action may have which key the rows of rule_fields
 * say; what "set" means depends on the action, so it is bound when all is known.
 */
#include <stdlib.h>

#include "bind.h"

/* ---- limits ---- */

static const char *const per_words[] = { "source", "rule", NULL };

static void bind_per(struct binder *b, const struct node *node, enum per *per)
{
	int i = bind_word(b, node, per_words, "whom it holds for");

	if (i >= 0)
		*per = i ? PER_RULE : PER_SOURCE;
}

static void bind_sources(struct binder *b, const struct node *node,
			 uint32_t *size)
{
	uint64_t n;

	if (bind_number(b, node, 1, 100000000, &n))
		*size = (uint32_t)n;
}

void limit_rate(struct binder *b, const struct node *node, void *into)
{
	struct limit_spec *limit = into, rate = { 0 };

	if (!bind_rate(b, node, &rate))
		return;
	limit->rate = rate.rate;
	limit->unit = rate.unit;
	if (!limit->burst)
		limit->burst = rate.burst;
}

void limit_burst(struct binder *b, const struct node *node, void *into)
{
	uint64_t burst;

	if (bind_number(b, node, 1, UINT32_MAX, &burst))
		((struct limit_spec *)into)->burst = (uint32_t)burst;
}

static void limit_per(struct binder *b, const struct node *node, void *into)
{
	bind_per(b, node, &((struct limit_spec *)into)->per);
}

void limit_size(struct binder *b, const struct node *node, void *into)
{
	bind_sources(b, node, &((struct limit_spec *)into)->size);
}

const struct field limit_fields[] = {
	{ "rate", limit_rate, true | FIELD_PHRASE, .type = "<rate>",
	  .doc = DOC("How many new connections.") },
	{ "burst", limit_burst, false, .type = "<number>",
	  .doc = DOC("How many may come at once, instead of what `rate` "
		     "says.") },
	{ "per", limit_per, false, .type = "rule | source", .dflt = "rule",
	  .doc = DOC("Whether all sources share the rate, or each address has "
		     "its own.") },
	{ "size", limit_size, false, .type = "<number>", .dflt = "65535",
	  .doc = DOC("How many sources are remembered. When there are more, "
		     "connections of the others go on with the next rule. A "
		     "source is forgotten when its rate would be unused again, "
		     "after a minute at least.") },
	{ NULL, NULL, false },
};

void rule_limit(struct binder *b, const struct node *node, void *into)
{
	struct limit_spec *limit = &((struct rule_fill *)into)->rule->limit;

	if (node->kind == NODE_MAP)
		bind_map(b, node, limit_fields, limit, "\"limit\"", NULL);
	else
		bind_rate(b, node, limit);
	if (!limit->size)
		limit->size = PER_SOURCE_SIZE;
}

static void connections_max(struct binder *b, const struct node *node,
			    void *into)
{
	uint64_t max;

	if (bind_number(b, node, 1, UINT32_MAX, &max))
		((struct connections_spec *)into)->max = (uint32_t)max;
}

static void connections_per(struct binder *b, const struct node *node,
			    void *into)
{
	bind_per(b, node, &((struct connections_spec *)into)->per);
}

static void connections_size(struct binder *b, const struct node *node,
			     void *into)
{
	bind_sources(b, node, &((struct connections_spec *)into)->size);
}

const struct field connections_fields[] = {
	{ "max", connections_max, true, .type = "<number>",
	  .doc = DOC("How many at the same time.") },
	{ "per", connections_per, false, .type = "source | rule",
	  .dflt = "source",
	  .doc = DOC("Whether each source address may have so many, or all of "
		     "them together.") },
	{ "size", connections_size, false, .type = "<number>", .dflt = "65535",
	  .doc = DOC("How many sources are counted at the same time. "
		     "Connections of more sources go on with the next rule.") },
	{ NULL, NULL, false },
};

void rule_connections(struct binder *b, const struct node *node, void *into)
{
	struct connections_spec *spec =
		&((struct rule_fill *)into)->rule->connections;

	spec->per = PER_SOURCE;
	spec->size = PER_SOURCE_SIZE;
	spec->span = node->span;
	if (node->kind == NODE_MAP)
		bind_map(b, node, connections_fields, spec, "\"connections\"",
			 NULL);
	else
		connections_max(b, node, spec);
}

void rule_quota(struct binder *b, const struct node *node, void *into)
{
	static const char expected[] = "bytes, as in \"500 MB\" or \"10 GB\"";
	struct rule *rule = ((struct rule_fill *)into)->rule;
	uint64_t packets = 0;

	rule->quota_span = node->span;
	if (bind_amount(b, node, expected, &packets, &rule->quota) && packets)
		bind_expected(b, node, expected);
}

/* ---- counters and sets ---- */

static void count_when(struct binder *b, const struct node *node, void *into)
{
	static const char *const words[] = { "every", "new", NULL };
	int i = bind_word(b, node, words, "when to count");

	if (i >= 0)
		((struct rule_fill *)into)->rule->count.when = i ? LOG_NEW :
								   LOG_EVERY;
}

static void count_name(struct binder *b, const struct node *node, void *into)
{
	((struct rule_fill *)into)->rule->count.name =
		bind_name(b, node, "a counter");
}

const struct field count_fields[] = {
	{ "name", count_name, FIELD_FIRST, .type = "<name>",
	  .doc = DOC("The counter's name; the default is the rule's.") },
	{ "when", count_when, false, .type = "every | new", .dflt = "every",
	  .doc = DOC(
		  "What is counted: each packet of the connection in both "
		  "directions, which keeps it from being offloaded, or the "
		  "first one alone, so that the packets counted are "
		  "connections opened. Of a connection that is refused, each "
		  "packet counts.") },
	{ NULL, NULL, false },
};

void rule_count(struct binder *b, const struct node *node, void *into)
{
	struct count_spec *count = &((struct rule_fill *)into)->rule->count;

	count->when = LOG_EVERY;
	count->span = node->span;
	if (node->kind == NODE_MAP)
		bind_map(b, node, count_fields, into, "\"count\"", NULL);
	else if (node->kind != NODE_SCALAR || node->quoted ||
		 !str_is(node->scalar, "true"))
		count_name(b, node, into);
}

static bool is_filled_by_packets(const struct set *set)
{
	int f;

	if (!set->dynamic)
		return false;
	for (f = 0; f < FAMILIES; f++) {
		const struct ranges *ranges = &set->elements[f];
		size_t i, len = ranges->len;

		for (i = 0; i < ranges->n; i++)
			if (memcmp(ranges->v + 2 * i * len,
				   ranges->v + (2 * i + 1) * len, len) != 0)
				return false;
	}
	return true;
}

static void add_set(struct binder *b, const struct node *node, void *into)
{
	struct add_spec *add = into;
	const struct set *set;
	struct diag *diag;

	if (node->kind != NODE_SCALAR || !node->scalar.n ||
	    node->scalar.p[0] != '@') {
		bind_expected(b, node, "a set, as in \"@suspect\"");
		return;
	}
	set = bind_set_ref(b, node);
	if (!set)
		return;
	if (set->type == &type_address && is_filled_by_packets(set)) {
		add->set = set;
		return;
	}
	diag = diag_error(b->diags, node->span,
			  "nothing can be added to the set \"%s\": it %s",
			  set->name,
			  set->type != &type_address ? "has no addresses" :
			  !set->dynamic		     ? "has fixed elements" :
						       "has prefixes or ranges");
	diag_note(diag, set->span, "the set is defined here");
	if (!set->dynamic)
		diag_help(diag, "give it a timeout, or no elements");
}

static void add_timeout(struct binder *b, const struct node *node, void *into)
{
	uint64_t seconds;

	if (bind_duration(b, node, &seconds))
		((struct add_spec *)into)->timeout = seconds * 1000;
}

const struct field add_fields[] = {
	{ "set", add_set, true | FIELD_FIRST, .type = "<set>",
	  .doc = DOC("The set, as `\"@name\"`.") },
	{ "timeout", add_timeout, FIELD_PHRASE, .type = "<duration>",
	  .doc = DOC("How long the source stays in it, instead of the set's "
		     "own timeout.") },
	{ NULL, NULL, false },
};

void rule_add_to(struct binder *b, const struct node *node, void *into)
{
	struct add_spec *add = &((struct rule_fill *)into)->rule->add;

	add->span = node->span;
	if (node->kind == NODE_MAP)
		bind_map(b, node, add_fields, add, "\"add-to\"", NULL);
	else
		add_set(b, node, add);
}

void rule_timeout(struct binder *b, const struct node *node, void *into)
{
	add_timeout(b, node, &((struct rule_fill *)into)->rule->add);
}

/* ---- offload ---- */

void rule_offload(struct binder *b, const struct node *node, void *into)
{
	static const char *const words[] = { "never", "auto", "require", NULL };
	static const enum rule_offload offloads[] = { RULE_OFFLOAD_NEVER,
						      RULE_OFFLOAD_AUTO,
						      RULE_OFFLOAD_REQUIRE };
	struct rule *rule = ((struct rule_fill *)into)->rule;
	int i = bind_word(b, node, words, "\"offload\"");

	rule->offload_span = node->span;
	if (i >= 0)
		rule->offload = offloads[i];
}

void rule_after(struct binder *b, const struct node *node, void *into)
{
	struct rule *rule = ((struct rule_fill *)into)->rule;

	rule->after_span = node->span;
	bind_amount(b, node,
		    "packets or bytes, as in \"16 packets\" or "
		    "\"1 MB\"",
		    &rule->after_packets, &rule->after_bytes);
}

/* ---- the actions' own words ---- */

void rule_with(struct binder *b, const struct node *node, void *into)
{
	struct rule *rule = ((struct rule_fill *)into)->rule;
	const char *words[REJECTS + 1] = { NULL };
	int i;

	for (i = 0; i < REJECTS; i++)
		words[i] = reject_word((enum reject_kind)i);
	i = bind_word(b, node, words, "what to answer");
	if (i < 0)
		return;
	rule->answer_given = true;
	rule->answer = (enum reject_kind)i;
}

void rule_set(struct binder *b, const struct node *node, void *into)
{
	struct rule_fill *fill = into;

	(void)b;
	fill->set = node;
	fill->rule->set_span = node->span;
}

static bool queue_number(struct str text, uint16_t *out)
{
	unsigned int n = 0;
	size_t i;

	if (text.n == 0 || text.n > 5 || (text.n > 1 && text.p[0] == '0'))
		return false;
	for (i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		n = n * 10 + (unsigned int)(text.p[i] - '0');
	}
	*out = (uint16_t)n;
	return n <= UINT16_MAX;
}

static bool queue_numbers(struct str text, struct queue_spec *queue)
{
	struct str last = text, first = str_cut(&last, '-');

	if (!queue_number(first, &queue->lo))
		return false;
	queue->hi = queue->lo;
	return !last.p ||
	       (queue_number(last, &queue->hi) && queue->lo <= queue->hi);
}

void rule_num(struct binder *b, const struct node *node, void *into)
{
	static const char expected[] =
		"the number of a queue, or a range of them, as in 0-3";
	struct str text;

	if (bind_text(b, node, expected, &text) &&
	    !queue_numbers(text, &((struct rule_fill *)into)->rule->queue))
		bind_expected(b, node, expected);
}

void rule_bypass(struct binder *b, const struct node *node, void *into)
{
	bind_bool(b, node, &((struct rule_fill *)into)->rule->queue.bypass);
}

void rule_fanout(struct binder *b, const struct node *node, void *into)
{
	bind_bool(b, node, &((struct rule_fill *)into)->rule->queue.fanout);
}

void rule_size(struct binder *b, const struct node *node, void *into)
{
	uint64_t size;

	if (bind_number(b, node, 536, 65495, &size))
		((struct rule_fill *)into)->rule->mss = (uint16_t)size;
}

/* ---- "set" ---- */

static bool parse_mask(struct str text, uint32_t *out)
{
	char buf[16];
	char *end;
	unsigned long value;

	if (!text.n || text.n > 10 || text.p[0] < '0' || text.p[0] > '9')
		return false;
	memcpy(buf, text.p, text.n);
	buf[text.n] = '\0';
	if (buf[0] == '0' && buf[1] && buf[1] != 'x')
		return false; /* octal is what nobody means */
	value = strtoul(buf, &end, 0);
	*out = (uint32_t)value;
	return !*end && value <= UINT32_MAX;
}

/* "0x10/0xff": these bits get this value. Alone, all bits that are not ours. */
static void bind_mark(struct binder *b, const struct node *node,
		      struct rule *rule)
{
	static const char expected[] =
		"a mark and the bits it is of, as in 0x10/0xff";
	uint32_t ours = b->model->mark_mask;
	struct str text, mask;
	struct diag *diag;

	if (!bind_text(b, node, expected, &text))
		return;
	mask = text;
	text = str_cut(&mask, '/');
	rule->mark_bits = ~ours;
	if (!parse_mask(str_trim(text), &rule->mark) ||
	    (mask.p && !parse_mask(str_trim(mask), &rule->mark_bits))) {
		bind_expected(b, node, expected);
		return;
	}
	if ((rule->mark_bits | rule->mark) & ours) {
		diag = diag_error(b->diags, node->span,
				  "0x%08x are bits in which the policy's "
				  "decisions are kept",
				  (rule->mark_bits | rule->mark) & ours);
		if (b->model->mark_mask_span.source)
			diag_note(diag, b->model->mark_mask_span,
				  "by this mask");
		diag_help(diag,
			  "take other bits, or give \"mark-mask\" others "
			  "than 0x%08x",
			  ours);
	} else if (!(rule->mark & rule->mark_bits) ||
		   rule->mark & ~rule->mark_bits) {
		diag_error(b->diags, node->span,
			   "the mark 0x%x is not one of the bits 0x%x: a mark "
			   "of 0 cannot be told from none",
			   rule->mark, rule->mark_bits);
	}
}

static void bind_dscp(struct binder *b, const struct node *node,
		      struct rule *rule)
{
	static const char expected[] =
		"a traffic class, as in ef, af41, cs1, or from 0 to 63";
	const struct wire_name *name;
	struct suggest suggest;
	struct str text;
	uint32_t value;
	size_t i;

	if (!bind_text(b, node, expected, &text))
		return;
	for (i = 0; (name = dscp_name_at(i)); i++)
		if (str_is(text, name->name))
			break;
	if (name || (parse_mask(text, &value) && value < 64)) {
		rule->dscp = (uint8_t)(name ? name->value : value);
		return;
	}
	suggest = suggest_for(text);
	for (i = 0; (name = dscp_name_at(i)); i++)
		suggest_name(&suggest, str_of(name->name));
	suggest_help(&suggest, bind_expected(b, node, expected));
}

static void bind_helper(struct binder *b, const struct node *node,
			struct rule *rule)
{
	const char *words[32] = { NULL };
	int i;

	for (i = 0; ct_helper_at((size_t)i); i++)
		words[i] = ct_helper_at((size_t)i)->name;
	i = bind_word(b, node, words, "a helper");
	if (i >= 0)
		rule->helper = ct_helper_at((size_t)i);
}

static void bind_set_word(struct binder *b, struct rule_fill *fill)
{
	struct rule *rule = fill->rule;

	switch (rule->action) {
	case ACTION_MARK:
		bind_mark(b, fill->set, rule);
		break;
	case ACTION_DSCP:
		bind_dscp(b, fill->set, rule);
		break;
	case ACTION_HELPER:
		bind_helper(b, fill->set, rule);
		break;
	case ACTION_ADD_TO:
		rule->add.span = fill->set->span;
		add_set(b, fill->set, &rule->add);
		break;
	default:
		break;
	}
}

/* ---- which action may have which key ---- */

static const struct node *find_key(const struct node *map, const char *key)
{
	size_t i;

	for (i = 0; i < map->map.n; i++)
		if (str_is(map->map.pairs[i].key->scalar, key))
			return map->map.pairs[i].key;
	return NULL;
}

/* "accept", "drop" and "queue": the actions that may have the key. */
static const char *kinds_with(struct arena *arena, const struct field *field)
{
	uint32_t left = KINDS & ~field->not_of;
	const char *text = "";
	struct field_kind kind;
	size_t i;

	for (i = 0; action_at(i, &kind); i++) {
		if (!(left & kind.bit))
			continue;
		left &= ~kind.bit;
		text = arena_printf(arena, "%s%s\"%s\"", text,
				    !*text	    ? "" :
				    !(left & KINDS) ? " and " :
						      ", ",
				    kind.word);
	}
	return text;
}

/* What a rule that merely logs may have: one beside it can have it. */
static bool is_common(const struct field *field)
{
	return !(field->not_of & KIND(ACTION_LOG));
}

static void check_key(struct binder *b, const struct node *map,
		      const struct field *field, const struct rule *rule,
		      const char *word)
{
	uint32_t kind = KIND(rule->action);
	const struct node *key;
	struct diag *diag;

	if (!((field->needed_by | field->not_of) & kind))
		return;
	key = find_key(map, field->key);
	if (!key && field->needed_by & kind)
		diag_error(b->diags, rule->action_span, "\"%s\" needs \"%s\"",
			   word, field->key);
	if (!key || !(field->not_of & kind))
		return;
	diag = diag_error(b->diags, key->span, "\"%s\" has no key \"%s\"", word,
			  field->key);
	if (is_common(field))
		diag_help(diag, "write a rule of its own for it, as in "
				"\"- log: { ... }\"");
	else
		diag_help(diag, "it is a key of %s",
			  kinds_with(b->arena, field));
}

/* Does it ask where packets go that other machines have sent? */
static bool asks_way(const struct rule *rule)
{
	return zone_set_zones(&rule->from) && zone_set_zones(&rule->to) &&
	       !rule->to.any;
}

static void check_place(struct binder *b, const struct rule *rule)
{
	if (rule->action == ACTION_CLAMP_MSS &&
	    (rule->from.router || rule->to.router))
		diag_error(b->diags, rule->span,
			   "only forwarded connections need it: the router "
			   "knows its own routes");
	if (rule->action == ACTION_NOTRACK && asks_way(rule))
		diag_error(b->diags, rule->to.span,
			   "where a packet is going to is not known before it "
			   "is tracked: only \"any\" and \"router\" can be "
			   "asked for");
	if (rule->queue.fanout && rule->queue.lo == rule->queue.hi)
		diag_error(b->diags, rule->span,
			   "\"fanout\" is for several queues, as in \"num: "
			   "0-3\"");
}

void bind_effects(struct binder *b, const struct node *map,
		  struct rule_fill *fill, const char *word)
{
	const struct field *field;
	struct rule *rule = fill->rule;

	for (field = rule_fields; field->key; field++)
		check_key(b, map, field, rule, word);
	if (fill->set)
		bind_set_word(b, fill);
	if (rule->action == ACTION_COUNT && !rule->count.when) {
		rule->count.when = LOG_EVERY;
		rule->count.span = rule->action_span;
	}
	check_place(b, rule);
}
