/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_FILTER_MODEL_H
#define IMMURE_POLICIES_FILTER_MODEL_H

#include "base/err.h"
#include "base/strbuf.h"
#include "policies/diagram.h"
#include "policies/filter_emit.h"
#include "policies/policy.h"

/*
 * What a merged policy says of every system call, read from its rules alone and not from the
 * program that filter_emit() writes. Answers are those of the program of this kind.
 *
 *   arch  AUDIT_ARCH_X86_64 or AUDIT_ARCH_AARCH64; all else is killed
 *   ret   filled only on success; a diagram of `set`
 *
 * Returns   0, -E2BIG (conditions too complex), -ENOMEM.
 * Source    immure-policy(5), "SYSTEM CALL RULES"
 */
must_check int filter_model(const struct policy *policy, uint32_t arch, enum filter_kind kind,
			    struct diagrams *set, diagram *ret, struct err *err);

/* 1 where a condition holds, 0 elsewhere. */
diagram filter_model_condition(const struct cond *cond, struct diagrams *set);

/*
 * Translation validation: the program answers what the policy says, on every input.
 *
 * Returns   0, -EINVAL (*err names an input on which they differ, or why it would not load),
 *           -E2BIG, -ENOMEM.
 * Effects   allocates in arena.
 */
must_check int filter_check(const struct policy *policy, uint32_t arch, enum filter_kind kind,
			    struct filter_code code, struct arena *arena, struct err *err);

/* "USER_NOTIF", "ERRNO(1)"...: an answer of the kernel's program in words. */
void filter_answer_print(uint32_t answer, struct strbuf *ret);

#define FILTER_ALL_ARGS 0x3f

/*
 * "socket(domain=AF_INET, type=1)": a call with those arguments that policies can name and whose
 * bit is in `args`; without parentheses if there are none.
 */
void filter_call_print(const struct seccomp_data *data, unsigned args, struct strbuf *ret);

#endif
