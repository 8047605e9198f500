/* SPDX-License-Identifier: Apache-2.0 */
/* What `exec --process` is given. Property: an error, or a program with an absolute folder. */
#include <stdlib.h>

#include "runtime/oci_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_json json_t *json = NULL;
	struct oci_process process = { 0 };
	struct err err = { 0 };
	struct oci_json j = { .arena = &arena, .err = &err };

	if (oci_json_parse((const char *)data, n, &json, &err) < 0)
		return 0;
	oci_config_process(&j, json, &process);
	if (j.r < 0 && err.len == 0)
		abort();
	if (j.r == 0 && (!process.args[0] || process.cwd[0] != '/' || !process.env))
		abort();
	return 0;
}
