/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

#include "policies/policy_lock.h"
#include "policies/policy_read.h"

static struct {
	const char *policy, *base, *lock; /* lock NULL: there is none */
} disk;

static int fetch(void *data, const char *name, const char *from, struct arena *arena,
		 struct span *ret, const char **ret_path, struct err *err)
{
	const char *text = NULL;

	(void)data;
	(void)from;
	(void)arena;
	*ret_path = NULL;
	if (strncmp(name, "builtin/", 8) == 0) {
		*ret = builtin_text(name);
		return 0;
	}
	if (strcmp(name, "/p.yaml") == 0)
		text = disk.policy;
	else if (strcmp(name, "/p.lock") == 0)
		text = disk.lock;
	else if (strcmp(name, "/base.yaml") == 0)
		text = disk.base;
	if (!text)
		return err_set(err, ENOENT, "no %s", name);
	*ret = span_of(text);
	*ret_path = name;
	return 0;
}

static const char policy_text[] = "policy: 1\nextends: [builtin/glibc, /base.yaml]\n"
				  "syscalls:\n  - allow @time, @random\n";

static int resolve(struct arena *arena, struct policy *ret, struct diags *diags)
{
	diags->arena = arena;
	return policy_resolve("/p.yaml", fetch, NULL, arena, ret, diags);
}

/* Lock what is on the disk. */
static void lock(struct arena *arena, struct strbuf *ret)
{
	struct diags diags = { .arena = arena };
	struct policy policy = { 0 };

	assert_int_equal(policy_resolve_unlocked("/p.yaml", fetch, NULL, arena, &policy, &diags),
			 0);
	policy_lock_print(&policy, ret);
}

static void holds_until_a_base_changes(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf text = { 0 };
	struct diags diags = { 0 };
	struct policy policy = { 0 };

	(void)state;
	disk.policy = policy_text;
	disk.base = "policy: 1\n";
	disk.lock = NULL;
	assert_int_equal(resolve(&arena, &policy, &diags), 0);
	assert_int_equal(policy.n_sources, 3);
	lock(&arena, &text);
	assert_non_null(strstr(strbuf_str(&text), "\"@time "));
	assert_non_null(strstr(strbuf_str(&text), "\"@random "));
	assert_non_null(strstr(strbuf_str(&text), "\"/base.yaml "));
	disk.lock = strbuf_str(&text);
	assert_int_equal(resolve(&arena, &policy, &diags), 0);
	assert_int_equal(policy.n_sources, 4); /* a change of the lock is seen by the cache */
	disk.base = "policy: 1\nsyscalls:\n  - allow mount\n";
	assert_int_equal(resolve(&arena, &policy, &diags), -EINVAL);
	assert_int_equal(diags.n, 1);
	assert_int_equal(diags.items[0].where.line, 2);
	assert_int_equal(diags.items[0].where.col, 26);
	assert_non_null(strstr(diags.items[0].text, "/base.yaml is not what /p.lock holds"));
}

static void a_changed_group_is_seen(void **state)
{
	cleanup_arena struct arena arena = { 0 };
	cleanup_strbuf struct strbuf text = { 0 };
	struct diags diags = { 0 };
	struct policy policy = { 0 };
	char *digest;

	(void)state;
	disk.policy = policy_text;
	disk.base = "policy: 1\n";
	lock(&arena, &text);
	digest = strstr(text.p, "@time ") + strlen("@time ");
	*digest = *digest == '0' ? '1' : '0';
	disk.lock = text.p;
	assert_int_equal(resolve(&arena, &policy, &diags), -EINVAL);
	assert_non_null(strstr(diags.items[0].text, "@time is not what"));
}

static void refuses_what_is_no_lock(void **state)
{
	static const char *const texts[] = { "", "lock: 2\n", "x: 1\n", "lock: 1\n",
					     "lock: 1\nsources:\n  - a b\n  - [c]\n" };

	(void)state;
	disk.policy = policy_text;
	disk.base = "policy: 1\n";
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		cleanup_arena struct arena arena = { 0 };
		struct diags diags = { 0 };
		struct policy policy = { 0 };

		disk.lock = texts[i];
		assert_int_equal(resolve(&arena, &policy, &diags), -EINVAL);
		assert_true(diags.n > 0);
	}
}

static void knows_where_a_lock_lies(void **state)
{
	cleanup_arena struct arena arena = { 0 };

	(void)state;
	assert_string_equal(policy_lock_name(&arena, "/a/b.yaml"), "/a/b.lock");
	assert_string_equal(policy_lock_name(&arena, "/a/b.yml"), "/a/b.lock");
	assert_string_equal(policy_lock_name(&arena, "/a/b"), "/a/b.lock");
	assert_string_equal(policy_lock_name(&arena, ".yaml"), ".yaml.lock");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_until_a_base_changes),
		cmocka_unit_test(a_changed_group_is_seen),
		cmocka_unit_test(refuses_what_is_no_lock),
		cmocka_unit_test(knows_where_a_lock_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
