// SPDX-License-Identifier: Apache-2.0
/*
 * Process 1 of the test guest: mounts, modules, then /vm/test with its output on the second serial
 * port. The last line there is "@@TOKEN STATUS", with the token of the kernel command line, so that
 * nothing the test prints is taken for it. Should: end the machine in every case. Mustn't: judge.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define OUTPUT "/dev/ttyS1"
#define EXIT_PORT 0xf4 /* QEMU's isa-debug-exit */
#define STATUS_NO_TEST 126

static const struct {
	const char *type, *target, *options;
	unsigned long flags;
} mounts[] = {
	{ "proc", "/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "sysfs", "/sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "devtmpfs", "/dev", "mode=755", MS_NOSUID },
	{ "devpts", "/dev/pts", "ptmxmode=666,mode=620,gid=5", MS_NOSUID | MS_NOEXEC },
	{ "tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV },
	{ "mqueue", "/dev/mqueue", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV },
	{ "tmpfs", "/run", "mode=755", MS_NOSUID | MS_NODEV },
	{ "cgroup2", "/sys/fs/cgroup", "nsdelegate", MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "securityfs", "/sys/kernel/security", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "bpf", "/sys/fs/bpf", "mode=700", MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "selinuxfs", "/sys/fs/selinux", NULL, MS_NOSUID | MS_NOEXEC },
};

static void complain(const char *what)
{
	fprintf(stderr, "init: %s: %s\n", what, strerror(errno));
}

/*
 * The first root has no parent mount, so pivot_root(2) in a sandbox would be refused: bind it onto
 * itself and live in that.
 */
static void own_root(void)
{
	mkdir("/vm/root", 0755);
	if (mount("/", "/vm/root", NULL, MS_BIND, NULL) < 0 || chdir("/vm/root") < 0 ||
	    mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		complain("root");
}

static void mount_all(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		int r;

		mkdir(mounts[i].target, 0755);
		r = mount(mounts[i].type, mounts[i].target, mounts[i].type, mounts[i].flags,
			  mounts[i].options);
		/* ENODEV, ENOENT: a kernel or a boot without that file system. */
		if (r < 0 && errno != EBUSY && errno != ENODEV && errno != ENOENT)
			complain(mounts[i].target);
	}
	if (symlink("/proc/self/fd", "/dev/fd") < 0 || symlink("fd/0", "/dev/stdin") < 0 ||
	    symlink("fd/1", "/dev/stdout") < 0 || symlink("fd/2", "/dev/stderr") < 0)
		complain("/dev");
}

static void load_modules(void)
{
	FILE *list = fopen("/vm/modules", "re");
	char path[256];

	while (list && fgets(path, sizeof(path), list)) {
		int fd;

		path[strcspn(path, "\n")] = '\0';
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST))
			complain(path);
		if (fd >= 0)
			close(fd);
	}
	if (list)
		fclose(list);
}

static int open_output(void)
{
	struct termios raw = { 0 };
	int fd = open(OUTPUT, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0 && tcgetattr(fd, &raw) == 0) {
		raw.c_oflag &= ~(tcflag_t)OPOST;
		tcsetattr(fd, TCSANOW, &raw);
		fchmod(fd, 0666); /* programs of ordinary users open it again */
	}
	return fd;
}

static void run_test(int output)
{
	const char *interactive = getenv("immure_shell");
	int input = interactive ? output : open("/dev/null", O_RDONLY | O_CLOEXEC);

	setsid();
	if (interactive)
		ioctl(output, TIOCSCTTY, 0);
	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", 1);
	setenv("HOME", "/root", 1);
	execl("/vm/test", "test", (char *)NULL);
	complain("/vm/test");
	_exit(STATUS_NO_TEST);
}

static int wait_for(pid_t test)
{
	for (;;) {
		int status = 0;
		pid_t pid = waitpid(-1, &status, 0);

		if (pid == test)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (pid < 0 && errno != EINTR)
			return STATUS_NO_TEST;
	}
}

/* The cloud kernels have no /dev/port; a status of 0 given to the device is QEMU's own 1. */
static void power_off(void)
{
	sync();
	if (ioperm(EXIT_PORT, 1, 1) == 0)
		outb(0, EXIT_PORT);
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

int main(void)
{
	/* "name=value" that the kernel does not know becomes our environment. */
	const char *token = getenv("immure_token");
	int output;
	pid_t pid;

	setsid();
	own_root();
	mount_all();
	load_modules();
	output = open_output();
	dprintf(output, "@@%s start\n", token ? token : "?");
	pid = fork();
	if (pid == 0)
		run_test(output);
	dprintf(output, "\n@@%s %d\n", token ? token : "?",
		pid < 0 ? STATUS_NO_TEST : wait_for(pid));
	tcdrain(output);
	power_off();
}
