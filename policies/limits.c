/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "policies/policy.h"

typedef int (*number_fn)(struct span s, uint64_t max, uint64_t *ret);

/* Order is that of the bits of enum limit_bit. */
static const struct {
	const char *key;
	size_t offset;
	number_fn parse;
	uint64_t least, most;
	const char *expected;
} limit_rows[] = {
	/* clang-format off */
	{ "memory", offsetof(struct limits, memory),     span_bytes,  1 << 20, 1ULL << 46, "a size of at least 1MiB, such as 512MiB" },
	{ "pids",   offsetof(struct limits, pids),       span_u64,    1,       1 << 22,    "a number from 1 to 4194304" },
	{ "cpus",   offsetof(struct limits, cpus_milli), span_milli,  10,      1024000,    "a number of processors, such as 1.5" },
	{ "wall",   offsetof(struct limits, wall_ms),    span_millis, 1,       1ULL << 40, "a time, such as 10m" },
	{ "nofile", offsetof(struct limits, nofile),     span_u64,    4,       1 << 20,    "a number from 4 to 1048576" },
	{ "tmp",    offsetof(struct limits, tmp),        span_bytes,  4096,    1ULL << 46, "a size, such as 256MiB" },
	{ "fsize",  offsetof(struct limits, fsize),      span_bytes,  0,       1ULL << 60, "a size, such as 1GiB" },
	{ "io",     offsetof(struct limits, io),         span_bytes,  4096,    1ULL << 46, "a size for each second, such as 10MiB" },
	/* clang-format on */
};

static_assert(ARRAY_LEN(limit_rows) == LIMIT_COUNT, "one row for each bit");

const char *limit_name(int bit)
{
	return limit_rows[bit].key;
}

uint64_t limit_value(const struct limits *limits, int bit)
{
	uint64_t v = 0;

	memcpy(&v, (const char *)limits + limit_rows[bit].offset, sizeof(v));
	return v;
}

void limit_set(struct limits *limits, int bit, uint64_t value)
{
	memcpy((char *)limits + limit_rows[bit].offset, &value, sizeof(value));
	limits->set |= 1U << bit;
}

int limit_parse(const char *key, struct span text, struct limits *limits, const char **ret_expected)
{
	for (size_t i = 0; i < ARRAY_LEN(limit_rows); i++) {
		uint64_t v = 0;

		if (strcmp(key, limit_rows[i].key) != 0)
			continue;
		*ret_expected = limit_rows[i].expected;
		if (limit_rows[i].parse(text, limit_rows[i].most, &v) < 0 ||
		    v < limit_rows[i].least)
			return -EINVAL;
		limit_set(limits, (int)i, v);
		return (int)i;
	}
	return -ENOENT;
}

const char *limit_key(size_t bit)
{
	return bit < ARRAY_LEN(limit_rows) ? limit_rows[bit].key : "";
}
