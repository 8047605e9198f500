/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/oci_policy.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "base/path.h"
#include "sandbox/oci_policy_parts.h"

#define PERIOD_US 100000
#define NOFILE_DEFAULT 4096
#define MEMLOCK_BYTES ((uint64_t)64 << 10)

/* What a file of cgroup v2 says as a number; "max" and what cannot be read is no limit. */
static uint64_t limit_of(const char *value)
{
	uint64_t n = 0;

	return span_u64(span_of(value), UINT64_MAX, &n) < 0 ? UINT64_MAX : n;
}

/* "QUOTA PERIOD" → thousandths of a processor. */
static uint64_t milli_of(const char *value)
{
	struct span rest = span_of(value);
	uint64_t quota = 0;
	uint64_t period = 0;

	if (span_u64(span_word(&rest), UINT64_MAX / 1000, &quota) < 0 ||
	    span_u64(span_word(&rest), UINT64_MAX, &period) < 0 || period == 0)
		return UINT64_MAX;
	return quota * 1000 / period;
}

/* Replace or add a file unless the bundle's own value is narrower. */
static int narrow_file(struct oci_pairs *files, struct arena *arena, const char *key,
		       uint64_t limit, const char *text)
{
	struct oci_pair *items = arena_array(arena, files->n + 1, sizeof(*items));
	bool is_cpu = strcmp(key, "cpu.max") == 0;
	size_t n = 0;

	if (!items || !text)
		return -ENOMEM;
	for (size_t i = 0; i < files->n; i++) {
		const struct oci_pair *old = &files->items[i];

		if (strcmp(old->key, key) != 0) {
			items[n++] = *old;
			continue;
		}
		if ((is_cpu ? milli_of(old->value) : limit_of(old->value)) < limit)
			text = old->value;
	}
	items[n++] = (struct oci_pair){ key, text };
	*files = (struct oci_pairs){ n, items };
	return 0;
}

static int narrow_resources(struct oci_plan *plan, const struct limits *limits, struct arena *arena)
{
	struct oci_pairs *files = &plan->resources.files;
	int r = 0;

	if (limits->set & LIMIT_MEMORY)
		r = narrow_file(files, arena, "memory.max", limits->memory,
				arena_printf(arena, "%llu", (unsigned long long)limits->memory));
	if (r == 0 && (limits->set & LIMIT_PIDS))
		r = narrow_file(files, arena, "pids.max", limits->pids,
				arena_printf(arena, "%llu", (unsigned long long)limits->pids));
	if (r == 0 && (limits->set & LIMIT_CPUS))
		r = narrow_file(
			files, arena, "cpu.max", limits->cpus_milli,
			arena_printf(arena, "%llu %d",
				     (unsigned long long)limits->cpus_milli * PERIOD_US / 1000,
				     PERIOD_US));
	return r;
}

static int narrow_rlimit(struct oci_process *process, struct arena *arena,
			 const struct plan_rlimit *limit)
{
	struct oci_rlimit *limits =
		arena_array(arena, process->n_rlimits + 1, sizeof(*process->rlimits));
	struct oci_rlimit narrowed = { limit->resource, limit->value, limit->value };
	size_t n = 0;

	if (!limits)
		return -ENOMEM;
	for (size_t i = 0; i < process->n_rlimits; i++) {
		const struct oci_rlimit *old = &process->rlimits[i];

		if (old->resource != limit->resource) {
			limits[n++] = *old;
			continue;
		}
		if (old->hard < narrowed.hard)
			narrowed.hard = old->hard;
		if (old->soft < narrowed.hard)
			narrowed.soft = old->soft;
		if (narrowed.soft > narrowed.hard)
			narrowed.soft = narrowed.hard;
	}
	limits[n++] = narrowed;
	process->rlimits = limits;
	process->n_rlimits = n;
	return 0;
}

int oci_policy_impose_process(const struct oci_plan *plan, struct arena *arena,
			      struct oci_process *process, struct err *err)
{
	const struct plan *policy = plan->policy;

	if (!policy)
		return 0;
	process->no_new_privs = true;
	for (size_t set = 0; set < OCI_CAP_COUNT; set++)
		process->caps[set] = 0;
	if (policy->bundle->identity.has_user) {
		process->uid = policy->bundle->identity.uid;
		process->gid = policy->bundle->identity.gid;
		process->n_groups = 0;
	}
	for (size_t i = 0; i < policy->n_rlimits; i++) {
		if (narrow_rlimit(process, arena, &policy->rlimits[i]) < 0)
			return err_set(err, ENOMEM, "out of memory");
	}
	return 0;
}

/* Never above what the caller has: that would need a privilege. */
static void add_rlimit(struct plan *view, int resource, uint64_t value)
{
	struct rlimit have = { .rlim_max = RLIM_INFINITY };

	if (getrlimit(resource, &have) == 0 && have.rlim_max < value)
		value = have.rlim_max;
	if (view->n_rlimits < ARRAY_LEN(view->rlimits))
		view->rlimits[view->n_rlimits++] = (struct plan_rlimit){ resource, value };
}

/*
 * RLIMIT_NPROC counts all processes of a user, so it is a limit of the container only where that
 * user is of a user namespace of its own.
 */
static void take_rlimits(const struct oci_plan *plan, struct plan *view)
{
	const struct limits *limits = &view->limits;

	add_rlimit(view, RLIMIT_CORE, 0);
	add_rlimit(view, RLIMIT_NOFILE,
		   limits->set & LIMIT_NOFILE ? limits->nofile : NOFILE_DEFAULT);
	add_rlimit(view, RLIMIT_MEMLOCK, MEMLOCK_BYTES);
	if ((limits->set & LIMIT_PIDS) && plan->ns[OCI_NS_USER].asked)
		add_rlimit(view, RLIMIT_NPROC, limits->pids);
	if (limits->set & LIMIT_FSIZE)
		add_rlimit(view, RLIMIT_FSIZE, limits->fsize);
}

static int take_files(struct plan *view, struct arena *arena)
{
	const struct bundle *bundle = view->bundle;

	view->fsrules = arena_array(arena, bundle->n_files + 1, sizeof(*view->fsrules));
	if (!view->fsrules)
		return -ENOMEM;
	for (size_t i = 0; i < bundle->n_files; i++) {
		const struct bundle_file *file = &bundle->files[i];
		unsigned access = file->access & ~(unsigned)FILE_DENY;

		if (access)
			view->fsrules[view->n_fsrules++] = (struct plan_fsrule){ .access = access,
										 .path = file->path,
										 .tree = file->tree,
										 .optional = true };
	}
	return 0;
}

/* "deny" below a grant cannot be said to Landlock: such paths are masked, as the bundle's are. */
static int take_denied(struct oci_plan *plan, struct arena *arena)
{
	const struct bundle *bundle = plan->policy->bundle;
	const char **masked =
		arena_array(arena, plan->n_masked + bundle->n_files + 1, sizeof(*masked));
	size_t n = 0;

	if (!masked)
		return -ENOMEM;
	for (; n < plan->n_masked; n++)
		masked[n] = plan->masked[n];
	for (size_t i = 0; i < bundle->n_files; i++) {
		if (bundle->files[i].access & FILE_DENY)
			masked[n++] = bundle->files[i].path;
	}
	plan->masked = masked;
	plan->n_masked = n;
	return 0;
}

/* Nobody gains privileges, or reaches devices outside of /dev. */
static int narrow_mounts(struct oci_plan *plan, struct arena *arena)
{
	struct oci_mount *mounts = arena_array(arena, plan->n_mounts + 1, sizeof(*mounts));

	if (!mounts)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n_mounts; i++) {
		uint64_t set = MOUNT_ATTR_NOSUID;

		mounts[i] = plan->mounts[i];
		if (!path_is_below(mounts[i].target, "/dev"))
			set |= MOUNT_ATTR_NODEV;
		mounts[i].set |= set;
		if (mounts[i].kind == OCI_MOUNT_BIND && mounts[i].recursive)
			mounts[i].set_all |= set;
		mounts[i].clear &= ~set;
		mounts[i].clear_all &= ~set;
	}
	plan->mounts = mounts;
	return 0;
}

int oci_policy_written(const struct plan *policy, struct arena *arena, struct plan *ret)
{
	struct plan_mount *mounts = arena_array(arena, policy->n_fsrules + 1, sizeof(*mounts));
	size_t n = 0;

	if (!mounts)
		return -ENOMEM;
	for (size_t i = 0; i < policy->n_fsrules; i++) {
		const struct plan_fsrule *rule = &policy->fsrules[i];

		/* Where all may be written, nothing would be left to be executed. */
		if ((rule->access & FILE_WRITE) && strcmp(rule->path, "/") != 0)
			mounts[n++] =
				(struct plan_mount){ .kind = MOUNT_TMPFS, .target = rule->path };
	}
	ret->mounts = mounts;
	ret->n_mounts = n;
	return 0;
}

static int check(const struct oci_plan *plan, const struct bundle *bundle, const struct host *host,
		 struct err *err)
{
	/* Files would be refused all the same, and an administrator's policy is there to refuse. */
	if (bundle->audit_only)
		return err_set(err, EINVAL,
			       "immure.policy: %s says mode: audit; expected mode: enforce",
			       bundle->name);
	if (plan->seccomp.listener_path)
		return err_set(
			err, EINVAL,
			"immure.policy and linux.seccomp.listenerPath: the kernel has one listener for a process");
	if (!host->seccomp_notify)
		return err_set(
			err, ENOTSUP,
			"immure.policy: this kernel cannot announce refused calls (Linux 5.0)");
	return 0;
}

int oci_policy_impose(struct oci_plan *plan, const struct bundle *bundle, const struct host *host,
		      struct arena *arena, struct err *err)
{
	struct plan *view = arena_alloc(arena, sizeof(*view));
	int r = check(plan, bundle, host, err);

	if (r < 0)
		return r;
	if (!view)
		return err_set(err, ENOMEM, "out of memory");
	view->bundle = bundle;
	view->host = host;
	view->filter = bundle->filter;
	view->n_filter = bundle->n_filter;
	view->limits = bundle->limits;
	view->landlock_abi = host->landlock_abi;
	plan->policy = view;
	take_rlimits(plan, view);
	if (take_files(view, arena) < 0 || take_denied(plan, arena) < 0 ||
	    narrow_mounts(plan, arena) < 0 || narrow_resources(plan, &bundle->limits, arena) < 0 ||
	    oci_policy_describe(plan, view, arena) < 0)
		return err_set(err, ENOMEM, "out of memory");
	return oci_policy_impose_process(plan, arena, &plan->process, err);
}
