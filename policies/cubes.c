/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/cubes.h"

#include <errno.h>
#include <string.h>

/* Whatever `inner` holds for, `outer` does. */
static bool covers(const struct cube *outer, const struct cube *inner)
{
	for (int arg = 0; arg < 6; arg++) {
		if ((outer->mask[arg] & ~inner->mask[arg]) ||
		    (outer->value[arg] ^ inner->value[arg]) & outer->mask[arg])
			return false;
	}
	return true;
}

/* What is covered needs no cube of its own. */
static int add(struct cubes *to, const struct cube *cube, struct arena *arena)
{
	struct cube *grown;
	size_t kept = 0;

	for (size_t i = 0; i < to->n; i++) {
		if (covers(&to->items[i], cube))
			return 0;
	}
	for (size_t i = 0; i < to->n; i++) {
		if (!covers(cube, &to->items[i]))
			to->items[kept++] = to->items[i];
	}
	to->n = kept;
	if (to->n == CUBES_MAX)
		return -E2BIG;
	grown = arena_grow(arena, to->items, &to->cap, to->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	to->items = grown;
	grown[to->n++] = *cube;
	return 0;
}

static int add_masked(struct cubes *to, uint8_t arg, uint32_t mask, uint32_t value,
		      struct arena *arena)
{
	struct cube cube = { 0 };

	cube.mask[arg] = mask;
	cube.value[arg] = value;
	return add(to, &cube, arena);
}

/* One bit of `bits` has the value that it has not in `value`. */
static int add_unlike(struct cubes *to, uint8_t arg, uint32_t bits, uint32_t value,
		      struct arena *arena)
{
	int r = 0;

	for (int bit = 0; bit < 32 && r == 0; bit++) {
		uint32_t mask = 1U << bit;

		if (bits & mask)
			r = add_masked(to, arg, mask, ~value & mask, arena);
	}
	return r;
}

/* Below `value`: equal in the high bits, and then a 0 where it has a 1. */
static int add_below(struct cubes *to, uint8_t arg, uint32_t value, struct arena *arena)
{
	int r = 0;

	for (int bit = 31; bit >= 0 && r == 0; bit--) {
		uint32_t mask = UINT32_MAX << bit;

		if (value & 1U << bit)
			r = add_masked(to, arg, mask, (value & mask) & ~(1U << bit), arena);
	}
	return r;
}

static int both(const struct cubes *a, const struct cubes *b, struct arena *arena, struct cubes *to)
{
	for (size_t i = 0; i < a->n; i++) {
		for (size_t k = 0; k < b->n; k++) {
			struct cube cube = a->items[i];
			bool possible = true;
			int r;

			for (int arg = 0; arg < 6; arg++) {
				uint32_t common = cube.mask[arg] & b->items[k].mask[arg];

				possible = possible && ((cube.value[arg] ^ b->items[k].value[arg]) &
							common) == 0;
				cube.mask[arg] |= b->items[k].mask[arg];
				cube.value[arg] |= b->items[k].value[arg];
			}
			r = possible ? add(to, &cube, arena) : 0;
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int of_cond(const struct cond *c, bool holds, struct arena *arena, struct cubes *to);

static int of_pair(const struct cond *c, bool holds, struct arena *arena, struct cubes *to)
{
	struct cubes left = { 0 };
	struct cubes right = { 0 };
	int r;

	/* "Not both" is "one of them not". */
	if ((c->kind == COND_AND) != holds) {
		r = of_cond(c->left, holds, arena, to);
		return r < 0 ? r : of_cond(c->right, holds, arena, to);
	}
	r = of_cond(c->left, holds, arena, &left);
	if (r == 0)
		r = of_cond(c->right, holds, arena, &right);
	return r < 0 ? r : both(&left, &right, arena, to);
}

/* None of the values: each adds its own way to be another. */
static int of_none(const struct cond *c, struct arena *arena, struct cubes *to)
{
	struct cubes so_far = { 0 };
	const struct cube anything = { 0 };
	int r = add(&so_far, &anything, arena);

	for (uint32_t i = 0; i < c->n_values && r == 0; i++) {
		struct cubes other = { 0 };
		struct cubes next = { 0 };

		r = add_unlike(&other, c->arg, UINT32_MAX, c->values[i], arena);
		if (r == 0)
			r = both(&so_far, &other, arena, &next);
		so_far = next;
	}
	for (size_t i = 0; i < so_far.n && r == 0; i++)
		r = add(to, &so_far.items[i], arena);
	return r;
}

static int of_cond(const struct cond *c, bool holds, struct arena *arena, struct cubes *to)
{
	uint32_t value = c->n_values > 0 ? c->values[0] : 0;
	int r = 0;

	switch (c->kind) {
	case COND_AND:
	case COND_OR:
		return of_pair(c, holds, arena, to);
	case COND_NOT:
		return of_cond(c->left, !holds, arena, to);
	case COND_EQ:
	case COND_IN:
		if (!holds)
			return of_none(c, arena, to);
		for (uint32_t i = 0; i < c->n_values && r == 0; i++)
			r = add_masked(to, c->arg, UINT32_MAX, c->values[i], arena);
		return r;
	case COND_LT:
		if (holds)
			return add_below(to, c->arg, value, arena);
		/* At least `value`: not below is the complement's below. */
		r = add_masked(to, c->arg, UINT32_MAX, value, arena);
		for (int bit = 31; bit >= 0 && r == 0; bit--) {
			uint32_t mask = UINT32_MAX << bit;

			if (!(value & 1U << bit))
				r = add_masked(to, c->arg, mask, (value & mask) | 1U << bit, arena);
		}
		return r;
	case COND_HAS:
		return holds ? add_masked(to, c->arg, value, value, arena)
			     : add_unlike(to, c->arg, value, value, arena);
	case COND_ONLY:
		return holds ? add_masked(to, c->arg, ~value, 0, arena)
			     : add_unlike(to, c->arg, ~value, 0, arena);
	}
	return -EINVAL;
}

int cubes_of_call(const struct policy *policy, const char *call, struct arena *arena,
		  struct cubes *ret)
{
	const struct cube anything = { 0 };
	struct cubes allowed = { 0 };

	for (size_t i = 0; i < policy->n_syscalls; i++) {
		const struct syscall_rule *rule = &policy->syscalls[i];
		int r;

		if (!rule->allow || !syscall_rule_names(rule, call))
			continue;
		if (!rule->cond)
			allowed.n = 0; /* whatever the arguments: the conditions add nothing */
		r = rule->cond ? of_cond(rule->cond, true, arena, &allowed)
			       : add(&allowed, &anything, arena);
		if (r < 0)
			return r;
		if (!rule->cond)
			break;
	}
	for (size_t i = 0; i < policy->n_syscalls && allowed.n > 0; i++) {
		const struct syscall_rule *rule = &policy->syscalls[i];
		struct cubes outside = { 0 };
		struct cubes left = { 0 };
		int r = 0;

		if (rule->allow || !syscall_rule_names(rule, call))
			continue;
		if (rule->cond)
			r = of_cond(rule->cond, false, arena, &outside);
		if (r == 0)
			r = both(&allowed, &outside, arena, &left);
		if (r < 0)
			return r;
		allowed = left;
	}
	*ret = allowed;
	return 0;
}

bool cubes_hold(const struct cubes *cubes, const uint64_t args[6])
{
	for (size_t i = 0; i < cubes->n; i++) {
		bool holds = true;

		for (int arg = 0; arg < 6; arg++)
			holds = holds && ((uint32_t)args[arg] & cubes->items[i].mask[arg]) ==
						 cubes->items[i].value[arg];
		if (holds)
			return true;
	}
	return false;
}
