/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/userns.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/unit.h"

static int write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r = fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return r;
}

static int enter(void)
{
	char uids[64];
	char gids[64];

	snprintf(uids, sizeof(uids), "0 %u 1", (unsigned)geteuid());
	snprintf(gids, sizeof(gids), "0 %u 1", (unsigned)getegid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
	       write_to("/proc/self/setgroups", "deny") != 0 ||
	       write_to("/proc/self/uid_map", uids) != 0 ||
	       write_to("/proc/self/gid_map", gids) != 0 ||
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0;
}

/* The line that failed, 0, or one of these. */
#define NO_NAMESPACES (-1)
#define NO_ANSWER (-2)

static int call(int (*test)(const void *data), const void *data)
{
	int *result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int line = NO_ANSWER;
	pid_t pid;

	if (result == MAP_FAILED)
		return line;
	*result = line;
	pid = fork();
	if (pid == 0) {
		*result = enter() ? NO_NAMESPACES : test(data);
		_exit(0);
	}
	if (pid > 0 && waitpid(pid, NULL, 0) == pid)
		line = *result;
	munmap(result, sizeof(*result));
	return line;
}

void userns_try(int (*test)(const void *data), const void *data)
{
	int line = call(test, data);

	if (line == NO_NAMESPACES)
		skip_because("no user namespace can be made");
	if (line != 0)
		fail_msg("line %d", line);
}
