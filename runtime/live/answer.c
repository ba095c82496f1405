// SPDX-License-Identifier: GPL-2.0-only
/* An answer's parts: see answer.h. */
#include "runtime/live/answer.h"

#include <netinet/in.h>
#include <stdio.h>

#define PLACE_TEXT_MAX 90

const char *place_text(const struct compilation *c, struct span span)
{
	struct place place;
	struct str text;

	if (!span.source)
		return "";
	place = span_place(&c->sources, span);
	text = str_trim(place.text);
	if (text.n > PLACE_TEXT_MAX)
		text.n = PLACE_TEXT_MAX;
	return arena_printf(c->arena, "%s:%u: %.*s", place.path, place.line,
			    STR_ARG(text));
}

/* What decides the verdict decides this part, too. */
static void decider(const struct compilation *c, const struct answer *answer,
		    struct part *part)
{
	if (answer->spoofed) {
		part->by = answer->spoofed->name;
		part->span = answer->spoofed->antispoof_span;
	} else if (answer->rule) {
		part->by = answer->rule->name;
		part->span = answer->rule->span;
	} else {
		part->span = c->model->default_spans[answer->hook];
	}
}

static bool passes(const struct answer *answer)
{
	return answer->action == ACTION_ACCEPT ||
	       answer->action == ACTION_QUEUE;
}

/* Not this policy's. */
static struct part left_to_fw4(void)
{
	return (struct part){ .value = "fw4", .text = "fw4 decides" };
}

static struct part verdict(const struct compilation *c,
			   const struct answer *answer)
{
	static const char *const words[] = {
		[ACTION_DROP] = "drop",
		[ACTION_REJECT] = "reject",
		[ACTION_ACCEPT] = "accept",
		[ACTION_QUEUE] = "queue",
	};
	struct part part = { .value = words[answer->action] };

	if (c->model->mode == MODE_FW4)
		return left_to_fw4();
	if (answer->action == ACTION_QUEUE)
		part.text = "queue: a program decides";

	decider(c, answer, &part);
	if (answer->spoofed)
		part.text = "drop, as spoofed";
	else if (!answer->rule)
		part.why = "the default: no rule matches";
	return part;
}

static const char *target(const struct compilation *c,
			  const struct packet *packet,
			  const struct translated *to, const char *own)
{
	struct buf text = { 0 };
	const char *out;

	translated_print(&text, packet->family, to, own);
	out = arena_strndup(c->arena, text.p, text.n);
	buf_free(&text);
	return out;
}

static struct part destination(const struct compilation *c,
			       const struct packet *packet,
			       const struct answer *answer)
{
	const struct nat *nat = answer->nat_forward;

	if (c->model->mode == MODE_FW4)
		return left_to_fw4();
	if (!nat || !passes(answer))
		return (struct part){ .value = "none" };
	return (struct part){
		.value = target(c, packet, &answer->destination, "router"),
		.by = nat->name,
		.span = nat->span,
	};
}

static struct part source(const struct compilation *c,
			  const struct packet *packet,
			  const struct answer *answer)
{
	const struct nat *nat = answer->nat_source;
	bool exempt = nat && nat->kind == NAT_EXEMPT;

	if (c->model->mode == MODE_FW4)
		return left_to_fw4();
	if (!passes(answer) || (!nat && !answer->masquerade))
		return (struct part){ .value = "none" };
	return (struct part){
		.value = target(c, packet, &answer->source,
				exempt ? "exempt" : "masquerade"),
		.text = target(c, packet, &answer->source,
			       exempt ? "exempt" : "masqueraded"),
		.by = answer->masquerade ? answer->masquerade->name : nat->name,
		.span = answer->masquerade ?
				answer->masquerade->masquerade_span :
				nat->span,
	};
}

static struct part logged(const struct compilation *c,
			  const struct answer *answer)
{
	static const struct {
		const char *value, *text;
	} words[] = {
		[LOG_NONE] = { "no", "no" },
		[LOG_NEW] = { "new", "the first packet" },
		[LOG_FLOW] = { "flow", "the first packet, and its end" },
		[LOG_EVERY] = { "every", "every packet" },
	};
	struct part part = { .value = words[answer->log].value,
			     .text = words[answer->log].text };

	if (answer->logs) {
		part.by = answer->logs->name;
		part.span = answer->logs->log.span;
	} else {
		decider(c, answer, &part);
	}
	return part;
}

static const char *after_text(struct arena *arena, const struct answer *answer)
{
	if (answer->after_packets)
		return arena_printf(arena, "after %llu packets",
				    (unsigned long long)answer->after_packets);
	if (answer->after_bytes)
		return arena_printf(arena, "after %llu bytes",
				    (unsigned long long)answer->after_bytes);
	return NULL;
}

/* Where it is offloaded, if there are several places, and when. */
static const char *how_text(const struct compilation *c,
			    const struct answer *answer)
{
	const char *after = after_text(c->arena, answer);

	if (!c->model->offload.named)
		return after;
	return arena_printf(c->arena, "in flowtable %s%s%s",
			    answer->eligible->flowtable->name,
			    after ? ", " : "", after ? after : "");
}

static struct part offloaded(const struct compilation *c,
			     const struct answer *answer)
{
	const struct eligible *entry = answer->offload ? answer->eligible :
							 answer->exempt;
	struct part part = { .value = answer->offload ? "yes" : "no" };
	const char *why = answer->offload ? how_text(c, answer) : answer->why;

	part.why = why;
	part.text = why ? arena_printf(c->arena, "%s%s %s", part.value,
				       answer->offload ? "," : ":", why) :
			  part.value;
	if (answer->offload && c->model->mode == MODE_FW4)
		part.text = arena_printf(c->arena, "%s, if fw4 lets it pass",
					 part.text);
	if (entry) {
		part.by = entry->name;
		part.span = entry->span;
	} else if (answer->keeps &&
		   answer->why == rule_need(answer->keeps)->why) {
		part.by = answer->keeps->name;
		part.span = need_place(answer->keeps);
	} else if (!passes(answer)) {
		decider(c, answer, &part);
	}
	return part;
}

bool answer_fw4_offloads(const struct compilation *c,
			 const struct answer *answer)
{
	const struct packet *seen = &answer->seen;

	return c->model->fw4_offloads.source && seen->from >= 0 &&
	       seen->to >= 0 &&
	       (seen->proto == IPPROTO_TCP || seen->proto == IPPROTO_UDP);
}

/* Whatever the policy says of it. */
static struct part offloaded_by_fw4(const struct compilation *c)
{
	return (struct part){
		.value = "fw4",
		.text = "fw4 offloads it: nothing is exempt",
		.why = "fw4 offloads whatever it lets pass",
		.span = c->model->fw4_offloads,
	};
}

void answer_parts(const struct compilation *c, const struct packet *packet,
		  const struct answer *answer, struct part parts[PARTS])
{
	parts[PART_VERDICT] = verdict(c, answer);
	parts[PART_DESTINATION] = destination(c, packet, answer);
	parts[PART_SOURCE] = source(c, packet, answer);
	parts[PART_LOG] = logged(c, answer);
	parts[PART_OFFLOAD] = answer_fw4_offloads(c, answer) ?
				      offloaded_by_fw4(c) :
				      offloaded(c, answer);
	for (int i = 0; i < PARTS; i++)
		if (!parts[i].text)
			parts[i].text = parts[i].value;
}

/* A rule that neither decides nor logs, but marks, counts ... */
static bool does_more(const struct answer *answer, size_t i)
{
	const struct rule *rule = answer->did.v[i];

	return rule != answer->rule && rule->action != ACTION_LOG;
}

/* ---- In words ---- */

struct line {
	const char *name, *text;
	struct span span;
};

struct lines {
	const struct compilation *c;
	size_t width; /* of the longest text that has a place */
	VEC(struct line) list;
};

static void add_line(struct lines *lines, const char *name, const char *text,
		     struct span span)
{
	*vec_push(lines->c->arena, &lines->list) =
		(struct line){ name, text, span };
	if (span.source && strlen(text) > lines->width)
		lines->width = strlen(text);
}

static bool is_none(const struct part *part)
{
	return !part->by && !strcmp(part->value, "none");
}

static void add_side(struct lines *lines, const char *side,
		     const struct part *part)
{
	if (!is_none(part))
		add_line(lines, "nat",
			 arena_printf(lines->c->arena, "%s %s", side,
				      part->text),
			 part->span);
}

static void print_lines(const struct lines *lines)
{
	for (size_t i = 0; i < lines->list.n; i++) {
		const struct line *line = &lines->list.v[i];

		if (line->span.source)
			printf("%-8s %-*s   %s\n", line->name,
			       (int)lines->width, line->text,
			       place_text(lines->c, line->span));
		else
			printf("%-8s %s\n", line->name, line->text);
	}
}

static void add_guards(struct lines *lines, const struct packet *packet)
{
	struct guard guards[GUARDS_MAX];
	size_t i, n = model_guards(lines->c->model, packet, guards);

	for (i = 0; i < n; i++)
		add_line(lines, "guard",
			 arena_printf(lines->c->arena, "%s: %s", guards[i].word,
				      guards[i].text),
			 guards[i].span);
}

void answer_print(const struct compilation *c, const struct packet *packet,
		  const struct answer *answer, const struct part parts[PARTS])
{
	struct lines lines = { .c = c };
	const struct part *part = &parts[PART_VERDICT];
	const struct raw *raw = NULL;
	bool fw4 = c->model->mode == MODE_FW4;

	add_line(&lines, "verdict",
		 part->why ?
			 arena_printf(c->arena, "%s, by default", part->text) :
			 part->text,
		 part->span);
	if (!fw4) {
		add_side(&lines, "destination", &parts[PART_DESTINATION]);
		add_side(&lines, "source", &parts[PART_SOURCE]);
	}
	if (lines.list.n == 1)
		add_line(&lines, "nat", fw4 ? parts[PART_SOURCE].text : "none",
			 (struct span){ 0 });
	for (size_t i = 0; i < answer->did.n; i++)
		if (does_more(answer, i))
			add_line(&lines, "also", answer->did.v[i]->name,
				 answer->did.v[i]->span);
	part = &parts[PART_LOG];
	add_line(&lines, "log", part->text, part->span);
	part = &parts[PART_OFFLOAD];
	add_line(&lines, "offload", part->text, part->span);
	if (!answer->spoofed)
		add_guards(&lines, packet);
	while ((raw = raw_next(c->model, answer->hook, raw)))
		add_line(&lines, "unless",
			 arena_printf(c->arena, "%s decides otherwise",
				      raw->chain),
			 raw->span);
	print_lines(&lines);
}

/* ---- For programs ---- */

static void did_json(struct json *out, const struct compilation *c,
		     const struct answer *answer)
{
	json_key(out, "also");
	json_array(out);
	for (size_t i = 0; i < answer->did.n; i++) {
		if (!does_more(answer, i))
			continue;
		json_object(out);
		json_put_str(out, "by", answer->did.v[i]->name);
		span_json(out, &c->sources, answer->did.v[i]->span);
		json_end(out);
	}
	json_end(out);
}

static void guards_json(struct json *out, const struct compilation *c,
			const struct packet *packet)
{
	struct guard guards[GUARDS_MAX];
	size_t i, n = model_guards(c->model, packet, guards);

	json_key(out, "guards");
	json_array(out);
	for (i = 0; i < n; i++) {
		json_object(out);
		json_put_str(out, "by", guards[i].word);
		json_put_str(out, "why", guards[i].text);
		span_json(out, &c->sources, guards[i].span);
		json_end(out);
	}
	json_end(out);
}

/* Chains of nft's own rules, which may decide otherwise. */
static void raws_json(struct json *out, const struct compilation *c,
		      const struct answer *answer)
{
	const struct raw *raw = raw_next(c->model, answer->hook, NULL);

	if (!raw)
		return;
	json_key(out, "unless");
	json_array(out);
	for (; raw; raw = raw_next(c->model, answer->hook, raw)) {
		json_object(out);
		json_put_str(out, "chain", raw->chain);
		span_json(out, &c->sources, raw->span);
		json_end(out);
	}
	json_end(out);
}

void answer_json(struct json *out, const struct compilation *c,
		 const struct packet *packet, const struct answer *answer,
		 const struct part parts[PARTS])
{
	static const char *const keys[] = {
		[PART_VERDICT] = "verdict", [PART_DESTINATION] = "destination",
		[PART_SOURCE] = "source",   [PART_LOG] = "log",
		[PART_OFFLOAD] = "offload",
	};

	for (int i = 0; i < PARTS; i++) {
		json_key(out, keys[i]);
		json_object(out);
		json_put_str(out, "value", parts[i].value);
		if (parts[i].by)
			json_put_str(out, "by", parts[i].by);
		if (parts[i].why)
			json_put_str(out, "why", parts[i].why);
		if (i == PART_OFFLOAD && answer->offload &&
		    c->model->offload.named)
			json_put_str(out, "flowtable",
				     answer->eligible->flowtable->name);
		span_json(out, &c->sources, parts[i].span);
		json_end(out);
	}
	did_json(out, c, answer);
	guards_json(out, c, packet);
	raws_json(out, c, answer);
}
