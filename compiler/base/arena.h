/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory by lifetime: one arena per compilation, freed in one call.
 *
 * Nothing taken from an arena is freed piecemeal. A pass that needs working
 * memory marks the arena and resets it at its one exit. Running out of memory
 * ends the process with a message (a compilation has no half result to save);
 * the runtime's guarded parts therefore take what they need beforehand.
 */
#ifndef NFTOFFC_BASE_ARENA_H
#define NFTOFFC_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

struct arena;

struct arena_mark {
	void *chunk;
	size_t used;
};

struct arena *arena_new(void);
void arena_free(struct arena *arena);

/* What "ends the process" above means; for whoever else runs out. */
void out_of_memory(void) __attribute__((noreturn));

/* Zeroed, aligned for any type; never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
/* Zeroed @n times @size, with the product checked for overflow. */
void *arena_array(struct arena *arena, size_t n, size_t size);
/* Grows the latest block in place where it can, else copies. */
void *arena_grow(struct arena *arena, void *old, size_t oldsize,
		 size_t newsize);
char *arena_strndup(struct arena *arena, const char *s, size_t n);
char *arena_printf(struct arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

struct arena_mark arena_mark(struct arena *arena);
void arena_reset(struct arena *arena, struct arena_mark mark);

/* Bytes handed out since arena_new(), reset or not: for statistics. */
size_t arena_used(const struct arena *arena);

#define arena_new_object(arena, type) ((type *)arena_alloc(arena, sizeof(type)))

/*
 * A growable array in an arena:
 *	VEC(struct rule) rules = { 0 };
 *	*vec_push(arena, &rules) = rule;
 */
#define VEC(type)                                                              \
	struct {                                                               \
		type *v;                                                       \
		size_t n, room;                                                \
	}

#define vec_push(arena, vec)                                                   \
	((__typeof__(*(vec)->v) *)vec_push_(arena, vec, sizeof(*(vec)->v)))

/* Room for @n, where their number is known before the first. */
#define vec_reserve(arena, vec, n)                                             \
	((void)((vec)->v = arena_array(arena, n, sizeof(*(vec)->v)),           \
		(vec)->room = (n)))

/* @vec is a VEC() of whatever has @size. */
void *vec_push_(struct arena *arena, void *vec, size_t size);

#endif
