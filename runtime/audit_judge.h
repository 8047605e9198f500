/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_AUDIT_JUDGE_H
#define IMMURE_RUNTIME_AUDIT_JUDGE_H

/* From what the command line names to a report: standards, waivers, baselines are read here. */

#include <jansson.h>

#include "runtime/audit_run.h"
#include "runtime/options.h"

struct audit_judge_options {
	struct opt_list standards; /* names, files, or "all"; empty: those of default_standards */
	const char *waivers;       /* a file, or NULL */
	const char *today;         /* YYYY-MM-DD, or NULL for the day that it is, UTC */
	const char *require;       /* "E3", or NULL */
	const char *key;           /* the run has to be signed by it; or NULL */
};

#define AUDIT_DEFAULT_STANDARDS "cis-docker-1.6 immure"

/*
 * Judge a run, or what audit_host_read() gave (with dir -1). A signature that does not fit breaks
 * the record as a changed event does.
 *
 *   ret  the report; released by json_decref()
 *
 * Returns   0, -EINVAL (stage ERR_USAGE: which file or option, and what is wrong), -errno.
 */
must_check int audit_judge(struct audit_run *run, const struct audit_judge_options *options,
			   struct arena *arena, json_t **ret, struct err *err);

/* Read an earlier report. -EINVAL (stage ERR_USAGE) if it is none. */
must_check int audit_baseline_read(const char *file, json_t **ret, struct err *err);

/*
 * Can a report be held against it? Warns if they are of different policies.
 *
 * Returns   0, -EINVAL (stage ERR_USAGE: it is of other standards, or of a broken record).
 */
must_check int audit_baseline_check(const json_t *baseline, const json_t *report, struct err *err);

#endif
