/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/learn_base.h"

#include <errno.h>
#include <string.h>

#include "policies/filter_emit.h"
#include "policies/policy_diff.h"
#include "policies/policy_read.h"
#include "policies/syscall_sets.h"
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
	const char *name;
	const struct learned *learned;
	struct arena *arena;
	const struct estimate *estimate; /* NULL: of what is granted over builtin/start alone */
	struct policy plain;             /* over builtin/start alone */
	struct policy base;              /* what is extended so far */
	const char *others;              /* ", builtin/a, builtin/b": besides builtin/start */
};

static int fetch(void *data, const char *name, const char *from, struct arena *arena,
		 struct span *ret, const char **ret_path, struct err *err)
{
	const struct span *text = data;

	if (strcmp(name, "learned") != 0)
		return builtin_fetch(NULL, name, from, arena, ret, ret_path, err);
	*ret = *text;
	*ret_path = NULL;
	return 0;
}

static int resolve(struct span text, struct arena *arena, struct policy *ret, struct err *err)
{
	struct diags diags = { .arena = arena };
	int r = policy_resolve_unlocked("learned", fetch, &text, arena, ret, &diags);

	return r < 0 ? err_set(err, -r, "the learned policy cannot be read again") : 0;
}

/* Of a base only what it says of calls and files is asked: it is not compiled as a whole. */
static int make_base(struct arena *arena, const char *others, struct bundle *ret,
		     struct policy *policy, struct err *err)
{
	const char *bases = arena_printf(arena, START "%s", others);
	const char *text = bases ? arena_printf(arena, "policy: 1\nextends: [%s]\n", bases) : NULL;
	struct filter_code code = { 0 };
	int r = text ? resolve(span_of(text), arena, policy, err)
		     : err_set(err, ENOMEM, "out of memory");

	if (r == 0)
		r = filter_emit(policy, policy_native_arch, FILTER_EXPLAIN, arena, &code, err);
	if (r < 0)
		return r;
	*ret = (struct bundle){ .name = bases,
				.audit_arch = policy_native_arch,
				.explain = code.code,
				.n_explain = code.n };
	ret->files = arena_array(arena, policy->n_files + 1, sizeof(*ret->files));
	if (!ret->files)
		return err_set(err, ENOMEM, "out of memory");
	for (size_t i = 0; i < policy->n_files; i++) {
		const struct file_rule *rule = &policy->files[i];

		ret->files[ret->n_files++] = (struct bundle_file){ .access = rule->access,
								   .tree = rule->tree,
								   .path = rule->path };
	}
	return 0;
}

static int draft(const struct job *job, const char *others, struct learn_draft *ret,
		 struct policy *base, struct err *err)
{
	int r = make_base(job->arena, others, &ret->base, base, err);

	if (r == 0)
		r = grants_make(job->learned, &ret->base, job->arena, &ret->grants, err);
	if (r < 0)
		return r;
	/* What the next run needs is the same, whoever grants what was seen. */
	ret->estimate = job->estimate ? *job->estimate : estimate_make(&ret->grants);
	learned_policy_print(&ret->grants, &ret->estimate, job->name, &ret->text);
	return ret->text.failed ? err_set(err, ENOMEM, "out of memory") : 0;
}

static struct span text_of(const struct learn_draft *d)
{
	return (struct span){ d->text.p, d->text.len };
}

/* A rule that says the same of the call, or more. */
static bool grants(const struct policy *policy, const char *call, const struct syscall_rule *as)
{
	for (size_t i = 0; i < policy->n_syscalls; i++) {
		const struct syscall_rule *rule = &policy->syscalls[i];

		if (rule->allow && syscall_rule_names(rule, call) &&
		    (!as || !rule->cond ||
		     (as->cond && strcmp(rule->rule.text, as->rule.text) == 0)))
			return true;
	}
	return false;
}

/*
 * How many lines a base may save: calls that it opens and that what is extended so far does not, a
 * family once. 0 if it opens one that was not needed; what it says of arguments is ours, and looked
 * through.
 */
static unsigned worth(const char *candidate, const struct job *job)
{
	struct diags diags = { .arena = job->arena };
	struct policy policy = { 0 };
	unsigned n = 0;

	if (policy_resolve_unlocked(candidate, builtin_fetch, NULL, job->arena, &policy, &diags) <
	    0)
		return 0;
	for (size_t i = 0; i < policy.n_syscalls; i++) {
		const struct syscall_rule *rule = &policy.syscalls[i];

		for (size_t k = 0; rule->allow && k < rule->n_names; k++) {
			const char *call = rule->names[k];
			struct name_list family = syscall_family(call);

			if (!grants(&job->plain, call, NULL))
				return 0;
			n += (family.n == 0 || strcmp(family.names[0], call) == 0) &&
			     !grants(&job->base, call, rule);
		}
	}
	return n;
}

/* Nothing is refused that was needed, and nothing but arguments of needed calls is granted more. */
static int fits(const struct policy *plain, struct span text, struct arena *arena, struct err *err)
{
	struct policy_diff diff = { .arena = arena };
	struct policy policy = { 0 };
	int r = resolve(text, arena, &policy, err);

	if (r == 0)
		r = policy_diff(plain, &policy, policy_native_arch, &diff, err);
	for (size_t i = 0; r == 0 && i < diff.n; i++) {
		const struct policy_difference *d = &diff.items[i];

		if (d->class != DIFF_WIDER || strcmp(d->area, "syscall") != 0)
			return 0;
	}
	return r < 0 ? r : 1;
}

/* Take one more base, if it fits and is worth its name. */
static int try_one(struct job *job, const char *candidate, struct learn_draft *best,
		   struct err *err)
{
	const char *more = arena_printf(job->arena, "%s, %s", job->others, candidate);
	struct learn_draft other = { 0 };
	struct policy base = { 0 };
	int r = more ? draft(job, more, &other, &base, err) : err_set(err, ENOMEM, "out of memory");

	if (r == 0 && other.grants.n + WORTH <= best->grants.n)
		r = fits(&job->plain, text_of(&other), job->arena, err);
	if (r <= 0) {
		strbuf_done(&other.text);
		return r;
	}
	strbuf_done(&best->text);
	*best = other;
	job->base = base;
	job->others = more;
	return 0;
}

int learn_base_choose(const char *file, const char *name, const struct learned *learned,
		      struct arena *arena, struct learn_draft *ret, struct err *err)
{
	struct job job = { .name = name, .learned = learned, .arena = arena, .others = "" };
	struct estimate estimate;
	int r = draft(&job, job.others, ret, &job.base, err);

	if (r == 0)
		r = resolve(text_of(ret), arena, &job.plain, err);
	estimate = ret->estimate;
	job.estimate = &estimate;
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(candidates); i++) {
		if (worth(candidates[i], &job) >= WORTH)
			r = try_one(&job, candidates[i], ret, err);
	}
	/* It was moved; what was made of it was not. */
	ret->grants.base = &ret->base;
	return r < 0 ? r : policy_draft_compile(file, text_of(ret), arena, &ret->bundle, err);
}
