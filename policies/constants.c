/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of argument values. Names are stored in the rows, not pointed to, so that the table costs
 * the launcher no relocation; the values are the kernel's own macros.
 */
#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/fs.h>
#include <linux/keyctl.h>
#include <linux/memfd.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/tiocl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <asm/prctl.h>
#include <errno.h>
#include <string.h>

#include "policies/syscall_args.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#endif

enum set {
	DOMAIN,
	TYPE,
	OPEN,
	PROT,
	MAP,
	CLONE,
	IOCTL,
	PRCTL,
	ARCH,
	FCNTL,
	MODE,
	MFD,
	PERS,
	PROTO,
	SIG,
	SECC,
	KEY,
	AT,
	MSG
};

static const char set_names[][16] = {
	[DOMAIN] = "domain", [TYPE] = "type",     [OPEN] = "open",   [PROT] = "prot",
	[MAP] = "map",       [CLONE] = "clone",   [IOCTL] = "ioctl", [PRCTL] = "prctl",
	[ARCH] = "arch",     [FCNTL] = "fcntl",   [MODE] = "mode",   [MFD] = "mfd",
	[PERS] = "persona",  [PROTO] = "netlink", [SIG] = "signal",  [SECC] = "seccomp",
	[KEY] = "keyctl",    [AT] = "at",         [MSG] = "msg",
};

static const struct constant {
	uint32_t value;
	uint8_t set;
	char name[35];
} constants[] = {
#define C(set, name)                         \
	{                                    \
		(uint32_t)(name), set, #name \
	}
	/* clang-format off */
	C(DOMAIN, AF_UNSPEC), C(DOMAIN, AF_UNIX), C(DOMAIN, AF_INET), C(DOMAIN, AF_AX25), C(DOMAIN, AF_INET6), C(DOMAIN, AF_KEY),
	C(DOMAIN, AF_NETLINK), C(DOMAIN, AF_PACKET), C(DOMAIN, AF_RDS), C(DOMAIN, AF_LLC), C(DOMAIN, AF_CAN), C(DOMAIN, AF_TIPC),
	C(DOMAIN, AF_BLUETOOTH), C(DOMAIN, AF_RXRPC), C(DOMAIN, AF_ALG), C(DOMAIN, AF_NFC), C(DOMAIN, AF_VSOCK), C(DOMAIN, AF_KCM),
	C(DOMAIN, AF_QIPCRTR), C(DOMAIN, AF_SMC), C(DOMAIN, AF_XDP), C(DOMAIN, AF_MCTP),
	C(TYPE, SOCK_STREAM), C(TYPE, SOCK_DGRAM), C(TYPE, SOCK_RAW), C(TYPE, SOCK_RDM), C(TYPE, SOCK_SEQPACKET), C(TYPE, SOCK_PACKET),
	C(TYPE, SOCK_CLOEXEC), C(TYPE, SOCK_NONBLOCK),
	C(OPEN, O_RDONLY), C(OPEN, O_WRONLY), C(OPEN, O_RDWR), C(OPEN, O_CREAT), C(OPEN, O_EXCL), C(OPEN, O_NOCTTY), C(OPEN, O_TRUNC),
	C(OPEN, O_APPEND), C(OPEN, O_NONBLOCK), C(OPEN, O_CLOEXEC), C(OPEN, O_DIRECTORY), C(OPEN, O_NOFOLLOW), C(OPEN, O_PATH),
	C(OPEN, O_DIRECT), C(OPEN, O_NOATIME),
	C(PROT, PROT_NONE), C(PROT, PROT_READ), C(PROT, PROT_WRITE), C(PROT, PROT_EXEC), C(PROT, PROT_GROWSDOWN), C(PROT, PROT_GROWSUP),
	C(MAP, MAP_SHARED), C(MAP, MAP_PRIVATE), C(MAP, MAP_FIXED), C(MAP, MAP_ANONYMOUS), C(MAP, MAP_LOCKED), C(MAP, MAP_NORESERVE),
	C(MAP, MAP_POPULATE), C(MAP, MAP_STACK), C(MAP, MAP_HUGETLB),
	C(CLONE, CLONE_VM), C(CLONE, CLONE_FS), C(CLONE, CLONE_FILES), C(CLONE, CLONE_SIGHAND), C(CLONE, CLONE_PTRACE), C(CLONE, CLONE_VFORK),
	C(CLONE, CLONE_PARENT), C(CLONE, CLONE_THREAD), C(CLONE, CLONE_NEWNS), C(CLONE, CLONE_SYSVSEM), C(CLONE, CLONE_SETTLS),
	C(CLONE, CLONE_PARENT_SETTID), C(CLONE, CLONE_CHILD_CLEARTID), C(CLONE, CLONE_UNTRACED), C(CLONE, CLONE_CHILD_SETTID),
	C(CLONE, CLONE_NEWCGROUP), C(CLONE, CLONE_NEWUTS), C(CLONE, CLONE_NEWIPC), C(CLONE, CLONE_NEWUSER), C(CLONE, CLONE_NEWPID),
	C(CLONE, CLONE_NEWNET), C(CLONE, CLONE_NEWTIME), C(CLONE, CLONE_IO), C(CLONE, CLONE_PIDFD),
	C(IOCTL, TCGETS), C(IOCTL, TCSETS), C(IOCTL, TCSETSW), C(IOCTL, TCSETSF), C(IOCTL, TCSBRK), C(IOCTL, TCXONC), C(IOCTL, TCFLSH),
	C(IOCTL, TIOCGWINSZ), C(IOCTL, TIOCSWINSZ), C(IOCTL, TIOCGPGRP), C(IOCTL, TIOCSPGRP), C(IOCTL, TIOCGSID), C(IOCTL, TIOCSCTTY),
	C(IOCTL, TIOCNOTTY), C(IOCTL, TIOCOUTQ), C(IOCTL, TIOCGPTN), C(IOCTL, TIOCSPTLCK), C(IOCTL, TIOCGPTPEER), C(IOCTL, TIOCPKT), C(IOCTL, TIOCEXCL),
	C(IOCTL, TIOCSTI), C(IOCTL, TIOCLINUX), C(IOCTL, TIOCSETD), C(IOCTL, TIOCGETD), C(IOCTL, TIOCCONS), C(IOCTL, TIOCMGET),
	C(IOCTL, FIONREAD), C(IOCTL, FIONBIO), C(IOCTL, FIOASYNC), C(IOCTL, FIOCLEX), C(IOCTL, FIONCLEX), C(IOCTL, FIOQSIZE),
	C(IOCTL, FICLONE), C(IOCTL, FICLONERANGE), C(IOCTL, FS_IOC_GETFLAGS), C(IOCTL, FS_IOC_SETFLAGS),
	C(PRCTL, PR_SET_PDEATHSIG), C(PRCTL, PR_GET_PDEATHSIG), C(PRCTL, PR_GET_DUMPABLE), C(PRCTL, PR_SET_DUMPABLE), C(PRCTL, PR_GET_KEEPCAPS),
	C(PRCTL, PR_SET_KEEPCAPS), C(PRCTL, PR_GET_TIMING), C(PRCTL, PR_SET_TIMING), C(PRCTL, PR_SET_NAME), C(PRCTL, PR_GET_NAME),
	C(PRCTL, PR_GET_SECCOMP), C(PRCTL, PR_SET_SECCOMP), C(PRCTL, PR_CAPBSET_READ), C(PRCTL, PR_CAPBSET_DROP), C(PRCTL, PR_GET_TSC),
	C(PRCTL, PR_SET_TSC), C(PRCTL, PR_GET_SECUREBITS), C(PRCTL, PR_SET_SECUREBITS), C(PRCTL, PR_SET_TIMERSLACK), C(PRCTL, PR_GET_TIMERSLACK),
	C(PRCTL, PR_SET_MM), C(PRCTL, PR_SET_PTRACER), C(PRCTL, PR_SET_CHILD_SUBREAPER), C(PRCTL, PR_GET_CHILD_SUBREAPER),
	C(PRCTL, PR_SET_NO_NEW_PRIVS), C(PRCTL, PR_GET_NO_NEW_PRIVS), C(PRCTL, PR_GET_TID_ADDRESS), C(PRCTL, PR_SET_THP_DISABLE),
	C(PRCTL, PR_GET_THP_DISABLE), C(PRCTL, PR_CAP_AMBIENT), C(PRCTL, PR_GET_SPECULATION_CTRL), C(PRCTL, PR_SET_SPECULATION_CTRL),
	C(PRCTL, PR_SET_IO_FLUSHER), C(PRCTL, PR_SET_SYSCALL_USER_DISPATCH), C(PRCTL, PR_SCHED_CORE), C(PRCTL, PR_SET_MDWE), C(PRCTL, PR_GET_MDWE), C(PRCTL, PR_SET_VMA),
	C(FCNTL, F_DUPFD), C(FCNTL, F_GETFD), C(FCNTL, F_SETFD), C(FCNTL, F_GETFL), C(FCNTL, F_SETFL), C(FCNTL, F_GETLK), C(FCNTL, F_SETLK),
	C(FCNTL, F_SETLKW), C(FCNTL, F_SETOWN), C(FCNTL, F_GETOWN), C(FCNTL, F_DUPFD_CLOEXEC), C(FCNTL, F_SETPIPE_SZ), C(FCNTL, F_GETPIPE_SZ),
	C(FCNTL, F_ADD_SEALS), C(FCNTL, F_GET_SEALS), C(FCNTL, F_OFD_GETLK), C(FCNTL, F_OFD_SETLK), C(FCNTL, F_OFD_SETLKW), C(FCNTL, F_NOTIFY), C(FCNTL, F_SETLEASE),
	C(MODE, S_IFMT), C(MODE, S_IFREG), C(MODE, S_IFIFO), C(MODE, S_IFCHR), C(MODE, S_IFBLK), C(MODE, S_IFSOCK), C(MODE, S_IFDIR), C(MODE, S_ISUID), C(MODE, S_ISGID), C(MODE, S_ISVTX),
	C(MFD, MFD_CLOEXEC), C(MFD, MFD_ALLOW_SEALING), C(MFD, MFD_HUGETLB), C(MFD, MFD_NOEXEC_SEAL), C(MFD, MFD_EXEC),
	C(PERS, PER_LINUX), C(PERS, ADDR_NO_RANDOMIZE), C(PERS, READ_IMPLIES_EXEC), C(PERS, UNAME26), C(PERS, PER_LINUX32), C(PERS, MMAP_PAGE_ZERO),
	C(PROTO, NETLINK_ROUTE), C(PROTO, NETLINK_AUDIT), C(PROTO, NETLINK_NETFILTER), C(PROTO, NETLINK_KOBJECT_UEVENT), C(PROTO, NETLINK_GENERIC),
	C(PROTO, IPPROTO_IP), C(PROTO, IPPROTO_ICMP), C(PROTO, IPPROTO_TCP), C(PROTO, IPPROTO_UDP), C(PROTO, IPPROTO_IPV6), C(PROTO, IPPROTO_ICMPV6),
	C(SIG, SIGHUP), C(SIG, SIGINT), C(SIG, SIGQUIT), C(SIG, SIGILL), C(SIG, SIGTRAP), C(SIG, SIGABRT), C(SIG, SIGBUS), C(SIG, SIGFPE),
	C(SIG, SIGKILL), C(SIG, SIGUSR1), C(SIG, SIGSEGV), C(SIG, SIGUSR2), C(SIG, SIGPIPE), C(SIG, SIGALRM), C(SIG, SIGTERM), C(SIG, SIGCHLD),
	C(SIG, SIGCONT), C(SIG, SIGSTOP), C(SIG, SIGTSTP), C(SIG, SIGWINCH), C(SIG, SIGSYS),
	C(SECC, SECCOMP_SET_MODE_STRICT), C(SECC, SECCOMP_SET_MODE_FILTER), C(SECC, SECCOMP_GET_ACTION_AVAIL), C(SECC, SECCOMP_GET_NOTIF_SIZES),
	C(KEY, KEYCTL_GET_KEYRING_ID), C(KEY, KEYCTL_JOIN_SESSION_KEYRING), C(KEY, KEYCTL_READ), C(KEY, KEYCTL_DESCRIBE), C(KEY, KEYCTL_SEARCH),
	C(SECC, SECCOMP_FILTER_FLAG_TSYNC), C(SECC, SECCOMP_FILTER_FLAG_LOG),
	{ SECCOMP_FILTER_FLAG_NEW_LISTENER, SECC, "FILTER_FLAG_NEW_LISTENER" },
	C(ARCH, ARCH_SET_GS), C(ARCH, ARCH_SET_FS), C(ARCH, ARCH_GET_FS), C(ARCH, ARCH_GET_GS), C(ARCH, ARCH_GET_CPUID), C(ARCH, ARCH_SET_CPUID),
	{ 0x3001, ARCH, "ARCH_CET_STATUS" }, { 0x5001, ARCH, "ARCH_SHSTK_ENABLE" }, { 0x5005, ARCH, "ARCH_SHSTK_STATUS" },
	C(MSG, MSG_OOB), C(MSG, MSG_PEEK), C(MSG, MSG_DONTWAIT), C(MSG, MSG_NOSIGNAL), C(MSG, MSG_MORE), C(MSG, MSG_ERRQUEUE), C(MSG, MSG_FASTOPEN),
	C(AT, AT_SYMLINK_NOFOLLOW), C(AT, AT_REMOVEDIR), C(AT, AT_SYMLINK_FOLLOW), C(AT, AT_EMPTY_PATH), C(AT, AT_NO_AUTOMOUNT),
	/* clang-format on */
};

bool constant_find(struct span name, uint64_t *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(constants); i++) {
		if (span_eq(name, constants[i].name)) {
			*ret = constants[i].value;
			return true;
		}
	}
	return false;
}

const char *constant_near(const char *wrong)
{
	struct text_near near = { .distance = 3 };

	for (size_t i = 0; i < ARRAY_LEN(constants); i++)
		text_near_try(&near, wrong, constants[i].name);
	return near.name;
}

struct span constant_name(struct span set, uint64_t value)
{
	for (size_t i = 0; i < ARRAY_LEN(constants); i++) {
		if (constants[i].value == value && span_eq(set, set_names[constants[i].set]))
			return span_of(constants[i].name);
	}
	return (struct span){ "", 0 };
}

static const struct {
	int value;
	char name[20];
} errors[] = {
#define E(name)             \
	{                   \
		name, #name \
	}
	E(EPERM),        E(ENOENT),      E(EINTR),        E(EIO),
	E(ENXIO),        E(EBADF),       E(EAGAIN),       E(ENOMEM),
	E(EACCES),       E(EFAULT),      E(EBUSY),        E(EEXIST),
	E(ENODEV),       E(ENOTDIR),     E(EISDIR),       E(EINVAL),
	E(EMFILE),       E(ENOTTY),      E(ENOSPC),       E(EROFS),
	E(ENOSYS),       E(EOPNOTSUPP),  E(EAFNOSUPPORT), E(EPROTONOSUPPORT),
	E(ECONNREFUSED), E(ENETUNREACH), E(EHOSTUNREACH), E(ETIMEDOUT),
};

int errno_find(struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		if (span_eq(name, errors[i].name))
			return errors[i].value;
	}
	return -1;
}

const char *errno_name(int value)
{
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		if (errors[i].value == value)
			return errors[i].name;
	}
	return "?";
}
