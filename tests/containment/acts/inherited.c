// SPDX-License-Identifier: Apache-2.0
/* What a launcher hands down without meaning to: descriptors, environment, folders, signals (class
 * 2). */
#include "act.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const env_allowed[] = { "PATH", "HOME", "TERM", "LANG", "PWD", "SHLVL" };

static enum outcome see_fds(const struct act *act)
{
	cleanup_closedir DIR *dir = opendir("/proc/self/fd");

	(void)act;
	if (!dir)
		return act_untried("no /proc/self/fd");
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		int fd = (int)strtol(e->d_name, NULL, 10);

		if (e->d_name[0] != '.' && fd > 2 && fd != dirfd(dir))
			return act_broken("descriptor %d is open", fd);
	}
	return act_refused("only 0, 1 and 2");
}

static enum outcome try_leaked(const struct act *act)
{
	char byte;
	ssize_t n;

	if (fcntl((int)act->nr, F_GETFD) < 0)
		return act_refused("%ld: %s", act->nr, strerrorname_np(errno));
	n = pread((int)act->nr, &byte, 1, 0);
	return act_broken("descriptor %ld of the caller is open (read %zd)", act->nr, n);
}

static enum outcome try_fd_dir(const struct act *act)
{
	int fd = openat((int)act->nr, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return act_opened(fd, "the parent of a leaked folder");
}

static enum outcome see_environment(const struct act *act)
{
	const char *canary = act_fact("canary");

	(void)act;
	if (!canary)
		return act_untried("nothing was planted");
	for (char *const *p = environ; *p; p++) {
		if (strstr(*p, canary))
			return act_broken("%s", *p);
	}
	return act_refused("the caller's variable is not there");
}

static enum outcome see_environment_names(const struct act *act)
{
	(void)act;
	for (char *const *p = environ; *p; p++) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_LEN(env_allowed); i++) {
			size_t len = strlen(env_allowed[i]);

			known |= strncmp(*p, env_allowed[i], len) == 0 && (*p)[len] == '=';
		}
		if (!known)
			return act_broken("%s", *p);
	}
	return act_refused("only what every program gets");
}

static enum outcome see_cwd(const struct act *act)
{
	char path[4096];

	(void)act;
	if (!getcwd(path, sizeof(path)))
		return act_broken("getcwd: %s", strerrorname_np(errno));
	if (path[0] != '/')
		return act_broken("the working folder is outside: %s", path);
	return act_refused("in %s", path);
}

static enum outcome see_cwd_parent(const struct act *act)
{
	const char *name = act_fact("beside");
	char path[300];

	if (!name)
		return act_untried("nothing was planted");
	snprintf(path, sizeof(path), "%s%s", act->path, name);
	return act_opened(open(path, O_RDONLY | O_CLOEXEC), path);
}

static enum outcome see_signals(const struct act *act)
{
	long set = act_status(act->path, 16);

	if (set < 0)
		return act_untried("no %s in /proc/self/status", act->path);
	if (set == 0)
		return act_refused("none");
	return act_broken("%s %lx", act->path, (unsigned long)set);
}

static enum outcome see_umask(const struct act *act)
{
	mode_t mask = umask(022);

	(void)act;
	return mask == 0 ? act_broken("umask 0 was inherited") : act_refused("umask %03o", mask);
}

/* Where process 1 is the workload itself, there is no runtime to write to. */
static enum outcome try_first_mem(const struct act *act)
{
	char comm[64];

	(void)act;
	if (act_read("/proc/1/comm", comm, sizeof(comm)) > 0 && strcmp(comm, "acts\n") == 0)
		return act_refused("process 1 is the workload itself");
	return act_opened(open("/proc/1/mem", O_RDWR | O_CLOEXEC), "/proc/1/mem");
}

/* clang-format off */
const struct act acts_inherited[] = {
	{ "fds", see_fds, "inherit any descriptor", "R5", 2, CONTROL_PLAIN },
	{ "fd-secret", try_leaked, "read a secret by a leaked descriptor", "R5", 2, CONTROL_PLAIN, .nr = 9 },
	{ "fd-folder", try_fd_dir, "leave by a leaked descriptor of a folder", "R5", 2, CONTROL_PLAIN, .nr = 10 },
	{ "environment", see_environment, "inherit a secret in the environment", "R5", 2, CONTROL_PLAIN },
	{ "environment-names", see_environment_names, "inherit any variable that was not asked for", "R5", 2, CONTROL_PLAIN },
	{ "cwd", see_cwd, "start in a folder outside of the root", "R5", 2, CONTROL_NONE },
	{ "cwd-parent", see_cwd_parent, "reach what lies beside the caller's working folder", "R5", 2, CONTROL_PLAIN,
	  .path = "../" },
	{ "signals-ignored", see_signals, "inherit ignored signals", "R5", 2, CONTROL_PLAIN, .path = "SigIgn" },
	{ "signals-blocked", see_signals, "inherit blocked signals", "R5", 2, CONTROL_PLAIN, .path = "SigBlk" },
	{ "umask", see_umask, "inherit an open umask", "R5", 2, CONTROL_PLAIN },
	{ "first-mem", try_first_mem, "write the memory of the runtime through /proc/1", "R6", 1, CONTROL_NONE },
	{ 0 },
};
/* clang-format on */
