/* SPDX-License-Identifier: Apache-2.0 */
/*
 * start_floor [--range FIRST] ROOT FILTER PROGRAM: what the kernel alone takes for a start. The
 * system calls that the promises of `immure run --rootfs` cannot do without, for a user with his
 * own id mapped or the 65536 subordinate ones from FIRST, and nothing else: no policy or plan, no
 * record, no evidence, nobody who answers refused calls, no word about what failed (the exit status
 * is the line). No launcher that keeps the promises can be faster, so its ratio to bubblewrap is
 * what a target can be held against.
 */
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The line says which. */
#define MUST(condition)                        \
	do {                                   \
		if (!(condition))              \
			_exit(__LINE__ % 256); \
	} while (0)

#define READ_ONLY (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

static struct sock_filter code[BPF_MAXINSNS];
static struct sock_fprog filter = { .filter = code };

static void put(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);

	MUST(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static int new_fs(const char *type, const char *key, const char *value, unsigned attr)
{
	int fs = fsopen(type, FSOPEN_CLOEXEC);
	int mount;

	MUST(fs >= 0);
	MUST(!key || fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0) == 0);
	MUST(fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0);
	mount = fsmount(fs, FSMOUNT_CLOEXEC, attr);
	MUST(mount >= 0);
	close(fs);
	return mount;
}

static void restrict_mount(int mount, uint64_t bits, unsigned flags)
{
	struct mount_attr attr = { .attr_set = bits, .propagation = MS_PRIVATE };

	MUST(mount_setattr(mount, "", AT_EMPTY_PATH | flags, &attr, sizeof(attr)) == 0);
}

static void attach(int mount, int dir, const char *name)
{
	unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (*name ? 0 : MOVE_MOUNT_T_EMPTY_PATH);

	MUST(move_mount(mount, "", dir, name, flags) == 0);
}

static void clone_to(int from, const char *path, int dir, const char *name, uint64_t bits)
{
	int tree = open_tree(from, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	MUST(tree >= 0);
	if (bits)
		restrict_mount(tree, bits, 0);
	attach(tree, dir, name);
	close(tree);
}

static void tmpfs_at(int dir, const char *name)
{
	int tmp = new_fs("tmpfs", "size", "64m",
			 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);

	attach(tmp, dir, name);
	close(tmp);
}

static void make_dev(int root)
{
	static const char *const nodes[] = { "null", "zero", "full", "random", "urandom", "tty" };
	static const char *const links[] = { "fd", "stdin", "stdout", "stderr", "ptmx" };
	int host = open("/dev", O_PATH | O_CLOEXEC);
	int dev = new_fs("tmpfs", "mode", "0755", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	int pts = new_fs("devpts", "ptmxmode", "0666", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);

	MUST(host >= 0);
	attach(dev, root, "dev");
	for (size_t i = 0; i < sizeof(nodes) / sizeof(*nodes); i++) {
		int file = openat(dev, nodes[i], O_CREAT | O_EXCL | O_CLOEXEC, 0666);

		MUST(file >= 0);
		close(file);
		clone_to(host, nodes[i], dev, nodes[i], MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		MUST(symlinkat("/proc/self/fd", dev, links[i]) == 0);
	MUST(mkdirat(dev, "pts", 0755) == 0 && mkdirat(dev, "shm", 0755) == 0);
	attach(pts, dev, "pts");
	tmpfs_at(dev, "shm");
	restrict_mount(dev, MOUNT_ATTR_RDONLY, 0);
}

static uint32_t making = 1;
static int netns = -1;

static int make_netns(void *unused)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int s;

	(void)unused;
	MUST(unshare(CLONE_NEWNET) == 0);
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	MUST(s >= 0 && ioctl(s, SIOCSIFFLAGS, &lo) == 0);
	netns = ioctl(s, SIOCGSKNS);
	close(s);
	return 0;
}

/* The slowest part for the kernel, so it is done beside all others. */
static void begin_netns(void)
{
	static _Alignas(16) char stack[16384];

	MUST(clone(make_netns, stack + sizeof(stack),
		   CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_FS | CLONE_FILES |
			   CLONE_SYSVSEM | CLONE_CHILD_CLEARTID,
		   NULL, NULL, NULL, &making) > 0);
}

static void join_netns(void)
{
	while (__atomic_load_n(&making, __ATOMIC_ACQUIRE) != 0)
		syscall(SYS_futex, &making, FUTEX_WAIT, 1, NULL, NULL, 0);
	MUST(netns >= 0 && setns(netns, CLONE_NEWNET) == 0);
	close(netns);
}

/* All that is not on the list is hidden, found by listing. */
static void make_proc(int root, int scratch)
{
	static const char shown[] = " cpuinfo filesystems loadavg meminfo mounts net self stat sys "
				    "thread-self uptime version ";
	int proc = new_fs("proc", "hidepid", "invisible",
			  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	int user = openat(proc, "sys/user", O_PATH | O_CLOEXEC);
	DIR *dir = fdopendir(openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	const struct dirent *entry;

	MUST(user >= 0 && dir);
	attach(proc, root, "proc");
	clone_to(proc, "sys", proc, "sys", READ_ONLY | MOUNT_ATTR_NOEXEC);
	while ((entry = readdir(dir)) != NULL) {
		char word[260];

		snprintf(word, sizeof(word), " %s ", entry->d_name);
		if (word[1] == '.' || (word[1] >= '0' && word[1] <= '9') ||
		    entry->d_type == DT_LNK || strstr(shown, word))
			continue;
		clone_to(scratch, entry->d_type == DT_DIR ? "empty" : "none", proc, entry->d_name,
			 0);
	}
	closedir(dir);
	join_netns();
	put(user, "max_user_namespaces", "0");
	put(user, "max_mnt_namespaces", "0");
	put(user, "max_pid_namespaces", "0");
	put(user, "max_net_namespaces", "0");
	put(user, "max_ipc_namespaces", "0");
	put(user, "max_uts_namespaces", "0");
	put(user, "max_cgroup_namespaces", "0");
	put(user, "max_time_namespaces", "0");
	put(user, "max_inotify_instances", "64");
}

static int make_root(const char *path)
{
	int root = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	int scratch = new_fs("tmpfs", "mode", "0700", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	int none;

	MUST(root >= 0);
	MUST(mkdirat(scratch, "empty", 0) == 0);
	none = openat(scratch, "none", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0);
	MUST(none >= 0);
	close(none);
	restrict_mount(root, READ_ONLY, AT_RECURSIVE);
	attach(scratch, AT_FDCWD, "/proc");
	restrict_mount(scratch, MOUNT_ATTR_RDONLY, 0);
	attach(root, AT_FDCWD, "/");
	tmpfs_at(root, "tmp");
	tmpfs_at(root, "var/tmp");
	tmpfs_at(root, "run");
	make_dev(root);
	make_proc(root, scratch);
	return root;
}

static void enter_root(int root)
{
	MUST(fchdir(root) == 0 && syscall(SYS_pivot_root, ".", ".") == 0);
	MUST(umount2(".", MNT_DETACH) == 0 && chdir("/") == 0);
}

static void new_session(void)
{
	MUST(setsid() > 0 && sethostname("floor", 5) == 0 && setdomainname("", 0) == 0);
	MUST(syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL) >= 0);
}

static void drop_privilege(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[2] = { { 0 } };

	MUST(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_NOROOT |
					      SECBIT_NOROOT_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
					      SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED) == 0);
	MUST(getuid() != 0 ||
	     (setresgid(1000, 1000, 1000) == 0 && setresuid(1000, 1000, 1000) == 0));
	for (int cap = 0; prctl(PR_CAPBSET_DROP, cap) == 0; cap++)
		;
	MUST(syscall(SYS_capset, &head, none) == 0);
	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

/* A folder of the root that may be executed from, and the places that may be written to. */
static void restrict_files(void)
{
	static const char *const open_to_write[] = { "/tmp", "/var/tmp", "/dev/shm" };
	struct landlock_ruleset_attr all = { .handled_access_fs = (1U << 13) - 1 };
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	};
	long rules = syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);

	if (rules < 0)
		return;
	rule.parent_fd = open("/", O_PATH | O_CLOEXEC);
	MUST(syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0);
	close(rule.parent_fd);
	rule.allowed_access = LANDLOCK_ACCESS_FS_EXECUTE;
	rule.parent_fd = open("/bin", O_PATH | O_CLOEXEC);
	MUST(syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0);
	close(rule.parent_fd);
	rule.allowed_access = all.handled_access_fs & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE;
	for (size_t i = 0; i < sizeof(open_to_write) / sizeof(*open_to_write); i++) {
		rule.parent_fd = open(open_to_write[i], O_PATH | O_CLOEXEC);
		MUST(syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) ==
		     0);
		close(rule.parent_fd);
	}
	MUST(syscall(SYS_landlock_restrict_self, rules, 0) == 0);
}

/* Process 1 sleeps until the program is executed, reaps it and ends as it did. */
_Noreturn static void run_program(char *const argv[])
{
	static char *const env[] = { "PATH=/bin", NULL };
	int status = 0;
	pid_t pid = vfork();

	MUST(pid >= 0);
	if (pid == 0) {
		MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			     &filter) >= 0);
		execve(argv[0], argv, env);
		_exit(127);
	}
	MUST(waitpid(pid, &status, 0) == pid);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void map_ids(uid_t uid, gid_t gid)
{
	int self = open("/proc/self", O_PATH | O_CLOEXEC);
	char text[64];

	MUST(self >= 0);
	snprintf(text, sizeof(text), "1000 %u 1\n", uid);
	put(self, "uid_map", text);
	put(self, "setgroups", "deny");
	snprintf(text, sizeof(text), "1000 %u 1\n", gid);
	put(self, "gid_map", text);
}

static void read_filter(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, code, sizeof(code));

	MUST(n > 0 && n % (ssize_t)sizeof(*code) == 0);
	filter.len = (unsigned short)((size_t)n / sizeof(*code));
	close(fd);
}

static pid_t start_helper(const char *program, long pid, const char *first)
{
	char number[24];
	const char *argv[] = { program, number, "0", first, "65536", NULL };
	pid_t helper;

	snprintf(number, sizeof(number), "%ld", pid);
	MUST(posix_spawn(&helper, program, NULL, NULL, (char *const *)(uintptr_t)argv, NULL) == 0);
	return helper;
}

/* Both set-uid programs at once; then the child may go on. */
static void map_range(long pid, const char *first, int child)
{
	pid_t helpers[] = { start_helper("/usr/bin/newuidmap", pid, first),
			    start_helper("/usr/bin/newgidmap", pid, first) };
	int status = 0;

	for (size_t i = 0; i < 2; i++)
		MUST(waitpid(helpers[i], &status, 0) == helpers[i] && status == 0);
	MUST(write(child, "", 1) == 1);
}

static void await_range(int parent)
{
	char byte;

	MUST(read(parent, &byte, 1) == 1);
	MUST(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0 && setgroups(0, NULL) == 0);
}

int main(int argc, char *argv[])
{
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
			 CLONE_NEWCGROUP,
		.exit_signal = SIGCHLD,
	};
	const uid_t uid = getuid();
	const gid_t gid = getgid();
	const char *first = NULL;
	int way[2] = { -1, -1 };
	int status = 0;
	long pid;

	if (argc > 2 && strcmp(argv[1], "--range") == 0) {
		first = argv[2];
		argc -= 2;
		argv += 2;
		MUST(pipe2(way, O_CLOEXEC) == 0);
	}
	MUST(argc >= 4);
	read_filter(argv[2]);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	MUST(pid >= 0);
	if (pid == 0) {
		MUST(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
		begin_netns();
		if (first)
			await_range(way[0]);
		else
			map_ids(uid, gid);
		enter_root(make_root(argv[1]));
		new_session();
		drop_privilege();
		restrict_files();
		run_program(argv + 3);
	}
	if (first)
		map_range(pid, first, way[1]);
	MUST(waitpid((pid_t)pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
