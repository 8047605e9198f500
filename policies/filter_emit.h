/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_FILTER_EMIT_H
#define IMMURE_POLICIES_FILTER_EMIT_H

#include <linux/filter.h>

#include "base/err.h"
#include "policies/bpf_emit.h"
#include "policies/policy.h"

/* Which of the two programs: for the kernel, or for explaining (leaves are EXPLAIN_LEAF). */
enum filter_kind {
	FILTER_KERNEL,
	FILTER_EXPLAIN
};

#define FILTER_MAX_INSNS BPF_EMIT_MAX

/*
 * Turn the syscall rules of a merged policy into a classic BPF program: the architecture is checked
 * first, other ABIs kill, then a balanced tree over ranges of numbers, then the conditions on the
 * low 32 bits of arguments. A deny whose condition holds wins over any allow.
 *
 *   arch   AUDIT_ARCH_X86_64 or AUDIT_ARCH_AARCH64
 *   arena  owns *ret
 *   ret_allowed  how many calls are allowed, with or without conditions; may be NULL
 *
 * Returns   the number of instructions, -E2BIG, -ENOMEM.
 * Source    seccomp(2), Documentation/networking/filter.rst
 */
must_check int filter_emit(const struct policy *policy, uint32_t arch, enum filter_kind kind,
			   struct arena *arena, const struct sock_filter **ret,
			   uint32_t *ret_allowed, struct err *err);

/* Calls that no policy can take away: without them nothing could even end. NULL-terminated. */
extern const char *const filter_always[];

#endif
