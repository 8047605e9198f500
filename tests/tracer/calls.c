/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A known number of calls. calls: 1,000,000 getppid(2) in 8 threads, 80 forked children and the 80
 * programs that these execute; calls listed: of kill(2), which matters for security. calls refused:
 * 2,000 unshare(2) that a filter will refuse, in 4 threads. calls N: N in one thread. calls time N:
 * the same, and how long it took; with "listed" at the end, of kill(2). calls paced RATE SECONDS:
 * so many a second, in steps of five milliseconds.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS 8
#define IN_THREAD 100000
#define CHILDREN 10 /* of each thread */
#define IN_CHILD 2000
#define IN_PROGRAM "500"
#define REFUSED_THREADS 4
#define REFUSED_EACH 500

static char *self;
static const char *kind; /* "listed", or NULL */

static void make(long n)
{
	pid_t pid = getpid();

	for (long i = 0; i < n; i++) {
		if (kind)
			kill(pid, 0);
		else
			syscall(SYS_getppid);
	}
}

static void *work(void *unused)
{
	(void)unused;
	make(IN_THREAD / 2);
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			make(IN_CHILD);
			execl(self, self, IN_PROGRAM, kind, (char *)NULL);
			_exit(1);
		}
		if (pid < 0)
			abort();
		waitpid(pid, NULL, 0);
	}
	make(IN_THREAD / 2);
	return NULL;
}

static void *be_refused(void *unused)
{
	(void)unused;
	for (int i = 0; i < REFUSED_EACH; i++) {
		if (unshare(CLONE_NEWUSER) == 0)
			abort();
	}
	return NULL;
}

static int in_threads(int n, void *(*start)(void *))
{
	pthread_t threads[THREADS];

	for (int i = 0; i < n; i++) {
		if (pthread_create(&threads[i], NULL, start, NULL) != 0)
			return 1;
	}
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

static int measure(long n)
{
	struct timespec before, after;

	clock_gettime(CLOCK_MONOTONIC, &before);
	make(n);
	clock_gettime(CLOCK_MONOTONIC, &after);
	printf("TOOK %ld\n",
	       (after.tv_sec - before.tv_sec) * 1000000000 + (after.tv_nsec - before.tv_nsec));
	return 0;
}

/* Catches up after a delay, so that the mean is what was asked for. */
static int pace(long rate, long seconds)
{
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (long step = 0; step < seconds * 200; step++) {
		make(rate / 200);
		next.tv_nsec += 5000000;
		if (next.tv_nsec >= 1000000000) {
			next.tv_nsec -= 1000000000;
			next.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return 0;
}

int main(int argc, char *argv[])
{
	self = argv[0];
	if (argc > 1 && strcmp(argv[argc - 1], "listed") == 0)
		kind = argv[--argc];
	if (argc < 2)
		return in_threads(THREADS, work);
	if (strcmp(argv[1], "refused") == 0)
		return in_threads(REFUSED_THREADS, be_refused);
	if (strcmp(argv[1], "paced") == 0 && argc > 3)
		return pace(strtol(argv[2], NULL, 10), strtol(argv[3], NULL, 10));
	if (strcmp(argv[1], "time") == 0 && argc > 2)
		return measure(strtol(argv[2], NULL, 10));
	make(strtol(argv[1], NULL, 10));
	return 0;
}
