/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each way in which seccomp can refuse a call, and what only looks like it. Prints the path of each
 * mkdir(2) that was refused ("REFUSED PATH", "ENDED PATH") or let through ("LET PATH").
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int filter(unsigned flags, unsigned action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 4, code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

static void say(const char *how, const char *path)
{
	printf("%s %s\n", how, path);
	fflush(stdout);
}

static void ignore_signal(int signal)
{
	(void)signal;
}

/* In a child, for a filter stays. */
static void one(const char *how, const char *path, unsigned action)
{
	say(how, path);
	if (fork() == 0) {
		signal(SIGSYS, ignore_signal);
		filter(0, action);
		syscall(SYS_mkdir, path, 0);
		_exit(0);
	}
	wait(NULL);
}

static void *killed_thread(void *path)
{
	filter(0, SECCOMP_RET_KILL_THREAD);
	syscall(SYS_mkdir, path, 0);
	return NULL;
}

static void kill_thread(void)
{
	static char path[] = "/nonexistent/kill-thread";

	say("ENDED", path);
	if (fork() == 0) {
		pthread_t thread;

		pthread_create(&thread, NULL, killed_thread, path);
		usleep(100000);
		_exit(0);
	}
	wait(NULL);
}

/* The supervisor is a thread of the same process: it has no filter. */
static void *supervise(void *listener)
{
	for (;;) {
		struct seccomp_notif request;
		struct seccomp_notif_resp response = { 0 };

		memset(&request, 0, sizeof(request));
		if (ioctl(*(int *)listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
			return NULL;
		response.id = request.id;
		if (strstr((const char *)request.data.args[0], "continue"))
			response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		else
			response.error = -EACCES;
		ioctl(*(int *)listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
}

static void notified(void)
{
	say("REFUSED", "/nonexistent/notify-refused");
	say("LET", "/nonexistent/notify-continue");
	if (fork() == 0) {
		pthread_t thread;
		static int listener;

		/* The new thread begins before there is a filter to inherit. */
		static int pipe_fds[2];
		char go;

		if (pipe(pipe_fds) < 0)
			_exit(1);
		if (fork() == 0) {
			listener = filter(SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_RET_USER_NOTIF);
			if (pthread_create(&thread, NULL, supervise, &listener) != 0)
				_exit(1);
			syscall(SYS_mkdir, "/nonexistent/notify-refused", 0);
			syscall(SYS_mkdir, "/nonexistent/notify-continue", 0);
			_exit(0);
		}
		close(pipe_fds[1]);
		if (read(pipe_fds[0], &go, 1) != 0)
			_exit(1);
		wait(NULL);
		_exit(0);
	}
	wait(NULL);
}

/* Returns of which no entry is seen: from signal handlers, of new tasks, of programs. */
static void look_alikes(void)
{
	signal(SIGUSR1, ignore_signal);
	for (int i = 0; i < 100; i++)
		raise(SIGUSR1);
	for (int i = 0; i < 50; i++) {
		if (fork() == 0) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		wait(NULL);
	}
}

/* A path on a page that nobody has touched: readable only after the kernel has read it. */
static void not_resident(const char *file)
{
	FILE *f = fopen(file, "w");
	const char *path;

	if (!f || fputs("/nonexistent/not-resident", f) < 0 || fputc(0, f) < 0)
		return;
	fclose(f);
	f = fopen(file, "r");
	path = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fileno(f), 0);
	fclose(f);
	say("LET", "/nonexistent/not-resident");
	syscall(SYS_mkdir, path, 0);
	unlink(file);
}

int main(int argc, char *argv[])
{
	look_alikes();
	if (argc > 1)
		not_resident(argv[1]);
	one("REFUSED", "/nonexistent/errno", SECCOMP_RET_ERRNO | EPERM);
	one("REFUSED", "/nonexistent/errno-zero", SECCOMP_RET_ERRNO);
	one("REFUSED", "/nonexistent/trap", SECCOMP_RET_TRAP);
	one("REFUSED", "/nonexistent/kill-process", SECCOMP_RET_KILL_PROCESS);
	one("REFUSED", "/nonexistent/trace", SECCOMP_RET_TRACE);
	one("LET", "/nonexistent/log", SECCOMP_RET_LOG);
	kill_thread();
	notified();
	look_alikes();
	return 0;
}
