// SPDX-License-Identifier: Apache-2.0
/* Run what was brought along: write, then execute; execute without a file (class 52). */
#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROOF 42

static int copy_self(int out)
{
	cleanup_close int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (in < 0 || fstat(in, &st) < 0)
		return -1;
	while (st.st_size > 0) {
		ssize_t n = sendfile(out, in, NULL, (size_t)st.st_size);

		if (n <= 0)
			return -1;
		st.st_size -= n;
	}
	return 0;
}

/* The copy runs `acts --list` on a closed output: it ends with 2, which no failed exec does. */
static enum outcome run_copy(int dirfd, const char *path, int flags)
{
	const char *const argv[] = { "acts", "--list", NULL };
	const char *const envp[] = { NULL };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		close(1);
		close(2);
		syscall(SYS_execveat, dirfd, path, argv, envp, flags);
		_exit(PROOF + (errno == ENOSYS));
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return act_untried("fork: %s", strerrorname_np(errno));
	if (WIFEXITED(status) && (WEXITSTATUS(status) == PROOF || WEXITSTATUS(status) == PROOF + 1))
		return act_refused("exec was refused");
	return act_broken("%s ran", path[0] ? path : "it");
}

static enum outcome write_and_run(const char *folder)
{
	char path[300];
	enum outcome outcome;
	int fd;

	snprintf(path, sizeof(path), "%s/immure-copy-%d", folder, getpid());
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0700);
	if (fd < 0)
		return act_refused("cannot write to %s: %s", folder, strerrorname_np(errno));
	if (copy_self(fd) < 0) {
		close(fd);
		unlink(path);
		return act_untried("cannot copy to %s: %s", folder, strerrorname_np(errno));
	}
	close(fd);
	outcome = run_copy(AT_FDCWD, path, 0);
	unlink(path);
	return outcome;
}

static enum outcome try_folder(const struct act *act)
{
	return write_and_run(act->path);
}

static enum outcome try_volume(const struct act *act)
{
	const char *volume = act_fact("volume");

	(void)act;
	return volume ? write_and_run(volume) : act_untried("no volume");
}

static enum outcome try_home(const struct act *act)
{
	const char *home = getenv("HOME");

	(void)act;
	return home ? write_and_run(home) : act_refused("no HOME");
}

/* Wherever mountinfo has a file system: this one finds the place that nobody thought of. */
static enum outcome try_all(const struct act *act)
{
	cleanup_fclose FILE *file = fopen("/proc/self/mountinfo", "re");
	cleanup_free char *line = NULL;
	size_t cap = 0;
	int n = 0;

	(void)act;
	if (!file)
		return act_untried("no mountinfo");
	while (getline(&line, &cap, file) > 0) {
		char target[256];
		struct stat st;

		if (sscanf(line, "%*d %*d %*s %*s %255s", target) != 1 || stat(target, &st) < 0 ||
		    !S_ISDIR(st.st_mode) || access(target, W_OK) < 0)
			continue;
		n++;
		if (write_and_run(target) == OUTCOME_BROKEN)
			return OUTCOME_BROKEN;
	}
	return act_refused("%d writable mounts", n);
}

static enum outcome try_script(const struct act *act)
{
	const char *const argv[] = { "script", NULL };
	char path[300];
	char self[256];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int fd;
	int status = 0;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/immure-script-%d", act->path, getpid());
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0700);
	if (fd < 0 || len < 0)
		return act_refused("cannot write to %s: %s", act->path, strerrorname_np(errno));
	self[len] = '\0';
	dprintf(fd, "#!%s\n", self);
	close(fd);
	pid = fork();
	if (pid == 0) {
		close(2);
		execve(path, (char *const *)(const void *)argv, NULL);
		_exit(PROOF);
	}
	waitpid(pid, &status, 0);
	unlink(path);
	if (WIFEXITED(status) && WEXITSTATUS(status) == PROOF)
		return act_refused("exec was refused");
	return act_broken("the script ran");
}

static enum outcome try_map(const struct act *act)
{
	char path[300];
	void *p;
	int fd;
	int e;

	snprintf(path, sizeof(path), "%s/immure-map-%d", act->path, getpid());
	fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0700);
	if (fd < 0)
		return act_refused("cannot write to %s: %s", act->path, strerrorname_np(errno));
	unlink(path);
	if (ftruncate(fd, 4096) < 0)
		return act_untried("ftruncate: %s", strerrorname_np(errno));
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	e = errno;
	close(fd);
	if (p == MAP_FAILED)
		return act_refused("%s", strerrorname_np(e));
	return act_broken("mapped a file of %s as code", act->path);
}

static enum outcome try_unnamed(const struct act *act)
{
	char path[64];
	int fd = open(act->path, O_TMPFILE | O_RDWR, 0700);

	if (fd < 0)
		return act_refused("%s", strerrorname_np(errno));
	if (copy_self(fd) < 0)
		return act_untried("cannot copy: %s", strerrorname_np(errno));
	/* The kernel refuses to run what is open for writing, which would hide the answer. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fd = open(path, O_PATH);
	close(fd - 1);
	return run_copy(fd, "", AT_EMPTY_PATH);
}

static enum outcome try_memfd(const struct act *act)
{
	int fd = (int)syscall(SYS_memfd_create, "m", act->args[0]);

	if (fd < 0)
		return act_refused("memfd_create: %s", strerrorname_np(errno));
	if (copy_self(fd) < 0)
		return act_untried("cannot copy: %s", strerrorname_np(errno));
	fchmod(fd, 0755);
	return run_copy(fd, "", AT_EMPTY_PATH);
}

static enum outcome try_memfd_plain(const struct act *act)
{
	return act_opened((int)syscall(SYS_memfd_create, "m", act->args[0]), "a memory file");
}

/* clang-format off */
#define FOLDER(id, folder) \
	{ "run-" id, try_folder, "write a program to " folder " and run it", "R2", 52, CONTROL_PLAIN, .path = folder }

const struct act acts_write_exec[] = {
	FOLDER("tmp", "/tmp"),
	FOLDER("var-tmp", "/var/tmp"),
	FOLDER("dev-shm", "/dev/shm"),
	{ "run-run", try_folder, "write a program to /run and run it", "R2", 52, CONTROL_ROOT, .path = "/run" },
	FOLDER("cwd", "."),
	{ "run-home", try_home, "write a program to the home and run it", "R2", 52, CONTROL_PLAIN },
	{ "run-volume", try_volume, "write a program to a volume and run it", "R2", 52, CONTROL_PLAIN },
	{ "run-any-mount", try_all, "write a program to any mount and run it", "R2", 52, CONTROL_USERNS },
	{ "run-script", try_script, "write a script to /tmp and run it", "R2", 52, CONTROL_PLAIN, .path = "/tmp" },
	{ "run-map", try_map, "map a file of /tmp as code", "R2", 52, CONTROL_PLAIN, .path = "/tmp" },
	{ "run-map-shm", try_map, "map a file of /dev/shm as code", "R2", 52, CONTROL_PLAIN, .path = "/dev/shm" },
	{ "run-unnamed", try_unnamed, "run a file without a name", "R2", 52, CONTROL_PLAIN | CONTROL_KERNEL, .path = "/tmp" },
	{ "memfd-run", try_memfd, "run a program from memory", "R7", 52, CONTROL_PLAIN, .args = { 0 } },
	{ "memfd-run-exec", try_memfd, "run a program from memory that asks to be executable", "R7", 52, CONTROL_PLAIN,
	  .args = { 0x10 /* MFD_EXEC */ } },
	{ "memfd-run-noexec", try_memfd, "run a program from memory that was made not executable", "R7", 52, CONTROL_NONE,
	  .args = { 8 /* MFD_NOEXEC_SEAL */ } },
	{ "memfd-plain", try_memfd_plain, "make a memory file that may become executable", "R7", 52, CONTROL_PLAIN },
	{ "memfd-high-bits", try_memfd_plain, "the same, with high bits set", "R7", 29, CONTROL_PLAIN,
	  .args = { 1UL << 32 } },
	{ 0 },
};
/* clang-format on */
