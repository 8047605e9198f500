/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Many hold a path or two and live for one function: the first block is small, later ones grow. */
#define FIRST_BLOCK ((size_t)1 << 10)
#define BLOCK_MAX ((size_t)16 << 10)
#define ALIGNMENT _Alignof(max_align_t)

struct arena_block {
	struct arena_block *next;
	size_t used, size; /* of data */
	_Alignas(max_align_t) char data[];
};

static struct arena_block *add_block(struct arena *arena, size_t size)
{
	size_t usual = arena->head ? 2 * arena->head->size : FIRST_BLOCK;
	size_t room = usual < BLOCK_MAX ? usual : BLOCK_MAX;
	struct arena_block *block;

	room = size > room ? size : room;
	block = malloc(sizeof(*block) + room);
	if (!block)
		return NULL;
	*block = (struct arena_block){ .next = arena->head, .size = room };
	arena->head = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t limit = arena->limit ? arena->limit : ARENA_LIMIT_DEFAULT;
	struct arena_block *block = arena->head;
	void *p;

	if (size > limit || arena->total > limit - size)
		return NULL;
	size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (!block || block->size - block->used < size) {
		block = add_block(arena, size);
		if (!block)
			return NULL;
	}
	p = memset(block->data + block->used, 0, size);
	block->used += size;
	arena->total += size;
	return p;
}

void *arena_array(struct arena *arena, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return arena_alloc(arena, bytes);
}

void *arena_grow(struct arena *arena, void *old, size_t *cap, size_t want, size_t size)
{
	size_t grown = *cap ? *cap : 8;
	void *p;

	if (want <= *cap)
		return old;
	while (grown < want) {
		if (__builtin_mul_overflow(grown, 2, &grown))
			return NULL;
	}
	p = arena_array(arena, grown, size);
	if (!p)
		return NULL;
	if (*cap > 0)
		memcpy(p, old, *cap * size);
	*cap = grown;
	return p;
}

char *arena_strndup(struct arena *arena, const char *s, size_t n)
{
	char *copy = n < SIZE_MAX ? arena_alloc(arena, n + 1) : NULL;

	if (copy && n > 0)
		memcpy(copy, s, n);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *s)
{
	return arena_strndup(arena, s, strlen(s));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		return NULL;
	text = arena_alloc(arena, (size_t)n + 1);
	if (!text)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return text;
}

void arena_done(struct arena *arena)
{
	struct arena_block *block = arena->head;

	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
	*arena = (struct arena){ 0 };
}
