// SPDX-License-Identifier: GPL-2.0-only
/*
 * What may be offloaded: the flowtable, and the entries that make connections
 * eligible or exempt.
 */
#include "bind.h"

struct offload_fill {
	struct eligible *entry;
	struct matches matches;
	const char *name;
	struct span name_span;
	bool from, to;
};

static void entry_from(struct binder *b, const struct node *node, void *into)
{
	struct offload_fill *fill = into;

	fill->from = true;
	bind_zone_set(b, node, &fill->entry->from);
}

static void entry_to(struct binder *b, const struct node *node, void *into)
{
	struct offload_fill *fill = into;

	fill->to = true;
	bind_zone_set(b, node, &fill->entry->to);
}

static void entry_name(struct binder *b, const struct node *node, void *into)
{
	struct offload_fill *fill = into;

	fill->name = bind_name(b, node, "an entry");
	fill->name_span = node->span;
}

static void entry_reason(struct binder *b, const struct node *node, void *into)
{
	struct str text;

	if (bind_text(b, node, "the reason, as text", &text))
		((struct offload_fill *)into)->entry->reason =
			arena_strndup(b->arena, text.p, text.n);
}

static void entry_after(struct binder *b, const struct node *node, void *into)
{
	static const char expected[] =
		"packets or bytes, as in \"16 packets\" or \"1 MB\"";
	struct eligible *entry = ((struct offload_fill *)into)->entry;

	bind_amount(b, node, expected, &entry->after_packets,
		    &entry->after_bytes);
}

static const struct field eligible_fields[] = {
	{ "from", entry_from, false },
	{ "to", entry_to, false },
	{ "after", entry_after, FIELD_PHRASE },
	{ "name", entry_name, false },
	{ NULL, NULL, false },
};

static const struct field exempt_fields[] = {
	{ "from", entry_from, false },
	{ "to", entry_to, false },
	{ "reason", entry_reason, false },
	{ "name", entry_name, false },
	{ NULL, NULL, false },
};

static bool bind_entry(struct binder *b, const struct node *node,
		       struct eligible *entry, const struct field *fields,
		       const char *word)
{
	struct offload_fill fill = { .entry = entry };

	entry->span = node->span;
	if (!bind_map(b, node, fields, &fill,
		      fields == exempt_fields ? "an exempt entry" :
						"an eligible entry",
		      &fill.matches))
		return false;
	if (!fill.from)
		zone_set_any(b, &entry->from);
	if (!fill.to)
		zone_set_any(b, &entry->to);
	entry->matches = fill.matches.list.v;
	entry->nmatches = fill.matches.list.n;
	if (entry->from.router || entry->to.router)
		diag_error(b->diags, entry->span,
			   "only forwarded connections can be offloaded, none "
			   "of the router itself");
	entry->name =
		name_entry(b, fill.name, fill.name_span, entry->span,
			   name_derive(b, word, &entry->from, &entry->to,
				       entry->matches, entry->nmatches, NULL));
	return true;
}

static void bind_entries(struct binder *b, const struct node *node,
			 struct eligible **entries, size_t *n,
			 const struct field *fields, const char *word)
{
	size_t i;

	if (node->kind != NODE_LIST) {
		bind_list(b, node,
			  "a list of entries, as in \"- { from: "
			  "lan, to: wan }\"");
		return;
	}
	*entries = arena_array(b->arena, node->list.n, sizeof(**entries));
	for (i = 0; i < node->list.n; i++)
		if (bind_entry(b, node->list.items[i], &(*entries)[*n], fields,
			       word))
			++*n;
}

static void offload_eligible(struct binder *b, const struct node *node,
			     void *into)
{
	struct offload *offload = into;

	bind_entries(b, node, &offload->eligible, &offload->neligible,
		     eligible_fields, "eligible");
}

static void offload_exempt(struct binder *b, const struct node *node,
			   void *into)
{
	struct offload *offload = into;

	bind_entries(b, node, &offload->exempt, &offload->nexempt,
		     exempt_fields, "exempt");
}

static void offload_devices(struct binder *b, const struct node *node,
			    void *into)
{
	struct offload *offload = into;

	/* in quotes, or in a list, "auto" is a device of that name */
	offload->devices_auto = node->kind == NODE_SCALAR && !node->quoted &&
				str_is(node->scalar, "auto");
	if (!offload->devices_auto)
		bind_devices(b, node, &offload->devices, &offload->ndevices);
}

static void offload_mode(struct binder *b, const struct node *node, void *into)
{
	static const char *const words[] = { "software", "auto", "hardware",
					     NULL };
	static const enum offload_mode modes[] = { OFFLOAD_SOFTWARE,
						   OFFLOAD_AUTO,
						   OFFLOAD_HARDWARE };
	struct offload *offload = into;
	int i = bind_word(b, node, words, "a mode");

	offload->mode_span = node->span;
	if (i >= 0)
		offload->mode = modes[i];
}

static void offload_counters(struct binder *b, const struct node *node,
			     void *into)
{
	bind_bool(b, node, &((struct offload *)into)->counters);
}

const struct field offload_fields[] = {
	{ "devices", offload_devices, false },
	{ "mode", offload_mode, false },
	{ "counters", offload_counters, FIELD_FLAG },
	{ "eligible", offload_eligible,
	  true | FIELD_ENTRIES | FIELD_LINE | FIELD_MATCHES, eligible_fields },
	{ "exempt", offload_exempt, FIELD_ENTRIES | FIELD_LINE | FIELD_MATCHES,
	  exempt_fields },
	{ NULL, NULL, false },
};

void bind_offload(struct binder *b, const struct node *node)
{
	struct offload *offload = &b->model->offload;

	offload->given = true;
	offload->devices_auto = true;
	offload->mode = OFFLOAD_AUTO;
	offload->span = node->span;
	bind_map(b, node, offload_fields, offload, "\"offload\"", NULL);
}
