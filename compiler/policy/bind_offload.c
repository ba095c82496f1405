// SPDX-License-Identifier: GPL-2.0-only
/*
 * What may be offloaded: the flowtables, and the entries that make connections
 * eligible or exempt.
 *
 *	offload: { devices: ..., eligible: ... }	one flowtable, "fast"
 *	offload: { flowtables: { wired: { devices: ... }, ... },
 *		   eligible: [ { from: lan, to: wan, flowtable: wired } ] }
 *
 * Which flowtable an entry means that names none, and which devices "auto" are,
 * is found when all is bound: flowtable.c.
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

static void entry_flowtable(struct binder *b, const struct node *node,
			    void *into)
{
	((struct offload_fill *)into)->entry->flowtable =
		bind_flowtable_ref(b, node);
}

static const struct field eligible_fields[] = {
	{ "from", entry_from, false, .type = "<zones>", .dflt = "any",
	  .doc = DOC("Where the connection is opened. It cannot be "
		     "`router`.") },
	{ "to", entry_to, false, .type = "<zones>", .dflt = "any",
	  .doc = DOC("Where it goes. It cannot be `router`.") },
	{ "flowtable", entry_flowtable, false, .type = "<name>",
	  .doc = DOC(
		  "Which of several flowtables. It must have all devices of "
		  "the zones that the entry names. `any` then is any zone of "
		  "which the flowtable has all devices; between others "
		  "nothing can be offloaded. Without it, it is the one that "
		  "has all devices of the zones that are named; where "
		  "several have or none has, it must be said.") },
	{ "after", entry_after, FIELD_PHRASE, .type = "<amount>",
	  .doc = DOC("How much of the connection goes the slow path first, "
		     "where the rules see it: `16 packets`, `1 MB`. The units "
		     "are `packets` (or `packet`), `bytes`, `kB`, `MB`, `GB`, "
		     "`kbytes` and `mbytes`; the last two count in 1024s. Both "
		     "directions count together. The default is to offload as "
		     "soon as both directions were seen.\n"
		     "This needs `net.netfilter.nf_conntrack_acct`, which the "
		     "kernel sets to 1 by itself when such a policy is "
		     "committed. Connections older than that are not counted "
		     "and so are not offloaded.") },
	{ "name", entry_name, false, .type = "<name>",
	  .doc = DOC("Instead of the derived one.") },
	{ NULL, NULL, false },
};

static const struct field exempt_fields[] = {
	{ "from", entry_from, false, .type = "<zones>", .dflt = "any",
	  .doc = DOC("Where the connection is opened.") },
	{ "to", entry_to, false, .type = "<zones>", .dflt = "any",
	  .doc = DOC("Where it goes.") },
	{ "reason", entry_reason, false, .type = "<text>",
	  .doc = DOC("Why; it appears where nftoffc says what becomes of a "
		     "connection.") },
	{ "name", entry_name, false, .type = "<name>",
	  .doc = DOC("Instead of the derived one.") },
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
	*entries = arena_array(b->arena, node->list.n + b->model->nraws,
			       sizeof(**entries));
	for (i = 0; i < node->list.n; i++)
		if (bind_entry(b, node->list.items[i], &(*entries)[*n], fields,
			       word))
			++*n;
}

/* What nft's own rules are to see of everything is as if it were exempt. */
static void exempt_for_raws(struct binder *b)
{
	struct offload *offload = &b->model->offload;
	struct eligible *entry;
	size_t i;

	if (!offload->exempt)
		offload->exempt = arena_array(b->arena, b->model->nraws + 1,
					      sizeof(*offload->exempt));
	for (i = 0; i < b->model->nraws; i++) {
		const struct raw *raw = &b->model->raws[i];

		if (raw->offload != RAW_OFFLOAD_NEVER)
			continue;
		entry = &offload->exempt[offload->nexempt++];
		*entry = (struct eligible){
			.name = raw->chain,
			.span = raw->offload_span,
			.reason = arena_printf(b->arena,
					       "the chain %s sees every packet",
					       raw->chain),
		};
		zone_set_any(b, &entry->from);
		zone_set_any(b, &entry->to);
	}
}

/* ---- flowtables ---- */

static void table_devices(struct binder *b, const struct node *node, void *into)
{
	struct flowtable *table = into;

	/* in quotes, or in a list, "auto" is a device of that name */
	table->devices_auto = node->kind == NODE_SCALAR && !node->quoted &&
			      str_is(node->scalar, "auto");
	if (!table->devices_auto)
		bind_devices(b, node, &table->devices, &table->ndevices);
}

static void table_mode(struct binder *b, const struct node *node, void *into)
{
	static const char *const words[] = { "software", "auto", "hardware",
					     NULL };
	static const enum offload_mode modes[] = { OFFLOAD_SOFTWARE,
						   OFFLOAD_AUTO,
						   OFFLOAD_HARDWARE };
	struct flowtable *table = into;
	int i = bind_word(b, node, words, "a mode");

	table->mode_span = node->span;
	if (i >= 0)
		table->mode = modes[i];
}

static void table_priority(struct binder *b, const struct node *node,
			   void *into)
{
	static const struct priority_name names[] = { { "filter", 0 },
						      { NULL, 0 } };

	bind_priority(b, node, names, &((struct flowtable *)into)->priority);
}

static void table_counters(struct binder *b, const struct node *node,
			   void *into)
{
	bind_bool(b, node, &((struct flowtable *)into)->counters);
}

const struct field flowtable_fields[] = {
	{ "devices", table_devices, false, .type = "auto | <devices>",
	  .dflt = "auto",
	  .doc = DOC("As above; `auto` are those of the zones of the entries "
		     "that name this flowtable.") },
	{ "mode", table_mode, false, .type = "software | auto | hardware",
	  .dflt = "auto", .doc = DOC("As above.") },
	{ "priority", table_priority, FIELD_PHRASE,
	  .type = "filter | <priority>", .dflt = "filter",
	  .doc = DOC("As "
		     "above.") },
	{ "counters", table_counters, FIELD_FLAG, .type = "<bool>",
	  .dflt = "false", .doc = DOC("As above.") },
	{ NULL, NULL, false },
};

static void table_init(struct flowtable *table, const char *name,
		       struct span span)
{
	*table = (struct flowtable){
		.name = name,
		.span = span,
		.mode = OFFLOAD_AUTO,
		.devices_auto = true,
	};
}

static bool table_name_taken(struct binder *b, const struct node *key,
			     const char *name)
{
	const struct flowtable *other = map_get(&b->flowtables, str_of(name));
	struct diag *diag;

	if (!other)
		return false;
	diag = diag_error(b->diags, key->span,
			  "the flowtable \"%s\" is given twice", name);
	diag_note(diag, other->span, "it is first given here");
	return true;
}

static void bind_flowtable(struct binder *b, const struct pair *pair,
			   struct offload *offload)
{
	const char *name = bind_name(b, pair->key, "a flowtable");
	struct flowtable *table;

	if (!name || table_name_taken(b, pair->key, name))
		return;
	table = &offload->flowtables[offload->nflowtables++];
	table_init(table, name, pair->key->span);
	map_add(&b->flowtables, str_of(name), table);
	bind_map(b, pair->value, flowtable_fields, table, "a flowtable", NULL);
}

static void bind_flowtables(struct binder *b, const struct node *node,
			    struct offload *offload)
{
	size_t i;

	offload->named = true;
	offload->nflowtables = 0;
	if (node->kind != NODE_MAP || node->map.n == 0) {
		bind_names(b, node,
			   "flowtables, each a name and what it is, as in "
			   "\"wired: { devices: [eth0, eth1] }\"");
		return;
	}
	offload->flowtables =
		arena_array(b->arena, node->map.n, sizeof(struct flowtable));
	for (i = 0; i < node->map.n; i++)
		bind_flowtable(b, &node->map.pairs[i], offload);
}

struct flowtable *bind_flowtable_ref(struct binder *b, const struct node *node)
{
	const struct offload *offload = &b->model->offload;
	struct flowtable *table;
	struct suggest suggest;
	struct diag *diag;
	struct str name;
	size_t i;

	if (!bind_text(b, node, "the name of a flowtable", &name))
		return NULL;
	table = map_get(&b->flowtables, name);
	if (table)
		return table;
	diag = diag_error(b->diags, node->span,
			  "no flowtable is called \"%.*s\"", STR_ARG(name));
	suggest = suggest_for(name);
	for (i = 0; i < offload->nflowtables; i++)
		suggest_name(&suggest, str_of(offload->flowtables[i].name));
	suggest_list(&suggest, "flowtables", diag);
	return NULL;
}

/* ---- offload ---- */

/* Entries name flowtables: they are bound last, wherever they stand. */
struct offload_nodes {
	struct flowtable *own;	     /* what is said without "flowtables" */
	const struct node *own_word; /* the first such value */
	const struct node *flowtables, *eligible, *exempt;
};

#define OWN(name, bind)                                                        \
	static void name(struct binder *b, const struct node *node,            \
			 void *into)                                           \
	{                                                                      \
		struct offload_nodes *nodes = into;                            \
                                                                               \
		if (!nodes->own_word)                                          \
			nodes->own_word = node;                                \
		bind(b, node, nodes->own);                                     \
	}

OWN(offload_devices, table_devices)
OWN(offload_mode, table_mode)
OWN(offload_priority, table_priority)
OWN(offload_counters, table_counters)

static void offload_flowtables(struct binder *b, const struct node *node,
			       void *into)
{
	(void)b;
	((struct offload_nodes *)into)->flowtables = node;
}

static void offload_module(struct binder *b, const struct node *node,
			   void *into)
{
	static const char *const words[] = { "auto", "required", NULL };
	struct offload *offload = &b->model->offload;

	(void)into;
	offload->module_span = node->span;
	offload->module_required =
		bind_word(b, node, words, "a word on the module") == 1;
}

static void offload_eligible(struct binder *b, const struct node *node,
			     void *into)
{
	(void)b;
	((struct offload_nodes *)into)->eligible = node;
}

static void offload_exempt(struct binder *b, const struct node *node,
			   void *into)
{
	(void)b;
	((struct offload_nodes *)into)->exempt = node;
}

const struct field offload_fields[] = {
	{ "devices", offload_devices, false, .type = "auto | <devices>",
	  .dflt = "auto",
	  .doc = DOC(
		  "The devices of the flowtable. `auto` are those of the "
		  "zones that `eligible` speaks of. A list must have all "
		  "devices of the zones that an `eligible` entry names: what "
		  "lacks one is offloaded in one direction only, and nothing "
		  "tells. A device that does not exist is left out until it "
		  "does and `nftoffc watch` attaches it. Of `auto`, what is "
		  "below a VLAN or a PPPoE session stands for it, in hardware "
		  "the ports for a bridge, too; what is no Ethernet, as a "
		  "tunnel, is left out. A device that is itself called `auto` "
		  "is written in quotes.") },
	{ "mode", offload_mode, false, .type = "software | auto | hardware",
	  .dflt = "auto",
	  .doc = DOC("`hardware` asks the devices to do it, and fails to apply "
		     "where one cannot; of `devices: auto` and a bridge's "
		     "ports, those do it that can. `software` does not. `auto` "
		     "is `hardware` where each device says that it can (the "
		     "feature hw-tc-offload) and the kernel agrees, else "
		     "`software` for all of them, and `nftoffc status` says "
		     "which keep the others from hardware; where the kernel "
		     "cannot offload at all, the policy is applied without, "
		     "with a warning. What is decided is decided when the "
		     "policy is applied, and told; `compile` prints `auto` as "
		     "`software`.") },
	{ "priority", offload_priority, FIELD_PHRASE,
	  .type = "filter | <priority>", .dflt = "filter",
	  .doc = DOC("When the flowtable sees a packet that its devices "
		     "receive, among the hooks of their ingress: the lowest is "
		     "first. A number, `filter`, which is 0, or a number from "
		     "there, as in `filter + 10`.") },
	{ "module", offload_module, false, .type = "auto | required",
	  .dflt = "auto",
	  .doc = DOC("With the kernel module, nftoffc(4), what this policy "
		     "does not offload is in no flowtable, whichever table's "
		     "rules would add it. `auto` uses it if it is loaded; "
		     "`required` does not apply the policy without it.") },
	{ "counters", offload_counters, FIELD_FLAG, .type = "<bool>",
	  .dflt = "false",
	  .doc = DOC("Counts offloaded packets in the connections' counters, "
		     "too. They count only while "
		     "`net.netfilter.nf_conntrack_acct` is 1.") },
	{ "flowtables", offload_flowtables, FIELD_NAMED, flowtable_fields,
	  "flowtable", .type = "<map>",
	  .doc = DOC("Several flowtables, each a name and its `devices`, "
		     "`mode`, `priority` and `counters`, which then are not "
		     "said here; see below. Without it there is one, which is "
		     "called `fast`.") },
	{ "eligible", offload_eligible,
	  true | FIELD_ENTRIES | FIELD_LINE | FIELD_MATCHES, eligible_fields,
	  .type = "<list>", .doc = DOC("What may be offloaded; see below.") },
	{ "exempt", offload_exempt, FIELD_ENTRIES | FIELD_LINE | FIELD_MATCHES,
	  exempt_fields, .type = "<list>",
	  .doc = DOC("What may not, even so. The default is nothing.") },
	{ NULL, NULL, false },
};

static void both_forms(struct binder *b, const struct offload_nodes *nodes)
{
	struct diag *diag;

	diag = diag_error(b->diags, nodes->own_word->span,
			  "beside \"flowtables\", this is said of each "
			  "flowtable, within it");
	diag_note(diag, nodes->flowtables->span, "they are described here");
}

void bind_offload(struct binder *b, const struct node *node)
{
	struct offload *offload = &b->model->offload;
	struct offload_nodes nodes = { 0 };

	offload->given = true;
	offload->span = node->span;
	nodes.own = arena_new_object(b->arena, struct flowtable);
	table_init(nodes.own, FLOWTABLE_FAST, node->span);
	offload->flowtables = nodes.own;
	offload->nflowtables = 1;
	bind_map(b, node, offload_fields, &nodes, "\"offload\"", NULL);
	if (nodes.flowtables && nodes.own_word)
		both_forms(b, &nodes);
	if (nodes.flowtables)
		bind_flowtables(b, nodes.flowtables, offload);
	else
		map_add(&b->flowtables, str_of(nodes.own->name), nodes.own);
	if (nodes.eligible)
		bind_entries(b, nodes.eligible, &offload->eligible,
			     &offload->neligible, eligible_fields, "eligible");
	if (nodes.exempt)
		bind_entries(b, nodes.exempt, &offload->exempt,
			     &offload->nexempt, exempt_fields, "exempt");
	exempt_for_raws(b);
}
