/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes of a run: what an image has at their place is copied into those that are empty. */
#include <linux/sched.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/run_parts.h"
#include "runtime/volume_anon.h"
#include "sandbox/idmap.h"

static int give(const struct plan_ids *ids, uint32_t uid, uint32_t gid, int folder, struct err *err)
{
	if (fchown(folder, idmap_outside(ids->uids, ids->n_uid, uid),
		   idmap_outside(ids->gids, ids->n_gid, gid)) < 0)
		return err_sys(err, errno, "cannot give it to the ids of the program");
	return 0;
}

/* Can this file system show root's files as the workload's? */
static bool can_show_owners(int folder)
{
	static const struct proc_idmap any = { 0, 1, 1 };
	struct err ignored = { 0 };
	cleanup_close int userns = idmap_make_userns(&any, &any, &ignored);
	cleanup_close int tree = userns < 0 ? -1 : idmap_clone_mount(folder, userns, &ignored);

	return tree >= 0;
}

/* Where it cannot, a volume that is new can still be the workload's own. */
static int own_as_root(const struct plan_ids *ids, int to, struct err *err)
{
	int r;

	if (can_show_owners(to))
		return 0;
	r = give(ids, ids->uid, ids->gid, to, err);
	return r < 0 ? r : 1;
}

/* A plan of the same run, with nothing mounted and nothing executed. */
static int plan_to_copy(struct run *run, const struct plan_copy *copy, struct plan *ret,
			struct err *err)
{
	struct plan_request request = run->request;
	int r;

	request.n_mounts = 0;
	request.keep = NULL;
	request.root_writable = false;
	r = plan_make(&run->policy.bundle, &run->host, &request, &run->arena, ret, err);
	if (r < 0)
		return r;
	ret->copy = copy;
	ret->cgroup_dir = NULL;
	ret->namespaces = CLONE_NEWUSER | CLONE_NEWNS;
	return 0;
}

static int fill(void *of_run, const char *target, int to, struct err *err)
{
	struct run *run = of_run;
	const struct plan_copy copy = { .from = target, .to = to };
	bool image = target && run->request.root_kind == ROOT_LAYERS;
	struct plan plan = { 0 };
	int r = plan_to_copy(run, &copy, &plan, err);

	if (r < 0)
		return r;
	if (run->host.is_root && image)
		r = give(&plan.ids, 0, 0, to, err);
	/* Without an image, and with one id, it is as it should be. */
	if (r == 0 && (image || plan.ids.how == IDMAP_HELPER))
		r = launch_copy(&plan, err);
	if (r == 0 && run->host.is_root)
		r = own_as_root(&plan.ids, to, err);
	return r;
}

int run_volumes(struct run *run, struct err *err)
{
	const struct volume_how how = {
		.make = !run->options.dry_run, .run_id = run->folder.id, .copy = fill, .arg = run
	};
	int r = volumes_use(&run->request, &how, &run->arena, &run->volumes, err);

	return r < 0 ? r : volumes_note(&run->folder, &run->volumes, err);
}
