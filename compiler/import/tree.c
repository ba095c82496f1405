// SPDX-License-Identifier: GPL-2.0-only
/* Making the policy's tree, and its names. */
#include "parts.h"

#include <ctype.h>

#include "value.h"

#define NAME_MAX_BYTES 32 /* of a rule's name in the policy */

static struct node *node_of(struct translation *t, enum node_kind kind)
{
	return tree_node(t->arena, kind, t->here);
}

struct node *node_text(struct translation *t, struct str text)
{
	return tree_text(t->arena, text, t->here);
}

struct node *node_word(struct translation *t, const char *word)
{
	return node_text(t, str_of(word));
}

struct node *node_map(struct translation *t)
{
	return node_of(t, NODE_MAP);
}

struct node *node_of_list(struct translation *t)
{
	return node_of(t, NODE_LIST);
}

void node_add(struct translation *t, struct node *list, struct node *item)
{
	tree_add(t->arena, list, item);
}

void node_put_str(struct translation *t, struct node *map, struct str key,
		  struct node *value)
{
	tree_pair(t->arena, map, node_text(t, key), value);
}

void node_put(struct translation *t, struct node *map, const char *key,
	      struct node *value)
{
	if (value)
		node_put_str(t, map, str_of(key), value);
}

struct node *node_listed(const struct node *list)
{
	if (!list->list.n)
		return NULL;
	return list->list.n == 1 ? list->list.items[0] :
				   (struct node *)(uintptr_t)list;
}

struct node *node_not(struct translation *t, struct node *list)
{
	struct node *map = node_map(t);

	node_put(t, map, "not", node_listed(list));
	return map;
}

struct node *node_entry(struct translation *t, const char *kind,
			struct node *map)
{
	struct node *entry = node_map(t);

	node_put(t, entry, kind, map);
	return entry;
}

struct str option_text(const struct uci_section *section, const char *name)
{
	const struct uci_option *option = uci_option(section, name);

	return option ? option->values.v[0].text : (struct str){ 0 };
}

bool option_bool(const struct uci_section *section, const char *name,
		 bool otherwise)
{
	bool yes;

	return value_bool(option_text(section, name), &yes) ? yes : otherwise;
}

struct span option_span(const struct uci_section *section, const char *name)
{
	const struct uci_option *option = uci_option(section, name);

	return option ? option->span : section->span;
}

/* Names. */

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* Of the characters that one may have, beginning with a letter. */
static size_t plain_name(struct str wanted, char out[NAME_MAX_BYTES + 1])
{
	size_t i, n = 0;

	for (i = 0; i < wanted.n && n < NAME_MAX_BYTES; i++) {
		char c = wanted.p[i];

		if (!n && !isalpha((unsigned char)c))
			continue;
		if (is_name_char(c))
			out[n++] = c;
		else if (n && out[n - 1] != '-')
			out[n++] = '-';
	}
	while (n && out[n - 1] == '-')
		n--;
	out[n] = '\0';
	return n;
}

struct node *name_node(struct translation *t, struct str wanted)
{
	char plain[NAME_MAX_BYTES + 1];
	size_t n = plain_name(wanted, plain);
	struct str name;
	unsigned int i;

	if (!n)
		return NULL;
	name = str_of(arena_strndup(t->arena, plain, n));
	for (i = 2; str_is(name, "default") || !map_add(&t->names, name, t);
	     i++) {
		size_t digits = i < 10 ? 1 : i < 100 ? 2 : 6;

		if (n + digits + 1 > NAME_MAX_BYTES)
			n = NAME_MAX_BYTES - digits - 1;
		name = str_of(
			arena_printf(t->arena, "%.*s-%u", (int)n, plain, i));
	}
	return node_text(t, name);
}

void put_name(struct translation *t, struct node *map,
	      const struct uci_section *section, const char *suffix)
{
	struct str name = option_text(section, "name");

	if (!name.n)
		name = section->name;
	if (!name.n)
		return;
	name = str_of(arena_printf(t->arena, "%.*s%s", STR_ARG(name), suffix));
	node_put(t, map, "name", name_node(t, name));
}
