/* SPDX-License-Identifier: Apache-2.0 */
/* An engine's container in the words of a run's plan: what the ledger says of it. */
#include "tests/support/unit.h"

#include <string.h>
#include <sys/mount.h>

#include "sandbox/oci_policy_parts.h"

static const char *const none[] = { NULL };
static const struct oci_mount mounts[] = {
	{ .kind = OCI_MOUNT_BIND, .target = "/data", .source = "/srv", .set = MOUNT_ATTR_RDONLY },
	{ .kind = OCI_MOUNT_FS, .target = "/run", .type = "tmpfs", .set = MOUNT_ATTR_NOEXEC },
};

struct scene {
	struct arena arena;
	struct bundle bundle;
	struct host host;
	struct oci_plan plan;
	struct plan view;
};

static void scene_init(struct scene *s)
{
	*s = (struct scene){ 0 };
	s->bundle = (struct bundle){ .name = "p", .n_allowed = 42 };
	s->plan = (struct oci_plan){ .id = "c1",
				     .root = "/b/rootfs",
				     .root_readonly = true,
				     .floor = true,
				     .mounts = mounts,
				     .n_mounts = ARRAY_LEN(mounts),
				     .process = { .args = none, .env = none, .cwd = "/" } };
	s->view.bundle = &s->bundle;
	s->view.host = &s->host;
}

static const struct ledger_entry *entry(const struct scene *s, enum layer layer)
{
	for (size_t i = 0; i < s->view.n_ledger; i++) {
		if (s->view.ledger[i].layer == layer)
			return &s->view.ledger[i];
	}
	fail_msg("no entry of %s", layer_name(layer));
	return NULL;
}

static void tells_mounts_as_they_are(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	assert_int_equal(oci_policy_describe(&s.plan, &s.view, &s.arena), 0);
	assert_int_equal(s.view.n_mounts, 2);
	assert_int_equal(s.view.mounts[0].kind, MOUNT_BIND);
	assert_int_equal(s.view.mounts[0].flags,
			 MOUNT_FLAG_RO | MOUNT_FLAG_EXEC | MOUNT_FLAG_VOLUME);
	assert_string_equal(s.view.mounts[0].source, "/srv");
	assert_int_equal(s.view.mounts[1].kind, MOUNT_TMPFS);
	assert_int_equal(s.view.mounts[1].flags, 0);
	assert_false(s.view.root_writable);
	assert_string_equal(s.view.engine->container, "c1");
	arena_done(&s.arena);
}

static void says_of_each_layer_what_holds(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	s.plan.ns[OCI_NS_USER].asked = true;
	s.plan.ns[OCI_NS_NETWORK].asked = true;
	s.view.landlock_abi = 6;
	assert_int_equal(oci_policy_describe(&s.plan, &s.view, &s.arena), 0);
	assert_int_equal(entry(&s, LAYER_USERNS)->state, LEDGER_ENFORCED);
	assert_int_equal(entry(&s, LAYER_NSLIMITS)->state, LEDGER_ENFORCED);
	assert_int_equal(entry(&s, LAYER_NETNS)->state, LEDGER_ENFORCED);
	assert_int_equal(entry(&s, LAYER_LANDLOCK)->state, LEDGER_ENFORCED);
	assert_int_equal(entry(&s, LAYER_APPARMOR)->state, LEDGER_NA);
	assert_non_null(strstr(entry(&s, LAYER_SECCOMP)->text, "at most 42 calls"));
	assert_int_equal(s.view.network, NETWORK_NONE);
	arena_done(&s.arena);
}

static void says_what_is_lost_and_weakened(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s);
	s.plan.in_host_userns = true;
	s.plan.degraded = 1U << LAYER_USERNS;
	s.bundle.require = 1U << LAYER_LANDLOCK;
	assert_int_equal(oci_policy_describe(&s.plan, &s.view, &s.arena), 0);
	assert_int_equal(entry(&s, LAYER_USERNS)->state, LEDGER_LOST);
	assert_true(entry(&s, LAYER_USERNS)->degraded);
	assert_int_equal(entry(&s, LAYER_NETNS)->state, LEDGER_LOST);
	assert_int_equal(s.view.network, NETWORK_HOST);
	assert_int_equal(entry(&s, LAYER_LANDLOCK)->state, LEDGER_LOST);
	assert_true(entry(&s, LAYER_LANDLOCK)->required);
	arena_done(&s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_mounts_as_they_are),
		cmocka_unit_test(says_of_each_layer_what_holds),
		cmocka_unit_test(says_what_is_lost_and_weakened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
