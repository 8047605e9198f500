/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_POLICY_DIFF_H
#define IMMURE_POLICIES_POLICY_DIFF_H

/*
 * What two policies mean differently, whatever they look like. System calls are compared on every
 * number and argument (filter_model.h), files on a path of each kind that the rules tell apart,
 * the network on an address, a name and a port of each kind.
 */

#include <linux/seccomp.h>

#include "base/err.h"
#include "policies/policy.h"

enum diff_class {
	DIFF_WIDER,    /* the second allows what the first refuses */
	DIFF_NARROWER, /* the second refuses what the first allows */
	DIFF_OTHER,    /* both refuse, with another answer; or another identity */
};

struct policy_difference {
	enum diff_class class;
	const char *area;    /* "syscall", "file", "network", "limit", "require", "identity" */
	const char *witness; /* "ioctl(cmd=TIOCSTI)", "write /etc/x", "connect tcp 10.1.2.3:22" */
	const char *before;  /* what the first policy says of it, in words */
	const char *after;   /* and the second */
	const struct rule *rule;  /* of the policy that allows it, or NULL; borrowed */
	struct seccomp_data call; /* the witness of area "syscall" */
};

struct policy_diff {
	struct arena *arena; /* borrowed; owns the texts */
	size_t n, cap;
	struct policy_difference *items;
};

/* "wider", "narrower", "other". */
const char *diff_class_name(enum diff_class class);

/*
 * Compare two merged policies.
 *
 *   arch  AUDIT_ARCH_* whose numbers the calls are compared by
 *   ret   its arena is set by the caller; filled in the order syscalls, files, the rest
 *
 * Returns   0, -E2BIG (conditions too complex), -ENOMEM.
 */
must_check int policy_diff(const struct policy *a, const struct policy *b, uint32_t arch,
			   struct policy_diff *ret, struct err *err);

#endif
