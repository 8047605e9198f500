/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_VERDICT_H
#define IMMURE_AUDIT_VERDICT_H

#include <stddef.h>

#include "audit/run_read.h"
#include "base/arena.h"

enum verdict_status {
	CHECK_PASS,
	CHECK_FAIL,
	CHECK_NOT_PROVEN,
	CHECK_NA
};

/* One control, judged by what the kernel said of the run. Never a pass by absence. */
struct check {
	const char *id;    /* "CIS 5.25" where a standard has it, else "immure ..." */
	const char *title; /* what is controlled, in our words */
	enum verdict_status status;
	const char *expected, *observed; /* in arena */
	const char *source;              /* where it was read */
};

/*
 * Judge a run.
 *
 *   arena  owns the texts
 *   ret    array in arena
 *
 * Returns   how many checks there are, or -ENOMEM.
 */
must_check int verdict_make(const struct run_record *record, struct arena *arena,
			    struct check **ret, struct err *err);

#endif
