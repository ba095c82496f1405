// SPDX-License-Identifier: GPL-2.0-only
/*
 * YAML to the tree: libyaml's events, put together on a stack.
 *
 * What must stay true:
 * - Work and memory are bounded by the size of the file, and the tree that
 *   others walk by TREE_MAX_NODES and TREE_MAX_DEPTH with aliases expanded.
 * - Every span lies in the text and covers what was written and no more. Only
 *   byte_of() turns libyaml's marks, which count characters, into offsets; the
 *   marks of block collections are empty, so the children's spans are joined.
 * - libyaml never sees bytes that it would refuse by itself, because it does
 *   so when it fills its buffer, ahead of an earlier mistake.
 */
#include <assert.h>
#include <yaml.h>

#include "base/map.h"
#include "read/text.h"
#include "read/yaml.h"

#define STR_TAG "tag:yaml.org,2002:str"

#define SPARE_NODES 32

/* Characters of one width in a row; pure ASCII is a single run. */
struct run {
	uint32_t first;	 /* counted in characters, as libyaml does */
	uint32_t offset; /* of that one, in bytes */
	uint32_t width;
};

struct anchor {
	struct node *node;
	struct span span;
	size_t size;	     /* nodes in it, with aliases expanded */
	unsigned int height; /* collections in each other in it */
	bool open;	     /* still being read: no alias may refer to it */
};

/* A collection that is being read. */
struct frame {
	struct node *node;
	struct anchor *anchor; /* NULL without */
	struct span span;      /* of the children so far */
	size_t children;       /* where they begin on the stack */
	size_t nodes;	       /* in the tree before it */
	unsigned int height;
};

struct reader {
	struct arena *arena;
	struct arena *scratch; /* goes when the file is read */
	const struct source *source;
	struct diags *diags;
	yaml_parser_t parser;
	VEC(struct run) runs;
	const struct run *run; /* of the last mark: the next one is near */
	struct map anchors;
	struct node *spare;
	size_t spare_nodes;
	VEC(struct node *) children; /* of all open frames; keys and values */
	struct frame frames[TREE_MAX_DEPTH];
	unsigned int depth;
	size_t nodes; /* with aliases expanded */
	struct node *root;
	bool documents; /* one has begun */
	bool failed;	/* something was reported */
	bool stop;	/* and reading on is of no use */
};

/* Before libyaml: is this text at all? */

static struct span span_at(const struct reader *r, size_t offset, size_t length)
{
	return (struct span){ r->source->id, (uint32_t)offset,
			      (uint32_t)length };
}

static void add_run(struct reader *r, size_t chars, size_t offset, size_t width)
{
	size_t n = r->runs.n;

	if (!n || r->runs.v[n - 1].width != width)
		*vec_push(r->scratch, &r->runs) =
			(struct run){ (uint32_t)chars, (uint32_t)offset,
				      (uint32_t)width };
}

/*
 * Checks all text from byte @at on and divides it into runs, with one of width
 * 0 at the end. False if it was refused.
 */
static bool check_text(struct reader *r, size_t at)
{
	struct str text = r->source->text;
	size_t chars = 0;

	while (at < text.n) {
		struct str rest = { text.p + at, text.n - at };
		size_t n = text_ascii_length(rest), width = 1;
		uint32_t rune;

		if (!n) {
			n = 1;
			width = str_rune(rest, &rune);
			if (!width || !text_is_allowed(rune)) {
				text_refuse(r->source, at, r->diags);
				r->failed = true;
				return false;
			}
		}
		add_run(r, chars, at, width);
		chars += n;
		at += n * width;
	}
	add_run(r, chars, at, 0);
	r->run = r->runs.v;
	return true;
}

static uint32_t byte_of(struct reader *r, yaml_mark_t mark)
{
	const struct run *run = r->run;

	while (mark.index < run->first)
		run--;
	while (run->width && mark.index >= run[1].first)
		run++;
	r->run = run;
	return run->offset + (uint32_t)(mark.index - run->first) * run->width;
}

static struct span event_span(struct reader *r, const yaml_event_t *event)
{
	uint32_t begin = byte_of(r, event->start_mark);

	return span_at(r, begin, byte_of(r, event->end_mark) - begin);
}

/* Spans of what an event stands for. */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool ends_property(char c)
{
	return is_space(c) || c == ',' || c == '[' || c == ']' || c == '{' ||
	       c == '}';
}

/* Blanks, line ends and comments from @at on; where they end. */
static size_t skip_space(struct str text, size_t at, size_t end)
{
	while (at < end && (is_space(text.p[at]) || text.p[at] == '#')) {
		if (text.p[at] == '#')
			while (at < end && text.p[at] != '\n')
				at++;
		else
			at++;
	}
	return at;
}

/*
 * What is left of @span behind anchor and tag, both of which belong to the
 * event; @tag becomes the place of the latter.
 */
static struct span skip_properties(const struct reader *r, struct span span,
				   struct span *tag)
{
	struct str text = r->source->text;
	size_t at = span.offset, end = at + span.length;

	while (at < end && (text.p[at] == '&' || text.p[at] == '!')) {
		size_t begin = at;

		while (at < end && !ends_property(text.p[at]))
			at++;
		if (text.p[begin] == '!')
			*tag = span_at(r, begin, at - begin);
		at = skip_space(text, at, end);
	}
	return span_at(r, at, end - at);
}

static struct span trim_end(const struct reader *r, struct span span)
{
	const char *p = r->source->text.p + span.offset;

	while (span.length && is_space(p[span.length - 1]))
		span.length--;
	return span;
}

/*
 * Takes anchor and tag off the @span of an event that has one of them. True
 * if the tag says that this is text.
 */
static bool take_properties(struct reader *r, const yaml_event_t *event,
			    const yaml_char_t *tag, struct span *span)
{
	struct span at = *span;
	struct diag *diag;

	*span = skip_properties(r, *span, &at);
	if (!tag)
		return false;
	if (event->type == YAML_SCALAR_EVENT &&
	    strcmp((const char *)tag, STR_TAG) == 0)
		return true;
	r->failed = true;
	diag = diag_error(r->diags, at, "tags are not allowed");
	diag_help(diag, "text that begins with \"!\" needs quotes: \"%.*s\"",
		  (int)at.length, r->source->text.p + at.offset);
	return false;
}

/* Building the tree. */

static bool count_nodes(struct reader *r, size_t n, struct span span)
{
	r->nodes += n;
	if (r->nodes <= TREE_MAX_NODES)
		return true;
	diag_error(r->diags, span,
		   "the file holds more than %u values, with every alias "
		   "written out",
		   TREE_MAX_NODES);
	r->failed = r->stop = true;
	return false;
}

static bool check_depth(struct reader *r, unsigned int more, struct span span)
{
	if (r->depth + more <= TREE_MAX_DEPTH)
		return true;
	diag_error(r->diags, span,
		   "lists and maps are nested more than %u deep",
		   TREE_MAX_DEPTH);
	r->failed = r->stop = true;
	return false;
}

static void check_key(struct reader *r, const struct node *key,
		      struct span span)
{
	struct diag *diag;

	if (key->kind == NODE_SCALAR &&
	    (key->quoted || !str_is(key->scalar, "<<")))
		return;
	r->failed = true;
	if (key->kind == NODE_SCALAR) {
		diag = diag_error(r->diags, span,
				  "merge keys are not supported");
		diag_help(diag, "write the fields of the other map out");
	} else if (key->kind == NODE_NULL) {
		diag_error(r->diags, span, "a key is missing here");
	} else {
		diag = diag_error(r->diags, span,
				  "a key must be text, not a %s",
				  key->kind == NODE_MAP ? "map" : "list");
		diag_help(diag, "text with brackets in it needs quotes");
	}
}

/* The innermost one; NULL outside of all. */
static struct frame *open_frame(struct reader *r)
{
	return r->depth ? &r->frames[r->depth - 1] : NULL;
}

static void raise_height(struct frame *frame, unsigned int height)
{
	if (frame && frame->height < height)
		frame->height = height;
}

/* @span is where it stands, which for an alias is not where it was written. */
static void add_node(struct reader *r, struct node *node, struct span span)
{
	struct frame *frame = open_frame(r);

	if (!frame) {
		r->root = node;
		return;
	}
	if (frame->node->kind == NODE_MAP &&
	    (r->children.n - frame->children) % 2 == 0)
		check_key(r, node, span);
	frame->span = span_join(frame->span, span);
	*vec_push(r->scratch, &r->children) = node;
}

/* Nodes are most of what is made here: their room is taken in larger parts. */
static struct node *new_node(struct reader *r, enum node_kind kind,
			     struct span span)
{
	struct node *node;

	if (!r->spare_nodes) {
		r->spare_nodes = SPARE_NODES;
		r->spare = arena_array(r->arena, SPARE_NODES, sizeof(*node));
	}
	r->spare_nodes--;
	node = r->spare++;
	node->kind = kind;
	node->span = span;
	return node;
}

static struct str copy_of(struct arena *arena, const yaml_char_t *text)
{
	size_t n = strlen((const char *)text);

	return (struct str){ arena_strndup(arena, (const char *)text, n), n };
}

/* The later one of two with the same name holds from there on. */
static struct anchor *set_anchor(struct reader *r, const yaml_char_t *name,
				 struct node *node)
{
	struct anchor *anchor =
		map_get(&r->anchors, str_of((const char *)name));

	if (!anchor) {
		anchor = arena_new_object(r->scratch, struct anchor);
		map_add(&r->anchors, copy_of(r->scratch, name), anchor);
	}
	*anchor =
		(struct anchor){ .node = node, .span = node->span, .size = 1 };
	return anchor;
}

/* Most text stands in the file just as it is meant, perhaps in quotes. */
static struct str scalar_text(struct reader *r, const yaml_event_t *event,
			      struct span span)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t n = event->data.scalar.length;
	const char *written = r->source->text.p + span.offset;

	if (span.length == n && memcmp(written, value, n) == 0)
		return (struct str){ written, n };
	if (span.length == n + 2 && memcmp(written + 1, value, n) == 0)
		return (struct str){ written + 1, n };
	return (struct str){ arena_strndup(r->arena, value, n), n };
}

/*
 * Where nothing was written. libyaml places a missing value of a block map at
 * whatever comes next, perhaps below comments: that is no place to show.
 */
static struct span null_span(struct reader *r, struct span span)
{
	const struct frame *frame = open_frame(r);
	uint32_t end;

	if (!frame || frame->node->kind != NODE_MAP ||
	    (r->children.n - frame->children) % 2 == 0)
		return span;
	end = frame->span.offset + frame->span.length;
	if (end < span.offset &&
	    memchr(r->source->text.p + end, '\n', span.offset - end))
		return span_at(r, end, 0);
	return span;
}

static bool is_block(yaml_scalar_style_t style)
{
	return style == YAML_LITERAL_SCALAR_STYLE ||
	       style == YAML_FOLDED_SCALAR_STYLE;
}

static void on_scalar(struct reader *r, const yaml_event_t *event)
{
	yaml_scalar_style_t style = event->data.scalar.style;
	const yaml_char_t *anchor = event->data.scalar.anchor;
	const yaml_char_t *tag = event->data.scalar.tag;
	bool quoted = style != YAML_PLAIN_SCALAR_STYLE;
	struct span span = event_span(r, event);
	struct node *node;

	if ((anchor || tag) && take_properties(r, event, tag, &span))
		quoted = true;
	if (is_block(style))
		span = trim_end(r, span);
	if (quoted || event->data.scalar.length) {
		node = new_node(r, NODE_SCALAR, span);
		node->quoted = quoted;
		node->scalar = scalar_text(r, event, span);
	} else {
		node = new_node(r, NODE_NULL, null_span(r, span));
	}
	if (anchor)
		set_anchor(r, anchor, node);
	if (count_nodes(r, 1, node->span))
		add_node(r, node, node->span);
}

static void suggest_anchor(const struct reader *r, struct str name,
			   struct diag *diag)
{
	struct suggest suggest = suggest_for(name);

	for (size_t i = 0; i < r->anchors.entries.n; i++)
		suggest_name(&suggest, r->anchors.entries.v[i].key);
	suggest_help(&suggest, diag);
	if (!suggest.best.n)
		diag_help(diag,
			  "text that begins with \"*\" needs quotes: \"*%.*s\"",
			  STR_ARG(name));
}

static void refuse_alias(struct reader *r, struct span span, struct str name)
{
	struct diag *diag = diag_error(
		r->diags, span, "no anchor is called \"%.*s\"", STR_ARG(name));

	r->failed = true;
	/* Looking at all anchors for all aliases could take long. */
	if (diags_errors(r->diags) <= DIAGS_MAX)
		suggest_anchor(r, name, diag);
}

static void refuse_recursion(struct reader *r, struct span span,
			     struct str name, const struct anchor *anchor)
{
	struct diag *diag = diag_error(r->diags, span,
				       "\"%.*s\" cannot contain itself",
				       STR_ARG(name));

	diag_note(diag, anchor->span, "\"%.*s\" begins here", STR_ARG(name));
	r->failed = true;
}

static void on_alias(struct reader *r, const yaml_event_t *event)
{
	struct str name = str_of((const char *)event->data.alias.anchor);
	struct span span = event_span(r, event);
	const struct anchor *anchor = map_get(&r->anchors, name);
	struct frame *frame = open_frame(r);

	if (!anchor || anchor->open) {
		if (anchor)
			refuse_recursion(r, span, name, anchor);
		else
			refuse_alias(r, span, name);
		/* A stand-in that is right as a key and as a value. */
		add_node(r, new_node(r, NODE_SCALAR, span), span);
		return;
	}
	if (!count_nodes(r, anchor->size, span) ||
	    !check_depth(r, anchor->height, span))
		return;
	raise_height(frame, anchor->height + 1);
	add_node(r, anchor->node, span);
}

static void begin_collection(struct reader *r, enum node_kind kind,
			     struct span span, const yaml_char_t *anchor)
{
	struct frame *frame = &r->frames[r->depth];

	if (!count_nodes(r, 1, span) || !check_depth(r, 1, span))
		return;
	*frame = (struct frame){
		.node = new_node(r, kind, span),
		.children = r->children.n,
		.nodes = r->nodes - 1,
		.height = 1,
	};
	if (anchor) {
		frame->anchor = set_anchor(r, anchor, frame->node);
		frame->anchor->open = true;
	}
	r->depth++;
}

static void on_list(struct reader *r, const yaml_event_t *event)
{
	const yaml_char_t *anchor = event->data.sequence_start.anchor;
	const yaml_char_t *tag = event->data.sequence_start.tag;
	struct span span = event_span(r, event);

	if (anchor || tag)
		take_properties(r, event, tag, &span);
	begin_collection(r, NODE_LIST, span, anchor);
}

static void on_map(struct reader *r, const yaml_event_t *event)
{
	const yaml_char_t *anchor = event->data.mapping_start.anchor;
	const yaml_char_t *tag = event->data.mapping_start.tag;
	struct span span = event_span(r, event);

	if (anchor || tag)
		take_properties(r, event, tag, &span);
	begin_collection(r, NODE_MAP, span, anchor);
}

/* Keys and values lie on the stack in turn, which is what pairs are. */
static void take_children(struct reader *r, const struct frame *frame)
{
	size_t n = r->children.n - frame->children;
	struct node **copy;

	static_assert(sizeof(struct pair) == 2 * sizeof(struct node *),
		      "a pair is two pointers");
	r->children.n = frame->children;
	if (!n)
		return;
	copy = arena_array(r->arena, n, sizeof(*copy));
	memcpy(copy, r->children.v + frame->children, n * sizeof(*copy));
	if (frame->node->kind == NODE_LIST) {
		frame->node->list.items = copy;
		frame->node->list.n = n;
	} else {
		assert(n % 2 == 0);
		frame->node->map.pairs = (struct pair *)(void *)copy;
		frame->node->map.n = n / 2;
	}
}

static bool is_bracket(const struct reader *r, struct span span)
{
	char c = span.length ? r->source->text.p[span.offset] : '\0';

	return c == ']' || c == '}';
}

/*
 * The end of a collection is its closing bracket where it has one, and nothing
 * otherwise. The node has had the span of its beginning so far.
 */
static struct span collection_span(struct reader *r, const struct frame *frame,
				   const yaml_event_t *event)
{
	struct span end = event_span(r, event);

	return is_bracket(r, end) ? span_join(frame->node->span, end) :
				    frame->span;
}

static void on_end(struct reader *r, const yaml_event_t *event)
{
	struct frame *frame = &r->frames[--r->depth];
	struct node *node = frame->node;
	struct anchor *anchor = frame->anchor;

	node->span = collection_span(r, frame, event);
	take_children(r, frame);
	/* Unless an anchor in it took the name over. */
	if (anchor && anchor->node == node) {
		anchor->span = node->span;
		anchor->size = r->nodes - frame->nodes;
		anchor->height = frame->height;
		anchor->open = false;
	}
	raise_height(open_frame(r), frame->height + 1);
	add_node(r, node, node->span);
}

static void on_document(struct reader *r, const yaml_event_t *event)
{
	struct diag *diag;

	if (!r->documents) {
		r->documents = true;
		return;
	}
	diag = diag_error(r->diags, event_span(r, event),
			  "a second document begins here");
	diag_help(diag, "a file holds one policy: remove the \"---\", or make "
			"two files");
	r->failed = r->stop = true;
}

static void on_event(struct reader *r, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		on_document(r, event);
		break;
	case YAML_ALIAS_EVENT:
		on_alias(r, event);
		break;
	case YAML_SCALAR_EVENT:
		on_scalar(r, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		on_list(r, event);
		break;
	case YAML_MAPPING_START_EVENT:
		on_map(r, event);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		on_end(r, event);
		break;
	case YAML_STREAM_END_EVENT:
		r->stop = true;
		break;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
}

/*
 * libyaml's complaints, in the words of someone who writes a policy.
 */
struct complaint {
	const char *problem, *context; /* libyaml's; NULL for any */
	const char *message, *help;
	const char *note; /* on the place that libyaml calls the context */
	bool at_context;  /* that is the better place for the message */
	bool brackets;	  /* among them, a character may mean something else */
	bool indentation; /* it may be the cause: look for a tab */
	bool keyless;	  /* the line above it may have no key: look there */
	bool line_start;  /* means what it says there; else MIDLINE is meant */
};

#define MIDLINE "the end of the line is expected here"

static const struct complaint complaints[] = {
	{
		.problem = "could not find expected ':'",
		.message = "a \":\" is missing after this key",
		.help = "every line of a map is \"key: value\"",
		.at_context = true,
		.indentation = true,
	},
	{
		.problem = "mapping values are not allowed in this context",
		.message = "a \":\" is not expected here",
		.help = "indent all keys of a map alike, and put text that "
			"holds \": \" in quotes",
		.indentation = true,
		.keyless = true,
	},
	{
		.problem = "did not find expected key",
		.message = "a key is expected here",
		.help = "indent all keys of a map alike",
		.note = "the map begins here",
		.indentation = true,
		.line_start = true,
	},
	{
		.problem = "did not find expected '-' indicator",
		.message = "a \"-\" is expected here",
		.help = "indent all \"-\" of a list alike",
		.note = "the list begins here",
		.indentation = true,
		.line_start = true,
	},
	{
		.problem = "block sequence entries are not allowed in this "
			   "context",
		.message = "a \"-\" is not expected here",
		.help = "begin a list on the line below its key",
		.indentation = true,
	},
	{
		.problem = "mapping keys are not allowed in this context",
		.message = "a \"?\" is not expected here",
		.help = "put text that begins with \"?\" in quotes",
		.indentation = true,
	},
	{
		.problem = "did not find expected <document start>",
		.message = "the end of the file is expected here",
		.help = "indent the outermost keys alike",
		.indentation = true,
		.line_start = true,
	},
	{
		.problem = "found character that cannot start any token",
		.message = "text cannot begin with this character",
		.help = "put the text in quotes, as in \"@set\"",
		.indentation = true,
	},
	{
		.problem = "found a tab character that violates indentation",
		.message = "this line is not indented far enough",
		.indentation = true,
	},
	{
		.problem = "found a tab character where an indentation space "
			   "is expected",
		.message = "a space is expected here",
		.indentation = true,
	},
	{
		.problem = "did not find expected ',' or ']'",
		.brackets = true,
		.message = "a \",\" or \"]\" is expected here",
		.note = "the list begins here",
	},
	{
		.problem = "did not find expected ',' or '}'",
		.brackets = true,
		.message = "a \",\" or \"}\" is expected here",
		.note = "the map begins here",
	},
	{
		.problem = "did not find expected node content",
		.message = "a value is expected here",
	},
	{
		.problem = "found unexpected ':'",
		.brackets = true,
		.message = "between brackets, text cannot end in \":\"",
		.help = "put the text in quotes",
	},
	{
		.problem = "found unexpected end of stream",
		.message = "this quote is never closed",
		.at_context = true,
	},
	{
		.problem = "found unexpected document indicator",
		.message = "this quote is never closed",
		.at_context = true,
	},
	{
		.problem = "found unknown escape character",
		.message = "no escape sequence is called this",
		.help = "in single quotes, a backslash is a backslash",
	},
	{
		.problem = "did not find expected hexdecimal number",
		.message = "a hexadecimal digit is expected here",
	},
	{
		.problem = "found invalid Unicode character escape code",
		.message = "there is no character of this number",
	},
	{
		.problem = "found incompatible YAML document",
		.message = "only YAML 1.1 and 1.2 are understood",
	},
	{
		.context = "while scanning an alias",
		.message = "the name of an alias is letters, digits, \"-\" "
			   "and \"_\"",
		.help = "put text that begins with \"*\" in quotes",
		.at_context = true,
	},
	{
		.context = "while scanning an anchor",
		.message = "the name of an anchor is letters, digits, \"-\" "
			   "and \"_\"",
		.help = "put text that begins with \"&\" in quotes",
		.at_context = true,
	},
	{
		.context = "while scanning a tag",
		.message = "tags are not allowed",
		.help = "put text that begins with \"!\" in quotes",
		.at_context = true,
	},
	{
		.context = "while parsing a tag",
		.message = "tags are not allowed",
		.help = "put text that begins with \"!\" in quotes",
		.at_context = true,
	},
	{
		.problem = "found undefined tag handle",
		.message = "tags are not allowed",
		.help = "put text that begins with \"!\" in quotes",
	},
	{
		.context = "while scanning a directive",
		.message =
			"a line that begins with \"%\" is a directive to YAML",
		.help = "put text that begins with \"%\" in quotes",
		.at_context = true,
	},
	{
		.context = "while scanning a block scalar",
		.message =
			"only \"+\", \"-\" or an indentation from 1 to 9 may "
			"follow \"|\" or \">\"",
		.help = "put text that begins with \"|\" or \">\" in quotes",
	},
};

static bool same_text(const char *wanted, const char *found)
{
	return !wanted || (found && strcmp(wanted, found) == 0);
}

/* What libyaml says that is not in the table, it says itself. */
static struct complaint find_complaint(const yaml_parser_t *parser)
{
	for (size_t i = 0; i < sizeof(complaints) / sizeof(*complaints); i++)
		if (same_text(complaints[i].problem, parser->problem) &&
		    same_text(complaints[i].context, parser->context))
			return complaints[i];
	return (struct complaint){
		.message = parser->problem ? parser->problem :
					     "this is not YAML",
	};
}

/* At the end of the file, the place is behind the last that is written. */
static struct span complaint_span(struct reader *r, yaml_mark_t mark)
{
	struct str text = r->source->text;
	size_t at = byte_of(r, mark);
	struct str rest = { text.p + at, text.n - at };
	uint32_t rune;

	if (!rest.n)
		return span_at(r, trim_end(r, span_at(r, 0, at)).length, 0);
	if (is_space(*rest.p))
		return span_at(r, at, 0);
	return span_at(r, at, str_rune(rest, &rune));
}

static size_t line_begin(const struct reader *r, size_t at)
{
	while (at && r->source->text.p[at - 1] != '\n')
		at--;
	return at;
}

static bool begins_line(const struct reader *r, size_t at)
{
	size_t begin = line_begin(r, at);

	return skip_space(r->source->text, begin, at) == at;
}

/* The first tab in what the line around @at is indented with. */
static bool find_tab(const struct reader *r, size_t at, struct span *tab)
{
	struct str text = r->source->text;
	size_t begin = line_begin(r, at);

	while (begin < text.n && text.p[begin] == ' ')
		begin++;
	*tab = span_at(r, begin, 1);
	return begin < text.n && text.p[begin] == '\t';
}

/* In brackets a leading ":" makes a pair, so "::1" is not an address there. */
static bool is_address(const struct reader *r, size_t at)
{
	struct str text = r->source->text;

	return at < text.n && text.p[at] == ':' &&
	       ((at && text.p[at - 1] == ':') ||
		(at + 1 < text.n && text.p[at + 1] == ':'));
}

/* What, between brackets, is something else than was meant; or NULL. */
static const char *why_in_brackets(const struct reader *r, size_t at,
				   size_t begin)
{
	struct str text = r->source->text;

	if (is_address(r, at))
		return "between brackets, an address that begins or ends with "
		       "\":\" needs quotes";
	if (at + 1 < text.n && text.p[at] == ':' &&
	    line_begin(r, at) == line_begin(r, begin)) {
		if (is_space(text.p[at + 1]))
			return "text that holds \": \" needs quotes";
		return ends_property(text.p[at + 1]) &&
				       !strchr("[{", text.p[at + 1]) ?
			       NULL :
			       "a blank is missing behind the \":\"";
	}
	for (; begin + 1 < at; begin++)
		if (is_space(text.p[begin]) && text.p[begin + 1] == '#')
			return "a \"#\" behind a blank begins a comment: text "
			       "that holds it needs quotes";
	return NULL;
}

static void report_tab(struct reader *r, struct span tab)
{
	struct diag *diag =
		diag_error(r->diags, tab, "this line is indented with a tab");

	diag_help(diag, "YAML wants spaces there");
}

static void report_complaint(struct reader *r, const struct complaint *c,
			     struct span problem, struct span context)
{
	struct diag *diag = diag_error(
		r->diags, c->at_context ? context : problem, "%s", c->message);
	const char *why = NULL;

	if (c->brackets || is_address(r, problem.offset))
		why = why_in_brackets(r, problem.offset, context.offset);
	if (why)
		diag_help(diag, "%s", why);
	else if (c->help)
		diag_help(diag, "%s", c->help);
	if (c->note && context.offset != problem.offset)
		diag_note(diag, context, "%s", c->note);
}

/* The line above it that says something, without its indentation. */
static bool find_line_above(const struct reader *r, size_t at,
			    struct span *above)
{
	struct str text = r->source->text;
	size_t begin = line_begin(r, at), end, first;

	while (begin) {
		end = begin - 1;
		begin = line_begin(r, end);
		first = skip_space(text, begin, end);
		*above = trim_end(r, span_at(r, first, end - first));
		if (above->length)
			return first - begin ==
			       skip_space(text, line_begin(r, at), at) -
				       line_begin(r, at);
	}
	return false;
}

/*
 * "policy home" or "policy:home" above "zones:" is the beginning of a text that
 * goes on there, and the ":" that comes too late is what libyaml complains of.
 */
static bool report_keyless(struct reader *r, struct span problem)
{
	struct str line, key;
	struct span above;
	struct diag *diag;
	size_t i;

	if (!find_line_above(r, problem.offset, &above))
		return false;
	line = (struct str){ r->source->text.p + above.offset, above.length };
	for (i = 0; i < line.n && line.p[i] != ':'; i++)
		;
	if (i + 1 >= line.n ? i < line.n : is_space(line.p[i + 1]))
		return false;
	if (i < line.n) {
		diag_error(r->diags, span_at(r, above.offset + i, 1),
			   "a blank is missing behind this \":\"");
		return true;
	}
	key = str_cut(&line, ' ');
	diag = diag_error(r->diags, span_at(r, above.offset, key.n),
			  "a \":\" is missing after this key");
	diag_help(diag, "every line of a map is \"key: value\"");
	return true;
}

static void report_yaml_error(struct reader *r)
{
	const struct complaint midline = { .message = MIDLINE };
	const yaml_parser_t *parser = &r->parser;
	struct complaint c = find_complaint(parser);
	struct span problem, context, tab;

	r->failed = r->stop = true;
	if (parser->error == YAML_MEMORY_ERROR)
		out_of_memory();
	problem = complaint_span(r, parser->problem_mark);
	context = complaint_span(r, parser->context_mark);
	if (c.indentation && find_tab(r, problem.offset, &tab))
		report_tab(r, tab);
	else if (c.keyless && report_keyless(r, problem))
		return;
	else if (c.line_start && !begins_line(r, problem.offset))
		report_complaint(r, &midline, problem, context);
	else
		report_complaint(r, &c, problem, context);
}

static void read_events(struct reader *r)
{
	yaml_event_t event;

	while (!r->stop) {
		if (!yaml_parser_parse(&r->parser, &event)) {
			report_yaml_error(r);
			return;
		}
		on_event(r, &event);
		yaml_event_delete(&event);
	}
}

static void read_text(struct reader *r, size_t begin)
{
	const unsigned char *p = (const unsigned char *)r->source->text.p;

	if (!yaml_parser_initialize(&r->parser))
		out_of_memory();
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, p + begin,
				     r->source->text.n - begin);
	read_events(r);
	yaml_parser_delete(&r->parser);
}

struct node *yaml_read(struct arena *arena, const struct source *source,
		       struct diags *diags)
{
	struct reader r = {
		.arena = arena,
		.scratch = arena_new(),
		.source = source,
		.diags = diags,
	};
	/* libyaml takes a byte order mark for a column of the first line */
	size_t begin = text_begin(source->text);

	map_init(&r.anchors, r.scratch);
	if (check_text(&r, begin))
		read_text(&r, begin);
	arena_free(r.scratch);
	if (r.failed)
		return NULL;
	return r.root ? r.root : new_node(&r, NODE_NULL, span_at(&r, 0, 0));
}
