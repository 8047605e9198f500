/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_ARENA_H
#define IMMURE_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/cleanup.h"

struct arena_block;

/* One bump allocator owns a whole policy or plan; nothing inside is freed singly. Zeroed = empty.
 */
struct arena {
	struct arena_block *head;
	size_t total; /* bytes handed out */
	size_t limit; /* refuse above this; 0: ARENA_LIMIT_DEFAULT */
};

#define ARENA_LIMIT_DEFAULT ((size_t)64 << 20)

/* Zeroed memory aligned for any type, or NULL (out of memory, or above the limit). */
void *arena_alloc(struct arena *arena, size_t size);

/* n objects of size each; NULL also when the product overflows. */
void *arena_array(struct arena *arena, size_t n, size_t size);

/*
 * Grow an arena array that holds *cap objects so that it can hold at least `want`: returns the old
 * pointer if it is large enough, else a larger copy (the old memory stays with the arena).
 */
void *arena_grow(struct arena *arena, void *old, size_t *cap, size_t want, size_t size);

/* NUL-terminated copies; NULL when out of memory. */
char *arena_strdup(struct arena *arena, const char *s);
char *arena_strndup(struct arena *arena, const char *s, size_t n);
char *arena_printf(struct arena *arena, const char *format, ...) printf_like(2, 3);

/* Release everything. A no-op on zeroed memory. */
void arena_done(struct arena *arena);

#define cleanup_arena cleanup(arena_done)

#endif
