/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The annotation "immure.policy". Property: an error with a text and an untouched result, or a name
 * that cannot leave its folder and a digest of 64 digits.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/oci_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_arena struct arena arena = { 0 };
	const char *text = arena_strndup(&arena, (const char *)data, n);
	struct oci_policy_ref ref = { 0 };
	struct err err = { 0 };
	int r = text ? oci_policy_ref_parse(text, &ref, &err) : -1;

	if (r < 0 && text && (err.len == 0 || ref.name[0] || ref.hex[0]))
		abort();
	if (r == 0 && (ref.name[0] == '.' || strchr(ref.name, '/') || strlen(ref.hex) != 64))
		abort();
	return 0;
}
