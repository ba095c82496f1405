// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets. fw4's are of one family each, and may be of several fields; the policy's
 * are of one field, and addresses are of both families: who asks for one says
 * which.
 */
#include "parts.h"

#include "value.h"

static const char *const kinds[] = { "ip", "port", "mac", "net", "set", NULL };
enum kind { KIND_IP, KIND_PORT, KIND_MAC, KIND_NET, KIND_SET };

struct fields {
	int kind;
	bool destination;
	size_t n;
};

/* "dst_ip": the direction, where it is said, and what is matched. */
static void read_match(struct str text, struct fields *fields)
{
	static const struct {
		const char *prefix;
		bool destination;
	} ways[] = { { "src_", false }, { "dst_", true }, { "dest_", true } };
	size_t i, n;

	fields->destination = false;
	for (i = 0; i < 3; i++) {
		n = strlen(ways[i].prefix);
		if (text.n <= n || memcmp(text.p, ways[i].prefix, n) != 0)
			continue;
		fields->destination = ways[i].destination;
		text.p += n;
		text.n -= n;
		break;
	}
	fields->kind = value_word(text, kinds);
	fields->n++;
}

static bool skipped(struct translation *t, const struct uci_section *section,
		    const char *why)
{
	report_unused(t, option_span(section, "match"),
		      "fw4 leaves out this set: %s", why);
	return false;
}

/* What fw4 refuses. */
static bool is_set(struct translation *t, const struct uci_section *section,
		   struct fields *fields, int family)
{
	const struct uci_option *option = uci_option(section, "match");
	bool addresses = false;
	struct uci_value value;
	size_t i;

	for (i = 0; option_value_at(option, i, &value); i++) {
		read_match(value.text, fields);
		if (fields->kind < 0)
			return skipped(t, section, "its match is none");
		if (fields->kind == KIND_SET)
			return skipped(t, section, "it cannot be of sets");
		addresses = addresses || fields->kind == KIND_IP ||
			    fields->kind == KIND_NET;
	}
	if (!fields->n)
		return skipped(t, section, "it has no \"match\"");
	if (addresses && !family)
		return skipped(t, section,
			       "one of addresses must be of one family");
	return true;
}

static enum set_field field_of(int kind)
{
	return kind == KIND_PORT ? SET_PORT :
	       kind == KIND_MAC	 ? SET_MAC :
				   SET_ADDRESS;
}

static bool add_element(struct translation *t, const struct ipset *set,
			bool whole, const struct uci_value *value,
			struct node *list)
{
	struct str text = str_trim(value->text), out;
	struct net net;

	switch (set->field) {
	case SET_ADDRESS:
		if (!value_net(t->arena, text, &net) ||
		    net.family != set->family || !net.text.p)
			return false;
		out = whole || !net.exact.p ? net.text : net.exact;
		break;
	case SET_PORT:
		if (!value_port(t->arena, text, &out) ||
		    memchr(out.p, '-', out.n))
			return false;
		break;
	default:
		if (!value_mac(t->arena, text, &out))
			return false;
	}
	node_add(t, list, node_text(t, out));
	return true;
}

static struct node *elements(struct translation *t,
			     const struct uci_section *section,
			     const struct ipset *set, bool whole)
{
	const struct uci_option *option = uci_option(section, "entry");
	struct node *list = node_of_list(t);
	struct uci_value value;
	size_t i;

	for (i = 0; option_value_at(option, i, &value); i++)
		if (!add_element(t, set, whole, &value, list))
			report_unused(
				t, value.span,
				"fw4 leaves out this entry: it is none of "
				"the set's kind");
	return list->list.n ? list : NULL;
}

/* What the policy takes: fw4 leaves it to nft to refuse more. */
#define NUMBER_MAX 100000000

static void put_number(struct translation *t, const struct uci_section *section,
		       const char *option, struct node *map, const char *key,
		       const char *unit)
{
	long n;

	if (!value_int(option_text(section, option), &n) || n <= 0)
		return;
	if (n > NUMBER_MAX)
		report_left_out(t, option_span(section, option),
				"\"%s\" is at most %ld", key, (long)NUMBER_MAX);
	else
		node_put(t, map, key,
			 node_word(t,
				   arena_printf(t->arena, "%ld%s", n, unit)));
}

static void put_numbers(struct translation *t,
			const struct uci_section *section, struct node *map)
{
	put_number(t, section, "timeout", map, "timeout", "s");
	put_number(t, section, "maxelem", map, "size", "");
}

static void note_set(struct translation *t, const struct uci_section *section,
		     const struct node *map)
{
	struct str comment = option_text(section, "comment");

	print_note(&t->import->notes, map, section_note(t, section));
	if (comment.n)
		print_note(&t->import->notes, map,
			   arena_strndup(t->arena, comment.p, comment.n));
}

static void add_set(struct translation *t, const struct uci_section *section,
		    const struct ipset *set, bool whole)
{
	static const char *const types[] = { "address", "port", "mac" };
	struct str file = option_text(section, "loadfile");
	struct node *map = node_map(t);

	node_put(t, map, "type", node_word(t, types[set->field]));
	node_put(t, map, "elements", elements(t, section, set, whole));
	if (file.n)
		node_put(t, map, "file", node_text(t, file));
	put_numbers(t, section, map);
	if (option_bool(section, "counters", false))
		report_left_out(t, option_span(section, "counters"),
				"elements of sets have no counters");
	note_set(t, section, map);
	node_put_str(t, t->sets_node, set->name, map);
}

static bool is_set_name(struct str name)
{
	size_t i;

	for (i = 0; i < name.n; i++)
		if (name.p[i] == '.' || name.p[i] == '/')
			return false;
	return name.n <= 32 && name.p[0] != '_';
}

void take_set(struct translation *t, const struct uci_section *section)
{
	struct str family = option_text(section, "family");
	struct ipset set = { .name = option_text(section, "name") };
	struct fields fields = { 0 };

	set.family = family.p ? value_family(family) : 4;
	if (!is_set(t, section, &fields, set.family))
		return;
	set.field = field_of(fields.kind);
	set.destination = fields.destination;
	if (set.field != SET_ADDRESS)
		set.family = 0;
	set.left_out = fields.n > 1 || !is_set_name(set.name);
	*vec_push(t->arena, &t->sets) = set;
	if (!set.left_out)
		add_set(t, section, &set, fields.kind == KIND_NET);
	else
		report_left_out(t, section->span,
				"the set %.*s is left out: %s",
				STR_ARG(set.name),
				fields.n > 1 ? "a set is of one field" :
					       "its name is none that a "
					       "policy's set may have");
}
