// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy's own tests: a packet and what it must meet, or what alone may be
 * accepted between two zones.
 */
#include "bind.h"

#define FW4_VERDICT "its sections rule and forwarding"

struct only_fill {
	struct only *only;
	bool from, to;
};

/* ---- what a packet must meet ---- */

static void test_packet(struct binder *b, const struct node *node, void *into)
{
	bind_packet(b, node, &((struct test *)into)->packet);
}

static void expect_item(struct binder *b, const struct node *node, void *into)
{
	static const char *const words[] = { "accept", "drop",	  "reject",
					     "queue",  "offload", "no-offload",
					     "log",    "no-log",  NULL };
	int i = bind_word(b, node, words, "what to expect");

	if (i >= 0 && 1u << i & EXPECT_VERDICTS && b->model->mode == MODE_FW4)
		bind_left_to_fw4(b, node, FW4_VERDICT);
	else if (i >= 0)
		((struct test *)into)->expect |= 1u << i;
}

static void test_expect(struct binder *b, const struct node *node, void *into)
{
	((struct test *)into)->expect_span = node->span;
	bind_each(b, node, expect_item, into);
}

static void no_rule(struct binder *b, const struct node *node, struct str name)
{
	struct suggest suggest = suggest_for(name);
	struct diag *diag;
	size_t i;

	diag = diag_error(b->diags, node->span, "no rule is called \"%.*s\"",
			  STR_ARG(name));
	for (i = 0; i < b->model->nrules; i++)
		if (b->model->rules[i].name)
			suggest_name(&suggest, str_of(b->model->rules[i].name));
	suggest_name(&suggest, STR("default"));
	suggest_list(&suggest, "rules", diag);
}

static void test_rule(struct binder *b, const struct node *node, void *into)
{
	struct test *test = into;
	struct str name;
	size_t i;

	test->rule_span = node->span;
	if (!bind_text(b, node, "the name of a rule, or \"default\"", &name))
		return;
	test->rule = arena_strndup(b->arena, name.p, name.n);
	if (str_is(name, "default"))
		return;
	for (i = 0; i < b->model->nrules; i++)
		if (b->model->rules[i].name &&
		    str_is(name, b->model->rules[i].name))
			return;
	no_rule(b, node, name);
}

static void test_log(struct binder *b, const struct node *node, void *into)
{
	static const char *const words[] = { "no", "new", "flow", "every",
					     NULL };
	static const enum log_when whens[] = { LOG_NONE, LOG_NEW, LOG_FLOW,
					       LOG_EVERY };
	struct test *test = into;
	int i = bind_word(b, node, words, "when it is logged");

	test->log_span = node->span;
	if (i >= 0)
		test->log = whens[i];
}

static void test_after(struct binder *b, const struct node *node, void *into)
{
	struct test *test = into;

	test->after_span = node->span;
	bind_amount(b, node,
		    "packets or bytes, as in \"16 packets\" or \"1 MB\"",
		    &test->after_packets, &test->after_bytes);
}

static void test_flowtable(struct binder *b, const struct node *node,
			   void *into)
{
	struct test *test = into;

	test->flowtable_span = node->span;
	test->flowtable = bind_flowtable_ref(b, node);
}

static bool parse_side(struct binder *b, struct str text,
		       struct expect_side *side, const char **why)
{
	struct str address, port;
	struct value values[2];

	if (!bind_split_port(b, text, &address, &port, why) ||
	    !type_address.parse(address, values, why))
		return false;
	side->family = (uint8_t)values[0].family;
	memcpy(side->address, values[0].lo, sizeof(side->address));
	*why = "it is one address";
	if (memcmp(values[0].lo, values[0].hi,
		   wire_type(type_address.wire[side->family])->len) != 0)
		return false;
	if (!port.p)
		return true;
	if (!type_port.parse(port, values, why))
		return false;
	side->port = (uint16_t)wire_get(WIRE_PORT, values[0].lo);
	*why = "it is one port";
	return memcmp(values[0].lo, values[0].hi, 2) == 0;
}

static void bind_side(struct binder *b, const struct node *node,
		      struct expect_side *side)
{
	static const char expected[] =
		"an address, with a port if that is to be compared, as in "
		"192.168.1.10:8443 or [fd00::10]:8443";
	const char *why = "";
	struct str text;

	side->given = true;
	if (bind_text(b, node, expected, &text) &&
	    !parse_side(b, text, side, &why))
		diag_help(bind_expected(b, node, expected), "%s", why);
}

static void nat_source(struct binder *b, const struct node *node, void *into)
{
	bind_side(b, node, &((struct test *)into)->source);
}

static void nat_destination(struct binder *b, const struct node *node,
			    void *into)
{
	bind_side(b, node, &((struct test *)into)->destination);
}

static const struct field expect_nat_fields[] = {
	{ "source", nat_source, false, .type = "<address>",
	  .doc = DOC("As in `203.0.113.5` or `\"[2001:db8::5]:1024\"`.") },
	{ "destination", nat_destination, false, .type = "<address>",
	  .doc = DOC("Likewise.") },
	{ NULL, NULL, false },
};

static void test_nat(struct binder *b, const struct node *node, void *into)
{
	static const char *const words[] = { "none", "masquerade", NULL };
	struct test *test = into;
	int i;

	test->nat_span = node->span;
	if (node->kind != NODE_MAP) {
		i = bind_word(b, node, words, "a translation");
		test->nat = i ? EXPECT_NAT_MASQUERADE : EXPECT_NAT_NONE;
		return;
	}
	test->nat = EXPECT_NAT_SIDES;
	bind_map(b, node, expect_nat_fields, test, "\"nat\"", NULL);
	if (!test->source.given && !test->destination.given)
		diag_error(b->diags, node->span,
			   "say \"source\" or \"destination\", or both");
}

/* ---- and nothing else ---- */

static void only_from(struct binder *b, const struct node *node, void *into)
{
	bind_zone_set(b, node, &((struct only_fill *)into)->only->from);
}

static void only_to(struct binder *b, const struct node *node, void *into)
{
	bind_zone_set(b, node, &((struct only_fill *)into)->only->to);
}

static void bind_permit(struct binder *b, const struct node *node,
			struct only *only)
{
	static const struct field none[] = { { NULL, NULL, false } };
	struct permit *permit = &only->permits[only->npermits];
	struct matches matches = { 0 };

	permit->span = node->span;
	if (!bind_map(b, node, none, NULL, "what is accepted", &matches))
		return;
	permit->matches = matches.list.v;
	permit->nmatches = matches.list.n;
	only->npermits++;
}

static void only_accepts(struct binder *b, const struct node *node, void *into)
{
	struct only *only = ((struct only_fill *)into)->only;
	size_t i;

	if (node->kind != NODE_LIST) {
		bind_expected(
			b, node,
			"a list of matches, as in \"[{ service: ssh }]\"; "
			"an empty one is nothing");
		return;
	}
	only->permits =
		arena_array(b->arena, node->list.n + 1, sizeof(*only->permits));
	for (i = 0; i < node->list.n; i++)
		bind_permit(b, node->list.items[i], only);
}

static const struct field only_fields[] = {
	{ "from", only_from, true, .type = "<zones>",
	  .doc = DOC("Where the connections are opened.") },
	{ "to", only_to, true, .type = "<zones>",
	  .doc = DOC("Where they "
		     "go.") },
	{ "accepts", only_accepts, FIELD_ENTRIES | FIELD_LINE | FIELD_MATCHES,
	  .type = "<list>",
	  .doc = DOC("Maps of the words of <MATCHES>; the default is that "
		     "nothing is accepted.") },
	{ NULL, NULL, false },
};

static void test_only(struct binder *b, const struct node *node, void *into)
{
	struct test *test = into;
	struct only_fill fill = { 0 };

	test->only = fill.only = arena_new_object(b->arena, struct only);
	fill.only->span = node->span;
	bind_map(b, node, only_fields, &fill, "\"only\"", NULL);
}

static void test_name(struct binder *b, const struct node *node, void *into)
{
	struct str text;

	if (bind_text(b, node, "a name, as text", &text))
		((struct test *)into)->name =
			arena_strndup(b->arena, text.p, text.n);
}

const struct field test_fields[] = {
	{ "packet", test_packet, FIELD_LINE | FIELD_MATCHES, packet_fields,
	  .type = "<map>",
	  .doc = DOC("The packet. A test has it, or "
		     "`only`.") },
	{ "expect", test_expect, FIELD_LIST, .type = "<word> | <list>",
	  .doc = DOC("Of `accept`, `drop`, `reject`, `queue`, `offload`, "
		     "`no-offload`, `log` and `no-log`. What is not said is "
		     "not asked; but a packet must be expected to meet "
		     "something, by this or by one of the next five.") },
	{ "rule", test_rule, false, .fw4 = FW4_VERDICT, .type = "<name>",
	  .doc = DOC("The rule that decides, or `default` where none does.") },
	{ "nat", test_nat, FIELD_LINE, expect_nat_fields,
	  .fw4 = "its sections redirect and nat, and its option masq",
	  .type = "none | masquerade | <map>",
	  .doc = DOC("How it is "
		     "translated.") },
	{ "log", test_log, false, .type = "no | new | flow | every",
	  .doc = DOC("When it is logged.") },
	{ "after", test_after, FIELD_PHRASE, .type = "<packets> | <bytes>",
	  .doc = DOC("That it is offloaded, and after how much.") },
	{ "flowtable", test_flowtable, false, .type = "<name>",
	  .doc = DOC("That it is offloaded, and in which flowtable.") },
	{ "only", test_only, false, only_fields, .fw4 = FW4_VERDICT,
	  .type = "<map>",
	  .doc = DOC("What may be accepted between zones, and nothing else; "
		     "see below.") },
	{ "name", test_name, FIELD_FIRST, .type = "<text>",
	  .doc = DOC("What the test is called in messages; the default is its "
		     "number.") },
	{ NULL, NULL, false },
};

/* Of each of these, only one can be. */
static const struct {
	unsigned int bits;
	const char *words;
} one_of[] = {
	{ EXPECT_ACCEPT | EXPECT_DROP | EXPECT_REJECT,
	  "\"accept\", \"drop\" and \"reject\"" },
	{ EXPECT_OFFLOAD | EXPECT_NO_OFFLOAD,
	  "\"offload\" and \"no-offload\"" },
	{ EXPECT_LOG | EXPECT_NO_LOG, "\"log\" and \"no-log\"" },
};

static void check_expected(struct binder *b, const struct test *test)
{
	size_t i;

	for (i = 0; i < sizeof(one_of) / sizeof(one_of[0]); i++)
		if (__builtin_popcount(test->expect & one_of[i].bits) > 1)
			diag_error(b->diags, test->expect_span,
				   "of %s a packet meets one", one_of[i].words);
	if (test->expect & EXPECT_NO_OFFLOAD &&
	    (test->after_span.source || test->flowtable_span.source))
		diag_error(b->diags, test->expect_span,
			   "\"after\" and \"flowtable\" are of what is "
			   "offloaded");
}

static bool expects(const struct test *test)
{
	return test->expect_span.source || test->rule_span.source ||
	       test->nat_span.source || test->log_span.source ||
	       test->after_span.source || test->flowtable_span.source;
}

static bool has_key(const struct node *map, const char *key)
{
	size_t i;

	for (i = 0; i < map->map.n; i++)
		if (str_is(map->map.pairs[i].key->scalar, key))
			return true;
	return false;
}

static void check_test(struct binder *b, const struct node *node,
		       const struct test *test)
{
	bool packet = has_key(node, "packet"), only = has_key(node, "only");

	check_expected(b, test);
	if (packet == only)
		diag_error(
			b->diags, node->span,
			packet ? "a test is of a \"packet\" or says \"only\", "
				 "not both" :
				 "a test needs \"packet\" or \"only\"");
	else if (packet && !expects(test))
		diag_error(b->diags, node->span,
			   "a test needs \"expect\", or another word that "
			   "says what the packet meets");
	else if (!packet && expects(test))
		diag_error(b->diags, node->span,
			   "what is expected of a packet means nothing beside "
			   "\"only\"");
}

void bind_tests(struct binder *b, const struct node *node)
{
	struct test *test;
	size_t i;

	if (node->kind != NODE_LIST) {
		bind_list(b, node, "a list of tests");
		return;
	}
	b->model->tests =
		arena_array(b->arena, node->list.n, sizeof(struct test));
	for (i = 0; i < node->list.n; i++) {
		test = &b->model->tests[b->model->ntests];
		test->span = node->list.items[i]->span;
		if (!bind_map(b, node->list.items[i], test_fields, test,
			      "a test", NULL))
			continue;
		check_test(b, node->list.items[i], test);
		if (!test->name)
			test->name = arena_printf(b->arena, "test %zu",
						  b->model->ntests + 1);
		b->model->ntests++;
	}
}
