// SPDX-License-Identifier: Apache-2.0
#include "policies/lsm_rules.h"

#include <string.h>

#include "policies/bpf_eval.h"

bool lsm_allows_number(const struct bundle *bundle, int number, const uint64_t args[6])
{
	struct seccomp_data data = { .nr = number, .arch = bundle->audit_arch };
	uint32_t leaf;

	memcpy(data.args, args, sizeof(data.args));
	leaf = bpf_eval(bundle->explain, bundle->n_explain, &data);
	return EXPLAIN_ACTION(leaf) == VERDICT_ALLOW || EXPLAIN_ACTION(leaf) == VERDICT_LOOK;
}

bool lsm_allows(const struct bundle *bundle, const char *call, const uint64_t args[6])
{
	for (size_t nr = 0; nr < bundle->n_calls; nr++) {
		if (strcmp(bundle_call_name(bundle, (int)nr), call) == 0)
			return lsm_allows_number(bundle, (int)nr, args);
	}
	return false;
}

bool lsm_allows_call3(const struct bundle *bundle, const char *call, uint32_t arg0, uint32_t arg1,
		      uint32_t arg2)
{
	return lsm_allows(bundle, call, (const uint64_t[6]){ arg0, arg1, arg2 });
}

bool lsm_allows_call(const struct bundle *bundle, const char *call, uint32_t arg0, uint32_t arg1)
{
	return lsm_allows_call3(bundle, call, arg0, arg1, 0);
}
