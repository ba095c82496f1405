// SPDX-License-Identifier: GPL-2.0-only
/*
 * The binder's core and the policy's top level.
 *
 * Top-level entries are bound in the order in which they refer to each other
 * (zones, sets and services before the rules that name them), whatever their
 * order in the file.
 */
#include "bind.h"

#include "policy.h"
#include "read/read.h"

static const char *kind_name(const struct node *node)
{
	switch (node->kind) {
	case NODE_NULL:
		return "nothing";
	case NODE_SCALAR:
		return "text";
	case NODE_LIST:
		return "a list";
	case NODE_MAP:
		return "a map of keys and values";
	}
	return "something else";
}

#define FOUND_SHOWN 60 /* bytes of what was found */

struct diag *bind_expected(struct binder *b, const struct node *node,
			   const char *expected)
{
	if (node->reported)
		return diag_nothing(b->diags);
	if (node->kind == NODE_SCALAR) {
		struct str text = str_head(node->scalar, FOUND_SHOWN);

		return diag_error(b->diags, node->span,
				  "found \"%.*s%s\", expected %s",
				  STR_ARG(text),
				  text.n < node->scalar.n ? "..." : "",
				  expected);
	}
	return diag_error(b->diags, node->span, "found %s, expected %s",
			  kind_name(node), expected);
}

void bind_list(struct binder *b, const struct node *node, const char *expected)
{
	struct diag *diag = bind_expected(b, node, expected);

	if (node->kind == NODE_MAP && node->map.n &&
	    node->map.pairs[0].key->scalar.n &&
	    node->map.pairs[0].key->scalar.p[0] == '-')
		diag_help(diag, "a blank is missing behind \"-\"");
	else if (node->kind == NODE_MAP)
		diag_help(diag, "begin each of them with \"-\"");
}

void bind_names(struct binder *b, const struct node *node, const char *expected)
{
	struct diag *diag = bind_expected(b, node, expected);

	if (node->kind == NODE_LIST && node->list.n &&
	    node->list.items[0]->kind == NODE_MAP)
		diag_help(diag, "write them without \"-\"");
}

static const struct field *find_field(const struct field *fields,
				      struct str key)
{
	for (; fields->key; fields++)
		if (str_is(key, fields->key))
			return fields;
	return NULL;
}

/* "default { input: drop }" is a key with a blank in it. */
static void missing_colon(struct str key, const struct field *fields,
			  struct diag *diag)
{
	struct str word = str_cut(&key, ' ');

	if (key.p && find_field(fields, word))
		diag_help(diag, "a \":\" is missing after \"%.*s\"",
			  STR_ARG(word));
}

/* A value without the key that it belongs to, as in "accept lan". */
static bool bare_value(struct binder *b, struct str key, bool matches,
		       const char *what, struct diag *diag)
{
	struct value values[2];
	const char *why;

	if (matches && map_get(&b->zones, key))
		diag_help(diag,
			  "a zone stands behind \"from\" or \"to\", as in "
			  "\"from %.*s\"",
			  STR_ARG(key));
	else if (!key.n || !type_address.parse(key, values, &why))
		return false;
	else if (matches)
		diag_help(diag, "an address stands behind a word: \"source\", "
				"\"destination\", or the \"to\" of a forward");
	else
		diag_help(diag, "%s",
			  strcmp(what, "a set") ?
				  "an address stands behind a word" :
				  "what a set holds stands in \"elements\", or "
				  "in braces: { 192.0.2.1, 192.0.2.2 }");
	return true;
}

static void unknown_key(struct binder *b, const struct node *key,
			const struct field *fields, bool matches,
			const char *what)
{
	struct suggest suggest = suggest_for(key->scalar);
	const struct match_never *never =
		matches ? match_never_find(key->scalar) : NULL;
	const struct match_word *word;
	struct diag *diag;
	size_t i;

	if (never) {
		diag = diag_error(b->diags, key->span, "%s", never->why);
		diag_help(diag, "%s", never->instead);
		return;
	}
	diag = diag_error(b->diags, key->span, "%s has no key \"%.*s\"", what,
			  STR_ARG(key->scalar));
	missing_colon(key->scalar, fields, diag);
	if (habit_key(what, fields, matches, key->scalar, diag) ||
	    bare_value(b, key->scalar, matches, what, diag))
		return;
	for (; fields->key; fields++)
		suggest_name(&suggest, str_of(fields->key));
	for (i = 0; matches && (word = match_word_at(i)); i++)
		suggest_name(&suggest, str_of(word->word));
	suggest_help(&suggest, diag);
	if (!suggest.best.n && !strcmp(what, "a test"))
		diag_help(diag, "behind the test's name comes \"{\"; a name of "
				"several words stands in quotes");
}

static bool repeated_key(struct binder *b, const struct node *map, size_t i)
{
	const struct node *key = map->map.pairs[i].key;
	size_t j;

	for (j = 0; j < i; j++) {
		const struct node *other = map->map.pairs[j].key;
		struct diag *diag;

		if (!str_eq(other->scalar, key->scalar))
			continue;
		diag = diag_error(b->diags, key->span,
				  "the key \"%.*s\" is given twice",
				  STR_ARG(key->scalar));
		diag_note(diag, other->span, "it is first given here");
		return true;
	}
	return false;
}

static void bind_pair(struct binder *b, const struct pair *pair,
		      const struct field *fields, void *into, const char *what,
		      struct matches *matches)
{
	const struct field *field = find_field(fields, pair->key->scalar);
	const struct match_word *word = NULL;

	if (!field && matches)
		word = match_word_find(pair->key->scalar);
	if (!field && !word) {
		unknown_key(b, pair->key, fields, matches, what);
		return;
	}
	if (pair->value->reported)
		return;
	if (pair->value->kind == NODE_NULL) {
		diag_error(b->diags, pair->key->span,
			   "\"%.*s\" is given no value",
			   STR_ARG(pair->key->scalar));
		return;
	}
	if (field && field->fw4 && b->model->mode == MODE_FW4)
		bind_left_to_fw4(b, pair->key, field->fw4);
	else if (field)
		field->bind(b, pair->value, into);
	else
		bind_match(b, word, pair->key, pair->value, matches);
}

/* A key that is near what is missing: that it is unknown was said already. */
static bool is_meant(const struct node *map, const struct field *fields,
		     const char *what, const char *missing)
{
	struct suggest suggest;
	size_t i, j;

	for (i = 0; i < map->map.n; i++) {
		struct str key = map->map.pairs[i].key->scalar;

		if (find_field(fields, key))
			continue;
		if (habit_means(what, fields, key, missing))
			return true;
		suggest = suggest_for(key);
		for (j = 0; fields[j].key; j++)
			suggest_name(&suggest, str_of(fields[j].key));
		if (str_is(suggest.best, missing))
			return true;
	}
	return false;
}

static void missing_keys(struct binder *b, const struct node *map,
			 const struct field *fields, const char *what)
{
	const struct field *field;
	size_t i;

	for (field = fields; field->key; field++) {
		if (!(field->how & FIELD_REQUIRED))
			continue;
		for (i = 0; i < map->map.n; i++)
			if (str_is(map->map.pairs[i].key->scalar, field->key))
				break;
		if (i == map->map.n && !is_meant(map, fields, what, field->key))
			diag_error(b->diags, map->span, "%s needs \"%s\"", what,
				   field->key);
	}
}

/* Room for the keys of @map that are no @fields: an entry has few of them. */
static void reserve_matches(struct binder *b, const struct node *map,
			    const struct field *fields, struct matches *matches)
{
	size_t i, n = 0;

	for (i = 0; i < map->map.n; i++)
		n += !find_field(fields, map->map.pairs[i].key->scalar);
	vec_reserve(b->arena, &matches->list, n);
}

bool bind_map(struct binder *b, const struct node *map,
	      const struct field *fields, void *into, const char *what,
	      struct matches *matches)
{
	char expected[80];
	size_t i;

	if (map->kind != NODE_MAP) {
		snprintf(expected, sizeof(expected),
			 "the keys and values of %s", what);
		habit_map(what, bind_expected(b, map, expected));
		return false;
	}
	if (matches)
		reserve_matches(b, map, fields, matches);
	for (i = 0; i < map->map.n; i++)
		if (!repeated_key(b, map, i))
			bind_pair(b, &map->map.pairs[i], fields, into, what,
				  matches);
	missing_keys(b, map, fields, what);
	return true;
}

void bind_each(struct binder *b, const struct node *node, bind_fn item,
	       void *into)
{
	size_t i;

	if (node->kind != NODE_LIST) {
		item(b, node, into);
		return;
	}
	if (node->list.n == 0)
		diag_error(b->diags, node->span, "the list is empty");
	for (i = 0; i < node->list.n; i++)
		item(b, node->list.items[i], into);
}

static void bind_default(struct binder *b, const struct node *node,
			 enum hook_index hook)
{
	static const char *const words[] = { "drop", "reject", "accept", NULL };
	static const enum action actions[] = { ACTION_DROP, ACTION_REJECT,
					       ACTION_ACCEPT };
	int i = bind_word(b, node, words, "a default");

	b->model->default_spans[hook] = node->span;
	if (i >= 0)
		b->model->defaults[hook] = actions[i];
}

static void default_input(struct binder *b, const struct node *node, void *into)
{
	(void)into;
	bind_default(b, node, HOOK_INPUT);
}

static void default_forward(struct binder *b, const struct node *node,
			    void *into)
{
	(void)into;
	bind_default(b, node, HOOK_FORWARD);
}

static void default_output(struct binder *b, const struct node *node,
			   void *into)
{
	(void)into;
	bind_default(b, node, HOOK_OUTPUT);
}

static const struct field default_fields[] = {
	{ "input", default_input, false, .type = "drop | reject | accept",
	  .dflt = "drop", .doc = DOC("Of those to the router.") },
	{ "forward", default_forward, false, .type = "drop | reject | accept",
	  .dflt = "drop", .doc = DOC("Of those from zone to zone.") },
	{ "output", default_output, false, .type = "drop | reject | accept",
	  .dflt = "accept", .doc = DOC("Of those that the router opens.") },
	{ NULL, NULL, false },
};

/* Top level. Values are only remembered here: see policy_bind(). */
enum top {
	TOP_POLICY,
	TOP_MODE,
	TOP_INCLUDE,
	TOP_DEFINE,
	TOP_ZONES,
	TOP_SETS,
	TOP_SERVICES,
	TOP_DEFAULT,
	TOP_INVALID,
	TOP_SYN_FLOOD,
	TOP_EXISTING,
	TOP_LOCKOUT,
	TOP_MARK_MASK,
	TOP_TIMEZONE,
	TOP_RULES,
	TOP_RAW,
	TOP_NAT,
	TOP_OFFLOAD,
	TOP_TESTS,
	TOP_VERIFY,
	TOPS
};

#define TOP(name, index)                                                       \
	static void name(struct binder *b, const struct node *value,           \
			 void *into)                                           \
	{                                                                      \
		(void)b;                                                       \
		((const struct node **)into)[index] = value;                   \
	}

TOP(top_policy, TOP_POLICY)
TOP(top_mode, TOP_MODE)	      /* bind_mode() came first */
TOP(top_include, TOP_INCLUDE) /* include.c has followed it */
TOP(top_define, TOP_DEFINE)   /* define.c has replaced the variables */
TOP(top_zones, TOP_ZONES)
TOP(top_sets, TOP_SETS)
TOP(top_services, TOP_SERVICES)
TOP(top_default, TOP_DEFAULT)
TOP(top_invalid, TOP_INVALID)
TOP(top_syn_flood, TOP_SYN_FLOOD)
TOP(top_existing, TOP_EXISTING)
TOP(top_lockout, TOP_LOCKOUT)
TOP(top_mark_mask, TOP_MARK_MASK)
TOP(top_timezone, TOP_TIMEZONE)
TOP(top_rules, TOP_RULES)
TOP(top_raw, TOP_RAW)
TOP(top_nat, TOP_NAT)
TOP(top_offload, TOP_OFFLOAD)
TOP(top_tests, TOP_TESTS)
TOP(top_verify, TOP_VERIFY)

static const struct field top_fields[] = {
	{ "policy", top_policy, true, .type = "<name>",
	  .doc = DOC("What the policy is called in messages and in the "
		     "kernel.") },
	{ "mode", top_mode, false, .type = "alone | fw4", .dflt = "alone",
	  .doc = DOC("Who is the firewall. `alone` is this policy; with `fw4` "
		     "it is OpenWrt's, which keeps zones, filter and "
		     "translation, and this policy says what is offloaded, "
		     "logged, counted and marked of what that one lets pass; "
		     "see <FW4>.") },
	{ "include", top_include, FIELD_ENTRIES | FIELD_LIST,
	  .type = "<path> | <list>",
	  .doc = DOC("Other files that belong to the policy; see <SEVERAL "
		     "FILES>.") },
	{ "define", top_define, FIELD_NAMED, .type = "<map>",
	  .doc = DOC("Variables; see <VARIABLES>.") },
	{ "zones", top_zones, true | FIELD_NAMED, zone_fields, "zone",
	  .type = "<map> | fw4 | <path>",
	  .doc = DOC("The zones, each by its name; see <ZONES>. Or `fw4`: "
		     "those of OpenWrt's fw4, with their devices and subnets, "
		     "as /etc/config/firewall and /etc/config/network say when "
		     "the policy is compiled; a directory in its stead, with a "
		     "`/` in its name, is where these two files are.") },
	{ "sets", top_sets, FIELD_NAMED | FIELD_LINE, set_fields, "set",
	  .type = "<map>",
	  .doc = DOC("Sets of addresses or ports; see "
		     "<SETS>.") },
	{ "services", top_services, FIELD_NAMED | FIELD_LIST | FIELD_BLOCK,
	  NULL, "service", .type = "<map>",
	  .doc = DOC("Names for protocols and ports; see <SERVICES>.") },
	{ "default", top_default, false, default_fields,
	  .fw4 = "the options input, output and forward of its zones",
	  .type = "<map>",
	  .doc = DOC("What becomes of connections that no rule decides; see "
		     "<DEFAULTS>.") },
	{ "invalid", top_invalid, false, .fw4 = "its option drop_invalid",
	  .type = "drop | filter", .dflt = "drop",
	  .doc = DOC("What becomes of packets that connection tracking can "
		     "make nothing of, as they come in or are forwarded. "
		     "`drop` drops them; `filter` lets them meet the rules.") },
	{ "syn-flood", top_syn_flood, FIELD_PHRASE | FIELD_LIST,
	  syn_flood_fields, .fw4 = "its option synflood_protect",
	  .type = "<rate> | <map> | <list>",
	  .doc = DOC("How many new TCP connections to the router are looked "
		     "at, of whatever zone; what is beyond is dropped before "
		     "any rule is asked: `25/second burst 50`, or a map that "
		     "can ask for as many of each source, or both in a list, "
		     "see <FLOODS>. What goes through the router is not "
		     "counted. The default is not to limit them.") },
	{ "existing", top_existing, false, .type = "decide | keep",
	  .dflt = "decide",
	  .doc = DOC("What becomes of the connections that live when the "
		     "policy is applied. With `decide` it decides them anew, "
		     "and those whose answer is the same are not disturbed; "
		     "see nftoffc(1). With `keep`, what the policy that ran "
		     "before had accepted is accepted until it ends, and what "
		     "that one itself had kept. All else follows the new "
		     "policy: what is exempt leaves its flowtable, what every "
		     "packet must be seen of is seen, what may be offloaded "
		     "is. One that the rules deny is not logged, and is "
		     "offloaded if an `eligible` entry, and no `exempt` one, "
		     "matches it. One of which the new policy's answer is not "
		     "known, see nftoffc(1), is not logged either, and not "
		     "offloaded.") },
	{ "lockout", top_lockout, false, .fw4 = "its rules",
	  .type = "protect | ignore", .dflt = "protect",
	  .doc = DOC("Whether `nftoffc apply` refuses the policy when it cuts "
		     "off the address that applies it; see nftoffc(1).") },
	{ "mark-mask", top_mark_mask, false, .type = "<mask>",
	  .dflt = "0xff000000",
	  .doc = DOC(
		  "Which bits of the conntrack mark the policy keeps its "
		  "decision in: a hexadecimal number whose bits stand "
		  "together. Bits outside of it are never changed. Nobody "
		  "else may use those inside of it, or connections are taken "
		  "for decided.\n"
		  "A policy needs one value for what is accepted, one for "
		  "each different `after`, and one for each different "
		  "treatment of later packets: what is logged, counted, "
		  "marked with a class, held to a quota or queued. Rules "
		  "that treat connections alike share it. Rules that go on "
		  "multiply: each way in which some of them can meet in one "
		  "connection needs two. It can have half of the values that "
		  "fit into the mask, so that the next policy finds as many "
		  "that are not in use: 127 with the default of 8 bits.\n"
		  "Rules with `log: flow` take four of the bits or more, as "
		  "far as the values leave room for them: one says that the "
		  "connection was offloaded, the others which of the rules "
		  "it was. Where there are too few, the last rules are not "
		  "told apart.") },
	{ "timezone", top_timezone, false, .type = "<clock>", .dflt = "utc",
	  .doc = DOC(
		  "By which clock `time` and `weekday` go: `utc`, hours and "
		  "minutes east of it as in `+05:30`, or a rule of POSIX, "
		  "which also says when the clock is changed; see <Clocks>. "
		  "Where a rule asks for the time, there is a warning unless "
		  "it is given.") },
	{ "rules", top_rules, FIELD_ENTRIES | FIELD_LINE | FIELD_MATCHES, NULL,
	  NULL, action_at, .type = "<list>",
	  .doc = DOC("What is accepted and what is not; see <RULES>.") },
	{ "nat", top_nat, FIELD_ENTRIES | FIELD_LINE | FIELD_MATCHES, NULL,
	  "nat", nat_kind_at,
	  .fw4 = "its sections redirect and nat, and its option masq",
	  .type = "<list>",
	  .doc = DOC("Address translation; see <ADDRESS TRANSLATION>.") },
	{ "raw", top_raw, FIELD_NAMED, raw_fields, "raw", .type = "<map>",
	  .doc = DOC("Rules in nft's own language; see <RAW RULES>.") },
	{ "offload", top_offload, false, offload_fields, .type = "<map>",
	  .doc = DOC("What may be offloaded. Without it, nothing is; see "
		     "<OFFLOAD>.") },
	{ "tests", top_tests, FIELD_ENTRIES, test_fields, "test",
	  .type = "<list>",
	  .doc = DOC("Packets, and what they must meet; see <TESTS>.") },
	{ "verify", top_verify, FIELD_ENTRIES, verify_fields, "verify",
	  .type = "<list>",
	  .doc = DOC("What is to be true once the policy runs, or it is taken "
		     "back; see <VERIFICATION>.") },
	{ NULL, NULL, false },
};

const struct field *policy_fields(void)
{
	return top_fields;
}

static void bind_invalid(struct binder *b, const struct node *node)
{
	static const char *const words[] = { "drop", "filter", NULL };
	int i = bind_word(b, node, words, "\"invalid\"");

	b->model->invalid_drop = i != 1;
	b->model->invalid_span = node->span;
}

static bool parse_hex(struct str s, uint32_t *out)
{
	uint32_t value = 0;
	size_t i;

	if (s.n < 3 || s.n > 10 || s.p[0] != '0' || s.p[1] != 'x')
		return false;
	for (i = 2; i < s.n; i++) {
		char c = s.p[i];
		int digit = c >= '0' && c <= '9' ? c - '0' :
			    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
			    c >= 'A' && c <= 'F' ? c - 'A' + 10 :
						   -1;

		if (digit < 0)
			return false;
		value = value << 4 | (uint32_t)digit;
	}
	*out = value;
	return true;
}

static void bind_mark_mask(struct binder *b, const struct node *node)
{
	static const char expected[] =
		"a run of bits of the conntrack mark, as in 0xff000000";
	uint32_t mask, low;
	struct str text;

	if (!bind_text(b, node, expected, &text))
		return;
	if (!parse_hex(text, &mask) || mask == 0) {
		bind_expected(b, node, expected);
		return;
	}
	low = mask & -mask;
	if (mask + low != 0 && (mask & (mask + low)) != 0) {
		diag_error(b->diags, node->span,
			   "the mask's bits do not stand together");
		return;
	}
	b->model->mark_mask = mask;
	b->model->mark_mask_span = node->span;
}

static void bind_timezone(struct binder *b, const struct node *node)
{
	static const char expected[] =
		"a clock: utc, +01:00, or a rule of POSIX as in "
		"\"CET-1CEST,M3.5.0,M10.5.0/3\"";
	const char *why = "";
	struct str text;

	b->model->clock_span = node->span;
	if (!bind_text(b, node, expected, &text))
		return;
	if (!clock_parse(text, &b->model->clock, &why))
		diag_help(bind_expected(b, node, expected), "%s", why);
}

static void bind_policy_name(struct binder *b, const struct node *node)
{
	const char *name = bind_name(b, node, "a policy");

	if (name)
		b->model->name = name;
}

static struct model *model_new(struct arena *arena)
{
	struct model *model = arena_new_object(arena, struct model);

	model->arena = arena;
	model->name = "policy";
	model->defaults[HOOK_OUTPUT] = ACTION_ACCEPT;
	model->invalid_drop = true;
	model->mark_mask = 0xff000000;
	return model;
}

static void bind_top(struct binder *b, const struct node *const tops[TOPS])
{
	if (tops[TOP_POLICY])
		bind_policy_name(b, tops[TOP_POLICY]);
	if (tops[TOP_INVALID])
		bind_invalid(b, tops[TOP_INVALID]);
	if (tops[TOP_SYN_FLOOD])
		bind_syn_flood(b, tops[TOP_SYN_FLOOD]);
	if (tops[TOP_EXISTING])
		bind_existing(b, tops[TOP_EXISTING]);
	if (tops[TOP_LOCKOUT])
		bind_lockout(b, tops[TOP_LOCKOUT]);
	if (tops[TOP_MARK_MASK])
		bind_mark_mask(b, tops[TOP_MARK_MASK]);
	if (tops[TOP_TIMEZONE])
		bind_timezone(b, tops[TOP_TIMEZONE]);
	if (tops[TOP_DEFAULT])
		bind_map(b, tops[TOP_DEFAULT], default_fields, NULL,
			 "\"default\"", NULL);
	if (tops[TOP_ZONES])
		bind_zones(b, tops[TOP_ZONES]);
	if (tops[TOP_SETS])
		bind_sets(b, tops[TOP_SETS]);
	if (tops[TOP_SERVICES])
		bind_services(b, tops[TOP_SERVICES]);
	if (tops[TOP_NAT]) /* before the rules: port forwards add some */
		bind_nats(b, tops[TOP_NAT]);
	bind_rules(b, tops[TOP_RULES]);
	if (tops[TOP_RAW])
		bind_raws(b, tops[TOP_RAW]);
	if (tops[TOP_OFFLOAD])
		bind_offload(b, tops[TOP_OFFLOAD]);
	if (tops[TOP_TESTS])
		bind_tests(b, tops[TOP_TESTS]);
	if (tops[TOP_VERIFY])
		bind_verifies(b, tops[TOP_VERIFY]);
}

/* The whole file is one text: what kind of file may it be? */
static void no_policy(struct binder *b, const struct node *root)
{
	struct diag *diag =
		bind_expected(b, root, "the keys and values of a policy");
	struct str rest = root->scalar, word = str_cut(&rest, ' ');

	if (str_is(word, "table") || str_is(word, "add") ||
	    str_is(word, "flush") || str_is(word, "define"))
		diag_help(diag, "this looks like nft's own language, for "
				"nft -f");
	else if (str_is(word, "config"))
		diag_help(diag, "this looks like a file of OpenWrt's");
	else if (rest.n && rest.p[0] == '=')
		diag_help(diag, "a key has a \":\" behind it: \"%.*s: ...\"",
			  STR_ARG(word));
	else
		diag_help(diag, "in YAML, a policy begins as in \"policy: "
				"home\"");
}

static void empty_policy(struct binder *b, const struct node *root)
{
	struct diag *diag =
		bind_expected(b, root, "the keys and values of a policy");

	diag_help(diag, "the least is a name and a zone: \"%s\"",
		  spelling_of(b->source) == SPELLING_POLICY ?
			  "policy home; zone lan { devices br-lan }" :
			  "{ policy: home, zones: { lan: { devices: [br-lan] } "
			  "} }");
}

static void bind_policy(struct binder *b, const struct node *root)
{
	const struct node *tops[TOPS] = { NULL };

	bind_mode(b, root); /* what words there are depends on it */
	if (bind_map(b, root, top_fields, tops, "a policy", NULL))
		bind_top(b, tops);
}

struct model *policy_bind(struct arena *arena, struct sources *sources,
			  const struct source *source, const struct node *root,
			  struct diags *diags)
{
	struct binder b = {
		.arena = arena,
		.scratch = arena_new(),
		.sources = sources,
		.diags = diags,
		.source = source,
		.model = model_new(arena),
	};

	/* so that no reset gives the first chunk back */
	arena_alloc(b.scratch, 1);
	map_init(&b.zones, arena);
	map_init(&b.sets, arena);
	map_init(&b.services, arena);
	map_init(&b.names, arena);
	map_init(&b.flowtables, arena);
	if (root->kind == NODE_SCALAR)
		no_policy(&b, root);
	else if (root->kind == NODE_NULL)
		empty_policy(&b, root);
	else
		bind_policy(&b, root);
	b.model->zone_names = b.zones;
	b.model->set_names = b.sets;
	b.model->service_names = b.services;
	if (diags_errors(diags) == 0)
		check_model(&b);
	arena_free(b.scratch);
	return b.model;
}

bool policy_bind_packet(struct model *model, struct sources *sources,
			const struct source *source, const struct node *node,
			struct diags *diags, struct packet *packet)
{
	size_t errors = diags_errors(diags);
	struct binder b = {
		.arena = model->arena,
		.sources = sources,
		.diags = diags,
		.source = source,
		.model = model,
		.zones = model->zone_names,
		.sets = model->set_names,
		.services = model->service_names,
	};

	bind_packet(&b, node, packet);
	return diags_errors(diags) == errors;
}
