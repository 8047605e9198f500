/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "policies/oci_filter.h"
#include "runtime/oci.h"
#include "runtime/oci_config.h"
#include "runtime/oci_json.h"
#include "runtime/oci_policy.h"
#include "runtime/status.h"
#include "sandbox/oci_open.h"
#include "sandbox/oci_policy.h"
#include "sandbox/oci_steps.h"

#define FDS_MAX 1024

void oci_loaded_done(struct oci_loaded *loaded)
{
	closep(&loaded->pidfd);
	closep(&loaded->dir);
	closep(&loaded->root);
	arena_done(&loaded->arena);
}

int oci_load(const struct oci_globals *globals, const char *id, struct oci_loaded *ret,
	     struct err *err)
{
	int r = oci_id_check(id, err);

	*ret = (struct oci_loaded){ .root = -1, .dir = -1, .pidfd = -1 };
	if (r < 0)
		return r;
	ret->root = oci_root_open(globals->root, false, err);
	if (ret->root == -ENOENT)
		return err_set(err, ENOENT, "container %s does not exist", id);
	if (ret->root < 0)
		return ret->root;
	ret->dir = oci_state_open(ret->root, id, err);
	if (ret->dir < 0)
		return ret->dir;
	r = oci_state_read(ret->dir, &ret->arena, &ret->state, err);
	if (r == -ENOENT)
		return err_set(err, ENODATA, "container %s was never complete: delete --force %s",
			       id, id);
	if (r < 0)
		return r;
	ret->status = oci_state_look(ret->dir, &ret->state, &ret->pidfd);
	return 0;
}

bool oci_in_host_userns(void)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	struct proc_idmap maps[4];

	if (fd_read_file(AT_FDCWD, "/proc/self/uid_map", 4096, &text, &ignored) < 0)
		return true; /* the stricter of the two */
	return proc_idmap_parse((struct span){ strbuf_str(&text), text.len }, maps, ARRAY_LEN(maps),
				&ignored) == 1 &&
	       maps[0].inside == 0 && maps[0].outside == 0 && maps[0].count == UINT32_MAX;
}

int oci_plan_complete(struct oci_plan *plan, bool floor, struct arena *arena, struct err *err)
{
	int r;

	plan->floor = floor;
	plan->in_host_userns =
		!plan->ns[OCI_NS_USER].asked && geteuid() == 0 && oci_in_host_userns();
	r = oci_floor_check(plan, arena, err);
	if (r < 0 || !floor)
		return r;
	r = oci_filter_floor(arena, &plan->seccomp.floor.code, err);
	if (r < 0)
		return err_wrap(err, "floor");
	plan->seccomp.floor.n = (size_t)r;
	return 0;
}

static int bind_kept(struct oci_loaded *loaded, struct oci_plan *plan, struct err *err)
{
	struct bundle *bundle = arena_alloc(&loaded->arena, sizeof(*bundle));
	int r = bundle ? oci_policy_kept(loaded->dir, &loaded->arena, bundle, err)
		       : err_set(err, ENOMEM, "out of memory");

	if (r == 0)
		r = oci_policy_bind(plan, bundle, &loaded->arena, err);
	return r < 0 ? r
		     : oci_policy_settle(plan, loaded->state.cgroup, !loaded->state.hybrid,
					 &loaded->arena, err);
}

int oci_load_plan(struct oci_loaded *loaded, struct oci_plan *ret, struct err *err)
{
	cleanup_json json_t *config = NULL;
	int r = oci_json_load(loaded->dir, "config.json", &config, err);

	if (r == 0)
		r = oci_config_read(config, loaded->state.bundle, &loaded->arena, ret, err);
	if (r < 0)
		return r;
	ret->id = loaded->state.id;
	ret->new_keyring = loaded->state.new_keyring;
	ret->degraded = loaded->state.degraded;
	r = oci_plan_complete(ret, loaded->state.floor, &loaded->arena, err);
	return r < 0 || !loaded->state.policy ? r : bind_kept(loaded, ret, err);
}

int oci_run_hooks(struct oci_loaded *loaded, enum oci_hook_point point, const char *status,
		  struct err *err)
{
	cleanup_strbuf struct strbuf state = { 0 };
	struct oci_plan plan = { 0 };
	int r = oci_load_plan(loaded, &plan, err);

	if (r < 0)
		return r;
	oci_state_json(&plan, status, loaded->state.pid, &state);
	return oci_hooks_run(&plan.hooks[point], strbuf_str(&state), point == OCI_HOOK_POSTSTOP,
			     err);
}

int oci_write_pid(const char *path, pid_t pid, struct err *err)
{
	char temporary[PATH_MAX];
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", pid);
	cleanup_close int fd = -1;
	int r;

	r = snprintf(temporary, sizeof(temporary), "%s.immure", path);
	if (r < 0 || (size_t)r >= sizeof(temporary))
		return err_set(err, ENAMETOOLONG, "--pid-file: the path is too long");
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(err, errno, "cannot write %s", path);
	r = fd_write_all(fd, text, (size_t)n);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(temporary);
		return err_sys(err, -r, "cannot write %s", path);
	}
	return 0;
}

int oci_send_pidfd(const char *path, pid_t pid, struct err *err)
{
	cleanup_close int to = oci_connect(path, SOCK_STREAM, err);
	cleanup_close int pidfd = to < 0 ? -1 : pidfd_open(pid, 0);
	int r = to;

	if (r >= 0)
		r = pidfd < 0 ? -errno : oci_send_fd(to, pidfd, "pidfd", 5);
	if (to >= 0 && r < 0)
		return err_sys(err, -r, "cannot hand over the pidfd");
	return r < 0 ? r : 0;
}

int oci_set_rlimits(const struct oci_process *process, pid_t pid, struct err *err)
{
	for (size_t i = 0; i < process->n_rlimits; i++) {
		const struct oci_rlimit *limit = &process->rlimits[i];
		int r = sys_prlimit(pid, limit->resource, limit->soft, limit->hard);

		if (r < 0)
			return err_sys(err, -r, "cannot set resource limit %d to %llu",
				       limit->resource, (unsigned long long)limit->hard);
	}
	return 0;
}

int oci_count_fds(const char *preserve, int *ret, struct err *err)
{
	const char *listen = getenv("LISTEN_FDS");
	uint64_t n = 0;
	uint64_t activated = 0;

	if (preserve && span_u64(span_of(preserve), FDS_MAX, &n) < 0)
		return err_set(err, EINVAL, "--preserve-fds %s: expected a number up to %d",
			       preserve, FDS_MAX);
	if (listen && span_u64(span_of(listen), FDS_MAX, &activated) < 0)
		activated = 0;
	*ret = (int)(n > activated ? n : activated);
	/* Named now, before anything of ours could take one of these numbers. */
	for (int fd = 3; fd < 3 + *ret; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			return err_set(err, EBADF, "--preserve-fds: descriptor %d is not open", fd);
	}
	return 0;
}

static int wait_child(pid_t pid, int signals, int *ret)
{
	struct pollfd ready = { .fd = signals, .events = POLLIN };
	struct signalfd_siginfo info;

	if (waitpid(pid, ret, WNOHANG) == pid)
		return 1;
	if (poll(&ready, 1, -1) < 0 || read(signals, &info, sizeof(info)) != sizeof(info))
		return 0;
	if (info.ssi_signo != SIGCHLD)
		kill(pid, (int)info.ssi_signo); /* our own child, not reaped */
	return 0;
}

int oci_wait(pid_t pid, struct err *err)
{
	cleanup_close int signals = -1;
	int status = 0;
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, SIGSEGV);
	sigdelset(&set, SIGBUS);
	sigdelset(&set, SIGABRT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_sys(err, errno, "cannot block signals");
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return err_sys(err, errno, "cannot watch for signals");
	while (wait_child(pid, signals, &status) == 0)
		;
	return status_of_end(status);
}

void oci_warn_of_caps(const struct oci_process *process)
{
	if (process->unknown_cap)
		log_warning("capabilities: %.64s is none that this runtime knows",
			    process->unknown_cap);
}

int oci_print(const struct strbuf *text, struct err *err)
{
	int r = text->failed ? -ENOMEM : fd_write_all(STDOUT_FILENO, text->p, text->len);

	return r < 0 ? err_sys(err, -r, "cannot write the answer") : 0;
}

int oci_want_args(int argc, char *const argv[], int used, int min, int max, struct err *err)
{
	int n = argc - used;

	if (n >= min && (max < 0 || n <= max))
		return 0;
	err_set(err, EINVAL, "%s: %s: see immure oci %s --help", argv[0],
		n < min ? "an argument is missing" : "too many arguments", argv[0]);
	return err_at(err, ERR_USAGE);
}
