/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every way we know of to leave a trace behind. Each leaves a numbered sign, a kill(2) with an
 * impossible signal; a sign that is missing from the trace is an escape. Prints the numbers of the
 * signs that were given, as far as this machine let us.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGN 0x5a5a00
#define NO_SIGNAL 0x77

static char *self;
static char stack[65536] __attribute__((aligned(16)));

static void sign(long n)
{
	syscall(SYS_kill, SIGN + n, NO_SIGNAL);
}

static void given(long n)
{
	printf("SIGN %ld\n", n);
	fflush(stdout);
}

static void leave(long n)
{
	sign(n);
	_exit(0);
}

static void execute(const char *number)
{
	execl(self, self, "sign", number, (char *)NULL);
	_exit(1);
}

static int child(void *n)
{
	sign((long)n);
	return 0;
}

static void double_fork(void)
{
	if (fork() == 0) {
		setsid();
		if (fork() == 0) {
			usleep(30000);
			leave(1);
		}
		_exit(0);
	}
	wait(NULL);
	given(1);
}

static void clones(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		sign(2);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	given(2);
	if (clone(child, stack + sizeof(stack), CLONE_PARENT | SIGCHLD, (void *)3L) > 0)
		given(3);
	usleep(50000);
	pid = clone(child, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)4L);
	if (pid > 0)
		given(4);
	waitpid(pid, NULL, 0);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		printf("NO %s\n", path);
	if (fd >= 0)
		close(fd);
}

/* Namespaces of our own, with ourselves as their root. */
static int enter(int flags)
{
	char map[32];
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (unshare(CLONE_NEWUSER | flags) < 0)
		return -1;
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_file("/proc/self/gid_map", map);
	return 0;
}

static void nested_namespaces(void)
{
	if (fork() == 0) {
		int pid_ns;

		if (enter(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET) < 0)
			_exit(0);
		if (fork() == 0) {
			sign(5);
			if (enter(CLONE_NEWPID) == 0 && fork() == 0) {
				given(6);
				leave(6);
			}
			wait(NULL);
			execute("7");
		}
		wait(NULL);
		given(5);
		given(7);
		pid_ns = open("/proc/self/ns/pid", O_RDONLY);
		if (pid_ns >= 0 && setns(pid_ns, CLONE_NEWPID) == 0) {
			if (fork() == 0)
				leave(8);
			wait(NULL);
			given(8);
		}
		_exit(0);
	}
	wait(NULL);
}

static void *execute_from_thread(void *unused)
{
	(void)unused;
	sign(9);
	execute("10");
	return NULL;
}

static void threads(void)
{
	if (fork() == 0) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, execute_from_thread, NULL) == 0)
			pause();
		_exit(1);
	}
	wait(NULL);
	given(9);
	given(10);
}

static void subreaper(void)
{
	if (fork() == 0) {
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		sign(11);
		execl("/bin/sh", "sh", "-c", "(exec \"$0\" sign 12 &)", self, (char *)NULL);
		_exit(1);
	}
	wait(NULL);
	usleep(100000);
	given(11);
	given(12);
}

/* One openat(2) through io_uring: by a worker of the kernel, or by its polling thread. */
static void through_a_ring(unsigned setup_flags, unsigned char entry_flags)
{
	struct io_uring_params p = { .flags = setup_flags, .sq_thread_idle = 50 };
	int fd = (int)syscall(SYS_io_uring_setup, 4, &p);
	struct io_uring_sqe *entry;
	char *ring;
	unsigned *done;

	if (fd < 0) {
		printf("NO io_uring: %s\n", strerror(errno));
		return;
	}
	ring = mmap(NULL, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, fd, IORING_OFF_SQ_RING);
	entry = mmap(NULL, p.sq_entries * sizeof(*entry), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		     IORING_OFF_SQES);
	if (ring == MAP_FAILED || entry == MAP_FAILED)
		abort();
	*entry = (struct io_uring_sqe){ .opcode = IORING_OP_OPENAT,
					.fd = AT_FDCWD,
					.addr = (unsigned long)"/etc/hostname",
					.open_flags = O_RDONLY,
					.flags = entry_flags };
	*(unsigned *)(void *)(ring + p.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(void *)(ring + p.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (!(setup_flags & IORING_SETUP_SQPOLL))
		syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	done = (unsigned *)(void *)(ring + p.cq_off.tail); /* one mapping for both */
	for (int i = 0; i < 500 && __atomic_load_n(done, __ATOMIC_ACQUIRE) == 0; i++)
		usleep(10000);
	printf(__atomic_load_n(done, __ATOMIC_ACQUIRE) ? "RING\n" : "NO operation\n");
	fflush(stdout);
	close(fd);
}

int main(int argc, char *argv[])
{
	self = argv[0];
	if (argc > 2 && strcmp(argv[1], "sign") == 0) {
		sign(strtol(argv[2], NULL, 10));
		return 0;
	}
	double_fork();
	clones();
	nested_namespaces();
	threads();
	subreaper();
	through_a_ring(0, 0);
	through_a_ring(0, IOSQE_ASYNC);
	through_a_ring(IORING_SETUP_SQPOLL, 0);
	usleep(100000);
	return 0;
}
