/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listed FOLDER [native]: calls of the list in a fixed order, with one thread and without the C
 * library's help: some succeed, some fail, some are of the 32-bit table or begin a program. What is
 * told of them must be the same wherever they are seen to return.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR32_GETUID 199
#define NR32_KILL 37
#define NR32_UNLINK 10

static const char missing[] = "/nonexistent/file";

/* Arguments of 32 bits: no pointer, or one that cannot be read. */
static long call_of_32_bits(long nr, long first, long second)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(first), "c"(second)
			 : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static void use_files(void)
{
	struct open_how how = { .flags = O_RDWR | O_CREAT, .mode = 0600 };

	syscall(SYS_mkdir, "folder", 0700);
	close((int)syscall(SYS_open, "folder/file", O_WRONLY | O_CREAT, 0600));
	close((int)syscall(SYS_openat, AT_FDCWD, "folder/file", O_RDONLY, 0));
	close((int)syscall(SYS_openat, AT_FDCWD, "folder/../folder/file", O_RDWR, 0));
	close((int)syscall(SYS_openat2, AT_FDCWD, "folder/second", &how, sizeof(how)));
	close((int)syscall(SYS_creat, "folder/third", 0600));
	syscall(SYS_open, missing, O_RDONLY, 0);
	syscall(SYS_openat, AT_FDCWD, missing, O_WRONLY, 0);
	syscall(SYS_truncate, "folder/file", 4L);
	syscall(SYS_link, "folder/file", "folder/link");
	syscall(SYS_symlinkat, "file", AT_FDCWD, "folder/symlink");
	syscall(SYS_chmod, "folder/file", 0640);
	syscall(SYS_fchmodat, AT_FDCWD, missing, 0640);
	syscall(SYS_rename, "folder/link", "folder/moved");
	syscall(SYS_renameat2, AT_FDCWD, missing, AT_FDCWD, "folder/x", 0);
	syscall(SYS_setxattr, "folder/file", "user.x", "y", 1L, 0);
	syscall(SYS_unlinkat, AT_FDCWD, "folder/moved", 0);
	syscall(SYS_unlink, (const char *)8L); /* not to be read */
	syscall(SYS_rmdir, "folder");
}

static void use_sockets(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
	socklen_t size = sizeof(any);
	int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

	syscall(SYS_bind, listener, &any, sizeof(any));
	syscall(SYS_listen, listener, 1);
	getsockname(listener, (struct sockaddr *)&any, &size);
	syscall(SYS_connect, client, &any, sizeof(any));
	close((int)syscall(SYS_accept4, listener, NULL, NULL, 0));
	syscall(SYS_connect, -1, &any, sizeof(any));
	syscall(SYS_bind, client, (void *)8L, 16L);
	close(client);
	close(listener);
}

static void try_the_rest(void)
{
	syscall(SYS_kill, getpid(), 0);
	syscall(SYS_tgkill, getpid(), getpid(), 0);
	syscall(SYS_kill, 0x7ffffff0, SIGTERM);
	syscall(SYS_ptrace, 99L, 0, 0, 0);
	syscall(SYS_mount, "nothing", missing, "tmpfs", 0L, NULL);
	syscall(SYS_umount2, missing, 0L);
	syscall(SYS_pivot_root, missing, missing);
	syscall(SYS_chroot, missing);
	syscall(SYS_setns, -1, 0);
	syscall(SYS_unshare, 1);
	syscall(SYS_keyctl, 9999L);
	syscall(SYS_add_key, "nosuchtype", "name", NULL, 0L, -1);
	syscall(SYS_seccomp, 99L, 0L, NULL);
	syscall(SYS_setuid, -1L);
	syscall(SYS_memfd_create, "memory", 0);
	syscall(SYS_init_module, NULL, 0L, NULL);
	syscall(SYS_reboot, 0, 0, 0, NULL);
	syscall(SYS_sethostname, NULL, -1L);
}

static void try_32_bits(void)
{
	call_of_32_bits(NR32_GETUID, 0, 0);
	call_of_32_bits(NR32_KILL, 0x7ffffff0, 0);
	call_of_32_bits(NR32_UNLINK, 8, 0);
}

int main(int argc, char *argv[])
{
	pid_t pid;

	if (argc < 2 || chdir(argv[1]) < 0)
		return 2;
	use_files();
	use_sockets();
	try_the_rest();
	if (argc < 3)
		try_32_bits();
	execl(missing, missing, (char *)NULL);
	pid = fork();
	if (pid == 0)
		execl("/bin/true", "true", (char *)NULL);
	return pid < 0 || waitpid(pid, NULL, 0) != pid;
}
