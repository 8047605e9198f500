/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static int answer(long r)
{
	return r < 0 ? -errno : (int)r;
}

int sys_openat2(int dirfd, const char *path, const struct open_how *how)
{
	return answer(syscall(SYS_openat2, dirfd, path, how, sizeof(*how)));
}

pid_t sys_clone3(struct clone_args *args)
{
	return answer(syscall(SYS_clone3, args, sizeof(*args)));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	return answer(syscall(SYS_pivot_root, new_root, put_old));
}

int sys_seccomp(unsigned op, unsigned flags, void *args)
{
	return answer(syscall(SYS_seccomp, op, flags, args));
}

int sys_landlock_create_ruleset(const struct landlock_ruleset_attr *attr, size_t size,
				uint32_t flags)
{
	return answer(syscall(SYS_landlock_create_ruleset, attr, size, flags));
}

int sys_landlock_add_rule(int fd, enum landlock_rule_type type, const void *attr)
{
	return answer(syscall(SYS_landlock_add_rule, fd, type, attr, 0));
}

int sys_landlock_restrict_self(int fd, uint32_t flags)
{
	return answer(syscall(SYS_landlock_restrict_self, fd, flags));
}

int sys_join_session_keyring(const char *name)
{
	return answer(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name));
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	return answer(syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
}

int sys_execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
	return answer(syscall(SYS_execveat, fd, path, argv, envp, flags));
}

int sys_prlimit(pid_t pid, int resource, uint64_t soft, uint64_t hard)
{
	const struct rlimit limit = { .rlim_cur = soft, .rlim_max = hard };

	return answer(prlimit(pid, resource, &limit, NULL));
}

bool sys_is_set_id(void)
{
	return getauxval(AT_UID) != getauxval(AT_EUID) || getauxval(AT_GID) != getauxval(AT_EGID);
}
