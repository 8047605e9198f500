/* SPDX-License-Identifier: Apache-2.0 */
/* Who the workload is, inside and for the kernel. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "sandbox/plan_parts.h"

#define PASSWD_MAX ((size_t)1 << 20)
/* Root without a range of its own: the end of systemd's container range 524288..1878982655. */
#define ROOT_BASE 0x6FFE0000U
#define ROOT_COUNT 65536U
#define ID_MAX (UINT32_MAX - 1)

/* Returns 1 if the layer has the file, 0 if not, -errno. */
static int read_passwd_of(const char *layer, struct strbuf *text, struct err *err)
{
	cleanup_close int root = open(layer, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int fd = -1;
	struct stat st = { 0 };
	int r;

	if (root < 0)
		return err_sys(err, errno, "cannot open the root");
	/* A FIFO or a link out in the root is the root's author's doing (CVE-2024-9676). */
	fd = path_open_in(root, "/etc/passwd", O_PATH, 0, err);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "the root's /etc/passwd is not a regular file");
	closep(&fd);
	fd = path_open_in(root, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, err);
	if (fd < 0)
		return fd;
	r = fd_read_all(fd, PASSWD_MAX, text);
	return r < 0 ? err_sys(err, -r, "cannot read the root's /etc/passwd") : 1;
}

/* The uppermost layer that has one, as an overlay shows it. */
static int read_passwd(const struct planner *p, struct strbuf *text, struct err *err)
{
	if (p->request->root_kind == ROOT_HOST)
		return fd_read_file(AT_FDCWD, "/etc/passwd", PASSWD_MAX, text, err);
	for (size_t i = p->plan->n_layers; i > 0; i--) {
		int r = read_passwd_of(p->plan->layers[i - 1].path, text, err);

		if (r != 0)
			return r < 0 ? r : 0;
	}
	return err_set(err, ENOENT, "the root has no /etc/passwd");
}

static int find_user(const struct planner *p, struct span name, uint32_t *uid, uint32_t *gid,
		     struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	int r = read_passwd(p, &text, err);

	if (r < 0)
		return err_wrap(err, "user %.*s", (int)name.n, name.p);
	if (!passwd_find((struct span){ strbuf_str(&text), text.len }, name, uid, gid))
		return err_set(
			err, EINVAL,
			"no user \"%.*s\": expected UID[:GID] in decimal, or a name of the root's /etc/passwd",
			(int)(name.n < 64 ? name.n : 64), name.p);
	return 0;
}

static bool is_name(struct span s)
{
	return s.n > 0 && ((s.p[0] >= 'a' && s.p[0] <= 'z') || (s.p[0] >= 'A' && s.p[0] <= 'Z') ||
			   s.p[0] == '_');
}

/* Strict: "-1", "+0", "0x0" and 2^32-1 are refused (CVE-2024-40635, CVE-2026-30892). */
static int user_parse(const struct planner *p, const char *text, uint32_t *uid, uint32_t *gid,
		      struct err *err)
{
	struct span rest = span_of(text);
	bool has_gid = span_has_byte(rest, ':');
	struct span user = span_cut(&rest, ':');
	uint64_t number = 0;
	uint64_t group = 0;

	if (is_name(user)) {
		int r = find_user(p, user, uid, gid, err);

		if (r < 0)
			return r;
		number = *uid;
		group = *gid;
	} else if (span_u64(user, ID_MAX, &number) < 0) {
		return err_set(err, EINVAL,
			       "user \"%s\": expected UID[:GID], decimal and at most %u", text,
			       ID_MAX);
	} else {
		group = number;
	}
	if (has_gid && span_u64(rest, ID_MAX, &group) < 0)
		return err_set(err, EINVAL,
			       "user \"%s\": expected UID[:GID], decimal and at most %u", text,
			       ID_MAX);
	*uid = (uint32_t)number;
	*gid = (uint32_t)group;
	return 0;
}

static int choose_inside(struct planner *p, struct err *err)
{
	struct plan_ids *ids = &p->plan->ids;
	bool host_root = p->request->root_kind == ROOT_HOST;

	if (p->request->user)
		return user_parse(p, p->request->user, &ids->uid, &ids->gid, err);
	if (p->bundle->identity.has_user) {
		ids->uid = p->bundle->identity.uid;
		ids->gid = p->bundle->identity.gid;
	} else if (host_root && !p->host->is_root) {
		ids->uid = p->host->uid;
		ids->gid = p->host->gid;
	} else {
		ids->uid = ids->gid = host_root ? 65534 : 1000;
	}
	return 0;
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
