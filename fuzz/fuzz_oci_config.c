/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json of a bundle. Property: either an error with a text, or a plan whose paths are
 * absolute, whose limits are soft <= hard, and whose filter the kernel would load.
 */
#include <stdlib.h>
#include <string.h>

#include "policies/bpf_eval.h"
#include "runtime/oci_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct oci_plan *plan)
{
	if (plan->root[0] != '/')
		abort();
	for (size_t i = 0; i < plan->n_mounts; i++) {
		if (plan->mounts[i].target[0] != '/' || strstr(plan->mounts[i].target, "/../"))
			abort();
	}
	for (size_t i = 0; i < plan->process.n_rlimits; i++) {
		if (plan->process.rlimits[i].soft > plan->process.rlimits[i].hard)
			abort();
	}
	if (plan->seccomp.bundle.n > 0 &&
	    !bpf_is_loadable(plan->seccomp.bundle.code, plan->seccomp.bundle.n))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_json json_t *json = NULL;
	struct oci_plan plan = { 0 };
	struct err err = { 0 };
	int r = oci_json_parse((const char *)data, n, &json, &err);

	if (r == 0)
		r = oci_config_read(json, "/bundle", &arena, &plan, &err);
	if (r < 0 && (err.len == 0 || plan.root))
		abort();
	if (r == 0)
		check(&plan);
	if (r == 0 && oci_floor_check(&plan, &arena, &err) < 0 && err.len == 0)
		abort();
	return 0;
}
