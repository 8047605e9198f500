/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/learn_base.h"

#include <string.h>

#include "policies/policy_diff.h"
#include "policies/policy_read.h"
#include "runtime/policy_draft.h"

#define START "builtin/start"
#define WORTH 2 /* lines that a base must save */

/* Those that say more come first: what is part of one adds nothing and is left out. */
static const char *const candidates[] = {
	"builtin/default",
	"builtin/node",
	"builtin/python",
	"builtin/strict",
	"builtin/network-client",
	"builtin/shell",
	"builtin/musl",
	"builtin/glibc",
	"builtin/start-java",
	"builtin/start-node",
	"builtin/start-python",
	"builtin/start-shell",
	"builtin/start-processes",
	"builtin/start-threads",
};

struct job {
	const char *file, *name;
	const struct learned *learned;
	struct arena *arena;
	const struct estimate *estimate; /* NULL: of what is granted over builtin/start alone */
};

/* `others` is what to extend besides builtin/start: ", builtin/a, builtin/b". */
static int draft(const struct job *job, const char *others, struct learn_draft *ret,
		 struct err *err)
{
	struct arena *arena = job->arena;
	const char *bases = arena_printf(arena, START "%s", others);
	const char *text = bases ? arena_printf(arena, "policy: 1\nextends: [%s]\n", bases) : NULL;
	int r;

	if (!text)
		return err_set(err, ENOMEM, "out of memory");
	r = policy_draft_compile("learned-base", span_of(text), arena, &ret->base, err);
	ret->base.name = bases;
	if (r == 0)
		r = grants_make(job->learned, &ret->base, arena, &ret->grants, err);
	if (r < 0)
		return r;
	/* What the next run needs is the same, whoever grants what was seen. */
	ret->estimate = job->estimate ? *job->estimate : estimate_make(&ret->grants);
	learned_policy_print(&ret->grants, &ret->estimate, job->name, &ret->text);
	if (ret->text.failed)
		return err_set(err, ENOMEM, "out of memory");
	return policy_draft_compile(job->file, (struct span){ ret->text.p, ret->text.len }, arena,
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

/* Take one more base, if it fits and is worth its name. */
static int try_one(const struct job *job, const struct policy *plain, const char *candidate,
		   const char **others, struct learn_draft *best, struct err *err)
{
	const char *more = arena_printf(job->arena, "%s, %s", *others, candidate);
	struct learn_draft other = { 0 };
	int r = more ? draft(job, more, &other, err) : err_set(err, ENOMEM, "out of memory");

	if (r == 0)
		r = fits(plain, &other.text, policy_native_arch, job->arena, err);
	if (r <= 0 || other.grants.n + WORTH > best->grants.n) {
		strbuf_done(&other.text);
		return r < 0 ? r : 0;
	}
	strbuf_done(&best->text);
	*best = other;
	*others = more;
	return 0;
}

int learn_base_choose(const char *file, const char *name, const struct learned *learned,
		      struct arena *arena, struct learn_draft *ret, struct err *err)
{
	struct job job = { file, name, learned, arena, NULL };
	struct policy plain = { 0 };
	struct estimate estimate;
	const char *others = "";
	int r = draft(&job, others, ret, err);

	if (r == 0)
		r = resolve(&ret->text, arena, &plain, err);
	estimate = ret->estimate;
	job.estimate = &estimate;
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(candidates); i++) {
		if (may_fit(candidates[i], &plain, arena))
			r = try_one(&job, &plain, candidates[i], &others, ret, err);
	}
	/* It was moved; what was made of it was not. */
	ret->grants.base = &ret->base;
	return r;
}
