/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups and families of system calls: versioned data. A group says what a set of calls is for; a
 * family holds the calls that do the same with other arguments, so that a policy learned with one
 * libc works with another.
 */
#include "policies/syscall_sets.h"

#include <string.h>

#define LIST(...) ((const char *const[]){ __VA_ARGS__ })
#define ROW(group, ...)                                                               \
	{                                                                             \
		group,                                                                \
		{                                                                     \
			LIST(__VA_ARGS__), sizeof(LIST(__VA_ARGS__)) / sizeof(char *) \
		}                                                                     \
	}

static const struct set {
	const char *name;
	struct name_list list;
} groups[] = {
	/* clang-format off */
	ROW("@debug", "kcmp", "perf_event_open", "pidfd_getfd", "process_vm_readv", "process_vm_writev", "ptrace"),
	ROW("@exec", "execve", "execveat"),
	ROW("@files", "access", "chdir", "faccessat", "faccessat2", "fchdir", "fgetxattr", "flistxattr", "fstat", "fstatfs", "getcwd",
	    "getdents", "getdents64", "getxattr", "getxattrat", "lgetxattr", "listxattr", "listxattrat", "llistxattr", "lookup_dcookie", "lstat", "newfstatat",
	    "name_to_handle_at", "open", "openat", "openat2", "creat", "readlink", "readlinkat", "stat", "statfs", "statx", "statmount", "listmount", "ustat",
	    "inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch", "umask", "file_getattr"),
	ROW("@files-write", "chmod", "chown", "fallocate", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "fremovexattr", "fsetxattr",
	    "ftruncate", "futimesat", "lchown", "link", "linkat", "lremovexattr", "lsetxattr", "mkdir", "mkdirat", "mknod", "mknodat",
	    "removexattr", "removexattrat", "rename", "renameat", "renameat2", "rmdir", "setxattr", "setxattrat", "symlink", "symlinkat", "truncate", "unlink",
	    "unlinkat", "utime", "utimensat", "utimes", "file_setattr"),
	ROW("@identity", "getegid", "geteuid", "getgid", "getgroups", "getresgid", "getresuid", "getuid", "setfsgid", "setfsuid",
	    "setgid", "setgroups", "setregid", "setresgid", "setresuid", "setreuid", "setuid", "capget", "capset"),
	ROW("@io", "close", "close_range", "copy_file_range", "dup", "dup2", "dup3", "fadvise64", "fcntl", "fdatasync", "flock", "fsync",
	    "ioctl", "lseek", "pipe", "pipe2", "pread64", "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2", "read", "readahead",
	    "readv", "sendfile", "splice", "sync", "sync_file_range", "syncfs", "tee", "vmsplice", "write", "writev"),
	ROW("@aio", "io_cancel", "io_destroy", "io_getevents", "io_pgetevents", "io_setup", "io_submit", "io_uring_enter", "io_uring_register", "io_uring_setup"),
	ROW("@ipc", "memfd_create", "memfd_secret", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend", "mq_unlink", "msgctl", "msgget",
	    "msgrcv", "msgsnd", "semctl", "semget", "semop", "semtimedop", "shmat", "shmctl", "shmdt", "shmget"),
	ROW("@kernel", "acct", "add_key", "bpf", "create_module", "delete_module", "finit_module", "get_kernel_syms", "init_module", "ioperm", "iopl",
	    "kexec_file_load", "kexec_load", "keyctl", "nfsservctl", "query_module", "quotactl", "quotactl_fd", "reboot", "request_key", "swapoff", "swapon",
	    "_sysctl", "syslog", "sysfs", "uselib", "userfaultfd", "vhangup", "vserver", "afs_syscall", "getpmsg", "putpmsg", "security", "tuxcall", "epoll_ctl_old", "epoll_wait_old", "lsm_get_self_attr",
	    "lsm_list_modules", "lsm_set_self_attr", "uretprobe", "uprobe"),
	ROW("@memory", "brk", "madvise", "mincore", "mlock", "mlock2", "mlockall", "mmap", "mprotect", "mremap", "msync", "munlock",
	    "munlockall", "munmap", "pkey_alloc", "pkey_free", "pkey_mprotect", "process_madvise", "process_mrelease", "remap_file_pages", "cachestat", "map_shadow_stack", "mseal"),
	ROW("@mount", "chroot", "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount", "open_by_handle_at", "open_tree", "open_tree_attr",
	    "pivot_root", "umount2", "fanotify_init", "fanotify_mark"),
	ROW("@namespaces", "setns", "unshare", "setdomainname", "sethostname"),
	ROW("@numa", "get_mempolicy", "mbind", "migrate_pages", "move_pages", "set_mempolicy", "set_mempolicy_home_node"),
	ROW("@poll", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2",
	    "poll", "ppoll", "pselect6", "select", "signalfd", "signalfd4"),
	ROW("@process", "clone", "clone3", "exit", "exit_group", "fork", "getpgid", "getpgrp", "getpid", "getppid", "getpriority",
	    "getrlimit", "getrusage", "getsid", "gettid", "pidfd_open", "prlimit64", "setpgid", "setpriority", "setrlimit",
	    "setsid", "vfork", "wait4", "waitid", "ioprio_get", "ioprio_set", "personality", "prctl", "arch_prctl", "modify_ldt", "landlock_add_rule",
	    "landlock_create_ruleset", "landlock_restrict_self", "seccomp"),
	ROW("@random", "getrandom"),
	ROW("@signal", "alarm", "getitimer", "kill", "pause", "pidfd_send_signal", "restart_syscall", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo",
	    "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait", "rt_tgsigqueueinfo", "setitimer", "sigaltstack", "tgkill", "tkill"),
	ROW("@sockets", "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recvfrom",
	    "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown", "socket", "socketpair"),
	ROW("@system-info", "getcpu", "sysinfo", "times", "uname"),
	ROW("@threads", "futex", "futex_requeue", "futex_wait", "futex_waitv", "futex_wake", "get_robust_list", "get_thread_area", "membarrier", "rseq", "sched_getaffinity",
	    "sched_getattr", "sched_getparam", "sched_getscheduler", "sched_get_priority_max", "sched_get_priority_min",
	    "sched_rr_get_interval", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield",
	    "set_robust_list", "set_thread_area", "set_tid_address"),
	ROW("@time", "adjtimex", "clock_adjtime", "clock_getres", "clock_gettime", "clock_nanosleep", "clock_settime", "gettimeofday", "nanosleep", "settimeofday", "time",
	    "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_settime", "timerfd_create",
	    "timerfd_gettime", "timerfd_settime"),
	/* clang-format on */
};

static const struct name_list families[] = {
#define FAMILY(...)                                                           \
	{                                                                     \
		LIST(__VA_ARGS__), sizeof(LIST(__VA_ARGS__)) / sizeof(char *) \
	}
	/* clang-format off */
	FAMILY("open", "openat", "creat"),
	FAMILY("stat", "lstat", "fstat", "newfstatat", "statx"),
	FAMILY("access", "faccessat", "faccessat2"),
	FAMILY("fork", "vfork"),
	FAMILY("dup2", "dup3"),
	FAMILY("pipe", "pipe2"),
	FAMILY("epoll_create", "epoll_create1"),
	FAMILY("epoll_wait", "epoll_pwait", "epoll_pwait2"),
	FAMILY("eventfd", "eventfd2"),
	FAMILY("signalfd", "signalfd4"),
	FAMILY("inotify_init", "inotify_init1"),
	FAMILY("select", "pselect6"),
	FAMILY("poll", "ppoll"),
	FAMILY("rename", "renameat", "renameat2"),
	FAMILY("link", "linkat"),
	FAMILY("symlink", "symlinkat"),
	FAMILY("unlink", "unlinkat", "rmdir"),
	FAMILY("mkdir", "mkdirat"),
	FAMILY("readlink", "readlinkat"),
	FAMILY("chown", "fchown", "lchown", "fchownat"),
	FAMILY("utime", "utimes", "futimesat", "utimensat"),
	FAMILY("getdents", "getdents64"),
	FAMILY("accept", "accept4"),
	FAMILY("wait4", "waitid"),
	FAMILY("preadv", "preadv2"),
	FAMILY("pwritev", "pwritev2"),
	FAMILY("time", "gettimeofday", "clock_gettime"),
	FAMILY("nanosleep", "clock_nanosleep"),
	FAMILY("getrlimit", "prlimit64"),
	FAMILY("sendmsg", "sendmmsg"),
	FAMILY("recvmsg", "recvmmsg"),
	/* clang-format on */
};

const char *const syscall_group_names[] = {
	"@aio",     "@debug",  "@exec",   "@files",   "@files-write", "@identity", "@io",
	"@ipc",     "@kernel", "@memory", "@mount",   "@namespaces",  "@numa",     "@poll",
	"@process", "@random", "@signal", "@sockets", "@system-info", "@threads",  "@time",
};
const size_t n_syscall_group_names = ARRAY_LEN(syscall_group_names);

bool syscall_group_find(struct span name, struct name_list *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		if (span_eq(name, groups[i].name)) {
			*ret = groups[i].list;
			return true;
		}
	}
	return false;
}

struct name_list syscall_family(const char *call)
{
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		for (size_t k = 0; k < families[i].n; k++) {
			if (strcmp(families[i].names[k], call) == 0)
				return families[i];
		}
	}
	return (struct name_list){ NULL, 0 };
}
