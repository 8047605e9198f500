/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_OCI_FILTER_H
#define IMMURE_POLICIES_OCI_FILTER_H

/*
 * The seccomp section of an OCI bundle, and immure's floor beneath it, as classic BPF programs.
 * Pure. Source: OCI runtime-spec, config-linux.md, "Seccomp"; seccomp(2).
 */

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum oci_compare {
	OCI_NE,
	OCI_LT,
	OCI_LE,
	OCI_EQ,
	OCI_GE,
	OCI_GT,
	OCI_MASKED_EQ, /* (argument & value) == value_two */
};

/* All 64 bits are compared, as libseccomp does. */
struct oci_compare_arg {
	unsigned index; /* 0 to 5 */
	enum oci_compare op;
	uint64_t value, value_two;
};

struct oci_filter_rule {
	size_t n_names;
	const char *const *names; /* one that this kernel or library does not know is skipped */
	size_t n_args;
	const struct oci_compare_arg *args; /* all must hold, or one of them when any is set */
	uint32_t action;                    /* SECCOMP_RET_*, with the errno in its low half */
	bool any;
};

struct oci_filter {
	uint32_t default_action;
	size_t n_rules;
	const struct oci_filter_rule *rules;
	size_t n_archs;
	uint32_t archs[8]; /* AUDIT_ARCH_*, the native one first; any other kills */
	bool x32;          /* else its numbers kill */
};

/*
 * Compile. For a call that several rules name, conditional rules are tried in their order, then the
 * first rule without conditions, then the default action.
 *
 *   arena  owns *ret
 *
 * Returns   the number of instructions, -E2BIG, -ENOMEM.
 */
must_check int oci_filter_emit(const struct oci_filter *filter, struct arena *arena,
			       const struct sock_filter **ret, struct err *err);

/*
 * What no container may do, whatever its bundle allows: load kernel code, reach the kernel's
 * keyrings, make user namespaces, type into a terminal, use families and ABIs that have been doors
 * out. Refuses with EPERM (ENOSYS for clone3, so that clone is used), allows everything else.
 */
must_check int oci_filter_floor(struct arena *arena, const struct sock_filter **ret,
				struct err *err);

/* The architecture that this program was built for, as AUDIT_ARCH_*. */
uint32_t oci_filter_native(void);

#endif
