/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BPF_SINGLES_H
#define IMMURE_BPF_SINGLES_H

/* A program at the end of single system calls, so that no other call of the machine passes by it.
 */

#include "base/err.h"
#include "bpf/calls.h"

struct singles {
	const char *symbols[TRACER_CALLS]; /* functions of calls that this kernel has */
	uint32_t n;
};

/* Which calls of the table can be followed on this kernel: reads /proc/kallsyms. */
must_check int singles_find(struct singles *ret, struct err *err);

/*
 * Attach a program there.
 *
 * Returns   descriptor of the link, or -errno: this kernel has no such hooks, or lets nobody use
 *           them.
 */
must_check int singles_attach(const struct singles *singles, int program);

#endif
