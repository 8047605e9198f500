/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/launcher_call.h"

#include <sys/wait.h>
#include <unistd.h>

#include "runtime/tool_path.h"

int launcher_call(const char *const *argv, int in, int out, struct arena *arena, struct err *err)
{
	const char *launcher = launcher_path(arena);
	int status = 0;
	pid_t pid;

	if (!launcher)
		return err_set(err, ENOMEM, "out of memory");
	pid = fork();
	if (pid < 0)
		return err_sys(err, errno, "cannot make a process");
	if (pid == 0) {
		if ((in < 0 || dup2(in, STDIN_FILENO) >= 0) &&
		    (out < 0 || dup2(out, STDOUT_FILENO) >= 0))
			execv(launcher, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(err, errno, "cannot wait for %s", launcher);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
