/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/recorded.h"

#include "bpf/calls.h"
#include "policies/policy.h"

#define BASE_GROUPS (TRACER_GROUP_EXEC | TRACER_GROUP_FLOW | TRACER_GROUP_SECURITY)

uint32_t recorded_groups(uint32_t record)
{
	static const struct {
		enum recording recording;
		uint32_t group;
	} rows[] = {
		{ RECORDING_WRITE, TRACER_GROUP_WRITE },
		{ RECORDING_READ, TRACER_GROUP_READ },
		{ RECORDING_TASKS, TRACER_GROUP_TASKS },
		{ RECORDING_ALL, TRACER_GROUP_ALL },
	};
	uint32_t groups = BASE_GROUPS;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (record >> rows[i].recording & 1)
			groups |= rows[i].group;
	}
	return groups;
}
