/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_RISK_H
#define IMMURE_AUDIT_RISK_H

/* What granting a system call would give away. */
struct risk {
	const char *level; /* "low", "medium", "high", "critical" */
	const char *reason;
};

/* Never empty: what is not in the table is judged by its group. */
struct risk risk_of_call(const char *call);

/* The same for a path and an access ("read", "write", "exec"). */
struct risk risk_of_path(const char *path, const char *access);

#endif
