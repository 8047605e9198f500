/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_MUSL_SYS_SYSCALL_H
#define IMMURE_BASE_MUSL_SYS_SYSCALL_H

/* The kernel's own numbers: musl has those of Linux 5.12. */

#include <asm/unistd.h>
#include_next <sys/syscall.h>

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd __NR_quotactl_fd
#endif

#endif
