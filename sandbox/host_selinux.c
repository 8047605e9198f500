// SPDX-License-Identifier: Apache-2.0
#include "sandbox/host_selinux.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"

/* Source: security/selinux/selinuxfs.c; each file answers one write with one read. */
#define SELINUX "/sys/fs/selinux/"
#define CONTEXT_MAX 1024

/* A small number from a file; 0 if there is none. */
static unsigned read_number(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[16] = "";
	uint64_t number = 0;
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	struct span digits = { text, n > 0 ? (size_t)n : 0 };

	return span_u64(span_trim(digits), UINT16_MAX, &number) < 0 ? 0 : (unsigned)number;
}

enum selinux_have host_selinux_read(void)
{
	cleanup_close int fd = open(SELINUX "enforce", O_RDONLY | O_CLOEXEC);
	char byte = '0';

	if (fd < 0)
		return SELINUX_OFF;
	return read(fd, &byte, 1) == 1 && byte == '1' ? SELINUX_ENFORCING : SELINUX_PERMISSIVE;
}

bool host_selinux_knows(const char *context)
{
	cleanup_close int fd = open(SELINUX "context", O_RDWR | O_CLOEXEC);

	/* With its NUL, as libselinux does it. */
	return fd >= 0 && write(fd, context, strlen(context) + 1) > 0;
}

/* The vector of what `from` may do with `to`, for a class by its number. */
static bool is_allowed(const char *from, const char *to, const char *class, const char *permission)
{
	cleanup_close int fd = open(SELINUX "access", O_RDWR | O_CLOEXEC);
	char path[128];
	char query[2 * CONTEXT_MAX + 16];
	char answer[128] = "";
	unsigned number;
	unsigned bit;
	int n;

	snprintf(path, sizeof(path), SELINUX "class/%s/index", class);
	number = read_number(path);
	snprintf(path, sizeof(path), SELINUX "class/%s/perms/%s", class, permission);
	bit = read_number(path);
	if (fd < 0 || number == 0 || bit == 0 || bit > 32)
		return false;
	n = snprintf(query, sizeof(query), "%s %s %u", from, to, number);
	if (n < 0 || (size_t)n >= sizeof(query) || write(fd, query, (size_t)n) < 0 ||
	    read(fd, answer, sizeof(answer) - 1) <= 0)
		return false;
	return strtoul(answer, NULL, 16) & 1UL << (bit - 1);
}

bool host_selinux_may_become(const char *from, const char *to)
{
	return is_allowed(from, to, "process", "transition") &&
	       is_allowed(from, to, "process2", "nnp_transition");
}
