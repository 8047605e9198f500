/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Argument names as in the man pages. One line a call: its name, then NAME:KIND or NAME:KIND=SET.
 * i signed, x bits or address, f descriptor, p path, s socket address, P other pointer, m mode,
 * F bits with names, E one value with a name.
 */
#include "policies/syscall_args.h"

static const char table[] =
	/* clang-format off */
	"read fd:f buf:P count:i\n" "write fd:f buf:P count:i\n" "open pathname:p flags:F=open mode:m\n" "close fd:f\n"
	"stat pathname:p statbuf:P\n" "fstat fd:f statbuf:P\n" "lstat pathname:p statbuf:P\n" "poll fds:P nfds:i timeout:i\n"
	"lseek fd:f offset:i whence:i\n" "mmap addr:x length:i prot:F=prot flags:F=map fd:f offset:x\n"
	"mprotect addr:x len:i prot:F=prot\n" "munmap addr:x length:i\n" "brk addr:x\n" "rt_sigaction signum:E=signal act:P oldact:P\n"
	"rt_sigprocmask how:i set:P oldset:P\n" "rt_sigreturn\n" "ioctl fd:f cmd:E=ioctl arg:x\n" "pread64 fd:f buf:P count:i offset:i\n"
	"pwrite64 fd:f buf:P count:i offset:i\n" "readv fd:f iov:P iovcnt:i\n" "writev fd:f iov:P iovcnt:i\n" "access pathname:p mode:m\n"
	"pipe pipefd:P\n" "select nfds:i readfds:P writefds:P exceptfds:P timeout:P\n" "sched_yield\n"
	"mremap old_address:x old_size:i new_size:i flags:x new_address:x\n" "msync addr:x length:i flags:x\n" "mincore addr:x length:i vec:P\n"
	"madvise addr:x length:i advice:i\n" "shmget key:x size:i shmflg:x\n" "shmat shmid:i shmaddr:x shmflg:x\n" "shmctl shmid:i cmd:i buf:P\n"
	"dup oldfd:f\n" "dup2 oldfd:f newfd:f\n" "pause\n" "nanosleep req:P rem:P\n" "getitimer which:i curr_value:P\n" "alarm seconds:i\n"
	"setitimer which:i new_value:P old_value:P\n" "getpid\n" "sendfile out_fd:f in_fd:f offset:P count:i\n"
	"socket domain:E=domain type:F=type protocol:i\n" "connect sockfd:f addr:s addrlen:i\n" "accept sockfd:f addr:P addrlen:P\n"
	"sendto sockfd:f buf:P len:i flags:x dest_addr:P addrlen:i\n" "recvfrom sockfd:f buf:P len:i flags:x src_addr:P addrlen:P\n"
	"sendmsg sockfd:f msg:P flags:x\n" "recvmsg sockfd:f msg:P flags:x\n" "shutdown sockfd:f how:i\n" "bind sockfd:f addr:s addrlen:i\n"
	"listen sockfd:f backlog:i\n" "getsockname sockfd:f addr:P addrlen:P\n" "getpeername sockfd:f addr:P addrlen:P\n"
	"socketpair domain:E=domain type:F=type protocol:i sv:P\n" "setsockopt sockfd:f level:i optname:i optval:P optlen:i\n"
	"getsockopt sockfd:f level:i optname:i optval:P optlen:P\n" "clone flags:F=clone stack:x parent_tid:P child_tid:P tls:x\n" "fork\n" "vfork\n"
	"execve pathname:p argv:P envp:P\n" "exit status:i\n" "wait4 pid:i wstatus:P options:x rusage:P\n" "kill pid:i sig:E=signal\n" "uname buf:P\n"
	"semget key:x nsems:i semflg:x\n" "semop semid:i sops:P nsops:i\n" "semctl semid:i semnum:i cmd:i arg:x\n" "shmdt shmaddr:x\n"
	"msgget key:x msgflg:x\n" "msgsnd msqid:i msgp:P msgsz:i msgflg:x\n" "msgrcv msqid:i msgp:P msgsz:i msgtyp:i msgflg:x\n" "msgctl msqid:i cmd:i buf:P\n"
	"fcntl fd:f cmd:E=fcntl arg:x\n" "flock fd:f operation:x\n" "fsync fd:f\n" "fdatasync fd:f\n" "truncate path:p length:i\n" "ftruncate fd:f length:i\n"
	"getdents fd:f dirp:P count:i\n" "getcwd buf:P size:i\n" "chdir path:p\n" "fchdir fd:f\n" "rename oldpath:p newpath:p\n" "mkdir pathname:p mode:m\n"
	"rmdir pathname:p\n" "creat pathname:p mode:m\n" "link oldpath:p newpath:p\n" "unlink pathname:p\n" "symlink target:p linkpath:p\n"
	"readlink pathname:p buf:P bufsiz:i\n" "chmod pathname:p mode:m\n" "fchmod fd:f mode:m\n" "chown pathname:p owner:i group:i\n"
	"fchown fd:f owner:i group:i\n" "lchown pathname:p owner:i group:i\n" "umask mask:m\n" "gettimeofday tv:P tz:P\n" "getrlimit resource:i rlim:P\n"
	"getrusage who:i usage:P\n" "sysinfo info:P\n" "times buf:P\n" "ptrace request:i pid:i addr:x data:x\n" "getuid\n" "syslog type:i bufp:P len:i\n"
	"getgid\n" "setuid uid:i\n" "setgid gid:i\n" "geteuid\n" "getegid\n" "setpgid pid:i pgid:i\n" "getppid\n" "getpgrp\n" "setsid\n"
	"setreuid ruid:i euid:i\n" "setregid rgid:i egid:i\n" "getgroups size:i list:P\n" "setgroups size:i list:P\n" "setresuid ruid:i euid:i suid:i\n"
	"getresuid ruid:P euid:P suid:P\n" "setresgid rgid:i egid:i sgid:i\n" "getresgid rgid:P egid:P sgid:P\n" "getpgid pid:i\n" "setfsuid fsuid:i\n"
	"setfsgid fsgid:i\n" "getsid pid:i\n" "capget hdrp:P datap:P\n" "capset hdrp:P datap:P\n" "rt_sigpending set:P\n"
	"rt_sigtimedwait set:P info:P timeout:P\n" "rt_sigqueueinfo pid:i sig:E=signal info:P\n" "rt_sigsuspend mask:P\n" "sigaltstack ss:P old_ss:P\n"
	"utime filename:p times:P\n" "mknod pathname:p mode:m dev:x\n" "uselib library:p\n" "personality persona:x\n" "ustat dev:x ubuf:P\n"
	"statfs path:p buf:P\n" "fstatfs fd:f buf:P\n" "sysfs option:i arg1:x arg2:x\n" "getpriority which:i who:i\n" "setpriority which:i who:i prio:i\n"
	"sched_setparam pid:i param:P\n" "sched_getparam pid:i param:P\n" "sched_setscheduler pid:i policy:i param:P\n" "sched_getscheduler pid:i\n"
	"sched_get_priority_max policy:i\n" "sched_get_priority_min policy:i\n" "sched_rr_get_interval pid:i tp:P\n" "mlock addr:x len:i\n"
	"munlock addr:x len:i\n" "mlockall flags:x\n" "munlockall\n" "vhangup\n" "modify_ldt func:i ptr:P bytecount:i\n" "pivot_root new_root:p put_old:p\n"
	"prctl option:E=prctl arg2:x arg3:x arg4:x arg5:x\n" "arch_prctl code:E=arch addr:x\n" "adjtimex buf:P\n" "setrlimit resource:i rlim:P\n"
	"chroot path:p\n" "sync\n" "acct filename:p\n" "settimeofday tv:P tz:P\n" "mount source:p target:p filesystemtype:p mountflags:x data:P\n"
	"umount2 target:p flags:x\n" "swapon path:p swapflags:x\n" "swapoff path:p\n" "reboot magic:x magic2:x cmd:x arg:P\n" "sethostname name:P len:i\n"
	"setdomainname name:P len:i\n" "iopl level:i\n" "ioperm from:x num:i turn_on:i\n" "init_module module_image:P len:i param_values:P\n"
	"delete_module name:p flags:x\n" "quotactl cmd:x special:p id:i addr:P\n" "gettid\n" "readahead fd:f offset:i count:i\n"
	"setxattr path:p name:p value:P size:i flags:x\n" "lsetxattr path:p name:p value:P size:i flags:x\n" "fsetxattr fd:f name:p value:P size:i flags:x\n"
	"getxattr path:p name:p value:P size:i\n" "lgetxattr path:p name:p value:P size:i\n" "fgetxattr fd:f name:p value:P size:i\n"
	"listxattr path:p list:P size:i\n" "llistxattr path:p list:P size:i\n" "flistxattr fd:f list:P size:i\n" "removexattr path:p name:p\n"
	"lremovexattr path:p name:p\n" "fremovexattr fd:f name:p\n" "tkill tid:i sig:E=signal\n" "time tloc:P\n"
	"futex uaddr:x futex_op:i val:i timeout:P uaddr2:x val3:i\n" "sched_setaffinity pid:i cpusetsize:i mask:P\n"
	"sched_getaffinity pid:i cpusetsize:i mask:P\n" "io_setup nr_events:i ctx_idp:P\n" "io_destroy ctx_id:x\n" "io_getevents ctx_id:x min_nr:i nr:i events:P timeout:P\n"
	"io_submit ctx_id:x nr:i iocbpp:P\n" "io_cancel ctx_id:x iocb:P result:P\n" "epoll_create size:i\n" "remap_file_pages addr:x size:i prot:F=prot pgoff:i flags:F=map\n"
	"getdents64 fd:f dirp:P count:i\n" "set_tid_address tidptr:P\n" "restart_syscall\n" "semtimedop semid:i sops:P nsops:i timeout:P\n"
	"fadvise64 fd:f offset:i len:i advice:i\n" "timer_create clockid:i sevp:P timerid:P\n" "timer_settime timerid:i flags:x new_value:P old_value:P\n"
	"timer_gettime timerid:i curr_value:P\n" "timer_getoverrun timerid:i\n" "timer_delete timerid:i\n" "clock_settime clockid:i tp:P\n"
	"clock_gettime clockid:i tp:P\n" "clock_getres clockid:i res:P\n" "clock_nanosleep clockid:i flags:x request:P remain:P\n" "exit_group status:i\n"
	"epoll_wait epfd:f events:P maxevents:i timeout:i\n" "epoll_ctl epfd:f op:i fd:f event:P\n" "tgkill tgid:i tid:i sig:E=signal\n" "utimes filename:p times:P\n"
	"mbind addr:x len:i mode:i nodemask:P maxnode:i flags:x\n" "set_mempolicy mode:i nodemask:P maxnode:i\n" "get_mempolicy mode:P nodemask:P maxnode:i addr:x flags:x\n"
	"mq_open name:p oflag:F=open mode:m attr:P\n" "mq_unlink name:p\n" "mq_timedsend mqdes:f msg_ptr:P msg_len:i msg_prio:i abs_timeout:P\n"
	"mq_timedreceive mqdes:f msg_ptr:P msg_len:i msg_prio:P abs_timeout:P\n" "mq_notify mqdes:f sevp:P\n" "mq_getsetattr mqdes:f newattr:P oldattr:P\n"
	"kexec_load entry:x nr_segments:i segments:P flags:x\n" "waitid idtype:i id:i infop:P options:x rusage:P\n" "add_key type:p description:p payload:P plen:i keyring:i\n"
	"request_key type:p description:p callout_info:p dest_keyring:i\n" "keyctl operation:E=keyctl arg2:x arg3:x arg4:x arg5:x\n" "ioprio_set which:i who:i ioprio:i\n"
	"ioprio_get which:i who:i\n" "inotify_init\n" "inotify_add_watch fd:f pathname:p mask:x\n" "inotify_rm_watch fd:f wd:i\n"
	"migrate_pages pid:i maxnode:i old_nodes:P new_nodes:P\n" "openat dirfd:f pathname:p flags:F=open mode:m\n" "mkdirat dirfd:f pathname:p mode:m\n"
	"mknodat dirfd:f pathname:p mode:m dev:x\n" "fchownat dirfd:f pathname:p owner:i group:i flags:F=at\n" "futimesat dirfd:f pathname:p times:P\n"
	"newfstatat dirfd:f pathname:p statbuf:P flags:F=at\n" "unlinkat dirfd:f pathname:p flags:F=at\n" "renameat olddirfd:f oldpath:p newdirfd:f newpath:p\n"
	"linkat olddirfd:f oldpath:p newdirfd:f newpath:p flags:F=at\n" "symlinkat target:p newdirfd:f linkpath:p\n" "readlinkat dirfd:f pathname:p buf:P bufsiz:i\n"
	"fchmodat dirfd:f pathname:p mode:m\n" "faccessat dirfd:f pathname:p mode:m\n" "pselect6 nfds:i readfds:P writefds:P exceptfds:P timeout:P sigmask:P\n"
	"ppoll fds:P nfds:i tmo_p:P sigmask:P sigsetsize:i\n" "unshare flags:F=clone\n" "set_robust_list head:P len:i\n" "get_robust_list pid:i head_ptr:P len_ptr:P\n"
	"splice fd_in:f off_in:P fd_out:f off_out:P len:i flags:x\n" "tee fd_in:f fd_out:f len:i flags:x\n" "sync_file_range fd:f offset:i nbytes:i flags:x\n"
	"vmsplice fd:f iov:P nr_segs:i flags:x\n" "move_pages pid:i count:i pages:P nodes:P status:P flags:x\n" "utimensat dirfd:f pathname:p times:P flags:F=at\n"
	"epoll_pwait epfd:f events:P maxevents:i timeout:i sigmask:P sigsetsize:i\n" "signalfd fd:f mask:P sizemask:i\n" "timerfd_create clockid:i flags:x\n" "eventfd initval:i\n"
	"fallocate fd:f mode:x offset:i len:i\n" "timerfd_settime fd:f flags:x new_value:P old_value:P\n" "timerfd_gettime fd:f curr_value:P\n"
	"accept4 sockfd:f addr:P addrlen:P flags:F=type\n" "signalfd4 fd:f mask:P sizemask:i flags:x\n" "eventfd2 initval:i flags:x\n" "epoll_create1 flags:x\n"
	"dup3 oldfd:f newfd:f flags:F=open\n" "pipe2 pipefd:P flags:F=open\n" "inotify_init1 flags:x\n" "preadv fd:f iov:P iovcnt:i pos_l:i pos_h:i\n"
	"pwritev fd:f iov:P iovcnt:i pos_l:i pos_h:i\n" "rt_tgsigqueueinfo tgid:i tid:i sig:E=signal info:P\n" "perf_event_open attr:P pid:i cpu:i group_fd:f flags:x\n"
	"recvmmsg sockfd:f msgvec:P vlen:i flags:x timeout:P\n" "fanotify_init flags:x event_f_flags:F=open\n" "fanotify_mark fanotify_fd:f flags:x mask:x dirfd:f pathname:p\n"
	"prlimit64 pid:i resource:i new_limit:P old_limit:P\n" "name_to_handle_at dirfd:f pathname:p handle:P mount_id:P flags:x\n" "open_by_handle_at mount_fd:f handle:P flags:F=open\n"
	"clock_adjtime clk_id:i buf:P\n" "syncfs fd:f\n" "sendmmsg sockfd:f msgvec:P vlen:i flags:x\n" "setns fd:f nstype:F=clone\n" "getcpu cpu:P node:P tcache:P\n"
	"process_vm_readv pid:i local_iov:P liovcnt:i remote_iov:P riovcnt:i flags:x\n" "process_vm_writev pid:i local_iov:P liovcnt:i remote_iov:P riovcnt:i flags:x\n"
	"kcmp pid1:i pid2:i type:i idx1:x idx2:x\n" "finit_module fd:f param_values:P flags:x\n" "sched_setattr pid:i attr:P flags:x\n" "sched_getattr pid:i attr:P size:i flags:x\n"
	"renameat2 olddirfd:f oldpath:p newdirfd:f newpath:p flags:x\n" "seccomp operation:E=seccomp flags:x args:P\n" "getrandom buf:P buflen:i flags:x\n"
	"memfd_create name:p flags:F=mfd\n" "kexec_file_load kernel_fd:f initrd_fd:f cmdline_len:i cmdline:P flags:x\n" "bpf cmd:i attr:P size:i\n"
	"execveat dirfd:f pathname:p argv:P envp:P flags:F=at\n" "userfaultfd flags:x\n" "membarrier cmd:i flags:x cpu_id:i\n" "mlock2 addr:x len:i flags:x\n"
	"copy_file_range fd_in:f off_in:P fd_out:f off_out:P len:i flags:x\n" "preadv2 fd:f iov:P iovcnt:i pos_l:i pos_h:i flags:x\n"
	"pwritev2 fd:f iov:P iovcnt:i pos_l:i pos_h:i flags:x\n" "pkey_mprotect addr:x len:i prot:F=prot pkey:i\n" "pkey_alloc flags:x access_rights:x\n" "pkey_free pkey:i\n"
	"statx dirfd:f pathname:p flags:F=at mask:x statxbuf:P\n" "io_pgetevents ctx_id:x min_nr:i nr:i events:P timeout:P usig:P\n" "rseq rseq:P rseq_len:i flags:x sig:x\n"
	"pidfd_send_signal pidfd:f sig:E=signal info:P flags:x\n" "io_uring_setup entries:i p:P\n" "io_uring_enter fd:f to_submit:i min_complete:i flags:x sig:P\n"
	"io_uring_register fd:f opcode:i arg:P nr_args:i\n" "open_tree dirfd:f pathname:p flags:x\n" "move_mount from_dirfd:f from_pathname:p to_dirfd:f to_pathname:p flags:x\n"
	"fsopen fsname:p flags:x\n" "fsconfig fd:f cmd:i key:p value:P aux:i\n" "fsmount fsfd:f flags:x attr_flags:x\n" "fspick dirfd:f pathname:p flags:x\n"
	"pidfd_open pid:i flags:x\n" "clone3 cl_args:P size:i\n" "close_range first:i last:i flags:x\n" "openat2 dirfd:f pathname:p how:P size:i\n"
	"pidfd_getfd pidfd:f targetfd:f flags:x\n" "faccessat2 dirfd:f pathname:p mode:m flags:F=at\n" "process_madvise pidfd:f iovec:P vlen:i advice:i flags:x\n"
	"epoll_pwait2 epfd:f events:P maxevents:i timeout:P sigmask:P sigsetsize:i\n" "mount_setattr dirfd:f pathname:p flags:x attr:P size:i\n" "quotactl_fd fd:f cmd:x id:i addr:P\n"
	"landlock_create_ruleset attr:P size:i flags:x\n" "landlock_add_rule ruleset_fd:f rule_type:i rule_attr:P flags:x\n" "landlock_restrict_self ruleset_fd:f flags:x\n"
	"memfd_secret flags:x\n" "process_mrelease pidfd:f flags:x\n" "futex_waitv waiters:P nr_futexes:i flags:x timeout:P clockid:i\n" "set_mempolicy_home_node start:x len:i home_node:i flags:x\n"
	"cachestat fd:f range:P cstat:P flags:x\n" "fchmodat2 dirfd:f pathname:p mode:m flags:F=at\n" "map_shadow_stack addr:x size:i flags:x\n";
/* clang-format on */

static enum arg_kind kind_of(char letter)
{
	switch (letter) {
	case 'i':
		return ARG_INT;
	case 'f':
		return ARG_FD;
	case 'p':
		return ARG_PATH;
	case 's':
		return ARG_SOCKADDR;
	case 'P':
		return ARG_POINTER;
	case 'm':
		return ARG_MODE;
	case 'F':
		return ARG_FLAGS;
	case 'E':
		return ARG_ENUM;
	default:
		return ARG_HEX;
	}
}

static int fill(struct span line, struct arg_info ret[6])
{
	int n = 0;

	for (;;) {
		struct span word = span_word(&line);

		if (word.n == 0 || n == 6)
			return n;
		ret[n].name = span_cut(&word, ':');
		ret[n].kind = kind_of(word.p[0]);
		span_cut(&word, '=');
		ret[n].names = word;
		n++;
	}
}

int syscall_args_find(const char *call, struct arg_info ret[6])
{
	struct span rest = { table, sizeof(table) - 1 };

	while (rest.n > 0) {
		struct span line = span_cut(&rest, '\n');
		struct span name = span_word(&line);

		if (span_eq(name, call))
			return fill(line, ret);
	}
	return -1;
}
