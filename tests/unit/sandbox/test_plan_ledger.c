/* SPDX-License-Identifier: Apache-2.0 */
/* What counts as enforced: Linux 6.1, of Debian 12, has ABI 2 of Landlock. */
#include "tests/support/unit.h"

#include "sandbox/plan.h"

#define ABI_SCOPES 6

static char *const command[] = { (char *)(uintptr_t) "true", NULL };
static const char *const environment[] = { "PATH=/bin", NULL };

/* The ledger's entry of Landlock, which the policy requires. */
static struct ledger_entry landlock_of(int abi, enum network_kind network, bool *ret_refused)
{
	const struct bundle bundle = { .name = "t", .require = 1U << LAYER_LANDLOCK };
	const struct host host = { .uid = 1000,
				   .gid = 1000,
				   .user = "bob",
				   .landlock_abi = abi,
				   .seccomp_filter = true,
				   .max_user_namespaces = 100,
				   .userns_clone = true,
				   .release = "6.1.0",
				   .lsm = "" };
	const struct plan_mount work = { .kind = MOUNT_BIND,
					 .flags = MOUNT_FLAG_VOLUME,
					 .source = "/var/tmp",
					 .target = "/work",
					 .is_dir = true };
	const struct plan_request request = { .root_kind = ROOT_HOST,
					      .name = "box",
					      .network = network,
					      .n_mounts = 1,
					      .mounts = &work,
					      .env = environment,
					      .argv = command };
	struct ledger_entry found = { .state = LEDGER_NA };
	struct arena arena = { 0 };
	struct plan plan = { 0 };
	struct err err = { 0 };

	assert_int_equal(plan_make(&bundle, &host, &request, &arena, &plan, &err), 0);
	for (size_t i = 0; i < plan.n_ledger; i++) {
		if (plan.ledger[i].layer == LAYER_LANDLOCK)
			found = plan.ledger[i];
	}
	*ret_refused = plan_refusal(&plan) != NULL;
	arena_done(&arena);
	return found;
}

static void an_old_landlock_is_enough_where_other_layers_hold_the_rest(void **state)
{
	bool refused = true;

	(void)state;
	for (int abi = 1; abi <= ABI_SCOPES; abi++) {
		assert_int_equal(landlock_of(abi, NETWORK_NONE, &refused).state, LEDGER_ENFORCED);
		assert_false(refused);
	}
}

static void abstract_sockets_of_the_host_need_scopes(void **state)
{
	bool refused = true;

	(void)state;
	for (int abi = 1; abi < ABI_SCOPES; abi++) {
		assert_int_equal(landlock_of(abi, NETWORK_HOST, &refused).state, LEDGER_WEAKENED);
		assert_true(refused);
	}
	assert_int_equal(landlock_of(ABI_SCOPES, NETWORK_HOST, &refused).state, LEDGER_ENFORCED);
	assert_false(refused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_old_landlock_is_enough_where_other_layers_hold_the_rest),
		cmocka_unit_test(abstract_sockets_of_the_host_need_scopes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
