/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a rule that demands keys has them, by absolute paths, and can be met; else a fault is
 * named. */
#include <stdlib.h>

#include "runtime/signature_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_make_sense(const struct signature_rule *rule)
{
	if (!rule->scope || !*rule->scope)
		abort();
	if (rule->demand != SIGNATURE_BY_KEYS)
		return;
	if (rule->n_keys == 0 || rule->need == 0 || rule->need > rule->n_keys)
		abort();
	for (size_t i = 0; i < rule->n_keys; i++) {
		if (rule->keys[i][0] != '/')
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct image_ref ref = { .domain = "r.example", .path = "a/b", .tag = "1" };
	cleanup_arena struct arena arena = { 0 };
	struct signature_policy policy = { 0 };
	struct diags diags = { .arena = &arena };

	if (signature_policy_parse((struct span){ (const char *)data, size }, "x", &arena, &policy,
				   &diags) < 0) {
		if (diags.n == 0 && !diags.out_of_memory)
			abort();
		return 0;
	}
	must_make_sense(&policy.fallback);
	for (size_t i = 0; i < policy.n_rules; i++)
		must_make_sense(&policy.rules[i]);
	if (signature_name_fits(signature_rule_of(&policy, &ref), &ref, "r.example/a/c:1") &&
	    signature_rule_of(&policy, &ref)->name != SIGNATURE_OTHER_NAME)
		abort();
	return 0;
}
