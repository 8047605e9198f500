// SPDX-License-Identifier: Apache-2.0
/* What the two security modules are told, for every state of a host; guests show that it works. */
#include "tests/support/unit.h"

#include <string.h>

#include "base/strbuf.h"
#include "sandbox/plan_lsm.h"

struct scene {
	struct arena arena;
	struct host host;
	struct bundle_file files[2];
	struct bundle bundle;
	struct plan_request request;
	struct plan plan;
	struct err err;
};

static char *const command[] = { (char *)(uintptr_t) "true", NULL };
static const char *const environment[] = { "PATH=/bin", NULL };

static void decide(struct scene *s, struct host_lsm facts, uint32_t require)
{
	*s = (struct scene){ 0 };
	s->host = (struct host){ .uid = 1000,
				 .gid = 1000,
				 .user = "bob",
				 .landlock_abi = 6,
				 .seccomp_filter = true,
				 .seccomp_notify = true,
				 .max_user_namespaces = 100,
				 .userns_clone = true,
				 .lsm = "",
				 .lsm_facts = facts };
	s->files[0] = (struct bundle_file){ .access = FILE_READ, .path = "/", .tree = true };
	s->files[1] =
		(struct bundle_file){ .access = FILE_DENY, .path = "/usr/share", .tree = true };
	s->bundle =
		(struct bundle){ .name = "t", .require = require, .n_files = 2, .files = s->files };
	s->request = (struct plan_request){ .root_kind = ROOT_HOST,
					    .name = "box",
					    .env = environment,
					    .argv = command,
					    .profile = "immure-77" };
	assert_int_equal(plan_make(&s->bundle, &s->host, &s->request, &s->arena, &s->plan, &s->err),
			 0);
}

static const struct ledger_entry *entry_of(const struct scene *s, enum layer layer)
{
	for (size_t i = 0; i < s->plan.n_ledger; i++) {
		if (s->plan.ledger[i].layer == layer)
			return &s->plan.ledger[i];
	}
	fail_msg("no entry of %s", layer_name(layer));
	return NULL;
}

static void decides_apparmor_by_what_there_is(void **state)
{
	static const struct {
		struct host_lsm facts;
		enum ledger_state want, required;
		const char *label;
	} rows[] = {
		{ { .apparmor = APPARMOR_OFF }, LEDGER_NA, LEDGER_LOST, NULL },
		{ { .apparmor = APPARMOR_BARE, .label = "unconfined" },
		  LEDGER_NA,
		  LEDGER_LOST,
		  NULL },
		{ { .apparmor = APPARMOR_FLOOR_ONLY, .label = "unconfined" },
		  LEDGER_WEAKENED,
		  LEDGER_WEAKENED,
		  "immure-floor" },
		{ { .apparmor = APPARMOR_OWN, .label = "unconfined" },
		  LEDGER_ENFORCED,
		  LEDGER_ENFORCED,
		  "immure-floor//&:immure-1000:immure-77" },
		{ { .apparmor = APPARMOR_OWN, .label = "somebody (enforce)" },
		  LEDGER_NA,
		  LEDGER_LOST,
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scene s;

		decide(&s, rows[i].facts, 0);
		assert_int_equal(entry_of(&s, LAYER_APPARMOR)->state, rows[i].want);
		if (rows[i].label)
			assert_string_equal(s.plan.lsm.apparmor, rows[i].label);
		else
			assert_null(s.plan.lsm.apparmor);
		arena_done(&s.arena);
		decide(&s, rows[i].facts, 1U << LAYER_APPARMOR);
		assert_int_equal(entry_of(&s, LAYER_APPARMOR)->state, rows[i].required);
		if (rows[i].required == LEDGER_ENFORCED)
			assert_null(plan_refusal(&s.plan));
		else
			assert_int_equal(plan_refusal(&s.plan)->layer, LAYER_APPARMOR);
		arena_done(&s.arena);
	}
}

/* This machine's kernel knows no context, so nothing is set, and a policy that insists is refused.
 */
static void sets_no_label_that_the_kernel_does_not_know(void **state)
{
	static const char *const labels[] = { NULL, "kernel", "a:b:c", "a:b:c:s0",
					      "a:b:c:s0-s0:c0.c1023" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(labels); i++) {
		struct scene s;
		struct host_lsm facts = { .selinux = SELINUX_ENFORCING, .label = labels[i] };

		decide(&s, facts, 0);
		assert_null(s.plan.lsm.selinux);
		assert_null(s.plan.lsm.selinux_root);
		assert_int_equal(entry_of(&s, LAYER_SELINUX)->state, LEDGER_NA);
		arena_done(&s.arena);
		decide(&s, facts, 1U << LAYER_SELINUX);
		assert_int_equal(plan_refusal(&s.plan)->layer, LAYER_SELINUX);
		assert_non_null(strstr(plan_refusal(&s.plan)->remedy, "immure setup selinux"));
		arena_done(&s.arena);
	}
}

static void a_lost_profile_leaves_the_floor(void **state)
{
	struct scene s;

	(void)state;
	decide(&s, (struct host_lsm){ .apparmor = APPARMOR_OWN, .label = "unconfined" },
	       1U << LAYER_APPARMOR);
	assert_null(plan_refusal(&s.plan));
	plan_drop_profile(&s.plan, "the parser is not there");
	assert_string_equal(s.plan.lsm.apparmor, "immure-floor");
	assert_null(s.plan.lsm.profile);
	assert_string_equal(plan_refusal(&s.plan)->text, "the parser is not there");
	arena_done(&s.arena);
}

static void the_profile_has_the_rules_of_policy_and_launch(void **state)
{
	static const char *const parts[] = {
		"profile immure-77 flags=(attach_disconnected, mediate_deleted) {\n",
		"  audit deny \"/usr/share/{,**}\" rkwlmx,\n",
		"  audit deny \"/proc/{,**}\" mx,\n",
		"  audit deny \"/tmp/{,**}\" mx,\n",
	};
	cleanup_strbuf struct strbuf text = { 0 };
	struct scene s;

	(void)state;
	decide(&s, (struct host_lsm){ .apparmor = APPARMOR_OWN, .label = "unconfined" }, 0);
	assert_int_equal(plan_profile_text(&s.plan, &s.arena, &text, &s.err), 0);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (!strstr(strbuf_str(&text), parts[i]))
			fail_msg("no %s in %s", parts[i], strbuf_str(&text));
	}
	arena_done(&s.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_apparmor_by_what_there_is),
		cmocka_unit_test(sets_no_label_that_the_kernel_does_not_know),
		cmocka_unit_test(a_lost_profile_leaves_the_floor),
		cmocka_unit_test(the_profile_has_the_rules_of_policy_and_launch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
