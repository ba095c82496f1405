// SPDX-License-Identifier: GPL-2.0-only
/*
 * The complement of the values that may be offloaded, as blocks of values that
 * have their first bits in common.
 *
 * A block that has such a value is halved, until it is nothing but the value;
 * what is left are the halves that have none. The smallest come first: they
 * have the values next to it, which most connections carry.
 */
#include "runtime/ruleset/keepout.h"

#include <string.h>

/* Another number if the same rules would be told as other entries. */
#define KEEPOUT_VERSION 1

struct keeping {
	struct arena *arena;
	const struct ir_mark *mark;
	uint32_t epoch;
	VEC(struct module_match) entries;
};

/* The @i-th value's place among blocks of @size bits. */
static uint32_t block_of(const struct keeping *k, uint32_t i, uint32_t size)
{
	return (k->epoch + k->mark->offload[i]) >> size;
}

static bool has_offload(const struct keeping *k, uint32_t block, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < k->mark->noffload; i++)
		if (block_of(k, i, size) == block)
			return true;
	return false;
}

/* Everything: the module takes an entry that asks nothing for that. */
static void keep_all(struct keeping *k)
{
	*vec_push(k->arena, &k->entries) = (struct module_match){ 0 };
}

static void keep_block(struct keeping *k, uint32_t block, uint32_t size)
{
	uint32_t mask = k->mark->mask >> k->mark->shift;

	*vec_push(k->arena, &k->entries) = (struct module_match){
		.mark = block << size << k->mark->shift,
		.mark_mask = (mask >> size) << size << k->mark->shift,
	};
}

/* The other halves of blocks of twice the size. */
static void keep_halves(struct keeping *k, uint32_t size)
{
	uint32_t i, block, last = UINT32_MAX;

	for (i = 0; i < k->mark->noffload; i++) {
		block = block_of(k, i, size);
		if (block != last && !has_offload(k, block ^ 1, size))
			keep_block(k, block ^ 1, size);
		last = block;
	}
}

struct keepout keepout_of(struct arena *arena, const struct ir_mark *mark,
			  uint32_t epoch)
{
	struct keeping k = { .arena = arena, .mark = mark, .epoch = epoch };
	uint32_t bits = (uint32_t)__builtin_popcount(mark->mask), size;

	if (!mark->noffload)
		keep_all(&k);
	for (size = 0; size < bits; size++)
		keep_halves(&k, size);
	return (struct keepout){ k.entries.v, k.entries.n };
}

static uint64_t mix(uint64_t sum, uint64_t number)
{
	size_t i;

	for (i = 0; i < sizeof(number); i++) { /* FNV-1a */
		sum ^= number >> 8 * i & 0xff;
		sum *= UINT64_C(0x100000001b3);
	}
	return sum;
}

uint64_t keepout_generation(const struct ir_record *record)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	sum = mix(sum, KEEPOUT_VERSION);
	sum = mix(sum, record->digest);
	sum = mix(sum, record->epoch);
	sum = mix(sum, record->mask);
	return sum > KEEPOUT_NOTHING ? sum : KEEPOUT_NOTHING + 1;
}
