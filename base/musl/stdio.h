/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_MUSL_STDIO_H
#define IMMURE_BASE_MUSL_STDIO_H

#include_next <stdio.h>

#include <sys/syscall.h>
#include <unistd.h>

#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE 2

static inline int renameat2(int from_dir, const char *from, int to_dir, const char *to,
			    unsigned flags)
{
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

#endif
