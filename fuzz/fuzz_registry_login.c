/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a helper's name is a word that cannot leave PATH; texts end; a fault leaves no trace.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/registry_login.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct login_entry nothing = { 0 };
	struct login_entry entry = { 0 };
	struct err err = { 0 };

	if (registry_login_parse((struct span){ (const char *)data, size }, "r.io", "a/b", &entry,
				 &err) < 0) {
		if (err.len == 0 || memcmp(&entry, &nothing, sizeof(entry)) != 0)
			abort();
		return 0;
	}
	if (entry.kind == LOGIN_HELPER && (!entry.helper[0] || strpbrk(entry.helper, "/. ")))
		abort();
	if ((entry.kind == LOGIN_PASSWORD) != (entry.login.password[0] != '\0'))
		abort();
	return 0;
}
