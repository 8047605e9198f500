/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks: programs of the administrator, with the environment that the bundle gives them and nothing
 * of ours or of the image's (CVE-2025-23266), in "/". Source: config.md, "POSIX-platform Hooks".
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/jsonw.h"
#include "base/sys.h"
#include "sandbox/oci_steps.h"

void oci_state_json(const struct oci_plan *plan, const char *status, pid_t pid, struct strbuf *out)
{
	struct jsonw j = { .out = out };

	jsonw_object(&j);
	jsonw_kstr(&j, "ociVersion", plan->version);
	jsonw_kstr(&j, "id", plan->id);
	jsonw_kstr(&j, "status", status);
	if (pid > 0)
		jsonw_ki64(&j, "pid", pid);
	jsonw_kstr(&j, "bundle", plan->bundle);
	if (plan->annotations.n > 0) {
		jsonw_key(&j, "annotations");
		jsonw_object(&j);
		for (size_t i = 0; i < plan->annotations.n; i++)
			jsonw_kstr(&j, plan->annotations.items[i].key,
				   plan->annotations.items[i].value);
		jsonw_object_end(&j);
	}
	jsonw_object_end(&j);
}

_Noreturn static void become_hook(const struct oci_hook *hook, int input)
{
	static const char *const none[] = { NULL };
	const char *const just_path[] = { hook->path, NULL };
	const char *const *args = hook->args && hook->args[0] ? hook->args : just_path;
	const char *const *env = hook->env ? hook->env : none;
	sigset_t empty;

	sigemptyset(&empty);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(input, 0) < 0 || chdir("/") < 0 || close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		_exit(127);
	execve(hook->path, (char *const *)(uintptr_t)args, (char *const *)(uintptr_t)env);
	_exit(127);
}

/* Wait for its end, for at most its timeout; then it is killed. */
static int wait_hook(const struct oci_hook *hook, pid_t pid, struct err *err)
{
	cleanup_close int pidfd = pidfd_open(pid, 0);
	struct pollfd end = { .fd = pidfd, .events = POLLIN };
	int patience = hook->timeout ? (int)hook->timeout * 1000 : -1;
	bool late = false;
	int status = 0;
	int r;

	do
		r = poll(&end, 1, patience);
	while (r < 0 && errno == EINTR);
	if (r == 0) {
		late = true;
		kill(pid, SIGKILL); /* not reaped yet: the number is still its own */
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (late)
		return err_set(err, ETIMEDOUT, "the hook %s took longer than %u s", hook->path,
			       hook->timeout);
	if (WIFSIGNALED(status))
		return err_set(err, EIO, "the hook %s was ended by signal %d", hook->path,
			       WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return err_set(err, EIO, "the hook %s failed with %d", hook->path,
			       WEXITSTATUS(status));
	return 0;
}

static int run_one(const struct oci_hook *hook, const char *state, struct err *err)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	int ends[2] = { -1, -1 };
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, errno, "cannot make a pipe for the hook %s", hook->path);
	pid = sys_clone3(&args);
	if (pid == 0)
		become_hook(hook, ends[0]);
	close(ends[0]);
	/* A hook that does not read is none of our business. */
	if (pid > 0 && fd_write_all(ends[1], state, strlen(state)) < 0)
		errno = 0;
	close(ends[1]);
	if (pid < 0)
		return err_sys(err, -pid, "cannot start the hook %s", hook->path);
	return wait_hook(hook, pid, err);
}

int oci_hooks_run(const struct oci_hooks *hooks, const char *state, bool all, struct err *err)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction old = { 0 };
	int r = 0;

	if (hooks->n == 0)
		return 0;
	sigaction(SIGPIPE, &ignore, &old);
	for (size_t i = 0; (r == 0 || all) && i < hooks->n; i++) {
		int one = run_one(&hooks->items[i], state, err);

		r = r == 0 ? one : r;
	}
	sigaction(SIGPIPE, &old, NULL);
	return r;
}

/* The creator's own hooks first, in its namespaces; then those in the container's. */
int oci_hooks_apply(struct oci_child *c, struct err *err)
{
	const struct oci_hooks *hooks = c->plan->hooks;
	cleanup_strbuf struct strbuf state = { 0 };
	struct oci_say answer = { 0 };

	if (hooks[OCI_HOOK_PRESTART].n + hooks[OCI_HOOK_CREATE_RUNTIME].n > 0) {
		if (oci_say(c->fds->creator, OCI_SAY_HOOKS, NULL) < 0 ||
		    oci_hear(c->fds->creator, &answer) < 0 || answer.kind != OCI_SAY_GO)
			return err_set(err, EOWNERDEAD, "the creator is gone");
	}
	if (hooks[OCI_HOOK_CREATE_CONTAINER].n == 0)
		return 0;
	oci_state_json(c->plan, "creating", getpid(), &state);
	return oci_hooks_run(&hooks[OCI_HOOK_CREATE_CONTAINER], strbuf_str(&state), false, err);
}
