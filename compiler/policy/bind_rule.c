// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules: an action, the zones it speaks of, what else must match, and how it
 * is logged and limited. "- accept: { from: lan, to: wan }".
 */
#include <syslog.h>

#include "bind.h"

static void rule_from(struct binder *b, const struct node *node, void *into)
{
	struct rule_fill *fill = into;

	fill->from = true;
	bind_zone_set(b, node, &fill->rule->from);
}

static void rule_to(struct binder *b, const struct node *node, void *into)
{
	struct rule_fill *fill = into;

	fill->to = true;
	bind_zone_set(b, node, &fill->rule->to);
}

static void rule_name(struct binder *b, const struct node *node, void *into)
{
	struct rule_fill *fill = into;

	fill->name = bind_name(b, node, "a rule");
	fill->name_span = node->span;
}

static void log_when(struct binder *b, const struct node *node, void *into)
{
	static const char *const words[] = { "new", "flow", "every", NULL };
	static const enum log_when whens[] = { LOG_NEW, LOG_FLOW, LOG_EVERY };
	struct log_spec *log = into;
	int i = bind_word(b, node, words, "when to log");

	if (i >= 0)
		log->when = whens[i];
}

static void log_prefix(struct binder *b, const struct node *node, void *into)
{
	struct log_spec *log = into;
	struct str text;
	size_t i;

	if (!bind_text(b, node, "the text that begins each record", &text))
		return;
	for (i = 0; i < text.n; i++)
		if (text.p[i] < ' ' || text.p[i] > '~' || text.p[i] == '"' ||
		    text.p[i] == '\\' || text.p[i] == '$')
			break;
	if (i < text.n || text.n > 127)
		diag_error(b->diags, node->span,
			   "a log prefix is at most 127 printable ASCII "
			   "characters, without \", \\ and $");
	else
		log->prefix = arena_strndup(b->arena, text.p, text.n);
}

static void log_group(struct binder *b, const struct node *node, void *into)
{
	uint64_t group;

	if (bind_number(b, node, 0, 65535, &group))
		((struct log_spec *)into)->group = (int)group;
}

static void log_level(struct binder *b, const struct node *node, void *into)
{
	static const char *const words[] = { "emerg", "alert", "crit",
					     "err",   "warn",  "notice",
					     "info",  "debug", NULL };
	int i = bind_word(b, node, words, "a log level");

	if (i >= 0)
		((struct log_spec *)into)->level = (unsigned int)i;
}

static void log_snaplen(struct binder *b, const struct node *node, void *into)
{
	uint64_t snaplen;

	if (bind_number(b, node, 1, 65535, &snaplen))
		((struct log_spec *)into)->snaplen = (unsigned int)snaplen;
}

static void log_rate(struct binder *b, const struct node *node, void *into)
{
	struct log_spec *log = into;
	struct limit_spec rate = { 0 };

	bind_rate(b, node, &rate);
	log->rate = rate.rate;
	log->rate_unit = rate.unit;
	log->burst = rate.burst;
}

static const struct field log_fields[] = {
	{ "when", log_when, false, .type = "new | flow | every", .dflt = "new",
	  .doc = DOC(
		  "What is logged. An accepted connection is logged as new "
		  "once, and not again when another policy decides it anew. "
		  "Of a connection that is dropped, each packet is a first "
		  "one.\n"
		  "`flow` logs as `new` does, and has a record of the "
		  "connection's start and one of its end, offloaded or not, "
		  "with its bytes and packets: nftoffc(1), `log`, writes "
		  "them. It needs no later packet, and costs none; which "
		  "rule it was is kept in the lowest bits of the "
		  "`mark-mask`, where it has room.\n"
		  "What rules that go on (`log: every`, `count`, `dscp`) do "
		  "to each packet, they do for the life of a connection that "
		  "a later rule accepts: all of them, in their order, and "
		  "then what the rule that accepts does.") },
	{ "prefix", log_prefix, false, .type = "<text>",
	  .doc = DOC("What each record begins with: at most 127 printable "
		     "ASCII characters without '\"' and '\\', 63 with a "
		     "`group`. The default is the rule's name, cut off at 60 "
		     "characters, a colon and a space.") },
	{ "group", log_group, false, .type = "<number>",
	  .doc = DOC("Sends the records to this nfnetlink_log group, from 0 to "
		     "65535. The default is the kernel's log.") },
	{ "level", log_level, false,
	  .type = "emerg | alert | crit | err | warn | notice | info | debug",
	  .dflt = "info",
	  .doc = DOC("The level in the kernel's log. It is not used with a "
		     "`group`.") },
	{ "snaplen", log_snaplen, false, .type = "<number>",
	  .doc = DOC("How many bytes of each packet go to the `group`, from 1 "
		     "to 65535. The default is the whole packet.") },
	{ "rate", log_rate, FIELD_PHRASE, .type = "<rate>",
	  .doc = DOC("Logs no more than this. The default is to log "
		     "everything.") },
	{ NULL, NULL, false },
};

static void log_init(struct log_spec *log)
{
	*log = (struct log_spec){ .group = -1, .level = LOG_INFO };
}

static void rule_log(struct binder *b, const struct node *node, void *into)
{
	struct log_spec *log = &((struct rule_fill *)into)->rule->log;

	log_init(log);
	log->span = node->span;
	if (node->kind != NODE_MAP) {
		log_when(b, node, log);
		return;
	}
	log->when = LOG_NEW;
	bind_map(b, node, log_fields, log, "\"log\"", NULL);
	if (log->group >= 0 && log->prefix && strlen(log->prefix) > 63)
		diag_error(b->diags, node->span,
			   "a log prefix with a group is at most 63 "
			   "characters"); /* NFULNL_PREFIXLEN */
}

const struct field rule_fields[] = {
	{ "from", rule_from, false, .type = "<zones>", .dflt = "any",
	  .doc = DOC("Where the connection is opened.") },
	{ "to", rule_to, false, .type = "<zones>", .dflt = "any",
	  .doc = DOC("Where it is opened to. From `router` to `router` is a "
		     "mistake.") },
	{ "log", rule_log, false, log_fields,
	  .type = "new | flow | every | <map>", .not_of = ELSEWHERE,
	  .doc = DOC("Also logs the connection. The default is not to, but for "
		     "the action `log`, where it is `new`. See <Logs>.") },
	{ "limit", rule_limit, FIELD_PHRASE, limit_fields,
	  .type = "<rate> | <map>", .not_of = ELSEWHERE,
	  .doc = DOC(
		  "The rule matches new connections up to this rate; those "
		  "beyond it go on with the next rule. All zones and "
		  "families that the rule speaks of share the rate, unless "
		  "it is `per: source`; see <Limits>. It counts connections: "
		  "a TCP connection once, and a ping(8) that keeps its "
		  "identifier once, however long it runs. Connections that "
		  "live when a policy is applied are not counted again.") },
	{ "connections", rule_connections, false, connections_fields,
	  .type = "<number> | <map>", .not_of = ELSEWHERE,
	  .doc = DOC(
		  "The rule matches while its source has at most so many "
		  "connections by it at the same time; those beyond it go on "
		  "with the next rule. See <Limits>.") },
	{ "quota", rule_quota, FIELD_PHRASE, .type = "<bytes>",
	  .not_of = ~ENDING,
	  .doc = DOC("The rule matches until its connections have used up so "
		     "many bytes, both directions together. From then on their "
		     "packets, those of live connections too, meet the rules "
		     "that follow. What is used is kept when another policy is "
		     "applied that has the quota, even of another amount;\n"
		     "\tnft reset quota inet nftoffc quota.NAME\n"
		     "begins anew.") },
	{ "count", rule_count, FIELD_FLAG, count_fields,
	  .type = "true | <name> | <map>", .not_of = ELSEWHERE,
	  .doc = DOC(
		  "Counts the connection in a counter of this name, or of "
		  "the rule's (`true`); rules may share one. In the kernel "
		  "it is called `count.NAME`. It goes on counting when "
		  "another policy is applied that has it. See <Counters>.") },
	{ "add-to", rule_add_to, false, add_fields, .type = "<set> | <map>",
	  .not_of = ELSEWHERE | KIND(ACTION_ADD_TO),
	  .doc = DOC("Adds the source of a new connection to this set "
		     "(`\"@suspect\"`), which must be one of addresses that is "
		     "filled while the policy runs. Of what is dropped or "
		     "rejected, each packet does. An element that is there "
		     "begins its timeout anew.") },
	{ "offload", rule_offload, false, .type = "never | auto | require",
	  .dflt = "auto", .not_of = ~KIND(ACTION_ACCEPT),
	  .doc = DOC(
		  "Whether what this rule accepts may be offloaded. `auto` "
		  "leaves it to `eligible` and `exempt`; `never` exempts it; "
		  "`require` makes it a mistake if anything exempts it, or "
		  "no entry makes it eligible.") },
	{ "after", rule_after, FIELD_PHRASE, .type = "<amount>",
	  .not_of = ~KIND(ACTION_ACCEPT),
	  .doc = DOC("What this rule accepts is offloaded when it has had so "
		     "many packets or bytes, whatever its `eligible` entry "
		     "says.") },
	{ "with", rule_with, false,
	  .type = "admin-prohibited | port-unreachable | host-unreachable | no-route | tcp-reset",
	  .dflt = "tcp-reset", .not_of = ~KIND(ACTION_REJECT),
	  .doc = DOC("What it answers: the ICMP message of the packet's "
		     "family, or `tcp-reset`, which is a reset for TCP and "
		     "`admin-prohibited` for all else.") },
	{ "set", rule_set, false, .type = "<value>", .not_of = ~SETTING,
	  .needed_by = SETTING,
	  .doc = DOC(
		  "Of `mark`, what it is (`0x10/0xff`; without the bits "
		  "behind the slash, all that are not of `mark-mask`); of "
		  "`dscp`, a class as in `ef`, `af41`, `cs1`, or a number to "
		  "63; of `helper`, one of `ftp`, `sip`, `tftp`, `irc`, "
		  "`pptp`, `h323`, `h323-ras`, `amanda`, `netbios-ns`, "
		  "`snmp` and `sane`; of `add-to`, the set (`\"@name\"`).") },
	{ "timeout", rule_timeout, FIELD_PHRASE, .type = "<duration>",
	  .not_of = ~KIND(ACTION_ADD_TO),
	  .doc = DOC("How long the source stays, instead of the set's own "
		     "timeout.") },
	{ "num", rule_num, false, .type = "<number> | <range>",
	  .not_of = ~KIND(ACTION_QUEUE), .needed_by = KIND(ACTION_QUEUE),
	  .doc = DOC("The queue, or queues (`0-3`) among which connections are "
		     "spread.") },
	{ "bypass", rule_bypass, FIELD_FLAG, .type = "<bool>", .dflt = "false",
	  .not_of = ~KIND(ACTION_QUEUE),
	  .doc = DOC("Accepts what is queued while no program listens, instead "
		     "of dropping it.") },
	{ "fanout", rule_fanout, FIELD_FLAG, .type = "<bool>", .dflt = "false",
	  .not_of = ~KIND(ACTION_QUEUE),
	  .doc = DOC("Which queue of several is chosen by the processor "
		     "instead of by the connection.") },
	{ "size", rule_size, false, .type = "<number>",
	  .not_of = ~KIND(ACTION_CLAMP_MSS),
	  .doc = DOC("The segment size, from 536, instead of the route's.") },
	{ "name", rule_name, false, .type = "<name>",
	  .doc = DOC("The rule's name, instead of the derived one.") },
	{ NULL, NULL, false },
};

struct action_word {
	const char *word;
	enum action action;
	const char *fw4; /* as that of struct field */
};

#define FW4_RULES "its sections rule and forwarding"

static const struct action_word actions[] = {
	{ "accept", ACTION_ACCEPT, FW4_RULES },
	{ "drop", ACTION_DROP, FW4_RULES },
	{ "reject", ACTION_REJECT, FW4_RULES },
	{ "queue", ACTION_QUEUE, FW4_RULES },
	{ "log", ACTION_LOG },
	{ "count", ACTION_COUNT },
	{ "mark", ACTION_MARK },
	{ "dscp", ACTION_DSCP },
	{ "clamp-mss", ACTION_CLAMP_MSS },
	{ "helper", ACTION_HELPER },
	{ "notrack", ACTION_NOTRACK },
	{ "add-to", ACTION_ADD_TO },
	{ NULL, ACTION_DROP },
};

bool action_at(size_t i, struct field_kind *kind)
{
	*kind = (struct field_kind){
		.word = actions[i].word,
		.fields = rule_fields,
		.bit = KIND(actions[i].action),
		.fw4 = actions[i].fw4,
	};
	return kind->word != NULL;
}

static bool is_action(struct str word)
{
	const struct action_word *action;

	for (action = actions; action->word; action++)
		if (str_is(word, action->word))
			return true;
	return false;
}

/* "log: new" is none, though "log: { from: wan }" is one. */
static bool is_entry(const struct pair *pair)
{
	return is_action(pair->key->scalar) && pair->value->kind == NODE_MAP;
}

/* Keys that are not indented below the action; reported. */
static bool beside_action(struct binder *b, const struct node *map)
{
	const struct pair *action = NULL, *other = NULL;
	struct diag *diag;
	size_t i;

	for (i = 0; i < map->map.n; i++) {
		const struct pair *pair = &map->map.pairs[i];

		if (!action && is_action(pair->key->scalar))
			action = pair;
		else if (!other)
			other = pair;
	}
	if (!action || !other)
		return false;
	diag = diag_error(b->diags, other->key->span,
			  "\"%.*s\" stands beside \"%.*s\", not in it",
			  STR_ARG(other->key->scalar),
			  STR_ARG(action->key->scalar));
	diag_note(diag, action->key->span, "the rule begins here");
	if (is_entry(other))
		diag_help(diag, "one entry is one action: begin another with "
				"\"-\"");
	else
		diag_help(diag, "indent it further, or write it into the "
				"braces");
	return true;
}

/* "accept from lan to wan", or "{ action: accept, from: lan }". */
static void entry_help(const struct node *node, struct diag *diag)
{
	struct str rest = node->scalar;
	size_t i;

	if (node->kind == NODE_SCALAR && is_action(str_cut(&rest, ' ')) &&
	    rest.p)
		diag_help(diag, "that is the policy's own spelling, of files "
				"whose names end in \".policy\"");
	for (i = 0; node->kind == NODE_MAP && i < node->map.n; i++)
		if (node->map.pairs[i].value->kind == NODE_SCALAR &&
		    is_action(node->map.pairs[i].value->scalar))
			diag_help(diag,
				  "the action is the key of all else: write "
				  "\"- %.*s: { ... }\"",
				  STR_ARG(node->map.pairs[i].value->scalar));
}

/* A list entry with one key: "- accept: {...}". NULL, reported, if not. */
static const struct pair *entry_pair(struct binder *b, const struct node *node,
				     const char *expected)
{
	if (node->kind == NODE_MAP && node->map.n == 1)
		return &node->map.pairs[0];
	if (node->kind != NODE_MAP || !beside_action(b, node))
		entry_help(node, bind_expected(b, node, expected));
	return NULL;
}

static const char *action_words(struct binder *b)
{
	const char *words = actions[0].word;
	size_t i;

	for (i = 1; actions[i].word; i++)
		words = arena_printf(b->arena, "%s, %s", words,
				     actions[i].word);
	return words;
}

static const struct action_word *find_action(struct binder *b,
					     const struct node *key)
{
	const struct action_word *action;
	struct suggest suggest;
	struct diag *diag;

	for (action = actions; action->word; action++)
		if (str_is(key->scalar, action->word))
			return action;
	diag = diag_error(b->diags, key->span, "\"%.*s\" is no action",
			  STR_ARG(key->scalar));
	if (habit_word("an action", key->scalar, diag))
		return NULL;
	suggest = suggest_for(key->scalar);
	for (action = actions; action->word; action++)
		suggest_name(&suggest, str_of(action->word));
	suggest_help(&suggest, diag);
	if (!suggest.best.n)
		diag_help(diag, "it is one of %s", action_words(b));
	return NULL;
}

/* What tells a rule from others of the same zones and matches. */
static const char *more_words(struct binder *b, const struct rule_fill *fill)
{
	static const char *const whens[] = { NULL, "new", "flow", "every" };

	if (fill->rule->action == ACTION_LOG)
		return whens[fill->rule->log.when];
	if (fill->set && fill->set->kind == NODE_SCALAR)
		return arena_printf(b->arena, "%.*s",
				    STR_ARG(fill->set->scalar));
	return NULL;
}

static void finish_rule(struct binder *b, struct rule_fill *fill,
			const char *word)
{
	struct rule *rule = fill->rule;

	rule->matches = fill->matches.list.v;
	rule->nmatches = fill->matches.list.n;
	if (rule->action == ACTION_LOG && !rule->log.when) {
		log_init(&rule->log);
		rule->log.when = LOG_NEW;
	}
	if (rule->from.router && rule->to.router &&
	    !zone_set_zones(&rule->from) && !zone_set_zones(&rule->to))
		diag_error(b->diags, rule->span,
			   "a rule from the router to itself decides nothing: "
			   "local traffic is always accepted");
	rule->name = name_entry(b, fill->name, fill->name_span, rule->span,
				name_derive(b, word, &rule->from, &rule->to,
					    rule->matches, rule->nmatches,
					    more_words(b, fill)));
	if (rule->count.when && !rule->count.name)
		rule->count.name = rule->name;
}

static void bind_rule(struct binder *b, const struct node *node, void *into)
{
	static const char expected[] =
		"one rule, as in \"accept: { from: lan, to: wan }\"";
	VEC(struct rule) *rules = into;
	struct rule_fill fill = { 0 };
	const struct action_word *action;
	const struct pair *pair;
	struct rule rule = { 0 };

	pair = entry_pair(b, node, expected);
	action = pair ? find_action(b, pair->key) : NULL;
	if (!action)
		return;
	if (action->fw4 && b->model->mode == MODE_FW4) {
		bind_left_to_fw4(b, pair->key, action->fw4);
		return;
	}
	rule.action = action->action;
	rule.offload = RULE_OFFLOAD_AUTO;
	rule.span = span_join(pair->key->span, pair->value->span);
	rule.action_span = pair->key->span;
	fill.rule = &rule;
	if (!bind_map(b, pair->value, rule_fields, &fill, "a rule",
		      &fill.matches))
		return;
	if (!fill.from)
		zone_set_any(b, &rule.from);
	if (!fill.to)
		zone_set_any(b, &rule.to);
	bind_effects(b, pair->value, &fill, action->word);
	finish_rule(b, &fill, action->word);
	*vec_push(b->arena, rules) = rule;
}

static struct match *forward_matches(struct binder *b, const struct nat *nat,
				     size_t *n);

static bool has_target(const struct zone *zone, const struct nat *nat)
{
	int f;

	for (f = 0; f < FAMILIES; f++)
		if (nat->families >> f & 1 &&
		    (ranges_have(&zone->subnets[f], nat->address[f].lo) ||
		     ranges_have(&zone->subnets[f], nat->address[f].hi)))
			return true;
	return false;
}

/*
 * Where the forward's new address may be: in the zones whose subnets have it;
 * if there is none, in those that are not narrowed.
 */
static void target_zones(struct binder *b, const struct nat *nat,
			 struct zone_set *to)
{
	const struct model *model = b->model;
	bool known = false, here;
	size_t i;

	zone_set_any(b, to);
	for (i = 0; i < model->nzones; i++)
		known |= has_target(&model->zones[i], nat);
	for (i = 0; i < model->nzones; i++) {
		const struct zone *zone = &model->zones[i];

		here = known ? has_target(zone, nat) :
			       !zone->subnets[0].n && !zone->subnets[1].n;
		if (here)
			continue;
		to->any = false;
		to->words[i / 64] &= ~(UINT64_C(1) << (i % 64));
	}
}

/* Of a redirection: the router. */
static void to_router(struct binder *b, struct zone_set *to)
{
	zone_set_any(b, to);
	memset(to->words, 0, to->nwords * sizeof(*to->words));
	to->any = false;
	to->router = true;
}

/* What a port forward lets in: just the connections that it translates. */
static void forward_rule(struct binder *b, const struct nat *nat,
			 struct rule *rule)
{
	*rule = (struct rule){
		.name = nat->name,
		.span = nat->span,
		.action_span = nat->span,
		.action = ACTION_ACCEPT,
		.offload = RULE_OFFLOAD_AUTO,
		.forward = nat,
		.from = nat->from,
	};
	if (nat->reflect)
		zone_set_any(b, &rule->from);
	if (nat->kind == NAT_REDIRECT)
		to_router(b, &rule->to);
	else
		target_zones(b, nat, &rule->to);
	rule->matches = forward_matches(b, nat, &rule->nmatches);
}

static struct match *match_add(struct matches *matches, struct binder *b,
			       const char *word, struct span span)
{
	struct match *match = vec_push(b->arena, &matches->list);

	*match = (struct match){
		.word = match_word_find(str_of(word)),
		.span = span,
	};
	return match;
}

static void add_destination(struct binder *b, const struct nat *nat,
			    struct match *match)
{
	size_t room;
	int f;

	for (f = 0; f < FAMILIES; f++) {
		match->ranges[f].len = f ? 16 : 4;
		room = 0;
		if (nat->families >> f & 1)
			ranges_push(b->arena, &match->ranges[f], &room,
				    nat->address[f].lo, nat->address[f].hi);
	}
}

/*
 * The translated connection's own words: its destination is the new address
 * and port; everything else is as the entry says.
 */
static struct match *forward_matches(struct binder *b, const struct nat *nat,
				     size_t *n)
{
	struct matches out = { 0 };
	struct match *match;
	size_t i, room;

	for (i = 0; i < nat->nmatches; i++) {
		const struct match_word *word = nat->matches[i].word;

		if (word->key[0] == KEY_IP_DADDR)
			continue;
		if (word->key[0] == KEY_TH_DPORT && nat->port_lo)
			continue;
		*vec_push(b->arena, &out.list) = nat->matches[i];
	}
	if (nat->kind == NAT_FORWARD)
		add_destination(b, nat,
				match_add(&out, b, "destination", nat->span));
	if (nat->port_lo) {
		uint8_t lo[WIRE_MAX], hi[WIRE_MAX];

		room = 0;
		match = match_add(&out, b, "port", nat->span);
		match->ranges[0].len = 2;
		wire_put(WIRE_PORT, nat->port_lo, lo);
		wire_put(WIRE_PORT, nat->port_hi, hi);
		ranges_push(b->arena, &match->ranges[0], &room, lo, hi);
	}
	*n = out.list.n;
	return out.list.v;
}

void bind_rules(struct binder *b, const struct node *node)
{
	VEC(struct rule) rules = { 0 };
	size_t n = node && node->kind == NODE_LIST ? node->list.n : 0, i;

	vec_reserve(b->arena, &rules, n + b->model->nnats);
	if (node && node->kind != NODE_LIST)
		bind_list(b, node, "a list of rules");
	for (i = 0; i < n; i++)
		bind_rule(b, node->list.items[i], &rules);
	for (i = 0; i < b->model->nnats; i++)
		if (b->model->nats[i].kind == NAT_FORWARD ||
		    b->model->nats[i].kind == NAT_REDIRECT)
			forward_rule(b, &b->model->nats[i],
				     vec_push(b->arena, &rules));
	b->model->rules = rules.v;
	b->model->nrules = rules.n;
}
