// SPDX-License-Identifier: GPL-2.0-only
/*
 * raw: rules in nft's own language, one a line, in a chain of their own.
 *
 *	raw:
 *	  scans:
 *	    at: forward			# or input, output: jumped to from there
 *	    when: before		# the policy's own rules, or after
 *	    rules: |
 *	      tcp flags syn tcp option maxseg size 1-535 counter drop
 *
 * What must stay true: whatever is in the text, it stays within its line and
 * its chain. A brace, a quotation mark or a ";" too many would end the chain,
 * and what follows could be anything, in any table: that is refused here. What
 * the rules mean is for nft to say.
 */
#include "bind.h"

#define LINE_MAX_BYTES 4096
#define LINES_MAX 1000

struct raw_fill {
	struct raw *raw;
	const struct node *priority, *when;
};

/* ---- one rule ---- */

/* A line as it is walked: outside of quotes, word by word. */
struct walk {
	struct binder *b;
	const struct raw_line *line;
	struct str rest;
	size_t depth; /* braces */
	bool first;
	bool jump; /* the word before was "jump" or "goto" */
};

static struct diag *refuse(struct walk *w, const char *why)
{
	return diag_error(w->b->diags, w->line->span, "%s", why);
}

/* Words that begin something else than a rule. */
static const struct {
	const char *words, *help;
} no_rules[] = {
	{ "type policy device devices flags hook priority",
	  "say where the chain hangs: \"at\", \"when\", \"priority\"" },
	{ "define redefine undefine include",
	  "leave it out: the text is not a file of its own" },
	{ "table chain set map element flowtable rule ruleset create insert "
	  "replace flush list rename destroy monitor export import",
	  "rules only: sets are described in \"sets\", flowtables in "
	  "\"offload\"" },
	{ "comment", "a comment begins with \"#\", or ends a rule" },
};

static bool is_one_of(struct str word, const char *words)
{
	struct str list = str_of(words), one;

	while (list.p) {
		one = str_cut(&list, ' ');
		if (str_eq(one, word))
			return true;
	}
	return false;
}

/* "add @set { ... }" is a rule, "add rule ..." a command. */
static bool is_command(struct str word, struct str rest)
{
	rest = str_trim(rest);
	return is_one_of(word, "add update delete") && rest.n && *rest.p != '@';
}

static void first_word(struct walk *w, struct str word)
{
	struct diag *diag;
	size_t i;

	if (is_command(word, w->rest)) {
		diag = refuse(w, "this is a command, and no rule");
		diag_help(diag, "write what follows \"rule inet TABLE CHAIN\" "
				"alone");
		return;
	}
	for (i = 0; i < sizeof(no_rules) / sizeof(no_rules[0]); i++) {
		if (!is_one_of(word, no_rules[i].words))
			continue;
		diag = diag_error(w->b->diags, w->line->span,
				  "\"%.*s\" begins no rule", STR_ARG(word));
		diag_help(diag, "%s", no_rules[i].help);
	}
}

static void some_word(struct walk *w, struct str word)
{
	struct diag *diag;

	if (str_is(word, "meter")) {
		diag = refuse(w, "a meter declares a set of its own");
		diag_help(diag,
			  "describe a set with a timeout in \"sets\", "
			  "and add to it: add @NAME.ipv4 { ip saddr limit "
			  "rate over 10/second }");
	}
	if (*word.p == '$') {
		diag = refuse(w, "variables are not replaced in nft's text");
		diag_help(diag, "write the value");
	}
}

/* "@admins": in the table there are admins.ipv4 and admins.ipv6. */
static void set_word(struct walk *w, struct str word)
{
	struct str name = { word.p + 1, word.n - 1 };
	const char *suffix = strrchr(word.p, '.');
	struct set *set = map_get(&w->b->sets, name);
	struct diag *diag;

	if (set && set->type->wire[FAMILY_INDEX_IPV6] != WIRE_NONE) {
		diag = refuse(w, "a set of addresses is two sets of nft's");
		diag_help(diag, "write @%s.ipv4 or @%s.ipv6", set->name,
			  set->name);
	} else if (set) {
		diag = refuse(w, "nft's name of the set has its type, too");
		diag_help(diag, "write @%s.%s", set->name, set->type->name);
	}
	if (!suffix || (size_t)(suffix - word.p) >= word.n)
		return;
	name.n = (size_t)(suffix - name.p);
	set = map_get(&w->b->sets, name);
	if (set)
		set->used = true;
}

static bool is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("@$._-/\\", c)) ||
	       (c & 0x80);
}

static struct str take_word(struct walk *w)
{
	struct str word = { w->rest.p, 0 };

	while (word.n < w->rest.n && is_word_char(w->rest.p[word.n]))
		word.n++;
	w->rest.p += word.n;
	w->rest.n -= word.n;
	return word;
}

static bool take_quoted(struct walk *w)
{
	const char *end = memchr(w->rest.p + 1, '"', w->rest.n - 1);

	if (!end) {
		refuse(w, "the quotation mark is not closed on its line");
		return false;
	}
	w->rest.n -= (size_t)(end + 1 - w->rest.p);
	w->rest.p = end + 1;
	return true;
}

static void walk_word(struct walk *w)
{
	struct str word = take_word(w);

	if (w->first)
		first_word(w, word);
	some_word(w, word);
	/* a NUL stands behind every line: see add_line() */
	if (*word.p == '@')
		set_word(w, word);
	w->jump = is_one_of(word, "jump goto");
}

/* What is neither a word nor quoted. False: no more need be said. */
static bool walk_char(struct walk *w, char c)
{
	if (c == '{' && w->jump)
		diag_help(refuse(w, "this declares a chain within the rule"),
			  "give it an entry of its own in \"raw\", and jump to "
			  "raw.NAME");
	if (c == ';')
		diag_help(refuse(w, "\";\" ends a rule"),
			  "write each rule in a line of its own");
	if (c == '{')
		w->depth++;
	if (c == '}' && !w->depth--) {
		refuse(w, "this \"}\" closes nothing in its line");
		return false;
	}
	if (c != ' ' && c != '\t')
		w->jump = false;
	w->rest.p++;
	w->rest.n--;
	return c != ';';
}

static bool walk_on(struct walk *w)
{
	char c = *w->rest.p;

	if (c == '"')
		return take_quoted(w);
	if (!is_word_char(c))
		return walk_char(w, c);
	walk_word(w);
	return true;
}

/* In quotes and behind "#", too. */
static bool has_control(struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (((unsigned char)text.p[i] < ' ' && text.p[i] != '\t') ||
		    text.p[i] == 0x7f)
			return true;
	return false;
}

static void check_line(struct binder *b, const struct raw_line *line)
{
	struct walk w = {
		.b = b, .line = line, .rest = str_of(line->text), .first = true
	};

	if (has_control(w.rest)) {
		refuse(&w, "there is a control character in this rule");
		return;
	}
	if (w.rest.p[w.rest.n - 1] == '\\') {
		refuse(&w, "a rule is one line: nothing goes on behind \"\\\"");
		return;
	}
	while (w.rest.n && *w.rest.p != '#') {
		if (!walk_on(&w))
			return;
		w.first = false;
	}
	if (w.depth)
		refuse(&w, "a \"{\" is not closed on its line");
}

/* ---- the text ---- */

/* Where the policy has the line; what is written otherwise is in @whole. */
static struct span line_span(struct str *written, struct span whole,
			     size_t begin, struct str line)
{
	const char *found = memmem(written->p, written->n, line.p, line.n);
	struct span span = whole;

	if (!found)
		return whole;
	span.offset += (uint32_t)(begin + (size_t)(found - written->p));
	span.length = (uint32_t)line.n;
	return span;
}

static void add_line(struct binder *b, struct raw *raw, struct str line,
		     struct span span)
{
	struct raw_line *new = &raw->lines[raw->nlines++];

	*new = (struct raw_line){ arena_strndup(b->arena, line.p, line.n),
				  span };
	if (line.n > LINE_MAX_BYTES)
		diag_error(b->diags, span, "a rule has at most %d bytes",
			   LINE_MAX_BYTES);
	else if (strlen(new->text) != line.n)
		diag_error(b->diags, span, "there is a NUL in this rule");
	else
		check_line(b, new);
}

static void bind_lines(struct binder *b, const struct node *node,
		       struct raw *raw, struct str text)
{
	struct str all = span_text(b->sources, node->span), written = all;
	struct str line;

	raw->lines = arena_array(b->arena, 1 + str_count(text, '\n'),
				 sizeof(struct raw_line));
	while (text.p && raw->nlines <= LINES_MAX) {
		struct span span;

		line = str_trim(str_cut(&text, '\n'));
		if (!line.n || *line.p == '#')
			continue;
		span = line_span(&written, node->span,
				 (size_t)(written.p - all.p), line);
		if (span.offset != node->span.offset ||
		    span.length != node->span.length) {
			written.p = all.p + (span.offset - node->span.offset) +
				    span.length;
			written.n = all.n - (size_t)(written.p - all.p);
		}
		add_line(b, raw, line, span);
	}
	if (raw->nlines > LINES_MAX)
		diag_error(b->diags, node->span,
			   "there are more than %d rules in this text",
			   LINES_MAX);
	if (!raw->nlines)
		diag_error(b->diags, node->span,
			   "there is no rule in this text");
}

/* ---- the entry ---- */

static void raw_at(struct binder *b, const struct node *node, void *into)
{
	static const char *const words[] = { "forward",	    "input",
					     "output",	    "prerouting",
					     "postrouting", NULL };
	static const enum raw_at places[] = { RAW_FORWARD, RAW_INPUT,
					      RAW_OUTPUT, RAW_PREROUTING,
					      RAW_POSTROUTING };
	struct raw *raw = ((struct raw_fill *)into)->raw;
	int i = bind_word(b, node, words, "a place");

	raw->at_span = node->span;
	if (i >= 0)
		raw->at = places[i];
}

static void raw_when(struct binder *b, const struct node *node, void *into)
{
	static const char *const words[] = { "before", "after", NULL };
	struct raw_fill *fill = into;

	fill->when = node;
	fill->raw->after = bind_word(b, node, words, "when to come to it") == 1;
}

static void raw_priority(struct binder *b, const struct node *node, void *into)
{
	(void)b;
	((struct raw_fill *)into)->priority = node; /* of which hook? */
}

static void raw_offload(struct binder *b, const struct node *node, void *into)
{
	static const char *const words[] = { "skip", "never", NULL };
	static const enum raw_offload offloads[] = { RAW_OFFLOAD_SKIP,
						     RAW_OFFLOAD_NEVER };
	struct raw *raw = ((struct raw_fill *)into)->raw;
	int i = bind_word(b, node, words, "the offload of what passes here");

	raw->offload_span = node->span;
	if (i >= 0)
		raw->offload = offloads[i];
}

static void raw_rules(struct binder *b, const struct node *node, void *into)
{
	struct raw_fill *fill = into;
	struct str text;

	if (bind_text(b, node,
		      "nft's rules as one text, each in a line: \"rules: |\"",
		      &text))
		bind_lines(b, node, fill->raw, text);
}

const struct field raw_fields[] = {
	{ "at", raw_at, true,
	  .type = "forward | input | output | prerouting | postrouting",
	  .doc = DOC("Where the chain hangs. `prerouting` and `postrouting` "
		     "make it a base chain of type filter, which accepts what "
		     "its rules leave.") },
	{ "when", raw_when, false, .type = "before | after",
	  .doc = DOC(
		  "`before`, which is the default, sends each packet of the "
		  "hook to the chain, before anything else is asked of it, "
		  "decided connections and replies among them. `after` sends "
		  "those that no rule decided, of both directions, right "
		  "before the default. Not at `prerouting` and "
		  "`postrouting`.") },
	{ "priority", raw_priority, FIELD_PHRASE, .type = "<priority>",
	  .doc = DOC("Of a chain at `prerouting` or `postrouting`: a number, "
		     "or one of nft's names `raw`, `mangle`, `dstnat`, "
		     "`srcnat`, `filter` and `security` where they mean "
		     "something, or a number from there, as in `filter + 10`. "
		     "Without it, it is `mangle`.") },
	{ "offload", raw_offload, false, .type = "skip | never",
	  .doc = DOC("What is offloaded skips a chain that all packets pass. "
		     "`skip` says that this is meant to be so; `never` keeps "
		     "everything from being offloaded. Without it there is a "
		     "warning, if the policy offloads.") },
	{ "rules", raw_rules, true, .type = "<text>",
	  .doc = DOC(
		  "The rules, each in a line of its own, kept as they are. "
		  "Empty lines and lines that begin with `#` are passed over. "
		  "At most 1000 rules of 4096 bytes.") },
	{ NULL, NULL, false },
};

#define PRIORITY_DEFAULT (-150) /* mangle */

static const struct priority_name prerouting_names[] = {
	{ "raw", -300 }, { "mangle", -150 }, { "dstnat", -100 },
	{ "filter", 0 }, { "security", 50 }, { NULL, 0 },
};

static const struct priority_name postrouting_names[] = {
	{ "raw", -300 },    { "mangle", -150 }, { "filter", 0 },
	{ "security", 50 }, { "srcnat", 100 },	{ NULL, 0 },
};

static bool meets(const struct raw *raw, enum hook_index hook)
{
	return raw->at == (enum raw_at)hook ||
	       (raw->at == RAW_PREROUTING && hook != HOOK_OUTPUT) ||
	       (raw->at == RAW_POSTROUTING && hook != HOOK_INPUT);
}

/* What belongs to the one kind of place, and what to the other. */
static void bind_place(struct binder *b, const struct raw_fill *fill)
{
	struct raw *raw = fill->raw;
	bool own_hook = raw->at >= RAW_PREROUTING;
	const struct node *wrong = own_hook ? fill->when : fill->priority;
	struct diag *diag;

	raw->priority = PRIORITY_DEFAULT;
	if (raw->offload_span.source &&
	    (raw->after || !meets(raw, HOOK_FORWARD)))
		diag_error(b->diags, raw->offload_span,
			   "what is offloaded does not come to this chain in "
			   "any case");
	if (own_hook && fill->priority)
		bind_priority(b, fill->priority,
			      raw->at == RAW_PREROUTING ? prerouting_names :
							  postrouting_names,
			      &raw->priority);
	if (!wrong)
		return;
	diag = diag_error(b->diags, wrong->span,
			  own_hook ? "the policy has no rules there to be "
				     "before or after" :
				     "a chain that is jumped to has no "
				     "priority");
	diag_help(diag, own_hook ? "say \"priority\"" :
				   "say \"when\": before or after");
}

static bool raw_name_taken(struct binder *b, const struct node *key,
			   const char *name)
{
	const struct model *model = b->model;
	struct diag *diag;
	size_t i;

	for (i = 0; i < model->nraws; i++) {
		if (strcmp(model->raws[i].name, name) != 0)
			continue;
		diag = diag_error(b->diags, key->span,
				  "the chain \"%s\" is given twice", name);
		diag_note(diag, model->raws[i].span, "it is first given here");
		return true;
	}
	return false;
}

static void bind_raw(struct binder *b, const struct pair *pair)
{
	const char *name = bind_name(b, pair->key, "a raw chain");
	struct raw_fill fill = { 0 };

	if (!name || raw_name_taken(b, pair->key, name))
		return;
	fill.raw = &b->model->raws[b->model->nraws++];
	fill.raw->name = name;
	fill.raw->chain = arena_printf(b->arena, "raw.%s", name);
	fill.raw->span = pair->key->span;
	if (bind_map(b, pair->value, raw_fields, &fill, "a raw chain", NULL) &&
	    fill.raw->at_span.source)
		bind_place(b, &fill);
}

void bind_raws(struct binder *b, const struct node *node)
{
	size_t i;

	if (node->kind != NODE_MAP || node->map.n == 0) {
		bind_names(b, node,
			   "chains of nft's own rules, each a name and what it "
			   "is, as in \"scans: { at: forward, rules: tcp flags "
			   "fin drop }\"");
		return;
	}
	b->model->raws = arena_array(b->arena, node->map.n, sizeof(struct raw));
	for (i = 0; i < node->map.n; i++)
		bind_raw(b, &node->map.pairs[i]);
}

/* ---- what it means for the rest ---- */

bool raw_sees_all(const struct raw *raw)
{
	return !raw->after;
}

const struct raw *raw_next(const struct model *model, enum hook_index hook,
			   const struct raw *raw)
{
	const struct raw *end = model->raws + model->nraws;

	for (raw = raw ? raw + 1 : model->raws; raw < end; raw++)
		if (meets(raw, hook))
			return raw;
	return NULL;
}

/* Does the text offload connections by itself? */
static const struct raw_line *offloads(const struct raw *raw)
{
	size_t i;

	for (i = 0; i < raw->nlines; i++)
		if (strstr(raw->lines[i].text, "flow add @") ||
		    strstr(raw->lines[i].text, "flow offload @"))
			return &raw->lines[i];
	return NULL;
}

static void check_raw(struct binder *b, const struct raw *raw)
{
	const struct raw_line *line = offloads(raw);
	struct diag *diag;

	if (line) {
		diag = diag_warning(b->diags, line->span,
				    "this rule offloads connections by itself: "
				    "what the policy exempts, too");
		diag_help(diag, "leave it to \"offload\"");
	}
	if (!b->model->offload.given || raw->offload != RAW_OFFLOAD_WARN ||
	    !raw_sees_all(raw) || !meets(raw, HOOK_FORWARD))
		return;
	diag = diag_warning(b->diags, raw->span,
			    "what is offloaded skips this chain");
	diag_note(diag, b->model->offload.span, "by this");
	diag_help(diag, "say what is meant: \"offload: skip\", that it may; "
			"\"offload: never\", that nothing is offloaded");
}

void check_raws(struct binder *b)
{
	size_t i;

	for (i = 0; i < b->model->nraws; i++)
		check_raw(b, &b->model->raws[i]);
}
