/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/registry_verb.h"

#include "base/log.h"
#include "runtime/status.h"

int registry_verb_config(struct arena *arena, struct registry_config *ret, struct err *err)
{
	struct diags diags = { .arena = arena };
	int r = registry_config_read(arena, ret, &diags, err);

	if (r == 0 || diags.n == 0)
		return r;
	for (size_t i = 0; i < diags.n; i++)
		log_error("%s:%u:%u: %s", diags.items[i].where.file, diags.items[i].where.line,
			  diags.items[i].where.col, diags.items[i].text);
	return STATUS_USAGE;
}
