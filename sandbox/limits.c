/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sys.h"
#include "sandbox/steps.h"

/* Soft and hard alike: a workload cannot raise what it cannot change. Source: getrlimit(2). */
int rlimits_apply(struct confine *c, struct err *err)
{
	for (size_t i = 0; i < c->plan->n_rlimits; i++) {
		const struct plan_rlimit *limit = &c->plan->rlimits[i];
		int r = sys_prlimit(0, limit->resource, limit->value, limit->value);

		if (r < 0)
			return err_sys(err, -r, "cannot set resource limit %d to %llu",
				       limit->resource, (unsigned long long)limit->value);
	}
	return 0;
}
