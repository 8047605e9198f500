/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tool_call.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/tool_path.h"

static int spawn(const char *tool, const char *const *argv, int out, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int r;

	if (posix_spawnattr_init(&attr) != 0)
		return ENOMEM;
	if (posix_spawn_file_actions_init(&actions) != 0) {
		posix_spawnattr_destroy(&attr);
		return ENOMEM;
	}
	sigemptyset(&none);
	r = posix_spawnattr_setsigmask(&attr, &none);
	if (r == 0)
		r = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	if (r == 0 && out >= 0)
		r = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn(ret, tool, &actions, &attr, (char *const *)(uintptr_t)argv,
				environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return r;
}

int tool_start(const char *const *argv, int out, pid_t *ret, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	const char *tool = tool_path(&arena);
	int r;

	if (!tool)
		return err_set(err, ENOMEM, "out of memory");
	r = spawn(tool, argv, out, ret);
	return r == 0 ? 0 : err_sys(err, r, "cannot start %s", tool);
}

int tool_wait(pid_t pid, struct err *err)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(err, errno, "cannot wait for immure-tool");
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

int tool_call(const char *const *argv, int out, struct err *err)
{
	pid_t pid = -1;
	int r = tool_start(argv, out, &pid, err);

	return r < 0 ? r : tool_wait(pid, err);
}
