/* SPDX-License-Identifier: Apache-2.0 */
#include "policies/filter_emit.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

#include "policies/audit_mode.h"
#include "policies/bpf_emit.h"
#include "policies/bundle.h"
#include "policies/call_weights.h"
#include "policies/syscall_sets.h"

#define X32_BIT 0x40000000U

const char *const filter_always[] = { "exit", "exit_group", "rt_sigreturn", "restart_syscall",
				      NULL };

/* What happens to one number: the rules that name it, in order; the same list is the same code. */
struct decision {
	bool known;
	bool always;
	bool look;                       /* mode audit: the supervisor looks at what it names */
	const struct audit_floor *floor; /* mode audit: what of it stays refused; else NULL */
	uint16_t n;
	const uint16_t *rules;
};

struct interval {
	int start;
	const struct decision *decision;
	size_t code;     /* address of its code, 0 while there is none */
	uint32_t weight; /* how often the filter is run for it */
};

struct emitter {
	const struct policy *policy;
	enum filter_kind kind;
	struct bpf_emitter bpf;
	struct interval *intervals;
	size_t n_intervals;
};

static size_t leaf(struct emitter *e, enum verdict verdict, int error, uint16_t rule)
{
	if (e->kind == FILTER_VERDICT)
		rule = BUNDLE_NO_RULE;
	if (e->kind != FILTER_KERNEL)
		return bpf_emit_ret(&e->bpf, EXPLAIN_LEAF(rule, verdict, error));
	switch (verdict) {
	case VERDICT_ALLOW:
		return bpf_emit_ret(&e->bpf, SECCOMP_RET_ALLOW);
	case VERDICT_NOTIFY:
	case VERDICT_AUDIT:
	case VERDICT_LOOK:
		return bpf_emit_ret(&e->bpf, SECCOMP_RET_USER_NOTIF);
	case VERDICT_ERRNO:
		return bpf_emit_ret(&e->bpf, SECCOMP_RET_ERRNO | (uint32_t)error);
	case VERDICT_KILL:
		break;
	}
	return bpf_emit_ret(&e->bpf, SECCOMP_RET_KILL_PROCESS);
}

/* Code that goes to yes if the condition holds; returns its address. */
static size_t test(struct emitter *e, const struct cond *c, size_t yes, size_t no)
{
	uint32_t value = c->n_values > 0 ? c->values[0] : 0;
	size_t next;

	switch (c->kind) {
	case COND_AND:
		next = test(e, c->right, yes, no);
		return test(e, c->left, next, no);
	case COND_OR:
		next = test(e, c->right, yes, no);
		return test(e, c->left, yes, next);
	case COND_NOT:
		return test(e, c->left, no, yes);
	case COND_IN:
		next = no;
		for (uint32_t i = c->n_values; i-- > 0;)
			next = bpf_emit_branch(&e->bpf, BPF_JEQ, c->values[i], yes, next);
		break;
	case COND_EQ:
		bpf_emit_branch(&e->bpf, BPF_JEQ, value, yes, no);
		break;
	case COND_LT:
		bpf_emit_branch(&e->bpf, BPF_JGE, value, no, yes);
		break;
	case COND_HAS:
		bpf_emit_branch(&e->bpf, BPF_JEQ, value, yes, no);
		bpf_emit(&e->bpf, BPF_ALU | BPF_AND | BPF_K, value, 0, 0);
		break;
	case COND_ONLY:
		bpf_emit_branch(&e->bpf, BPF_JSET, ~value, no, yes);
		break;
	}
	/* The kernel uses the low half of what it takes as int: so do we (CVE-2019-7303). */
	return bpf_emit_load_arg(&e->bpf, c->arg, false);
}

static int error_of(const struct policy *policy, const struct syscall_rule *rule)
{
	int otherwise = policy->otherwise_error ? policy->otherwise_error : EPERM;

	return rule && rule->error ? rule->error : otherwise;
}

/* A refusal; in mode audit only what the floor keeps is one. */
static size_t refuse(struct emitter *e, const struct decision *d, enum verdict verdict,
		     uint16_t index)
{
	const struct syscall_rule *rule =
		index == BUNDLE_NO_RULE ? NULL : &e->policy->syscalls[index];
	const struct audit_floor *floor = d->floor;
	int error = error_of(e->policy, rule);
	size_t stays;
	size_t goes;

	if (floor && !floor->whole && !floor->unless)
		return leaf(e, VERDICT_AUDIT, error, index);
	if (!floor || floor->whole)
		return leaf(e, verdict, error, index);
	stays = leaf(e, verdict, error, index);
	goes = leaf(e, VERDICT_AUDIT, error, index);
	return test(e, floor->unless, goes, stays);
}

static size_t rule_leaf(struct emitter *e, const struct decision *d, uint16_t index)
{
	const struct syscall_rule *rule = &e->policy->syscalls[index];

	if (rule->allow)
		return leaf(e, d->look ? VERDICT_LOOK : VERDICT_ALLOW, 0, index);
	return refuse(e, d, rule->quiet ? VERDICT_ERRNO : VERDICT_NOTIFY, index);
}

/* The rule of a decision that holds whatever the arguments, or BUNDLE_NO_RULE. */
static uint16_t unconditional(const struct emitter *e, const struct decision *d, bool allow)
{
	for (uint16_t i = 0; i < d->n; i++) {
		const struct syscall_rule *rule = &e->policy->syscalls[d->rules[i]];

		if (rule->allow == allow && !rule->cond)
			return d->rules[i];
	}
	return BUNDLE_NO_RULE;
}

/* Test the conditional rules of one kind one after the other; `next` is where all fail. */
static size_t test_rules(struct emitter *e, const struct decision *d, bool allow, size_t next)
{
	for (uint16_t i = d->n; i-- > 0;) {
		const struct syscall_rule *rule = &e->policy->syscalls[d->rules[i]];

		if (rule->allow == allow && rule->cond)
			next = test(e, rule->cond, rule_leaf(e, d, d->rules[i]), next);
	}
	return next;
}

static size_t decide(struct emitter *e, const struct decision *d)
{
	int unknown = e->policy->unknown_error ? e->policy->unknown_error : ENOSYS;
	uint16_t denied;
	uint16_t allowed;
	size_t next;

	if (d->always)
		return leaf(e, VERDICT_ALLOW, 0, BUNDLE_NO_RULE);
	if (!d->known)
		return leaf(e, VERDICT_ERRNO, unknown, BUNDLE_NO_RULE);
	denied = unconditional(e, d, false);
	if (denied != BUNDLE_NO_RULE)
		return rule_leaf(e, d, denied);
	allowed = unconditional(e, d, true);
	if (allowed != BUNDLE_NO_RULE)
		next = rule_leaf(e, d, allowed);
	else
		next = test_rules(e, d, true, refuse(e, d, VERDICT_NOTIFY, BUNDLE_NO_RULE));
	return test_rules(e, d, false, next);
}

static bool same(const struct decision *a, const struct decision *b)
{
	return a->known == b->known && a->always == b->always && a->look == b->look &&
	       a->floor == b->floor && a->n == b->n &&
	       (a->n == 0 || memcmp(a->rules, b->rules, a->n * sizeof(*a->rules)) == 0);
}

/* Code of an interval; intervals far apart with the same decision share it if it is near. */
static size_t interval_code(struct emitter *e, size_t i)
{
	struct interval *interval = &e->intervals[i];

	for (size_t k = 0; k < e->n_intervals && interval->code == 0; k++) {
		const struct interval *other = &e->intervals[k];

		if (other->code && same(other->decision, interval->decision))
			interval->code = other->code;
	}
	if (interval->code == 0 || !bpf_emit_is_near(&e->bpf, interval->code))
		interval->code = decide(e, interval->decision);
	return interval->code;
}

/* A balanced search over intervals lo..hi-1; the number is in the accumulator. */
/* Where to cut lo..hi-1 so that both sides weigh about the same; some way from lo. */
static size_t balance(const struct emitter *e, size_t lo, size_t hi)
{
	uint64_t all = 0;
	uint64_t left = 0;
	size_t middle = lo + 1;

	for (size_t i = lo; i < hi; i++)
		all += e->intervals[i].weight;
	for (size_t i = lo; i + 1 < hi; i++) {
		uint32_t weight = e->intervals[i].weight;

		/* The cut behind i, unless most of i's weight would lie on the wrong side. */
		if (i > lo && (left + weight / 2) * 2 > all)
			break;
		left += weight;
		middle = i + 1;
	}
	return middle;
}

static size_t tree(struct emitter *e, size_t lo, size_t hi)
{
	size_t middle = balance(e, lo, hi);
	size_t left;
	size_t right;

	if (hi - lo == 1)
		return interval_code(e, lo);
	right = tree(e, middle, hi);
	left = tree(e, lo, middle);
	return bpf_emit_branch(&e->bpf, BPF_JGE, (uint32_t)e->intervals[middle].start, right, left);
}

static void head(struct emitter *e, uint32_t arch, size_t root)
{
	size_t kill;

	if (arch == AUDIT_ARCH_X86_64) {
		kill = leaf(e, VERDICT_KILL, 0, BUNDLE_NO_RULE);
		bpf_emit_branch(&e->bpf, BPF_JGE, X32_BIT, kill, root);
	}
	bpf_emit_load(&e->bpf, offsetof(struct seccomp_data, nr));
	root = e->bpf.n;
	kill = leaf(e, VERDICT_KILL, 0, BUNDLE_NO_RULE);
	bpf_emit_branch(&e->bpf, BPF_JEQ, arch, root, kill);
	bpf_emit_load(&e->bpf, offsetof(struct seccomp_data, arch));
}

static bool is_always(const char *name)
{
	for (size_t i = 0; filter_always[i]; i++) {
		if (strcmp(filter_always[i], name) == 0)
			return true;
	}
	return false;
}

static int decision_make(const struct emitter *e, const char *name, struct arena *arena,
			 struct decision *ret)
{
	const struct policy *policy = e->policy;
	uint16_t *rules;

	if (!name)
		return 0;
	ret->known = true;
	ret->always = is_always(name);
	/* What a policy means by itself is the same in every mode. */
	if (e->kind == FILTER_KERNEL || e->kind == FILTER_EXPLAIN) {
		ret->look = audit_looks_at(policy, name);
		ret->floor = audit_floor_of(policy, name);
	}
	rules = arena_array(arena, policy->n_syscalls + 1, sizeof(*rules));
	if (!rules)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_syscalls && !ret->always; i++) {
		if (syscall_rule_names(&policy->syscalls[i], name))
			rules[ret->n++] = (uint16_t)i;
	}
	ret->rules = rules;
	return 0;
}

static bool has_conditional_deny(const struct emitter *e, const struct decision *d)
{
	for (uint16_t i = 0; i < d->n; i++) {
		if (!e->policy->syscalls[d->rules[i]].allow)
			return true;
	}
	return false;
}

static bool allows_something(const struct emitter *e, const struct decision *d)
{
	if (d->always)
		return true;
	if (unconditional(e, d, false) != BUNDLE_NO_RULE)
		return false;
	for (uint16_t i = 0; i < d->n; i++) {
		if (e->policy->syscalls[d->rules[i]].allow)
			return true;
	}
	return false;
}

/* Does the answer hang on the arguments? */
static bool is_asked(const struct emitter *e, const struct decision *d)
{
	return d->n > 0 && !d->always && unconditional(e, d, false) == BUNDLE_NO_RULE &&
	       (unconditional(e, d, true) == BUNDLE_NO_RULE || has_conditional_deny(e, d));
}

static uint32_t weight_of(const struct emitter *e, const char *call, const struct decision *d)
{
	int row = call && is_asked(e, d) ? call_weight_find(call) : -1;

	return row < 0 ? 1 : call_weight_of(e->policy->calls_seen, row);
}

static int make_intervals(struct emitter *e, uint32_t arch, struct arena *arena, uint32_t *allowed)
{
	int count = syscall_count(arch);
	struct decision *decisions = arena_array(arena, (size_t)count + 1, sizeof(*decisions));

	e->intervals = arena_array(arena, (size_t)count + 2, sizeof(*e->intervals));
	if (!decisions || !e->intervals)
		return -ENOMEM;
	for (int nr = 0; nr <= count; nr++) {
		struct decision *d = &decisions[nr];

		if (nr < count && decision_make(e, syscall_name(nr, arch), arena, d) < 0)
			return -ENOMEM;
		*allowed += d->known && allows_something(e, d) ? 1 : 0;
		if (e->n_intervals > 0 && same(e->intervals[e->n_intervals - 1].decision, d))
			continue;
		e->intervals[e->n_intervals++] = (struct interval){
			.start = nr,
			.decision = d,
			.weight = weight_of(e, nr < count ? syscall_name(nr, arch) : NULL, d),
		};
	}
	return 0;
}

/* NOLINTNEXTLINE(readability-function-size): one parameter more than usual */
int filter_emit(const struct policy *policy, uint32_t arch, enum filter_kind kind,
		struct arena *arena, struct filter_code *ret, struct err *err)
{
	struct emitter e = { .policy = policy, .kind = kind };
	uint32_t allowed = 0;

	if (bpf_emit_init(&e.bpf, arena) < 0 || policy->n_syscalls >= BUNDLE_NO_RULE)
		return err_set(err, ENOMEM, "out of memory");
	if (make_intervals(&e, arch, arena, &allowed) < 0)
		return err_set(err, ENOMEM, "out of memory");
	head(&e, arch, tree(&e, 0, e.n_intervals));
	if (e.bpf.full)
		return err_set(err, E2BIG, "the filter would need more than %d instructions",
			       FILTER_MAX_INSNS);
	*ret = (struct filter_code){ bpf_emit_done(&e.bpf, arena), e.bpf.n, allowed };
	return ret->code ? 0 : err_set(err, ENOMEM, "out of memory");
}
