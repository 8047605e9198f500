/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BPF_TRACER_PROGRAMS_H
#define IMMURE_BPF_TRACER_PROGRAMS_H

/* The programs of tracer.bpf.c, in the order in which they are attached. */

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>

#include "bpf/hooks.h"

/* How many hooks there are, that of the 32-bit table among them. */
#define TRACER_ONE(function, call) +1
#define TRACER_N_HOOKS (1 TRACER_HOOKS(TRACER_ONE))

#define TRACER_PROGRAMS (53 + TRACER_N_HOOKS)

struct tracer_program {
	const char *name;
	enum need {
		NEED_ALWAYS,
		NEED_IF_THERE, /* io_uring's tracepoint has had several names */
		NEED_TO_GUARD, /* a hook of the BPF LSM: attached when somebody asks for it */
		NEED_IF_HOOK,  /* the same, if this kernel has the hook */
		NEED_ENTERS,   /* each call of the machine goes by here */
		NEED_RETURNS,  /* and here */
		NEED_HOOK,     /* calls of one number only */
	} need;
	int nr; /* NEED_HOOK: which; -1: of the 32-bit table */
};

extern const struct tracer_program tracer_programs[TRACER_PROGRAMS];

bool tracer_is_guard(size_t i);
bool tracer_is_hook(size_t i);

/*
 * Has this kernel what a program is for, a hook of the LSM or a function? Later ones have more,
 * older ones fewer.
 *
 *   ret  all false; set where it has, for programs of these two kinds
 */
void tracer_find_hooks(const struct btf *kernel, const struct bpf_object *object,
		       bool ret[TRACER_PROGRAMS]);

#endif
