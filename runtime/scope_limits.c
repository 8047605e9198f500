/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/scope_limits.h"

#include <string.h>

#include "base/cleanup.h"

#define SECOND UINT64_C(1000000)
#define STEP UINT64_C(10000) /* of CPUQuotaPerSecUSec: whole percents; finer ones are cut off */
#define QUOTA_MAX (UINT64_C(1) << 40)

static const struct {
	const char *file, *name;
} numbers[] = {
	/* clang-format off */
	{ "memory.max",      "MemoryMax" },
	{ "memory.high",     "MemoryHigh" },
	{ "memory.low",      "MemoryLow" },
	{ "memory.min",      "MemoryMin" },
	{ "memory.swap.max", "MemorySwapMax" },
	{ "cpu.weight",      "CPUWeight" },
	{ "io.weight",       "IOWeight" },
	{ "pids.max",        "TasksMax" },
	/* clang-format on */
};

static size_t read_number(const char *name, struct span value, struct scope_property *ret)
{
	uint64_t number = UINT64_MAX;

	if (!span_eq(value, "max") && span_u64(value, UINT64_MAX - 1, &number) < 0)
		return 0;
	*ret = (struct scope_property){ .name = name, .number = number };
	return 1;
}

/* "QUOTA PERIOD", both in microseconds. */
static size_t read_quota(struct span value, struct scope_property *ret)
{
	struct span quota_text = span_word(&value);
	uint64_t quota = 0;
	uint64_t period = 0;
	uint64_t second = UINT64_MAX;

	if (span_u64(span_word(&value), QUOTA_MAX, &period) < 0 || period == 0)
		return 0;
	if (!span_eq(quota_text, "max")) {
		if (span_u64(quota_text, QUOTA_MAX, &quota) < 0)
			return 0;
		second = (quota * SECOND / period + STEP - 1) / STEP * STEP;
	}
	ret[0] = (struct scope_property){ .name = "CPUQuotaPerSecUSec", .number = second };
	ret[1] = (struct scope_property){ .name = "CPUQuotaPeriodUSec", .number = period };
	return 2;
}

/* "0-3,7" */
static size_t read_set(const char *name, struct span value, struct scope_property *ret)
{
	struct scope_property set = { .name = name };

	while (value.n > 0) {
		struct span range = span_cut(&value, ',');
		bool is_range = span_has_byte(range, '-');
		uint64_t first = 0;
		uint64_t last = 0;

		if (span_u64(span_cut(&range, '-'), SCOPE_SET_BYTES * 8 - 1, &first) < 0)
			return 0;
		last = first;
		if (is_range && span_u64(range, SCOPE_SET_BYTES * 8 - 1, &last) < 0)
			return 0;
		for (uint64_t i = first; i <= last; i++) {
			set.set[i / 8] |= (uint8_t)(1U << (i % 8));
			if (set.n_set < i / 8 + 1)
				set.n_set = i / 8 + 1;
		}
	}
	if (set.n_set == 0)
		return 0;
	*ret = set;
	return 1;
}

size_t scope_limit_read(struct span file, struct span value,
			struct scope_property ret[SCOPE_PROPERTIES_MAX])
{
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (span_eq(file, numbers[i].file))
			return read_number(numbers[i].name, value, ret);
	}
	if (span_eq(file, "cpu.max"))
		return read_quota(value, ret);
	if (span_eq(file, "cpuset.cpus"))
		return read_set("AllowedCPUs", value, ret);
	if (span_eq(file, "cpuset.mems"))
		return read_set("AllowedMemoryNodes", value, ret);
	return 0;
}
