/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define DEEP 400

/* What a program that wants to stay leaves behind: folders without rights, deeper than any path. */
static void removes_a_hostile_tree(void **state)
{
	const char *dir = temp_dir_make();
	int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int at = -1;
	struct err err = { 0 };
	struct stat st;

	(void)state;
	assert_true(top >= 0);
	assert_int_equal(mkdirat(top, "tree", 0700), 0);
	at = openat(top, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(at, ".moved-0", 0), 0);
	assert_int_equal(symlinkat("/etc", at, "link"), 0);
	for (int i = 0; i < DEEP; i++) {
		char name[64];
		int next;

		snprintf(name, sizeof(name), "%050d", i);
		assert_int_equal(mkdirat(at, name, 0700), 0);
		assert_int_equal(mknodat(at, "fifo", S_IFIFO | 0600, 0), 0);
		next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		assert_int_equal(fchmod(at, i % 2 ? 0500 : 0), 0);
		close(at);
		at = next;
	}
	close(at);
	if (fd_remove_tree(top, "tree", &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(fstatat(top, "tree", &st, 0), -1);
	assert_int_equal(fd_remove_tree(top, "tree", &err), 0); /* absent is success */
	close(top);
	temp_dir_remove(dir);
}

static void a_link_is_removed_not_followed(void **state)
{
	const char *dir = temp_dir_make();
	int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err err = { 0 };

	(void)state;
	assert_int_equal(mkdirat(top, "kept", 0500), 0);
	assert_int_equal(symlinkat("kept", top, "link"), 0);
	assert_int_equal(fd_remove_tree(top, "link", &err), 0);
	assert_int_equal(faccessat(top, "kept", F_OK, 0), 0);
	close(top);
	temp_dir_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(removes_a_hostile_tree),
		cmocka_unit_test(a_link_is_removed_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
