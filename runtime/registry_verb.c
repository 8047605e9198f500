/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/registry_verb.h"

#include "base/log.h"
#include "runtime/status.h"

/* Faults are printed, each with its place. */
static int tell(const struct diags *diags, int r)
{
	if (r == 0 || diags->n == 0)
		return r;
	for (size_t i = 0; i < diags->n; i++)
		log_error("%s:%u:%u: %s", diags->items[i].where.file, diags->items[i].where.line,
			  diags->items[i].where.col, diags->items[i].text);
	return STATUS_USAGE;
}

int registry_verb_config(struct arena *arena, struct registry_config *ret, struct err *err)
{
	struct diags diags = { .arena = arena };

	return tell(&diags, registry_config_read(arena, ret, &diags, err));
}

int registry_verb_policies(struct arena *arena, struct signature_policies *ret, struct err *err)
{
	struct diags diags = { .arena = arena };

	return tell(&diags, signature_policies_read(arena, ret, &diags, err));
}
