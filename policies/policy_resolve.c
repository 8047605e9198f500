/* SPDX-License-Identifier: Apache-2.0 */
/* A policy and all that it extends become one: order never matters, deny wins. */
#include <errno.h>
#include <string.h>

#include "policies/learned.h"
#include "policies/policy_lock.h"
#include "policies/policy_read.h"

#define MAX_SOURCES 64
#define MAX_CHAIN 8

int builtin_fetch(void *data, const char *name, const char *from, struct arena *arena,
		  struct span *ret_text, const char **ret_path, struct err *err)
{
	struct span text = builtin_text(name);

	(void)data;
	(void)from;
	(void)arena;
	if (text.n == 0)
		return err_set(err, ENOENT, "there is no %s", name);
	*ret_text = text;
	*ret_path = NULL;
	return 0;
}

struct resolver {
	policy_fetch_fn fetch;
	void *data;
	struct arena *arena;
	struct diags *diags;
	size_t n;
	struct policy_source sources[MAX_SOURCES];
	struct policy
		policies[MAX_SOURCES]; /* as read, in the same order; the asked one is first */
	bool open[MAX_SOURCES];        /* on the way down: meeting it again is a loop */
};

static const struct policy_source *find(const struct resolver *r, const char *name,
					const char *path, size_t *ret)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct policy_source *s = &r->sources[i];
		bool same = path && s->path ? strcmp(path, s->path) == 0
					    : !path && !s->path && strcmp(name, s->name) == 0;

		if (same) {
			*ret = i;
			return s;
		}
	}
	return NULL;
}

static int visit(struct resolver *r, const char *name, const char *from, struct where where,
		 int depth)
{
	struct policy_source source = { .name = name };
	struct span text = { "", 0 };
	struct err err = { 0 };
	size_t at = 0;
	int error = r->fetch(r->data, name, from, r->arena, &text, &source.path, &err);

	if (error == -ENOMEM)
		return error;
	if (error < 0) {
		diags_add(r->diags, where, "%s", err.msg);
		return 0;
	}
	if (find(r, name, source.path, &at)) {
		if (r->open[at])
			diags_add(r->diags, where, "%s extends itself", name);
		return 0;
	}
	if (depth > MAX_CHAIN || r->n == MAX_SOURCES) {
		diags_add(r->diags, where, "%s: too many policies extend one another", name);
		return 0;
	}
	at = r->n++;
	source.digest = digest_of(text.p, text.n);
	r->sources[at] = source;
	error = policy_read(text, name, r->arena, &r->policies[at], r->diags);
	if (error < 0)
		return error == -EINVAL ? 0 : error;
	r->open[at] = true;
	for (size_t i = 0; i < r->policies[at].n_extends; i++) {
		error = visit(r, r->policies[at].extends[i], source.path,
			      r->policies[at].extends_where[i], depth + 1);
		if (error < 0)
			return error;
	}
	r->open[at] = false;
	return 0;
}

/* What the asked policy says itself stands; of what it extends, the lower counts. */
static void merge_limits(struct policy *to, const struct policy *from, uint32_t own)
{
	for (int bit = 0; bit < LIMIT_COUNT; bit++) {
		uint32_t mask = 1U << bit;
		uint64_t have = limit_value(&to->limits, bit);
		uint64_t new = limit_value(&from->limits, bit);

		if (!(from->limits.set & mask) || (own & mask))
			continue;
		if ((to->limits.set & mask) && have <= new)
			continue;
		limit_set(&to->limits, bit, new);
		to->limit_where[bit] = from->limit_where[bit];
	}
}

static int merge_rules(struct policy *to, const struct policy *from, struct arena *arena)
{
	struct syscall_rule *calls =
		arena_grow(arena, to->syscalls, &to->cap_syscalls,
			   to->n_syscalls + from->n_syscalls + 1, sizeof(*calls));
	struct file_rule *files = arena_grow(arena, to->files, &to->cap_files,
					     to->n_files + from->n_files + 1, sizeof(*files));
	struct net_rule *net = arena_grow(arena, to->net.rules, &to->net.cap,
					  to->net.n + from->net.n + 1, sizeof(*net));

	if (!calls || !files || !net)
		return -ENOMEM;
	to->syscalls = calls;
	to->files = files;
	to->net.rules = net;
	if (from->n_syscalls > 0)
		memcpy(calls + to->n_syscalls, from->syscalls, from->n_syscalls * sizeof(*calls));
	if (from->n_files > 0)
		memcpy(files + to->n_files, from->files, from->n_files * sizeof(*files));
	if (from->net.n > 0)
		memcpy(net + to->net.n, from->net.rules, from->net.n * sizeof(*net));
	to->net.n += from->net.n;
	to->net.stated = to->net.stated || from->net.stated;
	to->n_syscalls += from->n_syscalls;
	to->n_files += from->n_files;
	return 0;
}

/* The policy that is nearest to the asked one is where a layer is required. */
static void merge_require(struct policy *to, const struct policy *from)
{
	for (int layer = 0; layer < LAYER_COUNT; layer++) {
		if (from->require & ~to->require & 1U << layer)
			to->require_where[layer] = from->require_where[layer];
	}
	to->require |= from->require;
}

static int merge(struct resolver *r, struct policy *ret)
{
	struct policy all = r->policies[0];
	uint32_t own = all.limits.set;

	for (size_t i = 1; i < r->n; i++) {
		const struct policy *from = &r->policies[i];

		if (merge_rules(&all, from, r->arena) < 0)
			return -ENOMEM;
		merge_limits(&all, from, own);
		merge_require(&all, from);
		all.record |= from->record;
		all.loss_fails |= from->loss_fails;
		if (!all.identity.has_user)
			all.identity = from->identity;
		if (!all.otherwise_error)
			all.otherwise_error = from->otherwise_error;
		if (!all.unknown_error)
			all.unknown_error = from->unknown_error;
	}
	all.n_sources = r->n;
	all.sources = arena_array(r->arena, r->n, sizeof(*all.sources));
	if (!all.sources)
		return -ENOMEM;
	memcpy(all.sources, r->sources, r->n * sizeof(*all.sources));
	*ret = all;
	return 0;
}

int policy_resolve_unlocked(const char *name, policy_fetch_fn fetch, void *data,
			    struct arena *arena, struct policy *ret, struct diags *diags)
{
	struct resolver *r = arena_alloc(arena, sizeof(*r));
	size_t faults = diags->n;
	int error;

	if (!r)
		return -ENOMEM;
	r->fetch = fetch;
	r->data = data;
	r->arena = arena;
	r->diags = diags;
	error = visit(r, name, NULL, (struct where){ name, 1, 1 }, 0);
	if (error < 0)
		return error;
	if (diags->out_of_memory)
		return -ENOMEM;
	if (diags->n > faults) {
		diags_sort(diags);
		return -EINVAL;
	}
	return merge(r, ret);
}

/* The lock counts as a source: a policy that was compiled with it is not right without it. */
static int add_source(struct policy *policy, const struct policy_source *source,
		      struct arena *arena)
{
	struct policy_source *all = arena_array(arena, policy->n_sources + 1, sizeof(*all));

	if (!all)
		return -ENOMEM;
	memcpy(all, policy->sources, policy->n_sources * sizeof(*all));
	all[policy->n_sources++] = *source;
	policy->sources = all;
	return 0;
}

/* A policy on disk may have a lock beside it. */
static int check_lock(struct policy *policy, policy_fetch_fn fetch, void *data, struct arena *arena,
		      struct diags *diags)
{
	const char *path = policy->sources[0].path;
	struct policy_source lock = { 0 };
	struct span text = { "", 0 };
	struct err err = { 0 };
	int r;

	if (!path)
		return 0;
	lock.name = policy_lock_name(arena, path);
	if (!lock.name)
		return -ENOMEM;
	r = fetch(data, lock.name, NULL, arena, &text, &lock.path, &err);
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		diags_add(diags, (struct where){ policy->sources[0].name, 1, 1 }, "%s", err.msg);
		return r;
	}
	r = policy_lock_check(text, lock.name, policy, arena, diags);
	if (r < 0)
		return r;
	lock.digest = digest_of(text.p, text.n);
	return add_source(policy, &lock, arena);
}

/*
 * A learned policy has beside it what it was learned from. Of that only the order of the filter
 * follows, which is proved to mean the same: what cannot be read is as if it were not there.
 */
static int read_frequencies(struct policy *policy, policy_fetch_fn fetch, void *data,
			    struct arena *arena)
{
	const char *path = policy->sources[0].path;
	struct policy_source runs = { 0 };
	struct diags ignored = { .arena = arena };
	struct learned learned = { 0 };
	struct span text = { "", 0 };
	struct err absent = { 0 };
	int r;

	if (!path)
		return 0;
	runs.name = arena_printf(arena, "%s.runs", path);
	if (!runs.name)
		return -ENOMEM;
	if (fetch(data, runs.name, NULL, arena, &text, &runs.path, &absent) < 0)
		return 0;
	r = learned_read(text, runs.name, arena, &learned, &ignored);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	memcpy(policy->calls_seen, learned.calls_seen, sizeof(policy->calls_seen));
	runs.digest = digest_of(text.p, text.n);
	return add_source(policy, &runs, arena);
}

int policy_resolve(const char *name, policy_fetch_fn fetch, void *data, struct arena *arena,
		   struct policy *ret, struct diags *diags)
{
	struct policy policy = { 0 };
	size_t faults = diags->n;
	int r = policy_resolve_unlocked(name, fetch, data, arena, &policy, diags);

	if (r < 0)
		return r;
	r = check_lock(&policy, fetch, data, arena, diags);
	if (r == 0)
		r = read_frequencies(&policy, fetch, data, arena);
	if (r < 0)
		return r;
	if (diags->n > faults)
		return -EINVAL;
	*ret = policy;
	return 0;
}
