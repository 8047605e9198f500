// SPDX-License-Identifier: Apache-2.0
/* On this machine as it is; and in guests with SELinux, where the answers are the kernel's. */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/host_selinux.h"

static bool is_on(void)
{
	return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

/* Nothing of it is a context. None may be taken for one, or be cut off before its end. */
static const char *const nonsense[] = {
	"",
	":",
	":::",
	"nobody:nothing:no_such_t:s0",
	"unconfined_u:unconfined_r:no_such_t:s0:c1,c2",
	"system_u:object_r:immure_no_such_t:s0:c0.c1023",
	"a b c d",
	"\n",
};

static void says_what_is_there(void **state)
{
	(void)state;
	if (is_on())
		assert_int_not_equal(host_selinux_read(), SELINUX_OFF);
	else
		assert_int_equal(host_selinux_read(), SELINUX_OFF);
}

static void knows_no_context_that_is_none(void **state)
{
	char large[8192];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
		if (host_selinux_knows(nonsense[i]))
			fail_msg("%s is taken for a context", nonsense[i]);
	}
	memset(large, 'a', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	assert_false(host_selinux_knows(large));
}

static void nobody_becomes_what_is_none(void **state)
{
	static const char own[] = "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023";
	char large[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
		assert_false(host_selinux_may_become(own, nonsense[i]));
		assert_false(host_selinux_may_become(nonsense[i], own));
	}
	memset(large, 'a', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	assert_false(host_selinux_may_become(large, own));
	assert_false(host_selinux_may_become(own, large));
}

static void knows_its_own(void **state)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err err = { 0 };
	const char *own;

	(void)state;
	if (!is_on())
		skip_because("SELinux is not on");
	assert_int_equal(fd_read_file(AT_FDCWD, "/proc/self/attr/current", 4096, &text, &err), 0);
	own = strbuf_str(&text);
	assert_true(host_selinux_knows(own));
	/* unconfined_t may become a sandbox, and not itself with fewer rights than it has. */
	if (host_selinux_knows("unconfined_u:unconfined_r:immure_any_t:s0:c1,c2")) {
		assert_true(host_selinux_may_become(
			own, "unconfined_u:unconfined_r:immure_any_t:s0:c1,c2"));
		assert_false(host_selinux_may_become(
			"unconfined_u:unconfined_r:immure_any_t:s0:c1,c2", own));
		assert_false(
			host_selinux_may_become("unconfined_u:unconfined_r:immure_any_t:s0:c1,c2",
						"unconfined_u:unconfined_r:immure_any_t:s0:c3,c4"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_is_there),
		cmocka_unit_test(knows_no_context_that_is_none),
		cmocka_unit_test(nobody_becomes_what_is_none),
		cmocka_unit_test(knows_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
