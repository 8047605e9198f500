/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_SYS_H
#define IMMURE_BASE_SYS_H

/* System calls that glibc 2.36 has no function for. Each returns the kernel's answer or -errno. */

#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"

must_check int sys_openat2(int dirfd, const char *path, const struct open_how *how);
/* As fork(2): returns 0 in the child. No CLONE_VM: glibc keeps no state that this would break. */
must_check pid_t sys_clone3(struct clone_args *args);
must_check int sys_pivot_root(const char *new_root, const char *put_old);
must_check int sys_seccomp(unsigned op, unsigned flags, void *args);
must_check int sys_landlock_create_ruleset(const struct landlock_ruleset_attr *attr, size_t size,
					   uint32_t flags);
must_check int sys_landlock_add_rule(int fd, enum landlock_rule_type type, const void *attr);
must_check int sys_landlock_restrict_self(int fd, uint32_t flags);
must_check int sys_join_session_keyring(const char *name);
must_check int sys_pidfd_send_signal(int pidfd, int sig);
must_check int sys_execveat(int fd, const char *path, char *const argv[], char *const envp[],
			    int flags);
/* True if somebody made this program set-user-id or set-group-id. The kernel told us; no call. */
bool sys_is_set_id(void);

must_check int sys_prlimit(pid_t pid, int resource, uint64_t soft, uint64_t hard);

#endif
