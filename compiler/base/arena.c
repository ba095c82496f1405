// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stack of chunks, from which blocks are cut one behind the other.
 *
 * What must stay true: chunks lie in the order in which they were begun, so
 * that a mark is a chunk and a level in it; and what lies above the level of
 * a chunk is zero, so that nothing needs clearing when it is handed out.
 *
 * Large chunks come from the kernel at once: chunks of the usual size with all
 * their pages, since they will be used, and it costs a third of a fault for
 * each; as one huge page where there are such, which costs a tenth of that. One
 * that holds a single large block comes without, so that it grows where it is
 * and what is not used of it takes no memory.
 *
 * Under AddressSanitizer everything that was not handed out is poisoned, and
 * blocks are kept apart, so that it sees what it would see with malloc().
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/arena.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define BLOCK_GAP sizeof(max_align_t)
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define BLOCK_GAP 0
#endif

#ifdef ARENA_ASAN
#define CHUNK_MAPPED SIZE_MAX /* it would not see what happens there */
#else
#define CHUNK_MAPPED ((size_t)256 << 10)
#endif
#define CHUNK_FIRST ((size_t)64 << 10)
#define HUGE_PAGE ((size_t)2 << 20) /* where they are larger, of small ones */
#define CHUNK_LARGEST (HUGE_PAGE - sizeof(struct chunk))

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* from Linux 5.14 on */
#endif

struct chunk {
	struct chunk *below;
	size_t used, room;
	max_align_t data[];
};

struct arena {
	struct chunk *top;
	size_t handed_out;
};

void out_of_memory(void)
{
	fputs("nftoffc: out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

struct arena *arena_new(void)
{
	struct arena *arena = calloc(1, sizeof(*arena));

	if (!arena)
		out_of_memory();
	return arena;
}

static bool is_mapped(size_t room)
{
	return room >= CHUNK_MAPPED;
}

static void *map(size_t size, int fill)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | fill, -1, 0);

	if (p == MAP_FAILED)
		out_of_memory();
	return p;
}

/* Advice that the kernel does not know costs time, and nothing else. */
static void *map_huge_page(void)
{
	char *p = map(2 * HUGE_PAGE, 0);
	size_t before = -(uintptr_t)p & (HUGE_PAGE - 1);

	if (before)
		munmap(p, before);
	p += before;
	munmap(p + HUGE_PAGE, HUGE_PAGE - before);
	madvise(p, HUGE_PAGE, MADV_HUGEPAGE);
	madvise(p, HUGE_PAGE, MADV_POPULATE_WRITE);
	return p;
}

static struct chunk *new_chunk(size_t room)
{
	struct chunk *chunk;

	if (!is_mapped(room))
		chunk = calloc(1, sizeof(*chunk) + room);
	else if (room == CHUNK_LARGEST)
		chunk = map_huge_page();
	else
		chunk = map(sizeof(*chunk) + room,
			    room < CHUNK_LARGEST ? MAP_POPULATE : 0);
	if (!chunk)
		out_of_memory();
	chunk->room = room;
	return chunk;
}

static void pop_chunk(struct arena *arena)
{
	struct chunk *top = arena->top;

	arena->top = top->below;
	if (is_mapped(top->room))
		munmap(top, sizeof(*top) + top->room);
	else
		free(top);
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	while (arena->top)
		pop_chunk(arena);
	free(arena);
}

static size_t block_size(size_t size)
{
	const size_t align = sizeof(max_align_t);

	if (size > SIZE_MAX / 2)
		out_of_memory();
	return (size + BLOCK_GAP + align - 1) / align * align;
}

/* Chunks double, so that their number and what they waste stay small. */
static struct chunk *push_chunk(struct arena *arena, size_t need)
{
	size_t room = arena->top ? arena->top->room * 2 : CHUNK_FIRST;
	struct chunk *chunk;

	if (room > CHUNK_LARGEST)
		room = CHUNK_LARGEST;
	if (room < need)
		room = need;
	chunk = new_chunk(room);
	chunk->below = arena->top;
	ASAN_POISON_MEMORY_REGION(chunk->data, room);
	arena->top = chunk;
	return chunk;
}

static char *chunk_level(struct chunk *chunk)
{
	return (char *)chunk->data + chunk->used;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct chunk *top = arena->top;
	size_t need = block_size(size);
	char *block;

	if (!top || top->room - top->used < need)
		top = push_chunk(arena, need);
	block = chunk_level(top);
	top->used += need;
	arena->handed_out += size;
	ASAN_UNPOISON_MEMORY_REGION(block, size);
	return block;
}

void *arena_array(struct arena *arena, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		out_of_memory();
	return arena_alloc(arena, n * size);
}

/* Only the block on top of the stack has its room beyond it free. */
static bool grow_in_place(struct arena *arena, char *old, size_t oldsize,
			  size_t newsize)
{
	struct chunk *top = arena->top;
	size_t had = block_size(oldsize), need = block_size(newsize);

	if (!top || old + had != chunk_level(top) ||
	    top->room - top->used < need - had)
		return false;
	top->used += need - had;
	arena->handed_out += newsize - oldsize;
	ASAN_UNPOISON_MEMORY_REGION(old, newsize);
	return true;
}

/* A block that has a large chunk for itself: its pages are moved, not copied. */
static void *grow_chunk(struct arena *arena, char *old, size_t oldsize,
			size_t newsize)
{
	struct chunk *top = arena->top;
	size_t need = block_size(newsize);

	if (!top || !is_mapped(top->room) || old != (char *)top->data ||
	    top->used != block_size(oldsize))
		return NULL;
	top = mremap(top, sizeof(*top) + top->room, sizeof(*top) + need,
		     MREMAP_MAYMOVE);
	if (top == MAP_FAILED)
		out_of_memory();
	top->used = top->room = need;
	arena->handed_out += newsize - oldsize;
	arena->top = top;
	return top->data;
}

void *arena_grow(struct arena *arena, void *old, size_t oldsize, size_t newsize)
{
	void *block;

	if (old &&
	    (newsize <= oldsize || grow_in_place(arena, old, oldsize, newsize)))
		return old;
	block = old ? grow_chunk(arena, old, oldsize, newsize) : NULL;
	if (block)
		return block;
	block = arena_alloc(arena, newsize);
	if (old)
		memcpy(block, old, oldsize);
	return block;
}

char *arena_strndup(struct arena *arena, const char *s, size_t n)
{
	char *copy = arena_alloc(arena, n + 1);

	if (n)
		memcpy(copy, s, n);
	return copy;
}

/* Only what is long is printed twice. */
char *arena_vprintf(struct arena *arena, const char *fmt, va_list args)
{
	char first[128], *s;
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(first, sizeof(first), fmt, args);
	if (n < 0)
		n = 0;
	s = arena_alloc(arena, (size_t)n + 1);
	if ((size_t)n < sizeof(first))
		memcpy(s, first, (size_t)n);
	else
		vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

char *arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	s = arena_vprintf(arena, fmt, args);
	va_end(args);
	return s;
}

struct arena_mark arena_mark(struct arena *arena)
{
	struct chunk *top = arena->top;

	return (struct arena_mark){ top, top ? top->used : 0 };
}

void arena_reset(struct arena *arena, struct arena_mark mark)
{
	struct chunk *top;
	size_t given_back;

	while (arena->top != mark.chunk)
		pop_chunk(arena);
	top = arena->top;
	if (!top)
		return;
	given_back = top->used - mark.used;
	top->used = mark.used;
	ASAN_UNPOISON_MEMORY_REGION(chunk_level(top), given_back);
	memset(chunk_level(top), 0, given_back);
	ASAN_POISON_MEMORY_REGION(chunk_level(top), given_back);
}

size_t arena_used(const struct arena *arena)
{
	return arena->handed_out;
}

static void *vec_grow(struct arena *arena, void *v, size_t *room, size_t size)
{
	/* most arrays of large things stay short: there are many of them */
	size_t first = size >= 64 ? 2 : size >= 16 ? 4 : 8;
	size_t before = *room;

	*room = before ? before * 2 : first;
	if (*room > SIZE_MAX / 2 / size)
		out_of_memory();
	return arena_grow(arena, v, before * size, *room * size);
}

void *vec_push_(struct arena *arena, void *vec, size_t size)
{
	VEC(void) *any = vec;

	if (any->n == any->room)
		any->v = vec_grow(arena, any->v, &any->room, size);
	return (char *)any->v + any->n++ * size;
}
