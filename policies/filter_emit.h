/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_FILTER_EMIT_H
#define IMMURE_POLICIES_FILTER_EMIT_H

#include <linux/filter.h>

#include "base/err.h"
#include "policies/bpf_emit.h"
#include "policies/policy.h"

/* What the answers of a program are. */
enum filter_kind {
	FILTER_KERNEL,  /* the kernel's SECCOMP_RET_* */
	FILTER_EXPLAIN, /* EXPLAIN_LEAF: which rule decides, and what it answers */
	FILTER_VERDICT, /* what the rules answer, whoever said so, as if the mode were enforce */
	FILTER_RULES,   /* the same with the rule */
};

#define FILTER_MAX_INSNS BPF_EMIT_MAX

struct filter_code {
	const struct sock_filter *code;
	size_t n;
	uint32_t n_allowed; /* calls allowed, with or without conditions */
};

/*
 * Turn the syscall rules of a merged policy into a classic BPF program: the architecture is checked
 * first, other ABIs kill, then a balanced tree over ranges of numbers, then the conditions on the
 * low 32 bits of arguments. A deny whose condition holds wins over any allow.
 *
 *   arch   AUDIT_ARCH_X86_64 or AUDIT_ARCH_AARCH64
 *   arena  owns the code of *ret
 *
 * Returns   0, -E2BIG, -ENOMEM.
 * Source    seccomp(2), Documentation/networking/filter.rst
 */
must_check int filter_emit(const struct policy *policy, uint32_t arch, enum filter_kind kind,
			   struct arena *arena, struct filter_code *ret, struct err *err);

/* Calls that no policy can take away: without them nothing could even end. NULL-terminated. */
extern const char *const filter_always[];

#endif
