/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/oci_cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

#define FILE_MAX ((size_t)1 << 20)
#define DEPTH_MAX 16
#define PATIENCE_MS 10000
#define STEP_MS 2

static bool is_v2(const char *path)
{
	struct statfs fs = { 0 };

	return statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static const char *v2_mount(bool *ret_hybrid)
{
	static const char unified[] = "/sys/fs/cgroup/unified";

	*ret_hybrid = !is_v2("/sys/fs/cgroup");
	if (!*ret_hybrid)
		return "/sys/fs/cgroup";
	return is_v2(unified) ? unified : NULL;
}

static int join(const char *mount, const char *below, struct arena *arena, const char **ret,
		struct err *err)
{
	*ret = arena_printf(arena, "%s%s", mount, below);
	return *ret ? 0 : err_set(err, ENOMEM, "out of memory");
}

int oci_cgroup_place(const char *below, struct arena *arena, const char **ret, bool *ret_hybrid,
		     struct err *err)
{
	const char *mount = v2_mount(ret_hybrid);

	return mount ? join(mount, below, arena, ret, err)
		     : err_set(err, ENOTSUP, "there is no cgroup v2 tree here");
}

int oci_cgroup_path(const struct oci_plan *plan, struct arena *arena, const char **ret,
		    bool *ret_hybrid, struct err *err)
{
	const char *mount = v2_mount(ret_hybrid);
	const char *below = plan->cgroups_path;
	const char *clean = NULL;
	int r = 0;

	if (!mount) {
		*ret = NULL;
		return 0;
	}
	if (!below || !*below)
		below = arena_printf(arena, "/immure-%s", plan->id);
	below = below ? arena_printf(arena, "/%s", below) : NULL;
	if (!below)
		return err_set(err, ENOMEM, "out of memory");
	r = path_clean(arena, below, &clean, err);
	if (r < 0)
		return err_wrap(err, "cgroupsPath");
	if (strcmp(clean, "/") == 0)
		return err_set(err, EINVAL, "cgroupsPath: the root cannot be a container's");
	return join(mount, clean, arena, ret, err);
}

/* Hand the controllers that a folder has on to its children. What does not work shows later. */
static void enable_controllers(int dir)
{
	cleanup_strbuf struct strbuf have = { 0 };
	cleanup_strbuf struct strbuf enabled = { 0 };
	struct err ignored = { 0 };
	struct span list;

	if (fd_read_file(dir, "cgroup.controllers", 4096, &have, &ignored) < 0 ||
	    fd_read_file(dir, "cgroup.subtree_control", 4096, &enabled, &ignored) < 0 ||
	    strcmp(strbuf_str(&have), strbuf_str(&enabled)) == 0)
		return;
	list = span_trim((struct span){ have.p, have.len ? have.len - 1 : 0 });
	for (;;) {
		struct span word = span_word(&list);
		char text[64];

		if (word.n == 0)
			return;
		if (snprintf(text, sizeof(text), "+%.*s", (int)word.n, word.p) > 0 &&
		    fd_write_text(dir, "cgroup.subtree_control", text, &ignored) < 0)
			ignored.code = 0;
	}
}

/* All folders on the way, from the top of the mount on. */
static int make_all(const char *path, int *ret, struct err *err)
{
	size_t top = strncmp(path, "/sys/fs/cgroup/unified/", 23) == 0 ? 22 : 14;
	char part[PATH_MAX];
	cleanup_close int at = -1;
	struct span rest = span_of(path + top);

	if (strlen(path) >= sizeof(part))
		return err_set(err, ENAMETOOLONG, "cgroupsPath is too long");
	memcpy(part, path, top);
	part[top] = '\0';
	at = open(part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return err_sys(err, errno, "cannot open %s", part);
	while (rest.n > 0) {
		struct span name = span_cut(&rest, '/');
		int next;

		if (name.n == 0)
			continue;
		memcpy(part, name.p, name.n);
		part[name.n] = '\0';
		enable_controllers(at);
		if (mkdirat(at, part, 0755) < 0 && errno != EEXIST)
			return err_sys(err, errno, "cannot make the cgroup %s", path);
		next = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return err_sys(err, errno, "cannot open the cgroup %s", path);
		closep(&at);
		at = next;
	}
	*ret = steal_fd(at);
	return 0;
}

int oci_cgroup_open(const char *path)
{
	int fd = path ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;

	return fd < 0 ? -ENOENT : fd;
}

int oci_cgroup_set(int dir, const struct oci_pairs *files, struct err *err)
{
	for (size_t i = 0; i < files->n; i++) {
		int r = fd_write_text(dir, files->items[i].key, files->items[i].value, err);

		/* Swap may be compiled out; to want none of it is no loss then. */
		if (r == -ENOENT && strcmp(files->items[i].key, "memory.swap.max") == 0)
			continue;
		if (r < 0)
			return err_wrap(err, "limit");
	}
	return 0;
}

static const char lost[] =
	"no limits by cgroup: the controllers are in cgroup v1 hierarchies or not delegated";

/*
 * "memory.max" → does a cgroup v1 hierarchy hold "memory"? Then there is nothing to be done about
 * it. Source: /proc/cgroups, "name hierarchy number enabled"; hierarchy 0 is v2
 */
static bool is_of_v1(const char *key)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	struct span rest = span_of(key);
	struct span name = span_cut(&rest, '.');

	if (span_eq(name, "io"))
		name = span_of("blkio");
	if (fd_read_file(AT_FDCWD, "/proc/cgroups", FILE_MAX, &text, &ignored) < 0)
		return false;
	rest = (struct span){ text.p, text.len };
	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');
		struct span word = span_cut(&line, '\t');

		if (word.n == name.n && memcmp(word.p, name.p, name.n) == 0)
			return !span_eq(span_cut(&line, '\t'), "0");
	}
	return false;
}

/* Each limit by itself: one that the machine has no controller for is lost, the others hold. */
static int set_limits(const struct oci_plan *plan, const struct oci_cgroup *made,
		      const char **ret_note, struct err *err)
{
	const struct oci_pairs *files = &plan->resources.files;

	for (size_t i = 0; i < files->n; i++) {
		const struct oci_pairs one = { 1, &files->items[i] };
		struct err failed = { 0 };

		if (oci_cgroup_set(made->dir, &one, &failed) == 0)
			continue;
		if (plan->in_host_userns && !is_of_v1(one.items[0].key)) {
			*err = failed;
			return -err->code;
		}
		*ret_note = lost;
	}
	return 0;
}

int oci_cgroup_make(const struct oci_plan *plan, const char *path, bool hybrid,
		    struct oci_cgroup *ret, const char **ret_note, struct err *err)
{
	struct oci_cgroup made = { .path = path, .dir = -1, .hybrid = hybrid };
	struct err failed = { 0 };
	int r;

	*ret = (struct oci_cgroup){ .dir = -1, .hybrid = hybrid };
	*ret_note = NULL;
	if (!path) {
		*ret_note = lost;
		return 0;
	}
	r = make_all(path, &made.dir, &failed);
	if (r < 0 && (plan->in_host_userns || (r != -EACCES && r != -EPERM && r != -EROFS))) {
		*err = failed;
		return r;
	}
	if (r < 0) {
		*ret_note = lost;
		return 0;
	}
	*ret = made;
	return set_limits(plan, &made, ret_note, err);
}

int oci_cgroup_take(const struct oci_plan *plan, const char *path, bool hybrid,
		    struct oci_cgroup *ret, const char **ret_note, struct err *err)
{
	struct oci_cgroup taken = { .path = path, .hybrid = hybrid };

	taken.dir = oci_cgroup_open(path);
	if (taken.dir < 0)
		return err_sys(err, -taken.dir, "cannot open the cgroup %s", path);
	*ret = taken;
	return set_limits(plan, &taken, ret_note, err);
}

static void wait_a_bit(void)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

	nanosleep(&step, NULL);
}

bool oci_cgroup_is_frozen(int dir)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };

	return fd_read_file(dir, "cgroup.freeze", 16, &text, &ignored) == 0 &&
	       strbuf_str(&text)[0] == '1';
}

static bool event_is(int dir, const char *line)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };

	return fd_read_file(dir, "cgroup.events", 4096, &text, &ignored) == 0 &&
	       strstr(strbuf_str(&text), line) != NULL;
}

int oci_cgroup_freeze(int dir, bool freeze, struct err *err)
{
	int r = fd_write_text(dir, "cgroup.freeze", freeze ? "1" : "0", err);

	for (int waited = 0; r == 0 && waited < PATIENCE_MS; waited += STEP_MS) {
		if (event_is(dir, freeze ? "frozen 1" : "frozen 0"))
			return 0;
		wait_a_bit();
	}
	if (r == 0)
		r = err_set(err, ETIMEDOUT, "the container does not %s",
			    freeze ? "freeze" : "thaw");
	return r;
}

static int add_pids(int dir, int depth, struct strbuf *text, struct err *err)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_closedir DIR *list = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;
	int r;

	if (!list) {
		closep(&copy);
		return err_sys(err, errno, "cannot list the cgroup");
	}
	r = fd_read_file(dir, "cgroup.procs", FILE_MAX, text, err);
	if (r < 0)
		return r == -EOPNOTSUPP ? 0 : r; /* a threaded one: its parent has them */
	while (depth > 0 && (entry = readdir(list)) != NULL) {
		cleanup_close int below = -1;

		if (entry->d_name[0] == '.' || entry->d_type != DT_DIR)
			continue;
		below = openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below >= 0 && add_pids(below, depth - 1, text, err) < 0)
			return -err->code;
	}
	return 0;
}

int oci_cgroup_pids(int dir, struct arena *arena, pid_t **ret, size_t *ret_n, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	int r = add_pids(dir, DEPTH_MAX, &text, err);
	struct span rest = { strbuf_str(&text), text.len };
	pid_t *pids = arena_array(arena, text.len / 2 + 1, sizeof(*pids));
	size_t n = 0;

	if (r < 0)
		return r;
	if (!pids || text.failed)
		return err_set(err, ENOMEM, "out of memory");
	while (rest.n > 0) {
		uint64_t pid = 0;

		if (span_u64(span_cut(&rest, '\n'), INT32_MAX, &pid) == 0 && pid > 0)
			pids[n++] = (pid_t)pid;
	}
	*ret = pids;
	*ret_n = n;
	return 0;
}

int oci_cgroup_kill(int dir, int sig, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	struct err old = { 0 };
	pid_t *pids = NULL;
	size_t n = 0;
	int r;

	if (sig == SIGKILL && fd_write_text(dir, "cgroup.kill", "1", &old) == 0)
		return 0;
	r = oci_cgroup_pids(dir, &arena, &pids, &n, err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (kill(pids[i], sig) < 0 && errno != ESRCH)
			return err_sys(err, errno, "cannot signal process %d", pids[i]);
	}
	return r;
}

static int remove_below(int parent, const char *name, int depth)
{
	int copy = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_closedir DIR *list = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *entry;

	if (!list) {
		int r = errno == ENOENT || errno == ENODEV ? 0 : -errno;

		closep(&copy);
		return r;
	}
	while (depth > 0 && (entry = readdir(list)) != NULL) {
		int r = 0;

		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR)
			r = remove_below(dirfd(list), entry->d_name, depth - 1);
		if (r < 0)
			return r;
	}
	return unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

int oci_cgroup_remove(const char *path, struct err *err)
{
	cleanup_close int dir = oci_cgroup_open(path);
	struct err ignored = { 0 };
	int r = 0;

	if (dir < 0)
		return 0;
	r = remove_below(AT_FDCWD, path, DEPTH_MAX);
	if (r != -EBUSY)
		return r < 0 ? err_sys(err, -r, "cannot remove the cgroup %s", path) : 0;
	if (oci_cgroup_is_frozen(dir) && fd_write_text(dir, "cgroup.freeze", "0", &ignored) < 0)
		ignored.code = 0;
	r = oci_cgroup_kill(dir, SIGKILL, err);
	for (int waited = 0; r == 0 && waited < PATIENCE_MS; waited += STEP_MS) {
		r = remove_below(AT_FDCWD, path, DEPTH_MAX);
		if (r != -EBUSY)
			return r < 0 ? err_sys(err, -r, "cannot remove the cgroup %s", path) : 0;
		r = 0;
		wait_a_bit();
	}
	return r < 0 ? r : err_set(err, EBUSY, "the cgroup %s does not get empty", path);
}
