/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_POLICY_LINT_H
#define IMMURE_POLICIES_POLICY_LINT_H

/*
 * What is allowed in a policy and is yet a bad idea, or does not do what it looks like. Ids are
 * stable: pipelines and waivers name them.
 */

#include "base/err.h"
#include "policies/policy.h"

enum lint_level {
	LINT_LOW,
	LINT_MEDIUM,
	LINT_HIGH,
};

/* "low", "medium", "high". */
const char *lint_level_name(enum lint_level level);

enum lint_id {
	LINT_DANGEROUS_CALL,
	LINT_CLONE3_BESIDE_CLONE,
	LINT_OPENAT2_BESIDE_OPENAT,
	LINT_FCHMODAT2_BESIDE_FCHMODAT,
	LINT_IOCTL_UNFILTERED,
	LINT_TIOCSTI,
	LINT_TIOCLINUX,
	LINT_PRCTL_UNFILTERED,
	LINT_SOCKET_UNFILTERED,
	LINT_SOCKET_RARE,
	LINT_SOCKET_RAW,
	LINT_WRITE_EXEC_MEMORY,
	LINT_MEMFD_EXEC,
	LINT_NEW_NAMESPACES,
	LINT_SET_ID_BITS,
	LINT_DEVICE_NODES,
	LINT_IO_URING,
	LINT_NESTED_LISTENER,
	LINT_EPERM_FOR_ENOSYS,
	LINT_UNKNOWN_NOT_ENOSYS,
	LINT_HALF_FAMILY,
	LINT_DENY_HALF_FAMILY,
	LINT_ALLOW_WITHOUT_EFFECT,
	LINT_DENY_WITHOUT_EFFECT,
	LINT_DUPLICATE_RULE,
	LINT_NEVER_TRUE,
	LINT_ALWAYS_TRUE,
	LINT_CONFLICTING_ERRORS,
	LINT_WRITE_EXEC_PATH,
	LINT_WRITABLE_PROC,
	LINT_WRITABLE_ROOT,
	LINT_WRITABLE_SYSTEM,
	LINT_RUNTIME_SOCKET,
	LINT_READABLE_SECRET,
	LINT_DEVICE_GRANT,
	LINT_FILE_WITHOUT_EFFECT,
	LINT_FOLDER_ALONE,
	LINT_CONNECT_ANYWHERE,
	LINT_METADATA_GRANTED,
	LINT_DNS_OPEN,
	LINT_PROGRAM_NOT_HELD,
	LINT_NETWORK_WITHOUT_SOCKET,
	LINT_NETWORK_WITHOUT_EFFECT,
	LINT_NETWORK_UNUSED,
	LINT_NETWORK_NOT_HELD,
	LINT_ROOT_USER,
	LINT_NO_MEMORY_LIMIT,
	LINT_NO_PIDS_LIMIT,
	LINT_FILES_NOT_REQUIRED,
	LINT_LIMIT_NOT_REQUIRED,
	LINT_WAIVER_EXPIRED,
	LINT_WAIVER_UNUSED,
	LINT_MODE_AUDIT,
	LINT_NO_NAME,
	LINT_NO_TESTS,
	LINT_GRANT_UNUSED, /* by policy_lint_unused() alone */
	LINT_COUNT,
};

/* A row of the catalogue; lint_catalogue[id]. */
struct lint_entry {
	const char *id; /* "tiocsti-allowed" */
	enum lint_level level;
	const char *title; /* one line */
	const char *help;  /* why, and what to do */
};

extern const struct lint_entry lint_catalogue[LINT_COUNT];

struct lint_finding {
	enum lint_id id;
	struct where where;
	const char *rule;                   /* the line as written, or NULL for the whole policy */
	const char *text;                   /* what was found, several with commas; may be "" */
	const struct policy_waiver *waiver; /* that covers it today, or NULL; borrowed */
};

struct lint {
	struct arena *arena; /* borrowed; owns the texts */
	const char *network; /* run --network that the policy is meant for, or NULL: any */
	bool (*is_control)(
		const char *id); /* of audit check, so that waivers may name it; or NULL */
	size_t n, cap;
	struct lint_finding *items; /* by place */
	bool out_of_memory;
};

/*
 * Look for everything in the catalogue.
 *
 *   policy  merged. Rules of builtins that it extends are not judged again, what they add up to is
 *   today   YYYY-MM-DD: a waiver counts until its day is over
 *   ret     its arena and network are set by the caller
 *
 * Returns   0, -E2BIG (conditions too complex), -ENOMEM.
 */
must_check int policy_lint(const struct policy *policy, uint32_t arch, const char *today,
			   struct lint *ret, struct err *err);

/* What records of runs tell of a rule: its grants, and in how many runs nobody used them. */
struct lint_unused {
	const struct rule *rule;
	const char *text;
};

/*
 * Add a finding for each, and judge the waivers for such findings.
 *
 *   ret  as for policy_lint()
 */
must_check int policy_lint_unused(const struct policy *policy, const struct lint_unused *list,
				  size_t n, const char *today, struct lint *ret, struct err *err);

#endif
