/* SPDX-License-Identifier: Apache-2.0 */
/* start, kill, delete: what happens to a container that is there. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/sys.h"
#include "runtime/oci.h"
#include "runtime/oci_watch.h"
#include "sandbox/oci_cgroup.h"
#include "sandbox/oci_confine.h"
#include "sandbox/oci_open.h"

#define END_PATIENCE_MS 10000

/* Its end is not an event that we get: whoever is its parent reaps it. */
static void wait_for_end(int pidfd)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	while (poll(&end, 1, END_PATIENCE_MS) < 0 && errno == EINTR)
		;
}

int oci_start(struct oci_loaded *loaded, struct err *err)
{
	cleanup_close int to = -1;
	struct oci_say answer = { 0 };
	char path[64];
	int r;

	if (loaded->status != OCI_CREATED)
		return err_set(err, EBUSY, "container %s is %s: only a created one can be started",
			       loaded->state.id, oci_status_name(loaded->status));
	snprintf(path, sizeof(path), "/proc/self/fd/%d/start.sock", loaded->dir);
	to = oci_connect(path, SOCK_SEQPACKET, err);
	if (to < 0)
		return to;
	if (oci_say(to, OCI_SAY_GO, NULL) < 0)
		return err_set(err, EPROTO, "the container's process died before its start");
	/* Its end without a word is execve(2): the socket is close-on-exec. */
	r = oci_hear(to, &answer);
	if (r == 0 && answer.kind == OCI_SAY_FAILED && answer.err.code > 0) {
		*err = answer.err;
		return -err->code;
	}
	if (r == 0)
		return err_set(err, EPROTO, "the container's process makes no sense");
	r = loaded->state.poststart ? oci_run_hooks(loaded, OCI_HOOK_POSTSTART, "running", err) : 0;
	/* The specification (1.1 and later): an error, and the container is stopped. */
	if (r < 0 && sys_pidfd_send_signal(loaded->pidfd, SIGKILL) == 0)
		wait_for_end(loaded->pidfd);
	return r;
}

static int run_start(const struct oci_globals *globals, int argc, char *argv[], struct err *err)
{
	cleanup_loaded struct oci_loaded loaded = { .root = -1, .dir = -1, .pidfd = -1 };
	int r = oci_want_args(argc, argv, 1, 1, 1, err);

	if (r == 0)
		r = oci_load(globals, argv[1], &loaded, err);
	return r < 0 ? r : oci_start(&loaded, err);
}

const struct oci_verb oci_verb_start = {
	.name = "start",
	.args = "ID",
	.help = "let a created container execute its program",
	.run = run_start,
};

struct kill_options {
	bool all, force;
	const char *signal;
};

/* "15", "TERM", "SIGTERM", "RTMIN+3". */
static int signal_of(const char *text, struct err *err)
{
	const char *name = strncmp(text, "SIG", 3) == 0 ? text + 3 : text;
	uint64_t number = 0;
	uint64_t offset = 0;

	if (span_u64(span_of(text), (uint64_t)SIGRTMAX, &number) == 0 && number > 0)
		return (int)number;
	for (int sig = 1; sig < NSIG; sig++) {
		const char *known = sigabbrev_np(sig);

		if (known && strcmp(known, name) == 0)
			return sig;
	}
	if (strncmp(name, "RTMIN+", 6) == 0 && span_u64(span_of(name + 6), 30, &offset) == 0)
		return SIGRTMIN + (int)offset;
	return err_set(err, EINVAL, "\"%.32s\" is no signal", text);
}

static int signal_container(struct oci_loaded *loaded, int sig, bool all, struct err *err)
{
	cleanup_close int cgroup = oci_cgroup_open(loaded->state.cgroup);
	int r;

	if (all && cgroup >= 0)
		return oci_cgroup_kill(cgroup, sig, err);
	if (loaded->pidfd < 0)
		return err_set(err, ESRCH, "container not running");
	r = sys_pidfd_send_signal(loaded->pidfd, sig);
	if (r == -ESRCH)
		return err_set(err, ESRCH, "container not running");
	return r < 0 ? err_sys(err, -r, "cannot signal container %s", loaded->state.id) : 0;
}

#define KILL(field) offsetof(struct kill_options, field)
static const struct opt kill_opts[] = {
	/* clang-format off */
	{ "all", 'a', OPT_FLAG, KILL(all), NULL, "signal every process in the container's cgroup", NULL },
	/* clang-format on */
};

static int run_kill(const struct oci_globals *globals, int argc, char *argv[], struct err *err)
{
	cleanup_loaded struct oci_loaded loaded = { .root = -1, .dir = -1, .pidfd = -1 };
	cleanup_arena struct arena arena = { 0 };
	struct kill_options options = { 0 };
	int used = options_read(kill_opts, ARRAY_LEN(kill_opts), argc, argv, &arena, &options, err);
	int sig;
	int r = used < 0 ? used : 0;

	if (r == 0)
		r = oci_want_args(argc, argv, used, 1, 2, err);
	if (r < 0)
		return r;
	sig = argc - used > 1 ? signal_of(argv[used + 1], err) : SIGTERM;
	if (sig < 0)
		return sig;
	r = oci_load(globals, argv[used], &loaded, err);
	return r < 0 ? r : signal_container(&loaded, sig, options.all, err);
}

const struct oci_verb oci_verb_kill = {
	.name = "kill",
	.args = "[--all] ID [SIGNAL]",
	.help = "signal a container's process (TERM)",
	.opts = kill_opts,
	.n_opts = ARRAY_LEN(kill_opts),
	.run = run_kill,
};

int oci_destroy(struct oci_loaded *loaded, struct err *err)
{
	struct err late = { 0 };
	int r;

	if (loaded->pidfd >= 0 && sys_pidfd_send_signal(loaded->pidfd, SIGKILL) == 0)
		wait_for_end(loaded->pidfd);
	if (loaded->state.cgroup) {
		r = oci_cgroup_remove(loaded->state.cgroup, err);
		if (r < 0)
			return r;
	}
	/* Empty, it ends by itself: a systemd that does not answer keeps nothing alive. */
	if (loaded->state.scope.unit && scope_stop(&loaded->state.scope, &late) < 0)
		log_warning("%s", late.msg);
	if (loaded->state.poststop &&
	    oci_run_hooks(loaded, OCI_HOOK_POSTSTOP, "stopped", &late) < 0)
		log_warning("%s", late.msg);
	if (loaded->state.policy)
		oci_watch_await_end(loaded->dir);
	return fd_remove_tree(loaded->root, loaded->state.id, err);
}

int oci_destroy_remains(int root, const char *id, struct err *err)
{
	return fd_remove_tree(root, id, err);
}

#define DELETE(field) offsetof(struct kill_options, field)
static const struct opt delete_opts[] = {
	/* clang-format off */
	{ "force", 'f', OPT_FLAG, DELETE(force), NULL, "end it first; no error if there is none", NULL },
	/* clang-format on */
};

static int delete_by_force(const struct oci_globals *globals, const char *id, struct err *err)
{
	cleanup_loaded struct oci_loaded loaded = { .root = -1, .dir = -1, .pidfd = -1 };
	struct err fault = { 0 };
	int r = oci_load(globals, id, &loaded, &fault);

	if (r == 0)
		return oci_destroy(&loaded, err);
	if (r == -ENOENT)
		return 0;
	if (loaded.dir >= 0)
		return oci_destroy_remains(loaded.root, id, err);
	*err = fault;
	return r;
}

static int run_delete(const struct oci_globals *globals, int argc, char *argv[], struct err *err)
{
	cleanup_loaded struct oci_loaded loaded = { .root = -1, .dir = -1, .pidfd = -1 };
	cleanup_arena struct arena arena = { 0 };
	struct kill_options options = { 0 };
	int used = options_read(delete_opts, ARRAY_LEN(delete_opts), argc, argv, &arena, &options,
				err);
	int r = used < 0 ? used : 0;

	if (r == 0)
		r = oci_want_args(argc, argv, used, 1, 1, err);
	if (r < 0)
		return r;
	if (options.force)
		return delete_by_force(globals, argv[used], err);
	r = oci_load(globals, argv[used], &loaded, err);
	if (r < 0)
		return r;
	/* The specification wants an error for a created one; engines rely on its going. */
	if (loaded.status != OCI_STOPPED && loaded.status != OCI_CREATED)
		return err_set(err, EBUSY, "container %s is %s: kill it first, or delete --force",
			       loaded.state.id, oci_status_name(loaded.status));
	return oci_destroy(&loaded, err);
}

const struct oci_verb oci_verb_delete = {
	.name = "delete",
	.args = "[--force] ID",
	.help = "remove what create made",
	.opts = delete_opts,
	.n_opts = ARRAY_LEN(delete_opts),
	.run = run_delete,
};
