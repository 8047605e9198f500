// SPDX-License-Identifier: Apache-2.0
#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void printf_like(2, 0) say(const char *what, const char *fmt, va_list ap)
{
	printf("%s: ", what);
	vprintf(fmt, ap);
	putchar('\n');
	fflush(stdout);
}

enum outcome act_refused(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("refused", fmt, ap);
	va_end(ap);
	return OUTCOME_REFUSED;
}

enum outcome act_broken(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("SUCCEEDED", fmt, ap);
	va_end(ap);
	return OUTCOME_BROKEN;
}

enum outcome act_untried(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("untried", fmt, ap);
	va_end(ap);
	return OUTCOME_UNTRIED;
}

enum outcome act_reached(long result)
{
	int e = errno;

	if (result >= 0)
		return act_broken("returned %ld", result);
	if (e == EPERM || e == EACCES || e == ENOSYS)
		return act_refused("%s", strerrorname_np(e));
	return act_broken("reached the kernel: %s", strerrorname_np(e));
}

enum outcome act_call(const struct act *act)
{
	const unsigned long *a = act->args;

	return act_reached(syscall(act->nr, a[0], a[1], a[2], a[3], a[4], a[5]));
}

enum outcome act_opened(int fd, const char *path)
{
	if (fd < 0)
		return act_refused("%s: %s", path, strerrorname_np(errno));
	close(fd);
	return act_broken("opened %s", path);
}

int act_child(void)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(0);
	}
	/* Not before it is sure to end with us, whatever is done to it. */
	if (pid > 0 && read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	close(ready[1]);
	return pid;
}

int act_read(const char *path, char *buf, int size)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int len = 0;

	if (fd < 0)
		return -1;
	while (len < size - 1) {
		ssize_t n = read(fd, buf + len, (size_t)(size - 1 - len));

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (int)n;
	}
	buf[len] = '\0';
	return len;
}

long act_status(const char *name, int base)
{
	char buf[4096];
	char key[40];
	const char *at;

	if (act_read("/proc/self/status", buf, sizeof(buf)) < 0)
		return -1;
	snprintf(key, sizeof(key), "\n%s:", name);
	at = strstr(buf, key);
	return at ? (long)strtoul(at + strlen(key), NULL, base) : -1;
}
