/* SPDX-License-Identifier: Apache-2.0 */
/* An engine's container in the words of the plan of a run, and the ledger of what holds it. */
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "policies/landlock_rights.h"
#include "sandbox/oci_policy_parts.h"

#define USERNS_REMEDY "a user namespace: podman run --userns auto, hostUsers: false in Kubernetes"

static void note(const struct oci_plan *plan, struct plan *view, enum layer layer,
		 enum ledger_state state, const char *text, const char *remedy)
{
	view->ledger[view->n_ledger++] = (struct ledger_entry){
		.layer = layer,
		.state = state,
		.required = view->bundle->require & 1U << layer,
		.degraded = plan->degraded & 1U << layer,
		.text = text,
		.remedy = remedy,
	};
}

static void note_landlock(const struct oci_plan *plan, struct plan *view, struct arena *arena)
{
	bool scopes = landlock_knows(LANDLOCK_SCOPE, "abstract_unix_socket", view->landlock_abi);
	const char *lacks = "; truncation needs abi 3, scopes abi 6";

	if (scopes)
		lacks = "";
	else if (landlock_knows(LANDLOCK_FS, "truncate", view->landlock_abi))
		lacks = "; scopes need abi 6";
	if (view->landlock_abi == 0)
		note(plan, view, LAYER_LANDLOCK, LEDGER_LOST,
		     "this kernel has none: path rules do not hold",
		     "Linux 5.13 or newer, booted with landlock in lsm=");
	else
		note(plan, view, LAYER_LANDLOCK, scopes ? LEDGER_ENFORCED : LEDGER_WEAKENED,
		     arena_printf(arena, "abi %d, %zu rules%s", view->landlock_abi, view->n_fsrules,
				  lacks),
		     scopes ? NULL : "a newer kernel");
}

static void note_network(const struct oci_plan *plan, struct plan *view)
{
	if (view->network == NETWORK_HOST)
		note(plan, view, LAYER_NETNS, LEDGER_LOST,
		     "the host's network: the bundle asks for it",
		     "a network of the container's own");
	else if (view->network == NETWORK_ENGINE)
		note(plan, view, LAYER_NETNS, LEDGER_WEAKENED,
		     "its own, made by the engine: what goes in and out is the engine's to limit",
		     "podman run --network none");
	else
		note(plan, view, LAYER_NETNS, LEDGER_ENFORCED, "its own, with a loopback", NULL);
}

static void note_label(const struct oci_plan *plan, struct plan *view, enum layer layer,
		       const char *label)
{
	bool is_set = label && *label;

	note(plan, view, layer, is_set ? LEDGER_ENFORCED : LEDGER_NA,
	     is_set ? label : "the bundle names none; what stands above holds without it", NULL);
}

static int note_all(const struct oci_plan *plan, struct plan *view, struct arena *arena)
{
	const struct oci_ns_plan *user = &plan->ns[OCI_NS_USER];
	bool own = user->asked && !user->path;

	view->ledger = arena_array(arena, LAYER_COUNT, sizeof(*view->ledger));
	if (!view->ledger)
		return -ENOMEM;
	if (plan->in_host_userns)
		note(plan, view, LAYER_USERNS, LEDGER_LOST,
		     "none: user 0 inside is user 0 of the machine", USERNS_REMEDY);
	else
		note(plan, view, LAYER_USERNS, LEDGER_ENFORCED,
		     user->asked ? "its own" : "the engine's: user 0 inside is its user outside",
		     NULL);
	note(plan, view, LAYER_MOUNTS, LEDGER_ENFORCED,
	     arena_printf(arena, "%s root, %zu mounts, as the bundle has them",
			  plan->root_readonly ? "read-only" : "writable", plan->n_mounts),
	     NULL);
	note(plan, view, LAYER_SECCOMP, LEDGER_ENFORCED,
	     arena_printf(arena, "at most %u calls open: the policy's, less what %s refuses",
			  view->bundle->n_allowed,
			  plan->floor ? "the bundle or the floor" : "the bundle (--floor off)"),
	     NULL);
	note(plan, view, LAYER_CAPABILITIES, LEDGER_ENFORCED, "none in any set", NULL);
	note(plan, view, LAYER_NSLIMITS, own ? LEDGER_ENFORCED : LEDGER_NA,
	     own ? "no further namespaces can be made"
		 : "it would hold for others, too; without capabilities only user namespaces could be "
		   "made, and the filters refuse them",
	     NULL);
	note_landlock(plan, view, arena);
	note_network(plan, view);
	note_label(plan, view, LAYER_APPARMOR, plan->process.apparmor);
	note_label(plan, view, LAYER_SELINUX, plan->process.selinux);
	for (size_t i = 0; i < view->n_ledger; i++) {
		if (!view->ledger[i].text)
			return -ENOMEM;
	}
	return 0;
}

static enum network_kind network_of(const struct oci_ns_plan *ns)
{
	if (!ns->asked)
		return NETWORK_HOST;
	return ns->path ? NETWORK_ENGINE : NETWORK_NONE;
}

static size_t copy_maps(const struct oci_idmaps *from, struct proc_idmap to[3])
{
	size_t n = from->n < 3 ? from->n : 3;

	for (size_t i = 0; i < n; i++)
		to[i] = from->maps[i];
	return n;
}

static int describe_mounts(const struct oci_plan *plan, struct plan *view, struct arena *arena)
{
	view->mounts = arena_array(arena, plan->n_mounts + 1, sizeof(*view->mounts));
	if (!view->mounts)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n_mounts; i++) {
		const struct oci_mount *m = &plan->mounts[i];
		uint64_t set = m->set | m->set_all;

		view->mounts[view->n_mounts++] = (struct plan_mount){
			.kind = m->kind == OCI_MOUNT_BIND ? MOUNT_BIND : MOUNT_TMPFS,
			.flags = (set & MOUNT_ATTR_RDONLY ? MOUNT_FLAG_RO : 0U) |
				 (set & MOUNT_ATTR_NOEXEC ? 0U : MOUNT_FLAG_EXEC) |
				 (m->kind == OCI_MOUNT_BIND ? MOUNT_FLAG_VOLUME : 0U),
			.source = m->kind == OCI_MOUNT_BIND ? m->source : NULL,
			.target = m->target,
		};
	}
	return 0;
}

int oci_policy_describe(const struct oci_plan *plan, struct plan *view, struct arena *arena)
{
	struct plan_engine *engine = arena_alloc(arena, sizeof(*engine));
	const struct oci_process *process = &plan->process;
	int r;

	if (!engine)
		return -ENOMEM;
	*engine = (struct plan_engine){ .container = plan->id,
					.bundle = plan->bundle,
					.floor = plan->floor };
	view->engine = engine;
	view->root_kind = ROOT_DIR;
	view->root_dir = plan->root;
	view->root_writable = !plan->root_readonly;
	view->hostname = plan->hostname ? plan->hostname : "";
	view->cwd = process->cwd;
	view->tty = process->terminal;
	view->network = network_of(&plan->ns[OCI_NS_NETWORK]);
	view->env = process->env;
	view->argv = (char *const *)(uintptr_t)process->args;
	view->ids =
		(struct plan_ids){ .how = IDMAP_ROOT, .uid = process->uid, .gid = process->gid };
	view->ids.n_uid = copy_maps(&plan->uids, view->ids.uids);
	view->ids.n_gid = copy_maps(&plan->gids, view->ids.gids);
	r = describe_mounts(plan, view, arena);
	return r < 0 ? r : note_all(plan, view, arena);
}

static int refuse(const struct plan *view, struct err *err)
{
	const struct ledger_entry *missing = plan_refusal(view);

	if (!missing)
		return 0;
	return err_set(err, ENOTSUP,
		       "immure.policy: the policy %s requires %s: %s%s%s, or --allow-degraded %s",
		       view->bundle->name, layer_name(missing->layer), missing->text,
		       missing->remedy ? "; " : "", missing->remedy ? missing->remedy : "",
		       layer_name(missing->layer));
}

int oci_policy_settle(struct oci_plan *plan, const char *dir, bool limits, struct arena *arena,
		      struct err *err)
{
	struct plan *view = plan->policy;
	uint32_t counted = LIMIT_MEMORY | LIMIT_PIDS | LIMIT_CPUS;

	if (!view)
		return 0;
	view->cgroup_dir = dir;
	if (!limits && (view->limits.set & LIMIT_MEMORY) &&
	    view->n_rlimits < ARRAY_LEN(view->rlimits))
		view->rlimits[view->n_rlimits++] =
			(struct plan_rlimit){ RLIMIT_DATA, view->limits.memory };
	if (dir && limits)
		note(plan, view, LAYER_CGROUP, LEDGER_ENFORCED, dir, NULL);
	else
		note(plan, view, LAYER_CGROUP,
		     view->limits.set & counted ? LEDGER_WEAKENED : LEDGER_NA,
		     "no cgroup v2 holds limits here: memory is limited per process",
		     "a machine with cgroup v2");
	note(plan, view, LAYER_RLIMITS, LEDGER_ENFORCED,
	     arena_printf(arena, "%zu limits, none can be raised", view->n_rlimits), NULL);
	if (oci_policy_impose_process(plan, arena, &plan->process, err) < 0)
		return -err->code;
	return refuse(view, err);
}
