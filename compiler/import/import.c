// SPDX-License-Identifier: GPL-2.0-only
/*
 * A firewall of OpenWrt's to a policy: see import.h. Sections are taken type by
 * type, as fw4 does, so that what one names is known whatever their order is.
 */
#include "import.h"

#include "parts.h"
#include "vocab/clock.h"

#define MARK_MASK 0xff000000u /* the policy's own default */

static void take_all(struct translation *t, const char *type,
		     void (*take)(struct translation *,
				  const struct uci_section *))
{
	size_t i;

	for (i = 0; i < t->uci->sections.n; i++) {
		const struct uci_section *section = t->uci->sections.v[i];

		if (!str_is(section->type, type))
			continue;
		t->here = section->span;
		if (section_take(t, section))
			take(t, section);
	}
}

static void report_types(struct translation *t)
{
	size_t i, k;

	for (i = 0; i < t->uci->sections.n; i++) {
		const struct uci_section *section = t->uci->sections.v[i];
		struct suggest suggest = suggest_for(section->type);
		const struct section *known;

		if (section_find(section->type))
			continue;
		for (k = 0; (known = section_at(k)); k++)
			suggest_name(&suggest, str_of(known->type));
		suggest_help(&suggest,
			     diag_warning(t->import->diags, section->span,
					  "fw4 knows no sections of type "
					  "\"%.*s\"",
					  STR_ARG(section->type)));
	}
}

static void note_offloading(struct translation *t)
{
	size_t i;

	for (i = 0; i < t->uci->sections.n; i++) {
		const struct uci_section *section = t->uci->sections.v[i];

		if (str_is(section->type, "defaults") && !section->index &&
		    option_bool(section, "flow_offloading", false))
			t->import->offloads =
				option_span(section, "flow_offloading");
	}
}

static void take_sections(struct translation *t)
{
	note_offloading(t);
	if (t->import->zones_only) {
		take_all(t, "zone", take_zone);
		return;
	}
	report_types(t);
	take_all(t, "defaults", take_defaults);
	take_all(t, "ipset", take_set);
	take_all(t, "zone", take_zone);
	take_all(t, "rule", take_rule);
	take_all(t, "forwarding", take_forwarding);
	take_all(t, "redirect", take_redirect);
	take_all(t, "nat", take_nat);
	take_all(t, "include", take_include);
	zone_policies(t);
}

static void append(struct translation *t, struct node *list,
		   const node_list *entries)
{
	size_t i;

	for (i = 0; i < entries->n; i++)
		node_add(t, list, entries->v[i]);
}

static void put_list(struct translation *t, struct node *root, const char *key,
		     struct node *list)
{
	if (list->list.n)
		node_put(t, root, key, list);
}

static void put_rules(struct translation *t, struct node *root)
{
	struct node *list = node_of_list(t);

	append(t, list, &t->early);
	append(t, list, &t->any);
	append(t, list, &t->zoned);
	append(t, list, &t->forwardings);
	append(t, list, &t->last);
	put_list(t, root, "rules", list);
}

static void put_nat(struct translation *t, struct node *root)
{
	struct node *list = node_of_list(t);

	append(t, list, &t->to_inside);
	append(t, list, &t->from_any);
	append(t, list, &t->from_zone);
	append(t, list, &t->masquerades);
	put_list(t, root, "nat", list);
}

static void put_defaults(struct translation *t, struct node *root)
{
	static const char *const hooks[] = { "input", "output", "forward" };
	static const enum hook order[] = { HOOK_INPUT, HOOK_FORWARD,
					   HOOK_OUTPUT };
	struct node *map = node_map(t);
	size_t i;

	for (i = 0; i < HOOKS; i++)
		node_put(t, map, hooks[order[i]],
			 node_word(t, words_policy[t->policy[order[i]]]));
	node_put(t, root, "default", map);
}

/* fw4 tries hardware and does without it, which is what "auto" is for. */
static void put_offload(struct translation *t, struct node *root)
{
	struct node *map, *list, *item, *both;

	if (!t->offload)
		return;
	map = node_map(t);
	list = node_of_list(t);
	item = node_map(t);
	both = node_of_list(t);
	node_add(t, both, node_word(t, "tcp"));
	node_add(t, both, node_word(t, "udp"));
	node_put(t, item, "protocol", both);
	node_add(t, list, item);
	node_put(t, map, "mode",
		 node_word(t, t->offload_hardware ? "auto" : "software"));
	node_put(t, map, "eligible", list);
	node_put(t, root, "offload", map);
}

uint32_t free_mark_bits(uint32_t used)
{
	uint32_t mask = MARK_MASK;

	while (mask && (used & mask))
		mask >>= 8;
	return mask;
}

static void put_mark_mask(struct translation *t, struct node *root)
{
	uint32_t mask = free_mark_bits(t->marks);

	if (mask != MARK_MASK)
		node_put(t, root, "mark-mask",
			 node_word(t, arena_printf(t->arena, "0x%08x", mask)));
}

/* OpenWrt's "UTC", too, which POSIX does not know. */
static void put_timezone(struct translation *t, struct node *root)
{
	struct str clock = t->import->timezone;
	struct clock parsed;
	const char *why;

	if (!t->timed.source || !clock.p)
		return;
	if (str_is(clock, "UTC") || str_is(clock, "GMT"))
		clock = STR("utc");
	if (clock_parse(clock, &parsed, &why))
		node_put(t, root, "timezone", node_text(t, clock));
}

static struct node *policy_of(struct translation *t)
{
	struct node *root = node_map(t);

	node_put(t, root, "policy", node_word(t, t->import->name));
	node_put(t, root, "zones", t->zones_node);
	if (t->sets_node->map.n)
		node_put(t, root, "sets", t->sets_node);
	put_defaults(t, root);
	if (!t->drop_invalid)
		node_put(t, root, "invalid", node_word(t, "filter"));
	node_put(t, root, "syn-flood", t->syn_flood);
	put_mark_mask(t, root);
	put_timezone(t, root);
	put_rules(t, root);
	put_nat(t, root);
	put_offload(t, root);
	return root;
}

/* In the order of the file; what is of one place stays as it was reported. */
static void sort_remarks(struct translation *t)
{
	size_t i, k;

	for (i = 1; i < t->remarks.n; i++) {
		struct remark remark = t->remarks.v[i];

		for (k = i; k && t->remarks.v[k - 1].offset > remark.offset;
		     k--)
			t->remarks.v[k] = t->remarks.v[k - 1];
		t->remarks.v[k] = remark;
	}
}

static void report_clock(struct translation *t)
{
	struct str clock = t->import->timezone;
	struct clock parsed;
	const char *why;

	if (!t->timed.source)
		return;
	if (!clock.p)
		report_nearly(t, t->timed,
			      "times are taken for UTC: --timezone would tell "
			      "by which clock they are");
	else if (!str_is(clock, "UTC") && !str_is(clock, "GMT") &&
		 !clock_parse(clock, &parsed, &why))
		report_nearly(t, t->timed,
			      "times are taken for UTC: \"%.*s\" is no clock",
			      STR_ARG(clock));
}

struct str import_timezone(struct arena *arena, const struct source *source,
			   struct diags *diags)
{
	const struct uci *uci = uci_read(arena, source, diags);
	struct str clock = { 0 };
	size_t i;

	for (i = 0; i < uci->sections.n && !clock.p; i++)
		if (str_is(uci->sections.v[i]->type, "system"))
			clock = option_text(uci->sections.v[i], "timezone");
	return clock;
}

static const char *head_of(struct translation *t)
{
	struct buf text = { 0 };
	const char *head;
	size_t i;

	buf_puts(&text, "Made of an OpenWrt firewall by nftoffc import.");
	if (t->remarks.n)
		buf_puts(&text, " What it does not say, or not quite:");
	sort_remarks(t);
	for (i = 0; i < t->remarks.n; i++)
		buf_printf(&text, "\n%s", t->remarks.v[i].text);
	head = arena_strndup(t->arena, text.p, text.n);
	buf_free(&text);
	return head;
}

static void report_codes(struct translation *t)
{
	if (t->codes_given && (t->policy[HOOK_INPUT] == POLICY_REJECT ||
			       t->policy[HOOK_OUTPUT] == POLICY_REJECT ||
			       t->policy[HOOK_FORWARD] == POLICY_REJECT))
		report_nearly(t, t->codes_given->span,
			      "it holds where a rule rejects, and not for what "
			      "no rule decides");
}

bool import_uci(struct import *import, const struct source *source)
{
	struct translation t = {
		.import = import,
		.arena = import->arena,
		.source = source,
		.here = { source->id, 0, 0 },
		.policy = { POLICY_DROP, POLICY_DROP, POLICY_DROP },
		.code = { "tcp-reset", "port-unreachable" },
	};
	size_t before = diags_errors(import->diags); /* of other files */

	print_notes_init(&import->notes, import->arena);
	map_init(&t.names, import->arena);
	map_init(&t.said, import->arena);
	t.uci = uci_read(import->arena, source, import->diags);
	if (diags_errors(import->diags) > before)
		return false;
	t.zones_node = node_map(&t);
	t.sets_node = node_map(&t);
	take_sections(&t);
	report_codes(&t);
	report_clock(&t);
	if (!t.zones.n)
		diag_error(import->diags, t.here,
			   "there is no zone to make a policy of");
	import->head = head_of(&t);
	import->root = policy_of(&t);
	return t.zones.n > 0;
}
