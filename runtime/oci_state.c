/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/oci_state.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/jsonw.h"
#include "base/procfs.h"
#include "runtime/oci_json.h"
#include "sandbox/oci_cgroup.h"

#define ID_MAX_LEN 128
#define STAT_STARTED 22 /* field of /proc/PID/stat; proc(5) */

/* As other runtimes do: an ordinary user's engine is uid 0 in a user namespace of its own. */
const char *oci_root_default(struct arena *arena)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (dir && dir[0] == '/')
		return arena_printf(arena, "%s/immure-oci", dir);
	if (geteuid() == 0)
		return "/run/immure-oci";
	return arena_printf(arena, "/tmp/immure-oci-%u", geteuid());
}

int oci_root_open(const char *root, bool make, struct err *err)
{
	cleanup_close int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st = { 0 };

	if (dir < 0 && errno == ENOENT && make) {
		dir = fd_make_dirs(root, err);
		if (dir < 0)
			return dir;
	}
	if (dir < 0)
		return err_sys(err, errno, "cannot open the folder of states %s", root);
	/* Another user's folder would let them name our containers' processes. */
	if (fstat(dir, &st) < 0 || (st.st_uid != geteuid() && st.st_uid != 0))
		return err_set(err, EPERM, "the folder of states %s belongs to somebody else",
			       root);
	return steal_fd(dir);
}

int oci_id_check(const char *id, struct err *err)
{
	size_t n = strnlen(id, ID_MAX_LEN + 1);
	bool good = n > 0 && n <= ID_MAX_LEN && id[0] != '.' && id[0] != '-';

	for (size_t i = 0; good && i < n; i++)
		good = (id[i] >= 'a' && id[i] <= 'z') || (id[i] >= 'A' && id[i] <= 'Z') ||
		       (id[i] >= '0' && id[i] <= '9') || strchr("_.-+", id[i]);
	if (!good)
		return err_set(
			err, EINVAL,
			"\"%.40s\" is no container id: letters, digits, \"_.-+\", at most %d", id,
			ID_MAX_LEN);
	return 0;
}

int oci_state_make(int root, const char *id, int *ret_lock, struct err *err)
{
	cleanup_close int dir = -1;
	cleanup_close int lock = -1;

	if (mkdirat(root, id, 0700) < 0) {
		if (errno == EEXIST)
			return err_set(err, EEXIST, "container %s already exists", id);
		return err_sys(err, errno, "cannot make the folder of container %s", id);
	}
	dir = openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir >= 0)
		lock = openat(dir, "lock", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) < 0)
		return err_sys(err, errno, "cannot lock container %s", id);
	*ret_lock = steal_fd(lock);
	return steal_fd(dir);
}

int oci_state_open(int root, const char *id, struct err *err)
{
	int dir = openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0 && errno == ENOENT)
		return err_set(err, ENOENT, "container %s does not exist", id);
	if (dir < 0)
		return err_sys(err, errno, "cannot open the folder of container %s", id);
	return dir;
}

int oci_state_write(int dir, const struct oci_state *state, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct jsonw j = { .out = &text };

	jsonw_object(&j);
	jsonw_kstr(&j, "id", state->id);
	jsonw_kstr(&j, "ociVersion", state->version);
	jsonw_kstr(&j, "bundle", state->bundle);
	jsonw_kstr(&j, "rootfs", state->rootfs);
	jsonw_kstr(&j, "created", state->created);
	if (state->cgroup)
		jsonw_kstr(&j, "cgroup", state->cgroup);
	if (state->scope.unit) {
		jsonw_kstr(&j, "scope", state->scope.unit);
		jsonw_kbool(&j, "scopeOfUser", state->scope.user);
	}
	jsonw_kbool(&j, "hybrid", state->hybrid);
	jsonw_ku64(&j, "owner", state->owner);
	jsonw_kbool(&j, "floor", state->floor);
	jsonw_kbool(&j, "newKeyring", state->new_keyring);
	jsonw_kbool(&j, "noMknod", state->no_mknod);
	jsonw_kbool(&j, "poststart", state->poststart);
	jsonw_kbool(&j, "poststop", state->poststop);
	if (state->policy)
		jsonw_kstr(&j, "policy", state->policy);
	if (state->degraded)
		jsonw_ku64(&j, "degraded", state->degraded);
	if (state->run)
		jsonw_kstr(&j, "run", state->run);
	if (state->note)
		jsonw_kstr(&j, "note", state->note);
	jsonw_object_end(&j);
	strbuf_putc(&text, '\n');
	if (text.failed)
		return err_set(err, ENOMEM, "out of memory");
	/* The folder lives in memory and ends with the machine: nothing to sync. */
	return fd_replace_file(dir, "state.json", text.p, text.len, false, err);
}

int oci_state_write_process(int dir, pid_t pid, uint64_t started, struct err *err)
{
	char text[48];
	int n = snprintf(text, sizeof(text), "%d %llu\n", pid, (unsigned long long)started);

	return fd_replace_file(dir, "process", text, (size_t)n, false, err);
}

static int parse_process(struct span text, struct oci_state *ret, struct err *err)
{
	uint64_t pid = 0;
	uint64_t started = 0;

	if (text.n == 0)
		return 0;
	if (span_u64(span_word(&text), INT32_MAX, &pid) < 0 ||
	    span_u64(span_trim(span_cut(&text, '\n')), UINT64_MAX, &started) < 0)
		return err_set(err, EINVAL, "the file \"process\" is damaged");
	ret->pid = (pid_t)pid;
	ret->started = started;
	return 0;
}

int oci_state_parse(struct span text, struct span process, struct arena *arena,
		    struct oci_state *ret, struct err *err)
{
	struct oci_json j = { .arena = arena, .err = err };
	cleanup_json json_t *json = NULL;
	struct oci_state state = { 0 };
	int r = oci_json_parse(text.p, text.n, &json, err);

	if (r < 0)
		return err_wrap(err, "state.json");
	state.id = oci_json_need(&j, json, "id");
	state.version = oci_json_need(&j, json, "ociVersion");
	state.bundle = oci_json_need(&j, json, "bundle");
	state.rootfs = oci_json_need(&j, json, "rootfs");
	state.created = oci_json_need(&j, json, "created");
	state.cgroup = oci_json_text(&j, json, "cgroup");
	state.scope.unit = oci_json_text(&j, json, "scope");
	state.scope.user = oci_json_bool(&j, json, "scopeOfUser", false);
	state.hybrid = oci_json_bool(&j, json, "hybrid", false);
	state.owner = (uint32_t)oci_json_int(&j, json, "owner", 0, UINT32_MAX, 0);
	state.floor = oci_json_bool(&j, json, "floor", true);
	state.new_keyring = oci_json_bool(&j, json, "newKeyring", true);
	state.no_mknod = oci_json_bool(&j, json, "noMknod", false);
	state.poststart = oci_json_bool(&j, json, "poststart", false);
	state.poststop = oci_json_bool(&j, json, "poststop", false);
	state.policy = oci_json_text(&j, json, "policy");
	state.degraded = (uint32_t)oci_json_int(&j, json, "degraded", 0, UINT32_MAX, 0);
	state.run = oci_json_text(&j, json, "run");
	state.note = oci_json_text(&j, json, "note");
	if (j.r < 0)
		return err_wrap(err, "state.json");
	r = parse_process(process, &state, err);
	if (r == 0)
		*ret = state;
	return r;
}

int oci_state_read(int dir, struct arena *arena, struct oci_state *ret, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	cleanup_strbuf struct strbuf process = { 0 };
	struct err absent = { 0 };
	int r = fd_read_file(dir, "state.json", OCI_JSON_MAX, &text, err);

	if (r < 0)
		return r;
	r = fd_read_file(dir, "process", 64, &process, &absent);
	if (r < 0 && r != -ENOENT) { /* absent: it was not made yet, or never was */
		*err = absent;
		return r;
	}
	return oci_state_parse((struct span){ strbuf_str(&text), text.len },
			       (struct span){ strbuf_str(&process), process.len }, arena, ret, err);
}

uint64_t oci_started_of(pid_t pid)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	uint64_t ticks = 0;
	char state = '\0';
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (pid <= 0 || fd_read_file(AT_FDCWD, path, 4096, &text, &ignored) < 0 ||
	    proc_stat_field((struct span){ text.p, text.len }, STAT_STARTED, &state, &ticks) < 0 ||
	    state == 'Z' || state == 'X')
		return 0;
	return ticks;
}

/* Opened first, looked at then: what the descriptor is of cannot change any more. */
static int open_process(const struct oci_state *state)
{
	cleanup_close int pidfd = state->pid > 0 ? pidfd_open(state->pid, 0) : -1;
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	if (pidfd < 0 || oci_started_of(state->pid) != state->started || poll(&end, 1, 0) != 0)
		return -1;
	return steal_fd(pidfd);
}

enum oci_status oci_state_look(int dir, const struct oci_state *state, int *ret_pidfd)
{
	cleanup_close int lock = openat(dir, "lock", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_close int cgroup = -1;
	bool held = lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	*ret_pidfd = open_process(state);
	if (*ret_pidfd < 0)
		return held && state->pid == 0 ? OCI_CREATING : OCI_STOPPED;
	if (held)
		return OCI_CREATED;
	cgroup = oci_cgroup_open(state->cgroup);
	return cgroup >= 0 && oci_cgroup_is_frozen(cgroup) ? OCI_PAUSED : OCI_RUNNING;
}

const char *oci_status_name(enum oci_status status)
{
	static const char *const names[] = {
		[OCI_CREATING] = "creating", [OCI_CREATED] = "created", [OCI_RUNNING] = "running",
		[OCI_PAUSED] = "paused",     [OCI_STOPPED] = "stopped",
	};

	return names[status];
}
