/* SPDX-License-Identifier: Apache-2.0 */
/* Who the workload is, inside and for the kernel. */
#include <sys/stat.h>

#include "sandbox/plan_parts.h"

/* Root without a range of its own: the end of systemd's container range 524288..1878982655. */
#define ROOT_BASE 0x6FFE0000U
#define ROOT_COUNT 65536U

static int choose_inside(struct planner *p, struct err *err)
{
	struct plan_ids *ids = &p->plan->ids;
	bool host_root = p->request->root_kind == ROOT_HOST;

	if (p->request->user)
		return plan_user(p, err);
	if (p->bundle->identity.has_user) {
		ids->uid = p->bundle->identity.uid;
		ids->gid = p->bundle->identity.gid;
	} else if (host_root && !p->host->is_root) {
		ids->uid = p->host->uid;
		ids->gid = p->host->gid;
	} else {
		ids->uid = ids->gid = host_root ? 65534 : 1000;
	}
	return host_root ? 0 : plan_user_home(p, err);
}

/* Is the root owned by a subordinate id of the caller's? Then only a range makes sense of it. */
static bool root_needs_range(const struct planner *p)
{
	const struct proc_idmap *range = &p->host->subuid;
	struct stat st = { 0 };

	if (p->request->root_kind == ROOT_HOST || !p->host->has_subuid)
		return false;
	if (stat(p->plan->layers[0].path, &st) < 0)
		return false;
	return st.st_uid >= range->outside && st.st_uid - range->outside < range->count;
}

int plan_ids_range(const struct host *host, struct plan_ids *ids, struct err *err)
{
	if (!host->has_subuid || !host->has_subgid)
		return err_set(
			err, EINVAL,
			"a range of ids needs lines for %s in /etc/subuid and /etc/subgid: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 %s",
			host->user, host->user);
	if (!host->has_newidmap)
		return err_set(err, EINVAL,
			       "a range of ids needs newuidmap and newgidmap: apt install uidmap");
	ids->how = IDMAP_HELPER;
	ids->n_uid = ids->n_gid = 2;
	ids->uids[0] = (struct proc_idmap){ 0, host->uid, 1 };
	ids->uids[1] = (struct proc_idmap){ 1, host->subuid.outside, host->subuid.count };
	ids->gids[0] = (struct proc_idmap){ 0, host->gid, 1 };
	ids->gids[1] = (struct proc_idmap){ 1, host->subgid.outside, host->subgid.count };
	ids->drop_groups = true;
	return 0;
}

static void map_as_root(const struct host *host, struct plan_ids *ids)
{
	struct proc_idmap uids = { 0, ROOT_BASE, ROOT_COUNT };
	struct proc_idmap gids = { 0, ROOT_BASE, ROOT_COUNT };

	if (host->has_subuid && host->has_subgid) {
		uids = (struct proc_idmap){ 0, host->subuid.outside, host->subuid.count };
		gids = (struct proc_idmap){ 0, host->subgid.outside, host->subgid.count };
	}
	ids->how = IDMAP_ROOT;
	ids->n_uid = ids->n_gid = 1;
	ids->uids[0] = uids;
	ids->gids[0] = gids;
	ids->drop_groups = true;
}

static bool is_mapped(const struct proc_idmap *maps, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++) {
		if (id >= maps[i].inside && id - maps[i].inside < maps[i].count)
			return true;
	}
	return false;
}

/* Only those that exist inside: one id has no others, and an id outside of the range is nobody. */
static void keep_mapped_groups(struct plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; plan->ids.drop_groups && i < plan->n_groups; i++) {
		if (is_mapped(plan->ids.gids, plan->ids.n_gid, plan->groups[i]))
			plan->groups[kept++] = plan->groups[i];
	}
	plan->n_groups = kept;
}

int plan_ids(struct planner *p, struct err *err)
{
	struct plan_ids *ids = &p->plan->ids;
	int r = choose_inside(p, err);

	if (r < 0)
		return r;
	if (p->host->is_root) {
		map_as_root(p->host, ids);
	} else if (p->request->ids_range || root_needs_range(p)) {
		r = plan_ids_range(p->host, ids, err);
		if (r < 0)
			return r;
	} else {
		ids->how = IDMAP_SELF;
		ids->n_uid = ids->n_gid = 1;
		ids->uids[0] = (struct proc_idmap){ ids->uid, p->host->uid, 1 };
		ids->gids[0] = (struct proc_idmap){ ids->gid, p->host->gid, 1 };
	}
	if (!is_mapped(ids->uids, ids->n_uid, ids->uid) ||
	    !is_mapped(ids->gids, ids->n_gid, ids->gid))
		return err_set(err, EINVAL, "user %u:%u lies outside of the ids that %s may map",
			       ids->uid, ids->gid, p->host->user);
	keep_mapped_groups(p->plan);
	return 0;
}

int plan_ids_files(const struct host *host, bool range, struct plan_ids *ret, struct err *err)
{
	struct plan_ids ids = { .how = IDMAP_SELF, .n_uid = 1, .n_gid = 1 };
	int r = 0;

	if (host->is_root) {
		map_as_root(host, &ids);
	} else if (range) {
		r = plan_ids_range(host, &ids, err);
	} else {
		ids.uids[0] = (struct proc_idmap){ 0, host->uid, 1 };
		ids.gids[0] = (struct proc_idmap){ 0, host->gid, 1 };
	}
	if (r == 0)
		*ret = ids;
	return r;
}
