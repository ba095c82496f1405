// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open addressing over an array of entries that keeps insertion order.
 *
 * What must stay true: at most three quarters of the slots are taken, so that
 * every search meets a free one.
 */
#include "base/map.h"

#define SLOTS_FIRST 16

void map_init(struct map *map, struct arena *arena)
{
	*map = (struct map){ .arena = arena };
}

/* The slot that holds @key, or the free one where it belongs. */
static uint32_t *find_slot(const struct map *map, struct str key, uint64_t hash)
{
	size_t mask = map->nslots - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		const struct map_entry *entry;

		if (!map->slots[i])
			return &map->slots[i];
		entry = &map->entries.v[map->slots[i] - 1];
		if (entry->hash == hash && str_eq(entry->key, key))
			return &map->slots[i];
	}
}

static void make_slots(struct map *map)
{
	map->nslots = map->nslots ? map->nslots * 2 : SLOTS_FIRST;
	map->slots = arena_array(map->arena, map->nslots, sizeof(*map->slots));
	for (size_t i = 0; i < map->entries.n; i++) {
		const struct map_entry *entry = &map->entries.v[i];

		*find_slot(map, entry->key, entry->hash) = (uint32_t)i + 1;
	}
}

void *map_get(const struct map *map, struct str key)
{
	uint32_t slot;

	if (!map->nslots)
		return NULL;
	slot = *find_slot(map, key, hash_bytes(HASH_INIT, key.p, key.n));
	return slot ? map->entries.v[slot - 1].value : NULL;
}

bool map_add(struct map *map, struct str key, void *value)
{
	uint64_t hash = hash_bytes(HASH_INIT, key.p, key.n);
	uint32_t *slot;

	if (map->entries.n >= map->nslots / 4 * 3)
		make_slots(map);
	slot = find_slot(map, key, hash);
	if (*slot)
		return false;
	*vec_push(map->arena, &map->entries) =
		(struct map_entry){ key, value, hash };
	*slot = (uint32_t)map->entries.n;
	return true;
}
