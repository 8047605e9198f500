/* SPDX-License-Identifier: Apache-2.0 */
/* For each layer: what is enforced, what less than the policy means, and what to do about it. */
#include <string.h>

#include "base/path.h"
#include "policies/landlock_rights.h"
#include "sandbox/plan_parts.h"

#define LANDLOCK_ABI_UNIX 9 /* connect(2) by path is a right of its own */

static int note_userns(struct planner *p, struct err *err)
{
	const struct host *host = p->host;
	static const char *const how[] = { "one id, mapped by itself", "a range, by newuidmap",
					   "a range, mapped by root" };

	if (host->max_user_namespaces == 0)
		return planner_note(p, LAYER_USERNS, LEDGER_LOST,
				    "user namespaces are forbidden here",
				    "sysctl user.max_user_namespaces=15000, as root", err);
	if (!host->userns_clone && !host->is_root)
		return planner_note(p, LAYER_USERNS, LEDGER_LOST,
				    "user namespaces are forbidden to ordinary users here",
				    "sysctl kernel.unprivileged_userns_clone=1, as root", err);
	if (!p->plan->ids.drop_groups && host->n_groups > 1)
		return planner_note(
			p, LAYER_USERNS, LEDGER_WEAKENED,
			arena_printf(p->arena,
				     "%u supplementary groups of %s stay and cannot be dropped",
				     host->n_groups, host->user),
			"--ids range", err);
	return planner_note(p, LAYER_USERNS, LEDGER_ENFORCED,
			    arena_printf(p->arena, "%s; workload is %u:%u inside",
					 how[p->plan->ids.how], p->plan->ids.uid, p->plan->ids.gid),
			    NULL, err);
}

static int note_mounts(struct planner *p, struct err *err)
{
	bool image = p->plan->root_kind == ROOT_LAYERS;
	const char *root = p->plan->root_kind == ROOT_HOST   ? "read-only view of the host"
			   : p->plan->keep.path              ? "image with a kept layer"
			   : image && p->plan->root_writable ? "image with a throw-away layer"
			   : image                           ? "read-only image"
			   : p->plan->root_writable          ? "directory with a throw-away layer"
							     : "read-only directory";

	return planner_note(p, LAYER_MOUNTS, LEDGER_ENFORCED,
			    arena_printf(p->arena, "%s, %zu mounts, own /dev and /proc", root,
					 p->plan->n_mounts),
			    NULL, err);
}

static int note_seccomp(struct planner *p, struct err *err)
{
	const struct bundle *bundle = p->bundle;

	if (!p->host->seccomp_filter)
		return planner_note(p, LAYER_SECCOMP, LEDGER_LOST,
				    "this kernel has no seccomp filters",
				    "a kernel with CONFIG_SECCOMP_FILTER", err);
	if (!p->host->seccomp_notify)
		return planner_note(p, LAYER_SECCOMP, LEDGER_WEAKENED,
				    "refused calls cannot be recorded here", "Linux 5.0 or newer",
				    err);
	if (bundle->audit_only)
		return planner_note(
			p, LAYER_SECCOMP, LEDGER_WEAKENED,
			"mode audit: what the rules refuse is recorded and goes on, apart from what no sandbox gives away",
			"mode: enforce", err);
	return planner_note(p, LAYER_SECCOMP, LEDGER_ENFORCED,
			    arena_printf(p->arena,
					 "%u calls open, all else refused, %zu instructions",
					 bundle->n_allowed, bundle->n_filter),
			    NULL, err);
}

/* Nothing that the mounts let be written is only granted to be read, and could yet be truncated. */
static bool grants_what_can_be_written(const struct plan *plan)
{
	bool granted = true;

	for (size_t i = 0; granted && i < plan->n_mounts; i++) {
		const struct plan_mount *m = &plan->mounts[i];

		if (m->flags & MOUNT_FLAG_RO || (m->kind != MOUNT_BIND && m->kind != MOUNT_TMPFS))
			continue;
		granted = false;
		for (size_t k = 0; !granted && k < plan->n_fsrules; k++)
			granted = plan->fsrules[k].tree && plan->fsrules[k].access & FILE_WRITE &&
				  path_is_below(m->target, plan->fsrules[k].path);
	}
	return granted;
}

/*
 * Rights that older ABIs do not know are held by other layers: signals stay in the pid namespace,
 * abstract sockets in the network namespace if it is not the host's, ioctl(2) finds no device that
 * does harm, and what can be truncated may be written. Without the right to rename across folders
 * nobody may. Returns what is left that nothing holds, or NULL.
 */
static const char *not_held(const struct planner *p, int abi)
{
	if (!landlock_knows(LANDLOCK_FS, "truncate", abi) && !grants_what_can_be_written(p->plan))
		return "truncation of what may be read only";
	return p->plan->network == NETWORK_HOST ? "abstract sockets of the host's network" : NULL;
}

static int note_old_landlock(struct planner *p, int abi, struct err *err)
{
	static const char *const unknown[] = { "",
					       "renames across folders, truncation, ioctl, scopes",
					       "truncation, ioctl, scopes",
					       "ioctl, scopes",
					       "ioctl, scopes",
					       "scopes" };
	const char *left = not_held(p, abi);

	if (left)
		return planner_note(p, LAYER_LANDLOCK, LEDGER_WEAKENED,
				    arena_printf(p->arena, "abi %d, %zu rules; without: %s", abi,
						 p->plan->n_fsrules, left),
				    "Linux 6.12 or newer", err);
	return planner_note(
		p, LAYER_LANDLOCK, LEDGER_ENFORCED,
		arena_printf(
			p->arena,
			"abi %d, %zu rules; namespaces and mounts hold what it does not know: %s",
			abi, p->plan->n_fsrules, unknown[abi]),
		NULL, err);
}

static int note_landlock(struct planner *p, struct err *err)
{
	int abi = p->plan->landlock_abi;

	if (abi == 0)
		return planner_note(p, LAYER_LANDLOCK, LEDGER_LOST,
				    "no path rules inside the root: the mounts alone decide",
				    "Linux 5.13 or newer, booted with landlock in lsm=", err);
	if (p->bundle->audit_only)
		return planner_note(
			p, LAYER_LANDLOCK, LEDGER_WEAKENED,
			"mode audit: files that no rule grants are recorded and opened; device nodes, signals and sockets of others stay out of reach",
			"mode: enforce", err);
	if (!landlock_knows(LANDLOCK_SCOPE, "abstract_unix_socket", abi))
		return note_old_landlock(p, abi, err);
	return planner_note(
		p, LAYER_LANDLOCK, LEDGER_ENFORCED,
		arena_printf(p->arena, "abi %d, %zu rules, signals and sockets scoped%s", abi,
			     p->plan->n_fsrules,
			     abi < LANDLOCK_ABI_UNIX ? "; sockets by path as the mounts show them"
						     : ""),
		NULL, err);
}

/* Narrower than the policy says, never wider. */
static int note_folders_alone(struct planner *p, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && p->plan->landlock_abi > 0 && !p->bundle->audit_only &&
			   i < p->n_folders_alone;
	     i++) {
		const char *path = p->folders_alone[i];
		const char *slash = strcmp(path, "/") == 0 ? "" : "/";

		r = planner_note(
			p, LAYER_LANDLOCK, LEDGER_ENFORCED,
			arena_printf(
				p->arena,
				"nothing granted on %s: it is a folder, and a folder without all below it cannot be granted",
				path),
			arena_printf(p->arena, "name %s%s** in the policy", path, slash), err);
	}
	return r;
}

/* Limits that are asked for and that no cgroup of ours can hold. */
struct unheld {
	bool memory, cpu, io;
};

static const char *cgroup_text(const struct planner *p, const struct unheld *no)
{
	if (p->plan->cgroup_dir)
		return arena_printf(p->arena, "in %s%s%s%s", p->plan->cgroup_dir,
				    no->memory ? ", without memory" : "",
				    no->cpu ? ", without cpu" : "", no->io ? ", without io" : "");
	if (!no->memory && !no->cpu && !no->io)
		return "none delegated, and no limit needs one";
	return arena_printf(
		p->arena, "none delegated:%s%s%s", no->cpu ? " processor time is not limited," : "",
		no->io ? " disks are not limited," : "",
		no->cpu || no->io ? " memory only per process" : " memory is limited per process");
}

static int note_limits(struct planner *p, struct err *err)
{
	const uint32_t set = p->plan->limits.set;
	uint32_t have = p->plan->cgroup_dir ? p->host->cgroup.controllers : 0;
	const char *remedy =
		"a delegated cgroup: systemd-run --user --scope -p Delegate=yes immure ...";
	const struct unheld no = {
		.memory = (set & LIMIT_MEMORY) && !(have & 1U << CGROUP_MEMORY),
		.cpu = (set & LIMIT_CPUS) && !(have & 1U << CGROUP_CPU),
		.io = (set & LIMIT_IO) && !(have & 1U << CGROUP_IO),
	};
	bool missing = no.memory || no.cpu || no.io;
	enum ledger_state state = missing               ? LEDGER_WEAKENED
				  : p->plan->cgroup_dir ? LEDGER_ENFORCED
							: LEDGER_NA;
	int r = planner_note(p, LAYER_CGROUP, state, cgroup_text(p, &no),
			     state == LEDGER_ENFORCED ? NULL : remedy, err);

	if (r < 0)
		return r;
	return planner_note(
		p, LAYER_RLIMITS, LEDGER_ENFORCED,
		arena_printf(p->arena, "%zu limits, none can be raised", p->plan->n_rlimits), NULL,
		err);
}

static int note_guard(struct planner *p, struct err *err)
{
	if (p->request->guard == GUARD_NONE)
		return 0;
	if (p->request->guard == GUARD_ABSENT)
		return planner_note(
			p, LAYER_BPF, LEDGER_LOST, p->request->guard_why,
			"immure setup tracer, and a kernel booted with bpf in lsm=", err);
	if (p->bundle->audit_only)
		return planner_note(p, LAYER_BPF, LEDGER_WEAKENED, "mode audit: nothing is refused",
				    "mode: enforce", err);
	p->plan->guard = true;
	return planner_note(
		p, LAYER_BPF, LEDGER_ENFORCED,
		p->plan->network == NETWORK_NONE
			? "files, connections, user namespaces, signals, ptrace and what ungranted calls reach refused by immure-tracerd"
			: "files, user namespaces, signals, ptrace and what ungranted calls reach refused by immure-tracerd",
		NULL, err);
}

int plan_ledger(struct planner *p, struct err *err)
{
	int r = note_userns(p, err);

	if (r == 0)
		r = note_mounts(p, err);
	if (r == 0)
		r = note_seccomp(p, err);
	if (r == 0)
		r = planner_note(p, LAYER_CAPABILITIES, LEDGER_ENFORCED,
				 "every set empty, NOROOT locked, no_new_privs", NULL, err);
	if (r == 0)
		r = planner_note(p, LAYER_NSLIMITS, LEDGER_ENFORCED,
				 "user.max_*_namespaces = 0 inside", NULL, err);
	if (r == 0)
		r = note_landlock(p, err);
	if (r == 0)
		r = note_folders_alone(p, err);
	if (r == 0)
		r = note_limits(p, err);
	if (r == 0)
		r = plan_note_network(p, err);
	if (r == 0)
		r = plan_lsm(p, err);
	if (r == 0)
		r = note_guard(p, err);
	return r;
}
