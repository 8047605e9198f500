/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_SYSCALL_ARGS_H
#define IMMURE_POLICIES_SYSCALL_ARGS_H

/*
 * What the arguments of each system call are called and mean: for conditions in policies and for
 * the text of a denial. One packed string and no pointers, so that the launcher pays nothing for
 * it at start-up.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum arg_kind {
	ARG_INT,      /* signed decimal */
	ARG_HEX,      /* address, length or bits without names */
	ARG_FD,       /* descriptor, or AT_FDCWD */
	ARG_PATH,     /* pointer to a NUL-terminated path: cannot be compared */
	ARG_SOCKADDR, /* pointer; the next argument is its length: cannot be compared */
	ARG_POINTER,  /* other pointers: cannot be compared */
	ARG_MODE,     /* octal */
	ARG_FLAGS,    /* bits with names, of the set in `names` */
	ARG_ENUM,     /* one value with a name, of the set in `names` */
};

struct arg_info {
	struct span name; /* as in the man page: "domain", "flags" */
	enum arg_kind kind;
	struct span names; /* of the set of constants, e.g. "socket_domain"; empty if none */
};

/* Fill up to six descriptions. Returns how many arguments the call has, or -1 for an unknown one.
 */
int syscall_args_find(const char *call, struct arg_info ret[6]);

/* The value of a constant such as AF_UNIX, O_CREAT, TIOCSTI. Returns false if not known. */
bool constant_find(struct span name, uint64_t *ret);

/* The constant whose name is nearest to a wrong one, or NULL if none is near. */
const char *constant_near(const char *wrong);

/* The name of a value in a set, or an empty span. */
struct span constant_name(struct span set, uint64_t value);

/* A positive errno value by its name ("EPERM"), or -1; and back, "?" for one that is not listed. */
int errno_find(struct span name);
const char *errno_name(int value);

#endif
