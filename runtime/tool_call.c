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

int tool_call(const char *const *argv, int out, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	const char *tool = tool_path(&arena);
	int status = 0;
	pid_t pid;
	int r;

	if (!tool)
		return err_set(err, ENOMEM, "out of memory");
	r = spawn(tool, argv, out, &pid);
	if (r != 0)
		return err_sys(err, r, "cannot start %s", tool);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(err, errno, "cannot wait for %s", tool);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
