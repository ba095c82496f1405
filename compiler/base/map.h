/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hash map from strings to pointers, in an arena; it keeps insertion order,
 * so that walking it is deterministic. Keys are not copied.
 */
#ifndef NFTOFFC_BASE_MAP_H
#define NFTOFFC_BASE_MAP_H

#include <endian.h>
#include <stdint.h>

#include "arena.h"
#include "str.h"

struct map_entry {
	struct str key;
	void *value;
	uint64_t hash;
};

struct map {
	struct arena *arena;
	VEC(struct map_entry) entries; /* in insertion order */
	uint32_t *slots;	       /* index + 1 into entries, 0 is free */
	size_t nslots;		       /* a power of two */
};

void map_init(struct map *map, struct arena *arena);
void *map_get(const struct map *map, struct str key); /* NULL if missing */
/* False, and nothing changed, if @key is there already. */
bool map_add(struct map *map, struct str key, void *value);

/*
 * In the manner of FNV-1a, eight bytes at a time: not for adversaries, only
 * for lookup and digests. The same on machines of either byte order.
 */
#define HASH_INIT UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

/* Here, since most of what is hashed is of a length known at the call. */
static inline uint64_t hash_bytes(uint64_t hash, const void *data, size_t n)
{
	const unsigned char *p = data;
	uint64_t word;
	size_t i;

	for (i = 0; i + sizeof(word) <= n; i += sizeof(word)) {
		memcpy(&word, p + i, sizeof(word));
		hash = (hash ^ le64toh(word)) * HASH_PRIME;
		hash ^= hash >> 32; /* the high bits would stay high */
	}
	for (; i < n; i++)
		hash = (hash ^ p[i]) * HASH_PRIME;
	return hash ^ hash >> 29;
}

#endif
