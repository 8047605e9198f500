/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_LINT_RUNS_H
#define IMMURE_RUNTIME_LINT_RUNS_H

/* policy lint --unused: grants that no run on record has used, as findings. */

#include "policies/policy_lint.h"
#include "runtime/grant_runs.h"

/* The policy of the run that ended last, by the path or name that it was read from; in arena. */
must_check int lint_runs_last_policy(struct arena *arena, const char **ret, struct err *err);

/*
 * The findings: a line's grants that were never used in as many runs are told together.
 *
 *   lint  its arena is set by the caller
 */
must_check int lint_runs_find(const struct grant_runs *runs, const struct policy *policy,
			      const char *today, struct lint *lint, struct err *err);

/* How many runs were read and what cannot be told, for people. */
void lint_runs_text(const struct grant_runs *runs, struct strbuf *out);

/* Every grant of the user's own lines with its numbers, and the runs that were left out. */
void lint_runs_json(const struct grant_runs *runs, struct strbuf *out);

/* Why nothing can be told, and what to do, on standard error. */
void lint_runs_explain(const struct grant_runs *runs);

#endif
