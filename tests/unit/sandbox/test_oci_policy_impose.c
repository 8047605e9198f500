/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "sandbox/oci_policy.h"

static const char *const words[] = { "true", NULL };
static const char *const none[] = { NULL };
static const struct oci_rlimit files_limit[] = { { RLIMIT_NOFILE, 64, 128 } };
static const struct oci_pair wide_and_narrow[] = { { "memory.max", "1000" },
						   { "pids.max", "max" },
						   { "cpu.max", "max 100000" } };
static const struct oci_mount volume[] = {
	{ .kind = OCI_MOUNT_BIND, .target = "/data", .source = "/srv/data" },
	{ .kind = OCI_MOUNT_FS, .target = "/dev", .type = "tmpfs" },
};

/* A bundle that asks for much, and a policy that grants little. */
struct scene {
	struct arena arena;
	struct host host;
	struct bundle bundle;
	struct bundle_file files[3];
	struct oci_plan plan;
	struct err err;
};

static void scene_init(struct scene *s)
{
	*s = (struct scene){ 0 };
	s->host = (struct host){ .landlock_abi = 6, .seccomp_notify = true, .user = "root" };
	s->files[0] =
		(struct bundle_file){ .access = FILE_READ | FILE_EXEC, .path = "/", .tree = true };
	s->files[1] = (struct bundle_file){ .access = FILE_WRITE, .path = "/tmp", .tree = true };
	s->files[2] = (struct bundle_file){ .access = FILE_DENY, .path = "/etc/secret" };
	s->bundle = (struct bundle){
		.name = "test/policy",
		.files = s->files,
		.n_files = ARRAY_LEN(s->files),
		.limits = { .set = LIMIT_MEMORY | LIMIT_PIDS | LIMIT_CPUS | LIMIT_NOFILE,
			    .memory = 5000,
			    .pids = 9,
			    .cpus_milli = 500,
			    .nofile = 100 },
	};
	s->plan = (struct oci_plan){
		.id = "c1",
		.bundle = "/b",
		.root = "/b/rootfs",
		.floor = true,
		.in_host_userns = true,
		.mounts = volume,
		.n_mounts = ARRAY_LEN(volume),
		.resources = { .files = { ARRAY_LEN(wide_and_narrow), wide_and_narrow } },
		.process = { .args = words,
			     .env = none,
			     .cwd = "/",
			     .caps = { 255, 255, 255, 255, 255 },
			     .rlimits = files_limit,
			     .n_rlimits = 1 },
	};
}

static void impose(struct scene *s, int expected)
{
	int r = oci_policy_impose(&s->plan, &s->bundle, &s->host, &s->arena, &s->err);

	if (r == 0)
		r = oci_policy_settle(&s->plan, "/sys/fs/cgroup/c1", true, &s->arena, &s->err);
	assert_int_equal(r, expected);
}

static const char *file_of(const struct scene *s, const char *key)
{
	const struct oci_pairs *files = &s->plan.resources.files;

	for (size_t i = 0; i < files->n; i++) {
		if (strcmp(files->items[i].key, key) == 0)
			return files->items[i].value;
	}
	return "absent";
}

static void the_narrower_of_both_holds(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	impose(&s, 0);
	assert_string_equal(file_of(&s, "memory.max"), "1000");
	assert_string_equal(file_of(&s, "pids.max"), "9");
	assert_string_equal(file_of(&s, "cpu.max"), "50000 100000");
	assert_int_equal(s.plan.resources.files.n, 3);
	for (size_t i = 0; i < s.plan.process.n_rlimits; i++) {
		const struct oci_rlimit *limit = &s.plan.process.rlimits[i];

		if (limit->resource == RLIMIT_NOFILE) {
			assert_int_equal(limit->soft, 64);
			assert_int_equal(limit->hard, 100);
		}
		assert_true(limit->soft <= limit->hard);
	}
	for (size_t set = 0; set < OCI_CAP_COUNT; set++)
		assert_true(s.plan.process.caps[set] == 0);
	assert_true(s.plan.process.no_new_privs);
	arena_done(&s.arena);
}

static void mounts_lose_set_id_and_devices(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	impose(&s, 0);
	assert_true(s.plan.mounts[0].set == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
	assert_true(s.plan.mounts[1].set == MOUNT_ATTR_NOSUID);
	assert_string_equal(s.plan.masked[0], "/etc/secret");
	assert_int_equal(s.plan.policy->n_fsrules, 2);
	arena_done(&s.arena);
}

static void what_can_be_written_is_told_apart(void **state)
{
	struct plan rules = { 0 };
	struct scene s;

	(void)state;
	scene_init(&s);
	impose(&s, 0);
	assert_int_equal(oci_policy_written(s.plan.policy, &s.arena, &rules), 0);
	assert_int_equal(rules.n_mounts, 1);
	assert_string_equal(rules.mounts[0].target, "/tmp");
	arena_done(&s.arena);
}

static void a_required_layer_that_is_missing_stops_it(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	s.bundle.require = 1U << LAYER_USERNS;
	impose(&s, -ENOTSUP);
	assert_non_null(strstr(s.err.msg, "requires userns"));
	arena_done(&s.arena);

	scene_init(&s);
	s.bundle.require = 1U << LAYER_USERNS;
	s.plan.degraded = 1U << LAYER_USERNS;
	impose(&s, 0);
	arena_done(&s.arena);
}

static void one_listener_is_all_there_is(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	s.plan.seccomp.listener_path = "/run/listener";
	impose(&s, -EINVAL);
	arena_done(&s.arena);
}

static void a_policy_that_only_records_is_refused(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	s.bundle.audit_only = true;
	impose(&s, -EINVAL);
	arena_done(&s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_narrower_of_both_holds),
		cmocka_unit_test(mounts_lose_set_id_and_devices),
		cmocka_unit_test(what_can_be_written_is_told_apart),
		cmocka_unit_test(a_required_layer_that_is_missing_stops_it),
		cmocka_unit_test(one_listener_is_all_there_is),
		cmocka_unit_test(a_policy_that_only_records_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
