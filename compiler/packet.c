// SPDX-License-Identifier: GPL-2.0-only
/*
 * A packet on one line, as a person asks about it:
 *
 *	from lan source 192.168.1.20 destination 203.0.113.5 tcp 443
 *
 * The words are those of a policy's test; "tcp 443" and "udp 53" say protocol
 * and port at once. It becomes the tree that a test's packet is, and is bound
 * by the same code.
 */
#include "compile.h"
#include "policy/policy.h"
#include "read/tree.h"

struct words {
	struct arena *arena;
	const struct source *source;
	struct str rest;
	VEC(struct pair) pairs;
};

static struct node *word_node(struct words *w, struct str word)
{
	struct node *node = arena_new_object(w->arena, struct node);

	node->kind = word.n ? NODE_SCALAR : NODE_NULL;
	node->scalar = word;
	node->span = (struct span){
		.source = w->source->id,
		.offset = (uint32_t)(word.p - w->source->text.p),
		.length = (uint32_t)word.n,
	};
	return node;
}

static struct str next_word(struct words *w)
{
	struct str end = { w->source->text.p + w->source->text.n, 0 };

	w->rest = str_trim(w->rest);
	return w->rest.n ? str_cut(&w->rest, ' ') : end;
}

static void add_pair(struct words *w, struct node *key, struct node *value)
{
	*vec_push(w->arena, &w->pairs) = (struct pair){ key, value };
}

static struct node *named_node(struct words *w, const char *name,
			       const struct node *place)
{
	struct node *node = arena_new_object(w->arena, struct node);

	*node = *place;
	node->kind = NODE_SCALAR;
	node->scalar = str_of(name);
	return node;
}

static void add_word(struct words *w, struct str word)
{
	struct node *key = word_node(w, word);
	bool transport = str_is(word, "tcp") || str_is(word, "udp");

	if (transport)
		add_pair(w, named_node(w, "protocol", key), key);
	if (transport)
		key = named_node(w, "port", key);
	add_pair(w, key, word_node(w, next_word(w)));
}

static struct node *packet_node(struct words *w)
{
	struct node *map = arena_new_object(w->arena, struct node);
	struct str word;

	w->rest = w->source->text;
	while ((word = next_word(w)).n)
		add_word(w, word);
	map->kind = NODE_MAP;
	map->span =
		(struct span){ w->source->id, 0, (uint32_t)w->source->text.n };
	map->map.pairs = w->pairs.v;
	map->map.n = w->pairs.n;
	return map;
}

bool compile_packet(struct compilation *c, const char *text,
		    struct packet *packet)
{
	struct words words = { .arena = c->arena };

	words.source = source_add(&c->sources, "PACKET", str_of(text));
	return policy_bind_packet(c->model, &c->sources, words.source,
				  packet_node(&words), c->diags, packet);
}
