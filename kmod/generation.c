// SPDX-License-Identifier: GPL-2.0-only
/*
 * A generation: the set of matches that are exempt from offload.
 *
 * What must stay true: a lookup costs a hash per shape, whatever the number of
 * entries; and it allocates nothing.
 */
#include <linux/jhash.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "generation.h"

/* Buckets of an empty generation, and entries per bucket when it grows. */
#define NFTOFFC_BUCKETS 64

/* A part of an entry: the words that its shape does not mask away. */
struct part {
	struct hlist_node node;
	u32 hash;
	u32 shape;
	u32 cookie;
	u32 words[];
};

static struct hlist_head *new_buckets(u32 n)
{
	return kvcalloc(n, sizeof(struct hlist_head),
			GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
}

struct nftoffc_generation *nftoffc_generation_new(u64 id)
{
	struct nftoffc_generation *gen;

	gen = kvzalloc(sizeof(*gen), GFP_KERNEL_ACCOUNT);
	if (!gen)
		return NULL;
	gen->buckets = new_buckets(NFTOFFC_BUCKETS);
	if (!gen->buckets) {
		kvfree(gen);
		return NULL;
	}
	gen->id = id;
	gen->nbuckets = NFTOFFC_BUCKETS;
	gen->seed = get_random_u32();
	return gen;
}

void nftoffc_generation_free(struct nftoffc_generation *gen)
{
	struct hlist_node *next;
	struct part *part;
	u32 i;

	if (!gen)
		return;
	for (i = 0; i < gen->nbuckets; i++) {
		hlist_for_each_entry_safe(part, next, &gen->buckets[i], node)
			kfree(part);
		cond_resched();
	}
	kvfree(gen->buckets);
	kvfree(gen);
}

/* Puts the words of @key that @shape asks of into @words. */
static u32 hash_words(const struct nftoffc_generation *gen,
		      const struct nftoffc_shape *shape,
		      const union nftoffc_key *key, u32 *words)
{
	u32 i;

	for (i = 0; i < shape->nwords; i++) {
		u8 at = shape->words[i];

		words[i] = key->words[at] & shape->mask.words[at];
	}
	return jhash2(words, shape->nwords,
		      gen->seed + (shape - gen->shapes));
}

static struct part *find(const struct nftoffc_generation *gen,
			 const struct nftoffc_shape *shape,
			 const union nftoffc_key *key)
{
	u32 words[NFTOFFC_KEY_WORDS], hash, number = shape - gen->shapes;
	struct part *part;

	hash = hash_words(gen, shape, key, words);
	hlist_for_each_entry(part, &gen->buckets[hash & (gen->nbuckets - 1)],
			     node)
		if (part->hash == hash && part->shape == number &&
		    !memcmp(part->words, words, shape->nwords * sizeof(u32)))
			return part;
	return NULL;
}

enum nftoffc_verdict
nftoffc_generation_look(const struct nftoffc_generation *gen,
			const union nftoffc_key *key, bool devices, u32 *cookie)
{
	enum nftoffc_verdict verdict = NFTOFFC_NOT_EXEMPT;
	const struct nftoffc_shape *shape;
	const struct part *part;

	if (!gen)
		return verdict;
	for (shape = gen->shapes; shape < gen->shapes + gen->nshapes; shape++) {
		if (devices ? shape->maybe : shape->devices)
			continue;
		part = find(gen, shape, key);
		if (!part)
			continue;
		if (!shape->maybe) {
			*cookie = part->cookie;
			return NFTOFFC_EXEMPT;
		}
		verdict = NFTOFFC_MAYBE;
	}
	return verdict;
}

/*
 * Adding
 */

static struct nftoffc_shape *get_shape(struct nftoffc_generation *gen,
				       const union nftoffc_key *mask,
				       bool maybe)
{
	struct nftoffc_shape *shape;
	u32 i;

	for (i = 0; i < gen->nshapes; i++)
		if (gen->shapes[i].maybe == maybe &&
		    !memcmp(&gen->shapes[i].mask, mask, sizeof(*mask)))
			return &gen->shapes[i];
	if (gen->nshapes == NFTOFFC_SHAPES_MAX)
		return NULL;
	shape = &gen->shapes[gen->nshapes++];
	shape->mask = *mask;
	shape->maybe = maybe;
	for (i = 0; i < NFTOFFC_KEY_WORDS; i++)
		if (mask->words[i])
			shape->words[shape->nwords++] = i;
	shape->devices = mask->in[0] || mask->out[0];
	gen->devices |= shape->devices;
	gen->marks |= mask->mark != 0;
	return shape;
}

/* Twice as many buckets; with no memory for them, chains are longer. */
static void grow(struct nftoffc_generation *gen)
{
	u32 n = gen->nbuckets * 2, i;
	struct hlist_head *buckets;
	struct hlist_node *next;
	struct part *part;

	buckets = new_buckets(n);
	if (!buckets)
		return;
	for (i = 0; i < gen->nbuckets; i++)
		hlist_for_each_entry_safe(part, next, &gen->buckets[i], node) {
			hlist_del(&part->node);
			hlist_add_head(&part->node,
				       &buckets[part->hash & (n - 1)]);
		}
	kvfree(gen->buckets);
	gen->buckets = buckets;
	gen->nbuckets = n;
}

static int add_part(struct nftoffc_generation *gen,
		    const union nftoffc_key *value,
		    const union nftoffc_key *mask, bool maybe, u32 cookie)
{
	u32 words[NFTOFFC_KEY_WORDS];
	struct nftoffc_shape *shape;
	struct part *part;

	shape = get_shape(gen, mask, maybe);
	if (!shape)
		return -ENOSPC;
	if (find(gen, shape, value))
		return 0;
	part = kmalloc(struct_size(part, words, shape->nwords),
		       GFP_KERNEL_ACCOUNT);
	if (!part)
		return -ENOMEM;
	part->hash = hash_words(gen, shape, value, words);
	part->shape = shape - gen->shapes;
	part->cookie = cookie;
	memcpy(part->words, words, shape->nwords * sizeof(u32));
	if (gen->nparts >= gen->nbuckets)
		grow(gen);
	hlist_add_head(&part->node,
		       &gen->buckets[part->hash & (gen->nbuckets - 1)]);
	gen->nparts++;
	return 0;
}

/* The largest aligned block that begins at @min and ends by @max. */
static u32 block(u32 min, u32 max)
{
	u32 size = min ? min & -min : 0x10000;

	while (size > max - min + 1)
		size /= 2;
	return size;
}

/* Where an entry is being taken apart. */
struct parts {
	struct nftoffc_generation *gen;
	const struct nftoffc_match *match;
	union nftoffc_key value, mask;
	u32 max;
	bool maybe;
};

static int add_dports(struct parts *p)
{
	u32 min = p->match->dport_min, max = p->match->dport_max, size;
	int ret = 0;

	for (; min <= max && !ret; min += size) {
		size = block(min, max);
		if (p->match->mask.dport) {
			p->value.dport = min;
			p->mask.dport = -size;
		}
		if (p->gen->nparts >= p->max)
			return -ENOSPC;
		ret = add_part(p->gen, &p->value, &p->mask, p->maybe,
			       p->match->cookie);
	}
	return ret;
}

static int add_sports(struct parts *p)
{
	u32 min = p->match->sport_min, max = p->match->sport_max, size;
	int ret = 0;

	for (; min <= max && !ret; min += size) {
		size = block(min, max);
		if (p->match->mask.sport) {
			p->value.sport = min;
			p->mask.sport = -size;
		}
		ret = add_dports(p);
	}
	return ret;
}

int nftoffc_generation_add(struct nftoffc_generation *gen,
			   const struct nftoffc_match *match, u32 max,
			   struct netlink_ext_ack *extack)
{
	struct parts p = { .gen = gen, .match = match, .max = max,
			   .value = match->value, .mask = match->mask };
	int ret;

	ret = add_sports(&p);
	if (!ret && nftoffc_match_asks_devices(match)) {
		p.maybe = true;
		memset(p.value.in, 0, sizeof(p.value.in));
		memset(p.value.out, 0, sizeof(p.value.out));
		memset(p.mask.in, 0, sizeof(p.mask.in));
		memset(p.mask.out, 0, sizeof(p.mask.out));
		ret = add_sports(&p);
	}
	if (ret == -ENOSPC && gen->nparts >= max)
		NL_SET_ERR_MSG(extack, "too many entries");
	else if (ret == -ENOSPC)
		NL_SET_ERR_MSG(extack, "too many kinds of entries");
	if (!ret)
		gen->nentries++;
	return ret;
}
