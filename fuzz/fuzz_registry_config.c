/* SPDX-License-Identifier: Apache-2.0 */
/* Property: what is taken has limits above zero, valid digests and hosts; else a fault is named. */
#include <stdlib.h>

#include "runtime/registry_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_hosts(const struct registry_rule *rule)
{
	if (!image_domain_is_valid(span_of(rule->host)) || (rule->ca && rule->ca[0] != '/'))
		abort();
	for (size_t i = 0; i < rule->n_mirrors; i++) {
		if (!image_domain_is_valid(span_of(rule->mirrors[i])))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_arena struct arena arena = { 0 };
	struct registry_config config = { 0 };
	struct diags diags = { .arena = &arena };

	if (registry_config_parse((struct span){ (const char *)data, size }, "x", &arena, &config,
				  &diags) < 0) {
		if (diags.n == 0 && !diags.out_of_memory)
			abort();
		return 0;
	}
	if (!config.max_image || !config.max_layers || !config.max_unpacked || !config.max_entries)
		abort();
	for (size_t i = 0; i < config.n_rules; i++)
		must_be_hosts(&config.rules[i]);
	for (size_t i = 0; i < config.n_pins; i++) {
		if (!image_digest_is_valid(span_of(config.pins[i].digest)))
			abort();
	}
	return 0;
}
