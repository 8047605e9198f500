/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources → files of cgroup v2. What only cgroup v1 has (kernel memory, swappiness,
 * net_cls) has no file there and is left out. Source: config-linux.md, "Control groups";
 * Documentation/admin-guide/cgroup-v2.rst
 */
#include <stdio.h>
#include <string.h>

#include "runtime/oci_config.h"

#define FILES_MAX 512
#define DEFAULT_PERIOD 100000

struct files {
	struct oci_json *j;
	struct oci_pair *items;
	size_t n;
};

static void add(struct files *f, const char *key, const char *value)
{
	if (f->j->r < 0)
		return;
	if (!key || !value) {
		oci_json_fault(f->j, ENOMEM, "out of memory");
		return;
	}
	if (f->n == FILES_MAX) {
		oci_json_fault(f->j, E2BIG, "linux.resources: more than %d values", FILES_MAX);
		return;
	}
	f->items[f->n++] = (struct oci_pair){ key, value };
}

static void add_u64(struct files *f, const char *key, uint64_t value)
{
	add(f, key, arena_printf(f->j->arena, "%llu", (unsigned long long)value));
}

/* -1 is "no limit". */
static void add_limit(struct files *f, const char *key, int64_t value)
{
	if (value < 0)
		add(f, key, "max");
	else
		add_u64(f, key, (uint64_t)value);
}

static int64_t number(struct files *f, const json_t *in, const char *key)
{
	return oci_json_int(f->j, in, key, INT64_MIN, INT64_MAX, 0);
}

/* memory.swap counts both there, and swap alone in cgroup v2. */
static void read_memory(struct files *f, const json_t *in)
{
	int64_t limit = number(f, in, "limit");
	int64_t swap = number(f, in, "swap");
	int64_t low = number(f, in, "reservation");

	if (!in)
		return;
	if (swap > 0 && limit > 0 && swap < limit)
		oci_json_fault(f->j, EINVAL, "memory.swap is below memory.limit");
	if (swap > 0 && limit <= 0)
		oci_json_fault(f->j, EINVAL, "memory.swap needs memory.limit");
	if (limit != 0)
		add_limit(f, "memory.max", limit);
	if (swap != 0)
		add_limit(f, "memory.swap.max", swap > 0 ? swap - limit : -1);
	if (low != 0)
		add_limit(f, "memory.low", low);
}

/* 2..262144 → 1..10000 */
static uint64_t weight_of_shares(uint64_t shares)
{
	if (shares < 2)
		shares = 2;
	if (shares > 262144)
		shares = 262144;
	return 1 + (shares - 2) * 9999 / 262142;
}

static void read_cpu(struct files *f, const json_t *in)
{
	uint64_t shares = oci_json_u64(f->j, in, "shares", 0);
	int64_t quota = number(f, in, "quota");
	uint64_t period = oci_json_u64(f->j, in, "period", 0);
	const char *cpus = oci_json_text(f->j, in, "cpus");
	const char *mems = oci_json_text(f->j, in, "mems");

	if (!in)
		return;
	if (oci_json_has(in, "idle"))
		add_u64(f, "cpu.idle", (uint64_t)oci_json_int(f->j, in, "idle", 0, 1, 0));
	if (shares)
		add_u64(f, "cpu.weight", weight_of_shares(shares));
	if (quota > 0)
		add(f, "cpu.max",
		    arena_printf(f->j->arena, "%lld %llu", (long long)quota,
				 (unsigned long long)(period ? period : DEFAULT_PERIOD)));
	else if (period || quota < 0)
		add(f, "cpu.max",
		    arena_printf(f->j->arena, "max %llu",
				 (unsigned long long)(period ? period : DEFAULT_PERIOD)));
	if (oci_json_has(in, "burst"))
		add_u64(f, "cpu.max.burst", oci_json_u64(f->j, in, "burst", 0));
	if (cpus && *cpus)
		add(f, "cpuset.cpus", cpus);
	if (mems && *mems)
		add(f, "cpuset.mems", mems);
}

static void read_throttle(struct files *f, const json_t *in, const char *key, const char *word)
{
	size_t n;
	const json_t *array = oci_json_array(f->j, in, key, &n);

	for (size_t i = 0; i < n && f->j->r == 0; i++) {
		const json_t *entry = json_array_get(array, i);
		long long major = oci_json_int(f->j, entry, "major", 0, 0xfff, 0);
		long long minor = oci_json_int(f->j, entry, "minor", 0, 0xfffff, 0);
		uint64_t rate = oci_json_u64(f->j, entry, "rate", 0);

		add(f, "io.max",
		    rate ? arena_printf(f->j->arena, "%lld:%lld %s=%llu", major, minor, word,
					(unsigned long long)rate)
			 : arena_printf(f->j->arena, "%lld:%lld %s=max", major, minor, word));
	}
}

static void read_io(struct files *f, const json_t *in)
{
	int64_t weight = oci_json_int(f->j, in, "weight", 0, 1000, 0);

	if (!in)
		return;
	if (weight > 0) /* 10..1000 → 1..10000 */
		add_u64(f, "io.weight", 1 + (uint64_t)(weight > 10 ? weight - 10 : 0) * 9999 / 990);
	read_throttle(f, in, "throttleReadBpsDevice", "rbps");
	read_throttle(f, in, "throttleWriteBpsDevice", "wbps");
	read_throttle(f, in, "throttleReadIOPSDevice", "riops");
	read_throttle(f, in, "throttleWriteIOPSDevice", "wiops");
}

static bool is_plain(const char *s)
{
	for (; *s; s++) {
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || *s == '_' ||
		      *s == '.' || *s == '-' || (*s >= '0' && *s <= '9')))
			return false;
	}
	return true;
}

static void read_hugepages(struct files *f, const json_t *resources)
{
	size_t n;
	const json_t *array = oci_json_array(f->j, resources, "hugepageLimits", &n);

	for (size_t i = 0; i < n && f->j->r == 0; i++) {
		const json_t *entry = json_array_get(array, i);
		const char *size = oci_json_need(f->j, entry, "pageSize");

		if (!is_plain(size))
			oci_json_fault(f->j, EINVAL, "hugepageLimits: \"%.16s\" is no size", size);
		add_u64(f, arena_printf(f->j->arena, "hugetlb.%s.max", size),
			oci_json_u64(f->j, entry, "limit", 0));
	}
}

static void read_rdma(struct files *f, const json_t *resources)
{
	const json_t *in = oci_json_object(f->j, resources, "rdma");
	const char *name;
	json_t *entry;

	if (!in)
		return;
	json_object_foreach((json_t *)(uintptr_t)in, name, entry)
	{
		long long handles = oci_json_int(f->j, entry, "hcaHandles", 0, UINT32_MAX, -1);
		long long objects = oci_json_int(f->j, entry, "hcaObjects", 0, UINT32_MAX, -1);
		char a[24] = "max";
		char b[24] = "max";

		if (handles >= 0)
			snprintf(a, sizeof(a), "%lld", handles);
		if (objects >= 0)
			snprintf(b, sizeof(b), "%lld", objects);
		add(f, "rdma.max",
		    arena_printf(f->j->arena, "%s hca_handle=%s hca_object=%s", name, a, b));
	}
}

/* Names of files as they are: one component, of a controller. */
static void read_unified(struct files *f, const json_t *resources)
{
	struct oci_pairs pairs = { 0 };

	oci_config_pairs(f->j, resources, "unified", &pairs);
	for (size_t i = 0; i < pairs.n && f->j->r == 0; i++) {
		const char *key = pairs.items[i].key;

		if (!is_plain(key) || !strchr(key, '.') || strncmp(key, "cgroup.", 7) == 0)
			oci_json_fault(f->j, EINVAL,
				       "unified: \"%.40s\" is no limit of a controller", key);
		add(f, key, pairs.items[i].value);
	}
}

static void read_devices(struct oci_json *j, const json_t *resources, struct oci_resources *ret)
{
	size_t n;
	const json_t *array = oci_json_array(j, resources, "devices", &n);
	struct oci_device_rule *rules;

	if (!array)
		return;
	if (n > FILES_MAX)
		oci_json_fault(j, E2BIG, "resources.devices: more than %d", FILES_MAX);
	rules = oci_json_alloc(j, n, sizeof(*rules));
	for (size_t i = 0; rules && i < n && j->r == 0; i++) {
		const json_t *in = json_array_get(array, i);
		const char *type = oci_json_text(j, in, "type");
		const char *access = oci_json_text(j, in, "access");

		rules[i].allow = oci_json_bool(j, in, "allow", false);
		rules[i].type = 'a';
		if (type && *type)
			rules[i].type = type[0];
		rules[i].major = oci_json_int(j, in, "major", -1, UINT32_MAX, -1);
		rules[i].minor = oci_json_int(j, in, "minor", -1, UINT32_MAX, -1);
		if (!access)
			access = "rwm";
		rules[i].read = strchr(access, 'r') != NULL;
		rules[i].write = strchr(access, 'w') != NULL;
		rules[i].make = strchr(access, 'm') != NULL;
		if (!strchr("abc", rules[i].type) || access[strspn(access, "rwm")])
			oci_json_fault(j, EINVAL,
				       "resources.devices: type is a, b or c, access of r, w, m");
	}
	ret->devices = rules;
	ret->n_devices = n;
	ret->has_devices = n > 0;
}

void oci_config_resources(struct oci_json *j, const json_t *resources, struct oci_resources *ret)
{
	struct files f = { .j = j };
	const json_t *pids;

	if (!resources || j->r < 0)
		return;
	f.items = oci_json_alloc(j, FILES_MAX, sizeof(*f.items));
	if (!f.items)
		return;
	read_devices(j, resources, ret);
	read_memory(&f, oci_json_object(j, resources, "memory"));
	read_cpu(&f, oci_json_object(j, resources, "cpu"));
	pids = oci_json_object(j, resources, "pids");
	if (pids && number(&f, pids, "limit") != 0)
		add_limit(&f, "pids.max", number(&f, pids, "limit"));
	read_io(&f, oci_json_object(j, resources, "blockIO"));
	read_hugepages(&f, resources);
	read_rdma(&f, resources);
	read_unified(&f, resources);
	ret->files = (struct oci_pairs){ .n = f.n, .items = f.items };
}
