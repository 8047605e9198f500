/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/learn_base.h"

#include <string.h>

#include "policies/policy_diff.h"
#include "policies/policy_read.h"
#include "runtime/policy_draft.h"

#define START "builtin/start"

/* The smallest first: of two that leave as many lines the first is taken. */
static const char *const candidates[] = {
	"builtin/glibc",  "builtin/musl",   "builtin/shell", "builtin/network-client",
	"builtin/python", "builtin/strict", "builtin/node",  "builtin/default",
};

static int draft(const char *file, const char *name, const char *base,
		 const struct learned *learned, struct arena *arena, struct learn_draft *ret,
		 struct err *err)
{
	const char *bases = base ? arena_printf(arena, START ", %s", base) : START;
	const char *text = bases ? arena_printf(arena, "policy: 1\nextends: [%s]\n", bases) : NULL;
	int r;

	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	r = policy_draft_compile("learned-base", span_of(text), arena, &ret->base, err);
	ret->base.name = bases;
	if (r == 0)
		r = grants_make(learned, &ret->base, arena, &ret->grants, err);
	if (r < 0)
		return r;
	ret->estimate = estimate_make(&ret->grants);
	learned_policy_print(&ret->grants, &ret->estimate, name, &ret->text);
	if (ret->text.failed)
		return err_set(err, ENOMEM, "out of memory");
	return policy_draft_compile(file, (struct span){ ret->text.p, ret->text.len }, arena,
				    &ret->bundle, err);
}

static int fetch(void *data, const char *name, const char *from, struct arena *arena,
		 struct span *ret, const char **ret_path, struct err *err)
{
	const struct strbuf *text = data;

	if (strcmp(name, "learned") != 0)
		return builtin_fetch(NULL, name, from, arena, ret, ret_path, err);
	*ret = (struct span){ text->p, text->len };
	*ret_path = NULL;
	return 0;
}

static int resolve(const struct strbuf *text, struct arena *arena, struct policy *ret,
		   struct err *err)
{
	struct diags diags = { .arena = arena };
	int r = policy_resolve_unlocked("learned", fetch, (void *)(uintptr_t)text, arena, ret,
					&diags);

	return r < 0 ? err_set(err, -r, "the learned policy cannot be read again") : 0;
}

static bool allows(const struct policy *policy, const char *call)
{
	for (size_t i = 0; i < policy->n_syscalls; i++) {
		if (policy->syscalls[i].allow && syscall_rule_names(&policy->syscalls[i], call))
			return true;
	}
	return false;
}

/* Every call that it opens was needed: what it says of arguments is ours, and looked through. */
static bool may_fit(const char *base, const struct policy *plain, struct arena *arena)
{
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };

	if (policy_resolve_unlocked(base, builtin_fetch, NULL, arena, &policy, &diags) < 0)
		return false;
	for (size_t i = 0; i < policy.n_syscalls; i++) {
		const struct syscall_rule *rule = &policy.syscalls[i];

		for (size_t k = 0; rule->allow && k < rule->n_names; k++) {
			if (!allows(plain, rule->names[k]))
				return false;
		}
	}
	return true;
}

/* Nothing is refused that was needed, and nothing but arguments of needed calls is granted more. */
static int fits(const struct policy *plain, const struct strbuf *text, uint32_t arch,
		struct arena *arena, struct err *err)
{
	struct policy_diff diff = { .arena = arena };
	struct policy policy = { 0 };
	int r = resolve(text, arena, &policy, err);

	if (r == 0)
		r = policy_diff(plain, &policy, arch, &diff, err);
	for (size_t i = 0; r == 0 && i < diff.n; i++) {
		const struct policy_difference *d = &diff.items[i];

		if (d->class != DIFF_WIDER || strcmp(d->area, "syscall") != 0)
			return 0;
	}
	return r < 0 ? r : 1;
}

int learn_base_choose(const char *file, const char *name, const struct learned *learned,
		      struct arena *arena, struct learn_draft *ret, struct err *err)
{
	struct policy plain = { 0 };
	int r = draft(file, name, NULL, learned, arena, ret, err);

	if (r == 0)
		r = resolve(&ret->text, arena, &plain, err);
	for (size_t i = 0; r >= 0 && i < ARRAY_LEN(candidates); i++) {
		struct learn_draft other = { 0 };

		if (!may_fit(candidates[i], &plain, arena))
			continue;
		r = draft(file, name, candidates[i], learned, arena, &other, err);
		if (r == 0)
			r = fits(&plain, &other.text, policy_native_arch, arena, err);
		if (r > 0 && other.grants.n < ret->grants.n) {
			strbuf_done(&ret->text);
			*ret = other;
		} else {
			strbuf_done(&other.text);
		}
	}
	/* It was moved; what was made of it was not. */
	ret->grants.base = &ret->base;
	return r < 0 ? r : 0;
}
