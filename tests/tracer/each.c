/* SPDX-License-Identifier: Apache-2.0 */
/*
 * each MS: what one of each call takes, a line "NAME NANOSECONDS", measured for so many
 * milliseconds: the clock of a guest may have ticks of four. For tests/bench/guard.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCH 100

static int pipe_end, datagrams;
static pid_t self;

static void need(long result)
{
	if (result < 0) {
		perror("each");
		exit(1);
	}
}

/* Guarded by nothing: what the machine does otherwise. */
static void call_getppid(void)
{
	need(syscall(SYS_getppid));
}

static void call_open(void)
{
	int fd = open("/etc/hostname", O_RDONLY);

	need(fd);
	close(fd);
}

static void call_stat(void)
{
	struct stat st;

	need(stat("/etc/hostname", &st));
}

static void call_connect(void)
{
	const struct sockaddr_in here = { .sin_family = AF_INET,
					  .sin_port = htons(9),
					  .sin_addr = { htonl(INADDR_LOOPBACK) } };

	need(connect(datagrams, (const struct sockaddr *)&here, sizeof(here)));
}

static void call_socket(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	need(fd);
	close(fd);
}

static void call_ioctl(void)
{
	int n;

	need(ioctl(pipe_end, FIONREAD, &n));
}

static void call_prctl(void)
{
	char name[16];

	need(prctl(PR_GET_NAME, name));
}

static void call_kill(void)
{
	need(kill(self, 0));
}

static const struct row {
	const char *name;
	void (*call)(void);
} rows[] = {
	{ "getppid", call_getppid }, { "open+close", call_open },     { "stat", call_stat },
	{ "connect", call_connect }, { "socket+close", call_socket }, { "ioctl", call_ioctl },
	{ "prctl", call_prctl },     { "kill", call_kill },
};

static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

int main(int argc, char *argv[])
{
	long ms = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	int ends[2];

	if (ms <= 0 || pipe(ends) < 0)
		return 2;
	pipe_end = ends[0];
	self = getpid();
	datagrams = socket(AF_INET, SOCK_DGRAM, 0);
	need(datagrams);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		long before = now();
		long n = 0;

		while (now() - before < ms * 1000000) {
			for (int k = 0; k < BATCH; k++)
				rows[i].call();
			n += BATCH;
		}
		printf("%s %.1f\n", rows[i].name, (double)(now() - before) / (double)n);
	}
	return 0;
}
