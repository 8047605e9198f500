/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BPF_TRACER_PROGRAMS_H
#define IMMURE_BPF_TRACER_PROGRAMS_H

/* The programs of tracer.bpf.c, in the order in which they are attached. */

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>

#define TRACER_PROGRAMS 52

struct tracer_program {
	const char *name;
	enum need {
		NEED_ALWAYS,
		NEED_IF_THERE, /* io_uring's tracepoint has had several names */
		NEED_TO_GUARD, /* a hook of the BPF LSM: attached when somebody asks for it */
		NEED_IF_HOOK,  /* the same, if this kernel has the hook */
		NEED_ENTERS,   /* each call of the machine goes by here */
		NEED_RETURNS,  /* and here */
	} need;
};

extern const struct tracer_program tracer_programs[TRACER_PROGRAMS];

bool tracer_is_guard(size_t i);

/* Has this kernel the hook that the program is for? Later ones have more, older ones fewer. */
bool tracer_has_hook(const struct btf *kernel, const struct bpf_program *program);

#endif
